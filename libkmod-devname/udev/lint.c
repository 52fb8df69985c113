// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rules that give a node its mode or owner too late: when its device appears, which takes the
 * module that opening the node would load.
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
#include "node/syntax.h"
#include "node/table.h"
#include "udev/rules.h"

/*
 * The work of comparing patterns with names. fnmatch(3) takes time for each byte of the one and
 * each of the other, and some for the call: a second for all that is allowed.
 */
#define COMPARISONS_MAX 1000000000
#define COMPARISON_SIZE(text) (strlen(text) + 16)

/* The last rule for a device, whatever it is, and the last one for those of major 10. */
struct linted_device {
	const char *name;
	size_t rule; /* its number, 0 for none */
	size_t misc_rule;
	struct location location;
	struct location misc_location;
};

struct udev_lint {
	const struct kmod_devname_table *table;
	struct kmod_devname_report *report;
	bool *is_static; /* for each node of the table: a rule names it in static_node= */
	struct linted_device *devices; /* sorted by name */
	size_t n_devices;
	size_t n_rules; /* so far */
	uint64_t names_size; /* COMPARISON_SIZE() of all of their names */
	uint64_t comparisons;
	bool is_incomplete;
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

	lint->is_static = calloc(size + 1, sizeof(*lint->is_static));
	lint->devices = calloc(size + 1, sizeof(*lint->devices));
	if (!lint->is_static || !lint->devices)
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
	if (rule->is_for_misc) {
		device->misc_rule = lint->n_rules;
		device->misc_location = rule->location;
	} else {
		device->rule = lint->n_rules;
		device->location = rule->location;
	}
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

static int lint_rule(struct udev_lint *lint, const struct udev_rule *rule)
{
	lint->n_rules++;
	if (rule->fault)
		return 0;
	for (size_t i = 0; i < rule->static_nodes.size; i++) {
		const struct kmod_devname_node *node =
			table_find(lint->table, rule->static_nodes.items[i]);

		if (node)
			lint->is_static[node->index] = true;
	}
	if (!rule->kernels || rule->needs_device || !gives_access(rule))
		return 0;
	for (const char *p = rule->kernels; p <= rule->kernels_end; p += strlen(p) + 1) {
		int r = lint_pattern(lint, rule, p);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Reports the last rule for the device of a node. Of several modules that declare it the first is
 * named. */
static int report_late_rule(const struct udev_lint *lint, const struct kmod_devname_node *node)
{
	const char *name = kmod_devname_node_get_name(node);
	const struct linted_device *device = find_linted_device(lint, device_name(name));
	bool is_misc = is_misc_node(node) && device->misc_rule > device->rule;

	if (lint->is_static[node->index] || (device->rule == 0 && !is_misc) ||
	    table_find(lint->table, name) != node)
		return 0;
	return report_add(
		lint->report, KMOD_DEVNAME_NO_STATIC_NODE, KMOD_DEVNAME_WARNING,
		is_misc ? &device->misc_location : &device->location,
		"gives '%s' its mode or owner only when module %s is loaded, which nobody "
		"but root can do by opening it: add OPTIONS+=\"static_node=%s\"",
		name, kmod_devname_node_get_module(node), name);
}

static int lint_rules(struct udev_lint *lint, int root_fd)
{
	const struct udev_rule *rule;
	struct udev_rules *rules;
	int r = udev_rules_open(root_fd, lint->report, &rules);

	if (r < 0)
		return r;
	while ((r = udev_rules_next(rules, &rule)) > 0) {
		r = lint_rule(lint, rule);
		if (r < 0)
			break;
	}
	/* the findings name files of the rules */
	for (size_t i = 0; i < kmod_devname_table_size(lint->table) && r == 0; i++)
		r = report_late_rule(lint, kmod_devname_table_get(lint->table, i));
	udev_rules_close(rules);
	return r;
}

int kmod_devname_table_lint_udev(const struct kmod_devname_table *table,
				 struct kmod_devname_report *report, int root_fd)
{
	struct udev_lint lint = { .table = table, .report = report };
	int r = udev_lint_init(&lint);

	if (r == 0)
		r = lint_rules(&lint, root_fd);
	free(lint.is_static);
	free(lint.devices);
	return r < 0 && !is_fatal(r) ? 0 : r;
}
