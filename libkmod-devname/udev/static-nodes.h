/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STATIC_NODES_H
#define STATIC_NODES_H

#include "base/array.h"
#include "libkmod-devname.h"
#include "udev/accounts.h"
#include "udev/rules.h"

/* A group is of no use without it: static_node_apply_permissions() of systemd's udev-node.c. */
#define STATIC_GROUP_MODE 0660

/* What rules give to nodes that have no device yet. Begin with these three. */
struct static_node_set {
	struct kmod_devname_report *report;
	const struct kmod_devname_table *table; /* the nodes that are wanted; NULL for all */
	struct accounts accounts;
	struct list in_order;
	void *by_name; /* tsearch(3) tree of the same nodes */
};

/* Each rule in its order; then the permissions, while the rules are open. 0 or a negative errno. */
int static_node_set_add_rule(struct static_node_set *nodes, const struct udev_rule *rule);
int static_node_set_finish(struct static_node_set *nodes,
			   struct kmod_devname_permissions *permissions);
void static_node_set_done(struct static_node_set *nodes);

/*
 * Looks for rules that come too late, as table_lint_udev(). With permissions it adds
 * those of the nodes too, as kmod_devname_permissions_read_udev(), and reads each rule once; if one
 * cannot be read, there are none.
 */
int udev_lint(const struct kmod_devname_table *table, struct kmod_devname_report *report,
	      int root_fd, struct kmod_devname_permissions *permissions);

/**
 * table_lint_udev() - look for rules of udev that come too late for a node
 * @table: the nodes
 * @report: takes the findings, in the order of @table
 * @root_fd: the root directory of the system in question; O_PATH is enough. Symbolic links are
 *   resolved inside it
 *
 * A rule such as KERNEL=="btrfs-control", GROUP="disk" is for the device, which is there when the
 * module is loaded. Until then the node has the default mode, and nobody but root can open it and
 * so load the module; unless a rule also has OPTIONS+="static_node=btrfs-control".
 *
 * A rule counts if it has KERNEL== with a pattern, other than "*", that matches the last component
 * of the node's name; if its other conditions are none but ACTION, and SUBSYSTEM=="misc" for a
 * character device of major 10; and if it gives something: a constant OWNER or GROUP that is not
 * root, a MODE that is not 0600, or TAG+="uaccess". Other conditions are about what only the device
 * can tell. GOTO skips nothing. No finding is what the rules that name the node with static_node
 * give as well, or replace behind it; and the tag if they give everybody access.
 *
 * The rules are those that kmod_devname_permissions_read_udev() reads.
 *
 * Of patterns with wildcards so many are compared with the names as take about a second.
 *
 * Findings: no-static-node, with the first line of the rule: for each node the last one with a mode
 * or owner, and the last one with the tag; a note for files below usr/lib and lib, which packages
 * replace, else a warning; bad-rule for a pattern too many, and for what cannot be read; system.
 *
 * Return: 0, or a negative errno as that of kmod_devname_permissions_read_udev().
 */
int table_lint_udev(const struct kmod_devname_table *table, struct kmod_devname_report *report,
		    int root_fd);

#endif
