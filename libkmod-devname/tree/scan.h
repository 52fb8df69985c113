/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCAN_H
#define SCAN_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/array.h"
#include "libkmod-devname.h"
#include "module/file.h"
#include "tree/module-tree.h"
#include "tree/trust.h"

#define SCAN_THREADS_MAX 1024

/* Of a decompressed module, unless the caller says otherwise. */
#define SCAN_SIZE_MAX ((size_t)1 << 30)

/* A module file of which more must be known than a hash of its name. */
struct module {
	const char *name; /* the last component of its path */
	struct outcome *outcome; /* NULL: it declares nothing and nothing is wrong with it */
	uint64_t size; /* of a compressed file */
	bool linked; /* a symbolic link is on the way */
	char path[]; /* see module-tree.h */
};

struct outcome {
	enum module_error module_error;
	const struct alias_list *aliases; /* its own, or the index's */
	struct alias_list own;
};

struct directory {
	bool linked;
	bool settled; /* it is what and where it was when depmod ran */
	size_t n_names;
	uint32_t *names; /* of the modules in it, as hashes: four bytes are kept of most modules */
	char path[];
};

/* Something about an entry of the tree that is no module. */
struct remark {
	enum kmod_devname_code code;
	char path[];
};

/* What came out of one directory or module. */
struct harvest {
	struct list directories; /* to be read */
	struct list links; /* directories too, behind symbolic links: read after all others */
	struct list modules; /* that have something to say, or are behind symbolic links */
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
	struct list walked; /* directories that have been read and have modules */
	size_t n_modules; /* in them */
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
	struct module_reader *reader;
	struct directory_listing listing;
	struct harvest harvest;
	uint32_t *names; /* of the modules of the directory at hand, as hashes */
	size_t n_names;
	size_t names_capacity;
	char *path; /* of what it is looking at, below the root; for errors */
	size_t path_capacity;
};

void module_free(void *module);
void directory_free(void *directory);
void harvest_done(struct harvest *harvest);
void visited_free(void *visited);

/*
 * What is to be kept of a module that was read, with a fault or without, and of one that was not,
 * by its aliases in the index (NULL: none); NULL if nothing is. 0 or -ENOMEM.
 */
int outcome_of_module(const struct module_reader *reader, enum module_error module_error,
		      struct outcome **ret_outcome);
int outcome_of_index(const struct alias_list *aliases, struct outcome **ret_outcome);
void outcome_free(struct outcome *outcome);

/* Empties from into to. 0 or -ENOMEM. */
int harvest_move(struct harvest *to, struct harvest *from);

/* Add to a list, which owns it then, the module or directory DIRECTORY/NAME. NULL: no memory. */
struct module *harvest_add_module(struct list *list, const char *directory, const char *name,
				  bool linked);
struct directory *harvest_add_directory(struct list *list, const char *parent, const char *name);

int harvest_add_remark(struct harvest *harvest, enum kmod_devname_code code, const char *directory,
		       const char *name);

struct worker *worker_new(struct kmod_devname_scan *scan);
void worker_free(struct worker *worker);

/* Returns a file descriptor or a negative errno. */
int worker_open_directory(struct worker *worker, const struct directory *directory);

/*
 * Read a directory, its plain modules included, or a compressed module, which is taken over.
 * 0 or negative errno.
 */
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

/* Adds to the modules those of the others that are there more than once. 0 or negative errno. */
int scan_find_copies(struct kmod_devname_scan *scan);

/* Everything has been read: which modules count, in which order, and into the table with it. */
int scan_conclude(struct kmod_devname_scan *scan);

#endif
