/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IO_H
#define IO_H

#include "libkmod-devname.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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
 * True if a negative errno of opening a file means that its path leads to none: the name does not
 * exist, a link leads nowhere or in circles, or the name is longer than that of any file.
 */
static inline bool is_missing(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ELOOP || error == -ENAMETOOLONG;
}

/* True if a negative errno is about the process, and not about the file. */
static inline bool is_fatal(int error)
{
	return error == -ENOMEM || error == -EMFILE || error == -ENFILE || error == -EBADF;
}

/* asprintf(3). Returns the text, to be freed; NULL: no memory. */
char *format_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Room for "/proc/self/fd/" and a descriptor. */
#define FD_PATH_SIZE 32

/*
 * The path that /proc has for a descriptor, for calls that take neither a descriptor nor one of
 * O_PATH. False if no proc file system is mounted there.
 */
bool fd_get_path(int fd, char path[static FD_PATH_SIZE]);

/*
 * Makes a stream that reads from a descriptor, and closes the descriptor if it cannot. Returns 0
 * or a negative errno; a descriptor that is a negative errno is returned.
 */
int stream_from_fd(int fd, FILE **ret_stream);

/* pread(2) until size bytes or the end of the file. Returns how many, or a negative errno. */
ssize_t read_at(int fd, uint64_t offset, void *buffer, size_t size);

/* Writes the whole text. Returns 0 or a negative errno. */
int write_all(int fd, const char *text, size_t size);

/*
 * The directories that were visited, by device and inode: links and bind mounts show one directory
 * under several paths. *visited is NULL at first, and visited_done() releases it. Returns 1 if the
 * directory is new, 0 if it was visited before, or -ENOMEM.
 */
int visited_add(void **visited, const struct stat *st);
void visited_done(void *visited);

/*
 * The name PREFIX.PID.NUMBER of a file or node until it is complete. If the name exists already,
 * the caller tries the next number.
 */
#define TEMPORARY_SIZE 64 /* room for the name with any prefix that is used here */
#define TEMPORARY_TRIES 16

void temporary_name(char name[static TEMPORARY_SIZE], const char *prefix, unsigned int number);

/* 0; -EBADF, also for AT_FDCWD; or -ENOTDIR. O_PATH is enough. */
int fd_check_directory(int fd);

/* --- inside a root directory --------------------------------------------------------------- */

/* open_in_root() where openat2(2) is not available. */
int root_open_by_hand(int root_fd, const char *path, int flags);

/*
 * Opens a path of any length. Beyond the first PATH_MAX bytes it must be free of "..", and links
 * there are resolved below the directory where the path was cut.
 */
int root_open_long(int root_fd, const char *path, int flags);

/*
 * Reads a regular file whole. Returns its size and the text, to be freed; 0 if it is empty or the
 * path leads to none; -EFBIG if it has more than max bytes; or another negative errno.
 */
ssize_t root_read_file(int root_fd, const char *path, size_t max, char **ret_text);

/* Opens DIRECTORY/PATH below the root, of any length. */
int root_open_below(int root_fd, const char *directory, const char *path, int flags);

/*
 * Opens a regular file, a path of any length; the flags are of O_RDONLY or O_RDWR, O_NOFOLLOW and,
 * for a file whose lease is not waited for, O_NONBLOCK. Other files are
 * examined without opening them: opening a device can start a watchdog, wind a tape or load a
 * module, and opening a FIFO wakes its writer. Returns a descriptor; -EISDIR; -ENODEV for other
 * irregular files, -ELOOP for a link with O_NOFOLLOW; or another negative errno.
 */
int root_open_file(int root_fd, const char *path, int flags);

/* Opens a regular file for reading. Returns 1; 0 if the path leads to none; or a negative errno. */
int root_open_stream(int root_fd, const char *path, FILE **ret_stream);

/*
 * open(2) of a path below a root directory; O_PATH is enough for that. Links and ".." do not lead
 * out of it, as after chroot(2), and "magic" links of /proc are not followed. The flags are without
 * O_CREAT and O_TMPFILE, and O_CLOEXEC is implied. Returns a descriptor or a negative errno;
 * -EAGAIN: directories were renamed again and again meanwhile.
 */
int open_in_root(int root_fd, const char *path, int flags);

#endif
