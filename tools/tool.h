/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TOOL_H
#define TOOL_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

#include <libkmod-devname.h>

#define FILE_NAME "modules.devname"

enum status {
	STATUS_CLEAN = 0,
	STATUS_FINDINGS = 1, /* done, but something is wrong with the data */
	STATUS_FAILED = 2, /* wrong usage, or not done */
};

struct option_spec {
	int key; /* the letter, or a number above 255 if it has none; 0 ends the table */
	const char *name;
	const char *value; /* NULL: takes none; "[=WHAT]": may take one, then it has no letter */
	const char *help;
};

struct command {
	const char *name;
	const char *summary; /* NULL: this build is without it */
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

/* What the options that all commands have were set to. */
struct common {
	const char *basedir; /* NULL: not given */
	const char *moduledir;
	bool all;
	bool verbose;
	bool quiet;
	bool strict;
};

/*
 * Goes over the options of a command line. take() gets the key of each that is the command's own,
 * with the value in optarg, and returns false if it has said what is wrong. Returns whether to
 * go on; if not the command is over, with *ret_status.
 */
bool parse_options(const struct command *command, int argc, char **argv, struct common *common,
		   bool (*take)(void *data, int key), void *data, enum status *ret_status);

/* What messages begin with; each program has its own. */
extern const char program_name[];

/*
 * One line on stderr, with the program's name; bytes that are not printable are escaped, and so
 * is the backslash, so that an escape can be told from what looks like one.
 */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The text with such bytes escaped, or NULL if there is no memory. */
char *escape(const char *text);

/* DIRECTORY/NAME, to be freed; or NULL if there is no memory. */
char *join_path(const char *directory, const char *name);

/* Says that a thing, a file or what was to be done, failed for a negative errno. */
enum status say_failure(const char *what, int error);

/* Do --verbose and --quiet want findings of this severity? */
bool is_wanted(enum kmod_devname_severity severity, const struct common *common);

/* Where something was found, as print_report() has it, escaped. NULL if there is no memory. */
char *finding_path(const struct kmod_devname_finding *finding, const char *directory,
		   const struct common *common);

/* The line for a finding, escaped; the message is its own or longer. NULL if there is no memory. */
char *finding_text(const struct kmod_devname_finding *finding, const char *message,
		   const char *directory, const struct common *common);

/* Says it; fails if there is no memory. */
enum status say_finding(const struct kmod_devname_finding *finding, const char *directory,
		 const struct common *common);

/*
 * Prints the findings whose severity is wanted. Their files are below a directory, or below the
 * base directory if they have a slash in front: so the library has it. Without a directory they
 * are what the user named, and shown as they are.
 */
enum status print_report(const struct kmod_devname_report *report, const char *directory,
			 const struct common *common);

/*
 * For what a library call has reported: prints it, and releases the report. error is what the call
 * returned. If there was no memory nothing is in the report, so that is said of a thing.
 */
enum status finish_report(struct kmod_devname_report *report, int error, const char *what,
			  const char *directory, const struct common *common);

bool report_has(const struct kmod_devname_report *report, enum kmod_devname_code code);

/* To be called last: has all that went to stdout arrived? */
enum status finish_output(enum status status);

enum status worse(enum status a, enum status b);

#endif
