// SPDX-License-Identifier: LGPL-2.1-or-later
/* The threads of a scan, and how many. */

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "tree/scan.h"

/*
 * A disk does best with many requests at a time, however few CPUs there are. Threads beyond the
 * CPUs are only started while data comes from one: what is cached is best read without them.
 */
#define DISK_THREADS 16
#define DISK_CHECK_NS 5000000L
#define DISK_BLOCKS 64 /* of 512 bytes */
#define PROGRESS_INTERVAL_NS 50000000L

/* How many threads the limit of open files allows, each with a directory and what is in it. */
static size_t count_allowed(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > (rlim_t)SCAN_THREADS_MAX * 8)
		return SCAN_THREADS_MAX;
	return limit.rlim_cur < 32 ? 1 : (size_t)(limit.rlim_cur - 16) / 4;
}

static size_t at_most(size_t n, size_t max)
{
	return n < max ? n : max;
}

unsigned int pool_count_cpus(void)
{
	cpu_set_t cpus;
	int n;

	/* It fails where the kernel has room for more CPUs than the set. */
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		n = CPU_COUNT(&cpus);
	else
		n = (int)sysconf(_SC_NPROCESSORS_ONLN);
	return n > 0 ? (unsigned int)at_most((size_t)n, count_allowed()) : 1;
}

static void *run_worker(void *argument)
{
	struct kmod_devname_scan *scan = argument;
	struct worker *worker = worker_new(scan);

	if (!worker) {
		pthread_mutex_lock(&scan->lock);
		queue_fail(scan, NULL, -ENOMEM);
		pthread_mutex_unlock(&scan->lock);
		return NULL;
	}
	while (queue_work(worker) > 0)
		;
	worker_free(worker);
	return NULL;
}

/* Starts threads until there are n. Fewer than wished for are no reason to give up. */
static int grow(struct kmod_devname_scan *scan, size_t n)
{
	pthread_t *workers = reallocarray(scan->workers, n, sizeof(*workers));
	sigset_t all, before;
	int r = 0;

	if (!workers)
		return -ENOMEM;
	scan->workers = workers;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (scan->n_workers < n && r == 0) {
		r = pthread_create(&workers[scan->n_workers], NULL, run_worker, scan);
		if (r == 0)
			scan->n_workers++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return 0;
}

static long blocks_read(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_inblock : 0;
}

int pool_start(struct kmod_devname_scan *scan)
{
	scan->blocks_before = blocks_read();
	return grow(scan, scan->threads);
}

static bool wants_disk_threads(const struct kmod_devname_scan *scan)
{
	return scan->adaptive && scan->n_workers < at_most(DISK_THREADS, count_allowed());
}

/* Waits until all is read or the time is over. Returns the state of the queue. */
static int wait_for(struct kmod_devname_scan *scan, long nanoseconds)
{
	struct timespec until;
	int r = 0, left;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += nanoseconds;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&scan->lock);
	while ((left = queue_state(scan)) > 0 && r == 0)
		r = pthread_cond_timedwait(&scan->over, &scan->lock, &until);
	pthread_mutex_unlock(&scan->lock);
	return left;
}

int pool_wait(struct kmod_devname_scan *scan)
{
	int left = wait_for(scan, wants_disk_threads(scan) ? DISK_CHECK_NS : PROGRESS_INTERVAL_NS);

	if (left > 0 && wants_disk_threads(scan) &&
	    blocks_read() - scan->blocks_before >= DISK_BLOCKS)
		(void)grow(scan, at_most(DISK_THREADS, count_allowed()));
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
