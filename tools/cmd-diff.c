// SPDX-License-Identifier: GPL-2.0-or-later
/* diff: what is different between the nodes of two kernels, files or root directories. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "diff-side.h"
#include "node-text.h"
#include "sheet.h"
#include "options.h"

static const struct option_spec options[] = {
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

static const struct sheet_column columns[] = {
	{ .name = "FROM" },        { .name = "TO" },         { .name = "CHANGE" },
	{ .name = "NAME" },        { .name = "OLD-MODULE" }, { .name = "OLD-TYPE" },
	{ .name = "OLD-MAJ:MIN" }, { .name = "NEW-MODULE" }, { .name = "NEW-TYPE" },
	{ .name = "NEW-MAJ:MIN" },
};

struct diff {
	struct common common;
	struct sheet_style style;
	struct sheet sheet; /* for JSON */
	bool differs;
};

static bool take_option(void *data, int key)
{
	struct diff *diff = data;

	(void)key;
	diff->style.json = true;
	return true;
}

static int add_node(struct sheet *sheet, const struct kmod_devname_node *node)
{
	int r = sheet_add(sheet, strdup(node ? kmod_devname_node_get_module(node) : ""));

	if (r == 0)
		r = sheet_add(sheet, strdup(node ? node_type(node) : ""));
	return r == 0 ? sheet_add(sheet, node ? node_number(node) : strdup("")) : r;
}

static const char *name_of(const struct kmod_devname_difference *difference)
{
	const struct kmod_devname_node *old = kmod_devname_difference_get_old(difference);

	return kmod_devname_node_get_name(old ? old : kmod_devname_difference_get_new(difference));
}

static const char *change_of(const struct kmod_devname_difference *difference)
{
	return kmod_devname_change_to_string(kmod_devname_difference_get_change(difference));
}

static int add_row(struct sheet *sheet, const struct version *old, const struct version *new,
		   const struct kmod_devname_difference *difference)
{
	int r = sheet_add(sheet, escape(old->label));

	if (r == 0)
		r = sheet_add(sheet, escape(new->label));
	if (r == 0)
		r = sheet_add(sheet, strdup(change_of(difference)));
	if (r == 0)
		r = sheet_add(sheet, strdup(name_of(difference)));
	if (r == 0)
		r = add_node(sheet, kmod_devname_difference_get_old(difference));
	return r == 0 ? add_node(sheet, kmod_devname_difference_get_new(difference)) : r;
}

static int print_node(const struct kmod_devname_node *node)
{
	char *device = node_device(node);

	if (!device)
		return -ENOMEM;
	printf("%s of %s", device, kmod_devname_node_get_module(node));
	free(device);
	return 0;
}

static int print_line(const struct kmod_devname_difference *difference)
{
	const struct kmod_devname_node *old = kmod_devname_difference_get_old(difference);
	const struct kmod_devname_node *new = kmod_devname_difference_get_new(difference);
	int r = 0;

	printf("%s %s: ", change_of(difference), name_of(difference));
	if (old)
		r = print_node(old);
	if (old && new)
		printf(" -> ");
	if (new &&r == 0)
		r = print_node(new);
	putchar('\n');
	return r;
}

static int print_label(const char *mark, const struct version *version)
{
	char *label = escape(version->label);

	if (!label)
		return -ENOMEM;
	printf("%s %s\n", mark, label);
	free(label);
	return 0;
}

/* The lines of one comparison, under the names of what was compared, or its rows for JSON. */
static int show(struct diff *diff, const struct version *old, const struct version *new,
		const struct kmod_devname_comparison *comparison)
{
	size_t n = kmod_devname_comparison_size(comparison);
	int r = 0;

	if (n > 0 && !diff->style.json) {
		r = print_label("---", old);
		if (r == 0)
			r = print_label("+++", new);
	}
	for (size_t i = 0; i < n && r == 0; i++) {
		const struct kmod_devname_difference *difference =
			kmod_devname_comparison_get(comparison, i);

		r = diff->style.json ? add_row(&diff->sheet, old, new, difference)
				     : print_line(difference);
	}
	diff->differs = diff->differs || n > 0;
	return r;
}

static enum status compare_versions(struct diff *diff, const struct version *old,
				    const struct version *new)
{
	struct kmod_devname_comparison *comparison;
	int r = kmod_devname_comparison_new(old->table, new->table, new->built_in, &comparison);

	if (r == 0) {
		r = show(diff, old, new, comparison);
		kmod_devname_comparison_unref(comparison);
	}
	return r < 0 ? say_failure(new->label, r) : STATUS_CLEAN;
}

static enum status compare_kernels(struct diff *diff, const struct side *a,
				   const struct kernel *kernel_a, const struct side *b,
				   const struct kernel *kernel_b)
{
	struct version old, new;
	enum status status = side_read(a, kernel_a, &old);

	if (status != STATUS_CLEAN)
		return status;
	status = side_read(b, kernel_b, &new);
	if (status == STATUS_CLEAN) {
		status = compare_versions(diff, &old, &new);
		version_done(&new);
	}
	version_done(&old);
	return status;
}

/* Is it one modules.devname? Then *ret_kernel is the kernel, or NULL for a file. */
static bool is_single(const struct side *side, const struct kernel **ret_kernel)
{
	*ret_kernel = side->file ? NULL : side->kernels.items;
	return side->file || side->kernels.size == 1;
}

/* A row that has nothing but one of the two sides. */
static int add_alone(struct sheet *sheet, const char *path, bool is_old)
{
	int r = sheet_add(sheet, escape(is_old ? path : ""));

	if (r == 0)
		r = sheet_add(sheet, escape(is_old ? "" : path));
	if (r == 0)
		r = sheet_add(sheet, strdup("only"));
	if (r == 0)
		r = sheet_add(sheet, strdup(""));
	if (r == 0)
		r = add_node(sheet, NULL);
	return r == 0 ? add_node(sheet, NULL) : r;
}

static int print_alone(const char *path)
{
	char *escaped = escape(path);

	if (!escaped)
		return -ENOMEM;
	printf("only one has %s\n", escaped);
	free(escaped);
	return 0;
}

/* Kernels that only one of two root directories has. */
static enum status show_alone(struct diff *diff, const struct side *side, const struct side *other,
			      bool is_old)
{
	for (size_t i = 0; i < side->kernels.size; i++) {
		const char *path = side->kernels.items[i].path;

		if (side_kernel(other, side->kernels.items[i].version))
			continue;
		diff->differs = true;
		if ((diff->style.json ? add_alone(&diff->sheet, path, is_old) : print_alone(path)) <
		    0)
			return say_failure(path, -ENOMEM);
	}
	return STATUS_CLEAN;
}

/* The kernels of two root directories by their versions. */
static enum status compare_roots(struct diff *diff, const struct side *a, const struct side *b)
{
	enum status status = show_alone(diff, a, b, true);

	status = worse(status, show_alone(diff, b, a, false));
	for (size_t i = 0; i < a->kernels.size; i++) {
		const struct kernel *old = &a->kernels.items[i];
		const struct kernel *new = side_kernel(b, old->version);

		if (new)
			status = worse(status, compare_kernels(diff, a, old, b, new));
	}
	return status;
}

static enum status compare_sides(struct diff *diff, const struct side *a, const struct side *b)
{
	const struct kernel *kernel_a, *kernel_b;
	bool single_a = is_single(a, &kernel_a), single_b = is_single(b, &kernel_b);

	if (single_a && single_b)
		return compare_kernels(diff, a, kernel_a, b, kernel_b);
	if (!a->file && !b->file)
		return compare_roots(diff, a, b);
	say("%s: has not just one kernel, and so cannot be compared with a file",
	    (a->file ? b : a)->common.basedir);
	return STATUS_FAILED;
}

static enum status compare_operands(struct diff *diff, char **operands)
{
	struct side a, b = { .kernels = { .root_fd = -1 } };
	enum status status = side_find(&a, operands[0], &diff->common);

	if (status == STATUS_CLEAN)
		status = side_find(&b, operands[1], &diff->common);
	if (status == STATUS_CLEAN)
		status = compare_sides(diff, &a, &b);
	side_done(&b);
	side_done(&a);
	return status;
}

/* Each kernel with the next one. */
static enum status compare_all(struct diff *diff)
{
	struct side side = { .common = diff->common };
	enum status status = kernels_find(&side.kernels, &side.common, NULL, 0, false);

	for (size_t i = 1; status == STATUS_CLEAN && i < side.kernels.size; i++)
		status = compare_kernels(diff, &side, &side.kernels.items[i - 1], &side,
					 &side.kernels.items[i]);
	side_done(&side);
	return status;
}

static enum status compare(struct diff *diff, char **operands, int n)
{
	enum status status = STATUS_CLEAN;

	if (diff->common.all && n == 0)
		return compare_all(diff);
	if (diff->common.all || n < 2) {
		say(diff->common.all
			    ? "--all and '%s' do not go together"
			    : "two or more operands are wanted; see kmod-devname diff --help",
		    n > 0 ? operands[0] : "");
		return STATUS_FAILED;
	}
	for (int i = 0; i + 1 < n && status == STATUS_CLEAN; i++)
		status = compare_operands(diff, operands + i);
	return status;
}

static enum status print_json(const struct diff *diff)
{
	return say_sheet_failure(sheet_print(&diff->sheet, &diff->style));
}

static int run(const struct command *command, int argc, char **argv)
{
	struct diff diff = { .sheet = { .title = "differences",
					.columns = columns,
					.n_columns = sizeof(columns) / sizeof(columns[0]) } };
	enum status status;

	if (!parse_options(command, argc, argv, &diff.common, take_option, &diff, &status))
		return status;
	status = compare(&diff, argv + optind, argc - optind);
	if (status == STATUS_CLEAN && diff.style.json)
		status = print_json(&diff);
	sheet_done(&diff.sheet);
	if (status == STATUS_CLEAN && diff.differs)
		status = STATUS_FINDINGS;
	return finish_output(status);
}

const struct command cmd_diff = {
	.name = "diff",
	.summary = "show what is different between kernels",
	.description =
		"Compares the modules.devname of two or more kernels, files or root directories,\n"
		"each with the next one. Without the file, or in a directory of modules that are\n"
		"not installed, the modules are read. Exit status: 0 no difference, 1 some,\n"
		"2 trouble.",
	.operands = "A B...",
	.options = options,
	.run = run,
};
