// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A module file -> its bytes: which format by the first bytes, and then by one of the codecs,
 * bounded and without a mapping.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "module-file.h"

/* Holds nearly every compressed module whole, which zstd decompresses without a copy then. */
#define CHUNK_SIZE ((size_t)1 << 20)
/* The largest module known is half as large. What one larger than this needs is given back. */
#define OUTPUT_KEPT ((size_t)64 << 20)

static const struct codec codecs[MODULE_FILE_CODECS] = {
	{
		.matches = codec_zlib_matches,
#if WITH_LIBDEFLATE
		.decode = codec_libdeflate_decode,
		.context_free = codec_libdeflate_context_free,
#elif WITH_ZLIB
		.decode = codec_zlib_decode,
		.context_free = codec_zlib_context_free,
#endif
	},
	{
		.matches = codec_xz_matches,
#if WITH_XZ
		.decode = codec_xz_decode,
		.context_free = codec_xz_context_free,
#endif
	},
	{
		.matches = codec_zstd_matches,
#if WITH_ZSTD
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
	return output->limit < SIZE_MAX ? output->limit + 1 : SIZE_MAX;
}

int output_grow(struct output *output)
{
	size_t max = output_capacity_max(output), doubled = CHUNK_SIZE;

	if (output->size > output->limit)
		return FAULT_SIZE;
	if (output->size < output->capacity)
		return 0;
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
		return FAULT_UNSUPPORTED;
	if (!file->input.chunk) {
		file->input.chunk = malloc(CHUNK_SIZE);
		if (!file->input.chunk)
			return -ENOMEM;
	}
	file->input = (struct input){ .fd = image->fd, .chunk = file->input.chunk };
	if (file->output.capacity > OUTPUT_KEPT)
		output_free(&file->output);
	file->output.size = 0;
	r = codecs[i].decode(&file->contexts[i], &file->input, &file->output);
	if (r != 0)
		return r;
	if (file->output.size > file->output.limit)
		return FAULT_SIZE;
	image_from_memory(file->output.data, file->output.size, ret_image);
	return 0;
}
