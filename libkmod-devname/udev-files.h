/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UDEV_FILES_H
#define UDEV_FILES_H

#include "libkmod-devname.h"
#include "list.h"

/*
 * Lists the paths of the files with udev's rules below a root directory, in the order in which
 * udev reads them; some may lead to no file. The list is empty before, and released with
 * list_done(list, free), also after a failure. Returns 0, or a negative errno, with a system
 * finding that names the directory.
 */
int udev_files_list(int root_fd, struct kmod_devname_report *report, struct list *paths);

#endif
