// SPDX-License-Identifier: LGPL-2.1-or-later
/* gzip: one member or several, each with its checksum. */

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#include "module/codec.h"

#define GZIP_ONLY (15 + 16) /* the largest window, and the gzip wrapping */

/* Reuses the stream of the previous file and its memory. NULL: no memory. */
static z_stream *zlib_get_stream(void **context)
{
	z_stream *stream = *context;

	if (stream) {
		(void)inflateReset(stream);
		return stream;
	}
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return NULL;
	if (inflateInit2(stream, GZIP_ONLY) != Z_OK) {
		free(stream);
		return NULL;
	}
	*context = stream;
	return stream;
}

void codec_zlib_context_free(void *context)
{
	(void)inflateEnd(context);
	free(context);
}

static int zlib_inflate(z_stream *stream, struct codec_input *input, struct codec_output *output)
{
	size_t room = output->capacity - output->size, left = input->size - input->position;
	int r;

	if (room > UINT32_MAX)
		room = UINT32_MAX;
	stream->next_in = input->chunk + input->position;
	stream->avail_in = (uInt)left;
	stream->next_out = output->data + output->size;
	stream->avail_out = (uInt)room;
	r = inflate(stream, Z_NO_FLUSH);
	input->position += left - stream->avail_in;
	output->size += room - stream->avail_out;
	return r;
}

int codec_zlib_decode(void **context, struct codec_input *input, struct codec_output *output)
{
	z_stream *stream = zlib_get_stream(context);
	int r;

	if (!stream)
		return -ENOMEM;
	for (;;) {
		if (input->position == input->size) {
			r = codec_input_fill(input);
			if (r != MODULE_OK)
				return r;
		}
		r = codec_output_grow(output);
		if (r != MODULE_OK)
			return r;
		switch (zlib_inflate(stream, input, output)) {
		case Z_STREAM_END:
			if (input->position == input->size) {
				r = codec_input_fill(input);
				if (r != MODULE_OK)
					return r;
			}
			if (input->size == 0)
				return MODULE_OK;
			/* only another member may follow */
			if (inflateReset(stream) != Z_OK)
				return MODULE_DATA_DAMAGED;
			break;
		case Z_OK:
		case Z_BUF_ERROR:
			/* zlib has room for output: it waits for input after the end of the file */
			if (input->size == 0 && output->size < output->capacity)
				return MODULE_DATA_TRUNCATED;
			break;
		case Z_MEM_ERROR:
			return -ENOMEM;
		default:
			return MODULE_DATA_DAMAGED;
		}
	}
}
