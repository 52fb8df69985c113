// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A table of texts. A command appends cell after cell, and prints the sheet when it is complete:
 * aligned, by libsmartcols; raw, as pairs or as JSON. A build without that library prints raw what
 * is to be aligned.
 */

#include <errno.h>
#include <string.h>

#if defined(WITH_SMARTCOLS) && !defined(STATIC_TOOL)
#include <libsmartcols.h>
#endif

#include "sheet.h"
#include "text/print.h"

static const char *get_cell(const struct sheet *sheet, size_t index)
{
	return sheet->cells.items[index];
}

/* One word a cell, as a program finds the next one by the blank: "-" if it is not known. */
static void print_raw(const struct sheet *sheet, bool no_headings)
{
	if (!no_headings && sheet->cells.size > 0)
		for (size_t i = 0; i < sheet->n_columns; i++)
			printf("%s%c", sheet->columns[i].name,
			       i + 1 == sheet->n_columns ? '\n' : ' ');
	for (size_t i = 0; i < sheet->cells.size; i++) {
		const char *cell = get_cell(sheet, i);

		for (const char *p = *cell != '\0' ? cell : "-"; *p != '\0'; p++)
			if (*p == ' ')
				(void)fputs("\\x20", stdout);
			else
				(void)putchar(*p);
		(void)putchar((i + 1) % sheet->n_columns == 0 ? '\n' : ' ');
	}
}

#if defined(WITH_SMARTCOLS) && !defined(STATIC_TOOL)

/* The setters of libsmartcols fail for no other reason. */
static void require_smart(int r)
{
	if (r < 0)
		die_without_memory();
}

static struct libscols_table *make_smart_table(const struct sheet *sheet, bool no_headings)
{
	struct libscols_table *table = scols_new_table();

	if (!table)
		die_without_memory();
	require_smart(scols_table_enable_noheadings(table, no_headings));
	for (size_t i = 0; i < sheet->n_columns; i++) {
		const struct sheet_column *column = &sheet->columns[i];

		if (!scols_table_new_column(table, column->name, 0,
					    column->right ? SCOLS_FL_RIGHT : 0))
			die_without_memory();
	}
	return table;
}

static void add_smart_line(struct libscols_table *table, void *const *cells, size_t n)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	if (!line)
		die_without_memory();
	for (size_t i = 0; i < n; i++)
		require_smart(scols_line_set_data(line, i, cells[i]));
}

static int print_aligned(const struct sheet *sheet, bool no_headings)
{
	struct libscols_table *table;
	int r;

	scols_init_debug(0);
	table = make_smart_table(sheet, no_headings);
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
static int print_aligned(const struct sheet *sheet, bool no_headings)
{
	print_raw(sheet, no_headings);
	return 0;
}
#endif

/* Characters that a shell expands between double quotes are escaped as in lsblk(8). */
static void print_pairs(const struct sheet *sheet)
{
	for (size_t i = 0; i < sheet->cells.size; i++) {
		size_t column = i % sheet->n_columns;

		printf("%s%s=\"", column > 0 ? " " : "", sheet->columns[column].name);
		for (const char *p = get_cell(sheet, i); *p != '\0'; p++)
			(void)printf(strchr("\"$\\`", *p) ? "\\x%02x" : "%c", (unsigned char)*p);
		(void)fputs(column + 1 == sheet->n_columns ? "\"\n" : "\"", stdout);
	}
}

static void print_json(const struct sheet *sheet)
{
	printf("{\"%s\": [", sheet->title);
	for (size_t i = 0; i < sheet->cells.size; i++) {
		size_t column = i % sheet->n_columns;
		const char *cell = get_cell(sheet, i);

		if (column > 0)
			(void)fputs(", ", stdout);
		else
			(void)fputs(i > 0 ? ",\n  {" : "\n  {", stdout);
		(void)print_json_member(stdout, sheet->columns[column].name,
					*cell != '\0' ? cell : NULL, sheet->columns[column].number);
		if (column + 1 == sheet->n_columns)
			putchar('}');
	}
	puts("\n]}");
}

void sheet_add(struct sheet *sheet, const char *text)
{
	xlist_push(&sheet->cells, xstrdup(text));
}

void sheet_add_escaped(struct sheet *sheet, const char *text)
{
	xlist_push(&sheet->cells, escape(text));
}

enum status sheet_print(const struct sheet *sheet, const struct sheet_style *style)
{
	int r = 0;

	if (style->json)
		print_json(sheet);
	else if (style->pairs)
		print_pairs(sheet);
	else if (style->raw)
		print_raw(sheet, style->no_headings);
	else
		r = print_aligned(sheet, style->no_headings);
	return r < 0 ? say_failure("standard output", r) : STATUS_CLEAN;
}

void sheet_done(struct sheet *sheet)
{
	list_done(&sheet->cells, free);
}
