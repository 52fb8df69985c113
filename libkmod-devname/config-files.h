/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONFIG_FILES_H
#define CONFIG_FILES_H

#include <stddef.h>

#include "report.h"

/* The files of depmod.d(5) or modprobe.d(5) below a root directory, and who takes their lines. */
struct config_files {
	int root_fd;
	const char *name; /* of the directories: "depmod.d" */
	const char *suffix; /* of files, besides ".conf"; may be NULL */
	const char *also; /* a file that counts besides those of the directories; may be NULL */
	struct kmod_devname_report *report;
	/* A joined line, which may be changed. 0 or a negative errno, which ends the reading. */
	int (*take)(void *data, const struct place *place, char *text);
	void *data;
};

/*
 * Reads the lines of all files, in the order of their names, of two with the same name only the
 * first; no paths means the usual directories. Findings: bad-config, long-line; system.
 */
int config_files_read(const struct config_files *files, const char *const *paths, size_t n_paths);

#endif
