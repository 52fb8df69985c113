/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BINARY_INDEX_H
#define BINARY_INDEX_H

#include <stddef.h>

/* An index of depmod(8), modules.*.bin, in memory: a good one, or {0}, which has no keys. */
struct binary_index {
	unsigned char *data;
	size_t size;
	size_t work; /* patterns and values that one look-up compares at most */
};

/*
 * Reads an index and checks all of its bounds. Returns 1 if libkmod can map it without harm, as it
 * can an empty file; 0 if not; or a negative errno.
 */
int binary_index_read(struct binary_index *index, int fd);

void binary_index_done(struct binary_index *index);

/* The first value of a key, or NULL if there is none. */
const char *binary_index_find(const struct binary_index *index, const char *key);

#endif
