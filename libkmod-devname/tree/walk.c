// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The work of a scan: one directory. Files in it are opened relative to it; whatever has a symbolic
 * link on the way, by a path that is resolved inside the root.
 *
 * An entry that cannot be opened or read is a finding, whatever the reason. An error is returned if
 * the process lacks memory or descriptors, or if it concerns the module directory itself.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/root.h"
#include "tree/depmod-conf.h"
#include "tree/scan.h"

#define DIRECTORY_FLAGS (O_RDONLY | O_DIRECTORY)

/*
 * Opening a path takes time by its length, comparing two by their depth. Neither depmod nor
 * modprobe opens a path of PATH_MAX bytes.
 */
#define PATH_SIZE_MAX ((size_t)64 << 10)
#define DIRECTORY_DEPTH_MAX 2000

/* --- directories -------------------------------------------------------------------------- */

/* Keeps that a directory, or an entry that may be one, cannot be read. 0 or a negative errno. */
static int add_unreadable(struct scan_worker *worker, enum scan_problem problem, int error,
			  const struct scan_directory *directory, const char *name)
{
	if (is_fatal(error))
		return error;
	worker->found.is_incomplete = true;
	return scan_add_finding(&worker->found, problem, error, directory, name);
}

static int add_directory(struct scan_worker *worker, struct list *list,
			 const struct scan_directory *parent, const char *name, bool is_linked)
{
	struct scan_directory *directory;

	if (parent->depth + 1 > DIRECTORY_DEPTH_MAX ||
	    parent->path_size + 1 + strlen(name) > PATH_SIZE_MAX)
		return add_unreadable(worker, SCAN_UNREADABLE, -ENAMETOOLONG, parent, name);
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
	_cleanup_close_ int fd = scan_open(scan, directory, name, O_PATH), file_fd = -1;
	bool is_module = syntax_is_module_file(name);
	struct stat st, root;
	int r = fd;

	if (fd >= 0)
		r = fstat(fd, &st) < 0 ? -errno : 0;
	/* weak-updates has such links after the kernel of the module was removed */
	if (is_missing(r))
		return scan_add_finding(&worker->found, SCAN_LINK_LEADS_NOWHERE, 0, directory,
					name);
	if (r < 0 && is_module)
		return scan_add_file(worker, directory, name, true, r);
	if (r < 0) /* it may lead to modules */
		return add_unreadable(worker, SCAN_LINK_LEADS_NOWHERE, r, directory, name);
	if (!S_ISDIR(st.st_mode) && !is_module)
		return 0;
	if (scan_is_in_proc(fd))
		return scan_add_finding(&worker->found, SCAN_LINK_INTO_PROC, 0, directory, name);
	if (S_ISDIR(st.st_mode)) {
		/* a link to the root leads to no modules but, by way of everything, to these */
		if (fstat(scan->root_fd, &root) == 0 && root.st_dev == st.st_dev &&
		    root.st_ino == st.st_ino)
			return 0;
		return add_directory(worker, &worker->found.links, directory, name, true);
	}
	file_fd = scan_open_file(scan, directory, name);
	return scan_add_file(worker, directory, name, true, file_fd);
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
			return scan_add_finding(&worker->found, SCAN_VANISHED, 0, directory, name);
		if (r < 0)
			return add_unreadable(worker, SCAN_UNREADABLE, r, directory, name);
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
		return scan_add_entry(worker, directory, dir_fd, name);
	return scan_add_finding(&worker->found, SCAN_NOT_REGULAR, 0, directory, name);
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
	_cleanup_close_ int fd =
		scan_open(scan, directory->parent, directory->name,
			  DIRECTORY_FLAGS | (directory->is_linked || is_top ? 0 : O_NOFOLLOW));
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	/* the link may be another one since it was looked at */
	if (directory->is_linked && scan_is_in_proc(fd))
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
		return add_unreadable(worker, SCAN_UNREADABLE, r, directory->parent,
				      directory->name);
	/* an external directory need not be there */
	if (!directory->parent)
		return 0;
	return scan_add_finding(&worker->found, SCAN_VANISHED, 0, directory->parent,
				directory->name);
}
