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

/* The device that has the minor number, unless it is the one of this name; NULL if none has it. */
const struct misc_minor *misc_minor_find_other(unsigned int minor, const char *name);

/* True if kernels give the minor number to any driver that asks for a dynamic one. */
bool misc_minor_is_given_out(unsigned int minor);

#endif
