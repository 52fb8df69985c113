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

#include "alias.h"
#include "cleanup.h"
#include "depmod-config.h"
#include "root.h"
#include "scan.h"

/* The table refuses longer ones: no need to remember them whole. */
#define ALIAS_SIZE_KEPT (KMOD_DEVNAME_NAME_MAX + 32)

/* For a file: it may have become a FIFO since it was listed, and must not block then. */
#define FILE_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define DIRECTORY_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

struct visit {
	dev_t device;
	ino_t inode;
};

void harvest_done(struct harvest *harvest)
{
	for (size_t i = 0; i < harvest->modules.size; i++)
		free(((struct module *)harvest->modules.items[i])->outcome);
	list_done(&harvest->compressed, NULL);
	list_done(&harvest->modules, free);
	list_done(&harvest->directories, free);
	list_done(&harvest->links, free);
	list_done(&harvest->remarks, free);
}

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
	module_file_init(&worker->file, scan->size_max);
	return worker;
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	module_file_done(&worker->file);
	modinfo_done(&worker->modinfo);
	directory_listing_done(&worker->listing);
	harvest_done(&worker->harvest);
	free(worker->path);
	free(worker);
}

/* Memory for an object of a size and, at an offset in it, the path DIRECTORY/NAME. */
static void *new_with_path(size_t size, size_t offset, const char *directory, const char *name)
{
	size_t directory_size = strlen(directory), name_size = strlen(name) + 1;
	char *object = calloc(1, size + directory_size + 1 + name_size);
	char *path = object + offset;

	if (!object)
		return NULL;
	if (directory_size > 0) {
		memcpy(path, directory, directory_size);
		path += directory_size;
		*path++ = '/';
	}
	memcpy(path, name, name_size);
	return object;
}

#define NEW_WITH_PATH(type, directory, name) \
	new_with_path(sizeof(type), offsetof(type, path), directory, name)

/* Sets the worker's path, below the root, from one below the module directory. */
static int set_path(struct worker *worker, const char *path)
{
	const char *directory = path[0] == '/' ? "" : worker->scan->directory;
	size_t directory_size = strlen(directory), path_size = strlen(path) + 1;
	char *p =
		array_grow(worker->path, &worker->path_capacity, 1, directory_size + 1 + path_size);

	if (!p)
		return -ENOMEM;
	worker->path = p;
	memcpy(p, directory, directory_size);
	p += directory_size;
	if (path_size > 1 && directory_size > 0)
		*p++ = '/';
	memcpy(p, path, path_size);
	return 0;
}

static int open_path(struct worker *worker, const char *path, int flags)
{
	int r = set_path(worker, path);

	return r < 0 ? r : root_open_long(worker->scan->root_fd, worker->path, flags);
}

static int remark(struct worker *worker, enum kmod_devname_code code, const char *directory,
		  const char *name)
{
	struct remark *remark = NEW_WITH_PATH(struct remark, directory, name);
	int r;

	if (!remark)
		return -ENOMEM;
	remark->code = code;
	r = list_push(&worker->harvest.remarks, remark);
	if (r < 0)
		free(remark);
	return r;
}

/* Errors of open(2) which say that a name leads to nothing, or to nothing any more. */
static bool is_gone(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ELOOP;
}

static bool is_useful(const char *alias, enum alias_kind *ret_kind)
{
	struct alias parsed;

	*ret_kind = alias_parse(alias, &parsed);
	return *ret_kind != ALIAS_OTHER;
}

/* How many aliases of the module are of use, how large, and whether a name is among them. */
static size_t measure_aliases(const struct modinfo *modinfo, size_t *ret_size, bool *ret_name)
{
	size_t position = 0, n = 0;
	enum alias_kind kind;
	const char *alias;

	*ret_size = 0;
	*ret_name = false;
	while ((alias = modinfo_next_alias(modinfo, &position))) {
		if (!is_useful(alias, &kind))
			continue;
		if (kind == ALIAS_NAME)
			*ret_name = true;
		if (n++ < ALIASES_MAX)
			*ret_size += strnlen(alias, ALIAS_SIZE_KEPT) + 1;
	}
	return n;
}

static void copy_aliases(const struct modinfo *modinfo, size_t n, char *to)
{
	size_t position = 0;
	enum alias_kind kind;

	while (n > 0) {
		const char *alias = modinfo_next_alias(modinfo, &position);
		size_t size;

		if (!is_useful(alias, &kind))
			continue;
		size = strnlen(alias, ALIAS_SIZE_KEPT);
		memcpy(to, alias, size);
		to[size] = '\0';
		to += size + 1;
		n--;
	}
}

static int keep_outcome(struct worker *worker, struct module *module, enum fault fault)
{
	size_t size = 0, n = 0;
	bool has_name = false;

	if (fault == FAULT_NONE) {
		n = measure_aliases(&worker->modinfo, &size, &has_name);
		if (!has_name)
			return 0;
		if (n > ALIASES_MAX) {
			fault = FAULT_TOO_MANY_ALIASES;
			n = size = 0;
		}
	}
	module->outcome = malloc(sizeof(*module->outcome) + size);
	if (!module->outcome)
		return -ENOMEM;
	module->outcome->fault = fault;
	module->outcome->n_aliases = n;
	copy_aliases(&worker->modinfo, n, module->outcome->aliases);
	return 0;
}

static int read_image(struct worker *worker, struct module *module, const struct image *image)
{
	int r = modinfo_read(&worker->modinfo, image);

	return r < 0 ? r : keep_outcome(worker, module, (enum fault)r);
}

/* Reads a plain module; one that is compressed waits for its turn. */
static int read_plain(struct worker *worker, struct module *module, int fd)
{
	struct image image;
	struct stat st;
	int r = image_from_file(fd, &image);

	if (r < 0)
		return r;
	if (!module_file_is_compressed(&image))
		return read_image(worker, module, &image);
	if (fstat(fd, &st) < 0)
		return -errno;
	module->size = (uint64_t)st.st_size;
	if (module->size > worker->scan->size_max)
		return keep_outcome(worker, module, FAULT_SIZE);
	return list_push(&worker->harvest.compressed, module);
}

int worker_read_compressed(struct worker *worker, struct module *module)
{
	_cleanup_close_ int fd = -1;
	struct image image;
	int r;

	fd = open_path(worker, module->path, FILE_FLAGS | (module->linked ? 0 : O_NOFOLLOW));
	if (is_gone(fd)) {
		module->gone = true;
		return remark(worker, KMOD_DEVNAME_VANISHED, "", module->path);
	}
	r = fd < 0 ? fd : image_from_file(fd, &image);
	if (r < 0)
		return r;
	if (module_file_is_compressed(&image))
		r = module_file_decompress(&worker->file, &image, &image);
	if (r != 0)
		return r < 0 ? r : keep_outcome(worker, module, (enum fault)r);
	return read_image(worker, module, &image);
}

/* The worker's harvest owns it. NULL: no memory. */
static struct module *new_module(struct worker *worker, const struct directory *directory,
				 const char *name, bool linked)
{
	struct module *module = NEW_WITH_PATH(struct module, directory->path, name);

	if (!module)
		return NULL;
	module->linked = linked;
	module->name = module->path + strlen(module->path) - strlen(name);
	if (list_push(&worker->harvest.modules, module) == 0)
		return module;
	free(module);
	return NULL;
}

/* Does the index speak for the file, so that it need not be read? */
static bool is_covered(const struct worker *worker, const struct directory *directory,
		       const struct module *module, int dir_fd, const char *name)
{
	const struct trust *trust = worker->scan->trust;
	struct stat st;

	return trust && directory->settled && !module->linked &&
	       fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       trust_covers(trust, module->path, &st);
}

static int read_new_module(struct worker *worker, struct module *module, int fd)
{
	int r = read_plain(worker, module, fd);

	if (r < 0)
		(void)set_path(worker, module->path);
	return r;
}

static int add_file(struct worker *worker, const struct directory *directory, int dir_fd,
		    const char *name)
{
	struct module *module = new_module(worker, directory, name, directory->linked);
	_cleanup_close_ int fd = -1;

	if (!module)
		return -ENOMEM;
	module->covered = is_covered(worker, directory, module, dir_fd, name);
	if (module->covered)
		return 0;
	fd = openat(dir_fd, name, FILE_FLAGS | O_NOFOLLOW);
	if (fd >= 0)
		return read_new_module(worker, module, fd);
	if (!is_gone(-errno)) {
		int r = -errno;

		(void)set_path(worker, module->path);
		return r;
	}
	free(list_pop(&worker->harvest.modules));
	return remark(worker, KMOD_DEVNAME_VANISHED, directory->path, name);
}

static int add_directory(struct list *list, const struct directory *parent, const char *name,
			 bool linked)
{
	struct directory *directory = NEW_WITH_PATH(struct directory, parent->path, name);
	int r;

	if (!directory)
		return -ENOMEM;
	directory->linked = linked;
	directory->settled = parent->settled;
	r = list_push(list, directory);
	if (r < 0)
		free(directory);
	return r;
}

static int add_linked_file(struct worker *worker, const struct directory *directory,
			   const char *name, const char *path)
{
	_cleanup_close_ int fd = open_path(worker, path, FILE_FLAGS);
	struct module *module;

	if (is_gone(fd))
		return remark(worker, KMOD_DEVNAME_VANISHED, directory->path, name);
	if (fd < 0)
		return fd;
	module = new_module(worker, directory, name, true);
	return module ? read_new_module(worker, module, fd) : -ENOMEM;
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
	_cleanup_free_ char *path = new_with_path(0, 0, directory->path, name);
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (!path)
		return -ENOMEM;
	fd = open_path(worker, path, O_PATH);
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
		return add_linked_file(worker, directory, name, path);
	return remark(worker, KMOD_DEVNAME_NOT_REGULAR, directory->path, name);
}

/* Returns DT_..., or a negative errno. */
static int type_of(int dir_fd, const struct directory_entry *entry)
{
	struct stat st;

	if (entry->type != DT_UNKNOWN)
		return entry->type;
	if (fstatat(dir_fd, entry->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return IFTODT(st.st_mode);
}

static int add_entry(struct worker *worker, const struct directory *directory, int dir_fd,
		     const struct directory_entry *entry)
{
	int type;

	if (module_tree_is_skipped(entry->name) ||
	    depmod_config_excludes(worker->scan->config, entry->name))
		return 0;
	type = type_of(dir_fd, entry);
	if (is_gone(type))
		return remark(worker, KMOD_DEVNAME_VANISHED, directory->path, entry->name);
	if (type < 0) {
		(void)set_path(worker, directory->path);
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
			(void)set_path(worker, directory->path);
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

int worker_read_directory(struct worker *worker, struct directory *directory)
{
	_cleanup_close_ int fd = -1;
	bool top = directory->path[0] == '\0';
	struct stat st;
	int r;

	fd = open_path(worker, directory->path,
		       DIRECTORY_FLAGS | (directory->linked || top ? 0 : O_NOFOLLOW));
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
	return list_directory(worker, directory, fd);
}
