/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef READ_DEPMOD_CONFIG_H
#define READ_DEPMOD_CONFIG_H

#include "kernels.h"

/* Reads depmod.d(5) for a kernel: of its root, or the files of the host that --config names. */
enum status read_depmod_config(const struct kernels *kernels, const struct kernel *kernel,
			       const struct common *common, const char *const *paths,
			       size_t n_paths, struct kmod_devname_config **ret_config);

#endif
