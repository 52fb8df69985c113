/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BYTES_H
#define BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "lib/harness.h"

/* For loops: ck_assert_msg() tells the parent process where it is, each time. */
#define CHECK(condition, ...) \
	do { \
		if (!(condition)) \
			ck_abort_msg(__VA_ARGS__); \
	} while (0)

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

/* Of a struct text. */
#define BYTES(literal) \
	{ \
		(literal), sizeof(literal) - 1 \
	}

/* A file in the making. */
struct bytes {
	uint8_t *data;
	size_t size;
	size_t capacity;
};

/* Room for so many bytes at its end, which bytes->size does not count yet. */
uint8_t *bytes_room(struct bytes *bytes, size_t size);

/* Its bytes from a position on; NULL if it never had any. */
static inline const uint8_t *bytes_from(const struct bytes *bytes, size_t start)
{
	return bytes->data ? bytes->data + start : NULL;
}
void bytes_add(struct bytes *bytes, const void *data, size_t size);
void bytes_fill(struct bytes *bytes, uint8_t byte, size_t size);
/* The least significant byte comes first. */
void bytes_number(struct bytes *bytes, uint64_t number, size_t size);
void bytes_done(struct bytes *bytes);
#define _cleanup_bytes_ __attribute__((cleanup(bytes_done)))

/* The one temporary file of a test, open, which has these bytes from now on. */
int bytes_file(const void *data, size_t size);

#endif
