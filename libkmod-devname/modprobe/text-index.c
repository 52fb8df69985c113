// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * depmod's text files, looked up as the modprobe(8) of busybox does (modutils/modprobe.c): the
 * patterns of modules.alias that match, and the paths that modules.dep has for a module. It knows
 * no soft dependencies and no commands.
 */

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "modprobe/modprobe.h"
#include "node/syntax.h"
#include "text/depmod-index.h"

#define TEXT_ALIASES_MAX 100000 /* a look-up compares all of them */

char *copy_module_name(const char *path)
{
	const char *base = syntax_base_name(path);
	char *name = strndup(base, strcspn(base, "."));

	if (name)
		syntax_normalise_module_name(name);
	return name;
}

/* Takes an entry: the name of a module, or a pattern, and its value behind a NUL. 0 or -ENOMEM. */
static int take_text_entry(struct list *entries, char *entry)
{
	int r = entry ? list_push(entries, entry) : -ENOMEM;

	if (r < 0)
		free(entry);
	return r;
}

static int compare_text_entries(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *get_text_value(char *entry)
{
	return entry + strlen(entry) + 1;
}

const char *text_index_find(const struct list *entries, const char *name)
{
	char *const *found = NULL;

	if (entries->size > 0)
		found = bsearch(&name, entries->items, entries->size, sizeof(name),
				compare_text_entries);
	return found ? get_text_value(*found) : NULL;
}

static int read_text_modules(struct text_index *text, struct depmod_index *file)
{
	char *path, *needed;
	int r;

	while ((r = depmod_index_next_module(file, &path, &needed)) == DEPMOD_INDEX_LINE) {
		_cleanup_free_ char *name = copy_module_name(path);

		if (!name || take_text_entry(&text->modules, format_text("%s%c%s:%s", name, '\0',
									 path, needed)) < 0)
			return -ENOMEM;
	}
	list_sort(&text->modules, compare_text_entries);
	return r;
}

static int read_text_aliases(struct text_index *text, struct depmod_index *file)
{
	const char *alias, *module;
	int r;

	while ((r = depmod_index_next_alias(file, &alias, &module)) == DEPMOD_INDEX_LINE) {
		_cleanup_free_ char *pattern = strdup(alias), *name = copy_module_name(module);

		if (text->aliases.size == TEXT_ALIASES_MAX)
			return depmod_index_report(file, "over 100000 aliases");
		if (!pattern || !name)
			return -ENOMEM;
		/* a pattern with a lone bracket matches nothing */
		if (modprobe_config_normalise(pattern) == 0 &&
		    take_text_entry(&text->aliases, format_text("%s%c%s", pattern, '\0', name)) < 0)
			return -ENOMEM;
	}
	return r;
}

static int read_text_built_in(struct text_index *text, struct depmod_index *file)
{
	const char *path;
	int r;

	while ((r = depmod_index_next_path(file, &path)) == DEPMOD_INDEX_LINE) {
		_cleanup_free_ char *name = copy_module_name(path);

		if (!name || take_text_entry(&text->built_in, format_text("%s%c", name, '\0')) < 0)
			return -ENOMEM;
	}
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
	list_done(&index->modules, free);
	list_done(&index->aliases, free);
	list_done(&index->built_in, free);
}

int text_index_look_up(const struct text_index *index, const char *alias, struct list *names)
{
	for (size_t i = 0; i < index->aliases.size; i++) {
		char *pattern = index->aliases.items[i];

		if (fnmatch(pattern, alias, 0) == 0 &&
		    list_push(names, get_text_value(pattern)) < 0)
			return -ENOMEM;
	}
	return 0;
}
