/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MODULE_ORDER_H
#define MODULE_ORDER_H

#include <stddef.h>
#include <stdio.h>

#include "base/report.h"

#define MODULE_ORDER_NONE SIZE_MAX /* the position of a module that is not listed */

struct module_position {
	const char *path; /* relative to the module directory */
	size_t position;
	const void *module; /* the caller's */
	size_t listed; /* how much of the path stands in modules.order: module_order_read()'s */
};

/*
 * Finds the positions of modules in the text of modules.order; sorts them by path. Returns 0,
 * or a negative errno if reading failed or there is no memory.
 */
int module_order_read(FILE *stream, struct kmod_devname_report *report,
		      struct module_position *positions, size_t n);

/* Sorts by position, and by the module's name where there is none or the same. */
void module_order_sort(struct module_position *positions, size_t n);

#endif
