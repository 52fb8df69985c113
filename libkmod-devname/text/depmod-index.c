// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * modules.dep, modules.alias and modules.builtin, as the depmod of kmod or of busybox and the
 * kernel's makefiles write them:
 *
 *	PATH: [PATH ...]
 *	alias ALIAS MODULE
 *	PATH
 *
 * A file is read as a stream, in bounded memory. Reading ends at the first invalid line, because
 * depmod did not write such a file.
 *
 * tree/skip.c uses these files as a hint, and modprobe/text-index.c uses them as the modprobe of
 * busybox does.
 */

#include <string.h>

#include "text/depmod-index.h"

static int report_damage(const struct depmod_index *index, enum kmod_devname_code code,
			 const char *problem)
{
	int r = report_add(index->report, code, KMOD_DEVNAME_SEVERITY_WARNING, &index->location,
			   "%s; run depmod", problem);

	return r < 0 ? r : DEPMOD_INDEX_DAMAGED;
}

int depmod_index_report(const struct depmod_index *index, const char *problem)
{
	return report_damage(index, KMOD_DEVNAME_CODE_BAD_INDEX, problem);
}

void depmod_index_start(struct depmod_index *index, struct kmod_devname_report *report,
			FILE *stream, const char *file)
{
	index->report = report;
	index->location = (struct location){ file, 0 };
	index->comment_line = 0;
	lines_init(&index->lines, stream);
}

static int next_index_line(struct depmod_index *index)
{
	int status = lines_next(&index->lines);

	index->location.line = index->lines.number;
	if (status < 0)
		return report_system(index->report, status, &index->location);
	switch (status) {
	case LINE_END:
		return DEPMOD_INDEX_END;
	case LINE_CUT:
		return report_damage(index, KMOD_DEVNAME_CODE_CUT_LINE,
				     "no newline at the end: the file is truncated");
	case LINE_LONG:
		return report_damage(index, KMOD_DEVNAME_CODE_LONG_LINE,
				     "line longer than any alias");
	default:
		return DEPMOD_INDEX_LINE;
	}
}

static bool has_nul(const struct depmod_index *index)
{
	return strlen(index->lines.text) != index->lines.size;
}

int depmod_index_next_module(struct depmod_index *index, char **ret_path, char **ret_needed)
{
	char *text, *colon;
	int status;

	/* A module that needs hundreds of others has one line with all of their paths. */
	index->lines.max = LINES_BUFFER_SIZE - 1;
	status = next_index_line(index);
	if (status != DEPMOD_INDEX_LINE)
		return status;
	text = index->lines.text;
	colon = strchr(text, ':');
	/* In modules.alias a blank in the name of a module would end the alias. */
	if (has_nul(index) || !colon || colon == text || colon[-1] == '/' ||
	    (colon[1] != '\0' && colon[1] != ' ') || memchr(text, ' ', (size_t)(colon - text)))
		return depmod_index_report(index, "not of the form PATH: PATH...");
	*colon = '\0';
	*ret_path = text;
	*ret_needed = colon + 1;
	return DEPMOD_INDEX_LINE;
}

int depmod_index_next_alias(struct depmod_index *index, const char **ret_alias,
			    const char **ret_module)
{
	static const char word[] = "alias ";
	char *alias, *blank;
	int status;

	while ((status = next_index_line(index)) == DEPMOD_INDEX_LINE &&
	       index->lines.text[0] == '#')
		index->comment_line = index->lines.number;
	/* depmod writes at least a comment: an empty file is the result of a power failure */
	if (status == DEPMOD_INDEX_END && index->lines.number == 1)
		return depmod_index_report(index, "empty file");
	if (status != DEPMOD_INDEX_LINE)
		return status;
	if (has_nul(index))
		return depmod_index_report(index, "NUL byte in an alias");
	alias = index->lines.text + strlen(word);
	blank = memrchr(index->lines.text, ' ', index->lines.size);
	if (strncmp(index->lines.text, word, strlen(word)) != 0 || !blank || blank < alias ||
	    blank[1] == '\0')
		return depmod_index_report(index, "not of the form alias ALIAS MODULE");
	*blank = '\0';
	*ret_alias = alias;
	*ret_module = blank + 1;
	return DEPMOD_INDEX_LINE;
}

int depmod_index_next_path(struct depmod_index *index, const char **ret_path)
{
	int status = next_index_line(index);

	if (status == DEPMOD_INDEX_LINE && has_nul(index))
		return depmod_index_report(index, "NUL byte in a path");
	*ret_path = index->lines.text;
	return status;
}
