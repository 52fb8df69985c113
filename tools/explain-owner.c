// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain: names of users and groups, as the files of the root directory have them. Not those that
 * the host knows, of which another root has others.
 */

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "explain.h"

/* NULL if there is no such file; nothing depends on it. */
static FILE *open_file(const struct explain *explain, const char *path)
{
	int fd = kmod_devname_open_in_root(explain->kernels.root_fd, path,
					   O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	FILE *stream = NULL;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		stream = fdopen(fd, "re");
	if (!stream && fd >= 0)
		(void)close(fd);
	return stream;
}

/* The name that a file has for an ID, good until the next call; or NULL. */
static const char *find_user(FILE *stream, unsigned int id)
{
	const struct passwd *entry;

	while ((entry = fgetpwent(stream)))
		if (entry->pw_uid == id)
			return entry->pw_name;
	return NULL;
}

static const char *find_group(FILE *stream, unsigned int id)
{
	const struct group *entry;

	while ((entry = fgetgrent(stream)))
		if (entry->gr_gid == id)
			return entry->gr_name;
	return NULL;
}

/* The first file that knows it; image-based systems have those of their own in /usr/lib. */
static char *find(const struct explain *explain, const char *const paths[2],
		  const char *(*find_name)(FILE *, unsigned int), unsigned int id)
{
	char *text = NULL;

	for (int i = 0; i < 2 && !text; i++) {
		FILE *stream = open_file(explain, paths[i]);
		const char *name = stream ? find_name(stream, id) : NULL;

		if (name)
			text = strdup(name);
		if (stream)
			(void)fclose(stream);
	}
	if (!text && asprintf(&text, "%u", id) < 0)
		return NULL;
	return text;
}

char *user_text(const struct explain *explain, uid_t uid)
{
	static const char *const paths[] = { "etc/passwd", "usr/lib/passwd" };

	return find(explain, paths, find_user, uid);
}

char *group_text(const struct explain *explain, gid_t gid)
{
	static const char *const paths[] = { "etc/group", "usr/lib/group" };

	return find(explain, paths, find_group, gid);
}
