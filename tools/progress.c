// SPDX-License-Identifier: GPL-2.0-or-later
/* Progress on a terminal. */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "progress.h"
#include "options.h"

#define ERASE_LINE "\r\033[K"
#define INTERVAL_NS 200000000L

static void set_next(struct progress *progress, time_t seconds, long nanoseconds)
{
	(void)clock_gettime(CLOCK_MONOTONIC, &progress->next);
	progress->next.tv_sec += seconds;
	progress->next.tv_nsec += nanoseconds;
	if (progress->next.tv_nsec >= 1000000000L) {
		progress->next.tv_sec++;
		progress->next.tv_nsec -= 1000000000L;
	}
}

static bool is_time(const struct progress *progress)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > progress->next.tv_sec ||
	       (now.tv_sec == progress->next.tv_sec && now.tv_nsec >= progress->next.tv_nsec);
}

void progress_start(struct progress *progress, const char *what)
{
	*progress = (struct progress){ .what = what, .terminal = isatty(STDERR_FILENO) };
	set_next(progress, 1, 0);
}

void progress_show(struct progress *progress, size_t modules, size_t left)
{
	char *what;

	if (!progress->terminal || !is_time(progress))
		return;
	what = escape(progress->what);
	(void)fprintf(stderr, ERASE_LINE "kmod-devname: %s: %zu modules, %zu to be read",
		      what ? what : "", modules, left);
	(void)fflush(stderr);
	free(what);
	progress->shown = true;
	set_next(progress, 0, INTERVAL_NS);
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		(void)fputs(ERASE_LINE, stderr);
}
