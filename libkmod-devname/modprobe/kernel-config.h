/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KERNEL_CONFIG_H
#define KERNEL_CONFIG_H

#include <stdbool.h>

/*
 * Is the kernel of a module directory known to ask for no module when a block device is opened?
 * From its configuration beside the modules, in /boot, or of the running kernel. 1 or 0, which is
 * also the answer if there is no configuration; or a negative errno.
 */
int kernel_config_lacks_block_autoload(int root_fd, const char *directory, bool running);

#endif
