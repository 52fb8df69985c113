/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REPLACE_H
#define REPLACE_H

#include <stddef.h>

#include "base/io.h"
#include "libkmod-devname.h"

/* The temporary file that is the lock. */
#define REPLACEMENT_NAME ".modules.devname.new"

/*
 * A file that a run is going to replace. The temporary file that will take its place is the lock,
 * too, so that no other file stays in the directory, and who may only read there cannot hold it.
 */
struct replacement {
	int dir_fd; /* the caller's; open for reading */
	int fd; /* of the temporary file; or a negative errno, and then the lock is not held */
	char temporary[TEMPORARY_SIZE]; /* its name; "" if it has none any more */
};

/*
 * Takes the lock: waits until no other run has it, but not longer than the timeout. Returns 0; or
 * a negative errno, -EWOULDBLOCK after the timeout, and a run may go on without it. End it with
 * replacement_end(), whatever was returned.
 */
int replacement_begin(struct replacement *replacement, int dir_fd, int timeout_ms);

/*
 * Puts the text of modules.devname into a file of the directory, or leaves the file if it has it.
 * May be called once. Returns what replace_file() does.
 */
int replacement_put_table(struct replacement *replacement, const char *name,
			  const struct kmod_devname_table *table);

/* Removes the temporary file if it has not become the file, and releases the lock. */
void replacement_end(struct replacement *replacement);

/**
 * replace_file() - put bytes into a file, or leave it
 * @dir_fd: the directory, open for reading (not O_PATH)
 * @name: the file's name in it, without a slash
 * @data: the whole content
 * @size: its length in bytes
 *
 * The file is always either the old or the new one in full, whatever fails and whenever the
 * process or the system stops; after success the new one is on disk (fsync of file and
 * directory). A regular file of mode 0644 that has this very content is left alone, inode and
 * times included. Otherwise a new file of mode 0644, whatever the umask, takes its place; a
 * symbolic link is replaced and not followed.
 *
 * The new file has the SELinux label that the policy gives to what this process makes in that
 * directory. A rule of the policy for the path or for @name does not apply, since the file is made
 * under another name, and where @dir_fd is in the system that will use it is not known
 * here. restorecon(8) sets the label by the path.
 *
 * Until it is complete the new file is named ".modules.devname.new", and locked. One without a
 * lock, which a killed run left, is used again. If another run has the lock, or the file system
 * has no locks, the name is ".modules.devname.PID.NUMBER". Nothing stays on @dir_fd.
 *
 * Return: 1 if the file was replaced, 0 if it was left alone, or a negative errno; then the
 * old file is as it was and no other file is left:
 *   -EINVAL: @name is empty, ".", ".." or ".modules.devname.new", or has a slash
 *   -EISDIR: @name is a directory
 *   -EEXIST: ".modules.devname.new" is not a regular file
 *   -ENOSPC, -EDQUOT, -EIO, -EROFS, -EACCES, -EPERM, -ENOENT (@dir_fd was removed) and others of
 *   openat(2), write(2), fsync(2) and renameat(2)
 * One failure comes after the file was replaced: -EIO from the fsync of the directory. Then
 * the new content is complete and visible, and may be the old one again after a power loss.
 */
int replace_file(int dir_fd, const char *name, const void *data, size_t size);

#endif
