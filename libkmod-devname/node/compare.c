// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Two tables -> their differences. Both are sorted by name and module. Nodes with the same name are
 * matched in two rounds, those of the same module first, so that a name of several modules does not
 * appear to change its module. Unmatched nodes were removed or added.
 */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "node/table.h"

const char *const change_names[] = {
	[CHANGE_ADDED] = "added",
	[CHANGE_REMOVED] = "removed",
	[CHANGE_RENUMBERED] = "renumbered",
	[CHANGE_MODULE] = "module-changed",
};

/* Lexicographic, component by component. */
static int compare_node_names(const void *a, const void *b)
{
	const struct kmod_devname_node *x = *(const struct kmod_devname_node *const *)a;
	const struct kmod_devname_node *y = *(const struct kmod_devname_node *const *)b;
	int r = syntax_compare_paths(x->name, y->name);

	return r != 0 ? r : strcmp(x->name, y->name);
}

static int compare_nodes(const void *a, const void *b)
{
	const struct kmod_devname_node *x = *(const struct kmod_devname_node *const *)a;
	const struct kmod_devname_node *y = *(const struct kmod_devname_node *const *)b;
	int r = compare_node_names(a, b);

	return r != 0 ? r : strcmp(x->module, y->module);
}

static int compare_differences(const void *a, const void *b)
{
	const struct difference *x = a, *y = b;

	return compare_nodes(x->old_node ? &x->old_node : &x->new_node,
			     y->old_node ? &y->old_node : &y->new_node);
}

/* The nodes of a table; one that has been matched is NULL. */
static int sort_nodes(const struct kmod_devname_table *table, struct list *nodes)
{
	size_t n = kmod_devname_table_size(table);

	if (list_reserve(nodes, n) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		nodes->items[nodes->size++] = (void *)(uintptr_t)kmod_devname_table_get(table, i);
	list_sort(nodes, compare_nodes);
	return 0;
}

static void add_difference(struct comparison *comparison, enum change change,
			   const struct kmod_devname_node *old_node,
			   const struct kmod_devname_node *new_node)
{
	comparison->items[comparison->size++] = (struct difference){ change, old_node, new_node };
}

/* The position of the next node that has not been matched. */
static size_t skip_matched(const struct list *nodes, size_t position)
{
	while (position < nodes->size && !nodes->items[position])
		position++;
	return position;
}

/* Matches nodes that are equal according to the function. */
static void match_nodes(struct comparison *comparison, struct list *old_nodes,
			struct list *new_nodes, int (*compare)(const void *, const void *))
{
	size_t i = 0, j = 0;

	while ((i = skip_matched(old_nodes, i)) < old_nodes->size &&
	       (j = skip_matched(new_nodes, j)) < new_nodes->size) {
		const struct kmod_devname_node *x = old_nodes->items[i], *y = new_nodes->items[j];
		int order = compare(&x, &y);

		if (order != 0) {
			i += order < 0;
			j += order > 0;
			continue;
		}
		if (!syntax_same_number(&x->number, &y->number))
			add_difference(comparison, CHANGE_RENUMBERED, x, y);
		else if (strcmp(x->module, y->module) != 0)
			add_difference(comparison, CHANGE_MODULE, x, y);
		old_nodes->items[i] = new_nodes->items[j] = NULL;
	}
}

static void compare_tables(struct comparison *comparison, struct list *old_nodes,
			   struct list *new_nodes)
{
	match_nodes(comparison, old_nodes, new_nodes, compare_nodes);
	match_nodes(comparison, old_nodes, new_nodes, compare_node_names);
	for (size_t i = 0; (i = skip_matched(old_nodes, i)) < old_nodes->size; i++)
		add_difference(comparison, CHANGE_REMOVED, old_nodes->items[i], NULL);
	for (size_t i = 0; (i = skip_matched(new_nodes, i)) < new_nodes->size; i++)
		add_difference(comparison, CHANGE_ADDED, NULL, new_nodes->items[i]);
	qsort(comparison->items, comparison->size, sizeof(*comparison->items), compare_differences);
}

int comparison_new(const struct kmod_devname_table *old_table,
		   const struct kmod_devname_table *new_table, struct comparison **ret_comparison)
{
	size_t n = kmod_devname_table_size(old_table) + kmod_devname_table_size(new_table);
	_cleanup_free_ struct comparison *comparison =
		malloc(sizeof(*comparison) + n * sizeof(*comparison->items));
	_cleanup_list_ struct list old_nodes = { 0 }, new_nodes = { 0 };

	if (!comparison || sort_nodes(old_table, &old_nodes) < 0 ||
	    sort_nodes(new_table, &new_nodes) < 0)
		return -ENOMEM;
	comparison->size = 0;
	compare_tables(comparison, &old_nodes, &new_nodes);
	*ret_comparison = comparison;
	comparison = NULL;
	return 0;
}
