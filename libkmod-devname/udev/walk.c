// SPDX-License-Identifier: LGPL-2.1-or-later
/* All rules of udev below a root directory, one after the other. */

#include <errno.h>
#include <stdlib.h>

#include "base/root.h"
#include "udev/files.h"
#include "udev/lines.h"
#include "udev/walk.h"

struct walk {
	struct kmod_devname_report *report;
	int (*take)(void *data, const struct udev_rule *rule);
	void *data;
	struct udev_lines rules;
};

static int walk_stream(struct walk *walk, const char *file, FILE *stream)
{
	const struct location whole = { file, 0 };
	struct udev_rule rule;
	int status, r = 0;

	udev_lines_init(&walk->rules, stream);
	while (r == 0 && (status = udev_lines_next(&walk->rules)) != 0) {
		if (status < 0)
			return report_system(walk->report, status, &whole);
		rule = (struct udev_rule){ { file, walk->rules.number },
					   walk->rules.fault,
					   walk->rules.text };
		r = walk->take(walk->data, &rule);
	}
	return r;
}

static int walk_files(struct walk *walk, int root_fd, const struct list *files)
{
	int r = 0;

	for (size_t i = 0; i < files->size && r == 0; i++) {
		const struct conf_file *file = files->items[i];
		const struct location location = { file->path, 0 };
		FILE *stream;

		r = root_open_stream(root_fd, location.file, &stream);
		if (r < 0)
			return report_system(walk->report, r, &location);
		if (r == 0)
			continue;
		r = walk_stream(walk, location.file, stream);
		(void)fclose(stream);
	}
	return r;
}

int udev_walk(int root_fd, struct kmod_devname_report *report, struct conf_dirs *ret_dirs,
	      int (*take)(void *data, const struct udev_rule *rule), void *data)
{
	struct walk *walk = calloc(1, sizeof(*walk));
	int r = udev_files_find(root_fd, report, ret_dirs);

	if (!walk)
		return -ENOMEM;
	walk->report = report;
	walk->take = take;
	walk->data = data;
	if (r == 0)
		r = walk_files(walk, root_fd, &ret_dirs->files);
	free(walk);
	return r;
}
