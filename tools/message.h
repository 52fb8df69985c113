/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "libkmod-devname.h"

struct common;

enum status {
	STATUS_CLEAN = 0,
	STATUS_FINDINGS = 1, /* done, with faults of the data */
	STATUS_FAILED = 2, /* invalid usage, or not done */
};

/* Each program defines the name that begins its messages, and its exit status without memory. */
extern const char program_name[];
extern const int program_failure;

/*
 * Prints that there is no memory, and exits. No half-written file stays: a library call has cleaned
 * up by the time it returns, and the kernel drops locks.
 */
void die_without_memory(void) __attribute__((noreturn));

/* These die without memory. */
void *xcalloc(size_t n, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t size);
char *xvasprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void *xarray_grow(void *array, size_t *capacity, size_t element, size_t size);
void xlist_push(struct list *list, void *item);
struct kmod_devname_table *xtable_new(void);
struct kmod_devname_report *xreport_new(void);
struct kmod_devname_permissions *xpermissions_new(mode_t mode);

static inline void unref_table(struct kmod_devname_table *const *table)
{
	kmod_devname_table_unref(*table);
}

static inline void unref_report(struct kmod_devname_report *const *report)
{
	kmod_devname_report_unref(*report);
}

static inline void unref_permissions(struct kmod_devname_permissions *const *permissions)
{
	kmod_devname_permissions_unref(*permissions);
}

#define _cleanup_table_ __attribute__((cleanup(unref_table)))
#define _cleanup_report_ __attribute__((cleanup(unref_report)))
#define _cleanup_permissions_ __attribute__((cleanup(unref_permissions)))

/* DIRECTORY/NAME, to be freed. */
char *join_path(const char *directory, const char *name);

/* Appends a word to a list "a, b", which is NULL while it is empty. */
void append_word(char **list, const char *word);

/* The text as messages show it, see kmod_devname_escape(); to be freed. */
char *escape(const char *text);

/* The word as a shell reads it, in single quotes only if it needs them; to be freed. */
char *quote_word(const char *word);

/* Prints one line on stderr, escaped, behind the name of the program. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints that a file or an action failed, with a negative errno. Returns STATUS_FAILED. */
enum status say_failure(const char *what, int error);

/* Returns whether --verbose and --quiet select findings of this severity. */
bool is_wanted(enum kmod_devname_severity severity, const struct common *common);

/* The exit status for a finding of this severity. */
enum status finding_status(enum kmod_devname_severity severity, const struct common *common);

/*
 * The file of a finding, escaped; to be freed. The library reports files below a directory, or
 * below the base directory if they begin with a slash. Without a directory the user has named the
 * file, and it is shown as it is.
 */
char *finding_path(const struct kmod_devname_finding *finding, const char *directory,
		   const struct common *common);

/* Prints a finding in one line. On stderr it begins with the name of the program. */
void print_finding(FILE *stream, const struct kmod_devname_finding *finding, const char *directory,
		   const struct common *common);

/*
 * Prints how many findings are beyond the limit of the report: those that are wanted, or all. Adds
 * them to the counts by severity, and returns the status that they give.
 */
enum status say_left_out(const struct kmod_devname_report *report, const char *directory,
			 const struct common *common, bool shows_all, size_t *counts);

/* Prints the findings that are wanted. */
enum status print_report(const struct kmod_devname_report *report, const char *directory,
			 const struct common *common);

/* Prints the error of a library call, unless its report has a finding for it. STATUS_FAILED. */
enum status say_call_failure(const struct kmod_devname_report *report, const char *what, int error);

/*
 * Prints the report of a library call and releases it. error is the value that the call returned.
 * If the report does not name the failure, the message does, with the text in what.
 */
enum status finish_report(struct kmod_devname_report *report, int error, const char *what,
			  const char *directory, const struct common *common);

bool report_has(const struct kmod_devname_report *report, enum kmod_devname_code code);

/* The last call of a program: fails unless all output has been written. */
enum status finish_output(enum status status);

enum status worse(enum status a, enum status b);

#endif
