// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The indexes that depmod(8) writes for libkmod, and whether they are what they should be. The
 * format is that of kmod, libkmod/libkmod-index.c: numbers of 32 bits, the first byte the highest;
 * magic, version, and where the root of a tree is. A node is at some offset, and the upper bits of
 * that say what it has: a prefix; the range of bytes for which there are children, and their
 * offsets; values, each with a priority.
 */

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "modprobe/modprobe.h"

#define MAGIC 0xb007f457U
#define VERSION_MAJOR 2U
#define HEADER_SIZE 12

#define HAS_PREFIX 0x80000000U
#define HAS_VALUES 0x40000000U
#define HAS_CHILDREN 0x20000000U
#define OFFSET_MASK 0x0fffffffU

#define INDEX_SIZE_MAX (32 << 20)
/* libkmod calls itself for each level; there is one at most for each byte of an alias. */
#define INDEX_DEPTH_MAX 1000
#define KEY_SIZE_MAX ((size_t)PATH_MAX) /* libkmod asks for none that is longer */
#define BYTE_MAX 127
/* Patterns that one look-up compares, and values that it finds. */
#define LOOK_UP_MAX 100000

/* Where in the file is read on; bad once that is outside of it. */
struct cursor {
	const unsigned char *data;
	size_t size;
	size_t offset;
	bool bad;
};

struct index_node {
	const char *prefix; /* of all keys below */
	unsigned char first; /* the byte of the first child */
	size_t n_children;
	const unsigned char *children;
	uint32_t n_values;
	struct cursor values;
};

struct index_tree {
	struct cursor file;
	/*
	 * Bytes of all nodes so far. If it is more than the file has, nodes have several parents:
	 * the way through them may be without an end, or as good as that.
	 */
	size_t used;
	size_t key_size; /* down to where we are */
	unsigned int depth;
};

static const unsigned char *take_bytes(struct cursor *cursor, size_t n)
{
	const unsigned char *bytes;

	if (cursor->bad || n > cursor->size - cursor->offset) {
		cursor->bad = true;
		return NULL;
	}
	bytes = cursor->data + cursor->offset;
	cursor->offset += n;
	return bytes;
}

static uint32_t number_at(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t take_number(struct cursor *cursor)
{
	const unsigned char *p = take_bytes(cursor, 4);

	return p ? number_at(p) : 0;
}

static const char *take_string(struct cursor *cursor)
{
	const unsigned char *string = take_bytes(cursor, 0);
	const unsigned char *end =
		string ? memchr(string, '\0', cursor->size - cursor->offset) : NULL;

	if (!end) {
		cursor->bad = true;
		return "";
	}
	cursor->offset = (size_t)(end - cursor->data) + 1;
	return (const char *)string;
}

/* The priority before it only serves the order. */
static const char *take_value(struct cursor *cursor)
{
	(void)take_bytes(cursor, 4);
	return take_string(cursor);
}

/* Where the bytes begin for which there are children; returns how many these are. */
static size_t take_range(struct cursor *cursor, unsigned char *ret_first)
{
	const unsigned char *range = take_bytes(cursor, 2);

	if (!range || range[0] > range[1] || range[1] > BYTE_MAX) {
		cursor->bad = true;
		return 0;
	}
	*ret_first = range[0];
	return (size_t)(range[1] - range[0]) + 1;
}

/* The node at a place, up to its values. A place is an offset, and what the node has. */
static struct index_node read_node(struct cursor file, uint32_t place)
{
	struct index_node node = { .prefix = "" };

	file.offset = place & OFFSET_MASK;
	file.bad = file.offset < HEADER_SIZE || file.offset > file.size;
	if (place & HAS_PREFIX)
		node.prefix = take_string(&file);
	if (place & HAS_CHILDREN)
		node.n_children = take_range(&file, &node.first);
	node.children = take_bytes(&file, 4 * node.n_children);
	if (!node.children)
		node.n_children = 0;
	if (place & HAS_VALUES)
		node.n_values = take_number(&file);
	node.values = file;
	return node;
}

static uint32_t nth_child(const struct index_node *node, size_t n)
{
	return number_at(node->children + 4 * n);
}

/* --- the check of an index ---------------------------------------------------------------- */

static bool has_wildcard(const char *text)
{
	return text[strcspn(text, "*?[")] != '\0';
}

/*
 * libkmod compares all that is below a wildcard with the key, and follows one child of the others:
 * the work of a look-up is the sum of the former and the largest of the latter.
 */
static bool check_index_node(struct index_tree *tree, uint32_t place, bool wild, size_t *ret_work)
{
	struct index_node node = read_node(tree->file, place);
	size_t key_size = strlen(node.prefix) + (node.n_children > 0), sum = 0, largest = 0;
	bool good;

	for (uint32_t i = 0; i < node.n_values && !node.values.bad; i++)
		(void)take_value(&node.values);
	tree->used += node.values.offset - (place & OFFSET_MASK);
	good = !node.values.bad && tree->used <= tree->file.size && tree->depth < INDEX_DEPTH_MAX &&
	       key_size < KEY_SIZE_MAX - tree->key_size;
	wild = wild || has_wildcard(node.prefix);
	tree->depth++;
	tree->key_size += key_size;
	for (size_t i = 0; i < node.n_children && good; i++) {
		const char byte[] = { (char)(node.first + i), '\0' };
		bool child_wild = wild || has_wildcard(byte);
		uint32_t child = nth_child(&node, i);
		size_t work = 0;

		good = (child & OFFSET_MASK) == 0 ||
		       check_index_node(tree, child, child_wild, &work);
		if (child_wild)
			sum += work;
		else if (work > largest)
			largest = work;
	}
	tree->key_size -= key_size;
	tree->depth--;
	*ret_work = wild + (size_t)node.n_values + sum + largest;
	return good;
}

/* Returns where the root is; 0 if this is no index. */
static uint32_t take_header(struct cursor *cursor)
{
	uint32_t magic = take_number(cursor), version = take_number(cursor);
	uint32_t root = take_number(cursor);

	return !cursor->bad && magic == MAGIC && version >> 16 == VERSION_MAJOR ? root : 0;
}

static bool is_whole_index(struct binary_index *index)
{
	struct index_tree tree = { .file = { index->data, index->size, 0, false },
				   .used = HEADER_SIZE };
	struct cursor header = tree.file;
	uint32_t root = take_header(&header);

	return (root & OFFSET_MASK) != 0 && check_index_node(&tree, root, false, &index->work) &&
	       index->work <= LOOK_UP_MAX;
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
	r = n < 0 ? (int)n : is_whole_index(index);
	if (r <= 0)
		binary_index_done(index);
	return r;
}

void binary_index_done(struct binary_index *index)
{
	free(index->data);
	*index = (struct binary_index){ 0 };
}

/* --- a look-up ---------------------------------------------------------------------------- */

const char *binary_index_find(const struct binary_index *index, const char *key)
{
	struct cursor file = { index->data, index->size, 0, false };
	uint32_t place = index->data ? take_header(&file) : 0;

	while ((place & OFFSET_MASK) != 0) {
		struct index_node node = read_node(file, place);
		size_t size = strlen(node.prefix), child;

		if (strncmp(node.prefix, key, size) != 0)
			return NULL;
		key += size;
		if (*key == '\0')
			return node.n_values > 0 ? take_value(&node.values) : NULL;
		child = (size_t)(unsigned char)*key - node.first;
		if ((unsigned char)*key < node.first || child >= node.n_children)
			return NULL;
		place = nth_child(&node, child);
		key++;
	}
	return NULL;
}
