// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * power-off DIRECTORY flush|no-flush: ends the file system of the directory as a loss of power
 * would. From here on nothing reaches the disk that is not there, but for the journal, which is
 * written before or is not.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* EXT4_IOC_SHUTDOWN and XFS_IOC_GOINGDOWN, which are one; in no header of the kernel for all. */
#define SHUTDOWN _IOR('X', 125, uint32_t)
#define FLUSH 1
#define NO_FLUSH 2

int main(int argc, char **argv)
{
	uint32_t flags;
	int fd;

	if (argc != 3) {
		fputs("usage: power-off DIRECTORY flush|no-flush\n", stderr);
		return 2;
	}
	flags = strcmp(argv[2], "flush") == 0 ? FLUSH : NO_FLUSH;
	fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, SHUTDOWN, &flags) < 0) {
		fprintf(stderr, "power-off: %s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	(void)close(fd);
	return 0;
}
