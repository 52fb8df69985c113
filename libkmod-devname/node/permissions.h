/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PERMISSIONS_H
#define PERMISSIONS_H

#include "libkmod-devname.h"

/* The mode of nodes that no udev rule names; their owner is root. */
#define PERMISSIONS_PLAIN_MODE 0600

/* What a node with an entry gets. */
struct kmod_devname_permission {
	mode_t mode;
	uid_t uid;
	gid_t gid;
	char *user; /* as the rule has them, or NULL */
	char *group;
	char *name; /* of the node */
};

/* An owner or a group; the text is as the rule has it, or NULL for root without a rule. */
struct owner {
	const char *text;
	unsigned int id;
};

/* The mode of nodes without an entry. */
mode_t permissions_default_mode(const struct kmod_devname_permissions *permissions);
void permissions_set_default_mode(struct kmod_devname_permissions *permissions, mode_t mode);

/* The entry of a node, or NULL. */
const struct kmod_devname_permission *
permissions_find(const struct kmod_devname_permissions *permissions, const char *name);

/* Adds an entry unless the node has one; copies the texts. Returns 0 or -ENOMEM. */
int permissions_add(struct kmod_devname_permissions *permissions, const char *name, mode_t mode,
		    const struct owner *user, const struct owner *group);

#endif
