// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * depmod's text files, looked up as the modprobe(8) of busybox does (modutils/modprobe.c): the
 * patterns of modules.alias that match, and the paths that modules.dep has for a module. It knows
 * no soft dependencies and no commands.
 */

#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "modprobe/modprobe.h"
#include "node/syntax.h"
#include "text/depmod-index.h"

#define TEXT_ALIASES_MAX 100000 /* a look-up compares all of them */

struct text_entry {
	char *key; /* the name of a module, or the pattern of an alias */
	char *value; /* "PATH: PATH..."; the module of the alias; the path of what is built in */
};

char *copy_module_name(const char *path)
{
	const char *base = syntax_base_name(path);
	char *name = strndup(base, strcspn(base, "."));

	if (name)
		syntax_normalise_module_name(name);
	return name;
}

static void free_text_entry(void *item)
{
	struct text_entry *entry = item;

	free(entry->key);
	free(entry->value);
	free(entry);
}

/* Takes both texts; one is NULL if there was no memory for it. */
static int add_text_entry(struct list *entries, char *key, char *value)
{
	struct text_entry *entry = malloc(sizeof(*entry));

	if (!entry) {
		free(key);
		free(value);
		return -ENOMEM;
	}
	*entry = (struct text_entry){ key, value };
	if (key && value && list_push(entries, entry) == 0)
		return 0;
	free_text_entry(entry);
	return -ENOMEM;
}

static int compare_text_entries(const void *a, const void *b)
{
	const struct text_entry *x = *(const struct text_entry *const *)a;
	const struct text_entry *y = *(const struct text_entry *const *)b;

	return strcmp(x->key, y->key);
}

const char *text_index_find(const struct list *entries, const char *name)
{
	const struct text_entry wanted = { (char *)(uintptr_t)name, NULL };
	const struct text_entry *key = &wanted, *const *found = NULL;

	if (entries->size > 0)
		found = bsearch(&key, entries->items, entries->size, sizeof(key),
				compare_text_entries);
	return found ? (*found)->value : NULL;
}

static int read_text_modules(struct text_index *text, struct depmod_index *file)
{
	char *path, *needed;
	int r;

	while ((r = depmod_index_next_module(file, &path, &needed)) == DEPMOD_INDEX_LINE)
		if (add_text_entry(&text->modules, copy_module_name(path),
				   format_text("%s:%s", path, needed)) < 0)
			return -ENOMEM;
	list_sort(&text->modules, compare_text_entries);
	return r;
}

static int read_text_aliases(struct text_index *text, struct depmod_index *file)
{
	const char *alias, *module;
	int r;

	while ((r = depmod_index_next_alias(file, &alias, &module)) == DEPMOD_INDEX_LINE) {
		char *pattern;

		if (text->aliases.size == TEXT_ALIASES_MAX)
			return depmod_index_report(file, "over 100000 aliases");
		pattern = strdup(alias);
		/* a pattern with a lone bracket matches nothing */
		if (pattern && modprobe_config_normalise(pattern) < 0)
			free(pattern);
		else if (add_text_entry(&text->aliases, pattern, copy_module_name(module)) < 0)
			return -ENOMEM;
	}
	return r;
}

static int read_text_built_in(struct text_index *text, struct depmod_index *file)
{
	const char *path;
	int r;

	while ((r = depmod_index_next_path(file, &path)) == DEPMOD_INDEX_LINE)
		if (add_text_entry(&text->built_in, copy_module_name(path), strdup(path)) < 0)
			return -ENOMEM;
	list_sort(&text->built_in, compare_text_entries);
	return r;
}

int text_index_read(struct text_index *index, int root_fd, const char *directory,
		    struct kmod_devname_report *report)
{
	static const struct {
		const char *name;
		int (*read)(struct text_index *text, struct depmod_index *file);
	} files[] = { { "modules.dep", read_text_modules },
		      { "modules.alias", read_text_aliases },
		      { "modules.builtin", read_text_built_in } };
	int r = DEPMOD_INDEX_END;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && r == DEPMOD_INDEX_END; i++) {
		const struct location location = { files[i].name, 0 };
		_cleanup_free_ char *path = format_text("%s/%s", directory, files[i].name);
		struct depmod_index file;
		FILE *stream = NULL;

		if (!path)
			return -ENOMEM;
		r = root_open_stream(root_fd, path, &stream);
		if (r < 0)
			return report_system(report, r, &location);
		if (r == 0) /* it is as good as empty */
			continue;
		depmod_index_start(&file, report, stream, files[i].name);
		r = files[i].read(index, &file);
		(void)fclose(stream);
	}
	return r < 0 ? r : r == DEPMOD_INDEX_END;
}

void text_index_done(struct text_index *index)
{
	list_done(&index->modules, free_text_entry);
	list_done(&index->aliases, free_text_entry);
	list_done(&index->built_in, free_text_entry);
}

int text_index_look_up(const struct text_index *index, const char *alias, struct list *names)
{
	for (size_t i = 0; i < index->aliases.size; i++) {
		const struct text_entry *item = index->aliases.items[i];

		if (fnmatch(item->key, alias, 0) == 0 && list_push(names, item->value) < 0)
			return -ENOMEM;
	}
	return 0;
}
