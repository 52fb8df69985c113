/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/report.h"
#include "libkmod-devname.h"
#include "node/syntax.h"

/* A value that does not change, except for last_text, which is the table's. */
struct kmod_devname_node {
	struct device_number number;
	size_t last_text; /* that has a line of this node, see table_begin_text(); 0 for none */
	const char *name; /* behind the module, in the same piece of memory */
	char module[];
};

struct alias; /* node/alias.h */

/*
 * The aliases of one module that concern device nodes, parsed and copied. Bounded: of more than
 * ALIASES_MAX the rest is not kept. Starts as { 0 }; without a name it declares nothing.
 */
struct alias_list {
	struct alias *items; /* an ALIAS_NUMBER has no text */
	size_t size;
	size_t capacity;
	bool has_name;
	bool too_many; /* a finding, if there is a name */
};

/* Ignores an alias that is ALIAS_OTHER. Returns 0 or -ENOMEM. */
int alias_list_add(struct alias_list *list, const char *alias);
void alias_list_done(struct alias_list *list);

/* Begins a text, in which the same line may not stand twice. */
void table_begin_text(struct kmod_devname_table *table);

/*
 * Adds a node if it is valid and contradicts none that is there; otherwise a finding at the
 * place. A node that is there already, of the same module, is one node; if it was added by a
 * line of the text that this line is in, that is a finding too. Returns 0, or -ENOMEM.
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

/* The node of this name, of several modules the first one's; or NULL. */
const struct kmod_devname_node *table_find(const struct kmod_devname_table *table,
					   const char *name);

#endif
