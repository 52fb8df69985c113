// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * check: faults in the nodes of kernels, or in modules that are not installed.
 *
 * All operands are validated first, so an invalid command line has no effect. Then this file checks
 * files, lists and directories of modules, and check-kernel.c checks kernels. Each step of a check
 * has a report of its own, which finish_check() shows and releases (findings.c). JSON is printed
 * last, since it is one table.
 */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "check.h"
#include "input.h"
#include "modules.h"
#include "node/syntax.h"
#include "node/table.h"

enum {
	KEY_CHECK_IGNORE = 256,
	KEY_CHECK_LIST_CODES,
};

static const struct option_spec check_options[] = {
	{ 'C', "config", "PATH", "read this file or directory instead of depmod.d" },
	{ KEY_DEV, "dev", "DIR", "compare with this device directory too" },
	{ KEY_CHECK_IGNORE, "ignore", "LIST", "codes of findings to ignore, separated by commas" },
	{ 'J', "json", NULL, "print JSON" },
	{ KEY_CHECK_LIST_CODES, "list-codes", NULL, "print all codes of findings and exit" },
	UDEV_OPTIONS,
	{ 0 },
};

static bool parse_check_option(void *data, int key)
{
	struct check *check = data;

	if (key == KEY_CHECK_IGNORE)
		return parse_ignored(check, optarg);
	check->lists_codes = true;
	return true;
}

/* JSON is a table of findings and nothing else, so it has no nodes. */
static void print_nodes(const struct check *check, const char *path,
			const struct kmod_devname_table *table,
			const struct kmod_devname_report *report)
{
	size_t n = kmod_devname_table_size(table);
	_cleanup_free_ char *escaped = NULL;
	char text[SYNTAX_NUMBER_SIZE];

	if (check->common.json || check->common.quiet)
		return;
	/* the error says why there are no nodes, or that they are unknown */
	if (n == 0 && kmod_devname_report_count(report, KMOD_DEVNAME_SEVERITY_ERROR) > 0)
		return;
	escaped = escape(path);
	for (size_t i = 0; i < n; i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(table, i);

		printf("%s: module %s gives /dev/%s (%s)\n", escaped, node->module, node->name,
		       syntax_format_number(&node->number, text));
	}
	if (n == 0)
		printf("%s: gives no device node\n", escaped);
}

/* Some mistakes need all nodes, such as a number that two of them have. */
static enum status lint_nodes(struct check *check, const char *path,
			      const struct kmod_devname_table *table)
{
	struct kmod_devname_report *report = xreport_new();

	check->has_result = true;
	return finish_check(check, report, table_lint(table, report), path, "");
}

static enum status check_module_file(struct check *check, char *path)
{
	/* it may have become a pipe by now, and opening must not block */
	_cleanup_close_ int fd = open_path(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	_cleanup_table_ struct kmod_devname_table *table = NULL;
	_cleanup_free_ char *directory = NULL;
	const char *slash = strrchr(path, '/');
	struct kmod_devname_report *report;
	enum status status;
	int r;

	if (fd < 0)
		return say_failure(path, fd);
	/* messages join the directory and the name of the file again */
	if (slash)
		directory = slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
	table = xtable_new();
	report = xreport_new();
	r = kmod_devname_table_add_file(table, report, fd, slash ? slash + 1 : path);
	if (r == 0)
		print_nodes(check, path, table, report);
	status = finish_check(check, report, r, directory, "");
	return status == STATUS_FAILED ? status : worse(status, lint_nodes(check, path, table));
}

/* Without depmod.d(5): its configuration is about kernels. */
static enum status check_module_directory(struct check *check, char *path)
{
	const struct modules_options options = { 0 };
	_cleanup_table_ struct kmod_devname_table *table = xtable_new();
	_cleanup_kernels_ struct kernels kernels;
	struct kmod_devname_report *report;
	const struct kernel *kernel;
	enum status status = kernels_find(&kernels, &check->common, &path, 1, false);
	struct modules_result result;

	if (status != STATUS_CLEAN)
		return status;
	kernel = &kernels.items[0];
	report = xreport_new();
	status = modules_read(kernel, NULL, &options, table, report, &result);
	if (status == STATUS_CLEAN)
		print_nodes(check, kernel->path, table, report);
	status = worse(status, finish_check(check, report, 0, kernel->path, ""));
	return status == STATUS_FAILED ? status
				       : worse(status, lint_nodes(check, kernel->path, table));
}

/* Checks the lines of a modules.devname, each alone and against the others. */
static enum status check_list(struct check *check, char *path)
{
	_cleanup_table_ struct kmod_devname_table *table = xtable_new();
	struct kmod_devname_report *report;
	enum status status;
	FILE *stream;
	/* as a module, it may have become a pipe by now */
	int r = stream_from_fd(open_path(path, O_RDONLY | O_NONBLOCK | O_NOCTTY), &stream);

	if (r < 0)
		return say_failure(path, r);
	report = xreport_new();
	r = kmod_devname_table_read(table, report, stream, path);
	(void)fclose(stream);
	status = finish_check(check, report, r, NULL, "");
	if (status != STATUS_FAILED)
		status = worse(status, lint_nodes(check, path, table));
	check->counts.nodes = kmod_devname_table_size(table);
	if (status != STATUS_FAILED)
		finish_counts(check, path);
	return status;
}

/* The check of an operand that is not a kernel. */
typedef enum status check_function(struct check *check, char *path);

/* An operand without a slash is a version, unless it has the name of a file of these kinds. */
static enum status choose_check(const char *operand, check_function **ret_function)
{
	bool is_module = syntax_is_module_file(syntax_base_name(operand));
	struct stat st;
	int kind;

	*ret_function = NULL;
	if (!strchr(operand, '/') && !is_module && strcmp(operand, FILE_NAME) != 0)
		return STATUS_CLEAN;
	if (stat(operand, &st) < 0)
		return say_failure(operand, -errno);
	if (S_ISREG(st.st_mode))
		*ret_function = is_module ? check_module_file : check_list;
	if (!S_ISDIR(st.st_mode))
		return STATUS_CLEAN;
	kind = directory_classify(operand);
	if (kind < 0)
		return say_failure(operand, kind);
	if (kind == DIRECTORY_ROOT)
		return say_root_directory(operand);
	if (kind == DIRECTORY_PLAIN)
		*ret_function = check_module_directory;
	return STATUS_CLEAN;
}

/* Refuses operands that contradict the options. A kernel has no function. */
static enum status examine_operands(const struct check *check, char **operands, int n,
				    check_function **functions)
{
	/* other operands would silently ignore these */
	const char *option = check->common.configs.size > 0 ? "--config"
			     : check->common.dev            ? "--dev"
			     : check->common.udev_root      ? "--udev-root"
							    : NULL;
	static char here[] = "./", above[] = "../";
	bool has_kernel = n == 0;

	if (check->common.all && n > 0) {
		say("--all cannot be combined with '%s'", operands[0]);
		return STATUS_FAILED;
	}
	for (int i = 0; i < n; i++) {
		/* a name without a slash is a version */
		if (strcmp(operands[i], ".") == 0 || strcmp(operands[i], "..") == 0)
			operands[i] = operands[i][1] == '.' ? above : here;
		if (choose_check(operands[i], &functions[i]) != STATUS_CLEAN)
			return STATUS_FAILED;
		has_kernel |= !functions[i];
	}
	if (has_kernel || !option)
		return STATUS_CLEAN;
	say("%s cannot be used with '%s', which is not a kernel", option, operands[0]);
	return STATUS_FAILED;
}

/* Without an operand, /dev of the running system is checked too. */
static enum status choose_dev(struct check *check, const struct kernels *kernels)
{
	int r = kernel_is_running(&kernels->items[0]);

	if (r < 0)
		return say_failure(kernels->items[0].path, r);
	check->is_default_dev = r > 0;
	if (r > 0)
		check->common.dev = "/dev";
	return STATUS_CLEAN;
}

static enum status check_kernels(struct check *check, char **names, int n)
{
	_cleanup_kernels_ struct kernels kernels;
	enum status status = kernels_find(&kernels, &check->common, names, n, false);

	if (status == STATUS_CLEAN && n == 0 && !check->common.all && !check->common.dev)
		status = choose_dev(check, &kernels);
	if (status != STATUS_CLEAN)
		return status;
	if (check->common.dev && kernels.size > 1) {
		say("--dev needs a single kernel");
		return STATUS_FAILED;
	}
	status = kernels.found;
	for (size_t i = 0; i < kernels.size; i++)
		status = worse(status, check_kernel(check, &kernels.items[i]));
	if (status == STATUS_CLEAN && check->common.all && check->total.kernels == 0)
		return kernels_say_none(&kernels);
	say_total(check);
	return status;
}

/* Kernels are checked together, after the modules, so that a kernel named twice counts once. */
static enum status check_operands(struct check *check, char **operands, int n)
{
	_cleanup_free_ check_function **functions = xcalloc((size_t)n + 1, sizeof(*functions));
	enum status status = examine_operands(check, operands, n, functions);
	int n_kernels = 0;

	if (status != STATUS_CLEAN)
		return status;
	for (int i = 0; i < n; i++) {
		check->counts = (struct check_counts){ 0 };
		if (functions[i])
			status = worse(status, functions[i](check, operands[i]));
		else
			operands[n_kernels++] = operands[i];
	}
	/* modules alone do not mean the running kernel */
	if (n == 0 || n_kernels > 0)
		status = worse(status, check_kernels(check, operands, n_kernels));
	return status;
}

static int run_check(const struct command *command, int argc, char **argv)
{
	const struct sheet_style json = { .json = true };
	struct check check;
	enum status status;

	check_init(&check);
	if (parse_options(command, argc, argv, &check.common, parse_check_option, &check,
			  &status)) {
		/* the rules of the base directory are read without the option, too */
		if (check.common.udev_root && *check.common.udev_root == '\0')
			check.common.udev_root = NULL;
		if (check.lists_codes) {
			print_codes();
			status = STATUS_CLEAN;
		} else {
			status = check_operands(&check, argv + optind, argc - optind);
			/* where nothing was checked, JSON would say that all is well */
			if (check.common.json && (check.has_result || check.sheet.cells.size > 0))
				status = worse(status, sheet_print(&check.sheet, &json));
		}
		status = finish_output(status);
	}
	check_done(&check);
	return status;
}

const struct command cmd_check = {
	.name = "check",
	.summary = "find faults in nodes, modules and files",
	.description =
		"Find faults in the device nodes that the modules of each kernel declare, in\n"
		"modules.devname and in the configuration, or in modules before they are\n"
		"shipped. KERNEL is a version, or the path of a module directory; the default\n"
		"is the running kernel with /dev. FILE is a module, a directory of modules\n"
		"that are not installed, or a modules.devname.",
	.operands = "[KERNEL|FILE...]",
	.options = check_options,
	.value_key = KEY_CHECK_IGNORE,
	.get_value = get_ignorable_code,
	.run = run_check,
};
