// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The text of modules.devname -> table, and back. This folder reads and writes streams, and
 * checks the form of the text. Every node that it reads passes table_add() or table_add_aliases(),
 * which check name and number.
 *
 *   modules.devname          devname.c        -> nodes
 *   modules.builtin.modinfo  builtin.c        -> aliases of built-in modules -> nodes
 *   modules.dep, .alias      depmod-index.c   -> lines, which show the modules to skip
 *   nodes                    devname.c        -> text of modules.devname -> replace.c -> the file
 *   nodes, permissions       print.c          -> one of the output formats
 *
 * The grammar is that of modules.devname(5). An invalid line is a finding, and reading continues
 * with the next line.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/lines.h"
#include "node/table.h"

/* The field has the form TYPEMAJOR:MINOR, so only its numbers can be invalid. */
static bool looks_like_device(const char *text)
{
	return (*text == 'c' || *text == 'b') && strchr(text, ':') && !strchr(text, ' ');
}

static int read_devname_line(struct kmod_devname_table *table, struct kmod_devname_report *report,
			     const struct location *location, const struct lines *line, int status)
{
	char *module, *name, *device = line->text;
	struct device_number number;
	bool has_nul;

	if (status == LINE_LONG)
		return report_add(report, KMOD_DEVNAME_CODE_LONG_LINE, KMOD_DEVNAME_SEVERITY_ERROR,
				  location,
				  "line longer than 4094 bytes; run kmod-devname generate, or "
				  "correct the line");
	if (status == LINE_CUT)
		return report_add(report, KMOD_DEVNAME_CODE_CUT_LINE, KMOD_DEVNAME_SEVERITY_ERROR,
				  location, "no newline at the end: the file is truncated");
	if (line->text[0] == '#')
		return 0;
	/* a NUL byte would hide the rest of the line */
	has_nul = strlen(line->text) != line->size;
	module = strsep(&device, " ");
	name = strsep(&device, " ");
	if (has_nul || !device || !looks_like_device(device))
		return report_add(report, KMOD_DEVNAME_CODE_BAD_LINE, KMOD_DEVNAME_SEVERITY_ERROR,
				  location, "not of the form MODULE NAME TYPEMAJOR:MINOR");
	number.type = *device == 'c' ? S_IFCHR : S_IFBLK;
	if (!syntax_parse_numbers(device + 1, ':', &number))
		return report_add(report, KMOD_DEVNAME_CODE_BAD_NUMBER, KMOD_DEVNAME_SEVERITY_ERROR,
				  location, "'%s' is not a device number", device);
	return table_add(table, report, location, module, name, &number);
}

int kmod_devname_table_read(struct kmod_devname_table *table, struct kmod_devname_report *report,
			    FILE *stream, const char *file)
{
	struct location location = { file, 0 };
	struct lines lines;
	int status, r;

	table_begin_text(table);
	lines_init(&lines, stream);
	while ((status = lines_next(&lines)) > 0) {
		location.line = lines.number;
		r = read_devname_line(table, report, &location, &lines, status);
		if (r < 0)
			return r;
	}
	location.line = 0;
	return status < 0 ? report_system(report, status, &location) : 0;
}

int kmod_devname_table_read_kernel(struct kmod_devname_table *table,
				   struct kmod_devname_report *report, int root_fd,
				   const char *directory)
{
	static const char name[] = "modules.devname";
	_cleanup_free_ char *path = format_text("%s/%s", directory, name);
	int r = fd_check_directory(root_fd);
	FILE *stream;

	if (r < 0)
		return r;
	if (*directory == '\0')
		return -EINVAL;
	if (!path)
		return -ENOMEM;
	r = stream_from_fd(root_open_file(root_fd, path, 0), &stream);
	if (r < 0)
		return r;
	r = kmod_devname_table_read(table, report, stream, name);
	(void)fclose(stream);
	return r;
}

int kmod_devname_table_write(const struct kmod_devname_table *table, FILE *stream)
{
	size_t n = kmod_devname_table_size(table);

	if (ferror(stream))
		return -EIO;
	errno = EIO; /* for a stream that fails without an errno */
	/* depmod does not write a header without nodes either */
	if (n > 0 && fputs("# Device nodes to trigger on-demand module loading.\n", stream) < 0)
		return -errno;
	for (size_t i = 0; i < n; i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(table, i);
		char number[SYNTAX_NUMBER_SIZE];

		if (fprintf(stream, "%s %s %s\n", node->module, node->name,
			    syntax_format_number(&node->number, number)) < 0)
			return -errno;
	}
	return fflush(stream) != 0 ? -errno : 0;
}
