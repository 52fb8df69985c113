// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The end of a scan: which copy of each module counts, in which order, and into the table
 * with what they declare. Nothing here depends on the order in which anything was found.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/lines.h"
#include "base/report.h"
#include "base/root.h"
#include "tree/depmod-conf.h"
#include "tree/module-order.h"
#include "tree/scan.h"

static int compare_remarks(const void *a, const void *b)
{
	return strcmp((*(struct remark *const *)a)->path, (*(struct remark *const *)b)->path);
}

static int report_remark(struct kmod_devname_report *report, const struct remark *remark)
{
	const struct location location = { remark->path, 0 };

	switch (remark->code) {
	case KMOD_DEVNAME_DANGLING_LINK:
		return report_add(report, remark->code, KMOD_DEVNAME_NOTE, &location,
				  "is a symbolic link that leads nowhere");
	case KMOD_DEVNAME_NOT_REGULAR:
		return report_add(report, remark->code, KMOD_DEVNAME_NOTE, &location,
				  "has the name of a module and is not a file");
	default:
		return report_add(report, remark->code, KMOD_DEVNAME_WARNING, &location,
				  "was gone when it was to be read");
	}
}

static int report_remarks(struct kmod_devname_scan *scan)
{
	struct list *remarks = &scan->harvest.remarks;
	int r = 0;

	list_sort(remarks, compare_remarks);
	for (size_t i = 0; i < remarks->size && r == 0; i++)
		r = report_remark(scan->report, remarks->items[i]);
	return r;
}

/* A file may be there twice, the second time for its path only. */
static int compare_modules(const void *a, const void *b)
{
	const struct module *x = *(struct module *const *)a, *y = *(struct module *const *)b;
	int r = module_tree_compare_names(x->name, y->name);

	if (r == 0)
		r = strcmp(x->path, y->path);
	return r != 0 ? r : (x->outcome == NULL) - (y->outcome == NULL);
}

static int open_in_tree(const struct kmod_devname_scan *scan, const char *path, int flags)
{
	if (path[0] == '/') /* below an external directory */
		return root_open_long(scan->root_fd, path, flags);
	return root_open_below(scan->root_fd, scan->directory, path, flags);
}

/* A link to a module in the same tree is no second copy of it. */
static bool is_same_file(const struct kmod_devname_scan *scan, const struct module *a,
			 const struct module *b)
{
	_cleanup_close_ int fd_a = -1, fd_b = -1;
	struct stat x, y;

	if (!a->linked && !b->linked)
		return false;
	fd_a = open_in_tree(scan, a->path, O_PATH);
	fd_b = open_in_tree(scan, b->path, O_PATH);
	return fd_a >= 0 && fd_b >= 0 && fstat(fd_a, &x) == 0 && fstat(fd_b, &y) == 0 &&
	       x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int report_duplicate(const struct kmod_devname_scan *scan, const struct module *winner,
			    const struct module *loser)
{
	const struct location location = { loser->path, 0 };
	bool meant = depmod_config_prefers(scan->config, winner->path, loser->path);

	if (is_same_file(scan, winner, loser))
		return 0;
	return report_add(scan->report, KMOD_DEVNAME_DUPLICATE_MODULE,
			  meant ? KMOD_DEVNAME_NOTE : KMOD_DEVNAME_WARNING, &location,
			  "is not looked at: the same module is in %s", winner->path);
}

static bool counts_more(const struct kmod_devname_scan *scan, const struct module *a,
			const struct module *b)
{
	return depmod_config_compare_copies(scan->config, a->path, b->path) < 0;
}

/* Finds the file that counts among the first ones of a list, which are of one module. */
static const struct module *choose_copy(const struct kmod_devname_scan *scan, void **modules,
					size_t *ret_n, size_t n)
{
	const struct module *winner = modules[0];
	size_t i;

	for (i = 1; i < n; i++) {
		const struct module *module = modules[i];

		if (module_tree_compare_names(winner->name, module->name) != 0)
			break;
		if (counts_more(scan, module, winner))
			winner = module;
	}
	*ret_n = i;
	return winner;
}

static int report_losers(const struct kmod_devname_scan *scan, const struct module *winner,
			 void **modules, size_t n)
{
	const struct module *last = winner;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct module *module = modules[i];

		if (strcmp(module->path, winner->path) != 0 &&
		    strcmp(module->path, last->path) != 0)
			r = report_duplicate(scan, winner, module);
		last = module;
	}
	return r;
}

/*
 * Collects the modules that count and have something to say. The positions have room for
 * all modules that have.
 */
static int choose(struct kmod_devname_scan *scan, struct module_position *positions, size_t *ret_n)
{
	struct list *modules = &scan->harvest.modules;
	size_t n = 0, copies;
	int r = 0;

	list_sort(modules, compare_modules);
	for (size_t i = 0; i < modules->size && r == 0; i += copies) {
		void **first = modules->items + i;
		const struct module *winner = choose_copy(scan, first, &copies, modules->size - i);

		r = report_losers(scan, winner, first, copies);
		if (winner->outcome)
			positions[n++] = (struct module_position){ .path = winner->path,
								   .position = MODULE_ORDER_NONE,
								   .module = winner };
	}
	*ret_n = n;
	return r;
}

static size_t count_outcomes(const struct list *modules)
{
	size_t n = 0;

	for (size_t i = 0; i < modules->size; i++)
		n += ((const struct module *)modules->items[i])->outcome != NULL;
	return n;
}

static int report_no_order(const struct kmod_devname_scan *scan, const struct location *location)
{
	return report_add(scan->report, KMOD_DEVNAME_BAD_ORDER, KMOD_DEVNAME_WARNING, location,
			  "is not a file of a sensible size");
}

/* No modules.order, or one that is no file, is no order. */
static int read_order(const struct kmod_devname_scan *scan, struct module_position *positions,
		      size_t n)
{
	int fd = open_in_tree(scan, "modules.order", O_RDONLY | O_NONBLOCK | O_NOCTTY);
	const struct location location = { "modules.order", 0 };
	struct stat st;
	FILE *stream;
	int r;

	if (fd == -ENOENT || fd == -ELOOP || fd == -ENOTDIR)
		return 0;
	if (fd == -ENXIO || fd == -ENODEV) /* a socket, a device */
		return report_no_order(scan, &location);
	if (fd < 0)
		return report_system(scan->report, fd, &location);
	r = fstat(fd, &st) < 0 ? -errno : 0;
	if (r < 0 || !S_ISREG(st.st_mode) || st.st_size > (off_t)LINES_TOTAL_MAX) {
		close_fd(&fd);
		return r < 0 ? report_system(scan->report, r, &location)
			     : report_no_order(scan, &location);
	}
	stream = fdopen(fd, "re");
	if (!stream) {
		close_fd(&fd);
		return -ENOMEM;
	}
	r = module_order_read(stream, scan->report, positions, n);
	if (r == -EFBIG) /* it grew */
		r = report_no_order(scan, &location);
	else if (r < 0 && r != -ENOMEM)
		r = report_system(scan->report, r, &location);
	(void)fclose(stream);
	return r;
}

static int add_aliases(const struct kmod_devname_scan *scan, const struct module *module)
{
	_cleanup_free_ char *name = module_tree_module_name(module->path);

	if (!name)
		return -ENOMEM;
	return table_add_aliases(scan->table, scan->report, name, module->path,
				 module->outcome->aliases);
}

static int add_outcome(const struct kmod_devname_scan *scan, const struct module *module)
{
	const struct location location = { module->path, 0 };
	enum module_error module_error = module->outcome->module_error;

	if (module_error == MODULE_OK)
		return add_aliases(scan, module);
	return report_add(scan->report, module_error_code(module_error), KMOD_DEVNAME_ERROR,
			  &location, "%s", module_error_message(module_error));
}

int scan_conclude(struct kmod_devname_scan *scan)
{
	size_t n = count_outcomes(&scan->harvest.modules);
	_cleanup_free_ struct module_position *positions = calloc(n + 1, sizeof(*positions));
	int r = positions ? report_remarks(scan) : -ENOMEM;

	if (r == 0)
		r = scan_find_copies(scan);
	if (r == 0)
		r = choose(scan, positions, &n);
	if (r < 0 || n == 0)
		return r;
	r = read_order(scan, positions, n);
	if (r == 0)
		module_order_sort(positions, n);
	for (size_t i = 0; i < n && r == 0; i++)
		r = add_outcome(scan, positions[i].module);
	return r;
}
