// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain: which modules opening a device node loads, or why none.
 *
 * Three sources are put side by side: modules.devname of the kernel (declared), the device
 * directory (node), and what the kernel asks modprobe for by the number of the node (asked,
 * module). Each gives lines of its own. The last line, the verdict, says what they come to
 * together. If there is no node the number of modules.devname is resolved, and if the node has
 * another number both are.
 */

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "explain.h"
#include "input.h"
#include "node/table.h"

enum {
	KEY_DEV = 2000,
};

static const struct option_spec explain_options[] = {
	{ KEY_DEV, "dev", "DIR", "device directory (default: dev in the basedir)" },
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

static const struct sheet_column explain_columns[] = {
	{ .name = "STEP" },   { .name = "SUBJECT" },
	{ .name = "RESULT" }, { .name = "ROLE" },
	{ .name = "FILE" },   { .name = "LINE", .right = true, .number = true },
	{ .name = "TEXT" },
};

static bool parse_explain_option(void *data, int key)
{
	struct explain *explain = data;

	if (key == KEY_DEV)
		explain->dev = optarg;
	else
		explain->style.json = true;
	return true;
}

static void add_explain_row(struct sheet *sheet, const struct explain_row *row, const char *text)
{
	const char *const cells[] = { row->step, row->subject, row->result, row->role, row->file };
	char line[32] = "";

	if (row->line > 0)
		(void)snprintf(line, sizeof(line), "%zu", row->line);
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		sheet_add_escaped(sheet, cells[i] ? cells[i] : "");
	sheet_add(sheet, line);
	sheet_add_escaped(sheet, text);
}

void explain_print(struct explain *explain, const struct explain_row *row, const char *format, ...)
{
	_cleanup_free_ char *text = NULL, *escaped = NULL;
	va_list args;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	if (explain->style.json) {
		add_explain_row(&explain->sheet, row, text);
	} else if (!explain->common.quiet || strcmp(row->step, "verdict") == 0) {
		escaped = escape(text);
		puts(escaped);
	}
}

bool explain_is_declared(const struct explain *explain, const struct kmod_devname_node *node)
{
	const struct device_number number = node_number(node);

	return explain->name ? strcmp(kmod_devname_node_get_name(node), explain->name) == 0
			     : syntax_same_number(&number, &explain->number);
}

/* Several modules may declare the same node. */
static void print_declared_nodes(struct explain *explain)
{
	char text[SYNTAX_NUMBER_SIZE];

	for (size_t i = 0; i < kmod_devname_table_size(explain->table); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(explain->table, i);
		const struct explain_row row = { .step = "declared",
						 .subject = kmod_devname_node_get_name(node),
						 .result = kmod_devname_node_get_module(node) };

		if (explain_is_declared(explain, node))
			explain_print(explain, &row, FILE_NAME " of %s has %s, %s of %s",
				      explain->kernel->version, row.subject,
				      node_format(node, text), row.result);
	}
}

/* Resolves the number that counts, and prints the verdict. 1 or 0, or a negative errno. */
static int resolve_and_judge(struct explain *explain, const struct found_node *node,
			     const struct device_number *number)
{
	struct kmod_devname_resolution *resolution;
	int r = resolve_number(explain, number, &resolution);

	if (r < 0)
		return r;
	r = print_verdict(explain, node, number, resolution);
	kmod_devname_resolution_unref(resolution);
	return r;
}

static void print_unknown_node(struct explain *explain, const struct found_node *node)
{
	const struct explain_row row = { .step = "verdict",
					 .subject = explain->subject,
					 .result = "nothing" };

	explain_print(explain, &row,
		      "nothing will be loaded: %s %s, and " FILE_NAME " of %s does not have it",
		      explain->subject,
		      node->state == NODE_ABSENT ? "does not exist" : "is not a device node",
		      explain->kernel->version);
}

/* The kernel sees the number of the node alone. 1, 0 or a negative errno. */
static int explain_name(struct explain *explain)
{
	const struct kmod_devname_node *declared = table_find(explain->table, explain->name);
	struct kmod_devname_resolution *resolution;
	struct device_number number = { 0 };
	struct found_node node;
	int r = find_node(explain, explain->name, &node);

	if (r < 0)
		return r;
	print_declared_nodes(explain);
	r = print_found_node(explain, &node);
	if (r < 0)
		return r;
	if (declared)
		number = node_number(declared);
	if (node.state != NODE_PRESENT) {
		if (declared)
			return resolve_and_judge(explain, &node, &number);
		print_unknown_node(explain, &node);
		return 0;
	}
	if (declared && !syntax_same_number(&number, &node.number)) {
		/* where the number of modules.devname would have led to */
		r = resolve_number(explain, &number, &resolution);
		if (r < 0)
			return r;
		kmod_devname_resolution_unref(resolution);
	}
	return resolve_and_judge(explain, &node, &node.number);
}

static int explain_number(struct explain *explain)
{
	int r;

	print_declared_nodes(explain);
	r = print_names_of_number(explain, &explain->number);
	return r < 0 ? r : resolve_and_judge(explain, NULL, &explain->number);
}

/* Bad lines of modules.devname are left out, and without the file nothing is declared. */
static enum status read_declared_nodes(struct explain *explain)
{
	FILE *stream;
	int r = kernel_open_stream(&explain->kernels, explain->kernel, FILE_NAME, &stream);

	explain->table = xtable_new();
	if (r == -ENOENT) {
		say("%s/" FILE_NAME ": %s", explain->kernel->path, strerror(ENOENT));
		return STATUS_CLEAN;
	}
	if (r < 0)
		return say_failure(explain->kernel->path, r);
	explain->findings = read_table(stream, explain->kernel->path, FILE_NAME, &explain->common,
				       explain->table);
	(void)fclose(stream);
	return explain->findings == STATUS_FAILED ? STATUS_FAILED : STATUS_CLEAN;
}

static enum status explain_operand(struct explain *explain)
{
	enum status status = read_declared_nodes(explain);
	char text[SYNTAX_NUMBER_SIZE];
	int r;

	if (status == STATUS_CLEAN)
		status = open_device_directory(explain);
	if (status != STATUS_CLEAN)
		return status;
	r = kernel_is_running(&explain->kernels, explain->kernel);
	if (r < 0)
		return say_failure(explain->kernel->path, r);
	explain->running = r;
	if (explain->name) {
		explain->subject = xasprintf("%s/%s", explain->dev_path, explain->name);
		r = explain_name(explain);
	} else {
		explain->subject = xstrdup(syntax_format_number(&explain->number, text));
		r = explain_number(explain);
	}
	if (r == -EOPNOTSUPP) {
		say("this build is without libkmod, and cannot explain");
		return STATUS_FAILED;
	}
	if (r < 0)
		return say_failure(explain->subject, r);
	return worse(explain->findings, r > 0 ? STATUS_CLEAN : STATUS_FINDINGS);
}

/* "/dev/NAME" and "NAME" are names, "c10:229" and "b7:0" numbers. */
static enum status parse_node(struct explain *explain, const char *operand)
{
	explain->number.type = *operand == 'b' ? S_IFBLK : S_IFCHR;
	if ((*operand == 'b' || *operand == 'c') &&
	    syntax_parse_numbers(operand + 1, ':', &explain->number))
		return STATUS_CLEAN;
	explain->name = operand;
	if (strncmp(operand, "/dev/", 5) == 0)
		explain->name = operand + 5 + strspn(operand + 5, "/");
	if (explain->name[0] != '/' && explain->name[0] != '\0')
		return STATUS_CLEAN;
	say("'%s' is neither a name in /dev nor a number such as c10:229", operand);
	return STATUS_FAILED;
}

static enum status find_operands(struct explain *explain, char **operands, int n)
{
	enum status status;

	if (n < 1 || n > 2 || explain->common.all) {
		say("one node and at most one kernel are wanted; see kmod-devname explain --help");
		return STATUS_FAILED;
	}
	status = parse_node(explain, operands[0]);
	if (status != STATUS_CLEAN)
		return status;
	status = kernels_find(&explain->kernels, &explain->common, operands + 1, n - 1, false);
	explain->kernel = explain->kernels.items;
	return status;
}

static int run_explain(const struct command *command, int argc, char **argv)
{
	struct explain explain = { .sheet = { .title = "explanation",
					      .columns = explain_columns,
					      .n_columns = sizeof(explain_columns) /
							   sizeof(explain_columns[0]) },
				   .kernels = { .root_fd = -1 },
				   .dev_fd = -1 };
	enum status status;

	if (!parse_options(command, argc, argv, &explain.common, parse_explain_option, &explain,
			   &status))
		return status;
	status = find_operands(&explain, argv + optind, argc - optind);
	if (status == STATUS_CLEAN)
		status = explain_operand(&explain);
	if (status != STATUS_FAILED && explain.style.json)
		status = worse(status, sheet_print(&explain.sheet, &explain.style));
	close_fd(&explain.dev_fd);
	kmod_devname_table_unref(explain.table);
	kernels_done(&explain.kernels);
	sheet_done(&explain.sheet);
	free(explain.dev_path);
	free(explain.subject);
	return finish_output(status);
}

const struct command cmd_explain = {
	.name = "explain",
	.summary = "tell what opening a node would load, or what hinders it",
	.description =
		"Tells what is known of a device node, which modules opening it would load, in\n"
		"this order, and in the last line what that comes to. NODE is /dev/NAME, NAME, or\n"
		"a number such as c10:229 or b7:0. Exit status: 0 all is well, 1 something stands\n"
		"in the way, 2 trouble.",
	.operands = "NODE [KERNEL]",
	.options = explain_options,
	.run = run_explain,
};
