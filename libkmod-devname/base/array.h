/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ARRAY_H
#define ARRAY_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * Makes room for at least size elements, 1 or more, in an array with room for *capacity. The room
 * doubles, so appending takes linear time. Returns the array, which may have moved, or NULL without
 * memory; the array is then unchanged.
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

/* A growing array of pointers. */
struct list {
	void **items;
	size_t size;
	size_t capacity;
};

static inline int list_reserve(struct list *list, size_t more)
{
	void **items;

	if (more == 0)
		return 0;
	items = array_grow(list->items, &list->capacity, sizeof(*items), list->size + more);
	if (!items)
		return -ENOMEM;
	list->items = items;
	return 0;
}

static inline int list_push(struct list *list, void *item)
{
	int r = list_reserve(list, 1);

	if (r == 0)
		list->items[list->size++] = item;
	return r;
}

/* Moves all items to the end of another list. On failure both are unchanged. */
static inline int list_move(struct list *list, struct list *from)
{
	int r = list_reserve(list, from->size);

	if (r == 0 && from->size > 0) {
		memcpy(list->items + list->size, from->items, from->size * sizeof(*from->items));
		list->size += from->size;
		from->size = 0;
	}
	return r;
}

static inline void *list_pop(struct list *list)
{
	return list->items[--list->size];
}

static inline void list_sort(struct list *list, int (*compare)(const void *, const void *))
{
	if (list->size > 1)
		qsort(list->items, list->size, sizeof(*list->items), compare);
}

/* Frees the array, and each item with free_item unless that is NULL. */
static inline void list_done(struct list *list, void (*free_item)(void *))
{
	for (size_t i = 0; free_item && i < list->size; i++)
		free_item(list->items[i]);
	free(list->items);
	*list = (struct list){ 0 };
}

/* Frees the array, but not its items. */
static inline void list_free(struct list *list)
{
	list_done(list, NULL);
}

#define _cleanup_list_ __attribute__((cleanup(list_free)))

#endif
