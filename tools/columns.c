// SPDX-License-Identifier: GPL-2.0-or-later
/* The columns of a list of nodes. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "columns.h"
#include "node-text.h"
#include "options.h"

static const struct sheet_column columns[N_COLUMNS] = {
	[COLUMN_NAME] = { .name = "NAME" },
	[COLUMN_PATH] = { .name = "PATH" },
	[COLUMN_TYPE] = { .name = "TYPE" },
	[COLUMN_NUMBER] = { .name = "MAJ:MIN", .right = true },
	[COLUMN_MAJOR] = { .name = "MAJOR", .right = true, .number = true },
	[COLUMN_MINOR] = { .name = "MINOR", .right = true, .number = true },
	[COLUMN_MODULE] = { .name = "MODULE" },
	[COLUMN_KERNEL] = { .name = "KERNEL" },
};

static bool parse_one(const char *name, size_t size, enum column *ret_column)
{
	for (size_t i = 0; i < N_COLUMNS; i++)
		if (strlen(columns[i].name) == size &&
		    strncasecmp(columns[i].name, name, size) == 0) {
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

/* The text of a cell, or NULL if there is no memory. */
static char *column_text(enum column column, const struct row *row)
{
	const struct kmod_devname_node *node = row->node;

	switch (column) {
	case COLUMN_NAME:
		return strdup(kmod_devname_node_get_name(node));
	case COLUMN_PATH:
		return join_path("/dev", kmod_devname_node_get_name(node));
	case COLUMN_TYPE:
		return strdup(node_type(node));
	case COLUMN_NUMBER:
		return node_number(node);
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

static int add_row(struct sheet *sheet, const struct layout *layout, const struct row *row)
{
	int r = 0;

	for (size_t i = 0; i < layout->n_columns && r == 0; i++)
		r = sheet_add(sheet, column_text(layout->columns[i], row));
	return r;
}

int print_rows(const struct layout *layout, const struct row *rows, size_t n)
{
	struct sheet_column chosen[N_COLUMNS];
	struct sheet sheet = { .title = "nodes",
			       .columns = chosen,
			       .n_columns = layout->n_columns };
	int r = 0;

	for (size_t i = 0; i < layout->n_columns; i++)
		chosen[i] = columns[layout->columns[i]];
	for (size_t i = 0; i < n && r == 0; i++)
		r = add_row(&sheet, layout, &rows[i]);
	if (r == 0)
		r = sheet_print(&sheet, &layout->style);
	sheet_done(&sheet);
	return r;
}
