/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMOD_CONTEXT_H
#define KMOD_CONTEXT_H

#include "base/array.h"
#include "modprobe/modprobe-config.h"

/* libkmod, which knows a configuration and no indexes. */
struct kmod_context;

struct kmod_module; /* of libkmod */

/*
 * The configuration must stay. 0 or a negative errno; -ENOENT: /proc is not mounted, through which
 * libkmod is given the configuration; -EBADMSG: libkmod fails.
 */
int kmod_context_new(const struct modprobe_config *config, struct kmod_context **ret_context);

/* NULL is no context. */
void kmod_context_free(struct kmod_context *context);

/* A module, which is released with kmod_module_unref(). 0 or a negative errno. */
int kmod_context_get_module(const struct kmod_context *context, const char *name,
			    struct kmod_module **ret_module);

/*
 * Adds the modules to which statements of the configuration lead from an alias: kmod_module *, each
 * as that of kmod_context_get_module(). 0 or a negative errno.
 */
int kmod_context_look_up(const struct kmod_context *context, const char *alias,
			 struct list *modules);

#endif
