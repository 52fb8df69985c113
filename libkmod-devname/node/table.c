// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The table: nodes in order, each valid, no two in each other's way. This is the one gate
 * through which names and numbers come in; nothing behind it checks them again.
 */

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "node/alias.h"
#include "base/array.h"
#include "base/lines.h"
#include "node/node.h"
#include "node/table.h"

/* What is left for both names in a line that every reader takes whole, see lines.h. */
#define NAMES_MAX (LINE_MAX_SIZE - strlen("  c4095:1048575"))

struct kmod_devname_table {
	unsigned int references;
	struct kmod_devname_node **nodes;
	size_t size;
	size_t capacity;
	void *places; /* tsearch(3) tree of the nodes, one for each name */
	void *others; /* of the nodes that have a name and come after its first, by module too */
	size_t text; /* the number of the text that is read, from 1 */
};

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
	table->references++;
	return table;
}

static void keep_node(void *node)
{
	(void)node; /* the array owns it */
}

struct kmod_devname_table *kmod_devname_table_unref(struct kmod_devname_table *table)
{
	if (!table || --table->references > 0)
		return NULL;
	tdestroy(table->places, keep_node);
	tdestroy(table->others, keep_node);
	for (size_t i = 0; i < table->size; i++)
		free(table->nodes[i]);
	free(table->nodes);
	free(table);
	return NULL;
}

size_t kmod_devname_table_size(const struct kmod_devname_table *table)
{
	return table->size;
}

const struct kmod_devname_node *kmod_devname_table_get(const struct kmod_devname_table *table,
						       size_t index)
{
	return index < table->size ? table->nodes[index] : NULL;
}

static int compare_nodes(const void *a, const void *b)
{
	const struct kmod_devname_node *x = a, *y = b;

	return syntax_compare_paths(x->name, y->name);
}

const struct kmod_devname_node *table_find(const struct kmod_devname_table *table, const char *name)
{
	const struct kmod_devname_node key = { .name = name };
	struct kmod_devname_node *const *found = tfind(&key, &table->places, compare_nodes);

	/* what was found may also be a node below that name, or above it */
	return found && strcmp((*found)->name, name) == 0 ? *found : NULL;
}

/* Returns 1 if it is valid, 0 if there is a finding, or -ENOMEM. */
static int check_node(struct kmod_devname_report *report, const struct location *location,
		      const char *module, const char *name, const struct device_number *number)
{
	int r;

	if (!syntax_is_module_name(module))
		r = report_add(report, KMOD_DEVNAME_BAD_MODULE_NAME, KMOD_DEVNAME_ERROR, location,
			       "'%s' is not a valid module name", module);
	else if (!syntax_is_device_name(name))
		r = report_add(report, KMOD_DEVNAME_BAD_NAME, KMOD_DEVNAME_ERROR, location,
			       "'%s' is not a valid device name", name);
	else if (strlen(module) + strlen(name) > NAMES_MAX)
		r = report_add(report, KMOD_DEVNAME_BAD_NAME, KMOD_DEVNAME_ERROR, location,
			       "device name '%s' is too long for a line of modules.devname", name);
	else if (syntax_is_dynamic(number))
		r = report_add(report, KMOD_DEVNAME_DYNAMIC_MINOR, KMOD_DEVNAME_ERROR, location,
			       "device name '%s' has the number c10:255, which asks for a dynamic "
			       "minor: a node needs a fixed one",
			       name);
	else
		return 1;
	return r;
}

static int report_conflict(struct kmod_devname_report *report, const struct location *location,
			   const struct kmod_devname_node *node,
			   const struct kmod_devname_node *first)
{
	return report_add(
		report, KMOD_DEVNAME_NAME_CONFLICT, KMOD_DEVNAME_ERROR, location,
		"device name '%s' (%c%u:%u) of module %s is in the way of '%s' (%c%u:%u) of "
		"module %s, which stays",
		node->name, syntax_type_letter(node->number.type), node->number.major,
		node->number.minor, node->module, first->name,
		syntax_type_letter(first->number.type), first->number.major, first->number.minor,
		first->module);
}

static int compare_lines(const void *a, const void *b)
{
	const struct kmod_devname_node *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r != 0 ? r : strcmp(x->module, y->module);
}

/* The node of the same module, or this one if there is none; NULL if there is no memory. */
static struct kmod_devname_node *find_twin(struct kmod_devname_table *table,
					   struct kmod_devname_node *first,
					   struct kmod_devname_node *node)
{
	struct kmod_devname_node **found;

	if (strcmp(first->module, node->module) == 0)
		return first;
	found = tsearch(node, &table->others, compare_lines);
	return found ? *found : NULL;
}

/* A line of another text, or another kernel's module, may well be about the same node. */
static int note_twin(const struct kmod_devname_table *table, struct kmod_devname_report *report,
		     const struct location *location, struct kmod_devname_node *twin)
{
	if (location->line == 0)
		return 0;
	if (twin->text == table->text)
		return report_add(report, KMOD_DEVNAME_BAD_LINE, KMOD_DEVNAME_ERROR, location,
				  "device name '%s' of module %s stands there twice", twin->name,
				  twin->module);
	twin->text = table->text;
	return 0;
}

/* Returns 1 if the table has it now; else 0 or -ENOMEM, and it is still the caller's. */
static int insert(struct kmod_devname_table *table, struct kmod_devname_report *report,
		  const struct location *location, struct kmod_devname_node *node)
{
	struct kmod_devname_node **found = tsearch(node, &table->places, compare_nodes), *twin;

	if (!found)
		return -ENOMEM;
	twin = *found;
	if (twin != node) {
		if (strcmp(twin->name, node->name) != 0 ||
		    !syntax_same_number(&twin->number, &node->number))
			return report_conflict(report, location, node, twin);
		twin = find_twin(table, twin, node);
		if (!twin)
			return -ENOMEM;
	}
	if (twin != node)
		return note_twin(table, report, location, twin);
	if (location->line > 0)
		node->text = table->text;
	node->index = table->size;
	table->nodes[table->size++] = node;
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
	struct kmod_devname_node **nodes, *node;
	int r = check_node(report, location, module, name, number);

	if (r <= 0)
		return r;
	nodes = array_grow(table->nodes, &table->capacity, sizeof(*nodes), table->size + 1);
	if (!nodes)
		return -ENOMEM;
	table->nodes = nodes;
	r = node_new(module, name, number, &node);
	if (r < 0)
		return r;
	r = insert(table, report, location, node);
	if (r <= 0)
		free(node);
	return r < 0 ? r : 0;
}

/* What one module says about device nodes. */
struct declarations {
	struct alias *aliases;
	size_t size;
	size_t capacity;
	bool has_name;
	bool too_many;
};

static int collect(struct declarations *d, const char *const *strings, size_t n)
{
	struct alias *aliases;

	for (size_t i = 0; i < n; i++) {
		struct alias alias;

		if (alias_parse(strings[i], &alias) == ALIAS_OTHER)
			continue;
		d->has_name = d->has_name || alias.kind == ALIAS_NAME;
		if (d->size == ALIASES_MAX) {
			d->too_many = true;
			continue;
		}
		aliases = array_grow(d->aliases, &d->capacity, sizeof(*aliases), d->size + 1);
		if (!aliases)
			return -ENOMEM;
		d->aliases = aliases;
		d->aliases[d->size++] = alias;
	}
	return 0;
}

static int report_bad_numbers(struct kmod_devname_report *report, const struct location *location,
			      const struct declarations *d)
{
	int r = 0;

	for (size_t i = 0; i < d->size && r == 0; i++)
		if (d->aliases[i].kind == ALIAS_BAD_NUMBER)
			r = report_add(
				report, KMOD_DEVNAME_BAD_NUMBER, KMOD_DEVNAME_ERROR, location,
				"'%s' is not a plain decimal number from 1 to 4095, '-', and one "
				"from 0 to 1048575",
				d->aliases[i].text);
	return r;
}

static int report_pairing(struct kmod_devname_report *report, const struct location *location,
			  const char *module, enum alias_pairing pairing,
			  const struct declarations *d)
{
	if (pairing == ALIAS_MISSING_NUMBER)
		return report_add(
			report, KMOD_DEVNAME_MISSING_NUMBER, KMOD_DEVNAME_ERROR, location,
			"device name '%s' of module %s has no device number: add "
			"MODULE_ALIAS_MISCDEV(minor) or MODULE_ALIAS_CHARDEV(major, minor)",
			d->aliases[0].text, module);
	return report_add(report, KMOD_DEVNAME_AMBIGUOUS, KMOD_DEVNAME_ERROR, location,
			  "module %s: which device name has which number depends on the compiler: "
			  "declare one of each, or each name next to its number and in the same "
			  "order for all",
			  module);
}

static int add_claims(struct kmod_devname_table *table, struct kmod_devname_report *report,
		      const struct location *location, const char *module, const struct claim *claims,
		      size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		if (claims[i].number->kind == ALIAS_NUMBER)
			r = table_add(table, report, location, module, claims[i].name,
				      &claims[i].number->number);
	return r;
}

static int add_declarations(struct kmod_devname_table *table, struct kmod_devname_report *report,
			    const struct location *location, const char *module,
			    const struct declarations *d)
{
	struct claim *claims;
	enum alias_pairing pairing;
	size_t n_claims;
	int r;

	if (d->too_many)
		return report_add(report, KMOD_DEVNAME_TOO_MANY_ALIASES, KMOD_DEVNAME_ERROR, location,
				  "module %s declares more than %d device names and numbers",
				  module, ALIASES_MAX);
	r = report_bad_numbers(report, location, d);
	if (r < 0)
		return r;
	claims = calloc(d->size / 2 + 1, sizeof(*claims));
	if (!claims)
		return -ENOMEM;
	pairing = alias_pair(d->aliases, d->size, claims, &n_claims);
	if (pairing == ALIAS_PAIRED)
		r = add_claims(table, report, location, module, claims, n_claims);
	else
		r = report_pairing(report, location, module, pairing, d);
	free(claims);
	return r;
}

static char *underscored(const char *module)
{
	char *name = strdup(module);

	for (char *p = name; p && (p = strchr(p, '-')); p++)
		*p = '_';
	return name;
}

int kmod_devname_table_add_module(struct kmod_devname_table *table,
				  struct kmod_devname_report *report, const char *module,
				  const char *file, const char *const *aliases, size_t n_aliases)
{
	const struct location location = { file, 0 };
	struct declarations d = { 0 };
	char *name = NULL;
	int r = collect(&d, aliases, n_aliases);

	if (r == 0 && d.has_name) {
		name = underscored(module);
		r = name ? add_declarations(table, report, &location, name, &d) : -ENOMEM;
	}
	free(name);
	free(d.aliases);
	return r;
}
