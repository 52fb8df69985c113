/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FORMAT_H
#define FORMAT_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "libkmod-devname.h"

/* The mode that each directory between /dev and a node gets. */
#define FORMAT_DIRECTORY_MODE "0755"

/* A node with its permissions, as a format writes it. */
struct entry {
	const char *module;
	const char *name;
	mode_t type;
	unsigned int major;
	unsigned int minor;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	const char *user; /* NULL: none is given, and uid is 0; the same for the group */
	const char *group;
};

/*
 * An output format. Names of nodes, modules, users and groups have none of the bytes that mean
 * something in any of them: blanks, quotes, "\", "%", "$". What writes returns a negative number
 * with errno set if it failed, as fprintf(3) does.
 */
struct format {
	const char *name;
	const char *head; /* NULL: nothing comes before the nodes; likewise behind and between */
	const char *tail;
	const char *separator;
	bool once; /* a name that several modules have is one node */
	int (*write_directory)(FILE *stream, const char *name, int size); /* NULL: has none */
	int (*write_node)(FILE *stream, const struct entry *entry);
};

extern const struct format format_human;
extern const struct format format_tmpfiles;
extern const struct format format_tmpfiles_create_only;
extern const struct format format_devname;
extern const struct format format_mknod;
extern const struct format format_cpio;
extern const struct format format_device_table;
extern const struct format format_json;

#endif
