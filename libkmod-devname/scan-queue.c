// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which thread of a scan does what, and when: directories first, then, one by one and in the
 * order of their paths, those behind symbolic links, so that it does not depend on timing by
 * which path a directory is found; then the compressed modules, the largest first, so that
 * no thread is left with a large one at the end.
 */

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scan.h"

#define PROGRESS_INTERVAL_NS 50000000L

struct work {
	struct directory *directory; /* owned */
	struct module *module; /* the harvest's */
};

static int compare_sizes(const void *a, const void *b)
{
	const struct module *x = *(struct module *const *)a, *y = *(struct module *const *)b;

	return (x->size > y->size) - (x->size < y->size);
}

static struct directory *pop_first_link(struct list *links)
{
	size_t first = 0;
	struct directory *directory;

	for (size_t i = 1; i < links->size; i++)
		if (strcmp(((struct directory *)links->items[i])->path,
			   ((struct directory *)links->items[first])->path) < 0)
			first = i;
	directory = links->items[first];
	links->items[first] = list_pop(links);
	return directory;
}

static struct module *pop_largest(struct kmod_devname_scan *scan)
{
	struct list *compressed = &scan->harvest.compressed;

	if (!scan->sorted)
		qsort(compressed->items, compressed->size, sizeof(*compressed->items),
		      compare_sizes);
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
		work.directory = pop_first_link(&harvest->links);
	else if (harvest->compressed.size > 0)
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

static int move_harvest(struct harvest *to, struct harvest *from)
{
	int r = list_move(&to->modules, &from->modules);

	if (r == 0)
		r = list_move(&to->compressed, &from->compressed);
	if (r == 0)
		r = list_move(&to->directories, &from->directories);
	if (r == 0)
		r = list_move(&to->links, &from->links);
	if (r == 0)
		r = list_move(&to->remarks, &from->remarks);
	return r;
}

/* The first error counts; it names the file the worker was at. The caller has the lock. */
static void fail(struct kmod_devname_scan *scan, struct worker *worker, int error)
{
	if (scan->error == 0) {
		scan->error = error;
		if (worker) {
			scan->error_path = worker->path;
			worker->path = NULL;
			worker->path_capacity = 0;
		}
	}
	scan->stop = true;
	pthread_cond_broadcast(&scan->changed);
	pthread_cond_signal(&scan->over);
}

/* The caller has the lock. */
static int state(const struct kmod_devname_scan *scan)
{
	size_t left = scan->harvest.directories.size + scan->harvest.links.size +
		      scan->harvest.compressed.size + scan->walking + scan->reading;

	if (scan->error < 0)
		return scan->error;
	return left < INT_MAX ? (int)left : INT_MAX;
}

/* Hands in what has come out of a piece of work. The caller has the lock. */
static void hand_in(struct worker *worker, const struct work *work, int r)
{
	struct kmod_devname_scan *scan = worker->scan;

	if (r == 0)
		r = move_harvest(&scan->harvest, &worker->harvest);
	if (work->directory)
		scan->walking--;
	else
		scan->reading--;
	if (r < 0)
		fail(scan, worker, r);
	pthread_cond_broadcast(&scan->changed);
	if (state(scan) <= 0)
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
	free(work.directory);
	return 1;
}

int queue_state(struct kmod_devname_scan *scan)
{
	int r;

	pthread_mutex_lock(&scan->lock);
	r = state(scan);
	pthread_mutex_unlock(&scan->lock);
	return r;
}

static void *run_worker(void *argument)
{
	struct kmod_devname_scan *scan = argument;
	struct worker *worker = worker_new(scan);

	if (!worker) {
		pthread_mutex_lock(&scan->lock);
		fail(scan, NULL, -ENOMEM);
		pthread_mutex_unlock(&scan->lock);
		return NULL;
	}
	while (queue_work(worker) > 0)
		;
	worker_free(worker);
	return NULL;
}

int pool_start(struct kmod_devname_scan *scan)
{
	sigset_t all, before;
	int r = 0;

	scan->workers = calloc(scan->threads, sizeof(*scan->workers));
	if (!scan->workers)
		return -ENOMEM;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (scan->n_workers < scan->threads && r == 0) {
		r = pthread_create(&scan->workers[scan->n_workers], NULL, run_worker, scan);
		if (r == 0)
			scan->n_workers++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	/* Fewer threads than wished for are no reason to give up. */
	return scan->n_workers > 0 ? 0 : -r;
}

int pool_wait(struct kmod_devname_scan *scan)
{
	struct timespec until;
	int r = 0, left;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += PROGRESS_INTERVAL_NS;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&scan->lock);
	while ((left = state(scan)) > 0 && r == 0)
		r = pthread_cond_timedwait(&scan->over, &scan->lock, &until);
	pthread_mutex_unlock(&scan->lock);
	return left;
}

void pool_stop(struct kmod_devname_scan *scan)
{
	pthread_mutex_lock(&scan->lock);
	scan->stop = true;
	pthread_cond_broadcast(&scan->changed);
	pthread_mutex_unlock(&scan->lock);
	for (size_t i = 0; i < scan->n_workers; i++)
		pthread_join(scan->workers[i], NULL);
	free(scan->workers);
	scan->workers = NULL;
	scan->n_workers = 0;
}
