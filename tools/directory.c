// SPDX-License-Identifier: GPL-2.0-or-later
/* What a directory that the user names holds, by what else is in it. */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory.h"
#include "open-path.h"
#include "kernels.h"

static bool is_missing(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ELOOP;
}

/* 1, 0 or a negative errno. */
static int has_directory(int root_fd, const char *path)
{
	int fd = kmod_devname_open_in_root(root_fd, path, O_PATH | O_DIRECTORY);

	if (fd < 0)
		return is_missing(fd) ? 0 : fd;
	(void)close(fd);
	return 1;
}

int directory_is_root(const char *path)
{
	int fd = open_path(path, O_PATH | O_DIRECTORY), r;

	if (fd < 0)
		return -errno;
	r = has_directory(fd, "lib/modules");
	if (r == 0)
		r = has_directory(fd, "usr/lib/modules");
	(void)close(fd);
	return r;
}

/* 1, 0 or a negative errno. */
static int has(int fd, const char *name)
{
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return is_missing(-errno) ? 0 : -errno;
}

static int has_mark(int fd)
{
	/* what kernel packages, depmod and this program put there */
	static const char *const marks[] = { "kernel", "modules.order", "modules.builtin",
					     "modules.dep", FILE_NAME };
	/* where modules are built kbuild leaves a modules.order too, but this nowhere else */
	int r = has(fd, "Module.symvers");

	if (r != 0)
		return r < 0 ? r : 0;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]) && r == 0; i++)
		r = has(fd, marks[i]);
	return r;
}

int directory_is_plain(const char *path)
{
	int fd = open_path(path, O_PATH | O_DIRECTORY), r;

	if (fd < 0)
		return -errno;
	r = has_mark(fd);
	(void)close(fd);
	return r < 0 ? r : !r;
}
