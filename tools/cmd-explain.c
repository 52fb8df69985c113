// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain: what opening a device node comes to, and why.
 *
 * The operand is a name or a number. A name is looked up in the device directory and in
 * modules.devname, which leads to the number (explain-node.c). The running kernel may have a driver
 * for it (explain-driver.c); otherwise modprobe is asked for modules, and the obstacles are judged
 * (explain-verdict.c). explain-print.c shows the answer.
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

enum {
	KEY_EXPLAIN_DEV = 2000,
	KEY_EXPLAIN_USER,
};

static const struct option_spec explain_options[] = {
	{ KEY_EXPLAIN_DEV, "dev", "DIR", "device directory (default: dev in the basedir)" },
	{ KEY_EXPLAIN_USER, "user", "NAME", "judge what this user may do (default: you)" },
	UDEV_OPTIONS,
	{ 'J', "json", NULL, "print JSON" },
	{ 0 },
};

static bool parse_explain_option(void *data, int key)
{
	struct explain *explain = data;

	if (key == KEY_EXPLAIN_DEV)
		explain->dev = optarg;
	else if (key == KEY_EXPLAIN_USER)
		explain->user = optarg;
	else
		explain->json = true;
	return true;
}

/* --- declared nodes ------------------------------------------------------------------------ */

const struct kmod_devname_node *explain_find_declared(const struct explain *explain)
{
	const struct kmod_devname_node *node =
		kmod_devname_table_find_name(explain->table, explain->name);

	return node ? node : kmod_devname_table_find_name(explain->builtin, explain->name);
}

/* Bad lines of modules.devname are left out, and without the file nothing is declared. */
static enum status read_declared_nodes(struct explain *explain)
{
	FILE *stream;
	int r = kernel_open_stream(&explain->kernels, explain->kernel, FILE_NAME, &stream);

	explain->table = xtable_new();
	explain->builtin = xtable_new();
	if (r == 0) {
		explain->findings = read_table(stream, explain->kernel->path, FILE_NAME,
					       &explain->common, explain->table);
		(void)fclose(stream);
	} else if (!is_missing(r)) {
		return kernel_say_failure(explain->kernel, FILE_NAME, r);
	}
	if (explain->findings == STATUS_FAILED)
		return STATUS_FAILED;
	r = read_builtin_nodes(&explain->kernels, explain->kernel, explain->builtin);
	return r < 0 && !is_missing(r) ? kernel_say_failure(explain->kernel, BUILTIN_NAME, r)
				       : STATUS_CLEAN;
}

/* The kernel sees the number of the node alone. Without a node, the declared one counts. */
static void find_number(struct explain *explain)
{
	const struct kmod_devname_node *declared = explain_find_declared(explain);

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
	struct stat root, host;
	int r;

	if (fstat(explain->kernels.root_fd, &root) < 0 || stat("/", &host) < 0)
		return say_failure(base_directory(&explain->common), -errno);
	explain->is_host = root.st_dev == host.st_dev && root.st_ino == host.st_ino;
	if (explain->is_host && is_default_kernel && !explain->common.moduledir) {
		explain->is_running = true; /* though its modules may be gone */
		return STATUS_CLEAN;
	}
	r = kernel_is_running(&explain->kernels, explain->kernel);
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
	explain->subject = join_path(explain->dev ? explain->dev : "/dev", explain->name);
	if (explain->dev) {
		explain->dev_fd = open_path(explain->dev, O_PATH | O_DIRECTORY);
		if (explain->dev_fd < 0)
			return say_failure(explain->dev, explain->dev_fd);
	}
	status = explain_examine_node(explain);
	find_number(explain);
	return status;
}

static enum status explain_operand(struct explain *explain)
{
	enum status status = read_declared_nodes(explain);
	int r;

	if (status == STATUS_CLEAN)
		status = find_node_and_number(explain);
	if (status != STATUS_CLEAN)
		return status;
	r = explain_judge(explain);
	if (r == -EOPNOTSUPP) {
		say("this build is without libkmod, and cannot explain");
		return STATUS_FAILED;
	}
	if (r < 0)
		return say_failure(explain->subject, r);
	if (explain->json)
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
	free(explain->driver);
	free(explain->major_driver);
	free(explain->verdict);
}

static int run_explain(const struct command *command, int argc, char **argv)
{
	struct explain explain = { .kernels = { .root_fd = -1 }, .dev_fd = -1 };
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
