// SPDX-License-Identifier: GPL-2.0-or-later
/* check: what is wrong with the nodes of kernels, or with modules that are not installed. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"

enum {
	KEY_DEV = 256,
	KEY_IGNORE,
	KEY_UDEV_PERMISSIONS,
};

static const struct option_spec options[] = {
	{ 'C', "config", "PATH", "read this file or directory instead of depmod.d" },
	{ KEY_DEV, "dev", "DIR", "compare with this device directory too" },
	{ KEY_IGNORE, "ignore", "LIST", "findings to pass over, separated by commas" },
	{ 'J', "json", NULL, "print JSON" },
	{ KEY_UDEV_PERMISSIONS, "udev-permissions", "ROOT", "root directory of udev's rules" },
	{ 0 },
};

static bool take_option(void *data, int key)
{
	struct check *check = data;

	switch (key) {
	case 'C':
		return config_paths_add(&check->configs, optarg);
	case KEY_DEV:
		check->dev = optarg;
		return true;
	case KEY_IGNORE:
		return findings_ignore(&check->findings, optarg);
	case 'J':
		check->findings.json = true;
		return true;
	default:
		check->udev_root = optarg;
		return true;
	}
}

static bool has_module_suffix(const char *name)
{
	static const char *const suffixes[] = { ".ko", ".ko.gz", ".ko.xz", ".ko.zst" };
	size_t size = strlen(name);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t suffix = strlen(suffixes[i]);

		if (size > suffix && strcmp(name + size - suffix, suffixes[i]) == 0)
			return true;
	}
	return false;
}

enum operand {
	OPERAND_KERNEL,
	OPERAND_MODULE,
	OPERAND_DIRECTORY, /* of modules that are not installed */
	OPERAND_ROOT,
};

static enum status classify_directory(const char *operand, enum operand *ret_operand)
{
	int is_root = directory_is_root(operand);
	int is_plain = is_root == 0 ? directory_is_plain(operand) : 0;

	if (is_root < 0 || is_plain < 0)
		return say_failure(operand, is_root < 0 ? is_root : is_plain);
	if (is_root > 0)
		*ret_operand = OPERAND_ROOT;
	else
		*ret_operand = is_plain > 0 ? OPERAND_DIRECTORY : OPERAND_KERNEL;
	return STATUS_CLEAN;
}

static enum status classify(const char *operand, enum operand *ret_operand)
{
	bool is_path = strchr(operand, '/');
	struct stat st;

	*ret_operand = OPERAND_KERNEL;
	if (!is_path && !has_module_suffix(operand))
		return STATUS_CLEAN;
	if (stat(operand, &st) < 0)
		return errno == ENOENT ? STATUS_CLEAN : say_failure(operand, -errno);
	if (S_ISREG(st.st_mode))
		*ret_operand = OPERAND_MODULE;
	if (!is_path || !S_ISDIR(st.st_mode))
		return STATUS_CLEAN;
	return classify_directory(operand, ret_operand);
}

/* What is asked of a kernel only. */
static const char *kernel_option(const struct check *check)
{
	if (check->configs.size > 0)
		return "--config";
	if (check->dev)
		return "--dev";
	return check->udev_root ? "--udev-permissions" : NULL;
}

/* Nothing is done if the operands make no sense together with the options. */
static enum status examine(const struct check *check, char **operands, int n)
{
	const char *option = kernel_option(check);
	int kernels = 0;

	for (int i = 0; i < n; i++) {
		enum operand operand;

		if (classify(operands[i], &operand) != STATUS_CLEAN)
			return STATUS_FAILED;
		kernels += operand == OPERAND_KERNEL;
		if (operand == OPERAND_ROOT) {
			say("%s: is a root directory; for its kernels write --basedir %s --all",
			    operands[i], operands[i]);
			return STATUS_FAILED;
		}
	}
	if (n == 0 || kernels > 0 || !option)
		return STATUS_CLEAN;
	say("%s is for kernels, and %s is none", option, operands[0]);
	return STATUS_FAILED;
}

/* Checks what is no kernel. The other operands are moved to the front; *n is their number. */
static enum status check_paths(struct check *check, char **operands, int *n)
{
	enum status status = STATUS_CLEAN;
	int kernels = 0;

	for (int i = 0; i < *n; i++) {
		enum operand operand;

		if (classify(operands[i], &operand) != STATUS_CLEAN)
			status = STATUS_FAILED;
		else if (operand == OPERAND_MODULE)
			status = worse(status, check_file(check, operands[i]));
		else if (operand == OPERAND_DIRECTORY)
			status = worse(status, check_directory(check, operands[i]));
		else
			operands[kernels++] = operands[i];
	}
	*n = kernels;
	return status;
}

static enum status check_kernels(struct check *check, char **names, int n)
{
	struct kernels kernels;
	enum status status = kernels_find(&kernels, &check->common, names, n, false);

	if (status == STATUS_CLEAN && check->dev && kernels.size > 1) {
		say("--dev is for one kernel");
		status = STATUS_FAILED;
	}
	if (status == STATUS_CLEAN)
		for (size_t i = 0; i < kernels.size; i++)
			status = worse(status, check_kernel(check, &kernels, &kernels.items[i]));
	kernels_done(&kernels);
	return status;
}

static enum status check_operands(struct check *check, char **operands, int n)
{
	int n_kernels = n;
	enum status status;

	if (check->common.all && n > 0) {
		say("--all and '%s' do not go together", operands[0]);
		return STATUS_FAILED;
	}
	status = examine(check, operands, n);
	if (status != STATUS_CLEAN)
		return status;
	status = check_paths(check, operands, &n_kernels);
	/* files alone do not mean the running kernel */
	if (n == 0 || n_kernels > 0)
		status = worse(status, check_kernels(check, operands, n_kernels));
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct check check = { 0 };
	enum status status;

	findings_init(&check.findings, &check.common);
	if (parse_options(command, argc, argv, &check.common, take_option, &check, &status)) {
		status = check_operands(&check, argv + optind, argc - optind);
		status = finish_output(worse(status, findings_end(&check.findings)));
	}
	findings_done(&check.findings);
	config_paths_done(&check.configs);
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
	.options = options,
	.run = run,
};
