/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LOADING_H
#define LOADING_H

#include "kernels.h"

/* The sysctl that keeps the running kernel from loading modules, and what helps; or NULL. */
const char *loading_find_sysctl(void);

#ifndef STATIC_TOOL

/*
 * Asks modprobe about the nodes of a kernel. Returns "loaded", "built-in", "loadable", "blocked" or
 * NULL for each node of the table; to be freed. *ret_status is STATUS_FAILED if an answer is
 * missing, after a message.
 */
const char **loading_ask(const struct kernel *kernel, bool is_running,
			 const struct kmod_devname_table *table, const struct common *common,
			 enum status *ret_status);

#else

static inline const char **loading_ask(const struct kernel *kernel, bool is_running,
				       const struct kmod_devname_table *table,
				       const struct common *common, enum status *ret_status)
{
	(void)kernel, (void)is_running, (void)table, (void)common;
	*ret_status = STATUS_CLEAN;
	return NULL;
}

#endif
#endif
