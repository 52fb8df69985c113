// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What modprobe(8) would load for an alias, and how far it comes. libkmod can also do this by
 * itself, as a dry run, but tells only a function that is passed no data, and takes what the host
 * has loaded for loaded.
 */

#include <errno.h>
#include <libkmod.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "modprobe/resolver.h"
#include "modprobe/softdep.h"

#define DEPTH_MAX 100

/* Where modprobe stops: what comes behind is not loaded, what came before is. */
struct stop {
	const char *module; /* NULL: nothing has stopped it so far */
	enum kmod_devname_verdict verdict;
};

/* What is loaded for one module that has the alias. */
struct resolve_walk {
	struct resolver *resolver;
	struct kmod_devname_resolution *resolution;
	const char *alias; /* normalised */
	struct list required; /* names of modules: the one that has the alias, and what it needs */
	struct list visited; /* likewise */
	struct list stopped; /* likewise */
	struct stop stop;
	unsigned int depth;
};

static int walk_module(struct resolve_walk *walk, struct kmod_module *module,
		       enum kmod_devname_role role);

/* --- the steps ---------------------------------------------------------------------------- */

static const struct modprobe_statement *place_of(const struct resolve_walk *walk, const char *name,
						 enum kmod_devname_role role,
						 enum kmod_devname_verdict verdict)
{
	const struct modprobe_config *config = &walk->resolver->source->config;

	if (verdict == KMOD_DEVNAME_VERDICT_BLACKLISTED)
		return modprobe_config_find(config, MODPROBE_BLACKLIST, name);
	if (verdict == KMOD_DEVNAME_VERDICT_COMMAND)
		return modprobe_config_find(config, MODPROBE_INSTALL, name);
	if (role == KMOD_DEVNAME_ROLE_ALIAS)
		return modprobe_config_find_alias(config, walk->alias, name);
	return NULL;
}

static int copy(char **ret_copy, const char *text)
{
	*ret_copy = text ? strdup(text) : NULL;
	return text && !*ret_copy ? -ENOMEM : 0;
}

static int fill_step(struct kmod_devname_step *step, const struct resolve_walk *walk,
		     const struct kmod_module *module, const char *obstacle)
{
	const struct modprobe_statement *location =
		place_of(walk, kmod_module_get_name(module), step->role,
			 obstacle ? KMOD_DEVNAME_VERDICT_LOADS : step->verdict);
	const char *command = step->verdict == KMOD_DEVNAME_VERDICT_COMMAND && !obstacle
				      ? kmod_module_get_install_commands(module)
				      : NULL;
	int r = copy(&step->module, kmod_module_get_name(module));

	if (r == 0)
		r = resolver_find_path(walk->resolver, module, &step->path);
	if (r == 0)
		r = copy(&step->obstacle, obstacle);
	if (r == 0)
		r = copy(&step->command, command);
	if (r == 0 && location) {
		step->line = location->line;
		r = copy(&step->file, location->file);
	}
	return r;
}

static bool has_name(const struct list *names, const char *name)
{
	for (size_t i = 0; i < names->size; i++)
		if (strcmp(names->items[i], name) == 0)
			return true;
	return false;
}

/* A soft dependency does not change what something else was stopped by. */
static bool stays(const struct resolve_walk *walk, const struct kmod_devname_step *step,
		  const struct kmod_devname_step *added)
{
	/* what is blacklisted and needed all the same is not held up by that */
	if (step->verdict == KMOD_DEVNAME_VERDICT_BLACKLISTED &&
	    added->role == KMOD_DEVNAME_ROLE_DEPENDENCY)
		return false;
	return step->verdict <= added->verdict ||
	       (has_name(&walk->stopped, step->module) && added->role == KMOD_DEVNAME_ROLE_SOFT);
}

/*
 * A module that is there already stays, unless it is loaded only now: it was blacklisted, and is a
 * dependency; or modprobe had stopped before it.
 */
static bool is_known(struct resolve_walk *walk, const char *name, struct kmod_devname_step *added)
{
	struct list *steps = &walk->resolution->steps;

	for (size_t i = 0; i < steps->size; i++) {
		struct kmod_devname_step *step = steps->items[i];

		if (strcmp(step->module, name) != 0)
			continue;
		if (step->role > added->role)
			step->role = added->role;
		if (stays(walk, step, added))
			return true;
		added->role = step->role;
		step_free(step);
		memmove(steps->items + i, steps->items + i + 1,
			(--steps->size - i) * sizeof(*steps->items));
		return false;
	}
	return false;
}

static int add_step(struct resolve_walk *walk, const struct kmod_module *module,
		    enum kmod_devname_role role, enum kmod_devname_verdict verdict,
		    const char *obstacle)
{
	struct kmod_devname_step *step = calloc(1, sizeof(*step));
	int r;

	if (!step)
		return -ENOMEM;
	step->role = role;
	step->verdict = verdict;
	if (is_known(walk, kmod_module_get_name(module), step)) {
		step_free(step);
		return 0;
	}
	r = fill_step(step, walk, module, obstacle);
	if (r < 0) {
		step_free(step);
		return r;
	}
	return resolution_add(walk->resolution, step);
}

static int remember(struct list *names, const char *name)
{
	char *own = strdup(name);
	int r = own ? list_push(names, own) : -ENOMEM;

	if (r < 0)
		free(own);
	return r;
}

static int stop_at(struct resolve_walk *walk, const struct kmod_module *module,
		   enum kmod_devname_verdict verdict)
{
	int r = remember(&walk->stopped, kmod_module_get_name(module));

	if (r == 0)
		walk->stop = (struct stop){ walk->stopped.items[walk->stopped.size - 1], verdict };
	return r;
}

/* Adds a module of those to be loaded, in their order. */
static int add_loaded(struct resolve_walk *walk, const struct kmod_module *module,
		      enum kmod_devname_role role, bool ignores_command)
{
	enum kmod_devname_verdict verdict;
	const struct stop *stop = &walk->stop;
	int r = resolver_find_verdict(walk->resolver, module, ignores_command, &verdict);

	if (r < 0)
		return r;
	if (verdict == KMOD_DEVNAME_VERDICT_LOADS && stop->module)
		return add_step(walk, module, role, stop->verdict, stop->module);
	r = add_step(walk, module, role, verdict, NULL);
	if (r == 0 && verdict > KMOD_DEVNAME_VERDICT_BUILT_IN && !stop->module)
		r = stop_at(walk, module, verdict);
	return r;
}

/* --- what is loaded with it ---------------------------------------------------------------- */

/* What stops a soft dependency stops nothing else, unless it is required too. */
static int walk_modules(struct resolve_walk *walk, const struct list *modules)
{
	const struct stop stop = walk->stop;
	int r = 0;

	for (size_t i = 0; i < modules->size && r == 0; i++) {
		r = walk_module(walk, modules->items[i], KMOD_DEVNAME_ROLE_SOFT);
		if (walk->stop.module && !has_name(&walk->required, walk->stop.module))
			walk->stop = stop;
	}
	return r;
}

static const struct modprobe_statement *find_softdep(const struct resolve_walk *walk,
						     const struct kmod_module *module)
{
	return modprobe_config_find(&walk->resolver->source->config, MODPROBE_SOFTDEP,
				    kmod_module_get_name(module));
}

/* Of a chain that is too long the rest is left out, and the first of these is told. */
static int report_depth(const struct resolve_walk *walk, const struct kmod_module *module)
{
	struct resolver *resolver = walk->resolver;
	const struct modprobe_statement *statement = find_softdep(walk, module);
	const struct location location = { statement ? statement->file : NULL,
					   statement ? statement->line : 0 };

	if (resolver->has_told_depth)
		return 0;
	resolver->has_told_depth = true;
	return report_add(
		resolver->source->report, KMOD_DEVNAME_BAD_CONFIG, KMOD_DEVNAME_WARNING, &location,
		"a chain of soft dependencies has more than %d modules; those of module '%s' "
		"are not followed",
		DEPTH_MAX, kmod_module_get_name(module));
}

static int walk_list(struct resolve_walk *walk, const struct kmod_module *module,
		     const struct list *modules)
{
	return modules->size > 0 && walk->depth == DEPTH_MAX ? report_depth(walk, module)
							     : walk_modules(walk, modules);
}

static int find_soft(const struct resolve_walk *walk, const struct kmod_module *module,
		     struct list *before, struct list *after)
{
	const struct modprobe_statement *statement = find_softdep(walk, module);
	struct softdep softdep;
	int r = statement ? softdep_parse(&softdep, statement->value) : 0;

	if (r < 0 || !statement)
		return r;
	r = resolver_look_up_all(walk->resolver, &softdep.before, before);
	if (r == 0)
		r = resolver_look_up_all(walk->resolver, &softdep.after, after);
	softdep_done(&softdep);
	return r;
}

/*
 * The module between its soft dependencies. With any of these its install command counts for
 * nothing: it would be called for by itself (libkmod-module.c, __kmod_module_fill_softdep).
 */
static int walk_soft(struct resolve_walk *walk, struct kmod_module *module,
		     enum kmod_devname_role role)
{
	struct list before = { 0 }, after = { 0 };
	int r = find_soft(walk, module, &before, &after);

	if (r == 0)
		r = walk_list(walk, module, &before);
	if (r == 0)
		r = add_loaded(walk, module, role, before.size > 0 || after.size > 0);
	if (r == 0)
		r = walk_list(walk, module, &after);
	list_done(&before, resolver_unref_module);
	list_done(&after, resolver_unref_module);
	return r;
}

/* Splits a line of modules.dep, which is changed, into the paths of what a module needs. */
static int split_dependencies(char *line, struct list *paths)
{
	char *path = strchr(line, ':'), *rest = NULL;
	int r = 0;

	for (path = path ? strtok_r(path + 1, " \t", &rest) : NULL; path && r == 0;
	     path = strtok_r(NULL, " \t", &rest))
		r = list_push(paths, path);
	return r;
}

/* The module of a path: before the first dot, as libkmod has it (path_to_modname). */
static int get_module(const struct resolve_walk *walk, const char *path,
		      struct kmod_module **ret_module)
{
	const char *slash = strrchr(path, '/');

	return kmod_context_get_module(walk->resolver->context, slash ? slash + 1 : path,
				       ret_module);
}

static int require_paths(struct resolve_walk *walk, const struct list *paths)
{
	int r = 0;

	for (size_t i = 0; i < paths->size && r == 0; i++) {
		struct kmod_module *module;

		r = get_module(walk, paths->items[i], &module);
		if (r < 0)
			return r;
		r = remember(&walk->required, kmod_module_get_name(module));
		resolver_unref_module(module);
	}
	return r;
}

static int walk_path(struct resolve_walk *walk, const char *path, enum kmod_devname_role role,
		     bool missing)
{
	struct kmod_module *module;
	int r = get_module(walk, path, &module);

	if (r < 0)
		return r;
	if (role != KMOD_DEVNAME_ROLE_SOFT)
		role = KMOD_DEVNAME_ROLE_DEPENDENCY;
	r = missing ? add_loaded(walk, module, role, true) : walk_soft(walk, module, role);
	resolver_unref_module(module);
	return r;
}

/*
 * Where one of them has no file, libkmod knows of no dependencies at all, and modprobe tries the
 * module without them, which does not work: the first of these is what is told.
 */
static int walk_paths(struct resolve_walk *walk, const struct list *paths,
		      enum kmod_devname_role role)
{
	int r = 0;

	for (size_t i = 0; i < paths->size; i++) {
		r = source_has_file(walk->resolver->source, paths->items[i]);
		if (r <= 0)
			return r < 0 ? r : walk_path(walk, paths->items[i], role, true);
	}
	r = role == KMOD_DEVNAME_ROLE_ALIAS ? require_paths(walk, paths) : 0;
	for (size_t i = paths->size; i > 0 && r == 0; i--)
		r = walk_path(walk, paths->items[i - 1], role, false);
	return r;
}

static int walk_dependencies(struct resolve_walk *walk, const struct kmod_module *module,
			     enum kmod_devname_role role)
{
	const char *line = module_index_find_dependencies(&walk->resolver->source->index,
							  kmod_module_get_name(module));
	_cleanup_free_ char *copy = line ? strdup(line) : NULL;
	struct list paths = { 0 };
	int r;

	if (!copy)
		return line ? -ENOMEM : 0;
	r = split_dependencies(copy, &paths);
	if (r == 0)
		r = walk_paths(walk, &paths, role);
	list_done(&paths, NULL);
	return r;
}

/* The order is that of libkmod-module.c, __kmod_module_get_probe_list. */
static int walk_module(struct resolve_walk *walk, struct kmod_module *module,
		       enum kmod_devname_role role)
{
	const char *name = kmod_module_get_name(module);
	int r;

	if (has_name(&walk->visited, name))
		return 0;
	walk->depth++;
	r = remember(&walk->visited, name);
	if (r == 0)
		r = walk_dependencies(walk, module, role);
	if (r == 0)
		r = walk_soft(walk, module, role);
	walk->depth--;
	return r;
}

/* Does modprobe end with an error? Of a command nobody knows. */
static bool has_failed(const struct stop *stop)
{
	return stop->module && stop->verdict > KMOD_DEVNAME_VERDICT_BLACKLISTED;
}

/* A module that has the alias. 1 if modprobe fails by it, 0, or a negative errno. */
static int walk_root(struct resolve_walk *walk, struct kmod_module *module, bool blacklisted)
{
	enum kmod_devname_verdict verdict;
	int r = resolver_is_in_kernel(walk->resolver, module, &verdict);

	if (r < 0)
		return r;
	if (r > 0)
		return add_step(walk, module, KMOD_DEVNAME_ROLE_ALIAS, verdict, NULL);
	if (blacklisted)
		return add_step(walk, module, KMOD_DEVNAME_ROLE_ALIAS,
				KMOD_DEVNAME_VERDICT_BLACKLISTED, NULL);
	r = remember(&walk->required, kmod_module_get_name(module));
	if (r == 0)
		r = walk_module(walk, module, KMOD_DEVNAME_ROLE_ALIAS);
	if (r == 0)
		r = has_failed(&walk->stop);
	walk->stop = (struct stop){ 0 };
	list_done(&walk->required, free);
	list_done(&walk->visited, free);
	list_done(&walk->stopped, free);
	return r;
}

/*
 * The kernel runs modprobe without -b: then only what is found by an alias may be blacklisted, and
 * not what a command gives the alias as its name (libkmod-module.c,
 * kmod_module_probe_insert_module).
 */
static bool is_blacklisted(const struct resolve_walk *walk, const struct kmod_module *module)
{
	const char *name = kmod_module_get_name(module);

	return resolver_is_blacklisted(walk->resolver, module) &&
	       (strcmp(name, walk->alias) != 0 ||
		modprobe_config_find_alias(&walk->resolver->source->config, walk->alias, name));
}

/* Each is tried, and how the last one ends is how modprobe does. */
static int walk_roots(struct resolve_walk *walk, const struct list *modules)
{
	int r = 1;

	for (size_t i = 0; i < modules->size && r >= 0; i++)
		r = walk_root(walk, modules->items[i], is_blacklisted(walk, modules->items[i]));
	return r;
}

int resolver_ask(struct resolver *resolver, const char *alias,
		 struct kmod_devname_resolution *resolution)
{
	_cleanup_free_ char *normalised = strdup(alias);
	struct resolve_walk walk = { .resolver = resolver,
				     .resolution = resolution,
				     .alias = normalised };
	struct list modules = { 0 };
	int r;

	if (!normalised)
		return -ENOMEM;
	(void)modprobe_config_normalise(normalised);
	r = resolver_look_up(resolver, normalised, &modules);
	if (r == 0)
		r = walk_roots(&walk, &modules);
	list_done(&modules, resolver_unref_module);
	return r;
}
