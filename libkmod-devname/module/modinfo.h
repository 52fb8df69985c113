/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MODINFO_H
#define MODINFO_H

#include <stddef.h>

#include "module/error.h"
#include "module/image.h"

/* Memory for the strings of one module after the other. */
struct modinfo {
	char *strings; /* a copy of .modinfo, and a NUL behind it */
	size_t size; /* without that NUL */
	size_t capacity;
};

void modinfo_done(struct modinfo *modinfo);

/*
 * Reads the first .modinfo section of an ELF image of any class and byte order; none is the
 * same as an empty one. Returns 0, a fault, or a negative errno.
 */
int modinfo_read(struct modinfo *modinfo, struct image *image);

/*
 * How large an image is by what its headers say, from as many of its bytes as there are: 0 if it
 * is none. For bytes that come one after the other, and may have no end.
 */
uint64_t modinfo_extent(const uint8_t *data, size_t size);

/*
 * The value of the next "alias=..." string, or NULL. *position is 0 for the first call. The
 * pointer is good until the next modinfo_read().
 */
const char *modinfo_next_alias(const struct modinfo *modinfo, size_t *position);

#endif
