// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A table against the files below a device directory; nothing is changed. The findings tell how to
 * repair what is different. Nodes with one name are verified once.
 */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/report.h"
#include "dev/devdir.h"
#include "node/table.h"

struct verify_run {
	struct kmod_devname_report *report;
	struct devdir dev;
	const struct kmod_devname_permissions *permissions; /* NULL: modes are not compared */
};

static const char *describe_difference(mode_t mode, mode_t wanted)
{
	if (mode == wanted)
		return "";
	if ((mode & ~wanted) == 0)
		return ", so it is tighter";
	return (wanted & ~mode) == 0 ? ", so it is wider" : "";
}

/* Without a rule any mode is right: the driver or the administrator has set it. */
static int verify_mode(const struct verify_run *run, const struct location *location,
		       const struct kmod_devname_node *node, int dir_fd, const char *name,
		       const struct stat *st)
{
	const struct kmod_devname_permission *wanted =
		run->permissions ? permissions_find(run->permissions, node->name) : NULL;
	mode_t mode = st->st_mode & 0777, wanted_mode;
	uid_t uid;
	gid_t gid;
	int r = 0;

	if (!wanted)
		return 0;
	/* systemd-logind sets an ACL for the user of a seat: one is not wrong by itself */
	if (dev_file_has_acl(dir_fd, name))
		r = report_add(
			run->report, KMOD_DEVNAME_WRONG_MODE, KMOD_DEVNAME_NOTE, location,
			"has an ACL, which gives rights that the rules of udev do not: remove "
			"it (setfacl -b), unless systemd-logind has set it for the user of a "
			"seat");
	if (r < 0)
		return r;
	wanted_mode = kmod_devname_permission_get_mode(wanted);
	uid = kmod_devname_permission_get_uid(wanted);
	gid = kmod_devname_permission_get_gid(wanted);
	if (mode == wanted_mode && st->st_uid == uid && st->st_gid == gid)
		return 0;
	return report_add(run->report, KMOD_DEVNAME_WRONG_MODE, KMOD_DEVNAME_WARNING, location,
			  "has mode %04o, user %u and group %u; the rules of udev say %04o, %u and "
			  "%u%s: restart udevd, or correct what else sets it",
			  mode, st->st_uid, st->st_gid, wanted_mode, uid, gid,
			  describe_difference(mode, wanted_mode));
}

static int verify_node(struct verify_run *run, const struct location *location,
		       const struct kmod_devname_node *node)
{
	const struct dev_node wanted = { .path = node->name, .number = node->number };
	char number[SYNTAX_NUMBER_SIZE];
	_cleanup_close_ int dir_fd = -1;
	const char *rest;
	struct stat st;
	int r = devdir_walk(&run->dev, node->name, false, &dir_fd, &rest);

	if (r < 0)
		return r;
	r = devdir_look(dir_fd, rest, &st);
	if (r == -ENOENT)
		return report_add(run->report, KMOD_DEVNAME_ABSENT, KMOD_DEVNAME_WARNING, location,
				  "does not exist, and is to be %s, which loads module %s: run "
				  "kmod-devname create",
				  syntax_format_number(&node->number, number), node->module);
	if (r < 0)
		return r;
	if (strchr(rest, '/') || !dev_file_is_device(&st))
		return devdir_report_obstructed(run->report, &wanted, rest, NULL);
	if (!dev_file_is_node(&st, &wanted))
		return devdir_report_wrong(run->report, &wanted, &st,
					   ": run kmod-devname create --replace");
	r = devdir_check_nodev(&run->dev, dir_fd, node->name, run->report);
	return r < 0 ? r : verify_mode(run, location, node, dir_fd, rest, &st);
}

int kmod_devname_table_verify(const struct kmod_devname_table *table,
			      struct kmod_devname_report *report, int dev_fd,
			      const struct kmod_devname_permissions *permissions)
{
	struct verify_run run = { .report = report, .dev.fd = dev_fd, .permissions = permissions };
	size_t n = kmod_devname_table_size(table);
	int error = 0;

	for (size_t i = 0; i < n; i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(table, i);
		const struct location location = { node->name, 0 };
		int r;

		if (table_find(table, node->name) != node)
			continue;
		r = verify_node(&run, &location, node);
		if (r < 0 && r != -ENOMEM)
			(void)report_system(report, r, &location);
		if (r < 0 && devdir_is_fatal(dev_fd, r)) {
			error = r;
			break;
		}
		if (error == 0)
			error = r;
	}
	devdir_done(&run.dev);
	return error;
}
