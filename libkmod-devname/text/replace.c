// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Text -> file, atomically: the file is always the old or the new one in full, and after success
 * the new one is on disk. kmod_devname_replace() leaves a file with the right content alone.
 * Otherwise it writes a temporary file in the same directory, flushes and renames it, and flushes
 * the directory. A run keeps a lock on its temporary file. One without a lock is the leftover of a
 * killed run, and removed by the next run that gets the lock of the directory.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/root.h"
#include "base/temporary.h"
#include "libkmod-devname.h"

#define FILE_MODE 0644
#define TEMPORARY_PREFIX ".modules.devname"
#define LOCK_INTERVAL_MS 50

static long elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

int kmod_devname_lock(int dir_fd, int timeout_ms)
{
	static const struct timespec interval = { .tv_nsec = LOCK_INTERVAL_MS * 1000000L };
	struct timespec start;

	if (timeout_ms < 0)
		return -EINVAL;
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	/* flock(2) has no timeout, and a library has no signal handler to end it */
	while (flock(dir_fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (elapsed_ms(&start) >= timeout_ms)
			return -EWOULDBLOCK;
		(void)nanosleep(&interval, NULL);
	}
	return 0;
}

/* Removes a temporary file of which no run holds the lock. */
static void remove_leftover_file(int dir_fd, const char *name, pid_t pid)
{
	_cleanup_close_ int fd = root_open_file(dir_fd, name, O_NOFOLLOW);
	struct stat locked, named;

	(void)pid; /* it may be of another PID namespace */
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return;
	/*
	 * The run may have renamed the file before it gave up the lock, and use the name again. If
	 * the name still leads to this file, it does so until the lock is given up here.
	 */
	if (fstat(fd, &locked) == 0 && fstatat(dir_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    locked.st_ino == named.st_ino)
		(void)unlinkat(dir_fd, name, 0);
}

static bool has_content(int fd, const char *text, size_t size)
{
	_cleanup_free_ char *content = malloc(size + 1);
	struct stat st;

	return content && fstat(fd, &st) == 0 && (st.st_mode & 07777) == FILE_MODE &&
	       st.st_size == (off_t)size && read_at(fd, 0, content, size + 1) == (ssize_t)size &&
	       memcmp(content, text, size) == 0;
}

/* Some file systems, read-only ones among them, have nothing to flush and say EINVAL or EROFS. */
static int flush_to_disk(int fd)
{
	int r;

	do
		r = fsync(fd);
	while (r < 0 && errno == EINTR);
	return r == 0 || errno == EINVAL || errno == EROFS ? 0 : -errno;
}

/* Returns 1 if the file has this content, which is on disk then; 0 if not; or a negative errno. */
static int is_up_to_date(int dir_fd, const char *name, const char *text, size_t size)
{
	_cleanup_close_ int fd = root_open_file(dir_fd, name, O_NOFOLLOW);
	int r;

	if (fd < 0 || !has_content(fd, text, size))
		return 0;
	/* depmod, which may have written it, flushes nothing */
	r = flush_to_disk(fd);
	if (r < 0)
		return r;
	r = flush_to_disk(dir_fd);
	return r < 0 ? r : 1;
}

/*
 * Takes the lock by which other runs know that the file is no leftover. Fails if another run has
 * found the file before it was locked: that run removes it, or has done so.
 */
static bool claim_temporary(int fd)
{
	struct stat st;

	/* another errno: the file system has no locks, so that no run finds leftovers there */
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return false;
	/* without its status, renaming tells whether the file is still there */
	return fstat(fd, &st) < 0 || st.st_nlink > 0;
}

static int create_temporary(int dir_fd, char name[static TEMPORARY_SIZE])
{
	for (unsigned int i = 0; i < TEMPORARY_TRIES; i++) {
		int fd;

		temporary_name(name, TEMPORARY_PREFIX, i);
		fd = open_at(dir_fd, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC,
			     0600);
		if (fd < 0 && errno != EEXIST)
			return -errno;
		if (fd >= 0 && claim_temporary(fd))
			return fd;
		close_fd(&fd);
	}
	return -EEXIST;
}

static int fill_temporary(int fd, const char *text, size_t size)
{
	int r = write_all(fd, text, size);

	if (r < 0)
		return r;
	/* not by the mode of open(2), from which the umask takes bits */
	if (fchmod(fd, FILE_MODE) < 0)
		return -errno;
	return flush_to_disk(fd);
}

static int replace_file(int dir_fd, const char *name, const char *text, size_t size)
{
	char temporary[TEMPORARY_SIZE];
	_cleanup_close_ int fd = create_temporary(dir_fd, temporary);
	int r;

	if (fd < 0)
		return fd;
	r = fill_temporary(fd, text, size);
	if (r == 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir_fd, temporary, 0);
	return r;
}

int kmod_devname_replace(int dir_fd, const char *name, const void *data, size_t size)
{
	int r;

	if (*name == '\0' || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -EINVAL;
	if (kmod_devname_lock(dir_fd, 0) == 0)
		temporary_remove(dir_fd, TEMPORARY_PREFIX, remove_leftover_file);
	r = is_up_to_date(dir_fd, name, data, size);
	if (r != 0)
		return r < 0 ? r : 0;
	r = replace_file(dir_fd, name, data, size);
	if (r < 0)
		return r;
	/* any errno would say that the old file is still there */
	return flush_to_disk(dir_fd) < 0 ? -EIO : 1;
}

int kmod_devname_table_replace(const struct kmod_devname_table *table, int dir_fd, const char *name)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	int r;

	if (!stream)
		return -ENOMEM;
	r = kmod_devname_table_write(table, stream);
	/* glibc takes the text away if it has no memory to make it smaller, and says nothing */
	if (fclose(stream) != 0 || r < 0 || !text)
		return -ENOMEM;
	return kmod_devname_replace(dir_fd, name, text, size);
}
