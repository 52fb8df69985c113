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
#include <sys/stat.h>

#include "base/io.h"
#include "explain.h"
#include "input.h"
#include "modprobe/modprobe.h"
#include "node/table.h"

__attribute__((format(printf, 3, 4))) static struct explained_obstacle *
hinder(struct explain *explain, const char *kind, const char *format, ...)
{
	struct explained_obstacle *obstacle = xcalloc(1, sizeof(*obstacle));
	struct list *list = &explain->obstacles;
	va_list args;

	va_start(args, format);
	*obstacle = (struct explained_obstacle){ kind, NULL, 0, xvasprintf(format, args) };
	va_end(args);
	list->items =
		xarray_grow(list->items, &list->capacity, sizeof(*list->items), list->size + 1);
	list->items[list->size++] = obstacle;
	return obstacle;
}

/* --- the node ------------------------------------------------------------------------------ */

/* 1, 0 or a negative errno. */
static int has_module_of_name(const struct explain *explain, const char *module)
{
	_cleanup_report_ struct kmod_devname_report *report = xreport_new();
	struct modprobe_system system;
	int r = system_open(&system, explain->kernels.root_fd, explain->kernel->directory, false,
			    report);

	if (r < 0)
		return is_missing(r) ? 0 : r;
	r = system_find_dependencies(&system, module) != NULL;
	system_done(&system);
	return r;
}

/* The name may be that of a module, or a node may have it in another directory. */
static int hinder_undeclared(struct explain *explain)
{
	_cleanup_free_ char *wanted = xstrdup(explain->name);
	int r;

	syntax_normalise_module_name(wanted);
	for (size_t i = 0; i < kmod_devname_table_size(explain->table); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(explain->table, i);
		const char *name = kmod_devname_node_get_name(node), *slash = strrchr(name, '/');
		const char *module = kmod_devname_node_get_module(node);

		if (strcmp(module, wanted) != 0 &&
		    (!slash || strcmp(slash + 1, explain->name) != 0))
			continue;
		hinder(explain, "absent",
		       FILE_NAME " has no such name; did you mean %s (module %s)?", name, module);
		return 0;
	}
	r = has_module_of_name(explain, wanted);
	if (r > 0)
		hinder(explain, "absent",
		       "module %s declares no number for it, so only loading that makes it; see "
		       "modules-load.d(5)",
		       wanted);
	else if (r == 0)
		hinder(explain, "absent", FILE_NAME " of %s %s", explain->kernel->version,
		       kmod_devname_table_size(explain->table) > 0
			       ? "has no such name"
			       : "is missing or empty; run kmod-devname generate");
	return r < 0 ? r : 0;
}

static int hinder_absent(struct explain *explain)
{
	const struct kmod_devname_node *builtin =
		kmod_devname_table_find_name(explain->builtin, explain->name);

	if (explain->node.link)
		hinder(explain, "absent", "the link leads %s, or remove the link",
		       explain->node.error == ELOOP ? "in a circle; break that"
						    : "to no file; make that");
	else if (!explain->has_number)
		return hinder_undeclared(explain);
	else if (explain_is_made_at_boot(explain))
		return 0;
	else if (builtin)
		hinder(explain, "absent",
		       "built-in module %s has not made it; look for its device in dmesg",
		       kmod_devname_node_get_module(builtin));
	else
		hinder(explain, "absent",
		       FILE_NAME " has it, and it was not made; run kmod-devname create%s",
		       explain->where);
	return 0;
}

static void hinder_denied(struct explain *explain)
{
	const struct explained_node *node = &explain->node;

	if (node->error == EPERM)
		hinder(explain, "denied",
		       "this container may not use it; allow that where it is set up");
	else if (node->rules && node->may_gain && explain->is_host && !explain->dev)
		hinder(explain, "denied",
		       "udev's rules give another mode; run systemctl restart systemd-udevd");
	else if (node->rules && node->may_gain)
		hinder(explain, "denied",
		       "udev's rules give another mode; remove it, and run kmod-devname create "
		       "--udev%s",
		       explain->where);
	else if (node->mode & 0060 && node->gid != 0)
		hinder(explain, "denied",
		       "it is for user %s and group %s; run usermod -aG %s %s, and log in",
		       node->user, node->group, node->group,
		       explain->user ? explain->user : "USER");
	else
		hinder(explain, "denied",
		       "it is for user %s alone; write a udev rule with GROUP and static_node",
		       node->user);
}

static void judge_device(struct explain *explain)
{
	const struct explained_node *node = &explain->node;
	const struct kmod_devname_node *declared = explain_find_declared(explain);
	char is[SYNTAX_NUMBER_SIZE], wanted[SYNTAX_NUMBER_SIZE];
	struct device_number number;

	if (node->is_judged && !node->may_read && !node->may_write)
		hinder_denied(explain);
	if (node->is_nodev && explain->is_host) {
		hinder(explain, "nodev",
		       "its file system is mounted nodev; remount it with the option dev");
		explain->node.error = EACCES;
	}
	if (!declared)
		return;
	number = node_number(declared);
	if (!syntax_same_number(&number, &node->number))
		hinder(explain, "wrong-number",
		       "it has %s, not %s of module %s; run kmod-devname create --replace%s",
		       syntax_format_number(&node->number, is),
		       syntax_format_number(&number, wanted),
		       kmod_devname_node_get_module(declared), explain->where);
}

static int judge_node(struct explain *explain)
{
	enum explained_state state = explain->node.state;

	if (state == EXPLAINED_ABSENT)
		return hinder_absent(explain);
	if (state == EXPLAINED_OBSTRUCTED)
		hinder(explain, "obstructed", "a file has the name of its directory%s",
		       explain->has_number ? "; remove it" : "");
	else if (state == EXPLAINED_HIDDEN)
		hinder(explain, "denied", "you may not search its directory; look at its mode");
	else if (state == EXPLAINED_OTHER)
		hinder(explain, "no-device", "it is not a device node%s%s",
		       explain->has_number ? "; remove it, and run kmod-devname create" : "",
		       explain->has_number ? explain->where : "");
	else if (state == EXPLAINED_DEVICE)
		judge_device(explain);
	return 0;
}

/* --- the modules --------------------------------------------------------------------------- */

/* What becomes of the modules of a number. */
struct explained_modules {
	enum resolution_verdict value; /* the best one */
	char *names; /* of the modules that are loaded, or are there: "a, b"; or NULL */
	const char *missing; /* that modules.devname declares, and none of these will be there */
};

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
		const char *name = kmod_devname_node_get_name(node);
		const char *module = kmod_devname_node_get_module(node);
		const struct device_number number = node_number(node);

		if (!syntax_same_number(&number, &explain->number) ||
		    (explain->name && strcmp(name, explain->name) != 0))
			continue;
		if (!resolution_loads(explain->resolution, module)) {
			modules->missing = module;
			continue;
		}
		modules->missing = NULL;
		if (!resolution_find_step(explain->resolution, module)) {
			modules->value = VERDICT_LOADED;
			append_word(&modules->names, module);
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
		obstacle = hinder(explain, kind,
				  "%s is not loaded, a command is run: %s; remove the statement",
				  module, step->command);
	else if (step->verdict == VERDICT_BLACKLISTED)
		obstacle = hinder(explain, kind, "%s is blacklisted; remove the statement", module);
	else if (step->verdict == VERDICT_OFF)
		obstacle = hinder(explain, kind, "an alias turns it off; remove the statement");
	else if (step->path)
		obstacle = hinder(explain, kind, "%s has no file %s; install it, or run depmod %s",
				  module, step->path, explain->kernel->version);
	else
		obstacle = hinder(explain, kind, "%s is not in modules.dep; install the module",
				  module);
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
	obstacle = hinder(explain, modules->names ? "elsewhere" : "no-module",
			  "%s does not lead to %s; %srun depmod %s",
			  (const char *)explain->resolution->aliases.items[0], modules->missing,
			  decides ? "remove the statement, or " : "", explain->kernel->version);
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
	hinder(explain, "no-driver",
	       "%s is in the kernel, and has not registered %s; look for its device in dmesg",
	       driver, syntax_format_number(&explain->number, number));
}

/* Where no single module or statement is the reason. */
static void hinder_in_general(struct explain *explain, const struct explained_modules *modules)
{
	const char *kind = resolution_verdict_to_string(modules->value);

	if (modules->value == VERDICT_NO_INDEX)
		hinder(explain, kind, "the indexes are missing or damaged; run depmod %s",
		       explain->kernel->version);
	else if (explain->major_driver && !modules->missing && modules->value >= VERDICT_NO_MODULE)
		hinder_unregistered(explain, explain->major_driver);
	else if (modules->value == VERDICT_NOT_ASKED)
		hinder(explain, kind, "%s; load the module by its name",
		       explain->number.type == S_IFCHR
			       ? "c10:255 is no device, but a request for any number"
			       : "the kernel lacks CONFIG_BLOCK_LEGACY_AUTOLOAD");
	else if (modules->missing)
		hinder_elsewhere(explain, modules);
	else
		hinder(explain, kind, "no module has the alias %s",
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
	const char *sysctl = explain_find_sysctl();

	if (modules->value == VERDICT_LOADS && sysctl)
		hinder(explain, "disabled", "%s", sysctl);
	if ((modules->value == VERDICT_LOADED || modules->value == VERDICT_BUILT_IN) &&
	    explain->is_unregistered)
		hinder_unregistered(explain, modules->names);
}

/* The built-in module that has an alias for the number; or NULL. */
static const char *find_builtin_module(const struct explain *explain)
{
	for (size_t i = 0; i < kmod_devname_table_size(explain->builtin); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(explain->builtin, i);
		const struct device_number number = node_number(node);

		if (syntax_same_number(&number, &explain->number))
			return kmod_devname_node_get_module(node);
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
static int judge_number(struct explain *explain, struct explained_modules *modules)
{
	_cleanup_close_ int fd =
		kernel_open(&explain->kernels, explain->kernel, NULL, O_PATH | O_DIRECTORY);

	if (!is_missing(fd))
		return judge_modules(explain, modules);
	if (explain->major_driver)
		hinder_unregistered(explain, explain->major_driver);
	else
		hinder(explain, "no-modules",
		       "there is no directory %s; install the modules of the running kernel",
		       explain->kernel->path);
	return 0;
}

/* --- the sentence -------------------------------------------------------------------------- */

/* In the words of open(2) where it is the node. */
static char *describe_failure(const struct explain *explain,
			      const struct explained_modules *modules)
{
	if (explain->error > 0)
		return xasprintf("opening it fails: %s", strerror(explain->error));
	if (strcmp(explain->result, "no-device") == 0)
		return xstrdup("opening it reaches no device");
	if (strcmp(explain->result, "wrong-number") == 0)
		return xstrdup("opening it reaches another driver");
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
	} else if (modules->value == VERDICT_LOADS) {
		explain->result = "loads";
		explain->verdict = xasprintf("opening it loads %s", modules->names);
	} else {
		explain->result = resolution_verdict_to_string(modules->value);
		explain->verdict =
			xasprintf("opening it reaches %s, which is %s", modules->names,
				  modules->value == VERDICT_LOADED ? "loaded" : "built in");
	}
}

int explain_judge(struct explain *explain)
{
	struct explained_modules modules = { .value = VERDICT_NO_MODULE };
	const char *base = explain->common.basedir;
	bool has_base = base && *base != '\0' && strcmp(base, "/") != 0;
	int r;

	explain->where = xasprintf("%s%s%s%s", has_base ? " --basedir " : "", has_base ? base : "",
				   explain->dev ? " --dev " : "", explain->dev ? explain->dev : "");
	r = judge_node(explain);
	explain->error = explain->obstacles.size > 0 ? explain->node.error : 0;
	if (r == 0 && explain->has_number && explain->is_running)
		r = explain_find_driver(explain);
	if (r == 0 && explain->has_number && !explain->driver)
		r = judge_number(explain, &modules);
	if (r == 0)
		conclude(explain, &modules);
	free(modules.names);
	return r;
}
