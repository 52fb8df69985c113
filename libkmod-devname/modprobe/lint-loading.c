// SPDX-License-Identifier: LGPL-2.1-or-later
/* Nodes that do not load the module which declares them. */

#include <errno.h>
#include <string.h>

#include "base/report.h"
#include "modprobe/modprobe.h"
#include "node/table.h"

static const struct location nowhere = { NULL, 0 };

static int report_not_asked(struct kmod_devname_report *report,
			    const struct kmod_devname_node *node)
{
	char number[SYNTAX_NUMBER_SIZE];

	return report_add(report, KMOD_DEVNAME_CODE_BLOCK_AUTOLOAD, KMOD_DEVNAME_SEVERITY_WARNING,
			  &nowhere,
			  "opening '%s' (%s) does not load module %s: the kernel is without "
			  "CONFIG_BLOCK_LEGACY_AUTOLOAD; load the module by other means",
			  node->name, syntax_format_number(&node->number, number), node->module);
}

static bool keeps_from_loading(const struct resolution_step *step)
{
	return step->verdict > VERDICT_BUILT_IN && step->role != ROLE_SOFT;
}

/* The step that keeps the module from loading, its own first; else what is loaded instead. */
static const struct resolution_step *find_deciding_step(const struct resolution *resolution,
							const char *module)
{
	const struct resolution_step *found = NULL;
	const char *obstacle;

	for (size_t i = 0; i < resolution->steps.size; i++) {
		const struct resolution_step *step = resolution->steps.items[i];
		bool own = strcmp(step->module, module) == 0;

		if (keeps_from_loading(step) && (own || !found || !keeps_from_loading(found)))
			found = step;
		else if (!found && step->role == ROLE_ALIAS)
			found = step;
	}
	obstacle = found ? found->obstacle : NULL;
	return obstacle ? resolution_find_step(resolution, obstacle) : found;
}

struct load_obstacle {
	enum kmod_devname_severity severity;
	const char *problem; /* behind the name of the module, and before the path of NO_FILE */
	const char *hint;
};

/* Statements of modprobe.d are deliberate, and a module that is not there is none. */
static const struct load_obstacle *load_obstacle_of(const struct resolution_step *step)
{
	static const char hint[] = "remove that if the module is wanted";
	static const struct load_obstacle instead = { KMOD_DEVNAME_SEVERITY_WARNING,
						      "is loaded instead",
						      "run depmod, or remove the alias" };
	static const struct load_obstacle unknown = { KMOD_DEVNAME_SEVERITY_ERROR, "does not exist",
						      "run depmod, or correct the alias" };
	static const struct load_obstacle obstacles[] = {
		[VERDICT_COMMAND] = { KMOD_DEVNAME_SEVERITY_NOTE, "is replaced by a command",
				      hint },
		[VERDICT_BLACKLISTED] = { KMOD_DEVNAME_SEVERITY_NOTE, "is blacklisted", hint },
		[VERDICT_OFF] = { KMOD_DEVNAME_SEVERITY_NOTE,
				  "is what an alias makes of the number", hint },
		[VERDICT_NO_FILE] = { KMOD_DEVNAME_SEVERITY_ERROR, "has no file ",
				      "install it, or run depmod" },
	};

	if (step->verdict <= VERDICT_BUILT_IN)
		return &instead;
	return step->verdict == VERDICT_NO_FILE && !step->path ? &unknown
							       : &obstacles[step->verdict];
}

static int report_not_loaded(struct kmod_devname_report *report,
			     const struct kmod_devname_node *node,
			     const struct resolution *resolution)
{
	const struct resolution_step *step = find_deciding_step(resolution, node->module);
	const struct load_obstacle *obstacle;
	struct location location;
	char number[SYNTAX_NUMBER_SIZE];

	(void)syntax_format_number(&node->number, number);
	if (!step)
		return report_add(report, KMOD_DEVNAME_CODE_NOT_LOADED, KMOD_DEVNAME_SEVERITY_ERROR,
				  &nowhere,
				  "opening '%s' (%s) does not load module %s, since the indexes do "
				  "not have the number; run depmod",
				  node->name, number, node->module);
	obstacle = load_obstacle_of(step);
	location = (struct location){ step->file, step->line };
	return report_add(
		report, KMOD_DEVNAME_CODE_NOT_LOADED, obstacle->severity, &location,
		"opening '%s' (%s) does not load module %s: '%s'%s %s%s; %s", node->name, number,
		node->module, step->module,
		step->role == ROLE_DEPENDENCY ? ", which it depends on," : "", obstacle->problem,
		step->verdict == VERDICT_NO_FILE && step->path ? step->path : "", obstacle->hint);
}

/* Returns 1 if there is no work left for the nodes behind; 0; or -ENOMEM. */
static int report_too_much(struct kmod_devname_report *report, const struct kmod_devname_node *node,
			   const struct modprobe_system *system)
{
	const char *limit = "over 10000 modules, a chain of 100 soft dependencies, or 2 MiB of "
			    "dependencies";
	char number[SYNTAX_NUMBER_SIZE];
	int r;

	if (system_check_work(system) < 0)
		limit = "over 300000000 comparisons for it and the nodes before it, and none is "
			"made for those behind";
	r = report_add(report, KMOD_DEVNAME_CODE_BAD_CONFIG, KMOD_DEVNAME_SEVERITY_ERROR, &nowhere,
		       "cannot find out whether opening '%s' (%s) loads module %s: %s; correct "
		       "modprobe.d, or run depmod",
		       node->name, syntax_format_number(&node->number, number), node->module,
		       limit);
	return r < 0 ? r : system_check_work(system) < 0;
}

/* Returns 1 if there is no index, which holds for all nodes; 0; or -ENOMEM. */
static int lint_resolution(struct kmod_devname_report *report, const struct kmod_devname_node *node,
			   const struct resolution *resolution)
{
	int r;

	switch (resolution->verdict) {
	case VERDICT_NO_INDEX:
		r = report_add(report, KMOD_DEVNAME_CODE_NOT_LOADED, KMOD_DEVNAME_SEVERITY_ERROR,
			       &nowhere,
			       "an index that modprobe needs is missing or cannot be read, so that "
			       "opening a node loads nothing; run depmod");
		return r < 0 ? r : 1;
	case VERDICT_NOT_ASKED:
		return report_not_asked(report, node);
	default:
		if (resolution_loads(resolution, node->module))
			return 0;
		return report_not_loaded(report, node, resolution);
	}
}

int table_lint_loading(const struct kmod_devname_table *table, struct kmod_devname_report *report,
		       int root_fd, const char *directory, bool running)
{
	size_t n = kmod_devname_table_size(table);
	struct modprobe_system system;
	int r;

	if (n == 0)
		return 0;
	r = system_open(&system, root_fd, directory, running, report);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n && r == 0; i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(table, i);
		struct resolution *resolution = NULL;

		r = resolution_ask(&system, &node->number, &resolution);
		if (r == 0)
			r = lint_resolution(report, node, resolution);
		else if (r == -EFBIG)
			r = report_too_much(report, node, &system);
		resolution_unref(resolution);
	}
	system_done(&system);
	return r < 0 ? r : 0;
}
