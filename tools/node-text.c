// SPDX-License-Identifier: GPL-2.0-or-later
/* Type and number of a node, for people and programs. */

#include <stdio.h>
#include <sys/stat.h>

#include "node-text.h"

char *node_text(mode_t type, unsigned int major, unsigned int minor)
{
	char *text;

	return asprintf(&text, "%c%u:%u", type == S_IFBLK ? 'b' : 'c', major, minor) < 0 ? NULL
											 : text;
}

char *node_device(const struct kmod_devname_node *node)
{
	return node_text(kmod_devname_node_get_type(node), kmod_devname_node_get_major(node),
			 kmod_devname_node_get_minor(node));
}

char *node_number(const struct kmod_devname_node *node)
{
	char *text;

	return asprintf(&text, "%u:%u", kmod_devname_node_get_major(node),
			kmod_devname_node_get_minor(node)) < 0
		       ? NULL
		       : text;
}

const char *node_type(const struct kmod_devname_node *node)
{
	return kmod_devname_node_get_type(node) == S_IFBLK ? "block" : "char";
}
