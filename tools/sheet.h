/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHEET_H
#define SHEET_H

#include <stdbool.h>
#include <stddef.h>

#include "message.h"

struct sheet_column {
	const char *name;
	bool right; /* align it there */
	bool number; /* a JSON number */
};

/* A table of texts, to be printed for people or for programs. */
struct sheet {
	const char *title; /* of the JSON array */
	const struct sheet_column *columns;
	size_t n_columns;
	struct list cells; /* row after row; "" is not known: null in JSON */
};

/* Without any of the first three the columns are aligned. */
struct sheet_style {
	bool json;
	bool raw; /* one blank between the cells */
	bool pairs; /* COLUMN="CELL", for a shell */
	bool no_headings;
};

/* Adds a copy of the text as the next cell: printable ASCII, or escaped here. */
void sheet_add(struct sheet *sheet, const char *text);
void sheet_add_escaped(struct sheet *sheet, const char *text);

/* Prints the table, or why it cannot be printed. */
enum status sheet_print(const struct sheet *sheet, const struct sheet_style *style);

void sheet_done(struct sheet *sheet);

#endif
