/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ARRAY_H
#define ARRAY_H

#include <stdint.h>
#include <stdlib.h>

/*
 * Makes room for at least size elements, 1 or more, in an array whose room is *capacity.
 * Grows by doubling, so that appending takes linear time. Returns the array, which may have
 * moved, or NULL: no memory, and the array is as it was.
 */
static inline void *array_grow(void *array, size_t *capacity, size_t element, size_t size)
{
	size_t grown = *capacity ? *capacity : 8;
	void *p;

	if (size <= *capacity)
		return array;
	while (grown < size) {
		if (grown > SIZE_MAX / 2)
			return NULL;
		grown *= 2;
	}
	p = reallocarray(array, grown, element);
	if (p)
		*capacity = grown;
	return p;
}

#endif
