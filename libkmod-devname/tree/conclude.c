// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The end of a scan: declarations of modules become nodes of the table, in the order of
 * modules.order, and nodes of modules that could not be read stay. The bounds are counted in that
 * order, so they do not depend on the work of single threads.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/lines.h"
#include "node/table.h"
#include "tree/scan.h"

/*
 * The bounds of a table, over all modules together. Lines with these names are less than 20 MiB,
 * and readers take 128 MiB (LINES_TOTAL_MAX), so that they can read every file that is written.
 */
#define NODES_MAX ((size_t)1 << 17)
#define NAMES_SIZE_MAX ((size_t)16 << 20)

/* --- modules.order ------------------------------------------------------------------------ */

/* For bsearch(3), which passes the key first. */
static int compare_name_with_module(const void *name, const void *module)
{
	return syntax_compare_module_names(name, (*(struct scan_module *const *)module)->name);
}

/* The first line of a module counts. The size is that of its path without ".ko". */
static int note_position(const struct list *modules, const struct lines *line, size_t size)
{
	struct scan_module **found = NULL, *module;
	_cleanup_free_ char *path = NULL;

	if (modules->size > 0)
		found = bsearch(syntax_base_name(line->text), modules->items, modules->size,
				sizeof(*modules->items), compare_name_with_module);
	if (!found)
		return 0;
	module = *found;
	/* a path that is longer than the line need not be made */
	if (module->position > 0 || module->directory->path_size > size)
		return 0;
	path = scan_get_path(module->directory, module->name);
	if (!path)
		return -ENOMEM;
	if (syntax_module_stem_size(path) == size && memcmp(path, line->text, size) == 0)
		module->position = line->number;
	return 0;
}

/* A line is the path of a module, ".ko" whatever the compression. */
static int read_order_line(struct kmod_devname_scan *scan, const struct list *modules,
			   const struct lines *line)
{
	static const char suffix[] = ".ko";
	size_t size = line->size;
	const char *name;

	if (size < strlen(suffix) || strcmp(line->text + size - strlen(suffix), suffix) != 0)
		return 0;
	scan->lists_modules = true;
	name = syntax_base_name(line->text);
	/* those that a fresh index spares are there as well */
	if (!scan->has_listed_module)
		scan->has_listed_module =
			scan_find_module(scan, name) != SCAN_MODULE_ABSENT ||
			(scan->n_spared > 0 && skip_find_module(&scan->skip, name));
	return note_position(modules, line, size - strlen(suffix));
}

static int report_bad_order(struct kmod_devname_report *report, size_t line, const char *problem)
{
	const struct location location = { "modules.order", line };

	return report_add(report, KMOD_DEVNAME_CODE_BAD_ORDER, KMOD_DEVNAME_SEVERITY_WARNING,
			  &location, "%s", problem);
}

int module_order_read(struct kmod_devname_scan *scan, FILE *stream, const struct list *modules)
{
	struct lines lines;
	int status, r = 0;

	lines_init(&lines, stream);
	while (r == 0 && (status = lines_next(&lines)) != LINE_END) {
		if (status < 0)
			return status;
		if (status == LINE_LONG)
			r = report_bad_order(scan->report, lines.number,
					     "line longer than any path");
		else if (status == LINE_CUT)
			r = report_bad_order(scan->report, lines.number,
					     "no newline at the end: the file is truncated");
		else
			r = read_order_line(scan, modules, &lines);
	}
	return r;
}

/* Modules without a line come last. */
static int compare_positions(const void *a, const void *b)
{
	const struct scan_module *x = *(struct scan_module *const *)a;
	const struct scan_module *y = *(struct scan_module *const *)b;

	if (x->position == y->position)
		return syntax_compare_module_names(x->name, y->name);
	if (x->position == 0 || y->position == 0)
		return x->position == 0 ? 1 : -1;
	return x->position < y->position ? -1 : 1;
}

void module_order_sort(struct list *modules)
{
	list_sort(modules, compare_positions);
}

int module_order_open(const struct kmod_devname_scan *scan, FILE **ret_stream)
{
	_cleanup_free_ char *path = format_text("%s/modules.order", scan->directory);

	return path ? stream_from_fd(root_open_file(scan->root_fd, path, 0), ret_stream) : -ENOMEM;
}

/* No modules.order, or one that is no file, is no order. */
static int read_order(struct kmod_devname_scan *scan, const struct list *modules)
{
	const struct location location = { "modules.order", 0 };
	FILE *stream;
	int r = module_order_open(scan, &stream);
	bool is_no_file = r == -EISDIR || r == -ENODEV;

	if (is_missing(r))
		return 0;
	if (r == 0) {
		r = module_order_read(scan, stream, modules);
		(void)fclose(stream);
		is_no_file = r == -EFBIG;
	}
	if (r == 0)
		return 0;
	if (is_no_file) {
		for (size_t i = 0; i < modules->size; i++)
			((struct scan_module *)modules->items[i])->position = 0;
		scan->lists_modules = false;
		return report_bad_order(scan->report, 0, "not a regular file, or too large");
	}
	scan->is_order_unreadable = true;
	return scan_report_unreadable(scan->report, &location, r);
}

/* --- one module file ----------------------------------------------------------------------- */

static int report_module_error(struct kmod_devname_report *report, const struct location *location,
			       enum module_error error)
{
	return report_add(report, module_error_code(error), KMOD_DEVNAME_SEVERITY_ERROR, location,
			  "%s", module_error_message(error));
}

/* Reads a module outside the threads. 0, a module error, or a negative errno. */
static int read_aliases(int fd, size_t size_max, struct alias_list *aliases)
{
	struct module_reader *reader = module_reader_new(size_max, NULL);
	int r = reader ? fd : -ENOMEM;

	if (r >= 0)
		r = module_reader_start(reader, fd);
	if (r >= 0)
		r = module_reader_read(reader);
	if (r == MODULE_OK)
		r = scan_collect_aliases(reader, aliases);
	module_reader_free(reader);
	return r;
}

int kmod_devname_table_add_file(struct kmod_devname_table *table,
				struct kmod_devname_report *report, int fd, const char *file)
{
	const struct location location = { file, 0 };
	const char *base = syntax_base_name(file);
	_cleanup_free_ char *name = strndup(base, strcspn(base, "."));
	struct alias_list aliases = { 0 };
	int r = name ? read_aliases(fd < 0 ? -EBADF : fd, SCAN_SIZE_MAX, &aliases) : -ENOMEM;

	if (r == 0)
		r = table_add_aliases(table, report, name, file, &aliases);
	else if (r > 0)
		r = report_module_error(report, &location, (enum module_error)r);
	else if (r != -ENOMEM)
		r = report_system(report, r, &location);
	alias_list_done(&aliases);
	return r;
}

/* --- into the table ----------------------------------------------------------------------- */

/* Takes the room for nodes in the table, with names of so many bytes, if there is enough. */
static bool take_table_room(struct kmod_devname_scan *scan, size_t n_nodes, size_t names_size)
{
	if (n_nodes > NODES_MAX - scan->n_nodes || names_size > NAMES_SIZE_MAX - scan->names_size)
		return false;
	scan->n_nodes += n_nodes;
	scan->names_size += names_size;
	return true;
}

static int add_declared_nodes(struct kmod_devname_scan *scan, const struct scan_module *module,
			      const struct location *location, const struct alias_list *aliases)
{
	_cleanup_free_ char *name = strndup(module->name, strcspn(module->name, "."));
	size_t n_nodes = 0, names_size = 0;

	if (!name)
		return -ENOMEM;
	for (size_t i = 0; i < aliases->size; i++) {
		if (aliases->items[i].kind != ALIAS_NAME)
			continue;
		n_nodes++;
		names_size += strlen(name) + strlen(aliases->items[i].text);
	}
	if (take_table_room(scan, n_nodes, names_size))
		return table_add_aliases(scan->table, scan->report, name, location->file, aliases);
	return report_add(
		scan->report, KMOD_DEVNAME_CODE_TOO_MANY_ALIASES, KMOD_DEVNAME_SEVERITY_ERROR,
		location,
		"more device names than modules.devname can have after those of earlier modules");
}

static int conclude_module(struct kmod_devname_scan *scan, const struct scan_module *module)
{
	_cleanup_free_ char *path = scan_get_path(module->directory, module->name);
	const struct location location = { path, 0 };
	struct scan_content *content = module->content;
	_cleanup_close_ int fd = -1;
	int r;

	if (!path)
		return -ENOMEM;
	if (content->is_dropped && content->error == MODULE_OK) {
		fd = scan_open_module(scan, module);
		content->error = read_aliases(fd, scan->size_max, &content->aliases);
	}
	r = content->error;
	if (r == MODULE_OK)
		r = add_declared_nodes(scan, module, &location, &content->aliases);
	else if (r < 0)
		r = scan_report_unreadable(scan->report, &location, r);
	else /* those of one compression have one finding */
		r = module_error_compression((enum module_error)r)
			    ? 0
			    : report_module_error(scan->report, &location, (enum module_error)r);
	if (content->is_dropped)
		alias_list_done(&content->aliases);
	return r;
}

/* One finding for all modules of a compression: it may be that of the whole kernel. */
static int report_unsupported(const struct kmod_devname_scan *scan, enum module_error error,
			      const struct list *modules)
{
	const struct scan_module *first = NULL;
	_cleanup_free_ char *path = NULL;
	size_t n_modules = 0;

	for (size_t i = 0; i < modules->size; i++) {
		const struct scan_module *module = modules->items[i];

		if (module->content->error != (int)error)
			continue;
		n_modules++;
		first = first ? first : module;
	}
	if (!first)
		return 0;
	path = scan_get_path(first->directory, first->name);
	if (!path)
		return -ENOMEM;
	if (n_modules == 1)
		return report_module_error(scan->report, &(struct location){ path, 0 }, error);
	return report_add(scan->report, KMOD_DEVNAME_CODE_UNSUPPORTED, KMOD_DEVNAME_SEVERITY_ERROR,
			  &(struct location){ ".", 0 },
			  "%zu modules are compressed with %s (first: %s), which this build cannot "
			  "read",
			  n_modules, module_error_compression(error), path);
}

static int conclude_modules(struct kmod_devname_scan *scan, const struct list *modules)
{
	int r = 0;

	for (size_t i = 0; i < modules->size && r == 0; i++)
		r = conclude_module(scan, modules->items[i]);
	for (int error = 0; error < MODULE_ERRORS && r == 0; error++)
		if (module_error_compression((enum module_error)error))
			r = report_unsupported(scan, (enum module_error)error, modules);
	return r;
}

int scan_conclude(struct kmod_devname_scan *scan)
{
	_cleanup_list_ struct list modules = { 0 };
	int r = scan_report_findings(scan);

	if (r == 0)
		r = scan_choose_modules(scan, &modules);
	if (r == 0)
		r = read_order(scan, &modules);
	if (r < 0)
		return r;
	module_order_sort(&modules);
	return conclude_modules(scan, &modules);
}

/* --- lines of the old list that stay -------------------------------------------------------- */

/*
 * A module that could not be read may still declare the nodes that the list has of it, so these
 * stay until it is read or gone. If a directory could not be read, the same holds for each module
 * that was not found. One behind a link that leads nowhere is gone. A node of a module that was
 * read wins: kept nodes enter the table last, and are then moved to where the list has them, so
 * that an unchanged list stays byte for byte.
 */

/* Adds the nodes, behind all others. 0 or -ENOMEM. */
static int keep_nodes(struct kmod_devname_scan *scan, const struct kmod_devname_table *old,
		      const char *file)
{
	const struct location location = { file, 0 };

	for (size_t i = 0; i < kmod_devname_table_size(old); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(old, i);
		enum scan_module_state state = scan_find_module(scan, node->module);
		size_t size = kmod_devname_table_size(scan->table);
		int r;

		if (state == SCAN_MODULE_READ)
			continue;
		if (state == SCAN_MODULE_ABSENT && !scan->found.is_incomplete)
			continue;
		if (table_find_line(scan->table, node) ||
		    take_table_room(scan, 1, strlen(node->module) + strlen(node->name)))
			r = table_add(scan->table, scan->report, &location, node->module,
				      node->name, &node->number);
		else
			r = report_add(scan->report, KMOD_DEVNAME_CODE_TOO_MANY_ALIASES,
				       KMOD_DEVNAME_SEVERITY_ERROR, &location,
				       "cannot keep '%s' of module %s, which was not read: the "
				       "list has no room for it",
				       node->name, node->module);
		if (r == 0 && kmod_devname_table_size(scan->table) > size)
			r = report_add(scan->report, KMOD_DEVNAME_CODE_UNREADABLE,
				       KMOD_DEVNAME_SEVERITY_ERROR, &location,
				       "keeps '%s' of module %s, which was not read", node->name,
				       node->module);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Moves the kept nodes, from a position on, to where the old list has them. 0 or -ENOMEM. */
static int order_nodes(struct kmod_devname_table *table, size_t kept,
		       const struct kmod_devname_table *old)
{
	size_t size = kmod_devname_table_size(table), n = 0, next = 0;
	_cleanup_free_ size_t *order = calloc(size + 1, sizeof(*order));

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < kmod_devname_table_size(old); i++) {
		const struct kmod_devname_node *node =
			table_find_line(table, kmod_devname_table_get(old, i));

		if (!node)
			continue;
		if (node->index >= kept)
			order[n++] = node->index;
		else
			while (next <= node->index)
				order[n++] = next++;
	}
	while (next < kept)
		order[n++] = next++;
	return table_reorder(table, order);
}

int scan_keep(struct kmod_devname_scan *scan, const struct kmod_devname_table *old,
	      const char *file)
{
	size_t size = kmod_devname_table_size(scan->table);
	int r = keep_nodes(scan, old, file);

	return r < 0 ? r : order_nodes(scan->table, size, old);
}
