/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SCAN_H
#define SCAN_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "base/array.h"
#include "base/report.h"
#include "libkmod-devname.h"
#include "module/file.h"
#include "node/table.h"

#define SCAN_THREADS_MAX 1024

#define SCAN_SIZE_MAX ((size_t)1 << 30) /* of a decompressed module */

/* A module that has a line in modules.dep. */
struct skip_module {
	char *path; /* relative to the module directory, or with a slash in front */
	const char *name; /* its last component */
	size_t line; /* in modules.dep, from 1 */
	bool was_read; /* by depmod, which knows an alias or a dependency of it */
	bool has_devname;
	bool is_repeated; /* modules.dep has several modules of this name */
};

/*
 * Which modules need not be read, by modules.dep and modules.alias: those of which depmod's files
 * show that depmod read them and found no device name.
 */
struct skip {
	struct skip_module *modules; /* sorted by the name of the module */
	size_t size;
	size_t capacity;
	bool is_of_kmod;
	struct timespec written; /* the earliest time that either file has */
	dev_t device; /* that modules.dep is on */
};

/*
 * A directory. One without a parent is the module directory, whose name is "", or has a path for a
 * name: of an external directory of depmod.d(5), or from modules.dep, also relative.
 */
struct scan_directory {
	const struct scan_directory *parent;
	size_t path_size; /* of the path, without a NUL */
	unsigned int depth; /* how many directories are above */
	bool is_linked; /* a symbolic link is on the way */
	bool is_older; /* than the index, as are all directories on the way to it */
	char name[];
};

/* What was read of a file that declares a device name, cannot be read, or may have several names.
 */
struct scan_content {
	struct stat status; /* all 0 if the file has one name */
	int error; /* MODULE_OK; another module error; a negative errno: it cannot be read */
	bool is_dropped; /* the aliases are read again, see ALIASES_KEPT_MAX */
	struct alias_list aliases; /* none if there is no device name */
};

/* There may be 100,000 of these. */
struct scan_module {
	const struct scan_directory *directory;
	struct scan_content *content; /* NULL: it was read or skipped, and declares nothing */
	uint64_t size; /* of a file that waits to be read */
	size_t position; /* the line of modules.order, or 0 */
	bool is_linked;
	char name[]; /* of the file */
};

enum scan_problem {
	SCAN_LINK_LEADS_NOWHERE,
	SCAN_LINK_INTO_PROC,
	SCAN_NOT_REGULAR,
	SCAN_VANISHED,
};

/* For the report. Findings are kept until all are known, to be reported in the order of paths. */
struct scan_finding {
	int problem; /* enum scan_problem; a negative errno: it cannot be read */
	const struct scan_directory *directory; /* NULL: the name is the path */
	char name[];
};

/* The result of a piece of work, and the sum of all of them. */
struct scan_found {
	struct list known_directories; /* all, which have their owner here */
	struct list directories; /* to be read */
	struct list links; /* directories too, behind symbolic links: read after all others */
	struct list waiting; /* modules that are to be read */
	struct list modules; /* the others, which have been read or need not be */
	struct list contents; /* of modules */
	struct list findings;
	bool is_incomplete; /* there may be modules in a directory that cannot be read */
	bool is_decodable; /* one module was read, or is plain and need not be */
};

struct scan_worker;

struct kmod_devname_scan {
	int root_fd;
	char *directory;
	struct kmod_devname_table *table;
	struct kmod_devname_report *report;
	struct kmod_devname_config *config; /* may be NULL */
	unsigned int threads;
	size_t size_max; /* SCAN_SIZE_MAX */
	bool use_index;
	bool is_index_fresh; /* depmod has just run: the modules are those of modules.dep */
	struct skip skip;
	size_t n_spared; /* modules of a fresh index that are not read */
	bool adaptive; /* the number of threads is ours to choose */
	long blocks_before; /* that the process had read from disks when it began */
	size_t n_nodes; /* for which there is room in the table so far, see take_table_room() */
	size_t names_size; /* of these nodes: bytes of the names of devices and modules */
	bool begun;
	bool finished;

	struct module_memory memory; /* of the readers of all threads */
	pthread_mutex_t lock; /* for all below */
	pthread_cond_t changed; /* there is work, or an end to it */
	pthread_cond_t over; /* all is read, or there was an error */
	struct scan_found found;
	struct list links; /* those of its links that are read next, the last one first */
	void *visited; /* the directories that were read, see visited_add() */
	size_t n_listing; /* threads that are reading a directory */
	size_t n_reading; /* threads that are reading a module that has waited */
	bool waiting_sorted;
	bool stop;
	int error;
	void *files; /* tree of the contents of files that may have several names */
	size_t aliases_size; /* bytes of all aliases that are kept */
	pthread_t workers[SCAN_THREADS_MAX];
	size_t n_workers;
	struct scan_worker *worker; /* instead of threads, for kmod_devname_scan_step() to use */

	/* of modules.order, once all is read */
	bool is_order_unreadable; /* it is there: the order of the nodes is not the right one */
	bool lists_modules;
	bool has_listed_module; /* one of those that it lists is there */
};

/* A thread of a scan, or the caller's. */
struct scan_worker {
	struct kmod_devname_scan *scan;
	struct module_reader *reader;
	struct scan_found found; /* by the piece of work at hand */
};

/* The bytes of the files that wait to be read, as far as they are found. */
uint64_t scan_count_waiting_bytes(struct kmod_devname_scan *scan);

enum scan_module_state {
	SCAN_MODULE_ABSENT, /* no file was found, and if found.is_incomplete there may be one */
	SCAN_MODULE_READ, /* or skipped, since an index shows that it declares no device name */
	SCAN_MODULE_UNREAD, /* there is a file, which cannot be read: a finding tells why */
};

/* For a scan that is over: the state of a module, by its name or that of its file. */
enum scan_module_state scan_find_module(const struct kmod_devname_scan *scan, const char *name);

/* How many of the module files that were found cannot be read. */
size_t scan_count_unread(const struct kmod_devname_scan *scan);

/* True if this build decompresses none of the modules. */
bool scan_is_undecodable(const struct kmod_devname_scan *scan);

/* True if modules.order names modules and none of them is there. */
bool scan_lacks_listed(const struct kmod_devname_scan *scan);

/* True if something could not be read, so that lines of the list may have to stay. */
bool scan_may_keep(const struct kmod_devname_scan *scan);

/* --- found.c: what there is, and which file of a module counts ---------------------------- */

/* The path DIRECTORY/NAME, as the directory's is; or the name alone. NULL: no memory. */
char *scan_get_path(const struct scan_directory *directory, const char *name);

/* Compares the paths of two files as strcmp(3) would, without making them. */
int scan_compare_paths(const struct scan_directory *directory_a, const char *name_a,
		       const struct scan_directory *directory_b, const char *name_b);

/* Adds something to what was found, and to a list of it. NULL or -ENOMEM: no memory. */
struct scan_directory *scan_add_directory(struct scan_found *found, struct list *list,
					  const struct scan_directory *parent, const char *name);
struct scan_module *scan_add_module(struct list *list, const struct scan_directory *directory,
				    const char *name, bool is_linked);
struct scan_content *scan_add_content(struct scan_found *found);
int scan_add_finding(struct scan_found *found, int problem, const struct scan_directory *directory,
		     const char *name);

/* Empties from into to. 0 or -ENOMEM. */
int scan_found_move(struct scan_found *to, struct scan_found *from);
void scan_found_done(struct scan_found *found);

/* Reports all that was found, in the order of paths. 0, -ENOMEM or a fatal errno, as the next. */
int scan_report_findings(struct kmod_devname_scan *scan);
int scan_report_unreadable(struct kmod_devname_report *report, const struct location *location,
			   int error);

/*
 * Sorts the modules by name, the file that counts first. Of those that count, adds the ones that
 * declare device names, or have a finding, to a list. 0 or -ENOMEM.
 */
int scan_choose_modules(struct kmod_devname_scan *scan, struct list *chosen);

/* --- walk.c: one directory, one module ----------------------------------------------------- */

/* Lists the directory, and reads the modules in it that are not compressed. 0 or a negative errno.
 */
int scan_read_directory(struct scan_worker *worker, struct scan_directory *directory);

/* Takes the module and reads it. 0 or a negative errno. */
int scan_read_waiting(struct scan_worker *worker, struct scan_module *module);

/* Adds the aliases of the module that the reader has read. 0 or -ENOMEM. */
int scan_collect_aliases(const struct module_reader *reader, struct alias_list *aliases);

/* Opens a module of a directory that is not open any more, or has a link on the way. */
int scan_open_module(const struct kmod_devname_scan *scan, const struct scan_module *module);

/* Opens the file or directory NAME in a directory. */
int scan_open(const struct kmod_devname_scan *scan, const struct scan_directory *directory,
	      const char *name, int flags);

/* --- depmod-conf.c: the configuration of depmod; NULL is the default ----------------------- */

/* True if "exclude" names entries, files or directories, of this name. */
bool depmod_conf_excludes(const struct kmod_devname_config *config, const char *name);

/* The directory of an "external", in the order of paths; NULL behind the last one. */
const char *depmod_conf_external(const struct kmod_devname_config *config, size_t index);

/* Which of several files of one module counts; the smaller number is the more important one. */
struct copy_rank {
	size_t override;
	size_t search;
	size_t external;
};

/*
 * Finds the rank of a file. A path that begins with a slash is below an external directory, others
 * are below the module directory. 0 or -ENOMEM.
 */
int depmod_conf_rank(const struct kmod_devname_config *config, const char *directory,
		     const char *path, struct copy_rank *ret_rank);

/* Less than 0 if the first one counts, 0 if the configuration does not decide. */
int copy_rank_compare(const struct copy_rank *a, const struct copy_rank *b);

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

/* --- conclude.c: all has been read -------------------------------------------------------- */

/* Which modules count, in which order, and into the table with them. 0 or a negative errno. */
int scan_conclude(struct kmod_devname_scan *scan);

/*
 * Adds to the table the nodes that the old list has of modules that could not be read, each where
 * it was in the old list, with a finding about the file. 0 or -ENOMEM.
 */
int scan_keep(struct kmod_devname_scan *scan, const struct kmod_devname_table *old,
	      const char *file);

/* Opens modules.order. 0 or a negative errno. */
int module_order_open(const struct kmod_devname_scan *scan, FILE **ret_stream);

/*
 * Finds the positions of modules in the text of modules.order. The modules are sorted by name, and
 * no two have the same. Notes in the scan whether the text lists modules, and whether one is there.
 * 0 or a negative errno.
 */
int module_order_read(struct kmod_devname_scan *scan, FILE *stream, const struct list *modules);

/* Sorts by position, and by the module's name where there is none or the same. */
void module_order_sort(struct list *modules);

/* --- skip.c: which modules need not be read ------------------------------------------------ */

/*
 * Reads the files in a directory. Returns 1; 0 if one cannot be used, with a finding, of that
 * severity if there is no file; or a fatal errno. Release it with skip_done(), whatever came of it.
 */
int skip_read(struct skip *skip, int dir_fd, struct kmod_devname_report *report,
	      enum kmod_devname_severity severity);
void skip_done(struct skip *skip);

/* A module of this name, in the spelling of a file or of modules.alias; or NULL. */
struct skip_module *skip_find_module(const struct skip *skip, const char *name);

/*
 * True if the file of a path need not be read, provided that it is the one that depmod has read;
 * false if modules.dep has another path or none.
 */
bool skip_spares_file(const struct skip *skip, const char *path);

/* True if the status of a file or directory shows that it is older than the index. */
bool skip_is_older(const struct skip *skip, const struct stat *st);

/*
 * Before the first step: depmod has just written its files into a directory. The scan reads the
 * modules of modules.dep that need it, and looks at no time and no directory.
 * But if modules.dep of all modules lacks one that modules.order or the old list has, depmod could
 * not read that, and the index is one of kmod_devname_scan_set_use_index(). Returns 1; 0 if the
 * files cannot be used, with a finding; or a negative errno.
 */
int scan_use_fresh_index(struct kmod_devname_scan *scan, int index_dir_fd, bool is_of_all,
			 const struct kmod_devname_table *list);

/*
 * Adds the modules of a fresh index to those that wait to be read. Those that are spared are only
 * counted: no other file can be one of the same name. 0 or -ENOMEM.
 */
int skip_add_modules(struct kmod_devname_scan *scan);

#endif
