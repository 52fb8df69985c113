// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain: the node in the device directory, who may open it, and its obstacles.
 *
 * In the running system the kernel itself answers for the user who asks. For another user, and in
 * another root directory, the mode, the owner and the ACL answer; the modes of the directories on
 * the way do not count.
 */

#include <errno.h>
#include <grp.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "base/io.h"
#include "dev/devdir.h"
#include "explain.h"
#include "input.h"
#include "modprobe/modprobe.h"
#include "node/table.h"
#include "udev/rules.h"

#define ACL_HEADER_SIZE sizeof(struct posix_acl_xattr_header)

/* --- the file ------------------------------------------------------------------------------ */

/*
 * Links of the running system lead where those of open(2) lead. Those of another root directory
 * lead anywhere below it, and those of --dev only below that.
 */
static int open_explained_node(const struct explain *explain, int flags)
{
	_cleanup_free_ char *path = NULL;

	if (explain->is_host)
		return open_path(explain->subject, O_PATH | flags);
	if (explain->common.dev)
		return open_in_root(explain->dev_fd, explain->name, O_PATH | flags);
	path = join_path("dev", explain->name);
	return open_in_root(explain->kernels.root_fd, path, O_PATH | flags);
}

static void read_node_link(const struct explain *explain, struct explained_node *node)
{
	_cleanup_close_ int fd = open_explained_node(explain, O_NOFOLLOW);
	char target[4096];
	ssize_t size = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof(target));

	if (size > 0)
		node->link = xstrndup(target, (size_t)size);
}

static int stat_node(struct explained_node *node, int fd)
{
	struct statvfs fs;
	struct stat st;
	ssize_t acl_size;

	if (fstat(fd, &st) < 0 || fstatvfs(fd, &fs) < 0)
		return -errno;
	/* major 0 is a whiteout of overlayfs */
	node->state = (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) && major(st.st_rdev) > 0
			      ? EXPLAINED_DEVICE
			      : EXPLAINED_OTHER;
	node->number =
		(struct device_number){ st.st_mode & S_IFMT, major(st.st_rdev), minor(st.st_rdev) };
	node->mode = st.st_mode;
	node->uid = st.st_uid;
	node->gid = st.st_gid;
	node->is_nodev = fs.f_flag & ST_NODEV;
	acl_size = dev_read_acl(fd, &node->acl);
	if (acl_size < 0)
		return (int)acl_size;
	node->acl_size = (size_t)acl_size;
	return 0;
}

static int find_node(struct explain *explain)
{
	struct explained_node *node = &explain->node;
	_cleanup_close_ int fd = open_explained_node(explain, 0);

	if (fd >= 0) {
		read_node_link(explain, node);
		return stat_node(node, fd);
	}
	node->error = -fd;
	if (fd == -EACCES && explain->is_host && !explain->user) {
		node->state = EXPLAINED_HIDDEN;
		return 0;
	}
	read_node_link(explain, node);
	node->state = fd == -ENOTDIR ? EXPLAINED_OBSTRUCTED : EXPLAINED_ABSENT;
	return is_missing(fd) ? 0 : fd;
}

/* --- users and groups ---------------------------------------------------------------------- */

/* The files of the root directory count: the host may have other names for the same IDs. */
static enum status name_owners(const struct explain *explain, struct explained_node *node)
{
	struct kmod_devname_report *report = xreport_new();
	struct accounts accounts = { .root_fd = explain->kernels.root_fd, .report = report };
	int r = accounts_find_name(&accounts, ACCOUNT_USER, node->uid, &node->user);

	if (r == 0)
		r = accounts_find_name(&accounts, ACCOUNT_GROUP, node->gid, &node->group);
	if (!node->user)
		node->user = xasprintf("%u", node->uid);
	if (!node->group)
		node->group = xasprintf("%u", node->gid);
	return finish_report(report, r, explain->subject, base_directory(&explain->common),
			     &explain->common);
}

/* The running system has more users than its files: 1, 0 if there is none, or a negative errno. */
static int find_host_user(const char *name, struct account_user *user)
{
	const struct passwd *entry;
	int n = 0;

	errno = 0;
	entry = getpwnam(name);
	if (!entry)
		return errno == ENOMEM || errno == EMFILE || errno == ENFILE ? -errno : 0;
	user->uid = entry->pw_uid;
	(void)getgrouplist(name, entry->pw_gid, NULL, &n);
	user->groups = xcalloc((size_t)n + 1, sizeof(*user->groups));
	if (getgrouplist(name, entry->pw_gid, user->groups, &n) < 0)
		return -EAGAIN;
	user->size = (size_t)n;
	return 1;
}

static enum status find_user(const struct explain *explain, struct account_user *user)
{
	struct kmod_devname_report *report = xreport_new();
	struct accounts accounts = { .root_fd = explain->kernels.root_fd, .report = report };
	int r = explain->is_host ? find_host_user(explain->user, user)
				 : accounts_find_user(&accounts, explain->user, user);

	if (r == 0)
		say("--user: there is no user '%s'", explain->user);
	return worse(r == 0 ? STATUS_FAILED : STATUS_CLEAN,
		     finish_report(report, r, explain->user, base_directory(&explain->common),
				   &explain->common));
}

static bool has_group(const struct account_user *user, unsigned int gid)
{
	for (size_t i = 0; i < user->size; i++)
		if (user->groups[i] == gid)
			return true;
	return false;
}

/* The classes of acl(5); of those to which a user belongs the first one decides. */
enum acl_class { CLASS_OWNER, CLASS_NAMED, CLASS_GROUP, CLASS_OTHER, CLASS_NONE };

static enum acl_class find_acl_class(const struct explained_node *node,
				     const struct account_user *user,
				     const struct posix_acl_xattr_entry *entry)
{
	uint32_t id = le32toh(entry->e_id);

	switch (le16toh(entry->e_tag)) {
	case ACL_USER_OBJ:
		return user->uid == node->uid ? CLASS_OWNER : CLASS_NONE;
	case ACL_USER:
		return user->uid == id ? CLASS_NAMED : CLASS_NONE;
	case ACL_GROUP_OBJ:
		return has_group(user, node->gid) ? CLASS_GROUP : CLASS_NONE;
	case ACL_GROUP:
		return has_group(user, id) ? CLASS_GROUP : CLASS_NONE;
	case ACL_OTHER:
		return CLASS_OTHER;
	default:
		return CLASS_NONE;
	}
}

/* The permission bits that a user has: root by its capabilities, and others by the ACL. */
static unsigned int find_user_permissions(const struct explained_node *node,
					  const struct account_user *user)
{
	const struct posix_acl_xattr_entry of_mode[] = {
		{ htole16(ACL_USER_OBJ), htole16(node->mode >> 6 & 7), 0 },
		{ htole16(ACL_GROUP_OBJ), htole16(node->mode >> 3 & 7), 0 },
		{ htole16(ACL_OTHER), htole16(node->mode & 7), 0 },
	};
	const char *entries = node->acl ? node->acl + ACL_HEADER_SIZE : (const char *)of_mode;
	size_t size = node->acl ? node->acl_size - ACL_HEADER_SIZE : sizeof(of_mode);
	unsigned int permissions[CLASS_NONE + 1] = { 0 }, mask = 7;
	enum acl_class best = CLASS_OTHER;

	for (size_t i = 0; i + sizeof(of_mode[0]) <= size; i += sizeof(of_mode[0])) {
		struct posix_acl_xattr_entry entry;
		enum acl_class class;

		memcpy(&entry, entries + i, sizeof(entry));
		class = find_acl_class(node, user, &entry);
		permissions[class] |= le16toh(entry.e_perm);
		best = class < best ? class : best;
		if (le16toh(entry.e_tag) == ACL_MASK)
			mask = le16toh(entry.e_perm);
	}
	if (user->uid == 0)
		return 6;
	return permissions[best] & (best == CLASS_NAMED || best == CLASS_GROUP ? mask : 7);
}

static enum status judge_named_user(struct explain *explain)
{
	struct explained_node *node = &explain->node;
	struct account_user user = { 0 };
	enum status status = find_user(explain, &user);
	unsigned int permissions;

	if (status == STATUS_CLEAN && node->state == EXPLAINED_DEVICE) {
		permissions = find_user_permissions(node, &user);
		node->is_judged = true;
		node->may_read = permissions & 4;
		node->may_write = permissions & 2;
		node->error = permissions & 6 ? 0 : EACCES;
	}
	free(user.groups);
	return status;
}

/* The kernel knows groups, capabilities and the rules of a container for devices. */
static void judge_caller(const struct explain *explain, struct explained_node *node)
{
	node->is_judged = true;
	node->may_read = faccessat(AT_FDCWD, explain->subject, R_OK, AT_EACCESS) == 0;
	node->may_write = faccessat(AT_FDCWD, explain->subject, W_OK, AT_EACCESS) == 0;
	node->error = node->may_read || node->may_write ? 0 : errno;
}

/* Errors of the rules count, and warnings are for check to tell. */
static enum status read_node_rules(struct explain *explain, struct explained_node *node)
{
	struct common quiet = explain->common;
	_cleanup_permissions_ struct kmod_devname_permissions *all = NULL;
	const struct kmod_devname_permission *rule;
	enum status status;

	quiet.quiet = true;
	quiet.strict = false;
	if (!quiet.udev_root)
		quiet.udev_root = "";
	status = read_permissions(&quiet, DEFAULT_MODE, explain->kernels.root_fd, NULL, &all);
	explain->findings = worse(explain->findings, status);
	if (status == STATUS_FAILED)
		return STATUS_FAILED;
	rule = permissions_find(all, explain->name);
	if (!rule)
		return STATUS_CLEAN;
	node->rules = xasprintf("%04o %s:%s", rule->mode, rule->user ? rule->user : "root",
				rule->group ? rule->group : "root");
	node->differs = node->state != EXPLAINED_DEVICE || (node->mode & 0777) != rule->mode ||
			node->uid != rule->uid || node->gid != rule->gid;
	node->may_gain = (rule->mode & ~node->mode & 0066) != 0;
	return STATUS_CLEAN;
}

enum status explain_examine_node(struct explain *explain)
{
	struct explained_node *node = &explain->node;
	const char *base = explain->common.dev ? NULL : explain->common.basedir;
	_cleanup_free_ char *path =
		base ? join_path(base, explain->subject + 1) : xstrdup(explain->subject);
	enum status status = STATUS_CLEAN;
	int r = find_node(explain);

	if (r == -EACCES && explain->user && explain->is_host) {
		say("%s: only root can tell what user '%s' may do there", path, explain->user);
		return STATUS_FAILED;
	}
	if (r < 0)
		return say_failure(path, r);
	if (node->state >= EXPLAINED_OTHER)
		status = name_owners(explain, node);
	if (status == STATUS_CLEAN && explain->user)
		status = judge_named_user(explain);
	else if (explain->is_host && node->state == EXPLAINED_DEVICE)
		judge_caller(explain, node);
	return status == STATUS_CLEAN ? read_node_rules(explain, node) : status;
}

/* --- its obstacles ------------------------------------------------------------------------- */

/* 1, 0 or a negative errno. */
static int has_module_of_name(const struct explain *explain, const char *module)
{
	_cleanup_report_ struct kmod_devname_report *report = xreport_new();
	struct modprobe_system system;
	int r = system_open(&system, explain->kernels.root_fd, explain->kernel->directory, false,
			    report);

	if (r < 0)
		return is_missing(r) ? 0 : r;
	r = system_find_dependencies(&system, module) != NULL;
	system_done(&system);
	return r;
}

/* The name may be that of a module, or a node may have it in another directory. */
static int hinder_undeclared(struct explain *explain)
{
	_cleanup_free_ char *wanted = xstrdup(explain->name);
	int r;

	syntax_normalise_module_name(wanted);
	for (size_t i = 0; i < kmod_devname_table_size(explain->table); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(explain->table, i);

		if (strcmp(node->module, wanted) != 0 &&
		    strcmp(syntax_base_name(node->name), explain->name) != 0)
			continue;
		explain_hinder(explain, "absent",
			       FILE_NAME " has no such name; did you mean %s (module %s)?",
			       node->name, node->module);
		return 0;
	}
	r = has_module_of_name(explain, wanted);
	if (r > 0)
		explain_hinder(
			explain, "absent",
			"module %s declares no number for it, so only loading can make it, if the "
			"module makes a node at all; see modules-load.d(5)",
			wanted);
	else if (r == 0)
		explain_hinder(explain, "absent", FILE_NAME " of %s %s", explain->kernel->version,
			       kmod_devname_table_size(explain->table) > 0
				       ? "has no such name"
				       : "is missing or empty; run kmod-devname generate");
	return r < 0 ? r : 0;
}

static int hinder_absent(struct explain *explain)
{
	const struct kmod_devname_node *builtin =
		kmod_devname_table_find_name(explain->builtin, explain->name);

	if (explain->node.link)
		explain_hinder(explain, "absent", "the link leads %s, or remove the link",
			       explain->node.error == ELOOP ? "in a circle; break that"
							    : "to no file; make that");
	else if (!explain->has_number)
		return hinder_undeclared(explain);
	else if (explain_is_made_at_boot(explain))
		return 0;
	else if (builtin)
		explain_hinder(explain, "absent",
			       "built-in module %s has not made it; look for its device in dmesg",
			       builtin->module);
	else
		explain_hinder(explain, "absent",
			       FILE_NAME " has it, and it was not made; run kmod-devname create%s",
			       explain->where);
	return 0;
}

static void hinder_denied(struct explain *explain)
{
	const struct explained_node *node = &explain->node;

	if (node->error == EPERM)
		explain_hinder(explain, "denied",
			       "this container may not use it; allow that where it is set up");
	else if (node->rules && node->may_gain && explain->is_host && !explain->common.dev)
		explain_hinder(
			explain, "denied",
			"udev's rules give another mode; run systemctl restart systemd-udevd");
	else if (node->rules && node->may_gain)
		explain_hinder(
			explain, "denied",
			"udev's rules give another mode; remove it, and run kmod-devname create "
			"--udev%s",
			explain->where);
	else if (node->mode & 0060 && node->gid != 0)
		explain_hinder(explain, "denied",
			       "it is for user %s and group %s; run usermod -aG %s %s, and log in",
			       node->user, node->group, node->group,
			       explain->user ? explain->user : "USER");
	else
		explain_hinder(
			explain, "denied",
			"it is for user %s alone; write a udev rule with GROUP and static_node",
			node->user);
}

static void judge_device(struct explain *explain)
{
	const struct explained_node *node = &explain->node;
	const struct kmod_devname_node *declared = explain->declared;
	char is[SYNTAX_NUMBER_SIZE], wanted[SYNTAX_NUMBER_SIZE];

	if (node->is_judged && !node->may_read && !node->may_write)
		hinder_denied(explain);
	if (node->is_nodev && explain->is_host) {
		explain_hinder(explain, "nodev",
			       "its file system is mounted nodev; remount it with the option dev");
		explain->node.error = EACCES;
	}
	if (!declared || syntax_same_number(&declared->number, &node->number))
		return;
	/* create replaces a device node, and nothing else */
	explain_hinder(explain, "wrong-number", "%s %s, not %s of module %s; %s%s",
		       node->link ? "the link leads to" : "it has",
		       syntax_format_number(&node->number, is),
		       syntax_format_number(&declared->number, wanted), declared->module,
		       node->link ? "remove it, and run kmod-devname create"
				  : "run kmod-devname create --replace",
		       explain->where);
}

int explain_judge_node(struct explain *explain)
{
	enum explained_state state = explain->node.state;

	if (state == EXPLAINED_ABSENT)
		return hinder_absent(explain);
	if (state == EXPLAINED_OBSTRUCTED)
		explain_hinder(explain, "obstructed", "a file has the name of its directory%s",
			       explain->has_number ? "; remove it" : "");
	else if (state == EXPLAINED_HIDDEN)
		explain_hinder(explain, "denied",
			       "you may not search its directory; look at its mode");
	else if (state == EXPLAINED_OTHER)
		explain_hinder(explain, "no-device", "it is not a device node%s%s",
			       explain->has_number ? "; remove it, and run kmod-devname create"
						   : "",
			       explain->has_number ? explain->where : "");
	else if (state == EXPLAINED_DEVICE)
		judge_device(explain);
	return 0;
}

void explain_node_done(struct explained_node *node)
{
	free(node->user);
	free(node->group);
	free(node->link);
	free(node->acl);
	free(node->rules);
}
