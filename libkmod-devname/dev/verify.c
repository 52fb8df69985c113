// SPDX-License-Identifier: LGPL-2.1-or-later
/* A table against what there is below a device directory. Changes nothing. */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "dev/devdir.h"
#include "node/permissions.h"
#include "base/report.h"
#include "node/table.h"

struct verify {
	struct kmod_devname_report *report;
	int dev_fd;
	const struct kmod_devname_permissions *permissions; /* NULL: modes are not judged */
	bool seen_nodev;
	dev_t nodev; /* the last file system of which it was said */
};

static int report_absent(const struct verify *verify, const struct location *location,
			 const struct kmod_devname_node *node)
{
	return report_add(verify->report, KMOD_DEVNAME_ABSENT, KMOD_DEVNAME_WARNING, location,
			  "does not exist, and is to be %c%u:%u, which loads module %s: run "
			  "kmod-devname create",
			  syntax_type_letter(node->number.type), node->number.major,
			  node->number.minor, node->module);
}

/* rest: begins with the component that is in the way. */
static int report_obstructed(const struct verify *verify, const char *rest,
			     const struct kmod_devname_node *node)
{
	_cleanup_free_ char *path =
		strndup(node->name, (size_t)(rest - node->name) + strcspn(rest, "/"));
	const struct location location = { path, 0 };

	if (!path)
		return -ENOMEM;
	return report_add(verify->report, KMOD_DEVNAME_OBSTRUCTED, KMOD_DEVNAME_ERROR, &location,
			  "is in the way of '%s' (%c%u:%u): remove it, and run kmod-devname create",
			  node->name, syntax_type_letter(node->number.type), node->number.major,
			  node->number.minor);
}

static int report_wrong(const struct verify *verify, const struct location *location,
			const struct kmod_devname_node *node, const struct stat *st)
{
	return report_add(verify->report, KMOD_DEVNAME_WRONG_NODE, KMOD_DEVNAME_ERROR, location,
			  "is %c%u:%u instead of %c%u:%u: run kmod-devname create --replace",
			  syntax_type_letter(st->st_mode & S_IFMT), major(st->st_rdev),
			  minor(st->st_rdev), syntax_type_letter(node->number.type),
			  node->number.major, node->number.minor);
}

static const char *compare_modes(mode_t mode, mode_t wanted)
{
	if (mode == wanted)
		return "";
	if ((mode & ~wanted) == 0)
		return ", so it is tighter";
	return (wanted & ~mode) == 0 ? ", so it is wider" : "";
}

/* What no rule is about may have any mode: its driver's, or the administrator's. */
static int check_mode(const struct verify *verify, const struct location *location,
		      const struct kmod_devname_node *node, const struct stat *st)
{
	const struct kmod_devname_permission *wanted =
		verify->permissions ? permissions_find(verify->permissions, node->name) : NULL;
	mode_t mode = st->st_mode & 0777, wanted_mode;

	if (!wanted)
		return 0;
	wanted_mode = kmod_devname_permission_get_mode(wanted);
	if (mode == wanted_mode && st->st_uid == kmod_devname_permission_get_uid(wanted) &&
	    st->st_gid == kmod_devname_permission_get_gid(wanted))
		return 0;
	return report_add(
		verify->report, KMOD_DEVNAME_WRONG_MODE, KMOD_DEVNAME_WARNING, location,
		"has mode %04o, user %u and group %u; the rules of udev say %04o, %u and "
		"%u%s: restart udevd, or correct what else sets it",
		mode, st->st_uid, st->st_gid, wanted_mode, kmod_devname_permission_get_uid(wanted),
		kmod_devname_permission_get_gid(wanted), compare_modes(mode, wanted_mode));
}

/* Said once for a file system, unless its nodes and those of another come in turns. */
static int check_nodev(struct verify *verify, int dir_fd, const struct location *location)
{
	struct statvfs fs;
	struct stat st;

	if (fstatvfs(dir_fd, &fs) < 0 || fstat(dir_fd, &st) < 0)
		return -errno;
	if (!(fs.f_flag & ST_NODEV) || (verify->seen_nodev && verify->nodev == st.st_dev))
		return 0;
	verify->seen_nodev = true;
	verify->nodev = st.st_dev;
	return report_add(verify->report, KMOD_DEVNAME_NODEV, KMOD_DEVNAME_WARNING, location,
			  "is in a file system that is mounted nodev: no node there can be opened");
}

static int judge(struct verify *verify, const struct kmod_devname_node *node, int dir_fd,
		 const char *rest, const struct location *location)
{
	const struct devdir_node wanted = {
		.path = node->name,
		.mode = node->number.type,
		.number = makedev(node->number.major, node->number.minor),
	};
	struct stat st;
	int r = devdir_look(dir_fd, rest, &st);

	if (r == -ENOENT)
		return report_absent(verify, location, node);
	if (r < 0)
		return r;
	if (strchr(rest, '/') || !devdir_is_device(&st))
		return report_obstructed(verify, rest, node);
	if (!devdir_is_node(&st, &wanted))
		return report_wrong(verify, location, node, &st);
	r = check_nodev(verify, dir_fd, location);
	return r == 0 ? check_mode(verify, location, node, &st) : r;
}

static int verify_node(struct verify *verify, const struct kmod_devname_node *node)
{
	const struct location location = { node->name, 0 };
	_cleanup_close_ int dir_fd = -1;
	const char *rest;
	int r = devdir_walk(verify->dev_fd, node->name, false, NULL, &dir_fd, &rest);

	if (r == 0)
		r = judge(verify, node, dir_fd, rest, &location);
	return r < 0 && r != -ENOMEM ? report_system(verify->report, r, &location) : r;
}

int kmod_devname_table_verify(const struct kmod_devname_table *table,
			      struct kmod_devname_report *report, int dev_fd,
			      const struct kmod_devname_permissions *permissions)
{
	struct verify verify = { .report = report, .dev_fd = dev_fd, .permissions = permissions };
	size_t n = kmod_devname_table_size(table);
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(table, i);

		if (table_find(table, node->name) == node)
			r = verify_node(&verify, node);
	}
	return r;
}
