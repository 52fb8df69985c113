// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What modinfo_read() makes of sound, odd and broken images, in 32 and 64 bits, both byte
 * orders, from memory and from a file; and which strings modinfo_next_alias() takes.
 */

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "fuzz/fuzz.h"
#include "lib/bytes.h"
#include "lib/mkmodule.h"
#include "lib/refuse.h"
#include "module/modinfo.h"

#define MODINFO_MAX ((size_t)16 << 20)

static const struct layout {
	const char *name;
	unsigned int bits;
	unsigned int big_endian;
} layouts[] = {
	{ "32-bit little-endian", 32, 0 },
	{ "32-bit big-endian", 32, 1 },
	{ "64-bit little-endian", 64, 0 },
	{ "64-bit big-endian", 64, 1 },
};

enum source { IN_MEMORY, IN_FILE, SOURCES };
static const char *const source_names[] = { "memory", "file" };

static const char *const strings[] = { "license=GPL", "alias=devname:fuse",
				       "alias=char-major-10-229", "depends=" };
#define ALIASES "<devname:fuse><char-major-10-229>"

static uint8_t *build(const struct layout *layout, enum mkmodule_defect defect, size_t *ret_size)
{
	struct mkmodule spec = { layout->bits, layout->big_endian, defect, strings,
				 ARRAY_SIZE(strings) };

	return mkmodule(&spec, ret_size);
}

/* A module whose .modinfo is exactly these bytes: a placeholder of their size is overwritten. */
static uint8_t *build_bytes(const struct layout *layout, const void *bytes, size_t n,
			    size_t *ret_size)
{
	char *placeholder = malloc(n + 1);
	const char *const one[] = { placeholder };
	struct mkmodule spec = { layout->bits, layout->big_endian, MKMODULE_UNTERMINATED, one, 1 };
	uint8_t *image, *at;

	ck_assert_ptr_nonnull(placeholder);
	memset(placeholder, 0xa5, n);
	placeholder[n] = '\0';
	image = mkmodule(&spec, ret_size);
	at = memmem(image, *ret_size, placeholder, n);
	ck_assert_ptr_nonnull(at);
	if (n > 0) {
		ck_assert_ptr_null(
			memmem(at + 1, *ret_size - (size_t)(at + 1 - image), placeholder, n));
		memcpy(at, bytes, n);
	}
	free(placeholder);
	return image;
}

static struct modinfo modinfo; /* of the case */
static bool is_kept; /* for the next module; else each has memory of its own */

static void tear_down(void)
{
	modinfo_done(&modinfo);
}

static int read_file(int fd)
{
	struct module_bytes bytes;

	if (!is_kept)
		modinfo_done(&modinfo);
	CHECK(module_bytes_from_file(fd, &bytes) == 0, "cannot read the file");
	return modinfo_read(&modinfo, &bytes);
}

/* From a copy that ends where its memory does, for tools that see what is read beyond. */
static int read_memory(const uint8_t *data, size_t size)
{
	_cleanup_free_ uint8_t *copy = malloc(size);
	struct module_bytes bytes;

	if (!is_kept)
		modinfo_done(&modinfo);
	CHECK(copy || size == 0, "no memory");
	if (size > 0)
		memcpy(copy, data, size);
	bytes = (struct module_bytes){ .fd = -1, .data = copy, .size = size };
	return modinfo_read(&modinfo, &bytes);
}

static int read_from(enum source source, const uint8_t *data, size_t size)
{
	if (source == IN_MEMORY)
		return read_memory(data, size);
	return read_file(bytes_file(data, size));
}

/* Aliases as "<first><second>". */
static const char *aliases_of(void)
{
	static char text[1024];
	size_t position = 0, used = 0;
	const char *alias;

	text[0] = '\0';
	while ((alias = modinfo_next_alias(&modinfo, &position))) {
		used += (size_t)snprintf(text + used, sizeof(text) - used, "<%s>", alias);
		CHECK(used < sizeof(text), "aliases without end: %s", text);
	}
	CHECK(!modinfo_next_alias(&modinfo, &position), "an alias after the last");
	return text;
}

/* What is expected of each defect; aliases NULL: a fault. */
static const struct {
	enum module_error module_error;
	const char *aliases;
} expected[] = {
	[MKMODULE_SOUND] = { MODULE_OK, ALIASES },
	[MKMODULE_NO_MODINFO] = { MODULE_OK, "" },
	[MKMODULE_NO_SECTIONS] = { MODULE_OK, "" },
	[MKMODULE_EXTENDED_NUMBERS] = { MODULE_OK, ALIASES },
	[MKMODULE_SECOND_MODINFO] = { MODULE_OK, ALIASES },
	[MKMODULE_MODINFO_LAST] = { MODULE_OK, ALIASES },
	[MKMODULE_UNTERMINATED] = { MODULE_OK, ALIASES },
	[MKMODULE_LEADING_NULS] = { MODULE_OK, ALIASES },
	[MKMODULE_MANY_SECTIONS] = { MODULE_OK, ALIASES },
	[MKMODULE_NAMES_FAR] = { MODULE_OK, ALIASES },
	[MKMODULE_BAD_CLASS] = { MODULE_BAD_HEADER, NULL },
	[MKMODULE_BAD_ENCODING] = { MODULE_BAD_HEADER, NULL },
	[MKMODULE_BAD_VERSION] = { MODULE_BAD_HEADER, NULL },
	[MKMODULE_NAMES_INDEX_ZERO] = { MODULE_BAD_SECTION, NULL },
	[MKMODULE_NAMES_INDEX_BEYOND] = { MODULE_BAD_SECTION, NULL },
	[MKMODULE_NAMES_NO_STRTAB] = { MODULE_BAD_SECTION, NULL },
	[MKMODULE_NAMES_BEYOND] = { MODULE_TRUNCATED, NULL },
	[MKMODULE_NAME_OFFSET_BEYOND] = { MODULE_BAD_SECTION, NULL },
	[MKMODULE_TABLE_BEYOND] = { MODULE_TRUNCATED, NULL },
	[MKMODULE_TABLE_OVERFLOW] = { MODULE_TRUNCATED, NULL },
	[MKMODULE_ENTRY_SIZE] = { MODULE_BAD_HEADER, NULL },
	[MKMODULE_MODINFO_BEYOND] = { MODULE_TRUNCATED, NULL },
	[MKMODULE_MODINFO_OVERFLOW] = { MODULE_TRUNCATED, NULL },
	[MKMODULE_MODINFO_NOBITS] = { MODULE_BAD_SECTION, NULL },
	[MKMODULE_MODINFO_COMPRESSED] = { MODULE_BAD_SECTION, NULL },
	[MKMODULE_MODINFO_HUGE] = { MODULE_MODINFO_TOO_LARGE, NULL },
};
_Static_assert(ARRAY_SIZE(expected) == MKMODULE_DEFECTS, "a row for each defect");

static bool is_sound(int defect)
{
	return expected[defect].aliases != NULL;
}

static void check_defect(const struct layout *layout, int defect, enum source source)
{
	const char *name = mkmodule_defect_name((enum mkmodule_defect)defect);
	const char *aliases = is_sound(defect) ? expected[defect].aliases : "";
	size_t size;
	_cleanup_free_ uint8_t *image = build(layout, (enum mkmodule_defect)defect, &size);
	int r = read_from(source, image, size);

	CHECK(r == (int)expected[defect].module_error, "%s, %s, %s: %d instead of %d", layout->name,
	      source_names[source], name, r, expected[defect].module_error);
	/* after a fault nothing is left, of this module or of the one before */
	CHECK(strcmp(aliases_of(), aliases) == 0, "%s, %s, %s: %s", layout->name,
	      source_names[source], name, aliases_of());
}

LOOP_TEST(each_defect_has_its_fault_and_sound_images_give_their_aliases, ARRAY_SIZE(layouts))
{
	for (int defect = 0; defect < MKMODULE_DEFECTS; defect++)
		for (int source = 0; source < SOURCES; source++) {
			check_defect(&layouts[_i], defect, (enum source)source);
		}
}

LOOP_TEST(one_modinfo_serves_many_modules, ARRAY_SIZE(layouts))
{
	is_kept = true;
	for (int first = 0; first < MKMODULE_DEFECTS; first++)
		for (int second = 0; second < MKMODULE_DEFECTS; second++) {
			check_defect(&layouts[_i], first, IN_MEMORY);
			check_defect(&layouts[(_i + 1) % (int)ARRAY_SIZE(layouts)], second,
				     IN_MEMORY);
		}
}

TEST(every_defect_but_a_huge_modinfo_is_malformed)
{
	for (int defect = 0; defect < MKMODULE_DEFECTS; defect++)
		if (!is_sound(defect))
			CHECK(module_error_code(expected[defect].module_error) ==
				      (defect == MKMODULE_MODINFO_HUGE
					       ? KMOD_DEVNAME_CODE_TOO_LARGE
					       : KMOD_DEVNAME_CODE_MALFORMED),
			      "%s", mkmodule_defect_name((enum mkmodule_defect)defect));
}

TEST(a_file_other_than_elf_is_malformed)
{
	static const struct text rows[] = {
		BYTES(""),
		BYTES("\x7f"),
		BYTES("\x7f"
		      "EL"),
		BYTES("\x7f"
		      "ELF"),
		BYTES("\x7f"
		      "ELF\2\1\1"),
		BYTES("\x7f"
		      "ELF\2\1\1\0\0\0\0\0\0\0\0\0"),
		BYTES("\x7f"
		      "elf\2\1\1\0\0\0\0\0\0\0\0\0"),
		BYTES("alias=devname:fuse\0alias=char-major-10-229"),
		BYTES("!<arch>\nmodule.o/       0           0     0     644     0         `\n"),
		BYTES("MZ\220\0\3\0\0\0\4\0\0\0\377\377\0\0\270\0\0\0\0\0\0\0@\0\0\0\0\0\0\0"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (int source = 0; source < SOURCES; source++) {
			int r = read_from((enum source)source, (const uint8_t *)rows[i].bytes,
					  rows[i].size);

			CHECK(r > 0 && module_error_code((enum module_error)r) ==
					       KMOD_DEVNAME_CODE_MALFORMED,
			      "row %zu, %s: %d", i, source_names[source], r);
		}
}

/* --- prefixes ---------------------------------------------------------------------------- */

static void check_prefix(const struct layout *layout, int defect, int r, size_t n)
{
	/* there is a header that names more than there is, once there is a header at all */
	int module_error = n < SELFMAG ? MODULE_NOT_ELF : MODULE_TRUNCATED;

	CHECK(r == module_error, "%s, %s, first %zu bytes: %d instead of %d", layout->name,
	      mkmodule_defect_name((enum mkmodule_defect)defect), n, r, module_error);
	CHECK(modinfo.size == 0, "first %zu bytes: strings and a fault", n);
}

/* In all of mkmodule's sound images the last bytes are headers or strings, and so are needed. */
LOOP_TEST(every_prefix_of_a_sound_image_is_refused, ARRAY_SIZE(layouts))
{
	for (int defect = 0; defect < MKMODULE_DEFECTS; defect++) {
		size_t size;
		_cleanup_free_ uint8_t *image =
			build(&layouts[_i], (enum mkmodule_defect)defect, &size);
		int fd = bytes_file(image, size);

		for (size_t n = size; is_sound(defect) && n-- > 0;) {
			CHECK(ftruncate(fd, (off_t)n) == 0, "ftruncate");
			check_prefix(&layouts[_i], defect, read_file(fd), n);
			check_prefix(&layouts[_i], defect, read_memory(image, n), n);
		}
	}
}

/* Adds to the number of sections that the header, or else section 0, says there are. */
static void add_sections(const struct layout *layout, int defect, uint8_t *image, size_t size,
			 uint8_t more)
{
	bool is32 = layout->bits == 32;
	size_t field = is32 ? offsetof(Elf32_Ehdr, e_shnum) : offsetof(Elf64_Ehdr, e_shnum);
	size_t width = 2;

	if (defect == MKMODULE_EXTENDED_NUMBERS) {
		field = size - 4 * (is32 ? sizeof(Elf32_Shdr) : sizeof(Elf64_Shdr)) +
			(is32 ? offsetof(Elf32_Shdr, sh_size) : offsetof(Elf64_Shdr, sh_size));
		width = layout->bits / 8;
	}
	image[field + (layout->big_endian ? width - 1 : 0)] += more;
}

/* Even where .modinfo and the names come before its end. */
LOOP_TEST(section_headers_that_end_beyond_the_file_are_cut, ARRAY_SIZE(layouts))
{
	static const struct {
		enum mkmodule_defect defect;
		uint8_t more;
	} rows[] = { { MKMODULE_SOUND, 1 },
		     { MKMODULE_SOUND, 200 },
		     { MKMODULE_EXTENDED_NUMBERS, 1 },
		     { MKMODULE_EXTENDED_NUMBERS, 200 } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (int source = 0; source < SOURCES; source++) {
			size_t size;
			_cleanup_free_ uint8_t *image = build(&layouts[_i], rows[i].defect, &size);
			int r;

			add_sections(&layouts[_i], rows[i].defect, image, size, rows[i].more);
			r = read_from((enum source)source, image, size);
			CHECK(r == MODULE_TRUNCATED, "row %zu, %s: %d instead of %d", i,
			      source_names[source], r, MODULE_TRUNCATED);
		}
}

/* As after the signature of a module. */
LOOP_TEST(bytes_after_the_image_do_not_matter, ARRAY_SIZE(layouts))
{
	static const char tail[] = "0123456789~Module signature appended~\n";
	size_t size;
	_cleanup_free_ uint8_t *image = build(&layouts[_i], MKMODULE_SOUND, &size);

	image = realloc(image, size + sizeof(tail));
	ck_assert_ptr_nonnull(image);
	memcpy(image + size, tail, sizeof(tail));
	for (size_t n = size; n <= size + sizeof(tail); n++)
		for (int source = 0; source < SOURCES; source++) {
			ck_assert_int_eq(read_from((enum source)source, image, n), 0);
			ck_assert_str_eq(aliases_of(), ALIASES);
		}
}

/* A mapping would end this with SIGBUS. */
LOOP_TEST(a_file_truncated_between_two_reads_is_a_fault, ARRAY_SIZE(layouts))
{
	size_t size;
	_cleanup_free_ uint8_t *data = build(&layouts[_i], MKMODULE_SOUND, &size);
	struct module_bytes bytes;

	for (size_t n = 0; n < size; n++) {
		int fd = bytes_file(data, size), r;

		ck_assert_int_eq(module_bytes_from_file(fd, &bytes), 0);
		ck_assert_int_eq(ftruncate(fd, (off_t)n), 0);
		r = modinfo_read(&modinfo, &bytes);
		CHECK(r == MODULE_TRUNCATED, "%s, cut to %zu: %d", layouts[_i].name, n, r);
		ck_assert_str_eq(aliases_of(), "");
	}
}

/* --- bit flips ----------------------------------------------------------------------------- */

static const enum mkmodule_defect flipped[] = { MKMODULE_SOUND, MKMODULE_EXTENDED_NUMBERS,
						MKMODULE_MODINFO_LAST, MKMODULE_SECOND_MODINFO };

/*
 * The fuzz targets read an image from memory, from a file, by the public function and by libelf,
 * and compare; they end the process where something differs.
 */
LOOP_TEST(every_bit_flip_is_a_fault_or_read_as_libelf_does, ARRAY_SIZE(layouts))
{
	size_t size, accepted = 0, flips = 0;

	for (size_t i = 0; i < ARRAY_SIZE(flipped); i++) {
		_cleanup_free_ uint8_t *image = build(&layouts[_i], flipped[i], &size);

		for (size_t bit = 0; bit < 8 * size; bit += harness_step(), flips++) {
			image[bit / 8] ^= (uint8_t)(1U << (bit % 8));
			fuzz_target_libelf(image, size);
			fuzz_target_modinfo(image, size);
			accepted += read_memory(image, size) == 0;
			image[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		}
	}
	printf("# %s: %zu bit flips, %zu accepted\n", layouts[_i].name, flips, accepted);
	(void)fflush(stdout);
	/* flips in unused header fields, in .text and in strings: nobody refuses those */
	ck_assert_uint_gt(accepted, flips / 4);
}

/* --- strings ----------------------------------------------------------------------------- */

static const struct {
	struct text text;
	const char *aliases;
} string_rows[] = {
	{ BYTES(""), "" },
	{ BYTES("\0"), "" },
	{ BYTES("\0\0\0\0"), "" },
	{ BYTES("alias=a\0"), "<a>" },
	{ BYTES("\0\0\0alias=a\0"), "<a>" },
	{ BYTES("alias=a\0\0\0\0alias=b\0\0\0"), "<a><b>" },
	{ BYTES("alias=a\0alias=b"), "<a><b>" },
	{ BYTES("alias=a\0alias="), "<a><>" },
	{ BYTES("alias=\0alias=b\0"), "<><b>" },
	{ BYTES("alias=a\0alias"), "<a>" },
	{ BYTES("alias=a\0a"), "<a>" },
	{ BYTES("alias\0alias=b\0"), "<b>" },
	{ BYTES("alias\0=b\0"), "" },
	{ BYTES("Alias=a\0ALIAS=b\0aLias=c\0"), "" },
	{ BYTES("aliasx=a\0xalias=b\0alia=c\0aliases=d\0"), "" },
	{ BYTES("devname=a\0name=alias\0license=alias=x\0parm=x:alias=y\0"), "" },
	{ BYTES(" alias=a\0alias =b\0\talias=c\0"), "" },
	{ BYTES("alias= x\0"), "< x>" },
	{ BYTES("alias= devname:x\0"), "< devname:x>" },
	{ BYTES("alias=devname:x=y\0"), "<devname:x=y>" },
	{ BYTES("alias==\0alias=alias=b\0"), "<=><alias=b>" },
	{ BYTES("alias=a\nalias=b\0"), "<a\nalias=b>" },
	{ BYTES("alias=\xff\x80\0"), "<\xff\x80>" },
	{ BYTES("a\0alias=a\0alias=a\0alias=b\0"), "<a><a><b>" },
};

LOOP_TEST(aliases_are_the_strings_with_exactly_that_key, ARRAY_SIZE(layouts))
{
	for (size_t i = 0; i < ARRAY_SIZE(string_rows); i++)
		for (int source = 0; source < SOURCES; source++) {
			size_t size;
			_cleanup_free_ uint8_t *image =
				build_bytes(&layouts[_i], string_rows[i].text.bytes,
					    string_rows[i].text.size, &size);

			ck_assert_int_eq(read_from((enum source)source, image, size), 0);
			ck_assert_uint_eq(modinfo.size, string_rows[i].text.size);
			CHECK(strcmp(aliases_of(), string_rows[i].aliases) == 0,
			      "row %zu: %s instead of %s", i, aliases_of(), string_rows[i].aliases);
		}
}

TEST(a_new_modinfo_has_no_aliases)
{
	ck_assert_str_eq(aliases_of(), "");
}

/* --- sizes ------------------------------------------------------------------------------- */

static int read_large(const struct layout *layout, enum source source, size_t n)
{
	char *strings_block = malloc(n);
	size_t size;
	uint8_t *image;
	int r;

	ck_assert_ptr_nonnull(strings_block);
	for (size_t i = 0; i < n; i++)
		strings_block[i] = "alias=a"[i % 8];
	image = build_bytes(layout, strings_block, n, &size);
	r = read_from(source, image, size);
	free(image);
	free(strings_block);
	return r;
}

LOOP_TEST(modinfo_of_16_mib_is_read_in_linear_time, UNLESS_VALGRIND(ARRAY_SIZE(layouts)))
{
	for (int source = 0; source < SOURCES; source++) {
		size_t position = 0, n = 0;
		const char *alias;

		ck_assert_int_eq(read_large(&layouts[_i], (enum source)source, MODINFO_MAX), 0);
		ck_assert_uint_eq(modinfo.size, MODINFO_MAX);
		/* two million strings: looking twice at what comes after each takes hours */
		for (; (alias = modinfo_next_alias(&modinfo, &position)); n++)
			CHECK(alias[0] == 'a' && alias[1] == '\0', "%s", alias);
		ck_assert_uint_eq(n, MODINFO_MAX / 8);
	}
}

LOOP_TEST(modinfo_above_16_mib_is_refused, UNLESS_VALGRIND(ARRAY_SIZE(layouts)))
{
	for (int source = 0; source < SOURCES; source++) {
		ck_assert_int_eq(read_large(&layouts[_i], (enum source)source, MODINFO_MAX + 1),
				 MODULE_MODINFO_TOO_LARGE);
		ck_assert_str_eq(aliases_of(), "");
	}
}

/* The size of section 0, where there are extended numbers; all ones in either byte order. */
LOOP_TEST(too_many_sections_are_malformed, ARRAY_SIZE(layouts))
{
	size_t size, entry = layouts[_i].bits == 32 ? sizeof(Elf32_Shdr) : sizeof(Elf64_Shdr);
	size_t field = layouts[_i].bits == 32 ? offsetof(Elf32_Shdr, sh_size)
					      : offsetof(Elf64_Shdr, sh_size);
	_cleanup_free_ uint8_t *image = build(&layouts[_i], MKMODULE_EXTENDED_NUMBERS, &size);

	memset(image + size - 4 * entry + field, 0xff, layouts[_i].bits / 8);
	for (int source = 0; source < SOURCES; source++) {
		int r = read_from((enum source)source, image, size);

		CHECK(r > 0 && module_error_code((enum module_error)r) ==
				       KMOD_DEVNAME_CODE_MALFORMED,
		      "%d", r);
	}
}

LOOP_TEST(a_number_of_sections_without_headers_is_malformed, ARRAY_SIZE(layouts))
{
	size_t size, e_shoff = layouts[_i].bits == 32 ? offsetof(Elf32_Ehdr, e_shoff)
						      : offsetof(Elf64_Ehdr, e_shoff);
	_cleanup_free_ uint8_t *image = build(&layouts[_i], MKMODULE_SOUND, &size);

	memset(image + e_shoff, 0, layouts[_i].bits / 8);
	for (int source = 0; source < SOURCES; source++)
		ck_assert_int_eq(read_from((enum source)source, image, size), MODULE_BAD_HEADER);
}

/* Moves the section headers, the last bytes of the image, to 2^40. */
static int make_sparse(const struct layout *layout, int with_table)
{
	static const uint8_t far_le[8] = { [5] = 1 }, far_be[8] = { [2] = 1 };
	size_t size, table_size = 4 * sizeof(Elf64_Shdr);
	_cleanup_free_ uint8_t *image = build(layout, MKMODULE_SOUND, &size);
	int fd;
	bool is_made;

	memcpy(image + offsetof(Elf64_Ehdr, e_shoff), layout->big_endian ? far_be : far_le, 8);
	fd = bytes_file(image, size - table_size);
	if (with_table)
		is_made = pwrite(fd, image + size - table_size, table_size, (off_t)1 << 40) ==
			  (ssize_t)table_size;
	else
		is_made = ftruncate(fd, (off_t)1 << 40) == 0;
	return is_made ? fd : -1;
}

LOOP_TEST(section_headers_may_stand_a_terabyte_away, ARRAY_SIZE(layouts))
{
	int fd;

	if (layouts[_i].bits == 32)
		return;
	fd = make_sparse(&layouts[_i], true);
	if (fd < 0) {
		ck_assert_int_eq(errno, EFBIG);
		harness_skip("no file of that size can be made here");
		return;
	}
	ck_assert_int_eq(read_file(fd), 0);
	ck_assert_str_eq(aliases_of(), ALIASES);
	ck_assert_int_eq(read_file(make_sparse(&layouts[_i], false)), MODULE_TRUNCATED);
}

/* --- images ------------------------------------------------------------------------------ */

TEST(an_image_of_memory_is_read_to_its_end)
{
	static const struct {
		uint64_t offset;
		size_t size;
		ssize_t n;
	} rows[] = {
		{ 0, 0, 0 },         { 0, 1, 1 },          { 0, 64, 64 },          { 0, 100, 100 },
		{ 0, 101, 100 },     { 63, 1, 1 },         { 63, 2, 2 },           { 64, 1, 1 },
		{ 99, 1, 1 },        { 99, 2, 1 },         { 100, 1, 0 },          { 101, 1, 0 },
		{ INT64_MAX, 1, 0 }, { 1ULL << 63, 1, 0 }, { UINT64_MAX, 200, 0 },
	};
	uint8_t data[100], buffer[200];
	struct module_bytes images[SOURCES];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i + 1);
	images[IN_MEMORY] = (struct module_bytes){ .fd = -1, .data = data, .size = sizeof(data) };
	ck_assert_int_eq(module_bytes_from_file(bytes_file(data, sizeof(data)), &images[IN_FILE]),
			 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (int source = 0; source < SOURCES; source++) {
			ssize_t n = module_bytes_read(&images[source], rows[i].offset, buffer,
						      rows[i].size);

			CHECK(n == rows[i].n, "row %zu, %s: %zd", i, source_names[source], n);
			ck_assert(n <= 0 || memcmp(buffer, data + rows[i].offset, (size_t)n) == 0);
		}
}

TEST(a_file_that_cannot_be_read_is_an_error_and_no_fault)
{
	struct module_bytes bytes;
	size_t size;
	_cleanup_free_ uint8_t *data = build(&layouts[0], MKMODULE_SOUND, &size);
	int fd = bytes_file(data, size);

	ck_assert_int_eq(module_bytes_from_file(fd, &bytes), 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(modinfo_read(&modinfo, &bytes), -EBADF);
	ck_assert_int_eq(module_bytes_from_file(fd, &bytes), -EBADF);
	fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(module_bytes_from_file(fd, &bytes), -EISDIR);
}

/* So short that the first bytes, read before, are not all that is asked for. */
TEST(a_short_file_that_cannot_be_read_is_an_error_and_no_fault)
{
	struct module_bytes bytes;
	int fd = bytes_file((const uint8_t *)"\x7f"
					     "ELF",
			    4);

	ck_assert_int_eq(module_bytes_from_file(fd, &bytes), 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(modinfo_read(&modinfo, &bytes), -EBADF);
}

/* Returns what comes of it if a read fails; that of the head, of which module_bytes_read() knows,
 * first.
 */
static int read_refused(int fd)
{
	struct module_bytes bytes;
	int r = module_bytes_from_file(fd, &bytes);

	return r < 0 ? r : modinfo_read(&modinfo, &bytes);
}

/* Sets so many bytes of the section header that is so many before the end of the image. */
static void set_field(const struct layout *layout, uint8_t *image, size_t size, size_t back,
		      size_t field, int byte, size_t n)
{
	size_t entry = layout->bits == 32 ? sizeof(Elf32_Shdr) : sizeof(Elf64_Shdr);

	memset(image + size - back * entry + field, byte, n);
}

/*
 * A file with 200 sections, or with 9000 bytes of names, of which .text has one at the end, or with
 * 200 sections of which the second one has the names: each takes more than one read.
 */
static int many_reads(int which)
{
	const struct layout *layout = &layouts[2];
	size_t size, names_size = offsetof(Elf64_Shdr, sh_size);
	uint8_t *data =
		build(layout, which != 1 ? MKMODULE_MANY_SECTIONS : MKMODULE_NAMES_FAR, &size);
	Elf64_Ehdr header;
	int fd;

	if (which == 1) {
		set_field(layout, data, size, 1, names_size, 9000 % 256, 1);
		set_field(layout, data, size, 1, names_size + 1, 9000 / 256, 1);
		data[sizeof(Elf64_Ehdr) + 9000 - 1] = '\0';
		set_field(layout, data, size, 3, 0, 8500 % 256, 1); /* sh_name */
		set_field(layout, data, size, 3, 1, 8500 / 256, 1);
	}
	if (which == 2) {
		memcpy(&header, data, sizeof(header));
		memcpy(data + le64toh(header.e_shoff) + sizeof(Elf64_Shdr),
		       data + size - sizeof(Elf64_Shdr), sizeof(Elf64_Shdr));
		header.e_shstrndx = htole16(1);
		memcpy(data, &header, sizeof(header));
	}
	fd = bytes_file(data, size);
	free(data);
	return fd;
}

LOOP_TEST(each_read_that_fails_is_an_error_and_no_fault, 3)
{
	int fd = many_reads(_i), r;
	unsigned int n;

	for (n = 0;; n++) {
		if (!refuse(&(struct refusal){ SYS_pread64, n, 1, EIO }, 1))
			return;
		r = read_refused(fd);
		if (!refuse_met())
			break;
		ck_assert_int_eq(r, -EIO);
		ck_assert_str_eq(aliases_of(), "");
	}
	ck_assert_int_eq(r, 0);
	ck_assert_str_eq(aliases_of(), ALIASES);
	ck_assert_uint_ge(n, 5); /* the head, headers, names, and of one of them more, strings */
}

LOOP_TEST(a_read_that_a_signal_interrupts_is_made_again, 3)
{
	int fd = many_reads(_i), r;
	bool met = true;

	for (unsigned int n = 0; met; n++) {
		if (!refuse(&(struct refusal){ SYS_pread64, n, 3, EINTR }, 1))
			return;
		r = read_refused(fd);
		met = refuse_met();
		ck_assert_int_eq(r, 0);
		ck_assert_str_eq(aliases_of(), ALIASES);
	}
}

/* --- expected sizes ----------------------------------------------------------------------- */

/* Of mkmodule's images all bytes are spoken of, unless an offset is beyond any file. */
LOOP_TEST(the_expected_size_is_where_the_last_section_ends, ARRAY_SIZE(layouts))
{
	static const enum mkmodule_defect whole[] = {
		MKMODULE_SOUND,        MKMODULE_NO_MODINFO,     MKMODULE_SECOND_MODINFO,
		MKMODULE_MODINFO_LAST, MKMODULE_MANY_SECTIONS,  MKMODULE_EXTENDED_NUMBERS,
		MKMODULE_NAMES_FAR,    MKMODULE_MODINFO_NOBITS,
	};
	static const enum mkmodule_defect beyond[] = { MKMODULE_TABLE_OVERFLOW,
						       MKMODULE_MODINFO_OVERFLOW };
	size_t size;

	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		uint8_t *image = build(&layouts[_i], whole[i], &size);

		CHECK(modinfo_expected_size(image, size) == size, "%s: %zu of %zu",
		      mkmodule_defect_name(whole[i]), (size_t)modinfo_expected_size(image, size),
		      size);
		free(image);
	}
	for (size_t i = 0; i < ARRAY_SIZE(beyond); i++) {
		uint8_t *image = build(&layouts[_i], beyond[i], &size);

		CHECK(modinfo_expected_size(image, size) >
			      (layouts[_i].bits == 32 ? UINT32_MAX - 9U : UINT64_MAX - 1),
		      "%s", mkmodule_defect_name(beyond[i]));
		free(image);
	}
}

/* It is told of the first bytes, and never less than of fewer; 0 if there is no header yet. */
LOOP_TEST(the_expected_size_is_known_from_the_first_bytes, ARRAY_SIZE(layouts))
{
	const struct layout *layout = &layouts[_i];
	size_t header = layout->bits == 32 ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr), size;
	_cleanup_free_ uint8_t *image = build(layout, MKMODULE_EXTENDED_NUMBERS, &size);
	uint64_t before = 0;

	for (size_t n = 0; n <= size; n++) {
		uint64_t known = modinfo_expected_size(image, n);

		CHECK(known >= before && known <= size, "%zu: %zu", n, (size_t)known);
		CHECK(n >= header || known == 0, "%zu: %zu", n, (size_t)known);
		before = known;
	}
	ck_assert_uint_eq(before, size);
	ck_assert_uint_eq(modinfo_expected_size((const uint8_t *)"no module", 9), 0);
}

int main(void)
{
	return harness_run(NULL, tear_down);
}
