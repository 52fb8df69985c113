// SPDX-License-Identifier: GPL-2.0-or-later
/* Where the output of a command goes: a directory that is open, and a name in it. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "open-path.h"
#include "output.h"

#define DIRECTORY_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define LOCK_TIMEOUT_MS 30000

/* Takes the directory. */
static enum status make_target(int dir_fd, const char *directory, const char *name,
			       struct target *ret_target)
{
	struct target target = { .dir_fd = dir_fd, .name = strdup(name) };

	if (dir_fd < 0) {
		free(target.name);
		return say_failure(directory, dir_fd);
	}
	target.path = join_path(directory, name);
	if (!target.name || !target.path) {
		target_done(&target);
		return say_failure(directory, -ENOMEM);
	}
	*ret_target = target;
	return STATUS_CLEAN;
}

enum status target_stdout(struct target *ret_target)
{
	*ret_target = (struct target){ .dir_fd = -1 };
	return STATUS_CLEAN;
}

/* Makes the directory and its parents, as mkdir -p does. */
static int make_path(char *path)
{
	int r = 0;

	for (char *slash = path; r == 0 && slash;) {
		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			r = -errno;
		if (slash)
			*slash = '/';
	}
	return r;
}

static int open_directory(char *directory, int flags, bool make)
{
	int fd = open_path(directory, flags), r;

	if (fd < 0 && errno == ENOENT && make) {
		r = make_path(directory);
		if (r < 0)
			return r;
		fd = open_path(directory, flags);
	}
	return fd < 0 ? -errno : fd;
}

/* /dev/null and /dev/stdout are nothing to be replaced. */
static enum status check_replaceable(const struct target *target)
{
	struct stat st;

	if (fstatat(target->dir_fd, target->name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    S_ISREG(st.st_mode))
		return STATUS_CLEAN;
	say("%s: exists and is not a regular file", target->path);
	return STATUS_FAILED;
}

enum status target_file(const char *path, bool make_parents, struct target *ret_target)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *directory;
	enum status status;

	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		say("--output: '%s' is not a file's name", path);
		return STATUS_FAILED;
	}
	if (!slash)
		directory = strdup(".");
	else
		directory = slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
	if (!directory)
		return say_failure(path, -ENOMEM);
	status = make_target(open_directory(directory, DIRECTORY_FLAGS, make_parents), directory,
			     name, ret_target);
	free(directory);
	if (status == STATUS_CLEAN) {
		status = check_replaceable(ret_target);
		if (status != STATUS_CLEAN)
			target_done(ret_target);
	}
	return status;
}

enum status target_kernel(const struct kernels *kernels, const struct kernel *kernel,
			  struct target *ret_target)
{
	return make_target(kernel_open(kernels, kernel, NULL, DIRECTORY_FLAGS), kernel->path,
			   FILE_NAME, ret_target);
}

/* Makes the directory that ends the path; name is its last component. */
static int make_directory(int root_fd, char *path, char *name)
{
	int parent_fd, r = 0;

	if (name > path)
		name[-1] = '\0';
	parent_fd =
		kmod_devname_open_in_root(root_fd, name > path ? path : ".", O_PATH | O_DIRECTORY);
	if (name > path)
		name[-1] = '/';
	if (parent_fd < 0)
		return parent_fd;
	if (*name != '\0' && mkdirat(parent_fd, name, 0755) < 0 && errno != EEXIST)
		r = -errno;
	(void)close(parent_fd);
	return r;
}

static int make_directories(int root_fd, char *path)
{
	char *name = path, *slash;
	int r;

	do {
		slash = strchr(name, '/');
		if (slash)
			*slash = '\0';
		r = make_directory(root_fd, path, name);
		if (slash)
			*slash = '/';
		name = slash ? slash + 1 : name;
	} while (slash && r == 0);
	return r;
}

static int open_root(const char *root)
{
	char *copy = strdup(root);
	int fd = copy ? open_directory(copy, O_PATH | O_DIRECTORY | O_CLOEXEC, true) : -ENOMEM;

	free(copy);
	return fd;
}

/* Opens a directory below a root, which is made if it is missing. */
static int open_or_make(const char *root, const char *path)
{
	int root_fd = open_root(root), fd;
	char *copy;

	if (root_fd < 0)
		return root_fd;
	copy = strdup(path);
	fd = copy ? make_directories(root_fd, copy) : -ENOMEM;
	if (fd == 0)
		fd = kmod_devname_open_in_root(root_fd, path, DIRECTORY_FLAGS);
	free(copy);
	(void)close(root_fd);
	return fd;
}

enum status target_outdir(const char *outdir, const struct kernels *kernels,
			  const struct kernel *kernel, struct target *ret_target)
{
	char *path = join_path(kernels->moduledir, kernel->version);
	char *shown = path ? join_path(outdir, path) : NULL;
	enum status status;

	if (shown)
		status = make_target(open_or_make(outdir, path), shown, FILE_NAME, ret_target);
	else
		status = say_failure(outdir, -ENOMEM);
	free(shown);
	free(path);
	return status;
}

void target_lock(const struct target *target, const struct common *common)
{
	if (target->dir_fd < 0)
		return;
	if (kmod_devname_lock(target->dir_fd, LOCK_TIMEOUT_MS) == -EWOULDBLOCK && !common->quiet)
		say("%s: warning: another program holds the lock on the directory; going on",
		    target->path);
}

void target_done(struct target *target)
{
	free(target->name);
	free(target->path);
	if (target->dir_fd >= 0)
		(void)close(target->dir_fd);
}
