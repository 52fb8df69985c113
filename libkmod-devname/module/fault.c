// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the faults of module files are called in a report. */

#include "module/fault.h"

static const struct {
	enum kmod_devname_code code;
	const char *message;
} faults[] = {
	[FAULT_NOT_ELF] = { KMOD_DEVNAME_MALFORMED, "is not an ELF file" },
	[FAULT_BAD_HEADER] = { KMOD_DEVNAME_MALFORMED, "its ELF header makes no sense" },
	[FAULT_CUT] = { KMOD_DEVNAME_MALFORMED,
			"is truncated: it ends before the sections its header names" },
	[FAULT_BAD_SECTION] = { KMOD_DEVNAME_MALFORMED, "its section headers make no sense" },
	[FAULT_MODINFO_SIZE] = { KMOD_DEVNAME_TOO_LARGE, "its .modinfo is larger than 16 MiB" },
	[FAULT_COMPRESSED_CUT] = { KMOD_DEVNAME_CORRUPT, "its compressed data is truncated" },
	[FAULT_COMPRESSED_DAMAGED] = { KMOD_DEVNAME_CORRUPT,
				       "its compressed data is damaged, or something follows it" },
	[FAULT_COMPRESSED_MEMORY] = { KMOD_DEVNAME_TOO_LARGE,
				      "decompressing it needs more than 128 MiB of memory" },
	[FAULT_COMPRESSED_SIZE] = { KMOD_DEVNAME_TOO_LARGE,
				    "its compressed data is far larger than what is in it" },
	[FAULT_SIZE] = { KMOD_DEVNAME_TOO_LARGE, "is larger than the limit when decompressed" },
	[FAULT_PADDED] = { KMOD_DEVNAME_TOO_LARGE,
			   "is far larger, when decompressed, than its ELF headers say" },
	[FAULT_TOO_MANY_ALIASES] = { KMOD_DEVNAME_TOO_MANY_ALIASES,
				     "declares more than 4096 device names and numbers" },
	[FAULT_CHANGED] = { KMOD_DEVNAME_MALFORMED, "was changed while it was read" },
	[FAULT_UNSUPPORTED] = { KMOD_DEVNAME_UNSUPPORTED,
				"is compressed in a way that this build cannot read" },
};

enum kmod_devname_code fault_code(enum fault fault)
{
	return faults[fault].code;
}

const char *fault_message(enum fault fault)
{
	return faults[fault].message;
}
