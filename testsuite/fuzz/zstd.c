// SPDX-License-Identifier: GPL-2.0-or-later
/* A zstd file -> its bytes, the same as libzstd makes of all frames at once. */

#include <zstd.h>
#include <zstd_errors.h>

#include "base/io.h"
#include "fuzz-codec.h"
#include "module/codec.h"

static enum fuzz_verdict read_stream(const uint8_t *data, size_t size, uint8_t *output, size_t room)
{
	ZSTD_inBuffer in = { data, size, 0 };
	ZSTD_outBuffer out = { output, room, 0 };
	static ZSTD_DCtx *context;
	size_t left = 0;

	if (!context)
		context = ZSTD_createDCtx();
	FUZZ_CHECK(context, "no memory");
	(void)ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
	while (in.pos < in.size && out.pos < out.size && !ZSTD_isError(left))
		left = ZSTD_decompressStream(context, &out, &in);
	if (out.pos == out.size)
		return FUZZ_LARGE;
	return left == 0 ? FUZZ_GOOD : FUZZ_BAD;
}

static enum fuzz_verdict read_at_once(const uint8_t *data, size_t size, uint8_t *output,
				      size_t room, size_t *ret_size)
{
	size_t r = ZSTD_decompress(output, room, data, size);

	*ret_size = r;
	if (!ZSTD_isError(r))
		return r == room ? FUZZ_LARGE : FUZZ_GOOD;
	return ZSTD_getErrorCode(r) == ZSTD_error_dstSize_tooSmall ? FUZZ_LARGE : FUZZ_BAD;
}

/*
 * libzstd takes a compressed block of 0 bytes in a stream, as zstd(1) does, and not at once; it
 * is the other way round with equal bytes that are more than the window.
 */
static enum fuzz_verdict reference(const uint8_t *data, size_t size, uint8_t *output, size_t room,
				   size_t *ret_size)
{
	enum fuzz_verdict stream = read_stream(data, size, output, room);

	return read_at_once(data, size, output, room, ret_size) == stream ? stream : FUZZ_UNDECIDED;
}

static size_t compress_zstd(int way, const uint8_t *data, size_t size, uint8_t *output, size_t room)
{
	static const struct {
		int level;
		int checksum;
		int content_size;
	} ways[] = { { 1, 0, 1 }, { 3, 1, 1 }, { 19, 1, 0 }, { -5, 0, 0 } };
	ZSTD_CCtx *context = ZSTD_createCCtx();
	size_t r;

	FUZZ_CHECK(context, "no memory");
	if (way >= (int)(sizeof(ways) / sizeof(ways[0]))) {
		(void)ZSTD_freeCCtx(context);
		return 0;
	}
	(void)ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, ways[way].level);
	(void)ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, ways[way].checksum);
	(void)ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, ways[way].content_size);
	r = ZSTD_compress2(context, output, room, data, size);
	FUZZ_CHECK(!ZSTD_isError(r), "zstd cannot compress");
	(void)ZSTD_freeCCtx(context);
	return r;
}

void fuzz_target_zstd_seeds(fuzz_take take)
{
	fuzz_codec_seeds(take, compress_zstd);
}

void fuzz_target_zstd(const uint8_t *data, size_t size)
{
	fuzz_codec_check(data, size, codec_zstd_matches, reference);
}
