/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DIRECTORY_H
#define DIRECTORY_H

/*
 * The root directory of a system, that is, does it have one for the modules of kernels? 1, 0 or a
 * negative errno.
 */
int directory_is_root(const char *path);

/* Does it hold modules that are not installed for a kernel? 1, 0 or a negative errno. */
int directory_is_plain(const char *path);

#endif
