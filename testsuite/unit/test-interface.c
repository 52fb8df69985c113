// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What only other programs use of the public interface: look-ups, single nodes, the list of a
 * kernel, names to numbers, version and features.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fixture.h"

static int add_node(const char *module, const char *name, mode_t type, unsigned int major,
		    unsigned int minor)
{
	return kmod_devname_table_add_node(table, report, module, name, type, major, minor);
}

TEST(a_node_is_added_and_found_by_name_and_by_number)
{
	const struct kmod_devname_node *tun, *loop;

	ck_assert_int_eq(add_node("tun", "net/tun", S_IFCHR, 10, 200), 0);
	ck_assert_int_eq(add_node("loop", "loop0", S_IFBLK, 7, 0), 0);
	ck_assert_int_eq(add_node("loop2", "loop0", S_IFBLK, 7, 0), 0);
	tun = kmod_devname_table_get(table, 0);
	loop = kmod_devname_table_get(table, 1);
	ck_assert_ptr_eq(kmod_devname_table_find_name(table, "net/tun"), tun);
	ck_assert_ptr_eq(kmod_devname_table_find_name(table, "loop0"), loop);
	ck_assert_ptr_null(kmod_devname_table_find_name(table, "net"));
	ck_assert_ptr_null(kmod_devname_table_find_name(table, "net/tun/x"));
	ck_assert_ptr_null(kmod_devname_table_find_name(table, ""));
	ck_assert_ptr_eq(kmod_devname_table_find_number(table, S_IFCHR, 10, 200), tun);
	ck_assert_ptr_eq(kmod_devname_table_find_number(table, S_IFBLK, 7, 0), loop);
	ck_assert_ptr_null(kmod_devname_table_find_number(table, S_IFBLK, 10, 200));
	ck_assert_ptr_null(kmod_devname_table_find_number(table, S_IFCHR, 10, 201));
	ck_assert_str_eq(harness_codes(report), "");
}

static const struct {
	const char *module, *name;
	unsigned int major, minor;
	const char *codes;
} bad_rows[] = {
	{ "m", "a", 0, 1, "bad-number" },
	{ "m", "a", 4096, 1, "bad-number" },
	{ "m", "a", 1, 1048576, "bad-number" },
	{ "m", "a", 10, 255, "dynamic-minor" },
	{ "m", "../a", 10, 1, "bad-name" },
	{ "m", "a b", 10, 1, "bad-name" },
	{ "m-n", "a", 10, 1, "bad-module-name" },
	{ "m", "here", 10, 2, "name-conflict" },
	{ "m", "here/below", 10, 1, "name-conflict" },
};

LOOP_TEST(an_invalid_node_is_a_finding, ARRAY_SIZE(bad_rows))
{
	ck_assert_int_eq(add_node("n", "here", S_IFCHR, 10, 1), 0);
	ck_assert_int_eq(add_node(bad_rows[_i].module, bad_rows[_i].name, S_IFCHR,
				  bad_rows[_i].major, bad_rows[_i].minor),
			 0);
	ck_assert_str_eq(harness_codes(report), bad_rows[_i].codes);
	ck_assert_uint_eq(kmod_devname_table_size(table), 1);
}

TEST(a_node_is_a_character_or_a_block_device)
{
	ck_assert_int_eq(add_node("m", "a", 0, 10, 1), -EINVAL);
	ck_assert_int_eq(add_node("m", "a", S_IFREG, 10, 1), -EINVAL);
	ck_assert_int_eq(add_node("m", "a", S_IFCHR | 0600, 10, 1), -EINVAL);
	ck_assert_uint_eq(kmod_devname_table_size(table), 0);
}

TEST(the_list_of_a_kernel_is_read_below_a_root)
{
	static const char text[] = DEVNAME_HEADER "fuse fuse c10:229\nbad\n";
	int root_fd = harness_directory();
	unsigned int before;

	harness_write(root_fd, "usr/lib/modules/6.1.0/modules.devname", text, sizeof(text) - 1);
	ck_assert_int_eq(symlinkat("/usr/lib", root_fd, "lib"), 0);
	before = harness_count_fds();
	ck_assert_int_eq(
		kmod_devname_table_read_kernel(table, report, root_fd, "lib/modules/6.1.0"), 0);
	ck_assert_str_eq(harness_text(table), DEVNAME_HEADER "fuse fuse c10:229\n");
	ck_assert_str_eq(harness_codes(report), "bad-line");
	ck_assert_str_eq(kmod_devname_finding_get_file(kmod_devname_report_get(report, 0)),
			 "modules.devname");
	ck_assert_uint_eq(harness_count_fds(), before);
}

TEST(a_list_that_is_no_file_is_an_errno)
{
	int root_fd = harness_directory();

	harness_write(root_fd, "empty/x", "", 0);
	ck_assert_int_eq(mkdirat(root_fd, "directory", 0755), 0);
	ck_assert_int_eq(mkdirat(root_fd, "directory/modules.devname", 0755), 0);
	ck_assert_int_eq(mkdirat(root_fd, "fifo", 0755), 0);
	ck_assert_int_eq(mkfifoat(root_fd, "fifo/modules.devname", 0644), 0);
	ck_assert_int_eq(kmod_devname_table_read_kernel(table, report, root_fd, "none"), -ENOENT);
	ck_assert_int_eq(kmod_devname_table_read_kernel(table, report, root_fd, "empty/x"),
			 -ENOTDIR);
	ck_assert_int_eq(kmod_devname_table_read_kernel(table, report, root_fd, "empty"), -ENOENT);
	ck_assert_int_eq(kmod_devname_table_read_kernel(table, report, root_fd, "directory"),
			 -EISDIR);
	ck_assert_int_eq(kmod_devname_table_read_kernel(table, report, root_fd, "fifo"), -ENODEV);
	ck_assert_int_eq(kmod_devname_table_read_kernel(table, report, root_fd, ""), -EINVAL);
	ck_assert_uint_eq(kmod_devname_report_size(report), 0);
}

TEST(codes_have_names_and_names_have_codes)
{
	unsigned int n = 0;

	for (int i = 0; i <= 1000; i++) {
		enum kmod_devname_code code = (enum kmod_devname_code)i;
		const char *name = kmod_devname_code_to_string(code);
		int found;

		if (!name)
			continue;
		n++;
		ck_assert_int_eq(kmod_devname_code_from_string(name, &found), 0);
		ck_assert_int_eq(found, i);
	}
	ck_assert_uint_gt(n, 30);
}

TEST(formats_have_names_and_names_have_formats)
{
	const char *name;
	int i, found;

	for (i = 0; (name = kmod_devname_format_to_string((enum kmod_devname_format)i)); i++) {
		ck_assert_int_eq(kmod_devname_format_from_string(name, &found), 0);
		ck_assert_int_eq(found, i);
	}
	ck_assert_int_gt(i, 5);
}

TEST(unknown_names_are_enoent)
{
	int code = KMOD_DEVNAME_CODE_SYSTEM, format = KMOD_DEVNAME_FORMAT_JSON;

	ck_assert_int_eq(kmod_devname_code_from_string("", &code), -ENOENT);
	ck_assert_int_eq(kmod_devname_code_from_string("System", &code), -ENOENT);
	ck_assert_int_eq(kmod_devname_format_from_string("", &format), -ENOENT);
	ck_assert_int_eq(kmod_devname_format_from_string("json ", &format), -ENOENT);
	ck_assert_int_eq(code, KMOD_DEVNAME_CODE_SYSTEM);
	ck_assert_int_eq(format, KMOD_DEVNAME_FORMAT_JSON);
}

TEST(version_and_features_are_those_of_the_build)
{
	unsigned int features = 0;

#ifdef WITH_ZLIB
	features |= KMOD_DEVNAME_FEATURE_ZLIB;
#endif
#ifdef WITH_XZ
	features |= KMOD_DEVNAME_FEATURE_XZ;
#endif
#ifdef WITH_ZSTD
	features |= KMOD_DEVNAME_FEATURE_ZSTD;
#endif
#ifdef WITH_SELINUX
	features |= KMOD_DEVNAME_FEATURE_SELINUX;
#endif
	ck_assert_uint_eq(kmod_devname_get_features(), features);
	ck_assert_str_eq(kmod_devname_get_version(), PACKAGE_VERSION);
}

static const struct {
	const char *text;
	size_t size, length;
	const char *escaped;
} escape_rows[] = {
	{ "abcdef", 0, 6, NULL },
	{ "abcdef", 1, 6, "" },
	{ "abcdef", 2, 6, "a" },
	{ "abcdef", 3, 6, "ab" },
	{ "abcdef", 4, 6, "..." },
	{ "abcdef", 5, 6, "a..." },
	{ "abcdef", 6, 6, "ab..." },
	{ "abcdef", 7, 6, "abcdef" },
	{ "", 1, 0, "" },
	{ "a\n", 3, 5, "a" },
	{ "a\nb", 6, 6, "a..." },
	{ "a\n\\", 9, 9, "a\\x0a..." },
	{ "a\n\\", 10, 9, "a\\x0a\\x5c" },
};

LOOP_TEST(escape_writes_within_its_size_and_returns_the_whole_length, ARRAY_SIZE(escape_rows))
{
	char escaped[16];
	size_t size = escape_rows[_i].size;

	memset(escaped, '#', sizeof(escaped));
	ck_assert_uint_eq(
		kmod_devname_escape(escape_rows[_i].text, size > 0 ? escaped : NULL, size),
		escape_rows[_i].length);
	for (size_t i = size; i < sizeof(escaped); i++)
		ck_assert_msg(escaped[i] == '#', "size %zu: byte %zu was written", size, i);
	if (size > 0)
		ck_assert_str_eq(escaped, escape_rows[_i].escaped);
}

/* _i: a file, none, the working directory */
LOOP_TEST(a_root_that_is_no_directory_is_an_errno_at_once, 3)
{
	static const int errors[] = { -ENOTDIR, -EBADF, -EBADF };
	int dir_fd = harness_directory(), root_fd = -1;
	struct kmod_devname_scan *const untouched = (struct kmod_devname_scan *)report, *scan;
	struct kmod_devname_permissions *permissions;
	struct kmod_devname_config *config;

	harness_write(dir_fd, "file", "", 0);
	if (_i == 0)
		root_fd = openat(dir_fd, "file", O_PATH | O_CLOEXEC);
	if (_i == 2)
		root_fd = AT_FDCWD;
	scan = untouched;
	ck_assert_int_eq(kmod_devname_config_new("6.1.0", &config), 0);
	ck_assert_int_eq(kmod_devname_permissions_new(0600, &permissions), 0);
	ck_assert_int_eq(kmod_devname_scan_new(table, report, root_fd, ".", &scan), errors[_i]);
	ck_assert_ptr_eq(scan, untouched);
	ck_assert_int_eq(kmod_devname_table_read_kernel(table, report, root_fd, "."), errors[_i]);
	ck_assert_int_eq(kmod_devname_config_read(config, report, root_fd, NULL, 0), errors[_i]);
	ck_assert_int_eq(kmod_devname_permissions_read_udev(permissions, report, root_fd, NULL),
			 errors[_i]);
	ck_assert_str_eq(harness_codes(report), "");
	kmod_devname_permissions_unref(permissions);
	kmod_devname_config_unref(config);
}

TEST(a_descriptor_open_for_another_purpose_is_ebadf)
{
	int dir_fd = harness_directory(), fd;
	FILE *stream;

	harness_write(dir_fd, "x.ko", "", 0);
	fd = openat(dir_fd, "x.ko", O_RDONLY | O_CLOEXEC);
	stream = fdopen(fd, "r");
	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(add_node("tun", "net/tun", S_IFCHR, 10, 200), 0);
	ck_assert_int_eq(kmod_devname_table_write(table, stream), -EBADF);
	clearerr(stream);
	ck_assert_int_eq(kmod_devname_table_print(table, KMOD_DEVNAME_FORMAT_JSON, NULL, 0, stream),
			 -EBADF);
	(void)fclose(stream);
	fd = openat(dir_fd, "x.ko", O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(kmod_devname_table_add_file(table, NULL, fd, "x.ko"), -EBADF);
	ck_assert_int_eq(kmod_devname_table_add_file(table, NULL, AT_FDCWD, "x.ko"), -EBADF);
	(void)close(fd);
}

TEST(an_empty_path_of_depmod_d_is_einval)
{
	static const char *const path = "";
	struct kmod_devname_config *config;

	ck_assert_int_eq(kmod_devname_config_new("6.1.0", &config), 0);
	ck_assert_int_eq(kmod_devname_config_read(config, report, harness_directory(), &path, 1),
			 -EINVAL);
	kmod_devname_config_unref(config);
}

#define REFERENCE_THREADS 4
#define REFERENCES 1000000

static pthread_barrier_t all_references;

static void *add_references(void *data)
{
	struct kmod_devname_config *config = data;

	(void)pthread_barrier_wait(&all_references);
	for (unsigned int i = 0; i < REFERENCES; i++) {
		(void)kmod_devname_table_ref(table);
		(void)kmod_devname_report_ref(report);
		(void)kmod_devname_config_ref(config);
	}
	return NULL;
}

/* For a thread sanitizer; without one, a lost reference is a use after the release at most. */
TEST(threads_share_references)
{
	pthread_t threads[REFERENCE_THREADS];
	struct kmod_devname_config *config;

	ck_assert_int_eq(kmod_devname_config_new("6.1.0", &config), 0);
	ck_assert_int_eq(pthread_barrier_init(&all_references, NULL, REFERENCE_THREADS), 0);
	for (size_t i = 0; i < REFERENCE_THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, add_references, config), 0);
	for (size_t i = 0; i < REFERENCE_THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_int_eq(pthread_barrier_destroy(&all_references), 0);
	for (size_t i = 0; i < (size_t)REFERENCE_THREADS * REFERENCES; i++) {
		(void)kmod_devname_table_unref(table);
		(void)kmod_devname_report_unref(report);
		(void)kmod_devname_config_unref(config);
	}
	ck_assert_int_eq(add_node("tun", "net/tun", S_IFCHR, 10, 200), 0);
	ck_assert_ptr_nonnull(kmod_devname_table_find_name(table, "net/tun"));
	kmod_devname_config_unref(config);
}

int main(void)
{
	return harness_run(set_up, tear_down);
}
