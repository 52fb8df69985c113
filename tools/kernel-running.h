/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KERNEL_RUNNING_H
#define KERNEL_RUNNING_H

#include "kernels.h"

/*
 * Are the modules those that the running kernel's modprobe would take, however they are named?
 * 1, 0 or a negative errno.
 */
int kernel_is_running(const struct kernels *kernels, const struct kernel *kernel);

#endif
