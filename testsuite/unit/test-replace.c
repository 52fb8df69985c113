// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Putting a table into a file in one step: what is replaced and what is left alone, that a
 * failure or a kill leaves the old file and no other, and the lock.
 */

#include "lib/harness.h"
#include "lib/refuse.h"
#include "text/replace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* fstat(2) is a call of its own, and not newfstatat(2). */
#if defined(__GLIBC__) && defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 39)
#define HAS_FSTAT
#endif
#endif

#define NOBODY 65534

#define NAME "modules.devname"
#define FUSE DEVNAME_HEADER "fuse fuse c10:229\n"
#define OLD "what was there before\n"
#define TEMPORARY ".modules.devname.new" /* it is the lock */

/* A table with one node: FUSE is its text. */
static struct kmod_devname_table *make_table(void)
{
	static const char *const aliases[] = { "devname:fuse", "char-major-10-229" };
	struct kmod_devname_table *table;

	ck_assert_int_eq(kmod_devname_table_new(&table), 0);
	ck_assert_int_eq(kmod_devname_table_add_module(table, NULL, "fuse", NULL, aliases, 2), 0);
	return table;
}

static int replace(int dir_fd, const char *name)
{
	struct kmod_devname_table *table = make_table();
	int r = kmod_devname_table_write_file(table, dir_fd, name);

	kmod_devname_table_unref(table);
	return r;
}

static int replace_by_empty(int dir_fd)
{
	struct kmod_devname_table *table;
	int r;

	ck_assert_int_eq(kmod_devname_table_new(&table), 0);
	r = kmod_devname_table_write_file(table, dir_fd, NAME);
	kmod_devname_table_unref(table);
	return r;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a directory, sorted, "a b c". */
static const char *names_in(int dir_fd)
{
	static char text[4096];
	char *names[64];
	size_t n = 0, size = 0;
	struct dirent *entry;
	DIR *dir = fdopendir(openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) && n < ARRAY_SIZE(names))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			names[n++] = strdup(entry->d_name);
	(void)closedir(dir);
	qsort(names, n, sizeof(names[0]), compare_names);
	text[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%s", i > 0 ? " " : "",
					 names[i]);
		free(names[i]);
	}
	return text;
}

static const char *content_of(int dir_fd, const char *name)
{
	static char text[4096];
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n;

	ck_assert_msg(fd >= 0, "%s: %s", name, strerror(errno));
	n = read(fd, text, sizeof(text) - 1);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	ck_assert_int_eq(close(fd), 0);
	return text;
}

static struct stat stat_of(int dir_fd, const char *name)
{
	struct stat st;

	ck_assert_int_eq(fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st;
}

/* There is a regular file of mode 0644 with the table's text, and nothing else. */
static void check_is_new(int dir_fd)
{
	struct stat st = stat_of(dir_fd, NAME);

	ck_assert(S_ISREG(st.st_mode));
	ck_assert_int_eq(st.st_mode & 07777, 0644);
	ck_assert_int_eq(st.st_nlink, 1);
	ck_assert_str_eq(content_of(dir_fd, NAME), FUSE);
	ck_assert_str_eq(names_in(dir_fd), NAME);
}

/* A new open file description, so that it has a lock of its own. */
static int reopen(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static void write_old(int dir_fd, const char *text)
{
	harness_write(dir_fd, NAME, text, strlen(text));
}

/* Makes the temporary file as another run does, and locks it. */
static int hold(int dir_fd, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };
	int flags = type == F_WRLCK ? O_RDWR | O_CREAT : O_RDONLY;
	int fd = openat(dir_fd, TEMPORARY, flags | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &lock), 0);
	return fd;
}

/* --- what is replaced, what is not --------------------------------------------------------- */

TEST(a_file_that_is_not_there_is_made)
{
	int dir_fd = harness_directory();

	ck_assert_int_eq(replace(dir_fd, NAME), 1);
	check_is_new(dir_fd);
}

TEST(identical_content_is_left_alone_with_inode_and_times)
{
	static const struct timespec times[] = { { 1000000000, 1 }, { 1000000000, 2 } };
	int dir_fd = harness_directory();
	struct stat before, after;

	write_old(dir_fd, FUSE);
	ck_assert_int_eq(fchmodat(dir_fd, NAME, 0644, 0), 0);
	ck_assert_int_eq(utimensat(dir_fd, NAME, times, 0), 0);
	before = stat_of(dir_fd, NAME);
	ck_assert_int_eq(replace(dir_fd, NAME), 0);
	after = stat_of(dir_fd, NAME);
	ck_assert_uint_eq(after.st_ino, before.st_ino);
	ck_assert_int_eq(after.st_mtim.tv_sec, 1000000000);
	ck_assert_int_eq(after.st_mtim.tv_nsec, 2);
	ck_assert_int_eq(after.st_ctim.tv_nsec, before.st_ctim.tv_nsec);
	check_is_new(dir_fd);
}

static const mode_t other_modes[] = { 0, 0600, 0640, 0664, 0755, 04644, 01644 };

LOOP_TEST(identical_content_with_another_mode_is_replaced, ARRAY_SIZE(other_modes))
{
	int dir_fd = harness_directory();

	write_old(dir_fd, FUSE);
	ck_assert_int_eq(fchmodat(dir_fd, NAME, other_modes[_i], 0), 0);
	ck_assert_msg(replace(dir_fd, NAME) == 1, "mode %#o", (unsigned int)other_modes[_i]);
	check_is_new(dir_fd);
	ck_assert_int_eq(replace(dir_fd, NAME), 0);
}

static const char *const other_contents[] = {
	"",
	"\n",
	OLD,
	DEVNAME_HEADER,
	DEVNAME_HEADER "fuse fuse c10:228\n", /* as long, another byte */
	DEVNAME_HEADER "fuse fuse c10:229", /* cut */
	FUSE "\n", /* longer */
	FUSE "cuse cuse c10:203\n",
};

LOOP_TEST(other_content_is_replaced, ARRAY_SIZE(other_contents))
{
	int dir_fd = harness_directory();

	write_old(dir_fd, other_contents[_i]);
	ck_assert_msg(replace(dir_fd, NAME) == 1, "'%s'", other_contents[_i]);
	check_is_new(dir_fd);
}

TEST(a_reader_of_the_old_file_reads_the_old_content)
{
	int dir_fd = harness_directory(), reader;
	char text[64] = "";

	write_old(dir_fd, OLD);
	reader = openat(dir_fd, NAME, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(replace(dir_fd, NAME), 1);
	ck_assert_int_eq(read(reader, text, sizeof(text) - 1), (ssize_t)strlen(OLD));
	ck_assert_str_eq(text, OLD);
}

static const mode_t umasks[] = { 0, 022, 077, 0777 };

LOOP_TEST(the_mode_is_0644_with_any_umask, ARRAY_SIZE(umasks))
{
	int dir_fd = harness_directory();
	mode_t before = umask(umasks[_i]);

	ck_assert_int_eq(replace(dir_fd, NAME), 1);
	ck_assert_msg(umask(before) == umasks[_i], "the umask was changed");
	check_is_new(dir_fd);
}

TEST(an_empty_table_is_a_file_of_zero_bytes)
{
	int dir_fd = harness_directory();

	ck_assert_int_eq(replace_by_empty(dir_fd), 1);
	ck_assert_int_eq(stat_of(dir_fd, NAME).st_size, 0);
	ck_assert_int_eq(stat_of(dir_fd, NAME).st_mode, S_IFREG | 0644);
	ck_assert_int_eq(replace_by_empty(dir_fd), 0);
	ck_assert_int_eq(replace(dir_fd, NAME), 1);
	ck_assert_int_eq(replace_by_empty(dir_fd), 1);
	ck_assert_int_eq(stat_of(dir_fd, NAME).st_size, 0);
	ck_assert_str_eq(names_in(dir_fd), NAME);
}

static const char *const link_targets[] = { "target", "./target", "dir", "nowhere", NAME };

LOOP_TEST(a_link_is_replaced_and_what_it_leads_to_is_untouched, ARRAY_SIZE(link_targets))
{
	int dir_fd = harness_directory();
	struct stat st;

	harness_write(dir_fd, "target", FUSE, strlen(FUSE));
	ck_assert_int_eq(mkdirat(dir_fd, "dir", 0755), 0);
	ck_assert_int_eq(symlinkat(link_targets[_i], dir_fd, NAME), 0);
	ck_assert_int_eq(fchmodat(dir_fd, "target", 0644, 0), 0);
	st = stat_of(dir_fd, "target");
	ck_assert_msg(replace(dir_fd, NAME) == 1, "link to %s", link_targets[_i]);
	ck_assert(S_ISREG(stat_of(dir_fd, NAME).st_mode));
	ck_assert_str_eq(content_of(dir_fd, NAME), FUSE);
	ck_assert_str_eq(content_of(dir_fd, "target"), FUSE);
	ck_assert_uint_eq(stat_of(dir_fd, "target").st_ino, st.st_ino);
	ck_assert_str_eq(names_in(dir_fd), "dir " NAME " target");
}

TEST(another_name_of_the_old_file_keeps_the_old_content)
{
	int dir_fd = harness_directory();

	write_old(dir_fd, OLD);
	ck_assert_int_eq(linkat(dir_fd, NAME, dir_fd, "other", 0), 0);
	ck_assert_int_eq(replace(dir_fd, NAME), 1);
	ck_assert_str_eq(content_of(dir_fd, NAME), FUSE);
	ck_assert_str_eq(content_of(dir_fd, "other"), OLD);
}

TEST(a_fifo_is_replaced_and_does_not_block)
{
	int dir_fd = harness_directory();

	ck_assert_int_eq(mkfifoat(dir_fd, NAME, 0644), 0);
	ck_assert_int_eq(replace(dir_fd, NAME), 1);
	check_is_new(dir_fd);
}

TEST(a_socket_is_replaced)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = NAME };
	int dir_fd = harness_directory(), fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(fchdir(dir_fd), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(replace(dir_fd, NAME), 1);
	check_is_new(dir_fd);
}

LOOP_TEST(any_name_without_a_slash_is_accepted, 6)
{
	static const char *const names[] = { "x", "...", ".hidden", "a b", "\xff\n", "-n" };
	int dir_fd = harness_directory();

	ck_assert_msg(replace(dir_fd, names[_i]) == 1, "'%s'", names[_i]);
	ck_assert_str_eq(content_of(dir_fd, names[_i]), FUSE);
	ck_assert_str_eq(names_in(dir_fd), names[_i]);
}

/* --- failures ----------------------------------------------------------------------------- */

LOOP_TEST(a_directory_is_eisdir_and_stays, 2)
{
	int dir_fd = harness_directory();

	ck_assert_int_eq(mkdirat(dir_fd, NAME, 0755), 0);
	if (_i > 0)
		harness_write(dir_fd, NAME "/file", OLD, strlen(OLD));
	ck_assert_int_eq(replace(dir_fd, NAME), -EISDIR);
	ck_assert(S_ISDIR(stat_of(dir_fd, NAME).st_mode));
	ck_assert_str_eq(names_in(dir_fd), NAME);
}

static const char *const bad_names[] = { "",    ".",  "..",  "/",    "/x",
					 "a/b", "x/", "./x", "../x", ".modules.devname.new" };

LOOP_TEST(a_bad_name_is_einval_and_nothing_is_made, ARRAY_SIZE(bad_names))
{
	int dir_fd = harness_directory();

	harness_write(dir_fd, "a/keep", OLD, strlen(OLD));
	ck_assert_msg(replace(dir_fd, bad_names[_i]) == -EINVAL, "'%s'", bad_names[_i]);
	ck_assert_str_eq(names_in(dir_fd), "a");
}

TEST(a_name_of_256_bytes_is_too_long_and_nothing_is_left)
{
	int dir_fd = harness_directory();
	char name[257] = "";

	memset(name, 'n', 256);
	ck_assert_int_eq(replace(dir_fd, name), -ENAMETOOLONG);
	ck_assert_str_eq(names_in(dir_fd), "");
	name[255] = '\0';
	ck_assert_int_eq(replace(dir_fd, name), 1);
}

TEST(a_removed_directory_is_enoent)
{
	int parent_fd = harness_directory(), dir_fd;

	ck_assert_int_eq(mkdirat(parent_fd, "dir", 0755), 0);
	dir_fd = openat(parent_fd, "dir", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(unlinkat(parent_fd, "dir", AT_REMOVEDIR), 0);
	ck_assert_int_eq(replace(dir_fd, NAME), -ENOENT);
	ck_assert_str_eq(names_in(parent_fd), "");
}

TEST(a_closed_descriptor_is_ebadf)
{
	ck_assert_int_eq(replace(-1, NAME), -EBADF);
}

/* What root can always do is tried as somebody else. False if that cannot be. */
static bool become_nobody(void)
{
	return geteuid() != 0 || seteuid(NOBODY) == 0;
}

LOOP_TEST(a_directory_that_may_not_be_written_keeps_the_old_file, 2)
{
	int dir_fd = harness_directory(), different, identical;

	write_old(dir_fd, _i == 0 ? OLD : FUSE);
	ck_assert_int_eq(fchmodat(dir_fd, NAME, 0644, 0), 0);
	ck_assert_int_eq(fchmod(dir_fd, 0555), 0);
	if (!become_nobody())
		return;
	different = replace_by_empty(dir_fd);
	identical = replace(dir_fd, NAME);
	ck_assert_int_eq(seteuid(getuid()), 0);
	ck_assert_int_eq(fchmod(dir_fd, 0755), 0);
	ck_assert_int_eq(different, -EACCES);
	/* what is right already need not be written */
	ck_assert_int_eq(identical, _i == 0 ? -EACCES : 0);
	ck_assert_str_eq(content_of(dir_fd, NAME), _i == 0 ? OLD : FUSE);
	ck_assert_str_eq(names_in(dir_fd), NAME);
}

TEST(a_write_that_stops_half_way_keeps_the_old_file)
{
	struct rlimit limit, small;
	int dir_fd = harness_directory(), r;

	write_old(dir_fd, OLD);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = (struct rlimit){ strlen(DEVNAME_HEADER) + 2, limit.rlim_max };
	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	r = replace(dir_fd, NAME);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(r, -EFBIG);
	ck_assert_str_eq(content_of(dir_fd, NAME), OLD);
	ck_assert_str_eq(names_in(dir_fd), NAME);
}

LOOP_TEST(no_file_descriptor_left_keeps_the_old_file, UNLESS_VALGRIND(1))
{
	struct rlimit limit, none;
	int dir_fd = harness_directory(), next, r;

	write_old(dir_fd, OLD);
	next = dup(dir_fd);
	ck_assert_int_eq(close(next), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){ (rlim_t)next, limit.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	r = replace(dir_fd, NAME);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(r, -EMFILE);
	ck_assert_str_eq(content_of(dir_fd, NAME), OLD);
	ck_assert_str_eq(names_in(dir_fd), NAME);
	ck_assert_msg(dup(dir_fd) == next, "a file descriptor was left open");
}

/* _i: a descriptor of O_PATH, none, the working directory, a file */
LOOP_TEST(a_directory_that_cannot_be_flushed_is_refused_before_the_write, 4)
{
	static const int errors[] = { -EBADF, -EBADF, -EBADF, -ENOTDIR };
	int dir_fd = harness_directory();
	int fds[] = { openat(dir_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC), -1, AT_FDCWD, -1 };
	struct stat before, after;

	write_old(dir_fd, OLD);
	fds[3] = openat(dir_fd, NAME, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(fchdir(dir_fd), 0);
	before = stat_of(dir_fd, ".");
	ck_assert_int_eq(replace(fds[_i], NAME), errors[_i]);
	after = stat_of(dir_fd, ".");
	ck_assert_str_eq(content_of(dir_fd, NAME), OLD);
	ck_assert_int_eq(after.st_mtim.tv_sec, before.st_mtim.tv_sec);
	ck_assert_int_eq(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
}

TEST(a_name_that_is_too_long_leaves_nothing)
{
	int dir_fd = harness_directory();
	char name[300] = "";

	memset(name, 'x', sizeof(name) - 1);
	ck_assert_int_eq(replace(dir_fd, name), -ENAMETOOLONG);
	ck_assert_str_eq(names_in(dir_fd), "");
}

/* What file systems, disks and signals do that cannot be had otherwise. */
static const struct {
	struct refusal refusals[2];
	const char *before; /* the content, and after that */
	int result;
	const char *after;
} refusal_rows[] = {
	/* the file, the directory */
	{ { { SYS_fsync, 0, 1, EIO } }, OLD, -EIO, OLD },
	{ { { SYS_fsync, 1, 1, EIO } }, OLD, 2, FUSE },
	{ { { SYS_fsync, 0, 1, ENOSPC } }, OLD, -ENOSPC, OLD },
	{ { { SYS_fsync, 0, 3, EINTR } }, OLD, 1, FUSE },
	{ { { SYS_fsync, 1, 3, EINTR } }, OLD, 1, FUSE },
	/* there is nothing to flush */
	{ { { SYS_fsync, 0, 2, EINVAL } }, OLD, 1, FUSE },
	{ { { SYS_fsync, 0, 2, EROFS } }, OLD, 1, FUSE },
	{ { { SYS_fsync, 0, 2, EROFS } }, FUSE, 0, FUSE },
	{ { { SYS_fsync, 0, 1, EIO } }, FUSE, -EIO, FUSE },
	{ { { SYS_fsync, 1, 1, EIO } }, FUSE, -EIO, FUSE },
	{ { { SYS_write, 0, 3, EINTR } }, OLD, 1, FUSE },
	{ { { SYS_write, 0, 1, EDQUOT } }, OLD, -EDQUOT, OLD },
	{ { { SYS_fchmod, 0, 1, EPERM } }, OLD, -EPERM, OLD },
	/* the file system has no locks */
	{ { { SYS_fcntl, 0, 1, ENOLCK } }, OLD, 1, FUSE },
	{ { { SYS_fcntl, 0, 1, ENOLCK } }, FUSE, 0, FUSE },
	{ { { SYS_fcntl, 0, 2, EINTR } }, OLD, 1, FUSE },
	/* what cannot be read is written anew */
	{ { { SYS_pread64, 0, 1, EIO } }, FUSE, 1, FUSE },
	{ { { SYS_pread64, 0, 3, EINTR } }, FUSE, 0, FUSE },
	/* whether there is a leftover is not known; nor whether the temporary has its name still */
	{ { { SYS_openat2, 0, 1, EIO } }, OLD, 1, FUSE },
	{ { { SYS_openat2, 0, 1, EIO } }, FUSE, 0, FUSE },
	{ { { SYS_newfstatat, 0, 1, EIO }, { SYS_fstat, 0, 1, EIO } }, OLD, 1, FUSE },
#ifndef HAS_FSTAT
	{ { { SYS_newfstatat, 1, 1, EIO } }, OLD, 1, FUSE },
	/* elsewhere this is the call for the name of a temporary file that is to be removed */
	{ { { SYS_newfstatat, 1, 1, EIO } }, FUSE, 0, FUSE },
#endif
	{ { { SYS_ftruncate, 0, 1, EIO } }, OLD, -EIO, OLD },
};

/* No assertion stands between: check(3) writes for each. */
LOOP_TEST(a_system_call_that_fails_leaves_the_old_or_the_new_file, ARRAY_SIZE(refusal_rows))
{
	int dir_fd = harness_directory(), r;

	write_old(dir_fd, refusal_rows[_i].before);
	ck_assert_int_eq(fchmodat(dir_fd, NAME, 0644, 0), 0);
	if (!refuse(refusal_rows[_i].refusals, 2))
		return;
	r = replace_file(dir_fd, NAME, FUSE, strlen(FUSE));
	ck_assert_int_eq(r, refusal_rows[_i].result);
	ck_assert_str_eq(content_of(dir_fd, NAME), refusal_rows[_i].after);
	ck_assert_str_eq(names_in(dir_fd), NAME);
}

static void remove_temporaries(void *data)
{
	int dir_fd = *(int *)data;
	char name[64];

	(void)unlinkat(dir_fd, TEMPORARY, 0);
	for (int i = 0; i < 16; i++) {
		(void)snprintf(name, sizeof(name), ".modules.devname.%d.%d", (int)getpid(), i);
		(void)unlinkat(dir_fd, name, 0);
	}
}

static const struct {
	long call;
	int error;
} claims[] = {
	{ SYS_fcntl, EWOULDBLOCK },
	{ SYS_fcntl, ENOLCK },
	{ SYS_fcntl, 0 },
	{ SYS_newfstatat, EIO },
};
#define CALLS 6 /* of each: some are about the temporary */

/* Another run finds the temporary before that is locked, and has locked or removed it by then. */
LOOP_TEST(another_temporary_is_made_if_the_first_is_taken_for_a_leftover,
	  ARRAY_SIZE(claims) * CALLS)
{
	long call = claims[_i / CALLS].call;
	unsigned int n = (unsigned int)_i % CALLS;
	const struct refusal refusals[] = {
		{ call, n, 1, claims[_i / CALLS].error },
		{ SYS_fstat, n, call == SYS_newfstatat, claims[_i / CALLS].error },
	};
	int dir_fd = harness_directory(), r;

	write_old(dir_fd, OLD);
	refuse_meanwhile(remove_temporaries, &dir_fd);
	if (!refuse(refusals, ARRAY_SIZE(refusals)))
		return;
	r = replace_file(dir_fd, NAME, FUSE, strlen(FUSE));
	(void)refuse(NULL, 0);
	ck_assert(r == 1 || r == -ENOENT);
	ck_assert_str_eq(content_of(dir_fd, NAME), r == 1 ? FUSE : OLD);
	ck_assert_str_eq(names_in(dir_fd), NAME);
}

/* Makes the first names that this run would take. Returns the last of these. */
static const char *take_names(int dir_fd, int n)
{
	static char taken[64];

	for (int i = 0; i < n; i++) {
		(void)snprintf(taken, sizeof(taken), ".modules.devname.%d.%d", (int)getpid(), i);
		harness_write(dir_fd, taken, OLD, strlen(OLD));
	}
	return taken;
}

TEST(without_a_free_temporary_name_the_old_file_stays)
{
	int dir_fd = harness_directory();

	write_old(dir_fd, OLD);
	(void)take_names(dir_fd, 16);
	(void)hold(dir_fd, F_WRLCK);
	ck_assert_int_eq(replace(dir_fd, NAME), -EEXIST);
	ck_assert_str_eq(content_of(dir_fd, NAME), OLD);
}

TEST(the_last_free_temporary_name_is_used)
{
	int dir_fd = harness_directory();

	(void)take_names(dir_fd, 15);
	(void)hold(dir_fd, F_WRLCK);
	ck_assert_int_eq(replace(dir_fd, NAME), 1);
	ck_assert_str_eq(content_of(dir_fd, NAME), FUSE);
}

TEST(no_capability_is_needed)
{
	int dir_fd = harness_directory(), r;

	write_old(dir_fd, OLD);
	ck_assert_int_eq(fchmod(dir_fd, 0777), 0);
	if (!become_nobody())
		return;
	r = replace(dir_fd, NAME);
	ck_assert_int_eq(seteuid(getuid()), 0);
	ck_assert_int_eq(r, 1);
	check_is_new(dir_fd);
}

/* --- killed ------------------------------------------------------------------------------- */

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	return status;
}

static int replace_in_child(void *data)
{
	return replace(*(int *)data, NAME) == 1 ? 0 : 1;
}

LOOP_TEST(a_kill_at_any_system_call_leaves_the_old_or_the_new_file, UNLESS_VALGRIND(1))
{
	int dir_fd = harness_directory(), killed = 1;
	unsigned int n_old = 0, n_new = 0;

	for (unsigned int stop = 0; killed > 0; stop++) {
		int fd = reopen(dir_fd);
		bool is_new;

		write_old(dir_fd, OLD);
		killed = harness_stop_at(replace_in_child, &fd, stop, NULL);
		ck_assert_int_eq(close(fd), 0);
		if (killed < 0)
			return;
		is_new = strcmp(content_of(dir_fd, NAME), FUSE) == 0;
		if (!is_new)
			ck_assert_str_eq(content_of(dir_fd, NAME), OLD);
		*(is_new ? &n_new : &n_old) += 1;
		fd = reopen(dir_fd);
		ck_assert_int_eq(replace(fd, NAME), is_new ? 0 : 1);
		ck_assert_int_eq(close(fd), 0);
		check_is_new(dir_fd);
	}
	/* it opens, writes, flushes and renames before, and flushes the directory after */
	ck_assert_uint_ge(n_old, 8);
	ck_assert_uint_ge(n_new, 2);
}

/* --- the lock ----------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec now;

	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until no other run is going to replace a file of this directory. */
static int wait_for_run(int dir_fd, int timeout_ms)
{
	struct replacement replacement;
	int r = replacement_begin(&replacement, dir_fd, timeout_ms);

	replacement_end(&replacement);
	return r;
}

TEST(a_free_lock_is_acquired_at_once_and_released)
{
	int dir_fd = harness_directory();

	ck_assert_int_eq(wait_for_run(dir_fd, 0), 0);
	ck_assert_int_eq(wait_for_run(dir_fd, 0), 0);
	ck_assert_int_eq(wait_for_run(dir_fd, 1000), 0);
	ck_assert_str_eq(names_in(dir_fd), "");
}

TEST(where_no_lock_can_be_made_is_the_errno)
{
	int dir_fd = harness_directory(), r;

	ck_assert_int_eq(wait_for_run(-1, 0), -EBADF);
	ck_assert_int_eq(fchmod(dir_fd, 0555), 0);
	if (!become_nobody())
		return;
	r = wait_for_run(dir_fd, 0);
	ck_assert_int_eq(seteuid(getuid()), 0);
	ck_assert_int_eq(r, -EACCES);
}

TEST(a_signal_does_not_end_the_wait_for_the_lock)
{
	int dir_fd = harness_directory();

	if (!refuse(&(struct refusal){ SYS_fcntl, 0, 2, EINTR }, 1))
		return;
	ck_assert_int_eq(wait_for_run(dir_fd, 60000), 0);
}

TEST(a_held_lock_is_waited_for_until_the_timeout)
{
	static const int timeouts[] = { 0, 1, 70, 300 };
	int dir_fd = harness_directory();

	(void)hold(dir_fd, F_WRLCK);
	for (size_t i = 0; i < ARRAY_SIZE(timeouts); i++) {
		int64_t start = now_ms();

		ck_assert_int_eq(wait_for_run(dir_fd, timeouts[i]), -EWOULDBLOCK);
		ck_assert_int_ge(now_ms() - start, timeouts[i]);
	}
}

TEST(the_end_of_a_run_releases_the_lock)
{
	int dir_fd = harness_directory(), holder = hold(dir_fd, F_WRLCK);

	ck_assert_int_eq(wait_for_run(dir_fd, 0), -EWOULDBLOCK);
	ck_assert_int_eq(close(holder), 0);
	ck_assert_int_eq(wait_for_run(dir_fd, 0), 0);
	ck_assert_str_eq(names_in(dir_fd), "");
}

TEST(no_lock_stays_on_the_directory)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int dir_fd = harness_directory(), fd;

	ck_assert_int_eq(replace(dir_fd, NAME), 1);
	fd = openat(dir_fd, NAME, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &lock), 0);
	ck_assert_int_eq(flock(reopen(dir_fd), LOCK_EX | LOCK_NB), 0);
}

/* Whoever may read the directory, and the file that it holds in the end. */
TEST(a_reader_of_the_directory_cannot_hold_the_lock)
{
	int dir_fd = harness_directory(), held, fd;
	ino_t left;

	ck_assert_int_eq(flock(reopen(dir_fd), LOCK_EX), 0);
	ck_assert_int_eq(wait_for_run(dir_fd, 0), 0);
	held = hold(dir_fd, F_WRLCK);
	if (geteuid() == 0) {
		ck_assert_int_eq(seteuid(NOBODY), 0);
		fd = openat(dir_fd, TEMPORARY, O_RDONLY | O_CLOEXEC);
		ck_assert_int_eq(seteuid(0), 0);
		ck_assert_int_lt(fd, 0);
	}
	/* a run that was killed just before it would have renamed the file */
	ck_assert_int_eq(fchmod(held, 0644), 0);
	ck_assert_int_eq(close(held), 0);
	held = hold(dir_fd, F_RDLCK);
	left = stat_of(dir_fd, TEMPORARY).st_ino;
	ck_assert_int_eq(wait_for_run(dir_fd, 60000), -EPERM);
	ck_assert_int_eq(replace(dir_fd, NAME), 1);
	ck_assert_str_eq(content_of(dir_fd, NAME), FUSE);
	/* by its name another run's file could be removed */
	ck_assert_str_eq(names_in(dir_fd), TEMPORARY " " NAME);
	ck_assert_uint_eq(stat_of(dir_fd, TEMPORARY).st_ino, left);
	ck_assert_int_eq(close(held), 0);
	ck_assert_int_eq(wait_for_run(dir_fd, 0), 0);
	check_is_new(dir_fd);
}

static void *close_later(void *fd)
{
	static const struct timespec pause = { .tv_nsec = 200000000 };

	(void)nanosleep(&pause, NULL);
	(void)close(*(int *)fd);
	return NULL;
}

TEST(a_lock_released_meanwhile_is_acquired)
{
	int dir_fd = harness_directory(), holder = hold(dir_fd, F_WRLCK);
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, close_later, &holder), 0);
	ck_assert_int_eq(wait_for_run(dir_fd, 60000), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

static const char *const bystanders[] = {
	".modules.dep.1",        ".modules.devname",      ".modules.devname.1.2",
	".modules.devname.new1", ".modules.devname.orig", "modules.devname.new",
};

/* Only root can open the last, which no run leaves. */
static const mode_t leftover_modes[] = { 0600, 0644, 0 };

LOOP_TEST(only_the_leftover_of_a_killed_run_is_reused, ARRAY_SIZE(leftover_modes))
{
	int dir_fd = harness_directory();
	struct stat st;

	harness_write(dir_fd, TEMPORARY, FUSE OLD, strlen(FUSE OLD));
	ck_assert_int_eq(fchmodat(dir_fd, TEMPORARY, leftover_modes[_i], 0), 0);
	st = stat_of(dir_fd, TEMPORARY);
	for (size_t i = 0; i < ARRAY_SIZE(bystanders); i++)
		harness_write(dir_fd, bystanders[i], "", 0);
	ck_assert_int_eq(replace(dir_fd, NAME), 1);
	if (leftover_modes[_i] != 0 || geteuid() == 0)
		ck_assert_uint_eq(stat_of(dir_fd, NAME).st_ino, st.st_ino);
	else
		ck_assert_int_eq(unlinkat(dir_fd, TEMPORARY, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bystanders); i++)
		ck_assert_int_eq(unlinkat(dir_fd, bystanders[i], 0), 0);
	check_is_new(dir_fd);
}

TEST(a_leftover_is_removed_even_if_the_file_is_left_alone)
{
	int dir_fd = harness_directory();

	ck_assert_int_eq(replace(dir_fd, NAME), 1);
	harness_write(dir_fd, TEMPORARY, OLD, strlen(OLD));
	ck_assert_int_eq(replace(dir_fd, NAME), 0);
	check_is_new(dir_fd);
}

TEST(without_the_lock_the_file_is_replaced)
{
	int dir_fd = harness_directory(), holder = hold(dir_fd, F_WRLCK);
	/* the names that this run would take first: they may be another run's, at work */
	const char *taken = take_names(dir_fd, 3);

	ck_assert_int_eq(replace(dir_fd, NAME), 1);
	ck_assert_str_eq(content_of(dir_fd, NAME), FUSE);
	ck_assert_str_eq(content_of(dir_fd, taken), OLD);
	ck_assert_int_eq(stat_of(dir_fd, TEMPORARY).st_size, 0);
	ck_assert_int_eq(close(holder), 0);
}

/* Somebody could write to it later, by the other name or the descriptor that he has. */
TEST(a_leftover_of_another_user_is_not_used)
{
	int dir_fd = harness_directory();
	struct stat st;

	harness_write(dir_fd, TEMPORARY, OLD, strlen(OLD));
	ck_assert_int_eq(linkat(dir_fd, TEMPORARY, dir_fd, "other", 0), 0);
	ck_assert_int_eq(replace(dir_fd, NAME), 1);
	ck_assert_str_eq(content_of(dir_fd, "other"), OLD);
	ck_assert_int_eq(unlinkat(dir_fd, "other", 0), 0);
	check_is_new(dir_fd);
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(unlinkat(dir_fd, NAME, 0), 0);
	harness_write(dir_fd, TEMPORARY, OLD, strlen(OLD));
	ck_assert_int_eq(fchownat(dir_fd, TEMPORARY, NOBODY, NOBODY, 0), 0);
	ck_assert_int_ge(openat(dir_fd, TEMPORARY, O_RDWR | O_CLOEXEC), 0);
	st = stat_of(dir_fd, TEMPORARY);
	ck_assert_int_eq(replace(dir_fd, NAME), 1);
	ck_assert_uint_ne(stat_of(dir_fd, NAME).st_ino, st.st_ino);
	ck_assert_uint_eq(stat_of(dir_fd, NAME).st_uid, 0);
}

LOOP_TEST(another_file_type_is_refused_where_a_file_is_needed, 4)
{
	int dir_fd = harness_directory(), r = -1;

	ck_assert_int_eq(replace(dir_fd, NAME), 1);
	switch (_i) {
	case 0:
		r = mkdirat(dir_fd, TEMPORARY, 0755);
		break;
	case 1:
		r = symlinkat(NAME, dir_fd, TEMPORARY);
		break;
	case 2:
		r = mkfifoat(dir_fd, TEMPORARY, 0644);
		break;
	default:
		r = mknodat(dir_fd, TEMPORARY, S_IFCHR | 0600, makedev(10, 130));
		break;
	}
	if (r < 0)
		return;
	ck_assert_int_eq(wait_for_run(dir_fd, 0), -EEXIST);
	ck_assert_int_eq(replace(dir_fd, NAME), 0);
	ck_assert_int_eq(replace_by_empty(dir_fd), -EEXIST);
	ck_assert_str_eq(content_of(dir_fd, NAME), FUSE);
	ck_assert_str_eq(names_in(dir_fd), TEMPORARY " " NAME);
}

/* The run that had the lock ends: its file is the list, and the name that of the next run. */
static void use_the_name_again(void *data)
{
	int dir_fd = *(int *)data;

	ck_assert_int_eq(renameat(dir_fd, TEMPORARY, dir_fd, "renamed"), 0);
	harness_write(dir_fd, TEMPORARY, FUSE, strlen(FUSE));
}

TEST(a_temporary_that_was_renamed_meanwhile_is_not_written)
{
	int dir_fd = harness_directory(), r;

	harness_write(dir_fd, TEMPORARY, OLD, strlen(OLD));
	refuse_meanwhile(use_the_name_again, &dir_fd);
	if (!refuse(&(struct refusal){ SYS_fcntl, 0, 1, 0 }, 1))
		return;
	r = replace_file(dir_fd, NAME, FUSE, strlen(FUSE));
	(void)refuse(NULL, 0);
	ck_assert_int_eq(r, 1);
	ck_assert_str_eq(content_of(dir_fd, "renamed"), OLD);
	ck_assert_int_eq(unlinkat(dir_fd, "renamed", 0), 0);
	check_is_new(dir_fd);
}

/* Another program removes the temporary file, and another run makes its own. */
static void take_the_name(void *data)
{
	int dir_fd = *(int *)data;

	ck_assert_int_eq(unlinkat(dir_fd, TEMPORARY, 0), 0);
	(void)hold(dir_fd, F_WRLCK);
}

TEST(the_temporary_of_another_run_is_not_put_there)
{
	int dir_fd = harness_directory(), r;

	refuse_meanwhile(take_the_name, &dir_fd);
	if (!refuse(&(struct refusal){ SYS_fchmod, 0, 1, 0 }, 1))
		return;
	r = replace_file(dir_fd, NAME, FUSE, strlen(FUSE));
	(void)refuse(NULL, 0);
	ck_assert_int_eq(r, 1);
	ck_assert_str_eq(content_of(dir_fd, NAME), FUSE);
	ck_assert_str_eq(names_in(dir_fd), TEMPORARY " " NAME);
}

static void take_the_name_with_half_a_text(void *data)
{
	int dir_fd = *(int *)data;

	ck_assert_int_eq(unlinkat(dir_fd, TEMPORARY, 0), 0);
	harness_write(dir_fd, TEMPORARY, FUSE, strlen(FUSE) / 2);
}

/* _i: the status that cannot be had, as on a network file system */
LOOP_TEST(a_temporary_whose_name_cannot_be_looked_at_is_not_put_there, 8)
{
	const struct refusal refusals[] = { { SYS_fchmod, 0, 1, 0 },
					    { SYS_newfstatat, (unsigned int)_i, 1, ESTALE } };
	int dir_fd = harness_directory(), r;

	refuse_meanwhile(take_the_name_with_half_a_text, &dir_fd);
	if (!refuse(refusals, ARRAY_SIZE(refusals)))
		return;
	r = replace_file(dir_fd, NAME, FUSE, strlen(FUSE));
	(void)refuse(NULL, 0);
	if (r >= 0)
		ck_assert_str_eq(content_of(dir_fd, NAME), FUSE);
	else
		ck_assert_int_eq(r, -ESTALE);
}

/* _i: the file of this run is the one with the name, or that of another run */
LOOP_TEST(the_temporary_of_another_run_is_not_removed, 2)
{
	int dir_fd = harness_directory();
	struct replacement replacement;

	ck_assert_int_eq(replacement_begin(&replacement, dir_fd, 0), 0);
	if (_i > 0)
		take_the_name(&dir_fd);
	replacement_end(&replacement);
	ck_assert_str_eq(names_in(dir_fd), _i > 0 ? TEMPORARY : "");
}

static const long swapped_before[] = { SYS_openat, SYS_openat2, SYS_newfstatat };

static void put_fifo(void *data)
{
	(void)renameat(*(int *)data, "fifo", *(int *)data, TEMPORARY);
}

/* A FIFO for a device: whoever opens it is seen, whatever comes of it. */
LOOP_TEST(no_device_is_opened_that_is_swapped_for_a_leftover, ARRAY_SIZE(swapped_before) * CALLS)
{
	const struct refusal refusals[] = {
		{ swapped_before[_i / CALLS], (unsigned int)_i % CALLS, 1, 0 },
	};
	int dir_fd = harness_directory(), watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), r;
	struct inotify_event event;
	char path[64];

	write_old(dir_fd, OLD);
	harness_write(dir_fd, TEMPORARY, OLD, strlen(OLD));
	ck_assert_int_eq(mkfifoat(dir_fd, "fifo", 0600), 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/fifo", dir_fd);
	if (inotify_add_watch(watch_fd, path, IN_OPEN) < 0)
		return; /* no /proc here */
	refuse_meanwhile(put_fifo, &dir_fd);
	if (!refuse(refusals, ARRAY_SIZE(refusals)))
		return;
	r = replace_file(dir_fd, NAME, FUSE, strlen(FUSE));
	(void)refuse(NULL, 0);
	ck_assert(r == 1 || r == -EEXIST || r == -ENOENT);
	ck_assert_str_eq(content_of(dir_fd, NAME), r == 1 ? FUSE : OLD);
	ck_assert_int_lt(read(watch_fd, &event, sizeof(event)), 0);
	ck_assert_int_eq(close(watch_fd), 0);
}

/* _i: a leftover, or a FIFO of its name */
LOOP_TEST(without_proc_a_leftover_is_used_and_no_other_kind_of_file, 2)
{
	int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), dir_fd = harness_directory(), r;

	if (_i == 0)
		harness_write(dir_fd, TEMPORARY, OLD, strlen(OLD));
	else
		ck_assert_int_eq(mkfifoat(dir_fd, TEMPORARY, 0600), 0);
	if (fchdir(dir_fd) < 0 || chroot(".") < 0)
		return; /* not root */
	r = replace(dir_fd, NAME);
	/* sanitizers read /proc at the end */
	ck_assert_int_eq(fchdir(root_fd), 0);
	ck_assert_int_eq(chroot("."), 0);
	ck_assert_int_eq(r, _i == 0 ? 1 : -EEXIST);
	ck_assert_str_eq(names_in(dir_fd), _i == 0 ? NAME : TEMPORARY);
	if (_i == 0)
		check_is_new(dir_fd);
}

/* Which of the calls are about the leftover depends on the C library. */
LOOP_TEST(a_leftover_whose_status_is_unknown_does_no_harm, 3)
{
	const struct refusal refusals[] = {
		{ SYS_newfstatat, (unsigned int)_i, 1, EIO },
		{ SYS_fstat, 0, SYS_fstat != SYS_newfstatat && _i == 0, EIO },
	};
	int dir_fd = harness_directory(), r;

#ifdef HAS_FSTAT
	/* both calls would fail, the last look at the new file before it gets its name with them */
	if (_i == 0)
		return;
#endif
	harness_write(dir_fd, TEMPORARY, OLD, strlen(OLD));
	if (!refuse(refusals, ARRAY_SIZE(refusals)))
		return;
	r = replace_file(dir_fd, NAME, FUSE, strlen(FUSE));
	(void)refuse(NULL, 0);
	ck_assert_int_eq(r, 1);
	ck_assert_str_eq(content_of(dir_fd, NAME), FUSE);
	ck_assert_int_eq(replace(dir_fd, NAME), 0);
	check_is_new(dir_fd);
}

TEST(an_empty_text_is_a_file_of_zero_bytes)
{
	int dir_fd = harness_directory();

	ck_assert_int_eq(replace_file(dir_fd, NAME, NULL, 0), 1);
	ck_assert_int_eq(replace_file(dir_fd, NAME, NULL, 0), 0);
	ck_assert_int_eq(stat_of(dir_fd, NAME).st_size, 0);
}

#define ROUNDS 3000

/* Returns the first result that is no success, or 0. */
static int replace_again_and_again(int dir_fd, bool empty_first)
{
	for (int i = 0; i < ROUNDS; i++) {
		int r = (i % 2 == 0) == empty_first ? replace_by_empty(dir_fd)
						    : replace(dir_fd, NAME);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Now the one has the lock, now the other; both write, and neither makes the other fail. */
TEST(two_processes_at_once_both_succeed)
{
	int dir_fd = harness_directory(), r, status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(-replace_again_and_again(dir_fd, false));
	r = replace_again_and_again(dir_fd, true);
	status = wait_for(pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child: %s",
		      strerror(WEXITSTATUS(status)));
	ck_assert_msg(r == 0, "the parent: %s", strerror(-r));
	(void)replace(dir_fd, NAME);
	check_is_new(dir_fd);
}

static int replace_at_once(void *data)
{
	return replace(*(int *)data, NAME) == 1 ? 0 : 1;
}

static void replace_by_rival(void *data)
{
	ck_assert_int_ge(replace_by_empty(*(int *)data), 0);
}

TEST(another_run_at_any_system_call_makes_none_fail)
{
	int dir_fd = harness_directory(), stopped = 1;
	unsigned int stop;

	for (stop = 0; stopped > 0; stop++) {
		write_old(dir_fd, OLD);
		stopped = harness_stop_at(replace_at_once, &dir_fd, stop, replace_by_rival);
		ck_assert_int_ge(replace(dir_fd, NAME), 0);
		check_is_new(dir_fd);
	}
	if (stopped == 0)
		ck_assert_uint_gt(stop, 10);
}

int main(void)
{
	return harness_run(NULL, NULL);
}
