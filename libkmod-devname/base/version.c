// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The version and the features of the library at run time, which can differ from the library that a
 * program was built with.
 */

#include "libkmod-devname.h"

const char *kmod_devname_get_version(void)
{
	return PACKAGE_VERSION;
}

unsigned int kmod_devname_get_features(void)
{
	unsigned int features = 0;

#ifdef WITH_ZLIB
	features |= KMOD_DEVNAME_FEATURE_ZLIB;
#endif
#ifdef WITH_XZ
	features |= KMOD_DEVNAME_FEATURE_XZ;
#endif
#ifdef WITH_ZSTD
	features |= KMOD_DEVNAME_FEATURE_ZSTD;
#endif
#ifdef WITH_SELINUX
	features |= KMOD_DEVNAME_FEATURE_SELINUX;
#endif
	return features;
}
