// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lines of configuration files, joined where they end with a backslash. */

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "array.h"
#include "joined-lines.h"

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
