// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * diff: the differences between the nodes of two kernels, files or root directories.
 *
 * An operand is a file, one kernel, or a root directory with all its kernels. Each operand is
 * compared with the next one: two node lists directly, two root directories kernel by kernel, by
 * version. Differences are printed as they are found, or kept as rows for JSON.
 */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "input.h"
#include "modules.h"
#include "node/table.h"
#include "sheet.h"

static const struct option_spec diff_options[] = {
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

static const struct sheet_column diff_columns[] = {
	{ .name = "FROM" },        { .name = "TO" },         { .name = "CHANGE" },
	{ .name = "NAME" },        { .name = "OLD-MODULE" }, { .name = "OLD-TYPE" },
	{ .name = "OLD-MAJ:MIN" }, { .name = "NEW-MODULE" }, { .name = "NEW-TYPE" },
	{ .name = "NEW-MAJ:MIN" },
};

struct diff {
	struct common common;
	struct sheet sheet; /* for JSON */
	bool differs;
};

/* A file, one kernel, or all those of a root directory. */
struct diff_operand {
	const char *file; /* NULL: kernels */
	struct common common; /* with a base directory of its own */
	struct kernels kernels;
};

/* The nodes of one modules.devname, or of the modules of one kernel. */
struct node_list {
	char *label; /* for messages and headings */
	struct kmod_devname_table *table;
};

/* --- the operands ------------------------------------------------------------------------- */

/*
 * A word without a slash is the version of a kernel, which alone is below --basedir, or else what
 * has this name here. A root directory becomes the base directory of the operand.
 */
static enum status find_operand(struct diff_operand *operand, char *word,
				const struct common *common)
{
	struct stat st;
	int kind;

	operand->common = *common;
	operand->common.all = false;
	if (!strchr(word, '/') && (kernels_have(common, word) || access(word, F_OK) < 0))
		return kernels_find(&operand->kernels, &operand->common, &word, 1, false);
	if (stat(word, &st) < 0)
		return say_failure(word, -errno);
	if (!S_ISDIR(st.st_mode)) {
		operand->file = word;
		return STATUS_CLEAN;
	}
	operand->common.basedir = NULL;
	kind = directory_classify(word);
	if (kind < 0)
		return say_failure(word, kind);
	if (kind != DIRECTORY_ROOT) {
		_cleanup_free_ char *path = xasprintf("%s/", word);

		operand->common.moduledir = NULL;
		return kernels_find(&operand->kernels, &operand->common, &path, 1, false);
	}
	operand->common.basedir = word;
	operand->common.all = true;
	return kernels_find(&operand->kernels, &operand->common, NULL, 0, false);
}

static void diff_operand_done(struct diff_operand *operand)
{
	kernels_done(&operand->kernels);
}

#define _cleanup_diff_operand_ __attribute__((cleanup(diff_operand_done)))

static const struct kernel *find_same_version(const struct diff_operand *operand,
					      const struct kernel *kernel)
{
	for (size_t i = 0; i < operand->kernels.size; i++)
		if (strcmp(operand->kernels.items[i].version, kernel->version) == 0)
			return &operand->kernels.items[i];
	return NULL;
}

/* A file or one kernel has one list of nodes. */
static bool has_one_list(const struct diff_operand *operand)
{
	return operand->file || operand->kernels.size == 1;
}

/* --- reading node lists ------------------------------------------------------------------- */

/* For a kernel that depmod has not seen yet, or modules that are not installed for a kernel. */
static enum status read_list_of_modules(const struct diff_operand *operand,
					const struct kernel *kernel, struct node_list *list)
{
	const struct modules_options options = { 0 };
	_cleanup_config_ struct kmod_devname_config *config = NULL;
	_cleanup_report_ struct kmod_devname_report *report = xreport_new();
	enum status status, config_status = STATUS_CLEAN;
	struct modules_result result = { 0 };
	/* depmod.d is about kernels */
	int kind = kernel_classify(kernel);

	if (kind < 0)
		return say_failure(kernel->path, kind);
	if (kind == DIRECTORY_OF_KERNEL) {
		config_status = read_depmod_config(kernel, &config);
		if (config_status == STATUS_FAILED)
			return STATUS_FAILED;
		if (config_status == STATUS_CLEAN && !operand->common.quiet)
			say("%s: no such file; the modules are read instead", list->label);
	}
	status = modules_read(kernel, config, &options, list->table, report, &result);
	status = worse(status, print_report(report, kernel->path, &operand->common));
	/* the missing file is the failure, if no module takes its place */
	if (status == STATUS_CLEAN && result.n_modules == 0)
		status = say_failure(list->label, -ENOENT);
	free(list->label);
	list->label = xstrdup(kernel->path);
	return worse(status, config_status);
}

/*
 * Any finding is a failure: nodes that are not in the table cannot be compared. Without a kernel
 * the operand is a file. Release the list with node_list_done(), also after a failure.
 */
static enum status read_node_list(const struct diff_operand *operand, const struct kernel *kernel,
				  struct node_list *list)
{
	enum status status;
	FILE *stream;
	int r;

	*list = (struct node_list){
		.label = kernel ? join_path(kernel->path, FILE_NAME) : xstrdup(operand->file),
		.table = xtable_new(),
	};
	r = kernel ? kernel_open_stream(kernel, FILE_NAME, &stream)
		   : open_path_stream(operand->file, &stream);
	if (r == 0) {
		status = read_table(stream, NULL, list->label, &operand->common, list->table);
		(void)fclose(stream);
	} else if (r == -ENOENT && kernel) {
		status = read_list_of_modules(operand, kernel, list);
	} else {
		return say_failure(list->label, r);
	}
	return status == STATUS_CLEAN ? STATUS_CLEAN : STATUS_FAILED;
}

static void node_list_done(const struct node_list *list)
{
	kmod_devname_table_unref(list->table);
	free(list->label);
}

#define _cleanup_node_list_ __attribute__((cleanup(node_list_done)))

/* --- differences -------------------------------------------------------------------------- */

/* Without a node its cells are empty. */
static void add_diff_cells(struct sheet *sheet, const struct kmod_devname_node *node)
{
	char text[SYNTAX_NUMBER_SIZE];

	sheet_add(sheet, node ? node->module : "");
	sheet_add(sheet, !node ? "" : S_ISBLK(node->number.type) ? "block" : "char");
	/* without the letter of the type */
	sheet_add(sheet, node ? syntax_format_number(&node->number, text) + 1 : "");
}

/* An empty label: only the other operand has it. */
static void add_diff_row(struct sheet *sheet, const char *from, const char *to, const char *change,
			 const char *name, const struct kmod_devname_node *old_node,
			 const struct kmod_devname_node *new_node)
{
	sheet_add_escaped(sheet, from);
	sheet_add_escaped(sheet, to);
	sheet_add(sheet, change);
	sheet_add(sheet, name);
	add_diff_cells(sheet, old_node);
	add_diff_cells(sheet, new_node);
}

static bool is_text(const struct diff *diff)
{
	return !diff->common.json && !diff->common.quiet;
}

static void print_label(const char *before, const char *label)
{
	_cleanup_free_ char *escaped = escape(label);

	printf("%s %s\n", before, escaped);
}

/* Prints "+ NAME NUMBER MODULE", "- ...", or "~ NAME OLD -> NEW" with the changed values. */
static void print_difference(const char *name, const struct kmod_devname_node *old_node,
			     const struct kmod_devname_node *new_node)
{
	const struct kmod_devname_node *node = old_node ? old_node : new_node;
	char old_number[SYNTAX_NUMBER_SIZE], new_number[SYNTAX_NUMBER_SIZE];
	bool is_renumbered;

	syntax_format_number(&node->number, old_number);
	if (!old_node || !new_node) {
		printf("%c %s %s %s\n", old_node ? '-' : '+', name, old_number, node->module);
		return;
	}
	is_renumbered =
		strcmp(old_number, syntax_format_number(&new_node->number, new_number)) != 0;
	if (strcmp(old_node->module, new_node->module) == 0)
		printf("~ %s %s -> %s\n", name, old_number, new_number);
	else if (is_renumbered)
		printf("~ %s %s %s -> %s %s\n", name, old_number, old_node->module, new_number,
		       new_node->module);
	else
		printf("~ %s %s %s -> %s\n", name, old_number, old_node->module, new_node->module);
}

/* Prints the differences under the labels of the lists, or keeps them for JSON, unless --quiet. */
static void compare_lists(struct diff *diff, const struct node_list *from,
			  const struct node_list *to)
{
	struct comparison *comparison;

	if (comparison_new(from->table, to->table, &comparison) < 0)
		die_without_memory();
	if (comparison->size > 0)
		diff->differs = true;
	if (comparison->size > 0 && is_text(diff)) {
		print_label("---", from->label);
		print_label("+++", to->label);
	}
	for (size_t i = 0; i < comparison->size; i++) {
		const struct difference *difference = &comparison->items[i];
		const struct kmod_devname_node *old_node = difference->old_node;
		const struct kmod_devname_node *new_node = difference->new_node;
		const char *name = (old_node ? old_node : new_node)->name;

		if (diff->common.json)
			add_diff_row(&diff->sheet, from->label, to->label,
				     change_names[difference->change], name, old_node, new_node);
		else if (is_text(diff))
			print_difference(name, old_node, new_node);
	}
	free(comparison);
}

/* A kernel is NULL if its operand is a file. */
static enum status compare_kernels(struct diff *diff, const struct diff_operand *a,
				   const struct kernel *kernel_a, const struct diff_operand *b,
				   const struct kernel *kernel_b)
{
	_cleanup_node_list_ struct node_list from = { 0 }, to = { 0 };

	if (read_node_list(a, kernel_a, &from) != STATUS_CLEAN ||
	    read_node_list(b, kernel_b, &to) != STATUS_CLEAN)
		return STATUS_FAILED;
	compare_lists(diff, &from, &to);
	return STATUS_CLEAN;
}

/* Prints the kernels that the other root directory lacks. */
static void show_kernels_of_one(struct diff *diff, const struct diff_operand *operand,
				const struct diff_operand *other, bool is_old)
{
	for (size_t i = 0; i < operand->kernels.size; i++) {
		const struct kernel *kernel = &operand->kernels.items[i];

		if (find_same_version(other, kernel))
			continue;
		diff->differs = true;
		if (diff->common.json)
			add_diff_row(&diff->sheet, is_old ? kernel->path : "",
				     is_old ? "" : kernel->path, "only", "", NULL, NULL);
		else if (is_text(diff))
			print_label("only one has", kernel->path);
	}
}

static enum status compare_roots(struct diff *diff, const struct diff_operand *a,
				 const struct diff_operand *b)
{
	enum status status = STATUS_CLEAN;

	show_kernels_of_one(diff, a, b, true);
	show_kernels_of_one(diff, b, a, false);
	for (size_t i = 0; i < a->kernels.size; i++) {
		const struct kernel *kernel = &a->kernels.items[i];
		const struct kernel *other = find_same_version(b, kernel);

		if (other)
			status = worse(status, compare_kernels(diff, a, kernel, b, other));
	}
	return status;
}

static enum status compare_operands(struct diff *diff, char *word_a, char *word_b)
{
	_cleanup_diff_operand_ struct diff_operand a = { .kernels.root_fd = -1 },
						   b = { .kernels.root_fd = -1 };

	if (find_operand(&a, word_a, &diff->common) != STATUS_CLEAN ||
	    find_operand(&b, word_b, &diff->common) != STATUS_CLEAN)
		return STATUS_FAILED;
	if (has_one_list(&a) && has_one_list(&b))
		return compare_kernels(diff, &a, a.kernels.items, &b, b.kernels.items);
	if (!a.file && !b.file)
		return compare_roots(diff, &a, &b);
	say("%s: not a single kernel, and cannot be compared with a file",
	    (a.file ? b : a).common.basedir);
	return STATUS_FAILED;
}

/* kernels_find() refuses operands. */
static enum status compare_all_kernels(struct diff *diff, char **words, int n)
{
	_cleanup_diff_operand_ struct diff_operand all = { .common = diff->common };
	enum status status = kernels_find(&all.kernels, &all.common, words, n, false);

	for (size_t i = 1; status == STATUS_CLEAN && i < all.kernels.size; i++)
		status = compare_kernels(diff, &all, &all.kernels.items[i - 1], &all,
					 &all.kernels.items[i]);
	return worse(status, all.kernels.found);
}

static enum status compare_all_operands(struct diff *diff, char **words, int n)
{
	enum status status = STATUS_CLEAN;

	if (diff->common.all)
		return compare_all_kernels(diff, words, n);
	if (n < 2) {
		say("too few operands; see kmod-devname diff --help");
		return STATUS_FAILED;
	}
	for (int i = 0; i + 1 < n && status == STATUS_CLEAN; i++)
		status = compare_operands(diff, words[i], words[i + 1]);
	return status;
}

static int run_diff(const struct command *command, int argc, char **argv)
{
	struct diff diff = { .sheet = { .title = "differences",
					.columns = diff_columns,
					.n_columns =
						sizeof(diff_columns) / sizeof(diff_columns[0]) } };
	enum status status;

	if (!parse_options(command, argc, argv, &diff.common, NULL, NULL, &status))
		return status;
	status = compare_all_operands(&diff, argv + optind, argc - optind);
	if (status == STATUS_CLEAN && diff.common.json)
		status = sheet_print(&diff.sheet, &(struct sheet_style){ .json = true });
	sheet_done(&diff.sheet);
	if (status == STATUS_CLEAN && diff.differs)
		status = STATUS_FINDINGS;
	return finish_output(status);
}

const struct command cmd_diff = {
	.name = "diff",
	.summary = "compare the nodes of kernels",
	.description =
		"Compare modules.devname of two or more kernels, files or root directories,\n"
		"each with the next one. Without the file, or for modules that are not\n"
		"installed, read the modules. Exit status: 0 no differences, 1 differences,\n"
		"2 error. With --quiet, print nothing.",
	.operands = "A B...",
	.options = diff_options,
	.run = run_diff,
};
