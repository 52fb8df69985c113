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
 * Goes from a device directory towards a path, and makes the directories that are missing if
 * make is true. *ret_rest is what is left of the path then: its last component, and *ret_fd the
 * directory it belongs into; or more, because its first component is missing (without make) or
 * is no directory. No symbolic link is followed. Returns 0 or a negative errno; -ENOENT, if make
 * is true: somebody is removing directories.
 */
int devdir_walk(int dev_fd, const char *path, bool make, struct labels *labels, int *ret_fd,
		const char **ret_rest);

/* What there is by the name of the first component of rest. 0 or a negative errno. */
int devdir_look(int dir_fd, const char *rest, struct stat *ret_st);

/* Is it a device node, and if so, with the type and the numbers that the node is to have? */
bool devdir_is_device(const struct stat *st);
bool devdir_is_node(const struct stat *st, const struct devdir_node *node);

/*
 * Adds a finding for what stands where a node or one of its directories should be. rest begins with
 * the component of node->path that it has. kind says what it is, such as "a socket", if the
 * node was to be made; NULL if the node is only verified.
 */
int devdir_report_obstructed(struct kmod_devname_report *report, const struct devdir_node *node,
			     const char *rest, const char *kind);

/* Adds a finding for a device node with another type or number; the hint ends the message. */
int devdir_report_wrong(struct kmod_devname_report *report, const struct devdir_node *node,
			const struct stat *st, const char *hint);

/*
 * Adds a finding for a path whose directory is in a file system that is mounted nodev, once for
 * each file system: *file_systems, NULL at first, is released by visited_done(). Returns 0 or a
 * negative errno.
 */
int devdir_check_nodev(int dir_fd, const char *path, struct kmod_devname_report *report,
		       void **file_systems);

/*
 * Makes a node in its directory, complete before it gets its name: if there is none of this name,
 * or in place of a device node with another number. Returns 0 or a negative errno:
 *   -EEXIST: there is one, or it is no device node; nothing has been touched
 *   -ENOENT, -EAGAIN: somebody else is at work here; look again
 *   -EBUSY: what is to be replaced is a mount point
 *   -EOPNOTSUPP: this file system cannot exchange names, and so nothing is replaced
 *   -ENOSYS: this kernel cannot set a mode without /proc
 */
int devdir_make(int dir_fd, const char *name, const struct devdir_node *node, bool replace,
		struct labels *labels);

/* Removes the nodes without their names that killed runs left in a directory. */
void devdir_tidy(int dir_fd);

#endif
