// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SELinux labels: what libselinux is asked for, and when. It is not there: this file has its
 * functions, which write down how they are called, and those of the C library that make things.
 */

#include "lib/create-harness.h"

#include <errno.h>
#include <selinux/label.h>
#include <selinux/selinux.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* --- the policy ---------------------------------------------------------------------------- */

static char record[4096];
static int enabled, open_error, lookup_error, set_error, mknod_error;
static int handle;

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void note(const char *format, ...)
{
	size_t size = strlen(record);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(record + size, sizeof(record) - size, format, args);
	va_end(args);
}

static int result(int error)
{
	errno = error;
	return error != 0 ? -1 : 0;
}

int is_selinux_enabled(void)
{
	return enabled;
}

struct selabel_handle *selabel_open(unsigned int backend, const struct selinux_opt *options,
				    unsigned int n_options)
{
	ck_assert_uint_eq(backend, SELABEL_CTX_FILE);
	ck_assert_ptr_null(options);
	ck_assert_uint_eq(n_options, 0);
	note("open\n");
	return result(open_error) < 0 ? NULL : (struct selabel_handle *)&handle;
}

void selabel_close(struct selabel_handle *closed)
{
	ck_assert_ptr_eq(closed, (struct selabel_handle *)&handle);
	note("close\n");
}

int selabel_lookup_raw(struct selabel_handle *asked, char **context, const char *key, int type)
{
	const char *kind = S_ISDIR((mode_t)type) ? "dir" : S_ISCHR((mode_t)type) ? "chr" : "blk";

	ck_assert_ptr_eq(asked, (struct selabel_handle *)&handle);
	note("lookup %s %s\n", key, kind);
	if (result(lookup_error) < 0)
		return -1;
	ck_assert_int_ge(asprintf(context, "label of %s", key), 0);
	return 0;
}

void freecon(char *context)
{
	free(context);
}

int setfscreatecon_raw(const char *context)
{
	note("set %s\n", context ? context : "none");
	return context ? result(set_error) : 0;
}

/* --- the C library ------------------------------------------------------------------------- */

int mknodat(int dir_fd, const char *name, mode_t mode, dev_t device)
{
	note("mknod\n");
	if (mknod_error != 0)
		return result(mknod_error);
	return (int)syscall(SYS_mknodat, dir_fd, name, mode,
			    (unsigned int)((minor(device) & 0xff) | (major(device) << 8) |
					   ((minor(device) & ~0xffU) << 12)));
}

int mkdirat(int dir_fd, const char *name, mode_t mode)
{
	note("mkdir\n");
	return (int)syscall(SYS_mkdirat, dir_fd, name, mode);
}

/* --- the tests ----------------------------------------------------------------------------- */

static struct kmod_devname_report *report;

static void set_up(void)
{
	enabled = 1;
	ck_assert_int_eq(kmod_devname_report_new(&report), 0);
}

static void tear_down(void)
{
	kmod_devname_report_unref(report);
}

static int create(int dev_fd, const char *text, unsigned int flags)
{
	struct kmod_devname_table *table = harness_table(text);
	int r = kmod_devname_table_make_nodes(table, report, dev_fd, NULL, flags, NULL, 0);

	kmod_devname_table_unref(table);
	return r;
}

TEST(each_thing_is_made_with_its_label_set)
{
	ck_assert_int_eq(create(harness_directory(), "tun net/tun c10:200\nx x b7:0\n", 0), 0);
	ck_assert_str_eq(record, "open\n"
				 "lookup /dev/net dir\n"
				 "set label of /dev/net\n"
				 "mkdir\n"
				 "set none\n"
				 "lookup /dev/net/tun chr\n"
				 "set label of /dev/net/tun\n"
				 "mknod\n"
				 "set none\n"
				 "lookup /dev/x blk\n"
				 "set label of /dev/x\n"
				 "mknod\n"
				 "set none\n"
				 "close\n");
}

TEST(a_directory_is_named_by_its_whole_path)
{
	ck_assert_int_eq(create(harness_directory(), "x a/b/x c10:1\n", 0), 0);
	ck_assert_ptr_nonnull(strstr(record, "lookup /dev/a dir\nset label of /dev/a\nmkdir\n"));
	ck_assert_ptr_nonnull(
		strstr(record, "lookup /dev/a/b dir\nset label of /dev/a/b\nmkdir\n"));
}

TEST(no_label_is_looked_up_without_a_new_node)
{
	int dev_fd = harness_directory();

	ck_assert_int_eq(create(dev_fd, "x x c10:1\n", KMOD_DEVNAME_MAKE_DRY_RUN), 0);
	ck_assert_str_eq(record, "");
	ck_assert_int_eq(create(dev_fd, "x x c10:1\n", 0), 0);
	record[0] = '\0';
	ck_assert_int_eq(create(dev_fd, "x x c10:1\n", 0), 0);
	ck_assert_str_eq(record, "");
}

/* _i: SELinux is off, is_selinux_enabled(3) fails */
LOOP_TEST(without_selinux_nothing_is_set, 2)
{
	enabled = -_i;
	ck_assert_int_eq(create(harness_directory(), "x x c10:1\n", 0), 0);
	ck_assert_str_eq(record, "mknod\n");
}

TEST(without_a_policy_nothing_is_set)
{
	open_error = ENOENT;
	ck_assert_int_eq(create(harness_directory(), "x x c10:1\ny y c10:2\n", 0), 0);
	ck_assert_str_eq(record, "open\nmknod\nmknod\n");
}

TEST(a_path_without_a_policy_entry_has_no_label)
{
	lookup_error = ENOENT;
	ck_assert_int_eq(create(harness_directory(), "x x c10:1\n", 0), 0);
	ck_assert_str_eq(record, "open\nlookup /dev/x chr\nmknod\nset none\nclose\n");
}

static const struct {
	int *error;
	const char *record;
} failures[] = {
	{ &open_error, "open\n" },
	{ &lookup_error,
	  "open\nlookup /dev/x chr\nset none\nlookup /dev/y chr\nset none\nclose\n" },
	{ &set_error, "open\nlookup /dev/x chr\nset label of /dev/x\nset none\n"
		      "lookup /dev/y chr\nset label of /dev/y\nset none\nclose\n" },
	{ &mknod_error, "open\nlookup /dev/x chr\nset label of /dev/x\nmknod\nset none\n"
			"lookup /dev/y chr\nset label of /dev/y\nmknod\nset none\nclose\n" },
};

/* Nothing is made without the label that it should have, and none stays set. */
LOOP_TEST(a_failure_unsets_the_label_and_is_of_each_node, ARRAY_SIZE(failures))
{
	int dev_fd = harness_directory();

	*failures[_i].error = EIO;
	ck_assert_int_eq(create(dev_fd, "x x c10:1\ny y c10:2\n", 0), -EIO);
	ck_assert_str_eq(record, failures[_i].record);
	ck_assert_str_eq(harness_codes(report), "system,system");
	ck_assert_uint_eq(create_harness_count(dev_fd, ""), 0);
}

int main(void)
{
	return create_harness_run(set_up, tear_down);
}
