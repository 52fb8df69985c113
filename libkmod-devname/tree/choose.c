// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The end of a scan: which file of each module counts, in which order, and into the table with
 * what they declare. Nothing here depends on the order in which anything was found: modules are
 * sorted by name, so that the files of one module are neighbours, then the few that have something
 * to say by modules.order, the order in which the kernel was linked.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/lines.h"
#include "base/root.h"
#include "tree/depmod-conf.h"
#include "tree/module-tree.h"
#include "tree/scan.h"

static int compare_findings(const void *a, const void *b)
{
	return strcmp((*(struct scan_finding *const *)a)->path,
		      (*(struct scan_finding *const *)b)->path);
}

static int report_found(struct kmod_devname_report *report, const struct scan_finding *finding)
{
	const struct location location = { finding->path, 0 };

	switch (finding->code) {
	case KMOD_DEVNAME_DANGLING_LINK:
		return report_add(report, finding->code, KMOD_DEVNAME_NOTE, &location,
				  "is a symbolic link that leads nowhere");
	case KMOD_DEVNAME_NOT_REGULAR:
		return report_add(report, finding->code, KMOD_DEVNAME_NOTE, &location,
				  "has the name of a module and is not a file");
	default:
		return report_add(report, finding->code, KMOD_DEVNAME_WARNING, &location,
				  "was gone when it was to be read");
	}
}

static int report_findings(struct kmod_devname_scan *scan)
{
	struct list *findings = &scan->found.findings;

	list_sort(findings, compare_findings);
	for (size_t i = 0; i < findings->size; i++) {
		int r = report_found(scan->report, findings->items[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

/* --- copies ------------------------------------------------------------------------------- */

static int compare_module_names(const void *a, const void *b)
{
	return module_tree_compare_names((*(struct scan_module *const *)a)->name,
					 (*(struct scan_module *const *)b)->name);
}

static int compare_module_paths(const void *a, const void *b)
{
	return strcmp((*(struct scan_module *const *)a)->path,
		      (*(struct scan_module *const *)b)->path);
}

/* A link to a module in the same tree is no second copy of it. */
static bool is_same_file(const struct kmod_devname_scan *scan, const struct scan_module *a,
			 const struct scan_module *b)
{
	_cleanup_close_ int fd_a = -1, fd_b = -1;
	struct stat x, y;

	if (!a->is_linked && !b->is_linked)
		return false;
	fd_a = scan_open(scan, a->path, O_PATH);
	fd_b = scan_open(scan, b->path, O_PATH);
	return fd_a >= 0 && fd_b >= 0 && fstat(fd_a, &x) == 0 && fstat(fd_b, &y) == 0 &&
	       x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int report_duplicate(const struct kmod_devname_scan *scan, const struct scan_module *winner,
			    const struct scan_module *loser)
{
	const struct location location = { loser->path, 0 };
	bool meant = depmod_conf_prefers(scan->config, winner->path, loser->path);

	/* a directory that changes while it is listed may show a file twice */
	if (strcmp(winner->path, loser->path) == 0 || is_same_file(scan, winner, loser))
		return 0;
	return report_add(scan->report, KMOD_DEVNAME_DUPLICATE_MODULE,
			  meant ? KMOD_DEVNAME_NOTE : KMOD_DEVNAME_WARNING, &location,
			  "is not looked at: the same module is in %s", winner->path);
}

/* Moves the one of n files of a module that counts to the front, and reports the others. */
static int choose_copy(const struct kmod_devname_scan *scan, struct scan_module **copies, size_t n)
{
	struct scan_module *winner;
	size_t first = 0;
	int r;

	for (size_t i = 0; i < n; i++) {
		r = scan_module_set_path(copies[i]);
		if (r < 0)
			return r;
	}
	qsort(copies, n, sizeof(*copies), compare_module_paths);
	for (size_t i = 1; i < n; i++)
		if (depmod_conf_compare_copies(scan->config, copies[i]->path, copies[first]->path) <
		    0)
			first = i;
	winner = copies[first];
	for (size_t i = 0; i < n; i++) {
		r = report_duplicate(scan, winner, copies[i]);
		if (r < 0)
			return r;
	}
	copies[first] = copies[0];
	copies[0] = winner;
	return 0;
}

static bool has_something_to_say(const struct scan_module *module)
{
	return module->aliases || module->error != MODULE_OK;
}

/* Collects the modules that count and have something to say, n of them. 0 or -ENOMEM. */
static int choose_modules(struct kmod_devname_scan *scan, struct module_position *positions,
			  size_t *ret_n)
{
	struct list *modules = &scan->found.modules;
	size_t n;
	int r = 0;

	*ret_n = 0;
	list_sort(modules, compare_module_names);
	for (size_t i = 0; i < modules->size; i += n) {
		struct scan_module **copies = (struct scan_module **)modules->items + i;

		for (n = 1; i + n < modules->size; n++)
			if (compare_module_names(&copies[0], &copies[n]) != 0)
				break;
		if (n > 1)
			r = choose_copy(scan, copies, n);
		if (r == 0 && has_something_to_say(copies[0])) {
			r = scan_module_set_path(copies[0]);
			positions[(*ret_n)++] =
				(struct module_position){ copies[0]->path, MODULE_ORDER_NONE,
							  copies[0], 0 };
		}
		if (r < 0)
			return r;
	}
	return 0;
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

/* A line is the path of a module, ".ko" whatever the compression. The first line counts. */
static void note_position(struct module_position *positions, size_t n, const struct lines *line)
{
	static const char suffix[] = ".ko";
	size_t size = line->size, low = 0, high = n;

	if (size < strlen(suffix) || strcmp(line->text + size - strlen(suffix), suffix) != 0)
		return;
	size -= strlen(suffix);
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

static int report_bad_order(struct kmod_devname_report *report, size_t line, const char *problem)
{
	const struct location location = { "modules.order", line };

	return report_add(report, KMOD_DEVNAME_BAD_ORDER, KMOD_DEVNAME_WARNING, &location, "%s",
			  problem);
}

int module_order_read(FILE *stream, struct kmod_devname_report *report,
		      struct module_position *positions, size_t n)
{
	struct lines lines;
	int status, r = 0;

	for (size_t i = 0; i < n; i++)
		positions[i].listed = module_tree_stem_size(positions[i].path);
	if (n > 1)
		qsort(positions, n, sizeof(*positions), compare_listed_paths);
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
	if (n > 1)
		qsort(positions, n, sizeof(*positions), compare_positions);
}

/* No modules.order, or one that is no file, is no order. */
static int read_order(const struct kmod_devname_scan *scan, struct module_position *positions,
		      size_t n)
{
	static const char no_file[] = "is not a file of a sensible size";
	const struct location location = { "modules.order", 0 };
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;
	struct stat st;
	FILE *stream;
	int r;

	if (asprintf(&path, "%s/modules.order", scan->directory) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	fd = root_open_file(scan->root_fd, path, 0);
	if (is_missing(fd))
		return 0;
	if (fd == -EISDIR || fd == -ENODEV)
		return report_bad_order(scan->report, 0, no_file);
	if (fd < 0)
		return report_system(scan->report, fd, &location);
	if (fstat(fd, &st) < 0)
		return report_system(scan->report, -errno, &location);
	if (st.st_size > (off_t)LINES_TOTAL_MAX)
		return report_bad_order(scan->report, 0, no_file);
	r = stream_from_fd(steal_fd(&fd), &stream);
	if (r < 0)
		return r;
	r = module_order_read(stream, scan->report, positions, n);
	(void)fclose(stream);
	if (r == -EFBIG) /* it grew */
		return report_bad_order(scan->report, 0, no_file);
	return r == 0 || r == -ENOMEM ? r : report_system(scan->report, r, &location);
}

/* --- into the table ----------------------------------------------------------------------- */

static int add_module(const struct kmod_devname_scan *scan, const struct scan_module *module)
{
	const struct location location = { module->path, 0 };
	_cleanup_free_ char *name = NULL;

	if (module->error != MODULE_OK)
		return report_add(scan->report, module_error_code(module->error),
				  KMOD_DEVNAME_ERROR, &location, "%s",
				  module_error_message(module->error));
	name = module_tree_module_name(module->name);
	if (!name)
		return -ENOMEM;
	return table_add_aliases(scan->table, scan->report, name, module->path, module->aliases);
}

int scan_conclude(struct kmod_devname_scan *scan)
{
	_cleanup_free_ struct module_position *positions = NULL;
	size_t n = 0;
	int r;

	for (size_t i = 0; i < scan->found.modules.size; i++)
		n += has_something_to_say(scan->found.modules.items[i]);
	positions = calloc(n + 1, sizeof(*positions));
	if (!positions)
		return -ENOMEM;
	r = report_findings(scan);
	if (r == 0)
		r = choose_modules(scan, positions, &n);
	if (r < 0 || n == 0)
		return r;
	r = read_order(scan, positions, n);
	if (r < 0)
		return r;
	module_order_sort(positions, n);
	for (size_t i = 0; i < n; i++) {
		r = add_module(scan, positions[i].module);
		if (r < 0)
			return r;
	}
	return 0;
}
