/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONFDIR_H
#define CONFDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/array.h"
#include "base/report.h"

/*
 * The files of configuration directories such as /etc/depmod.d and /usr/lib/depmod.d. Of two files
 * with the same name, the one in the directory that was added first counts, even if it is a
 * dangling link: so files are masked. Entries other than files and links mask no file.
 */
struct conf_dirs {
	int root_fd;
	struct kmod_devname_report *report;
	const char *const *suffixes; /* of the names, then NULL; names of hidden files have none */
	/* Adds a finding about an unreadable path. Returns the error, or -ENOMEM. */
	int (*unreadable)(struct kmod_devname_report *report, int error, const char *path);
	struct list files; /* of struct conf_file */
};

struct conf_file {
	size_t order; /* in which it was added */
	bool may_lack;
	bool hides_none; /* a directory, device, FIFO or socket */
	const char *name; /* the end of the path */
	char path[]; /* below the root */
};

/*
 * Adds the files of a directory. Returns 0; -ENOENT if it is missing; -ENOTDIR if the name is that
 * of a file; or a negative errno, with a finding.
 */
int conf_dirs_add(struct conf_dirs *dirs, const char *directory);

/*
 * Adds the usual directories of a name, such as "depmod.d": "/etc/depmod.d" first. Returns 0 or a
 * negative errno.
 */
int conf_dirs_add_usual(struct conf_dirs *dirs, const char *name);

/* Sorts the files by their names, and drops those that do not count. */
void conf_dirs_choose(struct conf_dirs *dirs);

void conf_dirs_done(struct conf_dirs *dirs);

/* The files of depmod.d(5) or modprobe.d(5) below a root directory, and their parser. */
struct config_files {
	int root_fd;
	const char *name; /* of the directories: "depmod.d" */
	const char *suffix; /* of files, besides ".conf"; may be NULL */
	const char *also; /* a file that counts besides those of the directories; may be NULL */
	struct kmod_devname_report *report;
	/* Parses a line, and may change it. Returns 0, or a negative errno to stop. */
	int (*take)(void *data, const struct location *location, char *text);
	void *data;
};

/*
 * Reads the lines of all files, in the order of their names. As for kmod, a backslash at the end of
 * a line joins it with the next, and any other one stands for the byte behind it. Without paths it
 * reads the usual directories. Findings: bad-config, also for files that are not regular,
 * long-line; system. Returns 0 or a negative errno.
 */
int config_files_read(const struct config_files *files, const char *const *paths, size_t n_paths);

#endif
