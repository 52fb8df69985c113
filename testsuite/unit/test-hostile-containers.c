// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compressed modules whose containers lie. They are made by hand from RFC 1951 and 1952, the .xz
 * file format and RFC 8878, so that a row can put anything into any field; what must come of it by
 * these is in the row: the node all the same, or which fault. Then what takes time or memory:
 * bombs, and data that never comes to an end.
 */

#include <lzma.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include "lib/hostile.h"
#include "lib/mkmodule.h"

#define MEMORY (256 * MIB)
#define RESIDENT_KIB (128 * KIB)

#define GOOD "m fuse c10:229"
#define CORRUPT "corrupt"
#define MALFORMED "malformed" /* what comes out is no module */
#define TOO_LARGE "too-large"
#define UNSUPPORTED "unsupported"

/* The module that is in all of them. */
static struct bytes module_bytes(void)
{
	static const char *const strings[] = { "license=GPL", "alias=devname:fuse",
					       "alias=char-major-10-229" };
	struct mkmodule spec = { 64, 0, MKMODULE_SOUND, strings, ARRAY_SIZE(strings) };
	struct bytes bytes = { 0 };

	bytes.data = mkmodule(&spec, &bytes.size);
	bytes.capacity = bytes.size;
	return bytes;
}

static void check(const struct bytes *file, const char *expected, const char *what)
{
	const char *got = hostile_judge(file->data, file->size);

	CHECK(strcmp(got, expected) == 0, "%s: '%s' instead of '%s'", what, got, expected);
}

/* RFC 1952, section 8, and the .xz file format, section 6: the same polynomial */
static uint32_t crc_of(const uint8_t *data, size_t size)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < size; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* --- gzip -------------------------------------------------------------------------------- */

enum { FTEXT = 1, FHCRC = 2, FEXTRA = 4, FNAME = 8, FCOMMENT = 16 };

/* What is different from a plain member; all 0: nothing. */
struct gzip {
	unsigned int method; /* xor 8 */
	unsigned int flags;
	unsigned int rest; /* of time, extra flags and system: each byte */
	size_t extra; /* bytes that are there */
	size_t claimed; /* more than that */
	size_t text; /* bytes of the name, and of the comment */
	bool endless; /* no NUL after the name or the comment */
	unsigned int header_crc; /* xor */
	size_t empty_blocks; /* before the data */
	unsigned int block; /* xor the first byte of the block, 1: the last, stored */
	unsigned int complement; /* xor the complement of the size */
	size_t size; /* of the block, more than there is */
	bool no_last; /* nothing comes after the first byte of data */
	uint32_t crc; /* xor */
	uint32_t isize; /* more than there is */
	const char *tail; /* behind it all */
};

static void gzip_header(struct bytes *file, const struct gzip *gzip)
{
	size_t start = file->size;

	bytes_add(file, "\x1f\x8b", 2);
	bytes_number(file, 8 ^ gzip->method, 1);
	bytes_number(file, gzip->flags, 1);
	bytes_fill(file, (uint8_t)gzip->rest, 6);
	if (gzip->flags & FEXTRA) {
		bytes_number(file, gzip->extra + gzip->claimed, 2);
		bytes_fill(file, 'x', gzip->extra);
	}
	for (unsigned int flag = FNAME; flag <= FCOMMENT; flag *= 2)
		if (gzip->flags & flag) {
			bytes_fill(file, 'n', gzip->text);
			bytes_fill(file, 0, !gzip->endless);
		}
	if (gzip->flags & FHCRC)
		bytes_number(file,
			     (crc_of(file->data + start, file->size - start) & 0xffff) ^
				     gzip->header_crc,
			     2);
}

/* RFC 1951, section 3.2.4: stored blocks */
static void gzip_member(struct bytes *file, const struct gzip *gzip, const struct bytes *content)
{
	size_t size = content->size + gzip->size;

	gzip_header(file, gzip);
	for (size_t i = 0; i < gzip->empty_blocks; i++)
		bytes_add(file, "\0\0\0\xff\xff", 5);
	bytes_number(file, 1 ^ gzip->block, 1);
	bytes_number(file, size, 2);
	bytes_number(file, ~size ^ gzip->complement, 2);
	bytes_add(file, content->data, gzip->no_last ? 1 : content->size);
	if (gzip->no_last)
		return;
	bytes_number(file, crc_of(content->data, content->size) ^ gzip->crc, 4);
	bytes_number(file, content->size + gzip->isize, 4);
	if (gzip->tail)
		bytes_add(file, gzip->tail, strlen(gzip->tail));
}

/* clang-format off */
static const struct {
	const char *what;
	struct gzip gzip;
	const char *expected;
} gzip_rows[] = {
	{ "by the book", { .method = 0 }, GOOD },
	{ "method 7: there is 8", { .method = 15 }, CORRUPT },
	{ "method 9: deflate64 is another format", { .method = 1 }, CORRUPT },
	{ "method 0", { .method = 8 }, CORRUPT },
	{ "method 255", { .method = 0xf7 }, CORRUPT },
	{ "all other fields at their end", { .rest = 0xff }, GOOD },
	{ "text, which means nothing", { .flags = FTEXT }, GOOD },
	{ "extra field of no byte", { .flags = FEXTRA }, GOOD },
	{ "extra field of the most bytes", { .flags = FEXTRA, .extra = 65535 }, GOOD },
	{ "extra field that takes the block's first byte",
	  { .flags = FEXTRA, .extra = 4, .claimed = 1 }, CORRUPT },
	{ "extra field that takes all", { .flags = FEXTRA, .claimed = 65535 }, CORRUPT },
	{ "name of no byte", { .flags = FNAME }, GOOD },
	{ "name of 1 MiB, where a chunk ends", { .flags = FNAME, .text = MIB - 11 }, GOOD },
	{ "name of a bit more than 1 MiB", { .flags = FNAME, .text = MIB + 7 }, GOOD },
	{ "name of 31 MiB", { .flags = FNAME, .text = 31 * MIB }, GOOD },
	{ "name of 34 MiB: nobody has that", { .flags = FNAME, .text = 34 * MIB }, TOO_LARGE },
	{ "name that does not end", { .flags = FNAME, .text = 9, .endless = true, .no_last = true },
	  CORRUPT },
	{ "comment that does not end",
	  { .flags = FCOMMENT, .text = 9, .endless = true, .no_last = true }, CORRUPT },
	{ "name and comment of 1 MiB each", { .flags = FNAME | FCOMMENT, .text = MIB }, GOOD },
	{ "checksum of the header", { .flags = FHCRC }, GOOD },
	{ "checksum of the header, wrong", { .flags = FHCRC, .header_crc = 0x8000 }, CORRUPT },
	{ "checksum of a header with all fields, wrong",
	  { .flags = 31, .extra = 7, .text = 3, .header_crc = 1 }, CORRUPT },
	{ "a reserved flag", { .flags = 0x20 }, CORRUPT },
	{ "another reserved flag", { .flags = 0x40 }, CORRUPT },
	{ "the last reserved flag", { .flags = 0x80 }, CORRUPT },
	{ "an empty block first", { .empty_blocks = 1 }, GOOD },
	{ "100,000 empty blocks first", { .empty_blocks = 100000 }, GOOD },
	{ "no block is the last", { .block = 1 }, CORRUPT },
	{ "the block of a reserved type", { .block = 6 }, CORRUPT },
	{ "a stored block said to be of fixed codes", { .block = 2 }, CORRUPT },
	{ "a stored block said to be of dynamic codes", { .block = 4 }, CORRUPT },
	{ "bits between the block's header and its size", { .block = 0xf8 }, GOOD },
	{ "the complement of the size: one bit", { .complement = 1 }, CORRUPT },
	{ "the complement of the size: the size again", { .complement = 0xffff }, CORRUPT },
	{ "the size: one more", { .size = 1 }, CORRUPT },
	{ "the size: one less", { .size = (size_t)-1 }, CORRUPT },
	{ "the size: the end of the file", { .size = 8 }, CORRUPT },
	{ "the size: as large as it can be", { .size = 60000 }, CORRUPT },
	{ "one byte of data, and the end", { .no_last = true }, CORRUPT },
	{ "the checksum: one bit", { .crc = 1 }, CORRUPT },
	{ "the checksum: every bit", { .crc = 0xffffffff }, CORRUPT },
	{ "the size at the end: one more", { .isize = 1 }, CORRUPT },
	{ "the size at the end: 4 GiB less one", { .isize = 0xfffffe00 }, CORRUPT },
	{ "the size at the end: 2 GiB", { .isize = 0x80000000 }, CORRUPT },
	{ "the beginning of another member behind it", { .tail = "\x1f\x8b\x08" }, CORRUPT },
	{ "a line feed behind it", { .tail = "\n" }, CORRUPT },
	{ "a signature behind it", { .tail = "~Module signature appended~\n" }, CORRUPT },
};

/* --- deflate ----------------------------------------------------------------------------- */

/* RFC 1951, bit by bit: fields with the lowest bit first, codes with the highest first. */
struct bits {
	unsigned int value;
	unsigned int n; /* 0: the end */
};

#define LAST_FIXED { 1, 1 }, { 1, 2 }
#define LAST_DYNAMIC { 1, 1 }, { 2, 2 }
#define COPY_3 { 0x40, 7 } /* code 257, the lowest bit first */
#define END_OF_BLOCK { 0, 7 } /* code 256 */
#define DISTANCE_1 { 0, 5 }

static const struct {
	const char *what;
	struct bits bits[12];
	const char *expected;
} deflate_rows[] = {
	{ "nothing at all: no module", { LAST_FIXED, END_OF_BLOCK }, MALFORMED },
	{ "a copy of what came before the beginning", { LAST_FIXED, COPY_3, DISTANCE_1 }, CORRUPT },
	{ "a literal, and a copy from before the beginning",
	  { LAST_FIXED, { 0x0c, 8 }, COPY_3, { 0x10, 5 } }, CORRUPT },
	{ "a literal and a copy of it: no module",
	  { LAST_FIXED, { 0x0c, 8 }, COPY_3, DISTANCE_1, END_OF_BLOCK }, CORRUPT },
	{ "length code 286, which is reserved", { LAST_FIXED, { 0x63, 8 }, DISTANCE_1 }, CORRUPT },
	{ "length code 287, which is reserved", { LAST_FIXED, { 0xe3, 8 }, DISTANCE_1 }, CORRUPT },
	{ "distance code 30, which is reserved",
	  { LAST_FIXED, { 0x0c, 8 }, COPY_3, { 0x0f, 5 } }, CORRUPT },
	{ "distance code 31, which is reserved",
	  { LAST_FIXED, { 0x0c, 8 }, COPY_3, { 0x1f, 5 } }, CORRUPT },
	{ "288 codes of literals and lengths: there are 286",
	  { LAST_DYNAMIC, { 31, 5 }, { 0, 5 }, { 0, 4 } }, CORRUPT },
	{ "32 codes of distances: there are 30",
	  { LAST_DYNAMIC, { 0, 5 }, { 31, 5 }, { 0, 4 } }, CORRUPT },
	{ "no code for code lengths", { LAST_DYNAMIC, { 0, 5 }, { 0, 5 }, { 0, 4 }, { 0, 12 } },
	  CORRUPT },
	{ "too many codes of one bit",
	  { LAST_DYNAMIC, { 0, 5 }, { 0, 5 }, { 0, 4 }, { 0x249, 12 } }, CORRUPT },
	{ "the length before the first, again",
	  { LAST_DYNAMIC, { 0, 5 }, { 0, 5 }, { 0, 4 }, { 0x009, 12 }, { 0, 1 }, { 0, 2 } },
	  CORRUPT },
	{ "blocks without data, and no last", { { 0, 1 }, { 1, 2 }, END_OF_BLOCK }, CORRUPT },
	{ "a block of the reserved type", { { 1, 1 }, { 3, 2 } }, CORRUPT },
};

/* --- xz ---------------------------------------------------------------------------------- */

/* What is different from a plain stream, of one block with CRC32; sections of the format. */
struct xz {
	unsigned int flags; /* 2.1.1.2, xor: the check in the second byte */
	uint32_t header_crc; /* xor */
	unsigned int block_size; /* 3.1.1, more than there is */
	unsigned int block_flags; /* 3.1.2, xor */
	int filter; /* 3.1.5, xor 0x21, LZMA2 */
	unsigned int properties; /* of the filter: how many more */
	unsigned int dictionary; /* 5.3.1, xor 1, 6 KiB */
	unsigned int header_padding; /* 3.1.6: its last byte */
	uint32_t block_crc; /* xor */
	unsigned int control; /* of the chunk of LZMA2, xor 1: no state, not compressed */
	size_t chunk; /* more bytes in it than there are */
	unsigned int chunk_end; /* xor 0 */
	unsigned int padding; /* 3.3: its bytes */
	uint32_t check; /* 3.4, xor */
	unsigned int indicator; /* 4.1, xor 0 */
	size_t records; /* 4.2, more than one */
	size_t unpadded; /* 4.3, more than it is */
	size_t uncompressed; /* likewise */
	unsigned int index_padding; /* 4.4: its bytes */
	uint32_t index_crc; /* xor */
	uint32_t backward; /* 2.1.2.2, more than it is */
	unsigned int footer_flags; /* 2.1.2.3, xor what the header has */
	uint32_t footer_crc; /* xor */
	unsigned int magic; /* of the footer, xor */
	size_t tail; /* bytes of 0 behind it */
	bool again; /* and the same stream once more */
};

static const struct {
	const char *what;
	struct xz xz;
	const char *expected;
} xz_rows[] = {
	{ "by the book", { .flags = 0 }, GOOD },
	{ "a reserved byte of the stream's flags", { .flags = 0x0001 }, UNSUPPORTED },
	{ "reserved bits beside the check", { .flags = 0x1000 }, UNSUPPORTED },
	{ "all of the stream's flags", { .flags = 0xfeff }, UNSUPPORTED },
	{ "an unknown check", { .flags = 0x0200 }, UNSUPPORTED },
	{ "another unknown check", { .flags = 0x0300 }, UNSUPPORTED },
	{ "the checksum of the header", { .header_crc = 1 }, CORRUPT },
	{ "a header that takes four bytes of the block", { .block_size = 1 }, CORRUPT },
	{ "a header that takes all", { .block_size = 252 }, CORRUPT },
	{ "two filters: padding is filter 0, which nobody has", { .block_flags = 1 }, UNSUPPORTED },
	{ "four filters, likewise", { .block_flags = 3 }, UNSUPPORTED },
	{ "reserved flags of the block", { .block_flags = 0x3c }, UNSUPPORTED },
	{ "one reserved flag of the block", { .block_flags = 0x20 }, UNSUPPORTED },
	{ "sizes instead of the filter: filter 1, which nobody has", { .block_flags = 0xc0 },
	  UNSUPPORTED },
	{ "filter 0x20, which nobody has", { .filter = 0x01 }, UNSUPPORTED },
	{ "filter 3, delta, as the only one", { .filter = 0x22 }, UNSUPPORTED },
	{ "filter 4, x86, as the only one, with properties", { .filter = 0x25 }, UNSUPPORTED },
	{ "filter 0", { .filter = 0x21 }, UNSUPPORTED },
	{ "a property too many", { .properties = 1 }, UNSUPPORTED },
	{ "properties that take all", { .properties = 100 }, CORRUPT },
	{ "a dictionary of 4 GiB", { .dictionary = 1 ^ 40 }, TOO_LARGE },
	{ "a dictionary of 3 GiB", { .dictionary = 1 ^ 39 }, TOO_LARGE },
	{ "a dictionary of more than 4 GiB", { .dictionary = 1 ^ 41 }, UNSUPPORTED },
	{ "a dictionary with reserved bits", { .dictionary = 0x40 }, UNSUPPORTED },
	{ "a dictionary with all bits", { .dictionary = 0xfe }, UNSUPPORTED },
	{ "padding of the block's header", { .header_padding = 1 }, UNSUPPORTED },
	{ "the checksum of the block's header", { .block_crc = 0x80000000 }, CORRUPT },
	{ "a chunk that keeps a dictionary there is not", { .control = 3 }, CORRUPT },
	{ "a chunk of compressed data, without its properties", { .control = 0x81 }, CORRUPT },
	{ "a chunk of a reserved kind", { .control = 0x02 }, CORRUPT },
	{ "a chunk of 127", { .control = 0x7e }, CORRUPT },
	{ "a chunk one byte too large", { .chunk = 1 }, CORRUPT },
	{ "a chunk one byte too small", { .chunk = (size_t)-1 }, CORRUPT },
	{ "a chunk of 64 KiB", { .chunk = 65000 }, CORRUPT },
	{ "no end after the chunk", { .chunk_end = 1 }, CORRUPT },
	{ "padding of the block", { .padding = 1 }, CORRUPT },
	{ "padding of the block, all bits", { .padding = 0xff }, CORRUPT },
	{ "the check of the content", { .check = 1 }, CORRUPT },
	{ "the check of the content, every bit", { .check = 0xffffffff }, CORRUPT },
	{ "an index with another indicator", { .indicator = 0x80 }, CORRUPT },
	{ "another block where the index should be", { .indicator = 2 }, CORRUPT },
	{ "an index of two, and there is one", { .records = 1 }, CORRUPT },
	{ "an index of none, and there is one", { .records = (size_t)-1 }, CORRUPT },
	{ "an index of 100", { .records = 99 }, CORRUPT },
	{ "an index that knows a larger block", { .unpadded = 1 }, CORRUPT },
	{ "an index that knows a smaller block", { .unpadded = (size_t)-4 }, CORRUPT },
	{ "an index that knows more content", { .uncompressed = 1 }, CORRUPT },
	{ "an index that knows less content", { .uncompressed = (size_t)-1 }, CORRUPT },
	{ "padding of the index", { .index_padding = 1 }, CORRUPT },
	{ "the checksum of the index", { .index_crc = 1 }, CORRUPT },
	{ "the way back to the index, one too far", { .backward = 1 }, CORRUPT },
	{ "the way back to the index, one too short", { .backward = (uint32_t)-1 }, CORRUPT },
	{ "the way back to the index, 16 GiB", { .backward = 0xfffffff0 }, CORRUPT },
	{ "a footer with another check", { .footer_flags = 0x0500 }, CORRUPT },
	{ "a footer with reserved flags", { .footer_flags = 0x0001 }, UNSUPPORTED },
	{ "the checksum of the footer", { .footer_crc = 1 }, CORRUPT },
	{ "a footer that does not end with YZ", { .magic = 1 }, CORRUPT },
	{ "four bytes of padding", { .tail = 4 }, GOOD },
	{ "four bytes of padding less one", { .tail = 3 }, CORRUPT },
	{ "a byte of padding", { .tail = 1 }, CORRUPT },
	{ "six bytes of padding", { .tail = 6 }, CORRUPT },
	{ "1 MiB of padding", { .tail = MIB }, GOOD },
	{ "30 MiB of padding", { .tail = 30 * MIB }, GOOD },
	{ "34 MiB of padding: nobody has that", { .tail = 34 * MIB }, TOO_LARGE },
	{ "another stream of the same: the content twice", { .again = true }, GOOD },
	{ "another stream of the same after padding", { .again = true, .tail = 8 }, GOOD },
	{ "another stream of the same after half of it", { .again = true, .tail = 6 }, CORRUPT },
};

/* --- zstd -------------------------------------------------------------------------------- */

/* Pieces of a file that follow the magic, or stand alone. $ is a raw block with the module. */
static const struct {
	const char *what;
	struct text before, after;
	const char *expected;
} zstd_rows[] = {
#define MAGIC "\x28\xb5\x2f\xfd"
#define PLAIN MAGIC "\0\x38" /* a window of 128 KiB, no size, no checksum */
#define LAST_EMPTY "\1\0\0"
	{ "by the book", BYTES(PLAIN), BYTES(LAST_EMPTY), GOOD },
	{ "the smallest window, 1 KiB", BYTES(MAGIC "\0\0"), BYTES(LAST_EMPTY), GOOD },
	{ "the largest window, 3.75 TiB", BYTES(MAGIC "\0\xff"), BYTES(LAST_EMPTY), TOO_LARGE },
	{ "a window of 128 MiB and an eighth", BYTES(MAGIC "\0\x89"), BYTES(LAST_EMPTY),
	  TOO_LARGE },
	{ "dictionary 0 of one byte", BYTES(MAGIC "\1\x38\0"), BYTES(LAST_EMPTY), GOOD },
	{ "dictionary 0 of two bytes", BYTES(MAGIC "\2\x38\0\0"), BYTES(LAST_EMPTY), GOOD },
	{ "dictionary 0 of four bytes", BYTES(MAGIC "\3\x38\0\0\0\0"), BYTES(LAST_EMPTY), GOOD },
	{ "a dictionary of two bytes", BYTES(MAGIC "\2\x38\0\1"), BYTES(LAST_EMPTY), UNSUPPORTED },
	{ "a dictionary of four bytes", BYTES(MAGIC "\3\x38\xff\xff\xff\xff"), BYTES(LAST_EMPTY),
	  UNSUPPORTED },
	{ "the reserved bit", BYTES(MAGIC "\x08\x38"), BYTES(LAST_EMPTY), UNSUPPORTED },
	{ "size 0 of one byte", BYTES(MAGIC "\x20\0"), BYTES(LAST_EMPTY), CORRUPT },
	{ "size 256 of two bytes", BYTES(MAGIC "\x40\x38\0\0"), BYTES(LAST_EMPTY), CORRUPT },
	{ "size 0 of four bytes", BYTES(MAGIC "\x80\x38\0\0\0\0"), BYTES(LAST_EMPTY), CORRUPT },
	/* if the last block has content: libzstd does not look when it is empty */
	{ "size of four bytes at its end", BYTES(MAGIC "\x80\x38\xff\xff\xff\xff"),
	  BYTES("\x0b\0\0x"), CORRUPT },
	{ "size of eight bytes, the end less two",
	  BYTES(MAGIC "\xc0\x38\xfd\xff\xff\xff\xff\xff\xff\xff"), BYTES("\x0b\0\0x"), CORRUPT },
	{ "size of eight bytes at its end, which is none for libzstd",
	  BYTES(MAGIC "\xc0\x38\xff\xff\xff\xff\xff\xff\xff\xff"), BYTES(LAST_EMPTY), GOOD },
	{ "2 GiB at once, which is the window then", BYTES(MAGIC "\xa0\0\0\0\x80"),
	  BYTES(LAST_EMPTY), TOO_LARGE },
	{ "a checksum that is wrong", BYTES(MAGIC "\4\x38"), BYTES(LAST_EMPTY "\0\0\0\0"),
	  CORRUPT },
	{ "a checksum that is not there", BYTES(MAGIC "\4\x38"), BYTES(LAST_EMPTY), CORRUPT },
	{ "no last block", BYTES(PLAIN), BYTES("\0\0\0"), CORRUPT },
	{ "no block after the module", BYTES(PLAIN), BYTES(""), CORRUPT },
	{ "half a block header", BYTES(PLAIN), BYTES("\1\0"), CORRUPT },
	{ "a block of the reserved type", BYTES(PLAIN), BYTES("\7\0\0"), CORRUPT },
	{ "an empty raw block first", BYTES(PLAIN "\0\0\0"), BYTES(LAST_EMPTY), GOOD },
	{ "an empty block of repetition first", BYTES(PLAIN "\2\0\0x"), BYTES(LAST_EMPTY), GOOD },
	{ "a compressed block of one byte", BYTES(PLAIN "\x0c\0\0\0"), BYTES(LAST_EMPTY), CORRUPT },
	{ "a compressed block whose tree is of nobody", BYTES(PLAIN "\x2c\0\0\x0f\0\0\0\0"),
	  BYTES(LAST_EMPTY), CORRUPT },
	{ "128 KiB of a byte behind", BYTES(PLAIN), BYTES("\3\0\x10x"), GOOD },
	{ "more than 128 KiB in a block", BYTES(PLAIN), BYTES("\x0b\0\x10x"), CORRUPT },
	{ "2 MiB in a block", BYTES(PLAIN), BYTES("\xfb\xff\xffx"), CORRUPT },
	{ "a raw block larger than the file", BYTES(PLAIN), BYTES("\xf9\xff\x0fx"), CORRUPT },
	{ "a block larger than the window", BYTES(MAGIC "\0\0"), BYTES("\x0b\x20\0x"), CORRUPT },
	{ "a skippable frame of nothing before", BYTES("\x50\x2a\x4d\x18\0\0\0\0" PLAIN),
	  BYTES(LAST_EMPTY), GOOD },
	{ "the last skippable frame before", BYTES("\x5f\x2a\x4d\x18\1\0\0\0x" PLAIN),
	  BYTES(LAST_EMPTY), GOOD },
	{ "a skippable frame of 4 GiB before", BYTES("\x50\x2a\x4d\x18\xff\xff\xff\xff" PLAIN),
	  BYTES(LAST_EMPTY), CORRUPT },
	{ "a skippable frame of 4 GiB behind", BYTES(PLAIN),
	  BYTES(LAST_EMPTY "\x50\x2a\x4d\x18\xff\xff\xff\xff"), CORRUPT },
	{ "half a skippable frame behind", BYTES(PLAIN), BYTES(LAST_EMPTY "\x50\x2a\x4d\x18\1\0"),
	  CORRUPT },
	{ "a frame of the format of 2015 behind", BYTES(PLAIN),
	  BYTES(LAST_EMPTY "\x25\xb5\x2f\xfd\0\x38\1\0\0"), CORRUPT },
	{ "an empty frame behind", BYTES(PLAIN), BYTES(LAST_EMPTY PLAIN LAST_EMPTY), GOOD },
	{ "an empty frame before", BYTES(PLAIN LAST_EMPTY PLAIN), BYTES(LAST_EMPTY), GOOD },
	{ "an empty frame before, without a window", BYTES(MAGIC "\x20\0" LAST_EMPTY PLAIN),
	  BYTES(LAST_EMPTY), GOOD },
	{ "bytes of 0 behind", BYTES(PLAIN), BYTES(LAST_EMPTY "\0\0\0\0"), CORRUPT },
	{ "the module again, plain", BYTES(PLAIN), BYTES(LAST_EMPTY "\x7f" "ELF"), CORRUPT },
	{ "an xz magic behind", BYTES(PLAIN), BYTES(LAST_EMPTY "\xfd" "7zXZ\0"), CORRUPT },
	{ "a byte before the module", BYTES(PLAIN "\x08\0\0x"), BYTES(LAST_EMPTY), MALFORMED },
};
/* clang-format on */

static void zstd_raw_block(struct bytes *file, const struct bytes *content)
{
	bytes_number(file, content->size << 3, 3);
	bytes_add(file, content->data, content->size);
}

/* --- making them ------------------------------------------------------------------------- */

static void deflate_bits(struct bytes *file, const struct bits *bits, size_t n)
{
	static const struct gzip plain = { .method = 0 };
	unsigned int byte = 0, used = 0;

	gzip_header(file, &plain);
	for (size_t i = 0; i < n && bits[i].n > 0; i++)
		for (unsigned int bit = 0; bit < bits[i].n; bit++) {
			byte |= (bits[i].value >> bit & 1) << used++;
			if (used < 8)
				continue;
			bytes_number(file, byte, 1);
			byte = used = 0;
		}
	bytes_number(file, byte, 1);
	bytes_fill(file, 0, 8); /* checksum and size of nothing */
}

static void add_crc(struct bytes *file, size_t start, uint32_t flip)
{
	bytes_number(file, crc_of(file->data + start, file->size - start) ^ flip, 4);
}

/* Section 1.2: seven bits a byte */
static void add_vli(struct bytes *file, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		bytes_fill(file, (uint8_t)(number | 0x80), 1);
	bytes_fill(file, (uint8_t)number, 1);
}

static void pad_to_4(struct bytes *file, size_t start, unsigned int byte)
{
	bytes_fill(file, (uint8_t)byte, (4 - (file->size - start) % 4) % 4);
}

/* Returns its size, without padding. */
static size_t xz_block(struct bytes *file, const struct xz *xz, const struct bytes *content)
{
	const size_t start = file->size;
	size_t chunk = content->size + xz->chunk - 1, size;

	bytes_number(file, 2 + xz->block_size, 1);
	bytes_number(file, xz->block_flags, 1);
	bytes_number(file, 0x21U ^ (unsigned int)xz->filter, 1);
	bytes_number(file, 1 + xz->properties, 1);
	bytes_number(file, 1 ^ xz->dictionary, 1);
	bytes_fill(file, 0, 2);
	bytes_number(file, xz->header_padding, 1);
	add_crc(file, start, xz->block_crc);
	bytes_number(file, 1 ^ xz->control, 1);
	bytes_number(file, chunk >> 8, 1);
	bytes_number(file, chunk, 1);
	bytes_add(file, content->data, content->size);
	bytes_number(file, xz->chunk_end, 1);
	size = file->size - start + 4;
	pad_to_4(file, start, xz->padding);
	bytes_number(file, crc_of(content->data, content->size) ^ xz->check, 4);
	return size;
}

static void xz_stream(struct bytes *file, const struct xz *xz, const struct bytes *content)
{
	uint8_t flags[2] = { (uint8_t)xz->flags, (uint8_t)(1 ^ xz->flags >> 8) };
	size_t unpadded, start, index;

	bytes_add(file,
		  "\xfd"
		  "7zXZ",
		  6);
	start = file->size;
	bytes_add(file, flags, 2);
	add_crc(file, start, xz->header_crc);
	unpadded = xz_block(file, xz, content);
	start = file->size;
	bytes_number(file, xz->indicator, 1);
	add_vli(file, 1 + xz->records);
	add_vli(file, unpadded + xz->unpadded);
	add_vli(file, content->size + xz->uncompressed);
	pad_to_4(file, start, xz->index_padding);
	add_crc(file, start, xz->index_crc);
	index = file->size - start;
	flags[0] ^= (uint8_t)xz->footer_flags;
	flags[1] ^= (uint8_t)(xz->footer_flags >> 8);
	bytes_number(file, 0, 4);
	start = file->size;
	bytes_number(file, (uint32_t)(index / 4 - 1 + xz->backward), 4);
	bytes_add(file, flags, 2);
	for (size_t i = 0, crc = crc_of(file->data + start, 6) ^ xz->footer_crc; i < 4; i++)
		file->data[start - 4 + i] = (uint8_t)(crc >> (8 * i));
	bytes_number(file, 'Y' ^ xz->magic, 1);
	bytes_add(file, "Z", 1);
}

static void zstd_frame(struct bytes *file, const struct bytes *content)
{
	bytes_add(file, PLAIN, 6);
	zstd_raw_block(file, content);
	bytes_add(file, LAST_EMPTY, 3);
}

/* --- rows -------------------------------------------------------------------------------- */

LOOP_TEST(gzip_headers_of_all_kinds_are_read, ARRAY_SIZE(gzip_rows))
{
	_cleanup_bytes_ struct bytes module = module_bytes(), file = { 0 };

	hostile_bounds(MEMORY);
	gzip_member(&file, &gzip_rows[_i].gzip, &module);
	check(&file, gzip_rows[_i].expected, gzip_rows[_i].what);
}

LOOP_TEST(deflate_blocks_of_all_kinds_are_read, ARRAY_SIZE(deflate_rows))
{
	_cleanup_bytes_ struct bytes file = { 0 };

	hostile_bounds(MEMORY);
	deflate_bits(&file, deflate_rows[_i].bits, ARRAY_SIZE(deflate_rows[_i].bits));
	check(&file, deflate_rows[_i].expected, deflate_rows[_i].what);
}

LOOP_TEST(xz_streams_of_all_kinds_are_read, ARRAY_SIZE(xz_rows))
{
	const struct xz *xz = &xz_rows[_i].xz;
	_cleanup_bytes_ struct bytes module = module_bytes(), file = { 0 };

	hostile_bounds(MEMORY);
	xz_stream(&file, xz, &module);
	bytes_fill(&file, 0, xz->tail);
	if (xz->again)
		xz_stream(&file, xz, &module);
	check(&file, xz_rows[_i].expected, xz_rows[_i].what);
}

LOOP_TEST(zstd_frames_of_all_kinds_are_read, ARRAY_SIZE(zstd_rows))
{
	_cleanup_bytes_ struct bytes module = module_bytes(), file = { 0 };

	hostile_bounds(MEMORY);
	bytes_add(&file, zstd_rows[_i].before.bytes, zstd_rows[_i].before.size);
	zstd_raw_block(&file, &module);
	bytes_add(&file, zstd_rows[_i].after.bytes, zstd_rows[_i].after.size);
	check(&file, zstd_rows[_i].expected, zstd_rows[_i].what);
}

/* --- one in another, and none whole ------------------------------------------------------ */

static const struct gzip plain_gzip = { .method = 0 };
static const struct xz plain_xz = { .flags = 0 };

static void wrap(struct bytes *file, char format, const struct bytes *content)
{
	if (format == 'g')
		gzip_member(file, &plain_gzip, content);
	else if (format == 'x')
		xz_stream(file, &plain_xz, content);
	else
		zstd_frame(file, content);
}

static const char formats[] = "gxz";
#define N_FORMATS (ARRAY_SIZE(formats) - 1)
#define N_PAIRS (N_FORMATS * N_FORMATS)

/* The kernel, and kmod, unpack once; so nobody makes these but who means harm. */
LOOP_TEST(a_module_compressed_twice_is_malformed, N_PAIRS)
{
	char outer = formats[_i / (int)N_FORMATS], inner = formats[_i % (int)N_FORMATS];
	_cleanup_bytes_ struct bytes module = module_bytes(), once = { 0 }, twice = { 0 };

	hostile_bounds(MEMORY);
	wrap(&once, inner, &module);
	wrap(&twice, outer, &once);
	check(&twice, MALFORMED, "packed twice");
}

/* A member of one format behind one of another: no format allows that. */
LOOP_TEST(formats_do_not_mix, N_PAIRS)
{
	char first = formats[_i / (int)N_FORMATS], second = formats[_i % (int)N_FORMATS];
	_cleanup_bytes_ struct bytes module = module_bytes(), file = { 0 };
	const char *expected = first == second ? GOOD : CORRUPT;

	hostile_bounds(MEMORY);
	wrap(&file, first, &module);
	wrap(&file, second, &module);
	check(&file, expected, "one behind another");
}

/* Repeats a piece of a file at its end until that is so large. Returns its descriptor. */
static int repeat(const struct bytes *start, const struct bytes *piece, uint64_t times)
{
	int fd = bytes_file(start->data, start->size);
	uint64_t size = start->size;
	_cleanup_bytes_ struct bytes many = { 0 };
	uint64_t n;

	while (many.size < 256 * KIB || many.size < piece->size)
		bytes_add(&many, piece->data, piece->size);
	for (uint64_t left = times * piece->size; left > 0; left -= n, size += n) {
		n = left < many.size ? left : many.size;
		CHECK(pwrite(fd, many.data, n, (off_t)size) == (ssize_t)n, "pwrite");
	}
	return fd;
}

static void compress_zeros(struct bytes *file, char format, size_t size)
{
	uint8_t *zeros = calloc(1, size);

	CHECK(zeros, "no memory");
	if (format == 'g') {
		z_stream stream = { .next_in = zeros, .avail_in = (uInt)size };

		file->data = malloc(size);
		ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY),
				 Z_OK);
		stream.next_out = file->data;
		stream.avail_out = (uInt)size;
		ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
		file->size = file->capacity = stream.total_out;
		ck_assert_int_eq(deflateEnd(&stream), Z_OK);
	}
	if (format == 'x') {
		file->data = malloc(size);
		ck_assert_int_eq(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, zeros, size,
							 file->data, &file->size, size),
				 LZMA_OK);
		file->capacity = file->size;
	}
	if (format == 'z') {
		bytes_add(file, MAGIC "\0\x38", 6);
		for (size_t done = 0; done < size; done += 128 * KIB)
			bytes_add(file, "\2\0\x10", 4);
		bytes_add(file, LAST_EMPTY, 3);
	}
	free(zeros);
}

/* What the first bytes of a bomb say. */
enum head { HEAD_NONE, HEAD_MODULE, HEAD_HUGE, HEADS };
#define N_BOMBS (N_FORMATS * HEADS)
static const char *const heads[] = { "no header", "a module", "a header that says 2 GiB" };

static void add_head(struct bytes *file, char format, enum head head)
{
	_cleanup_bytes_ struct bytes module = module_bytes();

	/* e_shoff */
	if (head == HEAD_HUGE)
		memcpy(module.data + 40, "\0\0\0\x80\0\0\0", 8);
	if (head != HEAD_NONE)
		wrap(file, format, &module);
}

static size_t resident_kib(void)
{
	struct rusage usage;

	ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
	return (size_t)usage.ru_maxrss;
}

/* What this process has read so far, in bytes; 0 if the kernel does not count. */
static unsigned long long bytes_read(void)
{
	unsigned long long n = 0;
	FILE *stream = fopen("/proc/self/io", "re");

	if (!stream)
		return 0;
	if (fscanf(stream, "rchar: %llu", &n) != 1)
		n = 0;
	(void)fclose(stream);
	return n;
}

#define BOMB_PART (4 * MIB)
#define BOMB_PARTS 2560 /* 10 GiB */

LOOP_TEST(a_bomb_of_10_gib_is_refused_soon_and_in_little_memory, N_BOMBS)
{
	char format = formats[_i / HEADS];
	enum head head = (enum head)(_i % HEADS);
	_cleanup_bytes_ struct bytes start = { 0 }, part = { 0 };
	unsigned long long before;
	const char *got;
	int fd;

	if (harness_under_valgrind() && hostile_is_too_much())
		return;
	compress_zeros(&part, format, BOMB_PART);
	add_head(&start, format, head);
	fd = repeat(&start, &part, BOMB_PARTS);
	hostile_bounds(MEMORY);
	before = bytes_read();
	got = hostile_judge_fd(fd);
	/* a small part of the file, beside what a buffer holds */
	CHECK(bytes_read() - before <= (uint64_t)lseek(fd, 0, SEEK_END) / 8 + 9 * MIB / 8,
	      "%c, %s: %llu bytes were read", format, heads[head], bytes_read() - before);
	CHECK(strcmp(got, TOO_LARGE) == 0, "%c, %s: '%s'", format, heads[head], got);
	CHECK(harness_is_watched() || resident_kib() <= RESIDENT_KIB, "%c, %s: %zu KiB", format,
	      heads[head], resident_kib());
}

/* Content-less pieces, as many as fit into so many MiB of file. */
static const struct {
	const char *what;
	char format;
	struct text start, piece;
	size_t mib;
	const char *expected;
} idle_rows[] = {
	{ "empty members", 'g', BYTES(""), BYTES("\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0"),
	  30, MALFORMED },
	{ "empty members, and more", 'g', BYTES(""),
	  BYTES("\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0"), 40, TOO_LARGE },
	{ "empty stored blocks", 'g', BYTES("\x1f\x8b\x08\0\0\0\0\0\0\3"), BYTES("\0\0\0\xff\xff"),
	  30, CORRUPT },
	{ "empty stored blocks, and more", 'g', BYTES("\x1f\x8b\x08\0\0\0\0\0\0\3"),
	  BYTES("\0\0\0\xff\xff"), 40, TOO_LARGE },
	{ "empty streams", 'x', BYTES(""),
	  BYTES("\xfd"
		"7zXZ\0\0\0\xff\x12\xd9\x41\0\0\0\0\x1c\xdf\x44\x21"
		"\x06\x72\x9e\x7a\1\0\0\0\0\0YZ"),
	  30, MALFORMED },
	{ "empty streams, and more", 'x', BYTES(""),
	  BYTES("\xfd"
		"7zXZ\0\0\0\xff\x12\xd9\x41\0\0\0\0\x1c\xdf\x44\x21"
		"\x06\x72\x9e\x7a\1\0\0\0\0\0YZ"),
	  40, TOO_LARGE },
	{ "empty frames", 'z', BYTES(""), BYTES(PLAIN LAST_EMPTY), 30, MALFORMED },
	{ "empty frames, and more", 'z', BYTES(""), BYTES(PLAIN LAST_EMPTY), 40, TOO_LARGE },
	{ "skippable frames", 'z', BYTES(""), BYTES("\x50\x2a\x4d\x18\0\0\0\0"), 30, MALFORMED },
	{ "skippable frames, and more", 'z', BYTES(""), BYTES("\x50\x2a\x4d\x18\0\0\0\0"), 40,
	  TOO_LARGE },
	{ "empty raw blocks", 'z', BYTES(PLAIN), BYTES("\0\0\0"), 30, CORRUPT },
	{ "empty raw blocks, and more", 'z', BYTES(PLAIN), BYTES("\0\0\0"), 40, TOO_LARGE },
	{ "empty blocks of repetition", 'z', BYTES(PLAIN), BYTES("\2\0\0x"), 30, CORRUPT },
	{ "blocks of one byte", 'z', BYTES(PLAIN), BYTES("\x0a\0\0\x7f"), 30, CORRUPT },
};

LOOP_TEST(empty_frames_take_linear_time, ARRAY_SIZE(idle_rows))
{
	const struct bytes start = { (uint8_t *)(uintptr_t)idle_rows[_i].start.bytes,
				     idle_rows[_i].start.size, 0 };
	const struct bytes piece = { (uint8_t *)(uintptr_t)idle_rows[_i].piece.bytes,
				     idle_rows[_i].piece.size, 0 };
	const char *got;
	int fd;

	if (hostile_is_too_much())
		return;
	fd = repeat(&start, &piece, idle_rows[_i].mib * MIB / piece.size);
	hostile_bounds(MEMORY);
	got = hostile_judge_fd(fd);
	CHECK(strcmp(got, idle_rows[_i].expected) == 0, "%s: '%s' instead of '%s'",
	      idle_rows[_i].what, got, idle_rows[_i].expected);
}

/* Sparse files: what comes after the beginning is a hole, which reads as bytes of 0. */
static const struct {
	const char *what;
	char format;
	struct text start; /* none: a whole module */
	const char *expected;
} hole_rows[] = {
	{ "gzip, then a hole: no member", 'g', { NULL, 0 }, CORRUPT },
	{ "xz, then a hole: padding", 'x', { NULL, 0 }, TOO_LARGE },
	{ "zstd, then a hole: no frame", 'z', { NULL, 0 }, CORRUPT },
	{ "a name of gzip that begins in a hole", 'g', BYTES("\x1f\x8b\x08\x08\0\0\0\0\0\3"),
	  CORRUPT },
	{ "an extra field of gzip in a hole", 'g', BYTES("\x1f\x8b\x08\x04\0\0\0\0\0\3\xff\xff"),
	  CORRUPT },
	{ "an xz header in a hole", 'x',
	  BYTES("\xfd"
		"7zXZ\0"),
	  CORRUPT },
	{ "blocks of zstd in a hole: empty ones", 'z', BYTES(PLAIN), TOO_LARGE },
	{ "a skippable frame in a hole", 'z', BYTES("\x50\x2a\x4d\x18\xff\xff\xff\xff"),
	  TOO_LARGE },
};

LOOP_TEST(a_hole_of_a_terabyte_is_not_read_to_its_end, ARRAY_SIZE(hole_rows))
{
	_cleanup_bytes_ struct bytes module = { 0 }, file = { 0 };
	const char *got;
	int fd;

	if (harness_under_valgrind() && hostile_is_too_much())
		return;
	module = module_bytes();
	if (hole_rows[_i].start.bytes)
		bytes_add(&file, hole_rows[_i].start.bytes, hole_rows[_i].start.size);
	else
		wrap(&file, hole_rows[_i].format, &module);
	fd = bytes_file(file.data, file.size);
	if (ftruncate(fd, (off_t)1 << 40) < 0) {
		harness_skip("no file of that size can be made here");
		return;
	}
	hostile_bounds(MEMORY);
	got = hostile_judge_fd(fd);
	CHECK(strcmp(got, hole_rows[_i].expected) == 0, "%s: '%s' instead of '%s'",
	      hole_rows[_i].what, got, hole_rows[_i].expected);
}

/* --- what is large and sound --------------------------------------------------------------- */

/*
 * Debug information: the section headers, behind it, speak of what comes before. Some of it does
 * not compress: the whole is less than 256 times as large as the file.
 */
LOOP_TEST(a_large_module_is_read_if_its_headers_speak_of_it, N_FORMATS)
{
	enum { SIZE = 48 << 20 };
	_cleanup_bytes_ struct bytes module = { 0 }, file = { 0 }, large = { 0 };
	uint32_t noise = 1;
	size_t table;

	if (hostile_is_too_much())
		return;
	module = module_bytes();
	table = module.size - 4 * 64;
	bytes_add(&large, module.data, table);
	bytes_fill(&large, 0, SIZE - table);
	for (size_t i = 0; i < 256 * KIB; i++) {
		noise = noise * 1103515245 + 12345;
		large.data[table + i] = (uint8_t)(noise >> 24);
	}
	bytes_add(&large, module.data + table, module.size - table);
	for (size_t i = 0; i < 8; i++)
		large.data[40 + i] = (uint8_t)((uint64_t)SIZE >> (8 * i));
	hostile_bounds(8 * MEMORY);
	if (formats[_i] == 'g') {
		z_stream stream = { .next_in = large.data, .avail_in = (uInt)large.size };

		ck_assert_int_eq(deflateInit2(&stream, 1, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY),
				 Z_OK);
		bytes_fill(&file, 0, MIB);
		stream.next_out = file.data;
		stream.avail_out = MIB;
		ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
		file.size = stream.total_out;
		ck_assert_int_eq(deflateEnd(&stream), Z_OK);
	}
	if (formats[_i] == 'x') {
		bytes_fill(&file, 0, MIB);
		file.size = 0;
		ck_assert_int_eq(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, large.data,
							 large.size, file.data, &file.size, MIB),
				 LZMA_OK);
	}
	if (formats[_i] == 'z') {
		bytes_add(&file, PLAIN, 6);
		for (size_t at = 0; at < large.size; at += 64 * KIB) {
			size_t left = large.size - at, n = left < 64 * KIB ? left : 64 * KIB;

			zstd_raw_block(&file, &(struct bytes){ large.data + at, n, 0 });
		}
		bytes_add(&file, LAST_EMPTY, 3);
	}
	check(&file, GOOD, "48 MiB");
}

int main(void)
{
	char what[128] = "containers of modules";

	/* a sanitizer takes more than the files do */
	if (!harness_is_watched())
		(void)snprintf(what + strlen(what), sizeof(what) - strlen(what),
			       "; 10 GiB refused within %zu MiB", RESIDENT_KIB / KIB);
	return hostile_run(what, NULL, NULL);
}
