// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The threads of a scan: how many there are, and the order of the work. Directories come first.
 * Those behind symbolic links follow one by one in the order of their paths, and then those behind
 * links that were found there, so that it does not depend on timing by which path a directory is
 * found. The modules that wait come last, the largest first, so that no thread is left with a large
 * one at the end.
 *
 * A worker takes a piece of work with the lock, does it without, and hands in the result with it.
 */

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "tree/scan.h"

/*
 * A disk is fastest with many concurrent requests, even with few CPUs. Threads beyond the CPUs
 * start only while data comes from a disk: cached data is read faster without them.
 */
#define DISK_THREADS 16
#define DISK_CHECK_NS 5000000L
#define DISK_BLOCKS 64 /* of 512 bytes */
#define PROGRESS_INTERVAL_NS 50000000L

/* --- pieces of work; the caller has the lock ---------------------------------------------- */

/* A directory or a module, owned. */
struct scan_work {
	struct scan_directory *directory;
	struct scan_module *module;
};

static int compare_sizes(const void *a, const void *b)
{
	const struct scan_module *x = *(struct scan_module *const *)a;
	const struct scan_module *y = *(struct scan_module *const *)b;

	return (x->size > y->size) - (x->size < y->size);
}

/* Backwards, since the last one is read first. */
static int compare_links(const void *a, const void *b)
{
	const struct scan_directory *x = *(struct scan_directory *const *)a;
	const struct scan_directory *y = *(struct scan_directory *const *)b;

	return scan_compare_paths(y->parent, y->name, x->parent, x->name);
}

/* Those that are found behind the links at hand come after these; NULL if there is none. */
static struct scan_directory *pop_link(struct kmod_devname_scan *scan)
{
	struct list read = scan->links;

	if (read.size == 0) {
		scan->links = scan->found.links;
		scan->found.links = read;
		list_sort(&scan->links, compare_links);
	}
	return scan->links.size > 0 ? list_pop(&scan->links) : NULL;
}

/* Waits for the results of other threads. Returns false if there is no more work. */
static bool take_work(struct kmod_devname_scan *scan, struct scan_work *ret_work)
{
	struct scan_found *found = &scan->found;

	*ret_work = (struct scan_work){ 0 };
	while (!scan->stop && found->directories.size == 0 && scan->n_listing > 0)
		pthread_cond_wait(&scan->changed, &scan->lock);
	if (scan->stop)
		return false;
	ret_work->directory =
		found->directories.size > 0 ? list_pop(&found->directories) : pop_link(scan);
	if (ret_work->directory) {
		scan->n_listing++;
		return true;
	}
	if (found->waiting.size == 0 || scan->n_reading >= scan->threads)
		return false;
	/* all are known by now: the largest is the last one */
	if (!scan->waiting_sorted)
		list_sort(&found->waiting, compare_sizes);
	scan->waiting_sorted = true;
	ret_work->module = list_pop(&found->waiting);
	scan->n_reading++;
	return true;
}

/* How much is known and still to be read, or the error that has ended the scan. */
static int count_work(const struct kmod_devname_scan *scan)
{
	size_t left = scan->found.directories.size + scan->found.links.size + scan->links.size +
		      scan->found.waiting.size + scan->n_listing + scan->n_reading;

	if (scan->error < 0)
		return scan->error;
	return left < INT_MAX ? (int)left : INT_MAX;
}

/* r is the result of the work. */
static void hand_in(struct scan_worker *worker, const struct scan_work *work, int r)
{
	struct kmod_devname_scan *scan = worker->scan;

	if (r == 0)
		r = scan_found_move(&scan->found, &worker->found);
	if (work->directory)
		scan->n_listing--;
	else
		scan->n_reading--;
	if (r < 0) { /* the first error counts */
		scan->error = scan->error < 0 ? scan->error : r;
		scan->stop = true;
	}
	pthread_cond_broadcast(&scan->changed);
	if (count_work(scan) <= 0)
		pthread_cond_signal(&scan->over);
}

/* Does one piece of work. Returns false if there is no more to do. */
static bool do_work(struct scan_worker *worker)
{
	struct kmod_devname_scan *scan = worker->scan;
	struct scan_work work;
	bool taken;
	int r;

	pthread_mutex_lock(&scan->lock);
	taken = take_work(scan, &work);
	pthread_mutex_unlock(&scan->lock);
	if (!taken)
		return false;
	r = work.directory ? scan_read_directory(worker, work.directory)
			   : scan_read_waiting(worker, work.module);
	pthread_mutex_lock(&scan->lock);
	hand_in(worker, &work, r);
	pthread_mutex_unlock(&scan->lock);
	return true;
}

/* --- threads ------------------------------------------------------------------------------ */

static struct scan_worker *worker_new(struct kmod_devname_scan *scan)
{
	struct scan_worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	worker->scan = scan;
	worker->reader = module_reader_new(scan->size_max, &scan->memory);
	if (worker->reader)
		return worker;
	free(worker);
	return NULL;
}

static void worker_free(struct scan_worker *worker)
{
	if (!worker)
		return;
	module_reader_free(worker->reader);
	scan_found_done(&worker->found);
	free(worker);
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The number of threads that the limit of open files allows, with a directory and a file each. */
static size_t count_allowed(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > (rlim_t)SCAN_THREADS_MAX * 4)
		return SCAN_THREADS_MAX;
	return limit.rlim_cur < 32 ? 1 : (size_t)(limit.rlim_cur - 16) / 4;
}

static size_t count_cpus(void)
{
	cpu_set_t cpus;
	long n;

	/* It fails where the kernel has room for more CPUs than the set. */
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		n = CPU_COUNT(&cpus);
	else
		n = sysconf(_SC_NPROCESSORS_ONLN);
	return n > 0 ? (size_t)n : 1;
}

static void *run_thread(void *argument)
{
	struct scan_worker *worker = argument;

	while (do_work(worker))
		;
	worker_free(worker);
	return NULL;
}

/* Starts threads until there are n. Fewer than wished for are no reason to give up. */
static void start_threads(struct kmod_devname_scan *scan, size_t n)
{
	sigset_t all, before;

	/* signals are for the threads of the program */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (scan->n_workers < n) {
		struct scan_worker *worker = worker_new(scan);

		if (!worker || pthread_create(&scan->workers[scan->n_workers], NULL, run_thread,
					      worker) != 0) {
			worker_free(worker);
			break;
		}
		scan->n_workers++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static long blocks_read(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_inblock : 0;
}

int pool_start(struct kmod_devname_scan *scan)
{
	scan->adaptive = scan->threads == 0;
	if (scan->adaptive)
		scan->threads = (unsigned int)smaller(count_cpus(), count_allowed());
	if (scan->adaptive || scan->threads > 1) {
		scan->blocks_before = blocks_read();
		start_threads(scan, scan->threads);
	}
	if (scan->n_workers > 0)
		return 0;
	scan->worker = worker_new(scan);
	return scan->worker ? 0 : -ENOMEM;
}

static bool wants_disk_threads(const struct kmod_devname_scan *scan)
{
	return scan->adaptive && scan->n_workers < smaller(DISK_THREADS, count_allowed());
}

int pool_step(struct kmod_devname_scan *scan)
{
	struct timespec until;
	int r = 0, left;

	if (scan->worker) {
		(void)do_work(scan->worker);
		return count_work(scan); /* there is no other thread */
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += wants_disk_threads(scan) ? DISK_CHECK_NS : PROGRESS_INTERVAL_NS;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&scan->lock);
	while ((left = count_work(scan)) > 0 && r == 0)
		r = pthread_cond_timedwait(&scan->over, &scan->lock, &until);
	pthread_mutex_unlock(&scan->lock);
	if (left > 0 && wants_disk_threads(scan) &&
	    blocks_read() - scan->blocks_before >= DISK_BLOCKS)
		start_threads(scan, smaller(DISK_THREADS, count_allowed()));
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
	scan->n_workers = 0;
	worker_free(scan->worker);
	scan->worker = NULL;
}
