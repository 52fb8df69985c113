/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SKIP_H
#define SKIP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>

#include "base/report.h"

/* A module that has a line in modules.dep. */
struct skip_module {
	char *path; /* relative to the module directory, or with a slash in front */
	const char *name; /* its last component */
	bool was_read; /* by depmod, which knows an alias or a dependency of it */
	bool has_devname;
	bool is_repeated; /* modules.dep has several modules of this name */
};

/*
 * Which modules need not be read, by modules.dep and modules.alias: those of which depmod's files
 * show that depmod read them and found no device name.
 */
struct skip {
	struct skip_module *modules; /* sorted by the name of the module */
	size_t size;
	size_t capacity;
	bool is_of_kmod;
	struct timespec written; /* the earliest time that either file has */
	dev_t device; /* that modules.dep is on */
};

/*
 * Reads the files in a directory. Returns 1; 0 if one cannot be used, with a finding about the
 * damaged line, or one of that severity about a file that is not there; or a negative errno if
 * the process lacks memory or descriptors. Release it with skip_done(), whatever was returned.
 */
int skip_read(struct skip *skip, int dir_fd, struct kmod_devname_report *report,
	      enum kmod_devname_severity severity);
void skip_done(struct skip *skip);

/* A module of this name, in the spelling of a file or of modules.alias; or NULL. */
struct skip_module *skip_find_module(const struct skip *skip, const char *name);

/* True if the module need not be read, provided that its file is the one that depmod has read. */
bool skip_spares(const struct skip *skip, const struct skip_module *module);

/* The same for the file NAME in a directory; false if modules.dep has another path or none. */
bool skip_spares_file(const struct skip *skip, const char *directory, const char *name);

/* True if the status of a file or directory shows that it is older than the index. */
bool skip_is_older(const struct skip *skip, const struct stat *st);

#endif
