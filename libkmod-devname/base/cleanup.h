/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLEANUP_H
#define CLEANUP_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void free_pointer(void *p)
{
	free(*(void **)p);
}

/* For tdestroy(3) of a tree that does not own its items. */
static inline void free_nothing(void *item)
{
	(void)item;
}

/* close(2) cannot be repeated, and its error does not matter, because no data can be lost. */
static inline void close_fd(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

/*
 * The number of references of an object. Threads that share the object can add and drop references
 * at the same time.
 */
static inline void reference_add(unsigned int *references)
{
	(void)__atomic_fetch_add(references, 1, __ATOMIC_RELAXED);
}

/* True if it was the last one, so that the caller releases the object. */
static inline bool reference_drop(unsigned int *references)
{
	/* what other threads have done with the object comes before its release */
	return __atomic_sub_fetch(references, 1, __ATOMIC_ACQ_REL) == 0;
}

#define _cleanup_free_ __attribute__((cleanup(free_pointer)))
#define _cleanup_close_ __attribute__((cleanup(close_fd)))

#endif
