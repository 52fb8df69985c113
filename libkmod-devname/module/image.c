// SPDX-License-Identifier: LGPL-2.1-or-later
/* The bytes of a module at any offset, from a file or from memory. */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "module/image.h"
#include "base/time-order.h"

int image_from_file(int fd, struct image *ret_image)
{
	struct image image = { .fd = fd };
	ssize_t n = read_at(fd, 0, image.head, sizeof(image.head));

	if (n < 0)
		return (int)n;
	image.head_size = image.end = (size_t)n;
	*ret_image = image;
	return 0;
}

void image_from_memory(const uint8_t *data, size_t size, struct image *ret_image)
{
	*ret_image = (struct image){ .fd = -1, .data = data, .size = size };
}

static ssize_t copy_part(const uint8_t *data, size_t data_size, uint64_t offset, void *buffer,
			 size_t size)
{
	if (offset >= data_size)
		return 0;
	if (size > data_size - offset)
		size = data_size - (size_t)offset;
	if (size > 0)
		memcpy(buffer, data + offset, size);
	return (ssize_t)size;
}

ssize_t image_read(struct image *image, uint64_t offset, void *buffer, size_t size)
{
	ssize_t n;

	if (image->fd < 0)
		return copy_part(image->data, image->size, offset, buffer, size);
	if (offset < image->head_size && size <= image->head_size - offset)
		return copy_part(image->head, image->head_size, offset, buffer, size);
	n = read_at(image->fd, offset, buffer, size);
	if (n > 0 && offset + (size_t)n > image->end)
		image->end = offset + (size_t)n;
	return n;
}

int image_is_settled(const struct image *image, const struct timespec *since)
{
	struct stat st;

	if (image->fd < 0)
		return 1;
	if (fstat(image->fd, &st) < 0)
		return -errno;
	/* some file systems set the time last */
	return (uint64_t)st.st_size >= image->end && is_before(&st.st_ctim, since);
}
