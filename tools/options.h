/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include "message.h"

struct option_spec {
	int key; /* the letter, or a number above 255 if there is none; 0 ends the table */
	const char *name;
	const char *value; /* NULL: takes no value; "[=WHAT]": optional, and there is no letter */
	const char *help;
};

struct command {
	const char *name;
	const char *summary; /* NULL: this build is without the command */
	const char *description;
	const char *operands; /* NULL: [KERNEL...] */
	const struct option_spec *options;
	int (*run)(const struct command *command, int argc, char **argv);
};

extern const struct command cmd_check;
extern const struct command cmd_create;
extern const struct command cmd_diff;
extern const struct command cmd_explain;
extern const struct command cmd_generate;
extern const struct command cmd_list;
extern const struct command cmd_static_nodes;

/* The values of the options that all commands have. */
struct common {
	const char *basedir; /* NULL: not given */
	const char *moduledir;
	bool all;
	bool verbose;
	bool quiet;
	bool strict;
};

static inline const char *base_directory(const struct common *common)
{
	return common->basedir ? common->basedir : "/";
}

/*
 * Parses the options of a command line. parse_own() gets the key of each option of the command, and
 * the value in optarg. It returns false after a message on a bad value. parse_options() returns
 * whether the command continues. If not, the command ends with *ret_status.
 */
bool parse_options(const struct command *command, int argc, char **argv, struct common *common,
		   bool (*parse_own)(void *data, int key), void *data, enum status *ret_status);

#endif
