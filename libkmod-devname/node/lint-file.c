// SPDX-License-Identifier: LGPL-2.1-or-later
/* What modules.devname lacks, has too much or has otherwise. */

#include <errno.h>

#include "node/table.h"
#include "base/report.h"

#define ADVICE "run kmod-devname generate"

static int report_missing(struct kmod_devname_report *report, const struct location *location,
			  const struct kmod_devname_node *node)
{
	return report_add(report, KMOD_DEVNAME_OUT_OF_DATE, KMOD_DEVNAME_ERROR, location,
			  "lacks '%s' (%c%u:%u), which module %s declares: " ADVICE, node->name,
			  syntax_type_letter(node->number.type), node->number.major,
			  node->number.minor, node->module);
}

static int report_stale(struct kmod_devname_report *report, const struct location *location,
			const struct kmod_devname_node *node)
{
	return report_add(report, KMOD_DEVNAME_OUT_OF_DATE, KMOD_DEVNAME_ERROR, location,
			  "has '%s' (%c%u:%u) of module %s, and no module declares it: " ADVICE,
			  node->name, syntax_type_letter(node->number.type), node->number.major,
			  node->number.minor, node->module);
}

static int report_different(struct kmod_devname_report *report, const struct location *location,
			    const struct kmod_devname_node *old,
			    const struct kmod_devname_node *new)
{
	return report_add(
		report, KMOD_DEVNAME_OUT_OF_DATE, KMOD_DEVNAME_ERROR, location,
		"has '%s' (%c%u:%u) of module %s, and it is %c%u:%u of module %s: " ADVICE,
		old->name, syntax_type_letter(old->number.type), old->number.major,
		old->number.minor, old->module, syntax_type_letter(new->number.type),
		new->number.major, new->number.minor, new->module);
}

static int report_difference(struct kmod_devname_report *report, const struct location *location,
			     const struct kmod_devname_difference *difference)
{
	const struct kmod_devname_node *old = kmod_devname_difference_get_old(difference);
	const struct kmod_devname_node *new = kmod_devname_difference_get_new(difference);

	if (!old)
		return report_missing(report, location, new);
	if (!new)
		return report_stale(report, location, old);
	return report_different(report, location, old, new);
}

/* systemd's kmod-static-nodes.service is not started without the file. */
static int report_no_file(struct kmod_devname_report *report, const struct location *location, size_t n)
{
	return report_add(report, KMOD_DEVNAME_NO_FILE,
			  n > 0 ? KMOD_DEVNAME_ERROR : KMOD_DEVNAME_WARNING, location,
			  "does not exist, and would have %zu nodes: " ADVICE, n);
}

int kmod_devname_table_lint_file(struct kmod_devname_table *table,
				 struct kmod_devname_report *report,
				 struct kmod_devname_table *file_table, const char *file)
{
	const struct location location = { file, 0 };
	struct kmod_devname_comparison *comparison;
	const struct kmod_devname_difference *difference;
	int r;

	if (!file_table)
		return report_no_file(report, &location, kmod_devname_table_size(table));
	r = kmod_devname_comparison_new(file_table, table, NULL, &comparison);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && (difference = kmod_devname_comparison_get(comparison, i)); i++)
		r = report_difference(report, &location, difference);
	kmod_devname_comparison_unref(comparison);
	return r;
}
