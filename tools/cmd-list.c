// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list: the nodes of modules.devname as a table.
 *
 * Each kernel's file is read into a table of nodes, and each node becomes one row of a sheet, with
 * the columns that --columns selects. Some columns are not in the file: the node in the device
 * directory, its permissions or those that the rules of udev give it, and what modprobe would do
 * (loading.c). An unavailable value stays unknown, with a message. sheet.c prints all rows at the
 * end. A missing file is an error, since an empty table would claim that there is a file without
 * nodes.
 */

#include <errno.h>
#include <string.h>

#include "base/io.h"
#include "dev/devdir.h"
#include "input.h"
#include "loading.h"
#include "node/table.h"
#include "sheet.h"
#include "text/print.h"
#include "udev/rules.h"

static const struct option_spec list_options[] = {
	{ 'o', "columns", "LIST", "columns to show, or +LIST to add to the default" },
	{ 'o', "output", "LIST", NULL },
	{ 'O', "output-all", NULL, "show all columns" },
	{ 'J', "json", NULL, "print JSON" },
	{ 'P', "pairs", NULL, "print COLUMN=\"VALUE\"" },
	{ 'r', "raw", NULL, "do not align the columns" },
	{ 'n', "noheadings", NULL, "do not print the names of the columns" },
	{ KEY_DEV, "dev", "DIR", "compare with this device directory" },
	{ KEY_INPUT, "input", "FILE", "read this modules.devname; - is standard input" },
	UDEV_OPTIONS,
	{ 0 },
};

struct list_columns {
	enum node_field_index items[N_NODE_FIELDS]; /* in the order in which they are shown */
	size_t size;
};

struct list_command {
	struct common common;
	struct sheet_style style;
	struct list_columns chosen; /* by --columns */
	bool adds_columns;
	bool shows_all;
	/* set while the nodes are listed: */
	struct list_columns columns;
	struct sheet sheet;
};

static const char *get_list_column(int i)
{
	return i < N_NODE_FIELDS ? node_fields[i].name : NULL;
}

static bool has_column(const struct list_columns *columns, enum node_field_index column)
{
	for (size_t i = 0; i < columns->size; i++)
		if (columns->items[i] == column)
			return true;
	return false;
}

static void add_list_columns(struct list_columns *columns, const enum node_field_index *items,
			     size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!has_column(columns, items[i]))
			columns->items[columns->size++] = items[i];
}

/* Parses a list such as "NAME,MODULE" or "+STATE". */
static bool parse_list_columns(struct list_command *list, const char *names)
{
	list->chosen.size = 0;
	list->adds_columns = *names == '+';
	names += list->adds_columns;
	for (;; names++) {
		size_t size = strcspn(names, ",");
		int i = find_value("--columns", get_list_column, names, size);
		enum node_field_index column = (enum node_field_index)i;

		if (i < 0)
			return false;
		add_list_columns(&list->chosen, &column, 1);
		names += size;
		if (*names == '\0')
			return true;
	}
}

static bool parse_list_option(void *data, int key)
{
	struct list_command *list = data;

	switch (key) {
	case 'o':
		return parse_list_columns(list, optarg);
	case 'O':
		list->shows_all = true;
		return true;
	case 'P':
		list->style.pairs = true;
		return true;
	case 'r':
		list->style.raw = true;
		return true;
	default:
		list->style.no_headings = true;
		return true;
	}
}

/* 1, 0 or a negative errno. */
static int list_has_running_kernel(const struct kernels *kernels)
{
	int r = 0;

	for (size_t i = 0; i < kernels->size && r == 0; i++)
		r = kernel_is_running(&kernels->items[i]);
	return r;
}

/* The default columns, without those that are constant or unknown in all rows. */
static enum status choose_list_columns(struct list_command *list, const struct kernels *kernels)
{
	static const enum node_field_index usual[] = { FIELD_NAME, FIELD_TYPE, FIELD_NUMBER,
						       FIELD_MODULE, FIELD_KERNEL };
	static const enum node_field_index state[] = { FIELD_STATE };
	static const enum node_field_index permission[] = { FIELD_MODE, FIELD_USER, FIELD_GROUP };
	bool has_several = kernels->size > 1, is_chosen = list->chosen.size > 0;
	int has_dev = list->common.dev ? 1 : list_has_running_kernel(kernels);

	if (has_dev < 0)
		return say_failure(base_directory(&list->common), has_dev);
	if (!is_chosen || list->adds_columns) {
		add_list_columns(&list->columns, usual, 5 - !has_several);
		if (has_dev)
			add_list_columns(&list->columns, state, 1);
		if (has_dev || list->common.udev_root)
			add_list_columns(&list->columns, permission, 3);
	}
	add_list_columns(&list->columns, list->chosen.items, list->chosen.size);
	if (list->shows_all || (list->common.json && !is_chosen))
		for (int i = 0; i < N_NODE_FIELDS; i++)
			add_list_columns(&list->columns, &(const enum node_field_index){ i }, 1);
	return STATUS_CLEAN;
}

/* --- columns that are not in the file ------------------------------------------------------- */

/* The sources of the columns that are not in the file of one kernel. */
struct list_sources {
	const char *dev_path; /* for messages */
	struct devdir dev; /* .fd is -1 if no device directory belongs to the kernel */
	struct accounts accounts; /* names of the owners there */
	struct kmod_devname_permissions *permissions; /* by the rules of udev, instead; or NULL */
	const char **loaded; /* of each node; NULL: the column is not shown */
	char owners[ACCOUNT_KINDS][256]; /* the user and the group of the last node */
	struct common common; /* prints errors alone: check has the other findings */
	enum status worst; /* of what could not be found out */
};

/* The device directory of the user, or that of the running system. */
static enum status open_list_sources(struct list_sources *sources, const struct kernels *kernels,
				     bool is_running, const struct common *common)
{
	const char *dev = common->dev;

	*sources = (struct list_sources){
		.dev_path = dev ? dev : "/dev",
		.dev.fd = -1,
		.accounts = { .root_fd = kernels->root_fd, .report = xreport_new() },
		.common = *common,
	};
	sources->common.quiet = true;
	if (dev)
		sources->dev.fd = open_path(dev, O_PATH | O_DIRECTORY);
	else if (is_running)
		sources->dev.fd = open_in_root(kernels->root_fd, "dev", O_PATH | O_DIRECTORY);
	if (sources->dev.fd >= 0 || (!dev && !is_running))
		return STATUS_CLEAN;
	(void)say_failure(sources->dev_path, sources->dev.fd);
	sources->worst = STATUS_FAILED;
	return dev ? STATUS_FAILED : STATUS_CLEAN;
}

/* Returns STATUS_FAILED if something could not be found out, after a message. */
static enum status close_list_sources(struct list_sources *sources)
{
	devdir_done(&sources->dev);
	close_fd(&sources->dev.fd);
	accounts_done(&sources->accounts);
	kmod_devname_permissions_unref(sources->permissions);
	free(sources->loaded);
	return worse(sources->worst,
		     finish_report(sources->accounts.report, 0, "", "", &sources->common));
}

/* "absent", "obstructed", "wrong" or "present", with *ret_st for the last two; or NULL. */
static const char *find_node_state(struct list_sources *sources,
				   const struct kmod_devname_node *node, struct stat *ret_st)
{
	static const char *const states[] = {
		[DEV_ABSENT] = "absent",
		[DEV_PRESENT] = "present",
		[DEV_WRONG] = "wrong",
		[DEV_OBSTRUCTED] = "obstructed",
	};
	_cleanup_close_ int dir_fd = -1;
	_cleanup_free_ char *path = NULL;
	const char *rest;
	int r = devdir_walk(&sources->dev, node->name, false, &dir_fd, &rest);

	if (r == 0)
		r = devdir_look(dir_fd, rest, &node->number, ret_st);
	if (r >= 0)
		return states[r];
	if (r == -ENOMEM)
		die_without_memory();
	path = join_path(sources->dev_path, node->name);
	(void)say_failure(path, r);
	sources->worst = STATUS_FAILED;
	return NULL;
}

/* The name of a user or group, or else the number, in the room for it. */
static const char *name_node_owner(struct list_sources *sources, enum account_kind kind,
				   unsigned int id)
{
	_cleanup_free_ char *name = NULL;
	char *text = sources->owners[kind];

	if (accounts_find_name(&sources->accounts, kind, id, &name) == -ENOMEM)
		die_without_memory();
	if (name)
		(void)kmod_devname_escape(name, text, sizeof(sources->owners[kind]));
	else
		(void)snprintf(text, sizeof(sources->owners[kind]), "%u", id);
	return text;
}

static void fill_node_permission(struct list_sources *sources, const char *name,
				 const struct stat *st, struct printed_node *node)
{
	const struct kmod_devname_permission *permission;

	node->lacks_permission = false;
	if (!sources->permissions) {
		node->mode = st->st_mode & 07777;
		node->uid = st->st_uid;
		node->gid = st->st_gid;
		node->user = name_node_owner(sources, ACCOUNT_USER, st->st_uid);
		node->group = name_node_owner(sources, ACCOUNT_GROUP, st->st_gid);
		return;
	}
	permission = kmod_devname_permissions_get(sources->permissions, name);
	node->mode = permission->mode;
	node->uid = permission->uid;
	node->gid = permission->gid;
	node->user = permission->user;
	node->group = permission->group;
}

/* The texts are valid until the next call. */
static void describe_node(struct list_sources *sources, const struct kmod_devname_table *table,
			  size_t index, struct printed_node *ret_node)
{
	const struct kmod_devname_node *node = kmod_devname_table_get(table, index);
	struct stat st = { 0 };

	*ret_node = (struct printed_node){
		.module = node->module,
		.name = node->name,
		.number = node->number,
		.lacks_permission = true,
		.loaded = sources->loaded ? sources->loaded[index] : NULL,
	};
	if (sources->dev.fd >= 0)
		ret_node->state = find_node_state(sources, node, &st);
	if (sources->permissions ||
	    (ret_node->state && (*ret_node->state == 'p' || *ret_node->state == 'w')))
		fill_node_permission(sources, ret_node->name, &st, ret_node);
}

/* --- rows ----------------------------------------------------------------------------------- */

static void add_list_row(struct list_command *list, const struct printed_node *node)
{
	char text[FIELD_TEXT_SIZE];

	for (size_t i = 0; i < list->columns.size; i++) {
		const char *cell = printed_node_get(node, list->columns.items[i], text);

		sheet_add(&list->sheet, cell ? cell : "");
	}
}

/* Adds the nodes of a kernel, or those of --input if it is NULL. */
static enum status list_nodes(struct list_command *list, const struct kernels *kernels,
			      const struct kernel *kernel, const struct kmod_devname_table *table)
{
	int is_running = kernel ? kernel_is_running(kernel) : 0;
	_cleanup_free_ char *version = kernel ? escape(kernel->version) : NULL;
	enum status status, asked = STATUS_CLEAN;
	struct list_sources sources;

	if (is_running < 0)
		return say_failure(kernel->path, is_running);
	status = open_list_sources(&sources, kernels, is_running, &list->common);
	if (status == STATUS_CLEAN && list->common.udev_root)
		status = read_permissions(&list->common, DEFAULT_MODE, kernels->root_fd, table,
					  &sources.permissions);
	if (status != STATUS_FAILED && kernel && has_column(&list->columns, FIELD_LOADED))
		sources.loaded = loading_ask(kernel, is_running, table, &sources.common, &asked);
	for (size_t i = 0; status != STATUS_FAILED && i < kmod_devname_table_size(table); i++) {
		struct printed_node node;

		describe_node(&sources, table, i, &node);
		node.kernel = version;
		add_list_row(list, &node);
	}
	return worse(worse(status, asked), close_list_sources(&sources));
}

static enum status list_inputs(struct list_command *list, const struct kernels *kernels)
{
	enum status status = kernels->found;

	if (list->common.input) {
		_cleanup_table_ struct kmod_devname_table *table = xtable_new();
		bool exists;

		status = input_read(kernels, table, &exists);
		return status == STATUS_FAILED
			       ? status
			       : worse(status, list_nodes(list, kernels, NULL, table));
	}
	for (size_t i = 0; i < kernels->size; i++) {
		_cleanup_table_ struct kmod_devname_table *table = xtable_new();

		/* the table is without the nodes of a file that is missing, and of bad lines */
		status = worse(status, read_kernel(&kernels->items[i], NULL, table));
		status = worse(status, list_nodes(list, kernels, &kernels->items[i], table));
	}
	return status;
}

static enum status list_operands(struct list_command *list, const struct kernels *kernels)
{
	struct sheet_column columns[N_NODE_FIELDS];
	enum status status = choose_list_columns(list, kernels);

	if (status != STATUS_CLEAN)
		return status;
	for (size_t i = 0; i < list->columns.size; i++) {
		enum node_field_index field = list->columns.items[i];

		columns[i] = (struct sheet_column){
			.name = node_fields[field].name,
			.right = node_fields[field].is_number || field == FIELD_NUMBER,
			.number = node_fields[field].is_number,
		};
	}
	list->sheet = (struct sheet){ "nodes", columns, list->columns.size, { 0 } };
	status = list_inputs(list, kernels);
	/* without a kernel's file the nodes of others are shown */
	if (status != STATUS_FAILED || !list->common.input)
		status = worse(status, sheet_print(&list->sheet, &list->style));
	sheet_done(&list->sheet);
	return status;
}

static int run_list(const struct command *command, int argc, char **argv)
{
	struct list_command list = { 0 };
	_cleanup_kernels_ struct kernels kernels = { .root_fd = -1 };
	enum status status;

	if (!parse_options(command, argc, argv, &list.common, parse_list_option, &list, &status))
		return status;
	list.style.json = list.common.json;
	if (list.style.json + list.style.raw + list.style.pairs > 1) {
		say("--json, --pairs and --raw exclude each other");
		return STATUS_FAILED;
	}
	if (list.common.input)
		status = input_find(&kernels, &list.common, argv + optind, argc - optind);
	else
		status = kernels_find(&kernels, &list.common, argv + optind, argc - optind, false);
	if (status == STATUS_CLEAN)
		status = list_operands(&list, &kernels);
	return finish_output(status);
}

const struct command cmd_list = {
	.name = "list",
	.summary = "show the nodes of modules.devname",
	.description =
		"Show the nodes in modules.devname of each kernel. For the running kernel, or\n"
		"with --dev, also show their state, mode and owner in the device directory;\n"
		"with --udev, show mode and owner of udev's rules.",
	.options = list_options,
	.value_key = 'o',
	.get_value = get_list_column,
	.run = run_list,
};
