// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The table: nodes in order, each of them valid.
 *
 * table_add() is the only way into a table, and checks each node: syntax.c validates name and
 * number, and no name may equal or lie below one with another number. A failed check is a finding,
 * and the node is not added.
 *
 * Readers of text call table_add() for each line. Aliases of a module are strings: alias_parse()
 * sorts them into names and numbers, an alias_list keeps those of one module, and
 * table_add_aliases() adds the pairs that alias_pair() finds.
 *
 * Later steps rely on these checks: compare.c compares two tables, lint.c looks for conflicts with
 * other devices, permissions.c holds modes and owners by name. None of them does I/O.
 */

#include <errno.h>
#include <search.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/lines.h"
#include "node/table.h"

/* For both names of a line, within the limit of all readers, see base/lines.h. */
#define NAMES_MAX (LINE_MAX_SIZE - strlen("  c4095:1048575"))

struct kmod_devname_table {
	unsigned int references;
	struct list nodes; /* of struct kmod_devname_node *, in table order */
	void *names; /* tsearch(3) tree of the first node of each name */
	void *lines; /* tree of the other nodes, by name and module */
	size_t text; /* the number of the current text, from 1 */
};

const char *kmod_devname_node_get_module(const struct kmod_devname_node *node)
{
	return node->module;
}

const char *kmod_devname_node_get_name(const struct kmod_devname_node *node)
{
	return node->name;
}

mode_t kmod_devname_node_get_type(const struct kmod_devname_node *node)
{
	return node->number.type;
}

unsigned int kmod_devname_node_get_major(const struct kmod_devname_node *node)
{
	return node->number.major;
}

unsigned int kmod_devname_node_get_minor(const struct kmod_devname_node *node)
{
	return node->number.minor;
}

static struct kmod_devname_node *node_new(const char *module, const char *name,
					  const struct device_number *number)
{
	size_t module_size = strlen(module) + 1, name_size = strlen(name) + 1;
	struct kmod_devname_node *node = calloc(1, sizeof(*node) + module_size + name_size);

	if (!node)
		return NULL;
	memcpy(node->module, module, module_size);
	node->name = memcpy(node->module + module_size, name, name_size);
	node->number = *number;
	return node;
}

int kmod_devname_table_new(struct kmod_devname_table **ret_table)
{
	struct kmod_devname_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->references = 1;
	*ret_table = table;
	return 0;
}

struct kmod_devname_table *kmod_devname_table_ref(struct kmod_devname_table *table)
{
	reference_add(&table->references);
	return table;
}

struct kmod_devname_table *kmod_devname_table_unref(struct kmod_devname_table *table)
{
	if (!table || !reference_drop(&table->references))
		return NULL;
	tdestroy(table->names, free_nothing);
	tdestroy(table->lines, free_nothing);
	list_done(&table->nodes, free);
	free(table);
	return NULL;
}

size_t kmod_devname_table_size(const struct kmod_devname_table *table)
{
	return table->nodes.size;
}

const struct kmod_devname_node *kmod_devname_table_get(const struct kmod_devname_table *table,
						       size_t index)
{
	return index < table->nodes.size ? table->nodes.items[index] : NULL;
}

/* Conflicting names, such as "a" and "a/b", are equal here. */
static int compare_node_paths(const void *a, const void *b)
{
	const struct kmod_devname_node *x = a, *y = b;

	return syntax_compare_paths(x->name, y->name);
}

static int compare_node_lines(const void *a, const void *b)
{
	const struct kmod_devname_node *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r != 0 ? r : strcmp(x->module, y->module);
}

const struct kmod_devname_node *kmod_devname_table_find_name(const struct kmod_devname_table *table,
							     const char *name)
{
	const struct kmod_devname_node key = { .name = name };
	struct kmod_devname_node *const *found = tfind(&key, &table->names, compare_node_paths);

	return found && strcmp((*found)->name, name) == 0 ? *found : NULL;
}

const struct kmod_devname_node *
kmod_devname_table_find_number(const struct kmod_devname_table *table, mode_t type,
			       unsigned int major, unsigned int minor)
{
	const struct device_number number = { type, major, minor };

	for (size_t i = 0; i < table->nodes.size; i++) {
		const struct kmod_devname_node *node = table->nodes.items[i];

		if (syntax_same_number(&node->number, &number))
			return node;
	}
	return NULL;
}

const struct kmod_devname_node *table_find_line(const struct kmod_devname_table *table,
						const struct kmod_devname_node *line)
{
	const struct kmod_devname_node *first = kmod_devname_table_find_name(table, line->name);
	struct kmod_devname_node *const *found;

	if (!first || strcmp(first->module, line->module) == 0)
		return first;
	found = tfind(line, &table->lines, compare_node_lines);
	return found ? *found : NULL;
}

static int report_conflict(struct kmod_devname_report *report, const struct location *location,
			   const struct kmod_devname_node *node,
			   const struct kmod_devname_node *first)
{
	char number[SYNTAX_NUMBER_SIZE], first_number[SYNTAX_NUMBER_SIZE];

	return report_add(
		report, KMOD_DEVNAME_CODE_NAME_CONFLICT, KMOD_DEVNAME_SEVERITY_ERROR, location,
		"device name '%s' (%s) of module %s conflicts with '%s' (%s) of module %s, "
		"which stays",
		node->name, syntax_format_number(&node->number, number), node->module, first->name,
		syntax_format_number(&first->number, first_number), first->module);
}

/* A duplicate counts only within one text: other files and modules may have this node. */
static int note_repeated(const struct kmod_devname_table *table, struct kmod_devname_report *report,
			 const struct location *location, struct kmod_devname_node *node)
{
	if (location->line == 0) /* a module, which declares each node once */
		return 0;
	if (node->last_text == table->text)
		return report_add(report, KMOD_DEVNAME_CODE_BAD_LINE, KMOD_DEVNAME_SEVERITY_ERROR,
				  location, "duplicate line for '%s' of module %s", node->name,
				  node->module);
	node->last_text = table->text;
	return 0;
}

/* Returns 1 if the table owns the node now; 0 or -ENOMEM if the caller still does. */
static int insert_node(struct kmod_devname_table *table, struct kmod_devname_report *report,
		       const struct location *location, struct kmod_devname_node *node)
{
	struct kmod_devname_node **found, *first;

	/* Reserve the room first: after a failure the node would have to leave the trees. */
	if (list_reserve(&table->nodes, 1) < 0)
		return -ENOMEM;
	found = tsearch(node, &table->names, compare_node_paths);
	if (!found)
		return -ENOMEM;
	first = *found;
	if (first != node) {
		if (strcmp(first->name, node->name) != 0 ||
		    !syntax_same_number(&first->number, &node->number))
			return report_conflict(report, location, node, first);
		if (strcmp(first->module, node->module) != 0)
			found = tsearch(node, &table->lines, compare_node_lines);
		if (!found)
			return -ENOMEM;
	}
	if (*found != node)
		return note_repeated(table, report, location, *found);
	if (location->line > 0)
		node->last_text = table->text;
	node->index = table->nodes.size;
	table->nodes.items[table->nodes.size++] = node;
	return 1;
}

void table_begin_text(struct kmod_devname_table *table)
{
	table->text++;
}

int table_add(struct kmod_devname_table *table, struct kmod_devname_report *report,
	      const struct location *location, const char *module, const char *name,
	      const struct device_number *number)
{
	struct kmod_devname_node *node;
	int r;

	if (!syntax_is_module_name(module))
		return report_add(report, KMOD_DEVNAME_CODE_BAD_MODULE_NAME,
				  KMOD_DEVNAME_SEVERITY_ERROR, location,
				  "'%s' is not a valid module name", module);
	if (!syntax_is_device_name(name))
		return report_add(report, KMOD_DEVNAME_CODE_BAD_NAME, KMOD_DEVNAME_SEVERITY_ERROR,
				  location, "'%s' is not a valid device name", name);
	if (strlen(module) + strlen(name) > NAMES_MAX)
		return report_add(
			report, KMOD_DEVNAME_CODE_BAD_NAME, KMOD_DEVNAME_SEVERITY_ERROR, location,
			"device name '%s' is too long for a line of modules.devname", name);
	if (syntax_is_dynamic(number))
		return report_add(
			report, KMOD_DEVNAME_CODE_DYNAMIC_MINOR, KMOD_DEVNAME_SEVERITY_ERROR,
			location,
			"device name '%s' has the number c10:255, which requests a dynamic minor",
			name);
	node = node_new(module, name, number);
	if (!node)
		return -ENOMEM;
	r = insert_node(table, report, location, node);
	if (r > 0)
		return 0;
	free(node);
	return r;
}

int kmod_devname_table_add_node(struct kmod_devname_table *table,
				struct kmod_devname_report *report, const char *module,
				const char *name, mode_t type, unsigned int major,
				unsigned int minor)
{
	const struct device_number number = { type, major, minor };
	const struct location location = { NULL, 0 };

	if (type != S_IFCHR && type != S_IFBLK)
		return -EINVAL;
	if (major >= 1 && major <= KMOD_DEVNAME_MAJOR_MAX && minor <= KMOD_DEVNAME_MINOR_MAX)
		return table_add(table, report, &location, module, name, &number);
	return report_add(report, KMOD_DEVNAME_CODE_BAD_NUMBER, KMOD_DEVNAME_SEVERITY_ERROR,
			  &location, "device name '%s': %u:%u is out of range", name, major, minor);
}

int table_reorder(struct kmod_devname_table *table, const size_t *order)
{
	struct list ordered = { 0 };

	if (list_reserve(&ordered, table->nodes.size) < 0)
		return -ENOMEM;
	for (; ordered.size < table->nodes.size; ordered.size++) {
		struct kmod_devname_node *node = table->nodes.items[order[ordered.size]];

		node->index = ordered.size;
		ordered.items[ordered.size] = node;
	}
	free(table->nodes.items);
	table->nodes = ordered;
	return 0;
}

/* A longer name is invalid, and messages are shorter. */
#define ALIAS_TEXT_KEPT (KMOD_DEVNAME_NAME_MAX + 32)

int alias_list_add(struct alias_list *list, const char *alias)
{
	struct alias parsed, *items;

	if (alias_parse(alias, &parsed) == ALIAS_OTHER)
		return 0;
	if (parsed.kind == ALIAS_NAME)
		list->has_name = true;
	if (list->size == ALIASES_MAX) {
		list->too_many = true;
		return 0;
	}
	items = array_grow(list->items, &list->capacity, sizeof(*items), list->size + 1);
	if (!items)
		return -ENOMEM;
	list->items = items;
	if (parsed.kind == ALIAS_NUMBER) {
		parsed.text = NULL;
	} else {
		parsed.text = strndup(parsed.text, ALIAS_TEXT_KEPT);
		if (!parsed.text)
			return -ENOMEM;
	}
	items[list->size++] = parsed;
	return 0;
}

void alias_list_done(struct alias_list *list)
{
	for (size_t i = 0; i < list->size; i++)
		free((char *)(uintptr_t)list->items[i].text);
	free(list->items);
	*list = (struct alias_list){ 0 };
}

static int report_bad_numbers(struct kmod_devname_report *report, const struct location *location,
			      const struct alias_list *aliases)
{
	for (size_t i = 0; i < aliases->size; i++) {
		int r;

		if (aliases->items[i].kind != ALIAS_BAD_NUMBER)
			continue;
		r = report_add(report, KMOD_DEVNAME_CODE_BAD_NUMBER, KMOD_DEVNAME_SEVERITY_ERROR,
			       location,
			       "'%s' is not a plain decimal number from 1 to 4095, '-', and one "
			       "from 0 to 1048575",
			       aliases->items[i].text);
		if (r < 0)
			return r;
	}
	return 0;
}

static int report_pairing(struct kmod_devname_report *report, const struct location *location,
			  const char *module, enum alias_pairing pairing, const char *name)
{
	if (pairing == ALIAS_MISSING_NUMBER)
		return report_add(
			report, KMOD_DEVNAME_CODE_MISSING_NUMBER, KMOD_DEVNAME_SEVERITY_ERROR,
			location,
			"device name '%s' of module %s has no device number; add "
			"MODULE_ALIAS_MISCDEV(minor) or MODULE_ALIAS_CHARDEV(major, minor)",
			name, module);
	return report_add(report, KMOD_DEVNAME_CODE_AMBIGUOUS, KMOD_DEVNAME_SEVERITY_ERROR,
			  location,
			  "module %s: ambiguous pairs of device names and numbers; declare one of "
			  "each, or each name next to its number, in the same order",
			  module);
}

static int add_claims(struct kmod_devname_table *table, struct kmod_devname_report *report,
		      const struct location *location, const char *module,
		      const struct claim *claims, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int r;

		if (claims[i].number->kind != ALIAS_NUMBER) /* reported already */
			continue;
		r = table_add(table, report, location, module, claims[i].name,
			      &claims[i].number->number);
		if (r < 0)
			return r;
	}
	return 0;
}

int table_add_aliases(struct kmod_devname_table *table, struct kmod_devname_report *report,
		      const char *module, const char *file, const struct alias_list *aliases)
{
	const struct location location = { file, 0 };
	_cleanup_free_ char *name = NULL;
	_cleanup_free_ struct claim *claims = NULL;
	enum alias_pairing pairing;
	size_t n_claims;
	int r;

	/* A module without a device name has no findings. */
	if (!aliases->has_name)
		return 0;
	name = strdup(module);
	claims = calloc(aliases->size / 2 + 1, sizeof(*claims));
	if (!name || !claims)
		return -ENOMEM;
	syntax_normalise_module_name(name);
	if (aliases->too_many)
		return report_add(report, KMOD_DEVNAME_CODE_TOO_MANY_ALIASES,
				  KMOD_DEVNAME_SEVERITY_ERROR, &location,
				  "module %s declares more than %d device names and numbers", name,
				  ALIASES_MAX);
	r = report_bad_numbers(report, &location, aliases);
	if (r < 0)
		return r;
	pairing = alias_pair(aliases->items, aliases->size, claims, &n_claims);
	/* If the number is missing, all aliases are the same name, the first as well. */
	if (pairing != ALIAS_PAIRED)
		return report_pairing(report, &location, name, pairing, aliases->items[0].text);
	return add_claims(table, report, &location, name, claims, n_claims);
}

int kmod_devname_table_add_module(struct kmod_devname_table *table,
				  struct kmod_devname_report *report, const char *module,
				  const char *file, const char *const *aliases, size_t n_aliases)
{
	struct alias_list list = { 0 };
	int r = 0;

	for (size_t i = 0; i < n_aliases && r == 0; i++)
		r = alias_list_add(&list, aliases[i]);
	if (r == 0)
		r = table_add_aliases(table, report, module, file, &list);
	alias_list_done(&list);
	return r;
}
