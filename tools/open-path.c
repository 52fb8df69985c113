// SPDX-License-Identifier: GPL-2.0-or-later
/* Files that a command line names. */

#include "open-path.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int open_path_at(int dir_fd, const char *path, int flags)
{
	int fd;

	do
		fd = openat(dir_fd, path, flags | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	return fd;
}

int open_path(const char *path, int flags)
{
	return open_path_at(AT_FDCWD, path, flags);
}

FILE *open_path_stream(const char *path)
{
	int fd = open_path(path, O_RDONLY);
	FILE *stream = fd < 0 ? NULL : fdopen(fd, "re");
	int error = errno;

	if (fd >= 0 && !stream)
		(void)close(fd);
	errno = error;
	return stream;
}
