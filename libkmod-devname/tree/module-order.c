// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * modules.order: the order in which the kernel was linked, by which depmod orders its lines.
 * A line is the path of a module, ".ko" whatever the compression.
 */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"
#include "tree/module-order.h"
#include "tree/module-tree.h"

static int compare_texts(const char *a, size_t size_a, const char *b, size_t size_b)
{
	int r = memcmp(a, b, size_a < size_b ? size_a : size_b);

	return r != 0 ? r : (size_a > size_b) - (size_a < size_b);
}

static int compare_paths(const void *a, const void *b)
{
	const struct module_position *x = a, *y = b;
	int r = compare_texts(x->path, x->listed, y->path, y->listed);

	return r != 0 ? r : strcmp(x->path, y->path);
}

/* The first module whose path is not before the line's. */
static size_t lower_bound(const struct module_position *positions, size_t n, const char *line,
			  size_t size)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct module_position *at = &positions[middle];

		if (compare_texts(at->path, at->listed, line, size) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void note_position(struct module_position *positions, size_t n, const struct lines *line)
{
	static const char suffix[] = ".ko";
	size_t size = line->size;
	size_t i;

	if (size < strlen(suffix) || strcmp(line->text + size - strlen(suffix), suffix) != 0)
		return;
	size -= strlen(suffix);
	for (i = lower_bound(positions, n, line->text, size); i < n; i++) {
		if (compare_texts(positions[i].path, positions[i].listed, line->text, size) != 0)
			return;
		if (positions[i].position == MODULE_ORDER_NONE) /* the first line counts */
			positions[i].position = line->number;
	}
}

static int report_bad_order(struct kmod_devname_report *report, size_t number, const char *what)
{
	const struct location location = { "modules.order", number };

	return report_add(report, KMOD_DEVNAME_BAD_ORDER, KMOD_DEVNAME_WARNING, &location, "%s",
			  what);
}

int module_order_read(FILE *stream, struct kmod_devname_report *report,
		      struct module_position *positions, size_t n)
{
	struct lines lines;
	int status, r = 0;

	for (size_t i = 0; i < n; i++)
		positions[i].listed = module_tree_stem_size(positions[i].path);
	qsort(positions, n, sizeof(*positions), compare_paths);
	lines_init(&lines, stream);
	while (r == 0 && (status = lines_next(&lines)) != LINE_END) {
		if (status < 0)
			return status;
		if (status == LINE_LONG)
			r = report_bad_order(report, lines.number,
					     "is longer than any path can be");
		else if (status == LINE_CUT)
			r = report_bad_order(report, lines.number,
					     "has no newline: the file seems to be cut short");
		else
			note_position(positions, n, &lines);
	}
	return r;
}

static int compare_positions(const void *a, const void *b)
{
	const struct module_position *x = a, *y = b;

	if (x->position != y->position)
		return x->position < y->position ? -1 : 1;
	return module_tree_compare_names(module_tree_base_name(x->path),
					 module_tree_base_name(y->path));
}

void module_order_sort(struct module_position *positions, size_t n)
{
	qsort(positions, n, sizeof(*positions), compare_positions);
}
