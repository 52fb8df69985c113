// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which files hold udev's rules. Knows nothing of what is in them. */

#include <errno.h>

#include "udev/files.h"

/* Of two files of one name, that in the directory further up counts. */
static const char *const directories[] = {
	"etc/udev/rules.d",     "run/udev/rules.d", "usr/local/lib/udev/rules.d",
	"usr/lib/udev/rules.d", "lib/udev/rules.d",
};
#define N_DIRECTORIES (sizeof(directories) / sizeof(directories[0]))

int udev_files_find(int root_fd, struct kmod_devname_report *report, struct conf_dirs *ret_dirs)
{
	static const char *const suffixes[] = { ".rules", NULL };

	*ret_dirs = (struct conf_dirs){ root_fd, report, suffixes, { 0 } };
	for (size_t i = 0; i < N_DIRECTORIES; i++) {
		int r = conf_dirs_add(ret_dirs, directories[i]);

		if (r < 0 && r != -ENOENT && r != -ENOTDIR)
			return r;
	}
	conf_dirs_choose(ret_dirs);
	return 0;
}
