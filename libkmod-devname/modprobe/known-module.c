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

/* Adds a module that is needed, by its path; the first one without a file is the missing one. */
static int add_needed(struct known_module *known, struct modprobe_system *system, const char *path)
{
	int r = kmod_context_add_module(system->context, syntax_base_name(path), &known->needed);

	/* without a file of all that a module needs libkmod knows of no dependencies */
	if (r < 0 || known->missing)
		return r;
	r = look_for_file(system, path);
	if (r == 0)
		known->missing = known->needed.items[known->needed.size - 1];
	return r < 0 ? r : 0;
}

int known_module_find_needed(struct known_module *known, struct modprobe_system *system)
{
	_cleanup_free_ char *line = NULL;
	char *path, *rest;
	int r = 0;

	if (!known->line || known->has_needed)
		return 0;
	line = strdup(known->line);
	if (!line)
		return -ENOMEM;
	rest = line + strcspn(line, ":");
	rest += *rest == ':';
	while (r == 0 && (path = strtok_r(NULL, " \t", &rest))) {
		r = system_spend(system, WORK_OF_STEP);
		if (r == 0)
			r = add_needed(known, system, path);
	}
	known->has_needed = r == 0;
	if (r < 0) {
		list_done(&known->needed, kmod_context_unref_module);
		known->missing = NULL;
	}
	return r;
}
