/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UDEV_FILES_H
#define UDEV_FILES_H

#include "base/confdir.h"

/*
 * Finds the files with udev's rules below a root directory, in the order in which udev reads
 * them; some may lead to no file. Release the files with conf_dirs_done(), also after a failure.
 * Returns 0, or a negative errno, with a system finding that names the directory.
 */
int udev_files_find(int root_fd, struct kmod_devname_report *report, struct conf_dirs *ret_dirs);

#endif
