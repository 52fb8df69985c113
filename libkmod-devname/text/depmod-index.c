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
 * tree/skip.c uses these files as a hint, modprobe/text-index.c as the modprobe of busybox does,
 * and table_read_index() as the declarations of the modules.
 */

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "node/table.h"
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

/* --- modules.alias -> table --------------------------------------------------------------- */

/* A module that has lines in modules.alias. */
struct index_module {
	struct alias_list aliases;
	char name[];
};

struct index_modules {
	struct list in_order; /* of the file, which is that of modules.devname */
	void *by_name; /* tsearch(3) tree of the same */
};

static void index_module_free(void *p)
{
	struct index_module *module = p;

	alias_list_done(&module->aliases);
	free(module);
}

static void index_modules_done(struct index_modules *modules)
{
	tdestroy(modules->by_name, free_nothing);
	list_done(&modules->in_order, index_module_free);
}

static int compare_index_modules(const void *a, const void *b)
{
	return strcmp(((const struct index_module *)a)->name,
		      ((const struct index_module *)b)->name);
}

/* Both depmods write the lines of one module together. The status of the index, or -ENOMEM. */
static int start_module(struct index_modules *modules, const struct depmod_index *index,
			const char *name)
{
	size_t size = strlen(name) + 1;
	struct index_module *module = calloc(1, sizeof(*module) + size);
	struct index_module **found;

	if (!module || list_push(&modules->in_order, module) < 0) {
		free(module);
		return -ENOMEM;
	}
	memcpy(module->name, name, size);
	found = tsearch(module, &modules->by_name, compare_index_modules);
	if (!found)
		return -ENOMEM;
	if (*found != module)
		return depmod_index_report(index, "lines of one module in two places");
	return DEPMOD_INDEX_LINE;
}

/* modprobe's own form of an alias, which has lost whether it was "-" or "_". */
static bool is_normalised(const char *alias)
{
	return strncmp(alias, "char_major_", 11) == 0 || strncmp(alias, "block_major_", 12) == 0;
}

static int read_index_modules(struct index_modules *modules, struct depmod_index *index)
{
	struct index_module *module = NULL;
	const char *alias, *name;
	int status;

	while ((status = depmod_index_next_alias(index, &alias, &name)) == DEPMOD_INDEX_LINE) {
		if (is_normalised(alias))
			return depmod_index_report(index,
						   "normalised alias, which may have lost dashes");
		if (!module || strcmp(module->name, name) != 0) {
			status = start_module(modules, index, name);
			if (status != DEPMOD_INDEX_LINE)
				return status;
			module = modules->in_order.items[modules->in_order.size - 1];
		}
		status = alias_list_add(&module->aliases, alias);
		if (status < 0)
			return status;
	}
	return status;
}

int table_read_index(struct kmod_devname_table *table, struct kmod_devname_report *report,
		     FILE *stream, const char *file)
{
	struct index_modules modules = { 0 };
	struct depmod_index index;
	int status, r = 0;

	depmod_index_start(&index, report, stream, file);
	status = read_index_modules(&modules, &index);
	for (size_t i = 0; status == DEPMOD_INDEX_END && i < modules.in_order.size && r == 0; i++) {
		const struct index_module *module = modules.in_order.items[i];

		r = table_add_aliases(table, report, module->name, file, &module->aliases);
	}
	index_modules_done(&modules);
	if (r < 0 || status < 0)
		return r < 0 ? r : status;
	return status == DEPMOD_INDEX_END;
}
