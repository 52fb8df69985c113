/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SETTLED_H
#define SETTLED_H

#include <time.h>

#include "module/image.h"
#include "module/modinfo.h"

/*
 * modinfo_read() of a file that somebody may be writing to: MODULE_CHANGED if what was read may be
 * of two contents. since: CLOCK_REALTIME_COARSE before anything of it was read, or {0} if it is not
 * known. What is in memory has not changed.
 */
int settled_read(struct modinfo *modinfo, struct image *image, const struct timespec *since);

#endif
