/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CHECK_H
#define CHECK_H

#include "findings.h"
#include "kernels.h"
#include "read-depmod-config.h"

struct check {
	struct common common;
	struct findings findings;
	const char *dev; /* the device directory, or NULL */
	struct config_paths configs; /* instead of depmod.d of the base directory */
	const char *udev_root; /* the root directory whose rules count; NULL: the base directory */
};

/* The modules of a kernel, its modules.devname, and what else of its root is about nodes. */
enum status check_kernel(struct check *check, const struct kernels *kernels,
			 const struct kernel *kernel);

/* Modules that are not installed: a file, or all of a directory; and what they would give. */
enum status check_file(struct check *check, const char *path);
enum status check_directory(struct check *check, char *path);

/* For a part of a check: an empty report. Says it if there is no memory, NULL. */
struct kmod_devname_report *check_begin(const char *path);

/* Shows the report and releases it. r: 0, or the errno of the work, which is said. */
enum status check_end(struct check *check, struct kmod_devname_report *report, int r,
		      const char *directory, const char *version);

#endif
