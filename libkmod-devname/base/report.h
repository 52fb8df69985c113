/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REPORT_H
#define REPORT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "libkmod-devname.h"

/* The location of a finding: the file, or NULL, and the line, or 0. */
struct location {
	const char *file;
	size_t line;
};

/*
 * Adds a finding. The message is "PROBLEM; HINT" without the name of the file. Bytes of the data
 * are escaped. A format without "; " gets the hint of the code. A NULL report drops the finding.
 * Returns 0 or -ENOMEM.
 */
int report_add(struct kmod_devname_report *report, enum kmod_devname_code code,
	       enum kmod_devname_severity severity, const struct location *location,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The description of a negative errno; with glibc 2.32 or later it is in English in any locale. */
const char *report_describe_error(int error);
/* Adds the error of a system call, a negative errno, as a finding. Returns the error. */
int report_system(struct kmod_devname_report *report, int error, const struct location *location);

/* Room for the escaped form of a text of so many bytes. */
#define REPORT_ESCAPED_SIZE(length) (4 * (length) + 1)

#endif
