// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Making the nodes of a table: which are made, kept, replaced and obstructed; modes; failures,
 * kills and old kernels. test-create-race.c has what others may do meanwhile.
 */

#include "dev/devdir.h"
#include "lib/create-harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOBODY 65534

#define FUSE "fuse fuse c10:229\n"
#define TUN "tun net/tun c10:200\n"

/* Makes the nodes of a text; -1 as the mode means without permissions. */
static int create(int dev_fd, const char *text, int mode, unsigned int flags, int *outcomes)
{
	struct kmod_devname_table *table = harness_table(text);
	struct kmod_devname_permissions *permissions = NULL;
	int r;

	if (mode >= 0)
		ck_assert_int_eq(kmod_devname_permissions_new((mode_t)mode, &permissions), 0);
	r = kmod_devname_table_make_nodes(table, create_report, dev_fd, permissions, flags,
					  outcomes, outcomes ? kmod_devname_table_size(table) : 0);
	kmod_devname_permissions_unref(permissions);
	kmod_devname_table_unref(table);
	return r;
}

static struct stat stat_of(int dir_fd, const char *name)
{
	struct stat st;

	ck_assert_msg(fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0, "%s: %s", name,
		      strerror(errno));
	return st;
}

static bool is_there(int dir_fd, const char *name)
{
	return faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void check_node(int dir_fd, const char *name, mode_t mode, unsigned int n_major,
		       unsigned int n_minor)
{
	struct stat st = stat_of(dir_fd, name);

	ck_assert_msg(st.st_mode == mode, "%s has mode %o", name, (unsigned int)st.st_mode);
	ck_assert_uint_eq(major(st.st_rdev), n_major);
	ck_assert_uint_eq(minor(st.st_rdev), n_minor);
	ck_assert_uint_eq(st.st_uid, 0);
	ck_assert_uint_eq(st.st_gid, 0);
	ck_assert_uint_eq(st.st_nlink, 1);
}

static const struct kmod_devname_finding *first_finding(void)
{
	const struct kmod_devname_finding *finding = kmod_devname_report_get(create_report, 0);

	ck_assert_ptr_nonnull(finding);
	return finding;
}

/* --- each state of a name, with and without the flags -------------------------------------- */

#define KEPT KMOD_DEVNAME_OUTCOME_KEPT
#define MADE KMOD_DEVNAME_OUTCOME_MADE
#define REPLACED KMOD_DEVNAME_OUTCOME_REPLACED
#define NOT_DONE KMOD_DEVNAME_OUTCOME_NOT_DONE

static void put_nothing(int dir_fd, const char *name)
{
	(void)dir_fd, (void)name;
}

static void put_device(int dir_fd, const char *name, mode_t mode, unsigned int n_major,
		       unsigned int n_minor)
{
	ck_assert_int_eq(mknodat(dir_fd, name, mode, makedev(n_major, n_minor)), 0);
	ck_assert_int_eq(fchmodat(dir_fd, name, mode & 07777, 0), 0);
}

static void put_right(int dir_fd, const char *name)
{
	put_device(dir_fd, name, S_IFCHR | 0600, 10, 229);
}

static void put_right_with_other_owner(int dir_fd, const char *name)
{
	put_device(dir_fd, name, S_IFCHR | 0646, 10, 229);
	ck_assert_int_eq(fchownat(dir_fd, name, 5, 6, AT_SYMLINK_NOFOLLOW), 0);
}

static void put_wrong_minor(int dir_fd, const char *name)
{
	put_device(dir_fd, name, S_IFCHR | 0666, 10, 228);
}

static void put_wrong_major(int dir_fd, const char *name)
{
	put_device(dir_fd, name, S_IFCHR | 0600, 11, 229);
}

static void put_wrong_type(int dir_fd, const char *name)
{
	put_device(dir_fd, name, S_IFBLK | 0600, 10, 229);
}

static void put_file(int dir_fd, const char *name)
{
	harness_write(dir_fd, name, "", 0);
}

static void put_directory(int dir_fd, const char *name)
{
	ck_assert_int_eq(mkdirat(dir_fd, name, 0700), 0);
}

static void put_full_directory(int dir_fd, const char *name)
{
	char inside[300];

	put_directory(dir_fd, name);
	(void)snprintf(inside, sizeof(inside), "%s/x", name);
	harness_write(dir_fd, inside, "x", 1);
}

static void put_link_to_right(int dir_fd, const char *name)
{
	put_right(dir_fd, "elsewhere");
	ck_assert_int_eq(symlinkat("elsewhere", dir_fd, name), 0);
}

static void put_dangling_link(int dir_fd, const char *name)
{
	ck_assert_int_eq(symlinkat("nowhere", dir_fd, name), 0);
}

static void put_loop(int dir_fd, const char *name)
{
	const char *slash = strrchr(name, '/');

	ck_assert_int_eq(symlinkat(slash ? slash + 1 : name, dir_fd, name), 0);
}

static void put_fifo(int dir_fd, const char *name)
{
	ck_assert_int_eq(mkfifoat(dir_fd, name, 0600), 0);
}

static void put_socket(int dir_fd, const char *name)
{
	ck_assert_int_eq(mknodat(dir_fd, name, S_IFSOCK | 0600, 0), 0);
}

static const struct {
	const char *what;
	void (*put)(int dir_fd, const char *name);
	enum kmod_devname_outcome outcome, outcome_of_replace;
	const char *codes, *codes_of_replace;
} states[] = {
	{ "nothing", put_nothing, MADE, MADE, "", "" },
	{ "the node", put_right, KEPT, KEPT, "", "" },
	{ "the node, otherwise owned", put_right_with_other_owner, KEPT, KEPT, "", "" },
	{ "another minor", put_wrong_minor, NOT_DONE, REPLACED, "wrong-node", "" },
	{ "another major", put_wrong_major, NOT_DONE, REPLACED, "wrong-node", "" },
	{ "another type", put_wrong_type, NOT_DONE, REPLACED, "wrong-node", "" },
	{ "a file", put_file, NOT_DONE, NOT_DONE, "obstructed", "obstructed" },
	{ "a directory", put_directory, NOT_DONE, NOT_DONE, "obstructed", "obstructed" },
	{ "a full directory", put_full_directory, NOT_DONE, NOT_DONE, "obstructed", "obstructed" },
	{ "a link to one", put_link_to_right, NOT_DONE, NOT_DONE, "obstructed", "obstructed" },
	{ "a dangling link", put_dangling_link, NOT_DONE, NOT_DONE, "obstructed", "obstructed" },
	{ "a link to itself", put_loop, NOT_DONE, NOT_DONE, "obstructed", "obstructed" },
	{ "a FIFO", put_fifo, NOT_DONE, NOT_DONE, "obstructed", "obstructed" },
	{ "a socket", put_socket, NOT_DONE, NOT_DONE, "obstructed", "obstructed" },
};

static const char *const places[] = { "fuse", "deep/er/fuse" };

/* One finding that names the node, and is an error; or none. */
static void check_findings(const char *codes, const char *name)
{
	ck_assert_str_eq(harness_codes(create_report), codes);
	if (*codes == '\0')
		return;
	ck_assert_str_eq(kmod_devname_finding_get_file(first_finding()), name);
	ck_assert_int_eq(kmod_devname_finding_get_severity(first_finding()),
			 KMOD_DEVNAME_SEVERITY_ERROR);
	ck_assert_uint_eq(kmod_devname_finding_get_line(first_finding()), 0);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_mode == b->st_mode && a->st_uid == b->st_uid &&
	       a->st_gid == b->st_gid && a->st_rdev == b->st_rdev && a->st_nlink == b->st_nlink &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static void put_state(int dev_fd, const char *name, size_t state)
{
	if (strchr(name, '/')) {
		harness_write(dev_fd, "deep/er/x", "", 0);
		ck_assert_int_eq(unlinkat(dev_fd, "deep/er/x", 0), 0);
	}
	states[state].put(dev_fd, name);
}

/* _i: state, place, flags */
LOOP_TEST(each_state_of_a_name_has_its_outcome, ARRAY_SIZE(states) * 8)
{
	size_t state = (size_t)_i / 8;
	unsigned int flags = (unsigned int)_i % 4;
	const char *name = places[_i / 4 % 2];
	bool replace = (flags & KMOD_DEVNAME_MAKE_REPLACE) != 0, was_there;
	int outcome = -1,
	    wanted = replace ? states[state].outcome_of_replace : states[state].outcome;
	int dev_fd = harness_directory();
	struct stat before = { 0 }, after;
	char text[64];

	put_state(dev_fd, name, state);
	was_there = is_there(dev_fd, name);
	if (was_there)
		before = stat_of(dev_fd, name);
	(void)snprintf(text, sizeof(text), "fuse %s c10:229\n", name);
	ck_assert_int_eq(create(dev_fd, text, -1, flags, &outcome), 0);
	ck_assert_msg(outcome == wanted, "%s: outcome %d", states[state].what, outcome);
	check_findings(replace ? states[state].codes_of_replace : states[state].codes, name);
	ck_assert_uint_eq(create_harness_count(dev_fd, ".kmod-devname"), 0);
	if ((wanted == MADE || wanted == REPLACED) && !(flags & KMOD_DEVNAME_MAKE_DRY_RUN)) {
		check_node(dev_fd, name, S_IFCHR | 0600, 10, 229);
		return;
	}
	ck_assert_int_eq(is_there(dev_fd, name), was_there);
	if (!was_there)
		return;
	after = stat_of(dev_fd, name);
	ck_assert_msg(same_file(&before, &after), "%s was touched", states[state].what);
}

TEST(the_message_names_the_fault_of_the_node)
{
	int dev_fd = harness_directory();

	put_device(dev_fd, "fuse", S_IFBLK | 0600, 7, 1);
	ck_assert_int_eq(create(dev_fd, FUSE, -1, 0, NULL), 0);
	ck_assert_str_eq(kmod_devname_finding_get_message(first_finding()),
			 "device node b7:1 instead of c10:229; run kmod-devname create --replace");
}

TEST(a_directory_is_as_it_was_after_a_dry_run)
{
	int dev_fd = harness_directory();
	int outcomes[3];
	struct stat before, after;

	put_wrong_minor(dev_fd, "fuse");
	ck_assert_int_eq(mkdirat(dev_fd, "net", 0700), 0);
	before = stat_of(dev_fd, ".");
	ck_assert_int_eq(create(dev_fd, FUSE TUN "x a/b/c b7:0\n", -1,
				KMOD_DEVNAME_MAKE_DRY_RUN | KMOD_DEVNAME_MAKE_REPLACE, outcomes),
			 0);
	after = stat_of(dev_fd, ".");
	ck_assert(same_file(&before, &after));
	ck_assert_int_eq(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
	ck_assert_int_eq(outcomes[0], REPLACED);
	ck_assert_int_eq(outcomes[1], MADE);
	ck_assert_int_eq(outcomes[2], MADE);
	ck_assert_str_eq(harness_codes(create_report), "");
	ck_assert(!is_there(dev_fd, "net/tun"));
	ck_assert(!is_there(dev_fd, "a"));
}

/* --- directories on the way ---------------------------------------------------------------- */

static void put_link_to_directory(int dir_fd, const char *name)
{
	ck_assert_int_eq(mkdirat(dir_fd, "target", 0755), 0);
	ck_assert_int_eq(symlinkat("target", dir_fd, name), 0);
}

static void put_link_to_root(int dir_fd, const char *name)
{
	ck_assert_int_eq(symlinkat("/", dir_fd, name), 0);
}

static void put_link_up(int dir_fd, const char *name)
{
	ck_assert_int_eq(symlinkat("..", dir_fd, name), 0);
}

static void put_magic_link(int dir_fd, const char *name)
{
	ck_assert_int_eq(symlinkat("/proc/self/cwd", dir_fd, name), 0);
}

static void (*const obstacles[])(int dir_fd, const char *name) = {
	put_link_to_directory,
	put_link_to_root,
	put_link_up,
	put_magic_link,
	put_dangling_link,
	put_loop,
	put_file,
	put_wrong_minor,
	put_fifo,
	put_socket,
};

/* _i: obstacle, flags */
LOOP_TEST(a_file_on_the_path_obstructs_the_node, ARRAY_SIZE(obstacles) * 4)
{
	int dev_fd = harness_directory();
	int outcomes[3];
	struct stat before, after, target;

	ck_assert_int_eq(mkdirat(dev_fd, "a", 0755), 0);
	obstacles[_i / 4](dev_fd, "a/b");
	before = stat_of(dev_fd, "a/b");
	target = stat_of(dev_fd, ".");
	ck_assert_int_eq(create(dev_fd, "x a/b/x c10:1\ny a/b/c/y c10:2\nz a/z c10:3\n", -1,
				(unsigned int)_i % 4, outcomes),
			 0);
	ck_assert_str_eq(harness_codes(create_report), "obstructed,obstructed");
	ck_assert_str_eq(kmod_devname_finding_get_file(first_finding()), "a/b");
	ck_assert_ptr_nonnull(
		strstr(kmod_devname_finding_get_message(first_finding()), "'a/b/x' (c10:1)"));
	ck_assert_int_eq(outcomes[0], NOT_DONE);
	ck_assert_int_eq(outcomes[1], NOT_DONE);
	ck_assert_int_eq(outcomes[2], MADE);
	after = stat_of(dev_fd, "a/b");
	ck_assert(same_file(&before, &after));
	after = stat_of(dev_fd, ".");
	ck_assert(same_file(&target, &after));
}

TEST(a_directory_that_is_there_is_kept_as_it_is)
{
	int dev_fd = harness_directory();

	ck_assert_int_eq(mkdirat(dev_fd, "net", 0700), 0);
	ck_assert_int_eq(fchownat(dev_fd, "net", 5, 6, 0), 0);
	ck_assert_int_eq(create(dev_fd, TUN, -1, 0, NULL), 0);
	check_node(dev_fd, "net/tun", S_IFCHR | 0600, 10, 200);
	ck_assert_int_eq(stat_of(dev_fd, "net").st_mode, S_IFDIR | 0700);
	ck_assert_uint_eq(stat_of(dev_fd, "net").st_uid, 5);
}

/* As long and as deep as a name can be. */
TEST(long_names_are_made)
{
	static char name[4001], text[5000];
	int dev_fd = harness_directory(), fd = dev_fd;

	for (size_t i = 0; i < 3900; i++)
		name[i] = i % 256 == 255 ? '/' : 'n';
	(void)snprintf(text, sizeof(text), "x %s c10:1\n", name);
	ck_assert_int_eq(create(dev_fd, text, -1, 0, NULL), 0);
	ck_assert_str_eq(harness_codes(create_report), "");
	check_node(fd, name, S_IFCHR | 0600, 10, 1);
	for (size_t i = 0; i < 4000; i++)
		name[i] = i % 2 == 1 ? '/' : 'd';
	name[3999] = '\0';
	(void)snprintf(text, sizeof(text), "x %s c10:1\n", name);
	ck_assert_int_eq(create(dev_fd, text, -1, 0, NULL), 0);
	ck_assert_str_eq(harness_codes(create_report), "");
	check_node(fd, name, S_IFCHR | 0600, 10, 1);
}

/* --- numbers, modes, owners ---------------------------------------------------------------- */

TEST(type_and_numbers_are_those_of_the_table)
{
	int dev_fd = harness_directory();

	ck_assert_int_eq(create(dev_fd,
				"a a c1:0\nb b b4095:1048575\nc c c4095:1048575\nd d c1:1048575\n"
				"e e b259:256\n",
				-1, 0, NULL),
			 0);
	check_node(dev_fd, "a", S_IFCHR | 0600, 1, 0);
	check_node(dev_fd, "b", S_IFBLK | 0600, 4095, 1048575);
	check_node(dev_fd, "c", S_IFCHR | 0600, 4095, 1048575);
	check_node(dev_fd, "d", S_IFCHR | 0600, 1, 1048575);
	check_node(dev_fd, "e", S_IFBLK | 0600, 259, 256);
}

static const mode_t umasks[] = { 0, 022, 077, 0777, 0137 };
static const int modes[] = { 0, 0600, 0660, 0666, 0777, 0401 };

/* _i: umask, mode, kernel with fchmodat2(2) or without */
LOOP_TEST(modes_do_not_depend_on_the_umask, ARRAY_SIZE(umasks) * ARRAY_SIZE(modes) * 2)
{
	mode_t mask = umasks[_i / 2 / ARRAY_SIZE(modes)];
	int mode = modes[_i / 2 % ARRAY_SIZE(modes)], dev_fd = harness_directory(), r;

	if (_i % 2 == 1 && !create_harness_deny(SYS_fchmodat2, ENOSYS))
		return;
	(void)umask(mask);
	r = create(dev_fd, FUSE "x a/b/x b7:0\n", mode, 0, NULL);
	ck_assert_int_eq(umask(022), mask);
	ck_assert_msg(r == 0, "%s", r < 0 ? kmod_devname_finding_get_message(first_finding()) : "");
	check_node(dev_fd, "fuse", S_IFCHR | (mode_t)mode, 10, 229);
	check_node(dev_fd, "a/b/x", S_IFBLK | (mode_t)mode, 7, 0);
	ck_assert_int_eq(stat_of(dev_fd, "a").st_mode, S_IFDIR | 0755);
	ck_assert_int_eq(stat_of(dev_fd, "a/b").st_mode, S_IFDIR | 0755);
}

TEST(a_set_group_id_directory_gives_its_group_to_directories_only)
{
	int dev_fd = harness_directory();

	ck_assert_int_eq(fchown(dev_fd, 0, 6), 0);
	ck_assert_int_eq(fchmod(dev_fd, 02755), 0);
	(void)umask(077);
	ck_assert_int_eq(create(dev_fd, FUSE TUN, 0664, 0, NULL), 0);
	check_node(dev_fd, "fuse", S_IFCHR | 0664, 10, 229);
	check_node(dev_fd, "net/tun", S_IFCHR | 0664, 10, 200);
	ck_assert_int_eq(stat_of(dev_fd, "net").st_mode, S_IFDIR | 02755);
	ck_assert_uint_eq(stat_of(dev_fd, "net").st_gid, 6);
}

TEST(a_replaced_node_gets_the_mode_and_owner_of_a_new_node)
{
	int dev_fd = harness_directory();

	put_wrong_minor(dev_fd, "fuse");
	ck_assert_int_eq(fchownat(dev_fd, "fuse", 5, 6, 0), 0);
	ck_assert_int_eq(create(dev_fd, FUSE, 0640, KMOD_DEVNAME_MAKE_REPLACE, NULL), 0);
	check_node(dev_fd, "fuse", S_IFCHR | 0640, 10, 229);
}

/* --- the call itself ----------------------------------------------------------------------- */

/* _i: flags */
LOOP_TEST(of_a_name_that_is_there_twice_the_second_is_kept, 4)
{
	static const int wanted[] = { MADE, KEPT, NOT_DONE, NOT_DONE, MADE };
	int outcomes[5];
	int dev_fd = harness_directory();

	harness_write(dev_fd, "x", "", 0);
	ck_assert_int_eq(
		create(dev_fd, "a kvm c10:232\nb kvm c10:232\na x c10:1\nb x c10:1\nc net/c b7:0\n",
		       -1, (unsigned int)_i, outcomes),
		0);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		ck_assert_msg(outcomes[i] == wanted[i], "%zu: %d", i, outcomes[i]);
	ck_assert_str_eq(harness_codes(create_report), "obstructed");
}

TEST(a_second_run_keeps_everything)
{
	int outcomes[2];
	int dev_fd = harness_directory();
	struct stat before[2], after[2];

	for (unsigned int i = 0; i < 2; i++) {
		struct stat *st = i == 0 ? before : after;

		ck_assert_int_eq(create(dev_fd, FUSE TUN, i == 0 ? 0640 : 0600, 0, outcomes), 0);
		ck_assert_int_eq(outcomes[0], i == 0 ? MADE : KEPT);
		ck_assert_int_eq(outcomes[1], i == 0 ? MADE : KEPT);
		st[0] = stat_of(dev_fd, "fuse");
		st[1] = stat_of(dev_fd, "net/tun");
	}
	ck_assert(same_file(&before[0], &after[0]));
	ck_assert(same_file(&before[1], &after[1]));
}

LOOP_TEST(unknown_flags_are_einval_and_nothing_is_touched, 4)
{
	static const unsigned int flags[] = { 4, 8, 0x80000000U, 7 };
	int outcome = 42;
	int dev_fd = harness_directory();

	ck_assert_int_eq(create(dev_fd, FUSE, -1, flags[_i], &outcome), -EINVAL);
	ck_assert_int_eq(outcome, 42);
	ck_assert_str_eq(harness_codes(create_report), "");
	ck_assert(!is_there(dev_fd, "fuse"));
}

/* An array of another size would be written beyond its end, or be read where it was not filled. */
LOOP_TEST(outcomes_have_the_size_of_the_table, 4)
{
	static const size_t sizes[] = { 0, 1, 3, SIZE_MAX };
	struct kmod_devname_table *table = harness_table(FUSE TUN);
	int outcomes[3] = { 42, 42, 42 }, dev_fd = harness_directory();

	ck_assert_int_eq(kmod_devname_table_make_nodes(table, create_report, dev_fd, NULL, 0,
						       outcomes, sizes[_i]),
			 -EINVAL);
	ck_assert_int_eq(
		kmod_devname_table_make_nodes(table, create_report, dev_fd, NULL, 0, NULL, 2),
		-EINVAL);
	ck_assert_int_eq(outcomes[0], 42);
	ck_assert_str_eq(harness_codes(create_report), "");
	ck_assert(!is_there(dev_fd, "fuse"));
	kmod_devname_table_unref(table);
}

TEST(report_permissions_and_outcomes_may_be_null)
{
	struct kmod_devname_table *table = harness_table(FUSE TUN);
	int dev_fd = harness_directory();

	put_file(dev_fd, "fuse");
	ck_assert_int_eq(kmod_devname_table_make_nodes(table, NULL, dev_fd, NULL, 0, NULL, 0), 0);
	check_node(dev_fd, "net/tun", S_IFCHR | 0600, 10, 200);
	kmod_devname_table_unref(table);
}

TEST(a_path_descriptor_is_enough)
{
	int dir_fd = harness_directory();
	int dev_fd = openat(dir_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_eq(create(dev_fd, FUSE TUN, 0666, 0, NULL), 0);
	check_node(dir_fd, "fuse", S_IFCHR | 0666, 10, 229);
	check_node(dir_fd, "net/tun", S_IFCHR | 0666, 10, 200);
}

TEST(no_descriptor_is_left_open)
{
	int dev_fd = harness_directory(), next = dup(dev_fd);

	ck_assert_int_eq(close(next), 0);
	put_wrong_minor(dev_fd, "fuse");
	put_file(dev_fd, "net");
	ck_assert_int_eq(
		create(dev_fd, FUSE TUN "x a/b/x c10:1\n", 0666, KMOD_DEVNAME_MAKE_REPLACE, NULL),
		0);
	ck_assert_int_eq(dup(dev_fd), next);
}

/* --- failures ------------------------------------------------------------------------------ */

static void check_failure(int r, int error, const char *file)
{
	ck_assert_msg(r == error, "%s instead of %s", strerror(-r), strerror(-error));
	ck_assert_str_eq(harness_codes(create_report), "system");
	ck_assert_str_eq(kmod_devname_finding_get_file(first_finding()), file);
}

TEST(a_closed_descriptor_is_ebadf)
{
	check_failure(create(-1, FUSE, -1, 0, NULL), -EBADF, "fuse");
}

TEST(a_descriptor_of_a_file_is_enotdir)
{
	int dir_fd = harness_directory();

	harness_write(dir_fd, "x", "", 0);
	check_failure(create(openat(dir_fd, "x", O_RDONLY | O_CLOEXEC), TUN, -1, 0, NULL), -ENOTDIR,
		      "net/tun");
}

LOOP_TEST(a_removed_directory_is_enoent, 2)
{
	int parent_fd = harness_directory(), dev_fd;

	ck_assert_int_eq(mkdirat(parent_fd, "dev", 0755), 0);
	dev_fd = openat(parent_fd, "dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(unlinkat(parent_fd, "dev", AT_REMOVEDIR), 0);
	check_failure(create(dev_fd, _i == 0 ? FUSE : TUN, -1, 0, NULL), -ENOENT,
		      _i == 0 ? "fuse" : "net/tun");
}

/* _i: before it the name has nothing, a right node or a wrong one */
LOOP_TEST(a_user_without_cap_mknod_gets_a_message, 3)
{
	int outcomes[2] = { MADE, MADE };
	int dev_fd = harness_directory(), r;

	ck_assert_int_eq(fchmod(dev_fd, 0777), 0);
	if (_i == 1)
		put_right(dev_fd, "fuse");
	if (_i == 2)
		put_wrong_minor(dev_fd, "fuse");
	ck_assert_int_eq(seteuid(NOBODY), 0);
	r = create(dev_fd, FUSE "z zero c1:5\n", -1, KMOD_DEVNAME_MAKE_REPLACE, outcomes);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(r, -EPERM);
	ck_assert_str_eq(harness_codes(create_report), _i == 1 ? "system" : "system,system");
	ck_assert_str_eq(kmod_devname_finding_get_file(first_finding()), _i == 1 ? "zero" : "fuse");
	ck_assert_ptr_nonnull(strstr(kmod_devname_finding_get_message(first_finding()),
				     "CAP_MKNOD in the initial user namespace"));
	ck_assert_int_eq(outcomes[0], _i == 1 ? KEPT : NOT_DONE);
	ck_assert_int_eq(outcomes[1], NOT_DONE);
	ck_assert(!is_there(dev_fd, "zero"));
	ck_assert_uint_eq(create_harness_count(dev_fd, ".kmod-devname"), 0);
}

TEST(without_nodes_to_make_no_capability_is_needed)
{
	int dev_fd = harness_directory(), r;

	ck_assert_int_eq(fchmod(dev_fd, 0755), 0);
	put_right(dev_fd, "fuse");
	ck_assert_int_eq(seteuid(NOBODY), 0);
	r = create(dev_fd, FUSE, -1, KMOD_DEVNAME_MAKE_REPLACE, NULL);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(r, 0);
}

TEST(a_directory_that_may_not_be_written_is_eacces)
{
	int dev_fd = harness_directory(), r;

	ck_assert_int_eq(seteuid(NOBODY), 0);
	r = create(dev_fd, TUN, -1, 0, NULL);
	ck_assert_int_eq(seteuid(0), 0);
	check_failure(r, -EACCES, "net/tun");
	ck_assert(!is_there(dev_fd, "net"));
}

static const struct {
	const char *type, *options;
	unsigned long flags;
	int error;
} mounts[] = {
	{ "tmpfs", "mode=755", MS_RDONLY, EROFS },
	{ "tmpfs", "mode=755,nr_inodes=1", 0, ENOSPC },
	{ "proc", NULL, 0, ENOENT },
};

/* _i: mount, replace */
LOOP_TEST(a_directory_that_fails_takes_its_own_nodes_only, ARRAY_SIZE(mounts) * 2)
{
	int outcomes[4];
	int dev_fd = harness_directory(), error = mounts[_i / 2].error;

	ck_assert_int_eq(mkdirat(dev_fd, "u", 0755), 0);
	ck_assert_int_eq(fchdir(dev_fd), 0);
	ck_assert_int_eq(mount("none", "u", mounts[_i / 2].type, mounts[_i / 2].flags,
			       mounts[_i / 2].options),
			 0);
	ck_assert_int_eq(create(dev_fd, "a u/a c10:1\n" FUSE TUN "b u/b/b c10:2\n", -1,
				(unsigned int)_i % 2, outcomes),
			 -error);
	ck_assert_int_eq(umount("u"), 0);
	ck_assert_str_eq(harness_codes(create_report), "system,system");
	ck_assert_str_eq(kmod_devname_finding_get_file(first_finding()), "u/a");
	ck_assert_int_eq(outcomes[0], NOT_DONE);
	ck_assert_int_eq(outcomes[1], MADE);
	ck_assert_int_eq(outcomes[2], MADE);
	ck_assert_int_eq(outcomes[3], NOT_DONE);
}

TEST(an_unverifiable_node_does_not_stop_the_others)
{
	struct kmod_devname_table *table = harness_table("a u/a c10:1\n" FUSE TUN);
	int dev_fd = harness_directory(), r;

	ck_assert_int_eq(fchmod(dev_fd, 0755), 0);
	ck_assert_int_eq(mkdirat(dev_fd, "u", 0700), 0);
	ck_assert_int_eq(seteuid(NOBODY), 0);
	r = table_verify(table, create_report, dev_fd, "", NULL);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(r, -EACCES);
	ck_assert_str_eq(harness_codes(create_report), "system,absent,absent");
	kmod_devname_table_unref(table);
}

TEST(a_closed_directory_cannot_be_verified)
{
	struct kmod_devname_table *table = harness_table(FUSE TUN);

	ck_assert_int_eq(table_verify(table, create_report, -1, "", NULL), -EBADF);
	ck_assert_str_eq(harness_codes(create_report), "system");
	kmod_devname_table_unref(table);
}

LOOP_TEST(no_file_descriptor_left_is_emfile, UNLESS_VALGRIND(2))
{
	struct rlimit limit, small;
	int dev_fd = harness_directory(), next = dup(dev_fd), r;

	ck_assert_int_eq(close(next), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	small = (struct rlimit){ (rlim_t)(next + _i), limit.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &small), 0);
	r = create(dev_fd, FUSE TUN, -1, 0, NULL);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	check_failure(r, -EMFILE, "fuse");
	ck_assert(!is_there(dev_fd, "fuse"));
	ck_assert_uint_eq(create_harness_count(dev_fd, ".kmod-devname"), 0);
}

/* --- kernels and file systems that know less ----------------------------------------------- */

/*
 * Every state again, with renameat2(2) of old; but nothing is replaced, since what somebody puts
 * there meanwhile could be lost. _i: state, replace
 */
LOOP_TEST(without_flags_of_renameat2_the_outcome_is_that_without_replace, ARRAY_SIZE(states) * 2)
{
	size_t state = (size_t)_i / 2;
	int outcome, wanted = states[state].outcome;
	int dev_fd = harness_directory();
	struct stat before, after;

	states[state].put(dev_fd, "fuse");
	if (wanted != MADE)
		before = stat_of(dev_fd, "fuse");
	if (!create_harness_deny(SYS_renameat2, EINVAL))
		return;
	ck_assert_int_eq(create(dev_fd, FUSE, -1, (unsigned int)_i % 2, &outcome), 0);
	ck_assert_msg(outcome == wanted, "%s: outcome %d", states[state].what, outcome);
	check_findings(states[state].codes, "fuse");
	if (wanted == MADE) {
		check_node(dev_fd, "fuse", S_IFCHR | 0600, 10, 229);
	} else {
		after = stat_of(dev_fd, "fuse");
		ck_assert_msg(same_file(&before, &after), "%s was touched", states[state].what);
	}
	ck_assert_uint_eq(create_harness_count(dev_fd, ".kmod-devname"), 0);
}

TEST(without_flags_of_renameat2_directories_are_made)
{
	int dev_fd = harness_directory();

	if (!create_harness_deny(SYS_renameat2, EINVAL))
		return;
	(void)umask(077);
	ck_assert_int_eq(create(dev_fd, TUN "x a/b/x b7:0\n", 0666, 0, NULL), 0);
	ck_assert_str_eq(harness_codes(create_report), "");
	check_node(dev_fd, "net/tun", S_IFCHR | 0666, 10, 200);
	check_node(dev_fd, "a/b/x", S_IFBLK | 0666, 7, 0);
	ck_assert_uint_eq(stat_of(dev_fd, "a/b").st_mode, S_IFDIR | 0755);
	ck_assert_uint_eq(create_harness_count(dev_fd, ".kmod-devname"), 0);
}

/* Neither way to set a mode: then none is needed if the umask is 0, and else it fails clearly. */
LOOP_TEST(without_fchmodat2_and_proc_only_a_umask_fails, 2)
{
	int dev_fd = harness_directory(), r;
	int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (!create_harness_deny(SYS_fchmodat2, ENOSYS))
		return;
	ck_assert_int_eq(chroot("."), 0);
	(void)umask(_i == 0 ? 0 : 077);
	r = create(dev_fd, FUSE, 0666, 0, NULL);
	/* sanitizers read /proc at the end */
	ck_assert_int_eq(fchdir(root_fd), 0);
	ck_assert_int_eq(chroot("."), 0);
	if (_i > 0) {
		check_failure(r, -ENOSYS, "fuse");
		ck_assert_uint_eq(create_harness_count(dev_fd, ""), 0);
		return;
	}
	ck_assert_int_eq(r, 0);
	check_node(dev_fd, "fuse", S_IFCHR | 0666, 10, 229);
}

/* --- killed, and what is left -------------------------------------------------------------- */

static pid_t dead_process(void)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	return pid;
}

enum whom { DEAD, ALIVE, NOBODY_AT_ALL };

/* What is before and after the PID in a name, whose PID, what it is, and whether it goes. */
static const struct {
	const char *before, *after;
	enum whom whom;
	void (*put)(int dir_fd, const char *name);
	bool goes;
} leftovers[] = {
	{ ".kmod-devname.", ".0", DEAD, put_right, true },
	{ ".kmod-devname.", ".15", DEAD, put_wrong_type, true },
	{ ".kmod-devname.", ".65535", DEAD, put_right, true },
	{ ".kmod-devname.", ".0", ALIVE, put_right, false },
	{ ".kmod-devname.", ".0", DEAD, put_file, false },
	{ ".kmod-devname.", ".0", DEAD, put_directory, true },
	{ ".kmod-devname.", ".0", ALIVE, put_directory, false },
	{ ".kmod-devname.", ".0", DEAD, put_full_directory, false },
	{ ".kmod-devname.", ".0", DEAD, put_dangling_link, false },
	{ ".kmod-devname.", ".0", DEAD, put_fifo, false },
	{ ".kmod-devname.", "", DEAD, put_right, false },
	{ ".kmod-devname.", ".", DEAD, put_right, false },
	{ ".kmod-devname.", ".0x", DEAD, put_right, false },
	{ ".kmod-devname.-", ".0", DEAD, put_right, false },
	{ ".kmod-devname.4294967296", ".0", DEAD, put_right, false },
	{ "kmod-devname.", ".0", DEAD, put_right, false },
	{ ".kmod-devname.0.0", "", NOBODY_AT_ALL, put_right, false },
	{ ".kmod-devname..0", "", NOBODY_AT_ALL, put_right, false },
};

static void name_leftover(size_t row, char *name, size_t size)
{
	char pid[16] = "";

	if (leftovers[row].whom != NOBODY_AT_ALL)
		(void)snprintf(pid, sizeof(pid), "%d",
			       (int)(leftovers[row].whom == DEAD ? dead_process() : getppid()));
	(void)snprintf(name, size, "%s%s%s", leftovers[row].before, pid, leftovers[row].after);
}

/* _i: leftover, place, dry run */
LOOP_TEST(only_leftovers_of_runs_that_are_gone_are_removed, ARRAY_SIZE(leftovers) * 4)
{
	size_t row = (size_t)_i / 4;
	int dev_fd = harness_directory(), dir_fd = dev_fd;
	bool dry_run = _i % 2 == 1;
	char name[64];

	if (_i / 2 % 2 == 1) {
		ck_assert_int_eq(mkdirat(dev_fd, "net", 0755), 0);
		dir_fd = openat(dev_fd, "net", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	name_leftover(row, name, sizeof(name));
	leftovers[row].put(dir_fd, name);
	ck_assert_int_eq(create(dev_fd, dir_fd == dev_fd ? FUSE : TUN, -1,
				dry_run ? KMOD_DEVNAME_MAKE_DRY_RUN : 0, NULL),
			 0);
	ck_assert_msg(is_there(dir_fd, name) == (dry_run || !leftovers[row].goes), "%s", name);
}

static int create_in_child(void *data)
{
	return create(*(int *)data, FUSE TUN "x a/b/x b7:0\n", 0666, KMOD_DEVNAME_MAKE_REPLACE,
		      NULL);
}

/* Each name has what it had, or what it shall have; beside them is one temporary thing at most. */
static void check_after_kill(int dev_fd)
{
	static const struct {
		const char *name;
		mode_t type;
		unsigned int major, minor;
	} rows[] = { { "net/tun", S_IFCHR, 10, 200 }, { "a/b/x", S_IFBLK, 7, 0 } };
	unsigned int n_left = create_harness_count(dev_fd, ".kmod-devname");

	if (minor(stat_of(dev_fd, "fuse").st_rdev) == 229)
		check_node(dev_fd, "fuse", S_IFCHR | 0666, 10, 229);
	else
		check_node(dev_fd, "fuse", S_IFCHR | 0666, 10, 228);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (is_there(dev_fd, rows[i].name))
			check_node(dev_fd, rows[i].name, rows[i].type | 0666, rows[i].major,
				   rows[i].minor);
	if (is_there(dev_fd, "a/b"))
		ck_assert_uint_eq(stat_of(dev_fd, "a/b").st_mode, S_IFDIR | 0755);
	ck_assert_uint_le(n_left, 1);
}

static void start_over(int dev_fd)
{
	static const char *const names[] = { "net/tun", "a/b/x", "fuse", "net", "a/b", "a" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unlinkat(dev_fd, names[i], i < 3 ? 0 : AT_REMOVEDIR);
	put_wrong_minor(dev_fd, "fuse");
}

LOOP_TEST(a_kill_at_any_system_call_leaves_the_old_or_the_new_node, UNLESS_VALGRIND(1))
{
	int dev_fd = harness_directory(), killed = 1;
	unsigned int n_left = 0, stop;

	(void)umask(077);
	for (stop = 0; killed > 0; stop++) {
		start_over(dev_fd);
		killed = harness_stop_at(create_in_child, &dev_fd, stop, NULL);
		if (killed < 0)
			return;
		check_after_kill(dev_fd);
		n_left += create_harness_count(dev_fd, ".kmod-devname");
		ck_assert_int_eq(create_in_child(&dev_fd), 0);
		ck_assert_uint_eq(create_harness_count(dev_fd, ".kmod-devname"), 0);
		check_node(dev_fd, "fuse", S_IFCHR | 0666, 10, 229);
		check_node(dev_fd, "net/tun", S_IFCHR | 0666, 10, 200);
		check_node(dev_fd, "a/b/x", S_IFBLK | 0666, 7, 0);
	}
	/* three nodes, with a dozen calls each; some kills came where a leftover is unavoidable */
	ck_assert_uint_ge(stop, 60);
	ck_assert_uint_ge(n_left, 10);
}

int main(void)
{
	return create_harness_run(create_harness_set_up, create_harness_tear_down);
}
