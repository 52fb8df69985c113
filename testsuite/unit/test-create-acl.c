// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nodes and directories that are made where another user decides what they inherit, and what stands
 * under a name at the next system call: none of them has an ACL, and no other directory is
 * adjusted.
 */

#include "dev/devdir.h"
#include "lib/create-harness.h"
#include "lib/refuse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NOBODY 65534

#define ACCESS_ACL "system.posix_acl_access"
#define DEFAULT_ACL "system.posix_acl_default"
#define LIST "kvm u/kvm c10:232\ntun u/net/tun c10:200\n"

/* As setfacl(1) writes "u::rwx,u:nobody:rwx,g::rwx,m::rwx,o::---", all little endian. */
static bool set_acl(const char *path, const char *attribute)
{
	static const struct {
		uint16_t tag, permissions;
		uint32_t id;
	} entries[] = {
		{ 0x01, 7, UINT32_MAX }, { 0x02, 7, NOBODY },     { 0x04, 7, UINT32_MAX },
		{ 0x10, 7, UINT32_MAX }, { 0x20, 0, UINT32_MAX },
	};
	unsigned char acl[4 + 8 * ARRAY_SIZE(entries)] = { 2 };

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		unsigned char *p = acl + 4 + 8 * i;

		p[0] = (unsigned char)entries[i].tag;
		p[2] = (unsigned char)entries[i].permissions;
		for (size_t j = 0; j < 4; j++)
			p[4 + j] = (unsigned char)(entries[i].id >> 8 * j);
	}
	if (setxattr(path, attribute, acl, sizeof(acl), 0) == 0)
		return true;
	ck_assert_int_eq(errno, EOPNOTSUPP);
	harness_skip("no ACLs in this file system");
	return false;
}

static bool has_acl(const char *path, const char *attribute)
{
	return lgetxattr(path, attribute, NULL, 0) > 0;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	ck_assert_msg(lstat(path, &st) == 0, "%s: %s", path, strerror(errno));
	return st.st_mode & 07777;
}

/*
 * The directory "u" of a user, in a new working directory below another one. False if it cannot
 * have an ACL.
 */
static bool make_directory_of(uid_t uid, int dir_fd, unsigned int round)
{
	char name[16];

	(void)snprintf(name, sizeof(name), "%u", round);
	ck_assert_int_eq(mkdirat(dir_fd, name, 0755), 0);
	ck_assert_int_eq(fchdir(dir_fd), 0);
	ck_assert_int_eq(chdir(name), 0);
	ck_assert_int_eq(mkdir("u", 0755), 0);
	ck_assert_int_eq(chown("u", uid, uid), 0);
	return set_acl("u", DEFAULT_ACL);
}

static int create(mode_t mode)
{
	struct kmod_devname_table *table = harness_table(LIST);
	struct kmod_devname_permissions *permissions;
	int dev_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC), r;

	ck_assert_int_eq(kmod_devname_permissions_new(mode, &permissions), 0);
	r = kmod_devname_table_make_nodes(table, create_report, dev_fd, permissions, 0, NULL, 0);
	kmod_devname_permissions_unref(permissions);
	kmod_devname_table_unref(table);
	(void)close(dev_fd);
	return r;
}

static const mode_t modes[] = { 0600, 0660, 0666, 0640, 0 };

/* _i: mode, whose directory, kernel with fchmodat2(2) or without */
LOOP_TEST(a_new_node_inherits_no_acl, ARRAY_SIZE(modes) * 4)
{
	mode_t mode = modes[_i / 4];

	if (!make_directory_of(_i / 2 % 2 == 0 ? NOBODY : 0, harness_directory(), 0) ||
	    (_i % 2 == 1 && !create_harness_deny(SYS_fchmodat2, ENOSYS)))
		return;
	ck_assert_int_eq(create(mode), 0);
	ck_assert_str_eq(harness_codes(create_report), "");
	ck_assert_uint_eq(mode_of("u/kvm"), mode);
	ck_assert_uint_eq(mode_of("u/net/tun"), mode);
	ck_assert_uint_eq(mode_of("u/net"), 0755);
	ck_assert(!has_acl("u/kvm", ACCESS_ACL));
	ck_assert(!has_acl("u/net/tun", ACCESS_ACL));
	ck_assert(!has_acl("u/net", ACCESS_ACL));
	ck_assert(!has_acl("u/net", DEFAULT_ACL));
	/* what was there is as it was */
	ck_assert(has_acl("u", DEFAULT_ACL));
}

/* Of ext4, as the machine may have none for the tests otherwise. */
TEST(a_new_node_inherits_no_acl_on_ext4)
{
	int status;

	ck_assert_int_eq(fchdir(harness_directory()), 0);
	status = system("mkfs.ext4 -q -F image 4M >/dev/null 2>&1 && mkdir m && "
			"mount -o loop image m 2>/dev/null");

	if (status != 0) {
		harness_skip("ext4 cannot be mounted here");
		return;
	}
	ck_assert_int_eq(chdir("m"), 0);
	ck_assert_int_eq(mkdir("u", 0755), 0);
	ck_assert_int_eq(chown("u", NOBODY, NOBODY), 0);
	if (set_acl("u", DEFAULT_ACL)) {
		ck_assert_int_eq(create(0660), 0);
		ck_assert_uint_eq(mode_of("u/kvm"), 0660);
		ck_assert(!has_acl("u/kvm", ACCESS_ACL));
		ck_assert(!has_acl("u/net", DEFAULT_ACL));
	}
	ck_assert_int_eq(chdir(".."), 0);
	ck_assert_int_eq(umount2("m", MNT_DETACH), 0);
}

static int create_at_once(void *data)
{
	(void)data;
	return create(0666);
}

struct acl_counts {
	unsigned int n_seen;
	unsigned int n_effects;
};

/* At any time, under any name, an ACL gives nothing: without permissions of the group it has none.
 */
static void check_rights(void *data)
{
	struct acl_counts *counts = data;
	DIR *dir = opendir("u");
	struct dirent *entry;
	char path[300];

	while ((entry = readdir(dir))) {
		(void)snprintf(path, sizeof(path), "u/%s", entry->d_name);
		if (entry->d_type == DT_DIR || !has_acl(path, ACCESS_ACL))
			continue;
		counts->n_seen++;
		counts->n_effects += (mode_of(path) & 070) != 0;
	}
	(void)closedir(dir);
}

LOOP_TEST(an_acl_has_no_effect_at_any_system_call, UNLESS_VALGRIND(1))
{
	struct acl_counts *counts = harness_share(sizeof(*counts));
	int dir_fd = harness_directory(), stopped = 1;

	for (unsigned int stop = 0; stopped > 0; stop++) {
		if (!make_directory_of(NOBODY, dir_fd, stop))
			return;
		stopped = harness_stop_at(create_at_once, counts, stop, check_rights);
		ck_assert_msg(counts->n_effects == 0, "at stop %u", stop);
	}
	ck_assert(stopped < 0 || counts->n_seen > 0);
}

/* Puts a private directory of root in the place of one that was just made. */
static void swap_private(void *data)
{
	DIR *dir = opendir("u");
	struct dirent *entry;
	char path[300];

	(void)data;
	while ((entry = readdir(dir))) {
		(void)snprintf(path, sizeof(path), "u/%s", entry->d_name);
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
		    strcmp(entry->d_name, "private") != 0)
			(void)syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, "u/private",
				      RENAME_EXCHANGE);
		if (strncmp(entry->d_name, ".kmod-devname", 13) == 0 && entry->d_type == DT_DIR)
			(void)syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, "u/private",
				      RENAME_EXCHANGE);
	}
	(void)closedir(dir);
}

/* _i: one that another mode protects, or one that is shut, and has a file */
LOOP_TEST(no_other_directory_is_adjusted_while_files_are_swapped, UNLESS_VALGRIND(2))
{
	mode_t mode = _i == 0 ? 0700 : 0;
	int dir_fd = harness_directory(), stopped = 1;
	unsigned int stop;

	for (stop = 0; stopped > 0; stop++) {
		struct stat st;
		int fd;

		if (!make_directory_of(NOBODY, dir_fd, stop))
			return;
		ck_assert_int_eq(mkdir("u/private", 0700), 0);
		ck_assert_int_eq(mknod("u/private/file", S_IFREG | 0600, 0), 0);
		ck_assert_int_eq(chmod("u/private", mode), 0);
		ck_assert(set_acl("u/private", DEFAULT_ACL));
		fd = open("u/private", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		(void)umask(077);
		stopped = harness_stop_at(create_at_once, NULL, stop, swap_private);
		(void)umask(022);
		ck_assert_int_eq(fstat(fd, &st), 0);
		ck_assert_msg((st.st_mode & 07777) == mode, "mode %o at stop %u", st.st_mode, stop);
		ck_assert_int_gt(fgetxattr(fd, DEFAULT_ACL, NULL, 0), 0);
		(void)close(fd);
	}
	ck_assert(stopped < 0 || stop > 40);
}

/* The nodes of these lines, made below a directory whose rule is about kvm. */
static struct kmod_devname_table *make_kvm(int dir_fd, const char *lines,
					   struct kmod_devname_permissions **ret_permissions)
{
	static const char rule[] = "KERNEL==\"kvm\", MODE=\"0660\", OPTIONS+=\"static_node=kvm\"\n";
	struct kmod_devname_table *table = harness_table(lines);

	harness_write(dir_fd, "etc/udev/rules.d/a.rules", rule, strlen(rule));
	ck_assert_int_eq(kmod_devname_permissions_new(0600, ret_permissions), 0);
	ck_assert_int_eq(
		kmod_devname_permissions_read_udev(*ret_permissions, create_report, dir_fd, table),
		0);
	ck_assert_int_eq(kmod_devname_table_make_nodes(table, create_report, dir_fd,
						       *ret_permissions, 0, NULL, 0),
			 0);
	return table;
}

/* Of a node with a rule; those of other nodes are the administrator's. */
TEST(an_acl_is_no_mode_of_a_rule)
{
	struct kmod_devname_permissions *permissions;
	struct kmod_devname_table *table;
	const struct kmod_devname_finding *finding;
	int dir_fd = harness_directory();

	ck_assert_int_eq(fchdir(dir_fd), 0);
	table = make_kvm(dir_fd, "kvm kvm c10:232\na a c10:1\n", &permissions);
	ck_assert_int_eq(table_verify(table, create_report, dir_fd, "", permissions), 0);
	ck_assert_str_eq(harness_codes(create_report), "");
	if (set_acl("kvm", ACCESS_ACL) && set_acl("a", ACCESS_ACL)) {
		ck_assert_int_eq(chmod("kvm", 0660), 0);
		ck_assert_int_eq(table_verify(table, create_report, dir_fd, "", permissions), 0);
		ck_assert_str_eq(harness_codes(create_report), "wrong-mode");
		finding = kmod_devname_report_get(create_report, 0);
		ck_assert_str_eq(kmod_devname_finding_get_file(finding), "kvm");
		ck_assert_int_eq(kmod_devname_finding_get_severity(finding),
				 KMOD_DEVNAME_SEVERITY_NOTE);
	}
	kmod_devname_permissions_unref(permissions);
	kmod_devname_table_unref(table);
}

static const int acl_errors[] = { EOPNOTSUPP, ENODATA, ENOSYS, EIO, EACCES };

/* _i: what reading the ACL fails with; the first three say that there is none */
LOOP_TEST(an_acl_that_cannot_be_read_is_a_finding, UNLESS_VALGRIND(ARRAY_SIZE(acl_errors)))
{
	struct kmod_devname_permissions *permissions;
	struct kmod_devname_table *table;
	int dir_fd = harness_directory(), error = acl_errors[_i];

	table = make_kvm(dir_fd, "kvm kvm c10:232\n", &permissions);
	if (refuse_next(SYS_getxattr, error)) {
		ck_assert_int_eq(table_verify(table, create_report, dir_fd, "", permissions),
				 _i < 3 ? 0 : -error);
		ck_assert(refuse_met());
		ck_assert_str_eq(harness_codes(create_report), _i < 3 ? "" : "system");
	}
	kmod_devname_permissions_unref(permissions);
	kmod_devname_table_unref(table);
}

/* Nothing can be seen of an ACL then: a node is made only where there can be none. _i: whose */
LOOP_TEST(without_proc_a_node_that_may_have_an_acl_is_not_made, 2)
{
	int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), r;

	ck_assert_int_eq(fchdir(harness_directory()), 0);
	ck_assert_int_eq(mkdir("u", 0755), 0);
	ck_assert_int_eq(chown("u", _i == 0 ? NOBODY : 0, 0), 0);
	ck_assert_int_eq(chroot("."), 0);
	r = create(0600);
	ck_assert_int_eq(access("u/kvm", F_OK), _i == 0 ? -1 : 0);
	ck_assert_int_eq(access("u/net/tun", F_OK), 0);
	/* sanitizers read /proc at the end */
	ck_assert_int_eq(fchdir(root_fd), 0);
	ck_assert_int_eq(chroot("."), 0);
	ck_assert_int_eq(r, _i == 0 ? -ENOSYS : 0);
	ck_assert_str_eq(harness_codes(create_report), _i == 0 ? "system" : "");
	if (_i == 0)
		ck_assert_ptr_nonnull(strstr(
			kmod_devname_finding_get_message(kmod_devname_report_get(create_report, 0)),
			"/proc; mount it"));
}

int main(void)
{
	return create_harness_run(create_harness_set_up, create_harness_tear_down);
}
