/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef READ_DEPMOD_CONFIG_H
#define READ_DEPMOD_CONFIG_H

#include "kernels.h"

/* The files and directories of the host that --config names, in their order. */
struct config_paths {
	const char **items;
	size_t size;
};

/* Adds one; says if there is no memory. */
bool config_paths_add(struct config_paths *paths, const char *path);
void config_paths_done(struct config_paths *paths);

/*
 * Reads depmod.d(5) of a root directory, or the files of the host that --config names, which are
 * reported as they were given. 0, or a negative errno that is not said.
 */
int add_depmod_config(struct kmod_devname_config *config, struct kmod_devname_report *report,
		      int root_fd, const char *const *paths, size_t n_paths);

/* The same for a kernel; says what is wrong. */
enum status read_depmod_config(const struct kernels *kernels, const struct kernel *kernel,
			       const struct common *common, const char *const *paths,
			       size_t n_paths, struct kmod_devname_config **ret_config);

#endif
