// SPDX-License-Identifier: GPL-2.0-or-later
/* check of a kernel: what the modules declare is compared with everything that is about it. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "modules.h"

#define BUILTIN_NAME "modules.builtin.modinfo"

/* What is known of a kernel while it is checked. */
struct subject {
	struct check *check;
	const struct kernels *kernels;
	const struct kernel *kernel;
	struct kmod_devname_table *table; /* what its modules declare */
};

struct kmod_devname_report *check_begin(const char *path)
{
	struct kmod_devname_report *report;

	if (kmod_devname_report_new(&report) == 0)
		return report;
	say_failure(path, -ENOMEM);
	return NULL;
}

enum status check_end(struct check *check, struct kmod_devname_report *report, int r,
		      const char *directory, const char *version)
{
	enum status status = findings_take(&check->findings, report, directory, version);

	if (r < 0 && !report_has(report, KMOD_DEVNAME_SYSTEM))
		say_failure(directory && *directory != '\0' ? directory : "check", r);
	kmod_devname_report_unref(report);
	return r < 0 ? STATUS_FAILED : status;
}

static enum status end(const struct subject *subject, struct kmod_devname_report *report, int r,
		       const char *directory)
{
	return check_end(subject->check, report, r, directory, subject->kernel->version);
}

static enum status read_config(const struct subject *subject,
			       struct kmod_devname_config **ret_config)
{
	const struct config_paths *paths = &subject->check->configs;
	struct kmod_devname_report *report = check_begin(subject->kernel->path);
	enum status status;
	int r;

	if (!report)
		return STATUS_FAILED;
	r = kmod_devname_config_new(subject->kernel->version, ret_config);
	if (r == 0)
		r = add_depmod_config(*ret_config, report, subject->kernels->root_fd, paths->items,
				      paths->size);
	status = end(subject, report, r, paths->size > 0 ? NULL : "");
	if (status == STATUS_FAILED)
		*ret_config = kmod_devname_config_unref(*ret_config);
	return status;
}

static enum status read_modules(const struct subject *subject, struct kmod_devname_config *config)
{
	const struct modules_options options = { 0 };
	struct kmod_devname_report *report = check_begin(subject->kernel->path);
	enum status status;
	size_t modules;

	if (!report)
		return STATUS_FAILED;
	status = modules_read(subject->kernels, subject->kernel, config, &options, subject->table,
			      report, &modules);
	return worse(status, end(subject, report, 0, subject->kernel->path));
}

static enum status scan(const struct subject *subject)
{
	struct kmod_devname_config *config = NULL;
	enum status status = read_config(subject, &config);

	if (status != STATUS_FAILED)
		status = worse(status, read_modules(subject, config));
	kmod_devname_config_unref(config);
	return status;
}

static enum status check_table(const struct subject *subject)
{
	struct kmod_devname_report *report = check_begin(subject->kernel->path);

	if (!report)
		return STATUS_FAILED;
	return end(subject, report, kmod_devname_table_lint(subject->table, report),
		   subject->kernel->path);
}

/* Opens a file of the kernel. 1; 0: there is none; or a negative errno, which is said. */
static int open_file(const struct subject *subject, const char *name, FILE **ret_stream)
{
	int r = kernel_open_stream(subject->kernels, subject->kernel, name, ret_stream);

	if (r == 0 || r == -ENOENT)
		return r == 0;
	kernel_say_failure(subject->kernel, name, r);
	return r;
}

/* Reads a list of nodes with read(), and judges it with lint(). */
struct comparison {
	const char *name;
	int (*read)(struct kmod_devname_table *table, struct kmod_devname_report *report,
		    FILE *stream, const char *file);
	int (*lint)(const struct subject *subject, struct kmod_devname_report *report,
		    struct kmod_devname_table *other);
};

static enum status compare(const struct subject *subject, const struct comparison *comparison,
			   FILE *stream)
{
	struct kmod_devname_report *report = check_begin(subject->kernel->path);
	struct kmod_devname_table *other = NULL;
	enum status status = STATUS_CLEAN;
	int r = 0;

	if (!report)
		return STATUS_FAILED;
	if (stream)
		r = kmod_devname_table_new(&other);
	if (r == 0 && stream)
		r = comparison->read(other, report, stream, comparison->name);
	if (r == 0)
		r = comparison->lint(subject, report, other);
	else if (!report_has(report, KMOD_DEVNAME_SYSTEM)) {
		status = kernel_say_failure(subject->kernel, comparison->name, r);
		r = 0;
	}
	status = worse(status, end(subject, report, r, subject->kernel->path));
	kmod_devname_table_unref(other);
	return status;
}

static enum status check_list(const struct subject *subject, const struct comparison *comparison)
{
	FILE *stream = NULL;
	enum status status;
	int r = open_file(subject, comparison->name, &stream);

	if (r < 0)
		return STATUS_FAILED;
	status = compare(subject, comparison, stream);
	if (stream)
		(void)fclose(stream);
	return status;
}

static int lint_file(const struct subject *subject, struct kmod_devname_report *report,
		     struct kmod_devname_table *other)
{
	return kmod_devname_table_lint_file(subject->table, report, other, FILE_NAME);
}

/* Without that file nothing is known to be built in. */
static int lint_builtin(const struct subject *subject, struct kmod_devname_report *report,
			struct kmod_devname_table *other)
{
	return other ? kmod_devname_table_lint_builtin(subject->table, report, other) : 0;
}

/* How a built-in module declares its nodes makes no difference: they come without that. */
static int read_builtin(struct kmod_devname_table *table, struct kmod_devname_report *report,
			FILE *stream, const char *file)
{
	(void)report;
	return kmod_devname_table_read_builtin(table, NULL, stream, file);
}

static enum status check_rules(const struct subject *subject, int root_fd, const char *root)
{
	struct kmod_devname_report *report = check_begin(root);

	if (!report)
		return STATUS_FAILED;
	return end(subject, report, kmod_devname_table_lint_udev(subject->table, report, root_fd),
		   root);
}

static enum status verify(const struct subject *subject, int dev_fd,
			  const struct kmod_devname_permissions *permissions)
{
	const char *dev = subject->check->dev;
	struct kmod_devname_report *report = check_begin(dev);

	if (!report)
		return STATUS_FAILED;
	return end(subject, report,
		   kmod_devname_table_verify(subject->table, report, dev_fd, permissions), dev);
}

static enum status read_rules(const struct subject *subject, int root_fd, const char *root,
			      struct kmod_devname_permissions **ret_permissions)
{
	struct kmod_devname_report *report = check_begin(root);
	int r;

	if (!report)
		return STATUS_FAILED;
	r = kmod_devname_permissions_new(0600, ret_permissions);
	if (r == 0)
		r = kmod_devname_permissions_read_udev(*ret_permissions, report, root_fd,
						       subject->table);
	return end(subject, report, r, root);
}

static enum status check_dev(const struct subject *subject, int root_fd, const char *root)
{
	struct kmod_devname_permissions *permissions = NULL;
	enum status status;
	int dev_fd = open_path(subject->check->dev, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dev_fd < 0)
		return say_failure(subject->check->dev, dev_fd);
	status = read_rules(subject, root_fd, root, &permissions);
	if (status != STATUS_FAILED)
		status = worse(status, verify(subject, dev_fd, permissions));
	kmod_devname_permissions_unref(permissions);
	(void)close(dev_fd);
	return status;
}

static enum status check_in_root(const struct subject *subject, int root_fd, const char *root)
{
	enum status status = check_rules(subject, root_fd, root);

	if (!subject->check->dev)
		return status;
	return worse(status, check_dev(subject, root_fd, root));
}

/* What depends on the rules of udev. */
static enum status check_udev(const struct subject *subject)
{
	const char *root = subject->check->udev_root;
	enum status status;
	int root_fd;

	if (!root)
		return check_in_root(subject, subject->kernels->root_fd,
				     base_directory(&subject->check->common));
	root_fd = open_path(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return say_failure(root, root_fd);
	status = check_in_root(subject, root_fd, root);
	(void)close(root_fd);
	return status;
}

static enum status check_loading(const struct subject *subject)
{
	struct kmod_devname_report *report = check_begin(subject->kernel->path);
	int r;

	if (!report)
		return STATUS_FAILED;
	r = kernel_is_running(subject->kernels, subject->kernel);
	if (r >= 0)
		r = kmod_devname_table_lint_loading(
			subject->table, report, subject->kernels->root_fd,
			subject->kernel->directory, r > 0 ? KMOD_DEVNAME_RESOLVE_RUNNING : 0);
	if (r == -EOPNOTSUPP && subject->check->common.verbose)
		say("this build is without libkmod: what modprobe would load was not looked at");
	return end(subject, report, r == -EOPNOTSUPP ? 0 : r, subject->kernel->path);
}

static enum status check_all(const struct subject *subject)
{
	static const struct comparison file = { FILE_NAME, kmod_devname_table_read, lint_file };
	static const struct comparison builtin = { BUILTIN_NAME, read_builtin, lint_builtin };
	enum status status = scan(subject);

	/* the others would compare with modules that were not read */
	if (status == STATUS_FAILED)
		return status;
	status = worse(status, check_table(subject));
	status = worse(status, check_list(subject, &builtin));
	status = worse(status, check_list(subject, &file));
	status = worse(status, check_loading(subject));
	return worse(status, check_udev(subject));
}

enum status check_kernel(struct check *check, const struct kernels *kernels,
			 const struct kernel *kernel)
{
	struct subject subject = { check, kernels, kernel, NULL };
	enum status status;

	if (kmod_devname_table_new(&subject.table) < 0)
		return say_failure(kernel->path, -ENOMEM);
	status = check_all(&subject);
	kmod_devname_table_unref(subject.table);
	return status;
}
