/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLUMNS_H
#define COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include <libkmod-devname.h>

#include "sheet.h"

struct row {
	const char *kernel;
	const struct kmod_devname_node *node;
};

enum column {
	COLUMN_NAME,
	COLUMN_PATH,
	COLUMN_TYPE,
	COLUMN_NUMBER,
	COLUMN_MAJOR,
	COLUMN_MINOR,
	COLUMN_MODULE,
	COLUMN_KERNEL,
	N_COLUMNS,
};

struct layout {
	enum column columns[N_COLUMNS];
	size_t n_columns;
	struct sheet_style style;
};

/* Reads a list such as "NAME,MODULE", in upper or lower case; says what is wrong with it. */
bool columns_parse(const char *list, struct layout *layout);

/* Prints the rows. 0 or a negative errno; -ENOTSUP: this build cannot print that way. */
int print_rows(const struct layout *layout, const struct row *rows, size_t n);

#endif
