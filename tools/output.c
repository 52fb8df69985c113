// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where the output of a command goes: an open directory, and a name in it. kmod_devname_replace()
 * and its like take these two, and put a file there in one step.
 */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "output.h"

#define LOCK_TIMEOUT_MS 30000

/* Takes the file descriptor, which may be a negative errno. */
static enum status make_target(int dir_fd, const char *directory, const char *name,
			       struct target *ret_target)
{
	if (dir_fd < 0)
		return say_failure(directory, dir_fd);
	*ret_target = (struct target){ dir_fd, xstrdup(name), join_path(directory, name) };
	return STATUS_CLEAN;
}

enum status target_stdout(struct target *ret_target)
{
	*ret_target = (struct target){ .dir_fd = -1 };
	return STATUS_CLEAN;
}

/* Makes the directory and its parents, as mkdir -p does: other programs may make them, too. */
static int make_path(char *path)
{
	for (char *slash = path; slash;) {
		int r;

		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = '\0';
		r = mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0;
		if (slash)
			*slash = '/';
		if (r < 0)
			return r;
	}
	return 0;
}

/* Tries to open it first: where it exists, its parents need not be writable. */
static int open_or_make_path(const char *directory, int flags)
{
	int fd = open_path(directory, flags), r;
	_cleanup_free_ char *copy = NULL;

	if (fd != -ENOENT)
		return fd;
	copy = xstrdup(directory);
	r = make_path(copy);
	return r < 0 ? r : open_path(directory, flags);
}

enum status target_file(const char *path, bool make_parents, struct target *ret_target)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	_cleanup_free_ char *directory = NULL;
	struct stat st;
	enum status status;
	int fd;

	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		say("--output: '%s' is not a file's name", path);
		return STATUS_FAILED;
	}
	if (slash == path)
		directory = xstrdup("/");
	else
		directory = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
	fd = make_parents ? open_or_make_path(directory, DIRECTORY_FLAGS)
			  : open_path(directory, DIRECTORY_FLAGS);
	status = make_target(fd, directory, name, ret_target);
	if (status != STATUS_CLEAN)
		return status;
	/* a file must not take the place of /dev/null or /dev/stdout */
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISREG(st.st_mode))
		return STATUS_CLEAN;
	say("%s: exists and is not a regular file", ret_target->path);
	target_done(ret_target);
	return STATUS_FAILED;
}

enum status target_kernel(const struct kernels *kernels, const struct kernel *kernel,
			  struct target *ret_target)
{
	return make_target(kernel_open(kernels, kernel, NULL, DIRECTORY_FLAGS), kernel->path,
			   FILE_NAME, ret_target);
}

/*
 * Makes a directory unless there is one; name is the last component of its path. The parent is
 * opened in the root each time, since mkdir(2) of a whole path would follow a link that leads out
 * of it.
 */
static int make_directory_in_root(int root_fd, char *path, char *name)
{
	_cleanup_close_ int parent_fd = -1;

	if (name > path)
		name[-1] = '\0';
	parent_fd =
		kmod_devname_open_in_root(root_fd, name > path ? path : ".", O_PATH | O_DIRECTORY);
	if (name > path)
		name[-1] = '/';
	if (parent_fd < 0)
		return parent_fd;
	if (*name != '\0' && mkdirat(parent_fd, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

/* Opens a directory below a root; makes what is missing of both. */
static int open_or_make_in_root(const char *root, const char *path)
{
	_cleanup_close_ int root_fd = open_or_make_path(root, O_PATH | O_DIRECTORY);
	_cleanup_free_ char *copy = xstrdup(path);
	char *name = copy, *slash;
	int r;

	if (root_fd < 0)
		return root_fd;
	do {
		slash = strchr(name, '/');
		if (slash)
			*slash = '\0';
		r = make_directory_in_root(root_fd, copy, name);
		if (r < 0)
			return r;
		if (slash) {
			*slash = '/';
			name = slash + 1;
		}
	} while (slash);
	return kmod_devname_open_in_root(root_fd, path, DIRECTORY_FLAGS);
}

/* By version, so that depmod finds the file there, whatever path the user has given. */
enum status target_outdir(const char *outdir, const struct kernels *kernels,
			  const struct kernel *kernel, struct target *ret_target)
{
	_cleanup_free_ char *path = join_path(kernels->moduledir, kernel->version);
	_cleanup_free_ char *shown = join_path(outdir, path);

	return make_target(open_or_make_in_root(outdir, path), shown, FILE_NAME, ret_target);
}

void target_lock(const struct target *target, const struct common *common)
{
	if (target->dir_fd < 0)
		return;
	/* a file system without locks is no reason to fail: each file is replaced in one step */
	if (kmod_devname_lock(target->dir_fd, LOCK_TIMEOUT_MS) == -EWOULDBLOCK && !common->quiet)
		say("%s: warning: another program holds the lock on the directory; going on",
		    target->path);
}

void target_done(struct target *target)
{
	free(target->name);
	free(target->path);
	close_fd(&target->dir_fd);
}
