/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DIFF_SIDE_H
#define DIFF_SIDE_H

#include "kernels.h"

/* What an operand of diff names: a file, one kernel, or all those of a root directory. */
struct side {
	const char *file; /* NULL: kernels */
	struct common common; /* with its own base directory */
	struct kernels kernels;
};

/* One modules.devname. */
struct version {
	char *label; /* for people */
	struct kmod_devname_table *table;
	struct kmod_devname_table *built_in; /* NULL: not known */
};

/* Finds out what it is; says what is wrong. Release it with side_done(), also after a failure. */
enum status side_find(struct side *side, char *operand, const struct common *common);
void side_done(struct side *side);

/* The kernel of that name, or NULL. */
const struct kernel *side_kernel(const struct side *side, const char *version);

/* Reads the file, or that of a kernel; the findings count as a failure. */
enum status side_read(const struct side *side, const struct kernel *kernel,
		      struct version *ret_version);
void version_done(struct version *version);

#endif
