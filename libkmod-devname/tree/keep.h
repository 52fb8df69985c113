/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEEP_H
#define KEEP_H

#include <stdbool.h>

#include "tree/scan.h"

/* What a finished scan is worth, next to the list that its table would replace. */

/* True if this build decompresses none of the modules. */
bool scan_is_undecodable(const struct kmod_devname_scan *scan);

/* True if modules.order names modules and none of them is there. */
bool scan_lacks_listed(const struct kmod_devname_scan *scan);

/* True if modules.order is there and cannot be read: the order of the nodes is not the right one.
 */
bool scan_has_unreadable_order(const struct kmod_devname_scan *scan);

/* True if something could not be read, so that lines of the list may have to stay. */
bool scan_may_keep(const struct kmod_devname_scan *scan);

/*
 * Adds to the table the nodes that the old list has of modules that could not be read, each where
 * it was in the old list. A node that contradicts one of the table is not added. Each is a finding
 * about the file. Returns 0 or -ENOMEM.
 */
int scan_keep(struct kmod_devname_scan *scan, const struct kmod_devname_table *old,
	      const char *file);

#endif
