// SPDX-License-Identifier: LGPL-2.1-or-later
/* What becomes of nodes when rules are applied to them one after the other. */

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "udev/nodes.h"

/* What a group is good for: systemd's src/udev/udev-node.c, udev_node_apply_permissions_impl(). */
#define GROUP_MODE 0660

struct udev_node {
	struct udev_fields fields; /* the texts of owner and group are its own */
	char name[];
};

static void free_text(struct udev_owner *owner)
{
	free((char *)(uintptr_t)owner->owner.text);
}

static void node_free(void *p)
{
	struct udev_node *node = p;

	free_text(&node->fields.user);
	free_text(&node->fields.group);
	free(node);
}

static void keep_node(void *node)
{
	(void)node; /* the list owns it */
}

void udev_nodes_done(struct udev_nodes *nodes)
{
	tdestroy(nodes->names, keep_node);
	list_done(&nodes->items, node_free);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct udev_node *)a)->name, ((const struct udev_node *)b)->name);
}

static struct udev_node *node_new(const char *name)
{
	size_t size = strlen(name) + 1;
	struct udev_node *node = calloc(1, sizeof(*node) + size);

	if (node)
		memcpy(node->name, name, size);
	return node;
}

/* The node of this name, a new one if there is none yet; NULL if there is no memory. */
static struct udev_node *get_node(struct udev_nodes *nodes, const char *name)
{
	struct udev_node *node = node_new(name), **found;

	if (!node || list_push(&nodes->items, node) < 0) {
		free(node);
		return NULL;
	}
	found = tsearch(node, &nodes->names, compare_names);
	if (found && *found == node)
		return node;
	free(list_pop(&nodes->items));
	return found ? *found : NULL;
}

static int set_owner(struct udev_owner *owner, const struct udev_owner *rule)
{
	char *text;

	if (!rule->owner.text)
		return 0;
	text = strdup(rule->owner.text);
	if (!text)
		return -ENOMEM;
	free_text(owner);
	*owner = *rule;
	owner->owner.text = text;
	return 0;
}

int udev_nodes_apply(struct udev_nodes *nodes, const char *name, const struct udev_fields *rule)
{
	struct udev_node *node = get_node(nodes, name);
	struct udev_fields *fields;

	if (!node)
		return -ENOMEM;
	fields = &node->fields;
	if (set_owner(&fields->user, &rule->user) < 0 ||
	    set_owner(&fields->group, &rule->group) < 0)
		return -ENOMEM;
	if (rule->has_mode) {
		fields->has_mode = true;
		fields->mode = rule->mode;
	} else if (rule->group.is_known && rule->group.owner.id > 0) {
		fields->has_mode = true;
		fields->mode = GROUP_MODE;
	}
	return 0;
}

static bool is_usable(const struct udev_owner *owner)
{
	return !owner->owner.text || owner->is_known;
}

static int report_unknown(struct kmod_devname_report *report, const struct udev_node *node)
{
	bool is_user = !is_usable(&node->fields.user);
	const struct udev_owner *owner = is_user ? &node->fields.user : &node->fields.group;

	if (owner->is_reported)
		return 0;
	return report_add(report, KMOD_DEVNAME_UNKNOWN_OWNER, KMOD_DEVNAME_WARNING,
			  &owner->location,
			  "device node '%s' is for %s '%s', which that system does not have: it "
			  "gets mode 0600, and belongs to root",
			  node->name, is_user ? "user" : "group", owner->owner.text);
}

static int add_known(const struct udev_node *node, struct kmod_devname_permissions *permissions)
{
	const struct udev_fields *fields = &node->fields;
	mode_t mode = fields->has_mode ? fields->mode : permissions_default_mode(permissions);

	return permissions_add(permissions, node->name, mode, &fields->user.owner,
			       &fields->group.owner);
}

/* What is meant for a user or group that is not there is for nobody else. */
static int add_unknown(const struct udev_node *node, struct kmod_devname_report *report,
		       struct kmod_devname_permissions *permissions)
{
	static const struct owner root = { 0 };
	int r = report_unknown(report, node);

	if (r < 0)
		return r;
	return permissions_add(permissions, node->name, PERMISSIONS_PLAIN_MODE, &root, &root);
}

int udev_nodes_finish(const struct udev_nodes *nodes, struct kmod_devname_report *report,
		      struct kmod_devname_permissions *permissions)
{
	int r = 0;

	for (size_t i = 0; i < nodes->items.size && r == 0; i++) {
		const struct udev_node *node = nodes->items.items[i];

		if (is_usable(&node->fields.user) && is_usable(&node->fields.group))
			r = add_known(node, permissions);
		else
			r = add_unknown(node, report, permissions);
	}
	return r;
}
