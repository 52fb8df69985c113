// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The target of a command: an open directory, and a name in it. A replacement takes these two, and
 * puts a file there in one step.
 */

#include <errno.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "output.h"

#define LOCK_TIMEOUT_MS 30000

/* Takes the file descriptor, which may be a negative errno. */
static enum status make_target(int dir_fd, const char *directory, const char *name,
			       struct target *ret_target)
{
	if (dir_fd < 0)
		return say_failure(directory, dir_fd);
	*ret_target = (struct target){
		.dir_fd = dir_fd,
		.name = xstrdup(name),
		.path = join_path(directory, name),
		.replacement = { .fd = -EBADF },
	};
	return STATUS_CLEAN;
}

enum status target_stdout(struct target *ret_target)
{
	*ret_target = (struct target){ .dir_fd = -1, .replacement = { .fd = -EBADF } };
	return STATUS_CLEAN;
}

/* Below a root directory, or as the system has the path if that is -1. */
static int open_target_directory(int root_fd, const char *path, int flags)
{
	if (root_fd < 0)
		return open_path(path, flags | O_DIRECTORY);
	return open_in_root(root_fd, path, flags | O_DIRECTORY);
}

/*
 * Makes a directory unless another program has made it. Flushes its parent, because the files in it
 * must survive a power failure.
 */
static int make_missing_directory(int parent_fd, const char *name)
{
	_cleanup_close_ int fd = -1;

	if (mkdirat(parent_fd, name, 0755) < 0)
		return errno == EEXIST ? 0 : -errno;
	fd = open_at(parent_fd, ".", O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL && errno != EROFS))
		return -errno;
	return 0;
}

/*
 * Makes missing directories, as mkdir -p does. The parent is opened first, since mkdir(2) of a
 * whole path would follow a link that leads out of the root. Existing parents need not be writable.
 */
static int open_or_make(int root_fd, const char *path, int flags)
{
	int r, fd = open_target_directory(root_fd, path, flags);
	_cleanup_free_ char *copy = xstrdup(path), *other = xstrdup(path);
	const char *name = basename(copy), *parent = dirname(other);
	_cleanup_close_ int parent_fd = -1;

	if (fd != -ENOENT || strcmp(parent, path) == 0)
		return fd;
	parent_fd = open_or_make(root_fd, parent, O_PATH);
	if (parent_fd < 0)
		return parent_fd;
	r = make_missing_directory(parent_fd, name);
	return r < 0 ? r : open_target_directory(root_fd, path, flags);
}

enum status target_file(const char *path, bool make_parents, struct target *ret_target)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	_cleanup_free_ char *directory = NULL;
	struct stat st;
	enum status status;
	int fd;

	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		say("--output: '%s' is not a file name", path);
		return STATUS_FAILED;
	}
	if (slash == path)
		directory = xstrdup("/");
	else
		directory = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
	fd = make_parents ? open_or_make(-1, directory, O_RDONLY)
			  : open_path(directory, O_RDONLY | O_DIRECTORY);
	status = make_target(fd, directory, name, ret_target);
	if (status != STATUS_CLEAN)
		return status;
	/* a file must not take the place of /dev/null or /dev/stdout */
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISREG(st.st_mode))
		return STATUS_CLEAN;
	say("%s: not a regular file; use - for standard output", ret_target->path);
	target_done(ret_target);
	return STATUS_FAILED;
}

enum status target_kernel(const struct kernel *kernel, struct target *ret_target)
{
	return make_target(kernel_open(kernel, NULL, O_RDONLY | O_DIRECTORY), kernel->path,
			   FILE_NAME, ret_target);
}

/* Whether it has usr/lib and no lib, as images that are merged into a system. */
static bool has_only_usr(int root_fd)
{
	_cleanup_close_ int fd = open_in_root(root_fd, "usr/lib", O_PATH | O_DIRECTORY);
	struct stat st;

	return fd >= 0 && fstatat(root_fd, "lib", &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

/* By version and not by the user's path, so that depmod finds the file there. */
enum status target_outdir(const char *outdir, const struct kernel *kernel, bool make,
			  struct target *ret_target)
{
	int (*open_directory)(int root_fd, const char *path, int flags) =
		make ? open_or_make : open_target_directory;
	_cleanup_close_ int root_fd = open_directory(-1, outdir, O_PATH);
	bool below_usr = root_fd >= 0 && strncmp(kernel->set->moduledir, "lib/", 4) == 0 &&
			 has_only_usr(root_fd);
	_cleanup_free_ char *path = xasprintf("%s%s/%s", below_usr ? "usr/" : "",
					      kernel->set->moduledir, kernel->version);
	_cleanup_free_ char *shown = join_path(outdir, path);
	int fd = root_fd < 0 ? root_fd : open_directory(root_fd, path, O_RDONLY);

	if (make || fd != -ENOENT)
		return make_target(fd, shown, FILE_NAME, ret_target);
	*ret_target = (struct target){ .dir_fd = TARGET_ABSENT, .replacement = { .fd = -EBADF } };
	return STATUS_CLEAN;
}

/* A lack of memory ends the program where it is: no temporary file may stay. */
static struct replacement *begun_replacement;

static void end_begun_replacement(void)
{
	if (begun_replacement)
		replacement_end(begun_replacement);
}

void target_lock(struct target *target, const struct common *common)
{
	static bool is_registered;

	if (target->dir_fd < 0)
		return;
	if (!is_registered)
		is_registered = atexit(end_begun_replacement) == 0;
	begun_replacement = &target->replacement;
	/* after other errors the file may still be up to date */
	if (replacement_begin(&target->replacement, target->dir_fd, LOCK_TIMEOUT_MS) ==
		    -EWOULDBLOCK &&
	    !common->quiet)
		say("%s: warning: locked by another process; continuing without the lock",
		    target->path);
}

int target_write(struct target *target, const struct kmod_devname_table *table)
{
	int r = replacement_put_table(&target->replacement, target->name, table);

	if (r == REPLACED_UNSYNCED)
		r = -EIO;
	if (r == -EEXIST)
		say("%s: cannot replace it: " REPLACEMENT_NAME
		    " is not a regular file; remove that",
		    target->path);
	else if (r < 0)
		say_failure(target->path, r);
	return r;
}

void target_done(struct target *target)
{
	begun_replacement = NULL;
	replacement_end(&target->replacement);
	free(target->name);
	free(target->path);
	close_fd(&target->dir_fd);
}
