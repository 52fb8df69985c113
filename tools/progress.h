/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* A line on a terminal about work that takes more than a second. */
struct progress {
	const char *what;
	struct timespec next; /* when to show it again */
	bool terminal;
	bool shown;
};

void progress_start(struct progress *progress, const char *what);
void progress_show(struct progress *progress, size_t modules, size_t left);
void progress_end(struct progress *progress);

#endif
