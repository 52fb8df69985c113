// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain: the modules of a number, unless the running kernel has a driver for it. The library
 * answers which aliases the kernel asks for, which modules modprobe comes to, and what becomes of
 * each; here are the obstacles among these.
 */

#include <errno.h>
#include <string.h>

#include "base/io.h"
#include "explain.h"
#include "input.h"
#include "loading.h"
#include "modprobe/modprobe.h"
#include "node/table.h"

static int resolve_number(struct explain *explain)
{
	struct kmod_devname_report *report = xreport_new();
	int r = resolution_new(explain->kernels.root_fd, explain->kernel->directory,
			       &explain->number, explain->is_running, report, &explain->resolution);

	explain->findings = worse(explain->findings,
				  print_report(report, explain->kernel->path, &explain->common));
	kmod_devname_report_unref(report);
	return r;
}

/*
 * One of several modules that declare the node is enough. One that is loaded, though the alias
 * leads elsewhere, is the driver.
 */
static void compare_with_declared(const struct explain *explain, struct explained_modules *modules)
{
	for (size_t i = 0; i < kmod_devname_table_size(explain->table); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(explain->table, i);

		if (!syntax_same_number(&node->number, &explain->number) ||
		    (explain->name && strcmp(node->name, explain->name) != 0))
			continue;
		if (!resolution_loads(explain->resolution, node->module)) {
			modules->missing = node->module;
			continue;
		}
		modules->missing = NULL;
		if (!resolution_find_step(explain->resolution, node->module)) {
			modules->value = VERDICT_LOADED;
			append_word(&modules->names, node->module);
		}
		return;
	}
}

static bool is_named(const struct explained_modules *modules, const struct resolution_step *step)
{
	return step->verdict == VERDICT_LOADS ||
	       (step->role == ROLE_ALIAS && step->verdict == modules->value &&
		step->verdict <= VERDICT_BUILT_IN);
}

/* A stream, for there may be thousands. */
static void name_modules(const struct explain *explain, struct explained_modules *modules)
{
	const char *separator = "";
	size_t size = 0;
	FILE *stream = open_memstream(&modules->names, &size);

	if (!stream)
		die_without_memory();
	for (size_t i = 0; i < explain->resolution->steps.size; i++) {
		const struct resolution_step *step = explain->resolution->steps.items[i];

		if (!is_named(modules, step))
			continue;
		if (fprintf(stream, "%s%s", separator, step->module) < 0)
			die_without_memory();
		separator = ", ";
	}
	/* the C library may tell of a lack of memory by the text alone */
	if (ferror(stream) || fclose(stream) != 0 || !modules->names)
		die_without_memory();
	if (*separator != '\0')
		return;
	free(modules->names);
	modules->names = NULL;
}

/* What is held up by another module has no obstacle of its own. */
bool explain_is_obstacle(const struct explain *explain, const struct resolution_step *step)
{
	return explain->is_hindered && step->role != ROLE_SOFT &&
	       step->verdict > VERDICT_BUILT_IN && !step->obstacle;
}

static void hinder_by_step(struct explain *explain, const struct resolution_step *step)
{
	const char *kind = resolution_verdict_to_string(step->verdict);
	const char *module = step->module;
	struct explained_obstacle *obstacle;

	if (step->command)
		obstacle = explain_hinder(
			explain, kind,
			"%s is not loaded, a command is run: %s; remove the statement", module,
			step->command);
	else if (step->verdict == VERDICT_BLACKLISTED)
		obstacle = explain_hinder(explain, kind, "%s is blacklisted; remove the statement",
					  module);
	else if (step->verdict == VERDICT_OFF)
		obstacle = explain_hinder(explain, kind,
					  "an alias turns it off; remove the statement");
	else if (step->path)
		obstacle = explain_hinder(explain, kind,
					  "%s has no file %s; install it, or run depmod %s", module,
					  step->path, explain->kernel->version);
	else
		obstacle = explain_hinder(explain, kind,
					  "%s is not in modules.dep; install the module", module);
	obstacle->file = step->file;
	obstacle->line = step->line;
}

/* The alias leads to other modules, perhaps by a statement. */
static void hinder_elsewhere(struct explain *explain, const struct explained_modules *modules)
{
	const struct resolution_step *decides = NULL;
	struct explained_obstacle *obstacle;

	for (size_t i = explain->resolution->steps.size; i > 0; i--) {
		const struct resolution_step *step = explain->resolution->steps.items[i - 1];

		if (step->role == ROLE_ALIAS && step->file)
			decides = step;
	}
	obstacle = explain_hinder(explain, modules->names ? "elsewhere" : "no-module",
				  "%s does not lead to %s; %srun depmod %s",
				  (const char *)explain->resolution->aliases.items[0],
				  modules->missing, decides ? "remove the statement, or " : "",
				  explain->kernel->version);
	if (decides) {
		obstacle->file = decides->file;
		obstacle->line = decides->line;
	}
}

static void hinder_unregistered(struct explain *explain, const char *driver)
{
	bool is_misc = explain->number.type == S_IFCHR && explain->number.major == MISC_MAJOR;
	char number[SYNTAX_NUMBER_SIZE];

	if (explain->obstacles.size == 0)
		explain->error = is_misc ? ENODEV : ENXIO;
	explain_hinder(
		explain, "no-driver",
		"%s is in the kernel, and has not registered %s; look for its device in dmesg",
		driver, syntax_format_number(&explain->number, number));
}

/* Where no single module or statement is the reason. */
static void hinder_in_general(struct explain *explain, const struct explained_modules *modules)
{
	const char *kind = resolution_verdict_to_string(modules->value);

	if (modules->value == VERDICT_NO_INDEX)
		explain_hinder(explain, kind, "the indexes are missing or damaged; run depmod %s",
			       explain->kernel->version);
	else if (explain->major_driver && !modules->missing && modules->value >= VERDICT_NO_MODULE)
		hinder_unregistered(explain, explain->major_driver);
	else if (modules->value == VERDICT_NOT_ASKED)
		explain_hinder(explain, kind, "%s; load the module by its name",
			       explain->number.type == S_IFCHR
				       ? "c10:255 is no device, but a request for any number"
				       : "the kernel lacks CONFIG_BLOCK_LEGACY_AUTOLOAD");
	else if (modules->missing)
		hinder_elsewhere(explain, modules);
	else
		explain_hinder(explain, kind, "no module has the alias %s",
			       (const char *)explain->resolution->aliases.items[0]);
}

static void hinder_by_modules(struct explain *explain, const struct explained_modules *modules)
{
	size_t before = explain->obstacles.size;

	explain->is_hindered = true;
	for (size_t i = 0; i < explain->resolution->steps.size; i++) {
		const struct resolution_step *step = explain->resolution->steps.items[i];

		if (explain_is_obstacle(explain, step))
			hinder_by_step(explain, step);
	}
	if (explain->obstacles.size == before)
		hinder_in_general(explain, modules);
}

static void judge_running_kernel(struct explain *explain, const struct explained_modules *modules)
{
	const char *sysctl = loading_find_sysctl();

	if (modules->value == VERDICT_LOADS && sysctl)
		explain_hinder(explain, "disabled", "%s", sysctl);
	if ((modules->value == VERDICT_LOADED || modules->value == VERDICT_BUILT_IN) &&
	    explain->is_unregistered)
		hinder_unregistered(explain, modules->names);
}

/* The built-in module that has an alias for the number; or NULL. */
static const char *find_builtin_module(const struct explain *explain)
{
	for (size_t i = 0; i < kmod_devname_table_size(explain->builtin); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(explain->builtin, i);

		if (syntax_same_number(&node->number, &explain->number))
			return node->module;
	}
	return NULL;
}

static int judge_modules(struct explain *explain, struct explained_modules *modules)
{
	const char *builtin = find_builtin_module(explain);
	int r = resolve_number(explain);

	if (r < 0)
		return r;
	modules->value = explain->resolution->verdict;
	compare_with_declared(explain, modules);
	/* indexes of old versions of depmod do not have the aliases of built-in modules */
	if (modules->value > VERDICT_BUILT_IN && builtin) {
		modules->value = VERDICT_BUILT_IN;
		modules->missing = NULL;
		append_word(&modules->names, builtin);
	}
	if (!modules->names)
		name_modules(explain, modules);
	if (modules->value > VERDICT_BUILT_IN || modules->missing)
		hinder_by_modules(explain, modules);
	if (explain->is_running)
		judge_running_kernel(explain, modules);
	return 0;
}

/* The running kernel was removed, or never had any. */
int explain_judge_number(struct explain *explain, struct explained_modules *modules)
{
	_cleanup_close_ int fd =
		kernel_open(&explain->kernels, explain->kernel, NULL, O_PATH | O_DIRECTORY);

	if (!is_missing(fd))
		return judge_modules(explain, modules);
	if (explain->major_driver)
		hinder_unregistered(explain, explain->major_driver);
	else
		explain_hinder(
			explain, "no-modules",
			"there is no directory %s; install the modules of the running kernel",
			explain->kernel->path);
	return 0;
}
