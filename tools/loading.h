/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LOADING_H
#define LOADING_H

#include "kernels.h"

/* The sysctl that keeps the running kernel from loading modules, and what helps; or NULL. */
const char *loading_find_sysctl(void);

/* The answers of modprobe for the nodes of a kernel. */
struct loading;

#ifndef STATIC_TOOL

struct loading *loading_open(const struct kernels *kernels, const struct kernel *kernel,
			     bool is_running, const struct common *common);
/* "loaded", "built-in", "loadable" or "blocked"; or NULL if there is no answer for the node. */
const char *loading_get(struct loading *loading, const struct kmod_devname_node *node);
/* Returns STATUS_FAILED if an answer is missing, after a message. NULL: nothing was asked. */
enum status loading_close(struct loading *loading);

#else

static inline struct loading *loading_open(const struct kernels *kernels,
					   const struct kernel *kernel, bool is_running,
					   const struct common *common)
{
	(void)kernels, (void)kernel, (void)is_running, (void)common;
	return NULL;
}

static inline const char *loading_get(struct loading *loading, const struct kmod_devname_node *node)
{
	(void)loading, (void)node;
	return NULL;
}

static inline enum status loading_close(struct loading *loading)
{
	(void)loading;
	return STATUS_CLEAN;
}

#endif
#endif
