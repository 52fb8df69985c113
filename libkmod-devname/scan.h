/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCAN_H
#define SCAN_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"
#include "libkmod-devname.h"
#include "list.h"
#include "modinfo.h"
#include "module-file.h"
#include "module-tree.h"
#include "trust.h"

#define SCAN_THREADS_MAX 1024

/* A module file that was found. Its name and path are all that is kept of most. */
struct module {
	const char *name; /* the last component of its path */
	struct outcome *outcome; /* NULL: it declares nothing and nothing is wrong with it */
	uint64_t size; /* of a compressed file */
	bool linked; /* a symbolic link is on the way */
	bool covered; /* it was not read: the index says what it declares */
	bool gone; /* it was listed, and was not there when it was to be read */
	char path[]; /* see module-tree.h */
};

struct outcome {
	enum fault fault;
	size_t n_aliases;
	char aliases[]; /* each with its NUL: those that alias_parse() has a use for */
};

struct directory {
	bool linked;
	bool settled; /* it is what and where it was when depmod ran */
	char path[];
};

/* Something about an entry of the tree that is no module. */
struct remark {
	enum kmod_devname_code code;
	char path[];
};

/* What came out of one directory. */
struct harvest {
	struct list directories; /* to be read */
	struct list links; /* directories too, behind symbolic links: read after all others */
	struct list modules;
	struct list compressed; /* modules too, to be read */
	struct list remarks;
};

struct worker;

struct kmod_devname_scan {
	unsigned int references;
	int root_fd;
	char *directory;
	struct kmod_devname_table *table;
	struct kmod_devname_report *report;
	struct kmod_devname_config *config; /* may be NULL */
	unsigned int threads;
	size_t size_max;
	bool use_index;
	struct trust *trust; /* NULL: the modules are read */
	bool adaptive; /* the number of threads is ours to choose */
	long blocks_before; /* that the process had read from disks when it began */
	bool begun;
	bool finished;

	pthread_mutex_t lock; /* for all below */
	pthread_cond_t changed; /* there is work, or an end to it */
	pthread_cond_t over; /* all is read, or there was an error */
	struct harvest harvest;
	dev_t device; /* of the module directory */
	void *visited; /* tsearch(3) tree of the directories that were read */
	size_t walking; /* threads that are reading a directory */
	size_t reading; /* threads that are reading a compressed module */
	bool links_sorted;
	bool sorted; /* the compressed modules are, by size */
	bool stop;
	int error;
	char *error_path;
	pthread_t *workers;
	size_t n_workers;
	struct worker *worker; /* instead of threads, for kmod_devname_scan_step() to work with */
};

/* What one thread works with. */
struct worker {
	struct kmod_devname_scan *scan;
	struct module_file file;
	struct modinfo modinfo;
	struct directory_listing listing;
	struct harvest harvest;
	char *path; /* of what it is looking at, below the root; for errors */
	size_t path_capacity;
};

void harvest_done(struct harvest *harvest);
void visited_free(void *visited);

struct worker *worker_new(struct kmod_devname_scan *scan);
void worker_free(struct worker *worker);

/* Read a directory, its plain modules included, or a compressed module. 0 or negative errno. */
int worker_read_directory(struct worker *worker, struct directory *directory);
int worker_read_compressed(struct worker *worker, struct module *module);

/*
 * Takes one piece of work and does it. Returns 1; 0 if there is no more to do. Waits while
 * only other threads can tell.
 */
int queue_work(struct worker *worker);

/* How much is known and still to be read, or the error that has ended the scan. With the lock. */
int queue_state(const struct kmod_devname_scan *scan);

/*
 * Ends the scan with an error; the first one counts. It is about the file that the worker, if
 * there is one, was at. With the lock.
 */
void queue_fail(struct kmod_devname_scan *scan, struct worker *worker, int error);

unsigned int pool_count_cpus(void);
int pool_start(struct kmod_devname_scan *scan);

/* Waits for the end, but not longer than a progress display likes. The state of the queue. */
int pool_wait(struct kmod_devname_scan *scan);

void pool_stop(struct kmod_devname_scan *scan);

/* Everything has been read: which modules count, in which order, and into the table with it. */
int scan_conclude(struct kmod_devname_scan *scan);

#endif
