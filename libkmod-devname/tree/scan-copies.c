// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which modules are in the tree more than once. Of most modules nothing is kept but a hash of
 * the name. The directories in which one stands that came up twice are listed again for the
 * names; hashes that are equal by chance, or by intent, cost that listing and nothing else.
 */

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "tree/depmod-conf.h"
#include "tree/scan.h"

/* Hashes are sorted a part at a time, those that begin with the same bits: that takes less room. */
#define PART_BITS 3

struct hashes {
	uint32_t *items; /* sorted */
	size_t size;
	size_t capacity;
};

static int compare_hashes(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int push(struct hashes *hashes, uint32_t hash)
{
	uint32_t *items =
		array_grow(hashes->items, &hashes->capacity, sizeof(hash), hashes->size + 1);

	if (!items)
		return -ENOMEM;
	hashes->items = items;
	items[hashes->size++] = hash;
	return 0;
}

/* Collects those of the hashes of all directories that belong to a part. */
static int collect_part(const struct kmod_devname_scan *scan, uint32_t number, struct hashes *part)
{
	int r = 0;

	part->size = 0;
	for (size_t i = 0; i < scan->walked.size; i++) {
		const struct directory *directory = scan->walked.items[i];

		for (size_t j = 0; j < directory->n_names && r == 0; j++)
			if (directory->names[j] >> (32 - PART_BITS) == number)
				r = push(part, directory->names[j]);
	}
	return r;
}

/* Appends one of each that is there more than once. */
static int append_repeated(struct hashes *part, struct hashes *repeated)
{
	int r = 0;

	if (part->size > 1)
		qsort(part->items, part->size, sizeof(*part->items), compare_hashes);
	for (size_t i = 1; i < part->size && r == 0; i++)
		if (part->items[i] == part->items[i - 1] &&
		    (repeated->size == 0 || repeated->items[repeated->size - 1] != part->items[i]))
			r = push(repeated, part->items[i]);
	return r;
}

static int find_repeated(const struct kmod_devname_scan *scan, struct hashes *repeated)
{
	struct hashes part = { 0 };
	int r = 0;

	for (uint32_t number = 0; number < 1U << PART_BITS && r == 0; number++) {
		r = collect_part(scan, number, &part);
		if (r == 0)
			r = append_repeated(&part, repeated);
	}
	free(part.items);
	return r;
}

static bool has(const struct hashes *hashes, uint32_t hash)
{
	return bsearch(&hash, hashes->items, hashes->size, sizeof(hash), compare_hashes) != NULL;
}

static bool has_any(const struct hashes *hashes, const struct directory *directory)
{
	for (size_t i = 0; i < directory->n_names; i++)
		if (has(hashes, directory->names[i]))
			return true;
	return false;
}

/* Adds a file that is a copy. What has something to say is kept already, and comes once more. */
static int add_copy(struct worker *worker, const struct directory *directory, int dir_fd,
		    const struct directory_entry *entry, const struct hashes *repeated)
{
	int type;

	if (!module_tree_is_module(entry->name) || module_tree_is_skipped(entry->name) ||
	    depmod_config_excludes(worker->scan->config, entry->name) ||
	    !has(repeated, module_tree_hash_name(entry->name)))
		return 0;
	type = directory_entry_type(dir_fd, entry);
	if (type != DT_REG)
		return type == -ENOENT || type > 0 ? 0 : type;
	return harvest_add_module(&worker->scan->harvest.modules, directory->path, entry->name,
				  false)
		       ? 0
		       : -ENOMEM;
}

static int list_again(struct worker *worker, const struct directory *directory,
		      const struct hashes *repeated)
{
	_cleanup_close_ int fd = worker_open_directory(worker, directory);
	struct directory_entry entry;
	int r;

	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP ? 0 : fd;
	r = directory_listing_start(&worker->listing);
	while (r == 0) {
		r = directory_listing_next(&worker->listing, fd, &entry);
		if (r <= 0)
			return r;
		r = add_copy(worker, directory, fd, &entry, repeated);
	}
	return r;
}

static int list_directories(struct kmod_devname_scan *scan, const struct hashes *repeated)
{
	struct worker *worker = worker_new(scan);
	int r = worker ? 0 : -ENOMEM;

	for (size_t i = 0; i < scan->walked.size && r == 0; i++) {
		const struct directory *directory = scan->walked.items[i];

		/* behind a symbolic link all is kept */
		if (!directory->linked && has_any(repeated, directory))
			r = list_again(worker, directory, repeated);
	}
	if (r < 0) {
		pthread_mutex_lock(&scan->lock);
		queue_fail(scan, worker, r);
		pthread_mutex_unlock(&scan->lock);
	}
	worker_free(worker);
	return r;
}

int scan_find_copies(struct kmod_devname_scan *scan)
{
	struct hashes repeated = { 0 };
	int r = find_repeated(scan, &repeated);

	if (r == 0 && repeated.size > 0)
		r = list_directories(scan, &repeated);
	free(repeated.items);
	return r;
}
