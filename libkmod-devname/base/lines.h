/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LINES_H
#define LINES_H

#include <stddef.h>
#include <stdio.h>

/* kmod reads modules.devname, and depmod modules.order, with fgets() into 4096 bytes. */
#define LINE_MAX_SIZE 4094

#define LINES_BUFFER_SIZE (32 << 10)

/* Of a whole file: modules.alias has about 1 MB for 4000 modules, and a hole may have no end. */
#define LINES_TOTAL_MAX ((size_t)128 << 20)

enum line_status {
	LINE_END, /* there is no further line */
	LINE_GOOD,
	LINE_LONG, /* over the limit; the text is its beginning */
	LINE_CUT, /* the last one, without a newline */
};

/* The lines of a stream, one after the other, in bounded memory. */
struct lines {
	FILE *stream;
	char end_byte; /* of each line */
	size_t max; /* bytes in a line, below LINES_BUFFER_SIZE */
	size_t total; /* bytes read */
	size_t number; /* of the current line, from 1 */
	char *text; /* with a NUL behind; the caller may change it; valid until the next line */
	size_t size; /* of the text, without newline; there may be NUL bytes in it */
	size_t start; /* of the bytes in the buffer that belong to no line yet */
	size_t end;
	char buffer[LINES_BUFFER_SIZE + 1];
};

/* A line ends with a newline, and has up to LINE_MAX_SIZE bytes, unless the caller sets others. */
void lines_init(struct lines *lines, FILE *stream);

/*
 * Reads the next line. Returns its status, or a negative errno if reading failed; -EFBIG if there
 * are more than LINES_TOTAL_MAX bytes.
 */
int lines_next(struct lines *lines);

#endif
