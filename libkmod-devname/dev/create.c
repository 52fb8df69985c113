// SPDX-License-Identifier: LGPL-2.1-or-later
/* Table -> nodes below a device directory. What is there already is judged, and never adjusted. */

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "dev/devdir.h"
#include "node/table.h"
#include "node/permissions.h"
#include "base/report.h"

#define ATTEMPTS_MAX 64

/* A directory that has been looked at; or its file system, then without an inode. */
struct visit {
	dev_t device;
	ino_t inode;
};

struct create {
	int dev_fd;
	struct kmod_devname_report *report;
	bool replace;
	bool dry_run;
	struct labels labels;
	void *visits; /* tsearch(3) tree */
};

/* What became of a name: the key of a search tree. */
struct result {
	const char *name;
	enum kmod_devname_outcome outcome;
};

static struct devdir_node describe(const struct kmod_devname_node *node,
				   const struct kmod_devname_permissions *permissions)
{
	struct devdir_node wanted = {
		.path = node->name,
		.mode = node->number.type | PERMISSIONS_PLAIN_MODE,
		.number = makedev(node->number.major, node->number.minor),
	};
	const struct kmod_devname_permission *permission;

	if (permissions) {
		permission = kmod_devname_permissions_get(permissions, node->name);
		wanted.mode = node->number.type | kmod_devname_permission_get_mode(permission);
		wanted.uid = kmod_devname_permission_get_uid(permission);
		wanted.gid = kmod_devname_permission_get_gid(permission);
	}
	return wanted;
}

/* Where nodes of modules are opened for nothing: said once for each file system. */
static int check_nodev(struct create *create, int dir_fd, const struct devdir_node *node)
{
	const struct location location = { node->path, 0 };
	struct statvfs fs;

	if (fstatvfs(dir_fd, &fs) < 0)
		return -errno;
	if (!(fs.f_flag & ST_NODEV))
		return 0;
	return report_add(create->report, KMOD_DEVNAME_NODEV, KMOD_DEVNAME_WARNING, &location,
			  "is in a file system that is mounted nodev: no node there can be opened");
}

static int compare_visits(const void *a, const void *b)
{
	const struct visit *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return (x->inode > y->inode) - (x->inode < y->inode);
}

/* 1: this is the first visit; 0: it is not; or -ENOMEM. */
static int is_first(struct create *create, dev_t device, ino_t inode)
{
	struct visit *visit = malloc(sizeof(*visit)), **found;

	if (!visit)
		return -ENOMEM;
	*visit = (struct visit){ device, inode };
	found = tsearch(visit, &create->visits, compare_visits);
	if (found && *found == visit)
		return 1;
	free(visit);
	return found ? 0 : -ENOMEM;
}

/* Does once what is to be done once for a directory or its file system. */
static int visit(struct create *create, int dir_fd, const struct devdir_node *node)
{
	struct stat st;
	int r;

	if (fstat(dir_fd, &st) < 0)
		return -errno;
	r = is_first(create, st.st_dev, st.st_ino);
	if (r <= 0)
		return r;
	if (!create->dry_run)
		devdir_tidy(dir_fd);
	r = is_first(create, st.st_dev, 0);
	return r <= 0 ? r : check_nodev(create, dir_fd, node);
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

/* rest: begins with the component that is in the way. */
static int report_obstructed(struct create *create, const struct devdir_node *node,
			     const char *rest, const char *what)
{
	_cleanup_free_ char *path =
		strndup(node->path, (size_t)(rest - node->path) + strcspn(rest, "/"));
	const struct location location = { path, 0 };

	if (!path)
		return -ENOMEM;
	return report_add(create->report, KMOD_DEVNAME_OBSTRUCTED, KMOD_DEVNAME_ERROR, &location,
			  "is %s: the node '%s' (%c%u:%u) cannot be made", what, node->path,
			  syntax_type_letter(node->mode & S_IFMT), major(node->number),
			  minor(node->number));
}

static int report_wrong(struct create *create, const struct devdir_node *node,
			const struct stat *st)
{
	const struct location location = { node->path, 0 };

	return report_add(create->report, KMOD_DEVNAME_WRONG_NODE, KMOD_DEVNAME_ERROR, &location,
			  "is %c%u:%u instead of %c%u:%u", syntax_type_letter(st->st_mode & S_IFMT),
			  major(st->st_rdev), minor(st->st_rdev),
			  syntax_type_letter(node->mode & S_IFMT), major(node->number),
			  minor(node->number));
}

static int report_stuck(struct create *create, const struct devdir_node *node)
{
	const struct location location = { node->path, 0 };

	return report_add(create->report, KMOD_DEVNAME_WRONG_NODE, KMOD_DEVNAME_ERROR, &location,
			  "is another device node, and the file system cannot exchange it for "
			  "%c%u:%u in one step: remove it first",
			  syntax_type_letter(node->mode & S_IFMT), major(node->number),
			  minor(node->number));
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
		return r == -EBUSY ? report_obstructed(create, node, name, "a mount point")
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
	return report_obstructed(create, node, rest, kind_of(&st));
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
	return devdir_is_device(&st) ? report_wrong(create, node, &st)
				     : report_obstructed(create, node, name, kind_of(&st));
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
		return report_obstructed(create, node, node->path + strlen(node->path),
					 "changed by others again and again");
	return report_failure(create, node, r);
}

static int compare_results(const void *a, const void *b)
{
	const struct result *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void keep_result(void *result)
{
	(void)result; /* the array owns it */
}

static int create_once(struct create *create, const struct devdir_node *node, void **tree,
		       struct result *result)
{
	struct result **found;

	result->name = node->path;
	found = tsearch(result, tree, compare_results);
	if (!found)
		return -ENOMEM;
	if (*found == result)
		return create_node(create, node, &result->outcome);
	if ((*found)->outcome != KMOD_DEVNAME_NOT_DONE)
		result->outcome = KMOD_DEVNAME_KEPT;
	return 0;
}

static int create_all(struct create *create, const struct kmod_devname_table *table,
		      const struct kmod_devname_permissions *permissions, struct result *results)
{
	size_t n = kmod_devname_table_size(table);
	void *tree = NULL;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct devdir_node node = describe(kmod_devname_table_get(table, i), permissions);

		r = create_once(create, &node, &tree, &results[i]);
	}
	tdestroy(tree, keep_result);
	return r;
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
	struct result *results;
	int r;

	if (flags & ~(unsigned int)(KMOD_DEVNAME_REPLACE | KMOD_DEVNAME_DRY_RUN))
		return -EINVAL;
	for (size_t i = 0; outcomes && i < n; i++)
		outcomes[i] = KMOD_DEVNAME_NOT_DONE;
	results = calloc(n + 1, sizeof(*results));
	if (!results)
		return -ENOMEM;
	r = create_all(&create, table, permissions, results);
	for (size_t i = 0; outcomes && i < n; i++)
		outcomes[i] = results[i].outcome;
	labels_done(&create.labels);
	tdestroy(create.visits, free);
	free(results);
	return r;
}
