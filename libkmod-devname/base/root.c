// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Opening a path inside a root directory, as after chroot(2), without being there: by
 * openat2(2), or by hand where the kernel has none or a container forbids it.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/root.h"
#include "libkmod-devname.h"

#define LINKS_MAX 40 /* as the kernel, include/linux/namei.h */
#define RETRIES_MAX 64

/* A path on its way to one that has no links and no "..", by readlinkat(2) alone. */
struct path_walk {
	char done[PATH_MAX]; /* relative to the root, free of links; "" is the root */
	char *rest;
	unsigned int links;
	bool wants_directory; /* there was a slash at the end */
};

/* Cuts the next component off the rest; NULL at the end. */
static char *next_component(struct path_walk *path)
{
	char *name = path->rest + strspn(path->rest, "/");
	char *end = name + strcspn(name, "/");

	if (*name == '\0')
		return NULL;
	if (*end == '/') {
		*end++ = '\0';
		end += strspn(end, "/");
		path->wants_directory = *end == '\0';
	} else {
		path->wants_directory = false;
	}
	path->rest = end;
	return name;
}

static int go_down(struct path_walk *path, const char *name)
{
	size_t size = strlen(path->done), name_size = strlen(name) + 1;

	if (size + name_size >= sizeof(path->done))
		return -ENAMETOOLONG;
	if (size > 0)
		path->done[size++] = '/';
	memcpy(path->done + size, name, name_size);
	return 0;
}

static void go_up(struct path_walk *path)
{
	char *slash = strrchr(path->done, '/');

	*(slash ? slash : path->done) = '\0';
}

/* Puts the text of a link, which is not ended by NUL, before what is left of the path. */
static int go_link(struct path_walk *path, const char *target, size_t size, char **buffer)
{
	size_t rest_size = strlen(path->rest) + 1;
	char *rest;

	if (path->links++ == LINKS_MAX)
		return -ELOOP;
	go_up(path);
	if (target[0] == '/')
		path->done[0] = '\0';
	rest = malloc(size + 1 + rest_size);
	if (!rest)
		return -ENOMEM;
	memcpy(rest, target, size);
	rest[size] = '\0';
	if (*path->rest != '\0' || path->wants_directory) {
		rest[size] = '/';
		memcpy(rest + size + 1, path->rest, rest_size);
	}
	free(*buffer);
	*buffer = path->rest = rest;
	return 0;
}

/* Returns 0, -ENOTDIR, or another negative errno. */
static int check_directory(int root_fd, const char *path)
{
	struct stat st;

	if (*path == '\0')
		return 0;
	if (fstatat(root_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

static int resolve(int root_fd, struct path_walk *path, char **buffer, int flags)
{
	char target[PATH_MAX];
	const char *name;
	ssize_t size;
	int r = 0;

	while (r == 0 && (name = next_component(path))) {
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
			r = check_directory(root_fd, path->done);
			if (r < 0)
				return r;
			if (name[1] == '.')
				go_up(path);
			path->wants_directory = true;
			continue;
		}
		r = go_down(path, name);
		if (r < 0)
			return r;
		if ((flags & O_NOFOLLOW) && *path->rest == '\0' && !path->wants_directory)
			break;
		size = readlinkat(root_fd, path->done, target, sizeof(target));
		if (size >= 0)
			r = go_link(path, target, (size_t)size, buffer);
		else if (errno != EINVAL) /* EINVAL: it is no link */
			r = -errno;
	}
	return r;
}

/* Opens a path component by component; whatever has become a link meanwhile is refused. */
static int open_resolved(int root_fd, char *path, int flags)
{
	_cleanup_close_ int dir_fd = open_at(root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	char *slash;
	int fd;

	if (dir_fd < 0)
		return -errno;
	for (; (slash = strchr(path, '/')); path = slash + 1) {
		*slash = '\0';
		fd = open_at(dir_fd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
		if (fd < 0)
			return -errno;
		close(dir_fd);
		dir_fd = fd;
	}
	fd = open_at(dir_fd, *path != '\0' ? path : ".", flags | O_NOFOLLOW, 0);
	return fd < 0 ? -errno : fd;
}

int root_open_by_hand(int root_fd, const char *path, int flags)
{
	_cleanup_free_ struct path_walk *path_walk = calloc(1, sizeof(*path_walk));
	_cleanup_free_ char *buffer = strdup(path);
	int r;

	if (!path_walk || !buffer)
		return -ENOMEM;
	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	path_walk->rest = buffer;
	r = resolve(root_fd, path_walk, &buffer, flags);
	if (r < 0)
		return r;
	if (path_walk->wants_directory)
		flags |= O_DIRECTORY;
	return open_resolved(root_fd, path_walk->done, flags | O_CLOEXEC);
}

static int open_by_kernel(int root_fd, const char *path, int flags)
{
	const struct open_how how = {
		/* the C library adds O_LARGEFILE to openat(2), and nobody to a bare system call */
		.flags = (unsigned int)(flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_LARGEFILE)),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	/* EAGAIN: something was renamed or mounted meanwhile, and the kernel is not sure. */
	for (unsigned int i = 0; i < RETRIES_MAX; i++) {
		fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd < 0 ? -errno : (int)fd;
}

int kmod_devname_open_in_root(int root_fd, const char *path, int flags)
{
	int fd;

	if ((flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) || *path == '\0')
		return -EINVAL;
	fd = open_by_kernel(root_fd, path, flags);
	/* EPERM: seccomp filters of before 2020 say so for calls they do not know. */
	if (fd == -ENOSYS || fd == -EPERM)
		return root_open_by_hand(root_fd, path, flags);
	return fd;
}

int root_open_long(int root_fd, const char *path, int flags)
{
	_cleanup_close_ int dir_fd = -1;
	int fd;

	path += strspn(path, "/");
	while (strlen(path) >= PATH_MAX) {
		char head[PATH_MAX] = { 0 };
		const char *slash;

		memcpy(head, path, PATH_MAX - 1);
		slash = strrchr(head, '/');
		if (!slash)
			return -ENAMETOOLONG;
		head[slash - head] = '\0';
		path += slash - head + 1;
		path += strspn(path, "/");
		fd = kmod_devname_open_in_root(dir_fd < 0 ? root_fd : dir_fd, head,
					       O_PATH | O_DIRECTORY);
		if (fd < 0)
			return fd;
		close_fd(&dir_fd);
		dir_fd = fd;
	}
	return kmod_devname_open_in_root(dir_fd < 0 ? root_fd : dir_fd, *path != '\0' ? path : ".",
					 flags);
}

int root_open_below(int root_fd, const char *directory, const char *path, int flags)
{
	_cleanup_free_ char *full = NULL;

	if (asprintf(&full, "%s/%s", directory, path) < 0) {
		full = NULL;
		return -ENOMEM;
	}
	return root_open_long(root_fd, full, flags);
}

int root_open_stream(int root_fd, const char *path, FILE **ret_stream)
{
	_cleanup_close_ int fd =
		kmod_devname_open_in_root(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return is_missing(fd) || fd == -ENXIO ? 0 : fd; /* ENXIO: a socket */
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return 0;
	*ret_stream = fdopen(fd, "re");
	if (!*ret_stream)
		return -ENOMEM;
	(void)steal_fd(&fd);
	return 1;
}
