// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The indexes that depmod(8) writes for libkmod, and whether they are what they should be. The
 * format is that of kmod, libkmod/libkmod-index.c: numbers of 32 bits, the first byte the highest;
 * magic, version, and where the root of a tree is. A node is at some offset, and the upper bits of
 * that say what it has: a prefix; the range of bytes for which there are children, and their
 * offsets; values, each with a priority.
 */

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "modprobe/binary-index.h"

#define MAGIC 0xb007f457U
#define VERSION_MAJOR 2U
#define HEADER_SIZE 12

#define HAS_PREFIX 0x80000000U
#define HAS_VALUES 0x40000000U
#define HAS_CHILDREN 0x20000000U
#define OFFSET_MASK 0x0fffffffU

#define INDEX_SIZE_MAX (32 << 20)
/* libkmod calls itself for each level; there is one at most for each byte of an alias. */
#define DEPTH_MAX 1000
#define KEY_SIZE_MAX ((size_t)PATH_MAX) /* libkmod asks for none that is longer */
#define BYTE_MAX 127
/* Of one lookup. There are far less in any index of depmod, and each is compared. */
#define PATTERNS_MAX 10000
#define MATCHES_MAX 10000

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

struct tree {
	struct cursor file;
	/*
	 * Bytes of all nodes so far. If it is more than the file has, nodes have several parents:
	 * the way through them may be without an end, or as good as that.
	 */
	size_t used;
	size_t key_size; /* down to where we are */
	unsigned int depth;
};

static const unsigned char *take(struct cursor *cursor, size_t n)
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
	const unsigned char *p = take(cursor, 4);

	return p ? number_at(p) : 0;
}

static const char *take_string(struct cursor *cursor)
{
	const unsigned char *string = take(cursor, 0);
	const unsigned char *end =
		string ? memchr(string, '\0', cursor->size - cursor->offset) : NULL;

	if (!end) {
		cursor->bad = true;
		return "";
	}
	cursor->offset = (size_t)(end - cursor->data) + 1;
	return (const char *)string;
}

static const char *take_value(struct cursor *cursor, uint32_t *ret_priority)
{
	*ret_priority = take_number(cursor);
	return take_string(cursor);
}

/* Where the bytes begin for which there are children; returns how many these are. */
static size_t take_range(struct cursor *cursor, unsigned char *ret_first)
{
	const unsigned char *range = take(cursor, 2);

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
	node.children = take(&file, 4 * node.n_children);
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

/* --- is it an index? ---------------------------------------------------------------------- */

static bool check_node(struct tree *tree, uint32_t place);

static bool check_children(struct tree *tree, const struct index_node *node)
{
	size_t key_size = strlen(node->prefix) + (node->n_children > 0);
	bool good = tree->depth < DEPTH_MAX && key_size < KEY_SIZE_MAX - tree->key_size;

	tree->depth++;
	tree->key_size += key_size;
	for (size_t i = 0; i < node->n_children && good; i++)
		good = check_node(tree, nth_child(node, i));
	tree->key_size -= key_size;
	tree->depth--;
	return good;
}

static bool check_node(struct tree *tree, uint32_t place)
{
	struct index_node node;
	uint32_t priority;

	if ((place & OFFSET_MASK) == 0)
		return true;
	node = read_node(tree->file, place);
	for (uint32_t i = 0; i < node.n_values && !node.values.bad; i++)
		(void)take_value(&node.values, &priority);
	if (node.values.bad)
		return false;
	tree->used += node.values.offset - (place & OFFSET_MASK);
	return tree->used <= tree->file.size && check_children(tree, &node);
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
	struct tree tree = { .file = { index->data, index->size, 0, false }, .used = HEADER_SIZE };
	struct cursor header = tree.file;
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

/* --- what does it have? ------------------------------------------------------------------- */

static uint32_t find_root(const struct binary_index *index, struct cursor *ret_file)
{
	*ret_file = (struct cursor){ index->data, index->size, 0, false };
	return index->data ? take_header(ret_file) : 0;
}

/* Where the child for a byte is; 0 if there is none. */
static uint32_t find_child(const struct index_node *node, char byte)
{
	size_t n = (size_t)(unsigned char)byte - node->first;

	return (unsigned char)byte >= node->first && n < node->n_children ? nth_child(node, n) : 0;
}

const char *binary_index_find(const struct binary_index *index, const char *key)
{
	struct cursor file;
	uint32_t place = find_root(index, &file), priority;

	while ((place & OFFSET_MASK) != 0) {
		struct index_node node = read_node(file, place);
		size_t size = strlen(node.prefix);

		if (strncmp(node.prefix, key, size) != 0)
			return NULL;
		key += size;
		if (*key == '\0')
			return node.n_values > 0 ? take_value(&node.values, &priority) : NULL;
		place = find_child(&node, *key++);
	}
	return NULL;
}

struct match {
	uint32_t priority;
	size_t order;
	const char *value;
};

struct search {
	struct cursor file;
	const char *key; /* what is left of it */
	char pattern[KEY_SIZE_MAX]; /* from the first wildcard on */
	size_t n_patterns; /* nodes below a wildcard */
	struct match *matches;
	size_t size;
	size_t capacity;
};

static int add_values(struct search *search, struct index_node *node)
{
	struct match *matches = search->matches;

	if (node->n_values > MATCHES_MAX - search->size)
		return -EFBIG;
	if (node->n_values > 0)
		matches = array_grow(matches, &search->capacity, sizeof(*matches),
				     search->size + node->n_values);
	if (node->n_values > 0 && !matches)
		return -ENOMEM;
	search->matches = matches;
	for (uint32_t i = 0; i < node->n_values; i++) {
		struct match *match = &matches[search->size];

		match->value = take_value(&node->values, &match->priority);
		match->order = search->size++;
	}
	return 0;
}

/* What is below a node to which the pattern leads: all of it is compared. */
static int match_below(struct search *search, struct index_node *node, const char *prefix,
		       size_t size)
{
	int r = search->n_patterns++ < PATTERNS_MAX ? 0 : -EFBIG;

	for (; *prefix != '\0'; prefix++)
		search->pattern[size++] = *prefix;
	for (size_t i = 0; i < node->n_children && r == 0; i++) {
		uint32_t place = nth_child(node, i);
		struct index_node child;

		if ((place & OFFSET_MASK) == 0)
			continue;
		child = read_node(search->file, place);
		search->pattern[size] = (char)(node->first + i);
		r = match_below(search, &child, child.prefix, size + 1);
	}
	search->pattern[size] = '\0';
	if (r == 0 && node->n_values > 0 && fnmatch(search->pattern, search->key, 0) == 0)
		r = add_values(search, node);
	return r;
}

static int match_wildcards(struct search *search, const struct index_node *node)
{
	static const char wildcards[] = "*?[";
	int r = 0;

	for (const char *p = wildcards; *p != '\0' && r == 0; p++) {
		uint32_t place = find_child(node, *p);
		struct index_node child;

		if ((place & OFFSET_MASK) == 0)
			continue;
		child = read_node(search->file, place);
		search->pattern[0] = *p;
		r = match_below(search, &child, child.prefix, 1);
	}
	return r;
}

/* Goes down by what the key has, and looks at all that begins with a wildcard on the way. */
static int match(struct search *search, uint32_t place)
{
	int r = 0;

	while (r == 0 && (place & OFFSET_MASK) != 0) {
		struct index_node node = read_node(search->file, place);
		size_t size = strcspn(node.prefix, "*?[");

		if (strncmp(node.prefix, search->key, size) != 0)
			return 0;
		search->key += size;
		if (node.prefix[size] != '\0')
			return match_below(search, &node, node.prefix + size, 0);
		r = match_wildcards(search, &node);
		if (*search->key == '\0')
			return r == 0 ? add_values(search, &node) : r;
		place = find_child(&node, *search->key++);
	}
	return r;
}

/* The lowest priority first; of the same, what was found last. */
static int compare_matches(const void *a, const void *b)
{
	const struct match *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return x->order > y->order ? -1 : x->order < y->order;
}

static int give_values(struct search *search, struct list *values)
{
	int r = list_reserve(values, search->size);

	if (search->size > 1)
		qsort(search->matches, search->size, sizeof(*search->matches), compare_matches);
	for (size_t i = 0; i < search->size && r == 0; i++)
		r = list_push(values, (char *)(uintptr_t)search->matches[i].value);
	return r;
}

int binary_index_match(const struct binary_index *index, const char *key, struct list *values)
{
	struct search search = { .key = key };
	uint32_t root = find_root(index, &search.file);
	int r = match(&search, root);

	if (r == 0)
		r = give_values(&search, values);
	free(search.matches);
	return r;
}
