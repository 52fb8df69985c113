// SPDX-License-Identifier: LGPL-2.1-or-later
/* Judgement of one table: by itself, by what is built in, and by what the file has. */

#include <errno.h>
#include <search.h>
#include <string.h>
#include <sys/stat.h>

#include "node/misc-minors.h"
#include "node/table.h"

static const struct location nowhere = { NULL, 0 };

/* A tsearch(3) tree of the nodes of a table by number, the first of each. */
struct numbers {
	void *tree;
};

static int compare_numbers(const void *a, const void *b)
{
	const struct device_number *x = &((const struct kmod_devname_node *)a)->number;
	const struct device_number *y = &((const struct kmod_devname_node *)b)->number;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	return (x->minor > y->minor) - (x->minor < y->minor);
}

static void keep_node(void *node)
{
	(void)node; /* the table owns it */
}

static void numbers_done(struct numbers *numbers)
{
	tdestroy(numbers->tree, keep_node);
}

/* The first node that has come with this number; NULL if there is no memory. */
static const struct kmod_devname_node *numbers_add(struct numbers *numbers,
						   const struct kmod_devname_node *node)
{
	struct kmod_devname_node *const *found = tsearch(node, &numbers->tree, compare_numbers);

	return found ? *found : NULL;
}

static const struct kmod_devname_node *numbers_find(const struct numbers *numbers,
						    const struct kmod_devname_node *node)
{
	struct kmod_devname_node *const *found = tfind(node, &numbers->tree, compare_numbers);

	return found ? *found : NULL;
}

static int report_same_number(struct kmod_devname_report *report,
			      const struct kmod_devname_node *node,
			      const struct kmod_devname_node *first)
{
	return report_add(report, KMOD_DEVNAME_SAME_NUMBER, KMOD_DEVNAME_WARNING, &nowhere,
			  "device name '%s' of module %s has the number %c%u:%u, as has '%s' of "
			  "module %s: opening either loads the same modules; give one of them "
			  "another number",
			  node->name, node->module, syntax_type_letter(node->number.type),
			  node->number.major, node->number.minor, first->name, first->module);
}

static int report_shared(struct kmod_devname_report *report, const struct kmod_devname_node *node,
			 const struct kmod_devname_node *first)
{
	return report_add(report, KMOD_DEVNAME_SHARED_NODE, KMOD_DEVNAME_NOTE, &nowhere,
			  "device name '%s' (%c%u:%u) is declared by module %s and by module %s: "
			  "opening it loads both, which is well if they are made for that",
			  node->name, syntax_type_letter(node->number.type), node->number.major,
			  node->number.minor, first->module, node->module);
}

static int lint_minor(struct kmod_devname_report *report, const struct kmod_devname_node *node)
{
	const struct device_number *number = &node->number;
	const struct misc_minor *other;

	if (number->type != S_IFCHR || number->major != MISC_MAJOR)
		return 0;
	if (misc_minor_is_given_out(number->minor))
		return report_add(
			report, KMOD_DEVNAME_TAKEN_MINOR, KMOD_DEVNAME_WARNING, &nowhere,
			"device name '%s' of module %s has the number c10:%u, which kernels "
			"give to any driver: use a minor from %d to %d, or no node",
			node->name, node->module, number->minor, MISC_MINOR_LOCAL_FIRST,
			MISC_MINOR_LOCAL_LAST);
	other = misc_minor_find_other(number->minor, node->name);
	if (!other)
		return 0;
	return report_add(report, KMOD_DEVNAME_TAKEN_MINOR, KMOD_DEVNAME_WARNING, &nowhere,
			  "device name '%s' of module %s has the number c10:%u, which is %s, "
			  "/dev/%s: use a minor from %d to %d",
			  node->name, node->module, number->minor, other->constant, other->name,
			  MISC_MINOR_LOCAL_FIRST, MISC_MINOR_LOCAL_LAST);
}

/* What is said of a node is said of the first one of its name. */
static int lint_node(const struct kmod_devname_table *table, struct kmod_devname_report *report,
		     struct numbers *numbers, const struct kmod_devname_node *node)
{
	const struct kmod_devname_node *same_name = table_find(table, node->name);
	const struct kmod_devname_node *same_number = numbers_add(numbers, node);
	int r = 0;

	if (!same_number)
		return -ENOMEM;
	if (same_name != node)
		return report_shared(report, node, same_name);
	if (same_number != node)
		r = report_same_number(report, node, same_number);
	return r == 0 ? lint_minor(report, node) : r;
}

int kmod_devname_table_lint(const struct kmod_devname_table *table,
			    struct kmod_devname_report *report)
{
	size_t n = kmod_devname_table_size(table);
	struct numbers numbers = { NULL };
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = lint_node(table, report, &numbers, kmod_devname_table_get(table, i));
	numbers_done(&numbers);
	return r;
}

static int lint_built_in(struct kmod_devname_report *report, const struct kmod_devname_node *node,
			 const struct kmod_devname_node *built_in)
{
	return report_add(report, KMOD_DEVNAME_BUILT_IN_NODE, KMOD_DEVNAME_WARNING, &nowhere,
			  "device name '%s' (%c%u:%u) of module %s: %s, which is built in, has "
			  "'%s' (%c%u:%u), so opening it does not load the module; remove the "
			  "module, or give it another name and number",
			  node->name, syntax_type_letter(node->number.type), node->number.major,
			  node->number.minor, node->module, built_in->module, built_in->name,
			  syntax_type_letter(built_in->number.type), built_in->number.major,
			  built_in->number.minor);
}

int kmod_devname_table_lint_builtin(const struct kmod_devname_table *table,
				    struct kmod_devname_report *report,
				    const struct kmod_devname_table *built_in)
{
	size_t n = kmod_devname_table_size(table), n_built_in = kmod_devname_table_size(built_in);
	struct numbers numbers = { NULL };
	int r = 0;

	for (size_t i = 0; i < n_built_in && r == 0; i++)
		if (!numbers_add(&numbers, kmod_devname_table_get(built_in, i)))
			r = -ENOMEM;
	for (size_t i = 0; i < n && r == 0; i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(table, i);
		const struct kmod_devname_node *other = table_find(built_in, node->name);

		if (!other)
			other = numbers_find(&numbers, node);
		if (other)
			r = lint_built_in(report, node, other);
	}
	numbers_done(&numbers);
	return r;
}
