// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is to be remembered of a module, if anything. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node/alias.h"
#include "tree/scan.h"

/* The table refuses longer ones: no need to remember them whole. */
#define ALIAS_SIZE_KEPT (KMOD_DEVNAME_NAME_MAX + 32)

static bool is_useful(const char *alias, enum alias_kind *ret_kind)
{
	struct alias parsed;

	*ret_kind = alias_parse(alias, &parsed);
	return *ret_kind != ALIAS_OTHER;
}

/* How many aliases of the module are of use, how large, and whether a name is among them. */
static size_t measure_aliases(const struct module_reader *reader, size_t *ret_size, bool *ret_name)
{
	size_t position = 0, n = 0;
	enum alias_kind kind;
	const char *alias;

	*ret_size = 0;
	*ret_name = false;
	while ((alias = module_reader_next_alias(reader, &position))) {
		if (!is_useful(alias, &kind))
			continue;
		if (kind == ALIAS_NAME)
			*ret_name = true;
		if (n++ < ALIASES_MAX)
			*ret_size += strnlen(alias, ALIAS_SIZE_KEPT) + 1;
	}
	return n;
}

static void copy_aliases(const struct module_reader *reader, size_t n, char *to)
{
	size_t position = 0;
	enum alias_kind kind;

	while (n > 0) {
		const char *alias = module_reader_next_alias(reader, &position);
		size_t size;

		if (!is_useful(alias, &kind))
			continue;
		size = strnlen(alias, ALIAS_SIZE_KEPT);
		memcpy(to, alias, size);
		to[size] = '\0';
		to += size + 1;
		n--;
	}
}

int outcome_of_module(const struct module_reader *reader, enum module_error module_error,
		      struct outcome **ret_outcome)
{
	struct outcome *outcome;
	size_t size = 0, n = 0;
	bool has_name = false;

	*ret_outcome = NULL;
	if (module_error == MODULE_OK) {
		n = measure_aliases(reader, &size, &has_name);
		if (!has_name)
			return 0;
		if (n > ALIASES_MAX) {
			module_error = MODULE_TOO_MANY_ALIASES;
			n = size = 0;
		}
	}
	outcome = malloc(sizeof(*outcome) + size);
	if (!outcome)
		return -ENOMEM;
	outcome->module_error = module_error;
	outcome->n_aliases = n;
	copy_aliases(reader, n, outcome->aliases);
	*ret_outcome = outcome;
	return 0;
}

int outcome_of_index(const struct list *aliases, struct outcome **ret_outcome)
{
	struct outcome *outcome;
	size_t size = 0;
	char *p;

	*ret_outcome = NULL;
	if (!aliases || aliases->size == 0)
		return 0;
	for (size_t i = 0; i < aliases->size; i++)
		size += strlen(aliases->items[i]) + 1;
	outcome = calloc(1, sizeof(*outcome) + size);
	if (!outcome)
		return -ENOMEM;
	outcome->n_aliases = aliases->size;
	p = outcome->aliases;
	for (size_t i = 0; i < aliases->size; i++)
		p = stpcpy(p, aliases->items[i]) + 1;
	*ret_outcome = outcome;
	return 0;
}
