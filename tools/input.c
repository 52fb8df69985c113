// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The nodes of modules.devname, and their permissions.
 *
 * A command reads the nodes of kernels, or those of one file, into one table, in the order of the
 * operands. Of two conflicting nodes the table keeps the first, and reports the second. A missing
 * file is a warning for static-nodes and create, which run at boot, and an error for list. The
 * permissions come from the rules of udev, for the nodes of the table.
 */

#include <errno.h>
#include <string.h>

#include "input.h"

/*
 * Refuses paths that are not the module directory of a kernel. The path may be the intended value
 * of --udev-permissions, and its missing modules.devname would only be a warning.
 */
static enum status refuse_other_directories(const struct kernels *kernels)
{
	for (size_t i = 0; i < kernels->size; i++) {
		const struct kernel *kernel = &kernels->items[i];
		int kind = kernel_classify(kernel);

		if (kind < 0)
			return say_failure(kernel->path, kind);
		if (kind != DIRECTORY_OF_KERNEL) {
			say("%s: not the module directory of a kernel; use --basedir=DIR or "
			    "--udev-root=DIR for a root directory",
			    kernel->path);
			return STATUS_FAILED;
		}
	}
	return STATUS_CLEAN;
}

enum status input_find(struct kernels *kernels, const struct common *common, char **names,
		       int n_names)
{
	enum status status;

	if (!common->input) {
		/* a kernel need not have a modules.devname, and the running one no directory */
		status = kernels_find(kernels, common, names, n_names, true);
		if (status == STATUS_CLEAN)
			status = kernels->found; /* nodes of skipped kernels would be missing */
		return status == STATUS_CLEAN ? refuse_other_directories(kernels) : status;
	}
	/* --basedir stays of use: that is where the rules of udev are */
	if (n_names == 0 && !common->all && !common->moduledir)
		return kernels_root(kernels, common);
	*kernels = (struct kernels){ .root_fd = -1 };
	say("--input cannot be combined with %s", n_names > 0   ? "a kernel"
						  : common->all ? "--all"
								: "--moduledir");
	return STATUS_FAILED;
}

enum status read_table(FILE *stream, const char *directory, const char *name,
		       const struct common *common, struct kmod_devname_table *table)
{
	struct kmod_devname_report *report = xreport_new();
	int r = kmod_devname_table_read(table, report, stream, name);

	return finish_report(report, r, name, directory, common);
}

enum status read_kernel(const struct kernel *kernel, bool *ret_exists,
			struct kmod_devname_table *table)
{
	const struct common *common = kernel->set->common;
	_cleanup_free_ char *path = join_path(kernel->path, FILE_NAME);
	FILE *stream;
	enum status status;
	int r = kernel_open_stream(kernel, FILE_NAME, &stream);

	if (ret_exists)
		*ret_exists = r != -ENOENT;
	if (r == -ENOENT) {
		if (!ret_exists || !common->quiet || common->strict)
			say("%s: %s%s; run kmod-devname generate", path,
			    ret_exists ? "warning: " : "", strerror(ENOENT));
		if (!ret_exists)
			return STATUS_FAILED;
		return common->strict ? STATUS_FINDINGS : STATUS_CLEAN;
	}
	if (r < 0)
		return say_failure(path, r);
	status = read_table(stream, kernel->path, FILE_NAME, common, table);
	(void)fclose(stream);
	return status;
}

enum status input_read(const struct kernels *kernels, struct kmod_devname_table *table,
		       bool *ret_exists)
{
	const struct common *common = kernels->common;
	const char *file = common->input;
	enum status status = STATUS_CLEAN;
	FILE *stream;
	int r;

	*ret_exists = file;
	for (size_t i = 0; !file && i < kernels->size; i++) {
		bool exists;

		status = worse(status, read_kernel(&kernels->items[i], &exists, table));
		*ret_exists |= exists;
	}
	if (!file)
		return status;
	if (strcmp(file, "-") == 0)
		return read_table(stdin, NULL, "standard input", common, table);
	r = open_path_stream(file, &stream);
	if (r < 0)
		return say_failure(file, r);
	status = read_table(stream, NULL, file, common, table);
	(void)fclose(stream);
	return status;
}

enum status read_permissions(const struct common *common, mode_t mode, int root_fd,
			     const struct kmod_devname_table *table,
			     struct kmod_devname_permissions **ret)
{
	const char *udev_root = common->udev_root;
	bool is_other = udev_root && *udev_root != '\0';
	const char *root = is_other ? udev_root : base_directory(common);
	_cleanup_close_ int other_fd = is_other ? open_path(root, O_PATH | O_DIRECTORY) : -1;
	struct kmod_devname_permissions *permissions;
	struct kmod_devname_report *report;
	struct common below_root = *common;
	enum status status = STATUS_CLEAN;
	int r;

	below_root.basedir = root;
	if (is_other && other_fd < 0)
		return say_failure(root, other_fd);
	permissions = xpermissions_new(mode);
	if (udev_root) {
		report = xreport_new();
		r = kmod_devname_permissions_read_udev(permissions, report,
						       is_other ? other_fd : root_fd, table);
		status = finish_report(report, r, root, root, &below_root);
	}
	if (status == STATUS_FAILED)
		kmod_devname_permissions_unref(permissions);
	else
		*ret = permissions;
	return status;
}

char *describe_dev_options(const struct common *common)
{
	const char *dev = common->dev;
	bool has_base = strcmp(base_directory(common), "/") != 0;
	bool has_dev = dev && (has_base || strcmp(dev, "/dev") != 0);
	_cleanup_free_ char *base = has_base ? quote_word(common->basedir) : NULL;
	_cleanup_free_ char *quoted = has_dev ? quote_word(dev) : NULL;

	return xasprintf("%s%s%s%s", has_base ? " --basedir " : "", has_base ? base : "",
			 has_dev ? " --dev " : "", has_dev ? quoted : "");
}
