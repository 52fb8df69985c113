// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * check of a kernel.
 *
 * The first step reads the modules into a table. Each further step compares the nodes of this
 * table: with one another, with the nodes of built-in modules, with modules.devname, with the
 * modules that modprobe would load, with the rules of udev, with the device directory. The further
 * steps need the table, but not each other: if one fails, the next ones still run. A step has a
 * report of its own, which finish_step() shows and releases.
 */

#include <errno.h>

#include "base/report.h"
#include "check.h"
#include "dev/devdir.h"
#include "input.h"
#include "loading.h"
#include "modprobe/modprobe.h"
#include "modules.h"
#include "node/table.h"
#include "udev/rules.h"

struct kernel_check {
	struct check *check;
	const struct kernel *kernel;
	struct kmod_devname_table *table; /* the nodes that its modules declare */
};

static enum status finish_step(const struct kernel_check *step, struct kmod_devname_report *report,
			       int error, const char *directory)
{
	return finish_check(step->check, report, error, directory, step->kernel->version);
}

static enum status check_modules(const struct kernel_check *step, struct modules_result *ret_result)
{
	const struct modules_options options = { .keeps_lines = true };
	_cleanup_config_ struct kmod_devname_config *config = NULL;
	struct kmod_devname_report *report = xreport_new();
	int r = make_depmod_config(step->kernel, report, &config);
	bool has_paths = step->check->common.configs.size > 0;
	enum status status = finish_step(step, report, r, has_paths ? NULL : "");

	if (status == STATUS_FAILED)
		return STATUS_FAILED;
	report = xreport_new();
	status = worse(status, modules_read(step->kernel, config, &options, step->table, report,
					    ret_result));
	return worse(status, finish_step(step, report, 0, step->kernel->path));
}

/* Without that file the built-in modules are unknown. */
static enum status check_builtin(const struct kernel_check *step)
{
	_cleanup_table_ struct kmod_devname_table *builtin = xtable_new();
	struct kmod_devname_report *report;
	int r = read_builtin_nodes(step->kernel, builtin);

	if (r < 0 && r != -ENOENT)
		return kernel_say_failure(step->kernel, BUILTIN_NAME, r);
	report = xreport_new();
	r = table_lint_builtin(step->table, report, builtin);
	return finish_step(step, report, r, step->kernel->path);
}

static enum status check_devname_file(const struct kernel_check *step)
{
	_cleanup_table_ struct kmod_devname_table *other = NULL;
	struct kmod_devname_report *report;
	FILE *stream;
	int r = kernel_open_stream(step->kernel, FILE_NAME, &stream);

	if (r < 0 && r != -ENOENT)
		return kernel_say_failure(step->kernel, FILE_NAME, r);
	report = xreport_new();
	if (r == 0) {
		other = xtable_new();
		r = kmod_devname_table_read(other, report, stream, FILE_NAME);
		(void)fclose(stream);
		if (r < 0)
			return finish_step(step, report, r, step->kernel->path);
	}
	r = table_lint_file(step->table, report, other, FILE_NAME);
	return finish_step(step, report, r, step->kernel->path);
}

/* The administrator wants that, so it is a note. */
static int report_sysctl(struct kmod_devname_report *report)
{
	const struct location nowhere = { NULL, 0 };
	const char *sysctl = loading_find_sysctl();

	return sysctl ? report_add(report, KMOD_DEVNAME_CODE_NOT_LOADED, KMOD_DEVNAME_SEVERITY_NOTE,
				   &nowhere, "opening a node loads no module: %s", sysctl)
		      : 0;
}

static enum status check_loading(const struct kernel_check *step)
{
	struct kmod_devname_report *report = xreport_new();
	int r = kernel_is_running(step->kernel);
	bool is_running = r > 0;

	if (is_running)
		r = report_sysctl(report);
	if (r >= 0)
		r = table_lint_loading(step->table, report, step->kernel->set->root_fd,
				       step->kernel->directory, is_running);
	/* no other step needs libkmod, so that is no failure */
	if (r == -EOPNOTSUPP) {
		if (step->check->common.verbose)
			say("this build is without libkmod: what modprobe would load was not "
			    "looked at");
		r = 0;
	}
	return finish_step(step, report, r, step->kernel->path);
}

/* The rules of udev, and the device directory, whose permissions they set. */
static enum status check_udev(const struct kernel_check *step)
{
	struct check *check = step->check;
	const char *basedir = check->common.basedir;
	const char *root =
		check->common.udev_root ? check->common.udev_root : base_directory(&check->common);
	_cleanup_close_ int dev_fd = -1, other_fd = -1;
	_cleanup_permissions_ struct kmod_devname_permissions *permissions = NULL;
	_cleanup_free_ char *where = NULL;
	int root_fd = step->kernel->set->root_fd;
	struct kmod_devname_report *report;
	enum status status;
	int r;

	if (check->common.udev_root) {
		other_fd = open_path(root, O_PATH | O_DIRECTORY);
		root_fd = other_fd;
	}
	if (root_fd < 0)
		return say_failure(root, root_fd);
	if (check->common.dev) {
		dev_fd = open_path(check->common.dev, O_PATH | O_DIRECTORY);
		if (dev_fd < 0)
			return say_failure(check->common.dev, dev_fd);
		permissions = xpermissions_new(DEFAULT_MODE);
	}
	report = xreport_new();
	r = udev_lint(step->table, report, root_fd, permissions);
	/* the files of its findings are below this root */
	check->common.basedir = root;
	status = finish_step(step, report, r, root);
	check->common.basedir = basedir;
	if (status == STATUS_FAILED || !check->common.dev)
		return status;
	report = xreport_new();
	where = check->is_default_dev ? xstrdup("") : describe_dev_options(&check->common);
	r = table_verify(step->table, report, dev_fd, where, permissions);
	return worse(status, finish_step(step, report, r, check->common.dev));
}

enum status check_kernel(struct check *check, const struct kernel *kernel)
{
	_cleanup_table_ struct kmod_devname_table *table = xtable_new();
	const struct kernel_check step = { check, kernel, table };
	struct modules_result result = { 0 };
	struct kmod_devname_report *report;
	enum status status;
	int r;

	check->counts = (struct check_counts){ 0 };
	status = check_modules(&step, &result);
	/* the other steps would compare with modules that were not read */
	if (status == STATUS_FAILED)
		return status;
	if (result.lacks_listed)
		return worse(status, kernel_refuse(kernel, check->common.all, LACKS_LISTED));
	report = xreport_new();
	r = table_lint(table, report);
	status = worse(status, finish_step(&step, report, r, kernel->path));
	status = worse(status, check_builtin(&step));
	status = worse(status, check_devname_file(&step));
	status = worse(status, check_loading(&step));
	status = worse(status, check_udev(&step));
	check->has_result = true;
	check->counts.kernels = 1;
	check->counts.nodes = kmod_devname_table_size(table);
	check->counts.modules = result.n_modules;
	if (status != STATUS_FAILED)
		finish_counts(check, kernel->version);
	return status;
}
