// SPDX-License-Identifier: GPL-2.0-or-later
/* modules.alias of a kernel. */

#include <stdio.h>

#include "read-index.h"

int read_index(const struct kernels *kernels, const struct kernel *kernel,
	       struct kmod_devname_table *table, struct kmod_devname_report *report)
{
	FILE *stream;
	int r = kernel_open_stream(kernels, kernel, INDEX_NAME, &stream);

	if (r < 0)
		return r;
	r = kmod_devname_table_read_index(table, report, stream, INDEX_NAME);
	(void)fclose(stream);
	return r;
}
