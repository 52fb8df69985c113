/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODULES_H
#define MODULES_H

#include "kernels.h"

/* The files and directories of the host that --config names, in their order. */
struct config_paths {
	const char **items;
	size_t size;
	size_t capacity;
};

void config_paths_add(struct config_paths *paths, const char *path);
void config_paths_done(struct config_paths *paths);

/*
 * Reads depmod.d(5) of a root directory, or the files of the host that --config names, which
 * findings name as they were given. 0, or a negative errno without a message.
 */
int add_depmod_config(struct kmod_devname_config *config, struct kmod_devname_report *report,
		      int root_fd, const char *const *paths, size_t n_paths);

/* The same for a kernel, with messages. */
enum status read_depmod_config(const struct kernels *kernels, const struct kernel *kernel,
			       const struct common *common, const char *const *paths,
			       size_t n_paths, struct kmod_devname_config **ret_config);

struct modules_options {
	unsigned int threads; /* 0: as many as are good */
	bool use_index; /* where it is fresh */
};

/*
 * Reads the modules of a kernel. What is wrong with them goes to the report, a failure that the
 * report does not name is said. The configuration may be NULL.
 */
enum status modules_read(const struct kernels *kernels, const struct kernel *kernel,
			 struct kmod_devname_config *config, const struct modules_options *options,
			 struct kmod_devname_table *table, struct kmod_devname_report *report,
			 size_t *ret_modules);

#endif
