// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which file of each module counts, and in which order. Nothing here depends on the order in which
 * anything was found: modules are sorted by name, so that the files of one module are neighbours,
 * then the few that have something to say by modules.order, the order in which the kernel was
 * linked.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/lines.h"
#include "tree/depmod-conf.h"
#include "tree/scan.h"

/* --- copies ------------------------------------------------------------------------------- */

static int compare_module_names(const void *a, const void *b)
{
	return syntax_compare_module_names((*(struct scan_module *const *)a)->name,
					   (*(struct scan_module *const *)b)->name);
}

static int compare_module_paths(const void *a, const void *b)
{
	const struct scan_module *x = *(struct scan_module *const *)a;
	const struct scan_module *y = *(struct scan_module *const *)b;

	return scan_compare_paths(x->directory, x->name, y->directory, y->name);
}

/* A link to a module in the same tree is no second copy of it. */
static bool is_link_to_same_file(const struct kmod_devname_scan *scan, const struct scan_module *a,
				 const struct scan_module *b)
{
	_cleanup_close_ int fd_a = -1, fd_b = -1;
	struct stat x, y;

	if (!a->is_linked && !b->is_linked)
		return false;
	fd_a = scan_open(scan, a->directory, a->name, O_PATH);
	fd_b = scan_open(scan, b->directory, b->name, O_PATH);
	return fd_a >= 0 && fd_b >= 0 && fstat(fd_a, &x) == 0 && fstat(fd_b, &y) == 0 &&
	       x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* It is a note if the configuration has decided. */
static int report_duplicate(const struct kmod_devname_scan *scan, const struct scan_module *winner,
			    const char *winner_path, const struct scan_module *loser,
			    bool is_decided)
{
	_cleanup_free_ char *path = scan_get_path(loser->directory, loser->name);
	const struct location location = { path, 0 };

	if (!path)
		return -ENOMEM;
	/* a directory that changes while it is listed may show a file twice */
	if (strcmp(winner_path, path) == 0 || is_link_to_same_file(scan, winner, loser))
		return 0;
	return report_add(scan->report, KMOD_DEVNAME_DUPLICATE_MODULE,
			  is_decided ? KMOD_DEVNAME_NOTE : KMOD_DEVNAME_WARNING, &location,
			  "is not looked at: the same module is in %s", winner_path);
}

/* Moves the one of n files of a module that counts to the front, and reports the others. */
static int choose_copy(const struct kmod_devname_scan *scan, struct scan_module **copies, size_t n)
{
	_cleanup_free_ struct copy_rank *ranks = calloc(n, sizeof(*ranks));
	_cleanup_free_ char *winner_path = NULL;
	struct scan_module *winner;
	size_t first = 0;
	int r;

	if (!ranks)
		return -ENOMEM;
	qsort(copies, n, sizeof(*copies), compare_module_paths);
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *path = scan_get_path(copies[i]->directory, copies[i]->name);

		if (!path)
			return -ENOMEM;
		r = depmod_conf_rank(scan->config, scan->directory, path, &ranks[i]);
		if (r < 0)
			return r;
		if (copy_rank_compare(&ranks[i], &ranks[first]) < 0)
			first = i;
	}
	winner = copies[first];
	winner_path = scan_get_path(winner->directory, winner->name);
	if (!winner_path)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		r = report_duplicate(scan, winner, winner_path, copies[i],
				     copy_rank_compare(&ranks[first], &ranks[i]) < 0);
		if (r < 0)
			return r;
	}
	copies[first] = copies[0];
	copies[0] = winner;
	return 0;
}

bool scan_module_has_result(const struct scan_module *module)
{
	const struct scan_content *content = module->content;

	return content &&
	       (content->error != MODULE_OK || content->is_dropped || content->aliases.size > 0);
}

static bool is_unread_module(const struct scan_module *module)
{
	const struct scan_content *content = module->content;

	return content && content->error != MODULE_OK && content->error != MODULE_TOO_MANY_ALIASES;
}

/* The path for modules.order, which has no longer one than a line: no line is "//NAME". */
static char *get_order_path(const struct scan_module *module)
{
	char *path;

	if (module->directory->path_size <= LINE_MAX_SIZE)
		return scan_get_path(module->directory, module->name);
	return asprintf(&path, "//%s", module->name) < 0 ? NULL : path;
}

int scan_choose_modules(struct kmod_devname_scan *scan, struct module_position *positions,
			size_t *ret_n)
{
	struct list *modules = &scan->found.modules;
	size_t n;
	int r;

	*ret_n = 0;
	list_sort(modules, compare_module_names);
	for (size_t i = 0; i < modules->size; i += n) {
		struct scan_module **copies = (struct scan_module **)modules->items + i;
		struct module_position *position = &positions[*ret_n];

		for (n = 1; i + n < modules->size; n++)
			if (compare_module_names(&copies[0], &copies[n]) != 0)
				break;
		r = n > 1 ? choose_copy(scan, copies, n) : 0;
		if (r < 0)
			return r;
		if (!scan_module_has_result(copies[0]))
			continue;
		*position = (struct module_position){ .path = get_order_path(copies[0]),
						      .position = MODULE_ORDER_NONE,
						      .module = copies[0] };
		if (!position->path)
			return -ENOMEM;
		++*ret_n;
	}
	return 0;
}

enum scan_module_state scan_find_module(const struct kmod_devname_scan *scan, const char *name)
{
	const struct list *modules = &scan->found.modules;
	size_t low = 0, high = modules->size;

	/* the first file of the module is the one that counts */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct scan_module *module = modules->items[middle];

		if (syntax_compare_module_names(module->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == modules->size ||
	    syntax_compare_module_names(((struct scan_module *)modules->items[low])->name, name) !=
		    0)
		return SCAN_MODULE_ABSENT;
	return is_unread_module(modules->items[low]) ? SCAN_MODULE_UNREAD : SCAN_MODULE_READ;
}

bool scan_was_complete(const struct kmod_devname_scan *scan)
{
	return !scan->found.is_incomplete;
}

size_t scan_count_unread(const struct kmod_devname_scan *scan)
{
	size_t n = 0;

	for (size_t i = 0; i < scan->found.modules.size; i++)
		n += is_unread_module(scan->found.modules.items[i]);
	return n;
}

/* --- modules.order ------------------------------------------------------------------------ */

static int compare_texts(const char *a, size_t size_a, const char *b, size_t size_b)
{
	int r = memcmp(a, b, size_a < size_b ? size_a : size_b);

	return r != 0 ? r : (size_a > size_b) - (size_a < size_b);
}

static int compare_listed_paths(const void *a, const void *b)
{
	const struct module_position *x = a, *y = b;
	int r = compare_texts(x->path, x->listed, y->path, y->listed);

	return r != 0 ? r : strcmp(x->path, y->path);
}

/* The first line of a module counts. The size is that of its path without ".ko". */
static void note_position(struct module_position *positions, size_t n, const struct lines *line,
			  size_t size)
{
	size_t low = 0, high = n;

	while (low < high) { /* to the first module whose path is not before the line's */
		size_t middle = low + (high - low) / 2;

		if (compare_texts(positions[middle].path, positions[middle].listed, line->text,
				  size) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < n; low++) {
		struct module_position *position = &positions[low];

		if (compare_texts(position->path, position->listed, line->text, size) != 0)
			return;
		if (position->position == MODULE_ORDER_NONE)
			position->position = line->number;
	}
}

/* Those that a fresh index spares are there as well. */
static bool is_module_there(const struct kmod_devname_scan *scan, const char *name)
{
	return scan_find_module(scan, name) != SCAN_MODULE_ABSENT ||
	       (scan->n_spared > 0 && skip_find_module(&scan->skip, name));
}

/* A line is the path of a module, ".ko" whatever the compression. */
static void read_order_line(struct kmod_devname_scan *scan, struct module_position *positions,
			    size_t n, const struct lines *line)
{
	static const char suffix[] = ".ko";
	size_t size = line->size;

	if (size < strlen(suffix) || strcmp(line->text + size - strlen(suffix), suffix) != 0)
		return;
	note_position(positions, n, line, size - strlen(suffix));
	scan->lists_modules = true;
	if (!scan->has_listed_module)
		scan->has_listed_module = is_module_there(scan, syntax_base_name(line->text));
}

int module_order_report(struct kmod_devname_report *report, size_t line, const char *problem)
{
	const struct location location = { "modules.order", line };

	return report_add(report, KMOD_DEVNAME_BAD_ORDER, KMOD_DEVNAME_WARNING, &location, "%s",
			  problem);
}

int module_order_read(struct kmod_devname_scan *scan, FILE *stream,
		      struct module_position *positions, size_t n)
{
	struct lines lines;
	int status, r = 0;

	for (size_t i = 0; i < n; i++)
		positions[i].listed = syntax_module_stem_size(positions[i].path);
	if (n > 1)
		qsort(positions, n, sizeof(*positions), compare_listed_paths);
	lines_init(&lines, stream);
	while (r == 0 && (status = lines_next(&lines)) != LINE_END) {
		if (status < 0)
			return status;
		if (status == LINE_LONG)
			r = module_order_report(scan->report, lines.number,
						"is longer than any path can be");
		else if (status == LINE_CUT)
			r = module_order_report(scan->report, lines.number,
						"has no newline: the file seems to be cut short");
		else
			read_order_line(scan, positions, n, &lines);
	}
	return r;
}

static int compare_positions(const void *a, const void *b)
{
	const struct module_position *x = a, *y = b;

	if (x->position != y->position)
		return x->position < y->position ? -1 : 1;
	return syntax_compare_module_names(syntax_base_name(x->path), syntax_base_name(y->path));
}

void module_order_sort(struct module_position *positions, size_t n)
{
	if (n > 1)
		qsort(positions, n, sizeof(*positions), compare_positions);
}
