/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ALIAS_LIST_H
#define ALIAS_LIST_H

#include "base/array.h"

/*
 * Adds a copy of an alias to those of a module, char *, if alias_parse() has a use for it. The list
 * is bounded: one that is too long is refused by kmod_devname_table_add_module(). 0 or -ENOMEM.
 */
int alias_list_add(struct list *aliases, const char *alias);

#endif
