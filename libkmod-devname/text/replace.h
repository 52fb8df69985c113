/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REPLACE_H
#define REPLACE_H

#include <stddef.h>

#include "base/io.h"
#include "libkmod-devname.h"

/* The temporary file that is the lock. */
#define REPLACEMENT_NAME ".modules.devname.new"

/* The file was replaced, and fsync(2) of its directory failed. */
#define REPLACED_UNSYNCED 2

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

/*
 * Puts bytes into a file of a directory that is open for reading, as
 * kmod_devname_table_write_file() does with the text of a table; the name has no slash. Returns 1
 * if the file was replaced; REPLACED_UNSYNCED; 0 if it had this content, and was left alone; or a
 * negative errno, after which the old file is there.
 */
int replace_file(int dir_fd, const char *name, const void *data, size_t size);

#endif
