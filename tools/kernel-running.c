// SPDX-License-Identifier: GPL-2.0-or-later
/* Is a kernel the one that runs? By the directories, since there are many names for them. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel-running.h"

static bool is_missing(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ELOOP || error == -EACCES;
}

/* 1, 0 or a negative errno. */
static int is_same_directory(int fd, const char *path)
{
	struct stat a, b;

	if (fstat(fd, &a) < 0)
		return -errno;
	if (stat(path, &b) < 0)
		return is_missing(-errno) ? 0 : -errno;
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int kernel_is_running(const struct kernels *kernels, const struct kernel *kernel)
{
	struct utsname name;
	char path[sizeof("/lib/modules/") + sizeof(name.release)];
	int fd, r = is_same_directory(kernels->root_fd, "/");

	if (r <= 0)
		return r;
	if (uname(&name) < 0)
		return -errno;
	(void)snprintf(path, sizeof(path), "/lib/modules/%s", name.release);
	fd = kernel_open(kernels, kernel, NULL, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return is_missing(fd) ? 0 : fd;
	r = is_same_directory(fd, path);
	(void)close(fd);
	return r;
}
