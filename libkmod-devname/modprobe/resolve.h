/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RESOLVE_H
#define RESOLVE_H

#include <errno.h>

#include "modprobe/resolution.h"
#include "modprobe/system.h"

#ifdef WITH_LIBKMOD

/*
 * Adds the modules that an alias leads to, and what is loaded with them, to the steps, as
 * modprobe(8) would by libkmod and the indexes. 1 if modprobe fails then, by the last of these
 * modules or because there are none; 0 if not, as far as can be known; or a negative errno;
 * -ENOENT, with a finding: /proc is not mounted, through which libkmod is given the configuration.
 */
int resolve_alias(struct modprobe_system *system, const char *alias,
		  struct kmod_devname_resolution *resolution);

#else

static inline int resolve_alias(struct modprobe_system *system, const char *alias,
				struct kmod_devname_resolution *resolution)
{
	(void)system, (void)alias, (void)resolution;
	return -EOPNOTSUPP;
}

#endif

#endif
