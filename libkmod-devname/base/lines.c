// SPDX-License-Identifier: LGPL-2.1-or-later
/* Text in lines: whatever a file holds, this takes bounded memory and loses no line. */

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/array.h"
#include "base/lines.h"

void lines_init(struct lines *lines, FILE *stream)
{
	strings_init(lines, stream, '\n');
}

void strings_init(struct lines *lines, FILE *stream, char end)
{
	lines->stream = stream;
	lines->end_byte = end;
	lines->max = LINE_MAX_SIZE;
	lines->total = 0;
	lines->number = 0;
	lines->start = lines->end = 0;
}

/* A signal is no failure: the stream goes on where it was. */
static bool was_interrupted(FILE *stream)
{
	if (!ferror(stream) || errno != EINTR)
		return false;
	clearerr(stream);
	return true;
}

/* Reads behind what is there, which is moved to the front. False at the end of the stream. */
static bool fill(struct lines *lines)
{
	size_t n;

	memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
	lines->end -= lines->start;
	lines->start = 0;
	do
		n = fread(lines->buffer + lines->end, 1, LINES_BUFFER_SIZE - lines->end,
			  lines->stream);
	while (was_interrupted(lines->stream) && n == 0);
	lines->end += n;
	lines->total += n;
	return n > 0;
}

/* Finds the end of the line that starts the buffer, reading on as long as it may be good. */
static char *find_newline(struct lines *lines)
{
	char *newline;

	do {
		newline = memchr(lines->buffer + lines->start, lines->end_byte,
				 lines->end - lines->start);
	} while (!newline && lines->end - lines->start <= lines->max && fill(lines));
	return newline;
}

static void set_text(struct lines *lines, size_t size)
{
	lines->text = lines->buffer + lines->start;
	lines->size = size;
	lines->text[size] = '\0';
}

static int next_byte(struct lines *lines)
{
	int c;

	do
		c = getc_unlocked(lines->stream);
	while (c == EOF && was_interrupted(lines->stream));
	lines->total += c != EOF;
	return c;
}

/* Passes over the rest of a line that is too long; its beginning stays as the text. */
static void skip_long(struct lines *lines)
{
	char *rest = lines->buffer + lines->start + lines->max + 1;
	char *newline = memchr(rest, lines->end_byte, (size_t)(lines->buffer + lines->end - rest));
	int c;

	set_text(lines, lines->max);
	if (newline) {
		lines->start = (size_t)(newline + 1 - lines->buffer);
		return;
	}
	lines->start = lines->end = 0;
	do
		c = next_byte(lines);
	while (c != EOF && c != (unsigned char)lines->end_byte && lines->total <= LINES_TOTAL_MAX);
}

int lines_next(struct lines *lines)
{
	char *newline;
	size_t size;

	lines->number++;
	errno = 0;
	newline = find_newline(lines);
	if (!newline && ferror(lines->stream))
		return errno > 0 ? -errno : -EIO;
	if (lines->total > LINES_TOTAL_MAX)
		return -EFBIG;
	size = (newline ? (size_t)(newline - lines->buffer) : lines->end) - lines->start;
	if (size > lines->max) {
		skip_long(lines);
		if (lines->total > LINES_TOTAL_MAX)
			return -EFBIG;
		return ferror(lines->stream) ? -EIO : LINE_LONG;
	}
	set_text(lines, size);
	lines->start += size + (newline != NULL);
	if (newline)
		return LINE_GOOD;
	return size > 0 ? LINE_CUT : LINE_END;
}

void joined_lines_init(struct joined_lines *joined, FILE *stream)
{
	joined->number = 0;
	joined->text = NULL;
	joined->capacity = 0;
	lines_init(&joined->lines, stream);
}

void joined_lines_done(struct joined_lines *joined)
{
	free(joined->text);
}

/* Does it end with a backslash, which is cut off then? */
static bool goes_on(struct lines *lines)
{
	if (lines->size == 0 || lines->text[lines->size - 1] != '\\')
		return false;
	lines->size--;
	return true;
}

static int append(struct joined_lines *joined, size_t *size)
{
	const struct lines *lines = &joined->lines;
	char *text = array_grow(joined->text, &joined->capacity, 1, *size + lines->size + 1);

	if (!text)
		return -ENOMEM;
	memcpy(text + *size, lines->text, lines->size);
	*size += lines->size;
	text[*size] = '\0';
	joined->text = text;
	return 0;
}

int joined_lines_next(struct joined_lines *joined)
{
	bool more = true, too_long = false;
	size_t size = 0;
	int r = 0;

	joined->number = joined->lines.number + 1;
	while (more && r == 0) {
		int status = lines_next(&joined->lines);

		if (status < 0 || (status == LINE_END && joined->lines.number == joined->number))
			return status;
		if (status == LINE_END)
			break;
		more = status == LINE_GOOD && goes_on(&joined->lines);
		too_long = too_long || status == LINE_LONG || size > JOINED_LINE_MAX;
		if (!too_long)
			r = append(joined, &size);
	}
	if (r < 0)
		return r;
	return too_long ? LINE_LONG : LINE_GOOD;
}
