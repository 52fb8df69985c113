// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rules that give a node its mode or owner too late: when its device appears, which takes the
 * module that opening the node would load.
 */

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "node/misc-minors.h"
#include "node/permissions.h"
#include "node/table.h"
#include "udev/rules.h"

struct linted_node {
	const struct kmod_devname_node *node;
	bool is_static; /* a rule names it in static_node= */
	struct location location; /* the last rule that is for its device; no file for none */
};

static bool is_root_name(const char *owner)
{
	return *owner == '\0' || strcmp(owner, "root") == 0 || strcmp(owner, "0") == 0;
}

/* A rule that gives what the node has anyway makes no difference. */
static bool gives_access(const struct udev_rule *rule)
{
	return (rule->user && !is_root_name(rule->user)) ||
	       (rule->group && !is_root_name(rule->group)) ||
	       (rule->has_mode && rule->mode != PERMISSIONS_PLAIN_MODE);
}

/* The name of a device is the last component of the name of its node. */
static bool is_for_device(const struct udev_rule *rule, const struct kmod_devname_node *node)
{
	const char *path = kmod_devname_node_get_name(node), *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	if (rule->is_for_misc && (kmod_devname_node_get_type(node) != S_IFCHR ||
				  kmod_devname_node_get_major(node) != MISC_MAJOR))
		return false;
	for (const char *p = rule->kernels; p <= rule->kernels_end; p += strlen(p) + 1)
		if (fnmatch(p, name, 0) == 0)
			return true;
	return false;
}

static void lint_node_by_rule(struct linted_node *linted, const struct udev_rule *rule)
{
	const char *name = kmod_devname_node_get_name(linted->node);

	for (size_t i = 0; i < rule->static_nodes.size; i++)
		if (strcmp(rule->static_nodes.items[i], name) == 0)
			linted->is_static = true;
	if (rule->kernels && !rule->needs_device && gives_access(rule) &&
	    is_for_device(rule, linted->node))
		linted->location = rule->location;
}

/* Of several modules that declare the node the first is named. */
static int report_late_rule(const struct kmod_devname_table *table,
			    struct kmod_devname_report *report, const struct linted_node *linted)
{
	const char *name = kmod_devname_node_get_name(linted->node);

	if (!linted->location.file || linted->is_static || table_find(table, name) != linted->node)
		return 0;
	return report_add(
		report, KMOD_DEVNAME_NO_STATIC_NODE, KMOD_DEVNAME_WARNING, &linted->location,
		"gives '%s' its mode or owner only when module %s is loaded, which nobody "
		"but root can do by opening it: add OPTIONS+=\"static_node=%s\"",
		name, kmod_devname_node_get_module(linted->node), name);
}

int kmod_devname_table_lint_udev(const struct kmod_devname_table *table,
				 struct kmod_devname_report *report, int root_fd)
{
	size_t size = kmod_devname_table_size(table);
	_cleanup_free_ struct linted_node *nodes = calloc(size + 1, sizeof(*nodes));
	const struct udev_rule *rule;
	struct udev_rules *rules;
	int r;

	if (!nodes)
		return -ENOMEM;
	for (size_t i = 0; i < size; i++)
		nodes[i].node = kmod_devname_table_get(table, i);
	r = udev_rules_open(root_fd, report, &rules);
	if (r < 0)
		return r;
	while ((r = udev_rules_next(rules, &rule)) > 0)
		for (size_t i = 0; i < size && !rule->fault; i++)
			lint_node_by_rule(&nodes[i], rule);
	for (size_t i = 0; i < size && r == 0; i++)
		r = report_late_rule(table, report, &nodes[i]);
	udev_rules_close(rules);
	return r;
}
