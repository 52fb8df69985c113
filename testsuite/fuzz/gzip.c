// SPDX-License-Identifier: GPL-2.0-or-later
/* A gzip file -> its bytes, the same as zlib makes of each member at once. */

#include <zlib.h>

#include "fuzz-codec.h"
#include "module/codec.h"

#define GZIP (15 + 16)

static enum fuzz_verdict reference(const uint8_t *data, size_t size, uint8_t *output, size_t room,
				   size_t *ret_size)
{
	z_stream stream = { .next_in = (uint8_t *)(uintptr_t)data,
			    .avail_in = (uInt)size,
			    .next_out = output,
			    .avail_out = (uInt)room };
	int r;

	FUZZ_CHECK(inflateInit2(&stream, GZIP) == Z_OK, "no memory");
	do {
		r = inflate(&stream, Z_FINISH);
	} while (r == Z_STREAM_END && stream.avail_in > 0 && inflateReset(&stream) == Z_OK);
	*ret_size = room - stream.avail_out;
	(void)inflateEnd(&stream);
	if (r == Z_STREAM_END)
		return FUZZ_GOOD;
	return r == Z_BUF_ERROR && stream.avail_out == 0 ? FUZZ_LARGE : FUZZ_BAD;
}

static size_t compress_gzip(int way, const uint8_t *data, size_t size, uint8_t *output, size_t room)
{
	static const struct {
		int level;
		int strategy;
	} ways[] = { { 0, Z_DEFAULT_STRATEGY },
		     { 6, Z_DEFAULT_STRATEGY },
		     { 9, Z_FIXED },
		     { 6, Z_HUFFMAN_ONLY } };
	gz_header header = { .name = (Bytef *)"fuse.ko", .comment = (Bytef *)"c", .hcrc = 1 };
	z_stream stream = { .next_in = (uint8_t *)(uintptr_t)data,
			    .avail_in = (uInt)size,
			    .next_out = output,
			    .avail_out = (uInt)room };
	int r;

	if (way >= (int)(sizeof(ways) / sizeof(ways[0])))
		return 0;
	FUZZ_CHECK(deflateInit2(&stream, ways[way].level, Z_DEFLATED, GZIP, 8,
				ways[way].strategy) == Z_OK,
		   "no memory");
	if (way == 2)
		(void)deflateSetHeader(&stream, &header);
	r = deflate(&stream, Z_FINISH);
	(void)deflateEnd(&stream);
	/* zeros that are stored and not compressed have no room */
	return r == Z_STREAM_END ? room - stream.avail_out : 1;
}

void fuzz_target_gzip_seeds(fuzz_take take)
{
	fuzz_codec_seeds(take, compress_gzip);
}

void fuzz_target_gzip(const uint8_t *data, size_t size)
{
	fuzz_codec_check(data, size, codec_zlib_matches, reference);
}
