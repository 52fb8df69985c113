/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RESOLVE_H
#define RESOLVE_H

#include <errno.h>

#include "modprobe/resolution.h"
#include "modprobe/system.h"

/* What modprobe(8) would do, by libkmod and the indexes. */
struct resolver;

#ifdef WITH_LIBKMOD

/*
 * The system must stay. Returns 0 or a negative errno; -ENOENT: /proc is not mounted, through
 * which libkmod is given the configuration.
 */
int resolver_new(const struct modprobe_system *system, struct resolver **ret_resolver);

/* NULL is no resolver. */
void resolver_free(struct resolver *resolver);

/*
 * Adds the modules that an alias leads to, and what is loaded with them, to the steps. 1 if
 * modprobe fails then, by the last of these modules or because there are none; 0 if not, as far as
 * can be known; or a negative errno.
 */
int resolver_ask(struct resolver *resolver, const char *alias,
		 struct kmod_devname_resolution *resolution);

#else

static inline int resolver_new(const struct modprobe_system *system, struct resolver **ret_resolver)
{
	(void)system, (void)ret_resolver;
	return -EOPNOTSUPP;
}

static inline void resolver_free(struct resolver *resolver)
{
	(void)resolver;
}

static inline int resolver_ask(struct resolver *resolver, const char *alias,
			       struct kmod_devname_resolution *resolution)
{
	(void)resolver, (void)alias, (void)resolution;
	return -EOPNOTSUPP;
}

#endif

#endif
