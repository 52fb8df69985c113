/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FAULT_H
#define FAULT_H

#include "libkmod-devname.h"

/*
 * What can be wrong with the bytes of a module file. Functions that read one return FAULT_NONE,
 * another fault, or a negative errno if the system failed.
 */
enum fault {
	FAULT_NONE,
	FAULT_NOT_ELF,
	FAULT_BAD_HEADER,
	FAULT_CUT,
	FAULT_BAD_SECTION,
	FAULT_MODINFO_SIZE,
	FAULT_COMPRESSED_CUT,
	FAULT_COMPRESSED_DAMAGED,
	FAULT_COMPRESSED_MEMORY,
	FAULT_COMPRESSED_SIZE,
	FAULT_SIZE,
	FAULT_PADDED,
	FAULT_UNSUPPORTED,
	FAULT_TOO_MANY_ALIASES,
	FAULT_CHANGED,
};

enum kmod_devname_code fault_code(enum fault fault);
const char *fault_message(enum fault fault);

#endif
