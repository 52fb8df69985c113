/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DEPMOD_CONFIG_H
#define DEPMOD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "libkmod-devname.h"

/* Each adds what a statement of depmod.d(5) says; 0 or -ENOMEM. */
int depmod_config_add_search(struct kmod_devname_config *config, const char *directory);
int depmod_config_add_override(struct kmod_devname_config *config, const char *module,
			       const char *directory);
int depmod_config_add_external(struct kmod_devname_config *config, const char *directory);
int depmod_config_add_exclude(struct kmod_devname_config *config, const char *name);

/* Is a statement with this pattern meant for the kernel? 1 or 0; -EINVAL: it is no pattern. */
int depmod_config_is_for_kernel(const struct kmod_devname_config *config, const char *pattern);

/* NULL as the configuration is the default one in all of these. */

/* Are entries of this name, files or directories, passed over? */
bool depmod_config_excludes(const struct kmod_devname_config *config, const char *name);

/*
 * Of two files of one module, sorts the one that counts first. A path that begins with a slash
 * is below an external directory, others are below the module directory.
 */
int depmod_config_compare_copies(const struct kmod_devname_config *config, const char *a,
				 const char *b);

/* Is it more than the spelling of the paths which makes a count, and not b? */
bool depmod_config_prefers(const struct kmod_devname_config *config, const char *a, const char *b);

/* An external directory, the first one first, or NULL. */
const char *depmod_config_external(const struct kmod_devname_config *config, size_t index);

#endif
