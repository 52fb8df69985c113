/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DIRECTORY_H
#define DIRECTORY_H

#include <stdbool.h>

/* The root directory of a system, that is, does it have one for the modules of kernels? */
bool directory_is_root(const char *path);

/* Does it hold modules that are not installed for a kernel? */
bool directory_is_plain(const char *path);

#endif
