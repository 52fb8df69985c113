// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The work of a scan: one module file. A plain file is read when it is found, a compressed one
 * waits. The names of one file, hard links and symbolic ones, share what was read. At the end: a
 * single module file, for kmod_devname_table_add_file().
 */

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
#include "base/root.h"
#include "node/alias.h"
#include "tree/scan.h"

/* It may have become a FIFO since it was listed, and must not block then. */
#define FILE_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)

/* Of all modules. What a module declares beyond is dropped, and read again when its turn comes. */
#define ALIASES_KEPT_MAX ((size_t)16 << 20)

/* The path below the root. NULL: no memory. */
static char *get_path_in_root(const struct kmod_devname_scan *scan,
			      const struct scan_directory *directory, const char *name)
{
	_cleanup_free_ char *path = scan_get_path(directory, name);
	char *full;

	if (!path || asprintf(&full, "%s%s%s", path[0] == '/' ? "" : scan->directory,
			      path[0] == '/' ? "" : "/", path) < 0)
		return NULL;
	return full;
}

int scan_open(const struct kmod_devname_scan *scan, const struct scan_directory *directory,
	      const char *name, int flags)
{
	_cleanup_free_ char *path = get_path_in_root(scan, directory, name);

	return path ? root_open_long(scan->root_fd, path, flags) : -ENOMEM;
}

int scan_open_file(const struct kmod_devname_scan *scan, const struct scan_directory *directory,
		   const char *name)
{
	_cleanup_free_ char *path = get_path_in_root(scan, directory, name);
	_cleanup_close_ int fd = path ? root_open_file(scan->root_fd, path, 0) : -ENOMEM;

	if (fd < 0)
		return fd;
	return scan_is_in_proc(fd) ? -ENODEV : steal_fd(&fd);
}

bool scan_is_in_proc(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC);
}

/* --- modules ------------------------------------------------------------------------------ */

/* Adds the aliases of the module that the reader has read. 0 or -ENOMEM. */
static int collect_aliases(const struct module_reader *reader, struct alias_list *aliases)
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

/* The change time does not count: a hard link that is made meanwhile changes it. */
static int compare_contents(const void *a, const void *b)
{
	const struct stat *x = &((const struct scan_content *)a)->status;
	const struct stat *y = &((const struct scan_content *)b)->status;

	if (x->st_dev != y->st_dev)
		return x->st_dev < y->st_dev ? -1 : 1;
	if (x->st_ino != y->st_ino)
		return x->st_ino < y->st_ino ? -1 : 1;
	if (x->st_size != y->st_size)
		return x->st_size < y->st_size ? -1 : 1;
	if (x->st_mtim.tv_sec != y->st_mtim.tv_sec)
		return x->st_mtim.tv_sec < y->st_mtim.tv_sec ? -1 : 1;
	return (x->st_mtim.tv_nsec > y->st_mtim.tv_nsec) -
	       (x->st_mtim.tv_nsec < y->st_mtim.tv_nsec);
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
	content = scan_add_content(&worker->found);
	if (!content)
		return -ENOMEM;
	content->status = *status;
	pthread_mutex_lock(&scan->lock);
	found = tsearch(content, &scan->files, compare_contents);
	pthread_mutex_unlock(&scan->lock);
	if (!found)
		return -ENOMEM;
	module->content = *found;
	if (*found == content)
		return 1;
	free(list_pop(&worker->found.contents));
	return 0;
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

/* Keeps what the module declares that the reader has read. 0 or -ENOMEM. */
static int keep_aliases(struct scan_worker *worker, struct scan_module *module)
{
	struct alias_list aliases = { 0 };
	int r = collect_aliases(worker->reader, &aliases);

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
	if (r != MODULE_OK)
		return keep_result(worker, module, r);
	worker->found.is_decodable = true;
	return keep_aliases(worker, module);
}

/*
 * True if there is no file, or none that could be a module, by what came of opening it and, if it
 * is open, of starting to read. A file that a lost disk or server had has other errors then.
 */
static bool is_no_file(int fd, int started)
{
	return is_missing(fd) || fd == -ENXIO || fd == -ENODEV || started == -EISDIR ||
	       started == -ESPIPE;
}

/* What was listed as a file may have gone since then, or may be something else now. */
static int add_no_file(struct scan_worker *worker, const struct scan_directory *directory,
		       const char *name, int error)
{
	return scan_add_finding(&worker->found,
				is_missing(error) ? SCAN_VANISHED : SCAN_NOT_REGULAR, 0, directory,
				name);
}

int scan_add_file(struct scan_worker *worker, const struct scan_directory *directory,
		  const char *name, bool is_linked, int fd)
{
	struct scan_found *found = &worker->found;
	int is_compressed = fd < 0 ? fd : module_reader_start(worker->reader, fd), r;
	struct scan_module *module;

	if (is_no_file(fd, is_compressed))
		return add_no_file(worker, directory, name, is_compressed);
	module = scan_add_module(&found->modules, directory, name, is_linked);
	if (!module)
		return -ENOMEM;
	if (is_compressed < 0)
		return keep_result(worker, module, is_compressed);
	r = share_content(worker, module);
	if (r <= 0)
		return r;
	if (is_compressed == 0)
		return read_module(worker, module, false);
	module->size = (uint64_t)module_reader_status(worker->reader)->st_size;
	r = list_push(&found->waiting, module);
	if (r == 0)
		(void)list_pop(&found->modules);
	return r;
}

/* Opens a module of a directory that is not open any more, or has a link on the way. */
static int open_waiting(const struct kmod_devname_scan *scan, const struct scan_module *module)
{
	if (module->is_linked)
		return scan_open_file(scan, module->directory, module->name);
	return scan_open(scan, module->directory, module->name, FILE_FLAGS);
}

int scan_read_waiting(struct scan_worker *worker, struct scan_module *module)
{
	_cleanup_close_ int fd = open_waiting(worker->scan, module);
	int is_compressed = fd < 0 ? fd : module_reader_start(worker->reader, fd), r;

	if (is_no_file(fd, is_compressed)) {
		r = add_no_file(worker, module->directory, module->name, is_compressed);
		/* other names of the file rely on its content */
		if (module->content)
			module->content->error = is_compressed;
		free(module);
		return r;
	}
	if (list_push(&worker->found.modules, module) < 0) {
		free(module);
		return -ENOMEM;
	}
	if (is_compressed < 0)
		return keep_result(worker, module, is_compressed);
	r = share_content(worker, module);
	return r > 0 ? read_module(worker, module, is_compressed > 0) : r;
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
	path = scan_get_path(directory->parent, directory->name);
	return path && skip_spares_file(skip, path, name) &&
	       fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       skip_is_older(skip, &st);
}

int scan_add_entry(struct scan_worker *worker, const struct scan_directory *directory, int dir_fd,
		   const char *name)
{
	_cleanup_close_ int fd = -1;

	if (is_spared(worker, directory, dir_fd, name)) {
		if (syntax_is_plain_module(name))
			worker->found.is_decodable = true;
		return scan_add_module(&worker->found.modules, directory, name, false) ? 0
										       : -ENOMEM;
	}
	fd = open_at(dir_fd, name, FILE_FLAGS, 0);
	if (fd < 0)
		fd = -errno;
	return scan_add_file(worker, directory, name, directory->is_linked, fd);
}

/* --- one module file ---------------------------------------------------------------------- */

static int read_aliases(struct module_reader *reader, int fd, struct alias_list *aliases)
{
	int r = fd < 0 ? fd : module_reader_start(reader, fd);

	if (r >= 0)
		r = module_reader_read(reader);
	return r == MODULE_OK ? collect_aliases(reader, aliases) : r;
}

int scan_read_again(const struct kmod_devname_scan *scan, const struct scan_module *module,
		    struct alias_list *aliases)
{
	struct module_reader *reader = module_reader_new(scan->size_max, NULL);
	_cleanup_close_ int fd = open_waiting(scan, module);
	int r = reader ? read_aliases(reader, fd, aliases) : -ENOMEM;

	module_reader_free(reader);
	return r;
}

int kmod_devname_table_add_file(struct kmod_devname_table *table,
				struct kmod_devname_report *report, int fd, const char *file)
{
	const struct location location = { file, 0 };
	struct module_reader *reader = module_reader_new(SCAN_SIZE_MAX, NULL);
	const char *base = syntax_base_name(file);
	_cleanup_free_ char *name = strndup(base, strcspn(base, "."));
	struct alias_list aliases = { 0 };
	int r = reader && name ? read_aliases(reader, fd < 0 ? -EBADF : fd, &aliases) : -ENOMEM;

	if (r == 0)
		r = table_add_aliases(table, report, name, file, &aliases);
	else if (r > 0)
		r = report_add(report, module_error_code((enum module_error)r), KMOD_DEVNAME_ERROR,
			       &location, "%s", module_error_message((enum module_error)r));
	else if (r != -ENOMEM)
		r = report_system(report, r, &location);
	alias_list_done(&aliases);
	module_reader_free(reader);
	return r;
}
