// SPDX-License-Identifier: LGPL-2.1-or-later
/* Mode and owner of nodes. */

#include <errno.h>
#include <stdlib.h>

#include "libkmod-devname.h"

struct kmod_devname_permission {
	mode_t mode;
	uid_t uid;
	gid_t gid;
	char *user; /* as the rule has them, or NULL */
	char *group;
};

struct kmod_devname_permissions {
	unsigned int references;
	struct kmod_devname_permission others; /* for names of which nothing is known */
};

int kmod_devname_permissions_new(mode_t mode, struct kmod_devname_permissions **ret_permissions)
{
	struct kmod_devname_permissions *permissions;

	if ((mode & ~(mode_t)0777) != 0)
		return -EINVAL;
	permissions = calloc(1, sizeof(*permissions));
	if (!permissions)
		return -ENOMEM;
	permissions->references = 1;
	permissions->others.mode = mode;
	*ret_permissions = permissions;
	return 0;
}

struct kmod_devname_permissions *
kmod_devname_permissions_ref(struct kmod_devname_permissions *permissions)
{
	permissions->references++;
	return permissions;
}

struct kmod_devname_permissions *
kmod_devname_permissions_unref(struct kmod_devname_permissions *permissions)
{
	if (permissions && --permissions->references == 0)
		free(permissions);
	return NULL;
}

const struct kmod_devname_permission *
kmod_devname_permissions_get(const struct kmod_devname_permissions *permissions, const char *name)
{
	(void)name;
	return &permissions->others;
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
