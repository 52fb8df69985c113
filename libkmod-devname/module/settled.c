// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading a module that somebody may be writing to. A reader may see half of what is written; so
 * what it says counts only if the file stayed as it was. What no time or size tells is that the
 * kernel has begun to cut a file, or to write a page, and has not come to its end.
 */

#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "module/settled.h"
#include "base/time-order.h"

#define TICKS 3

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && is_same_time(&a->st_mtim, &b->st_mtim) &&
	       is_same_time(&a->st_ctim, &b->st_ctim);
}

/* File systems count time in ticks, and two changes in one tick look like one. */
static int wait_for_tick(int fd, struct stat *ret_st)
{
	struct timespec now, tick;
	struct stat first;

	if (fstat(fd, &first) < 0)
		return -errno;
	*ret_st = first;
	(void)clock_getres(CLOCK_REALTIME_COARSE, &tick);
	for (int i = 0; i < TICKS; i++) {
		(void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
		if (is_before(&ret_st->st_ctim, &now))
			return 0;
		(void)nanosleep(&tick, NULL);
		if (fstat(fd, ret_st) < 0)
			return -errno;
	}
	/* the same time in the future is another clock's */
	return is_same(&first, ret_st) ? 0 : MODULE_CHANGED;
}

/* A file that is new, or was renamed or given away since, is as good as any. */
static int read_again(struct modinfo *modinfo, int fd)
{
	struct stat before = { 0 }, after;
	struct image image;
	int r = wait_for_tick(fd, &before);

	if (r == 0)
		r = image_from_file(fd, &image);
	if (r == 0)
		r = modinfo_read(modinfo, &image);
	if (r < 0)
		return r;
	if (fstat(fd, &after) < 0)
		return -errno;
	return is_same(&before, &after) ? r : MODULE_CHANGED;
}

int settled_read(struct modinfo *modinfo, struct image *image, const struct timespec *since)
{
	int r = modinfo_read(modinfo, image);
	int settled = r < 0 ? r : image_is_settled(image, since);

	if (settled < 0)
		return settled;
	return settled ? r : read_again(modinfo, image->fd);
}
