/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BINARY_INDEX_H
#define BINARY_INDEX_H

#include <stddef.h>

#include "base/array.h"

/* An index of depmod(8), modules.*.bin, in memory: a good one, or {0}, which has no keys. */
struct binary_index {
	unsigned char *data;
	size_t size;
};

/*
 * Reads an index and looks at the whole of it. Returns 1 if it is one, which libkmod can read
 * without harm, and so is an empty file; 0 if not; or a negative errno.
 */
int binary_index_read(struct binary_index *index, int fd);

void binary_index_done(struct binary_index *index);

/* The first value of a key, or NULL if there is none. */
const char *binary_index_find(const struct binary_index *index, const char *key);

/*
 * Adds the values of all keys that match, as patterns of fnmatch(3), in the order in which libkmod
 * has them (libkmod-index.c, index_mm_searchwild). They are the index's. 0, -ENOMEM, or -EFBIG:
 * there are more than 10,000, or as many patterns to compare.
 */
int binary_index_match(const struct binary_index *index, const char *key, struct list *values);

#endif
