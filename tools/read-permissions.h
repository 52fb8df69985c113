/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef READ_PERMISSIONS_H
#define READ_PERMISSIONS_H

#include "options.h"

#define DEFAULT_MODE 0600 /* as kmod has it */

/*
 * Mode and owner of the nodes of a table as the options --mode and --udev-permissions want them,
 * and says what is wrong. The option is NULL if it was not given, "" for the rules of the root
 * directory that root_fd is, or another root directory. *ret is only set unless the status is
 * STATUS_FAILED.
 */
enum status read_permissions(const char *option, mode_t mode, int root_fd,
			     const struct common *common, const struct kmod_devname_table *table,
			     struct kmod_devname_permissions **ret);

#endif
