// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reads and writes that survive a signal or a short count, what a descriptor is open at, and the
 * directories that were visited.
 */

#include <linux/magic.h>
#include <search.h>
#include <stdlib.h>
#include <sys/vfs.h>

#include "base/io.h"

bool fd_get_path(int fd, char path[static FD_PATH_SIZE])
{
	struct statfs fs;

	/* in another file system the name could be a link to anywhere */
	if (statfs("/proc/self/fd", &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return false;
	(void)snprintf(path, FD_PATH_SIZE, "/proc/self/fd/%d", fd);
	return true;
}

int check_regular_file(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return 0;
	case S_IFDIR:
		return -EISDIR;
	case S_IFLNK:
		return -ELOOP;
	default:
		return -ENODEV;
	}
}

int stream_from_fd(int fd, FILE **ret_stream)
{
	FILE *stream;

	if (fd < 0)
		return fd;
	stream = fdopen(fd, "re");
	if (!stream) {
		(void)close(fd);
		return -ENOMEM;
	}
	*ret_stream = stream;
	return 0;
}

ssize_t read_at(int fd, uint64_t offset, void *buffer, size_t size)
{
	size_t done = 0;
	ssize_t n;

	/* No file reaches there, and off_t has no such offset. */
	if (offset > INT64_MAX - size)
		return 0;
	while (done < size) {
		n = pread(fd, (char *)buffer + done, size - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, text, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		size -= (size_t)n;
	}
	return 0;
}

struct visited_directory {
	dev_t device;
	ino_t inode;
};

static int compare_visited(const void *a, const void *b)
{
	const struct visited_directory *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return (x->inode > y->inode) - (x->inode < y->inode);
}

int visited_add(void **visited, const struct stat *st)
{
	struct visited_directory *directory = malloc(sizeof(*directory));
	struct visited_directory **found;

	if (!directory)
		return -ENOMEM;
	*directory = (struct visited_directory){ st->st_dev, st->st_ino };
	found = tsearch(directory, visited, compare_visited);
	if (found && *found == directory)
		return 1;
	free(directory);
	return found ? 0 : -ENOMEM;
}

void visited_done(void *visited)
{
	tdestroy(visited, free);
}
