/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FINDINGS_H
#define FINDINGS_H

#include "sheet.h"
#include "options.h"

/* Findings that are the result of a command: data, on standard output. */
struct findings {
	const struct common *common;
	bool ignored[KMOD_DEVNAME_SYSTEM]; /* by their codes */
	bool json;
	struct sheet sheet; /* for JSON */
};

void findings_init(struct findings *findings, const struct common *common);
void findings_done(struct findings *findings);

/* Reads a list such as "absent,same-number"; says what is wrong with it. */
bool findings_ignore(struct findings *findings, const char *list);

/*
 * Prints the findings of a report whose severity is wanted, or keeps all of them for JSON, and
 * says those that are failures of the system. Files are below the directory. version: of the
 * kernel, or "".
 */
enum status findings_take(struct findings *findings, const struct kmod_devname_report *report,
			  const char *directory, const char *version);

/* Prints the JSON, if that is wanted. */
enum status findings_end(const struct findings *findings);

#endif
