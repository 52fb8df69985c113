// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Compares a table with the files below a device directory, without changes. The findings have the
 * remedy for each difference. Nodes of one name are verified once.
 */

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/report.h"
#include "dev/devdir.h"
#include "node/table.h"

#define ACL_ENTRIES_SHOWN 4

struct verify_run {
	struct kmod_devname_report *report;
	struct devdir dev;
	const struct kmod_devname_permissions *permissions; /* NULL: modes are not compared */
};

/* What the ACL of a node gives. */
struct node_acl {
	bool has_group; /* a named one */
	size_t n_named; /* users and groups */
	mode_t group_mode; /* of the owning group, where the mode of the file has the mask */
	char text[ACL_ENTRIES_SHOWN * sizeof("group:4294967295:rw-, ")]; /* the first named ones */
};

static void add_acl_entry(struct node_acl *acl, const struct posix_acl_xattr_entry *entry)
{
	unsigned int tag = le16toh(entry->e_tag), mode = le16toh(entry->e_perm);
	size_t size = strlen(acl->text);

	if (tag == ACL_GROUP_OBJ)
		acl->group_mode = (mode & 7) << 3;
	if (tag != ACL_USER && tag != ACL_GROUP)
		return;
	acl->has_group = acl->has_group || tag == ACL_GROUP;
	if (acl->n_named++ < ACL_ENTRIES_SHOWN)
		(void)snprintf(acl->text + size, sizeof(acl->text) - size, "%s%s:%u:%s%s%s",
			       size > 0 ? ", " : "", tag == ACL_USER ? "user" : "group",
			       le32toh(entry->e_id), mode & 4 ? "r" : "-", mode & 2 ? "w" : "-",
			       mode & 1 ? "x" : "-");
}

ssize_t dev_read_acl(int fd, char **ret_acl)
{
	_cleanup_free_ char *acl = NULL;
	char path[FD_PATH_SIZE];
	ssize_t size;

	if (!fd_get_path(fd, path))
		return 0;
	acl = malloc(XATTR_SIZE_MAX);
	if (!acl)
		return -ENOMEM;
	size = getxattr(path, "system.posix_acl_access", acl, XATTR_SIZE_MAX);
	if (size < 0)
		return errno == ENODATA || errno == EOPNOTSUPP || errno == ENOSYS ? 0 : -errno;
	/* without an entry it is none */
	if (size <= (ssize_t)sizeof(struct posix_acl_xattr_header))
		return 0;
	*ret_acl = acl;
	acl = NULL;
	return size;
}

/* Returns 1, 0 if the file has no ACL, or a negative errno. */
static int describe_acl(int dir_fd, const char *name, struct node_acl *ret_acl)
{
	_cleanup_close_ int fd = open_at(dir_fd, name, O_PATH | O_NOFOLLOW, 0);
	const struct posix_acl_xattr_entry *entries;
	_cleanup_free_ char *value = NULL;
	ssize_t size = fd < 0 ? -errno : dev_read_acl(fd, &value);

	if (size <= 0)
		return (int)size;
	entries = (const void *)(value + sizeof(struct posix_acl_xattr_header));
	size -= (ssize_t)sizeof(struct posix_acl_xattr_header);
	for (size_t i = 0; i < (size_t)size / sizeof(*entries); i++)
		add_acl_entry(ret_acl, &entries[i]);
	return 1;
}

/*
 * systemd-logind gives the user of a seat an ACL for the device, by rules that only the device can
 * decide, but it never gives one to a group.
 */
static int report_acl(const struct verify_run *run, const struct location *location,
		      const struct node_acl *acl)
{
	const char *more = acl->n_named > ACL_ENTRIES_SHOWN ? ", ..." : "";

	if (acl->n_named == 0)
		return 0;
	if (acl->has_group)
		return report_add(run->report, KMOD_DEVNAME_CODE_WRONG_MODE,
				  KMOD_DEVNAME_SEVERITY_WARNING, location,
				  "ACL (%s%s) beyond udev's rules; remove it with setfacl -b",
				  acl->text, more);
	return report_add(run->report, KMOD_DEVNAME_CODE_WRONG_MODE, KMOD_DEVNAME_SEVERITY_NOTE,
			  location,
			  "ACL (%s%s) beyond udev's rules; remove it with setfacl -b, unless it is "
			  "systemd-logind's for the user of a seat",
			  acl->text, more);
}

/* The names of other owners than those of the rule are not known here. */
static const char *owner_name(unsigned int id, unsigned int wanted_id, const char *wanted_name,
			      char number[static 16])
{
	if (id == 0)
		return "root";
	if (id == wanted_id && wanted_name)
		return wanted_name;
	(void)snprintf(number, 16, "%u", id);
	return number;
}

static int report_wrong_mode(const struct verify_run *run, const struct location *location,
			     mode_t mode, const struct stat *st,
			     const struct kmod_devname_permission *wanted)
{
	bool is_dev = *run->dev.where == '\0';
	uid_t uid = wanted->uid;
	gid_t gid = wanted->gid;
	char numbers[4][16];

	if (mode == wanted->mode && st->st_uid == uid && st->st_gid == gid)
		return 0;
	return report_add(
		run->report, KMOD_DEVNAME_CODE_WRONG_MODE, KMOD_DEVNAME_SEVERITY_WARNING, location,
		"mode %04o %s:%s, udev's rules say %04o %s:%s; %s%s", mode,
		owner_name(st->st_uid, uid, wanted->user, numbers[0]),
		owner_name(st->st_gid, gid, wanted->group, numbers[1]), wanted->mode,
		owner_name(uid, uid, wanted->user, numbers[2]),
		owner_name(gid, gid, wanted->group, numbers[3]),
		is_dev ? "run systemctl restart systemd-udevd, or udevadm trigger if the module is "
			 "loaded"
		       : "remove it, and run kmod-devname create --udev",
		run->dev.where);
}

/* Without a rule any mode is right: the driver or the administrator has set it. */
static int verify_mode(const struct verify_run *run, const struct location *location,
		       const struct kmod_devname_node *node, int dir_fd, const char *name,
		       const struct stat *st)
{
	const struct kmod_devname_permission *wanted =
		run->permissions ? permissions_find(run->permissions, node->name) : NULL;
	mode_t mode = st->st_mode & 0777;
	struct node_acl acl = { 0 };
	int r;

	if (!wanted)
		return 0;
	r = describe_acl(dir_fd, name, &acl);
	if (r > 0) {
		mode = (mode & 0707) | (acl.group_mode & mode);
		r = report_acl(run, location, &acl);
	}
	return r < 0 ? r : report_wrong_mode(run, location, mode, st, wanted);
}

static int report_absent(const struct verify_run *run, const struct location *location,
			 const struct kmod_devname_node *node)
{
	bool has_rule = run->permissions && permissions_find(run->permissions, node->name);
	char number[SYNTAX_NUMBER_SIZE];

	return report_add(run->report, KMOD_DEVNAME_CODE_ABSENT, KMOD_DEVNAME_SEVERITY_WARNING,
			  location,
			  "no such node (%s), which loads module %s; run kmod-devname create%s%s",
			  syntax_format_number(&node->number, number), node->module,
			  has_rule ? " --udev" : "", run->dev.where);
}

static int verify_node(struct verify_run *run, const struct location *location,
		       const struct kmod_devname_node *node)
{
	const struct dev_node wanted = { .path = node->name, .number = node->number };
	_cleanup_close_ int dir_fd = -1;
	const char *rest;
	struct stat st;
	int r = devdir_walk(&run->dev, node->name, false, &dir_fd, &rest);

	if (r < 0)
		return r;
	r = devdir_look(dir_fd, rest, &node->number, &st);
	if (r < 0)
		return r;
	if (r == DEV_ABSENT)
		return report_absent(run, location, node);
	if (r == DEV_OBSTRUCTED)
		return devdir_report_obstructed(&run->dev, run->report, &wanted, rest,
						devdir_describe_kind(&st));
	if (r == DEV_WRONG)
		return devdir_report_wrong(&run->dev, run->report, &wanted, &st);
	r = devdir_check_nodev(&run->dev, dir_fd, node->name, run->report);
	if (r < 0)
		return r;
	r = verify_mode(run, location, node, dir_fd, rest, &st);
	/* the node can be removed meanwhile */
	return r == -ENOENT ? report_absent(run, location, node) : r;
}

int table_verify(const struct kmod_devname_table *table, struct kmod_devname_report *report,
		 int dev_fd, const char *where, const struct kmod_devname_permissions *permissions)
{
	struct verify_run run = { .report = report,
				  .dev = { .fd = dev_fd, .where = where },
				  .permissions = permissions };
	size_t n = kmod_devname_table_size(table);
	int error = 0;

	for (size_t i = 0; i < n; i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(table, i);
		const struct location location = { node->name, 0 };
		int r;

		if (kmod_devname_table_find_name(table, node->name) != node)
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
