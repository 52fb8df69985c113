// SPDX-License-Identifier: LGPL-2.1-or-later
/* zstd: frames, with or without their size, and frames to be skipped. */

#include <errno.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "module/codec.h"

void codec_zstd_context_free(void *context)
{
	(void)ZSTD_freeDCtx(context);
}

/* Reuses the context of the previous file. NULL: no memory. */
static ZSTD_DCtx *zstd_get_context(void **context)
{
	ZSTD_DCtx *dctx = *context;

	if (!dctx) {
		dctx = ZSTD_createDCtx();
		if (!dctx)
			return NULL;
		*context = dctx;
		(void)ZSTD_DCtx_setParameter(dctx, ZSTD_d_windowLogMax, CODEC_MEMORY_LOG);
	}
	(void)ZSTD_DCtx_reset(dctx, ZSTD_reset_session_only);
	return dctx;
}

/* With room for the whole frame, zstd decompresses directly into it. */
static int zstd_reserve_frame(const struct codec_input *input, struct codec_output *output)
{
	unsigned long long size = ZSTD_getFrameContentSize(input->chunk + input->position,
							   input->size - input->position);

	if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR)
		return 0;
	/* a header can claim any size: for little input, the output grows on demand */
	if (size / 1024 > input->size)
		return 0;
	return codec_output_reserve(output, output->size + size);
}

static int zstd_error(size_t error)
{
	switch (ZSTD_getErrorCode(error)) {
	case ZSTD_error_memory_allocation:
		return -ENOMEM;
	case ZSTD_error_frameParameter_windowTooLarge:
		return MODULE_DATA_NEEDS_MEMORY;
	case ZSTD_error_dictionary_wrong:
	case ZSTD_error_version_unsupported:
	case ZSTD_error_frameParameter_unsupported:
		return MODULE_UNSUPPORTED;
	default:
		return MODULE_DATA_DAMAGED;
	}
}

static size_t zstd_decompress(ZSTD_DCtx *dctx, struct codec_input *input,
			      struct codec_output *output)
{
	ZSTD_inBuffer in = { input->chunk, input->size, input->position };
	ZSTD_outBuffer out = { output->data, output->capacity, output->size };
	size_t r = ZSTD_decompressStream(dctx, &out, &in);

	input->position = in.pos;
	output->size = out.pos;
	output->codec_memory = ZSTD_sizeof_DCtx(dctx);
	return r;
}

int codec_zstd_decode(void **context, struct codec_input *input, struct codec_output *output)
{
	ZSTD_DCtx *dctx = zstd_get_context(context);
	size_t left = 1; /* 0: a frame has ended, and all of it is in the output */
	bool between = true; /* the next byte begins a frame */
	bool flushed = true; /* zstd has no more output for a lack of room */
	int r;

	if (!dctx)
		return -ENOMEM;
	for (;;) {
		if (input->position == input->size && flushed) {
			r = codec_input_fill(input);
			if (r != MODULE_OK)
				return r;
			if (input->size == 0)
				return left == 0 ? MODULE_OK : MODULE_DATA_TRUNCATED;
		}
		if (between) {
			r = zstd_reserve_frame(input, output);
			if (r < 0)
				return r;
		}
		r = codec_output_grow(output);
		if (r != MODULE_OK)
			return r;
		left = zstd_decompress(dctx, input, output);
		if (ZSTD_isError(left))
			return zstd_error(left);
		between = left == 0;
		flushed = between || output->size < output->capacity;
	}
}
