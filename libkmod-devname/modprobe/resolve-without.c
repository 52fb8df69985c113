// SPDX-License-Identifier: LGPL-2.1-or-later
/* Resolving in a build without libkmod: it cannot be done. */

#include <errno.h>

#include "modprobe/resolve.h"

int resolver_new(const struct source *source, struct resolver **ret_resolver)
{
	(void)source;
	(void)ret_resolver;
	return -EOPNOTSUPP;
}

void resolver_free(struct resolver *resolver)
{
	(void)resolver;
}

int resolver_ask(struct resolver *resolver, const char *alias,
		 struct kmod_devname_resolution *resolution)
{
	(void)resolver;
	(void)alias;
	(void)resolution;
	return -EOPNOTSUPP;
}
