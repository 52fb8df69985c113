// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The indexes of depmod: which are whole, and that none that is not is used. That those which
 * depmod writes are taken for whole, and lead where modprobe goes, is in explain.sh; that those
 * whose bounds are good do libkmod no harm, in fuzz/lookup.c.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "lib/harness.h"
#include "modprobe/modprobe.h"

#define DIRECTORY "lib/modules/1"

/* An index as libkmod has it: see libkmod/libkmod-index.c there. */
struct bytes {
	unsigned char bytes[512];
	size_t size;
};

static void put(struct bytes *bytes, const void *data, size_t size)
{
	ck_assert_uint_le(bytes->size + size, sizeof(bytes->bytes));
	memcpy(bytes->bytes + bytes->size, data, size);
	bytes->size += size;
}

static void put_number(struct bytes *bytes, unsigned int number)
{
	const unsigned char data[] = { (unsigned char)(number >> 24), (unsigned char)(number >> 16),
				       (unsigned char)(number >> 8), (unsigned char)number };

	put(bytes, data, sizeof(data));
}

static void put_string(struct bytes *bytes, const char *string)
{
	put(bytes, string, strlen(string) + 1);
}

/* A node that has a prefix and one value; returns where it is, and what it has. */
static unsigned int put_leaf(struct bytes *bytes, const char *prefix, const char *value)
{
	unsigned int location = (unsigned int)bytes->size;

	put_string(bytes, prefix);
	put_number(bytes, 1);
	put_number(bytes, 0);
	put_string(bytes, value);
	return location | 0xc0000000U;
}

/* One that has a prefix and two children; between those may be bytes that have none. */
static unsigned int put_branch(struct bytes *bytes, const char *prefix, const char *range,
			       unsigned int first, unsigned int last)
{
	unsigned int location = (unsigned int)bytes->size;

	put_string(bytes, prefix);
	put(bytes, range, 2);
	put_number(bytes, first);
	for (char byte = range[0]; byte < range[1] - 1; byte++)
		put_number(bytes, 0);
	put_number(bytes, last);
	return location | 0xa0000000U;
}

static void put_header(struct bytes *bytes, unsigned int root)
{
	struct bytes header = { { 0 }, 0 };

	put_number(&header, 0xb007f457U);
	put_number(&header, 0x00020001U);
	put_number(&header, root);
	memcpy(bytes->bytes, header.bytes, header.size);
}

static const struct {
	const char *name;
	const char *prefix;
	const char *range;
	const char *rest[2];
	const char *values[2];
} indexes[] = {
	{ "alias", "char_major_10_2", "02", { "*", "9" }, { "tun", "fuse" } },
	{ "dep", "", "ft", { "use", "un" }, { "kernel/fuse.ko: kernel/tun.ko", "kernel/tun.ko:" } },
	{ "symbols", "symbol:", "ab", { "", "c" }, { "tun", "fuse" } },
	{ "builtin", "", "ab", { "", "c" }, { "kernel/a.ko", "kernel/bc.ko" } },
	{ "builtin.alias", "char_major_4_", "*6", { "", "4" }, { "a", "bc" } },
};

static void make_index(size_t i, struct bytes *ret_bytes)
{
	struct bytes bytes = { { 0 }, 12 };
	unsigned int first = put_leaf(&bytes, indexes[i].rest[0], indexes[i].values[0]);
	unsigned int last = put_leaf(&bytes, indexes[i].rest[1], indexes[i].values[1]);

	put_header(&bytes, put_branch(&bytes, indexes[i].prefix, indexes[i].range, first, last));
	*ret_bytes = bytes;
}

static void write_index(int root_fd, size_t i, const struct bytes *bytes)
{
	char path[64];

	(void)snprintf(path, sizeof(path), DIRECTORY "/modules.%s.bin", indexes[i].name);
	harness_write(root_fd, path, bytes->bytes, bytes->size);
}

static int root_with_indexes(void)
{
	int root_fd = harness_directory();
	struct bytes bytes;

	harness_write(root_fd, DIRECTORY "/kernel/fuse.ko", "", 0);
	harness_write(root_fd, DIRECTORY "/kernel/tun.ko", "", 0);
	for (size_t i = 0; i < ARRAY_SIZE(indexes); i++) {
		make_index(i, &bytes);
		write_index(root_fd, i, &bytes);
	}
	return root_fd;
}

static int read_back(int root_fd, size_t i, struct binary_index *index)
{
	char path[64];
	int fd, r;

	(void)snprintf(path, sizeof(path), DIRECTORY "/modules.%s.bin", indexes[i].name);
	fd = open_in_root(root_fd, path, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	r = binary_index_read(index, fd);
	(void)close(fd);
	return r;
}

static const struct {
	size_t index;
	const char *key;
	const char *value;
} keys[] = {
	{ 0, "char_major_10_229", "fuse" },
	{ 0, "char_major_10_20*", "tun" },
	{ 0, "char_major_10_2", NULL },
	{ 0, "char_major_10_", NULL },
	{ 0, "char_major_10_21", NULL },
	{ 0, "char_major_10_23", NULL },
	{ 0, "char_major_10_22", NULL },
	{ 0, "char_major_10_2299", NULL },
	{ 0, "", NULL },
	{ 1, "fuse", "kernel/fuse.ko: kernel/tun.ko" },
	{ 1, "tun", "kernel/tun.ko:" },
	{ 1, "\xff", NULL },
	{ 3, "a", "kernel/a.ko" },
	{ 3, "b", NULL },
	{ 3, "bc", "kernel/bc.ko" },
};

LOOP_TEST(keys_are_found, ARRAY_SIZE(keys))
{
	struct binary_index index;
	const char *value;
	int root_fd = root_with_indexes();

	ck_assert_int_eq(read_back(root_fd, keys[_i].index, &index), 1);
	value = binary_index_find(&index, keys[_i].key);
	if (keys[_i].value)
		ck_assert_pstr_eq(value, keys[_i].value);
	else
		ck_assert_ptr_null(value);
	binary_index_done(&index);
	(void)close(root_fd);
}

TEST(an_empty_file_has_no_keys)
{
	const struct bytes none = { { 0 }, 0 };
	struct binary_index index;
	int root_fd = root_with_indexes();

	write_index(root_fd, 0, &none);
	ck_assert_int_eq(read_back(root_fd, 0, &index), 1);
	ck_assert_ptr_null(binary_index_find(&index, "fuse"));
	ck_assert_ptr_null(binary_index_find(&index, ""));
	binary_index_done(&index);
	(void)close(root_fd);
}

static const struct {
	size_t offset;
	unsigned char byte;
	int wanted;
} headers[] = {
	{ 0, 0xb0, 1 },  { 0, 0xb1, 0 }, { 3, 0x58, 0 },
	{ 5, 1, 0 }, /* the version: first the part that must be the same */
	{ 5, 3, 0 },     { 7, 2, 1 },    { 8, 0, 1 }, /* a node that has nothing */
	{ 11, 0, 0 },    { 11, 11, 0 }, /* in the header */
	{ 10, 0xff, 0 },
};

LOOP_TEST(invalid_headers_are_refused, ARRAY_SIZE(headers))
{
	struct binary_index index;
	struct bytes bytes;
	int root_fd = root_with_indexes();

	make_index(0, &bytes);
	bytes.bytes[headers[_i].offset] = headers[_i].byte;
	write_index(root_fd, 0, &bytes);
	ck_assert_int_eq(read_back(root_fd, 0, &index), headers[_i].wanted);
	binary_index_done(&index);
	(void)close(root_fd);
}

/* Nodes one below the other, as of an alias that is as long: libkmod goes down by recursion. */
LOOP_TEST(trees_are_bounded, 2)
{
	static const struct {
		unsigned int depth;
		int wanted;
	} trees[] = { { 1000, 1 }, { 1001, 0 } };
	const size_t size = 12 + 6 * (size_t)trees[_i].depth;
	struct bytes bytes = { { 0 }, 0 };
	struct binary_index index;
	unsigned char *data = malloc(size);
	unsigned int location = 0;
	int root_fd = root_with_indexes();

	for (unsigned int i = 0; i < trees[_i].depth; i++) {
		bytes.size = 0;
		put(&bytes, "aa", 2);
		put_number(&bytes, location);
		memcpy(data + 12 + 6 * i, bytes.bytes, 6);
		location = (12 + 6 * i) | 0x20000000U;
	}
	put_header(&bytes, location);
	memcpy(data, bytes.bytes, 12);
	harness_write(root_fd, DIRECTORY "/modules.alias.bin", data, size);
	free(data);
	ck_assert_int_eq(read_back(root_fd, 0, &index), trees[_i].wanted);
	binary_index_done(&index);
	(void)close(root_fd);
}

/* The same value again and again, of a key that matches all. */
LOOP_TEST(the_work_of_a_look_up_is_bounded, 2)
{
	static const struct {
		unsigned int n;
		int wanted;
	} rows[] = { { 99999, 1 }, { 100000, 0 } };
	const size_t value = 4 + sizeof("m"), size = 12 + 2 + 4 + rows[_i].n * value;
	unsigned char *data = calloc(1, size);
	struct bytes head = { { 0 }, 12 };
	struct binary_index index;
	int root_fd = root_with_indexes();

	put_string(&head, "*");
	put_number(&head, rows[_i].n);
	put_header(&head, 12 | 0xc0000000U);
	memcpy(data, head.bytes, head.size);
	for (size_t i = 0; i < rows[_i].n; i++)
		data[head.size + i * value + 4] = 'm';
	harness_write(root_fd, DIRECTORY "/modules.alias.bin", data, size);
	ck_assert_int_eq(read_back(root_fd, 0, &index), rows[_i].wanted);
	binary_index_done(&index);
	free(data);
	(void)close(root_fd);
}

#if WITH_LIBKMOD
static const struct {
	unsigned int major;
	unsigned int minor;
	const char *modules; /* that have the alias, "a b " */
} found[] = {
	{ 10, 229, "fuse " }, { 10, 20, "tun " }, { 10, 2000, "tun " }, { 10, 2, "" },
	{ 10, 22, "" },       { 4, 64, "bc a " }, { 4, 65, "a " },
};

LOOP_TEST(numbers_lead_to_modules, ARRAY_SIZE(found))
{
	struct resolution *resolution;
	char modules[64] = "";
	int root_fd = root_with_indexes();

	ck_assert_int_eq(
		resolution_new(root_fd, DIRECTORY,
			       &(struct device_number){ S_IFCHR, found[_i].major, found[_i].minor },
			       false, NULL, &resolution),
		0);
	for (size_t i = 0; i < resolution->steps.size; i++) {
		const struct resolution_step *step = resolution->steps.items[i];

		if (step->role == ROLE_ALIAS)
			strcat(strcat(modules, step->module), " ");
	}
	ck_assert_str_eq(modules, found[_i].modules);
	resolution_unref(resolution);
	(void)close(root_fd);
}

static const unsigned int numbers[][2] = { { 10, 229 }, { 10, 205 }, { 4, 64 } };

/* Asks for all of the numbers; what is found is the same for each. */
static enum resolution_verdict ask(int root_fd, struct kmod_devname_report *report)
{
	enum resolution_verdict verdict = VERDICT_NOT_ASKED;
	struct resolution *resolution;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		int r = resolution_new(
			root_fd, DIRECTORY,
			&(struct device_number){ S_IFCHR, numbers[i][0], numbers[i][1] }, false,
			i == 0 ? report : NULL, &resolution);

		ck_assert_int_eq(r, 0);
		if (i == 0)
			verdict = resolution->verdict;
		resolution_unref(resolution);
	}
	return verdict;
}

/* What goes for all. */
static bool is_refused(int root_fd)
{
	enum resolution_verdict verdict;
	struct kmod_devname_report *report;
	bool bad;

	ck_assert_int_eq(kmod_devname_report_new(&report), 0);
	verdict = ask(root_fd, report);
	bad = kmod_devname_report_size(report) > 0;
	if (bad) {
		ck_assert_int_eq(kmod_devname_finding_get_code(kmod_devname_report_get(report, 0)),
				 KMOD_DEVNAME_CODE_BAD_INDEX);
		ck_assert_uint_eq(kmod_devname_report_size(report), 1);
		ck_assert_int_eq(verdict, VERDICT_NO_INDEX);
	}
	kmod_devname_report_unref(report);
	return bad;
}

/* The control of what follows. */
TEST(whole_indexes_are_followed)
{
	struct resolution *resolution;
	int root_fd = root_with_indexes();
	static const enum resolution_verdict wanted[] = { VERDICT_LOADS, VERDICT_LOADS,
							  VERDICT_BUILT_IN };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		ck_assert_int_eq(resolution_new(root_fd, DIRECTORY,
						&(struct device_number){ S_IFCHR, numbers[i][0],
									 numbers[i][1] },
						false, NULL, &resolution),
				 0);
		ck_assert_int_eq(resolution->verdict, wanted[i]);
		ck_assert_uint_eq(resolution->steps.size, i == 1 ? 1 : 2);
		resolution_unref(resolution);
	}
	ck_assert(!is_refused(root_fd));
	(void)close(root_fd);
}

LOOP_TEST(every_truncation_of_an_index_is_refused, ARRAY_SIZE(indexes))
{
	int root_fd = root_with_indexes();
	struct bytes bytes;
	size_t size;

	make_index((size_t)_i, &bytes);
	/* depmod writes empty ones */
	for (size = bytes.size, bytes.size = 1; bytes.size < size; bytes.size++) {
		write_index(root_fd, (size_t)_i, &bytes);
		ck_assert_msg(is_refused(root_fd), "%s: %zu of %zu bytes", indexes[_i].name,
			      bytes.size, size);
	}
	(void)close(root_fd);
}

LOOP_TEST(no_flipped_bit_of_an_index_does_harm, ARRAY_SIZE(indexes))
{
	int root_fd = root_with_indexes();
	struct bytes bytes;
	size_t n_refused = 0;

	make_index((size_t)_i, &bytes);
	for (size_t bit = 0; bit < 8 * bytes.size; bit += harness_step()) {
		bytes.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		write_index(root_fd, (size_t)_i, &bytes);
		n_refused += is_refused(root_fd);
		bytes.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	/* magic and version, and most of each offset */
	ck_assert_uint_ge(n_refused, 48 / harness_step());
	(void)close(root_fd);
}

/* A tree that is none: the way through it has no end, or a great many. */
LOOP_TEST(an_index_whose_nodes_have_several_parents_is_refused, 2)
{
	int root_fd = root_with_indexes();
	struct bytes bytes = { { 0 }, 12 };
	unsigned int location = put_leaf(&bytes, "", "fuse");

	if (_i == 0)
		location = (unsigned int)bytes.size | 0xa0000000U;
	for (int i = 0; i < 20; i++)
		location = put_branch(&bytes, "*", "ab", location, location);
	put_header(&bytes, location);
	write_index(root_fd, 0, &bytes);
	ck_assert(is_refused(root_fd));
	(void)close(root_fd);
}

/* A table of n nodes, each of which loads tun. */
static struct kmod_devname_table *make_table(unsigned int n)
{
	struct kmod_devname_table *table;
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	(void)fprintf(stream, "# Device nodes to trigger on-demand module loading.\n");
	for (unsigned int i = 0; i < n; i++)
		(void)fprintf(stream, "tun n%u c10:20%03u\n", i, i);
	(void)fclose(stream);
	stream = fmemopen(text, size, "r");
	ck_assert_int_eq(kmod_devname_table_new(&table), 0);
	ck_assert_int_eq(kmod_devname_table_read(table, NULL, stream, NULL), 0);
	ck_assert_uint_eq(kmod_devname_table_size(table), n);
	(void)fclose(stream);
	free(text);
	return table;
}

/* How often the file that is watched has been opened; between two times it is closed. */
static unsigned int count_opens(int watch_fd)
{
	struct inotify_event events[256];
	unsigned int n = 0;
	ssize_t size;

	/* an event of a file that is watched itself has no name */
	while ((size = read(watch_fd, events, sizeof(events))) > 0)
		for (size_t i = 0; i < (size_t)size / sizeof(events[0]); i++)
			n += (events[i].mask & IN_OPEN) != 0;
	return n;
}

static void lint(int root_fd, unsigned int n)
{
	struct kmod_devname_table *table = make_table(n);
	struct kmod_devname_report *report;

	ck_assert_int_eq(kmod_devname_report_new(&report), 0);
	ck_assert_int_eq(table_lint_loading(table, report, root_fd, DIRECTORY, 0), 0);
	ck_assert_str_eq(harness_codes(report), "bad-config");
	kmod_devname_report_unref(report);
	kmod_devname_table_unref(table);
}

TEST(files_are_read_once_for_all_nodes)
{
	int root_fd = root_with_indexes(), watch_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	unsigned int one, all;

	harness_write(root_fd, "etc/modprobe.d/x.conf", "frob\n", 5);
	ck_assert_int_eq(fchdir(root_fd), 0);
	ck_assert_int_ge(inotify_add_watch(watch_fd, "etc/modprobe.d/x.conf", IN_OPEN | IN_CLOSE),
			 0);
	lint(root_fd, 1);
	one = count_opens(watch_fd);
	lint(root_fd, 200);
	all = count_opens(watch_fd);
	ck_assert_uint_gt(one, 0);
	ck_assert_uint_eq(all, one);
	(void)close(root_fd);
}

#endif

int main(void)
{
	return harness_run(NULL, NULL);
}
