// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For LD_PRELOAD into modprobe(8): a kernel that takes modules by their names, and a system(3) that
 * runs nothing and fails. What happens is written to the file that FAKE_KERNEL_LOG names, a line
 * each: "insmod MODULE" or "command TEXT". A module is refused if one that FAKE_KERNEL_NEEDS, lines
 * of "MODULE: MODULE...", has for it is not there; otherwise /sys/module says that it is live.
 */

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void write_log(const char *word, const char *text)
{
	FILE *stream = fopen(getenv("FAKE_KERNEL_LOG"), "ae");

	if (!stream)
		abort();
	(void)fprintf(stream, "%s %s\n", word, text);
	(void)fclose(stream);
}

/* The name of the module whose file is open: without directories and what follows a dot. */
static void find_name(int fd, char *name, size_t size)
{
	char link[64], path[4096];
	const char *slash;
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		abort();
	path[n] = '\0';
	slash = strrchr(path, '/');
	(void)snprintf(name, size, "%.*s", (int)size - 1, slash ? slash + 1 : path);
	name[strcspn(name, ".")] = '\0';
	for (char *p = name; *p != '\0'; p++)
		if (*p == '-')
			*p = '_';
}

static bool is_live(const char *module)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "/sys/module/%s/initstate", module);
	return access(path, F_OK) == 0;
}

static bool has_all_it_needs(const char *module)
{
	FILE *stream = fopen(getenv("FAKE_KERNEL_NEEDS"), "re");
	char line[4096], *rest, *word;
	bool good = true;

	if (!stream)
		abort();
	while (fgets(line, sizeof(line), stream)) {
		word = strtok_r(line, ": \n", &rest);
		if (!word || strcmp(word, module) != 0)
			continue;
		while (good && (word = strtok_r(NULL, " \n", &rest)))
			good = is_live(word);
	}
	(void)fclose(stream);
	return good;
}

static long load(int fd)
{
	char name[256], path[512];
	FILE *stream;

	find_name(fd, name, sizeof(name));
	errno = is_live(name) ? EEXIST : ENOENT;
	if (is_live(name) || !has_all_it_needs(name))
		return -1;
	(void)snprintf(path, sizeof(path), "/sys/module/%s", name);
	(void)mkdir(path, 0755);
	(void)snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
	stream = fopen(path, "we");
	if (!stream)
		abort();
	(void)fputs("live\n", stream);
	(void)fclose(stream);
	write_log("insmod", name);
	return 0;
}

#define EXPORT __attribute__((visibility("default")))

/* No header has these. */
EXPORT int finit_module(int fd, const char *options, int flags);
EXPORT int init_module(void *image, unsigned long size, const char *options);

EXPORT long syscall(long number, ...)
{
	long (*real)(long number, ...) = (long (*)(long number, ...))dlsym(RTLD_NEXT, "syscall");
	long arguments[6];
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < 6; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_finit_module)
		return load((int)arguments[0]);
	return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
		    arguments[5]);
}

EXPORT int finit_module(int fd, const char *options, int flags)
{
	(void)options, (void)flags;
	return (int)load(fd);
}

/* Who changes the kernel by another way is not faked. */
EXPORT int init_module(void *image, unsigned long size, const char *options)
{
	(void)image, (void)size, (void)options;
	abort();
}

EXPORT int system(const char *command)
{
	write_log("command", command);
	return 1 << 8;
}
