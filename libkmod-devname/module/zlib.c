// SPDX-License-Identifier: LGPL-2.1-or-later
/* gzip: one member or several, each with its checksum. */

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#include "module/codec.h"

#define GZIP_ONLY (15 + 16) /* the largest window, and the gzip wrapping */

static int get_stream(void **context, z_stream **ret_stream)
{
	z_stream *stream = *context;

	if (!stream) {
		stream = calloc(1, sizeof(*stream));
		if (!stream)
			return -ENOMEM;
		if (inflateInit2(stream, GZIP_ONLY) != Z_OK) {
			free(stream);
			return -ENOMEM;
		}
		*context = stream;
	}
	(void)inflateReset(stream);
	*ret_stream = stream;
	return 0;
}

void codec_zlib_context_free(void *context)
{
	(void)inflateEnd(context);
	free(context);
}

static int inflate_some(z_stream *stream, struct codec_input *input, struct codec_output *output)
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

/* Between two members: is there another, and nothing else? */
static int start_member(z_stream *stream, struct codec_input *input, bool *ret_done)
{
	int r = input->position < input->size ? 0 : codec_input_fill(input);

	*ret_done = input->size == 0;
	if (r < 0 || *ret_done)
		return r;
	return inflateReset(stream) == Z_OK ? MODULE_OK : MODULE_DATA_DAMAGED;
}

int codec_zlib_decode(void **context, struct codec_input *input, struct codec_output *output)
{
	z_stream *stream = NULL;
	bool done = false;
	int r = get_stream(context, &stream);

	while (r == 0 && !done) {
		if (input->position == input->size)
			r = codec_input_fill(input);
		if (r == 0)
			r = codec_output_grow(output);
		if (r != 0)
			return r;
		r = inflate_some(stream, input, output);
		if (r == Z_STREAM_END) {
			r = start_member(stream, input, &done);
		} else if (r == Z_BUF_ERROR || r == Z_OK) {
			/* no progress with output to spare: it wants more input, and there is none
			 */
			r = input->size == 0 && output->size < output->capacity
				    ? MODULE_DATA_TRUNCATED
				    : MODULE_OK;
		} else {
			r = r == Z_MEM_ERROR ? -ENOMEM : MODULE_DATA_DAMAGED;
		}
	}
	return r;
}
