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

/**
 * table_read_index() - add the nodes that an index of aliases tells of
 * @table: the table; the nodes come after those it has, in the order of the index, which is
 *   that of modules.devname in an index that kmod's depmod has written
 * @report: takes a finding with a line number if the index cannot be used
 * @stream: modules.alias, as the depmod of kmod or of busybox writes it; read from its position
 *   to its end; not closed
 * @file: the name to give in findings
 *
 * No module is read, and nothing says that the index is up to date. A module can add lines for
 * another one, since depmod copies a line feed in an alias. kmod_devname_scan_set_use_index() takes
 * what a module declares from the module.
 *
 * Findings, after which nothing is added: bad-index, long-line, cut-line; system. Otherwise
 * those of kmod_devname_table_add_module().
 *
 * Return: 1 if the index was used, 0 if it cannot be, or a negative errno of read(2), or -EFBIG:
 * there are more than 128 MiB.
 */
int table_read_index(struct kmod_devname_table *table, struct kmod_devname_report *report,
		     FILE *stream, const char *file);

/**
 * table_read_builtin() - add the nodes that built-in modules declare
 * @table: the table; the nodes come after those it has
 * @report: takes what is wrong with the declarations
 * @stream: modules.builtin.modinfo, as the kernel's build makes it: strings MODULE.FIELD=VALUE,
 *   each with a NUL behind it; read from its position to its end; not closed
 * @file: the name to give in findings
 *
 * What is built in needs no static node: devtmpfs has one from the start. This is to tell a node
 * that went from one whose driver became a part of the kernel.
 *
 * Findings: those of kmod_devname_table_add_module(); cut-line; system.
 *
 * Return: 0, or a negative errno of read(2), or -EFBIG: there are more than 128 MiB.
 */
int table_read_builtin(struct kmod_devname_table *table, struct kmod_devname_report *report,
		       FILE *stream, const char *file);

#endif
