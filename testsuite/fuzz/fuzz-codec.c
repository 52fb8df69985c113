// SPDX-License-Identifier: GPL-2.0-or-later
/* What the targets of the codecs share. */

#include "fuzz-codec.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mkmodule.h"
#include "module/file.h"

/* Small, so that no input takes long; one byte more tells what is over it. */
#define LIMIT ((size_t)256 << 10)

struct decompressed {
	const uint8_t *data;
	size_t size;
};

static void compare(int module_error, const struct decompressed *got, enum fuzz_verdict verdict,
		    const uint8_t *wanted, size_t size)
{
	if (verdict == FUZZ_LARGE)
		FUZZ_CHECK(module_error != 0, "%zu bytes, and they should be too many", got->size);
	if (verdict == FUZZ_BAD)
		FUZZ_CHECK(module_error != 0, "%zu bytes, and the library refuses the file",
			   got->size);
	if (verdict != FUZZ_GOOD || module_error == MODULE_DATA_NEEDS_MEMORY)
		return;
	FUZZ_CHECK(module_error == 0, "fault %d, and the library has %zu bytes", module_error,
		   size);
	FUZZ_CHECK(got->size == size && (size == 0 || memcmp(got->data, wanted, size) == 0),
		   "%zu bytes, and the library has %zu, or others", got->size, size);
}

/* Buffers and decoder are those of the input before, as a thread of a scan has them. */
void fuzz_codec_check(const uint8_t *data, size_t size,
		      bool (*matches)(const uint8_t *head, size_t size), fuzz_reference reference)
{
	static struct module_reader *reader;
	static uint8_t wanted[LIMIT + 1];
	enum fuzz_verdict verdict;
	struct decompressed got = { 0 };
	size_t wanted_size = 0;
	int module_error;

	if (!matches(data, size))
		return;
	if (!reader)
		reader = module_reader_new(LIMIT, NULL);
	FUZZ_CHECK(reader, "no memory");
	FUZZ_CHECK(module_reader_start(reader, fuzz_file(data, size)) == 1,
		   "the first bytes are not known");
	module_error = module_reader_read_bytes(reader, &got.data, &got.size);
	FUZZ_CHECK(module_error >= 0, "errno %d", -module_error);
	verdict = reference(data, size, wanted, sizeof(wanted), &wanted_size);
	if (verdict == FUZZ_GOOD && wanted_size > LIMIT)
		verdict = FUZZ_LARGE;
	compare(module_error, &got, verdict, wanted, wanted_size);
}

static struct fuzz_bytes make_plain(int content)
{
	static const char *const strings[] = { "alias=devname:fuse", "alias=char-major-10-229" };
	static const struct mkmodule spec = { 64, 0, MKMODULE_NAMES_FAR, strings, 2 };
	struct fuzz_bytes plain = { 0 };

	if (content == 0)
		return fuzz_copy("", 0);
	if (content == 1)
		return fuzz_copy("alias=devname:fuse", 18);
	if (content == 2) {
		plain.data = (char *)mkmodule(&spec, &plain.size);
		return plain;
	}
	plain = (struct fuzz_bytes){ calloc(1, LIMIT + 1), LIMIT + (content == 4) };
	FUZZ_CHECK(plain.data, "no memory");
	return plain;
}

static void take_one(fuzz_take take, const char *what, int way, int content, const uint8_t *data,
		     size_t size)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "way-%d-content-%d-%s", way, content, what);
	take(name, data, size);
}

void fuzz_codec_seeds(fuzz_take take, fuzz_compress compress)
{
	static uint8_t output[2 * (64 << 10) + 8];

	for (int content = 0; content < 5; content++) {
		struct fuzz_bytes plain = make_plain(content);
		size_t size;

		for (int way = 0; (size = compress(way, (uint8_t *)plain.data, plain.size, output,
						   sizeof(output) / 2)) > 0;
		     way++) {
			take_one(take, "whole", way, content, output, size);
			take_one(take, "cut", way, content, output, size - 1);
			memcpy(output + size, "junk", 4);
			take_one(take, "junk", way, content, output, size + 4);
			memset(output + size, 0, 4);
			take_one(take, "padded", way, content, output, size + 4);
			memcpy(output + size, output, size);
			take_one(take, "twice", way, content, output, 2 * size);
			output[size / 2] ^= 1;
			take_one(take, "damaged", way, content, output, size);
		}
		free(plain.data);
	}
}
