/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CODEC_H
#define CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "module/error.h"

/* No codec may take more memory than this for its window or dictionary. */
#define CODEC_MEMORY_LOG 27
#define CODEC_MEMORY_MAX ((size_t)1 << CODEC_MEMORY_LOG)

/* Compressed bytes, from a file, a chunk at a time. */
struct input {
	int fd;
	const struct output *output; /* what has come of them */
	uint64_t offset; /* of what comes after the chunk */
	uint8_t *chunk;
	size_t size; /* of what the chunk holds */
	size_t position; /* of the next byte that the codec has not taken */
	bool end; /* nothing comes after the chunk */
};

/*
 * Gets the next chunk once the codec has taken all of this one. At the end of the file the
 * chunk stays empty. Returns 0, MODULE_DATA_IDLE if there is hardly anything in all that
 * has been read, or a negative errno.
 */
int input_fill(struct input *input);

/* Decompressed bytes: grows as far as allowed, and one byte more to tell that it was passed. */
struct output {
	uint8_t *data;
	size_t size;
	size_t capacity;
	size_t allowed; /* as yet: the limit in the end, if the bytes themselves ask for it */
	size_t limit;
	/* How many bytes the first ones speak of. NULL: nobody knows, and up to the limit will do.
	 */
	uint64_t (*extent)(const uint8_t *data, size_t size);
};

/* Makes room for one byte at least. Returns 0, MODULE_TOO_LARGE, MODULE_TRAILING_DATA, or -ENOMEM. */
int output_grow(struct output *output);

/* Makes room for size bytes in all, as far as is allowed: a hint. 0 or -ENOMEM. */
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
