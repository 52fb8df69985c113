// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What becomes of one module when modprobe comes to it, and the step that tells it: whether it is
 * there already, a command runs instead, its file is missing, or the kernel refuses it since
 * something that it needs is not there.
 */

#include <errno.h>
#include <libkmod.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "modprobe/load.h"

#define WALK_BYTES_MAX ((size_t)2 << 20)

/* What becomes of a module when its turn comes. */
struct judgement {
	enum kmod_devname_verdict verdict;
	const char *obstacle; /* the other module that decides it, or NULL */
};

/* --- the steps ---------------------------------------------------------------------------- */

/* The place of the statement that decides. */
static int set_step_place(struct kmod_devname_step *step, const struct resolve_walk *walk)
{
	const struct modprobe_config *config = &walk->system->config;
	const struct modprobe_statement *found = NULL;
	const char *file = NULL;

	if (step->verdict == KMOD_DEVNAME_VERDICT_BLACKLISTED && !step->obstacle) {
		found = modprobe_config_find(config, MODPROBE_BLACKLIST, step->module);
		file = "/proc/cmdline"; /* without a statement */
	} else if (step->command) {
		found = modprobe_config_find(config, MODPROBE_INSTALL, step->module);
	} else if (step->role == KMOD_DEVNAME_ROLE_ALIAS) {
		found = modprobe_config_find_alias(config, walk->alias, step->module);
	}
	if (found) {
		file = found->file;
		step->line = found->line;
	}
	step->file = file ? strdup(file) : NULL;
	return file && !step->file ? -ENOMEM : 0;
}

static int copy_step_text(char **ret_copy, const char *text, size_t size)
{
	*ret_copy = text ? strndup(text, size) : NULL;
	return text && !*ret_copy ? -ENOMEM : 0;
}

static int new_step(const struct resolve_walk *walk, const char *name, const char *command,
		    enum kmod_devname_role role, const struct judgement *judgement,
		    struct kmod_devname_step **ret_step)
{
	const char *line = system_find_dependencies(walk->system, name);
	struct kmod_devname_step *step = calloc(1, sizeof(*step));
	int r;

	if (!step)
		return -ENOMEM;
	step->role = role;
	step->verdict = judgement->verdict;
	r = copy_step_text(&step->module, name, strlen(name));
	if (r == 0)
		r = copy_step_text(&step->path, line, line ? strcspn(line, ":") : 0);
	if (r == 0 && judgement->obstacle)
		r = copy_step_text(&step->obstacle, judgement->obstacle,
				   strlen(judgement->obstacle));
	if (r == 0 && judgement->verdict == KMOD_DEVNAME_VERDICT_COMMAND && !judgement->obstacle)
		r = copy_step_text(&step->command, command, strlen(command));
	if (r == 0)
		r = set_step_place(step, walk);
	if (r < 0)
		step_free(step);
	else
		*ret_step = step;
	return r;
}

/*
 * A step gives way to one that loads the module, to one of a stronger role and, at equal strength,
 * to one of a better verdict. The blacklist does not keep back what another module needs.
 */
static bool step_stays(const struct kmod_devname_step *step, enum kmod_devname_role role,
		       enum kmod_devname_verdict verdict)
{
	if (step->verdict <= KMOD_DEVNAME_VERDICT_BUILT_IN)
		return true;
	if (verdict <= KMOD_DEVNAME_VERDICT_BUILT_IN)
		return false;
	if (step->verdict == KMOD_DEVNAME_VERDICT_BLACKLISTED && !step->obstacle)
		return role != KMOD_DEVNAME_ROLE_DEPENDENCY;
	if ((step->role == KMOD_DEVNAME_ROLE_SOFT) != (role == KMOD_DEVNAME_ROLE_SOFT))
		return role == KMOD_DEVNAME_ROLE_SOFT;
	return step->verdict <= verdict;
}

static int add_step(struct resolve_walk *walk, const char *name, const char *command,
		    enum kmod_devname_role role, const struct judgement *judgement)
{
	struct list *steps = &walk->resolution->steps;
	struct kmod_devname_step *known = resolution_find_step(walk->resolution, name),
				 *step = NULL;
	/* where modprobe has given up nothing more becomes of it */
	bool stays = known && (walk->stop || step_stays(known, role, judgement->verdict));
	int r;

	if (known && known->role > role)
		known->role = role;
	if (stays)
		return 0;
	r = new_step(walk, name, command, known ? known->role : role, judgement, &step);
	if (r < 0)
		return r;
	for (size_t i = 0; known && i < steps->size; i++) {
		if (steps->items[i] != known)
			continue;
		step_free(known);
		memmove(steps->items + i, steps->items + i + 1,
			(--steps->size - i) * sizeof(*steps->items));
		known = NULL;
	}
	return resolution_add(walk->resolution, step);
}

/* --- what becomes of a module --------------------------------------------------------------- */

/* 1 with the verdict if the module is in the kernel at its turn, 0 if not, or a negative errno. */
static int is_in_kernel(const struct resolve_walk *walk, struct kmod_module *module,
			enum kmod_devname_verdict *ret_verdict)
{
	struct modprobe_system *system = walk->system;
	const char *name = kmod_module_get_name(module);
	const struct kmod_devname_step *step = resolution_find_step(walk->resolution, name);
	int r = system_spend(system, walk->resolution->steps.size);

	if (r < 0)
		return r;
	if (step && step->verdict <= KMOD_DEVNAME_VERDICT_BUILT_IN) {
		*ret_verdict = step->verdict;
		return 1;
	}
	if (system_is_built_in(system, name)) {
		*ret_verdict = KMOD_DEVNAME_VERDICT_BUILT_IN;
		return 1;
	}
	r = system->running ? kmod_context_is_loaded(module) : 0;
	if (r > 0)
		*ret_verdict = KMOD_DEVNAME_VERDICT_LOADED;
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

/* The modules of paths, by the name before the first dot. */
static int add_modules_of_paths(const struct resolve_walk *walk, const struct list *paths,
				struct list *modules)
{
	int r = 0;

	for (size_t i = 0; i < paths->size && r == 0; i++)
		r = kmod_context_add_module(walk->system->context,
					    syntax_base_name(paths->items[i]), modules);
	return r;
}

int load_count_names(struct resolve_walk *walk, const char *names)
{
	size_t n = strlen(names);

	walk->bytes += n;
	return walk->bytes > WALK_BYTES_MAX ? -EFBIG : system_spend(walk->system, n);
}

int load_find_dependencies(struct resolve_walk *walk, const struct kmod_module *module,
			   struct list *modules, struct kmod_module **ret_missing)
{
	const struct modprobe_system *system = walk->system;
	const char *line = system_find_dependencies(system, kmod_module_get_name(module));
	_cleanup_free_ char *copy = line ? strdup(line) : NULL;
	struct list paths = { 0 };
	int r;

	*ret_missing = NULL;
	if (!copy)
		return line ? -ENOMEM : 0;
	r = load_count_names(walk, copy);
	if (r == 0)
		r = split_dependencies(copy, &paths);
	if (r == 0)
		r = add_modules_of_paths(walk, &paths, modules);
	for (size_t i = 0; i < paths.size && r == 0 && !*ret_missing; i++) {
		r = system_has_file(system, paths.items[i]);
		if (r == 0)
			*ret_missing = modules->items[i];
		else if (r > 0)
			r = 0;
	}
	list_done(&paths, NULL);
	return r;
}

/*
 * The kernel refuses a module without what it needs: so the first of that which is not there
 * decides, or the missing file that kept modprobe from loading it. 1, 0, or a negative errno.
 */
static int find_obstacle(struct resolve_walk *walk, const struct kmod_module *module,
			 enum kmod_devname_role role, struct judgement *ret_judgement)
{
	static const struct judgement no_file = { KMOD_DEVNAME_VERDICT_NO_FILE, NULL };
	struct list needed = { 0 };
	const struct kmod_devname_step *step;
	struct kmod_module *missing, *cause = NULL;
	enum kmod_devname_verdict ignored;
	int r = load_find_dependencies(walk, module, &needed, &missing), there = 1;

	for (size_t i = needed.size; i > 0 && r == 0 && there > 0; i--) {
		there = is_in_kernel(walk, needed.items[i - 1], &ignored);
		cause = needed.items[i - 1];
	}
	if (r == 0 && there < 0)
		r = there;
	if (r == 0 && there == 0 && missing) {
		cause = missing;
		if (role != KMOD_DEVNAME_ROLE_SOFT)
			role = KMOD_DEVNAME_ROLE_DEPENDENCY;
		r = add_step(walk, kmod_module_get_name(cause), NULL, role, &no_file);
	}
	if (r == 0 && there == 0) {
		step = resolution_find_step(walk->resolution, kmod_module_get_name(cause));
		*ret_judgement = (struct judgement){ KMOD_DEVNAME_VERDICT_NO_FILE, NULL };
		if (step) {
			ret_judgement->verdict = step->verdict;
			ret_judgement->obstacle = step->obstacle ? step->obstacle : step->module;
		}
		r = 1;
	}
	list_done(&needed, kmod_context_unref_module);
	return r;
}

/* 0 or a negative errno. */
static int judge_module(struct resolve_walk *walk, struct kmod_module *module,
			enum kmod_devname_role role, const char *command,
			struct judgement *ret_judgement)
{
	const struct modprobe_system *system = walk->system;
	const char *name = kmod_module_get_name(module);
	const char *line = system_find_dependencies(system, name);
	_cleanup_free_ char *path = line ? strndup(line, strcspn(line, ":")) : NULL;
	int r = line && !path ? -ENOMEM : is_in_kernel(walk, module, &ret_judgement->verdict);

	ret_judgement->obstacle = NULL;
	if (r != 0)
		return r < 0 ? r : 0;
	if (walk->stop && (path || command)) {
		*ret_judgement = (struct judgement){ walk->stop_verdict, walk->stop };
		return 0;
	}
	if (command) {
		ret_judgement->verdict = KMOD_DEVNAME_VERDICT_COMMAND;
		return 0;
	}
	r = path ? system_has_file(system, path) : 0;
	if (r < 0)
		return r;
	ret_judgement->verdict = !path && strcmp(name, "off") == 0 ? KMOD_DEVNAME_VERDICT_OFF
								   : KMOD_DEVNAME_VERDICT_NO_FILE;
	if (r == 0)
		return 0;
	r = find_obstacle(walk, module, role, ret_judgement);
	if (r == 0)
		ret_judgement->verdict = KMOD_DEVNAME_VERDICT_LOADS;
	return r < 0 ? r : 0;
}

int load_module(struct resolve_walk *walk, struct kmod_module *module, enum kmod_devname_role role,
		bool ignores_command)
{
	const char *command = ignores_command ? NULL : kmod_module_get_install_commands(module);
	const char *name = kmod_module_get_name(module);
	struct judgement judgement;
	int r = judge_module(walk, module, role, command, &judgement);

	if (r == 0)
		r = add_step(walk, name, command, role, &judgement);
	if (r < 0 || walk->stop || judgement.verdict <= KMOD_DEVNAME_VERDICT_BUILT_IN ||
	    !kmod_context_has_module(&walk->required, module))
		return r;
	walk->stop = strdup(judgement.obstacle ? judgement.obstacle : name);
	walk->stop_verdict = judgement.verdict;
	return walk->stop ? 0 : -ENOMEM;
}

int load_known_module(struct resolve_walk *walk, struct kmod_module *module, bool blacklisted)
{
	struct judgement judgement = { KMOD_DEVNAME_VERDICT_BLACKLISTED, NULL };
	int r = is_in_kernel(walk, module, &judgement.verdict);

	if (r < 0 || (r == 0 && !blacklisted))
		return r;
	r = add_step(walk, kmod_module_get_name(module), NULL, KMOD_DEVNAME_ROLE_ALIAS, &judgement);
	return r < 0 ? r : 1;
}
