/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KERNEL_PATTERN_H
#define KERNEL_PATTERN_H

#include <stddef.h>

#define KERNEL_PATTERN_MAX 1000

/*
 * The atoms of a pattern, with the copies that the C library makes of what is repeated, and copies
 * of these; KERNEL_PATTERN_MAX or more if a short line takes much memory or time. So does a back
 * reference, which POSIX does not have in such a pattern.
 */
size_t kernel_pattern_size(const char *pattern);

/* Returns 1, 0, -EINVAL if the pattern is no regular expression, or -ENOMEM. */
int kernel_pattern_match(const char *pattern, const char *kernel);

#endif
