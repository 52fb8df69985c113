/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DEVDIR_H
#define DEVDIR_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/report.h"
#include "dev/file.h"

/* A device directory; { .fd = FD } before the first use. The descriptor stays the caller's. */
struct devdir {
	int fd;
	struct labels labels;
	void *tidied; /* directories without leftovers, see visited_add() */
	void *nodev; /* file systems that have a finding */
};

void devdir_done(struct devdir *dev);

/*
 * Walks from a device directory towards a path, and makes missing directories if make is true. No
 * symbolic link is followed. *ret_rest is the rest of the path: the last component, with *ret_fd
 * as its directory; or more, if its first component is missing (without make) or is no directory.
 * With make, what runs that were killed have left in each directory is removed. Returns 0 or a
 * negative errno; with make, -ENOENT and -EAGAIN: another process is changing directories.
 */
int devdir_walk(struct devdir *dev, const char *path, bool make, int *ret_fd,
		const char **ret_rest);

/*
 * True if a negative errno of one node will be that of all others: memory or descriptors are used
 * up, or the device directory cannot be entered or was removed. Below it directories may belong to
 * other users, whose mounts and attributes must not stop a run.
 */
bool devdir_is_fatal(int dev_fd, int error);

/* Gets the status of the first component of rest. Returns 0 or a negative errno. */
int devdir_look(int dir_fd, const char *rest, struct stat *ret_st);

/* What a file is, such as "a socket". */
const char *devdir_describe_kind(const struct stat *st);

/*
 * Adds a finding for a file that has the place of a node or of one of its directories. rest begins
 * with that component of node->path; kind describes the file. Returns 0 or -ENOMEM.
 */
int devdir_report_obstructed(struct kmod_devname_report *report, const struct dev_node *node,
			     const char *rest, const char *kind);

/* Adds a finding for a device node with another type or number. */
int devdir_report_wrong(struct kmod_devname_report *report, const struct dev_node *node,
			const struct stat *st);

/*
 * Adds a finding for a path whose directory is mounted nodev, once for each file system. Returns 0
 * or a negative errno.
 */
int devdir_check_nodev(struct devdir *dev, int dir_fd, const char *path,
		       struct kmod_devname_report *report);

#endif
