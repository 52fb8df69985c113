// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the faults of module files are called in a report. */

#include "module/error.h"

static const struct {
	enum kmod_devname_code code;
	const char *message;
} faults[] = {
	[MODULE_NOT_ELF] = { KMOD_DEVNAME_MALFORMED, "is not an ELF file" },
	[MODULE_BAD_HEADER] = { KMOD_DEVNAME_MALFORMED, "its ELF header makes no sense" },
	[MODULE_TRUNCATED] = { KMOD_DEVNAME_MALFORMED,
			"is truncated: it ends before the sections its header names" },
	[MODULE_BAD_SECTION] = { KMOD_DEVNAME_MALFORMED, "its section headers make no sense" },
	[MODULE_MODINFO_TOO_LARGE] = { KMOD_DEVNAME_TOO_LARGE, "its .modinfo is larger than 16 MiB" },
	[MODULE_DATA_TRUNCATED] = { KMOD_DEVNAME_CORRUPT, "its compressed data is truncated" },
	[MODULE_DATA_DAMAGED] = { KMOD_DEVNAME_CORRUPT,
				       "its compressed data is damaged, or something follows it" },
	[MODULE_DATA_NEEDS_MEMORY] = { KMOD_DEVNAME_TOO_LARGE,
				      "decompressing it needs more than 128 MiB of memory" },
	[MODULE_DATA_IDLE] = { KMOD_DEVNAME_TOO_LARGE,
				    "its compressed data is far larger than what is in it" },
	[MODULE_TOO_LARGE] = { KMOD_DEVNAME_TOO_LARGE, "is larger than the limit when decompressed" },
	[MODULE_TRAILING_DATA] = { KMOD_DEVNAME_TOO_LARGE,
			   "is far larger, when decompressed, than its ELF headers say" },
	[MODULE_TOO_MANY_ALIASES] = { KMOD_DEVNAME_TOO_MANY_ALIASES,
				     "declares more than 4096 device names and numbers" },
	[MODULE_CHANGED] = { KMOD_DEVNAME_MALFORMED, "was changed while it was read" },
	[MODULE_UNSUPPORTED] = { KMOD_DEVNAME_UNSUPPORTED,
				"is compressed in a way that this build cannot read" },
};

enum kmod_devname_code module_error_code(enum module_error module_error)
{
	return faults[module_error].code;
}

const char *module_error_message(enum module_error module_error)
{
	return faults[module_error].message;
}
