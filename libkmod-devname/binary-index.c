// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The indexes that depmod(8) writes for libkmod, and whether they are what they should be. The
 * format is that of kmod, libkmod/libkmod-index.c: numbers of 32 bits, the first byte the highest;
 * magic, version, and where the root of a tree is. A node is at some offset, and the upper bits of
 * that say what it has: a prefix; the range of bytes for which there are children, and their
 * offsets; values, each with a priority.
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "binary-index.h"
#include "cleanup.h"
#include "image.h"

#define MAGIC 0xb007f457U
#define VERSION_MAJOR 2U
#define HEADER_SIZE 12

#define HAS_PREFIX 0x80000000U
#define HAS_VALUES 0x40000000U
#define HAS_CHILDREN 0x20000000U
#define OFFSET_MASK 0x0fffffffU

#define INDEX_SIZE_MAX (64 << 20)
/* libkmod calls itself for each level; there is one at most for each byte of an alias. */
#define DEPTH_MAX 1000
#define BYTE_MAX 127

/* Where in the file is read on; bad once that is outside of it. */
struct cursor {
	const unsigned char *data;
	size_t size;
	size_t offset;
	bool bad;
};

struct tree {
	const unsigned char *data;
	size_t size;
	/*
	 * Bytes of all nodes so far. If it is more than the file has, nodes have several parents:
	 * the way through them may be without an end, or as good as that.
	 */
	size_t used;
	unsigned int depth;
};

static const unsigned char *take(struct cursor *cursor, size_t n)
{
	const unsigned char *bytes = cursor->data + cursor->offset;

	if (cursor->bad || n > cursor->size - cursor->offset) {
		cursor->bad = true;
		return NULL;
	}
	cursor->offset += n;
	return bytes;
}

static uint32_t take_number(struct cursor *cursor)
{
	const unsigned char *p = take(cursor, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static void skip_string(struct cursor *cursor)
{
	const unsigned char *end = cursor->bad ? NULL
					       : memchr(cursor->data + cursor->offset, '\0',
							cursor->size - cursor->offset);

	if (end)
		cursor->offset = (size_t)(end - cursor->data) + 1;
	else
		cursor->bad = true;
}

static void skip_values(struct cursor *cursor)
{
	uint32_t n = take_number(cursor);

	while (n-- > 0 && !cursor->bad) {
		(void)take_number(cursor);
		skip_string(cursor);
	}
}

/* Moves on to the offsets of the children, and returns how many there are. */
static size_t take_range(struct cursor *cursor)
{
	const unsigned char *range = take(cursor, 2);

	if (!range || range[0] > range[1] || range[1] > BYTE_MAX) {
		cursor->bad = true;
		return 0;
	}
	return (size_t)(range[1] - range[0]) + 1;
}

static bool check_node(struct tree *tree, uint32_t place);

static bool check_children(struct tree *tree, struct cursor *cursor, size_t n)
{
	bool good = true;

	if (tree->depth == DEPTH_MAX)
		return false;
	tree->depth++;
	while (n-- > 0 && good)
		good = check_node(tree, take_number(cursor));
	tree->depth--;
	return good;
}

static bool check_node(struct tree *tree, uint32_t place)
{
	struct cursor node = { tree->data, tree->size, place & OFFSET_MASK, false }, children;
	size_t n = 0;

	if (node.offset == 0)
		return true;
	if (node.offset < HEADER_SIZE || node.offset > tree->size)
		return false;
	if (place & HAS_PREFIX)
		skip_string(&node);
	if (place & HAS_CHILDREN)
		n = take_range(&node);
	children = node;
	(void)take(&node, 4 * n);
	if (place & HAS_VALUES)
		skip_values(&node);
	tree->used += node.offset - (place & OFFSET_MASK);
	return !node.bad && tree->used <= tree->size && check_children(tree, &children, n);
}

/* Returns where the root is; 0 if this is no index. */
static uint32_t take_header(struct cursor *cursor)
{
	uint32_t magic = take_number(cursor), version = take_number(cursor);
	uint32_t root = take_number(cursor);

	return !cursor->bad && magic == MAGIC && version >> 16 == VERSION_MAJOR ? root : 0;
}

static bool check(const struct binary_index *index)
{
	struct cursor header = { index->data, index->size, 0, false };
	struct tree tree = { index->data, index->size, HEADER_SIZE, 0 };
	uint32_t root = take_header(&header);

	return (root & OFFSET_MASK) != 0 && check_node(&tree, root);
}

int binary_index_read(struct binary_index *index, int fd)
{
	struct stat st;
	ssize_t n;
	int r;

	*index = (struct binary_index){ 0 };
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > INDEX_SIZE_MAX)
		return 0;
	/* as depmod writes it where there is no modules.builtin */
	if (st.st_size == 0)
		return 1;
	index->data = malloc((size_t)st.st_size);
	if (!index->data)
		return -ENOMEM;
	n = read_at(fd, 0, index->data, (size_t)st.st_size);
	if (n >= 0)
		index->size = (size_t)n;
	r = n < 0 ? (int)n : check(index);
	if (r <= 0)
		binary_index_done(index);
	return r;
}

void binary_index_done(struct binary_index *index)
{
	free(index->data);
	*index = (struct binary_index){ 0 };
}

static const char *take_first_value(struct cursor *node)
{
	if (take_number(node) == 0)
		return NULL;
	(void)take_number(node);
	return (const char *)node->data + node->offset;
}

/* Where the child for a byte is; 0 if there is none. */
static uint32_t take_child(struct cursor *node, unsigned char byte)
{
	unsigned char first = node->data[node->offset];
	size_t n = take_range(node);

	if (byte < first || byte >= first + n)
		return 0;
	(void)take(node, 4 * (size_t)(byte - first));
	return take_number(node);
}

/* Moves on behind the prefix; returns what is left of the key, or NULL if it differs. */
static const char *match_prefix(struct cursor *node, const char *key)
{
	const char *prefix = (const char *)node->data + node->offset;
	size_t size = strlen(prefix);

	skip_string(node);
	return strncmp(prefix, key, size) == 0 ? key + size : NULL;
}

const char *binary_index_find(const struct binary_index *index, const char *key)
{
	struct cursor node = { index->data, index->size, 0, false };
	uint32_t place = index->data ? take_header(&node) : 0;

	while ((place & OFFSET_MASK) != 0) {
		node.offset = place & OFFSET_MASK;
		if (place & HAS_PREFIX)
			key = match_prefix(&node, key);
		if (!key)
			return NULL;
		if (*key == '\0') {
			if (place & HAS_CHILDREN)
				(void)take(&node, 4 * take_range(&node));
			return place & HAS_VALUES ? take_first_value(&node) : NULL;
		}
		place = place & HAS_CHILDREN ? take_child(&node, (unsigned char)*key++) : 0;
	}
	return NULL;
}
