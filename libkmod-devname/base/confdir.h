/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONFDIR_H
#define CONFDIR_H

#include <stddef.h>

#include "base/array.h"
#include "base/report.h"

/*
 * The files of configuration directories such as /etc/depmod.d and /usr/lib/depmod.d. Of two of
 * one name that in the directory that was added first counts, also if it is a link that leads
 * nowhere: so are files masked. Entries that are neither regular files nor links do not count.
 */
struct conf_dirs {
	int root_fd;
	struct kmod_devname_report *report;
	const char *const
		*suffixes; /* of the names, and a NULL; names with a dot in front are not */
	struct list files; /* of struct conf_file */
};

struct conf_file {
	size_t order; /* in which it was added */
	const char *name; /* the end of the path */
	char path[]; /* below the root */
};

/*
 * Adds the files of a directory. Returns 0; -ENOENT if there is none, or a link that goes round in
 * circles; -ENOTDIR if it is no directory; or a negative errno, with a system finding.
 */
int conf_dirs_add(struct conf_dirs *dirs, const char *directory);

/* Adds a file whatever its name; whether there is one is not looked at. 0 or -ENOMEM. */
int conf_dirs_add_file(struct conf_dirs *dirs, const char *path);

/* Sorts the files by their names, and drops those that do not count. */
void conf_dirs_choose(struct conf_dirs *dirs);

void conf_dirs_done(struct conf_dirs *dirs);

/* The files of depmod.d(5) or modprobe.d(5) below a root directory, and who takes their lines. */
struct config_files {
	int root_fd;
	const char *name; /* of the directories: "depmod.d" */
	const char *suffix; /* of files, besides ".conf"; may be NULL */
	const char *also; /* a file that counts besides those of the directories; may be NULL */
	struct kmod_devname_report *report;
	/* A joined line, which may be changed. 0 or a negative errno, which ends the reading. */
	int (*take)(void *data, const struct location *location, char *text);
	void *data;
};

/*
 * Reads the lines of all files, in the order of their names, of two with the same name only the
 * first; no paths means the usual directories. Findings: bad-config, long-line; system.
 */
int config_files_read(const struct config_files *files, const char *const *paths, size_t n_paths);

#endif
