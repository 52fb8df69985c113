// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The list that is there, and a finished scan that could not read all -> what stays of that list.
 *
 * A module that could not be read may still declare the nodes that the list has of it, so these
 * stay until it is read or gone. If a directory could not be read, the same holds for each module
 * that was not found. A node of a module that was read wins: kept nodes enter the table last, and
 * are then moved to where the list has them, so that an unchanged list stays byte for byte.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/lines.h"
#include "tree/keep.h"
#include "tree/module-tree.h"

/* What the module declares is not known. */
static bool scan_module_is_unread(const struct scan_module *module)
{
	return module->error != MODULE_OK && module->error != MODULE_TOO_MANY_ALIASES;
}

/* The file of a module that counts: of several with one name it is the first. NULL: none is there.
 */
static const struct scan_module *find_scan_module(const struct kmod_devname_scan *scan,
						  const char *name)
{
	const struct list *modules = &scan->found.modules;
	const struct scan_module *module;
	size_t low = 0, high = modules->size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		module = modules->items[middle];
		if (module_tree_compare_names(module->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	module = low < modules->size ? modules->items[low] : NULL;
	return module && module_tree_compare_names(module->name, name) == 0 ? module : NULL;
}

bool scan_is_complete(const struct kmod_devname_scan *scan)
{
	const struct list *modules = &scan->found.modules, *findings = &scan->found.findings;

	for (size_t i = 0; i < modules->size; i++)
		if (scan_module_is_unread(modules->items[i]))
			return false;
	for (size_t i = 0; i < findings->size; i++)
		if (((const struct scan_finding *)findings->items[i])->code ==
		    KMOD_DEVNAME_UNREADABLE)
			return false;
	return true;
}

bool scan_is_undecodable(const struct kmod_devname_scan *scan)
{
	const struct list *modules = &scan->found.modules;
	bool is_unsupported = false;

	for (size_t i = 0; i < modules->size; i++) {
		const struct scan_module *module = modules->items[i];

		/* one that the index spares has no size, since it was not opened */
		if (module->error == MODULE_OK && module->size > 0)
			return false;
		is_unsupported = is_unsupported || module->error == MODULE_UNSUPPORTED;
	}
	return is_unsupported;
}

int scan_has_listed(const struct kmod_devname_scan *scan, FILE *order)
{
	static const char suffix[] = ".ko";
	struct lines lines;
	bool is_empty = true;
	int status;

	if (!scan_is_complete(scan))
		return 1;
	lines_init(&lines, order);
	while ((status = lines_next(&lines)) > 0) {
		const char *name = module_tree_base_name(lines.text);
		size_t size = lines.size;

		if (status != LINE_GOOD || size < strlen(suffix) ||
		    strcmp(lines.text + size - strlen(suffix), suffix) != 0)
			continue;
		/* those that a fresh index spares are there as well */
		if (find_scan_module(scan, name) ||
		    (scan->n_spared > 0 && skip_find_module(&scan->skip, name)))
			return 1;
		is_empty = false;
	}
	return status < 0 ? status : is_empty;
}

/* --- modules that could not be read ------------------------------------------------------- */

struct unread_modules {
	struct list names; /* of files that were found and could not be opened, sorted */
	bool has_directories;
};

static int compare_unread_names(const void *a, const void *b)
{
	return module_tree_compare_names(*(const char *const *)a, *(const char *const *)b);
}

static int unread_modules_find(struct unread_modules *unread, const struct kmod_devname_scan *scan)
{
	const struct list *findings = &scan->found.findings;

	*unread = (struct unread_modules){ 0 };
	for (size_t i = 0; i < findings->size; i++) {
		struct scan_finding *finding = findings->items[i];
		char *name = strrchr(finding->path, '/');

		name = name ? name + 1 : finding->path;
		if (finding->code != KMOD_DEVNAME_UNREADABLE)
			continue;
		if (!module_tree_is_module(name))
			unread->has_directories = true;
		else if (list_push(&unread->names, name) < 0)
			return -ENOMEM;
	}
	list_sort(&unread->names, compare_unread_names);
	return 0;
}

static bool unread_modules_have(const struct unread_modules *unread,
				const struct kmod_devname_scan *scan, const char *name)
{
	const struct scan_module *module = find_scan_module(scan, name);

	if (module)
		return scan_module_is_unread(module);
	return unread->has_directories ||
	       (unread->names.size > 0 && bsearch(&name, unread->names.items, unread->names.size,
						  sizeof(name), compare_unread_names));
}

/* Adds the nodes, behind all others. 0 or -ENOMEM. */
static int keep_nodes(const struct kmod_devname_scan *scan, const struct unread_modules *unread,
		      const struct kmod_devname_table *old, const char *file)
{
	const struct location location = { file, 0 };

	for (size_t i = 0; i < kmod_devname_table_size(old); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(old, i);
		size_t size = kmod_devname_table_size(scan->table);
		int r;

		if (!unread_modules_have(unread, scan, node->module))
			continue;
		r = table_add(scan->table, scan->report, &location, node->module, node->name,
			      &node->number);
		if (r == 0 && kmod_devname_table_size(scan->table) > size)
			r = report_add(scan->report, KMOD_DEVNAME_UNREADABLE, KMOD_DEVNAME_ERROR,
				       &location, "keeps '%s' of module %s, which was not read",
				       node->name, node->module);
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
	struct unread_modules unread;
	int r = unread_modules_find(&unread, scan);

	if (r == 0)
		r = keep_nodes(scan, &unread, old, file);
	list_done(&unread.names, NULL);
	if (r < 0 || kmod_devname_table_size(scan->table) == size)
		return r;
	return order_nodes(scan->table, size, old);
}
