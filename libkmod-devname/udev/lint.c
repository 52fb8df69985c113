// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Finds rules that set mode, owner or seat access of a node too late: when its device appears,
 * which needs the module that opening the node would load.
 *
 * A rule counts if it has KERNEL== with a pattern, other than "*", that matches the last component
 * of the node's name, and no other conditions but ACTION, and SUBSYSTEM=="misc" for a character
 * device of major 10: other conditions depend on the device. A value counts if it is constant and
 * not the default, and if the rules that name the node in static_node= do not set it as well.
 *
 * The device names of all nodes are sorted, and each rule is recorded with the names that it
 * matches. At the end each node looks up its device. The time is not quadratic in rules or nodes.
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
#include "node/syntax.h"
#include "node/table.h"
#include "udev/rules.h"

/*
 * The work of comparing patterns with names. fnmatch(3) takes time for each byte of the pattern
 * times each byte of the name, and some for the call: a second in all.
 */
#define COMPARISONS_MAX 1000000000
#define COMPARISON_SIZE(text) (strlen(text) + 16)

enum access_key {
	ACCESS_MODE,
	ACCESS_USER,
	ACCESS_GROUP,
	ACCESS_SEAT,
	N_ACCESS_KEYS,
};

/* The last rule that has a key. */
struct key_rule {
	size_t number; /* 0 for none */
	struct location location;
	uint64_t value; /* the mode, the hash of an owner or 0 for root, or 1 */
};

/* The last rules for any device of a name, and for one of major 10: is_for_misc is the index. */
struct linted_device {
	const char *name;
	struct key_rule rules[2][N_ACCESS_KEYS];
};

struct udev_lint {
	const struct kmod_devname_table *table;
	struct kmod_devname_report *report;
	struct static_node_set *static_nodes; /* that gets each rule too, or NULL */
	struct key_rule (*nodes)[N_ACCESS_KEYS]; /* by static_node=, in the order of the table */
	struct linted_device *devices; /* sorted by name */
	size_t n_devices;
	size_t n_rules; /* so far */
	struct key_rule given[N_ACCESS_KEYS]; /* by the current rule */
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

/* Once a rule: it can match all nodes, and its owner can be long. */
static void get_given_keys(struct udev_lint *lint, const struct udev_rule *rule)
{
	const bool has[N_ACCESS_KEYS] = { rule->has_mode, rule->user != NULL, rule->group != NULL,
					  rule->gives_seat };
	const uint64_t values[N_ACCESS_KEYS] = { rule->mode, hash_owner(rule->user),
						 hash_owner(rule->group), 1 };

	for (int i = 0; i < N_ACCESS_KEYS; i++)
		lint->given[i] =
			(struct key_rule){ has[i] ? lint->n_rules : 0, rule->location, values[i] };
}

/* Replaces the values of earlier rules by those of the current one. */
static void note_given_keys(const struct udev_lint *lint, struct key_rule *keys)
{
	for (int i = 0; i < N_ACCESS_KEYS; i++)
		if (lint->given[i].number > 0)
			keys[i] = lint->given[i];
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
		lint->devices[i].name =
			syntax_base_name(kmod_devname_table_get(lint->table, i)->name);
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

	return bsearch(&key, lint->devices, lint->n_devices, sizeof(key), compare_linted_devices);
}

/* Patterns with wildcards, of which real rules have few, are compared with all names. */
static int lint_pattern(struct udev_lint *lint, const struct udev_rule *rule, const char *pattern)
{
	uint64_t work;

	if (!strpbrk(pattern, "*?[\\")) {
		struct linted_device *device = find_linted_device(lint, pattern);

		if (device)
			note_given_keys(lint, device->rules[rule->is_for_misc]);
		return 0;
	}
	work = COMPARISON_SIZE(pattern) * lint->names_size;
	if (work > COMPARISONS_MAX - lint->comparisons) {
		if (lint->is_incomplete)
			return 0;
		lint->is_incomplete = true;
		return report_add(lint->report, KMOD_DEVNAME_CODE_BAD_RULE,
				  KMOD_DEVNAME_SEVERITY_WARNING, &rule->location,
				  "too many patterns: this and later patterns with wildcards are "
				  "not compared with the nodes");
	}
	lint->comparisons += work;
	for (size_t i = 0; i < lint->n_devices; i++)
		if (fnmatch(pattern, lint->devices[i].name, 0) == 0)
			note_given_keys(lint, lint->devices[i].rules[rule->is_for_misc]);
	return 0;
}

static void note_static_nodes(const struct udev_lint *lint, const struct udev_rule *rule)
{
	const struct key_rule *group = &lint->given[ACCESS_GROUP];

	for (size_t i = 0; i < rule->static_nodes.size; i++) {
		const struct kmod_devname_node *node =
			kmod_devname_table_find_name(lint->table, rule->static_nodes.items[i]);

		if (!node)
			continue;
		note_given_keys(lint, lint->nodes[node->index]);
		if (rule->group && !rule->has_mode && group->value)
			lint->nodes[node->index][ACCESS_MODE] =
				(struct key_rule){ group->number, group->location,
						   STATIC_GROUP_MODE };
	}
}

static int lint_rule(struct udev_lint *lint, const struct udev_rule *rule)
{
	char *rest = rule->needs_device ? NULL : rule->kernels;
	const char *pattern;
	int r = 0;

	lint->n_rules++;
	if (rule->fault)
		return 0;
	get_given_keys(lint, rule);
	note_static_nodes(lint, rule);
	while (r == 0 && (pattern = strsep(&rest, "|")))
		r = lint_pattern(lint, rule, pattern);
	return r;
}

/* Of a distribution, whose files its packages replace. */
static bool is_file_of_packages(const char *path)
{
	return strncmp(path, "/usr/lib/", strlen("/usr/lib/")) == 0 ||
	       strncmp(path, "/lib/", strlen("/lib/")) == 0;
}

static int report_late_rule(const struct udev_lint *lint, const struct kmod_devname_node *node,
			    const struct location *location, const char *what, const char *effect)
{
	bool of_packages = is_file_of_packages(location->file);

	return report_add(lint->report, KMOD_DEVNAME_CODE_NO_STATIC_NODE,
			  of_packages ? KMOD_DEVNAME_SEVERITY_NOTE : KMOD_DEVNAME_SEVERITY_WARNING,
			  location,
			  "sets %s of '%s' only when module %s is loaded: %s; %sadd "
			  "OPTIONS+=\"static_node=%s\", and run systemctl restart systemd-udevd",
			  what, node->name, node->module, effect,
			  of_packages ? "copy it to /etc/udev/rules.d, " : "", node->name);
}

/* The rule that sets a key of the device but not of the node, or NULL. */
static const struct key_rule *find_late_rule(const struct udev_lint *lint,
					     const struct kmod_devname_node *node,
					     enum access_key key)
{
	const struct linted_device *device = find_linted_device(lint, syntax_base_name(node->name));
	const struct key_rule *late = &device->rules[false][key];
	const struct key_rule *has = &lint->nodes[node->index][key];
	uint64_t plain = key == ACCESS_MODE ? PERMISSIONS_PLAIN_MODE : 0;

	if (node->number.type == S_IFCHR && node->number.major == MISC_MAJOR &&
	    device->rules[true][key].number > late->number)
		late = &device->rules[true][key];
	/* a default value makes no difference */
	if (late->number == 0 || late->value == plain || late->value == has->value)
		return NULL;
	return late->number > has->number ? late : NULL;
}

/* Of several modules that declare a node the first is named. */
static int lint_static_node(const struct udev_lint *lint, const struct kmod_devname_node *node)
{
	const struct key_rule *has = lint->nodes[node->index], *late = NULL, *seat;
	bool is_static = has[ACCESS_MODE].number > 0 || has[ACCESS_USER].number > 0;
	int r = 0;

	if (kmod_devname_table_find_name(lint->table, node->name) != node)
		return 0;
	for (int key = ACCESS_MODE; key <= ACCESS_GROUP; key++) {
		const struct key_rule *found = find_late_rule(lint, node, (enum access_key)key);

		if (found && (!late || found->number > late->number))
			late = found;
	}
	if (late)
		r = report_late_rule(lint, node, &late->location, "mode or owner",
				     is_static ? "before that, other rules apply"
					       : "only root can load it by opening the node");
	seat = find_late_rule(lint, node, ACCESS_SEAT);
	if (r < 0 || !seat || (late && late->number == seat->number) ||
	    (has[ACCESS_MODE].value & 06) == 06)
		return r;
	return report_late_rule(lint, node, &seat->location, "the access of a seat",
				"the user of the seat cannot load it by opening the node");
}

static int take_linted_rule(void *data, const struct udev_rule *rule)
{
	struct udev_lint *lint = data;
	int r = lint->static_nodes ? static_node_set_take_rule(lint->static_nodes, rule) : 0;

	if (r == 0 && rule)
		return lint_rule(lint, rule);
	for (size_t i = 0; i < kmod_devname_table_size(lint->table) && r == 0; i++)
		r = lint_static_node(lint, kmod_devname_table_get(lint->table, i));
	return r;
}

int udev_lint(const struct kmod_devname_table *table, struct kmod_devname_report *report,
	      int root_fd, struct kmod_devname_permissions *permissions)
{
	struct static_node_set nodes = {
		.report = report,
		.table = table,
		.permissions = permissions,
		.accounts = { .root_fd = root_fd, .report = report },
	};
	struct udev_lint lint = {
		.table = table,
		.report = report,
		.static_nodes = permissions ? &nodes : NULL,
	};
	int r = udev_lint_init(&lint);

	if (r == 0)
		r = udev_rules_read(root_fd, report, take_linted_rule, &lint);
	static_node_set_done(&nodes);
	free(lint.nodes);
	free(lint.devices);
	return r < 0 && !is_fatal(r) ? 0 : r;
}
