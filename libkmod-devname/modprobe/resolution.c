// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A device number -> modules and a verdict. How the data goes through the folder:
 *
 *   system.c        opens once what answers depend on: the statements of modprobe.d
 *                   (modprobe-config.c); the indexes, whose bounds are checked before libkmod maps
 *                   them (binary-index.c), or those of busybox (text-index.c); for block devices
 *                   the kernel's configuration
 *   resolution.c    turns the number into the aliases that the kernel asks for, and keeps one
 *                   step for each module, with the place of the statement that decided
 *   resolve.c       walks the modules of an alias as modprobe does, with dependencies and soft
 *                   dependencies, which libkmod finds (kmod-context.c), judges each of them as its
 *                   turn comes, and adds a step for it
 *   lint-loading.c  asks for each node of a table, and adds a finding if its module is not loaded
 */

#include <errno.h>
#include <search.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/report.h"
#include "modprobe/modprobe.h"
#include "node/syntax.h"

#define STEPS_MAX 10000

void step_free(void *item)
{
	struct resolution_step *step = item;

	if (!step)
		return;
	free(step->module);
	free(step->path);
	free(step->obstacle);
	free(step->command);
	free(step->file);
	free(step);
}

int step_copy_text(char **ret_copy, const char *text)
{
	*ret_copy = text ? strdup(text) : NULL;
	return *ret_copy || !text ? 0 : -ENOMEM;
}

struct resolution_step *step_new(struct modprobe_system *system, const char *module,
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

static int compare_steps(const void *a, const void *b)
{
	const struct resolution_step *x = a, *y = b;

	return strcmp(x->module, y->module);
}

struct resolution_step *resolution_find_step(const struct resolution *resolution,
					     const char *module)
{
	const struct resolution_step wanted = { .module = (char *)(uintptr_t)module };
	struct resolution_step *const *found = tfind(&wanted, &resolution->by_name, compare_steps);

	return found ? *found : NULL;
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

static void remove_step(struct resolution *resolution, struct resolution_step *step)
{
	struct list *steps = &resolution->steps;
	size_t i = 0;

	while (steps->items[i] != step)
		i++;
	memmove(steps->items + i, steps->items + i + 1,
		(--steps->size - i) * sizeof(*steps->items));
	(void)tdelete(step, &resolution->by_name, compare_steps);
	step_free(step);
}

/* Finds the place of the statement that decides. 0 or -ENOMEM. */
static int find_step_place(const struct resolution *resolution, struct modprobe_system *system,
			   struct resolution_step *step)
{
	const struct modprobe_config *config = &system->config;
	size_t *work = &system->work;
	const struct modprobe_statement *found = NULL;
	const char *file = NULL;

	if (step->verdict == VERDICT_BLACKLISTED && !step->obstacle) {
		found = modprobe_config_find(config, MODPROBE_BLACKLIST, step->module, NULL, work);
		file = "/proc/cmdline"; /* without a statement */
	} else if (step->command) {
		found = modprobe_config_find(config, MODPROBE_INSTALL, step->module, step->command,
					     work);
	} else if (step->role == ROLE_ALIAS) {
		found = modprobe_config_find(config, MODPROBE_ALIAS, resolution->alias,
					     step->module, work);
	}
	step->line = found ? found->line : 0;
	return step_copy_text(&step->file, found ? found->file : file);
}

int resolution_put_step(struct resolution *resolution, struct modprobe_system *system,
			struct resolution_step *step, bool must_stay)
{
	struct resolution_step *known = resolution_find_step(resolution, step->module);
	bool stays = known && (must_stay || step_stays(known, step));

	if (known && known->role > step->role)
		known->role = step->role;
	if (known)
		step->role = known->role;
	if (known && !stays) {
		system->work += resolution->steps.size;
		remove_step(resolution, known);
	}
	if (stays || resolution->steps.size >= STEPS_MAX ||
	    list_push(&resolution->steps, step) < 0) {
		step_free(step);
		return stays ? 0 : resolution->steps.size >= STEPS_MAX ? -EFBIG : -ENOMEM;
	}
	return tsearch(step, &resolution->by_name, compare_steps)
		       ? find_step_place(resolution, system, step)
		       : -ENOMEM;
}

/* The best of what happens to the modules that have an alias. */
static enum resolution_verdict find_best_verdict(const struct list *steps)
{
	enum resolution_verdict best = VERDICT_NO_MODULE;

	for (size_t i = 0; i < steps->size; i++) {
		const struct resolution_step *step = steps->items[i];

		if (step->role == ROLE_ALIAS && step->verdict < best)
			best = step->verdict;
	}
	return best;
}

/* Takes the alias; NULL: no memory. As resolve_alias(). */
static int ask_alias(struct resolution *resolution, struct modprobe_system *system, char *alias)
{
	int r = alias ? list_push(&resolution->aliases, alias) : -ENOMEM;

	if (r < 0) {
		free(alias);
		return r;
	}
	free(resolution->alias);
	resolution->alias = strdup(alias);
	if (!resolution->alias)
		return -ENOMEM;
	(void)modprobe_config_normalise(resolution->alias);
	return resolve_alias(resolution, system);
}

/*
 * Asks for a second alias if modprobe fails, whatever it has loaded before; but the misc driver
 * asks for char-major-10-MINOR alone.
 */
static int answer_number(struct resolution *resolution, struct modprobe_system *system,
			 const struct device_number *number)
{
	bool is_char = number->type == S_IFCHR;
	bool is_misc = is_char && number->major == MISC_MAJOR && number->minor <= 255;
	const char *type = is_char ? "char" : "block";
	int r = is_char ? syntax_is_dynamic(number) : system_lacks_block_autoload(system);

	if (r != 0) {
		resolution->verdict = VERDICT_NOT_ASKED;
		return r < 0 ? r : 0;
	}
	r = ask_alias(resolution, system,
		      format_text("%s-major-%u-%u", type, number->major, number->minor));
	if (r > 0 && !is_misc)
		r = ask_alias(resolution, system, format_text("%s-major-%u", type, number->major));
	resolution->verdict = find_best_verdict(&resolution->steps);
	if (resolution->verdict >= VERDICT_NO_FILE && system->indexes == INDEXES_NONE)
		resolution->verdict = VERDICT_NO_INDEX;
	return r < 0 ? r : 0;
}

int resolution_ask(struct modprobe_system *system, const struct device_number *number,
		   struct resolution **ret_resolution)
{
	struct resolution *resolution = calloc(1, sizeof(*resolution));
	int r;

	if (!resolution)
		return -ENOMEM;
	resolution->running = system->running;
	r = answer_number(resolution, system, number);
	if (r < 0)
		resolution_unref(resolution);
	else
		*ret_resolution = resolution;
	return r;
}

int resolution_new(int root_fd, const char *directory, const struct device_number *number,
		   bool running, struct kmod_devname_report *report,
		   struct resolution **ret_resolution)
{
	struct modprobe_system system;
	int r = system_open(&system, root_fd, directory, running, report);

	if (r < 0)
		return r;
	r = resolution_ask(&system, number, ret_resolution);
	system_done(&system);
	return r;
}

struct resolution *resolution_unref(struct resolution *resolution)
{
	if (!resolution)
		return NULL;
	tdestroy(resolution->by_name, free_nothing);
	free(resolution->alias);
	list_done(&resolution->aliases, free);
	list_done(&resolution->steps, step_free);
	free(resolution);
	return NULL;
}

/* The kernel asks for nothing if the driver of the number is there, whatever the alias leads to. */
bool resolution_loads(const struct resolution *resolution, const char *module)
{
	const struct resolution_step *step = resolution_find_step(resolution, module);

	return step ? step->verdict <= VERDICT_BUILT_IN
		    : resolution->running && module_is_live(module) > 0;
}

const char *resolution_verdict_to_string(enum resolution_verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_LOADS] = "loads",
		[VERDICT_LOADED] = "loaded",
		[VERDICT_BUILT_IN] = "built-in",
		[VERDICT_COMMAND] = "command",
		[VERDICT_BLACKLISTED] = "blacklisted",
		[VERDICT_OFF] = "off",
		[VERDICT_NO_FILE] = "no-file",
		[VERDICT_NO_MODULE] = "no-module",
		[VERDICT_NO_INDEX] = "no-index",
		[VERDICT_NOT_ASKED] = "not-asked",
	};

	return names[verdict];
}

const char *resolution_role_to_string(enum resolution_role role)
{
	return role == ROLE_ALIAS        ? "alias"
	       : role == ROLE_DEPENDENCY ? "dependency"
					 : "soft-dependency";
}
