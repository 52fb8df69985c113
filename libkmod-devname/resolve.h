/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RESOLVE_H
#define RESOLVE_H

#include <stdbool.h>

#include "modprobe-config.h"
#include "resolution.h"

/* What modprobe(8) would do, asked of libkmod. */
struct resolver;

/*
 * Starts with the indexes of a module directory, not O_PATH, and the configuration, which both must
 * stay. running: the kernel is the one that runs. Returns 0 or a negative errno.
 */
int resolver_new(int dir_fd, const struct modprobe_config *config, bool running,
		 struct resolver **ret_resolver);
void resolver_free(struct resolver *resolver);

/* Are the indexes there, and can be read? */
bool resolver_has_indexes(const struct resolver *resolver);

/*
 * Adds the modules that an alias leads to, and what is loaded with them, to the steps.
 * *ret_verdict is the best of what happens to the modules that have the alias.
 */
int resolver_ask(struct resolver *resolver, const char *alias,
		 struct kmod_devname_resolution *resolution,
		 enum kmod_devname_verdict *ret_verdict);

#endif
