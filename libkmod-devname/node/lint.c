// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Findings about nodes that are valid. kmod_devname_table_lint() judges a table by itself: numbers
 * that stand twice, or that Linux has given to another device. The other two judge it against a
 * second table: the nodes of the built-in modules, and the lines of modules.devname.
 */

#include <errno.h>
#include <search.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "node/misc-minors.h"
#include "node/table.h"

static const struct location nowhere = { NULL, 0 };

/* Orders the nodes of a tsearch(3) tree, which holds the first one of each number. */
static int compare_node_numbers(const void *a, const void *b)
{
	const struct device_number *x = &((const struct kmod_devname_node *)a)->number;
	const struct device_number *y = &((const struct kmod_devname_node *)b)->number;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	return (x->minor > y->minor) - (x->minor < y->minor);
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

/* The number of a name is judged once, with the first node that has the name. */
static int lint_node(const struct kmod_devname_table *table, struct kmod_devname_report *report,
		     void **numbers, const struct kmod_devname_node *node)
{
	const struct kmod_devname_node *first = table_find(table, node->name), *other;
	struct kmod_devname_node **found = tsearch(node, numbers, compare_node_numbers);
	char number[SYNTAX_NUMBER_SIZE];

	if (!found)
		return -ENOMEM;
	(void)syntax_format_number(&node->number, number);
	if (first != node)
		return report_add(report, KMOD_DEVNAME_SHARED_NODE, KMOD_DEVNAME_NOTE, &nowhere,
				  "device name '%s' (%s) is declared by module %s and by module "
				  "%s: opening it loads both, which is well if they are made for "
				  "that",
				  node->name, number, first->module, node->module);
	other = *found;
	if (other != node) {
		int r = report_add(report, KMOD_DEVNAME_SAME_NUMBER, KMOD_DEVNAME_WARNING, &nowhere,
				   "device name '%s' of module %s has the number %s, as has '%s' "
				   "of module %s: opening either loads the same modules; give one "
				   "of them another number",
				   node->name, node->module, number, other->name, other->module);

		if (r < 0)
			return r;
	}
	return lint_minor(report, node);
}

int kmod_devname_table_lint(const struct kmod_devname_table *table,
			    struct kmod_devname_report *report)
{
	size_t n = kmod_devname_table_size(table);
	void *numbers = NULL;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = lint_node(table, report, &numbers, kmod_devname_table_get(table, i));
	tdestroy(numbers, free_nothing);
	return r;
}

/* A built-in module with the same name or number answers, and the other module is not loaded. */
static int lint_node_built_in(const struct kmod_devname_node *node,
			      struct kmod_devname_report *report,
			      const struct kmod_devname_table *built_in, void *const *numbers)
{
	char number[SYNTAX_NUMBER_SIZE], other_number[SYNTAX_NUMBER_SIZE];
	const struct kmod_devname_node *other = table_find(built_in, node->name);

	if (!other) {
		struct kmod_devname_node **found = tfind(node, numbers, compare_node_numbers);

		if (!found)
			return 0;
		other = *found;
	}
	return report_add(report, KMOD_DEVNAME_BUILT_IN_NODE, KMOD_DEVNAME_WARNING, &nowhere,
			  "device name '%s' (%s) of module %s: %s, which is built in, has '%s' "
			  "(%s), so opening it does not load the module; remove the module, or "
			  "give it another name and number",
			  node->name, syntax_format_number(&node->number, number), node->module,
			  other->module, other->name,
			  syntax_format_number(&other->number, other_number));
}

int kmod_devname_table_lint_builtin(const struct kmod_devname_table *table,
				    struct kmod_devname_report *report,
				    const struct kmod_devname_table *built_in)
{
	size_t n = kmod_devname_table_size(table), n_built_in = kmod_devname_table_size(built_in);
	void *numbers = NULL;
	int r = 0;

	for (size_t i = 0; i < n_built_in && r == 0; i++)
		if (!tsearch(kmod_devname_table_get(built_in, i), &numbers, compare_node_numbers))
			r = -ENOMEM;
	for (size_t i = 0; i < n && r == 0; i++)
		r = lint_node_built_in(kmod_devname_table_get(table, i), report, built_in,
				       &numbers);
	tdestroy(numbers, free_nothing);
	return r;
}

#define HINT "run kmod-devname generate"

static int report_out_of_date(struct kmod_devname_report *report, const struct location *location,
			      const struct kmod_devname_difference *difference)
{
	const struct kmod_devname_node *line = kmod_devname_difference_get_old(difference);
	const struct kmod_devname_node *node = kmod_devname_difference_get_new(difference);
	char line_number[SYNTAX_NUMBER_SIZE], number[SYNTAX_NUMBER_SIZE];

	if (!line)
		return report_add(report, KMOD_DEVNAME_OUT_OF_DATE, KMOD_DEVNAME_ERROR, location,
				  "lacks '%s' (%s), which module %s declares: " HINT, node->name,
				  syntax_format_number(&node->number, number), node->module);
	(void)syntax_format_number(&line->number, line_number);
	if (!node)
		return report_add(report, KMOD_DEVNAME_OUT_OF_DATE, KMOD_DEVNAME_ERROR, location,
				  "has '%s' (%s) of module %s, and no module declares it: " HINT,
				  line->name, line_number, line->module);
	return report_add(report, KMOD_DEVNAME_OUT_OF_DATE, KMOD_DEVNAME_ERROR, location,
			  "has '%s' (%s) of module %s, and it is %s of module %s: " HINT,
			  line->name, line_number, line->module,
			  syntax_format_number(&node->number, number), node->module);
}

int kmod_devname_table_lint_file(struct kmod_devname_table *table,
				 struct kmod_devname_report *report,
				 struct kmod_devname_table *file_table, const char *file)
{
	const struct location location = { file, 0 };
	size_t n = kmod_devname_table_size(table);
	struct kmod_devname_comparison *comparison;
	int r;

	/* systemd's kmod-static-nodes.service is not started without the file. */
	if (!file_table)
		return report_add(report, KMOD_DEVNAME_NO_FILE,
				  n > 0 ? KMOD_DEVNAME_ERROR : KMOD_DEVNAME_WARNING, &location,
				  "does not exist, and would have %zu nodes: " HINT, n);
	r = kmod_devname_comparison_new(file_table, table, &comparison);
	if (r < 0)
		return r;
	n = kmod_devname_comparison_size(comparison);
	for (size_t i = 0; i < n && r == 0; i++)
		r = report_out_of_date(report, &location,
				       kmod_devname_comparison_get(comparison, i));
	kmod_devname_comparison_unref(comparison);
	return r;
}
