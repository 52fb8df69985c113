// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The work of a scan: one directory, or one module file. Files in a directory are opened relative
 * to it; whatever has a symbolic link on the way, by a path that is resolved inside the root. At
 * the end: a single module file, for kmod_devname_table_add_file().
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/root.h"
#include "tree/depmod-conf.h"
#include "tree/module-tree.h"
#include "tree/scan.h"

/* For a file: it may have become a FIFO since it was listed, and must not block then. */
#define FILE_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define DIRECTORY_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

int scan_open(const struct kmod_devname_scan *scan, const char *path, int flags)
{
	if (path[0] == '/')
		return root_open_long(scan->root_fd, path, flags);
	return root_open_below(scan->root_fd, scan->directory, path, flags);
}

/* Makes DIRECTORY/NAME the file that an error is about. */
static int worker_set_path(struct scan_worker *worker, const char *directory, const char *name)
{
	bool is_absolute = directory[0] == '/';

	free(worker->path);
	if (asprintf(&worker->path, "%s%s%s%s%s", is_absolute ? "" : worker->scan->directory,
		     is_absolute || directory[0] == '\0' ? "" : "/", directory,
		     name[0] == '\0' ? "" : "/", name) >= 0)
		return 0;
	worker->path = NULL;
	return -ENOMEM;
}

static int worker_open(struct scan_worker *worker, const char *directory, const char *name,
		       int flags)
{
	int r = worker_set_path(worker, directory, name);

	return r < 0 ? r : root_open_long(worker->scan->root_fd, worker->path, flags);
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

/* Reads the module that the reader has started with; keeps what it declares, or its error. */
static int read_module(struct scan_worker *worker, struct scan_module *module, bool is_compressed)
{
	struct alias_list aliases = { 0 };
	int r;

	/* it would be larger still when decompressed */
	if (is_compressed && module_reader_size(worker->reader) > worker->scan->size_max) {
		module->error = MODULE_TOO_LARGE;
		return 0;
	}
	r = module_reader_read(worker->reader);
	if (r < 0)
		return r;
	module->error = (enum module_error)r;
	if (module->error != MODULE_OK)
		return 0;
	r = collect_aliases(worker->reader, &aliases);
	if (r == 0 && aliases.has_name && aliases.too_many) {
		module->error = MODULE_TOO_MANY_ALIASES;
	} else if (r == 0 && aliases.has_name) {
		module->aliases = malloc(sizeof(*module->aliases));
		if (module->aliases) {
			*module->aliases = aliases;
			return 0;
		}
		r = -ENOMEM;
	}
	alias_list_done(&aliases);
	return r;
}

/*
 * What was listed as a module file may have gone since then, or may be something else now; that is
 * a finding. Any other error is returned.
 */
static int add_unreadable(struct scan_worker *worker, const struct scan_directory *directory,
			  const char *name, int error)
{
	enum kmod_devname_code code = KMOD_DEVNAME_NOT_REGULAR;

	if (is_missing(error)) {
		code = KMOD_DEVNAME_VANISHED;
	} else if (error != -EISDIR && error != -ESPIPE && error != -ENXIO) {
		(void)worker_set_path(worker, directory->path, name);
		return error;
	}
	return scan_add_finding(&worker->found, code, directory->path, name);
}

/* Reads a file, or lets it wait if it is compressed. It is open, or fd is a negative errno. */
static int add_open_file(struct scan_worker *worker, struct scan_directory *directory,
			 const char *name, bool is_linked, int fd)
{
	struct scan_found *found = &worker->found;
	int r = fd < 0 ? fd : module_reader_start(worker->reader, fd);
	struct scan_module *module;

	if (r < 0)
		return add_unreadable(worker, directory, name, r);
	module = scan_add_module(r > 0 ? &found->waiting : &found->modules, directory, name,
				 is_linked);
	if (!module)
		return -ENOMEM;
	module->size = module_reader_size(worker->reader);
	if (r > 0)
		return 0;
	r = read_module(worker, module, false);
	if (r < 0)
		(void)worker_set_path(worker, directory->path, name);
	return r;
}

/* Returns 1 if the module has been read, 0 if that is a finding, or a negative errno. */
static int read_waiting(struct scan_worker *worker, struct scan_module *module)
{
	_cleanup_close_ int fd = worker_open(worker, module->directory->path, module->name,
					     FILE_FLAGS | (module->is_linked ? 0 : O_NOFOLLOW));
	int r = fd < 0 ? fd : module_reader_start(worker->reader, fd);

	if (r < 0)
		return add_unreadable(worker, module->directory, module->name, r);
	r = read_module(worker, module, r > 0);
	return r < 0 ? r : 1;
}

int scan_read_waiting(struct scan_worker *worker, struct scan_module *module)
{
	int r = read_waiting(worker, module);

	if (r > 0) {
		r = list_push(&worker->found.modules, module);
		if (r == 0)
			return 0;
	}
	scan_module_free(module);
	return r;
}

/*
 * True if a file in the directory need not be read. Its status shows that it is the one that depmod
 * has read, and those of the directories on the way that no other one was renamed into its place.
 */
static bool is_spared(const struct scan_worker *worker, const struct scan_directory *directory,
		      int dir_fd, const char *name)
{
	const struct skip *skip = &worker->scan->skip;
	struct stat st;

	return directory->is_older && skip_spares_file(skip, directory->path, name) &&
	       fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       skip_is_older(skip, &st);
}

static int add_file(struct scan_worker *worker, struct scan_directory *directory, int dir_fd,
		    const char *name)
{
	_cleanup_close_ int fd = -1;

	if (is_spared(worker, directory, dir_fd, name))
		return scan_add_module(&worker->found.modules, directory, name, false) ? 0
										       : -ENOMEM;
	fd = open_at(dir_fd, name, FILE_FLAGS | O_NOFOLLOW, 0);
	if (fd < 0)
		fd = -errno;
	return add_open_file(worker, directory, name, directory->is_linked, fd);
}

/* --- directories -------------------------------------------------------------------------- */

static int add_directory(struct list *list, const struct scan_directory *parent, const char *name,
			 bool is_linked)
{
	struct scan_directory *directory = scan_add_directory(list, parent->path, name);

	if (!directory)
		return -ENOMEM;
	directory->is_linked = is_linked;
	directory->is_older = parent->is_older && !is_linked;
	return 0;
}

/* A link to the root directory leads to no modules but, by way of everything, to these. */
static bool is_root(const struct kmod_devname_scan *scan, const struct stat *st)
{
	struct stat root;

	return fstat(scan->root_fd, &root) == 0 && root.st_dev == st->st_dev &&
	       root.st_ino == st->st_ino;
}

static int add_link(struct scan_worker *worker, struct scan_directory *directory, const char *name)
{
	_cleanup_close_ int fd = worker_open(worker, directory->path, name, O_PATH), file_fd = -1;
	struct stat st;

	/* without a module's name the link may lead to anything, also to what is private */
	if (is_missing(fd) || (fd == -EACCES && !module_tree_is_module(name)))
		return scan_add_finding(&worker->found, KMOD_DEVNAME_DANGLING_LINK, directory->path,
					name);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return is_root(worker->scan, &st)
			       ? 0
			       : add_directory(&worker->found.links, directory, name, true);
	if (!module_tree_is_module(name))
		return 0;
	if (S_ISREG(st.st_mode)) {
		file_fd = worker_open(worker, directory->path, name, FILE_FLAGS);
		return add_open_file(worker, directory, name, true, file_fd);
	}
	return scan_add_finding(&worker->found, KMOD_DEVNAME_NOT_REGULAR, directory->path, name);
}

/* "build" and "source" lead to the kernel's sources, "." and ".." to nothing new. */
static bool is_passed_over(const struct kmod_devname_scan *scan, const char *name)
{
	static const char *const names[] = { ".", "..", "build", "source" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return depmod_conf_excludes(scan->config, name);
}

static int add_entry(struct scan_worker *worker, struct scan_directory *directory, int dir_fd,
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
			return scan_add_finding(&worker->found, KMOD_DEVNAME_VANISHED,
						directory->path, name);
		if (r < 0) {
			(void)worker_set_path(worker, directory->path, "");
			return r;
		}
		type = IFTODT(st.st_mode);
	}
	if (type == DT_DIR)
		return add_directory(&worker->found.directories, directory, name,
				     directory->is_linked);
	if (type == DT_LNK)
		return add_link(worker, directory, name);
	if (!module_tree_is_module(name))
		return 0;
	if (type == DT_REG)
		return add_file(worker, directory, dir_fd, name);
	return scan_add_finding(&worker->found, KMOD_DEVNAME_NOT_REGULAR, directory->path, name);
}

static int list_directory(struct scan_worker *worker, struct scan_directory *directory, DIR *dir)
{
	const struct dirent *entry;
	int r;

	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			break;
		r = add_entry(worker, directory, dirfd(dir), entry);
		if (r < 0)
			return r;
	}
	/* for readdir(3) a directory that is removed meanwhile has come to its end */
	r = -errno;
	if (r < 0)
		(void)worker_set_path(worker, directory->path, "");
	return r;
}

static int read_directory(struct scan_worker *worker, struct scan_directory *directory)
{
	struct kmod_devname_scan *scan = worker->scan;
	bool is_top = directory->path[0] == '\0';
	int nofollow = directory->is_linked || is_top ? 0 : O_NOFOLLOW;
	_cleanup_close_ int fd =
		worker_open(worker, directory->path, "", DIRECTORY_FLAGS | nofollow);
	struct stat st;
	DIR *dir;
	int r;

	if (!is_top && is_missing(fd))
		return scan_add_finding(&worker->found, KMOD_DEVNAME_VANISHED, "", directory->path);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	/* depmod's files come to be in the module directory, which changes its times */
	if (!is_top && directory->is_older)
		directory->is_older = skip_is_older(&scan->skip, &st);
	pthread_mutex_lock(&scan->lock);
	r = visited_add(&scan->visited, &st);
	pthread_mutex_unlock(&scan->lock);
	/* A bind mount may show a directory a second time; only links can make a loop. */
	if (r < 0 || (r == 0 && directory->is_linked))
		return r;
	dir = fdopendir(fd);
	if (!dir)
		return -errno;
	(void)steal_fd(&fd);
	r = list_directory(worker, directory, dir);
	(void)closedir(dir);
	return r;
}

int scan_read_directory(struct scan_worker *worker, struct scan_directory *directory)
{
	int r = read_directory(worker, directory);

	if (r == 0 && directory->n_modules > 0) {
		r = list_push(&worker->found.read_directories, directory);
		if (r == 0)
			return 0;
	}
	free(directory);
	return r;
}

/* --- a single module file -> table -------------------------------------------------------- */

static int read_single_file(struct module_reader *reader, int fd, struct alias_list *aliases)
{
	int r = module_reader_start(reader, fd);

	if (r >= 0)
		r = module_reader_read(reader);
	return r == MODULE_OK ? collect_aliases(reader, aliases) : r;
}

int kmod_devname_table_add_file(struct kmod_devname_table *table,
				struct kmod_devname_report *report, int fd, const char *file)
{
	const struct location location = { file, 0 };
	struct module_reader *reader = module_reader_new(SCAN_SIZE_MAX);
	_cleanup_free_ char *name = module_tree_module_name(file);
	struct alias_list aliases = { 0 };
	int r = reader && name ? read_single_file(reader, fd, &aliases) : -ENOMEM;

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
