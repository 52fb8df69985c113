// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Files: opened inside a root directory, read and written whole.
 *
 * Paths are opened as they would be after chroot(2): no link and no ".." leads out of the root.
 * openat2(2) does this since Linux 5.6; before that, or where a container forbids it, the path is
 * resolved here, component by component. Reads and writes survive a signal or a short count.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <search.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "libkmod-devname.h"

/* --- reads, writes, names ------------------------------------------------------------------- */

char *format_text(const char *format, ...)
{
	va_list args;
	char *text;
	int r;

	va_start(args, format);
	r = vasprintf(&text, format, args);
	va_end(args);
	return r < 0 ? NULL : text;
}

bool fd_get_path(int fd, char path[static FD_PATH_SIZE])
{
	struct statfs fs;

	/* on another file system the name can be a link */
	if (statfs("/proc/self/fd", &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return false;
	(void)snprintf(path, FD_PATH_SIZE, "/proc/self/fd/%d", fd);
	return true;
}

int fd_check_directory(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int stream_from_fd(int fd, FILE **ret_stream)
{
	FILE *stream;

	if (fd < 0)
		return fd;
	stream = fdopen(fd, "re");
	if (!stream) {
		(void)close(fd);
		return -ENOMEM;
	}
	*ret_stream = stream;
	return 0;
}

ssize_t read_at(int fd, uint64_t offset, void *buffer, size_t size)
{
	size_t done = 0;
	ssize_t n;

	/* No file has this offset, which exceeds off_t. */
	if (offset > (uint64_t)INT64_MAX - size)
		return 0;
	while (done < size) {
		n = pread(fd, (char *)buffer + done, size - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, text, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		size -= (size_t)n;
	}
	return 0;
}

void temporary_name(char name[static TEMPORARY_SIZE], const char *prefix, unsigned int number)
{
	(void)snprintf(name, TEMPORARY_SIZE, "%s.%d.%u", prefix, (int)getpid(), number);
}

/* --- directories that were visited --------------------------------------------------------- */

struct visited_directory {
	dev_t device;
	ino_t inode;
};

static int compare_visited(const void *a, const void *b)
{
	const struct visited_directory *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return (x->inode > y->inode) - (x->inode < y->inode);
}

int visited_add(void **visited, const struct stat *st)
{
	struct visited_directory *directory = malloc(sizeof(*directory));
	struct visited_directory **found;

	if (!directory)
		return -ENOMEM;
	*directory = (struct visited_directory){ st->st_dev, st->st_ino };
	found = tsearch(directory, visited, compare_visited);
	if (found && *found == directory)
		return 1;
	free(directory);
	return found ? 0 : -ENOMEM;
}

void visited_done(void *visited)
{
	tdestroy(visited, free);
}

/* --- inside a root directory --------------------------------------------------------------- */

#define LINKS_MAX 40 /* as the kernel, include/linux/namei.h */
#define RETRIES_MAX 64

/* A path while readlinkat(2) resolves it to one without links and "..". */
struct path_walk {
	char done[PATH_MAX]; /* relative to the root, free of links; "" is the root */
	char *rest; /* in the buffer; NULL at the end */
	char *buffer;
	unsigned int links;
};

static int path_walk_down(struct path_walk *path, const char *name)
{
	size_t size = strlen(path->done), name_size = strlen(name) + 1;

	if (size + name_size >= sizeof(path->done))
		return -ENAMETOOLONG;
	if (size > 0)
		path->done[size++] = '/';
	memcpy(path->done + size, name, name_size);
	return 0;
}

/* The parent of the root is the root. */
static void path_walk_up(struct path_walk *path)
{
	char *slash = strrchr(path->done, '/');

	*(slash ? slash : path->done) = '\0';
}

/* Inserts the target of a link, without a NUL, before the rest of the path. */
static int path_walk_follow(struct path_walk *path, const char *target, size_t size)
{
	char *buffer;

	if (path->links++ == LINKS_MAX)
		return -ELOOP;
	path_walk_up(path);
	if (target[0] == '/')
		path->done[0] = '\0';
	buffer = format_text("%.*s%s%s", (int)size, target, path->rest ? "/" : "",
			     path->rest ? path->rest : "");
	if (!buffer)
		return -ENOMEM;
	free(path->buffer);
	path->buffer = path->rest = buffer;
	return 0;
}

/* For "", "." and "..": "file/.." is an error in the kernel too. */
static int path_walk_check_directory(int root_fd, const char *path)
{
	struct stat st;

	if (*path == '\0')
		return 0;
	if (fstatat(root_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

static int path_walk_resolve(int root_fd, struct path_walk *path, int *flags)
{
	char target[PATH_MAX];
	const char *name;

	while ((name = strsep(&path->rest, "/"))) {
		bool is_dot_dot = strcmp(name, "..") == 0;
		ssize_t size;
		int r;

		if (is_dot_dot || *name == '\0' || strcmp(name, ".") == 0) {
			r = path_walk_check_directory(root_fd, path->done);
			if (r < 0)
				return r;
			if (is_dot_dot)
				path_walk_up(path);
			if (!path->rest)
				*flags |= O_DIRECTORY;
			continue;
		}
		r = path_walk_down(path, name);
		if (r < 0)
			return r;
		if ((*flags & O_NOFOLLOW) && !path->rest)
			return 0;
		size = readlinkat(root_fd, path->done, target, sizeof(target));
		if (size < 0 && errno == EINVAL) /* not a link */
			continue;
		if (size < 0)
			return -errno;
		r = path_walk_follow(path, target, (size_t)size);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Opens a path component by component. A component that has become a link meanwhile is refused. */
static int open_without_links(int root_fd, char *path, int flags)
{
	_cleanup_close_ int dir_fd = open_at(root_fd, ".", O_PATH | O_DIRECTORY, 0);
	char *slash;
	int fd;

	/* openat(2) with the whole path would follow such a link out of the root. */
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
	_cleanup_free_ struct path_walk *walk = calloc(1, sizeof(*walk));
	int r;

	if (!walk)
		return -ENOMEM;
	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	walk->buffer = walk->rest = strdup(path);
	if (!walk->buffer)
		return -ENOMEM;
	r = path_walk_resolve(root_fd, walk, &flags);
	free(walk->buffer);
	if (r < 0)
		return r;
	return open_without_links(root_fd, walk->done, flags);
}

static int open_by_kernel(int root_fd, const char *path, int flags)
{
	const struct open_how how = {
		/* the C library adds O_LARGEFILE to openat(2), but not to a bare system call */
		.flags = (unsigned int)(flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_LARGEFILE)),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	/* EAGAIN: the kernel cannot resolve ".." safely after a concurrent rename or mount. */
	for (unsigned int i = 0; i < RETRIES_MAX; i++) {
		fd = syscall(__NR_openat2, root_fd, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd < 0 ? -errno : (int)fd;
}

int open_in_root(int root_fd, const char *path, int flags)
{
	int fd;

	/* openat2(2) and the fallback differ for these. */
	if ((flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) || *path == '\0')
		return -EINVAL;
	fd = open_by_kernel(root_fd, path, flags);
	/* EPERM: seccomp filters older than 2020 return it for unknown system calls. */
	if (fd == -ENOSYS || fd == -EPERM)
		return root_open_by_hand(root_fd, path, flags);
	return fd;
}

int root_open_long(int root_fd, const char *path, int flags)
{
	_cleanup_close_ int dir_fd = -1;
	int fd;

	/* The kernel accepts PATH_MAX bytes, so each such piece is opened as a directory. */
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
		fd = open_in_root(dir_fd < 0 ? root_fd : dir_fd, head, O_PATH | O_DIRECTORY);
		if (fd < 0)
			return fd;
		close_fd(&dir_fd);
		dir_fd = fd;
	}
	return open_in_root(dir_fd < 0 ? root_fd : dir_fd, *path != '\0' ? path : ".", flags);
}

int root_open_below(int root_fd, const char *directory, const char *path, int flags)
{
	_cleanup_free_ char *full = format_text("%s/%s", directory, path);

	return full ? root_open_long(root_fd, full, flags) : -ENOMEM;
}

/* Returns 0 for a regular file, or the errno for its type. */
static int check_regular_file(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return 0;
	case S_IFDIR:
		return -EISDIR;
	case S_IFLNK:
		return -ELOOP;
	default:
		return -ENODEV;
	}
}

int root_open_file(int root_fd, const char *path, int flags)
{
	_cleanup_close_ int path_fd = root_open_long(root_fd, path, O_PATH | (flags & O_NOFOLLOW));
	char fd_path[FD_PATH_SIZE];
	_cleanup_close_ int fd = -1;
	int r = path_fd < 0 ? path_fd : check_regular_file(path_fd);

	if (r < 0)
		return r;
	if (fd_get_path(path_fd, fd_path)) {
		/* O_NONBLOCK is the caller's choice: it refuses a file with a lease */
		fd = open_at(AT_FDCWD, fd_path, flags & ~O_NOFOLLOW, 0);
		return fd < 0 ? -errno : steal_fd(&fd);
	}
	/* Without /proc another process can place a device there in between. */
	fd = root_open_long(root_fd, path, flags | O_NONBLOCK | O_NOCTTY);
	/* it has a lease, so it is neither a device nor a FIFO */
	if (fd == -EAGAIN && !(flags & O_NONBLOCK))
		fd = root_open_long(root_fd, path, flags | O_NOCTTY);
	r = fd < 0 ? fd : check_regular_file(fd);
	return r < 0 ? r : steal_fd(&fd);
}

/* True if the path leads to no regular file. */
static bool is_no_file(int error)
{
	return is_missing(error) || error == -EISDIR || error == -ENODEV;
}

int root_open_stream(int root_fd, const char *path, FILE **ret_stream)
{
	int r = stream_from_fd(root_open_file(root_fd, path, 0), ret_stream);

	if (r < 0)
		return is_no_file(r) ? 0 : r;
	return 1;
}

ssize_t root_read_file(int root_fd, const char *path, size_t max, char **ret_text)
{
	_cleanup_close_ int fd = root_open_file(root_fd, path, 0);
	_cleanup_free_ char *text = NULL;
	ssize_t size;

	if (fd < 0)
		return is_no_file(fd) ? 0 : fd;
	text = malloc(max + 1);
	size = text ? read_at(fd, 0, text, max + 1) : -ENOMEM;
	if (size <= 0)
		return size;
	if ((size_t)size > max)
		return -EFBIG;
	*ret_text = text;
	text = NULL;
	return size;
}
