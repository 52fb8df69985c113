/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MISC_MINORS_H
#define MISC_MINORS_H

#include <stdbool.h>
#include <stddef.h>

#define MISC_MAJOR 10 /* include/uapi/linux/major.h */
#define MISC_MINOR_LOCAL_FIRST 243
#define MISC_MINOR_LOCAL_LAST 254
#define MISC_MINOR_DYNAMIC 255 /* MISC_DYNAMIC_MINOR of include/linux/miscdevice.h */

/* A minor number of major 10 that the kernel has given to a device. */
struct misc_minor {
	unsigned int minor;
	const char *constant; /* in include/linux/miscdevice.h */
	const char *name; /* of the node, below /dev */
};

/* Who has the minor number if it is not the device of this name; NULL if it is free for it. */
const struct misc_minor *misc_minor_find_other(unsigned int minor, const char *name);

/* Is it one that kernels give to drivers that want any? */
bool misc_minor_is_given_out(unsigned int minor);

#endif
