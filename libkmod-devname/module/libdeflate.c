// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * gzip with libdeflate, which is fast and wants all of a member at once. It only gets files
 * of a sensible size, and only its success counts: anything else is left to zlib, so that limits
 * and faults are the same with it and without.
 */

#include <errno.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "module/codec.h"

#define COMPRESSED_MAX ((size_t)64 << 20)
#define EXPANSION_MAX 1032 /* of deflate: what claims more is no good guess */
#define TRAILER_SIZE 4 /* the size modulo 2^32, at the end of a member */

struct context {
	struct libdeflate_decompressor *decompressor;
	uint8_t *data; /* the compressed file */
	size_t size;
	size_t capacity;
	void *zlib;
};

void codec_libdeflate_context_free(void *p)
{
	struct context *context = p;

	if (context->zlib)
		codec_zlib_context_free(context->zlib);
	libdeflate_free_decompressor(context->decompressor);
	free(context->data);
	free(context);
}

static int get_context(void **p, struct context **ret_context)
{
	struct context *context = *p;

	if (!context) {
		context = calloc(1, sizeof(*context));
		if (!context)
			return -ENOMEM;
		context->decompressor = libdeflate_alloc_decompressor();
		if (!context->decompressor) {
			free(context);
			return -ENOMEM;
		}
		*p = context;
	}
	*ret_context = context;
	return 0;
}

/* Reads the file, or a good deal more than a module has. 0, a fault, or a negative errno. */
static int read_all(struct context *context, struct codec_input *input)
{
	uint8_t *data;
	int r;

	context->size = 0;
	do {
		r = codec_input_fill(input);
		if (r != 0)
			return r;
		data = array_grow(context->data, &context->capacity, 1,
				  context->size + input->size + 1);
		if (!data)
			return -ENOMEM;
		context->data = data;
		memcpy(data + context->size, input->chunk, input->size);
		context->size += input->size;
	} while (!input->end && context->size <= COMPRESSED_MAX);
	return 0;
}

/* The size that the last member claims: with a single one, what is needed. */
static int reserve_claimed(const struct context *context, struct codec_output *output)
{
	const uint8_t *end = context->data + context->size;
	uint64_t size;

	if (context->size < TRAILER_SIZE)
		return 0;
	size = end[-4] | (uint64_t)end[-3] << 8 | (uint64_t)end[-2] << 16 | (uint64_t)end[-1] << 24;
	return size / EXPANSION_MAX <= context->size ? codec_output_reserve(output, size + 1) : 0;
}

/* Decompresses one member at a position and moves it. 0, a fault, or -ENOMEM. */
static int decode_member(const struct context *context, size_t *position,
			 struct codec_output *output)
{
	enum libdeflate_result result;
	size_t taken, made;
	int r;

	do {
		r = codec_output_grow(output);
		if (r != 0)
			return r;
		result = libdeflate_gzip_decompress_ex(
			context->decompressor, context->data + *position, context->size - *position,
			output->data + output->size, output->capacity - output->size, &taken,
			&made);
		if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
			if (output->capacity > output->allowed)
				return MODULE_TOO_LARGE;
			r = codec_output_reserve(output, (uint64_t)output->capacity * 2);
		}
	} while (result == LIBDEFLATE_INSUFFICIENT_SPACE && r == 0);
	if (result != LIBDEFLATE_SUCCESS)
		return r < 0 ? r : MODULE_DATA_DAMAGED;
	*position += taken;
	output->size += made;
	return 0;
}

/* libdeflate passes over the checksum of the header, RFC 1952, FLG.FHCRC; zlib does not. */
static bool has_header_checksum(const struct context *context, size_t position)
{
	return context->size - position > 3 && (context->data[position + 3] & 2);
}

static int decode_members(const struct context *context, struct codec_output *output)
{
	size_t position = 0;
	int r;

	if (context->size > COMPRESSED_MAX)
		return MODULE_TOO_LARGE;
	r = reserve_claimed(context, output);
	do {
		if (r == 0 && has_header_checksum(context, position))
			r = MODULE_DATA_DAMAGED;
		if (r == 0)
			r = decode_member(context, &position, output);
	} while (r == 0 && position < context->size);
	return r;
}

int codec_libdeflate_decode(void **p, struct codec_input *input, struct codec_output *output)
{
	struct context *context = NULL;
	int r = get_context(p, &context);

	if (r == 0)
		r = read_all(context, input);
	if (r == 0)
		r = decode_members(context, output);
	if (r <= 0)
		return r;
	output->size = 0;
	*input = (struct codec_input){ .fd = input->fd, .output = output, .chunk = input->chunk };
	return codec_zlib_decode(&context->zlib, input, output);
}
