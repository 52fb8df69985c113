/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UDEV_WALK_H
#define UDEV_WALK_H

#include "base/confdir.h"
#include "base/report.h"
#include "libkmod-devname.h"

/* One rule of udev, joined from its lines. */
struct udev_rule {
	struct location location; /* its first line */
	const char *fault; /* NULL, or why it cannot be read; then the text may lack some */
	const char *text;
};

/*
 * Hands all rules below a root directory to take(), in the order in which udev reads them, until
 * it returns other than 0. The names of the files in their places are good until
 * conf_dirs_done(), which is to be called also after a failure. Returns what take() did, or a
 * negative errno, with a system finding that names the file or directory.
 */
int udev_walk(int root_fd, struct kmod_devname_report *report, struct conf_dirs *ret_dirs,
	      int (*take)(void *data, const struct udev_rule *rule), void *data);

#endif
