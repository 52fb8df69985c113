// SPDX-License-Identifier: LGPL-2.1-or-later
/* The node: a value that never changes, but for what the table notes in it. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node/node.h"

int node_new(const char *module, const char *name, const struct device_number *number,
	     struct kmod_devname_node **ret_node)
{
	size_t module_size = strlen(module) + 1, name_size = strlen(name) + 1;
	struct kmod_devname_node *node = malloc(sizeof(*node) + module_size + name_size);

	if (!node)
		return -ENOMEM;
	memcpy(node->module, module, module_size);
	node->name = memcpy(node->module + module_size, name, name_size);
	node->number = *number;
	node->text = 0;
	*ret_node = node;
	return 0;
}

const char *kmod_devname_node_get_module(const struct kmod_devname_node *node)
{
	return node->module;
}

const char *kmod_devname_node_get_name(const struct kmod_devname_node *node)
{
	return node->name;
}

mode_t kmod_devname_node_get_type(const struct kmod_devname_node *node)
{
	return node->number.type;
}

unsigned int kmod_devname_node_get_major(const struct kmod_devname_node *node)
{
	return node->number.major;
}

unsigned int kmod_devname_node_get_minor(const struct kmod_devname_node *node)
{
	return node->number.minor;
}
