// SPDX-License-Identifier: GPL-2.0-or-later
/* Which targets there are in this build. */

#include <string.h>

#include "fuzz.h"

const struct fuzz_target fuzz_targets[] = {
	{ "alias", fuzz_target_alias, NULL },
	{ "depmod", fuzz_target_depmod, NULL },
	{ "format", fuzz_target_format, NULL },
	{ "index", fuzz_target_index, NULL },
	{ "libelf", fuzz_target_libelf, fuzz_modules },
	{ "modinfo", fuzz_target_modinfo, fuzz_modules },
	{ "read", fuzz_target_read, NULL },
	{ "udev", fuzz_target_udev, NULL },
#ifdef WITH_ZLIB
	{ "gzip", fuzz_target_gzip, fuzz_target_gzip_seeds },
#endif
#ifdef WITH_XZ
	{ "xz", fuzz_target_xz, fuzz_target_xz_seeds },
#endif
#ifdef WITH_ZSTD
	{ "zstd", fuzz_target_zstd, fuzz_target_zstd_seeds },
#endif
#ifdef WITH_LIBKMOD
	{ "lookup", fuzz_target_lookup, NULL },
#endif
	{ 0 },
};

const struct fuzz_target *fuzz_find_target(const char *name, size_t size)
{
	const struct fuzz_target *target = fuzz_targets;

	while (target->name &&
	       (strncmp(target->name, name, size) != 0 || target->name[size] != '\0'))
		target++;
	FUZZ_CHECK(target->name, "'%.*s' is no target; test-fuzz -l lists those of this build",
		   (int)size, name);
	return target;
}
