// SPDX-License-Identifier: LGPL-2.1-or-later
/* xz: one stream or several, of any number of blocks, each with its checksum. */

#include <errno.h>
#include <lzma.h>
#include <stdlib.h>

#include "module/codec.h"

void codec_xz_context_free(void *context)
{
	lzma_end(context);
	free(context);
}

/* Reuses the decoder of the previous file and its memory. NULL: no memory. */
static lzma_stream *xz_get_stream(void **context)
{
	static const lzma_stream init = LZMA_STREAM_INIT;
	lzma_stream *stream = *context;

	if (!stream) {
		stream = malloc(sizeof(*stream));
		if (!stream)
			return NULL;
		*stream = init;
		*context = stream;
	}
	if (lzma_stream_decoder(stream, CODEC_MEMORY_MAX,
				LZMA_CONCATENATED | LZMA_TELL_UNSUPPORTED_CHECK) != LZMA_OK)
		return NULL;
	return stream;
}

static lzma_ret xz_code(lzma_stream *stream, struct codec_input *input, struct codec_output *output)
{
	lzma_ret r;

	stream->next_in = input->chunk + input->position;
	stream->avail_in = input->size - input->position;
	stream->next_out = output->data + output->size;
	stream->avail_out = output->capacity - output->size;
	r = lzma_code(stream, input->end ? LZMA_FINISH : LZMA_RUN);
	input->position = input->size - stream->avail_in;
	output->size = output->capacity - stream->avail_out;
	output->codec_memory = (size_t)lzma_memusage(stream);
	return r;
}

static int xz_error(lzma_ret status, const struct codec_input *input)
{
	switch (status) {
	case LZMA_MEM_ERROR:
		return -ENOMEM;
	case LZMA_MEMLIMIT_ERROR:
		return MODULE_DATA_NEEDS_MEMORY;
	case LZMA_OPTIONS_ERROR:
	case LZMA_UNSUPPORTED_CHECK:
		return MODULE_UNSUPPORTED;
	case LZMA_BUF_ERROR:
		return input->end ? MODULE_DATA_TRUNCATED : MODULE_DATA_DAMAGED;
	default:
		return MODULE_DATA_DAMAGED;
	}
}

int codec_xz_decode(void **context, struct codec_input *input, struct codec_output *output)
{
	lzma_stream *stream = xz_get_stream(context);
	lzma_ret status = LZMA_OK;
	int r;

	if (!stream)
		return -ENOMEM;
	while (status == LZMA_OK) {
		if (input->position == input->size && !input->end) {
			r = codec_input_fill(input);
			if (r != MODULE_OK)
				return r;
		}
		r = codec_output_grow(output);
		if (r != MODULE_OK)
			return r;
		status = xz_code(stream, input, output);
	}
	return status == LZMA_STREAM_END ? MODULE_OK : xz_error(status, input);
}
