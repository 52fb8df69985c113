// SPDX-License-Identifier: GPL-2.0-or-later
/* check of modules that are not installed. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "modules.h"

static void print_node(const char *path, const struct kmod_devname_node *node)
{
	printf("%s: module %s gives /dev/%s (%c%u:%u)\n", path, kmod_devname_node_get_module(node),
	       kmod_devname_node_get_name(node),
	       kmod_devname_node_get_type(node) == S_IFBLK ? 'b' : 'c',
	       kmod_devname_node_get_major(node), kmod_devname_node_get_minor(node));
}

static int print_nodes(const struct check *check, const char *path,
		       const struct kmod_devname_table *table,
		       const struct kmod_devname_report *report)
{
	size_t n = kmod_devname_table_size(table);
	char *escaped;

	if (check->findings.json || check->common.quiet)
		return 0;
	/* then nobody knows, or it is said why */
	if (n == 0 && kmod_devname_report_count(report, KMOD_DEVNAME_ERROR) > 0)
		return 0;
	escaped = escape(path);
	if (!escaped)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		print_node(escaped, kmod_devname_table_get(table, i));
	if (n == 0)
		printf("%s: gives no device node\n", escaped);
	free(escaped);
	return 0;
}

static enum status judge(struct check *check, const char *path,
			 const struct kmod_devname_table *table)
{
	struct kmod_devname_report *report = check_begin(path);

	if (!report)
		return STATUS_FAILED;
	return check_end(check, report, kmod_devname_table_lint(table, report), path, "");
}

/* The directory of a path, as the name of a file is added to it. */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup("");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static enum status read_file(struct check *check, const char *path, int fd,
			     struct kmod_devname_table *table, const char *directory)
{
	struct kmod_devname_report *report = check_begin(path);
	const char *slash = strrchr(path, '/');
	int r;

	if (!report)
		return STATUS_FAILED;
	r = kmod_devname_table_add_file(table, report, fd, slash ? slash + 1 : path);
	if (r == 0)
		r = print_nodes(check, path, table, report);
	return check_end(check, report, r, *directory != '\0' ? directory : NULL, "");
}

static enum status read_table(struct check *check, const char *path,
			      struct kmod_devname_table *table)
{
	/* opening must not block, whatever it is by now */
	int fd = open_path(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char *directory;
	enum status status;

	if (fd < 0)
		return say_failure(path, fd);
	directory = directory_of(path);
	if (directory)
		status = read_file(check, path, fd, table, directory);
	else
		status = say_failure(path, -ENOMEM);
	free(directory);
	(void)close(fd);
	return status;
}

enum status check_file(struct check *check, const char *path)
{
	struct kmod_devname_table *table;
	enum status status;

	if (kmod_devname_table_new(&table) < 0)
		return say_failure(path, -ENOMEM);
	status = read_table(check, path, table);
	if (status != STATUS_FAILED)
		status = worse(status, judge(check, path, table));
	kmod_devname_table_unref(table);
	return status;
}

static enum status scan(struct check *check, const struct kernels *kernels,
			struct kmod_devname_table *table)
{
	const struct modules_options options = { 0 };
	const struct kernel *kernel = &kernels->items[0];
	struct kmod_devname_report *report = check_begin(kernel->path);
	enum status status;
	size_t modules;

	if (!report)
		return STATUS_FAILED;
	status = modules_read(kernels, kernel, NULL, &options, table, report, &modules);
	if (status == STATUS_CLEAN && print_nodes(check, kernel->path, table, report) < 0)
		status = say_failure(kernel->path, -ENOMEM);
	return worse(status, check_end(check, report, 0, kernel->path, ""));
}

enum status check_directory(struct check *check, char *path)
{
	struct kmod_devname_table *table;
	struct kernels kernels;
	enum status status = kernels_find(&kernels, &check->common, &path, 1, false);

	if (status == STATUS_CLEAN && kmod_devname_table_new(&table) < 0)
		status = say_failure(path, -ENOMEM);
	if (status == STATUS_CLEAN) {
		status = scan(check, &kernels, table);
		if (status != STATUS_FAILED)
			status = worse(status, judge(check, kernels.items[0].path, table));
		kmod_devname_table_unref(table);
	}
	kernels_done(&kernels);
	return status;
}
