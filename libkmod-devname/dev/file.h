/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DEV_FILE_H
#define DEV_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "dev/label.h"
#include "node/syntax.h"

/* A node as it should be, below a device directory. */
struct dev_node {
	const char *path; /* valid, see syntax_is_device_name() */
	struct device_number number;
	mode_t mode; /* the permission bits */
	uid_t uid;
	gid_t gid;
};

/* The type and number of a device node. */
struct device_number dev_file_number(const struct stat *st);

/* True for a device node, and for one with the type and number of the node. */
bool dev_file_is_device(const struct stat *st);
bool dev_file_is_node(const struct stat *st, const struct dev_node *node);

/*
 * Makes a node in its directory, complete before it gets its name: under a free name, or with
 * replace in exchange for a device node. Returns 0 or a negative errno:
 *   -EEXIST: the name is taken, with replace by something else than a device node
 *   -ENOENT, -EAGAIN: another process is changing this directory; look again
 *   -EBUSY: the device node to be replaced is a mount point
 *   -EOPNOTSUPP: the file system cannot exchange names, so nothing is replaced
 *   -ENOSYS: this kernel can neither set a mode nor remove an ACL without /proc
 */
int dev_make_node(int dir_fd, const char *name, const struct dev_node *node, bool replace,
		  struct labels *labels);

/*
 * Makes a directory of mode 0755, complete before it gets its name. The first size bytes of path
 * are for the label. Returns a descriptor, or -EEXIST, -ENOENT, -EAGAIN as above, or another
 * negative errno.
 */
int dev_make_directory(int dir_fd, const char *name, const char *path, size_t size,
		       struct labels *labels);

/* Removes the temporary nodes and directories of runs that were killed in this directory. */
void dev_remove_leftovers(int dir_fd);

#endif
