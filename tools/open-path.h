/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OPEN_PATH_H
#define OPEN_PATH_H

#include <stdio.h>

/* open(2), openat(2), and fopen(3) for reading, that a signal does not end; all with O_CLOEXEC. */
int open_path(const char *path, int flags);
int open_path_at(int dir_fd, const char *path, int flags);
FILE *open_path_stream(const char *path);

#endif
