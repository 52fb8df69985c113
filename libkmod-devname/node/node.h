/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef NODE_H
#define NODE_H

#include "libkmod-devname.h"
#include "node/syntax.h"

struct kmod_devname_node {
	struct device_number number;
	size_t text; /* the table's: the last text it stood in, see table_begin_text() */
	size_t index; /* in the table */
	const char *name; /* in the same piece of memory */
	char module[];
};

/* The table has checked all three; release it with free(). */
int node_new(const char *module, const char *name, const struct device_number *number,
	     struct kmod_devname_node **ret_node);

#endif
