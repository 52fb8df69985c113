// SPDX-License-Identifier: LGPL-2.1-or-later
/* All of what is to be read or written: signals and short counts are no ends. */

#include "base/io.h"

ssize_t read_at(int fd, uint64_t offset, void *buffer, size_t size)
{
	size_t done = 0;
	ssize_t n;

	if (offset > INT64_MAX - size)
		return 0; /* no file reaches there */
	while (done < size) {
		n = pread(fd, (char *)buffer + done, size - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, text, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		size -= (size_t)n;
	}
	return 0;
}
