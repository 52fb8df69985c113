/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NODE_TEXT_H
#define NODE_TEXT_H

#include <libkmod-devname.h>

/* "c10:229", to be freed; or NULL if there is no memory. */
char *node_text(mode_t type, unsigned int major, unsigned int minor);

/* "c10:229" of a node, likewise, and "10:229". */
char *node_device(const struct kmod_devname_node *node);
char *node_number(const struct kmod_devname_node *node);

/* "char" or "block". */
const char *node_type(const struct kmod_devname_node *node);

#endif
