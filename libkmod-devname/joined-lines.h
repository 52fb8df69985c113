/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef JOINED_LINES_H
#define JOINED_LINES_H

#include "lines.h"

#define JOINED_LINE_MAX ((size_t)64 << 10)

/* The lines of a configuration file: one that ends with a backslash goes on in the next. */
struct joined_lines {
	size_t number; /* of the first line of the current ones, from 1 */
	char *text; /* the caller may change it; good until the next line */
	size_t capacity;
	struct lines lines;
};

void joined_lines_init(struct joined_lines *joined, FILE *stream);
void joined_lines_done(struct joined_lines *joined);

/*
 * Goes to the next line. Returns its status: LINE_CUT does not occur, a last line may lack its
 * newline; LINE_LONG is over one of the limits. Or a negative errno.
 */
int joined_lines_next(struct joined_lines *joined);

#endif
