// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which directories and names have been written: a set of paths. */

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "text/paths.h"

struct path {
	const char *name;
	size_t size;
};

/* Any order will do. */
static int compare_paths(const void *a, const void *b)
{
	const struct path *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return memcmp(x->name, y->name, x->size);
}

int paths_add(struct paths *paths, const char *name, size_t size)
{
	struct path *path = malloc(sizeof(*path)), **found;

	if (!path)
		return -ENOMEM;
	*path = (struct path){ name, size };
	found = tsearch(path, &paths->tree, compare_paths);
	if (found && *found == path)
		return 1;
	free(path);
	return found ? 0 : -ENOMEM;
}

void paths_done(struct paths *paths)
{
	tdestroy(paths->tree, free);
	paths->tree = NULL;
}
