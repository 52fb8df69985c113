/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IO_H
#define IO_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/*
 * openat(2) that a signal does not end: the program may have handlers, and some file systems
 * wait for a server. The mode is for O_CREAT.
 */
static inline int open_at(int dir_fd, const char *name, int flags, mode_t mode)
{
	int fd;

	do
		fd = openat(dir_fd, name, flags | O_CLOEXEC, mode);
	while (fd < 0 && errno == EINTR);
	return fd;
}

/*
 * Does a negative errno of opening a file mean that its name leads to none? There is nothing of
 * that name, a link leads nowhere or in circles, or the name is longer than that of any file.
 */
static inline bool is_missing(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ELOOP || error == -ENAMETOOLONG;
}

/* pread(2) until size bytes or the end of the file. Returns how many, or a negative errno. */
ssize_t read_at(int fd, uint64_t offset, void *buffer, size_t size);

/* Writes all of it. Returns 0 or a negative errno. */
int write_all(int fd, const char *text, size_t size);

/*
 * The directories that were visited, by device and inode: links and bind mounts show one under
 * several paths. *visited, NULL at first, is released by visited_done(). Returns 1 if the directory
 * is new, 0 if it is there already, or -ENOMEM.
 */
int visited_add(void **visited, const struct stat *st);
void visited_done(void *visited);

#endif
