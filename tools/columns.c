// SPDX-License-Identifier: GPL-2.0-or-later
/* The columns of a list of nodes. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "columns.h"
#include "tool.h"

static const char *const names[N_COLUMNS] = {
	[COLUMN_NAME] = "NAME",      [COLUMN_PATH] = "PATH",     [COLUMN_TYPE] = "TYPE",
	[COLUMN_NUMBER] = "MAJ:MIN", [COLUMN_MAJOR] = "MAJOR",   [COLUMN_MINOR] = "MINOR",
	[COLUMN_MODULE] = "MODULE",  [COLUMN_KERNEL] = "KERNEL",
};

const char *column_name(enum column column)
{
	return names[column];
}

static bool parse_one(const char *name, size_t size, enum column *ret_column)
{
	for (size_t i = 0; i < N_COLUMNS; i++)
		if (strlen(names[i]) == size && strncasecmp(names[i], name, size) == 0) {
			*ret_column = (enum column)i;
			return true;
		}
	return false;
}

bool columns_parse(const char *list, struct layout *layout)
{
	size_t size;

	layout->n_columns = 0;
	for (;; list += size + 1) {
		size = strcspn(list, ",");
		if (layout->n_columns == N_COLUMNS) {
			say("--columns: more columns than there are");
			return false;
		}
		if (!parse_one(list, size, &layout->columns[layout->n_columns])) {
			say("--columns: no column '%.*s'", (int)size, list);
			return false;
		}
		layout->n_columns++;
		if (list[size] == '\0')
			return true;
	}
}

static char *number(unsigned int n)
{
	char *text;

	return asprintf(&text, "%u", n) < 0 ? NULL : text;
}

char *column_text(enum column column, const struct row *row)
{
	const struct kmod_devname_node *node = row->node;
	char *text = NULL;

	switch (column) {
	case COLUMN_NAME:
		return strdup(kmod_devname_node_get_name(node));
	case COLUMN_PATH:
		return asprintf(&text, "/dev/%s", kmod_devname_node_get_name(node)) < 0 ? NULL
											: text;
	case COLUMN_TYPE:
		return strdup(kmod_devname_node_get_type(node) == S_IFBLK ? "block" : "char");
	case COLUMN_NUMBER:
		return asprintf(&text, "%u:%u", kmod_devname_node_get_major(node),
				kmod_devname_node_get_minor(node)) < 0
			       ? NULL
			       : text;
	case COLUMN_MAJOR:
		return number(kmod_devname_node_get_major(node));
	case COLUMN_MINOR:
		return number(kmod_devname_node_get_minor(node));
	case COLUMN_MODULE:
		return strdup(kmod_devname_node_get_module(node));
	case COLUMN_KERNEL:
		return escape(row->kernel);
	default:
		return NULL;
	}
}
