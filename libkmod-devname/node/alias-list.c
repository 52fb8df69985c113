// SPDX-License-Identifier: LGPL-2.1-or-later
/* The aliases of one module, as far as they are about device nodes. */

#include <stdlib.h>

#include "node/alias-list.h"
#include "node/alias.h"

int alias_list_add(struct list *aliases, const char *alias)
{
	struct alias parsed;
	enum alias_kind kind = alias_parse(alias, &parsed);
	char *copy;

	if (kind == ALIAS_OTHER)
		return 0;
	/* one too many is enough for table_add_module() to refuse them, with a name among them */
	if (aliases->size > ALIASES_MAX) {
		if (kind != ALIAS_NAME)
			return 0;
		free(list_pop(aliases));
	}
	copy = strdup(alias);
	if (!copy)
		return -ENOMEM;
	if (list_push(aliases, copy) == 0)
		return 0;
	free(copy);
	return -ENOMEM;
}
