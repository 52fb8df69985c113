/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DEVDIR_H
#define DEVDIR_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/report.h"
#include "dev/label.h"
#include "node/syntax.h"

/* A node as it should be, below a device directory. */
struct devdir_node {
	const char *path; /* valid, see syntax_is_device_name() */
	struct device_number number;
	mode_t mode; /* the permission bits */
	uid_t uid;
	gid_t gid;
};

/*
 * Walks from a device directory towards a path, and makes missing directories if make is true. No
 * symbolic link is followed. *ret_rest is the rest of the path: the last component, with *ret_fd
 * as its directory; or more, if its first component is missing (without make) or is no directory.
 * Returns 0 or a negative errno; with make, -ENOENT: another process is removing directories.
 */
int devdir_walk(int dev_fd, const char *path, bool make, struct labels *labels, int *ret_fd,
		const char **ret_rest);

/*
 * True if a negative errno of one node will be that of all others: memory or descriptors are used
 * up, or the device directory cannot be entered or was removed. Below it directories may belong to
 * other users, whose mounts and attributes must not stop a run.
 */
bool devdir_is_fatal(int dev_fd, int error);

/* Gets the status of the first component of rest. Returns 0 or a negative errno. */
int devdir_look(int dir_fd, const char *rest, struct stat *ret_st);

/* Is it a device node; and one with the type and number of the node? */
bool devdir_is_device(const struct stat *st);
bool devdir_is_node(const struct stat *st, const struct devdir_node *node);

/*
 * Makes a node in its directory, complete before it gets its name: under a free name, or with
 * replace in exchange for a device node. Returns 0 or a negative errno:
 *   -EEXIST: the name is taken, with replace by something else than a device node
 *   -ENOENT, -EAGAIN: another process is changing this directory; look again
 *   -EBUSY: the device node to be replaced is a mount point
 *   -EOPNOTSUPP: the file system cannot exchange names, so nothing is replaced
 *   -ENOSYS: this kernel cannot set a mode without /proc
 */
int devdir_make(int dir_fd, const char *name, const struct devdir_node *node, bool replace,
		struct labels *labels);

/* Removes the temporary nodes of runs that were killed in this directory. */
void devdir_tidy(int dir_fd);

/*
 * Adds a finding for a file that has the place of a node or of one of its directories. rest begins
 * with that component of node->path. kind describes the file, such as "a socket", if the node was
 * to be made; it is NULL if the node is only verified. Returns 0 or -ENOMEM.
 */
int devdir_report_obstructed(struct kmod_devname_report *report, const struct devdir_node *node,
			     const char *rest, const char *kind);

/* Adds a finding for a device node with another type or number; the hint ends the message. */
int devdir_report_wrong(struct kmod_devname_report *report, const struct devdir_node *node,
			const struct stat *st, const char *hint);

/*
 * Adds a finding for a path whose directory is in a file system that is mounted nodev, once for
 * each file system. *file_systems, NULL at first, is released by visited_done(). Returns 0 or a
 * negative errno.
 */
int devdir_check_nodev(int dir_fd, const char *path, struct kmod_devname_report *report,
		       void **file_systems);

#endif
