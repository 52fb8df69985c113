/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REFERENCE_H
#define REFERENCE_H

#include <stdbool.h>

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

#endif
