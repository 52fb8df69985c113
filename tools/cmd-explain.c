// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain: what opening a device node comes to, and why.
 *
 * The operand is a name or a number. A name is looked up in the device directory and in
 * modules.devname, which leads to the number (explain-node.c). The running kernel may have a driver
 * for it; otherwise modprobe is asked for modules (explain-kernel.c). Both find obstacles, and the
 * verdict is a sentence that sums up all of these. explain-print.c shows the answer.
 */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "explain.h"
#include "input.h"
#include "modprobe/modprobe.h"
#include "modules.h"
#include "node/table.h"
#include "udev/rules.h"

#define KEY_EXPLAIN_USER 256

static const struct option_spec explain_options[] = {
	{ KEY_DEV, "dev", "DIR", "device directory (default: dev in the basedir)" },
	{ KEY_EXPLAIN_USER, "user", "NAME", "judge what this user may do (default: you)" },
	UDEV_OPTIONS,
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

static bool parse_explain_option(void *data, int key)
{
	struct explain *explain = data;

	(void)key;
	explain->user = optarg;
	return true;
}

/* --- declared nodes ------------------------------------------------------------------------ */

/* Bad lines of modules.devname are left out, and without the file nothing is declared. */
static enum status read_declared_nodes(struct explain *explain)
{
	const struct kernel *kernel = explain->kernel;
	FILE *stream;
	int r = kernel_open_stream(kernel, FILE_NAME, &stream);

	explain->table = xtable_new();
	explain->builtin = xtable_new();
	if (r < 0 && !is_missing(r))
		return kernel_say_failure(kernel, FILE_NAME, r);
	if (r == 0) {
		explain->findings = read_table(stream, kernel->path, FILE_NAME, &explain->common,
					       explain->table);
		(void)fclose(stream);
	}
	if (explain->findings == STATUS_FAILED)
		return STATUS_FAILED;
	r = read_builtin_nodes(kernel, explain->builtin);
	return r < 0 && !is_missing(r) ? kernel_say_failure(kernel, BUILTIN_NAME, r) : STATUS_CLEAN;
}

/* The kernel sees the number of the node alone. Without a node, the declared one counts. */
static void find_number(struct explain *explain)
{
	const struct kmod_devname_node *declared =
		kmod_devname_table_find_name(explain->table, explain->name);

	if (!declared)
		declared = kmod_devname_table_find_name(explain->builtin, explain->name);
	explain->declared = declared;
	explain->has_number = explain->node.state == EXPLAINED_DEVICE || declared;
	if (explain->node.state == EXPLAINED_DEVICE)
		explain->number = explain->node.number;
	else if (declared)
		explain->number = declared->number;
}

/* --- the operands -------------------------------------------------------------------------- */

/* Sets the separator of MAJOR and MINOR. Returns where these begin; NULL: it is a name. */
static const char *cut_number_type(const char *operand, mode_t *ret_type, char *ret_separator)
{
	size_t size = strspn(operand, "bc");
	const char *numbers = operand + (size == 1);
	size_t digits = strspn(numbers, "0123456789");

	*ret_type = *operand == 'b' ? S_IFBLK : S_IFCHR;
	*ret_separator = '-';
	if (strncmp(operand, "char-major-", 11) == 0)
		return operand + 11;
	if (strncmp(operand, "block-major-", 12) == 0)
		return operand + 12;
	*ret_separator = ':';
	if (digits == 0 || numbers[digits] != ':' || !syntax_is_digits(numbers + digits + 1))
		return NULL;
	return numbers;
}

static enum status parse_node(struct explain *explain, char *operand)
{
	_cleanup_free_ char *shown = xstrdup(operand);
	char separator, *name;
	size_t size;
	const char *numbers = cut_number_type(operand, &explain->number.type, &separator);

	if (numbers) {
		explain->has_number = syntax_parse_numbers(numbers, separator, &explain->number);
		if (explain->has_number)
			return STATUS_CLEAN;
		say("'%s' is no number of a device: MAJOR is 1 to 4095, and MINOR 0 to 1048575",
		    operand);
		return STATUS_FAILED;
	}
	/* a path, absolute or not, of which a slash at the end does not count */
	name = operand + (*operand == '/');
	udev_normalise_node(name);
	size = strlen(name);
	if (size > 0 && name[size - 1] == '/')
		name[size - 1] = '\0';
	if (strncmp(name, "dev/", 4) == 0)
		explain->name = name + 4;
	else if (name == operand && *name != '\0')
		explain->name = name;
	if (explain->name)
		return STATUS_CLEAN;
	say("'%s' is neither a name in /dev nor a number such as 10:200", shown);
	return STATUS_FAILED;
}

/* The root directory may be that of the running system by another name. */
static enum status find_system(struct explain *explain, bool is_default_kernel)
{
	int r = directory_is_at(explain->kernels.root_fd, "/");

	if (r < 0)
		return say_failure(base_directory(&explain->common), r);
	explain->is_host = r;
	if (explain->is_host && is_default_kernel && !explain->common.moduledir) {
		explain->is_running = true; /* though its modules may be gone */
		return STATUS_CLEAN;
	}
	r = kernel_is_running(explain->kernel);
	explain->is_running = r > 0;
	return r < 0 ? say_failure(explain->kernel->path, r) : STATUS_CLEAN;
}

static enum status find_operands(struct explain *explain, char **operands, int n)
{
	enum status status;

	if (n < 1 || n > 2 || explain->common.all) {
		say("needs one NODE and at most one KERNEL; see kmod-devname explain --help");
		return STATUS_FAILED;
	}
	status = parse_node(explain, operands[0]);
	if (status == STATUS_CLEAN)
		status = kernels_find(&explain->kernels, &explain->common, operands + 1, n - 1,
				      !explain->common.basedir);
	if (status != STATUS_CLEAN)
		return status;
	explain->kernel = explain->kernels.items;
	return find_system(explain, n == 1);
}

/* --- the answer ---------------------------------------------------------------------------- */

static enum status find_node_and_number(struct explain *explain)
{
	char text[SYNTAX_NUMBER_SIZE];
	enum status status;

	if (!explain->name) {
		explain->subject = xstrdup(syntax_format_number(&explain->number, text));
		return STATUS_CLEAN;
	}
	explain->subject =
		join_path(explain->common.dev ? explain->common.dev : "/dev", explain->name);
	if (explain->common.dev) {
		explain->dev_fd = open_path(explain->common.dev, O_PATH | O_DIRECTORY);
		if (explain->dev_fd < 0)
			return say_failure(explain->common.dev, explain->dev_fd);
	}
	status = explain_examine_node(explain);
	find_number(explain);
	return status;
}

struct explained_obstacle *explain_hinder(struct explain *explain, const char *kind,
					  const char *format, ...)
{
	struct explained_obstacle *obstacle = xcalloc(1, sizeof(*obstacle));
	va_list args;

	va_start(args, format);
	*obstacle = (struct explained_obstacle){ kind, NULL, 0, xvasprintf(format, args) };
	va_end(args);
	xlist_push(&explain->obstacles, obstacle);
	return obstacle;
}

/* --- the sentence -------------------------------------------------------------------------- */

/* In the words of open(2) where it is the node. */
static char *describe_failure(const struct explain *explain)
{
	const struct explained_modules *modules = &explain->modules;

	if (explain->error > 0)
		return xasprintf("opening it fails: %s", strerror(explain->error));
	if (strcmp(explain->result, "no-device") == 0)
		return xstrdup("opening it reaches no device");
	if (strcmp(explain->result, "wrong-number") == 0)
		return xstrdup("opening it reaches another driver");
	if (!modules->names && strcmp(explain->result, "command") == 0)
		return xstrdup("opening it runs a command");
	if (!modules->names || strcmp(explain->result, "disabled") == 0)
		return xstrdup("opening it loads nothing");
	return xasprintf("opening it loads %s%s%s", modules->names,
			 modules->missing ? ", and not " : "",
			 modules->missing ? modules->missing : "");
}

static void conclude(struct explain *explain)
{
	const struct explained_modules *modules = &explain->modules;

	if (explain->obstacles.size > 0) {
		const struct explained_obstacle *first = explain->obstacles.items[0];

		explain->result = first->kind;
		explain->verdict = describe_failure(explain);
	} else if (explain->driver) {
		explain->result = "driver";
		explain->verdict = xasprintf("opening it reaches driver %s", explain->driver);
	} else if (modules->value == VERDICT_LOADS) {
		explain->result = "loads";
		explain->verdict = xasprintf("opening it loads %s", modules->names);
	} else {
		explain->result = resolution_verdict_to_string(modules->value);
		explain->verdict =
			xasprintf("opening it reaches %s, which is %s", modules->names,
				  modules->value == VERDICT_LOADED ? "loaded" : "built in");
	}
}

static int judge_operand(struct explain *explain)
{
	int r;

	explain->where = describe_dev_options(&explain->common);
	r = explain_judge_node(explain);
	explain->error = explain->obstacles.size > 0 ? explain->node.error : 0;
	if (r == 0 && explain->has_number)
		r = explain_judge_kernel(explain);
	/* a file of modprobe.d that the user may not read does not change what is known */
	if (r == -EACCES && explain->obstacles.size > 0)
		r = 0;
	if (r == 0)
		conclude(explain);
	return r;
}

static enum status explain_operand(struct explain *explain)
{
	enum status status = read_declared_nodes(explain);
	int r;

	if (status == STATUS_CLEAN)
		status = find_node_and_number(explain);
	if (status != STATUS_CLEAN)
		return status;
	r = judge_operand(explain);
	if (r == -EOPNOTSUPP) {
		say("this build is without libkmod, and cannot explain");
		return STATUS_FAILED;
	}
	if (r < 0)
		return say_failure(explain->subject, r);
	if (explain->common.json)
		explain_print_json(explain);
	else
		explain_print_text(explain);
	return worse(explain->findings,
		     explain->obstacles.size == 0 ? STATUS_CLEAN : STATUS_FINDINGS);
}

static void explained_obstacle_free(void *item)
{
	struct explained_obstacle *obstacle = item;

	free(obstacle->text);
	free(obstacle);
}

static void explain_done(struct explain *explain)
{
	explain_node_done(&explain->node);
	list_done(&explain->obstacles, explained_obstacle_free);
	resolution_unref(explain->resolution);
	kmod_devname_table_unref(explain->table);
	kmod_devname_table_unref(explain->builtin);
	kernels_done(&explain->kernels);
	close_fd(&explain->dev_fd);
	free(explain->subject);
	free(explain->where);
	free(explain->modules.names);
	free(explain->driver);
	free(explain->major_driver);
	free(explain->verdict);
}

static int run_explain(const struct command *command, int argc, char **argv)
{
	struct explain explain = { .kernels = { .root_fd = -1 },
				   .dev_fd = -1,
				   .modules = { .value = VERDICT_NO_MODULE } };
	enum status status;

	if (!parse_options(command, argc, argv, &explain.common, parse_explain_option, &explain,
			   &status))
		return status;
	status = find_operands(&explain, argv + optind, argc - optind);
	if (status == STATUS_CLEAN)
		status = explain_operand(&explain);
	explain_done(&explain);
	return finish_output(status);
}

const struct command cmd_explain = {
	.name = "explain",
	.summary = "tell whether opening a node reaches a driver, and why not",
	.description =
		"Tell whether opening a device node reaches a driver: the first line is the\n"
		"verdict, and each obstacle has a line at the end. NODE is /dev/NAME, NAME, or a\n"
		"number such as 10:229, b7:0 or char-major-10-229. Exit status: 0 the driver is\n"
		"reached, 1 it is not, 2 error.",
	.operands = "NODE [KERNEL]",
	.options = explain_options,
	.lacks_all = true,
	.run = run_explain,
};
