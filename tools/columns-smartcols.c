// SPDX-License-Identifier: GPL-2.0-or-later
/* A list of nodes as a table or JSON, through libsmartcols. */

#include <errno.h>
#include <libsmartcols.h>
#include <stdlib.h>

#include "columns.h"

static int add_column(struct libscols_table *table, enum column column)
{
	int right = column == COLUMN_NUMBER || column == COLUMN_MAJOR || column == COLUMN_MINOR;
	struct libscols_column *c =
		scols_table_new_column(table, column_name(column), 0, right ? SCOLS_FL_RIGHT : 0);

	if (!c)
		return -ENOMEM;
	if (column == COLUMN_MAJOR || column == COLUMN_MINOR)
		return scols_column_set_json_type(c, SCOLS_JSON_NUMBER);
	return scols_column_set_json_type(c, SCOLS_JSON_STRING);
}

static int add_row(struct libscols_table *table, const struct layout *layout, const struct row *row)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	int r = line ? 0 : -ENOMEM;

	for (size_t i = 0; i < layout->n_columns && r == 0; i++) {
		char *text = column_text(layout->columns[i], row);

		r = text ? scols_line_refer_data(line, i, text) : -ENOMEM;
		if (r < 0)
			free(text);
	}
	return r;
}

static int fill(struct libscols_table *table, const struct layout *layout, const struct row *rows,
		size_t n)
{
	int r = scols_table_set_name(table, "nodes");

	if (r == 0)
		r = scols_table_enable_json(table, layout->json);
	if (r == 0)
		r = scols_table_enable_raw(table, layout->raw);
	if (r == 0)
		r = scols_table_enable_noheadings(table, layout->no_headings);
	for (size_t i = 0; i < layout->n_columns && r == 0; i++)
		r = add_column(table, layout->columns[i]);
	for (size_t i = 0; i < n && r == 0; i++)
		r = add_row(table, layout, &rows[i]);
	return r;
}

int print_rows(const struct layout *layout, const struct row *rows, size_t n)
{
	struct libscols_table *table;
	int r;

	scols_init_debug(0);
	table = scols_new_table();
	r = table ? fill(table, layout, rows, n) : -ENOMEM;
	if (r == 0)
		r = scols_print_table(table);
	scols_unref_table(table);
	return r;
}
