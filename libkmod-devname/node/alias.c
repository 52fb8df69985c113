// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The aliases of one module -> the nodes that it declares. Pure: no allocation, no I/O.
 *
 * MODULE_ALIAS() does not record which alias belongs to which: a name and its number are two
 * strings among others in .modinfo. Compilers emit them in the order of the source or reversed, so
 * a list and its reverse must give the same claims. A result that depends on the order is
 * ambiguous.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/table.h"

static const char *skip_prefix(const char *string, const char *prefix)
{
	size_t size = strlen(prefix);

	if (*string != *prefix) /* most aliases are those of buses */
		return NULL;
	return strncmp(string, prefix, size) == 0 ? string + size : NULL;
}

static enum alias_kind parse_device_number(const char *numbers, mode_t type,
					   struct device_number *ret_number)
{
	ret_number->type = type;
	if (syntax_parse_numbers(numbers, '-', ret_number))
		return ALIAS_NUMBER;
	/* "char-major-10": the kernel requests it if "char-major-10-229" loads no module. */
	if (syntax_is_digits(numbers) || strpbrk(numbers, "*?["))
		return ALIAS_OTHER;
	return ALIAS_BAD_NUMBER;
}

enum alias_kind alias_parse(const char *string, struct alias *ret_alias)
{
	struct alias alias = { ALIAS_OTHER, string, { 0 } };
	const char *rest;

	if ((rest = skip_prefix(string, "devname:"))) {
		alias.kind = ALIAS_NAME;
		alias.text = rest;
	} else if ((rest = skip_prefix(string, "char-major-"))) {
		alias.kind = parse_device_number(rest, S_IFCHR, &alias.number);
	} else if ((rest = skip_prefix(string, "block-major-"))) {
		alias.kind = parse_device_number(rest, S_IFBLK, &alias.number);
	}
	*ret_alias = alias;
	return alias.kind;
}

static bool alias_is_name(const struct alias *alias)
{
	return alias->kind == ALIAS_NAME;
}

static bool aliases_are_equal(const struct alias *a, const struct alias *b)
{
	if (a->kind == ALIAS_NUMBER && b->kind == ALIAS_NUMBER)
		return syntax_same_number(&a->number, &b->number);
	return a->kind == b->kind && strcmp(a->text, b->text) == 0;
}

/* The first of the names or of the numbers; NULL if there is none. *ret_alike: all are equal. */
static const struct alias *find_first_alias(const struct alias *aliases, size_t n, bool names,
					    bool *ret_alike)
{
	const struct alias *first = NULL;

	*ret_alike = true;
	for (size_t i = 0; i < n; i++) {
		if (alias_is_name(&aliases[i]) != names)
			continue;
		if (!first)
			first = &aliases[i];
		else if (!aliases_are_equal(first, &aliases[i]))
			*ret_alike = false;
	}
	return first;
}

/* The size of the run at the beginning in which names and numbers alternate. */
static size_t alternating_size(const struct alias *aliases, size_t n)
{
	size_t size = 1;

	while (size < n && alias_is_name(&aliases[size]) != alias_is_name(&aliases[size - 1]))
		size++;
	return size;
}

static struct claim make_claim(const struct alias *a, const struct alias *b)
{
	return alias_is_name(a) ? (struct claim){ a->text, b } : (struct claim){ b->text, a };
}

/* Sorts "a" before "a/b" before "a-b", so conflicting names are neighbours. */
static int compare_claims(const void *a, const void *b)
{
	const char *x = ((const struct claim *)a)->name, *y = ((const struct claim *)b)->name;
	size_t size_x = strlen(x), size_y = strlen(y);
	int r = syntax_compare_paths(x, y);

	return r != 0 ? r : (size_x > size_y) - (size_x < size_y);
}

/*
 * Removes duplicate claims. False if two claims conflict: their order depends on the compiler.
 */
static bool unite_claims(struct claim *claims, size_t *n_claims)
{
	size_t n = 0;

	qsort(claims, *n_claims, sizeof(*claims), compare_claims);
	for (size_t i = 0; i < *n_claims; i++) {
		const struct claim *last = n > 0 ? &claims[n - 1] : NULL, *claim = &claims[i];

		if (!last || syntax_compare_paths(last->name, claim->name) != 0)
			claims[n++] = *claim;
		else if (strcmp(last->name, claim->name) != 0 ||
			 !aliases_are_equal(last->number, claim->number))
			return false;
	}
	*n_claims = n;
	return true;
}

/*
 * Pairs off each run from its beginning. A run of odd size is ambiguous, because pairing from its
 * end gives other pairs.
 */
static enum alias_pairing pair_runs(const struct alias *aliases, size_t n, struct claim *claims,
				    size_t *ret_n_claims)
{
	size_t n_claims = 0, size;

	for (size_t start = 0; start < n; start += size) {
		size = alternating_size(aliases + start, n - start);
		/* A number without a name next to it declares no node. */
		if (size == 1 && !alias_is_name(&aliases[start]))
			continue;
		if (size % 2 != 0)
			return ALIAS_AMBIGUOUS;
		for (size_t i = start; i < start + size; i += 2)
			claims[n_claims++] = make_claim(&aliases[i], &aliases[i + 1]);
	}
	if (!unite_claims(claims, &n_claims))
		return ALIAS_AMBIGUOUS;
	*ret_n_claims = n_claims;
	return ALIAS_PAIRED;
}

enum alias_pairing alias_pair(const struct alias *aliases, size_t n, struct claim *claims,
			      size_t *ret_n_claims)
{
	bool one_name, one_number;
	const struct alias *name = find_first_alias(aliases, n, true, &one_name);
	const struct alias *number = find_first_alias(aliases, n, false, &one_number);

	*ret_n_claims = 0;
	if (!name)
		return ALIAS_PAIRED;
	if (!number)
		return one_name ? ALIAS_MISSING_NUMBER : ALIAS_AMBIGUOUS;
	if (one_name && one_number) {
		claims[0] = make_claim(name, number);
		*ret_n_claims = 1;
		return ALIAS_PAIRED;
	}
	return pair_runs(aliases, n, claims, ret_n_claims);
}
