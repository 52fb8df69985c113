/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TABLE_H
#define TABLE_H

#include "libkmod-devname.h"
#include "base/report.h"
#include "node/syntax.h"

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

/* The node of this name, of several modules the first one's; or NULL. */
const struct kmod_devname_node *table_find(const struct kmod_devname_table *table,
					   const char *name);

#endif
