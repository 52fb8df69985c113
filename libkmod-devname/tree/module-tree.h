/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MODULE_TREE_H
#define MODULE_TREE_H

#include <stdbool.h>
#include <stddef.h>

/* True if a file of this name is a module. */
bool module_tree_is_module(const char *name);

/* True if the name of a module says that it is not compressed. */
bool module_tree_is_plain(const char *name);

/* The last component of a path. */
const char *module_tree_base_name(const char *path);

/* The length of a path without the suffix that makes it a module: ".ko" and a compression. */
size_t module_tree_stem_size(const char *path);

/* The name of the module in a file, with the file's dashes. NULL if there is no memory. */
char *module_tree_module_name(const char *path);

/*
 * Compares the names of modules, like strcmp(3). Each may be the name of the file: "-" is "_", and
 * the name ends at the first dot.
 */
int module_tree_compare_names(const char *a, const char *b);

#endif
