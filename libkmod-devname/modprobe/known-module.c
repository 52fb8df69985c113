// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a module needs, and whether the files of it are there: found out once, since thousands of
 * nodes may have one module, and a module may have thousands of dependencies.
 */

#include <errno.h>
#include <search.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "modprobe/modprobe.h"

static void known_module_free(void *item)
{
	struct known_module *known = item;

	list_done(&known->needed, kmod_context_unref_module);
	free(known->name);
	free(known->path);
	free(known);
}

void known_modules_done(struct modprobe_system *system)
{
	tdestroy(system->known_modules, known_module_free);
	system->known_modules = NULL;
}

static int compare_known_modules(const void *a, const void *b)
{
	const struct known_module *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int known_module_get(struct modprobe_system *system, const char *name,
		     struct known_module **ret_known)
{
	const struct known_module wanted = { .name = (char *)(uintptr_t)name };
	struct known_module **found = tfind(&wanted, &system->known_modules, compare_known_modules);
	struct known_module *known;

	if (found) {
		*ret_known = *found;
		return 0;
	}
	known = calloc(1, sizeof(*known));
	if (!known)
		return -ENOMEM;
	known->name = strdup(name);
	known->has_file = -1;
	known->line = system_find_dependencies(system, name);
	if (known->line)
		known->path = strndup(known->line, strcspn(known->line, ":"));
	if (!known->name || (known->line && !known->path) ||
	    !tsearch(known, &system->known_modules, compare_known_modules)) {
		known_module_free(known);
		return -ENOMEM;
	}
	*ret_known = known;
	return 0;
}

static int look_for_file(struct modprobe_system *system, const char *path)
{
	int r = system_spend(system, WORK_OF_FILE);

	return r < 0 ? r : system_has_file(system, path);
}

int known_module_has_file(struct known_module *known, struct modprobe_system *system)
{
	if (known->has_file < 0)
		known->has_file = known->path ? look_for_file(system, known->path) : 0;
	return known->has_file;
}

/* Splits a line of modules.dep, which is changed, into the paths of what a module needs. */
static int split_dependencies(char *line, struct list *paths)
{
	char *path, *rest = line + strcspn(line, ":");

	if (*rest != '\0')
		rest++;
	while ((path = strtok_r(NULL, " \t", &rest)))
		if (list_push(paths, path) < 0)
			return -ENOMEM;
	return 0;
}

/* Without a file of all that a module needs libkmod knows of no dependencies: one decides. */
static int find_missing(struct known_module *known, struct modprobe_system *system,
			const struct list *paths)
{
	for (size_t i = 0; i < paths->size; i++) {
		int r = look_for_file(system, paths->items[i]);

		if (r < 0)
			return r;
		if (r == 0) {
			known->missing = known->needed.items[i];
			return 0;
		}
	}
	return 0;
}

int known_module_find_needed(struct known_module *known, struct modprobe_system *system)
{
	_cleanup_free_ char *copy = NULL;
	_cleanup_list_ struct list paths = { 0 };
	int r;

	if (!known->line || known->has_needed)
		return 0;
	copy = strdup(known->line);
	r = copy ? split_dependencies(copy, &paths) : -ENOMEM;
	if (r == 0)
		r = system_spend(system, paths.size * WORK_OF_STEP);
	for (size_t i = 0; i < paths.size && r == 0; i++)
		r = kmod_context_add_module(system->context, syntax_base_name(paths.items[i]),
					    &known->needed);
	if (r == 0)
		r = find_missing(known, system, &paths);
	known->has_needed = r == 0;
	if (r < 0)
		list_done(&known->needed, kmod_context_unref_module);
	return r;
}
