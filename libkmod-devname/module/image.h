/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IMAGE_H
#define IMAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define IMAGE_HEAD_SIZE 64 /* an ELF header, and every compression's magic */

/*
 * The bytes of a module: a plain file, read where they are wanted, or decompressed ones in
 * memory. Never a mapping: a file that somebody truncates would take the process with it.
 */
struct image {
	int fd; /* -1: in memory */
	const uint8_t *data;
	size_t size; /* of data */
	uint8_t head[IMAGE_HEAD_SIZE]; /* the first bytes of a file, read once for all */
	size_t head_size;
	uint64_t end; /* of what has been read of the file */
};

/* Reads the head of a file. Returns 0 or a negative errno. */
int image_from_file(int fd, struct image *ret_image);

void image_from_memory(const uint8_t *data, size_t size, struct image *ret_image);

/* Reads size bytes; fewer only at the end of the image. Returns how many, or a negative errno. */
ssize_t image_read(struct image *image, uint64_t offset, void *buffer, size_t size);

/*
 * Has nobody written to the file since that time (CLOCK_REALTIME_COARSE), as far as it can tell?
 * 1, 0, or a negative errno.
 */
int image_is_settled(const struct image *image, const struct timespec *since);

#endif
