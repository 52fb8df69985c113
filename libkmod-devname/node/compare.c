// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Two tables -> their differences. Both are sorted by name and module. Nodes with the same name are
 * matched in two rounds, those of the same module first, so that a name of several modules does not
 * appear to change its module. Unmatched nodes were removed or added.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node/table.h"

const char *const change_names[] = {
	[CHANGE_ADDED] = "added",
	[CHANGE_REMOVED] = "removed",
	[CHANGE_RENUMBERED] = "renumbered",
	[CHANGE_MODULE] = "module-changed",
};

/* A node that has been matched is NULL. */
struct sorted_nodes {
	const struct kmod_devname_node **items;
	size_t size;
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

static int sort_nodes(const struct kmod_devname_table *table, struct sorted_nodes *ret_nodes)
{
	size_t n = kmod_devname_table_size(table);
	const struct kmod_devname_node **items = calloc(n + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		items[i] = kmod_devname_table_get(table, i);
	qsort(items, n, sizeof(*items), compare_nodes);
	*ret_nodes = (struct sorted_nodes){ items, n };
	return 0;
}

static void add_difference(struct comparison *comparison, enum change change,
			   const struct kmod_devname_node *old_node,
			   const struct kmod_devname_node *new_node)
{
	comparison->items[comparison->size++] = (struct difference){ change, old_node, new_node };
}

/* The position of the next node that has not been matched. */
static size_t skip_matched(const struct sorted_nodes *nodes, size_t position)
{
	while (position < nodes->size && !nodes->items[position])
		position++;
	return position;
}

/* Matches nodes that are equal according to the function. */
static void match_nodes(struct comparison *comparison, struct sorted_nodes *old_nodes,
			struct sorted_nodes *new_nodes, int (*compare)(const void *, const void *))
{
	size_t i = 0, j = 0;

	while ((i = skip_matched(old_nodes, i)) < old_nodes->size &&
	       (j = skip_matched(new_nodes, j)) < new_nodes->size) {
		const struct kmod_devname_node **x = &old_nodes->items[i];
		const struct kmod_devname_node **y = &new_nodes->items[j];
		int order = compare(x, y);

		if (order < 0) {
			i++;
			continue;
		}
		if (order > 0) {
			j++;
			continue;
		}
		if (!syntax_same_number(&(*x)->number, &(*y)->number))
			add_difference(comparison, CHANGE_RENUMBERED, *x, *y);
		else if (strcmp((*x)->module, (*y)->module) != 0)
			add_difference(comparison, CHANGE_MODULE, *x, *y);
		*x = *y = NULL;
	}
}

static void compare_tables(struct comparison *comparison, struct sorted_nodes *old_nodes,
			   struct sorted_nodes *new_nodes)
{
	match_nodes(comparison, old_nodes, new_nodes, compare_nodes);
	match_nodes(comparison, old_nodes, new_nodes, compare_node_names);
	for (size_t i = 0; (i = skip_matched(old_nodes, i)) < old_nodes->size; i++)
		add_difference(comparison, CHANGE_REMOVED, old_nodes->items[i], NULL);
	for (size_t i = 0; (i = skip_matched(new_nodes, i)) < new_nodes->size; i++)
		add_difference(comparison, CHANGE_ADDED, NULL, new_nodes->items[i]);
	qsort(comparison->items, comparison->size, sizeof(*comparison->items), compare_differences);
}

int comparison_new(struct kmod_devname_table *old_table, struct kmod_devname_table *new_table,
		   struct comparison **ret_comparison)
{
	size_t n = kmod_devname_table_size(old_table) + kmod_devname_table_size(new_table);
	struct comparison *comparison = calloc(1, sizeof(*comparison));
	struct sorted_nodes old_nodes = { 0 }, new_nodes = { 0 };
	int r = -ENOMEM;

	if (!comparison)
		return -ENOMEM;
	comparison->old_table = kmod_devname_table_ref(old_table);
	comparison->new_table = kmod_devname_table_ref(new_table);
	comparison->items = calloc(n + 1, sizeof(*comparison->items));
	if (comparison->items && sort_nodes(old_table, &old_nodes) == 0 &&
	    sort_nodes(new_table, &new_nodes) == 0) {
		compare_tables(comparison, &old_nodes, &new_nodes);
		*ret_comparison = comparison;
		r = 0;
	} else {
		comparison_unref(comparison);
	}
	free(old_nodes.items);
	free(new_nodes.items);
	return r;
}

struct comparison *comparison_unref(struct comparison *comparison)
{
	if (!comparison)
		return NULL;
	kmod_devname_table_unref(comparison->old_table);
	kmod_devname_table_unref(comparison->new_table);
	free(comparison->items);
	free(comparison);
	return NULL;
}
