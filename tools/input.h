/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INPUT_H
#define INPUT_H

#include "kernels.h"

/* As kernels_find() for a command that has --input, whose value is file, or NULL. */
enum status input_find(const char *file, struct kernels *kernels, const struct common *common,
		       char **names, int n_names);

/*
 * Reads nodes from a modules.devname that is open, and says what is wrong with it. The directory
 * is for messages, see print_report().
 */
enum status read_table(FILE *stream, const char *directory, const char *name,
		       const struct common *common, struct kmod_devname_table *table);

/*
 * Reads those of a kernel. A missing modules.devname is a failure, or a warning if it may be
 * missing.
 */
enum status read_kernel(const struct kernels *kernels, const struct kernel *kernel, bool may_lack,
			const struct common *common, struct kmod_devname_table *table);

/*
 * Reads the nodes of all kernels, or of one file instead ("-" is standard input), into one table,
 * and says what is wrong. A missing modules.devname is a warning: that is what kmod and the unit
 * kmod-static-nodes.service agree on.
 */
enum status input_read(const char *file, const struct kernels *kernels, const struct common *common,
		       struct kmod_devname_table *table);

/* Is there any file to read? One that cannot be looked at counts. */
bool input_exists(const char *file, const struct kernels *kernels);

#endif
