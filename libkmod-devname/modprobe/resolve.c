// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What modprobe(8) would load for an alias, and how far it comes. The modules are walked in the
 * order of libkmod (libkmod-module.c, kmod_module_get_probe_list). Each is judged as its turn
 * comes, and a step tells what becomes of it: it is there already, a command runs instead, its file
 * is missing, or the kernel refuses it since something that it needs is not there. libkmod's own
 * dry run does not serve: its recursion on soft dependencies has no bound, and it does not fail
 * where modprobe does.
 */

#include <errno.h>
#include <libkmod.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "modprobe/modprobe.h"

#define SOFTDEP_DEPTH_MAX 100
#define WALK_BYTES_MAX ((size_t)2 << 20)

/* What is loaded for one module that has the alias. Lists are of struct kmod_module *. */
struct resolve_walk {
	struct modprobe_system *system;
	struct resolution *resolution;
	const char *alias; /* normalised */
	struct list visited;
	struct list required; /* the module that has the alias, and its dependencies */
	char *stop; /* the module at which modprobe gives up; NULL: it goes on */
	enum resolution_verdict stop_verdict;
	unsigned int depth;
	size_t bytes; /* of dependencies and soft dependencies that were followed */
};

static void unref_modules(struct list *modules)
{
	list_done(modules, kmod_context_unref_module);
}

#define _cleanup_modules_ __attribute__((cleanup(unref_modules)))

/* Where modprobe has given up nothing more becomes of a module. */
static int add_step(struct resolve_walk *walk, const struct judgement *judgement)
{
	return resolution_add_step(walk->resolution, walk->system, walk->alias, walk->stop != NULL,
				   judgement);
}

/* --- what becomes of a module --------------------------------------------------------------- */

/* 1 with the verdict if the module is in the kernel at its turn, 0 if not, or a negative errno. */
static int is_in_kernel(const struct resolve_walk *walk, struct kmod_module *module,
			enum resolution_verdict *ret_verdict)
{
	struct modprobe_system *system = walk->system;
	const char *name = kmod_module_get_name(module);
	const struct resolution_step *step = resolution_find_step(walk->resolution, name);
	int r = system_spend(system, walk->resolution->steps.size);

	if (r < 0)
		return r;
	if (step && step->verdict <= VERDICT_BUILT_IN) {
		*ret_verdict = step->verdict;
		return 1;
	}
	if (system_is_built_in(system, name)) {
		*ret_verdict = VERDICT_BUILT_IN;
		return 1;
	}
	if (!system->running)
		return 0;
	r = system_spend(system, WORK_OF_FILE);
	if (r == 0)
		r = kmod_context_is_loaded(module);
	if (r > 0)
		*ret_verdict = VERDICT_LOADED;
	return r;
}

/* Counts names that the walk follows. 0; or -EFBIG for too many of one number. */
static int count_names(struct resolve_walk *walk, const char *names)
{
	walk->bytes += strlen(names);
	return walk->bytes > WALK_BYTES_MAX ? -EFBIG : 0;
}

/* Finds what a module needs, and counts it. 0 or a negative errno. */
static int follow_dependencies(struct resolve_walk *walk, struct kmod_module *module,
			       struct known_module **ret_known)
{
	int r = known_module_get(walk->system, kmod_module_get_name(module), ret_known);

	if (r == 0 && (*ret_known)->line)
		r = count_names(walk, (*ret_known)->line);
	return r < 0 ? r : known_module_find_needed(*ret_known, walk->system);
}

/* Finds the first module that is needed and not there, in the order of loading, if there is one. */
static int find_lacking(struct resolve_walk *walk, const struct known_module *known,
			struct kmod_module **ret_lacking)
{
	enum resolution_verdict ignored;
	int r = 1;

	for (size_t i = known->needed.size; i > 0 && r > 0; i--) {
		r = is_in_kernel(walk, known->needed.items[i - 1], &ignored);
		if (r == 0)
			*ret_lacking = known->needed.items[i - 1];
	}
	return r < 0 ? r : 0;
}

/*
 * The kernel refuses a module without what it needs: so the first of that which is not there
 * decides, or the missing file that kept modprobe from loading it. 1, 0, or a negative errno.
 */
static int find_obstacle(struct resolve_walk *walk, struct kmod_module *module,
			 struct judgement *judgement)
{
	const struct resolution_step *step;
	struct kmod_module *cause = NULL;
	struct known_module *known;
	int r = follow_dependencies(walk, module, &known);

	if (r == 0)
		r = find_lacking(walk, known, &cause);
	if (r < 0 || !cause)
		return r;
	judgement->verdict = VERDICT_NO_FILE;
	if (known->missing) {
		struct judgement missing = {
			.module = kmod_module_get_name(known->missing),
			.role = judgement->role == ROLE_SOFT ? ROLE_SOFT : ROLE_DEPENDENCY,
			.verdict = VERDICT_NO_FILE,
		};

		cause = known->missing;
		r = add_step(walk, &missing);
		if (r < 0)
			return r;
	}
	step = resolution_find_step(walk->resolution, kmod_module_get_name(cause));
	if (step) {
		judgement->verdict = step->verdict;
		judgement->obstacle = step->obstacle ? step->obstacle : step->module;
	}
	return 1;
}

/* Finds the verdict, and who decides it. 0 or a negative errno. */
static int judge_module(struct resolve_walk *walk, struct kmod_module *module, const char *command,
			struct judgement *judgement)
{
	const char *name = judgement->module;
	struct known_module *known;
	int r = known_module_get(walk->system, name, &known);

	if (r == 0)
		r = is_in_kernel(walk, module, &judgement->verdict);
	if (r != 0)
		return r < 0 ? r : 0;
	if (walk->stop && (known->path || command)) {
		judgement->verdict = walk->stop_verdict;
		judgement->obstacle = walk->stop;
		return 0;
	}
	if (command) {
		judgement->verdict = VERDICT_COMMAND;
		judgement->command = command;
		return 0;
	}
	judgement->verdict =
		!known->path && strcmp(name, "off") == 0 ? VERDICT_OFF : VERDICT_NO_FILE;
	r = known_module_has_file(known, walk->system);
	if (r > 0) {
		judgement->verdict = VERDICT_LOADS;
		r = find_obstacle(walk, module, judgement);
	}
	return r < 0 ? r : 0;
}

/*
 * A module's turn: adds a step with what becomes of it. If it is required and fails, modprobe gives
 * up here. 0 or a negative errno.
 */
static int load_module(struct resolve_walk *walk, struct kmod_module *module,
		       enum resolution_role role, bool ignores_command)
{
	const char *command = ignores_command ? NULL : kmod_module_get_install_commands(module);
	struct judgement judgement = { .module = kmod_module_get_name(module), .role = role };
	int r = judge_module(walk, module, command, &judgement);
	char *stop = NULL;

	if (r < 0)
		return r;
	if (!walk->stop && judgement.verdict > VERDICT_BUILT_IN &&
	    kmod_context_has_module(&walk->required, module)) {
		/* the obstacle may be in a step that the new one replaces */
		stop = strdup(judgement.obstacle ? judgement.obstacle : judgement.module);
		if (!stop)
			return -ENOMEM;
	}
	r = add_step(walk, &judgement);
	if (stop) {
		walk->stop = stop;
		walk->stop_verdict = judgement.verdict;
	}
	return r;
}

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
		system->report, KMOD_DEVNAME_CODE_BAD_CONFIG, KMOD_DEVNAME_SEVERITY_WARNING,
		&location,
		"a chain of soft dependencies has more than %d modules, and those of module '%s' "
		"are not followed; shorten it",
		SOFTDEP_DEPTH_MAX, kmod_module_get_name(module));
}

static int walk_module(struct resolve_walk *walk, struct kmod_module *module,
		       enum resolution_role role);

static int walk_modules(struct resolve_walk *walk, const struct list *modules)
{
	int r = 0;

	for (size_t i = 0; i < modules->size && r == 0; i++)
		r = walk_module(walk, modules->items[i], ROLE_SOFT);
	return r;
}

static int find_softdeps(struct resolve_walk *walk, const struct kmod_module *module,
			 const struct modprobe_statement **ret_statement, struct list *before,
			 struct list *after)
{
	struct modprobe_system *system = walk->system;
	int r = system_find_statement(system, MODPROBE_SOFTDEP, kmod_module_get_name(module), NULL,
				      ret_statement);

	if (r < 0 || !*ret_statement)
		return r;
	r = count_names(walk, (*ret_statement)->value);
	if (r < 0)
		return r;
	r = system_spend(system, system->config.key_bytes[MODPROBE_SOFTDEP] +
					 WORK_OF_STEP * strlen((*ret_statement)->value) / 2);
	return r < 0 ? r : kmod_context_add_softdeps(module, before, after);
}

/*
 * The module between its soft dependencies. With any of these its install command counts for
 * nothing: it would be called for by itself (libkmod-module.c, __kmod_module_fill_softdep).
 */
static int load_between_softdeps(struct resolve_walk *walk, struct kmod_module *module,
				 enum resolution_role role)
{
	struct modprobe_system *system = walk->system;
	_cleanup_modules_ struct list before = { 0 }, after = { 0 };
	const struct modprobe_statement *statement;
	bool has_softdeps;
	/* libkmod looks for an install command */
	int r = system_spend(system,
			     walk->required.size + system->config.key_bytes[MODPROBE_INSTALL]);

	if (r < 0)
		return r;
	if (system->indexes == INDEXES_TEXT) /* busybox knows neither */
		return load_module(walk, module, role, true);
	r = find_softdeps(walk, module, &statement, &before, &after);
	if (r < 0)
		return r;
	has_softdeps = before.size + after.size > 0;
	if (has_softdeps && walk->depth >= SOFTDEP_DEPTH_MAX) {
		r = report_depth(walk, module, statement);
		return r < 0 ? r : load_module(walk, module, role, true);
	}
	r = walk_modules(walk, &before);
	if (r == 0)
		r = load_module(walk, module, role, has_softdeps);
	return r < 0 ? r : walk_modules(walk, &after);
}

/* Each module once: that of an alias, and that of its name, are two to libkmod, and to us. */
static int walk_module(struct resolve_walk *walk, struct kmod_module *module,
		       enum resolution_role role)
{
	enum resolution_role role_of_needed = role == ROLE_SOFT ? ROLE_SOFT : ROLE_DEPENDENCY;
	struct known_module *known;
	size_t n;
	int r = system_spend(walk->system, walk->visited.size);

	if (r < 0 || kmod_context_has_module(&walk->visited, module))
		return r;
	r = kmod_context_add_reference(module, &walk->visited);
	if (r == 0)
		r = follow_dependencies(walk, module, &known);
	if (r < 0)
		return r;
	/* without the file of one of them libkmod knows none */
	n = known->missing ? 0 : known->needed.size;
	if (role == ROLE_ALIAS) {
		r = kmod_context_add_reference(module, &walk->required);
		for (size_t i = 0; i < n && r == 0; i++)
			r = kmod_context_add_reference(known->needed.items[i], &walk->required);
	}
	walk->depth++;
	for (size_t i = n; i > 0 && r == 0; i--)
		r = load_between_softdeps(walk, known->needed.items[i - 1], role_of_needed);
	if (r == 0)
		r = load_between_softdeps(walk, module, role);
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
static int is_blacklisted(const struct resolve_walk *walk, const char *name)
{
	struct modprobe_system *system = walk->system;
	const struct modprobe_statement *statement = NULL;
	int r;

	if (strcmp(name, walk->alias) == 0) {
		r = system_find_statement(system, MODPROBE_ALIAS, walk->alias, name, &statement);
		if (r < 0 || !statement)
			return r;
	}
	r = system_find_statement(system, MODPROBE_BLACKLIST, name, NULL, &statement);
	if (r < 0)
		return r;
	return statement || (system->running && kmod_context_is_blacklisted(system->context, name));
}

/* A module that has the alias. 1 if modprobe fails by it, 0, or a negative errno. */
static int walk_root(struct resolve_walk *walk, struct kmod_module *module)
{
	struct judgement judgement = { .module = kmod_module_get_name(module),
				       .role = ROLE_ALIAS,
				       .verdict = VERDICT_BLACKLISTED };
	int is_there = is_in_kernel(walk, module, &judgement.verdict);
	int r = is_there < 0 ? is_there : is_blacklisted(walk, judgement.module);

	if (r < 0)
		return r;
	if (is_there || r > 0)
		return add_step(walk, &judgement);
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
int resolve_alias(struct modprobe_system *system, const char *alias, struct resolution *resolution)
{
	_cleanup_free_ char *normalised = strdup(alias);
	struct resolve_walk walk = { .system = system,
				     .resolution = resolution,
				     .alias = normalised };
	_cleanup_modules_ struct list modules = { 0 };
	int r = normalised ? kmod_context_start(system) : -ENOMEM;

	/* libkmod looks a second time if it finds nothing */
	if (r == 0)
		r = system_spend(system, 2 * (system->config.key_bytes[MODPROBE_ALIAS] +
					      WORK_OF_PATTERN * system->look_up_work));
	if (r < 0)
		return r;
	(void)modprobe_config_normalise(normalised);
	r = kmod_context_look_up(system, normalised, &modules);
	if (r == 0)
		r = system_spend(system, WORK_OF_STEP * modules.size);
	for (size_t i = 0; i < modules.size && r >= 0; i++)
		r = walk_root(&walk, modules.items[i]);
	return r == 0 && modules.size == 0 ? 1 : r;
}
