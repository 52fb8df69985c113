/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/report.h"
#include "libkmod-devname.h"
#include "node/syntax.h"

/* A value that does not change, except for what the table notes in it. */
struct kmod_devname_node {
	struct device_number number;
	size_t index; /* in the table */
	size_t last_text; /* with a line of this node, see table_begin_text(); 0 for none */
	const char *name; /* behind the module, in the same piece of memory */
	char module[];
};

struct alias; /* see node/alias.h */

/*
 * The aliases of one module that concern device nodes, parsed and copied. Bounded: of more than
 * ALIASES_MAX the rest is not kept. Starts as { 0 }; without a name it declares nothing.
 */
struct alias_list {
	struct alias *items; /* an ALIAS_NUMBER has no text */
	size_t size;
	size_t capacity;
	bool has_name;
	bool too_many; /* a finding if there is a name */
};

/* Ignores an alias that is ALIAS_OTHER. Returns 0 or -ENOMEM. */
int alias_list_add(struct alias_list *list, const char *alias);
void alias_list_done(struct alias_list *list);

/* Begins a text: a line that stands in it twice is a finding. */
void table_begin_text(struct kmod_devname_table *table);

/*
 * Adds a node if it is valid and contradicts no other; otherwise a finding at the location. A
 * module has each node once: adding it again changes nothing, and is a finding if an earlier line
 * of the same text has it. Returns 0 or -ENOMEM.
 */
int table_add(struct kmod_devname_table *table, struct kmod_devname_report *report,
	      const struct location *location, const char *module, const char *name,
	      const struct device_number *number);

/*
 * Adds the nodes that a module declares; the file is that of the findings, and may be NULL. In the
 * module's name each "-" becomes "_". Returns 0 or -ENOMEM.
 */
int table_add_aliases(struct kmod_devname_table *table, struct kmod_devname_report *report,
		      const char *module, const char *file, const struct alias_list *aliases);

/* The nodes in another order: order[i] is the present index of the node that will be at i. */
int table_reorder(struct kmod_devname_table *table, const size_t *order);

/* The first node of this name, which several modules may have; or NULL. */
const struct kmod_devname_node *table_find(const struct kmod_devname_table *table,
					   const char *name);

/* The node that has the name and the module of a node of another table; or NULL. */
const struct kmod_devname_node *table_find_line(const struct kmod_devname_table *table,
						const struct kmod_devname_node *line);

#endif
