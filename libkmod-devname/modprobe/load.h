/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>

#include "modprobe/kmod-context.h"
#include "modprobe/resolution.h"
#include "modprobe/system.h"

/* What is loaded for one module that has the alias. Lists are of struct kmod_module *. */
struct resolve_walk {
	struct modprobe_system *system;
	struct kmod_devname_resolution *resolution;
	const char *alias; /* normalised */
	struct list visited;
	struct list required; /* the module that has the alias, and its dependencies */
	char *stop; /* the module at which modprobe gives up; NULL: it goes on */
	enum kmod_devname_verdict stop_verdict;
	unsigned int depth;
	size_t bytes; /* of dependencies and soft dependencies that were followed */
};

/* Counts names that the walk follows. 0; or -EFBIG, for this number or for all together. */
int load_count_names(struct resolve_walk *walk, const char *names);

/*
 * A module's turn: adds a step with what becomes of it. If it is required and fails, modprobe gives
 * up here. 0 or a negative errno, as all of these.
 */
int load_module(struct resolve_walk *walk, struct kmod_module *module, enum kmod_devname_role role,
		bool ignores_command);

/* The same of a module that has the alias, if that is all: 1 if it was, 0 if it is to be walked. */
int load_known_module(struct resolve_walk *walk, struct kmod_module *module, bool blacklisted);

/*
 * Adds the modules that a module needs, in the order of modules.dep. *ret_missing: the first of
 * them that has no file, and then libkmod knows of no dependencies at all; NULL: there is none.
 */
int load_find_dependencies(struct resolve_walk *walk, const struct kmod_module *module,
			   struct list *modules, struct kmod_module **ret_missing);

#endif
