// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rules that give a node its mode or owner, or the user of a seat access to it, too late: when its
 * device appears, which takes the module that opening the node would load.
 *
 * The names of the nodes' devices are sorted, and a rule is noted with the names that it is for. In
 * the end each node has its device looked up. So neither many rules nor many nodes take a square.
 */

#include <errno.h>
#include <fnmatch.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/report.h"
#include "node/misc-minors.h"
#include "node/permissions.h"
#include "node/table.h"
#include "udev/static-nodes.h"

/*
 * The work of comparing patterns with names. fnmatch(3) takes time for each byte of the one and
 * each of the other, and some for the call: a second for all that is allowed.
 */
#define COMPARISONS_MAX 1000000000
#define COMPARISON_SIZE(text) (strlen(text) + 16)

/* What rules give: 0 is no mode, and root; owners are hashes of their names. */
struct rule_access {
	mode_t mode;
	uint64_t user;
	uint64_t group;
	bool seat;
};

/* Modes and owners, and access for the user of a seat, may stand in different rules. */
enum late_kind {
	LATE_OWNER,
	LATE_SEAT,
	N_LATE_KINDS,
};

struct late_rule {
	size_t number; /* 0 for none */
	struct location location;
	struct rule_access access;
};

/* The last rules for a device, whatever it is, and the last ones for those of major 10. */
struct linted_device {
	const char *name;
	struct late_rule rules[N_LATE_KINDS];
	struct late_rule misc_rules[N_LATE_KINDS];
};

/* What the rules give that name a node in static_node=. */
struct linted_node {
	size_t rule; /* the last one's number, 0 for none */
	struct rule_access access;
};

struct udev_lint {
	const struct kmod_devname_table *table;
	struct kmod_devname_report *report;
	struct linted_node *nodes; /* in the order of the table */
	struct linted_device *devices; /* sorted by name */
	size_t n_devices;
	size_t n_rules; /* so far */
	uint64_t names_size; /* COMPARISON_SIZE() of all of their names */
	uint64_t comparisons;
	bool is_incomplete;
};

/* FNV-1a. Names are compared after the rule that has them is gone. */
static uint64_t hash_owner(const char *owner)
{
	uint64_t hash = 0xcbf29ce484222325;

	if (!owner || *owner == '\0' || strcmp(owner, "root") == 0 || strcmp(owner, "0") == 0)
		return 0;
	for (; *owner != '\0'; owner++)
		hash = (hash ^ (unsigned char)*owner) * 0x100000001b3;
	return hash;
}

static struct rule_access rule_access(const struct udev_rule *rule)
{
	return (struct rule_access){
		.mode = rule->has_mode ? rule->mode : 0,
		.user = hash_owner(rule->user),
		.group = hash_owner(rule->group),
		.seat = rule->gives_seat,
	};
}

/* A rule that gives what the node has anyway makes no difference. */
static bool gives_more(const struct rule_access *access, enum late_kind kind,
		       const struct rule_access *has)
{
	mode_t mode = has->mode ? has->mode : PERMISSIONS_PLAIN_MODE;

	if (kind == LATE_SEAT)
		return access->seat && !has->seat && (mode & 06) != 06;
	return (access->user && access->user != has->user) ||
	       (access->group && access->group != has->group) ||
	       (access->mode && access->mode != mode);
}

static const char *device_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_misc_node(const struct kmod_devname_node *node)
{
	return kmod_devname_node_get_type(node) == S_IFCHR &&
	       kmod_devname_node_get_major(node) == MISC_MAJOR;
}

static int compare_linted_devices(const void *a, const void *b)
{
	return strcmp(((const struct linted_device *)a)->name,
		      ((const struct linted_device *)b)->name);
}

static int udev_lint_init(struct udev_lint *lint)
{
	size_t size = kmod_devname_table_size(lint->table), n = 0;

	lint->nodes = calloc(size + 1, sizeof(*lint->nodes));
	lint->devices = calloc(size + 1, sizeof(*lint->devices));
	if (!lint->nodes || !lint->devices)
		return -ENOMEM;
	for (size_t i = 0; i < size; i++)
		lint->devices[i].name = device_name(
			kmod_devname_node_get_name(kmod_devname_table_get(lint->table, i)));
	if (size > 1)
		qsort(lint->devices, size, sizeof(*lint->devices), compare_linted_devices);
	for (size_t i = 0; i < size; i++)
		if (n == 0 || strcmp(lint->devices[i].name, lint->devices[n - 1].name) != 0)
			lint->devices[n++] = lint->devices[i];
	for (size_t i = 0; i < n; i++)
		lint->names_size += COMPARISON_SIZE(lint->devices[i].name);
	lint->n_devices = n;
	return 0;
}

static struct linted_device *find_linted_device(const struct udev_lint *lint, const char *name)
{
	const struct linted_device key = { .name = name };

	return lint->n_devices == 0 ? NULL
				    : bsearch(&key, lint->devices, lint->n_devices, sizeof(key),
					      compare_linted_devices);
}

static void note_rule(struct udev_lint *lint, struct linted_device *device,
		      const struct udev_rule *rule)
{
	static const struct rule_access nothing = { 0 };
	const struct late_rule late = { lint->n_rules, rule->location, rule_access(rule) };
	struct late_rule *rules = rule->is_for_misc ? device->misc_rules : device->rules;

	for (int kind = 0; kind < N_LATE_KINDS; kind++)
		if (gives_more(&late.access, (enum late_kind)kind, &nothing))
			rules[kind] = late;
}

/* Patterns with wildcards, of which real rules have few, are compared with all names. */
static int lint_pattern(struct udev_lint *lint, const struct udev_rule *rule, const char *pattern)
{
	uint64_t work;

	if (!strpbrk(pattern, "*?[\\")) {
		struct linted_device *device = find_linted_device(lint, pattern);

		if (device)
			note_rule(lint, device, rule);
		return 0;
	}
	work = COMPARISON_SIZE(pattern) * lint->names_size;
	if (work > COMPARISONS_MAX - lint->comparisons) {
		if (lint->is_incomplete)
			return 0;
		lint->is_incomplete = true;
		return report_add(lint->report, KMOD_DEVNAME_BAD_RULE, KMOD_DEVNAME_WARNING,
				  &rule->location,
				  "has a pattern too many: this and later ones with wildcards are "
				  "not compared with the nodes");
	}
	lint->comparisons += work;
	for (size_t i = 0; i < lint->n_devices; i++)
		if (fnmatch(pattern, lint->devices[i].name, 0) == 0)
			note_rule(lint, &lint->devices[i], rule);
	return 0;
}

/* A tag counts only for the nodes of its own rule; what else a rule gives replaces the same. */
static void note_static_rule(struct udev_lint *lint, const struct udev_rule *rule)
{
	const struct rule_access access = rule_access(rule);

	for (size_t i = 0; i < rule->static_nodes.size; i++) {
		const struct kmod_devname_node *node =
			table_find(lint->table, rule->static_nodes.items[i]);
		struct linted_node *linted = node ? &lint->nodes[node->index] : NULL;

		if (!linted)
			continue;
		linted->rule = lint->n_rules;
		linted->access.seat = linted->access.seat || access.seat;
		if (access.mode || access.group)
			linted->access.mode = access.mode ? access.mode : STATIC_GROUP_MODE;
		if (rule->user)
			linted->access.user = access.user;
		if (rule->group)
			linted->access.group = access.group;
	}
}

static int lint_rule(struct udev_lint *lint, const struct udev_rule *rule)
{
	lint->n_rules++;
	if (rule->fault)
		return 0;
	note_static_rule(lint, rule);
	if (!rule->kernels || rule->needs_device)
		return 0;
	for (const char *p = rule->kernels; p <= rule->kernels_end; p += strlen(p) + 1) {
		int r = lint_pattern(lint, rule, p);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Of a distribution, whose files its packages replace. */
static bool is_file_of_packages(const char *path)
{
	path += strspn(path, "/");
	return strncmp(path, "usr/lib/", strlen("usr/lib/")) == 0 ||
	       strncmp(path, "lib/", strlen("lib/")) == 0;
}

static int report_late_rule(const struct udev_lint *lint, const struct kmod_devname_node *node,
			    const struct location *location, enum late_kind kind)
{
	bool of_packages = is_file_of_packages(location->file);
	const char *effect = kind == LATE_SEAT ? "this user cannot load it by opening the node"
			     : lint->nodes[node->index].rule == 0
				     ? "nobody but root can load it by opening the node"
				     : "the node has those of other rules before";

	return report_add(lint->report, KMOD_DEVNAME_NO_STATIC_NODE,
			  of_packages ? KMOD_DEVNAME_NOTE : KMOD_DEVNAME_WARNING, location,
			  "gives '%s' %s only when module %s is loaded, so that %s; %sadd "
			  "OPTIONS+=\"static_node=%s\", and run systemctl restart systemd-udevd",
			  node->name,
			  kind == LATE_SEAT ? "to the user of a seat" : "its mode or owner",
			  node->module, effect, of_packages ? "copy it to /etc/udev/rules.d, " : "",
			  node->name);
}

/*
 * Reports the last rules for the device of a node, unless a later one with static_node replaces
 * them. Of several modules that declare it the first is named.
 */
static int lint_static_node(const struct udev_lint *lint, const struct kmod_devname_node *node)
{
	const struct linted_device *device = find_linted_device(lint, device_name(node->name));
	const struct linted_node *linted = &lint->nodes[node->index];
	size_t reported = 0;
	int r = 0;

	if (table_find(lint->table, node->name) != node)
		return 0;
	for (int i = 0; i < N_LATE_KINDS && r == 0; i++) {
		enum late_kind kind = (enum late_kind)i;
		const struct late_rule *late = &device->rules[kind];

		if (is_misc_node(node) && device->misc_rules[kind].number > late->number)
			late = &device->misc_rules[kind];
		if (late->number == reported || !gives_more(&late->access, kind, &linted->access) ||
		    (kind == LATE_OWNER && late->number <= linted->rule))
			continue;
		reported = late->number;
		r = report_late_rule(lint, node, &late->location, kind);
	}
	return r;
}

/* Each rule is read once, whether it is asked for late ones or also for permissions. */
static int lint_rules(struct udev_lint *lint, int root_fd, struct static_node_set *nodes,
		      struct kmod_devname_permissions *permissions)
{
	const struct udev_rule *rule;
	struct udev_rules *rules;
	int r = udev_rules_open(root_fd, lint->report, &rules);

	if (r < 0)
		return r;
	while ((r = udev_rules_next(rules, &rule)) > 0) {
		r = permissions ? static_node_set_add_rule(nodes, rule) : 0;
		if (r == 0)
			r = lint_rule(lint, rule);
		if (r < 0)
			break;
	}
	/* the findings name files of the rules */
	if (r == 0 && permissions)
		r = static_node_set_finish(nodes, permissions);
	for (size_t i = 0; i < kmod_devname_table_size(lint->table) && r == 0; i++)
		r = lint_static_node(lint, kmod_devname_table_get(lint->table, i));
	udev_rules_close(rules);
	return r;
}

int udev_lint(const struct kmod_devname_table *table, struct kmod_devname_report *report,
	      int root_fd, struct kmod_devname_permissions *permissions)
{
	struct udev_lint lint = { .table = table, .report = report };
	struct static_node_set nodes = {
		.report = report,
		.table = table,
		.accounts = { .root_fd = root_fd, .report = report },
	};
	int r = udev_lint_init(&lint);

	if (r == 0)
		r = lint_rules(&lint, root_fd, &nodes, permissions);
	static_node_set_done(&nodes);
	free(lint.nodes);
	free(lint.devices);
	return r < 0 && !is_fatal(r) ? 0 : r;
}

int kmod_devname_table_lint_udev(const struct kmod_devname_table *table,
				 struct kmod_devname_report *report, int root_fd)
{
	return udev_lint(table, report, root_fd, NULL);
}
