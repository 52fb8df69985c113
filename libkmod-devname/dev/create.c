// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Table -> device nodes. The files of this folder and the data between them:
 *
 *   create.c  takes each node of a table, adds mode and owner from the permissions, and tries
 *             until the node exists or is obstructed: an outcome, and perhaps a finding
 *   verify.c  takes the same nodes and adds findings for those that are absent or different
 *   devdir.c  walks down to the directory of a node, and looks at the file of its name
 *   file.c    makes a node or a directory, with its SELinux label, under a temporary name, and
 *             renames it
 *
 * An existing file is never adjusted, and only a device node is ever replaced.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/report.h"
#include "dev/devdir.h"
#include "node/table.h"

#define ATTEMPTS_MAX 64

struct create_run {
	struct devdir dev;
	struct kmod_devname_report *report;
	bool replace;
	bool dry_run;
	bool reported_mknod; /* the privileges that mknod(2) needs */
};

/* Returns 1 if a node was made, which is to be looked at again; 0; or a negative errno. */
static int make_node(struct create_run *run, const struct dev_node *node, int dir_fd,
		     const char *name, bool replace, int *outcome)
{
	const struct location location = { node->path, 0 };
	char number[SYNTAX_NUMBER_SIZE];
	int r = run->dry_run ? 0 : dev_make_node(dir_fd, name, node, replace, &run->dev.labels);

	if (r == 0) {
		*outcome = replace ? KMOD_DEVNAME_OUTCOME_REPLACED : KMOD_DEVNAME_OUTCOME_MADE;
		return run->dry_run ? 0 : 1;
	}
	if (!replace || (r != -EBUSY && r != -EOPNOTSUPP))
		return r;
	*outcome = KMOD_DEVNAME_OUTCOME_NOT_DONE;
	if (r == -EBUSY)
		return devdir_report_obstructed(&run->dev, run->report, node, name,
						"a mount point");
	return report_add(run->report, KMOD_DEVNAME_CODE_WRONG_NODE, KMOD_DEVNAME_SEVERITY_ERROR,
			  &location,
			  "cannot replace a device node with %s atomically on this file system; "
			  "remove it first",
			  syntax_format_number(&node->number, number));
}

/* Returns 0 if nothing is left to do, and otherwise as make_node(). */
static int attempt_node(struct create_run *run, const struct dev_node *node, int *outcome)
{
	_cleanup_close_ int dir_fd = -1;
	const char *rest;
	struct stat st;
	bool is_last;
	int r = devdir_walk(&run->dev, node->path, !run->dry_run, &dir_fd, &rest);

	if (r < 0)
		return r;
	r = devdir_check_nodev(&run->dev, dir_fd, node->path, run->report);
	if (r < 0)
		return r;
	is_last = !strchr(rest, '/');
	r = devdir_look(dir_fd, rest, &node->number, &st);
	if (r < 0 || r == DEV_PRESENT)
		return r < 0 ? r : 0;
	/* a dry run makes no directories, so the first one that is missing ends the walk */
	if (r == DEV_ABSENT)
		return is_last || run->dry_run ? make_node(run, node, dir_fd, rest, false, outcome)
					       : -ENOENT;
	/* another process has made this directory after the walk */
	if (!is_last && S_ISDIR(st.st_mode))
		return -EAGAIN;
	if (r == DEV_WRONG && run->replace)
		return make_node(run, node, dir_fd, rest, true, outcome);
	*outcome = KMOD_DEVNAME_OUTCOME_NOT_DONE;
	return r == DEV_WRONG ? devdir_report_wrong(&run->dev, run->report, node, &st)
			      : devdir_report_obstructed(&run->dev, run->report, node, rest,
							 devdir_describe_kind(&st));
}

/*
 * Other processes may change the directory at any time. An attempt that made a node, or met such
 * a change, is followed by another one, which looks at the result. A process that undoes each
 * attempt would keep this going for ever, hence the limit.
 */
static int create_node(struct create_run *run, const struct dev_node *node, int *outcome)
{
	const struct location location = { node->path, 0 };
	char fd_path[FD_PATH_SIZE];
	int r = 1;

	*outcome = KMOD_DEVNAME_OUTCOME_KEPT;
	for (unsigned int i = 0; i < ATTEMPTS_MAX; i++) {
		r = attempt_node(run, node, outcome);
		if (r == 0)
			return 0;
		if (r < 0 && r != -ENOENT && r != -EEXIST && r != -EAGAIN)
			break;
	}
	*outcome = KMOD_DEVNAME_OUTCOME_NOT_DONE;
	/* ENOENT each time: the device directory was removed, or nothing can be made, as in proc */
	if (r == -EEXIST || r == -EAGAIN || r == 1)
		return devdir_report_obstructed(&run->dev, run->report, node,
						node->path + strlen(node->path),
						"a file that other processes change repeatedly");
	if (r == -ENOSYS && !fd_get_path(run->dev.fd, fd_path)) {
		(void)report_add(run->report, KMOD_DEVNAME_CODE_SYSTEM, KMOD_DEVNAME_SEVERITY_ERROR,
				 &location,
				 "cannot set a mode or remove an inherited ACL without /proc; "
				 "mount it");
		return r;
	}
	if (r != -EPERM || run->reported_mknod)
		return report_system(run->report, r, &location);
	run->reported_mknod = true;
	/* the caller has to know of EPERM, even if there is no memory for the finding */
	(void)report_add(run->report, KMOD_DEVNAME_CODE_SYSTEM, KMOD_DEVNAME_SEVERITY_ERROR,
			 &location,
			 "%s: making device nodes needs CAP_MKNOD in the initial user namespace, "
			 "a device cgroup that allows it, and a directory that is not immutable",
			 report_describe_error(r));
	return r;
}

/*
 * Nodes that share a name share a number, too: the first one stands for all of them. Returns 0, the
 * error that stopped the run, or else the first error of a node.
 */
static int create_all_nodes(struct create_run *run, const struct kmod_devname_table *table,
			    const struct kmod_devname_permissions *permissions, int *outcomes)
{
	size_t n = kmod_devname_table_size(table);
	int error = 0;

	for (size_t i = 0; i < n; i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(table, i);
		const struct kmod_devname_node *first =
			kmod_devname_table_find_name(table, node->name);
		const struct kmod_devname_permission *permission =
			kmod_devname_permissions_get(permissions, node->name);
		const struct dev_node wanted = {
			.path = node->name,
			.number = node->number,
			.mode = permission->mode,
			.uid = permission->uid,
			.gid = permission->gid,
		};
		int r;

		if (first != node) {
			outcomes[i] = outcomes[first->index] == KMOD_DEVNAME_OUTCOME_NOT_DONE
					      ? KMOD_DEVNAME_OUTCOME_NOT_DONE
					      : KMOD_DEVNAME_OUTCOME_KEPT;
			continue;
		}
		r = create_node(run, &wanted, &outcomes[i]);
		if (r < 0 && devdir_is_fatal(run->dev.fd, r))
			return r;
		if (error == 0)
			error = r;
	}
	return error;
}

int table_make_nodes_where(const struct kmod_devname_table *table,
			   struct kmod_devname_report *report, int dev_fd, const char *where,
			   const struct kmod_devname_permissions *permissions, unsigned int flags,
			   int *outcomes, size_t n_outcomes)
{
	struct create_run run = {
		.dev = { .fd = dev_fd, .where = where },
		.report = report,
		.replace = (flags & KMOD_DEVNAME_MAKE_REPLACE) != 0,
		.dry_run = (flags & KMOD_DEVNAME_MAKE_DRY_RUN) != 0,
	};
	size_t n = kmod_devname_table_size(table);
	_cleanup_free_ int *own = NULL;
	int r;

	if (flags & ~(unsigned int)(KMOD_DEVNAME_MAKE_REPLACE | KMOD_DEVNAME_MAKE_DRY_RUN))
		return -EINVAL;
	if (n_outcomes != (outcomes ? n : 0))
		return -EINVAL;
	if (!outcomes) {
		own = calloc(n + 1, sizeof(*own)); /* calloc(3) of nothing may return NULL */
		if (!own)
			return -ENOMEM;
		outcomes = own;
	}
	for (size_t i = 0; i < n; i++)
		outcomes[i] = KMOD_DEVNAME_OUTCOME_NOT_DONE;
	r = create_all_nodes(&run, table, permissions, outcomes);
	devdir_done(&run.dev);
	return r;
}

int kmod_devname_table_make_nodes(const struct kmod_devname_table *table,
				  struct kmod_devname_report *report, int dev_fd,
				  const struct kmod_devname_permissions *permissions,
				  unsigned int flags, int *outcomes, size_t n_outcomes)
{
	return table_make_nodes_where(table, report, dev_fd, "", permissions, flags, outcomes,
				      n_outcomes);
}
