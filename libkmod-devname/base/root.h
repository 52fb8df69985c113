/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ROOT_H
#define ROOT_H

#include <stdio.h>

/* kmod_devname_open_in_root() as it is done where openat2(2) is not to be had. */
int root_open_by_hand(int root_fd, const char *path, int flags);

/*
 * Opens a path of any length; what is beyond the first PATH_MAX bytes must be free of "..",
 * and links there are resolved below the point where they were cut off.
 */
int root_open_long(int root_fd, const char *path, int flags);

/* The same for a path below a directory, which itself is below the root. */
int root_open_below(int root_fd, const char *directory, const char *path, int flags);

/*
 * Opens a regular file for reading. Returns 1; 0 if there is none: missing, a link that leads
 * nowhere, or something else of that name; or a negative errno.
 */
int root_open_stream(int root_fd, const char *path, FILE **ret_stream);

#endif
