// SPDX-License-Identifier: GPL-2.0-or-later
/* Is a kernel the one that runs? By the directories, since there are many names for them. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel-running.h"

static bool is_same_directory(int fd, const char *path)
{
	struct stat a, b;

	return fd >= 0 && fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

bool kernel_is_running(const struct kernels *kernels, const struct kernel *kernel)
{
	struct utsname name;
	char path[sizeof("/lib/modules/") + sizeof(name.release)];
	bool same;
	int fd;

	if (uname(&name) < 0 || !is_same_directory(kernels->root_fd, "/"))
		return false;
	(void)snprintf(path, sizeof(path), "/lib/modules/%s", name.release);
	fd = kernel_open(kernels, kernel, NULL, O_PATH | O_DIRECTORY);
	same = is_same_directory(fd, path);
	if (fd >= 0)
		(void)close(fd);
	return same;
}
