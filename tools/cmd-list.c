// SPDX-License-Identifier: GPL-2.0-or-later
/* list: the nodes of modules.devname as a table. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "input.h"
#include "kernels.h"
#include "options.h"

enum {
	KEY_NO_HEADINGS = 256,
};

static const struct option_spec options[] = {
	{ 'o', "columns", "LIST",
	  "columns to show, separated by commas: NAME, PATH,\n"
	  "                            TYPE, MAJ:MIN, MAJOR, MINOR, MODULE, KERNEL" },
	{ 'J', "json", NULL, "print JSON" },
	{ 'r', "raw", NULL, "do not align the columns" },
	{ KEY_NO_HEADINGS, "noheadings", NULL, "do not print the names of the columns" },
	{ 0 },
};

struct list {
	struct common common;
	struct layout layout;
	struct kmod_devname_table **tables; /* one for each kernel */
	struct row *rows;
	size_t n_rows;
};

static bool take_option(void *data, int key)
{
	struct list *list = data;

	switch (key) {
	case 'o':
		return columns_parse(optarg, &list->layout);
	case 'J':
		list->layout.style.json = true;
		return true;
	case 'r':
		list->layout.style.raw = true;
		return true;
	default:
		list->layout.style.no_headings = true;
		return true;
	}
}

/* Returns whether to go on; if not, *ret_status is the command's. */
static bool parse(struct list *list, const struct command *command, int argc, char **argv,
		  enum status *ret_status)
{
	if (!parse_options(command, argc, argv, &list->common, take_option, list, ret_status))
		return false;
	if (!list->layout.style.json || !list->layout.style.raw)
		return true;
	say("--json and --raw do not go together");
	return false;
}

static int add_rows(struct list *list, const struct kernel *kernel,
		    const struct kmod_devname_table *table)
{
	size_t n = kmod_devname_table_size(table);
	struct row *rows = reallocarray(list->rows, list->n_rows + n + 1, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	list->rows = rows;
	for (size_t i = 0; i < n; i++)
		rows[list->n_rows++] =
			(struct row){ kernel->version, kmod_devname_table_get(table, i) };
	return 0;
}

static enum status collect(struct list *list, const struct kernels *kernels)
{
	enum status status = STATUS_CLEAN;

	list->tables = calloc(kernels->size + 1, sizeof(struct kmod_devname_table *));
	for (size_t i = 0; i < kernels->size; i++) {
		if (!list->tables || kmod_devname_table_new(&list->tables[i]) < 0)
			return say_failure(kernels->items[i].path, -ENOMEM);
		status = worse(status, read_kernel(kernels, &kernels->items[i], false,
						   &list->common, list->tables[i]));
		if (add_rows(list, &kernels->items[i], list->tables[i]) < 0)
			return say_failure(kernels->items[i].path, -ENOMEM);
	}
	return status;
}

static void choose_columns(struct layout *layout, bool several_kernels)
{
	static const enum column usual[] = { COLUMN_KERNEL, COLUMN_NAME, COLUMN_TYPE, COLUMN_NUMBER,
					     COLUMN_MODULE };

	if (layout->n_columns > 0)
		return;
	for (size_t i = several_kernels ? 0 : 1; i < sizeof(usual) / sizeof(usual[0]); i++)
		layout->columns[layout->n_columns++] = usual[i];
}

static enum status print_list(const struct list *list)
{
	return say_sheet_failure(print_rows(&list->layout, list->rows, list->n_rows));
}

static void list_done(struct list *list, size_t n_tables)
{
	for (size_t i = 0; list->tables && i < n_tables; i++)
		kmod_devname_table_unref(list->tables[i]);
	free(list->tables);
	free(list->rows);
}

static int run(const struct command *command, int argc, char **argv)
{
	struct list list = { 0 };
	struct kernels kernels;
	enum status status;

	if (!parse(&list, command, argc, argv, &status))
		return status;
	status = kernels_find(&kernels, &list.common, argv + optind, argc - optind, false);
	if (status == STATUS_CLEAN) {
		choose_columns(&list.layout, kernels.size > 1);
		status = collect(&list, &kernels);
		status = worse(status, print_list(&list));
	}
	list_done(&list, kernels.size);
	kernels_done(&kernels);
	return finish_output(status);
}

const struct command cmd_list = {
	.name = "list",
	.summary = "show the nodes of modules.devname",
	.description = "Reads modules.devname of each kernel and shows its nodes as a table.",
	.options = options,
	.run = run,
};
