// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A device directory: the walk to the directory of a node, and the status of its file. Other
 * processes may rename and replace files there at any time: each step works on a descriptor, or on
 * one name in an open directory, so that nothing is made, changed or removed anywhere else.
 */

#include "dev/devdir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"

#define DIRECTORY_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW)

bool dev_file_is_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
}

/* The type and number of a device node. */
static struct device_number dev_file_number(const struct stat *st)
{
	return (struct device_number){ st->st_mode & S_IFMT, major(st->st_rdev),
				       minor(st->st_rdev) };
}

bool dev_file_is_node(const struct stat *st, const struct device_number *number)
{
	const struct device_number found = dev_file_number(st);

	return syntax_same_number(&found, number);
}

/* Removes the temporary files of runs that were killed in this directory, once for each. */
static int tidy_directory(struct devdir *dev, int dir_fd)
{
	struct stat st;
	int r;

	if (fstat(dir_fd, &st) < 0)
		return -errno;
	r = visited_add(&dev->tidied, &st);
	if (r > 0)
		dev_remove_leftovers(dir_fd);
	return r < 0 ? r : 0;
}

static int open_directory(int dir_fd, const char *name)
{
	int fd = open_at(dir_fd, name, DIRECTORY_FLAGS, 0);

	return fd < 0 ? -errno : fd;
}

/*
 * Opens one component at a time. O_NOFOLLOW and O_DIRECTORY refuse symbolic and "magic" links, so
 * this is openat2(2) with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS, on every
 * kernel.
 */
int devdir_walk(struct devdir *dev, const char *path, bool make, int *ret_fd, const char **ret_rest)
{
	_cleanup_close_ int dir_fd = open_at(dev->fd, ".", O_PATH | O_DIRECTORY, 0);
	const char *rest = path, *slash;
	int fd, r;

	if (dir_fd < 0)
		return -errno;
	for (;; rest = slash + 1) {
		char name[NAME_MAX + 1] = "";

		r = make ? tidy_directory(dev, dir_fd) : 0;
		if (r < 0)
			return r;
		slash = strchr(rest, '/');
		if (!slash)
			break;
		memcpy(name, rest, (size_t)(slash - rest));
		fd = open_directory(dir_fd, name);
		if (fd == -ENOENT && make)
			fd = dev_make_directory(dir_fd, name, path, (size_t)(slash - path),
						&dev->labels);
		if (fd == -EEXIST)
			fd = open_directory(dir_fd, name);
		/* with make, ENOENT means that another process has removed the directory again */
		if (fd == -ENOTDIR || fd == -ELOOP || (fd == -ENOENT && !make))
			break;
		if (fd < 0)
			return fd;
		close_fd(&dir_fd);
		dir_fd = fd;
	}
	*ret_fd = steal_fd(&dir_fd);
	*ret_rest = rest;
	return 0;
}

bool devdir_is_fatal(int dev_fd, int error)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (is_fatal(error))
		return true;
	fd = open_at(dev_fd, ".", O_PATH | O_DIRECTORY, 0);
	return fd < 0 || fstat(fd, &st) < 0 || st.st_nlink == 0;
}

int devdir_look(int dir_fd, const char *rest, const struct device_number *number,
		struct stat *ret_st)
{
	_cleanup_close_ int fd = -1;
	char name[NAME_MAX + 1] = "";

	memcpy(name, rest, strcspn(rest, "/"));
	fd = open_at(dir_fd, name, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0 || fstat(fd, ret_st) < 0)
		return errno == ENOENT ? DEV_ABSENT : -errno;
	if (strchr(rest, '/') || !dev_file_is_device(ret_st))
		return DEV_OBSTRUCTED;
	return dev_file_is_node(ret_st, number) ? DEV_PRESENT : DEV_WRONG;
}

void devdir_done(struct devdir *dev)
{
	labels_done(&dev->labels);
	visited_done(dev->tidied);
	visited_done(dev->nodev);
}

const char *devdir_describe_kind(const struct stat *st)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		return "a regular file";
	case S_IFDIR:
		return "a directory";
	case S_IFLNK:
		return "a symbolic link";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	default:
		return "a device node";
	}
}

int devdir_report_obstructed(const struct devdir *dev, struct kmod_devname_report *report,
			     const struct dev_node *node, const char *rest, const char *kind)
{
	_cleanup_free_ char *path =
		strndup(node->path, (size_t)(rest - node->path) + strcspn(rest, "/"));
	const struct location location = { path, 0 };
	char number[SYNTAX_NUMBER_SIZE];

	if (!path)
		return -ENOMEM;
	return report_add(
		report, KMOD_DEVNAME_CODE_OBSTRUCTED, KMOD_DEVNAME_SEVERITY_ERROR, &location,
		"%s in the place of node '%s' (%s); remove it, and run kmod-devname create%s", kind,
		node->path, syntax_format_number(&node->number, number), dev->where);
}

int devdir_report_wrong(const struct devdir *dev, struct kmod_devname_report *report,
			const struct dev_node *node, const struct stat *st)
{
	const struct location location = { node->path, 0 };
	const struct device_number number = dev_file_number(st);
	char is[SYNTAX_NUMBER_SIZE], wanted[SYNTAX_NUMBER_SIZE];

	return report_add(report, KMOD_DEVNAME_CODE_WRONG_NODE, KMOD_DEVNAME_SEVERITY_ERROR,
			  &location,
			  "device node %s instead of %s; run kmod-devname create --replace%s",
			  syntax_format_number(&number, is),
			  syntax_format_number(&node->number, wanted), dev->where);
}

int devdir_check_nodev(struct devdir *dev, int dir_fd, const char *path,
		       struct kmod_devname_report *report)
{
	const struct location location = { path, 0 };
	struct stat st, file_system = { 0 };
	struct statvfs fs;
	int r;

	/* nodev is an option of the mount: another one of the same file system may lack it */
	if (fstatvfs(dir_fd, &fs) < 0)
		return -errno;
	if (!(fs.f_flag & ST_NODEV))
		return 0;
	if (fstat(dir_fd, &st) < 0)
		return -errno;
	file_system.st_dev = st.st_dev;
	r = visited_add(&dev->nodev, &file_system);
	if (r <= 0)
		return r;
	return report_add(report, KMOD_DEVNAME_CODE_NODEV, KMOD_DEVNAME_SEVERITY_WARNING, &location,
			  "file system mounted nodev, in which no node can be opened");
}
