/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UDEV_LINES_H
#define UDEV_LINES_H

#include "base/lines.h"

/* UDEV_LINE_SIZE of systemd without the NUL; holds for physical and for joined lines. */
#define UDEV_LINE_MAX ((size_t)16 * 1024 - 1)

/* The rules of a file, each joined from the lines that end in a backslash and the one after. */
struct udev_lines {
	struct lines lines;
	size_t number; /* of the rule's first line */
	const char *fault; /* NULL, or why the rule cannot be read; then the text may lack some */
	size_t size;
	char text[UDEV_LINE_MAX + 1];
};

void udev_lines_init(struct udev_lines *rules, FILE *stream);

/* Goes to the next rule, passing over comments. Returns 1, 0 at the end, or a negative errno. */
int udev_lines_next(struct udev_lines *rules);

#endif
