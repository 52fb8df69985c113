// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What module_reader_read_bytes() makes of gzip, xz and zstd files: every legal shape gives the
 * bytes that went in, everything else is a module error, within bounds. The files are made here
 * with the compression libraries, or by hand from the formats' descriptions.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#if WITH_ZLIB
#include <zlib.h>
#endif
#if WITH_XZ
#include <lzma.h>
#endif
#if WITH_ZSTD
#include <zstd.h>
#endif

#include "lib/bytes.h"
#include "lib/mkmodule.h"
#include "lib/refuse.h"
#include "module/file.h"

#define LIMIT (64 * MIB)
#define CHUNK MIB /* how much of a file is read at once: the boundaries to look at */
#define NOT_COMPRESSED 1000

/* --- bytes ------------------------------------------------------------------------------- */

/* Aliases, which repeat after some 80 KiB. */
static void add_text(struct bytes *bytes, size_t size)
{
	static char text[80 * KIB];
	static size_t text_size;

	for (unsigned int i = 1; text_size < sizeof(text) - 32; i++)
		text_size += (size_t)snprintf(text + text_size, 32, "alias=char-major-%u-%u",
					      i % 97, i * i % 1009);
	for (; size > text_size; size -= text_size)
		bytes_add(bytes, text, text_size);
	bytes_add(bytes, text, size);
}

/* What no codec can make smaller, the same in each run. */
static void add_noise(struct bytes *bytes, size_t size)
{
	uint8_t *to = bytes_room(bytes, size);
	uint64_t state = 88172645463325252;

	for (size_t i = 0; i < size; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		to[i] = (uint8_t)(state >> 32);
	}
	bytes->size += size;
}

/* --- the unit under test ----------------------------------------------------------------- */

/* The largest piece of memory that the library, or this test, has got by realloc(3): see ld(1). */
static size_t largest_realloc;

/* Of several readers. None may ask for more than they have taken. */
static struct module_memory shared_memory = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER,
					      0, false };
static bool is_more_than_taken;

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size)
{
	if (size > largest_realloc)
		largest_realloc = size;
	if (shared_memory.n_shares > MODULE_MEMORY_SHARES ||
	    (size > MODULE_MEMORY_EACH && shared_memory.n_shares == 0) ||
	    (size > MODULE_MEMORY_SHARE && !shared_memory.is_rest_taken))
		is_more_than_taken = true;
	return __real_realloc(p, size);
}

static struct module_reader *reader; /* of the case */

static void tear_down(void)
{
	module_reader_free(reader);
	reader = NULL;
}

static void use_limit(size_t size_max)
{
	tear_down();
	reader = module_reader_new(size_max, NULL);
	CHECK(reader, "no memory");
}

static void set_up(void)
{
	use_limit(LIMIT);
}

struct decompressed {
	const uint8_t *data;
	size_t size;
};

static int decompress_fd(int fd, struct decompressed *ret_bytes)
{
	int r = module_reader_start(reader, fd);

	CHECK(r == 0 || r == 1, "cannot read the file: %d", r);
	largest_realloc = 0;
	return r == 0 ? NOT_COMPRESSED
		      : module_reader_read_bytes(reader, &ret_bytes->data, &ret_bytes->size);
}

static int decompress(const void *data, size_t size, struct decompressed *ret_bytes)
{
	return decompress_fd(bytes_file(data, size), ret_bytes);
}

static bool is_content(const struct decompressed *bytes, const struct bytes *content, size_t size)
{
	return bytes->size == size && (size == 0 || memcmp(bytes->data, content->data, size) == 0);
}

static bool is_corrupt(int r)
{
	return r > 0 && r != NOT_COMPRESSED &&
	       module_error_code((enum module_error)r) == KMOD_DEVNAME_CODE_CORRUPT;
}

static void expect(const struct bytes *input, int expected, const struct bytes *content,
		   const char *what)
{
	struct decompressed bytes = { 0 };
	int r = decompress(input->data, input->size, &bytes);

	CHECK(r == expected, "%s: %d instead of %d", what, r, expected);
	if (r == 0)
		CHECK(is_content(&bytes, content, content->size),
		      "%s: other bytes, %zu instead of %zu", what, bytes.size, content->size);
}

/* --- formats ----------------------------------------------------------------------------- */

/*
 * A compressed file is made of parts: members, streams or frames, and what may stand between
 * them. Each kind of part is a letter, so that a string is a file.
 */
struct format {
	const char *name;
	size_t magic_size;
	void (*add_part)(struct bytes *file, struct bytes *content, char kind);
	/* One part for this content, with its checksum. */
	void (*compress)(struct bytes *file, const void *data, size_t size);
	/* A number of bytes that stand for nothing, to follow a part. */
	void (*pad)(struct bytes *file, size_t size);
	size_t pad_unit;
	/* Where the four bytes of the checksum end in a file of one part. */
	size_t (*checksum_end)(const struct bytes *file);
};

#define PART_SIZE 160

#if WITH_ZLIB
enum { FTEXT = 1, FHCRC = 2, FEXTRA = 4, FNAME = 8, FCOMMENT = 16 };

static void gzip_header(struct bytes *file, unsigned int flags, size_t name_size)
{
	size_t start = file->size;

	bytes_add(file, "\x1f\x8b\x08", 3);
	bytes_number(file, flags, 1);
	bytes_add(file, "\x01\x02\x03\x04\x00\x03", 6); /* time, extra flags, Unix */
	if (flags & FEXTRA)
		bytes_add(file, "\x07\x00KM\x03\x00\x1f\x8b\x00", 9);
	if (flags & FNAME) {
		bytes_fill(file, 'n', name_size);
		bytes_fill(file, 0, 1);
	}
	if (flags & FCOMMENT)
		bytes_add(file, "a comment", 10);
	if (flags & FHCRC)
		bytes_number(file, crc32(0, file->data + start, (uInt)(file->size - start)), 2);
}

static void gzip_member(struct bytes *file, unsigned int flags, size_t name_size, int level,
			const void *data, size_t size)
{
	z_stream stream = { .next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)size };
	uLong bound;

	gzip_header(file, flags, name_size);
	ck_assert_int_eq(deflateInit2(&stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
	bound = deflateBound(&stream, size);
	stream.next_out = bytes_room(file, bound);
	stream.avail_out = (uInt)bound;
	ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
	file->size += stream.total_out;
	ck_assert_int_eq(deflateEnd(&stream), Z_OK);
	bytes_number(file, crc32(0, size > 0 ? data : (const void *)"", (uInt)size), 4);
	bytes_number(file, size, 4);
}

static void gzip_compress(struct bytes *file, const void *data, size_t size)
{
	gzip_member(file, 0, 0, 1, data, size);
}

/* An empty member with a name: 10 of header, 2 of data, 8 of trailer, NUL. */
static void gzip_pad(struct bytes *file, size_t size)
{
	ck_assert_uint_ge(size, 21);
	gzip_member(file, FNAME, size - 21, 6, "", 0);
}

/* a: with content; s: stored; b: best; h: with all header fields; e: empty */
static void gzip_part(struct bytes *file, struct bytes *content, char kind)
{
	size_t start = content->size;

	if (kind != 'e')
		add_text(content, PART_SIZE + start / 10);
	gzip_member(file, kind == 'h' ? 31 : 0, 20,
		    kind == 's'   ? 0
		    : kind == 'b' ? 9
				  : 1,
		    bytes_from(content, start), content->size - start);
}

static size_t gzip_checksum_end(const struct bytes *file)
{
	return file->size - 4; /* the size comes last */
}
#endif

#if WITH_XZ
struct xz_shape {
	lzma_check check;
	unsigned int blocks; /* 0: no block */
	bool filter; /* a second filter before LZMA2 */
	bool sizes; /* block headers with the sizes, as xz -T writes them */
};

static void xz_filters(const struct xz_shape *shape, lzma_options_lzma *options,
		       lzma_filter filters[3])
{
	static lzma_options_delta delta = { .type = LZMA_DELTA_TYPE_BYTE, .dist = 4 };
	size_t n = 0;

	ck_assert(!lzma_lzma_preset(options, 0));
	if (shape->filter)
		filters[n++] = (lzma_filter){ LZMA_FILTER_DELTA, &delta };
	filters[n++] = (lzma_filter){ LZMA_FILTER_LZMA2, options };
	filters[n] = (lzma_filter){ LZMA_VLI_UNKNOWN, NULL };
}

static void xz_code(lzma_stream *stream, struct bytes *file, lzma_action action)
{
	lzma_ret r;

	do {
		stream->next_out = bytes_room(file, 64 * KIB);
		stream->avail_out = 64 * KIB;
		r = lzma_code(stream, action);
		file->size += 64 * KIB - stream->avail_out;
	} while (r == LZMA_OK);
	ck_assert_int_eq(r, LZMA_STREAM_END);
}

static void xz_stream(struct bytes *file, const struct xz_shape *shape, const uint8_t *data,
		      size_t size)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_options_lzma options;
	lzma_filter filters[3];

	xz_filters(shape, &options, filters);
	ck_assert_int_eq(lzma_stream_encoder(&stream, filters, shape->check), LZMA_OK);
	stream.next_in = data;
	for (unsigned int i = shape->blocks; i > 0; i--) {
		stream.avail_in = size / i;
		size -= size / i;
		xz_code(&stream, file, LZMA_FULL_FLUSH);
	}
	xz_code(&stream, file, LZMA_FINISH);
	lzma_end(&stream);
}

static void xz_block_with_sizes(struct bytes *file, const struct xz_shape *shape,
				const uint8_t *data, size_t size, lzma_index *index)
{
	lzma_options_lzma options;
	lzma_filter filters[3];
	lzma_block block = { .check = shape->check, .filters = filters };
	size_t bound = lzma_block_buffer_bound(size);

	xz_filters(shape, &options, filters);
	ck_assert_int_eq(lzma_block_buffer_encode(&block, NULL, data, size, bytes_room(file, bound),
						  &(size_t){ 0 }, bound),
			 LZMA_OK);
	file->size += lzma_block_total_size(&block);
	ck_assert_int_eq(lzma_index_append(index, NULL, lzma_block_unpadded_size(&block), size),
			 LZMA_OK);
}

static void xz_stream_with_sizes(struct bytes *file, const struct xz_shape *shape,
				 const uint8_t *data, size_t size)
{
	lzma_index *index = lzma_index_init(NULL);
	lzma_stream_flags flags = { .check = shape->check };
	size_t n = 0;

	ck_assert_ptr_nonnull(index);
	ck_assert_int_eq(
		lzma_stream_header_encode(&flags, bytes_room(file, LZMA_STREAM_HEADER_SIZE)),
		LZMA_OK);
	file->size += LZMA_STREAM_HEADER_SIZE;
	for (unsigned int i = shape->blocks; i > 0; i--) {
		xz_block_with_sizes(file, shape, data, size / i, index);
		data += size / i;
		size -= size / i;
	}
	flags.backward_size = lzma_index_size(index);
	ck_assert_int_eq(lzma_index_buffer_encode(index, bytes_room(file, flags.backward_size), &n,
						  flags.backward_size),
			 LZMA_OK);
	file->size += n;
	ck_assert_int_eq(
		lzma_stream_footer_encode(&flags, bytes_room(file, LZMA_STREAM_HEADER_SIZE)),
		LZMA_OK);
	file->size += LZMA_STREAM_HEADER_SIZE;
	lzma_index_end(index, NULL);
}

static const struct xz_shape *xz_shape(char kind)
{
	static const struct xz_shape shapes[128] = {
		['a'] = { LZMA_CHECK_CRC32, 1, false, false },
		['l'] = { LZMA_CHECK_CRC64, 1, false, false },
		['s'] = { LZMA_CHECK_SHA256, 1, false, false },
		['n'] = { LZMA_CHECK_NONE, 1, false, false },
		['b'] = { LZMA_CHECK_CRC32, 5, false, false },
		['B'] = { LZMA_CHECK_CRC64, 5, false, true },
		['f'] = { LZMA_CHECK_CRC32, 2, true, false },
		['e'] = { LZMA_CHECK_CRC32, 0, false, false },
	};

	return &shapes[(unsigned char)kind];
}

static void xz_compress(struct bytes *file, const void *data, size_t size)
{
	xz_stream(file, xz_shape(size > 0 ? 'a' : 'e'), data, size);
}

static void xz_pad(struct bytes *file, size_t size)
{
	bytes_fill(file, 0, size);
}

/* p: four bytes of padding; the letters of xz_shape() */
static void xz_part(struct bytes *file, struct bytes *content, char kind)
{
	const struct xz_shape *shape = xz_shape(kind);
	size_t start = content->size;

	if (kind == 'p') {
		xz_pad(file, 4);
		return;
	}
	if (shape->blocks > 0)
		add_text(content, PART_SIZE + start / 10);
	if (shape->sizes)
		xz_stream_with_sizes(file, shape, bytes_from(content, start),
				     content->size - start);
	else
		xz_stream(file, shape, bytes_from(content, start), content->size - start);
}

/* Section 2.1.2 of the .xz file format: the footer says how large the index before it is. */
static size_t xz_checksum_end(const struct bytes *file)
{
	const uint8_t *footer = file->data + file->size - LZMA_STREAM_HEADER_SIZE;

	return file->size - LZMA_STREAM_HEADER_SIZE - 4 * ((size_t)footer[4] + 1);
}
#endif

#if WITH_ZSTD
static void zstd_frame(struct bytes *file, bool with_size, bool with_checksum, const void *data,
		       size_t size)
{
	ZSTD_CCtx *cctx = ZSTD_createCCtx();
	size_t bound = ZSTD_compressBound(size), n;

	ck_assert_ptr_nonnull(cctx);
	(void)ZSTD_CCtx_setParameter(cctx, ZSTD_c_contentSizeFlag, with_size);
	(void)ZSTD_CCtx_setParameter(cctx, ZSTD_c_checksumFlag, with_checksum);
	n = ZSTD_compress2(cctx, bytes_room(file, bound), bound, data, size);
	ck_assert(!ZSTD_isError(n));
	file->size += n;
	(void)ZSTD_freeCCtx(cctx);
}

/* RFC 8878 by hand: a frame with a window descriptor and one uncompressed block */
static void zstd_raw_frame(struct bytes *file, unsigned int window_log, unsigned int mantissa,
			   const void *data, size_t size)
{
	bytes_add(file,
		  "\x28\xb5\x2f\xfd"
		  "\0",
		  5);
	bytes_number(file, (window_log - 10) << 3 | mantissa, 1);
	bytes_number(file, 1 | size << 3, 3);
	bytes_add(file, data, size);
}

static void zstd_skippable(struct bytes *file, unsigned int number, size_t size)
{
	bytes_number(file, 0x184d2a50 + number % 16, 4);
	bytes_number(file, size, 4);
	bytes_fill(file, 0xfd, size);
}

static void zstd_compress(struct bytes *file, const void *data, size_t size)
{
	zstd_frame(file, true, true, data, size);
}

static void zstd_pad(struct bytes *file, size_t size)
{
	ck_assert_uint_ge(size, 8);
	zstd_skippable(file, 7, size - 8);
}

/*
 * a: with size and checksum; z: with size; c: with checksum; u: with neither; w: window of
 * 128 MiB; e, E: empty, with and without size; s, S: skippable, of some bytes and of none
 */
static void zstd_part(struct bytes *file, struct bytes *content, char kind)
{
	size_t start = content->size, size;

	if (strchr("azcuw", kind))
		add_text(content, PART_SIZE + start / 10);
	size = content->size - start;
	if (kind == 's' || kind == 'S')
		zstd_skippable(file, (unsigned int)file->size, kind == 's' ? 9 : 0);
	else if (kind == 'w')
		zstd_raw_frame(file, 27, 0, bytes_from(content, start), size);
	else
		zstd_frame(file, strchr("aze", kind) != NULL, strchr("aceE", kind) != NULL,
			   bytes_from(content, start), size);
}

static size_t zstd_checksum_end(const struct bytes *file)
{
	return file->size;
}
#endif

static const struct format formats[] = {
#if WITH_ZLIB
	{ "gzip", 2, gzip_part, gzip_compress, gzip_pad, 1, gzip_checksum_end },
#endif
#if WITH_XZ
	{ "xz", 6, xz_part, xz_compress, xz_pad, 4, xz_checksum_end },
#endif
#if WITH_ZSTD
	{ "zstd", 4, zstd_part, zstd_compress, zstd_pad, 1, zstd_checksum_end },
#endif
	{ .name = NULL },
};
#define N_FORMATS ((int)ARRAY_SIZE(formats) - 1)

static const struct format *format_named(const char *name)
{
	for (int i = 0; i < N_FORMATS; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL; /* not in this build */
}

/* --- legal shapes ------------------------------------------------------------------------ */

/* checked: all content has a checksum, so that no other bytes may ever pass for it */
static const struct shape {
	const char *format;
	const char *parts;
	bool checked;
} shapes[] = {
	{ "gzip", "a", true },       { "gzip", "s", true },     { "gzip", "b", true },
	{ "gzip", "h", true },       { "gzip", "e", true },     { "gzip", "ee", true },
	{ "gzip", "ae", true },      { "gzip", "ea", true },    { "gzip", "aeeha", true },
	{ "gzip", "sbhbs", true },   { "xz", "a", true },       { "xz", "l", true },
	{ "xz", "s", true },         { "xz", "n", false },      { "xz", "b", true },
	{ "xz", "B", true },         { "xz", "f", true },       { "xz", "e", true },
	{ "xz", "ee", true },        { "xz", "ap", true },      { "xz", "app", true },
	{ "xz", "appplp", true },    { "xz", "eapbe", true },   { "xz", "nslaB", false },
	{ "zstd", "a", true },       { "zstd", "z", false },    { "zstd", "c", true },
	{ "zstd", "u", false },      { "zstd", "w", false },    { "zstd", "e", true },
	{ "zstd", "E", true },       { "zstd", "s", true },     { "zstd", "S", true },
	{ "zstd", "aca", true },     { "zstd", "sa", true },    { "zstd", "as", true },
	{ "zstd", "sSaSscs", true }, { "zstd", "eaEce", true }, { "zstd", "zuwa", false },
};
#define N_SHAPES ((int)ARRAY_SIZE(shapes))

/* Makes the file; ends[i] is where its i-th part ends, in the file and in the content. */
struct end {
	size_t in_file;
	size_t in_content;
};

static const struct format *build(const struct shape *shape, struct bytes *file,
				  struct bytes *content, struct end *ends)
{
	const struct format *format = format_named(shape->format);

	for (size_t i = 0; format && shape->parts[i] != '\0'; i++) {
		format->add_part(file, content, shape->parts[i]);
		if (ends)
			ends[i] = (struct end){ file->size, content->size };
	}
	return format;
}

LOOP_TEST(legal_shapes_give_the_bytes_that_went_in, N_SHAPES)
{
	_cleanup_bytes_ struct bytes input = { 0 }, content = { 0 };

	if (build(&shapes[_i], &input, &content, NULL))
		expect(&input, 0, &content, shapes[_i].parts);
}

static const struct end *end_at(const struct shape *shape, const struct end *ends, size_t n)
{
	for (size_t i = 0; shape->parts[i] != '\0'; i++)
		if (ends[i].in_file == n)
			return &ends[i];
	return NULL;
}

static void check_prefix(const struct shape *shape, const struct end *end, int r,
			 const struct decompressed *bytes, const struct bytes *content, size_t n)
{
	if (end)
		CHECK(r == 0 && is_content(bytes, content, end->in_content),
		      "%s %s, first %zu bytes: %d", shape->format, shape->parts, n, r);
	else
		CHECK(strchr(shape->parts, 'p') ? is_corrupt(r) : r == MODULE_DATA_TRUNCATED,
		      "%s %s, first %zu bytes: %d", shape->format, shape->parts, n, r);
}

/* What ends between two parts is whole; half a unit of xz's padding is damage, not a cut. */
LOOP_TEST(every_other_prefix_is_a_fault, N_SHAPES)
{
	const struct shape *shape = &shapes[_i];
	_cleanup_bytes_ struct bytes input = { 0 }, content = { 0 };
	struct end ends[16];
	const struct format *format = build(shape, &input, &content, ends);
	struct decompressed bytes;

	for (size_t n = 0; format && n < input.size; n += harness_step()) {
		int r = decompress(input.data, n, &bytes);

		if (n < format->magic_size)
			CHECK(r == NOT_COMPRESSED, "%s, first %zu bytes: %d", format->name, n, r);
		else
			check_prefix(shape, end_at(shape, ends, n), r, &bytes, &content, n);
	}
}

static void check_flip(const struct shape *shape, const struct bytes *input,
		       const struct bytes *content, size_t bit)
{
	struct decompressed bytes;
	int r;

	input->data[bit / 8] ^= (uint8_t)(1U << (bit % 8));
	r = decompress(input->data, input->size, &bytes);
	input->data[bit / 8] ^= (uint8_t)(1U << (bit % 8));
	CHECK(r >= 0, "%s %s, bit %zu: %d", shape->format, shape->parts, bit, r);
	if (r != 0)
		return;
	CHECK(bytes.size <= LIMIT, "%s %s, bit %zu: %zu bytes", shape->format, shape->parts, bit,
	      bytes.size);
	if (shape->checked)
		CHECK(is_content(&bytes, content, content->size),
		      "%s %s, bit %zu: other bytes are accepted", shape->format, shape->parts, bit);
}

LOOP_TEST(no_bit_flip_gives_other_bytes_where_there_is_a_checksum, N_SHAPES)
{
	_cleanup_bytes_ struct bytes input = { 0 }, content = { 0 };

	(void)build(&shapes[_i], &input, &content, NULL);
	for (size_t bit = 0; bit < 8 * input.size; bit += harness_step())
		check_flip(&shapes[_i], &input, &content, bit);
}

/* --- faults of any format ---------------------------------------------------------------- */

LOOP_TEST(data_after_the_end_is_corrupt, N_FORMATS)
{
	static const struct text rows[] = {
		BYTES("\0"),
		BYTES("x"),
		BYTES("\0\0\0\0x"),
		BYTES("\0\0\0\0\0"),
		BYTES("garbage, more than any header is long, garbage"),
		BYTES("\x1f"),
		BYTES("\x1f\x8b\x08\0\0"),
		BYTES("\x1f\x8b\x09\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
		BYTES("\xfd"
		      "7zXZ\0\0\4"),
		BYTES("\x28\xb5\x2f\xfd\x24"),
		BYTES("\x50\x2a\x4d\x18\x09\0\0\0skip"),
		BYTES("BZh91AY&SY"),
		BYTES("\x7f"
		      "ELF\2\1\1\0\0\0\0\0\0\0\0\0"),
	};
	_cleanup_bytes_ struct bytes input = { 0 }, content = { 0 };
	struct decompressed bytes;

	formats[_i].add_part(&input, &content, 'a');
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t size = input.size;
		int r;

		bytes_add(&input, rows[i].bytes, rows[i].size);
		r = decompress(input.data, input.size, &bytes);
		CHECK(is_corrupt(r), "%s, row %zu: %d", formats[_i].name, i, r);
		input.size = size;
	}
}

/* The padding of xz, which no other format has: gzip(1) passes over it, with a warning. */
LOOP_TEST(four_zero_bytes_after_the_end_are_legal_in_xz_only, N_FORMATS)
{
	_cleanup_bytes_ struct bytes input = { 0 }, content = { 0 };
	struct decompressed bytes;
	int r;

	formats[_i].add_part(&input, &content, 'a');
	bytes_fill(&input, 0, 4);
	r = decompress(input.data, input.size, &bytes);
	CHECK(strcmp(formats[_i].name, "xz") == 0 ? r == 0 : is_corrupt(r), "%s: %d",
	      formats[_i].name, r);
}

LOOP_TEST(a_wrong_checksum_is_damage, N_FORMATS)
{
	_cleanup_bytes_ struct bytes input = { 0 }, content = { 0 };
	size_t end;

	formats[_i].add_part(&input, &content, 'a');
	end = formats[_i].checksum_end(&input);
	for (size_t bit = 8 * (end - 4); bit < 8 * end; bit++) {
		input.data[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		expect(&input, MODULE_DATA_DAMAGED, NULL, formats[_i].name);
		input.data[bit / 8] ^= (uint8_t)(1U << (bit % 8));
	}
	expect(&input, 0, &content, formats[_i].name);
}

/* After its head was read, which is when the format is told. */
LOOP_TEST(a_file_truncated_between_two_reads_was_changed, N_FORMATS)
{
	_cleanup_bytes_ struct bytes input = { 0 }, content = { 0 };
	struct decompressed bytes;

	formats[_i].add_part(&input, &content, 'a');
	for (size_t n = 0; n < input.size; n++) {
		int fd = bytes_file(input.data, input.size), r;

		ck_assert_int_eq(module_reader_start(reader, fd), 1);
		ck_assert_int_eq(ftruncate(fd, (off_t)n), 0);
		r = module_reader_read_bytes(reader, &bytes.data, &bytes.size);
		CHECK(r == MODULE_CHANGED, "%s, cut to %zu: %d", formats[_i].name, n, r);
	}
}

/* A module, which is plain or has a format. */
static struct bytes module_in_format(const struct format *format)
{
	static const char *const strings[] = { "alias=devname:fuse", "alias=char-major-10-229" };
	struct mkmodule spec = { 64, 0, MKMODULE_SOUND, strings, ARRAY_SIZE(strings) };
	struct bytes module = { 0 }, packed = { 0 };

	module.data = mkmodule(&spec, &module.size);
	if (!format)
		return module;
	format->compress(&packed, module.data, module.size);
	bytes_done(&module);
	return packed;
}

static void grow_file(int fd, size_t size)
{
	ck_assert_int_eq(pwrite(fd, "", 1, (off_t)size), 1);
}

static void cut_file(int fd, size_t size)
{
	ck_assert_int_eq(ftruncate(fd, (off_t)size - 1), 0);
}

static void touch_file(int fd, size_t size)
{
	const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

	(void)size;
	ck_assert_int_eq(futimens(fd, times), 0);
}

/* _i: plain, then each of the formats */
LOOP_TEST(a_module_that_changes_between_start_and_read_was_changed, N_FORMATS + 1)
{
	static void (*const changes[])(int fd, size_t size) = { grow_file, cut_file, touch_file };
	_cleanup_bytes_ struct bytes module = module_in_format(_i == 0 ? NULL : &formats[_i - 1]);
	int fd = bytes_file(module.data, module.size);
	size_t position = 0;

	ck_assert_int_eq(module_reader_start(reader, fd), _i > 0);
	ck_assert_uint_eq(module_reader_status(reader)->st_size, module.size);
	ck_assert_int_eq(module_reader_read(reader), MODULE_OK);
	ck_assert_str_eq(module_reader_next_alias(reader, &position), "devname:fuse");
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		fd = bytes_file(module.data, module.size);
		ck_assert_int_eq(module_reader_start(reader, fd), _i > 0);
		changes[i](fd, module.size);
		CHECK(module_reader_read(reader) == MODULE_CHANGED, "change %zu", i);
	}
	/* after that the file is as good as any other, also if its status changes, as by a link */
	fd = bytes_file(module.data, module.size);
	ck_assert_int_eq(module_reader_start(reader, fd), _i > 0);
	ck_assert_int_eq(fchmod(fd, 0400), 0);
	ck_assert_int_eq(module_reader_read(reader), MODULE_OK);
}

/* Starts, reads, and looks for the alias. */
static void read_module(const struct bytes *module, int compressed)
{
	int fd = bytes_file(module->data, module->size);
	size_t position = 0;

	ck_assert_int_eq(module_reader_start(reader, fd), compressed);
	ck_assert_int_eq(module_reader_read(reader), MODULE_OK);
	ck_assert_str_eq(module_reader_next_alias(reader, &position), "devname:fuse");
}

TEST(plain_and_compressed_modules_follow_each_other)
{
	struct bytes modules[ARRAY_SIZE(formats)];

	for (int i = 0; i <= N_FORMATS; i++)
		modules[i] = module_in_format(i == 0 ? NULL : &formats[i - 1]);
	for (int i = 0; i <= N_FORMATS; i++)
		for (int j = 0; j <= N_FORMATS; j++) {
			read_module(&modules[i], i > 0);
			read_module(&modules[j], j > 0);
		}
	for (int i = 0; i <= N_FORMATS; i++)
		bytes_done(&modules[i]);
}

/* One for the head and one for the data: a third would fail. */
LOOP_TEST(a_compressed_module_takes_two_reads, N_FORMATS)
{
	_cleanup_bytes_ struct bytes module = module_in_format(&formats[_i]);

	if (refuse(&(struct refusal){ SYS_pread64, 2, 1, EIO }, 1)) {
		read_module(&module, 1);
		ck_assert(!refuse_met());
	}
}

TEST(an_irregular_file_is_an_error_and_no_module_error)
{
	int dir_fd = harness_directory(), fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_eq(module_reader_start(reader, dir_fd), -EISDIR);
	ck_assert_int_eq(module_reader_start(reader, fds[0]), -ESPIPE);
	ck_assert_int_eq(close(fds[0]), 0);
	ck_assert_int_eq(close(fds[1]), 0);
	ck_assert_int_eq(module_reader_start(reader, fds[0]), -EBADF);
}

LOOP_TEST(a_file_that_cannot_be_read_is_an_error_and_no_fault, N_FORMATS)
{
	_cleanup_bytes_ struct bytes input = { 0 }, content = { 0 };
	struct decompressed bytes;
	int fd;

	formats[_i].add_part(&input, &content, 'a');
	fd = bytes_file(input.data, input.size);
	ck_assert_int_eq(module_reader_start(reader, fd), 1);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(module_reader_read_bytes(reader, &bytes.data, &bytes.size), -EBADF);
}

/* --- bounds ------------------------------------------------------------------------------ */

static void check_limit(const struct format *format, const struct bytes *input,
			const struct bytes *content, size_t limit)
{
	use_limit(limit);
	expect(input, limit < content->size ? MODULE_TOO_LARGE : 0, content, format->name);
	/* the limit, and one byte more to tell that it was passed */
	ck_assert_uint_le(largest_realloc, limit + 1);
}

LOOP_TEST(the_decompressed_size_may_reach_the_limit_and_no_more, N_FORMATS)
{
	static const size_t sizes[] = { 2, 1000, MIB - 1, MIB, MIB + 1, 2 * MIB + 17 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (size_t parts = 1; parts <= 2; parts++) {
			_cleanup_bytes_ struct bytes input = { 0 }, content = { 0 };
			size_t half = sizes[i] / parts;

			add_text(&content, sizes[i]);
			formats[_i].compress(&input, content.data, half);
			if (parts == 2)
				formats[_i].compress(&input, content.data + half, sizes[i] - half);
			check_limit(&formats[_i], &input, &content, sizes[i] - 1);
			check_limit(&formats[_i], &input, &content, sizes[i]);
			check_limit(&formats[_i], &input, &content, sizes[i] + 1);
		}
}

#if WITH_XZ
#define GIB ((size_t)1 << 30)

/* Zeros that begin with an ELF header, which speaks of so many bytes; in xz. */
static void make_large(struct bytes *input, size_t size, size_t noise)
{
	static const uint8_t header[64] = { 0x7f, 'E', 'L', 'F', 2, 1, 1, [58] = 64 };
	_cleanup_bytes_ struct bytes content = { calloc(1, size), size, size };
	_cleanup_bytes_ struct bytes random = { 0 };

	CHECK(content.data, "no memory");
	memcpy(content.data, header, sizeof(header));
	for (size_t i = 0; i < 8; i++)
		content.data[40 + i] = (uint8_t)((uint64_t)(size - 64) >> (8 * i));
	content.data[60] = 1;
	add_noise(&random, noise);
	if (noise > 0)
		memcpy(content.data + 64, random.data, noise);
	ck_assert_int_eq(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, content.data,
						 content.size, bytes_room(input, MIB), &input->size,
						 MIB),
			 LZMA_OK);
}

/* A file with so many bytes of noise is hardly larger than that. */
TEST(a_module_may_be_so_many_times_its_file)
{
	static const struct {
		size_t size, noise;
		int result;
	} large_rows[] = {
		{ MIB / 2, 0, MODULE_BAD_SECTION },
		{ MIB / 2 + 1, 0, MODULE_EXPANDS_TOO_FAR },
		{ 4 * MIB, 7 << 10, MODULE_EXPANDS_TOO_FAR },
		{ 4 * MIB, 8 << 10, MODULE_BAD_SECTION },
		{ 31 * MIB, 0, MODULE_EXPANDS_TOO_FAR },
		{ 31 * MIB, 56 << 10, MODULE_EXPANDS_TOO_FAR },
		{ 31 * MIB, 64 << 10, MODULE_BAD_SECTION },
		{ 40 * MIB, 0, MODULE_EXPANDS_TOO_FAR },
		{ 40 * MIB, 120 << 10, MODULE_EXPANDS_TOO_FAR },
		{ 40 * MIB, 180 << 10, MODULE_BAD_SECTION },
	};

	for (size_t i = 0; i < ARRAY_SIZE(large_rows); i++) {
		_cleanup_bytes_ struct bytes input = { 0 };
		int r;

		use_limit(GIB);
		make_large(&input, large_rows[i].size, large_rows[i].noise);
		ck_assert_int_eq(module_reader_start(reader, bytes_file(input.data, input.size)),
				 1);
		largest_realloc = 0;
		r = module_reader_read(reader);
		CHECK(r == large_rows[i].result, "row %zu: %d", i, r);
		/* a byte more tells that the limit was passed */
		if (input.size < 64 << 10)
			ck_assert_uint_le(largest_realloc,
					  512 * (input.size < 1024 ? 1024 : input.size) + 1);
	}
}

/* NULL if all is well. */
static void *read_large(void *data)
{
	const int *fd = data;
	struct module_reader *own = module_reader_new(GIB, &shared_memory);
	int r;

	for (int i = 0; i < 3; i++) {
		r = module_reader_start(own, *fd);
		r = r == 1 ? module_reader_read(own) : -EBADF;
		module_reader_end(own);
		if (r != MODULE_BAD_SECTION)
			return data;
	}
	module_reader_free(own);
	return NULL;
}

/* The size when decompressed, and whether one reader at a time may have so much. */
static const struct {
	size_t size;
	size_t noise;
	bool is_rest;
} shared_rows[] = {
	{ 12 * MIB, 60 << 10, false },
	{ 80 * MIB, 400 << 10, true },
};

LOOP_TEST(readers_share_memory, ARRAY_SIZE(shared_rows))
{
	_cleanup_bytes_ struct bytes input = { 0 };
	pthread_t threads[MODULE_MEMORY_SHARES + 4];
	void *failed;
	int fd;

	make_large(&input, shared_rows[_i].size, shared_rows[_i].noise);
	fd = bytes_file(input.data, input.size);
	is_more_than_taken = false;
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, read_large, &fd), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		ck_assert_int_eq(pthread_join(threads[i], &failed), 0);
		ck_assert_ptr_null(failed);
	}
	ck_assert_uint_eq(shared_memory.n_shares, 0);
	ck_assert(!shared_memory.is_rest_taken);
	ck_assert(!is_more_than_taken);
	ck_assert_uint_gt(largest_realloc,
			  shared_rows[_i].is_rest ? MODULE_MEMORY_SHARE : MODULE_MEMORY_EACH);
}

/* A plain module with 8 MiB of .modinfo. */
static void make_large_modinfo(struct bytes *module)
{
	char *string = calloc(1, 8 * MIB + 1);
	const struct mkmodule spec = { 64, 0, 0, (const char *const[]){ string }, 1 };

	CHECK(string, "no memory");
	memset(string, 'x', 8 * MIB);
	module->data = mkmodule(&spec, &module->size);
	free(string);
}

/* _i: a share for a decompressed module, or for .modinfo */
LOOP_TEST(each_reader_has_a_share_until_its_end, 2)
{
	struct module_reader *readers[MODULE_MEMORY_SHARES];
	_cleanup_bytes_ struct bytes input = { 0 };
	int fd;

	if (_i == 0)
		make_large(&input, 5 * MIB, 60 << 10);
	else
		make_large_modinfo(&input);
	fd = bytes_file(input.data, input.size);
	is_more_than_taken = false;
	for (unsigned int i = 0; i < ARRAY_SIZE(readers); i++) {
		readers[i] = module_reader_new(GIB, &shared_memory);
		ck_assert_int_eq(module_reader_start(readers[i], fd), _i == 0);
		ck_assert_int_eq(module_reader_read(readers[i]),
				 _i == 0 ? MODULE_BAD_SECTION : MODULE_OK);
		ck_assert_uint_eq(shared_memory.n_shares, i + 1);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(readers); i++) {
		size_t position = 0;

		module_reader_end(readers[i]);
		ck_assert_uint_eq(shared_memory.n_shares, ARRAY_SIZE(readers) - i - 1);
		/* the memory that a reader keeps for the next module is smaller */
		ck_assert_ptr_null(module_reader_next_alias(readers[i], &position));
		ck_assert_uint_eq(position, 0);
		module_reader_free(readers[i]);
	}
	ck_assert_uint_eq(shared_memory.n_shares, 0);
	ck_assert(!is_more_than_taken);
}
#endif

/* --- the chunks that the input is read in -------------------------------------------------- */

struct noise {
	struct bytes content;
	struct bytes part;
};

static void make_noise(const struct format *format, struct noise *noise)
{
	*noise = (struct noise){ 0 };
	add_noise(&noise->content, CHUNK - 2048);
	format->compress(&noise->part, noise->content.data, noise->content.size);
	ck_assert_uint_lt(noise->part.size, CHUNK - 512);
}

/* A file of a size, padded after the part with content, or before it. */
static void check_size(const struct format *format, const struct noise *noise, size_t size,
		       bool before)
{
	_cleanup_bytes_ struct bytes input = { 0 };
	char what[64];

	if (before) {
		format->compress(&input, NULL, 0);
		format->pad(&input, size - input.size - noise->part.size);
	}
	bytes_add(&input, noise->part.data, noise->part.size);
	if (!before)
		format->pad(&input, size - input.size);
	ck_assert_uint_eq(input.size, size);
	(void)snprintf(what, sizeof(what), "%s of %zu bytes%s", format->name, size,
		       before ? ", padding first" : "");
	expect(&input, 0, &noise->content, what);
}

LOOP_TEST(files_may_end_anywhere_near_the_end_of_a_chunk, N_FORMATS)
{
	const struct format *format = &formats[_i];
	struct noise noise;

	make_noise(format, &noise);
	for (size_t chunks = 1; chunks <= 2; chunks++)
		for (size_t size = chunks * CHUNK - 16; size <= chunks * CHUNK + 16; size++) {
			if (size % format->pad_unit != 0)
				continue;
			check_size(format, &noise, size, false);
			check_size(format, &noise, size, true);
		}
	bytes_done(&noise.content);
	bytes_done(&noise.part);
}

LOOP_TEST(input_of_several_chunks, N_FORMATS)
{
	_cleanup_bytes_ struct bytes input = { 0 }, content = { 0 };
	struct decompressed bytes;

	add_noise(&content, 2 * CHUNK + 4711);
	formats[_i].compress(&input, content.data, content.size);
	ck_assert_uint_gt(input.size, 2 * CHUNK + 1);
	expect(&input, 0, &content, formats[_i].name);
	for (size_t n = CHUNK - 1; n <= 2 * CHUNK + 1; n += n % CHUNK == 1 ? CHUNK - 2 : 1) {
		int r = decompress(input.data, n, &bytes);

		CHECK(r == MODULE_DATA_TRUNCATED, "%s, first %zu bytes: %d", formats[_i].name, n,
		      r);
	}
	bytes_fill(&input, 'x', 1);
	ck_assert(is_corrupt(decompress(input.data, input.size, &bytes)));
}

/* --- one object for many files -------------------------------------------------------------- */

struct sample {
	struct bytes input;
	struct bytes content;
	int expected;
	char name[32];
};

static struct sample *add_sample(struct sample *samples, size_t *n, const struct format *format,
				 const char *parts, int expected)
{
	struct sample *sample = &samples[(*n)++];

	*sample = (struct sample){ .expected = expected };
	(void)snprintf(sample->name, sizeof(sample->name), "%s %s: %d", format->name, parts,
		       expected);
	for (; *parts != '\0'; parts++)
		format->add_part(&sample->input, &sample->content, *parts);
	return sample;
}

#define SAMPLES_EACH 7
#define SAMPLES_LIMIT (64 * KIB)

static size_t make_samples(struct sample *samples)
{
	size_t n = 0;

	for (int i = 0; i < N_FORMATS; i++) {
		const struct format *format = &formats[i];
		struct sample *sample;

		(void)add_sample(samples, &n, format, "a", 0);
		(void)add_sample(samples, &n, format, "aea", 0);
		(void)add_sample(samples, &n, format, "e", 0);
		sample = add_sample(samples, &n, format, "a", MODULE_DATA_TRUNCATED);
		sample->input.size /= 2;
		sample = add_sample(samples, &n, format, "aa", MODULE_DATA_TRUNCATED);
		sample->input.size -= 1;
		sample = add_sample(samples, &n, format, "aa", MODULE_DATA_DAMAGED);
		sample->input.data[format->checksum_end(&sample->input) - 1] ^= 1;
		sample = add_sample(samples, &n, format, "a", MODULE_TOO_LARGE);
		add_text(&sample->content, SAMPLES_LIMIT + 1);
		format->compress(&sample->input, sample->content.data, sample->content.size);
	}
	return n;
}

TEST(a_reader_keeps_no_state_between_files)
{
	struct sample samples[SAMPLES_EACH * ARRAY_SIZE(formats)];
	size_t n = make_samples(samples);

	use_limit(SAMPLES_LIMIT);
	for (size_t first = 0; first < n; first++)
		for (size_t second = 0; second < n; second++) {
			char what[80];

			(void)snprintf(what, sizeof(what), "%s, then %s", samples[first].name,
				       samples[second].name);
			expect(&samples[first].input, samples[first].expected,
			       &samples[first].content, what);
			expect(&samples[second].input, samples[second].expected,
			       &samples[second].content, what);
		}
	for (size_t i = 0; i < n; i++) {
		bytes_done(&samples[i].input);
		bytes_done(&samples[i].content);
	}
}

LOOP_TEST(the_name_of_a_file_does_not_matter, N_FORMATS)
{
	static const char *const names[] = { "a.ko", "a.ko.gz", "a.ko.xz", "a.ko.zst", "a" };
	_cleanup_bytes_ struct bytes input = { 0 }, content = { 0 };
	int dir_fd = harness_directory();

	formats[_i].add_part(&input, &content, 'a');
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct decompressed bytes;
		int fd;

		harness_write(dir_fd, names[i], input.data, input.size);
		fd = openat(dir_fd, names[i], O_RDONLY | O_CLOEXEC);
		ck_assert_int_eq(decompress_fd(fd, &bytes), 0);
		CHECK(is_content(&bytes, &content, content.size), "%s called %s", formats[_i].name,
		      names[i]);
		ck_assert_int_eq(close(fd), 0);
	}
	ck_assert_int_eq(close(dir_fd), 0);
}

/* --- magic ------------------------------------------------------------------------------- */

static const struct {
	struct text magic; /* fewer bytes are nothing */
	bool compressed;
} magic_rows[] = {
	{ BYTES("\x1f\x8b"), true },
	{ BYTES("\xfd"
		"7zXZ\0"),
	  true },
	{ BYTES("\x28\xb5\x2f\xfd"), true },
	{ BYTES("\x50\x2a\x4d\x18"), true },
	{ BYTES("\x58\x2a\x4d\x18"), true },
	{ BYTES("\x5f\x2a\x4d\x18"), true },
	{ BYTES("\x4f\x2a\x4d\x18"), false },
	{ BYTES("\x60\x2a\x4d\x18"), false },
	{ BYTES("\x50\x2a\x4d\x19"), false },
	{ BYTES("\x1f\x8c"), false },
	{ BYTES("\x1e\x8b"), false },
	{ BYTES("\x1f\x9d\x90"), false },
	{ BYTES("\x78\x9c\x03\0\0\0\0\1"), false },
	{ BYTES("\xfd"
		"7zXZ\1"),
	  false },
	{ BYTES("\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff"), false },
	{ BYTES("\x1e\xb5\x2f\xfd"), false },
	{ BYTES("\x25\xb5\x2f\xfd"), false },
	{ BYTES("\x28\xb5\x2f\xfc"), false },
	{ BYTES("\x04\x22\x4d\x18"), false },
	{ BYTES("BZh91AY&SY"), false },
	{ BYTES("\x89LZO\0\r\n\x1a\n"), false },
	{ BYTES("PK\3\4"), false },
	{ BYTES("\x7f"
		"ELF\2\1\1\0\0\0\0\0\0\0\0\0"),
	  false },
	{ BYTES(""), false },
	{ BYTES("\0\0\0\0\0\0\0\0"), false },
};

static bool is_compressed(const void *data, size_t size)
{
	int r = module_reader_start(reader, bytes_file(data, size));

	CHECK(r == 0 || r == 1, "cannot read the file: %d", r);
	return r == 1;
}

TEST(the_magic_selects_the_compression)
{
	for (size_t i = 0; i < ARRAY_SIZE(magic_rows); i++) {
		_cleanup_bytes_ struct bytes bytes = { 0 };

		bytes_add(&bytes, magic_rows[i].magic.bytes, magic_rows[i].magic.size);
		CHECK(is_compressed(bytes.data, bytes.size) == magic_rows[i].compressed, "row %zu",
		      i);
		bytes_fill(&bytes, 0, 100);
		CHECK(is_compressed(bytes.data, bytes.size) == magic_rows[i].compressed,
		      "row %zu, and more", i);
		for (size_t n = 0; n < magic_rows[i].magic.size; n++)
			CHECK(!is_compressed(bytes.data, n), "row %zu, first %zu bytes", i, n);
	}
}

TEST(a_plain_module_is_not_compressed)
{
	static const char *const strings[] = { "alias=devname:fuse" };

	for (int variant = 0; variant < 4; variant++) {
		struct mkmodule spec = { variant & 1 ? 32 : 64, variant >> 1, MKMODULE_SOUND,
					 strings, 1 };
		size_t size;
		uint8_t *image = mkmodule(&spec, &size);

		ck_assert(!is_compressed(image, size));
		free(image);
	}
}

/* The first bytes are known in every build, so that what it cannot read has a name. */
TEST(a_format_that_is_not_built_in_is_unsupported)
{
	static const struct {
		const char *format;
		struct text file;
	} rows[] = {
		{ "gzip", BYTES("\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0") },
		{ "xz", BYTES("\xfd"
			      "7zXZ\0\0\0\xff\x12\xd9\x41\0\0\0\0\x1c\xdf\x44\x21"
			      "\x06\x72\x9e\x7a\1\0\0\0\0\0YZ") },
		{ "zstd", BYTES("\x28\xb5\x2f\xfd\x20\0\1\0\0") },
		{ "zstd", BYTES("\x5a\x2a\x4d\x18\4\0\0\0skip") },
	};
	struct decompressed bytes;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = decompress(rows[i].file.bytes, rows[i].file.size, &bytes);

		CHECK((r > 0 &&
		       module_error_code((enum module_error)r) == KMOD_DEVNAME_CODE_UNSUPPORTED) ==
			      !format_named(rows[i].format),
		      "%s: %d", rows[i].format, r);
	}
}

/* --- gzip -------------------------------------------------------------------------------- */

#if WITH_ZLIB
LOOP_TEST(gzip_header_fields_do_not_matter, 32)
{
	static const size_t name_sizes[] = { 0, 1, 255, 5000 };

	for (size_t i = 0; i < ARRAY_SIZE(name_sizes); i++) {
		_cleanup_bytes_ struct bytes input = { 0 }, content = { 0 };

		add_text(&content, PART_SIZE);
		gzip_member(&input, (unsigned int)_i, name_sizes[i], 6, content.data, content.size);
		expect(&input, 0, &content, "gzip");
	}
}

TEST(gzip_of_a_thousand_members)
{
	_cleanup_bytes_ struct bytes input = { 0 }, content = { 0 };

	for (size_t i = 0; i < 1000; i++) {
		size_t start = content.size;

		add_text(&content, i % 7);
		gzip_member(&input, FNAME, i % 50, 6, bytes_from(&content, start),
			    content.size - start);
	}
	expect(&input, 0, &content, "gzip");
}
#endif

/* --- xz ---------------------------------------------------------------------------------- */

#if WITH_XZ
static void put_crc32(uint8_t *to, const uint8_t *from, size_t size)
{
	uint32_t crc = lzma_crc32(from, size, 0);

	for (size_t i = 0; i < 4; i++)
		to[i] = (uint8_t)(crc >> (8 * i));
}

/*
 * Sections 3.1 and 5.3.1 of the .xz file format: at 12 the size of the block header in units
 * of 4 less 4, at 13 its flags, then filter 0x21, one byte of properties, and this one.
 */
static void set_dictionary(struct bytes *file, uint8_t bits)
{
	uint8_t *header = file->data + 12;
	size_t size = 4 * ((size_t)header[0] + 1);

	ck_assert_uint_eq(header[2], 0x21);
	header[4] = bits;
	put_crc32(header + size - 4, header, size - 4);
}

/* The decoder may have 128 MiB in all: a dictionary of 96 MiB, but not one of 128. */
TEST(xz_dictionaries_are_bounded)
{
	_cleanup_bytes_ struct bytes input = { 0 }, content = { 0 };
	char what[32];

	xz_part(&input, &content, 'a');
	for (uint8_t bits = 0; bits <= 40; bits++) {
		uint64_t size =
			bits == 40 ? UINT32_MAX : (uint64_t)(2 | (bits & 1)) << (bits / 2 + 11);

		set_dictionary(&input, bits);
		(void)snprintf(what, sizeof(what), "dictionary 2^%u, %u", bits / 2 + 12, bits & 1);
		expect(&input, size < 128 * MIB ? 0 : MODULE_DATA_NEEDS_MEMORY, &content, what);
	}
	set_dictionary(&input, 29);
	expect(&input, 0, &content, "after a fault");
}

/* Also in a stream or block that is not the first. */
TEST(xz_dictionaries_are_bounded_in_every_stream)
{
	_cleanup_bytes_ struct bytes input = { 0 }, second = { 0 }, content = { 0 };

	xz_part(&input, &content, 'a');
	xz_part(&second, &content, 'a');
	set_dictionary(&second, 31); /* 192 MiB */
	bytes_add(&input, second.data, second.size);
	expect(&input, MODULE_DATA_NEEDS_MEMORY, NULL, "second stream");
}
#endif

/* --- zstd -------------------------------------------------------------------------------- */

#if WITH_ZSTD
/* RFC 8878, section 3.1.1.1.2: the size is 2^log plus eighths of that */
TEST(zstd_windows_are_bounded)
{
	_cleanup_bytes_ struct bytes content = { 0 };

	add_text(&content, PART_SIZE);
	for (unsigned int window_log = 10; window_log <= 41; window_log++)
		for (unsigned int mantissa = 0; mantissa < 8; mantissa++) {
			bool fits = window_log < 27 || (window_log == 27 && mantissa == 0);
			_cleanup_bytes_ struct bytes input = { 0 };
			char what[32];

			zstd_raw_frame(&input, window_log, mantissa, content.data, content.size);
			(void)snprintf(what, sizeof(what), "window 2^%u, %u/8", window_log,
				       mantissa);
			expect(&input, fits ? 0 : MODULE_DATA_NEEDS_MEMORY, &content, what);
		}
}

static const struct {
	const char *what;
	struct text text; /* after the magic */
	enum kmod_devname_code code; /* NONE: legal, and the content is "hello" */
} zstd_rows[] = {
	{ "by the book", BYTES("\0\0\x29\0\0hello"), 0 },
	{ "content size of 1 byte", BYTES("\x20\5\x29\0\0hello"), 0 },
	{ "content size of 8 bytes", BYTES("\xc0\0\5\0\0\0\0\0\0\0\x29\0\0hello"), 0 },
	{ "two blocks", BYTES("\0\0\x10\0\0he\x19\0\0llo"), 0 },
	{ "an empty last block", BYTES("\0\0\x28\0\0hello\1\0\0"), 0 },
	{ "unused bit", BYTES("\x10\0\x29\0\0hello"), 0 },
	{ "dictionary 0", BYTES("\1\0\0\x29\0\0hello"), 0 },
	{ "size too small", BYTES("\x20\4\x29\0\0hello"), KMOD_DEVNAME_CODE_CORRUPT },
	{ "size too large", BYTES("\x20\6\x29\0\0hello"), KMOD_DEVNAME_CODE_CORRUPT },
	{ "reserved bit", BYTES("\x08\0\x29\0\0hello"), KMOD_DEVNAME_CODE_UNSUPPORTED },
	{ "a dictionary", BYTES("\1\0\x05\x29\0\0hello"), KMOD_DEVNAME_CODE_UNSUPPORTED },
	{ "reserved block type", BYTES("\0\0\x2f\0\0hello"), KMOD_DEVNAME_CODE_CORRUPT },
	{ "block larger than the window", BYTES("\0\0\x01\x40\0hello"), KMOD_DEVNAME_CODE_CORRUPT },
	{ "compressed garbage", BYTES("\0\0\x2d\0\0hello"), KMOD_DEVNAME_CODE_CORRUPT },
	{ "no last block", BYTES("\0\0\x28\0\0hello"), KMOD_DEVNAME_CODE_CORRUPT },
	{ "1 EiB at once", BYTES("\xe0\0\0\0\0\0\0\0\x10\x29\0\0hello"),
	  KMOD_DEVNAME_CODE_TOO_LARGE },
	{ "almost 16 EiB at once", BYTES("\xe0\xfd\xff\xff\xff\xff\xff\xff\xff\x29\0\0hello"),
	  KMOD_DEVNAME_CODE_TOO_LARGE },
	{ "256 MiB at once", BYTES("\xa0\0\0\0\x10\x29\0\0hello"), KMOD_DEVNAME_CODE_TOO_LARGE },
	{ "1 EiB with a window", BYTES("\xc0\0\0\0\0\0\0\0\0\x10\x29\0\0hello"),
	  KMOD_DEVNAME_CODE_CORRUPT },
};

LOOP_TEST(zstd_sizes_do_not_decide_the_allocation, ARRAY_SIZE(zstd_rows))
{
	static const struct bytes hello = { (uint8_t *)(uintptr_t) "hello", 5, 5 };
	_cleanup_bytes_ struct bytes input = { 0 };
	struct decompressed bytes;
	int r;

	bytes_add(&input, "\x28\xb5\x2f\xfd", 4);
	bytes_add(&input, zstd_rows[_i].text.bytes, zstd_rows[_i].text.size);
	r = decompress(input.data, input.size, &bytes);
	if (zstd_rows[_i].code == 0)
		CHECK(r == 0 && is_content(&bytes, &hello, hello.size), "%s: %d",
		      zstd_rows[_i].what, r);
	else
		CHECK(r > 0 && module_error_code((enum module_error)r) == zstd_rows[_i].code,
		      "%s: %d", zstd_rows[_i].what, r);
	/* whatever it says, a small file gets little memory */
	ck_assert_uint_le(largest_realloc, 2 * MIB);
}

TEST(zstd_frames_to_be_skipped_may_be_large)
{
	_cleanup_bytes_ struct bytes input = { 0 }, content = { 0 };
	struct decompressed bytes;

	for (unsigned int i = 0; i < 16; i++) {
		zstd_skippable(&input, i, CHUNK / 3);
		zstd_part(&input, &content, i % 2 ? 'a' : 'u');
	}
	zstd_skippable(&input, 0, 2 * CHUNK);
	expect(&input, 0, &content, "zstd");
	ck_assert_int_eq(decompress(input.data, input.size - 1, &bytes), MODULE_DATA_TRUNCATED);
}

/* zstd has taken all input then, and still keeps output for which there was no room. */
TEST(zstd_frames_without_a_size_may_be_large)
{
	static const size_t sizes[] = { MIB - 1, MIB, MIB + 1, 2 * MIB, 2 * MIB + 17, 5 * MIB };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (int with_checksum = 0; with_checksum < 2; with_checksum++) {
			_cleanup_bytes_ struct bytes input = { 0 }, content = { 0 };

			add_text(&content, sizes[i]);
			/* so that the end of the memory is not the end of a block */
			zstd_frame(&input, false, with_checksum, content.data, 64 * KIB);
			zstd_frame(&input, false, with_checksum, content.data + 64 * KIB,
				   content.size - 64 * KIB);
			check_limit(format_named("zstd"), &input, &content, LIMIT);
			check_limit(format_named("zstd"), &input, &content, sizes[i]);
			check_limit(format_named("zstd"), &input, &content, sizes[i] - 1);
		}
}
#endif

int main(void)
{
	return harness_run(set_up, tear_down);
}
