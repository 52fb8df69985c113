// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain: the kernel, to which the node is a number: the driver that has it, or else the modules.
 *
 * A device in /sys/dev has a driver. Of others /proc/devices names the driver of the major number,
 * which may have one device or all: those of pts are in /sys nowhere, those of input all are.
 *
 * Without a driver the library answers which aliases the kernel asks for, which modules modprobe
 * comes to, and what becomes of each; here are the obstacles among these.
 */

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/lines.h"
#include "explain.h"
#include "loading.h"
#include "modprobe/modprobe.h"
#include "node/table.h"
#include "text/depmod-index.h"

/* --- its driver ---------------------------------------------------------------------------- */

static const char *sysfs_type(const struct device_number *number)
{
	return number->type == S_IFBLK ? "block" : "char";
}

static bool is_misc(const struct device_number *number)
{
	return number->type == S_IFCHR && number->major == MISC_MAJOR;
}

/* "MAJOR NAME" or "MINOR NAME" after a heading, or from the beginning: the first of this number. */
static int find_proc_name(const char *path, const char *heading, unsigned int wanted,
			  char **ret_name)
{
	FILE *stream;
	struct lines lines;
	int status, r = open_path_stream(path, &stream);
	bool counts = !heading;

	if (r < 0)
		return is_missing(r) || r == -EACCES ? 0 : r;
	lines_init(&lines, stream);
	while ((status = lines_next(&lines)) > LINE_END && !*ret_name) {
		char *end;
		unsigned long number = strtoul(lines.text, &end, 10);

		if (heading && strchr(lines.text, ':'))
			counts = strcmp(lines.text, heading) == 0;
		else if (counts && end != lines.text && *end == ' ' && number == wanted)
			*ret_name = xstrdup(end + strspn(end, " "));
	}
	(void)fclose(stream);
	return status < 0 ? status : 0;
}

static int find_major_name(const struct device_number *number, char **ret_name)
{
	return find_proc_name("/proc/devices",
			      number->type == S_IFBLK ? "Block devices:" : "Character devices:",
			      number->major, ret_name);
}

static char *sysfs_path(const struct device_number *number, const char *rest)
{
	return xasprintf("/sys/dev/%s/%u:%u%s", sysfs_type(number), number->major, number->minor,
			 rest);
}

/* The class of a character device tells more than its major number, which may have several. */
static int name_driver(const struct device_number *number, char **ret_name)
{
	_cleanup_free_ char *path = sysfs_path(number, "/subsystem");
	char target[4096];
	ssize_t size;

	if (is_misc(number))
		return find_proc_name("/proc/misc", NULL, number->minor, ret_name);
	size = number->type == S_IFCHR ? readlink(path, target, sizeof(target) - 1) : -1;
	if (size < 0)
		return find_major_name(number, ret_name);
	target[size] = '\0';
	*ret_name = xstrdup(syntax_base_name(target));
	return 0;
}

/* True if a module has an alias for a number of this major one, or if that cannot be known. */
static int has_module_of_major(const struct explain *explain, const struct device_number *number,
			       bool *ret_has)
{
	_cleanup_free_ char *wanted = xasprintf("%s-major-%u", sysfs_type(number), number->major);
	_cleanup_report_ struct kmod_devname_report *report = xreport_new();
	size_t size = strlen(wanted);
	struct depmod_index index;
	const char *alias, *module;
	FILE *stream;
	int status, r = kernel_open_stream(explain->kernel, INDEX_NAME, &stream);

	*ret_has = false;
	if (r < 0)
		return is_missing(r) ? 0 : r;
	depmod_index_start(&index, report, stream, INDEX_NAME);
	while ((status = depmod_index_next_alias(&index, &alias, &module)) == DEPMOD_INDEX_LINE)
		if (strncmp(alias, wanted, size) == 0 &&
		    (alias[size] == '\0' || alias[size] == '-'))
			*ret_has = true;
	(void)fclose(stream);
	if (status == DEPMOD_INDEX_DAMAGED)
		*ret_has = true;
	return status < 0 ? status : 0;
}

/* Finds a device in /sys with the same major number. */
static bool find_sibling(const struct device_number *number, struct device_number *ret_sibling)
{
	DIR *directory = opendir("/sys/dev/char");
	struct device_number other = *number;
	const struct dirent *entry;
	bool found = false;

	while (directory && !found && (entry = readdir(directory)))
		found = syntax_parse_numbers(entry->d_name, ':', &other) &&
			other.major == number->major;
	if (directory)
		(void)closedir(directory);
	if (found)
		*ret_sibling = other;
	return found;
}

/* True if /sys has a class or bus of the driver's name. That of all terminals is "tty". */
static bool has_class(const char *driver)
{
	_cleanup_free_ char *class = join_path("/sys/class", driver);
	_cleanup_free_ char *bus = join_path("/sys/bus", driver);

	return strncmp(driver, "tty", 3) == 0 || access(class, F_OK) == 0 || access(bus, F_OK) == 0;
}

/* Block drivers that make a device when it is opened (callers of __register_blkdev). */
static bool makes_devices(const char *driver)
{
	static const char *const names[] = { "fd", "loop", "md", "mdp", "ramdisk" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(driver, names[i]) == 0)
			return true;
	return false;
}

/* Whether the driver of the major number has the device, which is not in /sys. */
static int judge_major_driver(struct explain *explain, const char *driver)
{
	const struct device_number *number = &explain->number;
	struct device_number sibling = *number;
	bool is_shared = false;
	int r = 0;

	if (number->type == S_IFBLK ? !makes_devices(driver)
				    : find_sibling(number, &sibling) || has_class(driver))
		explain->is_unregistered = access("/sys/dev", F_OK) == 0;
	if (explain->is_unregistered)
		return name_driver(&sibling, &explain->major_driver);
	if (number->type == S_IFCHR)
		r = has_module_of_major(explain, number, &is_shared);
	if (!is_shared)
		explain->driver = xstrdup(driver);
	return r;
}

static int find_driver(struct explain *explain)
{
	const struct device_number *number = &explain->number;
	_cleanup_free_ char *path = sysfs_path(number, ""), *driver = NULL;
	int r;

	if (access(path, F_OK) == 0) {
		r = name_driver(number, &explain->driver);
		if (r == 0 && !explain->driver)
			explain->driver = xstrdup("unknown");
		return r;
	}
	if (is_misc(number)) {
		explain->is_unregistered = access("/sys/dev/char", F_OK) == 0;
		return 0;
	}
	r = find_major_name(number, &driver);
	if (r == 0 && driver)
		return judge_major_driver(explain, driver);
	explain->is_unregistered = access("/proc/devices", F_OK) == 0;
	return r;
}

/* --- its modules --------------------------------------------------------------------------- */

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
static void compare_with_declared(struct explain *explain)
{
	struct explained_modules *modules = &explain->modules;

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

static bool is_named(const struct explain *explain, const struct resolution_step *step)
{
	return step->verdict == VERDICT_LOADS ||
	       (step->role == ROLE_ALIAS && step->verdict == explain->modules.value &&
		step->verdict <= VERDICT_BUILT_IN);
}

/* A stream, for there may be thousands. */
static void name_modules(struct explain *explain)
{
	char **names = &explain->modules.names;
	const char *separator = "";
	size_t size = 0;
	FILE *stream = open_memstream(names, &size);

	if (!stream)
		die_without_memory();
	for (size_t i = 0; i < explain->resolution->steps.size; i++) {
		const struct resolution_step *step = explain->resolution->steps.items[i];

		if (!is_named(explain, step))
			continue;
		if (fprintf(stream, "%s%s", separator, step->module) < 0)
			die_without_memory();
		separator = ", ";
	}
	/* the C library may tell of a lack of memory by the text alone */
	if (ferror(stream) || fclose(stream) != 0 || !*names)
		die_without_memory();
	if (*separator != '\0')
		return;
	free(*names);
	*names = NULL;
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
static void hinder_elsewhere(struct explain *explain)
{
	const struct explained_modules *modules = &explain->modules;
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
	char number[SYNTAX_NUMBER_SIZE];

	if (explain->obstacles.size == 0)
		explain->error = is_misc(&explain->number) ? ENODEV : ENXIO;
	explain_hinder(
		explain, "no-driver",
		"%s is in the kernel, and has not registered %s; look for its device in dmesg",
		driver, syntax_format_number(&explain->number, number));
}

/* Where no single module or statement is the reason. */
static void hinder_in_general(struct explain *explain)
{
	const struct explained_modules *modules = &explain->modules;
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
		hinder_elsewhere(explain);
	else
		explain_hinder(explain, kind, "no module has the alias %s",
			       (const char *)explain->resolution->aliases.items[0]);
}

static void hinder_by_modules(struct explain *explain)
{
	size_t before = explain->obstacles.size;

	explain->is_hindered = true;
	for (size_t i = 0; i < explain->resolution->steps.size; i++) {
		const struct resolution_step *step = explain->resolution->steps.items[i];

		if (explain_is_obstacle(explain, step))
			hinder_by_step(explain, step);
	}
	if (explain->obstacles.size == before)
		hinder_in_general(explain);
}

static void judge_running_kernel(struct explain *explain)
{
	const struct explained_modules *modules = &explain->modules;
	const char *sysctl = loading_find_sysctl();

	if (modules->value == VERDICT_LOADS && sysctl)
		explain_hinder(explain, "disabled", "%s", sysctl);
	if ((modules->value == VERDICT_LOADED || modules->value == VERDICT_BUILT_IN) &&
	    explain->is_unregistered)
		hinder_unregistered(explain, modules->names);
}

static int judge_modules(struct explain *explain)
{
	struct explained_modules *modules = &explain->modules;
	const struct kmod_devname_node *builtin =
		kmod_devname_table_find_number(explain->builtin, explain->number.type,
					       explain->number.major, explain->number.minor);
	int r = resolve_number(explain);

	if (r < 0)
		return r;
	modules->value = explain->resolution->verdict;
	compare_with_declared(explain);
	/* indexes of old versions of depmod do not have the aliases of built-in modules */
	if (modules->value > VERDICT_BUILT_IN && builtin) {
		modules->value = VERDICT_BUILT_IN;
		modules->missing = NULL;
		append_word(&modules->names, builtin->module);
	}
	if (!modules->names)
		name_modules(explain);
	if (modules->value > VERDICT_BUILT_IN || modules->missing)
		hinder_by_modules(explain);
	if (explain->is_running)
		judge_running_kernel(explain);
	return 0;
}

int explain_judge_kernel(struct explain *explain)
{
	_cleanup_close_ int fd = kernel_open(explain->kernel, NULL, O_PATH | O_DIRECTORY);
	int r = explain->is_running ? find_driver(explain) : 0;

	if (r < 0 || explain->driver)
		return r;
	if (!is_missing(fd))
		return judge_modules(explain);
	/* the modules of the running kernel were removed, or it never had any */
	if (explain->major_driver)
		hinder_unregistered(explain, explain->major_driver);
	else
		explain_hinder(
			explain, "no-modules",
			"there is no directory %s; install the modules of the running kernel",
			explain->kernel->path);
	return 0;
}
