// SPDX-License-Identifier: GPL-2.0-or-later
/* A small directory tree, as a value. */

#include "system/faults-tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tree_entry {
	char *path;
	struct stat st;
	char *content; /* of a file, or what a link leads to */
	size_t size;
};

static void die(const char *what)
{
	(void)fprintf(stderr, "faults: %s: %s\n", what, strerror(errno));
	exit(3);
}

static struct tree *taken; /* nftw() has no argument for its caller */

static void read_content(struct tree_entry *entry)
{
	size_t room = (size_t)entry->st.st_size + 1;
	ssize_t n;
	int fd;

	if (!S_ISREG(entry->st.st_mode) && !S_ISLNK(entry->st.st_mode))
		return;
	entry->content = malloc(room);
	if (!entry->content)
		die(entry->path);
	if (S_ISLNK(entry->st.st_mode)) {
		n = readlink(entry->path, entry->content, room);
	} else {
		fd = open(entry->path, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? -1 : read(fd, entry->content, room);
		(void)close(fd);
	}
	if (n < 0)
		die(entry->path);
	entry->size = (size_t)n;
}

static int take_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct tree_entry *entries;

	(void)ftw;
	if (type == FTW_NS || type == FTW_DNR)
		die(path);
	entries = realloc(taken->entries, (taken->size + 1) * sizeof(*entries));
	if (!entries)
		die(path);
	taken->entries = entries;
	entries += taken->size++;
	*entries = (struct tree_entry){ .path = strdup(path), .st = *st };
	if (!entries->path)
		die(path);
	read_content(entries);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct tree_entry *)a)->path, ((const struct tree_entry *)b)->path);
}

void tree_take(struct tree *tree, const char *directory)
{
	*tree = (struct tree){ 0 };
	taken = tree;
	if (nftw(directory, take_one, 16, FTW_PHYS) != 0)
		die(directory);
	qsort(tree->entries, tree->size, sizeof(*tree->entries), compare);
}

void tree_done(struct tree *tree)
{
	for (size_t i = 0; i < tree->size; i++) {
		free(tree->entries[i].path);
		free(tree->entries[i].content);
	}
	free(tree->entries);
}

static const struct tree_entry *find(const struct tree *tree, const char *path)
{
	const struct tree_entry key = { .path = (char *)(uintptr_t)path };

	return bsearch(&key, tree->entries, tree->size, sizeof(key), compare);
}

static bool is_same(const struct tree_entry *a, const struct tree_entry *b)
{
	if (!a || !b)
		return !a && !b;
	return a->st.st_mode == b->st.st_mode && a->st.st_uid == b->st.st_uid &&
	       a->st.st_gid == b->st.st_gid && a->st.st_rdev == b->st.st_rdev &&
	       a->size == b->size && (a->size == 0 || memcmp(a->content, b->content, a->size) == 0);
}

static void make(const struct tree_entry *entry)
{
	mode_t mode = entry->st.st_mode;
	bool failed;
	int fd;

	(void)remove(entry->path);
	if (S_ISDIR(mode)) {
		failed = mkdir(entry->path, mode) < 0 && errno != EEXIST;
	} else if (S_ISLNK(mode)) {
		entry->content[entry->size] = '\0';
		failed = symlink(entry->content, entry->path) < 0;
	} else if (S_ISREG(mode)) {
		fd = open(entry->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		failed = fd < 0 || write(fd, entry->content, entry->size) != (ssize_t)entry->size;
		(void)close(fd);
	} else {
		failed = mknod(entry->path, mode, entry->st.st_rdev) < 0;
	}
	if (failed || lchown(entry->path, entry->st.st_uid, entry->st.st_gid) < 0 ||
	    (!S_ISLNK(mode) && chmod(entry->path, mode & 07777) < 0))
		die(entry->path);
}

void tree_restore(const struct tree *was, const char *directory)
{
	struct tree now;

	tree_take(&now, directory);
	/* what is in a directory comes behind it */
	for (size_t i = now.size; i-- > 0;)
		if (!find(was, now.entries[i].path) && remove(now.entries[i].path) < 0)
			die(now.entries[i].path);
	for (size_t i = 0; i < was->size; i++)
		if (!is_same(&was->entries[i], find(&now, was->entries[i].path)))
			make(&was->entries[i]);
	tree_done(&now);
}

static bool is_temporary(const char *path)
{
	const char *name = strrchr(path, '/') + 1;

	return strncmp(name, ".modules.devname.", 17) == 0 ||
	       strncmp(name, ".kmod-devname.", 14) == 0;
}

static bool has_line(const struct tree_entry *entry, const char *line, size_t size)
{
	return entry && memmem(entry->content, entry->size, line, size);
}

/* True for the device node that the rules would be about: root's alone. */
static bool is_private_node(const struct tree_entry *entry, const struct tree_entry *after)
{
	mode_t type = S_IFMT & entry->st.st_mode;

	return (type == S_IFCHR || type == S_IFBLK) && entry->st.st_mode == (type | 0600) &&
	       entry->st.st_uid == 0 && entry->st.st_gid == 0 &&
	       (after->st.st_mode & S_IFMT) == type && after->st.st_rdev == entry->st.st_rdev;
}

/* True for a node without permissions, or a file of whole lines, each of which one of the others
 * has. */
static bool is_part_of(const struct tree_entry *entry, const struct tree_entry *a,
		       const struct tree_entry *b)
{
	const char *line, *end;

	if (!entry || !b)
		return false;
	if (is_private_node(entry, b))
		return true;
	if (!S_ISREG(entry->st.st_mode) || entry->st.st_mode != b->st.st_mode)
		return false;
	for (line = entry->content; (size_t)(line - entry->content) < entry->size; line = end + 1) {
		end = memchr(line, '\n', entry->size - (size_t)(line - entry->content));
		if (!end)
			return false;
		if (!has_line(a, line, (size_t)(end - line) + 1) &&
		    !has_line(b, line, (size_t)(end - line) + 1))
			return false;
	}
	return true;
}

/* All that is in a tree, compared with the others. */
static const char *judge_paths(const struct tree *paths, const struct tree *before,
			       const struct tree *after, const struct tree *now,
			       enum tree_rule rule, bool pass_over_temporaries)
{
	for (size_t i = 0; i < paths->size; i++) {
		const char *path = paths->entries[i].path;
		const struct tree_entry *entry = find(now, path);

		if (is_same(entry, find(after, path)))
			continue;
		if (rule != TREE_LATTER && is_same(entry, find(before, path)))
			continue;
		if (rule == TREE_PARTS && is_part_of(entry, find(before, path), find(after, path)))
			continue;
		if (!pass_over_temporaries || !is_temporary(path))
			return path;
	}
	return NULL;
}

const char *tree_judge(const struct tree *before, const struct tree *after, const struct tree *now,
		       enum tree_rule rule, bool pass_over_temporaries)
{
	const char *bad = judge_paths(now, before, after, now, rule, pass_over_temporaries);

	return bad ? bad : judge_paths(after, before, after, now, rule, pass_over_temporaries);
}
