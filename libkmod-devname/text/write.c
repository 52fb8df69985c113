// SPDX-License-Identifier: LGPL-2.1-or-later
/* Table -> the text of modules.devname. */

#include <errno.h>

#include "libkmod-devname.h"
#include "node/syntax.h"

static int write_nodes(const struct kmod_devname_table *table, FILE *stream)
{
	if (fputs("# Device nodes to trigger on-demand module loading.\n", stream) < 0)
		return -1;
	for (size_t i = 0; i < kmod_devname_table_size(table); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(table, i);

		if (fprintf(stream, "%s %s %c%u:%u\n", kmod_devname_node_get_module(node),
			    kmod_devname_node_get_name(node),
			    syntax_type_letter(kmod_devname_node_get_type(node)),
			    kmod_devname_node_get_major(node),
			    kmod_devname_node_get_minor(node)) < 0)
			return -1;
	}
	return 0;
}

int kmod_devname_table_write(const struct kmod_devname_table *table, FILE *stream)
{
	if (ferror(stream))
		return -EIO;
	errno = EIO; /* should the stream not say why */
	if (kmod_devname_table_size(table) > 0 && write_nodes(table, stream) < 0)
		return -errno;
	return fflush(stream) != 0 ? -errno : 0;
}
