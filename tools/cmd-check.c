// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * check: mistakes in the nodes of kernels, or in modules that are not installed.
 *
 * All operands are examined first, so that a wrong command line does nothing. Then this file checks
 * files and directories of modules, and check-kernel.c checks kernels. Each step of a check has a
 * report of its own, which finish_check() shows and releases (findings.c). JSON is printed last,
 * since it is one table.
 */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "input.h"
#include "modules.h"
#include "tree/module-tree.h"

enum {
	KEY_CHECK_DEV = 256,
	KEY_CHECK_IGNORE,
};

static const struct option_spec check_options[] = {
	{ 'C', "config", "PATH", "read this file or directory instead of depmod.d" },
	{ KEY_CHECK_DEV, "dev", "DIR", "compare with this device directory too" },
	{ KEY_CHECK_IGNORE, "ignore", "LIST", "findings to pass over, separated by commas" },
	{ 'J', "json", NULL, "print JSON" },
	UDEV_OPTIONS,
	{ KEY_UDEV_ROOT, "udev-permissions", "ROOT", NULL },
	{ 0 },
};

/* The codes that --ignore takes, without the numbers that no code has. */
static const char *get_ignorable_code(int i)
{
	for (int code = 0; code < KMOD_DEVNAME_SYSTEM; code++) {
		const char *name = kmod_devname_code_to_string((enum kmod_devname_code)code);

		if (name && i-- == 0)
			return name;
	}
	return NULL;
}

static bool parse_check_option(void *data, int key)
{
	struct check *check = data;

	switch (key) {
	case 'C':
		config_paths_add(&check->configs, optarg);
		return true;
	case KEY_CHECK_DEV:
		check->dev = optarg;
		return true;
	case KEY_CHECK_IGNORE:
		return parse_ignored(check, optarg);
	default:
		check->json = true;
		return true;
	}
}

/* JSON is a table of findings and nothing else, so it has no nodes. */
static void print_nodes(const struct check *check, const char *path,
			const struct kmod_devname_table *table,
			const struct kmod_devname_report *report)
{
	size_t n = kmod_devname_table_size(table);
	_cleanup_free_ char *escaped = NULL;
	char text[SYNTAX_NUMBER_SIZE];

	if (check->json || check->common.quiet)
		return;
	/* the error says why there are no nodes, or that they are unknown */
	if (n == 0 && kmod_devname_report_count(report, KMOD_DEVNAME_ERROR) > 0)
		return;
	escaped = escape(path);
	for (size_t i = 0; i < n; i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(table, i);

		printf("%s: module %s gives /dev/%s (%s)\n", escaped,
		       kmod_devname_node_get_module(node), kmod_devname_node_get_name(node),
		       node_format(node, text));
	}
	if (n == 0)
		printf("%s: gives no device node\n", escaped);
}

/* Some mistakes need all nodes, such as a number that two of them have. */
static enum status lint_nodes(struct check *check, const char *path,
			      const struct kmod_devname_table *table)
{
	struct kmod_devname_report *report = xreport_new();

	return finish_check(check, report, kmod_devname_table_lint(table, report), path, "");
}

static enum status check_module_file(struct check *check, const char *path)
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
	status = modules_read(&kernels, kernel, NULL, &options, table, report, &result);
	if (status == STATUS_CLEAN)
		print_nodes(check, kernel->path, table, report);
	status = worse(status, finish_check(check, report, 0, kernel->path, ""));
	return status == STATUS_FAILED ? status
				       : worse(status, lint_nodes(check, kernel->path, table));
}

enum operand_kind {
	OPERAND_KERNEL,
	OPERAND_MODULE,
	OPERAND_DIRECTORY, /* of modules that are not installed */
	OPERAND_ROOT,
};

/* An operand without a slash is a version, unless it is the name of a module that is there. */
static enum status classify_operand(const char *operand, enum operand_kind *ret_kind)
{
	bool is_path = strchr(operand, '/');
	struct stat st;
	int r;

	*ret_kind = OPERAND_KERNEL;
	if (!is_path && !module_tree_is_module(operand))
		return STATUS_CLEAN;
	if (stat(operand, &st) < 0)
		return errno == ENOENT ? STATUS_CLEAN : say_failure(operand, -errno);
	if (S_ISREG(st.st_mode))
		*ret_kind = OPERAND_MODULE;
	if (!is_path || !S_ISDIR(st.st_mode))
		return STATUS_CLEAN;
	r = directory_is_root(operand);
	if (r > 0) {
		*ret_kind = OPERAND_ROOT;
		return STATUS_CLEAN;
	}
	if (r == 0)
		r = directory_is_plain(operand);
	if (r < 0)
		return say_failure(operand, r);
	if (r > 0)
		*ret_kind = OPERAND_DIRECTORY;
	return STATUS_CLEAN;
}

/* Classifies the operands, and refuses those that contradict the options. */
static enum status examine_operands(const struct check *check, char **operands, int n,
				    enum operand_kind *kinds)
{
	/* other operands would ignore these in silence */
	const char *option = check->configs.size > 0 ? "--config"
			     : check->dev            ? "--dev"
			     : check->udev_root      ? "--udev-root"
						     : NULL;
	bool has_kernel = n == 0;

	if (check->common.all && n > 0) {
		say("--all and '%s' do not go together", operands[0]);
		return STATUS_FAILED;
	}
	for (int i = 0; i < n; i++) {
		if (classify_operand(operands[i], &kinds[i]) != STATUS_CLEAN)
			return STATUS_FAILED;
		if (kinds[i] == OPERAND_ROOT) {
			say("%s: is a root directory; for its kernels write --basedir %s --all",
			    operands[i], operands[i]);
			return STATUS_FAILED;
		}
		has_kernel |= kinds[i] == OPERAND_KERNEL;
	}
	if (has_kernel || !option)
		return STATUS_CLEAN;
	say("%s is for kernels, and %s is none", option, operands[0]);
	return STATUS_FAILED;
}

static enum status check_kernels(struct check *check, char **names, int n)
{
	_cleanup_kernels_ struct kernels kernels;
	enum status status = kernels_find(&kernels, &check->common, names, n, false);

	if (status != STATUS_CLEAN)
		return status;
	if (check->dev && kernels.size > 1) {
		say("--dev is for one kernel");
		return STATUS_FAILED;
	}
	status = kernels.found;
	for (size_t i = 0; i < kernels.size; i++)
		status = worse(status, check_kernel(check, &kernels, &kernels.items[i]));
	return status;
}

/* Kernels are checked together, after the modules, so that a kernel named twice counts once. */
static enum status check_operands(struct check *check, char **operands, int n)
{
	_cleanup_free_ enum operand_kind *kinds = xcalloc((size_t)n + 1, sizeof(*kinds));
	enum status status = examine_operands(check, operands, n, kinds);
	int n_kernels = 0;

	if (status != STATUS_CLEAN)
		return status;
	for (int i = 0; i < n; i++) {
		if (kinds[i] == OPERAND_MODULE)
			status = worse(status, check_module_file(check, operands[i]));
		else if (kinds[i] == OPERAND_DIRECTORY)
			status = worse(status, check_module_directory(check, operands[i]));
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
	struct check check;
	enum status status;

	check_init(&check);
	if (parse_options(command, argc, argv, &check.common, parse_check_option, &check,
			  &status)) {
		/* the rules of the base directory are read without the option, too */
		if (check.common.udev_root && *check.common.udev_root != '\0')
			check.udev_root = check.common.udev_root;
		status = check_operands(&check, argv + optind, argc - optind);
		status = finish_output(worse(status, print_check(&check)));
	}
	check_done(&check);
	return status;
}

const struct command cmd_check = {
	.name = "check",
	.summary = "find out what is wrong with nodes, modules and files",
	.description =
		"Says what is wrong with the device nodes that the modules of each kernel\n"
		"declare, and with its modules.devname; or what a module would give, before it\n"
		"is shipped. KERNEL is a version, or a path to the module directory of one;\n"
		"without an operand the running kernel is meant. FILE is a module, or a\n"
		"directory of modules that is no kernel's.",
	.operands = "[KERNEL|FILE...]",
	.options = check_options,
	.value_key = KEY_CHECK_IGNORE,
	.get_value = get_ignorable_code,
	.run = run_check,
};
