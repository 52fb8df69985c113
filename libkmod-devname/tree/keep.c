// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a finished scan tells of its modules; and, if it could not read all, which lines of the list
 * that is there stay.
 *
 * A module that could not be read may still declare the nodes that the list has of it, so these
 * stay until it is read or gone. If a directory could not be read, the same holds for each module
 * that was not found. One behind a link that leads nowhere is gone. A node of a module that was
 * read wins: kept nodes enter the table last, and are then moved to where the list has them, so
 * that an unchanged list stays byte for byte.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "node/syntax.h"
#include "tree/scan.h"

static bool is_unread_module(const struct scan_module *module)
{
	const struct scan_content *content = module->content;

	return content && content->error != MODULE_OK && content->error != MODULE_TOO_MANY_ALIASES;
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

size_t scan_count_unread(const struct kmod_devname_scan *scan)
{
	size_t n = 0;

	for (size_t i = 0; i < scan->found.modules.size; i++)
		n += is_unread_module(scan->found.modules.items[i]);
	return n;
}

bool scan_is_undecodable(const struct kmod_devname_scan *scan)
{
	const struct list *modules = &scan->found.modules;

	for (size_t i = 0; !scan->found.is_decodable && i < modules->size; i++) {
		const struct scan_module *module = modules->items[i];
		int error = module->content ? module->content->error : MODULE_OK;

		if (error > 0 &&
		    module_error_code((enum module_error)error) == KMOD_DEVNAME_CODE_UNSUPPORTED)
			return true;
	}
	return false;
}

bool scan_lacks_listed(const struct kmod_devname_scan *scan)
{
	return !scan->found.is_incomplete && scan->lists_modules && !scan->has_listed_module;
}

bool scan_may_keep(const struct kmod_devname_scan *scan)
{
	return scan->found.is_incomplete || scan_count_unread(scan) > 0;
}

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
		    scan_take_room(scan, 1, strlen(node->module) + strlen(node->name)))
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

	if (r < 0 || kmod_devname_table_size(scan->table) == size)
		return r;
	return order_nodes(scan->table, size, old);
}
