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
	const char *help; /* NULL: a second name, which only the manual has */
};

struct command {
	const char *name;
	const char *summary; /* NULL: this build is without the command */
	const char *description;
	const char *operands; /* NULL: [KERNEL...] */
	const struct option_spec *options;
	bool lacks_all; /* there is no --all */
	int value_key; /* the option that takes one of a few values; 0: none does */
	const char *(*get_value)(int i); /* these values, up to NULL */
	int (*run)(const struct command *command, int argc, char **argv);
};

extern const struct command cmd_check;
extern const struct command cmd_create;
extern const struct command cmd_diff;
extern const struct command cmd_explain;
extern const struct command cmd_generate;
extern const struct command cmd_list;
extern const struct command cmd_static_nodes;

/* Keys without a letter of options that several commands have. Those of one begin with 256. */
enum {
	KEY_COLOR = 1000,
	KEY_DEV,
	KEY_INPUT,
	KEY_LIST_OPTIONS,
	KEY_STRICT,
	KEY_UDEV,
	KEY_UDEV_ROOT,
	KEY_UDEV_PERMISSIONS,
};

/* Of a table of options. The parser puts them, --config, --dev, --input and --json into struct
 * common. */
#define UDEV_OPTIONS \
	{ KEY_UDEV, "udev", NULL, "use udev's rules below the base directory" }, \
	{ \
		KEY_UDEV_ROOT, "udev-root", "DIR", "like --udev, with the rules below DIR" \
	}

/* The name that --udev had, for scripts and boot services. */
#define UDEV_PERMISSIONS_OPTION \
	{ \
		KEY_UDEV_PERMISSIONS, "udev-permissions", "[=ROOT]", NULL \
	}

enum color {
	COLOR_NEVER,
	COLOR_ALWAYS,
	COLOR_AUTO, /* on a terminal */
	N_COLORS,
};

/* The values of the options that several commands have; NULL: not given. */
struct common {
	const char *basedir;
	const char *moduledir;
	struct list configs; /* paths in the place of depmod.d; to be released with list_free() */
	const char *dev; /* a device directory */
	const char *input; /* a modules.devname, in the place of those of kernels */
	const char *udev_root; /* NULL: no rules; "": those of the base directory */
	enum color color; /* of the severity of findings */
	bool is_hook; /* a package manager runs the program */
	bool all;
	bool json;
	bool verbose;
	bool quiet;
	bool strict;
};

static inline const char *base_directory(const struct common *common)
{
	return common->basedir ? common->basedir : "/";
}

/*
 * Finds the word of the command, which options of all commands may precede. Returns its index; 0 if
 * there is none; or -1 after a message. *ret_wanted is 'h', 'V' or KEY_LIST_OPTIONS for --help,
 * --version and --list-options.
 */
int find_command_word(int argc, char **argv, int *ret_wanted);

/*
 * Parses the options of a command line. parse_own() gets the key of each option that struct common
 * does not have, and the value in optarg. It returns false after a message on a bad value.
 * parse_options() returns whether the command continues. If not, it ends with *ret_status.
 */
bool parse_options(const struct command *command, int argc, char **argv, struct common *common,
		   bool (*parse_own)(void *data, int key), void *data, enum status *ret_status);

/* As find_value() does, without a message. */
int look_up_value(const char *(*get_value)(int i), const char *text, size_t size);

/*
 * Finds the first size bytes of a text among the valid values of an option, in upper or lower case.
 * Returns the number of the value, or -1 after a message.
 */
int find_value(const char *option, const char *(*get_value)(int i), const char *text, size_t size);

enum status print_command_help(const struct command *command);

/*
 * Prints the options of a command for the completions of shells, one a line: letter, name, value,
 * valid values and help, with tabs between them and "-" for none. NULL: those before a command.
 */
enum status print_option_list(const struct command *command);

#endif
