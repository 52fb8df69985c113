// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a thread of a scan does with one directory or one module file. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/root.h"
#include "tree/depmod-conf.h"
#include "tree/scan.h"

/* For a file: it may have become a FIFO since it was listed, and must not block then. */
#define FILE_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define DIRECTORY_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

struct visit {
	dev_t device;
	ino_t inode;
};

void visited_free(void *visited)
{
	tdestroy(visited, free);
}

struct worker *worker_new(struct kmod_devname_scan *scan)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	worker->scan = scan;
	worker->reader = module_reader_new(scan->size_max);
	if (!worker->reader) {
		free(worker);
		return NULL;
	}
	return worker;
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	module_reader_free(worker->reader);
	directory_listing_done(&worker->listing);
	harvest_done(&worker->harvest);
	free(worker->names);
	free(worker->path);
	free(worker);
}

/* Appends to a path, which is at its end p, and returns its end. */
static char *append(char *p, bool slash, const char *name)
{
	if (slash && *name != '\0')
		*p++ = '/';
	return stpcpy(p, name);
}

/* Sets the worker's path, below the root, to DIRECTORY/NAME below the module directory. */
static int set_path(struct worker *worker, const char *directory, const char *name)
{
	bool external = directory[0] == '/';
	const char *top = external ? "" : worker->scan->directory;
	size_t size = strlen(top) + 1 + strlen(directory) + 1 + strlen(name) + 1;
	char *p = array_grow(worker->path, &worker->path_capacity, 1, size);

	if (!p)
		return -ENOMEM;
	worker->path = p;
	p = append(p, false, top);
	p = append(p, !external, directory);
	(void)append(p, true, name);
	return 0;
}

static int open_path(struct worker *worker, const char *directory, const char *name, int flags)
{
	int r = set_path(worker, directory, name);

	return r < 0 ? r : root_open_long(worker->scan->root_fd, worker->path, flags);
}

static int remark(struct worker *worker, enum kmod_devname_code code, const char *directory,
		  const char *name)
{
	return harvest_add_remark(&worker->harvest, code, directory, name);
}

/* Errors of open(2) which say that a name leads to nothing, or to nothing any more. */
static bool is_gone(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ELOOP;
}

static int read_module(struct worker *worker, struct outcome **ret_outcome)
{
	int r = module_reader_read(worker->reader);

	return r < 0 ? r : outcome_of_module(worker->reader, (enum module_error)r, ret_outcome);
}

/* Notes that the directory at hand has a module. 0 or -ENOMEM. */
static int note_name(struct worker *worker, const char *name)
{
	uint32_t *names = array_grow(worker->names, &worker->names_capacity, sizeof(*names),
				     worker->n_names + 1);

	if (!names)
		return -ENOMEM;
	worker->names = names;
	names[worker->n_names++] = module_tree_hash_name(name);
	return 0;
}

/* The same, and keeps the module if there is an outcome, which is taken over. */
static int note_module(struct worker *worker, const struct directory *directory, const char *name,
		       bool linked, struct outcome *outcome)
{
	int r = note_name(worker, name);
	struct module *module;

	if (r == 0 && !outcome && !linked)
		return 0;
	module =
		r == 0 ? harvest_add_module(&worker->harvest.modules, directory->path, name, linked)
		       : NULL;
	if (!module) {
		outcome_free(outcome);
		return -ENOMEM;
	}
	module->outcome = outcome;
	return 0;
}

static int read_plain(struct worker *worker, const struct directory *directory, const char *name,
		      bool linked)
{
	struct outcome *outcome;
	int r = read_module(worker, &outcome);

	return r < 0 ? r : note_module(worker, directory, name, linked, outcome);
}

/* What is compressed waits for its turn. */
static int queue_compressed(struct worker *worker, const struct directory *directory,
			    const char *name, bool linked)
{
	uint64_t size = module_reader_size(worker->reader);
	struct outcome *outcome;
	struct module *module;
	int r = 0;

	if (size > worker->scan->size_max) {
		r = outcome_of_module(worker->reader, MODULE_TOO_LARGE, &outcome);
		return r < 0 ? r : note_module(worker, directory, name, linked, outcome);
	}
	module = harvest_add_module(&worker->harvest.compressed, directory->path, name, linked);
	if (!module)
		return -ENOMEM;
	module->size = size;
	return note_name(worker, name);
}

static int read_file(struct worker *worker, const struct directory *directory, const char *name,
		     bool linked, int fd)
{
	int r = module_reader_start(worker->reader, fd);

	if (r > 0)
		r = queue_compressed(worker, directory, name, linked);
	else if (r == 0)
		r = read_plain(worker, directory, name, linked);
	if (r < 0)
		(void)set_path(worker, directory->path, name);
	return r;
}

static int read_compressed(struct worker *worker, struct module *module, int fd)
{
	int r = module_reader_start(worker->reader, fd);

	return r < 0 ? r : read_module(worker, &module->outcome);
}

int worker_read_compressed(struct worker *worker, struct module *module)
{
	_cleanup_close_ int fd = -1;
	int r;

	fd = open_path(worker, module->path, "", FILE_FLAGS | (module->linked ? 0 : O_NOFOLLOW));
	if (is_gone(fd)) {
		r = remark(worker, KMOD_DEVNAME_VANISHED, "", module->path);
		module_free(module);
		return r;
	}
	r = fd < 0 ? fd : read_compressed(worker, module, fd);
	if (r == 0 && (module->outcome || module->linked)) {
		r = list_push(&worker->harvest.modules, module);
		if (r == 0)
			return 0;
	}
	module_free(module);
	return r;
}

/* 1 if the index speaks for the file, which need not be read then; 0; or -ENOMEM. */
static int ask_index(struct worker *worker, const struct directory *directory, int dir_fd,
		     const char *name)
{
	const struct trust *trust = worker->scan->trust;
	const struct alias_list *aliases;
	struct outcome *outcome;
	struct stat st;
	int r;

	if (!trust || !directory->settled || directory->linked ||
	    fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	r = set_path(worker, directory->path, name);
	if (r < 0)
		return r;
	if (!trust_covers(trust, worker->path + strlen(worker->scan->directory) + 1, &st, &aliases))
		return 0;
	r = outcome_of_index(aliases, &outcome);
	if (r == 0)
		r = note_module(worker, directory, name, false, outcome);
	return r < 0 ? r : 1;
}

static int add_file(struct worker *worker, const struct directory *directory, int dir_fd,
		    const char *name)
{
	_cleanup_close_ int fd = -1;
	int r = ask_index(worker, directory, dir_fd, name);

	if (r != 0)
		return r < 0 ? r : 0;
	fd = open_at(dir_fd, name, FILE_FLAGS | O_NOFOLLOW, 0);
	if (fd >= 0)
		return read_file(worker, directory, name, directory->linked, fd);
	if (is_gone(-errno))
		return remark(worker, KMOD_DEVNAME_VANISHED, directory->path, name);
	r = -errno;
	(void)set_path(worker, directory->path, name);
	return r;
}

static int add_directory(struct list *list, const struct directory *parent, const char *name,
			 bool linked)
{
	struct directory *directory = harvest_add_directory(list, parent->path, name);

	if (!directory)
		return -ENOMEM;
	directory->linked = linked;
	directory->settled = parent->settled;
	return 0;
}

static int add_linked_file(struct worker *worker, const struct directory *directory,
			   const char *name)
{
	_cleanup_close_ int fd = open_path(worker, directory->path, name, FILE_FLAGS);

	if (is_gone(fd))
		return remark(worker, KMOD_DEVNAME_VANISHED, directory->path, name);
	if (fd < 0)
		return fd;
	return read_file(worker, directory, name, true, fd);
}

/* A link to the root directory leads to no modules but, by way of everything, to these. */
static bool is_root(const struct kmod_devname_scan *scan, const struct stat *st)
{
	struct stat root;

	return fstat(scan->root_fd, &root) == 0 && root.st_dev == st->st_dev &&
	       root.st_ino == st->st_ino;
}

static int add_link(struct worker *worker, const struct directory *directory, const char *name)
{
	_cleanup_close_ int fd = open_path(worker, directory->path, name, O_PATH);
	struct stat st;

	/* what is behind a link that is not named like a module need not concern us */
	if (is_gone(fd) || (fd == -EACCES && !module_tree_is_module(name)))
		return remark(worker, KMOD_DEVNAME_DANGLING_LINK, directory->path, name);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode) && is_root(worker->scan, &st))
		return 0;
	if (S_ISDIR(st.st_mode))
		return add_directory(&worker->harvest.links, directory, name, true);
	if (!module_tree_is_module(name))
		return 0;
	if (S_ISREG(st.st_mode))
		return add_linked_file(worker, directory, name);
	return remark(worker, KMOD_DEVNAME_NOT_REGULAR, directory->path, name);
}

static int add_entry(struct worker *worker, const struct directory *directory, int dir_fd,
		     const struct directory_entry *entry)
{
	int type;

	if (module_tree_is_skipped(entry->name) ||
	    depmod_config_excludes(worker->scan->config, entry->name))
		return 0;
	type = directory_entry_type(dir_fd, entry);
	if (is_gone(type))
		return remark(worker, KMOD_DEVNAME_VANISHED, directory->path, entry->name);
	if (type < 0) {
		(void)set_path(worker, directory->path, "");
		return type;
	}
	if (type == DT_DIR)
		return add_directory(&worker->harvest.directories, directory, entry->name,
				     directory->linked);
	if (type == DT_LNK)
		return add_link(worker, directory, entry->name);
	if (!module_tree_is_module(entry->name))
		return 0;
	if (type == DT_REG)
		return add_file(worker, directory, dir_fd, entry->name);
	return remark(worker, KMOD_DEVNAME_NOT_REGULAR, directory->path, entry->name);
}

static int compare_visits(const void *a, const void *b)
{
	const struct visit *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return (x->inode > y->inode) - (x->inode < y->inode);
}

/* Returns 1 the first time that a directory is seen, then 0, or -ENOMEM. */
static int visit(struct kmod_devname_scan *scan, const struct stat *st)
{
	struct visit *visit = malloc(sizeof(*visit)), **found;

	if (!visit)
		return -ENOMEM;
	*visit = (struct visit){ st->st_dev, st->st_ino };
	pthread_mutex_lock(&scan->lock);
	found = tsearch(visit, &scan->visited, compare_visits);
	pthread_mutex_unlock(&scan->lock);
	if (found && *found == visit)
		return 1;
	free(visit);
	return found ? 0 : -ENOMEM;
}

static int list_directory(struct worker *worker, const struct directory *directory, int dir_fd)
{
	struct directory_entry entry;
	int r = directory_listing_start(&worker->listing);

	while (r == 0) {
		r = directory_listing_next(&worker->listing, dir_fd, &entry);
		if (r < 0)
			(void)set_path(worker, directory->path, "");
		if (r <= 0)
			return r;
		r = add_entry(worker, directory, dir_fd, &entry);
	}
	return r;
}

/*
 * Renaming a directory leaves the times of the files in it alone; so the directories on the way
 * must be as old as they. The module directory itself is where depmod's files come to be. What
 * is mounted below it came at a time that nothing tells.
 */
static void settle(struct kmod_devname_scan *scan, struct directory *directory, bool top,
		   const struct stat *st)
{
	if (top) {
		scan->device = st->st_dev;
		directory->settled = scan->trust != NULL;
	} else if (directory->settled) {
		directory->settled = directory->path[0] != '/' && st->st_dev == scan->device &&
				     trust_is_settled(scan->trust, st);
	}
}

int worker_open_directory(struct worker *worker, const struct directory *directory)
{
	bool follow = directory->linked || directory->path[0] == '\0';

	return open_path(worker, directory->path, "", DIRECTORY_FLAGS | (follow ? 0 : O_NOFOLLOW));
}

/* Leaves the names that were noted with the directory. 0 or -ENOMEM. */
static int keep_names(const struct worker *worker, struct directory *directory)
{
	size_t n = worker->n_names;

	if (n == 0)
		return 0;
	directory->names = calloc(n, sizeof(*directory->names));
	if (!directory->names)
		return -ENOMEM;
	memcpy(directory->names, worker->names, n * sizeof(*directory->names));
	directory->n_names = n;
	return 0;
}

int worker_read_directory(struct worker *worker, struct directory *directory)
{
	_cleanup_close_ int fd = worker_open_directory(worker, directory);
	bool top = directory->path[0] == '\0';
	struct stat st;
	int r;

	if (!top && is_gone(fd))
		return remark(worker, KMOD_DEVNAME_VANISHED, "", directory->path);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	settle(worker->scan, directory, top, &st);
	r = visit(worker->scan, &st);
	/* A bind mount may show a directory a second time; only links can make a loop. */
	if (r < 0 || (r == 0 && directory->linked))
		return r;
	worker->n_names = 0;
	r = list_directory(worker, directory, fd);
	return r < 0 ? r : keep_names(worker, directory);
}
