// SPDX-License-Identifier: LGPL-2.1-or-later
/* Two tables -> what is different. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "node/table.h"

struct kmod_devname_difference {
	enum kmod_devname_change change;
	const struct kmod_devname_node *old;
	const struct kmod_devname_node *new;
};

struct kmod_devname_comparison {
	unsigned int references;
	struct kmod_devname_table *old;
	struct kmod_devname_table *new;
	struct kmod_devname_table *built_in; /* may be NULL */
	struct kmod_devname_difference *items;
	size_t size;
	size_t capacity;
};

/* Sorted by name and module; what has been dealt with is NULL. */
struct sorted {
	const struct kmod_devname_node **nodes;
	size_t size;
};

/* Lexicographic, component by component. */
static int compare_names(const struct kmod_devname_node *a, const struct kmod_devname_node *b)
{
	int r = syntax_compare_paths(a->name, b->name);

	return r != 0 ? r : strcmp(a->name, b->name);
}

static int compare_nodes(const void *a, const void *b)
{
	const struct kmod_devname_node *x = *(const struct kmod_devname_node *const *)a;
	const struct kmod_devname_node *y = *(const struct kmod_devname_node *const *)b;
	int r = compare_names(x, y);

	return r != 0 ? r : strcmp(x->module, y->module);
}

static int sort(const struct kmod_devname_table *table, struct sorted *ret_sorted)
{
	size_t n = kmod_devname_table_size(table);
	const struct kmod_devname_node **nodes = calloc(n + 1, sizeof(*nodes));

	if (!nodes)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		nodes[i] = kmod_devname_table_get(table, i);
	qsort(nodes, n, sizeof(*nodes), compare_nodes);
	*ret_sorted = (struct sorted){ nodes, n };
	return 0;
}

static int add(struct kmod_devname_comparison *comparison, enum kmod_devname_change change,
	       const struct kmod_devname_node *old, const struct kmod_devname_node *new)
{
	struct kmod_devname_difference *items = array_grow(comparison->items, &comparison->capacity,
							   sizeof(*items), comparison->size + 1);

	if (!items)
		return -ENOMEM;
	comparison->items = items;
	items[comparison->size++] = (struct kmod_devname_difference){ change, old, new };
	return 0;
}

/* Two nodes of one name. */
static int add_pair(struct kmod_devname_comparison *comparison, const struct kmod_devname_node *old,
		    const struct kmod_devname_node *new)
{
	if (!syntax_same_number(&old->number, &new->number))
		return add(comparison, KMOD_DEVNAME_RENUMBERED, old, new);
	if (strcmp(old->module, new->module) != 0)
		return add(comparison, KMOD_DEVNAME_MOVED, old, new);
	return 0;
}

static int add_gone(struct kmod_devname_comparison *comparison, const struct kmod_devname_node *old)
{
	const struct kmod_devname_node *built_in =
		comparison->built_in ? table_find(comparison->built_in, old->name) : NULL;

	return add(comparison, built_in ? KMOD_DEVNAME_BUILT_IN : KMOD_DEVNAME_WENT, old, built_in);
}

/* The position of the next node that has not been dealt with. */
static size_t skip(const struct sorted *sorted, size_t position)
{
	while (position < sorted->size && !sorted->nodes[position])
		position++;
	return position;
}

/* Nodes that the comparison calls equal are one pair each, and dealt with. */
static int match(struct kmod_devname_comparison *comparison, struct sorted *old, struct sorted *new,
		 int (*compare)(const void *, const void *))
{
	size_t i = 0, j = 0;
	int r = 0;

	while (r == 0 && (i = skip(old, i)) < old->size && (j = skip(new, j)) < new->size) {
		int order = compare(&old->nodes[i], &new->nodes[j]);

		if (order < 0) {
			i++;
		} else if (order > 0) {
			j++;
		} else {
			r = add_pair(comparison, old->nodes[i], new->nodes[j]);
			old->nodes[i] = new->nodes[j] = NULL;
		}
	}
	return r;
}

static int compare_names_only(const void *a, const void *b)
{
	return compare_names(*(const struct kmod_devname_node *const *)a,
			     *(const struct kmod_devname_node *const *)b);
}

static int compare_tables(struct kmod_devname_comparison *comparison, struct sorted *old,
			  struct sorted *new)
{
	int r = match(comparison, old, new, compare_nodes);

	if (r == 0)
		r = match(comparison, old, new, compare_names_only);
	for (size_t i = 0; (i = skip(old, i)) < old->size && r == 0; i++)
		r = add_gone(comparison, old->nodes[i]);
	for (size_t i = 0; (i = skip(new, i)) < new->size &&r == 0; i++)
		r = add(comparison, KMOD_DEVNAME_APPEARED, NULL, new->nodes[i]);
	return r;
}

static int compare_differences(const void *a, const void *b)
{
	const struct kmod_devname_difference *x = a, *y = b;
	const struct kmod_devname_node *node_x = x->old ? x->old : x->new;
	const struct kmod_devname_node *node_y = y->old ? y->old : y->new;

	return compare_nodes(&node_x, &node_y);
}

static int fill(struct kmod_devname_comparison *comparison)
{
	struct sorted old = { 0 }, new = { 0 };
	int r = sort(comparison->old, &old);

	if (r == 0)
		r = sort(comparison->new, &new);
	if (r == 0)
		r = compare_tables(comparison, &old, &new);
	free(old.nodes);
	free(new.nodes);
	if (r == 0 && comparison->size > 1)
		qsort(comparison->items, comparison->size, sizeof(*comparison->items),
		      compare_differences);
	return r;
}

int kmod_devname_comparison_new(struct kmod_devname_table *old_table,
				struct kmod_devname_table *new_table,
				struct kmod_devname_table *built_in,
				struct kmod_devname_comparison **ret_comparison)
{
	struct kmod_devname_comparison *comparison = calloc(1, sizeof(*comparison));
	int r;

	if (!comparison)
		return -ENOMEM;
	comparison->references = 1;
	comparison->old = kmod_devname_table_ref(old_table);
	comparison->new = kmod_devname_table_ref(new_table);
	comparison->built_in = built_in ? kmod_devname_table_ref(built_in) : NULL;
	r = fill(comparison);
	if (r < 0)
		kmod_devname_comparison_unref(comparison);
	else
		*ret_comparison = comparison;
	return r;
}

struct kmod_devname_comparison *
kmod_devname_comparison_ref(struct kmod_devname_comparison *comparison)
{
	comparison->references++;
	return comparison;
}

struct kmod_devname_comparison *
kmod_devname_comparison_unref(struct kmod_devname_comparison *comparison)
{
	if (!comparison || --comparison->references > 0)
		return NULL;
	kmod_devname_table_unref(comparison->old);
	kmod_devname_table_unref(comparison->new);
	kmod_devname_table_unref(comparison->built_in);
	free(comparison->items);
	free(comparison);
	return NULL;
}

size_t kmod_devname_comparison_size(const struct kmod_devname_comparison *comparison)
{
	return comparison->size;
}

const struct kmod_devname_difference *
kmod_devname_comparison_get(const struct kmod_devname_comparison *comparison, size_t index)
{
	return index < comparison->size ? &comparison->items[index] : NULL;
}

enum kmod_devname_change
kmod_devname_difference_get_change(const struct kmod_devname_difference *difference)
{
	return difference->change;
}

const struct kmod_devname_node *
kmod_devname_difference_get_old(const struct kmod_devname_difference *difference)
{
	return difference->old;
}

const struct kmod_devname_node *
kmod_devname_difference_get_new(const struct kmod_devname_difference *difference)
{
	return difference->new;
}

const char *kmod_devname_change_to_string(enum kmod_devname_change change)
{
	static const char *const names[] = { NULL,       "appeared",   "went",
					     "built-in", "renumbered", "moved" };
	size_t i = (size_t)change;

	return i < sizeof(names) / sizeof(names[0]) ? names[i] : NULL;
}
