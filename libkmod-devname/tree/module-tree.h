/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MODULE_TREE_H
#define MODULE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/array.h"

/*
 * Paths here are relative to the module directory; "" is the directory itself. Those that begin
 * with a slash are below the root: external directories of depmod.d(5).
 */

/* Is a file of this name a module? */
bool module_tree_is_module(const char *name);

/* "build" and "source" lead to the kernel's sources, "." and ".." to nothing new. */
bool module_tree_is_skipped(const char *name);

/* The last component of a path. */
const char *module_tree_base_name(const char *path);

/* The length of a path without the suffix that makes it a module: what modules.order has. */
size_t module_tree_stem_size(const char *path);

/* The name of the module in a file, as the kernel has it. NULL if there is no memory. */
char *module_tree_module_name(const char *path);

/* Compares the names of the modules in files of these names, like strcmp(3). */
int module_tree_compare_names(const char *a, const char *b);

/*
 * A hash of the name of the module in a file of this name (FNV-1a). Anybody can make names with
 * equal hashes.
 */
uint32_t module_tree_hash_name(const char *name);

struct directory_entry {
	const char *name; /* good until the next call */
	unsigned char type; /* DT_... of readdir(3), DT_UNKNOWN if the file system does not say */
};

/* A directory being listed, in memory that is made once for many. */
struct directory_listing {
	char *buffer;
	size_t size;
	size_t position;
};

void directory_listing_done(struct directory_listing *listing);

/* Starts with another directory. Returns 0 or -ENOMEM. */
int directory_listing_start(struct directory_listing *listing);

/* Gets an entry of the directory. Returns 1, 0 at the end, or a negative errno. */
int directory_listing_next(struct directory_listing *listing, int dir_fd,
			   struct directory_entry *ret_entry);

/* Its type, from the file system if the listing does not say: DT_..., or a negative errno. */
int directory_entry_type(int dir_fd, const struct directory_entry *entry);

#endif
