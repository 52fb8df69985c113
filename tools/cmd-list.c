// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list: the nodes of modules.devname as a table.
 *
 * Each kernel's file is read into a table of nodes, and each node becomes one row of a sheet, with
 * the columns that --columns selects. sheet.c prints all rows at the end, as text or as JSON. A
 * missing file is an error, since an empty table would claim that there is a file without nodes.
 */

#include <string.h>
#include <strings.h>

#include "input.h"
#include "sheet.h"

enum {
	KEY_NO_HEADINGS = 256,
};

static const struct option_spec list_options[] = {
	{ 'o', "columns", "LIST",
	  "columns to show, separated by commas: NAME, PATH,\n"
	  "                            TYPE, MAJ:MIN, MAJOR, MINOR, MODULE, KERNEL" },
	{ 'J', "json", NULL, "print JSON" },
	{ 'r', "raw", NULL, "do not align the columns" },
	{ KEY_NO_HEADINGS, "noheadings", NULL, "do not print the names of the columns" },
	{ 0 },
};

enum list_column {
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

static const struct sheet_column list_columns[N_COLUMNS] = {
	[COLUMN_NAME] = { .name = "NAME" },
	[COLUMN_PATH] = { .name = "PATH" },
	[COLUMN_TYPE] = { .name = "TYPE" },
	[COLUMN_NUMBER] = { .name = "MAJ:MIN", .right = true },
	[COLUMN_MAJOR] = { .name = "MAJOR", .right = true, .number = true },
	[COLUMN_MINOR] = { .name = "MINOR", .right = true, .number = true },
	[COLUMN_MODULE] = { .name = "MODULE" },
	[COLUMN_KERNEL] = { .name = "KERNEL" },
};

struct list_command {
	struct common common;
	struct sheet_style style;
	enum list_column columns[N_COLUMNS]; /* in the order in which they are shown */
	size_t n_columns;
};

/* Parses a list such as "NAME,MODULE", in upper or lower case. */
static bool parse_columns(struct list_command *list, const char *names)
{
	size_t size, i;

	list->n_columns = 0;
	for (;; names += size + 1) {
		size = strcspn(names, ",");
		if (list->n_columns == N_COLUMNS) {
			say("--columns: more columns than there are");
			return false;
		}
		for (i = 0; i < N_COLUMNS; i++)
			if (strlen(list_columns[i].name) == size &&
			    strncasecmp(list_columns[i].name, names, size) == 0)
				break;
		if (i == N_COLUMNS) {
			say("--columns: no column '%.*s'", (int)size, names);
			return false;
		}
		list->columns[list->n_columns++] = (enum list_column)i;
		if (names[size] == '\0')
			return true;
	}
}

static bool parse_list_option(void *data, int key)
{
	struct list_command *list = data;

	switch (key) {
	case 'o':
		return parse_columns(list, optarg);
	case 'J':
		list->style.json = true;
		return true;
	case 'r':
		list->style.raw = true;
		return true;
	default:
		list->style.no_headings = true;
		return true;
	}
}

/* The version of the kernel is of use only if there are several. */
static void choose_columns(struct list_command *list, bool several_kernels)
{
	static const enum list_column usual[] = { COLUMN_KERNEL, COLUMN_NAME, COLUMN_TYPE,
						  COLUMN_NUMBER, COLUMN_MODULE };

	if (list->n_columns > 0)
		return;
	for (size_t i = several_kernels ? 0 : 1; i < sizeof(usual) / sizeof(usual[0]); i++)
		list->columns[list->n_columns++] = usual[i];
}

static void add_list_cell(struct sheet *sheet, enum list_column column, const struct kernel *kernel,
			  const struct kmod_devname_node *node)
{
	const char *name = kmod_devname_node_get_name(node);
	_cleanup_free_ char *path = NULL;
	char text[SYNTAX_NUMBER_SIZE];

	switch (column) {
	case COLUMN_NAME:
		sheet_add(sheet, name);
		break;
	case COLUMN_PATH:
		path = join_path("/dev", name);
		sheet_add(sheet, path);
		break;
	case COLUMN_TYPE:
		sheet_add(sheet, node_type(node));
		break;
	case COLUMN_NUMBER:
		/* without the letter of the type */
		sheet_add(sheet, node_format(node, text) + 1);
		break;
	case COLUMN_MAJOR:
		(void)snprintf(text, sizeof(text), "%u", kmod_devname_node_get_major(node));
		sheet_add(sheet, text);
		break;
	case COLUMN_MINOR:
		(void)snprintf(text, sizeof(text), "%u", kmod_devname_node_get_minor(node));
		sheet_add(sheet, text);
		break;
	case COLUMN_MODULE:
		sheet_add(sheet, kmod_devname_node_get_module(node));
		break;
	default:
		sheet_add_escaped(sheet, kernel->version);
		break;
	}
}

static enum status list_kernels(struct list_command *list, const struct kernels *kernels)
{
	struct sheet_column columns[N_COLUMNS];
	struct sheet sheet = { .title = "nodes", .columns = columns };
	enum status status = kernels->found;

	choose_columns(list, kernels->size > 1);
	sheet.n_columns = list->n_columns;
	for (size_t i = 0; i < list->n_columns; i++)
		columns[i] = list_columns[list->columns[i]];
	for (size_t i = 0; i < kernels->size; i++) {
		const struct kernel *kernel = &kernels->items[i];
		_cleanup_table_ struct kmod_devname_table *table = xtable_new();

		/* the table is without the nodes of a file that is missing, and of bad lines */
		status = worse(status, read_kernel(kernels, kernel, false, &list->common, table));
		for (size_t j = 0; j < kmod_devname_table_size(table); j++)
			for (size_t k = 0; k < list->n_columns; k++)
				add_list_cell(&sheet, list->columns[k], kernel,
					      kmod_devname_table_get(table, j));
	}
	status = worse(status, sheet_print(&sheet, &list->style));
	sheet_done(&sheet);
	return status;
}

static int run_list(const struct command *command, int argc, char **argv)
{
	struct list_command list = { 0 };
	struct kernels kernels;
	enum status status;

	if (!parse_options(command, argc, argv, &list.common, parse_list_option, &list, &status))
		return status;
	if (list.style.json && list.style.raw) {
		say("--json and --raw do not go together");
		return STATUS_FAILED;
	}
	status = kernels_find(&kernels, &list.common, argv + optind, argc - optind, false);
	if (status == STATUS_CLEAN)
		status = list_kernels(&list, &kernels);
	kernels_done(&kernels);
	return finish_output(status);
}

const struct command cmd_list = {
	.name = "list",
	.summary = "show the nodes of modules.devname",
	.description = "Reads modules.devname of each kernel and shows its nodes as a table.",
	.options = list_options,
	.run = run_list,
};
