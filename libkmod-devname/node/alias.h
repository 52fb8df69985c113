/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ALIAS_H
#define ALIAS_H

#include <stddef.h>

#include "node/syntax.h"

/* Far more than any module has: bounds the memory that one module can cost. */
#define ALIASES_MAX 4096

enum alias_kind {
	ALIAS_OTHER, /* concerns no device node, or many: a pattern, a major alone */
	ALIAS_NAME,
	ALIAS_NUMBER,
	ALIAS_BAD_NUMBER, /* pairs with a name as a number does, and gives no node */
};

struct alias {
	enum alias_kind kind;
	const char *text; /* the device name; otherwise the whole alias */
	struct device_number number; /* ALIAS_NUMBER only */
};

/* A name and the alias that gives its number, ALIAS_NUMBER or ALIAS_BAD_NUMBER. */
struct claim {
	const char *name;
	const struct alias *number;
};

enum alias_pairing {
	ALIAS_PAIRED, /* the module declares the claims; none if it has no name */
	ALIAS_MISSING_NUMBER,
	ALIAS_AMBIGUOUS,
};

/* Parses an alias; the text points into the string. Returns the kind. */
enum alias_kind alias_parse(const char *string, struct alias *ret_alias);

/*
 * Pairs the names and numbers of one module; none of the aliases is ALIAS_OTHER. The caller's array
 * has room for n / 2 claims, or 1. The claims refer to the aliases, are sorted by name and are
 * distinct, and no name lies below another.
 */
enum alias_pairing alias_pair(const struct alias *aliases, size_t n, struct claim *claims,
			      size_t *ret_n_claims);

#endif
