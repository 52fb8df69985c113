// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain: the running kernel, by what /sys and /proc say of its drivers.
 *
 * A device in /sys/dev has a driver. Some drivers register no devices there, such as that of
 * /dev/pts/0: of them /proc/devices has the major number. That alone is not enough where modules
 * share one: 10 and 116 have a driver that asks for the module of each minor number.
 */

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
	*ret_name = xstrdup(strrchr(target, '/') ? strrchr(target, '/') + 1 : target);
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

int explain_find_driver(struct explain *explain)
{
	const struct device_number *number = &explain->number;
	_cleanup_free_ char *path = sysfs_path(number, ""), *major = NULL;
	bool is_shared;
	int r = 0;

	if (access(path, F_OK) == 0) {
		r = name_driver(number, &explain->driver);
		if (r == 0 && !explain->driver)
			explain->driver = xstrdup("unknown");
		return r;
	}
	if (is_misc(number))
		return 0;
	r = find_major_name(number, &major);
	if (r < 0 || !major)
		return r;
	r = has_module_of_major(explain, number, &is_shared);
	if (r < 0 || is_shared)
		return r;
	explain->driver = major;
	major = NULL;
	return 0;
}

/* Without /sys and /proc nothing is certain. */
bool explain_may_be_registered(const struct device_number *number)
{
	_cleanup_free_ char *name = NULL;

	if (is_misc(number))
		return access("/sys/dev/char", F_OK) < 0;
	return find_major_name(number, &name) < 0 || name || access("/proc/devices", F_OK) < 0;
}

static char read_first_byte(const char *path)
{
	FILE *stream;
	int c;

	if (open_path_stream(path, &stream) < 0)
		return '\0';
	c = getc(stream);
	(void)fclose(stream);
	return c == EOF ? '\0' : (char)c;
}

/* See modprobe(8) and proc(5). */
const char *explain_find_sysctl(void)
{
	if (read_first_byte("/proc/sys/kernel/modules_disabled") == '1')
		return "kernel.modules_disabled is 1; reboot, which alone sets it back";
	if (read_first_byte("/proc/sys/kernel/modprobe") == '\n')
		return "kernel.modprobe is empty; run sysctl kernel.modprobe=/sbin/modprobe";
	return NULL;
}
