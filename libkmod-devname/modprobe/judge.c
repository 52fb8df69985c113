// SPDX-License-Identifier: LGPL-2.1-or-later
/* A module's turn in the walk: what becomes of it, which a step tells, and what decides that. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "modprobe/modprobe.h"

#define WALK_BYTES_MAX ((size_t)2 << 20)

int walk_count_names(struct resolve_walk *walk, const char *names)
{
	walk->bytes += strlen(names);
	return walk->bytes > WALK_BYTES_MAX ? -EFBIG : 0;
}

/* --- dependencies --------------------------------------------------------------------------- */

void needed_done(struct needed_modules *needed)
{
	list_done(&needed->names, free);
}

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

int walk_find_needed(struct resolve_walk *walk, const char *module, struct needed_modules *needed)
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

/* --- steps ---------------------------------------------------------------------------------- */

/* Copies a text that may be NULL. 0 or -ENOMEM. */
static int copy_step_text(char **ret_copy, const char *text)
{
	*ret_copy = text ? strdup(text) : NULL;
	return *ret_copy || !text ? 0 : -ENOMEM;
}

/* NULL: no memory. */
static struct resolution_step *step_new(struct modprobe_system *system, const char *module,
					enum resolution_role role)
{
	struct resolution_step *step = calloc(1, sizeof(*step));
	const char *line = system_find_dependencies(system, module);

	if (!step)
		return NULL;
	step->role = role;
	step->module = strdup(module);
	step->path = line ? strndup(line, strcspn(line, ":")) : NULL;
	if (step->module && (step->path || !line))
		return step;
	step_free(step);
	return NULL;
}

/* Finds the place of the statement that decides. 0 or -ENOMEM. */
static int find_step_place(const struct resolve_walk *walk, struct resolution_step *step)
{
	const struct modprobe_config *config = &walk->system->config;
	size_t *work = &walk->system->work;
	const struct modprobe_statement *found = NULL;
	const char *file = NULL;

	if (step->verdict == VERDICT_BLACKLISTED && !step->obstacle) {
		found = modprobe_config_find(config, MODPROBE_BLACKLIST, step->module, NULL, work);
		file = "/proc/cmdline"; /* without a statement */
	} else if (step->command) {
		found = modprobe_config_find(config, MODPROBE_INSTALL, step->module, NULL, work);
	} else if (step->role == ROLE_ALIAS) {
		found = modprobe_config_find(config, MODPROBE_ALIAS, walk->alias, step->module,
					     work);
	}
	step->line = found ? found->line : 0;
	return copy_step_text(&step->file, found ? found->file : file);
}

/*
 * A step gives way to one that loads the module, to one of a stronger role and, at equal strength,
 * to one of a better verdict. The blacklist does not keep back what another module needs.
 */
static bool step_stays(const struct resolution_step *step, const struct resolution_step *other)
{
	if (step->verdict <= VERDICT_BUILT_IN)
		return true;
	if (other->verdict <= VERDICT_BUILT_IN)
		return false;
	if (step->verdict == VERDICT_BLACKLISTED && !step->obstacle)
		return other->role != ROLE_DEPENDENCY;
	if ((step->role == ROLE_SOFT) != (other->role == ROLE_SOFT))
		return other->role == ROLE_SOFT;
	return step->verdict <= other->verdict;
}

/* Takes a step. Where modprobe has given up a module keeps what it has. 0 or a negative errno. */
static int add_step(const struct resolve_walk *walk, struct resolution_step *step)
{
	struct resolution_step *known = resolution_find_step(walk->resolution, step->module);
	bool stays = known && (walk->stop || step_stays(known, step));
	int r;

	if (known && known->role > step->role)
		known->role = step->role;
	if (known)
		step->role = known->role;
	r = stays ? 0 : find_step_place(walk, step);
	if (r < 0 || stays) {
		step_free(step);
		return r;
	}
	walk->system->work += known ? walk->resolution->steps.size : 0;
	return resolution_put_step(walk->resolution, known, step);
}

int walk_add_verdict(const struct resolve_walk *walk, const char *module, enum resolution_role role,
		     enum resolution_verdict verdict)
{
	struct resolution_step *step = step_new(walk->system, module, role);

	if (!step)
		return -ENOMEM;
	step->verdict = verdict;
	return add_step(walk, step);
}

/* --- what becomes of a module --------------------------------------------------------------- */

int walk_is_in_kernel(const struct resolve_walk *walk, const char *module,
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
	return copy_step_text(&step->obstacle, cause->obstacle ? cause->obstacle : cause->module);
}

/* Finds the verdict of a step, and what decides it. 0 or a negative errno. */
static int judge_step(struct resolve_walk *walk, struct resolution_step *step, const char *command)
{
	int r = walk_is_in_kernel(walk, step->module, &step->verdict);

	if (r != 0)
		return r < 0 ? r : 0;
	if (walk->stop && (step->path || command)) {
		step->verdict = walk->stop_verdict;
		return copy_step_text(&step->obstacle, walk->stop);
	}
	if (command) {
		step->verdict = VERDICT_COMMAND;
		return copy_step_text(&step->command, command);
	}
	step->verdict =
		!step->path && strcmp(step->module, "off") == 0 ? VERDICT_OFF : VERDICT_NO_FILE;
	r = step->path ? system_has_file(walk->system, step->path) : 0;
	if (r <= 0)
		return r;
	step->verdict = VERDICT_LOADS;
	return find_obstacle(walk, step);
}

int walk_load_module(struct resolve_walk *walk, const char *module, const char *command,
		     enum resolution_role role, bool is_required)
{
	struct resolution_step *step = step_new(walk->system, module, role);
	int r = step ? judge_step(walk, step, command) : -ENOMEM;
	char *stop = NULL;

	if (r == 0 && !walk->stop && step->verdict > VERDICT_BUILT_IN && is_required) {
		walk->stop_verdict = step->verdict;
		r = copy_step_text(&stop, step->obstacle ? step->obstacle : step->module);
	}
	if (r < 0) {
		step_free(step);
		return r;
	}
	r = add_step(walk, step);
	if (stop)
		walk->stop = stop;
	return r;
}
