// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * SELinux labels. A label is set before a node is made instead of afterwards: the node never has
 * another one, and no path is needed, which could lead elsewhere by then.
 */

#include "dev/devdir.h"

#include <errno.h>
#include <selinux/label.h>
#include <selinux/selinux.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/io.h"

/* Called for the first file that is made: reading the policy takes longer than all the rest. */
static int labels_open(struct labels *labels)
{
	if (labels->opened)
		return labels->error;
	labels->opened = true;
	if (is_selinux_enabled() <= 0)
		return 0;
	labels->handle = selabel_open(SELABEL_CTX_FILE, NULL, 0);
	/* ENOENT: no policy is installed, as in a chroot */
	if (!labels->handle && errno != ENOENT)
		labels->error = -errno;
	return labels->error;
}

int label_next(struct labels *labels, const char *path, size_t size, mode_t mode)
{
	/* the path in the system that will use the node, wherever it is made now */
	_cleanup_free_ char *full = format_text("/dev/%.*s", (int)size, path);
	char *context;
	int r = labels_open(labels);

	if (r < 0 || !labels->handle)
		return r;
	if (!full)
		return -ENOMEM;
	/* ENOENT: the policy has no label for this path */
	if (selabel_lookup_raw(labels->handle, &context, full, (int)mode) < 0)
		return errno == ENOENT ? 0 : -errno;
	r = setfscreatecon_raw(context) < 0 ? -errno : 0;
	freecon(context);
	return r;
}

void label_none(const struct labels *labels)
{
	if (labels->handle)
		(void)setfscreatecon_raw(NULL);
}

void labels_done(struct labels *labels)
{
	if (labels->handle)
		selabel_close(labels->handle);
}
