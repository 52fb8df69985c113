// SPDX-License-Identifier: GPL-2.0-or-later
/* A table of texts, aligned or as JSON, through libsmartcols. */

#include <errno.h>
#include <libsmartcols.h>

#include "sheet.h"

static int add_column(struct libscols_table *table, const struct sheet_column *column)
{
	struct libscols_column *c =
		scols_table_new_column(table, column->name, 0, column->right ? SCOLS_FL_RIGHT : 0);

	if (!c)
		return -ENOMEM;
	return scols_column_set_json_type(c,
					  column->number ? SCOLS_JSON_NUMBER : SCOLS_JSON_STRING);
}

static int add_row(struct libscols_table *table, char *const *cells, size_t n)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	int r = line ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && r == 0; i++)
		if (*cells[i] != '\0')
			r = scols_line_set_data(line, i, cells[i]);
	return r;
}

static int fill(struct libscols_table *table, const struct sheet *sheet,
		const struct sheet_style *style)
{
	int r = scols_table_set_name(table, sheet->title);

	if (r == 0)
		r = scols_table_enable_json(table, style->json);
	if (r == 0)
		r = scols_table_enable_raw(table, style->raw);
	if (r == 0)
		r = scols_table_enable_noheadings(table, style->no_headings);
	for (size_t i = 0; i < sheet->n_columns && r == 0; i++)
		r = add_column(table, &sheet->columns[i]);
	for (size_t i = 0; i < sheet->n_cells && r == 0; i += sheet->n_columns)
		r = add_row(table, sheet->cells + i, sheet->n_columns);
	return r;
}

int sheet_print(const struct sheet *sheet, const struct sheet_style *style)
{
	struct libscols_table *table;
	int r;

	scols_init_debug(0);
	table = scols_new_table();
	r = table ? fill(table, sheet, style) : -ENOMEM;
	errno = 0;
	if (r == 0)
		r = scols_print_table(table);
	/* libsmartcols leaves out what it has no memory for */
	if (r == 0 && errno == ENOMEM)
		r = -ENOMEM;
	scols_unref_table(table);
	return r;
}
