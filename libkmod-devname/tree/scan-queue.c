// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which thread of a scan does what, and when: directories first, then, one by one and in the
 * order of their paths, those behind symbolic links, so that it does not depend on timing by
 * which path a directory is found; then the compressed modules, the largest first, so that
 * no thread is left with a large one at the end.
 */

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tree/scan.h"

struct work {
	struct directory *directory; /* owned */
	struct module *module; /* owned */
};

static int compare_sizes(const void *a, const void *b)
{
	const struct module *x = *(struct module *const *)a, *y = *(struct module *const *)b;

	return (x->size > y->size) - (x->size < y->size);
}

/* The first of the paths comes last. */
static int compare_links(const void *a, const void *b)
{
	return strcmp((*(struct directory *const *)b)->path, (*(struct directory *const *)a)->path);
}

static struct directory *pop_first_link(struct kmod_devname_scan *scan)
{
	if (!scan->links_sorted)
		list_sort(&scan->harvest.links, compare_links);
	scan->links_sorted = true;
	return list_pop(&scan->harvest.links);
}

static struct module *pop_largest(struct kmod_devname_scan *scan)
{
	struct list *compressed = &scan->harvest.compressed;

	if (!scan->sorted)
		list_sort(compressed, compare_sizes);
	scan->sorted = true;
	return list_pop(compressed);
}

/* Is there work that can be done now? The caller has the lock. */
static bool try_take(struct kmod_devname_scan *scan, struct work *ret_work)
{
	struct harvest *harvest = &scan->harvest;
	struct work work = { 0 };

	if (harvest->directories.size > 0)
		work.directory = list_pop(&harvest->directories);
	else if (scan->walking > 0)
		return false;
	else if (harvest->links.size > 0)
		work.directory = pop_first_link(scan);
	else if (harvest->compressed.size > 0 && scan->reading < scan->threads)
		work.module = pop_largest(scan);
	else
		return false;
	if (work.directory)
		scan->walking++;
	else
		scan->reading++;
	*ret_work = work;
	return true;
}

/* The caller has the lock. */
static bool take(struct kmod_devname_scan *scan, struct work *ret_work)
{
	while (!scan->stop) {
		if (try_take(scan, ret_work))
			return true;
		if (scan->walking == 0)
			return false;
		pthread_cond_wait(&scan->changed, &scan->lock);
	}
	return false;
}

void queue_fail(struct kmod_devname_scan *scan, struct worker *worker, int error)
{
	if (scan->error == 0) {
		scan->error = error;
		/* what was opened last has nothing to do with a lack of memory */
		if (worker && error != -ENOMEM) {
			scan->error_path = worker->path;
			worker->path = NULL;
			worker->path_capacity = 0;
		}
	}
	scan->stop = true;
	pthread_cond_broadcast(&scan->changed);
	pthread_cond_signal(&scan->over);
}

int queue_state(const struct kmod_devname_scan *scan)
{
	size_t left = scan->harvest.directories.size + scan->harvest.links.size +
		      scan->harvest.compressed.size + scan->walking + scan->reading;

	if (scan->error < 0)
		return scan->error;
	return left < INT_MAX ? (int)left : INT_MAX;
}

/* Only what is found in a directory is found again by way of it. */
static int keep_directory(struct kmod_devname_scan *scan, struct directory *directory)
{
	if (directory->n_names == 0) {
		directory_free(directory);
		return 0;
	}
	scan->n_modules += directory->n_names;
	if (list_push(&scan->walked, directory) == 0)
		return 0;
	directory_free(directory);
	return -ENOMEM;
}

/* Hands in what has come out of a piece of work. The caller has the lock. */
static void hand_in(struct worker *worker, const struct work *work, int r)
{
	struct kmod_devname_scan *scan = worker->scan;
	int kept = 0;

	if (worker->harvest.links.size > 0)
		scan->links_sorted = false;
	if (r == 0)
		r = harvest_move(&scan->harvest, &worker->harvest);
	if (work->directory) {
		scan->walking--;
		kept = keep_directory(scan, work->directory);
	} else {
		scan->reading--;
	}
	if (r < 0 || kept < 0)
		queue_fail(scan, worker, r < 0 ? r : kept);
	pthread_cond_broadcast(&scan->changed);
	if (queue_state(scan) <= 0)
		pthread_cond_signal(&scan->over);
}

int queue_work(struct worker *worker)
{
	struct kmod_devname_scan *scan = worker->scan;
	struct work work;
	bool taken;
	int r;

	pthread_mutex_lock(&scan->lock);
	taken = take(scan, &work);
	pthread_mutex_unlock(&scan->lock);
	if (!taken)
		return 0;
	if (work.directory)
		r = worker_read_directory(worker, work.directory);
	else
		r = worker_read_compressed(worker, work.module);
	pthread_mutex_lock(&scan->lock);
	hand_in(worker, &work, r);
	pthread_mutex_unlock(&scan->lock);
	return 1;
}
