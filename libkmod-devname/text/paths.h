/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PATHS_H
#define PATHS_H

#include <stddef.h>

/* A set of paths. All zero is an empty one; release it with paths_done(). */
struct paths {
	void *tree; /* of tsearch(3) */
};

/*
 * Adds the first size bytes of a name, which is not copied and must outlive the set. Returns 1
 * if the path is new, 0 if the set has it, or -ENOMEM.
 */
int paths_add(struct paths *paths, const char *name, size_t size);

void paths_done(struct paths *paths);

#endif
