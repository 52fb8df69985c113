// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Text -> file, atomically: the file is always the old or the new one in full, and after success
 * the new one is on disk.
 *
 * A run begins by locking a temporary file of a fixed name in the same directory. A run that comes
 * later waits, and a run that was killed leaves a file without a lock, which the next one takes
 * over. If the file that is to be replaced has the right content, the temporary is removed.
 * Otherwise it is filled, flushed and renamed, and the directory is flushed. Without the lock,
 * where the file system has none or another run does not end, the temporary has a name of its own.
 */

#include "text/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"

#define FILE_MODE 0644
#define TEMPORARY_PREFIX ".modules.devname"
#define LOCK_INTERVAL_MS 50
#define FIRST_OWN_FD 3 /* behind the standard streams */

/*
 * Where a standard stream is closed, its number must not become that of this file: output of the
 * program would be written into the file. Takes a file descriptor, which may be a negative errno,
 * and returns one.
 */
static int move_above_streams(int low_fd)
{
	int fd;

	if (low_fd < 0 || low_fd >= FIRST_OWN_FD)
		return low_fd;
	fd = fcntl(low_fd, F_DUPFD_CLOEXEC, FIRST_OWN_FD);
	if (fd < 0)
		fd = -errno;
	(void)close(low_fd);
	return fd;
}

static int make_file(int dir_fd, const char *name)
{
	int fd = open_at(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);

	return move_above_streams(fd < 0 ? -errno : fd);
}

/*
 * Returns 0; -EWOULDBLOCK if another run has the lock; -EPERM if another user holds a read lock,
 * which is possible if a run was killed when the file had its final mode; or another errno.
 */
static int lock_file(int fd)
{
	/* a lock of the process would end with the close(2) of any of its descriptors */
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int r;

	do
		r = fcntl(fd, F_OFD_SETLK, &lock);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return 0;
	if (errno != EAGAIN)
		return -errno;
	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_RDLCK ? -EPERM : -EWOULDBLOCK;
}

/* 1; 0 if the file of the descriptor was renamed or removed meanwhile; or a negative errno. */
static int is_file_named(int fd, int dir_fd, const char *name, struct stat *ret_status)
{
	struct stat named;

	if (fstat(fd, ret_status) < 0 || fstatat(dir_fd, name, &named, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	return ret_status->st_dev == named.st_dev && ret_status->st_ino == named.st_ino;
}

/*
 * Opens the file of the fixed name, which may be a leftover, and locks it. Returns a descriptor;
 * -EWOULDBLOCK if another run has the lock; -EPERM if no run can have it; -ESTALE if the name has
 * changed meanwhile, so that the next try may succeed; -EEXIST if the name is not that of a
 * regular file; or another errno.
 */
static int claim_temporary(int dir_fd)
{
	/* opening a device can have effects */
	_cleanup_close_ int fd = move_above_streams(
		root_open_file(dir_fd, REPLACEMENT_NAME, O_RDWR | O_NOFOLLOW | O_NONBLOCK));
	bool is_leftover = fd != -ENOENT;
	struct stat st;
	int r;

	if (fd == -EISDIR || fd == -ENODEV || fd == -ELOOP)
		return -EEXIST;
	if (!is_leftover)
		fd = make_file(dir_fd, REPLACEMENT_NAME);
	if (fd < 0)
		return !is_leftover && fd == -EEXIST ? -ESTALE : fd;
	r = lock_file(fd);
	/* without the lock a leftover stays: its name may be that of another run's file by now */
	if (r < 0) {
		if (!is_leftover && r != -EWOULDBLOCK &&
		    is_file_named(fd, dir_fd, REPLACEMENT_NAME, &st) > 0)
			(void)unlinkat(dir_fd, REPLACEMENT_NAME, 0);
		return r;
	}
	/* the run that had the lock may have renamed or removed the file */
	if (is_file_named(fd, dir_fd, REPLACEMENT_NAME, &st) <= 0)
		return -ESTALE;
	/* its owner could continue to write to it, and other users by another name */
	if (is_leftover && (st.st_uid != geteuid() || st.st_nlink != 1))
		return unlinkat(dir_fd, REPLACEMENT_NAME, 0) < 0 ? -errno : -ESTALE;
	return steal_fd(&fd);
}

int replacement_begin(struct replacement *replacement, int dir_fd, int timeout_ms)
{
	static const struct timespec interval = { .tv_nsec = LOCK_INTERVAL_MS * 1000000L };

	*replacement = (struct replacement){ .dir_fd = dir_fd };
	for (int waited_ms = 0;; waited_ms += LOCK_INTERVAL_MS) {
		int tries = 0;

		do
			replacement->fd = claim_temporary(dir_fd);
		while (replacement->fd == -ESTALE && ++tries < TEMPORARY_TRIES);
		if (replacement->fd != -EWOULDBLOCK && replacement->fd != -ESTALE)
			break;
		if (waited_ms >= timeout_ms)
			break;
		/* F_OFD_SETLKW has no timeout, and a library has no signal handler to end it */
		(void)nanosleep(&interval, NULL);
	}
	if (replacement->fd < 0)
		return replacement->fd;
	memcpy(replacement->temporary, REPLACEMENT_NAME, sizeof(REPLACEMENT_NAME));
	return 0;
}

/*
 * The name may have become that of another run's file, if another program has removed this one.
 * Linux cannot remove a name by its file, so a file that gets the name between the two system calls
 * is removed nevertheless; its run notices that before it is renamed.
 */
static int remove_temporary(struct replacement *replacement)
{
	struct stat st;
	int r;

	if (replacement->temporary[0] == '\0')
		return 0;
	r = is_file_named(replacement->fd, replacement->dir_fd, replacement->temporary, &st);
	if (r > 0 && unlinkat(replacement->dir_fd, replacement->temporary, 0) < 0)
		r = -errno;
	if (r < 0)
		return r;
	replacement->temporary[0] = '\0';
	return 0;
}

void replacement_end(struct replacement *replacement)
{
	(void)remove_temporary(replacement);
	close_fd(&replacement->fd);
	replacement->fd = -EBADF;
}

static bool has_content(int fd, const char *text, size_t size)
{
	_cleanup_free_ char *content = malloc(size + 1);
	struct stat st;

	return content && fstat(fd, &st) == 0 && (st.st_mode & 07777) == FILE_MODE &&
	       st.st_size == (off_t)size && read_at(fd, 0, content, size + 1) == (ssize_t)size &&
	       (size == 0 || memcmp(content, text, size) == 0);
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

/* A temporary file without the lock, so that its name must be of this process alone. */
static int create_temporary(struct replacement *replacement)
{
	for (unsigned int i = 0; i < TEMPORARY_TRIES; i++) {
		temporary_name(replacement->temporary, TEMPORARY_PREFIX, i);
		replacement->fd = make_file(replacement->dir_fd, replacement->temporary);
		if (replacement->fd >= 0)
			return 0;
		replacement->temporary[0] = '\0';
		if (replacement->fd != -EEXIST)
			break;
	}
	return replacement->fd;
}

static int fill_temporary(int fd, const char *text, size_t size)
{
	int r;

	/* a leftover may have any content */
	if (ftruncate(fd, 0) < 0)
		return -errno;
	r = write_all(fd, text, size);
	if (r < 0)
		return r;
	/* not by the mode of open(2), from which the umask takes bits */
	if (fchmod(fd, FILE_MODE) < 0)
		return -errno;
	return flush_to_disk(fd);
}

/* If another program has removed the temporary file, its name may be that of another run's. */
static int fill_named_temporary(struct replacement *replacement, const char *text, size_t size)
{
	int r = fill_temporary(replacement->fd, text, size);
	struct stat st;

	if (r < 0 ||
	    is_file_named(replacement->fd, replacement->dir_fd, replacement->temporary, &st) > 0)
		return r;
	close_fd(&replacement->fd);
	r = create_temporary(replacement);
	return r < 0 ? r : fill_temporary(replacement->fd, text, size);
}

/* Puts the bytes into a file, as replacement_put_table() does. */
static int replacement_put(struct replacement *replacement, const char *name, const void *data,
			   size_t size)
{
	int dir_fd = replacement->dir_fd, r;

	if (*name == '\0' || strchr(name, '/') || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0 || strcmp(name, REPLACEMENT_NAME) == 0)
		return -EINVAL;
	r = is_up_to_date(dir_fd, name, data, size);
	if (r != 0)
		return r < 0 ? r : remove_temporary(replacement);
	if (replacement->fd == -EEXIST)
		return -EEXIST;
	if (replacement->fd < 0) {
		r = create_temporary(replacement);
		if (r < 0)
			return r;
	}
	r = fill_named_temporary(replacement, data, size);
	if (r < 0)
		return r;
	if (renameat(dir_fd, replacement->temporary, dir_fd, name) < 0)
		return -errno;
	replacement->temporary[0] = '\0';
	/* an errno would say that the old file is still there */
	return flush_to_disk(dir_fd) < 0 ? REPLACED_UNSYNCED : 1;
}

int replacement_put_table(struct replacement *replacement, const char *name,
			  const struct kmod_devname_table *table)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	int r;

	if (!stream)
		return -ENOMEM;
	r = kmod_devname_table_write(table, stream);
	/* glibc frees the text silently if it has no memory to shrink it */
	if (fclose(stream) != 0 || r < 0 || !text)
		return -ENOMEM;
	return replacement_put(replacement, name, text, size);
}

int replace_file(int dir_fd, const char *name, const void *data, size_t size)
{
	struct replacement replacement;
	int r;

	(void)replacement_begin(&replacement, dir_fd, 0);
	r = replacement_put(&replacement, name, data, size);
	replacement_end(&replacement);
	return r;
}

int kmod_devname_table_write_file(const struct kmod_devname_table *table, int dir_fd,
				  const char *name)
{
	int flags = fcntl(dir_fd, F_GETFL), r = fd_check_directory(dir_fd);
	struct replacement replacement;

	if (r < 0)
		return r;
	/* fsync(2) of the directory would fail when the file is replaced already */
	if (flags & O_PATH)
		return -EBADF;
	(void)replacement_begin(&replacement, dir_fd, 0);
	r = replacement_put_table(&replacement, name, table);
	replacement_end(&replacement);
	return r;
}
