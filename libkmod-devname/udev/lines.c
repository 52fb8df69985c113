// SPDX-License-Identifier: LGPL-2.1-or-later
/* The lines of udev's rules: comments and continuation. */

#include <stdbool.h>
#include <string.h>

#include "udev/lines.h"

void udev_lines_init(struct udev_lines *rules, FILE *stream)
{
	lines_init(&rules->lines, stream);
	rules->lines.max = UDEV_LINE_MAX;
}

static void set_fault(struct udev_lines *rules, const char *fault)
{
	if (!rules->fault)
		rules->fault = fault;
}

/* udev ends a line at such bytes too. No editor does that, so they are no line that was meant. */
static void replace_odd_bytes(struct udev_lines *rules, char *line, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (line[i] != '\0' && line[i] != '\r')
			continue;
		line[i] = ' ';
		set_fault(rules, "has a NUL byte or a carriage return in it");
	}
}

static void append(struct udev_lines *rules, const char *line, size_t size)
{
	if (size > UDEV_LINE_MAX - rules->size) {
		size = UDEV_LINE_MAX - rules->size;
		set_fault(rules, "is longer than 16383 bytes");
	}
	memcpy(rules->text + rules->size, line, size);
	rules->size += size;
	rules->text[rules->size] = '\0';
}

/* Adds a physical line to the rule. Returns whether the rule goes on after it. */
static bool add_line(struct udev_lines *rules, bool is_long)
{
	char *line = rules->lines.text;
	size_t size = rules->lines.size, blanks;
	bool goes_on;

	if (!is_long && size > 0 && line[size - 1] == '\r')
		line[--size] = '\0';
	blanks = strspn(line, " \t\r");
	if (line[blanks] == '#')
		return rules->number > 0;
	if (rules->number == 0)
		rules->number = rules->lines.number;
	replace_odd_bytes(rules, line, size);
	append(rules, line + blanks, size - blanks);
	if (is_long)
		set_fault(rules, "is longer than 16383 bytes");
	/* the end of what is too long is not known; an empty line ends a rule */
	goes_on = !is_long && size > blanks && line[size - 1] == '\\';
	if (goes_on && rules->text[rules->size - 1] == '\\')
		rules->text[--rules->size] = '\0';
	return goes_on;
}

int udev_lines_next(struct udev_lines *rules)
{
	bool goes_on = true;
	int status = LINE_GOOD;

	rules->number = rules->size = 0;
	rules->fault = NULL;
	rules->text[0] = '\0';
	while (goes_on || rules->number == 0) {
		status = lines_next(&rules->lines);
		if (status <= 0)
			break;
		goes_on = add_line(rules, status == LINE_LONG);
	}
	if (status == LINE_END && rules->number > 0)
		set_fault(rules, "ends in a backslash, and there is no further line");
	return status < 0 ? status : rules->number > 0;
}
