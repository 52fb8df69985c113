/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRUST_H
#define TRUST_H

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

#include "base/array.h"
#include "libkmod-devname.h"
#include "text/alias-index.h"

/*
 * depmod's index of a module directory, and for which modules it speaks. See
 * kmod_devname_scan_set_use_index() for why this is sound, and where not.
 */
struct trust {
	struct index index;
	struct timespec written; /* when depmod had read the modules */
	struct list modules; /* of struct trust_module *, sorted by path */
};

/*
 * Opens the index of a module directory. Returns 1; 0 if it cannot be trusted, with a finding
 * that says why; or a negative errno. Release it with trust_done() in any case.
 */
int trust_open(struct trust *trust, int root_fd, const char *directory,
	       struct kmod_devname_report *report);
void trust_done(struct trust *trust);

/* Did depmod run after this directory, or file, came to be what and where it is? */
bool trust_is_settled(const struct trust *trust, const struct stat *st);

/*
 * Does the index say what this file, a path below the module directory, declares? Its
 * directories must be settled. The aliases of use are the trust's; NULL if there are none.
 */
bool trust_covers(const struct trust *trust, const char *path, const struct stat *st,
		  const struct alias_list **ret_aliases);

#endif
