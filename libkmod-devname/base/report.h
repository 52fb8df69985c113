/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef REPORT_H
#define REPORT_H

#include <stddef.h>

#include "libkmod-devname.h"

/* Where something was found: the file, may be NULL, and its line, 0 if it is not text. */
struct location {
	const char *file;
	size_t line;
};

/*
 * Adds a finding; the message is a sentence without the file's name. Bytes of the data may
 * stand in it as they are: they are escaped here. NULL as the report drops the finding.
 */
int report_add(struct kmod_devname_report *report, enum kmod_devname_code code,
	       enum kmod_devname_severity severity, const struct location *location,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Names the file for which a system call failed with error, a negative errno; returns error. */
int report_system(struct kmod_devname_report *report, int error, const struct location *location);

/* Room for every text of so many bytes. */
#define REPORT_ESCAPED_SIZE(length) (4 * (length) + 4)

/*
 * Escapes bytes that are not printable ASCII as \xNN, and the backslash, so that an escape can be
 * told from a text that looks like one. Writes at most size bytes; a text that may not fit is cut
 * off and ends in "...".
 */
void report_escape(const char *text, char *escaped, size_t size);

#endif
