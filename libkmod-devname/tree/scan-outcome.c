// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is to be remembered of a module, if anything. */

#include <errno.h>
#include <stdlib.h>

#include "tree/scan.h"

void outcome_free(struct outcome *outcome)
{
	if (!outcome)
		return;
	alias_list_done(&outcome->own);
	free(outcome);
}

int outcome_of_module(const struct module_reader *reader, enum module_error module_error,
		      struct outcome **ret_outcome)
{
	struct alias_list aliases = { 0 };
	struct outcome *outcome;
	size_t position = 0;
	const char *alias;
	int r = 0;

	*ret_outcome = NULL;
	if (module_error == MODULE_OK) {
		while (r == 0 && (alias = module_reader_next_alias(reader, &position)))
			r = alias_list_add(&aliases, alias);
		if (r < 0 || !aliases.has_name) {
			alias_list_done(&aliases);
			return r;
		}
		if (aliases.too_many) {
			alias_list_done(&aliases);
			module_error = MODULE_TOO_MANY_ALIASES;
		}
	}
	outcome = calloc(1, sizeof(*outcome));
	if (!outcome) {
		alias_list_done(&aliases);
		return -ENOMEM;
	}
	outcome->module_error = module_error;
	outcome->own = aliases;
	outcome->aliases = &outcome->own;
	*ret_outcome = outcome;
	return 0;
}

int outcome_of_index(const struct alias_list *aliases, struct outcome **ret_outcome)
{
	struct outcome *outcome;

	*ret_outcome = NULL;
	if (!aliases || aliases->size == 0)
		return 0;
	outcome = calloc(1, sizeof(*outcome));
	if (!outcome)
		return -ENOMEM;
	outcome->aliases = aliases;
	*ret_outcome = outcome;
	return 0;
}
