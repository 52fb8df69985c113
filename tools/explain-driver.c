// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain: the running kernel, by what /sys and /proc say of its drivers.
 *
 * A device in /sys/dev has a driver. Of others /proc/devices names the driver of the major number,
 * which may have one device or all: those of pts are in /sys nowhere, those of input all are.
 */

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/lines.h"
#include "explain.h"
#include "node/syntax.h"
#include "text/depmod-index.h"

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
	int status, r = kernel_open_stream(&explain->kernels, explain->kernel, INDEX_NAME, &stream);

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

int explain_find_driver(struct explain *explain)
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
