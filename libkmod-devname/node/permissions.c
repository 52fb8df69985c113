// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Mode and owner of nodes by name. udev/ fills them from udev's rules; dev/ and the output formats
 * of text/ read them. A node without an entry has the default permission.
 */

#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "node/table.h"

int kmod_devname_permissions_new(mode_t mode, struct kmod_devname_permissions **ret_permissions)
{
	struct kmod_devname_permissions *permissions;

	/* Other bits have no meaning for a device node. */
	if ((mode & ~(mode_t)0777) != 0)
		return -EINVAL;
	permissions = calloc(1, sizeof(*permissions));
	if (!permissions)
		return -ENOMEM;
	permissions->default_permission.mode = mode;
	*ret_permissions = permissions;
	return 0;
}

static void permission_free(void *p)
{
	struct kmod_devname_permission *permission = p;

	free(permission->user);
	free(permission->group);
	free(permission->name);
	free(permission);
}

struct kmod_devname_permissions *
kmod_devname_permissions_unref(struct kmod_devname_permissions *permissions)
{
	if (!permissions)
		return NULL;
	tdestroy(permissions->by_name, permission_free);
	free(permissions);
	return NULL;
}

static int compare_permissions(const void *a, const void *b)
{
	const struct kmod_devname_permission *x = a, *y = b;

	return strcmp(x->name, y->name);
}

const struct kmod_devname_permission *
permissions_find(const struct kmod_devname_permissions *permissions, const char *name)
{
	const struct kmod_devname_permission key = { .name = (char *)(uintptr_t)name };
	struct kmod_devname_permission *const *found =
		tfind(&key, &permissions->by_name, compare_permissions);

	return found ? *found : NULL;
}

const struct kmod_devname_permission *
kmod_devname_permissions_get(const struct kmod_devname_permissions *permissions, const char *name)
{
	static const struct kmod_devname_permission plain = { .mode = PERMISSIONS_PLAIN_MODE };
	const struct kmod_devname_permission *permission;

	if (!permissions)
		return &plain;
	permission = permissions_find(permissions, name);
	return permission ? permission : &permissions->default_permission;
}

/* Copies a text, which may be NULL. False if there is no memory. */
static bool copy_text(const char *text, char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return *ret_copy || !text;
}

int permissions_add(struct kmod_devname_permissions *permissions, const char *name, mode_t mode,
		    const struct owner *user, const struct owner *group)
{
	struct kmod_devname_permission *permission;

	if (permissions_find(permissions, name))
		return 0;
	permission = calloc(1, sizeof(*permission));
	if (!permission)
		return -ENOMEM;
	permission->mode = mode;
	permission->uid = user->id;
	permission->gid = group->id;
	if (copy_text(name, &permission->name) && copy_text(user->text, &permission->user) &&
	    copy_text(group->text, &permission->group) &&
	    tsearch(permission, &permissions->by_name, compare_permissions))
		return 0;
	permission_free(permission);
	return -ENOMEM;
}

mode_t kmod_devname_permission_get_mode(const struct kmod_devname_permission *permission)
{
	return permission->mode;
}

uid_t kmod_devname_permission_get_uid(const struct kmod_devname_permission *permission)
{
	return permission->uid;
}

gid_t kmod_devname_permission_get_gid(const struct kmod_devname_permission *permission)
{
	return permission->gid;
}

const char *kmod_devname_permission_get_user(const struct kmod_devname_permission *permission)
{
	return permission->user;
}

const char *kmod_devname_permission_get_group(const struct kmod_devname_permission *permission)
{
	return permission->group;
}
