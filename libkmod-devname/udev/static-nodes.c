// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Mode and owner of nodes that have no device yet. udevd applies the rules that name such nodes at
 * its start, one after the other. These functions do the same: the values of each rule are merged
 * into the node, and each node becomes a permission at the end.
 *
 * No node is more permissive than with any udevd from version 252 on, except for users and groups
 * over 999, whose rules only versions 258 and 259 drop. If versions differ about a rule, its values
 * are in doubt until a rule that all of them accept replaces them. A node with a value in doubt at
 * the end has mode 0600 and owner root.
 */

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/report.h"
#include "node/syntax.h"
#include "node/table.h"
#include "udev/rules.h"

/* Why a rule is in doubt. */
struct static_doubt {
	struct location location; /* of the rule */
	const char *reason;
	const char *owner; /* an unknown user or group, or NULL */
	enum account_kind kind;
	bool is_reported; /* with the rule, and not for each node */
};

/* The values of a node from the rules so far. */
struct static_node {
	const char *name;
	bool has_mode;
	bool is_mode_doubtful;
	mode_t mode;
	struct owner owners[ACCOUNT_KINDS];
	bool is_owner_doubtful[ACCOUNT_KINDS];
	struct static_doubt doubt; /* the last one */
};

void static_node_set_done(struct static_node_set *nodes)
{
	list_done(&nodes->in_order, NULL);
	list_done(&nodes->owners, free);
	tdestroy(nodes->by_name, free);
	accounts_done(&nodes->accounts);
}

static int compare_static_nodes(const void *a, const void *b)
{
	return strcmp(((const struct static_node *)a)->name, ((const struct static_node *)b)->name);
}

/* Finds or adds a node. Returns NULL without memory. */
static struct static_node *get_static_node(struct static_node_set *nodes, const char *name)
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

static bool is_wanted_node(const struct static_node_set *nodes, const char *name)
{
	return nodes->table ? kmod_devname_table_find_name(nodes->table, name) != NULL
			    : syntax_is_device_name(name);
}

static int report_bad_value(const struct static_node_set *nodes, const struct udev_rule *rule,
			    const char *value, const char *what)
{
	return report_add(nodes->report, KMOD_DEVNAME_CODE_BAD_RULE, KMOD_DEVNAME_SEVERITY_WARNING,
			  &rule->location, "'%s' is not %s", value, what);
}

/* Looks up a user or group of a rule, whose text the nodes keep. */
static int find_static_owner(struct static_node_set *nodes, const struct udev_rule *rule,
			     enum account_kind kind, struct static_node *given)
{
	const char *text = kind == ACCOUNT_USER ? rule->user : rule->group;
	struct owner *owner = &given->owners[kind];
	char *copy;
	int r;

	if (!text)
		return 0;
	copy = strdup(text);
	if (!copy || list_push(&nodes->owners, copy) < 0) {
		free(copy);
		return -ENOMEM;
	}
	owner->text = copy;
	r = accounts_find(&nodes->accounts, kind, owner->text, &owner->id);
	if (r != 0)
		return r < 0 ? r : 0;
	given->doubt = (struct static_doubt){ rule->location, NULL, owner->text, kind,
					      !syntax_is_owner(owner->text) };
	return given->doubt.is_reported
		       ? report_bad_value(nodes, rule, owner->text, "a name of a user or group")
		       : 0;
}

/*
 * Reads the values of a rule. Since version 258 udevd drops a rule with an unknown owner; older
 * versions ignore only the name, and a mode that is meant for a group applies without it.
 */
static int read_static_rule(struct static_node_set *nodes, const struct udev_rule *rule,
			    struct static_node *ret_given)
{
	struct static_node given = { .has_mode = rule->has_mode, .mode = rule->mode };
	int r = 0;

	if (rule->bad_mode)
		r = report_bad_value(nodes, rule, rule->bad_mode, "an octal number up to 7777");
	if (r == 0 && rule->dispute)
		given.doubt =
			(struct static_doubt){ rule->location, rule->dispute, NULL, 0, false };
	for (size_t kind = 0; kind < ACCOUNT_KINDS && r == 0; kind++)
		r = find_static_owner(nodes, rule, (enum account_kind)kind, &given);
	if (r < 0)
		return r;
	if (!given.has_mode && given.owners[ACCOUNT_GROUP].id > 0) {
		given.has_mode = true;
		given.mode = STATIC_GROUP_MODE;
	}
	if (given.doubt.location.file) {
		given.is_mode_doubtful = given.has_mode;
		for (size_t i = 0; i < ACCOUNT_KINDS; i++)
			given.is_owner_doubtful[i] = given.owners[i].text != NULL;
	}
	*ret_given = given;
	return 0;
}

static int apply_to_node(struct static_node_set *nodes, const char *name,
			 const struct static_node *given)
{
	struct static_node *node = get_static_node(nodes, name);

	if (!node)
		return -ENOMEM;
	for (size_t i = 0; i < ACCOUNT_KINDS; i++) {
		if (!given->owners[i].text)
			continue;
		node->owners[i] = given->owners[i];
		node->is_owner_doubtful[i] = given->is_owner_doubtful[i];
	}
	if (given->has_mode) {
		node->has_mode = true;
		node->mode = given->mode;
		node->is_mode_doubtful = given->is_mode_doubtful;
	}
	if (given->doubt.location.file)
		node->doubt = given->doubt;
	return 0;
}

static int apply_rule(struct static_node_set *nodes, const struct udev_rule *rule)
{
	struct static_node given;
	bool is_read = false;
	int r;

	for (size_t i = 0; i < rule->static_nodes.size; i++) {
		const char *name = rule->static_nodes.items[i];

		if (!is_wanted_node(nodes, name)) {
			/* without a table all nodes are wanted, so the name is invalid */
			r = nodes->table
				    ? 0
				    : report_bad_value(nodes, rule, name, "a valid device name");
			if (r < 0)
				return r;
			continue;
		}
		/* only a rule for a wanted node may have findings */
		if (!is_read) {
			r = read_static_rule(nodes, rule, &given);
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
static int report_dropped_rule(const struct static_node_set *nodes, const struct udev_rule *rule)
{
	char name[KMOD_DEVNAME_NAME_MAX + 1];

	for (const char *text = rule->text; (text = strstr(text, UDEV_STATIC_NODE));) {
		size_t size;

		text += strlen(UDEV_STATIC_NODE);
		size = strcspn(text, "\" \t,");
		if (size < sizeof(name)) {
			memcpy(name, text, size);
			name[size] = '\0';
			udev_normalise_node(name);
			if (is_wanted_node(nodes, name))
				return report_add(nodes->report, KMOD_DEVNAME_CODE_BAD_RULE,
						  KMOD_DEVNAME_SEVERITY_WARNING, &rule->location,
						  "%s", rule->fault);
		}
		text += size;
	}
	return 0;
}

static int report_doubt(struct kmod_devname_report *report, const struct static_node *node)
{
	const struct static_doubt *doubt = &node->doubt;

	if (doubt->is_reported)
		return 0;
	if (doubt->owner)
		return report_add(
			report, KMOD_DEVNAME_CODE_UNKNOWN_OWNER, KMOD_DEVNAME_SEVERITY_WARNING,
			&doubt->location,
			"device node '%s' has unknown %s '%s', and so mode 0600 and owner root",
			node->name, doubt->kind == ACCOUNT_USER ? "user" : "group", doubt->owner);
	return report_add(report, KMOD_DEVNAME_CODE_BAD_RULE, KMOD_DEVNAME_SEVERITY_WARNING,
			  &doubt->location, "%s: device node '%s' has mode 0600 and owner root",
			  doubt->reason, node->name);
}

static int add_static_node(const struct static_node_set *nodes, const struct static_node *node)
{
	static const struct owner root = { 0 };
	mode_t mode = node->has_mode ? node->mode : nodes->permissions->default_permission.mode;
	int r;

	if (!node->is_mode_doubtful && !node->is_owner_doubtful[ACCOUNT_USER] &&
	    !node->is_owner_doubtful[ACCOUNT_GROUP])
		return permissions_add(nodes->permissions, node->name, mode,
				       &node->owners[ACCOUNT_USER], &node->owners[ACCOUNT_GROUP]);
	r = report_doubt(nodes->report, node);
	return r < 0 ? r
		     : permissions_add(nodes->permissions, node->name, PERMISSIONS_PLAIN_MODE,
				       &root, &root);
}

int static_node_set_take_rule(void *data, const struct udev_rule *rule)
{
	struct static_node_set *nodes = data;
	int r = 0;

	if (rule)
		return rule->fault ? report_dropped_rule(nodes, rule) : apply_rule(nodes, rule);
	for (size_t i = 0; i < nodes->in_order.size && r == 0; i++)
		r = add_static_node(nodes, nodes->in_order.items[i]);
	return r;
}

int kmod_devname_permissions_read_udev(struct kmod_devname_permissions *permissions,
				       struct kmod_devname_report *report, int root_fd,
				       const struct kmod_devname_table *table)
{
	struct static_node_set nodes = {
		.report = report,
		.table = table,
		.permissions = permissions,
		.accounts = { .root_fd = root_fd, .report = report },
	};
	int r = fd_check_directory(root_fd);

	if (r < 0)
		return r;
	r = udev_rules_read(root_fd, report, static_node_set_take_rule, &nodes);
	static_node_set_done(&nodes);
	if (r == 0 || is_fatal(r))
		return r;
	/* rules that cannot be read could be about any node */
	permissions->default_permission.mode = PERMISSIONS_PLAIN_MODE;
	return 0;
}
