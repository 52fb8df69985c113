// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The scan of a module directory: that its result depends on nothing but what is in the files
 * and what they are called, which copy of a module counts, the order, errors, and step().
 */

#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#if WITH_XZ
#include <lzma.h>
#endif
#if WITH_ZLIB
#include <zlib.h>
#endif
#if WITH_ZSTD
#include <zstd.h>
#endif

#include "lib/mkmodule.h"
#include "lib/refuse.h"
#include "tree/scan.h"

#define NOBODY 65534
#define MODULES 300

/* --- module files ------------------------------------------------------------------------- */

struct bytes {
	uint8_t *data;
	size_t size;
};

#define NO_MINOR (~0U)

/* A module that declares NAME c10:MINOR, or a name only. */
static struct bytes make_module(const char *name, unsigned int minor)
{
	char devname[300], number[64] = "alias=char-major-10-*";
	const char *const strings[] = { "license=GPL", devname, number };
	struct mkmodule spec = { 64, 0, MKMODULE_SOUND, strings, ARRAY_SIZE(strings) };
	struct bytes bytes;

	(void)snprintf(devname, sizeof(devname), "alias=devname:%s", name);
	if (minor != NO_MINOR)
		(void)snprintf(number, sizeof(number), "alias=char-major-10-%u", minor);
	bytes.data = mkmodule(&spec, &bytes.size);
	return bytes;
}

#if WITH_ZLIB || WITH_XZ || WITH_ZSTD
static struct bytes make_room(size_t size)
{
	struct bytes bytes = { malloc(size), size };

	ck_assert_ptr_nonnull(bytes.data);
	return bytes;
}
#endif

#if WITH_ZLIB
static struct bytes compress_gz(struct bytes plain)
{
	struct bytes packed = make_room(plain.size * 2 + 1000);
	z_stream stream = { 0 };

	ck_assert_int_eq(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
	stream.next_in = plain.data;
	stream.avail_in = (uInt)plain.size;
	stream.next_out = packed.data;
	stream.avail_out = (uInt)packed.size;
	ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
	packed.size = stream.total_out;
	(void)deflateEnd(&stream);
	return packed;
}
#endif

#if WITH_XZ
static struct bytes compress_xz(struct bytes plain)
{
	struct bytes packed = make_room(plain.size * 2 + 1000);
	size_t size = 0;

	ck_assert_int_eq(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, plain.data, plain.size,
						 packed.data, &size, packed.size),
			 LZMA_OK);
	packed.size = size;
	return packed;
}
#endif

#if WITH_ZSTD
static struct bytes compress_zst(struct bytes plain)
{
	struct bytes packed = make_room(ZSTD_compressBound(plain.size));

	packed.size = ZSTD_compress(packed.data, packed.size, plain.data, plain.size, 1);
	ck_assert(!ZSTD_isError(packed.size));
	return packed;
}
#endif

/* The formats that this build reads. */
static const struct {
	const char *suffix;
	struct bytes (*compress)(struct bytes plain);
} formats[] = {
	{ ".ko", NULL },
#if WITH_ZLIB
	{ ".ko.gz", compress_gz },
#endif
#if WITH_XZ
	{ ".ko.xz", compress_xz },
#endif
#if WITH_ZSTD
	{ ".ko.zst", compress_zst },
#endif
};

enum damage {
	GOOD,
	CUT, /* half of the file */
	GARBAGE, /* nothing that anybody knows */
	EMPTY,
	NO_NUMBER,
};

static void write_bytes(int dir_fd, const char *path, struct bytes bytes, enum damage damage)
{
	if (damage == CUT)
		harness_write(dir_fd, path, bytes.data, bytes.size / 2);
	else if (damage == GARBAGE)
		harness_write(dir_fd, path, "garbage", 7);
	else if (damage == EMPTY)
		harness_write(dir_fd, path, "", 0);
	else
		harness_write(dir_fd, path, bytes.data, bytes.size);
}

static void write_module(int dir_fd, const char *path, const char *name, unsigned int minor,
			 size_t format, enum damage damage)
{
	struct bytes bytes = make_module(name, damage == NO_NUMBER ? NO_MINOR : minor);

	if (formats[format].compress) {
		struct bytes packed = formats[format].compress(bytes);

		free(bytes.data);
		bytes = packed;
	}
	write_bytes(dir_fd, path, bytes, damage);
	free(bytes.data);
}

static void write_plain(int dir_fd, const char *path, const char *name, unsigned int minor)
{
	write_module(dir_fd, path, name, minor, 0, GOOD);
}

/* A module that declares nothing, of which little is remembered. */
static void write_silent(int dir_fd, const char *path)
{
	static const char *const strings[] = { "license=GPL", "alias=pci:v1d2" };
	struct mkmodule spec = { 64, 0, MKMODULE_SOUND, strings, ARRAY_SIZE(strings) };
	struct bytes bytes;

	bytes.data = mkmodule(&spec, &bytes.size);
	write_bytes(dir_fd, path, bytes, GOOD);
	free(bytes.data);
}

static int make_directory(int dir_fd, const char *name)
{
	int fd;

	ck_assert_int_eq(mkdirat(dir_fd, name, 0755), 0);
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

/* --- a scan and its result ---------------------------------------------------------------- */

struct result {
	struct kmod_devname_table *table;
	struct kmod_devname_report *report;
	int r;
};

static struct result result_new(void)
{
	struct result result = { 0 };

	ck_assert_int_eq(kmod_devname_table_new(&result.table), 0);
	ck_assert_int_eq(kmod_devname_report_new(&result.report), 0);
	return result;
}

static struct kmod_devname_scan *scan_new(int root_fd, const char *directory,
					  const struct result *result, unsigned int threads)
{
	struct kmod_devname_scan *scan;

	ck_assert_int_eq(
		kmod_devname_scan_new(result->table, result->report, root_fd, directory, &scan), 0);
	ck_assert_int_eq(kmod_devname_scan_set_threads(scan, threads), 0);
	return scan;
}

static int run(struct kmod_devname_scan *scan)
{
	int r;

	while ((r = kmod_devname_scan_step(scan)) > 0)
		;
	return r;
}

static struct result scan_with(int root_fd, const char *directory, unsigned int threads)
{
	struct result result = result_new();
	struct kmod_devname_scan *scan = scan_new(root_fd, directory, &result, threads);

	result.r = run(scan);
	ck_assert_ptr_null(kmod_devname_scan_unref(scan));
	return result;
}

/* A scan that must come to its end. */
static struct result scan_all(int root_fd)
{
	struct result result = scan_with(root_fd, ".", 1);

	ck_assert_msg(result.r == 0, "%s", strerror(-result.r));
	return result;
}

static void result_done(struct result *result)
{
	kmod_devname_table_unref(result->table);
	kmod_devname_report_unref(result->report);
}

static void print_finding(FILE *stream, const struct kmod_devname_finding *finding)
{
	const char *file = kmod_devname_finding_get_file(finding);

	fprintf(stream, "%s %s %s:%zu %s\n",
		kmod_devname_code_to_string(kmod_devname_finding_get_code(finding)),
		kmod_devname_severity_to_string(kmod_devname_finding_get_severity(finding)),
		file ? file : "-", kmod_devname_finding_get_line(finding),
		kmod_devname_finding_get_message(finding));
}

/* All that there is to know of a result, to be freed. */
static char *result_text(const struct result *result)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(kmod_devname_table_write(result->table, stream), 0);
	for (size_t i = 0; i < kmod_devname_report_size(result->report); i++)
		print_finding(stream, kmod_devname_report_get(result->report, i));
	ck_assert_int_eq(fclose(stream), 0);
	return text;
}

/* "NAME NAME ...": the device names of the table, in order. */
static const char *names_of(const struct result *result)
{
	static char text[4096];
	size_t size = 0;

	text[0] = '\0';
	for (size_t i = 0; i < kmod_devname_table_size(result->table); i++)
		size += (size_t)snprintf(
			text + size, sizeof(text) - size, "%s%s", i > 0 ? " " : "",
			kmod_devname_node_get_name(kmod_devname_table_get(result->table, i)));
	return text;
}

/* The report has one finding: this one. */
static void check_finding(const struct result *result, const char *what,
			  enum kmod_devname_code code, enum kmod_devname_severity severity,
			  const char *file)
{
	const struct kmod_devname_finding *finding = kmod_devname_report_get(result->report, 0);

	ck_assert_msg(kmod_devname_report_size(result->report) == 1, "%s: findings: '%s'", what,
		      harness_codes(result->report));
	ck_assert_msg(kmod_devname_finding_get_code(finding) == code, "%s: code %s", what,
		      harness_codes(result->report));
	ck_assert_msg(kmod_devname_finding_get_severity(finding) == severity, "%s: severity %s",
		      what,
		      kmod_devname_severity_to_string(kmod_devname_finding_get_severity(finding)));
	ck_assert_msg(strcmp(kmod_devname_finding_get_file(finding), file) == 0, "%s: file %s",
		      what, kmod_devname_finding_get_file(finding));
}

/* --- the result depends on nothing else --------------------------------------------------- */

static const enum damage damages[] = {
	GOOD, GOOD, GOOD, GOOD, CUT, GOOD, GOOD, GARBAGE, GOOD, NO_NUMBER, GOOD, EMPTY, GOOD,
};

static void write_numbered(int dir_fd, unsigned int i)
{
	char path[64], name[32];
	size_t format = i % ARRAY_SIZE(formats);

	(void)snprintf(path, sizeof(path), "kernel/d%u/e%u/m%03u%s", i % 7, i % 3, i,
		       formats[format].suffix);
	(void)snprintf(name, sizeof(name), "dir%u/node%u", i % 5, i);
	write_module(dir_fd, path, name, i, format, damages[i % ARRAY_SIZE(damages)]);
	if (i % 10 != 0)
		return;
	(void)snprintf(path, sizeof(path), "kernel/d%u/e%u/gone%03u.ko", i % 7, i % 3, i);
	ck_assert_int_eq(symlinkat("nowhere", dir_fd, path), 0);
}

/* So deep that a thread may come to its end through the link before others do on foot. */
#define DEEP "deep/1/2/3/4/5/6/7/8/9/10/11/12"

/* What is found out in the end, by comparing: copies, links, loops, an order. */
static void write_oddities(int dir_fd)
{
	static const struct {
		const char *path, *target;
	} links[] = {
		{ "kernel/to_deep", "../" DEEP }, { "kernel/loop", "." },
		{ "kernel/again", "d1" },         { "kernel/d1/up", "../.." },
		{ "kernel/gone.ko", "nowhere" },  { "weak/w.ko", "../extra/m003.ko" },
		{ "kernel/abs", "/outside" },     { "kernel/second_abs", "/outside" },
	};
	static const char order[] = "kernel/d0/e1/m007.ko\nkernel/d2/e2/m002.ko\nnothing.ko\n"
				    "kernel/d1/e0/m120.ko\ncut short";

	harness_write(dir_fd, "kernel/d1/readme", "", 0);
	write_plain(dir_fd, "extra/m003.ko", "copy3", 1003);
	write_plain(dir_fd, "updates/m004.ko", "copy4", 1004);
	write_plain(dir_fd, "updates/m005.ko", "dir1/node6/below", 1005);
	write_plain(dir_fd, "../outside/far.ko", "far", 1006);
	write_module(dir_fd, DEEP "/bad.ko", "bad", 1007, 0, GARBAGE);
	ck_assert_int_eq(mkdirat(dir_fd, "weak", 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		ck_assert_int_eq(symlinkat(links[i].target, dir_fd, links[i].path), 0);
	ck_assert_int_eq(mkfifoat(dir_fd, "kernel/fifo.ko", 0644), 0);
	harness_write(dir_fd, "modules.order", order, strlen(order));
}

/* ROOT/NAME/modules with about 300 modules; the files are made from the first or the last. */
static int make_tree(int dir_fd, const char *name, bool backwards)
{
	int root_fd = make_directory(dir_fd, name), modules_fd;

	modules_fd = make_directory(root_fd, "modules");
	if (backwards)
		write_oddities(modules_fd);
	for (unsigned int i = 0; i < MODULES; i++)
		write_numbered(modules_fd, backwards ? MODULES - 1 - i : i);
	if (!backwards)
		write_oddities(modules_fd);
	ck_assert_int_eq(close(modules_fd), 0);
	return root_fd;
}

static const unsigned int thread_counts[] = { 2, 8, 64, 0 };

LOOP_TEST(any_number_of_threads_gives_the_same_table_and_report, ARRAY_SIZE(thread_counts))
{
	int root_fd = make_tree(harness_directory(), "root", false);
	struct result one = scan_with(root_fd, "modules", 1), many;
	char *expected = result_text(&one), *text;

	ck_assert_int_eq(one.r, 0);
	/* about 300 less those with a defect, two that have copies, and the copies */
	ck_assert_uint_gt(kmod_devname_table_size(one.table), 150);
	ck_assert_uint_gt(kmod_devname_report_size(one.report), 100);
	for (int i = 0; i < 5; i++) {
		many = scan_with(root_fd, "modules", thread_counts[_i]);
		text = result_text(&many);
		ck_assert_int_eq(many.r, 0);
		ck_assert_msg(strcmp(text, expected) == 0, "%u threads: not the same",
			      thread_counts[_i]);
		free(text);
		result_done(&many);
	}
	free(expected);
	result_done(&one);
}

TEST(the_order_in_which_files_were_made_does_not_matter)
{
	struct result results[2];
	char *texts[2];
	int dir_fd;

	/* A tmpfs lists names by the time at which they were made; most others do not. */
	if (access("/dev/shm", W_OK) == 0)
		ck_assert_int_eq(setenv("TMPDIR", "/dev/shm", 1), 0);
	dir_fd = harness_directory();
	for (int i = 0; i < 2; i++) {
		results[i] = scan_with(make_tree(dir_fd, i == 0 ? "first" : "second", i == 1),
				       "modules", 1);
		ck_assert_int_eq(results[i].r, 0);
		texts[i] = result_text(&results[i]);
	}
	ck_assert_str_eq(texts[0], texts[1]);
	for (int i = 0; i < 2; i++) {
		free(texts[i]);
		result_done(&results[i]);
	}
}

/* --- step(), set_...(), unref() ------------------------------------------------------------ */

TEST(step_counts_down_to_zero)
{
	int dir_fd = harness_directory();
	struct result result = result_new();
	struct kmod_devname_scan *scan;
	char path[32];

	if (ARRAY_SIZE(formats) == 1) /* a build without any codec has no files that wait */
		return;
	for (unsigned int i = 0; i < 10; i++) {
		(void)snprintf(path, sizeof(path), "m%u%s", i, formats[1].suffix);
		write_module(dir_fd, path, path, i, 1, GOOD);
	}
	scan = scan_new(dir_fd, ".", &result, 1);
	ck_assert_uint_eq(kmod_devname_scan_get_n_modules(scan), 0);
	for (int left = 10; left >= 0; left--) {
		ck_assert_uint_eq(kmod_devname_table_size(result.table), 0);
		ck_assert_int_eq(kmod_devname_scan_step(scan), left);
		ck_assert_uint_eq(kmod_devname_scan_get_n_modules(scan), 10);
	}
	ck_assert_uint_eq(kmod_devname_table_size(result.table), 10);
	ck_assert_int_eq(kmod_devname_scan_step(scan), 0);
	ck_assert_uint_eq(kmod_devname_table_size(result.table), 10);
	kmod_devname_scan_unref(scan);
	result_done(&result);
}

TEST(a_scan_with_threads_ends_at_zero_too_and_stays_there)
{
	int root_fd = make_tree(harness_directory(), "root", false);
	struct result result = result_new();
	struct kmod_devname_scan *scan = scan_new(root_fd, "modules", &result, 8);
	size_t size;

	ck_assert_int_eq(run(scan), 0);
	/* the copies and the modules behind links are files too */
	ck_assert_uint_eq(kmod_devname_scan_get_n_modules(scan), MODULES + 6);
	size = kmod_devname_table_size(result.table);
	ck_assert_int_eq(kmod_devname_scan_step(scan), 0);
	ck_assert_uint_eq(kmod_devname_table_size(result.table), size);
	kmod_devname_scan_unref(scan);
	result_done(&result);
}

TEST(the_last_unref_stops_what_is_under_way)
{
	int root_fd = make_tree(harness_directory(), "root", false);

	for (unsigned int i = 0; i < 40; i++) {
		struct result result = result_new();
		struct kmod_devname_scan *scan =
			scan_new(root_fd, "modules", &result, i % 2 == 0 ? 8 : 1);

		for (unsigned int j = 0; j < i % 4; j++)
			(void)kmod_devname_scan_step(scan);
		(void)kmod_devname_scan_get_n_modules(scan);
		kmod_devname_scan_unref(scan);
		result_done(&result);
	}
	ck_assert_ptr_null(kmod_devname_scan_unref(NULL));
}

TEST(the_scan_keeps_the_table_the_report_and_the_root_it_was_given)
{
	int dir_fd = harness_directory(), root_fd = openat(dir_fd, ".", O_PATH | O_DIRECTORY);
	struct result result = result_new();
	struct kmod_devname_scan *scan;

	write_plain(dir_fd, "a.ko", "a", 1);
	scan = scan_new(root_fd, ".", &result, 1);
	ck_assert_int_eq(close(root_fd), 0);
	ck_assert_ptr_null(kmod_devname_report_unref(result.report));
	ck_assert_int_eq(run(scan), 0);
	ck_assert_str_eq(names_of(&result), "a");
	kmod_devname_scan_unref(scan);
	kmod_devname_table_unref(result.table);
}

TEST(threads_are_1_to_1024_or_0)
{
	static const struct {
		unsigned int threads;
		int r;
	} rows[] = {
		{ 0, 0 },          { 1, 0 },           { 2, 0 },         { 1024, 0 },
		{ 1025, -EINVAL }, { 65536, -EINVAL }, { ~0U, -EINVAL },
	};
	int dir_fd = harness_directory();
	struct result result = result_new();
	struct kmod_devname_scan *scan = scan_new(dir_fd, ".", &result, 1);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ck_assert_msg(kmod_devname_scan_set_threads(scan, rows[i].threads) == rows[i].r,
			      "%u", rows[i].threads);
	kmod_devname_scan_unref(scan);
	result_done(&result);
}

TEST(nothing_can_be_set_when_the_scan_has_begun)
{
	int dir_fd = harness_directory();
	struct result result = result_new();
	struct kmod_devname_scan *scan = scan_new(dir_fd, ".", &result, 1);

	ck_assert_int_ge(kmod_devname_scan_step(scan), 0);
	ck_assert_int_eq(kmod_devname_scan_set_threads(scan, 1), -EBUSY);
	ck_assert_int_eq(run(scan), 0);
	ck_assert_int_eq(kmod_devname_scan_set_threads(scan, 1), -EBUSY);
	kmod_devname_scan_unref(scan);
	result_done(&result);
}

LOOP_TEST(a_compressed_module_over_the_size_limit_is_too_large, ARRAY_SIZE(formats) - 1)
{
	int dir_fd = harness_directory();
	struct bytes plain = make_module("a", 1);
	char path[16];

	(void)snprintf(path, sizeof(path), "a%s", formats[_i + 1].suffix);
	write_module(dir_fd, path, "a", 1, (size_t)_i + 1, GOOD);
	for (size_t less = 0; less < 2; less++) {
		struct result result = result_new();
		struct kmod_devname_scan *scan = scan_new(dir_fd, ".", &result, 1);

		scan->size_max = plain.size - less;
		ck_assert_int_eq(run(scan), 0);
		ck_assert_msg(strcmp(names_of(&result), less ? "" : "a") == 0, "%s: '%s'", path,
			      names_of(&result));
		if (less)
			check_finding(&result, path, KMOD_DEVNAME_CODE_TOO_LARGE,
				      KMOD_DEVNAME_SEVERITY_ERROR, path);
		kmod_devname_scan_unref(scan);
		result_done(&result);
	}
	free(plain.data);
}

/* --- errors ------------------------------------------------------------------------------- */

static const struct {
	const char *directory;
	int error;
} bad_directories[] = {
	{ "missing", ENOENT }, { "missing/below", ENOENT }, { "dangling", ENOENT },
	{ "file", ENOTDIR },   { "file/below", ENOTDIR },   { "to_file", ENOTDIR },
	{ "loop", ELOOP },     { "fifo", ENOTDIR },         { "out", ENOENT },
};

static int make_bad_directories(void)
{
	int dir_fd = harness_directory(), root_fd = make_directory(dir_fd, "root");

	harness_write(root_fd, "file", "", 0);
	harness_write(dir_fd, "outside/a.ko", "", 0);
	ck_assert_int_eq(symlinkat("nowhere", root_fd, "dangling"), 0);
	ck_assert_int_eq(symlinkat("file", root_fd, "to_file"), 0);
	ck_assert_int_eq(symlinkat("loop", root_fd, "loop"), 0);
	ck_assert_int_eq(symlinkat("../outside", root_fd, "out"), 0);
	ck_assert_int_eq(mkfifoat(root_fd, "fifo", 0644), 0);
	return root_fd;
}

LOOP_TEST(not_a_directory_is_a_permanent_error, ARRAY_SIZE(bad_directories))
{
	static const char *const aliases[] = { "devname:old", "char-major-10-1" };
	const char *directory = bad_directories[_i].directory;
	int root_fd = make_bad_directories(), error = -bad_directories[_i].error;

	for (unsigned int threads = 1; threads <= 8; threads += 7) {
		struct result result = result_new();
		struct kmod_devname_scan *scan = scan_new(root_fd, directory, &result, threads);

		ck_assert_int_eq(
			kmod_devname_table_add_module(result.table, NULL, "old", NULL, aliases, 2),
			0);
		result.r = run(scan);
		ck_assert_msg(result.r == error, "%s: %s", directory, strerror(-result.r));
		ck_assert_int_eq(kmod_devname_scan_step(scan), error);
		ck_assert_int_eq(kmod_devname_scan_step(scan), error);
		ck_assert_str_eq(harness_text(result.table), DEVNAME_HEADER "old old c10:1\n");
		ck_assert_str_eq(harness_codes(result.report), "system");
		kmod_devname_scan_unref(scan);
		result_done(&result);
	}
}

TEST(bad_arguments_make_no_scan)
{
	struct kmod_devname_scan *scan = (void *)&scan, *untouched = scan;
	int dir_fd = harness_directory();
	struct result result = result_new();

	ck_assert_int_eq(kmod_devname_scan_new(result.table, result.report, dir_fd, "", &scan),
			 -EINVAL);
	ck_assert_int_eq(kmod_devname_scan_new(result.table, result.report, -1, ".", &scan),
			 -EBADF);
	ck_assert_ptr_eq(scan, untouched);
	result_done(&result);
}

TEST(a_scan_needs_no_report)
{
	int dir_fd = make_tree(harness_directory(), "root", false);
	struct kmod_devname_scan *scan;
	struct result result = result_new();

	ck_assert_int_eq(kmod_devname_scan_new(result.table, NULL, dir_fd, "modules", &scan), 0);
	ck_assert_int_eq(run(scan), 0);
	ck_assert_uint_gt(kmod_devname_table_size(result.table), 150);
	kmod_devname_scan_unref(scan);
	ck_assert_int_eq(kmod_devname_scan_new(result.table, NULL, dir_fd, "missing", &scan), 0);
	ck_assert_int_eq(run(scan), -ENOENT);
	kmod_devname_scan_unref(scan);
	result_done(&result);
}

TEST(new_nodes_come_after_those_that_the_table_has)
{
	static const char *const aliases[] = { "devname:z", "char-major-10-1" };
	int dir_fd = harness_directory();
	struct result result = result_new();
	struct kmod_devname_scan *scan = scan_new(dir_fd, ".", &result, 1);

	write_plain(dir_fd, "a.ko", "a", 2);
	ck_assert_int_eq(kmod_devname_table_add_module(result.table, NULL, "z", NULL, aliases, 2),
			 0);
	ck_assert_int_eq(run(scan), 0);
	ck_assert_str_eq(names_of(&result), "z a");
	kmod_devname_scan_unref(scan);
	result_done(&result);
}

static const char *const closed[] = {
	"kernel/closed.ko",
	"kernel/closed",
	"kernel/sub/closed.ko",
	"modules.order",
};

/* What root can always do is tried as somebody else. False if that cannot be. */
static bool become_nobody(void)
{
	return geteuid() != 0 || seteuid(NOBODY) == 0;
}

LOOP_TEST(an_unreadable_module_is_a_finding_and_the_others_are_read, ARRAY_SIZE(closed))
{
	int dir_fd = harness_directory();
	struct result results[2];

	write_plain(dir_fd, "kernel/good.ko", "good", 1);
	if (strcmp(closed[_i], "kernel/closed") == 0)
		ck_assert_int_eq(mkdirat(dir_fd, closed[_i], 0755), 0);
	else
		write_plain(dir_fd, closed[_i], "closed", 2);
	ck_assert_int_eq(fchmod(dir_fd, 0755), 0);
	ck_assert_int_eq(fchmodat(dir_fd, closed[_i], 0, 0), 0);
	if (!become_nobody())
		return;
	results[0] = scan_with(dir_fd, ".", 1);
	results[1] = scan_with(dir_fd, ".", 8);
	ck_assert_int_eq(seteuid(getuid()), 0);
	ck_assert_int_eq(fchmodat(dir_fd, closed[_i], 0755, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		ck_assert_msg(results[i].r == 0, "%s: %d", closed[_i], results[i].r);
		ck_assert_str_eq(names_of(&results[i]), "good");
		check_finding(&results[i], closed[_i], KMOD_DEVNAME_CODE_UNREADABLE,
			      KMOD_DEVNAME_SEVERITY_ERROR, closed[_i]);
		result_done(&results[i]);
	}
}

/* --- which copy --------------------------------------------------------------------------- */

static const struct {
	const char *paths[2];
	size_t winner;
	enum kmod_devname_severity severity;
} copies[] = {
	/* updates/ wins, which is what it is for */
	{ { "kernel/a.ko", "updates/a.ko" }, 1, KMOD_DEVNAME_SEVERITY_NOTE },
	{ { "extra/a.ko", "updates/z/y/a.ko" }, 1, KMOD_DEVNAME_SEVERITY_NOTE },
	{ { "a.ko", "updates/a.ko.x.ko" }, 1, KMOD_DEVNAME_SEVERITY_NOTE },
	/* else the smaller path */
	{ { "updates/a.ko", "updates/b/a.ko" }, 0, KMOD_DEVNAME_SEVERITY_WARNING },
	{ { "kernel/a.ko", "extra/a.ko" }, 1, KMOD_DEVNAME_SEVERITY_WARNING },
	{ { "kernel/a.ko", "kernel/a.b.ko" }, 1, KMOD_DEVNAME_SEVERITY_WARNING },
	{ { "kernel/x_y.ko", "kernel/x-y.ko" }, 1, KMOD_DEVNAME_SEVERITY_WARNING },
	{ { "kernel/a.ko.zst", "kernel/a.ko" }, 1, KMOD_DEVNAME_SEVERITY_WARNING },
	{ { "kernel/a.ko.zst", "kernel/a.ko.gz" }, 1, KMOD_DEVNAME_SEVERITY_WARNING },
	/* not that directory */
	{ { "updates.old/a.ko", "kernel/a.ko" }, 1, KMOD_DEVNAME_SEVERITY_WARNING },
	{ { "kernel/updates/a.ko", "kernel/a.ko" }, 1, KMOD_DEVNAME_SEVERITY_WARNING },
	{ { "Updates/a.ko", "a.ko" }, 0, KMOD_DEVNAME_SEVERITY_WARNING },
};

LOOP_TEST(of_two_copies_updates_counts_then_the_smaller_path, ARRAY_SIZE(copies))
{
	const size_t winner = copies[_i].winner, loser = 1 - winner;
	const char *what = copies[_i].paths[loser];
	int dir_fd = harness_directory();

	/* whichever was made first */
	for (size_t first = 0; first < 2; first++) {
		int root_fd = make_directory(dir_fd, first == winner ? "a" : "b");
		struct result result;

		for (size_t i = 0; i < 2; i++) {
			bool wins = (first + i) % 2 == winner;

			write_plain(root_fd, copies[_i].paths[wins ? winner : loser],
				    wins ? "winner" : "loser", wins ? 1 : 2);
		}
		result = scan_all(root_fd);
		ck_assert_msg(strcmp(names_of(&result), "winner") == 0, "%s: '%s'", what,
			      names_of(&result));
		check_finding(&result, what, KMOD_DEVNAME_CODE_DUPLICATE_MODULE,
			      copies[_i].severity, what);
		result_done(&result);
	}
}

TEST(every_copy_that_does_not_count_is_named)
{
	int dir_fd = harness_directory();
	struct result result;
	char *text;

	write_plain(dir_fd, "kernel/a.ko", "loser1", 1);
	write_plain(dir_fd, "updates/b/a.ko", "loser2", 2);
	write_plain(dir_fd, "updates/a.ko", "winner", 3);
	result = scan_all(dir_fd);
	text = result_text(&result);
	ck_assert_str_eq(names_of(&result), "winner");
	ck_assert_str_eq(harness_codes(result.report), "duplicate-module,duplicate-module");
	ck_assert_uint_eq(kmod_devname_report_count(result.report, KMOD_DEVNAME_SEVERITY_NOTE), 1);
	ck_assert_uint_eq(kmod_devname_report_count(result.report, KMOD_DEVNAME_SEVERITY_WARNING),
			  1);
	ck_assert_ptr_nonnull(strstr(text, "duplicate-module note kernel/a.ko:0"));
	ck_assert_ptr_nonnull(strstr(text, "duplicate-module warning updates/b/a.ko:0"));
	free(text);
	result_done(&result);
}

TEST(copies_of_a_silent_module_are_named)
{
	int dir_fd = harness_directory();
	struct result result;
	char *text;

	write_silent(dir_fd, "kernel/a-b.ko");
	write_silent(dir_fd, "kernel/a_b.ko");
	write_silent(dir_fd, "updates/a-b.ko");
	write_silent(dir_fd, "kernel/other.ko");
	write_plain(dir_fd, "extra/a_b.ko", "loser", 1);
	ck_assert_int_eq(symlinkat("other.ko", dir_fd, "kernel/same.ko"), 0);
	ck_assert_int_eq(symlinkat("../kernel/other.ko", dir_fd, "extra/other.ko"), 0);
	ck_assert_int_eq(symlinkat("../kernel/same.ko", dir_fd, "extra/a-b.ko"), 0);
	result = scan_all(dir_fd);
	text = result_text(&result);
	ck_assert_str_eq(names_of(&result), "");
	ck_assert_uint_eq(kmod_devname_report_size(result.report), 4);
	ck_assert_uint_eq(kmod_devname_report_count(result.report, KMOD_DEVNAME_SEVERITY_NOTE), 4);
	ck_assert_ptr_nonnull(strstr(text, "duplicate-module note kernel/a-b.ko:0"));
	ck_assert_ptr_nonnull(strstr(text, "duplicate-module note kernel/a_b.ko:0"));
	ck_assert_ptr_nonnull(strstr(text, "duplicate-module note extra/a-b.ko:0"));
	ck_assert_ptr_nonnull(strstr(text, "duplicate-module note extra/a_b.ko:0"));
	free(text);
	result_done(&result);
}

LOOP_TEST(a_copy_that_does_not_count_is_not_judged, 3)
{
	static const enum damage not_judged[] = { GARBAGE, EMPTY, CUT };
	int dir_fd = harness_directory();
	struct result result;

	write_plain(dir_fd, "updates/a.ko", "winner", 1);
	write_module(dir_fd, "kernel/a.ko.gz", "loser", 2, ARRAY_SIZE(formats) - 1, not_judged[_i]);
	result = scan_all(dir_fd);
	ck_assert_str_eq(names_of(&result), "winner");
	check_finding(&result, "loser", KMOD_DEVNAME_CODE_DUPLICATE_MODULE,
		      KMOD_DEVNAME_SEVERITY_NOTE, "kernel/a.ko.gz");
	result_done(&result);
}

TEST(a_corrupt_copy_that_counts_gives_no_node_of_the_other)
{
	int dir_fd = harness_directory();
	struct result result;

	write_module(dir_fd, "updates/a.ko", "winner", 1, 0, GARBAGE);
	write_plain(dir_fd, "kernel/a.ko", "loser", 2);
	result = scan_all(dir_fd);
	ck_assert_str_eq(names_of(&result), "");
	ck_assert_uint_eq(kmod_devname_report_size(result.report), 2);
	ck_assert_uint_eq(kmod_devname_report_count(result.report, KMOD_DEVNAME_SEVERITY_NOTE), 1);
	ck_assert_uint_eq(kmod_devname_report_count(result.report, KMOD_DEVNAME_SEVERITY_ERROR), 1);
	result_done(&result);
}

static const struct {
	const char *link, *target;
} same_files[] = {
	{ "extra/a.ko", "../kernel/a.ko" },   { "extra/a.ko", "/kernel/a.ko" },
	{ "updates/a.ko", "../kernel/a.ko" }, { "weak-updates/a.ko", "../kernel/a.ko" },
	{ "kernel/a.ko.xz", "a.ko" },         { "zz", "kernel" },
};

LOOP_TEST(a_link_to_a_module_of_the_same_tree_is_no_copy, ARRAY_SIZE(same_files))
{
	int dir_fd = harness_directory();
	struct result result;

	write_plain(dir_fd, "kernel/a.ko", "a", 1);
	harness_write(dir_fd, "extra/x", "", 0);
	harness_write(dir_fd, "updates/x", "", 0);
	harness_write(dir_fd, "weak-updates/x", "", 0);
	ck_assert_int_eq(symlinkat(same_files[_i].target, dir_fd, same_files[_i].link), 0);
	result = scan_all(dir_fd);
	ck_assert_msg(strcmp(names_of(&result), "a") == 0, "%s: '%s'", same_files[_i].link,
		      names_of(&result));
	ck_assert_msg(kmod_devname_report_size(result.report) == 0, "%s: '%s'", same_files[_i].link,
		      harness_codes(result.report));
	result_done(&result);
}

/* --- the order ---------------------------------------------------------------------------- */

static const struct {
	const char *order; /* NULL: there is none */
	const char *names;
	size_t bad_line; /* of a finding "bad-order" */
} orders[] = {
	{ NULL, "a b c d", 0 },
	{ "", "a b c d", 0 },
	{ "\n\n", "a b c d", 0 },
	{ "kernel/d.ko\nkernel/c.ko\nkernel/b.ko\nkernel/a.ko\n", "d c b a", 0 },
	/* what is not listed comes after, by name */
	{ "kernel/c.ko\n", "c a b d", 0 },
	{ "kernel/d.ko\nkernel/b.ko\n", "d b a c", 0 },
	{ "kernel/x.ko\n\nkernel/d.ko\n# comment\n", "d a b c", 0 },
	/* the first line of a module counts */
	{ "kernel/c.ko\nkernel/b.ko\nkernel/c.ko\n", "c b a d", 0 },
	/* the path as it is, ".ko" whatever the compression, as depmod wants it */
	{ "d.ko\n/kernel/d.ko\n./kernel/d.ko\nkernel//d.ko\n kernel/d.ko\n", "a b c d", 0 },
	{ "kernel/d.ko.xz\nkernel/d.o\nkernel/d\nkernel/d.KO\n", "a b c d", 0 },
	{ "kernel/d.ko\r\n", "a b c d", 0 },
	{ "kernel/d.ko \n", "a b c d", 0 },
	/* a line that was cut is not used, the others are */
	{ "kernel/c.ko\nkernel/b.ko", "c a b d", 2 },
	{ "kernel/d.ko", "a b c d", 1 },
};

LOOP_TEST(nodes_come_in_the_order_of_modules_order_then_by_name, ARRAY_SIZE(orders))
{
	static const char *const names[] = { "c", "a", "d", "b" };
	int dir_fd = harness_directory();
	struct result result;
	char path[32];

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		size_t format = i % ARRAY_SIZE(formats);

		(void)snprintf(path, sizeof(path), "kernel/%s%s", names[i], formats[format].suffix);
		write_module(dir_fd, path, names[i], i, format, GOOD);
	}
	if (orders[_i].order)
		harness_write(dir_fd, "modules.order", orders[_i].order, strlen(orders[_i].order));
	result = scan_all(dir_fd);
	ck_assert_msg(strcmp(names_of(&result), orders[_i].names) == 0, "'%s': '%s'",
		      orders[_i].order, names_of(&result));
	if (orders[_i].bad_line > 0) {
		check_finding(&result, orders[_i].order, KMOD_DEVNAME_CODE_BAD_ORDER,
			      KMOD_DEVNAME_SEVERITY_WARNING, "modules.order");
		ck_assert_uint_eq(
			kmod_devname_finding_get_line(kmod_devname_report_get(result.report, 0)),
			orders[_i].bad_line);
	} else {
		ck_assert_uint_eq(kmod_devname_report_size(result.report), 0);
	}
	result_done(&result);
}

TEST(a_line_longer_than_a_path_is_passed_over_whole)
{
	static char order[20000];
	int dir_fd = harness_directory();
	struct result result;

	write_plain(dir_fd, "a.ko", "a", 1);
	write_plain(dir_fd, "b.ko", "b", 2);
	write_plain(dir_fd, "c.ko", "c", 3);
	memset(order, 'x', sizeof(order));
	memcpy(order, "c.ko\n", 5);
	/* a reader that cuts lines to pieces would find a line of its own here */
	memcpy(order + sizeof(order) - 10, "b.ko\nb.ko\n", 10);
	harness_write(dir_fd, "modules.order", order, sizeof(order));
	result = scan_all(dir_fd);
	ck_assert_str_eq(names_of(&result), "c b a");
	check_finding(&result, "order", KMOD_DEVNAME_CODE_BAD_ORDER, KMOD_DEVNAME_SEVERITY_WARNING,
		      "modules.order");
	ck_assert_uint_eq(kmod_devname_finding_get_line(kmod_devname_report_get(result.report, 0)),
			  2);
	result_done(&result);
}

enum kind {
	KIND_DIRECTORY,
	KIND_FIFO,
	KIND_SOCKET,
	KIND_LINK_TO_NOTHING,
	KIND_LINK_TO_ITSELF,
	KIND_LINK_OUT,
	KIND_LINK_TO_FILE,
};

static void make_socket(int dir_fd, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_uint_lt(strlen(name), sizeof(address.sun_path));
	strcpy(address.sun_path, name);
	ck_assert_int_eq(fchdir(dir_fd), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(close(fd), 0);
}

static void make_kind(int dir_fd, const char *name, enum kind kind)
{
	static const char *const targets[] = {
		[KIND_LINK_TO_NOTHING] = "nowhere",
		[KIND_LINK_TO_ITSELF] = "modules.order",
		[KIND_LINK_OUT] = "../order",
		[KIND_LINK_TO_FILE] = "order",
	};

	if (kind == KIND_DIRECTORY)
		ck_assert_int_eq(mkdirat(dir_fd, name, 0755), 0);
	else if (kind == KIND_FIFO)
		ck_assert_int_eq(mkfifoat(dir_fd, name, 0644), 0);
	else if (kind == KIND_SOCKET)
		make_socket(dir_fd, name);
	else
		ck_assert_int_eq(symlinkat(targets[kind], dir_fd, name), 0);
}

static const struct {
	enum kind kind;
	const char *code;
	const char *names;
} odd_orders[] = {
	{ KIND_DIRECTORY, "bad-order", "a b" },
	{ KIND_FIFO, "bad-order", "a b" },
	{ KIND_SOCKET, "bad-order", "a b" },
	{ KIND_LINK_TO_NOTHING, "dangling-link", "a b" },
	{ KIND_LINK_TO_ITSELF, "dangling-link", "a b" },
	{ KIND_LINK_OUT, "", "b a" }, /* inside the root, where there is one too */
	{ KIND_LINK_TO_FILE, "", "b a" },
};

LOOP_TEST(a_modules_order_that_is_no_file_is_no_order_and_never_blocks, ARRAY_SIZE(odd_orders))
{
	int dir_fd = harness_directory();
	struct result result;

	write_plain(dir_fd, "a.ko", "a", 1);
	write_plain(dir_fd, "b.ko", "b", 2);
	harness_write(dir_fd, "order", "b.ko\na.ko\n", 10);
	make_kind(dir_fd, "modules.order", odd_orders[_i].kind);
	result = scan_all(dir_fd);
	ck_assert_msg(strcmp(names_of(&result), odd_orders[_i].names) == 0, "row %d: '%s'", _i,
		      names_of(&result));
	ck_assert_str_eq(harness_codes(result.report), odd_orders[_i].code);
	ck_assert_uint_eq(kmod_devname_report_count(result.report, KMOD_DEVNAME_SEVERITY_ERROR), 0);
	result_done(&result);
}

/* --- what is no module, or was one --------------------------------------------------------- */

static const struct {
	enum kind kind;
	const char *codes;
} odd_files[] = {
	{ KIND_DIRECTORY, "" },         { KIND_FIFO, "not-regular" },
	{ KIND_SOCKET, "not-regular" }, { KIND_LINK_TO_NOTHING, "dangling-link" },
	{ KIND_LINK_TO_FILE, "" },
};

LOOP_TEST(an_irregular_module_is_a_note_and_never_blocks, ARRAY_SIZE(odd_files))
{
	int dir_fd = harness_directory();
	struct result result;

	write_plain(dir_fd, "good.ko", "good", 1);
	write_plain(dir_fd, "order", "linked", 2);
	make_kind(dir_fd, "x.ko", odd_files[_i].kind);
	result = scan_all(dir_fd);
	ck_assert_str_eq(names_of(&result),
			 odd_files[_i].kind == KIND_LINK_TO_FILE ? "good linked" : "good");
	ck_assert_msg(strcmp(harness_codes(result.report), odd_files[_i].codes) == 0,
		      "row %d: '%s'", _i, harness_codes(result.report));
	ck_assert_uint_eq(kmod_devname_report_count(result.report, KMOD_DEVNAME_SEVERITY_NOTE),
			  kmod_devname_report_size(result.report));
	result_done(&result);
}

TEST(a_file_that_is_removed_during_the_scan_has_vanished)
{
	int dir_fd = harness_directory();
	struct result result = result_new();
	struct kmod_devname_scan *scan;
	char path[16];

	if (ARRAY_SIZE(formats) == 1) /* a build without any codec has no files that wait */
		return;
	(void)snprintf(path, sizeof(path), "gone%s", formats[1].suffix);
	write_module(dir_fd, path, "gone", 1, 1, GOOD);
	write_plain(dir_fd, "good.ko", "good", 2);
	scan = scan_new(dir_fd, ".", &result, 1);
	ck_assert_int_eq(kmod_devname_scan_step(scan), 1);
	ck_assert_int_eq(unlinkat(dir_fd, path, 0), 0);
	ck_assert_int_eq(run(scan), 0);
	ck_assert_str_eq(names_of(&result), "good");
	check_finding(&result, path, KMOD_DEVNAME_CODE_VANISHED, KMOD_DEVNAME_SEVERITY_WARNING,
		      path);
	kmod_devname_scan_unref(scan);
	result_done(&result);
}

/* One of each kind of entry. */
static int make_small_tree(void)
{
	int dir_fd = harness_directory();

	write_plain(dir_fd, "kernel/a.ko", "a", 1);
	write_module(dir_fd, "kernel/b.ko", "b", 2, ARRAY_SIZE(formats) - 1, GOOD);
	write_plain(dir_fd, "extra/c.ko", "c", 3);
	write_plain(dir_fd, "extra/d", "d", 4);
	harness_write(dir_fd, "modules.order", "extra/c.ko\n", 11);
	ck_assert_int_eq(mkdirat(dir_fd, "empty", 0755), 0);
	ck_assert_int_eq(symlinkat("../extra/d", dir_fd, "kernel/d.ko"), 0);
	ck_assert_int_eq(symlinkat("../empty", dir_fd, "kernel/to_empty"), 0);
	return dir_fd;
}

/* Without modules.order, which need not be there, the order is another one. */
static bool has_small_tree(const struct result *result)
{
	return strcmp(names_of(result), "c a b d") == 0 || strcmp(names_of(result), "a b c d") == 0;
}

/* What is said and done at each of the first calls; there are not so many of each. */
#define MOMENTS 30
static const struct {
	long call;
	int error;
} moments[] = {
	{ SYS_openat2, ENOENT },    { SYS_openat2, EIO },    { SYS_openat2, EMFILE },
	{ SYS_openat, ENOENT },     { SYS_openat, EIO },     { SYS_newfstatat, EIO },
	{ SYS_getdents64, ENOENT }, { SYS_getdents64, EIO }, { SYS_pread64, EIO },
};

/*
 * An error that concerns the module directory or the process ends the scan, and the table stays as
 * it was; one that concerns an entry is a finding, but for a directory that is removed while it is
 * listed: it might never have been there.
 */
static void check_moment(const struct result *result, long call, int error, unsigned int moment)
{
	if (result->r < 0) {
		ck_assert_int_eq(result->r, -error);
		ck_assert_str_eq(names_of(result), "");
		ck_assert_str_eq(harness_codes(result->report), "system");
	} else if (kmod_devname_report_size(result->report) == 0 &&
		   (error != ENOENT || call != SYS_getdents64)) {
		ck_assert_msg(has_small_tree(result), "%ld, %u: %s", call, moment,
			      names_of(result));
	}
}

LOOP_TEST(a_system_call_that_fails_at_any_moment_loses_nothing_silently, ARRAY_SIZE(moments))
{
	long call = moments[_i].call, other = call == SYS_newfstatat ? SYS_fstat : call;
	int error = moments[_i].error, dir_fd = make_small_tree();

	for (unsigned int moment = 0; moment < MOMENTS; moment++) {
		const struct refusal refusals[] = { { call, moment, 1, error },
						    { other, moment, other != call, error } };
		const struct refusal none[] = { { call, 0, 0, 0 }, { other, 0, 0, 0 } };
		struct result result = result_new();
		struct kmod_devname_scan *scan = scan_new(dir_fd, ".", &result, 1);

		if (refuse(refusals, ARRAY_SIZE(refusals))) {
			result.r = run(scan);
			(void)refuse(none, ARRAY_SIZE(none));
			check_moment(&result, call, error, moment);
		}
		kmod_devname_scan_unref(scan);
		result_done(&result);
	}
}

TEST(without_openat2_the_result_is_the_same)
{
	int dir_fd = make_tree(harness_directory(), "root", false);
	struct result with = scan_with(dir_fd, "modules", 1), without;
	char *text;

	if (!refuse(&(struct refusal){ SYS_openat2, 0, UINT_MAX, ENOSYS }, 1)) {
		result_done(&with);
		return;
	}
	without = scan_with(dir_fd, "modules", 1);
	ck_assert_int_eq(without.r, 0);
	text = result_text(&with);
	ck_assert_str_eq(result_text(&without), text);
	free(text);
	result_done(&with);
	result_done(&without);
}

TEST(a_directory_with_nothing_in_it_gives_an_empty_table)
{
	struct result result = scan_all(harness_directory());

	ck_assert_uint_eq(kmod_devname_table_size(result.table), 0);
	ck_assert_uint_eq(kmod_devname_report_size(result.report), 0);
	result_done(&result);
}

int main(void)
{
	return harness_run(NULL, NULL);
}
