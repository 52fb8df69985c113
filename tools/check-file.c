// SPDX-License-Identifier: GPL-2.0-or-later
/* check of modules that are not installed: a file, or all of a directory. */

#include <errno.h>
#include <string.h>

#include "check.h"
#include "input.h"
#include "modules.h"

/* The nodes are results as findings are, for people alone. */
static void print_nodes(const struct check *check, const char *path,
			const struct kmod_devname_table *table,
			const struct kmod_devname_report *report)
{
	size_t n = kmod_devname_table_size(table);
	_cleanup_free_ char *escaped = NULL;
	char text[SYNTAX_NUMBER_SIZE];

	if (check->json || check->common.quiet)
		return;
	/* without a node it is an error that says why, or that it is unknown */
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

static enum status lint_nodes(struct check *check, const char *path,
			      const struct kmod_devname_table *table)
{
	struct kmod_devname_report *report = xreport_new();

	return finish_check(check, report, kmod_devname_table_lint(table, report), path, "");
}

enum status check_file(struct check *check, const char *path)
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
	/* messages join it and the name of the file again */
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

enum status check_directory(struct check *check, char *path)
{
	const struct modules_options options = { 0 };
	_cleanup_table_ struct kmod_devname_table *table = xtable_new();
	struct kmod_devname_report *report;
	const struct kernel *kernel;
	struct kernels kernels;
	enum status status = kernels_find(&kernels, &check->common, &path, 1, false);
	size_t modules;

	if (status == STATUS_CLEAN) {
		kernel = &kernels.items[0];
		report = xreport_new();
		status = modules_read(&kernels, kernel, NULL, &options, table, report, &modules);
		if (status == STATUS_CLEAN)
			print_nodes(check, kernel->path, table, report);
		status = worse(status, finish_check(check, report, 0, kernel->path, ""));
		if (status != STATUS_FAILED)
			status = worse(status, lint_nodes(check, kernel->path, table));
	}
	kernels_done(&kernels);
	return status;
}
