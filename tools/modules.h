/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODULES_H
#define MODULES_H

#include "kernels.h"

struct modules_options {
	unsigned int threads; /* 0: as many as are good */
	bool use_index; /* where it is fresh */
};

/*
 * Reads the modules of a kernel. What is wrong with them goes to the report, a failure that the
 * report does not name is said. The configuration may be NULL.
 */
enum status modules_read(const struct kernels *kernels, const struct kernel *kernel,
			 struct kmod_devname_config *config, const struct modules_options *options,
			 struct kmod_devname_table *table, struct kmod_devname_report *report,
			 size_t *ret_modules);

#endif
