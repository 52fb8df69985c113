/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KERNELS_H
#define KERNELS_H

#include <stdio.h>
#include <sys/types.h>

#include "options.h"

#define FILE_NAME "modules.devname"

struct kernel {
	char *version;
	char *directory; /* of its modules, below the root */
	char *path; /* the same as the user would name it, for messages */
	dev_t device; /* which directory it is, of one that the user has named */
	ino_t inode;
};

/* The kernels that a command line names. */
struct kernels {
	int root_fd;
	char *moduledir; /* below the root */
	struct kernel *items;
	size_t size;
};

/*
 * Finds out which; says what is wrong. Release it with kernels_done(), also after a failure.
 * running_may_lack: the running kernel counts even if it has no module directory.
 */
enum status kernels_find(struct kernels *kernels, const struct common *common, char **names,
			 int n_names, bool running_may_lack);

/* Opens the root directory and finds no kernels. */
enum status kernels_root(struct kernels *kernels, const struct common *common);

void kernels_done(struct kernels *kernels);

/* Opens the module directory of a kernel, or a file in it unless name is NULL. fd or errno. */
int kernel_open(const struct kernels *kernels, const struct kernel *kernel, const char *name,
		int flags);

/* Opens a file in it for reading, which must be a regular one. 0 or a negative errno. */
int kernel_open_stream(const struct kernels *kernels, const struct kernel *kernel, const char *name,
		       FILE **ret_stream);

/* Says what went wrong with a file in it. Returns STATUS_FAILED. */
enum status kernel_say_failure(const struct kernel *kernel, const char *name, int error);

#endif
