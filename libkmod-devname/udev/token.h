/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UDEV_TOKEN_H
#define UDEV_TOKEN_H

#include <stdbool.h>
#include <string.h>

enum udev_operator {
	UDEV_EQUAL = 1, /* == */
	UDEV_DIFFER = 2, /* != */
	UDEV_SET = 4, /* = */
	UDEV_ADD = 8, /* += or := */
	UDEV_REMOVE = 16, /* -= */
	UDEV_COMPARE = UDEV_EQUAL | UDEV_DIFFER,
};

/* One KEY{ATTRIBUTE} OPERATOR "VALUE" of a rule. */
struct udev_token {
	const char *key;
	const char *attribute; /* NULL if there are no braces */
	char *value;
	enum udev_operator op;
	bool ignores_case; /* i"VALUE" */
	bool is_disputed; /* some versions of udevd from 252 on drop a rule with it, others not */
};

static inline bool udev_token_has_key(const struct udev_token *token, const char *key)
{
	return strcmp(token->key, key) == 0;
}

/*
 * Takes the next token off a line and moves the line behind it. The line is changed, and the
 * texts of the token lie in it. Returns 1, 0 at the end, or -EINVAL: this is no token, or udevd
 * drops a rule that has it.
 */
int udev_token_next(char **line, struct udev_token *ret_token);

#endif
