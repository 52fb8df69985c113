/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RESOLVE_H
#define RESOLVE_H

#include <stdbool.h>

#include "resolution.h"
#include "resolve-source.h"

/* What modprobe(8) would do, asked of libkmod. */
struct resolver;

/*
 * The source must stay. Returns 0 or a negative errno; -ENOENT: /proc is not mounted, through
 * which libkmod is given the module directory.
 */
int resolver_new(const struct source *source, struct resolver **ret_resolver);

/* NULL is no resolver. */
void resolver_free(struct resolver *resolver);

/* Are the indexes there, and can be read? */
bool resolver_has_indexes(const struct resolver *resolver);

/* Adds the modules that an alias leads to, and what is loaded with them, to the steps. */
int resolver_ask(struct resolver *resolver, const char *alias,
		 struct kmod_devname_resolution *resolution);

#endif
