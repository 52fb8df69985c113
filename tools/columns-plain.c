// SPDX-License-Identifier: GPL-2.0-or-later
/* A list of nodes where libsmartcols is not to be had: columns with one blank between. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "columns.h"

static void print_headings(const struct layout *layout)
{
	for (size_t i = 0; i < layout->n_columns; i++)
		printf("%s%s", i > 0 ? " " : "", column_name(layout->columns[i]));
	putchar('\n');
}

static int print_row(const struct layout *layout, const struct row *row)
{
	for (size_t i = 0; i < layout->n_columns; i++) {
		char *text = column_text(layout->columns[i], row);

		if (!text)
			return -ENOMEM;
		printf("%s%s", i > 0 ? " " : "", text);
		free(text);
	}
	putchar('\n');
	return 0;
}

int print_rows(const struct layout *layout, const struct row *rows, size_t n)
{
	int r = 0;

	if (layout->json)
		return -ENOTSUP;
	/* libsmartcols prints no headings of an empty table either */
	if (!layout->no_headings && n > 0)
		print_headings(layout);
	for (size_t i = 0; i < n && r == 0; i++)
		r = print_row(layout, &rows[i]);
	return r;
}
