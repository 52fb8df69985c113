// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Mode and owner of nodes that have no device yet. udevd applies the rules that name such nodes
 * when it starts, one after the other, and so do these functions: what a rule gives is merged into
 * the node, and each node becomes a permission at the end, when its last owner is known.
 */

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "node/permissions.h"
#include "node/syntax.h"
#include "node/table.h"
#include "udev/accounts.h"
#include "udev/rules.h"

/* A group is of no use without it: static_node_apply_permissions() of systemd's udev-node.c. */
#define GROUP_MODE 0660

/* A user or group of a node; unknown owners are kept, as the last rule decides. */
struct static_owner {
	char *text; /* as in the rule; NULL if no rule has one */
	unsigned int id;
	bool is_known; /* the system has one of this name, and the ID is valid */
	bool is_reported; /* it is no valid name, and there is a finding */
	struct location location; /* the rule */
};

/* What the rules so far give to a node; or what one rule gives, without a name then. */
struct static_node {
	const char *name;
	bool has_mode;
	mode_t mode;
	struct static_owner user;
	struct static_owner group;
};

struct static_nodes {
	struct kmod_devname_report *report;
	const struct kmod_devname_table *table; /* the nodes that are wanted; NULL for all */
	struct accounts accounts;
	struct list in_order;
	void *by_name; /* tsearch(3) tree of the same nodes */
};

static void static_node_free(void *p)
{
	struct static_node *node = p;

	free(node->user.text);
	free(node->group.text);
	free(node);
}

static void static_nodes_done(struct static_nodes *nodes)
{
	list_done(&nodes->in_order, NULL);
	tdestroy(nodes->by_name, static_node_free);
	accounts_done(&nodes->accounts);
}

static int compare_static_nodes(const void *a, const void *b)
{
	return strcmp(((const struct static_node *)a)->name, ((const struct static_node *)b)->name);
}

/* Finds or adds a node. Returns NULL without memory. */
static struct static_node *get_static_node(struct static_nodes *nodes, const char *name)
{
	const struct static_node key = { .name = name };
	struct static_node *const *found = tfind(&key, &nodes->by_name, compare_static_nodes);
	size_t size = strlen(name) + 1;
	struct static_node *node;

	if (found)
		return *found;
	node = calloc(1, sizeof(*node) + size);
	if (!node)
		return NULL;
	node->name = memcpy(node + 1, name, size);
	if (!tsearch(node, &nodes->by_name, compare_static_nodes)) {
		free(node);
		return NULL;
	}
	return list_push(&nodes->in_order, node) == 0 ? node : NULL;
}

static bool is_wanted_node(const struct static_nodes *nodes, const char *name)
{
	return nodes->table ? table_find(nodes->table, name) != NULL : syntax_is_device_name(name);
}

static int report_bad_value(const struct static_nodes *nodes, const struct udev_rule *rule,
			    const char *value, const char *what)
{
	return report_add(nodes->report, KMOD_DEVNAME_BAD_RULE, KMOD_DEVNAME_WARNING,
			  &rule->location, "'%s' is no %s", value, what);
}

/* The text is borrowed from the rule. */
static int find_static_owner(struct static_nodes *nodes, const struct udev_rule *rule,
			     enum account_kind kind, struct static_owner *ret_owner)
{
	char *text = kind == ACCOUNT_USER ? rule->user : rule->group;
	int r;

	*ret_owner = (struct static_owner){ .text = text, .location = rule->location };
	if (!text)
		return 0;
	if (!syntax_is_owner(text)) {
		ret_owner->is_reported = true;
		return report_bad_value(nodes, rule, text, "name of a user or group");
	}
	r = accounts_find(&nodes->accounts, kind, text, &ret_owner->id);
	ret_owner->is_known = r > 0;
	return r < 0 ? r : 0;
}

static bool is_unknown_owner(const struct static_owner *owner)
{
	return owner->text && !owner->is_known;
}

/* Finds out what a rule gives to its nodes. The texts are borrowed from the rule. */
static int read_static_node(struct static_nodes *nodes, const struct udev_rule *rule,
			    struct static_node *ret_given)
{
	struct static_node given = { .has_mode = rule->has_mode, .mode = rule->mode };
	int r;

	if (rule->bad_mode) {
		r = report_bad_value(nodes, rule, rule->bad_mode, "octal number up to 7777");
		if (r < 0)
			return r;
	}
	r = find_static_owner(nodes, rule, ACCOUNT_USER, &given.user);
	if (r < 0)
		return r;
	r = find_static_owner(nodes, rule, ACCOUNT_GROUP, &given.group);
	if (r < 0)
		return r;
	if (!given.has_mode && given.group.is_known && given.group.id > 0) {
		given.has_mode = true;
		given.mode = GROUP_MODE;
	}
	/*
	 * Since version 258 udevd drops this rule. Here the unknown owner stays with the node until
	 * a later rule replaces it: a mode that is meant for a group must not be in effect without
	 * it.
	 */
	if (is_unknown_owner(&given.user) || is_unknown_owner(&given.group)) {
		given.has_mode = false;
		if (given.user.is_known)
			given.user.text = NULL;
		if (given.group.is_known)
			given.group.text = NULL;
	}
	*ret_given = given;
	return 0;
}

static int set_static_owner(struct static_owner *owner, const struct static_owner *given)
{
	char *text;

	if (!given->text)
		return 0;
	text = strdup(given->text);
	if (!text)
		return -ENOMEM;
	free(owner->text);
	*owner = *given;
	owner->text = text;
	return 0;
}

static int apply_to_node(struct static_nodes *nodes, const char *name,
			 const struct static_node *given)
{
	struct static_node *node = get_static_node(nodes, name);

	if (!node || set_static_owner(&node->user, &given->user) < 0 ||
	    set_static_owner(&node->group, &given->group) < 0)
		return -ENOMEM;
	if (given->has_mode) {
		node->has_mode = true;
		node->mode = given->mode;
	}
	return 0;
}

static int apply_rule(struct static_nodes *nodes, const struct udev_rule *rule)
{
	struct static_node given;
	bool is_read = false;
	int r;

	for (size_t i = 0; i < rule->static_nodes.size; i++) {
		const char *name = rule->static_nodes.items[i];

		if (!is_wanted_node(nodes, name)) {
			/* where all nodes are wanted, this one has an invalid name */
			r = nodes->table ? 0
					 : report_bad_value(nodes, rule, name, "valid device name");
			if (r < 0)
				return r;
			continue;
		}
		/* only a rule for a wanted node may have findings */
		if (!is_read) {
			r = read_static_node(nodes, rule, &given);
			if (r < 0)
				return r;
			is_read = true;
		}
		r = apply_to_node(nodes, name, &given);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A rule with a fault has no names, but its text shows whether it is about a wanted node. */
static int report_dropped_rule(const struct static_nodes *nodes, const struct udev_rule *rule)
{
	char name[KMOD_DEVNAME_NAME_MAX + 1];

	for (const char *text = rule->text; (text = strstr(text, UDEV_STATIC_NODE));) {
		size_t size;

		text += strlen(UDEV_STATIC_NODE);
		size = strcspn(text, "\" \t,");
		if (size < sizeof(name)) {
			memcpy(name, text, size);
			name[size] = '\0';
			if (is_wanted_node(nodes, name))
				return report_add(nodes->report, KMOD_DEVNAME_BAD_RULE,
						  KMOD_DEVNAME_WARNING, &rule->location, "%s",
						  rule->fault);
		}
		text += size;
	}
	return 0;
}

static int report_unknown_owner(struct kmod_devname_report *report, const struct static_node *node)
{
	bool is_user = is_unknown_owner(&node->user);
	const struct static_owner *owner = is_user ? &node->user : &node->group;

	if (owner->is_reported)
		return 0;
	return report_add(report, KMOD_DEVNAME_UNKNOWN_OWNER, KMOD_DEVNAME_WARNING,
			  &owner->location,
			  "device node '%s' is for %s '%s', which that system does not have: it "
			  "gets mode 0600, and belongs to root",
			  node->name, is_user ? "user" : "group", owner->text);
}

static int add_static_node(const struct static_node *node, struct kmod_devname_report *report,
			   struct kmod_devname_permissions *permissions)
{
	static const struct owner root = { 0 };
	const struct owner user = { node->user.text, node->user.id };
	const struct owner group = { node->group.text, node->group.id };
	mode_t mode = node->has_mode ? node->mode : permissions_default_mode(permissions);
	int r;

	if (!is_unknown_owner(&node->user) && !is_unknown_owner(&node->group))
		return permissions_add(permissions, node->name, mode, &user, &group);
	r = report_unknown_owner(report, node);
	if (r < 0)
		return r;
	return permissions_add(permissions, node->name, PERMISSIONS_PLAIN_MODE, &root, &root);
}

int kmod_devname_permissions_read_udev(struct kmod_devname_permissions *permissions,
				       struct kmod_devname_report *report, int root_fd,
				       const struct kmod_devname_table *table)
{
	struct static_nodes nodes = {
		.report = report,
		.table = table,
		.accounts = { .root_fd = root_fd, .report = report },
	};
	const struct udev_rule *rule;
	struct udev_rules *rules;
	int r = udev_rules_open(root_fd, report, &rules);

	if (r < 0)
		return r;
	while ((r = udev_rules_next(rules, &rule)) > 0) {
		r = rule->fault ? report_dropped_rule(&nodes, rule) : apply_rule(&nodes, rule);
		if (r < 0)
			break;
	}
	for (size_t i = 0; i < nodes.in_order.size && r == 0; i++)
		r = add_static_node(nodes.in_order.items[i], report, permissions);
	static_nodes_done(&nodes);
	udev_rules_close(rules);
	return r;
}
