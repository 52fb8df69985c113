/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TIME_ORDER_H
#define TIME_ORDER_H

#include <stdbool.h>
#include <time.h>

static inline bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

#endif
