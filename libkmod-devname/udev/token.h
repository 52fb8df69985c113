/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UDEV_TOKEN_H
#define UDEV_TOKEN_H

#include <stdbool.h>

enum udev_operator {
	UDEV_EQUAL = 1, /* == */
	UDEV_DIFFER = 2, /* != */
	UDEV_SET = 4, /* = */
	UDEV_ADD = 8, /* += or := */
	UDEV_REMOVE = 16, /* -= */
};

/* One KEY{ATTRIBUTE} OPERATOR "VALUE" of a line of udev's rules. */
struct udev_token {
	const char *key;
	const char *attribute; /* NULL if there are no braces */
	const char *value;
	enum udev_operator operator;
	bool ignores_case; /* i"VALUE", which is for comparisons only */
};

/*
 * Takes the next token off a line and moves the line behind it. The line is changed, and the
 * token's texts lie in it. Returns 1, 0 at the end, or -EINVAL if there is something else.
 */
int udev_token_next(char **line, struct udev_token *ret_token);

#endif
