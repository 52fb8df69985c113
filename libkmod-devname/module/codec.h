/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_H
#define CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "module/file.h"

/* No codec may take more memory than this for its window or dictionary. */
#define CODEC_MEMORY_LOG 27
#define CODEC_MEMORY_MAX ((size_t)1 << CODEC_MEMORY_LOG)

/* Compressed bytes, from a file, a chunk at a time. */
struct codec_input {
	int fd;
	uint64_t file_size;
	const struct codec_output *output; /* of these bytes */
	uint64_t offset; /* in the file, of the end of the chunk */
	uint8_t *chunk;
	size_t size; /* of the bytes in the chunk */
	size_t position; /* of the next byte that the codec has not consumed */
	bool end; /* the chunk is the last one */
};

/*
 * Gets the next chunk once the codec has consumed this one. At the end of the file the chunk stays
 * empty. Returns MODULE_OK, MODULE_DATA_WITHOUT_OUTPUT, or a negative errno.
 */
int codec_input_fill(struct codec_input *input);

/* Decompressed bytes. The memory grows to one byte over the limit, to detect an excess. */
struct codec_output {
	uint8_t *data;
	size_t size;
	size_t capacity;
	/* Beyond the soft limit the bytes themselves must speak of more, up to the hard limit. */
	size_t soft_limit;
	size_t hard_limit;
	enum module_error hard_error; /* of output beyond that */
	/* The size that the first bytes speak of. NULL: there is no soft limit. */
	uint64_t (*expected_size)(const uint8_t *data, size_t size);
	size_t codec_memory; /* bytes that the codec has for itself, as of its last step */
	size_t strings_memory; /* bytes that the reader has for .modinfo */
	struct module_memory *memory; /* NULL: there is no other reader */
	bool has_share, has_rest; /* of that memory */
};

/*
 * Makes room for one byte at least. Returns MODULE_OK, MODULE_TOO_LARGE, MODULE_TRAILING_DATA, or
 * -ENOMEM.
 */
int codec_output_grow(struct codec_output *output);

/* Makes room for size bytes in all, as far as the soft limit allows: a hint. 0 or -ENOMEM. */
int codec_output_reserve(struct codec_output *output, uint64_t size);

struct codec {
	bool (*matches)(const uint8_t *head, size_t size);
	enum module_error error_without; /* of a build that cannot decompress it */
	/*
	 * Decompresses all of the input, checksums included. *context, NULL at first, is kept from
	 * file to file. Returns MODULE_OK, another module error, or a negative errno. NULL: not in
	 * this build.
	 */
	int (*decode)(void **context, struct codec_input *input, struct codec_output *output);
	void (*context_free)(void *context);
};

bool codec_zlib_matches(const uint8_t *head, size_t size);
int codec_zlib_decode(void **context, struct codec_input *input, struct codec_output *output);
void codec_zlib_context_free(void *context);

bool codec_xz_matches(const uint8_t *head, size_t size);
int codec_xz_decode(void **context, struct codec_input *input, struct codec_output *output);
void codec_xz_context_free(void *context);

bool codec_zstd_matches(const uint8_t *head, size_t size);
int codec_zstd_decode(void **context, struct codec_input *input, struct codec_output *output);
void codec_zstd_context_free(void *context);

#endif
