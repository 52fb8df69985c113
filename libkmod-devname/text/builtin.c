// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * modules.builtin.modinfo -> the nodes of built-in modules. The file holds strings
 * MODULE.FIELD=VALUE with a NUL after each. Those of one module stand together: a module is added
 * to the table when the next one begins, and the last one at the end of the file.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"
#include "base/report.h"
#include "node/table.h"
#include "text/depmod-index.h"

/* Kernels have 30,000. A hole costs no space, and each of its bytes is a string. */
#define BUILTIN_STRINGS_MAX 4000000

struct builtin_reader {
	struct kmod_devname_table *table;
	struct kmod_devname_report *report;
	const char *file;
	char *module; /* NULL before the first one */
	struct alias_list aliases; /* of the module */
};

static int finish_builtin_module(struct builtin_reader *reader)
{
	int r = 0;

	if (reader->module)
		r = table_add_aliases(reader->table, reader->report, reader->module, reader->file,
				      &reader->aliases);
	alias_list_done(&reader->aliases);
	free(reader->module);
	reader->module = NULL;
	return r;
}

static int read_builtin_string(struct builtin_reader *reader, char *string)
{
	static const char field[] = ".alias=";
	char *end = strchr(string, '.');
	int r;

	if (!end || strncmp(end, field, strlen(field)) != 0)
		return 0;
	*end = '\0';
	if (!reader->module || strcmp(reader->module, string) != 0) {
		r = finish_builtin_module(reader);
		if (r < 0)
			return r;
		reader->module = strdup(string);
		if (!reader->module)
			return -ENOMEM;
	}
	return alias_list_add(&reader->aliases, end + strlen(field));
}

static int read_builtin_strings(struct builtin_reader *reader, FILE *stream)
{
	const struct location location = { reader->file, 0 };
	struct lines strings;
	int status, r = 0;

	lines_init(&strings, stream);
	strings.end_byte = '\0';
	while ((status = lines_next(&strings)) != LINE_END) {
		if (status > 0 && strings.number > BUILTIN_STRINGS_MAX)
			status = -EFBIG;
		if (status < 0)
			return report_system(reader->report, status, &location);
		/* LINE_LONG is no alias of a device node: those are shorter */
		if (status == LINE_GOOD)
			r = read_builtin_string(reader, strings.text);
		else if (status == LINE_CUT)
			r = report_add(reader->report, KMOD_DEVNAME_CODE_CUT_LINE,
				       KMOD_DEVNAME_SEVERITY_WARNING, &location,
				       "no NUL at the end: the file is truncated; install the "
				       "kernel again");
		if (r < 0)
			return r;
	}
	return finish_builtin_module(reader);
}

int table_read_builtin(struct kmod_devname_table *table, struct kmod_devname_report *report,
		       FILE *stream, const char *file)
{
	struct builtin_reader reader = { .table = table, .report = report, .file = file };
	int r = read_builtin_strings(&reader, stream);

	alias_list_done(&reader.aliases);
	free(reader.module);
	return r;
}
