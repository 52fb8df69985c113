// SPDX-License-Identifier: GPL-2.0-or-later
/* A table of texts where libsmartcols is not to be had: columns with one blank between. */

#include <errno.h>
#include <stdio.h>

#include "sheet.h"

static void print_headings(const struct sheet *sheet)
{
	for (size_t i = 0; i < sheet->n_columns; i++)
		printf("%s%s", i > 0 ? " " : "", sheet->columns[i].name);
	putchar('\n');
}

int sheet_print(const struct sheet *sheet, const struct sheet_style *style)
{
	if (style->json)
		return -ENOTSUP;
	if (!style->no_headings && sheet->n_cells > 0)
		print_headings(sheet);
	for (size_t i = 0; i < sheet->n_cells; i++)
		printf("%s%c", sheet->cells[i], (i + 1) % sheet->n_columns == 0 ? '\n' : ' ');
	return 0;
}
