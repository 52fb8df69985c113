/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FUZZ_CODEC_H
#define FUZZ_CODEC_H

#include <stdbool.h>

#include "fuzz.h"

/* What the codec's own library makes of a whole file at once. */
enum fuzz_verdict {
	FUZZ_GOOD,
	FUZZ_BAD,
	FUZZ_LARGE, /* there is more than room for */
	FUZZ_UNDECIDED, /* one function of it says this, another that */
};
typedef enum fuzz_verdict (*fuzz_reference)(const uint8_t *data, size_t size, uint8_t *output,
					    size_t room, size_t *ret_size);

/* Compresses in one of several ways, counted from 0; 0 if there are no more. Returns the size. */
typedef size_t (*fuzz_compress)(int way, const uint8_t *data, size_t size, uint8_t *output,
				size_t room);

/* Decompresses the file as it is, and compares with the reference. */
void fuzz_codec_check(const uint8_t *data, size_t size,
		      bool (*matches)(const uint8_t *head, size_t size), fuzz_reference reference);

/* Files to begin with: each way, cut, with junk behind, twice, damaged. */
void fuzz_codec_seeds(fuzz_take take, fuzz_compress compress);

#endif
