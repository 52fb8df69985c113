// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The columns of list beyond the line of modules.devname: the node in the device directory,
 * its permissions or those that the rules of udev give it, and what modprobe would do (loading.c).
 * An unavailable value stays unknown, with a message.
 */

#include <errno.h>
#include <string.h>

#include "base/io.h"
#include "input.h"
#include "node-status.h"
#include "node/table.h"

enum status node_status_open(struct node_status *status, const char *dev,
			     const struct kernels *kernels, bool is_running,
			     const struct common *common)
{
	*status = (struct node_status){
		.dev_path = dev ? dev : "/dev",
		.dev.fd = -1,
		.accounts = { .root_fd = kernels->root_fd, .report = xreport_new() },
		.common = *common,
	};
	status->common.quiet = true;
	if (dev)
		status->dev.fd = open_path(dev, O_PATH | O_DIRECTORY);
	else if (is_running)
		status->dev.fd = open_in_root(kernels->root_fd, "dev", O_PATH | O_DIRECTORY);
	if (status->dev.fd >= 0 || (!dev && !is_running))
		return STATUS_CLEAN;
	(void)say_failure(status->dev_path, status->dev.fd);
	status->worst = STATUS_FAILED;
	return dev ? STATUS_FAILED : STATUS_CLEAN;
}

enum status node_status_done(struct node_status *status)
{
	enum status result = worse(status->worst, loading_close(status->loading));

	devdir_done(&status->dev);
	close_fd(&status->dev.fd);
	accounts_done(&status->accounts);
	kmod_devname_permissions_unref(status->permissions);
	return worse(result, finish_report(status->accounts.report, 0, "", "", &status->common));
}

/* "absent", "obstructed", "wrong" or "present", with *ret_st for the last two; or NULL. */
static const char *look_at_node(struct node_status *status, const struct kmod_devname_node *node,
				struct stat *ret_st)
{
	const struct dev_node wanted = { .number = node_number(node) };
	_cleanup_close_ int dir_fd = -1;
	const char *rest;
	int r = devdir_walk(&status->dev, kmod_devname_node_get_name(node), false, &dir_fd, &rest);

	if (r == 0)
		r = devdir_look(dir_fd, rest, ret_st);
	if (r == -ENOMEM)
		die_without_memory();
	if (r == -ENOENT)
		return "absent";
	if (r < 0) {
		_cleanup_free_ char *path =
			join_path(status->dev_path, kmod_devname_node_get_name(node));

		(void)say_failure(path, r);
		status->worst = STATUS_FAILED;
		return NULL;
	}
	if (strchr(rest, '/') || !dev_file_is_device(ret_st))
		return "obstructed";
	return dev_file_is_node(ret_st, &wanted) ? "present" : "wrong";
}

/* The name of a user or group, or else the number, in the room for it. */
static const char *name_owner(struct node_status *status, enum account_kind kind, unsigned int id)
{
	_cleanup_free_ char *name = NULL, *escaped = NULL;
	char *text = status->owners[kind];
	int r = accounts_find_name(&status->accounts, kind, id, &name);

	if (r == -ENOMEM)
		die_without_memory();
	if (r == 0 && name)
		escaped = escape(name);
	if (escaped)
		(void)snprintf(text, sizeof(status->owners[kind]), "%s", escaped);
	else
		(void)snprintf(text, sizeof(status->owners[kind]), "%u", id);
	return text;
}

static void fill_permission(struct node_status *status, const char *name, const struct stat *st,
			    struct printed_node *node)
{
	const struct kmod_devname_permission *permission;

	node->lacks_permission = false;
	if (!status->permissions) {
		node->mode = st->st_mode & 07777;
		node->uid = st->st_uid;
		node->gid = st->st_gid;
		node->user = name_owner(status, ACCOUNT_USER, st->st_uid);
		node->group = name_owner(status, ACCOUNT_GROUP, st->st_gid);
		return;
	}
	permission = kmod_devname_permissions_get(status->permissions, name);
	node->mode = kmod_devname_permission_get_mode(permission);
	node->uid = kmod_devname_permission_get_uid(permission);
	node->gid = kmod_devname_permission_get_gid(permission);
	node->user = kmod_devname_permission_get_user(permission);
	node->group = kmod_devname_permission_get_group(permission);
}

void node_status_get(struct node_status *status, const struct kmod_devname_node *node,
		     struct printed_node *ret_node)
{
	struct stat st = { 0 };

	*ret_node = (struct printed_node){
		.module = kmod_devname_node_get_module(node),
		.name = kmod_devname_node_get_name(node),
		.number = node_number(node),
		.lacks_permission = true,
	};
	if (status->dev.fd >= 0)
		ret_node->state = look_at_node(status, node, &st);
	if (status->permissions ||
	    (ret_node->state && (*ret_node->state == 'p' || *ret_node->state == 'w')))
		fill_permission(status, ret_node->name, &st, ret_node);
	if (status->loading)
		ret_node->loaded = loading_get(status->loading, node);
}
