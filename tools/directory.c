// SPDX-License-Identifier: GPL-2.0-or-later
/* What a directory that the user names holds, by what else is in it. */

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory.h"
#include "open-path.h"
#include "tool.h"

static bool has_directory(const char *root, const char *path)
{
	char *full = join_path(root, path);
	struct stat st;
	bool has;

	has = full && stat(full, &st) == 0 && S_ISDIR(st.st_mode);
	free(full);
	return has;
}

bool directory_is_root(const char *path)
{
	return has_directory(path, "lib/modules") || has_directory(path, "usr/lib/modules");
}

static bool has(int fd, const char *name)
{
	struct stat st;

	return fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

bool directory_is_plain(const char *path)
{
	/* what kernel packages, depmod and this program put there */
	static const char *const marks[] = { "kernel", "modules.order", "modules.builtin",
					     "modules.dep", FILE_NAME };
	int fd = open_path(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool plain = true;

	if (fd < 0)
		return false;
	/* where modules are built kbuild leaves a modules.order too, but this nowhere else */
	if (!has(fd, "Module.symvers"))
		for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]) && plain; i++)
			plain = !has(fd, marks[i]);
	(void)close(fd);
	return plain;
}
