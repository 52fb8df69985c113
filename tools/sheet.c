// SPDX-License-Identifier: GPL-2.0-or-later
/* A table of texts in memory. */

#include <errno.h>
#include <stdlib.h>

#include "sheet.h"

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
		return -ENOMEM;
	}
	cells[sheet->n_cells++] = cell;
	return 0;
}

void sheet_done(struct sheet *sheet)
{
	for (size_t i = 0; i < sheet->n_cells; i++)
		free(sheet->cells[i]);
	free(sheet->cells);
}
