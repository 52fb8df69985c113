// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Lines of a stream, in bounded memory. getline(3) would keep a line of any size, and fgets(3)
 * cannot tell a NUL byte from the end of a line. The buffer holds the current line and the bytes
 * read behind it.
 */

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/lines.h"

void lines_init(struct lines *lines, FILE *stream)
{
	lines->stream = stream;
	lines->end_byte = '\n';
	lines->max = LINE_MAX_SIZE;
	lines->total = 0;
	lines->number = 0;
	lines->start = lines->end = 0;
}

/* A signal is no failure: the stream continues where it was. */
static bool was_interrupted(FILE *stream)
{
	if (!ferror(stream) || errno != EINTR)
		return false;
	clearerr(stream);
	return true;
}

/*
 * Moves the bytes that belong to no line yet to a position in the buffer, and reads behind them.
 * False at the end of the stream.
 */
static bool fill_lines(struct lines *lines, size_t position)
{
	size_t n;

	memmove(lines->buffer + position, lines->buffer + lines->start, lines->end - lines->start);
	lines->end = position + lines->end - lines->start;
	lines->start = position;
	do
		n = fread(lines->buffer + lines->end, 1, LINES_BUFFER_SIZE - lines->end,
			  lines->stream);
	while (was_interrupted(lines->stream) && n == 0);
	lines->end += n;
	lines->total += n;
	return n > 0;
}

static char *find_end_byte(struct lines *lines)
{
	return memchr(lines->buffer + lines->start, lines->end_byte, lines->end - lines->start);
}

/*
 * Skips the rest of a line that is too long. Its beginning stays at the front of the buffer.
 * Returns the newline, or NULL at the end of the stream.
 */
static char *skip_long_line(struct lines *lines)
{
	char *newline;

	memmove(lines->buffer, lines->buffer + lines->start, lines->max);
	lines->start += lines->max;
	while (!(newline = find_end_byte(lines))) {
		lines->start = lines->end;
		if (lines->total > LINES_TOTAL_MAX || !fill_lines(lines, lines->max + 1))
			return NULL;
	}
	lines->start = (size_t)(newline + 1 - lines->buffer);
	return newline;
}

int lines_next(struct lines *lines)
{
	char *newline;
	size_t size;
	bool is_long;

	lines->number++;
	errno = 0;
	/* Reading more than the limit would not make the line valid. */
	do
		newline = find_end_byte(lines);
	while (!newline && lines->end - lines->start <= lines->max && fill_lines(lines, 0));
	size = (newline ? (size_t)(newline - lines->buffer) : lines->end) - lines->start;
	is_long = size > lines->max;
	if (is_long) {
		newline = skip_long_line(lines);
		lines->text = lines->buffer;
		lines->size = lines->max;
	} else {
		lines->text = lines->buffer + lines->start;
		lines->size = size;
		lines->start += size + (newline != NULL);
	}
	lines->text[lines->size] = '\0';

	/* Complete lines before an error are still valid. */
	if (!newline && ferror(lines->stream))
		return errno > 0 ? -errno : -EIO;
	if (lines->total > LINES_TOTAL_MAX)
		return -EFBIG;
	if (is_long)
		return LINE_LONG;
	if (newline)
		return LINE_GOOD;
	return size > 0 ? LINE_CUT : LINE_END;
}
