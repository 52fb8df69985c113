/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef READ_INDEX_H
#define READ_INDEX_H

#include "kernels.h"

#define INDEX_NAME "modules.alias"

/*
 * Reads the nodes of a kernel from the index that depmod has written. Returns 1 if the table is
 * complete, 0 if the index cannot be used, or a negative errno.
 */
int read_index(const struct kernels *kernels, const struct kernel *kernel,
	       struct kmod_devname_table *table, struct kmod_devname_report *report);

#endif
