// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Paths inside a root directory: through openat2(2), and by hand as where that is missing. Both
 * must lead to the same file or the same error, and never out of the root.
 */

#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/confdir.h"
#include "base/io.h"
#include "lib/refuse.h"

#define NOBODY 65534
#define SWAPS 20000

typedef int (*opener)(int root_fd, const char *path, int flags);

static const struct {
	const char *name;
	opener open;
} openers[] = {
	{ "open_in_root", open_in_root },
	{ "root_open_by_hand", root_open_by_hand },
};

static const char *const directories[] = { "outside", "root", "root/a", "root/a/b", "root/full" };

static const char *const files[] = {
	"outside/secret",
	"root/top",
	"root/a/b/file",
	"root/full/file",
};

static const struct {
	const char *path, *target;
} links[] = {
	{ "root/abs", "/a/b/file" },
	{ "root/abs_dir", "/a/b" },
	{ "root/abs_up", "/../../a/../../top" },
	{ "root/rel", "a/b/file" },
	{ "root/a/up", "../top" },
	{ "root/a/b/far_up", "../../../../../../top" },
	{ "root/out", "../outside/secret" },
	{ "root/to_root", "/" },
	{ "root/dotdot", ".." },
	{ "root/slashed", "a/b/" },
	{ "root/slashed_file", "top/" },
	{ "root/via_link", "abs_dir/../up" },
	{ "root/self", "self" },
	{ "root/ping", "pong" },
	{ "root/pong", "a/../ping" },
	{ "root/dangling", "nowhere" },
	{ "root/l0", "top" },
};

struct row {
	const char *path;
	int flags;
	int error;
	const char *file; /* what it leads to, by a path without links below the root */
};

#define TO_ROOT_5 "to_root/to_root/to_root/to_root/to_root/"
#define TO_ROOT_10 TO_ROOT_5 TO_ROOT_5
#define TO_ROOT_40 TO_ROOT_10 TO_ROOT_10 TO_ROOT_10 TO_ROOT_10
#define X_51 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X_255 X_51 X_51 X_51 X_51 X_51

static const struct row rows[] = {
	/* plain paths, a leading slash is the root */
	{ "top", 0, 0, "top" },
	{ "/top", 0, 0, "top" },
	{ "///top", 0, 0, "top" },
	{ "./././top", 0, 0, "top" },
	{ "a//b///file", 0, 0, "a/b/file" },
	{ "/", 0, 0, "." },
	{ ".", 0, 0, "." },
	{ "./", 0, 0, "." },
	{ "a", 0, 0, "a" },
	/* .. stays inside */
	{ "..", 0, 0, "." },
	{ "../", 0, 0, "." },
	{ "/..", 0, 0, "." },
	{ "../top", 0, 0, "top" },
	{ "/../../../top", 0, 0, "top" },
	{ "a/../top", 0, 0, "top" },
	{ "a/b/..", 0, 0, "a" },
	{ "a/b/../../../../../top", 0, 0, "top" },
	{ "../outside/secret", 0, ENOENT, NULL },
	/* links */
	{ "abs", 0, 0, "a/b/file" },
	{ "abs_dir", 0, 0, "a/b" },
	{ "abs_dir/file", 0, 0, "a/b/file" },
	{ "abs_dir/../up", 0, 0, "top" },
	{ "abs_up", 0, 0, "top" },
	{ "rel", 0, 0, "a/b/file" },
	{ "a/up", 0, 0, "top" },
	{ "a/b/far_up", 0, 0, "top" },
	{ "a/b/../up", 0, 0, "top" },
	{ "to_root", 0, 0, "." },
	{ "to_root/to_root/a/b", 0, 0, "a/b" },
	{ "dotdot", 0, 0, "." },
	{ "dotdot/dotdot/top", 0, 0, "top" },
	{ "via_link", 0, 0, "top" },
	{ "out", 0, ENOENT, NULL },
	{ "host", 0, ENOENT, NULL },
	{ "host_dir/secret", 0, ENOENT, NULL },
	{ "dangling", 0, ENOENT, NULL },
	/* as many links as the kernel allows, in a chain or along the path */
	{ "l39", 0, 0, "top" },
	{ "l40", 0, ELOOP, NULL },
	{ TO_ROOT_40 "top", 0, 0, "top" },
	{ TO_ROOT_40 "to_root/top", 0, ELOOP, NULL },
	{ "self", 0, ELOOP, NULL },
	{ "self/x", 0, ELOOP, NULL },
	{ "ping", 0, ELOOP, NULL },
	/* a slash at the end wants a directory */
	{ "a/", 0, 0, "a" },
	{ "a///", 0, 0, "a" },
	{ "a/b/.", 0, 0, "a/b" },
	{ "abs_dir/", 0, 0, "a/b" },
	{ "slashed", 0, 0, "a/b" },
	{ "slashed/file", 0, 0, "a/b/file" },
	{ "top/", 0, ENOTDIR, NULL },
	{ "top/.", 0, ENOTDIR, NULL },
	{ "rel/", 0, ENOTDIR, NULL },
	{ "slashed_file", 0, ENOTDIR, NULL },
	/* through what is no directory, or not there */
	{ "top/x", 0, ENOTDIR, NULL },
	{ "top/..", 0, ENOTDIR, NULL },
	{ "top/../top", 0, ENOTDIR, NULL },
	{ "abs/x", 0, ENOTDIR, NULL },
	{ "rel/../../top", 0, ENOTDIR, NULL },
	{ "missing", 0, ENOENT, NULL },
	{ "missing/", 0, ENOENT, NULL },
	{ "missing/x", 0, ENOENT, NULL },
	{ "missing/..", 0, ENOENT, NULL },
	{ "a/missing", 0, ENOENT, NULL },
	/* flags */
	{ "top", O_NOFOLLOW, 0, "top" },
	{ "rel", O_NOFOLLOW, ELOOP, NULL },
	{ "abs_dir", O_NOFOLLOW, ELOOP, NULL },
	{ "dangling", O_NOFOLLOW, ELOOP, NULL },
	{ "abs_dir/", O_NOFOLLOW, 0, "a/b" },
	{ "abs_dir/.", O_NOFOLLOW, 0, "a/b" },
	{ "abs_dir/file", O_NOFOLLOW, 0, "a/b/file" },
	{ "rel", O_NOFOLLOW | O_PATH, 0, "rel" },
	{ "dangling", O_NOFOLLOW | O_PATH, 0, "dangling" },
	{ "a", O_DIRECTORY, 0, "a" },
	{ "abs_dir", O_DIRECTORY, 0, "a/b" },
	{ "abs_dir", O_DIRECTORY | O_PATH, 0, "a/b" },
	{ "abs_dir", O_DIRECTORY | O_NOFOLLOW, ENOTDIR, NULL },
	{ "top", O_DIRECTORY, ENOTDIR, NULL },
	{ "rel", O_DIRECTORY | O_PATH, ENOTDIR, NULL },
	{ "missing", O_DIRECTORY, ENOENT, NULL },
	{ "rel", O_PATH, 0, "a/b/file" },
	{ "rel", O_RDWR, 0, "a/b/file" },
	{ "a", O_RDWR, EISDIR, NULL },
	{ "top", O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0, "top" },
	/* lengths */
	{ X_255, 0, ENOENT, NULL },
	{ X_255 "x", 0, ENAMETOOLONG, NULL },
	{ "a/" X_255 "x/b", 0, ENAMETOOLONG, NULL },
};

/* Links that stand for what the host has at the same place, and chains of links. */
static void make_computed_links(int dir_fd)
{
	char path[PATH_MAX], target[PATH_MAX];
	char *here;

	ck_assert_int_eq(fchdir(dir_fd), 0);
	here = getcwd(NULL, 0);
	ck_assert_ptr_nonnull(here);
	(void)snprintf(target, sizeof(target), "%s/outside", here);
	ck_assert_int_eq(symlinkat(target, dir_fd, "root/host_dir"), 0);
	(void)snprintf(target, sizeof(target), "%s/outside/secret", here);
	ck_assert_int_eq(symlinkat(target, dir_fd, "root/host"), 0);
	free(here);
	for (int i = 1; i <= 40; i++) {
		(void)snprintf(path, sizeof(path), "root/l%d", i);
		(void)snprintf(target, sizeof(target), "l%d", i - 1);
		ck_assert_int_eq(symlinkat(target, dir_fd, path), 0);
	}
	ck_assert_int_eq(chdir("/"), 0);
}

/* Makes the tree of the tables above. Returns the directory that holds it. */
static int make_tree(void)
{
	int dir_fd = harness_directory();

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		ck_assert_int_eq(mkdirat(dir_fd, directories[i], 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		harness_write(dir_fd, files[i], files[i], strlen(files[i]));
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		ck_assert_int_eq(symlinkat(links[i].target, dir_fd, links[i].path), 0);
	make_computed_links(dir_fd);
	return dir_fd;
}

/* Opened with O_PATH: the header says that this is enough. */
static int open_root(int dir_fd)
{
	int root_fd = openat(dir_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_ge(root_fd, 0);
	return root_fd;
}

static bool is_file(int fd, int root_fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstatat(root_fd, path, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static void check_row(const char *function, opener open_it, int root_fd, const struct row *row)
{
	int fd = open_it(root_fd, row->path, row->flags);

	if (row->error != 0) {
		ck_assert_msg(fd == -row->error, "%s(%.99s, %#o): %d (%s) instead of %s", function,
			      row->path, row->flags, fd, fd < 0 ? strerror(-fd) : "opened",
			      strerror(row->error));
		return;
	}
	ck_assert_msg(fd >= 0, "%s(%.99s, %#o): %s", function, row->path, row->flags,
		      strerror(-fd));
	ck_assert_msg(is_file(fd, root_fd, row->file), "%s(%.99s, %#o) is not %s", function,
		      row->path, row->flags, row->file);
	ck_assert_msg(fcntl(fd, F_GETFD) & FD_CLOEXEC, "%s(%.99s): no O_CLOEXEC", function,
		      row->path);
	ck_assert_int_eq(close(fd), 0);
}

LOOP_TEST(every_path_leads_to_the_file_or_error_that_the_table_says, ARRAY_SIZE(openers))
{
	int root_fd = open_root(make_tree()), before = dup(0);

	ck_assert_int_eq(close(before), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(openers[_i].name, openers[_i].open, root_fd, &rows[i]);
	ck_assert_msg(dup(0) == before, "a file descriptor was left open");
}

/* ./././top, of as many bytes as wanted, which must be odd. */
static char *dotted_path(size_t size)
{
	char *path = malloc(size + 1);

	ck_assert_ptr_nonnull(path);
	for (size_t i = 0; i < size - 3; i++)
		path[i] = i % 2 == 0 ? '.' : '/';
	strcpy(path + size - 3, "top");
	return path;
}

LOOP_TEST(a_path_of_path_max_bytes_with_its_nul_is_the_longest, ARRAY_SIZE(openers))
{
	int root_fd = open_root(make_tree());
	char *longest = dotted_path(PATH_MAX - 1), *longer = dotted_path(PATH_MAX + 1);
	const struct row fits = { longest, 0, 0, "top" };
	const struct row does_not = { longer, 0, ENAMETOOLONG, NULL };

	check_row(openers[_i].name, openers[_i].open, root_fd, &fits);
	check_row(openers[_i].name, openers[_i].open, root_fd, &does_not);
	free(longest);
	free(longer);
}

LOOP_TEST(flags_that_create_a_file_are_refused, 8)
{
	static const struct {
		const char *path;
		int flags;
	} refused[] = {
		{ "new", O_CREAT | O_RDWR },
		{ "new", O_CREAT | O_EXCL | O_WRONLY },
		{ "top", O_CREAT },
		{ "top", O_CREAT | O_PATH },
		{ "a", O_TMPFILE | O_RDWR },
		{ "", O_RDONLY },
		{ "", O_PATH },
		{ "", O_DIRECTORY },
	};
	int root_fd = open_root(make_tree());
	int r = open_in_root(root_fd, refused[_i].path, refused[_i].flags);

	ck_assert_msg(r == -EINVAL, "'%s', %#o: %d", refused[_i].path, refused[_i].flags, r);
	ck_assert_int_eq(faccessat(root_fd, "new", F_OK, 0), -1);
}

LOOP_TEST(a_bad_root_is_the_errno_of_open, ARRAY_SIZE(openers))
{
	int dir_fd = make_tree();
	int file_fd = openat(dir_fd, "root/top", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(openers[_i].open(-1, "top", O_RDONLY), -EBADF);
	ck_assert_int_eq(openers[_i].open(file_fd, "top", O_RDONLY), -ENOTDIR);
}

/* What root can always do is tried as somebody else. False if that cannot be. */
static bool become_nobody(void)
{
	return geteuid() != 0 || seteuid(NOBODY) == 0;
}

LOOP_TEST(a_directory_that_may_not_be_searched_is_eacces, ARRAY_SIZE(openers))
{
	int dir_fd = make_tree();
	int root_fd = open_root(dir_fd), inside, final;

	ck_assert_int_eq(fchmodat(dir_fd, "root/a", 0, 0), 0);
	ck_assert_int_eq(fchmodat(dir_fd, "root/top", 0, 0), 0);
	if (!become_nobody())
		return;
	inside = openers[_i].open(root_fd, "rel", O_RDONLY);
	final = openers[_i].open(root_fd, "top", O_RDONLY);
	ck_assert_int_eq(seteuid(getuid()), 0);
	ck_assert_int_eq(fchmodat(dir_fd, "root/a", 0755, 0), 0);
	ck_assert_int_eq(inside, -EACCES);
	ck_assert_int_eq(final, -EACCES);
}

LOOP_TEST(a_magic_link_of_proc_is_not_followed, ARRAY_SIZE(openers))
{
	int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), pipe_fds[2];
	char path[64];

	ck_assert_int_eq(pipe(pipe_fds), 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", pipe_fds[0]);
	if (access(path, F_OK) < 0) /* no /proc here */
		return;
	ck_assert_int_lt(openers[_i].open(root_fd, path, O_RDONLY | O_NONBLOCK), 0);
}

/* --- somebody changes the tree meanwhile --------------------------------------------------- */

struct swapper {
	int dir_fd;
	_Atomic unsigned int swaps;
	_Atomic bool stop;
};

static void rename_or_fail(int dir_fd, const char *from, const char *to)
{
	if (renameat(dir_fd, from, dir_fd, to) < 0)
		abort();
}

/*
 * Lets root/swap be a directory, a link to the directory outside, and a directory again; and
 * takes root/a/b, from where ".." is the root, outside and back.
 */
static void *swap_for_ever(void *argument)
{
	struct swapper *swapper = argument;

	while (!swapper->stop) {
		rename_or_fail(swapper->dir_fd, "root/swap", "root/swap_dir");
		rename_or_fail(swapper->dir_fd, "root/swap_link", "root/swap");
		rename_or_fail(swapper->dir_fd, "root/a/b", "outside/b");
		rename_or_fail(swapper->dir_fd, "root/swap", "root/swap_link");
		rename_or_fail(swapper->dir_fd, "root/swap_dir", "root/swap");
		rename_or_fail(swapper->dir_fd, "outside/b", "root/a/b");
		swapper->swaps += 2;
	}
	return NULL;
}

/* All of these are outside/secret if a link or ".." leads out at the right moment. */
static const char *const attacks[] = {
	"swap/secret",
	"swap/../../outside/secret",
	"a/b/../../outside/secret",
	"a/b/../secret",
};

static void check_is_inside(const char *path, int fd)
{
	char content[64] = "";

	ck_assert_int_ge(read(fd, content, sizeof(content) - 1), 0);
	ck_assert_msg(strcmp(content, "inside") == 0, "%s opened '%s'", path, content);
	ck_assert_int_eq(close(fd), 0);
}

/* Opens until there were enough swaps. Counts what could be opened, and what not. */
static void attack(opener open_it, int root_fd, const struct swapper *swapper, unsigned int *opened,
		   unsigned int *refused)
{
	for (unsigned int i = 0; swapper->swaps < SWAPS; i++) {
		const char *path = attacks[i % ARRAY_SIZE(attacks)];
		int fd = open_it(root_fd, path, O_RDONLY);

		if (fd >= 0) {
			check_is_inside(path, fd);
			++*opened;
			continue;
		}
		ck_assert_msg(fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP || fd == -EAGAIN,
			      "%s: %s", path, strerror(-fd));
		++*refused;
	}
}

LOOP_TEST(nothing_outside_is_opened_while_directories_and_links_are_swapped,
	  UNLESS_VALGRIND(ARRAY_SIZE(openers)))
{
	struct swapper swapper = { .dir_fd = make_tree() };
	unsigned int opened = 0, refused = 0;
	pthread_t thread;

	harness_write(swapper.dir_fd, "root/swap/secret", "inside", 6);
	ck_assert_int_eq(
		renameat(swapper.dir_fd, "root/host_dir", swapper.dir_fd, "root/swap_link"), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, swap_for_ever, &swapper), 0);
	attack(openers[_i].open, open_root(swapper.dir_fd), &swapper, &opened, &refused);
	swapper.stop = true;
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	if (opened == 0 || refused == 0)
		harness_skip("the renames and the opens did not race");
}

/* --- paths beyond PATH_MAX ---------------------------------------------------------------- */

#define DEPTH 40
#define COMPONENT 250

static const char *component(void)
{
	static char name[COMPONENT + 1];

	memset(name, 'd', COMPONENT);
	return name;
}

/* Makes DEPTH directories in each other; the file descriptors of all are in fds[1..]. */
static void make_deep(int fds[static DEPTH + 1])
{
	for (int i = 1; i <= DEPTH; i++) {
		ck_assert_int_eq(mkdirat(fds[i - 1], component(), 0755), 0);
		fds[i] = openat(fds[i - 1], component(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(fds[i], 0);
	}
	harness_write(fds[DEPTH], "file", "deep", 4);
}

/* Paths of this length are too much for whoever cleans up after the test. */
static void remove_deep(int fds[static DEPTH + 1])
{
	ck_assert_int_eq(unlinkat(fds[DEPTH], "file", 0), 0);
	for (int i = DEPTH; i > 0; i--) {
		ck_assert_int_eq(close(fds[i]), 0);
		ck_assert_int_eq(unlinkat(fds[i - 1], component(), AT_REMOVEDIR), 0);
	}
}

/* PREFIX/d.../d.../.../NAME */
static char *deep_path(const char *prefix, const char *name)
{
	char *path = malloc(strlen(prefix) + DEPTH * (COMPONENT + 1) + strlen(name) + 1);
	char *end = path;

	ck_assert_ptr_nonnull(path);
	end = stpcpy(end, prefix);
	for (int i = 0; i < DEPTH; i++)
		end = stpcpy(stpcpy(end, component()), "/");
	strcpy(end, name);
	ck_assert_uint_gt(strlen(path), 10000);
	return path;
}

TEST(a_path_of_ten_thousand_bytes_is_opened)
{
	static const struct {
		const char *prefix, *name;
		int error;
		int flags;
	} cases[] = {
		{ "", "file", 0, 0 },
		{ "/", "file", 0, 0 },
		{ "to_root/", "file", 0, O_NOFOLLOW },
		{ "../../dotdot/", "file", 0, 0 },
		{ "", "missing", ENOENT, 0 },
		{ "", "file/x", ENOTDIR, 0 },
		{ "", "", 0, O_DIRECTORY },
		{ "", "file", ENOTDIR, O_DIRECTORY },
		{ "missing/", "file", ENOENT, 0 },
		{ "top/", "file", ENOTDIR, 0 },
	};
	int fds[DEPTH + 1] = { open_root(make_tree()) }, results[ARRAY_SIZE(cases)];

	make_deep(fds);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *path = deep_path(cases[i].prefix, cases[i].name);

		results[i] = root_open_long(fds[0], path, cases[i].flags);
		if (results[i] >= 0)
			ck_assert_msg(is_file(results[i], fds[DEPTH],
					      *cases[i].name ? cases[i].name : "."),
				      "case %zu is another file", i);
		free(path);
	}
	remove_deep(fds);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ck_assert_msg(cases[i].error == 0 ? results[i] >= 0 : results[i] == -cases[i].error,
			      "case %zu: %d instead of %d", i, results[i], -cases[i].error);
}

TEST(a_short_path_is_opened_by_the_function_for_long_ones_too)
{
	int root_fd = open_root(make_tree());

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_row("root_open_long", root_open_long, root_fd, &rows[i]);
}

/* Kernels before 5.6, and filters that do not know the call. */
LOOP_TEST(without_openat2_all_is_the_same, 2)
{
	const struct refusal refusal = { SYS_openat2, 0, UINT_MAX, _i == 0 ? ENOSYS : EPERM };
	int root_fd = open_root(make_tree());

	if (!refuse(&refusal, 1))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_row("open_in_root", open_in_root, root_fd, &rows[i]);
}

LOOP_TEST(a_concurrent_rename_is_retried_but_not_forever, 2)
{
	const struct refusal refusal = { SYS_openat2, 0, _i == 0 ? 10 : UINT_MAX, EAGAIN };
	int root_fd = open_root(make_tree()), fd;

	if (!refuse(&refusal, 1))
		return;
	fd = open_in_root(root_fd, "top", O_RDONLY);
	if (_i == 0)
		ck_assert_int_ge(fd, 0);
	else
		ck_assert_int_eq(fd, -EAGAIN);
}

LOOP_TEST(without_openat2_each_failed_open_is_its_errno, 4)
{
	const struct refusal refusal = { SYS_openat, (unsigned int)_i, 1, EMFILE };
	int root_fd = open_root(make_tree());

	if (!refuse(&refusal, 1))
		return;
	ck_assert_int_eq(root_open_by_hand(root_fd, "a/b/file", O_RDONLY), -EMFILE);
	ck_assert_int_ge(root_open_by_hand(root_fd, "a/b/file", O_RDONLY), 0);
}

TEST(a_stream_is_of_a_file_that_is_there_or_none)
{
	static const struct {
		const char *path;
		int r;
	} streams[] = { { "top", 1 },  { "a/b/file", 1 }, { "missing", 0 },      { "top/below", 0 },
			{ "self", 0 }, { "a", 0 },        { "missing/below", 0 } };
	int root_fd = open_root(make_tree());

	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		FILE *stream = NULL;

		ck_assert_msg(root_open_stream(root_fd, streams[i].path, &stream) == streams[i].r,
			      "%s", streams[i].path);
		ck_assert_msg((stream != NULL) == (streams[i].r == 1), "%s", streams[i].path);
		if (stream)
			(void)fclose(stream);
	}
}

/* Without openat2(2), and without /proc, as in a bare chroot. */
static const struct refusal without[] = { { SYS_openat2, 0, UINT_MAX, ENOSYS },
					  { SYS_statfs, 0, UINT_MAX, ENOENT } };

LOOP_TEST(only_a_regular_file_is_opened, 3)
{
	static const struct {
		const char *path;
		int flags, error;
	} opened[] = {
		{ "top", 0, 0 },
		{ "top", O_NOFOLLOW, 0 },
		{ "/abs", 0, 0 },
		{ "a", 0, EISDIR },
		{ "fifo", 0, ENODEV },
		{ "to_fifo", 0, ENODEV },
		{ "device", 0, ENODEV },
		{ "missing", 0, ENOENT },
		{ "self", 0, ELOOP },
		{ "out", 0, ENOENT },
		{ "abs", O_NOFOLLOW, ELOOP },
		{ "to_fifo", O_NOFOLLOW, ELOOP },
		{ "top/x", 0, ENOTDIR },
		{ X_255 "x", 0, ENAMETOOLONG },
	};
	int root_fd = open_root(make_tree());
	bool has_device = mknodat(root_fd, "device", S_IFCHR | 0600, makedev(1, 7)) == 0;

	ck_assert_int_eq(mkfifoat(root_fd, "fifo", 0600), 0);
	ck_assert_int_eq(symlinkat("fifo", root_fd, "to_fifo"), 0);
	if (_i > 0 && !refuse(without, (size_t)_i))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(opened); i++) {
		int fd;

		if (strcmp(opened[i].path, "device") == 0 && !has_device)
			continue;
		fd = root_open_file(root_fd, opened[i].path, opened[i].flags);
		ck_assert_msg(opened[i].error ? fd == -opened[i].error : fd >= 0, "%s: %d",
			      opened[i].path, fd);
		if (fd >= 0)
			ck_assert_int_eq(close(fd), 0);
	}
}

/* Holds a write lease of the file until another process opens it. */
static void hold_lease(const char *path, int ready_fd)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), signal;
	sigset_t broken;

	(void)sigemptyset(&broken);
	(void)sigaddset(&broken, SIGIO);
	(void)sigprocmask(SIG_BLOCK, &broken, NULL);
	if (fd >= 0 && fcntl(fd, F_SETLEASE, F_WRLCK) == 0 && write(ready_fd, "", 1) == 1)
		(void)sigwait(&broken, &signal);
	/* so that the other process meets the lease and not its end */
	(void)usleep(200000);
	_exit(0);
}

/* _i: without openat2(2) and /proc */
LOOP_TEST(a_file_that_has_a_lease_is_opened, 2)
{
	int root_fd = open_root(make_tree()), fds[2], fd;
	char ready;
	pid_t pid;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (fchdir(root_fd) == 0)
			hold_lease("top", fds[1]);
		_exit(1);
	}
	(void)close(fds[1]);
	if (read(fds[0], &ready, 1) == 1) { /* not every file system has leases */
		ck_assert_int_eq(openat(root_fd, "top", O_RDONLY | O_NONBLOCK | O_CLOEXEC), -1);
		ck_assert_int_eq(errno, EAGAIN);
		if (_i == 0 || refuse(without, ARRAY_SIZE(without))) {
			fd = root_open_file(root_fd, "top", 0);
			ck_assert_msg(fd >= 0, "%d", fd);
		}
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

LOOP_TEST(a_stream_that_cannot_be_opened_is_an_errno, 2)
{
	const struct refusal refusals[] = { { _i == 0 ? SYS_openat2 : SYS_newfstatat, 0, 1, EIO },
					    { _i == 0 ? SYS_openat2 : SYS_fstat, 0, 1, EIO } };
	int root_fd = open_root(make_tree());
	FILE *stream = NULL;

	if (!refuse(refusals, ARRAY_SIZE(refusals)))
		return;
	ck_assert_int_eq(root_open_stream(root_fd, "top", &stream), -EIO);
	ck_assert_ptr_null(stream);
}

LOOP_TEST(a_component_beyond_path_max_is_too_long, 5)
{
	static const char *const prefixes[] = { "", "/", "a/", "/a/b/", "../" };
	int root_fd = open_root(make_tree());
	char path[3 * PATH_MAX];
	size_t size = strlen(prefixes[_i]);

	memset(path, 'x', sizeof(path));
	memcpy(path, prefixes[_i], size);
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(root_open_long(root_fd, path, O_RDONLY), -ENAMETOOLONG);
}

static const struct conf_row {
	const char *directory;
	int result;
	size_t n_files;
} conf_rows[] = {
	{ "a/b", 0, 1 },        { "full", 0, 1 },          { "abs_dir", 0, 1 },
	{ "top", -ENOTDIR, 0 }, { "nowhere", -ENOENT, 0 }, { "dangling", -ENOENT, 0 },
	{ "self", -ENOENT, 0 }, { X_255 "x", -ENOENT, 0 },
};

LOOP_TEST(a_configuration_directory_is_read_or_missing, ARRAY_SIZE(conf_rows))
{
	static const char *const suffixes[] = { "le", NULL };
	const struct conf_row *row = &conf_rows[_i];
	struct conf_dirs dirs = { .root_fd = open_root(make_tree()), .suffixes = suffixes };

	ck_assert_msg(conf_dirs_add(&dirs, row->directory) == row->result, "%s", row->directory);
	ck_assert_msg(dirs.files.size == row->n_files, "%s: %zu files", row->directory,
		      dirs.files.size);
	conf_dirs_done(&dirs);
}

int main(void)
{
	return harness_run(NULL, NULL);
}
