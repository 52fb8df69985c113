/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ROOT_H
#define ROOT_H

#include <stdio.h>

/* kmod_devname_open_in_root() where openat2(2) is not available. */
int root_open_by_hand(int root_fd, const char *path, int flags);

/*
 * Opens a path of any length. Beyond the first PATH_MAX bytes it must be free of "..", and links
 * there are resolved below the directory where the path was cut.
 */
int root_open_long(int root_fd, const char *path, int flags);

/* Opens DIRECTORY/PATH below the root, of any length. */
int root_open_below(int root_fd, const char *directory, const char *path, int flags);

/*
 * Opens a regular file for reading, a path of any length; the flags are 0 or O_NOFOLLOW. What else
 * has the name is looked at and never opened: opening a device may start a watchdog, wind a tape
 * or load a module, and opening a FIFO lets its writer go on. Returns a descriptor; -EISDIR,
 * -ENODEV for all others that are no regular file, -ELOOP for a link with O_NOFOLLOW; or another
 * negative errno.
 */
int root_open_file(int root_fd, const char *path, int flags);

/* Opens a regular file for reading. Returns 1; 0 if the path leads to none; or a negative errno. */
int root_open_stream(int root_fd, const char *path, FILE **ret_stream);

#endif
