/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHEET_H
#define SHEET_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"

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
	char **cells; /* row after row; "" is null in JSON */
	size_t n_cells;
	size_t capacity;
};

struct sheet_style {
	bool json;
	bool raw; /* do not align the columns */
	bool no_headings;
};

/* Adds the next cell, printable ASCII, and takes it. 0 or -ENOMEM, also if the cell is NULL. */
int sheet_add(struct sheet *sheet, char *cell);

/* Prints it. 0 or a negative errno; -ENOTSUP: this build cannot print that way. */
int sheet_print(const struct sheet *sheet, const struct sheet_style *style);

/* Says why it could not be printed if r, of sheet_print(), is an error. */
enum status say_sheet_failure(int r);

void sheet_done(struct sheet *sheet);

#endif
