// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One node below a device directory. Other processes may rename and replace files there at any
 * time: each step works on a descriptor, or on one name in an open directory, so that nothing is
 * made, changed or removed anywhere else.
 */

#include "dev/devdir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/temporary.h"

#ifndef SYS_fchmodat2
#if defined(__alpha__) || defined(__mips__) /* other numbers there: ENOSYS, as on older kernels */
#define SYS_fchmodat2 (-1)
#else
#define SYS_fchmodat2 452
#endif
#endif

#define DIRECTORY_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define PARENT_MODE 0755
#define TEMPORARY_PREFIX ".kmod-devname"

/*
 * Sets the mode of a descriptor on kernels before 6.6. In a file system other than proc the name
 * could be a link to anywhere.
 */
static int set_mode_by_proc(int fd, mode_t mode)
{
	_cleanup_close_ int proc_fd =
		open_at(AT_FDCWD, "/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	struct statfs fs;
	char name[16];

	if (proc_fd < 0 || fstatfs(proc_fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return -ENOSYS;
	(void)snprintf(name, sizeof(name), "%d", fd);
	return fchmodat(proc_fd, name, mode, 0) < 0 ? -errno : 0;
}

/* For unknown system calls, seccomp filters older than 2020 return EPERM instead of ENOSYS. */
static int set_mode(int fd, mode_t mode)
{
	int error, r;

	if (syscall(SYS_fchmodat2, fd, "", mode, AT_EMPTY_PATH) == 0)
		return 0;
	error = -errno;
	if (error != -ENOSYS && error != -EPERM)
		return error;
	r = set_mode_by_proc(fd, mode);
	return r == -ENOSYS ? error : r;
}

static int open_parent(int dir_fd, const char *name)
{
	int fd = open_at(dir_fd, name, DIRECTORY_FLAGS, 0);

	return fd < 0 ? -errno : fd;
}

/*
 * Sets the permissions that the umask has removed from a new directory. A directory with other
 * permissions or another owner is not ours: another process has replaced it.
 */
static int restore_parent_mode(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_mode & 0777) == PARENT_MODE || (st.st_mode & 0777 & ~(mode_t)PARENT_MODE) != 0 ||
	    st.st_uid != geteuid())
		return 0;
	return set_mode(fd, (st.st_mode & 07000) | PARENT_MODE);
}

/* The first size bytes of path are for the label. Returns a descriptor or a negative errno. */
static int make_parent(int dir_fd, const char *name, const char *path, size_t size,
		       struct labels *labels)
{
	_cleanup_close_ int fd = -1;
	bool is_ours = false;
	int r = label_next(labels, path, size, S_IFDIR | PARENT_MODE);

	if (r == 0) {
		is_ours = mkdirat(dir_fd, name, PARENT_MODE) == 0;
		r = is_ours || errno == EEXIST ? 0 : -errno;
	}
	label_none(labels);
	if (r < 0)
		return r;
	fd = open_parent(dir_fd, name);
	if (fd < 0)
		return fd;
	r = is_ours ? restore_parent_mode(fd) : 0;
	return r < 0 ? r : steal_fd(&fd);
}

/*
 * Opens one component at a time. O_NOFOLLOW and O_DIRECTORY refuse symbolic and "magic" links, so
 * this is openat2(2) with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS, on every
 * kernel.
 */
int devdir_walk(int dev_fd, const char *path, bool make, struct labels *labels, int *ret_fd,
		const char **ret_rest)
{
	_cleanup_close_ int dir_fd = open_at(dev_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	const char *rest = path, *slash;
	int fd;

	if (dir_fd < 0)
		return -errno;
	for (; (slash = strchr(rest, '/')); rest = slash + 1) {
		char name[NAME_MAX + 1] = "";

		memcpy(name, rest, (size_t)(slash - rest));
		fd = open_parent(dir_fd, name);
		if (fd == -ENOENT && make)
			fd = make_parent(dir_fd, name, path, (size_t)(slash - path), labels);
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

	if (error == -ENOMEM || error == -EMFILE || error == -ENFILE)
		return true;
	fd = open_at(dev_fd, ".", O_PATH | O_DIRECTORY, 0);
	return fd < 0 || fstat(fd, &st) < 0 || st.st_nlink == 0;
}

int devdir_look(int dir_fd, const char *rest, struct stat *ret_st)
{
	_cleanup_close_ int fd = -1;
	char name[NAME_MAX + 1] = "";

	memcpy(name, rest, strcspn(rest, "/"));
	fd = open_at(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	return fd < 0 || fstat(fd, ret_st) < 0 ? -errno : 0;
}

bool devdir_is_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
}

static struct device_number number_of_file(const struct stat *st)
{
	return (struct device_number){ st->st_mode & S_IFMT, major(st->st_rdev),
				       minor(st->st_rdev) };
}

bool devdir_is_node(const struct stat *st, const struct devdir_node *node)
{
	const struct device_number number = number_of_file(st);

	return syntax_same_number(&number, &node->number);
}

/* By name: without a descriptor left, the caller still has to know what it removes. */
static bool is_device_name(int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && devdir_is_device(&st);
}

static int make_temporary_node(int dir_fd, char name[static TEMPORARY_SIZE],
			       const struct devdir_node *node)
{
	const dev_t number = makedev(node->number.major, node->number.minor);

	for (unsigned int i = 0; i < TEMPORARY_TRIES; i++) {
		temporary_name(name, TEMPORARY_PREFIX, i);
		if (mknodat(dir_fd, name, node->number.type | node->mode, number) == 0)
			return 0;
		if (errno != EEXIST)
			return -errno;
	}
	return -EAGAIN;
}

/*
 * Sets owner and mode. A file with another name too, or with another number, is not the node that
 * was just made: another process has put it there.
 */
static int finish_node(int dir_fd, const char *name, const struct devdir_node *node)
{
	_cleanup_close_ int fd = open_at(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!devdir_is_node(&st, node) || st.st_nlink != 1)
		return -EAGAIN;
	if ((st.st_uid != node->uid || st.st_gid != node->gid) &&
	    fchownat(fd, "", node->uid, node->gid, AT_EMPTY_PATH) < 0)
		return -errno;
	return (st.st_mode & 07777) == node->mode ? 0 : set_mode(fd, node->mode);
}

static int remove_name(int dir_fd, const char *name)
{
	return unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* Older C libraries have no function for renameat2(2). */
static int rename_with_flags(int dir_fd, const char *from, const char *to, unsigned int flags)
{
	return (int)syscall(SYS_renameat2, dir_fd, from, dir_fd, to, flags);
}

/* Some file systems support no flag of renameat2(2). */
static bool lacks_flag(int error)
{
	return error == EINVAL || error == ENOSYS;
}

static int rename_to_free_name(int dir_fd, const char *temporary, const char *name)
{
	if (rename_with_flags(dir_fd, temporary, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (!lacks_flag(errno) || linkat(dir_fd, temporary, dir_fd, name, 0) < 0)
		return -errno;
	return remove_name(dir_fd, temporary);
}

/*
 * Exchanges the names instead of overwriting one: a file that another process has put there since
 * devdir_look() survives, and gets its name back.
 */
static int exchange_with_device(int dir_fd, const char *temporary, const char *name)
{
	if (rename_with_flags(dir_fd, temporary, name, RENAME_EXCHANGE) < 0)
		return lacks_flag(errno) ? -EOPNOTSUPP : -errno;
	if (is_device_name(dir_fd, temporary))
		return remove_name(dir_fd, temporary);
	(void)rename_with_flags(dir_fd, temporary, name, RENAME_EXCHANGE);
	return -EEXIST;
}

int devdir_make(int dir_fd, const char *name, const struct devdir_node *node, bool replace,
		struct labels *labels)
{
	char temporary[TEMPORARY_SIZE];
	int r = label_next(labels, node->path, strlen(node->path), node->number.type | node->mode);

	if (r == 0)
		r = make_temporary_node(dir_fd, temporary, node);
	label_none(labels);
	if (r < 0)
		return r;
	r = finish_node(dir_fd, temporary, node);
	if (r == 0)
		r = replace ? exchange_with_device(dir_fd, temporary, name)
			    : rename_to_free_name(dir_fd, temporary, name);
	/* a file that another process has put there meanwhile stays */
	if (r < 0 && is_device_name(dir_fd, temporary))
		(void)remove_name(dir_fd, temporary);
	return r;
}

/* A process with the PID may still be at work, unless kill(2) finds none. */
static void remove_leftover_node(int dir_fd, const char *name, pid_t pid)
{
	if (is_device_name(dir_fd, name) && pid > 0 && kill(pid, 0) < 0 && errno == ESRCH)
		(void)unlinkat(dir_fd, name, 0);
}

void devdir_tidy(int dir_fd)
{
	temporary_remove(dir_fd, TEMPORARY_PREFIX, remove_leftover_node);
}

int devdir_report_obstructed(struct kmod_devname_report *report, const struct devdir_node *node,
			     const char *rest, const char *kind)
{
	_cleanup_free_ char *path =
		strndup(node->path, (size_t)(rest - node->path) + strcspn(rest, "/"));
	const struct location location = { path, 0 };
	char number[SYNTAX_NUMBER_SIZE];

	if (!path)
		return -ENOMEM;
	syntax_format_number(&node->number, number);
	if (!kind)
		return report_add(report, KMOD_DEVNAME_OBSTRUCTED, KMOD_DEVNAME_ERROR, &location,
				  "is in the way of '%s' (%s): remove it, and run kmod-devname "
				  "create",
				  node->path, number);
	return report_add(report, KMOD_DEVNAME_OBSTRUCTED, KMOD_DEVNAME_ERROR, &location,
			  "is %s: the node '%s' (%s) cannot be made", kind, node->path, number);
}

int devdir_report_wrong(struct kmod_devname_report *report, const struct devdir_node *node,
			const struct stat *st, const char *hint)
{
	const struct location location = { node->path, 0 };
	const struct device_number number = number_of_file(st);
	char is[SYNTAX_NUMBER_SIZE], wanted[SYNTAX_NUMBER_SIZE];

	return report_add(report, KMOD_DEVNAME_WRONG_NODE, KMOD_DEVNAME_ERROR, &location,
			  "is %s instead of %s%s", syntax_format_number(&number, is),
			  syntax_format_number(&node->number, wanted), hint);
}

int devdir_check_nodev(int dir_fd, const char *path, struct kmod_devname_report *report,
		       void **file_systems)
{
	const struct location location = { path, 0 };
	struct stat st, file_system = { 0 };
	struct statvfs fs;
	int r;

	if (fstat(dir_fd, &st) < 0)
		return -errno;
	/* keyed by the device alone, for nodev holds for all directories of a file system */
	file_system.st_dev = st.st_dev;
	r = visited_add(file_systems, &file_system);
	if (r <= 0)
		return r;
	if (fstatvfs(dir_fd, &fs) < 0)
		return -errno;
	if (!(fs.f_flag & ST_NODEV))
		return 0;
	return report_add(report, KMOD_DEVNAME_NODEV, KMOD_DEVNAME_WARNING, &location,
			  "is in a file system that is mounted nodev: no node there can be opened");
}
