// SPDX-License-Identifier: LGPL-2.1-or-later
/* The steps of a resolution: one for each module, with what becomes of it, and by what statement.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "modprobe/modprobe.h"

#define STEPS_MAX 10000

/* The place of the statement that decides, in *ret_file, with a line if it is one. */
static int find_place(struct modprobe_system *system, const char *alias,
		      const struct judgement *judgement, const char **ret_file, size_t *ret_line)
{
	const struct modprobe_statement *found = NULL;
	const char *module = judgement->module;
	int r = 0;

	if (judgement->verdict == VERDICT_BLACKLISTED && !judgement->obstacle) {
		r = system_find_statement(system, MODPROBE_BLACKLIST, module, NULL, &found);
		*ret_file = "/proc/cmdline"; /* without a statement */
	} else if (judgement->command) {
		r = system_find_statement(system, MODPROBE_INSTALL, module, NULL, &found);
	} else if (judgement->role == ROLE_ALIAS) {
		r = system_find_statement(system, MODPROBE_ALIAS, alias, module, &found);
	}
	if (found) {
		*ret_file = found->file;
		*ret_line = found->line;
	}
	return r;
}

static bool copy_step_text(char **ret_copy, const char *text)
{
	*ret_copy = text ? strdup(text) : NULL;
	return *ret_copy || !text;
}

static int new_step(struct modprobe_system *system, const char *alias,
		    const struct judgement *judgement, struct resolution_step **ret_step)
{
	struct resolution_step *step;
	struct known_module *known;
	const char *file = NULL;
	size_t line = 0;
	int r = known_module_get(system, judgement->module, &known);

	if (r == 0)
		r = find_place(system, alias, judgement, &file, &line);
	if (r < 0)
		return r;
	step = calloc(1, sizeof(*step));
	if (!step)
		return -ENOMEM;
	step->role = judgement->role;
	step->verdict = judgement->verdict;
	step->line = line;
	if (!copy_step_text(&step->module, judgement->module) ||
	    !copy_step_text(&step->path, known->path) ||
	    !copy_step_text(&step->obstacle, judgement->obstacle) ||
	    !copy_step_text(&step->command, judgement->command) ||
	    !copy_step_text(&step->file, file)) {
		step_free(step);
		return -ENOMEM;
	}
	*ret_step = step;
	return 0;
}

/*
 * A step gives way to one that loads the module, to one of a stronger role and, at equal strength,
 * to one of a better verdict. The blacklist does not keep back what another module needs.
 */
static bool step_stays(const struct resolution_step *step, const struct judgement *judgement)
{
	if (step->verdict <= VERDICT_BUILT_IN)
		return true;
	if (judgement->verdict <= VERDICT_BUILT_IN)
		return false;
	if (step->verdict == VERDICT_BLACKLISTED && !step->obstacle)
		return judgement->role != ROLE_DEPENDENCY;
	if ((step->role == ROLE_SOFT) != (judgement->role == ROLE_SOFT))
		return judgement->role == ROLE_SOFT;
	return step->verdict <= judgement->verdict;
}

static void remove_step(struct list *steps, struct resolution_step *step)
{
	size_t i = 0;

	while (steps->items[i] != step)
		i++;
	memmove(steps->items + i, steps->items + i + 1,
		(--steps->size - i) * sizeof(*steps->items));
	step_free(step);
}

int resolution_add_step(struct resolution *resolution, struct modprobe_system *system,
			const char *alias, bool is_final, const struct judgement *judgement)
{
	struct list *steps = &resolution->steps;
	struct resolution_step *known = resolution_find_step(resolution, judgement->module), *step;
	bool stays = known && (is_final || step_stays(known, judgement));
	struct judgement strongest = *judgement;
	int r = system_spend(system, steps->size + WORK_OF_STEP);

	if (r < 0)
		return r;
	if (known && known->role > judgement->role)
		known->role = judgement->role;
	if (stays)
		return 0;
	if (known)
		strongest.role = known->role;
	r = new_step(system, alias, &strongest, &step);
	if (r < 0)
		return r;
	if (known)
		remove_step(steps, known);
	r = steps->size < STEPS_MAX ? list_push(steps, step) : -EFBIG;
	if (r < 0)
		step_free(step);
	return r;
}
