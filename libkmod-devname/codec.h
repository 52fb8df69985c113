/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_H
#define CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"

/* No codec may take more memory than this for its window or dictionary. */
#define CODEC_MEMORY_LOG 27
#define CODEC_MEMORY_MAX ((size_t)1 << CODEC_MEMORY_LOG)

/* Compressed bytes, from a file, a chunk at a time. */
struct input {
	int fd;
	uint64_t offset; /* of what comes after the chunk */
	uint8_t *chunk;
	size_t size; /* of what the chunk holds */
	size_t position; /* of the next byte that the codec has not taken */
	bool end; /* nothing comes after the chunk */
};

/*
 * Gets the next chunk once the codec has taken all of this one. At the end of the file the
 * chunk stays empty. Returns 0 or a negative errno.
 */
int input_fill(struct input *input);

/* Decompressed bytes: grows up to the limit, and one byte more to tell that it was passed. */
struct output {
	uint8_t *data;
	size_t size;
	size_t capacity;
	size_t limit;
};

/* Makes room for one byte at least. Returns 0, FAULT_SIZE, or -ENOMEM. */
int output_grow(struct output *output);

/* Makes room for size bytes in all, as far as the limit allows: a hint. 0 or -ENOMEM. */
int output_reserve(struct output *output, uint64_t size);

struct codec {
	bool (*matches)(const uint8_t *head, size_t size);
	/*
	 * Decompresses all of the input, checksums included. *context, NULL at first, is kept
	 * from file to file. Returns 0, a fault, or a negative errno. NULL: not in this build.
	 */
	int (*decode)(void **context, struct input *input, struct output *output);
	void (*context_free)(void *context);
};

bool codec_zlib_matches(const uint8_t *head, size_t size);
int codec_zlib_decode(void **context, struct input *input, struct output *output);
void codec_zlib_context_free(void *context);

int codec_libdeflate_decode(void **context, struct input *input, struct output *output);
void codec_libdeflate_context_free(void *context);

bool codec_xz_matches(const uint8_t *head, size_t size);
int codec_xz_decode(void **context, struct input *input, struct output *output);
void codec_xz_context_free(void *context);

bool codec_zstd_matches(const uint8_t *head, size_t size);
int codec_zstd_decode(void **context, struct input *input, struct output *output);
void codec_zstd_context_free(void *context);

#endif
