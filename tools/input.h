/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef INPUT_H
#define INPUT_H

#include "kernels.h"
#include "node/table.h"

#define DEFAULT_MODE 0600 /* as kmod has it */

/*
 * As kernels_find() for a command that has --input. A path that is not the module directory of a
 * kernel is refused.
 */
enum status input_find(struct kernels *kernels, const struct common *common, char **names,
		       int n_names);

/*
 * Reads nodes from the stream of a modules.devname, and prints findings. The directory is for
 * messages, see finding_path().
 */
enum status read_table(FILE *stream, const char *directory, const char *name,
		       const struct common *common, struct kmod_devname_table *table);

/*
 * Reads modules.devname of a kernel. A missing file is a failure if ret_exists is NULL, and
 * otherwise a warning.
 */
enum status read_kernel(const struct kernel *kernel, bool *ret_exists,
			struct kmod_devname_table *table);

/*
 * Reads the nodes of all kernels, or of --input instead ("-" is standard input), into one table. A
 * kernel without modules.devname is a warning, as kmod and kmod-static-nodes.service treat it.
 * *ret_exists is false if no kernel has the file.
 */
enum status input_read(const struct kernels *kernels, struct kmod_devname_table *table,
		       bool *ret_exists);

/*
 * Mode and owner of the nodes of a table from the options --mode and --udev. root_fd is the root
 * directory without --udev-root. *ret is set unless the status is STATUS_FAILED.
 */
enum status read_permissions(const struct common *common, mode_t mode, int root_fd,
			     const struct kmod_devname_table *table,
			     struct kmod_devname_permissions **ret);

/*
 * The options by which create in a hint is about this device directory: " --basedir ROOT --dev
 * DIR", "" for /dev of the running system. To be freed.
 */
char *describe_dev_options(const struct common *common);

#endif
