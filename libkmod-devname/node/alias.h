/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ALIAS_H
#define ALIAS_H

#include <stddef.h>

#include "node/syntax.h"

/* Far more than any module has; bounds what one module can make this library remember. */
#define ALIASES_MAX 4096

enum alias_kind {
	ALIAS_OTHER, /* not about a device node, or about many: a pattern, a major alone */
	ALIAS_NAME,
	ALIAS_NUMBER,
	ALIAS_BAD_NUMBER, /* takes the place of a number */
};

struct alias {
	enum alias_kind kind;
	const char *text; /* the device name; or the whole alias */
	struct device_number number; /* ALIAS_NUMBER only */
};

/* A name and the alias that gives its number, ALIAS_NUMBER or ALIAS_BAD_NUMBER. */
struct claim {
	const char *name;
	const struct alias *number;
};

enum alias_pairing {
	ALIAS_PAIRED, /* the claims are what the module declares, none if it has no name */
	ALIAS_MISSING_NUMBER,
	ALIAS_AMBIGUOUS,
};

/* Tells what an alias is; the text points into the string. Returns the kind. */
enum alias_kind alias_parse(const char *string, struct alias *ret_alias);

/*
 * Pairs the names and numbers of one module; none of the aliases is ALIAS_OTHER. The claims
 * have room for n / 2 and are sorted by name; no two have the same name, and no name lies
 * below another. They refer to the aliases.
 */
enum alias_pairing alias_pair(const struct alias *aliases, size_t n, struct claim *claims,
			      size_t *ret_n_claims);

#endif
