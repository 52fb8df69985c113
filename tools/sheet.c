// SPDX-License-Identifier: GPL-2.0-or-later
/* A table of texts in memory. */

#include <errno.h>
#include <stdlib.h>

#include "sheet.h"

/* Half a row cannot be printed. */
static void drop_row(struct sheet *sheet)
{
	while (sheet->n_cells % sheet->n_columns != 0)
		free(sheet->cells[--sheet->n_cells]);
}

int sheet_add(struct sheet *sheet, char *cell)
{
	size_t capacity = sheet->capacity > 0 ? 2 * sheet->capacity : 64;
	char **cells = sheet->cells;

	if (cell && sheet->n_cells == sheet->capacity) {
		cells = reallocarray(sheet->cells, capacity, sizeof(*cells));
		if (cells) {
			sheet->cells = cells;
			sheet->capacity = capacity;
		}
	}
	if (!cell || !cells) {
		free(cell);
		drop_row(sheet);
		return -ENOMEM;
	}
	cells[sheet->n_cells++] = cell;
	return 0;
}

enum status say_sheet_failure(int r)
{
	if (r == -ENOTSUP)
		say("--json: this build is without libsmartcols");
	else if (r < 0)
		say_failure("standard output", r);
	return r < 0 ? STATUS_FAILED : STATUS_CLEAN;
}

void sheet_done(struct sheet *sheet)
{
	for (size_t i = 0; i < sheet->n_cells; i++)
		free(sheet->cells[i]);
	free(sheet->cells);
}
