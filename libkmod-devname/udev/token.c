// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The grammar of a line of udev's rules, as systemd's src/udev/udev-rules.c has it. Pure: no
 * allocation, no I/O.
 */

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "udev/token.h"

#define BLANKS " \t\n\r"

/* Moves *p behind a word if that stands there. */
static bool skip_word(char **p, const char *word)
{
	size_t size = strlen(word);

	if (strncmp(*p, word, size) != 0)
		return false;
	*p += size;
	return true;
}

static bool is_key_end(const char *p)
{
	return *p == '\0' || strchr(BLANKS "={", *p) || (strchr("+-!:", *p) && p[1] == '=');
}

static bool read_operator(char **p, enum udev_operator *ret_operator)
{
	if (skip_word(p, "=="))
		*ret_operator = UDEV_EQUAL;
	else if (skip_word(p, "!="))
		*ret_operator = UDEV_DIFFER;
	else if (skip_word(p, "-="))
		*ret_operator = UDEV_REMOVE;
	else if (skip_word(p, "+=") || skip_word(p, ":="))
		*ret_operator = UDEV_ADD;
	else if (skip_word(p, "="))
		*ret_operator = UDEV_SET;
	else
		return false;
	return true;
}

/* In a plain string \" is a quote, and any other backslash is itself. */
static bool read_plain(char **p)
{
	char *from = *p, *to = *p;

	for (; *from != '"'; from++) {
		if (*from == '\0')
			return false;
		if (from[0] == '\\' && from[1] == '"')
			from++;
		*to++ = *from;
	}
	*p = from + 1;
	*to = '\0';
	return true;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Reads exactly so many digits, and no zero: a NUL would end the string. */
static bool read_code(char **p, int base, int digits, unsigned long *ret_code)
{
	unsigned long code = 0;

	for (; digits > 0; digits--) {
		int value = digit_value(*(*p)++);

		if (value < 0 || value >= base)
			return false;
		code = code * (unsigned int)base + (unsigned int)value;
	}
	*ret_code = code;
	return code != 0;
}

/* Writes a code point as UTF-8, which is never longer than its escape. */
static bool put_code_point(char **to, unsigned long code)
{
	static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	int size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return false;
	for (int i = size - 1; i > 0; i--, code >>= 6)
		(*to)[i] = (char)(0x80 | (code & 0x3f));
	(*to)[0] = (char)(first[size] | code);
	*to += size;
	return true;
}

/* Reads what follows a backslash. */
static bool read_escape(char **from, char **to)
{
	static const char letters[] = "abfnrtvs\\\"'";
	static const char meanings[] = "\a\b\f\n\r\t\v \\\"'";
	const char *letter = **from != '\0' ? strchr(letters, **from) : NULL;
	unsigned long code;

	if (letter) {
		++*from;
		*(*to)++ = meanings[letter - letters];
		return true;
	}
	if (**from == 'u' || **from == 'U') {
		int digits = *(*from)++ == 'u' ? 4 : 8;

		return read_code(from, 16, digits, &code) && put_code_point(to, code);
	}
	if (**from == 'x') {
		++*from;
		if (!read_code(from, 16, 2, &code))
			return false;
	} else if (!read_code(from, 8, 3, &code) || code > 255) {
		return false;
	}
	*(*to)++ = (char)code;
	return true;
}

/* In e"..." a backslash begins an escape of C. */
static bool read_escaped(char **p)
{
	char *from = *p, *to = *p;

	while (*from != '"') {
		if (*from == '\0')
			return false;
		if (*from != '\\') {
			*to++ = *from++;
			continue;
		}
		from++;
		if (!read_escape(&from, &to))
			return false;
	}
	*p = from + 1;
	*to = '\0';
	return true;
}

static bool read_value(char **p, struct udev_token *token)
{
	bool escaped = false;

	for (;; ++*p) {
		if (**p == 'e' && !escaped)
			escaped = true;
		else if (**p == 'i' && !token->ignores_case)
			token->ignores_case = true;
		else
			break;
	}
	if (*(*p)++ != '"')
		return false;
	token->value = *p;
	return escaped ? read_escaped(p) : read_plain(p);
}

int udev_token_next(char **line, struct udev_token *ret_token)
{
	struct udev_token token = { 0 };
	char *p = *line + strspn(*line, BLANKS ","), *key_end;

	if (*p == '\0')
		return 0;
	token.key = p;
	while (!is_key_end(p))
		p++;
	key_end = p;
	if (*p == '{') {
		token.attribute = p + 1;
		p = strchr(p, '}');
		if (!p)
			return -EINVAL;
		*p++ = '\0';
	}
	p += strspn(p, BLANKS);
	if (!read_operator(&p, &token.operator))
		return -EINVAL;
	*key_end = '\0';
	p += strspn(p, BLANKS);
	if (!read_value(&p, &token))
		return -EINVAL;
	*line = p;
	*ret_token = token;
	return 1;
}
