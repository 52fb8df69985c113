/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "kernels.h"
#include "text/replace.h"

#define TARGET_ABSENT (-2)

/* The file or stream for the output of a command. */
struct target {
	int dir_fd; /* -1: standard output; TARGET_ABSENT: there is no such directory yet */
	char *name; /* in the directory */
	char *path; /* for messages */
	struct replacement replacement; /* of the file */
};

enum status target_stdout(struct target *ret_target);
/* A regular file, or none yet; make_parents: missing directories are made. */
enum status target_file(const char *path, bool make_parents, struct target *ret_target);
enum status target_kernel(const struct kernel *kernel, struct target *ret_target);
/* Below another root directory; make: missing directories are made. */
enum status target_outdir(const char *outdir, const struct kernel *kernel, bool make,
			  struct target *ret_target);

/* Waits for the lock on the file. After a timeout it prints a warning and returns without. */
void target_lock(struct target *target, const struct common *common);

/* Replaces the file. Returns 1; 0 if it was up to date; or a negative errno after a message. */
int target_write(struct target *target, const struct kmod_devname_table *table);

void target_done(struct target *target);

#endif
