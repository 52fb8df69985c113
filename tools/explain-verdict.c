// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain: every obstacle between open(2) and the driver, and the sentence that sums them up.
 *
 * First come those of the node. Then, unless the running kernel has a driver for the number, the
 * library answers for the number: which aliases the kernel asks for, which module entries modprobe
 * comes to, and what happens to each.
 */

#include <errno.h>
#include <string.h>

#include "base/io.h"
#include "explain.h"
#include "input.h"
#include "modprobe/resolution.h"
#include "modprobe/system.h"
#include "node/table.h"

/* Adds an obstacle, at the place of a step unless that is NULL. */
__attribute__((format(printf, 4, 5))) static void add_obstacle(struct explain *explain,
							       const char *kind,
							       const struct kmod_devname_step *step,
							       const char *format, ...)
{
	struct explained_obstacle *obstacle = xcalloc(1, sizeof(*obstacle));
	struct list *list = &explain->obstacles;
	va_list args;

	obstacle->kind = kind;
	obstacle->file = step ? step->file : NULL;
	obstacle->line = step ? step->line : 0;
	va_start(args, format);
	obstacle->text = xvasprintf(format, args);
	va_end(args);
	list->items =
		xarray_grow(list->items, &list->capacity, sizeof(*list->items), list->size + 1);
	list->items[list->size++] = obstacle;
}

/* --- the node ------------------------------------------------------------------------------ */

/* 1, 0 or a negative errno. */
static int has_module_of_name(const struct explain *explain, const char *module)
{
	_cleanup_report_ struct kmod_devname_report *report = xreport_new();
	struct modprobe_system system;
	int r = system_open(&system, explain->kernels.root_fd, explain->kernel->directory, 0,
			    report);

	if (r < 0)
		return is_missing(r) ? 0 : r;
	r = system_find_dependencies(&system, module) != NULL;
	system_done(&system);
	return r;
}

/* A node of a module of this name, or of this name in another directory; or NULL. */
static const struct kmod_devname_node *find_similar_node(const struct explain *explain,
							 const char *module)
{
	for (size_t i = 0; i < kmod_devname_table_size(explain->table); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(explain->table, i);
		const char *slash = strrchr(kmod_devname_node_get_name(node), '/');

		if (strcmp(kmod_devname_node_get_module(node), module) == 0 ||
		    (slash && strcmp(slash + 1, explain->name) == 0))
			return node;
	}
	return NULL;
}

static int add_undeclared(struct explain *explain)
{
	_cleanup_free_ char *module = xstrdup(explain->name);
	const struct kmod_devname_node *similar;
	int r;

	syntax_normalise_module_name(module);
	similar = find_similar_node(explain, module);
	r = similar ? 0 : has_module_of_name(explain, module);
	if (r < 0)
		return r;
	if (similar)
		add_obstacle(explain, "absent", NULL,
			     "modules.devname does not declare it; did you mean %s (module %s)?",
			     kmod_devname_node_get_name(similar),
			     kmod_devname_node_get_module(similar));
	else if (r > 0)
		add_obstacle(explain, "absent", NULL,
			     "its number is dynamic, and only loading module %s can make it; see "
			     "modules-load.d(5)",
			     module);
	else
		add_obstacle(explain, "absent", NULL, "modules.devname of %s does not declare it",
			     explain->kernel->version);
	return 0;
}

/* The nodes of another kernel, and of an image, are made when that starts. */
static int add_absent(struct explain *explain)
{
	const struct kmod_devname_node *builtin;
	int r;

	if (explain->node.link) {
		add_obstacle(explain, "absent", NULL,
			     "the link leads to no file; make what it leads to, or remove it");
		return 0;
	}
	if (!explain->has_number)
		return add_undeclared(explain);
	if (!explain->is_running && !explain->dev)
		return 0;
	if (explain_find_declared(explain, explain->table)) {
		add_obstacle(explain, "absent", NULL,
			     "modules.devname declares it, and it was not made; run kmod-devname "
			     "create%s%s",
			     explain->dev ? " --dev " : "", explain->dev ? explain->dev : "");
		return 0;
	}
	r = explain_find_builtin(explain, &builtin);
	if (r > 0)
		add_obstacle(explain, "absent", NULL,
			     "built-in module %s has not made it; look in the kernel log for its "
			     "device",
			     kmod_devname_node_get_module(builtin));
	return r < 0 ? r : 0;
}

static void add_denied(struct explain *explain)
{
	const struct explained_node *node = &explain->node;

	if (node->denial == EPERM)
		add_obstacle(
			explain, "denied", NULL,
			"this container may not use the device; allow it where that is set up");
	else if (node->rules && node->differs)
		add_obstacle(
			explain, "denied", NULL,
			"mode and owner are not those of udev's rules; run kmod-devname create "
			"--udev");
	else if (node->mode & 0060 && node->gid != 0)
		add_obstacle(explain, "denied", NULL,
			     "it is for user %s and group %s; run usermod -aG %s %s, and log in "
			     "again",
			     node->user, node->group, node->group,
			     explain->user ? explain->user : "USER");
	else
		add_obstacle(explain, "denied", NULL,
			     "it is for user %s alone; write a udev rule with MODE, GROUP and "
			     "OPTIONS+=\"static_node=%s\"",
			     node->user, explain->name);
}

static void judge_device(struct explain *explain)
{
	const struct explained_node *node = &explain->node;
	const struct kmod_devname_node *declared = table_find(explain->table, explain->name);
	char is[SYNTAX_NUMBER_SIZE], wanted[SYNTAX_NUMBER_SIZE];
	struct device_number number;

	if (node->is_judged && !node->may_read && !node->may_write)
		add_denied(explain);
	if (node->is_nodev && explain->is_host)
		add_obstacle(explain, "nodev", NULL,
			     "its file system is mounted nodev; remount it with the option dev");
	if (!declared)
		return;
	number = node_number(declared);
	if (!syntax_same_number(&number, &node->number))
		add_obstacle(explain, "wrong-number", NULL,
			     "it has %s, and %s of module %s is wanted; run kmod-devname create "
			     "--replace",
			     syntax_format_number(&node->number, is),
			     syntax_format_number(&number, wanted),
			     kmod_devname_node_get_module(declared));
}

static int judge_node(struct explain *explain)
{
	switch (explain->node.state) {
	case EXPLAINED_NUMBER:
		break;
	case EXPLAINED_ABSENT:
		return add_absent(explain);
	case EXPLAINED_OBSTRUCTED:
		add_obstacle(explain, "obstructed", NULL,
			     "a file has the name of its directory; remove that file");
		break;
	case EXPLAINED_HIDDEN:
		if (explain->is_host)
			add_obstacle(explain, "denied", NULL,
				     "you may not search its directory; look at the modes there");
		break;
	case EXPLAINED_OTHER:
		add_obstacle(explain, "no-device", NULL, "it is not a device node%s",
			     explain->has_number ? "; remove it, and run kmod-devname create" : "");
		break;
	case EXPLAINED_DEVICE:
		judge_device(explain);
		break;
	}
	return 0;
}

/* --- the modules --------------------------------------------------------------------------- */

/* What becomes of the modules of a number. */
struct explained_modules {
	enum kmod_devname_verdict value; /* the best one */
	char *names; /* of the modules that are loaded, or are there: "a, b"; or NULL */
	const char *missing; /* that modules.devname declares, and none of these will be there */
};

static int resolve_number(struct explain *explain)
{
	const struct device_number *number = &explain->number;
	struct kmod_devname_report *report = xreport_new();
	int r = kmod_devname_resolution_new(explain->kernels.root_fd, explain->kernel->directory,
					    number->type, number->major, number->minor,
					    explain->is_running ? KMOD_DEVNAME_RESOLVE_RUNNING : 0,
					    report, &explain->resolution);

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
		const char *name = kmod_devname_node_get_name(node);
		const char *module = kmod_devname_node_get_module(node);
		const struct device_number number = node_number(node);

		if (!syntax_same_number(&number, &explain->number) ||
		    (explain->name && strcmp(name, explain->name) != 0))
			continue;
		if (!kmod_devname_resolution_loads(explain->resolution, module)) {
			modules->missing = module;
			continue;
		}
		modules->missing = NULL;
		if (!resolution_find_step(explain->resolution, module)) {
			modules->value = KMOD_DEVNAME_VERDICT_LOADED;
			append_word(&modules->names, module);
		}
		return;
	}
}

/* Indexes of old versions of depmod do not have the aliases of built-in modules. */
static int look_among_builtin(struct explain *explain, struct explained_modules *modules)
{
	const struct kmod_devname_node *builtin;
	int r = explain_find_builtin(explain, &builtin);

	if (r <= 0)
		return r;
	modules->value = KMOD_DEVNAME_VERDICT_BUILT_IN;
	modules->missing = NULL;
	append_word(&modules->names, kmod_devname_node_get_module(builtin));
	return 0;
}

static void name_modules(const struct explain *explain, struct explained_modules *modules)
{
	for (size_t i = 0; i < kmod_devname_resolution_size(explain->resolution); i++) {
		const struct kmod_devname_step *step =
			kmod_devname_resolution_get(explain->resolution, i);

		if (step->verdict == KMOD_DEVNAME_VERDICT_LOADS ||
		    (step->role == KMOD_DEVNAME_ROLE_ALIAS && step->verdict == modules->value &&
		     step->verdict <= KMOD_DEVNAME_VERDICT_BUILT_IN))
			append_word(&modules->names, step->module);
	}
}

/* What is held up by another module has no obstacle of its own. */
bool explain_is_obstacle(const struct explain *explain, const struct kmod_devname_step *step)
{
	return explain->is_hindered && step->role != KMOD_DEVNAME_ROLE_SOFT &&
	       step->verdict > KMOD_DEVNAME_VERDICT_BUILT_IN && !step->obstacle;
}

static void add_step_obstacle(struct explain *explain, const struct kmod_devname_step *step)
{
	const char *kind = kmod_devname_verdict_to_string(step->verdict);

	if (step->command)
		add_obstacle(explain, kind, step,
			     "%s is not loaded, a command is run: %s; remove the statement",
			     step->module, step->command);
	else if (step->verdict == KMOD_DEVNAME_VERDICT_BLACKLISTED)
		add_obstacle(explain, kind, step, "%s is blacklisted; remove the statement",
			     step->module);
	else if (step->verdict == KMOD_DEVNAME_VERDICT_OFF)
		add_obstacle(explain, kind, step, "an alias turns it off; remove the statement");
	else if (step->path)
		add_obstacle(explain, kind, step,
			     "%s is in modules.dep, and %s does not exist; install it, or run "
			     "depmod %s",
			     step->module, step->path, explain->kernel->version);
	else
		add_obstacle(explain, kind, step, "%s is not in modules.dep; install the module",
			     step->module);
}

/* The statement that leads to another module; or NULL. */
static const struct kmod_devname_step *find_alias_statement(const struct explain *explain)
{
	for (size_t i = 0; i < kmod_devname_resolution_size(explain->resolution); i++) {
		const struct kmod_devname_step *step =
			kmod_devname_resolution_get(explain->resolution, i);

		if (step->role == KMOD_DEVNAME_ROLE_ALIAS && step->file)
			return step;
	}
	return NULL;
}

/* Where no single module or statement is the reason. */
static void add_general_obstacle(struct explain *explain, const struct explained_modules *modules)
{
	const char *alias = kmod_devname_resolution_get_alias(explain->resolution, 0);
	const char *version = explain->kernel->version;
	const char *kind = kmod_devname_verdict_to_string(modules->value);

	if (modules->value == KMOD_DEVNAME_VERDICT_NO_INDEX)
		add_obstacle(explain, kind, NULL,
			     "the indexes are missing or damaged; run depmod %s", version);
	else if (modules->value == KMOD_DEVNAME_VERDICT_NOT_ASKED)
		add_obstacle(explain, kind, NULL, "%s; load the module by its name",
			     explain->number.type == S_IFCHR
				     ? "c10:255 is no device, but a request for any number"
				     : "the kernel lacks CONFIG_BLOCK_LEGACY_AUTOLOAD");
	else if (modules->value == KMOD_DEVNAME_VERDICT_NO_MODULE && !modules->missing)
		add_obstacle(explain, kind, NULL, "no module has the alias %s", alias);
	else
		add_obstacle(explain, modules->names ? "elsewhere" : kind,
			     find_alias_statement(explain),
			     "%s does not lead to %s; remove the statement, or run depmod %s",
			     alias, modules->missing, version);
}

static void add_module_obstacles(struct explain *explain, const struct explained_modules *modules)
{
	size_t before = explain->obstacles.size;

	explain->is_hindered = true;
	for (size_t i = 0; i < kmod_devname_resolution_size(explain->resolution); i++) {
		const struct kmod_devname_step *step =
			kmod_devname_resolution_get(explain->resolution, i);

		if (explain_is_obstacle(explain, step))
			add_step_obstacle(explain, step);
	}
	if (explain->obstacles.size == before)
		add_general_obstacle(explain, modules);
}

static void judge_running_kernel(struct explain *explain, const struct explained_modules *modules)
{
	const char *sysctl = explain_find_sysctl();
	char number[SYNTAX_NUMBER_SIZE];

	if (modules->value == KMOD_DEVNAME_VERDICT_LOADS && sysctl)
		add_obstacle(explain, "disabled", NULL, "%s", sysctl);
	if ((modules->value == KMOD_DEVNAME_VERDICT_LOADED ||
	     modules->value == KMOD_DEVNAME_VERDICT_BUILT_IN) &&
	    !explain_may_be_registered(&explain->number))
		add_obstacle(explain, "no-driver", NULL,
			     "%s is in the kernel, and has not registered %s; look in the kernel "
			     "log for its device",
			     modules->names, syntax_format_number(&explain->number, number));
}

static int judge_modules(struct explain *explain, struct explained_modules *modules)
{
	int r = resolve_number(explain);

	if (r < 0)
		return r;
	modules->value = kmod_devname_resolution_get_verdict(explain->resolution);
	compare_with_declared(explain, modules);
	if (modules->value > KMOD_DEVNAME_VERDICT_BUILT_IN)
		r = look_among_builtin(explain, modules);
	if (r < 0)
		return r;
	if (!modules->names)
		name_modules(explain, modules);
	if (modules->value > KMOD_DEVNAME_VERDICT_BUILT_IN || modules->missing)
		add_module_obstacles(explain, modules);
	if (explain->is_running)
		judge_running_kernel(explain, modules);
	return 0;
}

/* The running kernel was removed, or never had any. */
static int judge_number(struct explain *explain, struct explained_modules *modules)
{
	_cleanup_close_ int fd =
		kernel_open(&explain->kernels, explain->kernel, NULL, O_PATH | O_DIRECTORY);

	if (!is_missing(fd))
		return judge_modules(explain, modules);
	add_obstacle(explain, "no-modules", NULL,
		     "there is no directory %s; install the modules of the running kernel",
		     explain->kernel->path);
	return 0;
}

/* --- the sentence -------------------------------------------------------------------------- */

/* In the words of open(2) where it is the node. */
static char *describe_failure(const struct explain *explain,
			      const struct explained_modules *modules)
{
	static const struct {
		const char *kind;
		const char *text;
	} failures[] = {
		{ "absent", "fails: No such file or directory" },
		{ "obstructed", "fails: Not a directory" },
		{ "denied", "fails: Permission denied" },
		{ "nodev", "fails: Permission denied" },
		{ "no-driver", "fails: No such device" },
		{ "no-device", "reaches no device" },
		{ "wrong-number", "reaches another driver" },
	};

	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (strcmp(explain->result, failures[i].kind) == 0)
			return xasprintf("opening it %s", failures[i].text);
	if (!modules->names && strcmp(explain->result, "command") == 0)
		return xstrdup("opening it runs a command");
	if (!modules->names || strcmp(explain->result, "disabled") == 0)
		return xstrdup("opening it loads nothing");
	return xasprintf("opening it loads %s%s%s", modules->names,
			 modules->missing ? ", and not " : "",
			 modules->missing ? modules->missing : "");
}

static void conclude(struct explain *explain, const struct explained_modules *modules)
{
	if (explain->obstacles.size > 0) {
		const struct explained_obstacle *first = explain->obstacles.items[0];

		explain->result = first->kind;
		explain->verdict = describe_failure(explain, modules);
	} else if (explain->driver) {
		explain->result = "driver";
		explain->verdict = xasprintf("opening it reaches driver %s", explain->driver);
	} else if (modules->value == KMOD_DEVNAME_VERDICT_LOADS) {
		explain->result = "loads";
		explain->verdict = xasprintf("opening it loads %s", modules->names);
	} else {
		explain->result = kmod_devname_verdict_to_string(modules->value);
		explain->verdict = xasprintf(
			"opening it reaches %s, which is %s", modules->names,
			modules->value == KMOD_DEVNAME_VERDICT_LOADED ? "loaded" : "built in");
	}
}

int explain_judge(struct explain *explain)
{
	struct explained_modules modules = { .value = KMOD_DEVNAME_VERDICT_NO_MODULE };
	int r = judge_node(explain);

	if (r == 0 && explain->has_number && explain->is_running)
		r = explain_find_driver(explain);
	if (r == 0 && explain->has_number && !explain->driver)
		r = judge_number(explain, &modules);
	if (r == 0)
		conclude(explain, &modules);
	free(modules.names);
	return r;
}
