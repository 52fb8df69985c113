// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Table -> file, in one go: the file is the old or the new one, never something between, and
 * after success the new one is on disk.
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
#include "base/temporary.h"
#include "libkmod-devname.h"

#define FILE_MODE 0644
#define TEMPORARY_PREFIX ".modules.devname"
#define LOCK_INTERVAL_MS 50

static bool has_content(int fd, const char *text, size_t size)
{
	_cleanup_free_ char *content = malloc(size + 1);
	struct stat st;

	return content && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_mode & 07777) == FILE_MODE && st.st_size == (off_t)size &&
	       read_at(fd, 0, content, size + 1) == (ssize_t)size &&
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

/* 1: the file has this content, and now on disk; 0: it has not; or a negative errno. */
static int is_up_to_date(int dir_fd, const char *name, const char *text, size_t size)
{
	_cleanup_close_ int fd =
		open_at(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	int r;

	if (fd < 0 || !has_content(fd, text, size))
		return 0;
	/* depmod, which may have written it, flushes nothing */
	r = flush_to_disk(fd);
	if (r == 0)
		r = flush_to_disk(dir_fd);
	return r < 0 ? r : 1;
}

static int fill_temporary(int fd, const char *text, size_t size)
{
	int r = write_all(fd, text, size);

	if (r == 0 && fchmod(fd, FILE_MODE) < 0)
		r = -errno;
	return r == 0 ? flush_to_disk(fd) : r;
}

static int rename_temporary(int dir_fd, const char *temporary, const char *name)
{
	int r = 0;

	if (renameat(dir_fd, temporary, dir_fd, name) < 0) {
		r = -errno;
		(void)unlinkat(dir_fd, temporary, 0);
	}
	return r;
}

/*
 * The lock, for as long as the file is open, says that it is no leftover. Returns whether it said
 * so in time: who has the lock of the directory may have found the file before, and removes it.
 */
static bool claim_temporary(int fd)
{
	struct stat st;

	/* file systems without locks say something else, and have nothing removed */
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return false;
	return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

static int create_temporary(int dir_fd, char name[static TEMPORARY_SIZE])
{
	int fd, error = EEXIST;

	for (unsigned int i = 0; i < TEMPORARY_TRIES && error == EEXIST; i++) {
		temporary_name(name, TEMPORARY_PREFIX, i);
		fd = open_at(dir_fd, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC,
			     0600);
		if (fd >= 0 && claim_temporary(fd))
			return fd;
		if (fd >= 0)
			close(fd);
		else
			error = errno;
	}
	return -error;
}

static int publish(int dir_fd, const char *name, const char *text, size_t size)
{
	char temporary[TEMPORARY_SIZE];
	_cleanup_close_ int fd = create_temporary(dir_fd, temporary);
	int r;

	if (fd < 0)
		return fd;
	r = fill_temporary(fd, text, size);
	if (r < 0) {
		(void)unlinkat(dir_fd, temporary, 0);
		return r;
	}
	return rename_temporary(dir_fd, temporary, name);
}

/* Nobody is writing it any more. */
static bool is_leftover(int dir_fd, const char *name, pid_t pid)
{
	_cleanup_close_ int fd =
		open_at(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);

	(void)pid;
	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
}

int kmod_devname_replace(int dir_fd, const char *name, const void *data, size_t size)
{
	int r;

	if (*name == '\0' || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -EINVAL;
	if (kmod_devname_lock(dir_fd, 0) == 0)
		temporary_remove(dir_fd, TEMPORARY_PREFIX, is_leftover);
	r = is_up_to_date(dir_fd, name, data, size);
	if (r != 0)
		return r < 0 ? r : 0;
	r = publish(dir_fd, name, data, size);
	if (r < 0)
		return r;
	return flush_to_disk(dir_fd) < 0 ? -EIO : 1;
}

int kmod_devname_table_replace(const struct kmod_devname_table *table, int dir_fd, const char *name)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	int r;

	if (!stream)
		return -ENOMEM;
	r = kmod_devname_table_write(table, stream);
	/* glibc takes the text away if it has no memory to make it smaller, and says nothing */
	if (fclose(stream) != 0 || r < 0 || !text)
		r = -ENOMEM;
	if (r == 0)
		r = kmod_devname_replace(dir_fd, name, text, size);
	free(text);
	return r;
}

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
	while (flock(dir_fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (elapsed_ms(&start) >= timeout_ms)
			return -EWOULDBLOCK;
		(void)nanosleep(&interval, NULL);
	}
	return 0;
}
