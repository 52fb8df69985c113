// SPDX-License-Identifier: LGPL-2.1-or-later
/* Text in lines: whatever a file holds, this takes bounded memory and loses no line. */

#include <errno.h>

#include "lines.h"

void lines_init(struct lines *lines, FILE *stream)
{
	lines->stream = stream;
	lines->number = 0;
	lines->size = 0;
}

int lines_next(struct lines *lines)
{
	enum line_status status = LINE_GOOD;
	int c;

	lines->size = 0;
	lines->number++;
	while ((c = getc_unlocked(lines->stream)) != EOF && c != '\n') {
		if (lines->size < LINE_MAX_SIZE)
			lines->text[lines->size++] = (char)c;
		else
			status = LINE_LONG;
	}
	lines->text[lines->size] = '\0';
	if (c == '\n')
		return status;
	if (ferror(lines->stream))
		return errno > 0 ? -errno : -EIO;
	if (lines->size == 0)
		return LINE_END;
	return status == LINE_LONG ? LINE_LONG : LINE_CUT;
}
