/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCAN_H
#define SCAN_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/array.h"
#include "base/report.h"
#include "libkmod-devname.h"
#include "module/file.h"
#include "node/table.h"
#include "tree/skip.h"

#define SCAN_THREADS_MAX 1024

/* Of a decompressed module, unless the caller says otherwise. */
#define SCAN_SIZE_MAX ((size_t)1 << 30)

/*
 * A directory: its path is relative to the module directory, "" being that one, or has a slash in
 * front and is below the root: an external directory of depmod.d(5), or a path of modules.dep.
 */
struct scan_directory {
	bool is_linked; /* a symbolic link is on the way */
	bool is_older; /* than the index, as are all directories on the way to it */
	size_t n_modules;
	char path[];
};

/* There may be 100,000 of these, so that the path is made of a few in the end only. */
struct scan_module {
	struct scan_directory *directory;
	char *path; /* NULL until scan_module_set_path() */
	struct alias_list *aliases; /* NULL: no device name */
	uint64_t size; /* of a file that waits to be read */
	enum module_error error;
	bool is_linked;
	char name[];
};

/* For the report. Findings are kept until all are known, to be reported in the order of paths. */
struct scan_finding {
	enum kmod_devname_code code;
	char path[];
};

/* The result of a piece of work, and the sum of all of them. */
struct scan_found {
	struct list directories; /* to be read */
	struct list links; /* directories too, behind symbolic links: read after all others */
	struct list read_directories; /* those that have modules */
	struct list waiting; /* modules that are to be read */
	struct list modules; /* the others, which have been read or need not be */
	struct list findings;
};

struct scan_worker;

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
	bool is_index_fresh; /* depmod has just run: the modules are those of modules.dep */
	struct skip skip;
	size_t n_spared; /* modules of a fresh index that are not read */
	bool adaptive; /* the number of threads is ours to choose */
	long blocks_before; /* that the process had read from disks when it began */
	bool begun;
	bool finished;

	pthread_mutex_t lock; /* for all below */
	pthread_cond_t changed; /* there is work, or an end to it */
	pthread_cond_t over; /* all is read, or there was an error */
	struct scan_found found;
	void *visited; /* the directories that were read, see visited_add() */
	size_t n_listing; /* threads that are reading a directory */
	size_t n_reading; /* threads that are reading a module that has waited */
	bool links_sorted;
	bool waiting_sorted;
	bool stop;
	int error;
	char *error_path;
	pthread_t *workers;
	size_t n_workers;
	struct scan_worker *worker; /* instead of threads, for kmod_devname_scan_step() to use */
};

/* A thread of a scan, or the caller's. */
struct scan_worker {
	struct kmod_devname_scan *scan;
	struct module_reader *reader;
	struct scan_found found; /* by the piece of work at hand */
	char *path; /* of the file at hand, below the root; for errors */
};

/*
 * For a scan that has not been stepped yet: depmod has just written its files into a directory,
 * and nothing has changed since then. The scan reads the modules of modules.dep that skip.h does
 * not spare; it looks at no time, and lists no directory. Returns 1; 0 if the files cannot be used,
 * with a finding, and then the scan is as it was; or a negative errno.
 */
int scan_use_fresh_index(struct kmod_devname_scan *scan, int index_dir_fd);

/* --- scan.c ------------------------------------------------------------------------------- */

/* Adds a directory to a list, or a finding to those found. The path is PARENT/NAME. 0 or -ENOMEM.
 */
struct scan_directory *scan_add_directory(struct list *list, const char *parent, const char *name);
int scan_add_finding(struct scan_found *found, enum kmod_devname_code code, const char *parent,
		     const char *name);

/* Adds a module to a list, which owns it then. NULL: no memory. */
struct scan_module *scan_add_module(struct list *list, struct scan_directory *directory,
				    const char *name, bool is_linked);
void scan_module_free(void *module);

/* 0 or -ENOMEM. */
int scan_module_set_path(struct scan_module *module);

/* Empties from into to. 0 or -ENOMEM. */
int scan_found_move(struct scan_found *to, struct scan_found *from);
void scan_found_done(struct scan_found *found);

/* --- walk.c: one directory, one module ---------------------------------------------------- */

/* Takes the directory or the module. 0 or a negative errno. */
int scan_read_directory(struct scan_worker *worker, struct scan_directory *directory);
int scan_read_waiting(struct scan_worker *worker, struct scan_module *module);

/* Opens a path that is relative to the module directory, or below the root if it has a slash. */
int scan_open(const struct kmod_devname_scan *scan, const char *path, int flags);

/* --- pool.c: threads, and which does what ------------------------------------------------- */

/* Starts threads, or leaves the work to scan->worker. 0 or -ENOMEM. */
int pool_start(struct kmod_devname_scan *scan);

/*
 * Does one piece of work, or waits for the threads, but not longer than the interval of a progress
 * display. Returns how much is known and still to be read, or the error that has ended the scan.
 */
int pool_step(struct kmod_devname_scan *scan);

/* Ends the threads, and the scan with them. */
void pool_stop(struct kmod_devname_scan *scan);

/* --- choose.c: all has been read ---------------------------------------------------------- */

/* Which modules count, in which order, and into the table with them. 0 or a negative errno. */
int scan_conclude(struct kmod_devname_scan *scan);

#define MODULE_ORDER_NONE SIZE_MAX /* the position of a module that is not listed */

struct module_position {
	const char *path; /* relative to the module directory */
	size_t position;
	const struct scan_module *module;
	size_t listed; /* how much of the path stands in modules.order: module_order_read()'s */
};

/*
 * Finds the positions of modules in the text of modules.order; sorts them by path. Returns 0,
 * or a negative errno if reading failed or there is no memory.
 */
int module_order_read(FILE *stream, struct kmod_devname_report *report,
		      struct module_position *positions, size_t n);

/* Sorts by position, and by the module's name where there is none or the same. */
void module_order_sort(struct module_position *positions, size_t n);

#endif
