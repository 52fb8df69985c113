// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A table of texts. A command appends cell after cell, and prints the sheet when it is complete:
 * aligned, raw or as JSON, by libsmartcols. A build without that library prints one blank between
 * the columns, and no JSON.
 */

#include <errno.h>

#include "sheet.h"

#if defined(WITH_SMARTCOLS) && !defined(STATIC_TOOL)
#include <libsmartcols.h>

/* The setters of libsmartcols fail for no other reason. */
static void require_smart(int r)
{
	if (r < 0)
		die_without_memory();
}

static struct libscols_table *make_smart_table(const struct sheet *sheet,
					       const struct sheet_style *style)
{
	struct libscols_table *table = scols_new_table();

	if (!table)
		die_without_memory();
	require_smart(scols_table_set_name(table, sheet->title));
	require_smart(scols_table_enable_json(table, style->json));
	require_smart(scols_table_enable_raw(table, style->raw));
	require_smart(scols_table_enable_noheadings(table, style->no_headings));
	for (size_t i = 0; i < sheet->n_columns; i++) {
		const struct sheet_column *column = &sheet->columns[i];
		struct libscols_column *c = scols_table_new_column(
			table, column->name, 0, column->right ? SCOLS_FL_RIGHT : 0);

		if (!c)
			die_without_memory();
		require_smart(scols_column_set_json_type(c, column->number ? SCOLS_JSON_NUMBER
									   : SCOLS_JSON_STRING));
	}
	return table;
}

/* Appends the cells of one line. A cell without data is null in JSON. */
static void add_smart_line(struct libscols_table *table, void *const *cells, size_t n)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	if (!line)
		die_without_memory();
	for (size_t i = 0; i < n; i++) {
		const char *text = cells[i];

		if (*text != '\0')
			require_smart(scols_line_set_data(line, i, text));
	}
}

static int print_cells(const struct sheet *sheet, const struct sheet_style *style)
{
	struct libscols_table *table;
	int r;

	scols_init_debug(0);
	table = make_smart_table(sheet, style);
	for (size_t i = 0; i < sheet->cells.size; i += sheet->n_columns)
		add_smart_line(table, sheet->cells.items + i, sheet->n_columns);
	errno = 0;
	r = scols_print_table(table);
	/* libsmartcols leaves out cells for which there is no memory, and succeeds */
	if (r == 0 && errno == ENOMEM)
		r = -ENOMEM;
	scols_unref_table(table);
	return r;
}
#else
static int print_cells(const struct sheet *sheet, const struct sheet_style *style)
{
	if (style->json)
		return -ENOTSUP;
	if (!style->no_headings && sheet->cells.size > 0)
		for (size_t i = 0; i < sheet->n_columns; i++)
			printf("%s%c", sheet->columns[i].name,
			       i + 1 == sheet->n_columns ? '\n' : ' ');
	for (size_t i = 0; i < sheet->cells.size; i++)
		printf("%s%c", (const char *)sheet->cells.items[i],
		       (i + 1) % sheet->n_columns == 0 ? '\n' : ' ');
	return 0;
}
#endif

static void append_cell(struct sheet *sheet, char *text)
{
	struct list *cells = &sheet->cells;

	cells->items =
		xarray_grow(cells->items, &cells->capacity, sizeof(*cells->items), cells->size + 1);
	cells->items[cells->size++] = text;
}

void sheet_add(struct sheet *sheet, const char *text)
{
	append_cell(sheet, xstrdup(text));
}

void sheet_add_escaped(struct sheet *sheet, const char *text)
{
	append_cell(sheet, escape(text));
}

enum status sheet_print(const struct sheet *sheet, const struct sheet_style *style)
{
	int r = print_cells(sheet, style);

	if (r == 0)
		return STATUS_CLEAN;
	if (r != -ENOTSUP)
		return say_failure("standard output", r);
	say("--json: this build is without libsmartcols");
	return STATUS_FAILED;
}

void sheet_done(struct sheet *sheet)
{
	list_done(&sheet->cells, free);
}
