// SPDX-License-Identifier: GPL-2.0-or-later
/* What a valid device name, module name and number is: modules.devname(5), "FORMAT". */

#include <limits.h>
#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/harness.h"
#include "node/syntax.h"

/* The bytes of a component, as the page lists them; those it may not begin with come last. */
static const char component_bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789_.+:@,=!-#";

static bool is_component_byte(unsigned char c)
{
	return c != '\0' && strchr(component_bytes, c);
}

static bool is_component_head(unsigned char c)
{
	return is_component_byte(c) && c != '-' && c != '#';
}

/* --- names ------------------------------------------------------------------------------- */

static const struct name_row {
	const char *name;
	bool device;
	bool module;
} name_rows[] = {
	/* what kernels declare */
	{ "fuse", true, true },
	{ "btrfs-control", true, false },
	{ "net/tun", true, false },
	{ "mapper/control", true, false },
	{ "vfio/vfio", true, false },
	{ "snd_seq", true, true },
	{ "8021q", true, true },
	/* each_byte_is_judged_by_its_place has the bytes */
	{ "a#b", true, true },
	{ "a-b", true, false },
	{ "a.b", true, false },
	{ "a/b/c/d/e/f/g/h", true, false },
	/* bytes a component may not begin with */
	{ "-", false, false },
	{ "#", false, false },
	{ "-a", false, false },
	{ "#a", false, false },
	{ "a/-b", false, false },
	{ "a/#b", false, false },
	{ "-a/b", false, false },
	{ "#a/b", false, false },
	/* dots */
	{ ".", false, false },
	{ "..", false, false },
	{ "...", true, false },
	{ ".a", true, false },
	{ "..a", true, false },
	{ "a.", true, false },
	{ "a..", true, false },
	{ ".-", true, false },
	{ "./a", false, false },
	{ "../a", false, false },
	{ "a/.", false, false },
	{ "a/..", false, false },
	{ "a/./b", false, false },
	{ "a/../b", false, false },
	{ "a/.../b", true, false },
	{ "a/.b", true, false },
	{ "a/..b", true, false },
	{ "../../etc/passwd", false, false },
	/* empty components */
	{ "", false, false },
	{ "/", false, false },
	{ "//", false, false },
	{ "/a", false, false },
	{ "a/", false, false },
	{ "a//b", false, false },
	{ "/etc/passwd", false, false },
};

LOOP_TEST(names_follow_the_rules, ARRAY_SIZE(name_rows))
{
	const struct name_row *row = &name_rows[_i];

	ck_assert_msg(syntax_is_device_name(row->name) == row->device, "device name '%s'",
		      row->name);
	ck_assert_msg(syntax_is_module_name(row->name) == row->module, "module name '%s'",
		      row->name);
}

static void check_byte(unsigned char c)
{
	const char first[] = { (char)c, 'x', '\0' };
	const char later[] = { 'x', (char)c, '\0' };
	const char last_component[] = { 'x', '/', (char)c, 'x', '\0' };
	bool module = c != '.' && c != '-';

	/* A slash separates components: "x/" and "/x" have an empty one. */
	ck_assert_msg(syntax_is_device_name(first) == is_component_head(c), "first %d", c);
	ck_assert_msg(syntax_is_device_name(later) == is_component_byte(c), "later %d", c);
	ck_assert_msg(syntax_is_device_name(last_component) == is_component_head(c),
		      "first of a component %d", c);
	ck_assert_msg(syntax_is_module_name(first) == (is_component_head(c) && module),
		      "first of a module name %d", c);
	ck_assert_msg(syntax_is_module_name(later) == (is_component_byte(c) && module),
		      "later in a module name %d", c);
}

TEST(each_byte_is_judged_by_its_place)
{
	/* "x" with a NUL behind is a name of one byte, which says nothing about the NUL. */
	for (int c = 1; c <= UCHAR_MAX; c++)
		check_byte((unsigned char)c);
}

/* In these isalnum() takes bytes above 127, upper case has no "i", or bytes form characters. */
static const char *const locale_rows[] = {
	"C.UTF-8",          "en_US.UTF-8", "de_DE.ISO-8859-1", "de_DE.UTF-8",
	"tr_TR.ISO-8859-9", "tr_TR.UTF-8", "ja_JP.SJIS",       "",
};

LOOP_TEST(the_locale_does_not_matter, ARRAY_SIZE(locale_rows))
{
	/* One that the machine does not have leaves the locale as it is. */
	(void)setlocale(LC_ALL, locale_rows[_i]);
	for (int c = 1; c <= UCHAR_MAX; c++)
		check_byte((unsigned char)c);
}

/* --- lengths ----------------------------------------------------------------------------- */

static void check_component_size(size_t size, bool valid)
{
	char name[300], nested[310];

	memset(name, 'n', size);
	name[size] = '\0';
	ck_assert_msg(syntax_is_device_name(name) == valid, "device name of %zu bytes", size);
	ck_assert_msg(syntax_is_module_name(name) == valid, "module name of %zu bytes", size);
	(void)snprintf(nested, sizeof(nested), "a/%s", name);
	ck_assert_msg(syntax_is_device_name(nested) == valid, "last component of %zu bytes", size);
	(void)snprintf(nested, sizeof(nested), "%s/a", name);
	ck_assert_msg(syntax_is_device_name(nested) == valid, "first component of %zu bytes", size);
}

TEST(a_component_has_1_to_255_bytes)
{
	check_component_size(0, false);
	check_component_size(1, true);
	check_component_size(254, true);
	check_component_size(255, true);
	check_component_size(256, false);
	check_component_size(257, false);
}

/* A name of this size with components of 100 bytes at most. */
static char *make_long_name(size_t size)
{
	char *name = malloc(size + 1);

	ck_assert_ptr_nonnull(name);
	for (size_t i = 0; i < size; i++)
		name[i] = i % 101 == 100 && i + 1 < size ? '/' : 'n';
	name[size] = '\0';
	return name;
}

static const struct {
	size_t size;
	bool valid;
} length_rows[] = {
	{ 3999, true }, { 4000, true }, { 4001, false }, { 4096, false }, { 1000000, false },
};

LOOP_TEST(a_device_name_has_at_most_4000_bytes, ARRAY_SIZE(length_rows))
{
	char *name = make_long_name(length_rows[_i].size);

	ck_assert_msg(syntax_is_device_name(name) == length_rows[_i].valid, "%zu bytes",
		      length_rows[_i].size);
	free(name);
}

/* --- numbers ----------------------------------------------------------------------------- */

static const struct number_row {
	const char *text;
	bool valid;
	unsigned int major, minor;
} number_rows[] = {
	{ "10:229", true, 10, 229 },
	{ "1:0", true, 1, 0 },
	{ "1:1", true, 1, 1 },
	{ "4095:1048575", true, 4095, 1048575 },
	{ "9:9", true, 9, 9 },
	{ "10:255", true, 10, 255 }, /* syntax_is_dynamic() is what judges it */
	{ "511:10", true, 511, 10 },
	/* out of range */
	{ "0:0", false, 0, 0 },
	{ "0:1", false, 0, 0 },
	{ "4096:0", false, 0, 0 },
	{ "1:1048576", false, 0, 0 },
	{ "4096:1048576", false, 0, 0 },
	{ "9999:1", false, 0, 0 },
	{ "1:9999999", false, 0, 0 },
	/* huge: 2^32 + 10, 2^64 + 10 and more would wrap to valid numbers */
	{ "4294967306:229", false, 0, 0 },
	{ "10:4294967525", false, 0, 0 },
	{ "18446744073709551626:229", false, 0, 0 },
	{ "10:18446744073709551845", false, 0, 0 },
	{ "340282368568991236213640118010:1", false, 0, 0 },
	{ "1:99999999999999999999999999999999999999999999", false, 0, 0 },
	/* leading zeros */
	{ "010:229", false, 0, 0 },
	{ "10:0229", false, 0, 0 },
	{ "00:1", false, 0, 0 },
	{ "01:1", false, 0, 0 },
	{ "1:00", false, 0, 0 },
	{ "1:01", false, 0, 0 },
	{ "0000000010:229", false, 0, 0 },
	/* signs */
	{ "+10:229", false, 0, 0 },
	{ "-10:229", false, 0, 0 },
	{ "10:+229", false, 0, 0 },
	{ "10:-229", false, 0, 0 },
	{ "10:-0", false, 0, 0 },
	{ "-1:-2", false, 0, 0 },
	/* blanks */
	{ " 10:229", false, 0, 0 },
	{ "10 :229", false, 0, 0 },
	{ "10: 229", false, 0, 0 },
	{ "10:229 ", false, 0, 0 },
	{ "10:229\n", false, 0, 0 },
	{ "10:229\r", false, 0, 0 },
	{ "\t10:229", false, 0, 0 },
	{ "10:\t229", false, 0, 0 },
	{ "10:\v229", false, 0, 0 },
	/* trailing junk, other bases, other forms */
	{ "10:229x", false, 0, 0 },
	{ "10:229junk", false, 0, 0 },
	{ "10x:229", false, 0, 0 },
	{ "10:229:", false, 0, 0 },
	{ "10:229:1", false, 0, 0 },
	{ "10:229-1", false, 0, 0 },
	{ "0x10:1", false, 0, 0 },
	{ "10:0x11", false, 0, 0 },
	{ "a:1", false, 0, 0 },
	{ "10:a", false, 0, 0 },
	{ "1e1:1", false, 0, 0 },
	{ "10.0:1", false, 0, 0 },
	{ "1'0:1", false, 0, 0 },
	{ "10:*", false, 0, 0 },
	{ "10:22?", false, 0, 0 },
	{ "10:\302\262", false, 0, 0 }, /* superscript two */
	{ "10:\331\241", false, 0, 0 }, /* arabic digit one */
	{ "10:229\302\240", false, 0, 0 }, /* no-break space */
	/* a part is missing, or the separator is another */
	{ "", false, 0, 0 },
	{ ":", false, 0, 0 },
	{ "10", false, 0, 0 },
	{ "10:", false, 0, 0 },
	{ ":229", false, 0, 0 },
	{ "10::229", false, 0, 0 },
	{ "::", false, 0, 0 },
	{ "10-229", false, 0, 0 },
	{ "10 229", false, 0, 0 },
	{ "10,229", false, 0, 0 },
	{ "10229", false, 0, 0 },
	{ "c10:229", false, 0, 0 },
};

static void check_numbers(const char *text, char separator, const struct number_row *row)
{
	struct device_number number = { S_IFBLK, 12345, 54321 };
	bool valid = syntax_parse_numbers(text, separator, &number);

	ck_assert_msg(valid == row->valid, "'%s'", text);
	ck_assert_msg(number.type == S_IFBLK, "'%s' changed the type", text);
	ck_assert_msg(number.major == (valid ? row->major : 12345), "'%s' major", text);
	ck_assert_msg(number.minor == (valid ? row->minor : 54321), "'%s' minor", text);
}

LOOP_TEST(numbers_follow_the_rules, ARRAY_SIZE(number_rows))
{
	check_numbers(number_rows[_i].text, ':', &number_rows[_i]);
}

TEST(the_separator_is_the_callers)
{
	static const struct number_row good = { "", true, 10, 229 };
	static const struct number_row bad = { "", false, 0, 0 };

	check_numbers("10-229", '-', &good);
	check_numbers("10:229", '-', &bad);
	check_numbers("10--229", '-', &bad);
	check_numbers("10-", '-', &bad);
	check_numbers("-229", '-', &bad);
	check_numbers("10-229-", '-', &bad);
	check_numbers("-10-229", '-', &bad);
	check_numbers("10-229-1", '-', &bad);
}

/* Every number around each power of two: where a wrong bound or a wrapping would show. */
TEST(ranges_end_where_the_dev_t_does)
{
	for (unsigned int shift = 0; shift < 63; shift++) {
		for (int64_t delta = -2; delta <= 2; delta++) {
			int64_t n = (INT64_C(1) << shift) + delta;
			struct device_number number = { 0 };
			char text[64];

			if (n < 0)
				continue;
			(void)snprintf(text, sizeof(text), "%jd:1", (intmax_t)n);
			ck_assert_msg(syntax_parse_numbers(text, ':', &number) ==
					      (n >= 1 && n <= KMOD_DEVNAME_MAJOR_MAX),
				      "%s", text);
			(void)snprintf(text, sizeof(text), "1:%jd", (intmax_t)n);
			ck_assert_msg(syntax_parse_numbers(text, ':', &number) ==
					      (n <= KMOD_DEVNAME_MINOR_MAX),
				      "%s", text);
		}
	}
}

TEST(limits_are_those_of_the_manual)
{
	ck_assert_int_eq(KMOD_DEVNAME_NAME_MAX, 4000);
	ck_assert_int_eq(KMOD_DEVNAME_COMPONENT_MAX, 255);
	ck_assert_int_eq(KMOD_DEVNAME_MAJOR_MAX, (1 << 12) - 1);
	ck_assert_int_eq(KMOD_DEVNAME_MINOR_MAX, (1 << 20) - 1);
}

static const struct {
	struct device_number number;
	bool dynamic;
} dynamic_rows[] = {
	{ { S_IFCHR, 10, 255 }, true },  { { S_IFBLK, 10, 255 }, false },
	{ { S_IFCHR, 11, 255 }, false }, { { S_IFCHR, 10, 254 }, false },
	{ { S_IFCHR, 10, 256 }, false }, { { S_IFCHR, 255, 10 }, false },
};

LOOP_TEST(only_c10_255_is_dynamic, ARRAY_SIZE(dynamic_rows))
{
	const struct device_number *number = &dynamic_rows[_i].number;

	ck_assert_msg(syntax_is_dynamic(number) == dynamic_rows[_i].dynamic, "%c%u:%u",
		      syntax_type_letter(number->type), number->major, number->minor);
}

TEST(a_number_is_type_major_and_minor)
{
	const struct device_number a = { S_IFCHR, 10, 229 }, same = a;
	const struct device_number type = { S_IFBLK, 10, 229 };
	const struct device_number major = { S_IFCHR, 11, 229 };
	const struct device_number minor = { S_IFCHR, 10, 228 };

	ck_assert(syntax_same_number(&a, &same));
	ck_assert(!syntax_same_number(&a, &type));
	ck_assert(!syntax_same_number(&a, &major));
	ck_assert(!syntax_same_number(&a, &minor));
	ck_assert_int_eq(syntax_type_letter(S_IFCHR), 'c');
	ck_assert_int_eq(syntax_type_letter(S_IFBLK), 'b');
}

/* --- places ------------------------------------------------------------------------------ */

/* The definition: the same name, or one is a directory on the way to the other. */
static bool excludes(const char *a, const char *b)
{
	size_t size = strlen(a);

	return strncmp(a, b, size) == 0 && (b[size] == '\0' || b[size] == '/');
}

static bool share_a_place(const char *a, const char *b)
{
	return excludes(a, b) || excludes(b, a);
}

static int sign(int r)
{
	return (r > 0) - (r < 0);
}

/* A name of one to three components of one or two bytes, on both sides of the slash. */
static void make_name(unsigned int seed, char *name)
{
	static const char bytes[] = "a!+-.0A_b";
	unsigned int components = 1 + seed % 3;

	seed /= 3;
	for (unsigned int i = 0; i < components; i++) {
		if (i > 0)
			*name++ = '/';
		*name++ = "ab0"[seed % 3];
		seed /= 3;
		if (seed % 2 > 0)
			*name++ = bytes[seed / 2 % 9];
		seed /= 18;
	}
	*name = '\0';
}

#define PLACES 150

/* Fills in names of which no two exclude each other; returns how many. */
static size_t make_prefix_free_names(char names[PLACES][16])
{
	size_t n = 0;
	unsigned int random = 1;

	for (unsigned int i = 0; i < 20000 && n < PLACES; i++) {
		bool free_place = true;

		random = random * 1103515245 + 12345;
		make_name(random >> 8, names[n]);
		for (size_t j = 0; j < n && free_place; j++)
			free_place = !share_a_place(names[j], names[n]);
		n += free_place;
	}
	return n;
}

TEST(places_are_equal_if_names_exclude_each_other)
{
	char a[16], b[16];
	unsigned int random = 7;
	size_t equal = 0;

	for (unsigned int i = 0; i < 100000; i++) {
		random = random * 1103515245 + 12345;
		make_name(random >> 8, a);
		random = random * 1103515245 + 12345;
		make_name(random >> 8, b);
		if ((syntax_compare_paths(a, b) == 0) != share_a_place(a, b))
			ck_abort_msg("'%s' and '%s'", a, b);
		if (sign(syntax_compare_paths(a, b)) != -sign(syntax_compare_paths(b, a)))
			ck_abort_msg("'%s' and '%s' both ways", a, b);
		equal += share_a_place(a, b);
	}
	ck_assert_uint_gt(equal, 1000);
}

TEST(places_are_in_one_order)
{
	char names[PLACES][16];
	size_t n = make_prefix_free_names(names);
	int r[PLACES][PLACES];

	ck_assert_uint_eq(n, PLACES);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			r[i][j] = sign(syntax_compare_paths(names[i], names[j]));
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			if ((r[i][j] == 0) != (i == j) || r[i][j] != -r[j][i])
				ck_abort_msg("'%s' and '%s'", names[i], names[j]);
			for (size_t k = 0; k < n; k++)
				if (r[i][j] < 0 && r[j][k] < 0 && r[i][k] >= 0)
					ck_abort_msg("'%s', '%s' and '%s'", names[i], names[j],
						     names[k]);
		}
}

/*
 * What a search tree relies on: a name that lies above or below one of the tree is on the same
 * side of all others as that one. With plain strcmp(3) "a-b" stands between "a" and "a/b".
 */
TEST(a_nested_name_takes_the_place_of_the_other)
{
	char names[PLACES][16], below[32];
	size_t n = make_prefix_free_names(names);

	for (size_t i = 0; i < n; i++) {
		(void)snprintf(below, sizeof(below), "%.15s/x", names[i]);
		ck_assert_msg(syntax_compare_paths(names[i], below) == 0, "'%s'", below);
		for (size_t j = 0; j < n; j++)
			if (sign(syntax_compare_paths(below, names[j])) !=
			    sign(syntax_compare_paths(names[i], names[j])))
				ck_abort_msg("'%s' and '%s'", below, names[j]);
	}
}

static const struct {
	const char *a, *b;
	bool equal;
} place_rows[] = {
	{ "a", "a", true },       { "a", "a/b", true },     { "a", "a/b/c", true },
	{ "a/b", "a/b/c", true }, { "a", "b", false },      { "a", "ab", false },
	{ "a", "a-b", false },    { "a/b", "a-b", false },  { "a/b", "a!b", false },
	{ "a/b", "a/c", false },  { "a/b", "a/bc", false }, { "ab/c", "a/c", false },
};

LOOP_TEST(only_same_and_nested_names_share_a_place, ARRAY_SIZE(place_rows))
{
	const char *a = place_rows[_i].a, *b = place_rows[_i].b;

	ck_assert_msg((syntax_compare_paths(a, b) == 0) == place_rows[_i].equal, "'%s' and '%s'", a,
		      b);
	ck_assert_msg((syntax_compare_paths(b, a) == 0) == place_rows[_i].equal, "'%s' and '%s'", b,
		      a);
}

static const struct {
	const char *text;
	bool valid;
} owner_rows[] = {
	{ "root", true }, { "0", true },    { "systemd-network", true },
	{ "_apt", true }, { "a.b", true },  { "", false },
	{ "-x", false },  { "a b", false }, { "a:b", false },
	{ "a/b", false }, { "x$", false },  { "\xc3\xa9", false },
};

LOOP_TEST(owners_follow_the_rules, ARRAY_SIZE(owner_rows))
{
	ck_assert_msg(syntax_is_owner(owner_rows[_i].text) == owner_rows[_i].valid, "'%s'",
		      owner_rows[_i].text);
}

TEST(an_owner_has_1_to_255_bytes)
{
	char text[512] = "";

	for (size_t size = 0; size < sizeof(text) - 1; size++) {
		ck_assert_msg(syntax_is_owner(text) == (size >= 1 && size <= 255), "%zu", size);
		text[size] = 'a';
	}
}

TEST(digits_are_all_digits_and_at_least_one)
{
	ck_assert(syntax_is_digits("0"));
	ck_assert(syntax_is_digits("00123456789"));
	ck_assert(!syntax_is_digits(""));
	ck_assert(!syntax_is_digits("-1"));
	ck_assert(!syntax_is_digits("1 "));
	ck_assert(!syntax_is_digits("1a"));
}

static const struct {
	const char *text;
	bool valid;
	unsigned int id;
} id_rows[] = {
	{ "0", true, 0 },
	{ "1", true, 1 },
	{ "65534", true, 65534 },
	{ "65535", false, 0 },
	{ "65536", true, 65536 },
	{ "4294967294", true, 4294967294U },
	{ "4294967295", false, 0 },
	{ "4294967296", false, 0 },
	{ "4294967304", false, 0 },
	{ "42949672940", false, 0 },
	{ "99999999999999999999999", false, 0 },
	{ "00", false, 0 },
	{ "01", false, 0 },
	{ "-1", false, 0 },
	{ "+1", false, 0 },
	{ " 1", false, 0 },
	{ "1 ", false, 0 },
	{ "0x1", false, 0 },
	{ "", false, 0 },
};

LOOP_TEST(an_id_is_a_plain_number, ARRAY_SIZE(id_rows))
{
	unsigned int id = 42;

	ck_assert_int_eq(syntax_parse_id(id_rows[_i].text, &id), id_rows[_i].valid);
	ck_assert_uint_eq(id, id_rows[_i].valid ? id_rows[_i].id : 42);
}

TEST(a_file_of_a_module_may_lack_a_suffix)
{
	ck_assert_int_eq(syntax_compare_module_names("fuse", "fuse"), 0);
	ck_assert_int_eq(syntax_compare_module_names("a-b", "a_b.ko.xz"), 0);
	ck_assert_int_lt(syntax_compare_module_names("a", "ab"), 0);
	ck_assert(syntax_is_plain_module("fuse.ko"));
	ck_assert(!syntax_is_plain_module("fuse.ko.xz"));
	ck_assert(!syntax_is_plain_module("fuse"));
	ck_assert_uint_eq(syntax_module_stem_size("kernel/fuse.ko.xz"), strlen("kernel/fuse"));
	ck_assert_uint_eq(syntax_module_stem_size("kernel/fuse"), strlen("kernel/fuse"));
}

int main(void)
{
	return harness_run(NULL, NULL);
}
