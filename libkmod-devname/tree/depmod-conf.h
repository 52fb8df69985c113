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

/* Which of several files of one module counts; the smaller number is the more important one. */
struct copy_rank {
	size_t override;
	size_t search;
	size_t external;
};

/*
 * Finds the rank of a file of the module directory, whose path below the root is given. A path that
 * begins with a slash is below an external directory, others are below the module directory.
 * Returns 0 or -ENOMEM.
 */
int depmod_conf_rank(const struct kmod_devname_config *config, const char *directory,
		     const char *path, struct copy_rank *ret_rank);

/* Less than 0 if the first one counts, 0 if the configuration does not decide. */
int copy_rank_compare(const struct copy_rank *a, const struct copy_rank *b);

#endif
