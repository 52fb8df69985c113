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

/* The decoder of the file before is made over, with the memory it has. */
static int get_stream(void **context, lzma_stream **ret_stream)
{
	static const lzma_stream init = LZMA_STREAM_INIT;
	lzma_stream *stream = *context;

	if (!stream) {
		stream = malloc(sizeof(*stream));
		if (!stream)
			return -ENOMEM;
		*stream = init;
		*context = stream;
	}
	if (lzma_stream_decoder(stream, CODEC_MEMORY_MAX,
				LZMA_CONCATENATED | LZMA_TELL_UNSUPPORTED_CHECK) != LZMA_OK)
		return -ENOMEM;
	*ret_stream = stream;
	return 0;
}

static lzma_ret decode_some(lzma_stream *stream, struct codec_input *input,
			    struct codec_output *output)
{
	lzma_ret r;

	stream->next_in = input->chunk + input->position;
	stream->avail_in = input->size - input->position;
	stream->next_out = output->data + output->size;
	stream->avail_out = output->capacity - output->size;
	r = lzma_code(stream, input->end ? LZMA_FINISH : LZMA_RUN);
	input->position = input->size - stream->avail_in;
	output->size = output->capacity - stream->avail_out;
	return r;
}

static int stream_fault(lzma_ret r, const struct codec_input *input)
{
	switch (r) {
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
	lzma_stream *stream = NULL;
	lzma_ret status = LZMA_OK;
	int r = get_stream(context, &stream);

	while (r == 0 && status == LZMA_OK) {
		if (input->position == input->size && !input->end)
			r = codec_input_fill(input);
		if (r == 0)
			r = codec_output_grow(output);
		if (r == 0)
			status = decode_some(stream, input, output);
	}
	if (r != 0 || status == LZMA_STREAM_END)
		return r;
	return stream_fault(status, input);
}
