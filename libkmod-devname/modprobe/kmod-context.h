/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KMOD_CONTEXT_H
#define KMOD_CONTEXT_H

#include <stdbool.h>

#include "base/array.h"
#include "modprobe/modprobe-config.h"

struct kmod_context;
struct kmod_module; /* of libkmod */

/*
 * libkmod with a configuration and the indexes of a module directory, which were checked; -1: with
 * no indexes. 0 or a negative errno; -ENOENT: /proc, through which libkmod is given both, is not
 * mounted; -EBADMSG: libkmod fails.
 */
int kmod_context_new(const struct modprobe_config *config, int directory_fd,
		     struct kmod_context **ret_context);

#ifdef WITH_LIBKMOD
/* NULL is no context. */
void kmod_context_free(struct kmod_context *context);
#else
static inline void kmod_context_free(struct kmod_context *context)
{
	(void)context;
}
#endif

/* The functions that add modules add a reference each, for kmod_context_unref_module(). */
void kmod_context_unref_module(void *module);

/* Adds a module. 0 or -ENOMEM. */
int kmod_context_add_reference(struct kmod_module *module, struct list *modules);

bool kmod_context_has_module(const struct list *modules, const struct kmod_module *module);

/* Adds the module of a name. 0 or a negative errno. */
int kmod_context_add_module(const struct kmod_context *context, const char *name,
			    struct list *modules);

/* Adds the modules to which an alias leads, as modprobe(8) finds them. 0 or a negative errno. */
int kmod_context_look_up(const struct kmod_context *context, const char *alias,
			 struct list *modules);

/* Adds the soft dependencies of a module. 0 or a negative errno. */
int kmod_context_add_softdeps(const struct kmod_module *module, struct list *before,
			      struct list *after);

/* 1 if the module is live in the running kernel, 0 if not, or a negative errno. */
int kmod_context_is_loaded(const struct kmod_module *module);

/* True if libkmod has a name as blacklisted, by a statement or the host's command line. */
bool kmod_context_is_blacklisted(const struct kmod_context *context, const char *name);

#endif
