// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A module file -> its bytes: which format by the first bytes, and then by one of the codecs,
 * bounded and without a mapping.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "module/file.h"

/* Holds nearly every compressed module whole, which zstd decompresses without a copy then. */
#define CHUNK_SIZE ((size_t)1 << 20)
/* The largest module known is half as large. What one larger than this needs is given back. */
#define OUTPUT_KEPT ((size_t)64 << 20)
/* As large as the largest module known: who wants more has headers that speak of it. */
#define OUTPUT_UNASKED ((size_t)32 << 20)
/* What may follow that no header speaks of: a signature. */
#define OUTPUT_BEHIND ((uint64_t)1 << 20)
/* No codec makes data larger but by a little. What says nothing may have no end, in a hole. */
#define INPUT_IDLE ((uint64_t)32 << 20)

static const struct codec codecs[MODULE_FILE_CODECS] = {
	{
		.matches = codec_zlib_matches,
#ifdef WITH_LIBDEFLATE
		.decode = codec_libdeflate_decode,
		.context_free = codec_libdeflate_context_free,
#elif defined(WITH_ZLIB)
		.decode = codec_zlib_decode,
		.context_free = codec_zlib_context_free,
#endif
	},
	{
		.matches = codec_xz_matches,
#ifdef WITH_XZ
		.decode = codec_xz_decode,
		.context_free = codec_xz_context_free,
#endif
	},
	{
		.matches = codec_zstd_matches,
#ifdef WITH_ZSTD
		.decode = codec_zstd_decode,
		.context_free = codec_zstd_context_free,
#endif
	},
};

static bool starts_with(const uint8_t *head, size_t size, const char *magic, size_t magic_size)
{
	return size >= magic_size && memcmp(head, magic, magic_size) == 0;
}

/* RFC 1952 */
bool codec_zlib_matches(const uint8_t *head, size_t size)
{
	return starts_with(head, size, "\x1f\x8b", 2);
}

/* The .xz file format, section 2.1.1.1 */
bool codec_xz_matches(const uint8_t *head, size_t size)
{
	return starts_with(head, size,
			   "\xfd"
			   "7zXZ\0",
			   6);
}

/* RFC 8878, sections 3.1.1 and 3.1.2: a frame, or one of 16 kinds that are skipped */
bool codec_zstd_matches(const uint8_t *head, size_t size)
{
	return starts_with(head, size, "\x28\xb5\x2f\xfd", 4) ||
	       (size >= 4 && (head[0] & 0xf0) == 0x50 &&
		starts_with(head + 1, size - 1, "\x2a\x4d\x18", 3));
}

void module_file_init(struct module_file *file, size_t size_max)
{
	*file = (struct module_file){ .output.limit = size_max };
}

void module_file_set_extent(struct module_file *file,
			    uint64_t (*extent)(const uint8_t *data, size_t size))
{
	file->output.extent = extent;
}

void module_file_done(struct module_file *file)
{
	for (size_t i = 0; i < MODULE_FILE_CODECS; i++)
		if (file->contexts[i])
			codecs[i].context_free(file->contexts[i]);
	free(file->input.chunk);
	free(file->output.data);
}

int input_fill(struct input *input)
{
	ssize_t n;

	input->position = input->size = 0;
	if (input->end)
		return 0;
	if (input->offset > input->output->size + INPUT_IDLE)
		return MODULE_DATA_IDLE;
	n = read_at(input->fd, input->offset, input->chunk, CHUNK_SIZE);
	if (n < 0)
		return (int)n;
	input->size = (size_t)n;
	input->offset += (size_t)n;
	input->end = input->size < CHUNK_SIZE;
	return 0;
}

static int output_resize(struct output *output, size_t capacity)
{
	uint8_t *data = realloc(output->data, capacity);

	if (!data)
		return -ENOMEM;
	output->data = data;
	output->capacity = capacity;
	return 0;
}

static void output_free(struct output *output)
{
	free(output->data);
	output->data = NULL;
	output->capacity = 0;
}

static size_t output_capacity_max(const struct output *output)
{
	return output->allowed < SIZE_MAX ? output->allowed + 1 : SIZE_MAX;
}

static void output_start(struct output *output)
{
	output->size = 0;
	output->allowed = output->limit;
	if (output->extent && output->limit > OUTPUT_UNASKED)
		output->allowed = OUTPUT_UNASKED;
}

/* After more than was allowed: asks the bytes whether there may be as many. */
static int output_ask(struct output *output)
{
	uint64_t extent;

	if (output->allowed == output->limit)
		return MODULE_TOO_LARGE;
	extent = output->extent(output->data, output->size);
	if (extent > output->limit)
		return MODULE_TOO_LARGE;
	if (extent > output->limit - OUTPUT_BEHIND)
		output->allowed = output->limit;
	else if (extent + OUTPUT_BEHIND > output->allowed)
		output->allowed = (size_t)(extent + OUTPUT_BEHIND);
	return output->size > output->allowed ? MODULE_TRAILING_DATA : MODULE_OK;
}

int output_grow(struct output *output)
{
	size_t doubled = CHUNK_SIZE, max;
	int r = output->size > output->allowed ? output_ask(output) : 0;

	if (r != 0 || output->size < output->capacity)
		return r;
	max = output_capacity_max(output);
	if (output->capacity >= CHUNK_SIZE)
		doubled = output->capacity < max / 2 ? output->capacity * 2 : max;
	return output_resize(output, doubled < max ? doubled : max);
}

int output_reserve(struct output *output, uint64_t size)
{
	size_t max = output_capacity_max(output);

	if (size > max)
		size = max;
	return size <= output->capacity ? 0 : output_resize(output, (size_t)size);
}

static size_t find_codec(const struct image *image)
{
	size_t i = 0;

	while (i < MODULE_FILE_CODECS && !codecs[i].matches(image->head, image->head_size))
		i++;
	return i;
}

bool module_file_is_compressed(const struct image *image)
{
	return find_codec(image) < MODULE_FILE_CODECS;
}

int module_file_decompress(struct module_file *file, const struct image *image,
			   struct image *ret_image)
{
	size_t i = find_codec(image);
	int r;

	if (!codecs[i].decode)
		return MODULE_UNSUPPORTED;
	if (!file->input.chunk) {
		file->input.chunk = malloc(CHUNK_SIZE);
		if (!file->input.chunk)
			return -ENOMEM;
	}
	file->input = (struct input){ .fd = image->fd,
				      .output = &file->output,
				      .chunk = file->input.chunk };
	if (file->output.capacity > OUTPUT_KEPT)
		output_free(&file->output);
	output_start(&file->output);
	r = codecs[i].decode(&file->contexts[i], &file->input, &file->output);
	if (r == 0 && file->output.size > file->output.allowed)
		r = output_ask(&file->output);
	if (r != 0)
		return r;
	image_from_memory(file->output.data, file->output.size, ret_image);
	return 0;
}
