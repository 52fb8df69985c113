// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What modprobe(8) would load for an alias, and how far it comes. The modules are walked in the
 * order of libkmod (libkmod-module.c, kmod_module_get_probe_list). Each is judged at its turn, and
 * a step tells the result: it is in the kernel already, a command runs instead, its file is
 * missing, or the kernel refuses it without a module that it needs.
 *
 * The dry run of libkmod (kmod_module_probe_insert_module) cannot replace the walk. It looks for
 * the files of dependencies on the host: one absolute link in another root directory, as in
 * weak-updates, and it knows none of the module's dependencies. It cannot be stopped, takes seconds
 * for less than 1 MB of modules.dep and modprobe.d, and calls itself for each soft dependency.
 */

#include <errno.h>
#include <libkmod.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "modprobe/modprobe.h"

#define SOFTDEP_DEPTH_MAX 100
#define VISITED_MAX 10000
#define WALK_BYTES_MAX ((size_t)2 << 20)

/* The walk over the modules that are loaded for one alias. Lists are of struct kmod_module *. */
struct resolve_walk {
	struct modprobe_system *system;
	struct resolution *resolution;
	struct list visited;
	struct list required; /* the module that has the alias, and its dependencies */
	char *stop; /* the module at which modprobe gives up; NULL: it continues */
	enum resolution_verdict stop_verdict;
	unsigned int depth;
	size_t bytes; /* of dependencies and soft dependencies that were followed */
};

/* Counts names that the walk follows. 0; or -EFBIG: over 2 MiB of one number. */
static int walk_count_names(struct resolve_walk *walk, const char *names)
{
	walk->bytes += strlen(names);
	return walk->bytes > WALK_BYTES_MAX ? -EFBIG : 0;
}

/* --- dependencies --------------------------------------------------------------------------- */

/* The dependencies of a module. */
struct needed_modules {
	struct list names; /* char *, in the order of modules.dep: the last is loaded first */
	const char *missing; /* the first of these that has no file, or NULL */
};

static void needed_done(struct needed_modules *needed)
{
	list_done(&needed->names, free);
}

#define _cleanup_needed_ __attribute__((cleanup(needed_done)))

static int add_needed(struct modprobe_system *system, const char *path,
		      struct needed_modules *needed)
{
	char *name = copy_module_name(path);
	int r = name ? list_push(&needed->names, name) : -ENOMEM;

	if (r < 0) {
		free(name);
		return r;
	}
	if (needed->missing)
		return 0;
	r = system_has_file(system, path);
	if (r == 0)
		needed->missing = name;
	return r < 0 ? r : 0;
}

static int walk_find_needed(struct resolve_walk *walk, const char *module,
			    struct needed_modules *needed)
{
	const char *line = system_find_dependencies(walk->system, module);
	_cleanup_free_ char *copy = line ? strdup(line) : NULL;
	char *path, *rest;
	int r;

	if (!line)
		return 0;
	if (!copy)
		return -ENOMEM;
	r = walk_count_names(walk, copy);
	rest = copy + strcspn(copy, ":");
	rest += *rest == ':';
	while (r == 0 && (path = strtok_r(NULL, " \t", &rest))) {
		walk->system->work += WORK_OF_STEP;
		r = system_check_work(walk->system);
		if (r == 0)
			r = add_needed(walk->system, path, needed);
	}
	return r;
}

/* --- what becomes of a module --------------------------------------------------------------- */

/*
 * Adds a step, unless that which the module has is stronger; where modprobe has given up it stays
 * in any case. 0 or a negative errno.
 */
static int walk_add_verdict(const struct resolve_walk *walk, const char *module,
			    enum resolution_role role, enum resolution_verdict verdict)
{
	struct resolution_step *step = step_new(walk->system, module, role);

	if (!step)
		return -ENOMEM;
	step->verdict = verdict;
	return resolution_put_step(walk->resolution, walk->system, step, walk->stop);
}

/* 1 with the verdict if the module is in the kernel at its turn, 0 if not, or a negative errno. */
static int walk_is_in_kernel(const struct resolve_walk *walk, const char *module,
			     enum resolution_verdict *ret_verdict)
{
	const struct resolution_step *step = resolution_find_step(walk->resolution, module);
	int r = system_check_work(walk->system);

	if (r < 0)
		return r;
	if (step && step->verdict <= VERDICT_BUILT_IN) {
		*ret_verdict = step->verdict;
		return 1;
	}
	if (system_is_built_in(walk->system, module)) {
		*ret_verdict = VERDICT_BUILT_IN;
		return 1;
	}
	if (!walk->system->running)
		return 0;
	walk->system->work += WORK_OF_FILE;
	r = module_is_live(module);
	if (r > 0)
		*ret_verdict = VERDICT_LOADED;
	return r;
}

/*
 * The kernel refuses a module without one that it needs: the first of these, in the order of
 * loading, decides, or the missing file that kept modprobe from loading it. 0 or a negative errno.
 */
static int find_obstacle(struct resolve_walk *walk, struct resolution_step *step)
{
	_cleanup_needed_ struct needed_modules needed = { 0 };
	const struct resolution_step *cause;
	const char *lacking = NULL;
	enum resolution_verdict ignored;
	int r = walk_find_needed(walk, step->module, &needed);

	for (size_t i = needed.names.size; i > 0 && r >= 0 && !lacking; i--) {
		r = walk_is_in_kernel(walk, needed.names.items[i - 1], &ignored);
		if (r == 0)
			lacking = needed.names.items[i - 1];
	}
	if (r < 0 || !lacking)
		return r < 0 ? r : 0;
	step->verdict = VERDICT_NO_FILE;
	if (needed.missing) {
		lacking = needed.missing;
		r = walk_add_verdict(walk, lacking,
				     step->role == ROLE_SOFT ? ROLE_SOFT : ROLE_DEPENDENCY,
				     VERDICT_NO_FILE);
		if (r < 0)
			return r;
	}
	cause = resolution_find_step(walk->resolution, lacking);
	if (!cause)
		return 0;
	step->verdict = cause->verdict;
	return step_copy_text(&step->obstacle, cause->obstacle ? cause->obstacle : cause->module);
}

/* Finds the verdict of a step, and what decides it. 0 or a negative errno. */
static int judge_step(struct resolve_walk *walk, struct resolution_step *step, const char *command)
{
	int r = walk_is_in_kernel(walk, step->module, &step->verdict);

	if (r != 0)
		return r < 0 ? r : 0;
	if (walk->stop && (step->path || command)) {
		step->verdict = walk->stop_verdict;
		return step_copy_text(&step->obstacle, walk->stop);
	}
	if (command) {
		step->verdict = VERDICT_COMMAND;
		return step_copy_text(&step->command, command);
	}
	step->verdict =
		!step->path && strcmp(step->module, "off") == 0 ? VERDICT_OFF : VERDICT_NO_FILE;
	r = step->path ? system_has_file(walk->system, step->path) : 0;
	if (r <= 0)
		return r;
	step->verdict = VERDICT_LOADS;
	return find_obstacle(walk, step);
}

/*
 * A module's turn: adds a step with the result. The command, if there is one, is run instead. If
 * the module is required and fails, modprobe gives up here. 0 or a negative errno.
 */
static int walk_load_module(struct resolve_walk *walk, const char *module, const char *command,
			    enum resolution_role role, bool is_required)
{
	struct resolution_step *step = step_new(walk->system, module, role);
	int r = step ? judge_step(walk, step, command) : -ENOMEM;
	char *stop = NULL;

	if (r == 0 && !walk->stop && step->verdict > VERDICT_BUILT_IN && is_required) {
		walk->stop_verdict = step->verdict;
		r = step_copy_text(&stop, step->obstacle ? step->obstacle : step->module);
	}
	if (r < 0) {
		step_free(step);
		return r;
	}
	r = resolution_put_step(walk->resolution, walk->system, step, walk->stop);
	if (stop)
		walk->stop = stop;
	return r;
}

static void unref_module(void *module)
{
	(void)kmod_module_unref(module);
}

static void unref_modules(struct list *modules)
{
	list_done(modules, unref_module);
}

#define _cleanup_modules_ __attribute__((cleanup(unref_modules)))

static bool list_has_module(const struct list *modules, const struct kmod_module *module)
{
	for (size_t i = 0; i < modules->size; i++)
		if (modules->items[i] == module)
			return true;
	return false;
}

/* --- the walk ------------------------------------------------------------------------------- */

static int walk_module(struct resolve_walk *walk, struct kmod_module *module,
		       enum resolution_role role);

static int walk_modules(struct resolve_walk *walk, const struct list *modules)
{
	int r = 0;

	for (size_t i = 0; i < modules->size && r == 0; i++)
		r = walk_module(walk, modules->items[i], ROLE_SOFT);
	return r;
}

/*
 * Counts what libkmod does for the words of a soft dependency. It looks up all of them at once, and
 * few words can stand for millions of modules: so each is looked up here before. A name of
 * modules.dep needs no search of the patterns. 0 or a negative errno.
 */
static int count_softdep_work(struct resolve_walk *walk, char *words)
{
	struct modprobe_system *system = walk->system;
	int r = 0;

	for (char *word; r == 0 && (word = strsep(&words, " \t"));) {
		_cleanup_modules_ struct list found = { 0 };

		if (*word == '\0' || strcmp(word, "pre:") == 0 || strcmp(word, "post:") == 0)
			continue;
		/* libkmod passes over a word that it cannot look up */
		if (modprobe_config_normalise(word) < 0)
			continue;
		/* here, once more if nothing is found, and then by libkmod */
		system->work +=
			walk->visited.size + (system_find_dependencies(system, word)
						      ? 2 * system->config.key_bytes[MODPROBE_ALIAS]
						      : 3 * system->work_of_look_up);
		r = system_check_work(system);
		if (r == 0)
			r = kmod_context_look_up(system, word, &found);
		system->work += WORK_OF_SOFTDEP * found.size;
	}
	return r < 0 ? r : system_check_work(system);
}

/*
 * Finds the soft dependencies of a module. libkmod parses them in its own way: it overlooks a first
 * "pre:" behind two blanks. busybox knows no soft dependencies. 0 or a negative errno.
 */
static int find_softdeps(struct resolve_walk *walk, const struct kmod_module *module,
			 struct list *before, struct list *after)
{
	struct modprobe_system *system = walk->system;
	const struct modprobe_statement *statement = NULL;
	_cleanup_free_ char *words = NULL;
	int r;

	if (system->indexes != INDEXES_TEXT)
		statement = modprobe_config_find(&system->config, MODPROBE_SOFTDEP,
						 kmod_module_get_name(module), NULL, &system->work);
	if (!statement)
		return 0;
	words = strdup(statement->value);
	r = words ? walk_count_names(walk, words) : -ENOMEM;
	if (r == 0)
		r = count_softdep_work(walk, words);
	if (r == 0)
		r = kmod_context_add_softdeps(module, before, after);
	return r == 0 && before->size + after->size > 0 && walk->depth >= SOFTDEP_DEPTH_MAX ? -EFBIG
											    : r;
}

/*
 * The module between its soft dependencies. With any of these its install command does not count:
 * it would call for them itself (libkmod-module.c, __kmod_module_fill_softdep). busybox knows no
 * commands, either.
 */
static int load_between_softdeps(struct resolve_walk *walk, const struct kmod_module *module,
				 enum resolution_role role)
{
	struct modprobe_system *system = walk->system;
	_cleanup_modules_ struct list before = { 0 }, after = { 0 };
	const char *command = NULL;
	int r;

	/* libkmod searches both kinds of statements */
	system->work += walk->required.size + WORK_OF_STEP +
			system->config.key_bytes[MODPROBE_INSTALL] +
			system->config.key_bytes[MODPROBE_SOFTDEP];
	r = system_check_work(system);
	if (r == 0)
		r = find_softdeps(walk, module, &before, &after);
	if (r == 0)
		r = walk_modules(walk, &before);
	if (r < 0)
		return r;
	if (system->indexes != INDEXES_TEXT && before.size + after.size == 0)
		command = kmod_module_get_install_commands(module);
	r = walk_load_module(walk, kmod_module_get_name(module), command, role,
			     list_has_module(&walk->required, module));
	return r < 0 ? r : walk_modules(walk, &after);
}

/* Adds the modules that a module needs; without the file of one of them libkmod knows none. */
static int add_dependencies(struct resolve_walk *walk, const struct kmod_module *module,
			    struct list *dependencies)
{
	_cleanup_needed_ struct needed_modules needed = { 0 };
	int r = walk_find_needed(walk, kmod_module_get_name(module), &needed);

	for (size_t i = needed.missing ? 0 : needed.names.size; i > 0 && r == 0; i--)
		r = kmod_context_add_module(walk->system, needed.names.items[i - 1], dependencies);
	return r;
}

/* Each module once: that of an alias, and that of its name, are two to libkmod, and here. */
static int walk_module(struct resolve_walk *walk, struct kmod_module *module,
		       enum resolution_role role)
{
	_cleanup_modules_ struct list dependencies = { 0 };
	int r;

	if (list_has_module(&walk->visited, module))
		return 0;
	if (walk->visited.size >= VISITED_MAX)
		return -EFBIG;
	r = kmod_context_push(&walk->visited, kmod_module_ref(module));
	if (r == 0)
		r = add_dependencies(walk, module, &dependencies);
	if (r == 0 && role == ROLE_ALIAS)
		r = kmod_context_push(&walk->required, kmod_module_ref(module));
	for (size_t i = 0; i < dependencies.size && r == 0 && role == ROLE_ALIAS; i++)
		r = kmod_context_push(&walk->required, kmod_module_ref(dependencies.items[i]));
	walk->depth++;
	for (size_t i = 0; i < dependencies.size && r == 0; i++)
		r = load_between_softdeps(walk, dependencies.items[i],
					  role == ROLE_SOFT ? ROLE_SOFT : ROLE_DEPENDENCY);
	if (r == 0)
		r = load_between_softdeps(walk, module, role);
	walk->depth--;
	return r;
}

/* --- an alias ------------------------------------------------------------------------------- */

/*
 * The kernel runs modprobe without -b: then only a module that is found by an alias may be
 * blacklisted, and not one of which the alias is the name of a command (libkmod-module.c,
 * kmod_module_probe_insert_module). libkmod always follows the host's command line: for another
 * system only a statement counts.
 */
static bool is_blacklisted(const struct resolve_walk *walk, const char *name)
{
	struct modprobe_system *system = walk->system;
	const struct modprobe_config *config = &system->config;

	if (strcmp(name, walk->resolution->alias) == 0 &&
	    !modprobe_config_find(config, MODPROBE_ALIAS, name, name, &system->work))
		return false;
	return modprobe_config_find(config, MODPROBE_BLACKLIST, name, NULL, &system->work) ||
	       (system->running && kmod_context_is_blacklisted(system, name));
}

/* A module that has the alias. 1 if modprobe fails by it, 0, or a negative errno. */
static int walk_root(struct resolve_walk *walk, struct kmod_module *module)
{
	enum resolution_verdict verdict = VERDICT_BLACKLISTED;
	const char *name = kmod_module_get_name(module);
	int r = system_check_work(walk->system);

	if (r == 0)
		r = walk_is_in_kernel(walk, name, &verdict);
	if (r < 0)
		return r;
	if (r > 0 || is_blacklisted(walk, name))
		return walk_add_verdict(walk, name, ROLE_ALIAS, verdict);
	r = walk_module(walk, module, ROLE_ALIAS);
	/* how a command ends is not known */
	if (r == 0)
		r = walk->stop && walk->stop_verdict > VERDICT_BLACKLISTED;
	free(walk->stop);
	walk->stop = NULL;
	unref_modules(&walk->required);
	unref_modules(&walk->visited);
	return r;
}

/* Each is tried, and how the last one ends is how modprobe does. */
int resolve_alias(struct resolution *resolution, struct modprobe_system *system)
{
	struct resolve_walk walk = { .system = system, .resolution = resolution };
	_cleanup_modules_ struct list modules = { 0 };
	int r = kmod_context_start(system);

	if (r < 0)
		return r;
	system->work += 2 * system->work_of_look_up; /* libkmod repeats one that finds nothing */
	r = system_check_work(system);
	if (r == 0)
		r = kmod_context_look_up(system, resolution->alias, &modules);
	for (size_t i = 0; i < modules.size && r >= 0; i++)
		r = walk_root(&walk, modules.items[i]);
	return r == 0 && modules.size == 0 ? 1 : r;
}
