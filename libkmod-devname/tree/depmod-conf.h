/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DEPMOD_CONF_H
#define DEPMOD_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "libkmod-devname.h"

/* In all of these NULL is the default configuration. */

/* True if "exclude" names entries, files or directories, of this name. */
bool depmod_conf_excludes(const struct kmod_devname_config *config, const char *name);

/* The directory of an "external", the first one first; NULL behind the last one. */
const char *depmod_conf_external(const struct kmod_devname_config *config, size_t index);

/*
 * Of two files of one module, sorts the one that counts first. A path that begins with a slash
 * is below an external directory, others are below the module directory.
 */
int depmod_conf_compare_copies(const struct kmod_devname_config *config, const char *a,
			       const char *b);

/* True if a counts by the configuration, and not only because its path is the smaller one. */
bool depmod_conf_prefers(const struct kmod_devname_config *config, const char *a, const char *b);

#endif
