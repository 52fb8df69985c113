/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UDEV_WALK_H
#define UDEV_WALK_H

#include "libkmod-devname.h"
#include "list.h"
#include "report.h"

/* One rule of udev, joined from its lines. */
struct udev_rule {
	struct place place; /* its first line */
	const char *fault; /* NULL, or why it cannot be read; then the text may lack some */
	const char *text;
};

/*
 * Hands all rules below a root directory to take(), in the order in which udev reads them, until
 * it returns other than 0. The list, empty before, owns the names of the files in their places,
 * and is released with list_done(files, free), also after a failure. Returns what take() did, or
 * a negative errno, with a system finding that names the file or directory.
 */
int udev_walk(int root_fd, struct kmod_devname_report *report, struct list *files,
	      int (*take)(void *data, const struct udev_rule *rule), void *data);

#endif
