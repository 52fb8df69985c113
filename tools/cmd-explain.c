// SPDX-License-Identifier: GPL-2.0-or-later
/* explain: what opening a device node would load, or what stands in the way. */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explain.h"
#include "input.h"

enum {
	KEY_DEV = 2000,
};

static const struct option_spec options[] = {
	{ KEY_DEV, "dev", "DIR", "device directory (default: dev in the basedir)" },
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

static const struct sheet_column columns[] = {
	{ .name = "STEP" },   { .name = "SUBJECT" },
	{ .name = "RESULT" }, { .name = "ROLE" },
	{ .name = "FILE" },   { .name = "LINE", .right = true, .number = true },
	{ .name = "TEXT" },
};

static bool take_option(void *data, int key)
{
	struct explain *explain = data;

	if (key == KEY_DEV)
		explain->dev = optarg;
	else
		explain->style.json = true;
	return true;
}

static int add_row(struct sheet *sheet, const struct link *link, const char *text)
{
	const char *const cells[] = { link->step, link->subject, link->result, link->role,
				      link->file };
	char line[32] = "";
	int r = 0;

	if (link->line > 0)
		(void)snprintf(line, sizeof(line), "%zu", link->line);
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]) && r == 0; i++)
		r = sheet_add(sheet, escape(cells[i] ? cells[i] : ""));
	if (r == 0)
		r = sheet_add(sheet, strdup(line));
	return r == 0 ? sheet_add(sheet, escape(text)) : r;
}

static int print_line(const struct explain *explain, const struct link *link, const char *text)
{
	char *escaped;

	if (explain->common.quiet && strcmp(link->step, "verdict") != 0)
		return 0;
	escaped = escape(text);
	if (!escaped)
		return -ENOMEM;
	puts(escaped);
	free(escaped);
	return 0;
}

int explain_print(struct explain *explain, const struct link *link, const char *format, ...)
{
	char *text;
	va_list args;
	int r;

	va_start(args, format);
	r = vasprintf(&text, format, args);
	va_end(args);
	if (r < 0)
		return -ENOMEM;
	r = explain->style.json ? add_row(&explain->sheet, link, text)
				: print_line(explain, link, text);
	free(text);
	return r;
}

bool explain_is_declared(const struct explain *explain, const struct kmod_devname_node *node)
{
	const struct number number = number_of(node);

	return explain->name ? strcmp(kmod_devname_node_get_name(node), explain->name) == 0
			     : number_equal(&number, &explain->number);
}

static int print_declared(struct explain *explain, const struct kmod_devname_node *node)
{
	const struct number number = number_of(node);
	const struct link link = { .step = "declared",
				   .subject = kmod_devname_node_get_name(node),
				   .result = kmod_devname_node_get_module(node) };
	char *text = number_text(&number);
	int r;

	if (!text)
		return -ENOMEM;
	r = explain_print(explain, &link, FILE_NAME " of %s has %s, %s of %s",
			  explain->kernel->version, link.subject, text, link.result);
	free(text);
	return r;
}

static int print_all_declared(struct explain *explain)
{
	int r = 0;

	for (size_t i = 0; i < kmod_devname_table_size(explain->table) && r == 0; i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(explain->table, i);

		if (explain_is_declared(explain, node))
			r = print_declared(explain, node);
	}
	return r;
}

/* Resolves the number that counts, and gives the verdict. */
static int judge(struct explain *explain, const struct node *node, const struct number *number)
{
	struct kmod_devname_resolution *resolution;
	int r = explain_number(explain, number, &resolution);

	if (r < 0)
		return r;
	r = explain_verdict(explain, node, number, resolution);
	kmod_devname_resolution_unref(resolution);
	return r;
}

static int judge_unknown(struct explain *explain, const struct node *node)
{
	const struct link link = { .step = "verdict",
				   .subject = explain->subject,
				   .result = "nothing" };

	return explain_print(explain, &link,
			     "nothing will be loaded: %s %s, and " FILE_NAME
			     " of %s does not have it",
			     explain->subject,
			     node->state == NODE_ABSENT ? "does not exist" : "is not a device node",
			     explain->kernel->version);
}

static const struct kmod_devname_node *find_declared(const struct explain *explain)
{
	for (size_t i = 0; i < kmod_devname_table_size(explain->table); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(explain->table, i);

		if (explain_is_declared(explain, node))
			return node;
	}
	return NULL;
}

/* What the number of modules.devname would lead to, if the node has another one. */
static int show_declared_number(struct explain *explain, const struct number *number)
{
	struct kmod_devname_resolution *resolution;
	int r = explain_number(explain, number, &resolution);

	if (r == 0)
		kmod_devname_resolution_unref(resolution);
	return r;
}

/* The kernel goes by the number of the node, if there is one. */
static int run_name(struct explain *explain)
{
	const struct kmod_devname_node *declared = find_declared(explain);
	struct number number = { 0 };
	struct node node;
	int r = node_look(explain, explain->name, &node);

	if (r == 0)
		r = print_all_declared(explain);
	if (r == 0)
		r = node_print(explain, &node);
	if (r < 0)
		return r;
	if (declared)
		number = number_of(declared);
	if (node.state != NODE_PRESENT)
		return declared ? judge(explain, &node, &number) : judge_unknown(explain, &node);
	if (declared && !number_equal(&number, &node.number))
		r = show_declared_number(explain, &number);
	return r == 0 ? judge(explain, &node, &node.number) : r;
}

static int run_number(struct explain *explain)
{
	int r = print_all_declared(explain);

	if (r == 0)
		r = node_print_names(explain, &explain->number);
	return r == 0 ? judge(explain, NULL, &explain->number) : r;
}

/* modules.devname, of which only good lines count; that there is none is no obstacle. */
static enum status read_declared(struct explain *explain)
{
	FILE *stream;
	int r = kmod_devname_table_new(&explain->table);

	if (r < 0)
		return say_failure(FILE_NAME, r);
	r = kernel_open_stream(&explain->kernels, explain->kernel, FILE_NAME, &stream);
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

static enum status explain_node(struct explain *explain)
{
	enum status status = read_declared(explain);
	int r;

	if (status == STATUS_CLEAN)
		status = device_directory_open(explain);
	if (status != STATUS_CLEAN)
		return status;
	r = kernel_is_running(&explain->kernels, explain->kernel);
	if (r < 0)
		return say_failure(explain->kernel->path, r);
	explain->running = r;
	if (!explain->name)
		explain->subject = number_text(&explain->number);
	else if (asprintf(&explain->subject, "%s/%s", explain->dev_path, explain->name) < 0)
		explain->subject = NULL;
	if (!explain->subject)
		return say_failure("node", -ENOMEM);
	r = explain->name ? run_name(explain) : run_number(explain);
	if (r == -EOPNOTSUPP) {
		say("this build is without libkmod, and cannot explain");
		return STATUS_FAILED;
	}
	if (r < 0)
		return say_failure(explain->subject, r);
	return worse(explain->findings, r > 0 ? STATUS_CLEAN : STATUS_FINDINGS);
}

/* "/dev/NAME" and "NAME" are names, "c10:229" and "b7:0" numbers. */
static enum status take_node(struct explain *explain, const char *operand)
{
	if (number_parse(operand, &explain->number))
		return STATUS_CLEAN;
	explain->name = operand;
	if (strncmp(operand, "/dev/", 5) == 0)
		explain->name = operand + 5 + strspn(operand + 5, "/");
	if (explain->name[0] != '/' && explain->name[0] != '\0')
		return STATUS_CLEAN;
	say("'%s' is neither a name in /dev nor a number such as c10:229", operand);
	return STATUS_FAILED;
}

static enum status take_operands(struct explain *explain, char **operands, int n)
{
	enum status status;

	if (n < 1 || n > 2 || explain->common.all) {
		say("one node and at most one kernel are wanted; see kmod-devname explain --help");
		return STATUS_FAILED;
	}
	status = take_node(explain, operands[0]);
	if (status == STATUS_CLEAN)
		status = kernels_find(&explain->kernels, &explain->common, operands + 1, n - 1,
				      false);
	if (status == STATUS_CLEAN)
		explain->kernel = explain->kernels.items;
	return status;
}

static enum status print_json(const struct explain *explain)
{
	return say_sheet_failure(sheet_print(&explain->sheet, &explain->style));
}

static void explain_done(struct explain *explain)
{
	if (explain->dev_fd >= 0)
		(void)close(explain->dev_fd);
	kmod_devname_table_unref(explain->table);
	kernels_done(&explain->kernels);
	sheet_done(&explain->sheet);
	free(explain->dev_path);
	free(explain->subject);
}

static int run(const struct command *command, int argc, char **argv)
{
	struct explain explain = { .sheet = { .title = "explanation",
					      .columns = columns,
					      .n_columns = sizeof(columns) / sizeof(columns[0]) },
				   .kernels = { .root_fd = -1 },
				   .dev_fd = -1 };
	enum status status;

	if (!parse_options(command, argc, argv, &explain.common, take_option, &explain, &status))
		return status;
	status = take_operands(&explain, argv + optind, argc - optind);
	if (status == STATUS_CLEAN)
		status = explain_node(&explain);
	if (status != STATUS_FAILED && explain.style.json)
		status = worse(status, print_json(&explain));
	explain_done(&explain);
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
	.options = options,
	.run = run,
};
