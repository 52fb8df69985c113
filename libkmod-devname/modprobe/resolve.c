// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What modprobe(8) would load for an alias, and how far it comes. The modules are walked in the
 * order of libkmod (libkmod-module.c, kmod_module_get_probe_list), and each is judged as its turn
 * comes (load.c). libkmod's own dry run does not serve: its recursion on soft dependencies has no
 * bound, and it does not fail where modprobe does.
 */

#include <errno.h>
#include <libkmod.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "modprobe/load.h"
#include "modprobe/resolve.h"

#define SOFTDEP_DEPTH_MAX 100

static int walk_module(struct resolve_walk *walk, struct kmod_module *module,
		       enum kmod_devname_role role);

/* --- what is loaded with it ---------------------------------------------------------------- */

/* Of a chain that is too long the rest is left out, and the first of these is told. */
static int report_depth(const struct resolve_walk *walk, const struct kmod_module *module,
			const struct modprobe_statement *statement)
{
	struct modprobe_system *system = walk->system;
	const struct location location = { statement->file, statement->line };

	if (system->has_told_depth)
		return 0;
	system->has_told_depth = true;
	return report_add(
		system->report, KMOD_DEVNAME_BAD_CONFIG, KMOD_DEVNAME_WARNING, &location,
		"a chain of soft dependencies has more than %d modules, and those of module '%s' "
		"are not followed; shorten it",
		SOFTDEP_DEPTH_MAX, kmod_module_get_name(module));
}

static int walk_modules(struct resolve_walk *walk, const struct list *modules)
{
	int r = 0;

	for (size_t i = 0; i < modules->size && r == 0; i++)
		r = walk_module(walk, modules->items[i], KMOD_DEVNAME_ROLE_SOFT);
	return r;
}

/*
 * The module between its soft dependencies. With any of these its install command counts for
 * nothing: it would be called for by itself (libkmod-module.c, __kmod_module_fill_softdep).
 */
static int load_between_softdeps(struct resolve_walk *walk, struct kmod_module *module,
				 enum kmod_devname_role role)
{
	struct modprobe_system *system = walk->system;
	const struct modprobe_statement *statement;
	struct list before = { 0 }, after = { 0 };
	bool too_deep = false;
	int r = system_spend(system, system->config.size + walk->required.size);

	if (r < 0)
		return r;
	if (system->indexes == INDEXES_TEXT) /* busybox knows neither */
		return load_module(walk, module, role, true);
	statement = modprobe_config_find(&system->config, MODPROBE_SOFTDEP,
					 kmod_module_get_name(module));
	if (statement) {
		r = load_count_names(walk, statement->value);
		if (r == 0)
			r = kmod_context_add_softdeps(module, &before, &after);
		too_deep = walk->depth >= SOFTDEP_DEPTH_MAX && before.size + after.size > 0;
	}
	if (r == 0 && too_deep)
		r = report_depth(walk, module, statement);
	if (r == 0 && !too_deep)
		r = walk_modules(walk, &before);
	if (r == 0)
		r = load_module(walk, module, role, before.size + after.size > 0);
	if (r == 0 && !too_deep)
		r = walk_modules(walk, &after);
	list_done(&before, kmod_context_unref_module);
	list_done(&after, kmod_context_unref_module);
	return r;
}

/* Each module once: that of an alias, and that of its name, are two to libkmod, and to us. */
static int walk_module(struct resolve_walk *walk, struct kmod_module *module,
		       enum kmod_devname_role role)
{
	struct list *needed = &(struct list){ 0 };
	struct kmod_module *missing;
	int r;

	r = system_spend(walk->system, walk->visited.size);
	if (r < 0 || kmod_context_has_module(&walk->visited, module))
		return r;
	r = kmod_context_add_reference(module, &walk->visited);
	if (r < 0)
		return r;
	walk->depth++;
	r = load_find_dependencies(walk, module, needed, &missing);
	if (r == 0 && role == KMOD_DEVNAME_ROLE_ALIAS) {
		r = kmod_context_add_reference(module, &walk->required);
		for (size_t i = 0; i < needed->size && r == 0 && !missing; i++)
			r = kmod_context_add_reference(needed->items[i], &walk->required);
	}
	for (size_t i = missing ? 0 : needed->size; i > 0 && r == 0; i--)
		r = load_between_softdeps(walk, needed->items[i - 1],
					  role == KMOD_DEVNAME_ROLE_SOFT
						  ? KMOD_DEVNAME_ROLE_SOFT
						  : KMOD_DEVNAME_ROLE_DEPENDENCY);
	if (r == 0)
		r = load_between_softdeps(walk, module, role);
	list_done(needed, kmod_context_unref_module);
	walk->depth--;
	return r;
}

/* --- an alias ------------------------------------------------------------------------------- */

/*
 * The kernel runs modprobe without -b: then only what is found by an alias may be blacklisted, and
 * not what a command gives the alias as its name (libkmod-module.c,
 * kmod_module_probe_insert_module). libkmod always follows the host's command line: for another
 * system only a statement counts.
 */
static bool is_blacklisted(const struct resolve_walk *walk, const char *name)
{
	const struct modprobe_system *system = walk->system;

	if (strcmp(name, walk->alias) == 0 &&
	    !modprobe_config_find_alias(&system->config, walk->alias, name))
		return false;
	return modprobe_config_find(&system->config, MODPROBE_BLACKLIST, name) ||
	       (system->running && kmod_context_is_blacklisted(walk->system->context, name));
}

/* A module that has the alias. 1 if modprobe fails by it, 0, or a negative errno. */
static int walk_root(struct resolve_walk *walk, struct kmod_module *module)
{
	int r = system_spend(walk->system, walk->system->config.size);

	if (r == 0)
		r = load_known_module(walk, module,
				      is_blacklisted(walk, kmod_module_get_name(module)));
	if (r != 0)
		return r < 0 ? r : 0;
	r = walk_module(walk, module, KMOD_DEVNAME_ROLE_ALIAS);
	/* how a command ends is not known */
	if (r == 0)
		r = walk->stop && walk->stop_verdict > KMOD_DEVNAME_VERDICT_BLACKLISTED;
	free(walk->stop);
	walk->stop = NULL;
	list_done(&walk->required, kmod_context_unref_module);
	list_done(&walk->visited, kmod_context_unref_module);
	return r;
}

/* Starts libkmod for the first alias. */
static int start_context(struct modprobe_system *system)
{
	static const struct location nowhere = { NULL, 0 };
	int r;

	if (system->context)
		return 0;
	r = kmod_context_new(&system->config,
			     system->indexes == INDEXES_BINARY ? system->directory_fd : -1,
			     &system->context);
	/* not as a file, which would be one below the root */
	if (r == -ENOENT)
		(void)report_add(system->report, KMOD_DEVNAME_SYSTEM, KMOD_DEVNAME_ERROR, &nowhere,
				 "/proc/self/fd does not exist, and is needed: mount /proc");
	return r;
}

static int look_up_in_text(const struct modprobe_system *system, const char *alias,
			   struct list *modules)
{
	struct list names = { 0 };
	int r = modprobe_config_look_up(&system->config, alias, &names);

	if (r == 0 && names.size == 0)
		r = text_index_look_up(&system->text, alias, &names);
	for (size_t i = 0; i < names.size && r == 0; i++)
		r = kmod_context_add_module(system->context, names.items[i], modules);
	list_done(&names, NULL);
	return r;
}

/* Each is tried, and how the last one ends is how modprobe does. */
int resolve_alias(struct modprobe_system *system, const char *alias,
		  struct kmod_devname_resolution *resolution)
{
	_cleanup_free_ char *normalised = strdup(alias);
	struct resolve_walk walk = { .system = system,
				     .resolution = resolution,
				     .alias = normalised };
	struct list modules = { 0 };
	int r = normalised ? start_context(system) : -ENOMEM;

	if (r == 0)
		r = system_spend(system, system->config.size + system->look_up_work);
	if (r < 0)
		return r;
	(void)modprobe_config_normalise(normalised);
	r = system->indexes == INDEXES_TEXT
		    ? look_up_in_text(system, normalised, &modules)
		    : kmod_context_look_up(system->context, normalised, &modules);
	for (size_t i = 0; i < modules.size && r >= 0; i++)
		r = walk_root(&walk, modules.items[i]);
	if (r == 0 && modules.size == 0)
		r = 1;
	list_done(&modules, kmod_context_unref_module);
	return r;
}
