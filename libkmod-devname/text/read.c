// SPDX-License-Identifier: LGPL-2.1-or-later
/* The text of modules.devname -> table. The grammar is that of modules.devname(5). */

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/lines.h"
#include "node/table.h"

static bool parse_device(const char *text, struct device_number *ret_number)
{
	if (*text != 'c' && *text != 'b')
		return false;
	ret_number->type = *text == 'c' ? S_IFCHR : S_IFBLK;
	return syntax_parse_numbers(text + 1, ':', ret_number);
}

/* Is it of the form TYPEMAJOR:MINOR, whatever stands for the numbers? */
static bool looks_like_device(const char *text)
{
	return (*text == 'c' || *text == 'b') && strchr(text, ':') && !strchr(text, ' ');
}

/* Cuts the text at the next blank; NULL if there is none. Returns what is behind it. */
static char *cut_field(char *text)
{
	char *blank = strchr(text, ' ');

	if (!blank)
		return NULL;
	*blank = '\0';
	return blank + 1;
}

static int report_bad_line(struct kmod_devname_report *report, const struct location *location)
{
	return report_add(report, KMOD_DEVNAME_BAD_LINE, KMOD_DEVNAME_ERROR, location,
			  "is not of the form MODULE NAME TYPEMAJOR:MINOR");
}

static int read_node(struct kmod_devname_table *table, struct kmod_devname_report *report,
		     const struct location *location, struct lines *line)
{
	struct device_number number;
	char *module = line->text, *name, *device;

	if (strlen(line->text) != line->size || !(name = cut_field(module)) ||
	    !(device = cut_field(name)))
		return report_bad_line(report, location);
	if (parse_device(device, &number))
		return table_add(table, report, location, module, name, &number);
	if (looks_like_device(device))
		return report_add(report, KMOD_DEVNAME_BAD_NUMBER, KMOD_DEVNAME_ERROR, location,
				  "'%s' is not a device number", device);
	return report_bad_line(report, location);
}

static int read_line(struct kmod_devname_table *table, struct kmod_devname_report *report,
		     const struct location *location, struct lines *line, enum line_status status)
{
	bool comment = line->text[0] == '#';

	if (status == LINE_LONG)
		return report_add(report, KMOD_DEVNAME_LONG_LINE, KMOD_DEVNAME_ERROR, location,
				  "is longer than any line can be");
	if (status == LINE_CUT)
		return report_add(report, KMOD_DEVNAME_CUT_LINE, KMOD_DEVNAME_ERROR, location,
				  "has no newline: the file seems to be cut short");
	return comment ? 0 : read_node(table, report, location, line);
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
		r = read_line(table, report, &location, &lines, (enum line_status)status);
		if (r < 0)
			return r;
	}
	location.line = 0;
	return status < 0 ? report_system(report, status, &location) : 0;
}
