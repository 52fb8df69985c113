/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RESOLVER_H
#define RESOLVER_H

#include <stdbool.h>

#include "modprobe/kmod-context.h"
#include "modprobe/resolve.h"

struct resolver {
	const struct resolve_source *source;
	struct kmod_context *context;
	bool has_told_depth; /* that not all soft dependencies were followed */
};

/*
 * Adds the modules that an alias leads to, each a kmod_module * for resolver_unref_module(); none
 * if the alias is not valid. 0 or a negative errno.
 */
int resolver_look_up(const struct resolver *resolver, const char *alias, struct list *modules);

int resolver_look_up_all(const struct resolver *resolver, const struct list *aliases,
			 struct list *modules);

void resolver_unref_module(void *module);

/*
 * Where the module's file is: below the module directory if it does not begin with a slash, NULL if
 * modules.dep does not have it. 0 or -ENOMEM.
 */
int resolver_find_path(const struct resolver *resolver, const struct kmod_module *module,
		       char **ret_path);

/* Is it in the kernel, and how? 1, 0, or a negative errno. */
int resolver_is_in_kernel(const struct resolver *resolver, const struct kmod_module *module,
			  enum kmod_devname_verdict *ret_verdict);

/*
 * What becomes of it when modprobe comes to it, whatever the blacklist says. 0 or a negative errno.
 */
int resolver_find_verdict(const struct resolver *resolver, const struct kmod_module *module,
			  bool ignores_command, enum kmod_devname_verdict *ret_verdict);

bool resolver_is_blacklisted(const struct resolver *resolver, const struct kmod_module *module);

#endif
