// SPDX-License-Identifier: GPL-2.0-or-later
/* A strict reader of JSON, RFC 8259, that shares nothing with what writes it. */

#include "json.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"

#define DEPTH_MAX 8

struct reader {
	const char *p;
	FILE *stream;
	const char *path[DEPTH_MAX]; /* a key, up to its closing quote; NULL: an index */
	size_t index[DEPTH_MAX];
	int depth;
};

static void read_value(struct reader *reader);

/* Section 2: space, tab, line feed, carriage return. */
static void skip_blanks(struct reader *reader)
{
	reader->p += strspn(reader->p, " \t\n\r");
}

static bool take(struct reader *reader, char c)
{
	skip_blanks(reader);
	if (*reader->p != c)
		return false;
	reader->p++;
	return true;
}

static void expect(struct reader *reader, char c)
{
	FUZZ_CHECK(take(reader, c), "'%c' instead of '%.20s'", c, reader->p);
}

/* Section 7. Returns where it begins; what is written never needs an escape. */
static const char *read_string(struct reader *reader)
{
	const char *start;

	expect(reader, '"');
	for (start = reader->p; *reader->p != '"'; reader->p++)
		FUZZ_CHECK((unsigned char)*reader->p >= 0x20 && (unsigned char)*reader->p < 0x7f &&
				   *reader->p != '\\',
			   "a byte that needs an escape: '%.20s'", reader->p);
	reader->p++;
	return start;
}

static int key_size(const char *string)
{
	return (int)strcspn(string, "\"");
}

static void write_path(const struct reader *reader)
{
	for (int i = 0; i < reader->depth; i++) {
		if (reader->path[i])
			(void)fprintf(reader->stream, "/%.*s", key_size(reader->path[i]),
				      reader->path[i]);
		else
			(void)fprintf(reader->stream, "/%zu", reader->index[i]);
	}
}

/* Section 6. */
static void read_number(struct reader *reader)
{
	const char *start = reader->p;
	size_t digits;

	reader->p += *reader->p == '-';
	digits = strspn(reader->p, "0123456789");
	FUZZ_CHECK(digits > 0 && (digits == 1 || *reader->p != '0'), "no number: '%.20s'", start);
	reader->p += digits;
	FUZZ_CHECK(!strchr(".eE", *reader->p) || *reader->p == '\0', "no whole number: '%.20s'",
		   start);
	(void)fprintf(reader->stream, " n %.*s\n", (int)(reader->p - start), start);
}

/* Section 3. */
static void read_literal(struct reader *reader)
{
	static const char *const literals[] = { "true", "false", "null" };

	for (int i = 0; i < 3; i++) {
		size_t size = strlen(literals[i]);

		if (strncmp(reader->p, literals[i], size) != 0)
			continue;
		reader->p += size;
		(void)fprintf(reader->stream, " %c\n", "tf0"[i]);
		return;
	}
	fuzz_fail(__FILE__, __LINE__, "no value: '%.20s'", reader->p);
}

/* Section 4. */
static void read_object(struct reader *reader)
{
	if (take(reader, '}'))
		return;
	do {
		reader->path[reader->depth - 1] = read_string(reader);
		expect(reader, ':');
		read_value(reader);
	} while (take(reader, ','));
	expect(reader, '}');
}

/* Section 5. */
static void read_array(struct reader *reader)
{
	size_t *index = &reader->index[reader->depth - 1];

	*index = 0;
	if (take(reader, ']'))
		return;
	do {
		reader->path[reader->depth - 1] = NULL;
		read_value(reader);
		++*index;
	} while (take(reader, ','));
	expect(reader, ']');
}

static void read_value(struct reader *reader)
{
	bool object;

	skip_blanks(reader);
	if (*reader->p == '{' || *reader->p == '[') {
		object = *reader->p++ == '{';
		FUZZ_CHECK(reader->depth < DEPTH_MAX, "too deep");
		reader->depth++;
		if (object)
			read_object(reader);
		else
			read_array(reader);
		reader->depth--;
		return;
	}
	write_path(reader);
	if (*reader->p == '"') {
		const char *string = read_string(reader);

		(void)fprintf(reader->stream, " s %.*s\n", key_size(string), string);
	} else if (*reader->p == '-' || isdigit((unsigned char)*reader->p)) {
		read_number(reader);
	} else {
		read_literal(reader);
	}
}

void json_flatten(const char *text, FILE *stream)
{
	struct reader reader = { .p = text, .stream = stream };

	read_value(&reader);
	skip_blanks(&reader);
	FUZZ_CHECK(*reader.p == '\0', "something follows: '%.20s'", reader.p);
}
