// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a module directory looks like: which files are modules and what they are called. Knows
 * nothing of what is in them.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tree/module-tree.h"

#define LISTING_SIZE ((size_t)32 << 10)

/* What getdents64(2) gives. readdir(3) would make a buffer for each directory. */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

bool module_tree_is_module(const char *name)
{
	static const char *const suffixes[] = { ".ko", ".ko.gz", ".ko.xz", ".ko.zst" };
	size_t size = strlen(name);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t suffix = strlen(suffixes[i]);

		if (size > suffix && strcmp(name + size - suffix, suffixes[i]) == 0)
			return true;
	}
	return false;
}

bool module_tree_is_skipped(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "build") == 0 ||
	       strcmp(name, "source") == 0;
}

const char *module_tree_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

size_t module_tree_stem_size(const char *path)
{
	const char *suffix = NULL;

	for (const char *p = module_tree_base_name(path); (p = strstr(p, ".ko")); p++)
		suffix = p;
	return suffix ? (size_t)(suffix - path) : strlen(path);
}

/* A byte of a module's name, the name's end included, from a byte of the file's name. */
static char module_byte(char c)
{
	if (c == '.')
		return '\0';
	return c == '-' ? '_' : c;
}

char *module_tree_module_name(const char *path)
{
	char *name = strdup(module_tree_base_name(path));

	for (char *p = name; p && *p != '\0'; p++)
		*p = module_byte(*p);
	return name;
}

uint32_t module_tree_hash_name(const char *name)
{
	uint32_t hash = 2166136261U;
	char c;

	while ((c = module_byte(*name++)) != '\0')
		hash = (hash ^ (unsigned char)c) * 16777619U;
	return hash;
}

int module_tree_compare_names(const char *a, const char *b)
{
	char x, y;

	do {
		x = module_byte(*a++);
		y = module_byte(*b++);
	} while (x == y && x != '\0');
	return (unsigned char)x - (unsigned char)y;
}

void directory_listing_done(struct directory_listing *listing)
{
	free(listing->buffer);
}

int directory_listing_start(struct directory_listing *listing)
{
	listing->size = listing->position = 0;
	if (!listing->buffer)
		listing->buffer = malloc(LISTING_SIZE);
	return listing->buffer ? 0 : -ENOMEM;
}

int directory_listing_next(struct directory_listing *listing, int dir_fd,
			   struct directory_entry *ret_entry)
{
	const struct entry *entry;
	long n;

	if (listing->position == listing->size) {
		n = syscall(SYS_getdents64, dir_fd, listing->buffer, LISTING_SIZE);
		if (n < 0 && errno == ENOENT) /* removed while it was being listed */
			n = 0;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		listing->size = (size_t)n;
		listing->position = 0;
	}
	entry = (const void *)(listing->buffer + listing->position);
	listing->position += entry->size;
	ret_entry->name = entry->name;
	ret_entry->type = entry->type;
	return 1;
}

int directory_entry_type(int dir_fd, const struct directory_entry *entry)
{
	struct stat st;

	if (entry->type != DT_UNKNOWN)
		return entry->type;
	if (fstatat(dir_fd, entry->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return (int)IFTODT(st.st_mode);
}
