/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DEPMOD_INDEX_H
#define DEPMOD_INDEX_H

#include "libkmod-devname.h"

#include <stddef.h>
#include <stdio.h>

#include "base/lines.h"
#include "base/report.h"

/* One of depmod's text files, line by line. */
struct depmod_index {
	struct kmod_devname_report *report;
	struct location location; /* of the current line */
	size_t comment_line; /* of the last comment in modules.alias so far, or 0 */
	struct lines lines;
};

/*
 * The functions that read return one of these, or a negative errno: -ENOMEM, or that of read(2)
 * with a system finding.
 */
enum depmod_index_status {
	DEPMOD_INDEX_END, /* there is no further line */
	DEPMOD_INDEX_LINE,
	DEPMOD_INDEX_DAMAGED, /* and a finding for the current line has been added */
};

/* The stream is read from its position; the file is that of the findings. */
void depmod_index_start(struct depmod_index *index, struct kmod_devname_report *report,
			FILE *stream, const char *file);

/* Adds a finding "bad-index" for the current line. DEPMOD_INDEX_DAMAGED or -ENOMEM. */
int depmod_index_report(const struct depmod_index *index, const char *problem);

/*
 * Reads the next module of modules.dep. The strings are valid until the next line, and may be
 * changed: the path of the module and, parted by blanks, the paths of those that it needs.
 */
int depmod_index_next_module(struct depmod_index *index, char **ret_path, char **ret_needed);

/* Reads the next alias of modules.alias. The strings are valid until the next line. */
int depmod_index_next_alias(struct depmod_index *index, const char **ret_alias,
			    const char **ret_module);

/* Reads the next path of modules.builtin. The string is valid until the next line. */
int depmod_index_next_path(struct depmod_index *index, const char **ret_path);

/*
 * Adds the nodes that the built-in modules declare, by the strings of modules.builtin.modinfo. The
 * findings are those of table_add_aliases(), cut-line and system. 0 or a negative errno.
 */
int table_read_builtin(struct kmod_devname_table *table, struct kmod_devname_report *report,
		       FILE *stream, const char *file);

#endif
