// SPDX-License-Identifier: LGPL-2.1-or-later
/* Table -> nodes below a device directory. What is there already is judged, and never adjusted. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/report.h"
#include "dev/devdir.h"
#include "node/node.h"
#include "node/permissions.h"
#include "node/table.h"

#define ATTEMPTS_MAX 64

struct create {
	int dev_fd;
	struct kmod_devname_report *report;
	bool replace;
	bool dry_run;
	struct labels labels;
	void *directories; /* those that were visited, for visited_add(); and their file systems */
	void *file_systems;
};

static struct devdir_node describe(const struct kmod_devname_node *node,
				   const struct kmod_devname_permissions *permissions)
{
	struct devdir_node wanted = {
		.path = node->name,
		.number = node->number,
		.mode = PERMISSIONS_PLAIN_MODE,
	};
	const struct kmod_devname_permission *permission;

	if (permissions) {
		permission = kmod_devname_permissions_get(permissions, node->name);
		wanted.mode = kmod_devname_permission_get_mode(permission);
		wanted.uid = kmod_devname_permission_get_uid(permission);
		wanted.gid = kmod_devname_permission_get_gid(permission);
	}
	return wanted;
}

/* Does once what is to be done once for a directory. */
static int visit(struct create *create, int dir_fd, const struct devdir_node *node)
{
	struct stat st;
	int r;

	if (fstat(dir_fd, &st) < 0)
		return -errno;
	r = visited_add(&create->directories, &st);
	if (r <= 0)
		return r;
	if (!create->dry_run)
		devdir_tidy(dir_fd);
	return devdir_check_nodev(dir_fd, node->path, create->report, &create->file_systems);
}

static const char *kind_of(const struct stat *st)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		return "a regular file";
	case S_IFDIR:
		return "a directory";
	case S_IFLNK:
		return "a symbolic link";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	default:
		return "a device node";
	}
}

static int report_stuck(struct create *create, const struct devdir_node *node)
{
	const struct location location = { node->path, 0 };
	char number[SYNTAX_NUMBER_SIZE];

	return report_add(create->report, KMOD_DEVNAME_WRONG_NODE, KMOD_DEVNAME_ERROR, &location,
			  "is another device node, and the file system cannot exchange it for "
			  "%s in one step: remove it first",
			  syntax_format_number(&node->number, number));
}

static int report_failure(struct create *create, const struct devdir_node *node, int error)
{
	const struct location location = { node->path, 0 };

	if (error != -EPERM)
		return report_system(create->report, error, &location);
	errno = -error;
	/* that there is no memory for it matters less */
	(void)report_add(create->report, KMOD_DEVNAME_SYSTEM, KMOD_DEVNAME_ERROR, &location,
			 "%m: making device nodes needs CAP_MKNOD in the initial user namespace, "
			 "and a device cgroup that allows it");
	return error;
}

/* 1: there is a node now, have a look at it; 0: there would be; or a negative errno. */
static int make(struct create *create, const struct devdir_node *node, int dir_fd, const char *name,
		bool replace, enum kmod_devname_outcome *outcome)
{
	int r = 0;

	if (!create->dry_run)
		r = devdir_make(dir_fd, name, node, replace, &create->labels);
	if (replace && (r == -EBUSY || r == -EOPNOTSUPP)) {
		*outcome = KMOD_DEVNAME_NOT_DONE;
		return r == -EBUSY ? devdir_report_obstructed(create->report, node, name,
							      "a mount point")
				   : report_stuck(create, node);
	}
	if (r < 0)
		return r;
	*outcome = replace ? KMOD_DEVNAME_REPLACED : KMOD_DEVNAME_MADE;
	return create->dry_run ? 0 : 1;
}

/* The way to the node ends early: a directory is missing, or something is in the way. */
static int judge_parent(struct create *create, const struct devdir_node *node, int dir_fd,
			const char *rest, enum kmod_devname_outcome *outcome)
{
	struct stat st;
	int r = devdir_look(dir_fd, rest, &st);

	if (r == -ENOENT && create->dry_run)
		return make(create, node, dir_fd, rest, false, outcome);
	if (r < 0)
		return r;
	if (S_ISDIR(st.st_mode))
		return -EAGAIN;
	*outcome = KMOD_DEVNAME_NOT_DONE;
	return devdir_report_obstructed(create->report, node, rest, kind_of(&st));
}

static int judge(struct create *create, const struct devdir_node *node, int dir_fd,
		 const char *name, enum kmod_devname_outcome *outcome)
{
	struct stat st;
	int r = devdir_look(dir_fd, name, &st);

	if (r == -ENOENT)
		return make(create, node, dir_fd, name, false, outcome);
	if (r < 0 || devdir_is_node(&st, node))
		return r;
	if (devdir_is_device(&st) && create->replace)
		return make(create, node, dir_fd, name, true, outcome);
	*outcome = KMOD_DEVNAME_NOT_DONE;
	return devdir_is_device(&st)
		       ? devdir_report_wrong(create->report, node, &st, "")
		       : devdir_report_obstructed(create->report, node, name, kind_of(&st));
}

static int attempt(struct create *create, const struct devdir_node *node,
		   enum kmod_devname_outcome *outcome)
{
	_cleanup_close_ int dir_fd = -1;
	const char *rest;
	int r = devdir_walk(create->dev_fd, node->path, !create->dry_run, &create->labels, &dir_fd,
			    &rest);

	if (r == 0)
		r = visit(create, dir_fd, node);
	if (r < 0)
		return r;
	return strchr(rest, '/') ? judge_parent(create, node, dir_fd, rest, outcome)
				 : judge(create, node, dir_fd, rest, outcome);
}

/*
 * Each attempt that ends in something new is followed by another, which sees whether it has
 * lasted. Who is always a step ahead could keep us here for ever.
 */
static int create_node(struct create *create, const struct devdir_node *node,
		       enum kmod_devname_outcome *outcome)
{
	int r = 1;

	*outcome = KMOD_DEVNAME_KEPT;
	for (unsigned int i = 0; i < ATTEMPTS_MAX; i++) {
		r = attempt(create, node, outcome);
		if (r == 0)
			return 0;
		if (r < 0 && r != -ENOENT && r != -EEXIST && r != -EAGAIN)
			break;
	}
	*outcome = KMOD_DEVNAME_NOT_DONE;
	/* ENOENT: what was removed is the device directory itself */
	if (r == -EEXIST || r == -EAGAIN || r == 1)
		return devdir_report_obstructed(create->report, node,
						node->path + strlen(node->path),
						"changed by others again and again");
	return report_failure(create, node, r);
}

/* Of the nodes that share a name, with one number then, the first one is made for all of them. */
static int create_all(struct create *create, const struct kmod_devname_table *table,
		      const struct kmod_devname_permissions *permissions,
		      enum kmod_devname_outcome *outcomes)
{
	size_t n = kmod_devname_table_size(table);

	for (size_t i = 0; i < n; i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(table, i);
		const struct kmod_devname_node *first = table_find(table, node->name);
		struct devdir_node wanted;
		int r;

		if (first != node) {
			outcomes[i] = outcomes[first->index] == KMOD_DEVNAME_NOT_DONE
					      ? KMOD_DEVNAME_NOT_DONE
					      : KMOD_DEVNAME_KEPT;
			continue;
		}
		wanted = describe(node, permissions);
		r = create_node(create, &wanted, &outcomes[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

int kmod_devname_table_create(const struct kmod_devname_table *table,
			      struct kmod_devname_report *report, int dev_fd,
			      const struct kmod_devname_permissions *permissions,
			      unsigned int flags, enum kmod_devname_outcome *outcomes)
{
	struct create create = {
		.dev_fd = dev_fd,
		.report = report,
		.replace = (flags & KMOD_DEVNAME_REPLACE) != 0,
		.dry_run = (flags & KMOD_DEVNAME_DRY_RUN) != 0,
	};
	size_t n = kmod_devname_table_size(table);
	_cleanup_free_ enum kmod_devname_outcome *own = NULL;
	int r;

	if (flags & ~(unsigned int)(KMOD_DEVNAME_REPLACE | KMOD_DEVNAME_DRY_RUN))
		return -EINVAL;
	if (!outcomes) {
		own = calloc(n + 1, sizeof(*own));
		if (!own)
			return -ENOMEM;
		outcomes = own;
	}
	for (size_t i = 0; i < n; i++)
		outcomes[i] = KMOD_DEVNAME_NOT_DONE;
	r = create_all(&create, table, permissions, outcomes);
	labels_done(&create.labels);
	visited_done(create.directories);
	visited_done(create.file_systems);
	return r;
}
