// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One file in an open directory: a node or a directory is made under a temporary name, and gets its
 * own when label, ACL, owner and mode are right. Another process that may write to the directory
 * can replace the file meanwhile, so each step works on a descriptor, and checks its file.
 */

#include "dev/devdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#if defined(WITH_SELINUX) && !defined(STATIC_TOOL)
#include <selinux/label.h>
#include <selinux/selinux.h>
#endif

#include "base/cleanup.h"
#include "base/io.h"
#include "node/syntax.h"

#ifndef SYS_fchmodat2
#if defined(__alpha__) || defined(__mips__) /* other numbers there: ENOSYS, as on older kernels */
#define SYS_fchmodat2 (-1)
#else
#define SYS_fchmodat2 452
#endif
#endif

#define DIRECTORY_MODE 0755
#define TEMPORARY_PREFIX ".kmod-devname"

/* Of a directory that is not complete: none that another process could put in its place has it. */
#define UNFINISHED_MODE 0400

#define ACCESS_ACL "system.posix_acl_access"
#define DEFAULT_ACL "system.posix_acl_default"

/* For unknown system calls, seccomp filters older than 2020 return EPERM instead of ENOSYS. */
static int set_mode(int fd, mode_t mode)
{
	char path[FD_PATH_SIZE];
	int error;

	if (syscall(SYS_fchmodat2, fd, "", mode, AT_EMPTY_PATH) == 0)
		return 0;
	error = -errno;
	if ((error != -ENOSYS && error != -EPERM) || !fd_get_path(fd, path))
		return error;
	return chmod(path, mode) < 0 ? -errno : 0;
}

static bool has_no_acl(int error)
{
	return error == ENODATA || error == EOPNOTSUPP;
}

/*
 * A file inherits the default ACL of its directory, which the owner of the directory may set at any
 * time. Nothing is inherited where that is this process, and no such ACL is set.
 */
static bool may_inherit_acl(int dir_fd)
{
	_cleanup_close_ int fd = open_at(dir_fd, ".", O_RDONLY | O_DIRECTORY, 0);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid())
		return true;
	return fgetxattr(fd, DEFAULT_ACL, NULL, 0) >= 0 || !has_no_acl(errno);
}

/* By name: without a descriptor left, the caller still has to know what it removes. */
static bool names_a_device(int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && dev_file_is_device(&st);
}

/* --- labels of SELinux ---------------------------------------------------------------------- */

#if defined(WITH_SELINUX) && !defined(STATIC_TOOL)

/* Called for the first file that is made: reading the policy takes longer than all the rest. */
static int labels_open(struct labels *labels)
{
	if (labels->opened)
		return labels->error;
	labels->opened = true;
	if (is_selinux_enabled() <= 0)
		return 0;
	labels->handle = selabel_open(SELABEL_CTX_FILE, NULL, 0);
	/* ENOENT: no policy is installed, as in a chroot */
	if (!labels->handle && errno != ENOENT)
		labels->error = -errno;
	return labels->error;
}

/*
 * Sets the label of the next file that this thread makes, so that it never has another one: that of
 * the policy for the first size bytes of path below /dev. label_none() follows, even after a
 * failure. Returns 0, also if the policy has no label, or a negative errno.
 */
static int label_next(struct labels *labels, const char *path, size_t size, mode_t mode)
{
	/* the path in the system that will use the node, wherever it is made now */
	_cleanup_free_ char *full = format_text("/dev/%.*s", (int)size, path);
	char *context;
	int r = labels_open(labels);

	if (r < 0 || !labels->handle)
		return r;
	if (!full)
		return -ENOMEM;
	/* ENOENT: the policy has no label for this path */
	if (selabel_lookup_raw(labels->handle, &context, full, (int)mode) < 0)
		return errno == ENOENT ? 0 : -errno;
	r = setfscreatecon_raw(context) < 0 ? -errno : 0;
	freecon(context);
	return r;
}

static void label_none(const struct labels *labels)
{
	if (labels->handle)
		(void)setfscreatecon_raw(NULL);
}

void labels_done(struct labels *labels)
{
	if (labels->handle)
		selabel_close(labels->handle);
}

#else

static int label_next(struct labels *labels, const char *path, size_t size, mode_t mode)
{
	(void)labels, (void)path, (void)size, (void)mode;
	return 0;
}

static void label_none(const struct labels *labels)
{
	(void)labels;
}

void labels_done(struct labels *labels)
{
	(void)labels;
}

#endif

/* --- temporary names ------------------------------------------------------------------------ */

/* Parses PREFIX.PID.NUMBER, the whole of the name. */
static bool parse_temporary_name(const char *name, unsigned int *ret_pid)
{
	const size_t prefix_size = strlen(TEMPORARY_PREFIX ".");

	if (strncmp(name, TEMPORARY_PREFIX ".", prefix_size) != 0)
		return false;
	name += prefix_size;
	return syntax_take_decimal(&name, INT_MAX, ret_pid) && *name == '.' &&
	       syntax_is_digits(name + 1);
}

/* A process with the PID may still be at work, unless kill(2) finds none. */
static void remove_leftover_of_run(int dir_fd, const char *name, unsigned int pid)
{
	if (pid == 0 || kill((pid_t)pid, 0) == 0 || errno != ESRCH)
		return;
	if (names_a_device(dir_fd, name))
		(void)unlinkat(dir_fd, name, 0);
	else
		(void)unlinkat(dir_fd, name, AT_REMOVEDIR); /* fails if it is not empty */
}

void dev_remove_leftovers(int dir_fd)
{
	_cleanup_close_ int fd = open_at(dir_fd, ".", O_RDONLY | O_DIRECTORY, 0);
	const struct dirent *entry;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	unsigned int pid;

	if (!dir)
		return;
	(void)steal_fd(&fd);
	/* A leftover that cannot be removed does no harm: nothing is reported. */
	while ((entry = readdir(dir)))
		if (parse_temporary_name(entry->d_name, &pid))
			remove_leftover_of_run(dir_fd, entry->d_name, pid);
	(void)closedir(dir);
}

/*
 * Makes a directory, or a node with its type and number, with the label of the first size bytes of
 * path. *labels has no label set after it.
 */
static int make_temporary(int dir_fd, char name[static TEMPORARY_SIZE], mode_t mode, dev_t number,
			  struct labels *labels, const char *path, size_t size)
{
	int r = label_next(labels, path, size, mode), error = -EEXIST;

	for (unsigned int i = 0; r == 0 && i < TEMPORARY_TRIES && error == -EEXIST; i++) {
		temporary_name(name, TEMPORARY_PREFIX, i);
		if (S_ISDIR(mode))
			error = mkdirat(dir_fd, name, mode & 0777) < 0 ? -errno : 0;
		else
			error = mknodat(dir_fd, name, mode, number) < 0 ? -errno : 0;
	}
	label_none(labels);
	if (r < 0)
		return r;
	return error == -EEXIST ? -EAGAIN : error;
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

/* --- directories -------------------------------------------------------------------------- */

/* Returns 0, -EAGAIN if the directory has an entry, or another negative errno. */
static int check_empty_directory(int fd)
{
	int copy = open_at(fd, ".", O_RDONLY | O_DIRECTORY, 0), r = 0;
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!stream) {
		r = -errno;
		close_fd(&copy);
		return r;
	}
	while ((errno = 0, entry = readdir(stream)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			break;
	r = entry ? -EAGAIN : -errno;
	(void)closedir(stream);
	return r;
}

/*
 * Removes the ACLs that a new directory has inherited, and sets its mode. Another process may have
 * put a directory of another purpose in its place, which must not be opened up: it has another
 * mode, belongs to that process, or is not empty.
 */
static int finish_directory(int fd)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_mode & 0777 & ~(mode_t)UNFINISHED_MODE) != 0 || st.st_uid != geteuid())
		return -EAGAIN;
	r = check_empty_directory(fd);
	if (r < 0)
		return r;
	if (fremovexattr(fd, ACCESS_ACL) < 0 && !has_no_acl(errno))
		return -errno;
	if (fremovexattr(fd, DEFAULT_ACL) < 0 && !has_no_acl(errno))
		return -errno;
	return fchmod(fd, (st.st_mode & 07000) | DIRECTORY_MODE) < 0 ? -errno : 0;
}

static int rename_directory(int dir_fd, const char *temporary, const char *name)
{
	if (rename_with_flags(dir_fd, temporary, name, RENAME_NOREPLACE) == 0)
		return 0;
	/* without the flag an empty directory may be replaced, and nothing else */
	if (lacks_flag(errno) && renameat(dir_fd, temporary, dir_fd, name) == 0)
		return 0;
	return errno == ENOTEMPTY ? -EEXIST : -errno;
}

int dev_make_directory(int dir_fd, const char *name, const char *path, size_t size,
		       struct labels *labels)
{
	char temporary[TEMPORARY_SIZE];
	_cleanup_close_ int fd = -1;
	int r = make_temporary(dir_fd, temporary, S_IFDIR | UNFINISHED_MODE, 0, labels, path, size);

	if (r < 0)
		return r;
	/* not by O_PATH, with which fchmod(2) and fremovexattr(2) need /proc */
	fd = open_at(dir_fd, temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	r = fd < 0 ? -errno : finish_directory(fd);
	if (r == 0)
		r = rename_directory(dir_fd, temporary, name);
	if (r == 0)
		return steal_fd(&fd);
	(void)unlinkat(dir_fd, temporary, AT_REMOVEDIR);
	return r;
}

/* --- nodes -------------------------------------------------------------------------------- */

/*
 * Removes the ACL, and sets owner and mode. A file with another name too, or with another number,
 * is not the node that was just made: another process has put it there.
 */
static int finish_node(int dir_fd, const char *name, const struct dev_node *node, bool may_have_acl)
{
	_cleanup_close_ int fd = open_at(dir_fd, name, O_PATH | O_NOFOLLOW, 0);
	char path[FD_PATH_SIZE];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!dev_file_is_node(&st, &node->number) || st.st_nlink != 1)
		return -EAGAIN;
	/* only the path of /proc leads from an O_PATH descriptor to the attributes */
	if (may_have_acl && !fd_get_path(fd, path))
		return -ENOSYS;
	if (may_have_acl && removexattr(path, ACCESS_ACL) < 0 && !has_no_acl(errno))
		return -errno;
	if ((st.st_uid != node->uid || st.st_gid != node->gid) &&
	    fchownat(fd, "", node->uid, node->gid, AT_EMPTY_PATH) < 0)
		return -errno;
	return (st.st_mode & 07777) == node->mode ? 0 : set_mode(fd, node->mode);
}

static int remove_name(int dir_fd, const char *name)
{
	return unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
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
	if (names_a_device(dir_fd, temporary))
		return remove_name(dir_fd, temporary);
	(void)rename_with_flags(dir_fd, temporary, name, RENAME_EXCHANGE);
	return -EEXIST;
}

int dev_make_node(int dir_fd, const char *name, const struct dev_node *node, bool replace,
		  struct labels *labels)
{
	const dev_t number = makedev(node->number.major, node->number.minor);
	bool may_inherit = may_inherit_acl(dir_fd);
	/* for without permissions of the group an ACL has no effect, even under this name */
	mode_t mode = may_inherit ? node->mode & 0700 : node->mode;
	char temporary[TEMPORARY_SIZE];
	int r = make_temporary(dir_fd, temporary, node->number.type | mode, number, labels,
			       node->path, strlen(node->path));

	if (r < 0)
		return r;
	r = finish_node(dir_fd, temporary, node, may_inherit);
	if (r == 0)
		r = replace ? exchange_with_device(dir_fd, temporary, name)
			    : rename_to_free_name(dir_fd, temporary, name);
	/* a file that another process has put there meanwhile stays */
	if (r < 0 && names_a_device(dir_fd, temporary))
		(void)remove_name(dir_fd, temporary);
	return r;
}
