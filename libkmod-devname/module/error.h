/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MODULE_H
#define MODULE_H

#include "libkmod-devname.h"

/*
 * What can be wrong with the bytes of a module file. Functions that read one return MODULE_OK,
 * another fault, or a negative errno if the system failed.
 */
enum module_error {
	MODULE_OK,
	MODULE_NOT_ELF,
	MODULE_BAD_HEADER,
	MODULE_TRUNCATED,
	MODULE_BAD_SECTION,
	MODULE_MODINFO_TOO_LARGE,
	MODULE_DATA_TRUNCATED,
	MODULE_DATA_DAMAGED,
	MODULE_DATA_NEEDS_MEMORY,
	MODULE_DATA_IDLE,
	MODULE_TOO_LARGE,
	MODULE_TRAILING_DATA,
	MODULE_UNSUPPORTED,
	MODULE_TOO_MANY_ALIASES,
	MODULE_CHANGED,
};

enum kmod_devname_code module_error_code(enum module_error module_error);
const char *module_error_message(enum module_error module_error);

#endif
