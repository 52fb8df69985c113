// SPDX-License-Identifier: GPL-2.0-or-later
/* Mode and owner of nodes: one mode for all, or what the rules of udev say. */

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "open-path.h"
#include "read-permissions.h"

static enum status read_rules(struct kmod_devname_permissions *permissions, int root_fd,
			      const char *root, const struct common *common,
			      const struct kmod_devname_table *table)
{
	struct kmod_devname_report *report;
	int r;

	if (kmod_devname_report_new(&report) < 0)
		return say_failure(root, -ENOMEM);
	r = kmod_devname_permissions_read_udev(permissions, report, root_fd, table);
	return finish_report(report, r, root, root, common);
}

static enum status read_root(struct kmod_devname_permissions *permissions, const char *root,
			     const struct common *common, const struct kmod_devname_table *table)
{
	int root_fd = open_path(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	enum status status;

	if (root_fd < 0)
		return say_failure(root, -errno);
	status = read_rules(permissions, root_fd, root, common, table);
	(void)close(root_fd);
	return status;
}

enum status read_permissions(const char *option, mode_t mode, int root_fd,
			     const struct common *common, const struct kmod_devname_table *table,
			     struct kmod_devname_permissions **ret)
{
	const char *basedir = common->basedir ? common->basedir : "/";
	struct kmod_devname_permissions *permissions;
	enum status status = STATUS_CLEAN;
	int r = kmod_devname_permissions_new(mode, &permissions);

	if (r < 0)
		return say_failure("permissions", r);
	if (option && *option == '\0')
		status = read_rules(permissions, root_fd, basedir, common, table);
	else if (option)
		status = read_root(permissions, option, common, table);
	if (status == STATUS_FAILED)
		kmod_devname_permissions_unref(permissions);
	else
		*ret = permissions;
	return status;
}
