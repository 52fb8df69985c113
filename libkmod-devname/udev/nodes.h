/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UDEV_NODES_H
#define UDEV_NODES_H

#include <stdbool.h>

#include "base/array.h"
#include "base/report.h"
#include "node/permissions.h"

/* An owner or group as the last rule that has one gives it. */
struct udev_owner {
	struct owner owner; /* the text is NULL if no rule has one */
	bool is_known; /* there is such a one, and the ID is right */
	bool is_reported; /* if not, there is a finding already */
	struct location location; /* of the rule; the file's name is the caller's */
};

/* What a rule says of a node, or all rules together. */
struct udev_fields {
	bool has_mode;
	mode_t mode;
	struct udev_owner user;
	struct udev_owner group;
};

/* The nodes that rules were applied to. */
struct udev_nodes {
	struct list items;
	void *names; /* tsearch(3) tree */
};

void udev_nodes_done(struct udev_nodes *nodes);

/* Applies a rule to a node, as udev does when it starts; copies the texts. 0 or -ENOMEM. */
int udev_nodes_apply(struct udev_nodes *nodes, const char *name, const struct udev_fields *rule);

/* Hands over what has come out, and says which owners are unknown. 0 or -ENOMEM. */
int udev_nodes_finish(const struct udev_nodes *nodes, struct kmod_devname_report *report,
		      struct kmod_devname_permissions *permissions);

#endif
