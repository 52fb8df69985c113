// SPDX-License-Identifier: GPL-2.0-or-later
/* Files that tests make byte by byte. */

#include "lib/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

uint8_t *bytes_room(struct bytes *bytes, size_t size)
{
	if (!bytes->data || bytes->size + size > bytes->capacity) {
		bytes->capacity = 2 * (bytes->size + size) + 1;
		bytes->data = realloc(bytes->data, bytes->capacity);
		CHECK(bytes->data, "no memory");
	}
	return bytes->data + bytes->size;
}

void bytes_add(struct bytes *bytes, const void *data, size_t size)
{
	if (size > 0)
		memcpy(bytes_room(bytes, size), data, size);
	bytes->size += size;
}

void bytes_fill(struct bytes *bytes, uint8_t byte, size_t size)
{
	if (size > 0)
		memset(bytes_room(bytes, size), byte, size);
	bytes->size += size;
}

void bytes_number(struct bytes *bytes, uint64_t number, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes_fill(bytes, (uint8_t)(number >> (8 * i)), 1);
}

void bytes_done(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){ 0 };
}

int bytes_file(const void *data, size_t size)
{
	static int fd = -1;

	if (fd < 0)
		fd = openat(harness_directory(), "m.ko", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && ftruncate(fd, 0) == 0, "m.ko: %s", strerror(errno));
	for (size_t done = 0; done < size;) {
		ssize_t n = pwrite(fd, (const uint8_t *)data + done, size - done, (off_t)done);

		CHECK(n > 0, "m.ko: %s", strerror(errno));
		done += (size_t)n;
	}
	return fd;
}
