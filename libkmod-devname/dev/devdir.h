/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DEVDIR_H
#define DEVDIR_H

#include "libkmod-devname.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/report.h"
#include "node/syntax.h"

/* --- file.c: one node or directory ---------------------------------------------------------- */

struct selabel_handle;

/* The policy of SELinux for the labels of new files; { 0 } before the first one. */
struct labels {
	bool opened;
	int error; /* why it could not be opened, a negative errno */
	struct selabel_handle *handle; /* NULL: no label is set */
};

void labels_done(struct labels *labels);

/* A node as it should be, below a device directory. */
struct dev_node {
	const char *path; /* valid, see syntax_is_device_name() */
	struct device_number number;
	mode_t mode; /* the permission bits */
	uid_t uid;
	gid_t gid;
};

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

/* --- devdir.c: the way to a node ------------------------------------------------------------ */

/*
 * A device directory; { .fd = FD, .where = TEXT } before the first use. The descriptor and the text
 * stay the caller's.
 */
struct devdir {
	int fd;
	const char *where; /* options of create for it, in hints: " --dev DIR"; "": it is /dev */
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

/* What stands in the place of a node. */
enum dev_state {
	DEV_ABSENT,
	DEV_PRESENT, /* the node */
	DEV_WRONG, /* a device node with another type or number */
	DEV_OBSTRUCTED, /* another file, also in the place of one of its directories */
};

/*
 * Gets the status of the first component of rest, as devdir_walk() returns it for a node. Returns
 * an enum dev_state, all but DEV_ABSENT with the status; or a negative errno.
 */
int devdir_look(int dir_fd, const char *rest, const struct device_number *number,
		struct stat *ret_st);

/* True for a device node, and for one with the type and number. */
bool dev_file_is_device(const struct stat *st);
bool dev_file_is_node(const struct stat *st, const struct device_number *number);

/* The type of a file, such as "a socket". */
const char *devdir_describe_kind(const struct stat *st);

/*
 * Adds a finding for a file that has the place of a node or of one of its directories. rest begins
 * with that component of node->path; kind describes the file. Returns 0 or -ENOMEM.
 */
int devdir_report_obstructed(const struct devdir *dev, struct kmod_devname_report *report,
			     const struct dev_node *node, const char *rest, const char *kind);

/* Adds a finding for a device node with another type or number. */
int devdir_report_wrong(const struct devdir *dev, struct kmod_devname_report *report,
			const struct dev_node *node, const struct stat *st);

/*
 * Adds a finding for a path whose directory is mounted nodev, once for each file system. Returns 0
 * or a negative errno.
 */
int devdir_check_nodev(struct devdir *dev, int dir_fd, const char *path,
		       struct kmod_devname_report *report);

/* --- verify.c, create.c --------------------------------------------------------------------- */

/*
 * Reads the access ACL of a file; O_PATH is enough. Returns its size and the extended attribute, to
 * be freed; 0 if there is none, or none that can be seen without /proc; or a negative errno.
 */
ssize_t dev_read_acl(int fd, char **ret_acl);

/*
 * Compares the nodes with a device directory, and changes nothing. Without permissions, and for
 * nodes without an entry in them, mode and owner are not compared. Findings, in the order of the
 * table: absent, wrong-node, obstructed, wrong-mode; nodev, for the first node in each such file
 * system; system, which does not keep other nodes from being examined. Their file is the path below
 * the directory. Returns 0, or the first negative errno of a node, or one that stopped the work.
 */
int table_verify(const struct kmod_devname_table *table, struct kmod_devname_report *report,
		 int dev_fd, const char *where, const struct kmod_devname_permissions *permissions);

/* As kmod_devname_table_make_nodes(), with @where as in struct devdir for the findings. */
int table_make_nodes_where(const struct kmod_devname_table *table,
			   struct kmod_devname_report *report, int dev_fd, const char *where,
			   const struct kmod_devname_permissions *permissions, unsigned int flags,
			   int *outcomes, size_t n_outcomes);

#endif
