// SPDX-License-Identifier: GPL-2.0-or-later
/* An xz file -> its bytes, the same as liblzma makes of it at once. */

#include <lzma.h>

#include "fuzz-codec.h"
#include "module/codec.h"

static enum fuzz_verdict reference(const uint8_t *data, size_t size, uint8_t *output, size_t room,
				   size_t *ret_size)
{
	uint64_t memory = CODEC_MEMORY_MAX;
	size_t position = 0, written = 0;
	lzma_ret r =
		lzma_stream_buffer_decode(&memory, LZMA_CONCATENATED | LZMA_TELL_UNSUPPORTED_CHECK,
					  NULL, data, &position, size, output, &written, room);

	*ret_size = written;
	if (r == LZMA_OK && position == size)
		return FUZZ_GOOD;
	return r == LZMA_BUF_ERROR ? FUZZ_LARGE : FUZZ_BAD;
}

static size_t compress_xz(int way, const uint8_t *data, size_t size, uint8_t *output, size_t room)
{
	static const struct {
		uint32_t preset;
		lzma_check check;
	} ways[] = { { 0, LZMA_CHECK_NONE },
		     { 6, LZMA_CHECK_CRC32 },
		     { 6, LZMA_CHECK_CRC64 },
		     { 9, LZMA_CHECK_SHA256 } };
	size_t written = 0;

	if (way >= (int)(sizeof(ways) / sizeof(ways[0])))
		return 0;
	FUZZ_CHECK(lzma_easy_buffer_encode(ways[way].preset, ways[way].check, NULL, data, size,
					   output, &written, room) == LZMA_OK,
		   "xz cannot compress");
	return written;
}

void fuzz_target_xz_seeds(fuzz_take take)
{
	fuzz_codec_seeds(take, compress_xz);
}

void fuzz_target_xz(const uint8_t *data, size_t size)
{
	fuzz_codec_check(data, size, codec_xz_matches, reference);
}
