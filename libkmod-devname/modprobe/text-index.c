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

struct text_module {
	char *name;
	char *line; /* "PATH: PATH..." */
};

struct text_alias {
	char *pattern;
	char *module;
};

/* The name of a module's file: without directories and all that follows the first dot. */
static char *copy_module_name(const char *path)
{
	const char *base = syntax_base_name(path);
	char *name = strndup(base, strcspn(base, "."));

	if (name)
		syntax_normalise_module_name(name);
	return name;
}

static void free_text_module(void *item)
{
	struct text_module *module = item;

	free(module->name);
	free(module->line);
	free(module);
}

static void free_text_alias(void *item)
{
	struct text_alias *alias = item;

	free(alias->pattern);
	free(alias->module);
	free(alias);
}

static int add_text_module(struct list *modules, const char *path, const char *needed)
{
	struct text_module *module = calloc(1, sizeof(*module));

	if (!module)
		return -ENOMEM;
	module->name = copy_module_name(path);
	if (asprintf(&module->line, "%s:%s", path, needed) < 0)
		module->line = NULL;
	if (module->name && module->line && list_push(modules, module) == 0)
		return 0;
	free_text_module(module);
	return -ENOMEM;
}

static int add_text_alias(struct list *aliases, const char *pattern, const char *module)
{
	struct text_alias *alias = calloc(1, sizeof(*alias));

	int r = -ENOMEM;

	if (!alias)
		return -ENOMEM;
	alias->pattern = strdup(pattern);
	alias->module = copy_module_name(module);
	if (alias->pattern && alias->module)
		r = modprobe_config_normalise(alias->pattern);
	if (r == 0)
		r = list_push(aliases, alias);
	if (r < 0)
		free_text_alias(alias);
	/* a pattern with a lone bracket matches nothing */
	return r == -EINVAL ? 0 : r;
}

static int compare_text_modules(const void *a, const void *b)
{
	const struct text_module *x = *(const struct text_module *const *)a;
	const struct text_module *y = *(const struct text_module *const *)b;

	return strcmp(x->name, y->name);
}

static int compare_built_in_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int read_text_modules(struct text_index *text, struct depmod_index *file)
{
	char *path, *needed;
	int r;

	while ((r = depmod_index_next_module(file, &path, &needed)) == DEPMOD_INDEX_LINE) {
		r = add_text_module(&text->modules, path, needed);
		if (r < 0)
			return r;
	}
	list_sort(&text->modules, compare_text_modules);
	return r;
}

static int read_text_aliases(struct text_index *text, struct depmod_index *file)
{
	const char *alias, *module;
	int r;

	while ((r = depmod_index_next_alias(file, &alias, &module)) == DEPMOD_INDEX_LINE) {
		if (text->aliases.size == TEXT_ALIASES_MAX)
			return depmod_index_report(file, "has over 100000 aliases");
		r = add_text_alias(&text->aliases, alias, module);
		if (r < 0)
			return r;
	}
	return r;
}

static int read_text_built_in(struct text_index *text, struct depmod_index *file)
{
	const char *path;
	int r;

	while ((r = depmod_index_next_path(file, &path)) == DEPMOD_INDEX_LINE) {
		char *name = copy_module_name(path);

		if (!name || list_push(&text->built_in, name) < 0) {
			free(name);
			return -ENOMEM;
		}
	}
	list_sort(&text->built_in, compare_built_in_names);
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
		_cleanup_free_ char *path = NULL;
		struct depmod_index file;
		FILE *stream = NULL;

		if (asprintf(&path, "%s/%s", directory, files[i].name) < 0) {
			path = NULL;
			return -ENOMEM;
		}
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
	list_done(&index->modules, free_text_module);
	list_done(&index->aliases, free_text_alias);
	list_done(&index->built_in, free);
}

const char *text_index_find_dependencies(const struct text_index *index, const char *module)
{
	struct text_module wanted = { (char *)(uintptr_t)module, NULL };
	const struct text_module *key = &wanted, *const * found;

	if (index->modules.size == 0)
		return NULL;
	found = bsearch(&key, index->modules.items, index->modules.size, sizeof(key),
			compare_text_modules);
	return found ? (*found)->line : NULL;
}

bool text_index_is_built_in(const struct text_index *index, const char *module)
{
	return index->built_in.size > 0 &&
	       bsearch(&module, index->built_in.items, index->built_in.size, sizeof(module),
		       compare_built_in_names);
}

int text_index_look_up(const struct text_index *index, const char *alias, struct list *names)
{
	for (size_t i = 0; i < index->aliases.size; i++) {
		const struct text_alias *item = index->aliases.items[i];

		if (fnmatch(item->pattern, alias, 0) == 0 && list_push(names, item->module) < 0)
			return -ENOMEM;
	}
	return 0;
}
