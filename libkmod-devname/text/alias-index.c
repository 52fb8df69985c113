// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * modules.alias -> the aliases of the modules with device names. A line is "alias ALIAS MODULE";
 * both depmods write the lines of one module together, kmod's in the order of .modinfo and
 * busybox's the other way round, which makes no difference to alias_pair().
 */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"
#include "node/table.h"
#include "text/alias-index.h"

static void index_module_free(void *p)
{
	struct index_module *module = p;

	alias_list_done(&module->aliases);
	free(module->name);
	free(module);
}

void index_done(struct index *index)
{
	list_done(&index->modules, index_module_free);
}

static struct index_module *index_module_new(const char *name)
{
	struct index_module *module = calloc(1, sizeof(*module));

	if (!module)
		return NULL;
	module->name = strdup(name);
	if (module->name)
		return module;
	free(module);
	return NULL;
}

/* The module that the lines are about, which is the last one or a new one. */
static struct index_module *get_module(struct index *index, const char *name)
{
	struct list *modules = &index->modules;
	struct index_module *module;

	if (modules->size > 0) {
		module = modules->items[modules->size - 1];
		if (strcmp(module->name, name) == 0)
			return module;
	}
	module = index_module_new(name);
	if (module && list_push(modules, module) < 0) {
		index_module_free(module);
		return NULL;
	}
	return module;
}

/* modprobe's own form of an alias, which has lost whether it was "-" or "_". */
static bool is_normalised(const char *alias)
{
	return strncmp(alias, "char_major_", 11) == 0 || strncmp(alias, "block_major_", 12) == 0;
}

static int report_bad_index(struct kmod_devname_report *report, const struct location *location,
			    enum kmod_devname_code code, const char *message)
{
	return report_add(report, code, KMOD_DEVNAME_WARNING, location, "%s", message);
}

/* Returns 1 to go on, 0 if there is a finding, or -ENOMEM. */
static int read_line(struct index *index, struct kmod_devname_report *report,
		     const struct location *location, const struct lines *line)
{
	static const char word[] = "alias ";
	char *alias = line->text + sizeof(word) - 1, *blank;
	struct index_module *module;
	int r;

	if (line->text[0] == '#')
		return 1;
	if (strlen(line->text) != line->size)
		return report_bad_index(report, location, KMOD_DEVNAME_BAD_INDEX,
					"has a NUL byte, which no alias can have");
	blank = memrchr(line->text, ' ', line->size);
	if (strncmp(line->text, word, sizeof(word) - 1) != 0 || blank < alias || blank[1] == '\0')
		return report_bad_index(report, location, KMOD_DEVNAME_BAD_INDEX,
					"is not of the form alias ALIAS MODULE");
	*blank = '\0';
	if (is_normalised(alias))
		return report_bad_index(report, location, KMOD_DEVNAME_BAD_INDEX,
					"has a normalised alias: names in it may have lost their "
					"dashes");
	module = get_module(index, blank + 1);
	if (!module)
		return -ENOMEM;
	r = alias_list_add(&module->aliases, alias);
	return r < 0 ? r : 1;
}

int index_read(struct index *index, struct kmod_devname_report *report, FILE *stream,
	       const char *file)
{
	struct location location = { file, 0 };
	struct lines lines;
	int status, r = 1;

	*index = (struct index){ 0 };
	lines_init(&lines, stream);
	while (r > 0 && (status = lines_next(&lines)) != LINE_END) {
		location.line = lines.number;
		if (status < 0)
			r = report_system(report, status, &location);
		else if (status == LINE_CUT)
			r = report_bad_index(report, &location, KMOD_DEVNAME_CUT_LINE,
					     "has no newline: the file seems to be cut short");
		else if (status == LINE_LONG)
			r = report_bad_index(report, &location, KMOD_DEVNAME_LONG_LINE,
					     "is longer than any alias can be");
		else
			r = read_line(index, report, &location, &lines);
	}
	/* depmod writes a comment at least: what is empty was lost when the power failed */
	if (r > 0 && lines.number == 1)
		r = report_bad_index(report, &location, KMOD_DEVNAME_BAD_INDEX, "is empty");
	return r;
}

static int compare_modules(const void *a, const void *b)
{
	return strcmp((*(const struct index_module *const *)a)->name,
		      (*(const struct index_module *const *)b)->name);
}

/* Are the lines of each module together, as depmod writes them? 1 or 0, or -ENOMEM. */
static int is_grouped(const struct index *index)
{
	struct list modules = { 0 };
	int r = list_reserve(&modules, index->modules.size);

	if (r < 0)
		return r;
	for (size_t i = 0; i < index->modules.size; i++)
		modules.items[modules.size++] = index->modules.items[i];
	list_sort(&modules, compare_modules);
	r = 1;
	for (size_t i = 1; i < modules.size && r > 0; i++)
		r = compare_modules(&modules.items[i - 1], &modules.items[i]) != 0;
	list_done(&modules, NULL);
	return r;
}

int kmod_devname_table_read_index(struct kmod_devname_table *table,
				  struct kmod_devname_report *report, FILE *stream,
				  const char *file)
{
	const struct location location = { file, 0 };
	struct index index;
	int good = index_read(&index, report, stream, file), r = 0;

	if (good > 0) {
		good = is_grouped(&index);
		if (good == 0)
			r = report_bad_index(report, &location, KMOD_DEVNAME_BAD_INDEX,
					     "has lines of one module in two places");
	}
	for (size_t i = 0; good > 0 && i < index.modules.size && r == 0; i++) {
		const struct index_module *module = index.modules.items[i];

		r = table_add_aliases(table, report, module->name, file, &module->aliases);
	}
	index_done(&index);
	return r < 0 ? r : good;
}
