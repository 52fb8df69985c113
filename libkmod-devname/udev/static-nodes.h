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
 * Looks for rules that come too late, as kmod_devname_table_lint_udev(). With permissions it adds
 * those of the nodes too, as kmod_devname_permissions_read_udev(), and reads each rule once; if one
 * cannot be read, there are none.
 */
int udev_lint(const struct kmod_devname_table *table, struct kmod_devname_report *report,
	      int root_fd, struct kmod_devname_permissions *permissions);

#endif
