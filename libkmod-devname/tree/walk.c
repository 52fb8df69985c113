// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The work of a scan: one module file, or one directory. Files are opened relative to their
 * directory; a path with a symbolic link is resolved inside the root.
 *
 * A plain module is read when it is found, a compressed one waits. The names of one file, hard
 * links and symbolic ones, share what was read. An entry that cannot be opened or read is a
 * finding, for any errno. An error is returned if the process lacks memory or descriptors,
 * or if it concerns the module directory itself.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "node/table.h"
#include "tree/scan.h"

/*
 * Opening a path takes time by its length, comparing two by their depth. Neither depmod nor
 * modprobe opens a path of PATH_MAX bytes.
 */
#define PATH_SIZE_MAX ((size_t)64 << 10)
#define DIRECTORY_DEPTH_MAX 2000

/* It may have become a FIFO since it was listed, and must not block then. */
#define FILE_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)

/* Of all modules. What a module declares beyond is dropped, and read again when its turn comes. */
#define ALIASES_KEPT_MAX ((size_t)16 << 20)

/* --- opening ------------------------------------------------------------------------------ */

/* The path below the root. NULL: no memory. */
static char *get_path_in_root(const struct kmod_devname_scan *scan,
			      const struct scan_directory *directory, const char *name)
{
	_cleanup_free_ char *path = scan_get_path(directory, name);

	if (!path)
		return NULL;
	return path[0] == '/' ? strdup(path) : format_text("%s/%s", scan->directory, path);
}

int scan_open(const struct kmod_devname_scan *scan, const struct scan_directory *directory,
	      const char *name, int flags)
{
	_cleanup_free_ char *path = get_path_in_root(scan, directory, name);

	return path ? root_open_long(scan->root_fd, path, flags) : -ENOMEM;
}

/* No link may lead to proc or sysfs, whose files have an effect when they are read. */
static bool fd_is_in_proc(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC);
}

int scan_open_module(const struct kmod_devname_scan *scan, const struct scan_module *module)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;

	if (!module->is_linked)
		return scan_open(scan, module->directory, module->name, FILE_FLAGS);
	path = get_path_in_root(scan, module->directory, module->name);
	fd = path ? root_open_file(scan->root_fd, path, 0) : -ENOMEM;
	if (fd < 0)
		return fd;
	return fd_is_in_proc(fd) ? -ENODEV : steal_fd(&fd);
}

/* --- modules ------------------------------------------------------------------------------ */

int scan_collect_aliases(const struct module_reader *reader, struct alias_list *aliases)
{
	size_t position = 0;
	const char *alias;

	while ((alias = module_reader_next_alias(reader, &position))) {
		int r = alias_list_add(aliases, alias);

		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * In any order that is one. The change time does not count: a hard link that is made meanwhile
 * changes it.
 */
static int compare_contents(const void *a, const void *b)
{
	const struct stat *x = &((const struct scan_content *)a)->status;
	const struct stat *y = &((const struct scan_content *)b)->status;

	const uint64_t values_x[] = { x->st_dev, x->st_ino, (uint64_t)x->st_size,
				      (uint64_t)x->st_mtim.tv_sec, (uint64_t)x->st_mtim.tv_nsec };
	const uint64_t values_y[] = { y->st_dev, y->st_ino, (uint64_t)y->st_size,
				      (uint64_t)y->st_mtim.tv_sec, (uint64_t)y->st_mtim.tv_nsec };

	return memcmp(values_x, values_y, sizeof(values_x));
}

/*
 * The names of one file, hard links or symbolic ones, share a content. Returns 1 if the module is
 * the first of them and has to be read, 0 if another one is, or -ENOMEM.
 */
static int share_content(struct scan_worker *worker, struct scan_module *module)
{
	struct kmod_devname_scan *scan = worker->scan;
	const struct stat *status = module_reader_status(worker->reader);
	struct scan_content *content, **found;

	if (module->content || (!module->is_linked && status->st_nlink < 2))
		return 1;
	/* The scan owns it, for others find it there even if this worker fails. */
	pthread_mutex_lock(&scan->lock);
	content = scan_add_content(&scan->found);
	if (content) {
		content->status = *status;
		found = tsearch(content, &scan->files, compare_contents);
		if (found)
			module->content = *found;
		if (module->content != content)
			free(list_pop(&scan->found.contents));
	}
	pthread_mutex_unlock(&scan->lock);
	if (!module->content)
		return -ENOMEM;
	return module->content == content ? 1 : 0;
}

/* Keeps what came of reading a module, unless it is an error of the process, which is returned. */
static int keep_result(struct scan_worker *worker, struct scan_module *module, int error)
{
	if (is_fatal(error))
		return error;
	if (!module->content)
		module->content = scan_add_content(&worker->found);
	if (!module->content)
		return -ENOMEM;
	module->content->error = error;
	return 0;
}

/* Takes the room for aliases if there is enough. */
static bool take_room(struct kmod_devname_scan *scan, const struct alias_list *aliases)
{
	size_t size = aliases->capacity * sizeof(*aliases->items);
	bool fits;

	for (size_t i = 0; i < aliases->size; i++)
		if (aliases->items[i].text)
			size += strlen(aliases->items[i].text) + 1;
	pthread_mutex_lock(&scan->lock);
	fits = size <= ALIASES_KEPT_MAX - scan->aliases_size;
	if (fits)
		scan->aliases_size += size;
	pthread_mutex_unlock(&scan->lock);
	return fits;
}

/* Keeps the declarations of the module in the reader. 0 or -ENOMEM. */
static int keep_aliases(struct scan_worker *worker, struct scan_module *module)
{
	struct alias_list aliases = { 0 };
	int r = scan_collect_aliases(worker->reader, &aliases);

	if (r == 0 && aliases.has_name)
		r = keep_result(worker, module,
				aliases.too_many ? MODULE_TOO_MANY_ALIASES : MODULE_OK);
	if (r == 0 && aliases.has_name && !aliases.too_many) {
		if (take_room(worker->scan, &aliases)) {
			module->content->aliases = aliases;
			return 0;
		}
		module->content->is_dropped = true;
	}
	alias_list_done(&aliases);
	return r;
}

/* Reads the module that the reader has started with. 0 or a negative errno. */
static int read_module(struct scan_worker *worker, struct scan_module *module, bool is_compressed)
{
	const struct scan_content now = { .status = *module_reader_status(worker->reader) };
	int r;

	/* it would be larger still when decompressed */
	if (is_compressed && (uint64_t)now.status.st_size > worker->scan->size_max)
		r = MODULE_TOO_LARGE;
	else if (module->content && compare_contents(module->content, &now) != 0)
		r = MODULE_CHANGED; /* other names of the file rely on its content */
	else
		r = module_reader_read(worker->reader);
	if (r == MODULE_OK) {
		worker->found.is_decodable = true;
		r = keep_aliases(worker, module);
	} else {
		r = keep_result(worker, module, r);
	}
	module_reader_end(worker->reader);
	return r;
}

/*
 * True if there is no file, or none that could be a module, by what came of opening it and, if it
 * is open, of starting to read. A file that a lost disk or server had has other errors then.
 */
static bool is_no_file(const struct kmod_devname_scan *scan, const struct scan_module *module,
		       int fd, int started)
{
	_cleanup_close_ int path_fd = -1;
	struct stat st;

	if (fd != -ENXIO && fd != -ENODEV)
		return is_missing(fd) || started == -EISDIR || started == -ESPIPE;
	/* a file system may have the error of a device for a regular file */
	path_fd = scan_open(scan, module->directory, module->name,
			    O_PATH | (module->is_linked ? 0 : O_NOFOLLOW));
	return path_fd < 0 || fstat(path_fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	       fd_is_in_proc(path_fd);
}

/*
 * Reads the file of the module that was added last, or lets it wait if it is compressed and may; fd
 * may be a negative errno. What was listed as a file may have gone since then, or may be something
 * else now.
 */
static int read_module_file(struct scan_worker *worker, int fd, bool may_wait)
{
	struct scan_found *found = &worker->found;
	struct scan_module *module = found->modules.items[found->modules.size - 1];
	int is_compressed = fd < 0 ? fd : module_reader_start(worker->reader, fd), r;

	if (is_no_file(worker->scan, module, fd, is_compressed)) {
		r = scan_add_finding(found,
				     is_missing(is_compressed) ? SCAN_VANISHED : SCAN_NOT_REGULAR,
				     module->directory, module->name);
		/* other names of the file rely on its content */
		if (module->content)
			module->content->error = is_compressed;
		free(list_pop(&found->modules));
		return r;
	}
	if (is_compressed < 0)
		return keep_result(worker, module, is_compressed);
	r = share_content(worker, module);
	if (r <= 0)
		return r;
	if (is_compressed == 0 || !may_wait)
		return read_module(worker, module, is_compressed > 0);
	module->size = (uint64_t)module_reader_status(worker->reader)->st_size;
	r = list_push(&found->waiting, module);
	if (r == 0)
		(void)list_pop(&found->modules);
	return r;
}

/* Adds the module and reads it, or lets it wait. A directory that is not open is -1. */
static int add_module_file(struct scan_worker *worker, const struct scan_directory *directory,
			   int dir_fd, const char *name, bool is_linked)
{
	const struct scan_module *module =
		scan_add_module(&worker->found.modules, directory, name, is_linked);
	_cleanup_close_ int fd = -1;

	if (!module)
		return -ENOMEM;
	if (dir_fd < 0)
		fd = scan_open_module(worker->scan, module);
	else if ((fd = open_at(dir_fd, name, FILE_FLAGS, 0)) < 0)
		fd = -errno;
	return read_module_file(worker, fd, true);
}

int scan_read_waiting(struct scan_worker *worker, struct scan_module *module)
{
	_cleanup_close_ int fd = scan_open_module(worker->scan, module);

	if (list_push(&worker->found.modules, module) < 0) {
		free(module);
		return -ENOMEM;
	}
	return read_module_file(worker, fd, false);
}

/*
 * True if a file in the directory need not be read. Its status shows that it is the one that depmod
 * has read, and those of the directories on the way that no other one was renamed into its place.
 */
static bool is_spared(const struct scan_worker *worker, const struct scan_directory *directory,
		      int dir_fd, const char *name)
{
	const struct skip *skip = &worker->scan->skip;
	_cleanup_free_ char *path = NULL;
	struct stat st;

	if (!directory->is_older)
		return false;
	path = scan_get_path(directory, name);
	return path && skip_spares_file(skip, path) &&
	       fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       skip_is_older(skip, &st);
}

static int add_module_entry(struct scan_worker *worker, const struct scan_directory *directory,
			    int dir_fd, const char *name)
{
	if (!is_spared(worker, directory, dir_fd, name))
		return add_module_file(worker, directory, dir_fd, name, directory->is_linked);
	if (syntax_is_plain_module(name))
		worker->found.is_decodable = true;
	return scan_add_module(&worker->found.modules, directory, name, false) ? 0 : -ENOMEM;
}

/* --- directories -------------------------------------------------------------------------- */

/* Keeps that a directory, or an entry that may be one, cannot be read. 0 or a negative errno. */
static int add_unreadable(struct scan_worker *worker, int error,
			  const struct scan_directory *directory, const char *name)
{
	if (is_fatal(error))
		return error;
	worker->found.is_incomplete = true;
	return scan_add_finding(&worker->found, error, directory, name);
}

static int add_directory(struct scan_worker *worker, struct list *list,
			 const struct scan_directory *parent, const char *name, bool is_linked)
{
	struct scan_directory *directory;

	if (parent->depth + 1 > DIRECTORY_DEPTH_MAX ||
	    parent->path_size + 1 + strlen(name) > PATH_SIZE_MAX)
		return add_unreadable(worker, -ENAMETOOLONG, parent, name);
	directory = scan_add_directory(&worker->found, list, parent, name);
	if (!directory)
		return -ENOMEM;
	directory->is_linked = is_linked;
	directory->is_older = parent->is_older && !is_linked;
	return 0;
}

static int add_link(struct scan_worker *worker, const struct scan_directory *directory,
		    const char *name)
{
	struct kmod_devname_scan *scan = worker->scan;
	_cleanup_close_ int fd = scan_open(scan, directory, name, O_PATH);
	bool is_module = syntax_is_module_file(name);
	struct stat st, root;
	int r = fd;

	if (fd >= 0)
		r = fstat(fd, &st) < 0 ? -errno : 0;
	/* weak-updates has such links after the kernel of the module was removed */
	if (is_missing(r))
		return scan_add_finding(&worker->found, SCAN_LINK_LEADS_NOWHERE, directory, name);
	if (r < 0 && is_module)
		return add_module_file(worker, directory, -1, name, true);
	if (r < 0) /* it may lead to modules */
		return add_unreadable(worker, r, directory, name);
	if (!S_ISDIR(st.st_mode) && !is_module)
		return 0;
	if (fd_is_in_proc(fd))
		return scan_add_finding(&worker->found, SCAN_LINK_INTO_PROC, directory, name);
	if (!S_ISDIR(st.st_mode))
		return add_module_file(worker, directory, -1, name, true);
	/* a link to the root leads to no modules but, by way of everything, to these */
	if (fstat(scan->root_fd, &root) == 0 && root.st_dev == st.st_dev &&
	    root.st_ino == st.st_ino)
		return 0;
	return add_directory(worker, &worker->found.links, directory, name, true);
}

/* "build" and "source" lead to the kernel's sources, "." and ".." to nothing new. */
static bool is_passed_over(const struct kmod_devname_scan *scan, const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "build") == 0 ||
	       strcmp(name, "source") == 0 || depmod_conf_excludes(scan->config, name);
}

static int add_entry(struct scan_worker *worker, const struct scan_directory *directory, int dir_fd,
		     const struct dirent *entry)
{
	const char *name = entry->d_name;
	unsigned int type = entry->d_type;
	struct stat st;

	if (is_passed_over(worker->scan, name))
		return 0;
	if (type == DT_UNKNOWN) { /* the file system does not say */
		int r = fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;

		if (is_missing(r))
			return scan_add_finding(&worker->found, SCAN_VANISHED, directory, name);
		if (r < 0)
			return add_unreadable(worker, r, directory, name);
		type = IFTODT(st.st_mode);
	}
	if (type == DT_DIR)
		return add_directory(worker, &worker->found.directories, directory, name,
				     directory->is_linked);
	if (type == DT_LNK)
		return add_link(worker, directory, name);
	if (!syntax_is_module_file(name))
		return 0;
	if (type == DT_REG)
		return add_module_entry(worker, directory, dir_fd, name);
	return scan_add_finding(&worker->found, SCAN_NOT_REGULAR, directory, name);
}

/* Returns 0, the error of reading the directory, or one of the process. */
static int list_directory(struct scan_worker *worker, const struct scan_directory *directory,
			  int fd)
{
	const struct dirent *entry;
	DIR *dir = fdopendir(fd);
	int r = 0;

	if (!dir) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	/* for readdir(3) a directory that is removed meanwhile has come to its end */
	while (r == 0 && (errno = 0, entry = readdir(dir)))
		r = add_entry(worker, directory, fd, entry);
	if (r == 0)
		r = -errno;
	(void)closedir(dir);
	return r;
}

/* Opens the directory. Returns -EALREADY if it is one that need not be read. */
static int open_tree_directory(struct scan_worker *worker, struct scan_directory *directory)
{
	struct kmod_devname_scan *scan = worker->scan;
	bool is_top = directory->name[0] == '\0';
	bool may_follow = directory->is_linked || is_top;
	_cleanup_close_ int fd = scan_open(scan, directory->parent, directory->name,
					   O_RDONLY | O_DIRECTORY | (may_follow ? 0 : O_NOFOLLOW));
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	/* the link may be another one since it was looked at */
	if (directory->is_linked && fd_is_in_proc(fd))
		return -ENODEV;
	/* depmod's files come to be in the module directory, which changes its times */
	if (!is_top && directory->is_older)
		directory->is_older = skip_is_older(&scan->skip, &st);
	pthread_mutex_lock(&scan->lock);
	r = visited_add(&scan->visited, &st);
	pthread_mutex_unlock(&scan->lock);
	/* A bind mount may show a directory a second time; only links can make a loop. */
	if (r == 0 && directory->is_linked)
		return -EALREADY;
	return r < 0 ? r : steal_fd(&fd);
}

int scan_read_directory(struct scan_worker *worker, struct scan_directory *directory)
{
	int fd = open_tree_directory(worker, directory);
	int r = fd < 0 ? fd : list_directory(worker, directory, fd);

	if (r == 0 || r == -EALREADY)
		return 0;
	if (directory->name[0] == '\0') /* the module directory itself */
		return r;
	if (!is_missing(r))
		return add_unreadable(worker, r, directory->parent, directory->name);
	/* an external directory need not be there */
	if (!directory->parent)
		return 0;
	return scan_add_finding(&worker->found, SCAN_VANISHED, directory->parent, directory->name);
}
