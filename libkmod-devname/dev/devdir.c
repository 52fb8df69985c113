// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One node below a directory. Others may rename and replace there what they like meanwhile: each
 * step works on a descriptor, or on one name in a directory that is open, so that nothing is
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
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/temporary.h"

#ifndef SYS_fchmodat2
#if defined(__alpha__) || defined(__mips__) /* they count differently: as on an older kernel */
#define SYS_fchmodat2 (-1)
#else
#define SYS_fchmodat2 452
#endif
#endif

#define DIRECTORY_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define PARENT_MODE 0755
#define TEMPORARY_PREFIX ".kmod-devname"

/* By descriptor, for kernels before 6.6. A link of another file system could lead anywhere. */
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

/* EPERM: seccomp filters of before 2020 say so for calls they do not know. */
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

/* Gives back what the umask has taken; if it has taken something else, it is not what we made. */
static int fix_parent(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_mode & 0777) == PARENT_MODE || (st.st_mode & 0777 & ~(mode_t)PARENT_MODE) != 0 ||
	    st.st_uid != geteuid())
		return 0;
	return set_mode(fd, (st.st_mode & 07000) | PARENT_MODE);
}

static int open_parent(int dir_fd, const char *name)
{
	int fd = open_at(dir_fd, name, DIRECTORY_FLAGS, 0);

	return fd < 0 ? -errno : fd;
}

/* size: of the path to it, for the label. Returns it open. */
static int make_parent(int dir_fd, const char *name, const char *path, size_t size,
		       struct labels *labels)
{
	int r = label_next(labels, path, size, S_IFDIR | PARENT_MODE), fd;
	bool made = false;

	if (r == 0) {
		made = mkdirat(dir_fd, name, PARENT_MODE) == 0;
		if (!made && errno != EEXIST)
			r = -errno;
	}
	label_none(labels);
	fd = r == 0 ? open_parent(dir_fd, name) : r;
	if (fd < 0 || !made)
		return fd;
	r = fix_parent(fd);
	if (r < 0) {
		close_fd(&fd);
		return r;
	}
	return fd;
}

/*
 * One component at a time: with O_NOFOLLOW and O_DIRECTORY it is a directory right here, and no
 * link, "magic" ones included. So this is what openat2(2) would do with RESOLVE_BENEATH,
 * RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS, on every kernel.
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

bool devdir_is_node(const struct stat *st, const struct devdir_node *node)
{
	return (st->st_mode & S_IFMT) == (node->mode & S_IFMT) && st->st_rdev == node->number;
}

/* By name: what is to be removed must be known even if there is no descriptor left. */
static bool is_device(int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && devdir_is_device(&st);
}

static int make_temporary(int dir_fd, char name[static TEMPORARY_SIZE],
			  const struct devdir_node *node, struct labels *labels)
{
	int r = label_next(labels, node->path, strlen(node->path), node->mode);

	for (unsigned int i = 0; r == 0 && i < TEMPORARY_TRIES; i++) {
		temporary_name(name, TEMPORARY_PREFIX, i);
		if (mknodat(dir_fd, name, node->mode, node->number) == 0)
			break;
		if (errno != EEXIST)
			r = -errno;
		else if (i + 1 == TEMPORARY_TRIES)
			r = -EAGAIN;
	}
	label_none(labels);
	return r;
}

/*
 * Owner and mode. What has come by another name too, or with another number, is not what was
 * just made: somebody has put it there.
 */
static int finish_temporary(int dir_fd, const char *name, const struct devdir_node *node)
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
	if (((st.st_mode ^ node->mode) & 07777) != 0)
		return set_mode(fd, node->mode & 07777);
	return 0;
}

/* Gone already is as well. */
static int drop(int dir_fd, const char *name)
{
	return unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* Some file systems have neither of the flags of renameat2(2). */
static bool lacks_flag(int error)
{
	return error == EINVAL || error == ENOSYS;
}

/* renameat2(2), for which older C libraries have no function. */
static int rename_with_flags(int dir_fd, const char *from, const char *to, unsigned int flags)
{
	return (int)syscall(SYS_renameat2, dir_fd, from, dir_fd, to, flags);
}

static int take_name(int dir_fd, const char *temporary, const char *name)
{
	if (rename_with_flags(dir_fd, temporary, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (!lacks_flag(errno) || linkat(dir_fd, temporary, dir_fd, name, 0) < 0)
		return -errno;
	return drop(dir_fd, temporary);
}

/*
 * Exchanged and not overwritten: if somebody has put something else there since it was looked
 * at, that comes out alive, and goes back.
 */
static int take_over_name(int dir_fd, const char *temporary, const char *name)
{
	if (rename_with_flags(dir_fd, temporary, name, RENAME_EXCHANGE) < 0)
		return lacks_flag(errno) ? -EOPNOTSUPP : -errno;
	if (is_device(dir_fd, temporary))
		return drop(dir_fd, temporary);
	(void)rename_with_flags(dir_fd, temporary, name, RENAME_EXCHANGE);
	return -EEXIST;
}

int devdir_make(int dir_fd, const char *name, const struct devdir_node *node, bool replace,
		struct labels *labels)
{
	char temporary[TEMPORARY_SIZE];
	int r = make_temporary(dir_fd, temporary, node, labels);

	if (r < 0)
		return r;
	r = finish_temporary(dir_fd, temporary, node);
	if (r == 0 && replace)
		r = take_over_name(dir_fd, temporary, name);
	else if (r == 0)
		r = take_name(dir_fd, temporary, name);
	/* a file that somebody has put there meanwhile is theirs */
	if (r < 0 && is_device(dir_fd, temporary))
		(void)drop(dir_fd, temporary);
	return r;
}

static void remove_leftover_node(int dir_fd, const char *name, pid_t pid)
{
	if (is_device(dir_fd, name) && pid > 0 && kill(pid, 0) < 0 && errno == ESRCH)
		(void)unlinkat(dir_fd, name, 0);
}

void devdir_tidy(int dir_fd)
{
	temporary_remove(dir_fd, TEMPORARY_PREFIX, remove_leftover_node);
}
