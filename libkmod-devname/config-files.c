// SPDX-License-Identifier: LGPL-2.1-or-later
/* Files of depmod.d(5) and modprobe.d(5): which, in which order, line by line. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "conf-dirs.h"
#include "config-files.h"
#include "joined-lines.h"
#include "root.h"

/* A file below one of these hides the file of the same name below those behind. */
static const char *const prefixes[] = { "/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib" };

#define N_PREFIXES (sizeof(prefixes) / sizeof(prefixes[0]))

static int read_stream(const struct config_files *files, FILE *stream, const char *path)
{
	struct place place = { path, 0 };
	struct joined_lines lines;
	int status, r = 0;

	joined_lines_init(&lines, stream);
	while (r == 0 && (status = joined_lines_next(&lines)) != LINE_END) {
		place.line = lines.number;
		if (status < 0)
			r = status == -ENOMEM ? status
					      : report_system(files->report, status, &place);
		else if (status == LINE_LONG)
			r = report_add(files->report, KMOD_DEVNAME_LONG_LINE, KMOD_DEVNAME_WARNING,
				       &place, "line is too long and is passed over");
		else
			r = files->take(files->data, &place, lines.text);
	}
	joined_lines_done(&lines);
	return r;
}

/* What is no file says nothing: that is how a file is hidden, by a link to /dev/null. */
static int read_file(const struct config_files *files, const char *path)
{
	const struct place place = { path, 0 };
	FILE *stream;
	int r = root_open_stream(files->root_fd, path, &stream);

	if (r <= 0)
		return r < 0 ? report_system(files->report, r, &place) : 0;
	r = read_stream(files, stream, path);
	(void)fclose(stream);
	return r;
}

static int find_usual(const struct config_files *files, struct conf_dirs *dirs)
{
	int r = files->also ? conf_dirs_add_file(dirs, files->also) : 0;

	for (size_t i = 0; i < N_PREFIXES && r == 0; i++) {
		char *path;

		if (asprintf(&path, "%s/%s", prefixes[i], files->name) < 0)
			return -ENOMEM;
		r = conf_dirs_add(dirs, path);
		if (r == -ENOENT || r == -ENOTDIR)
			r = 0;
		free(path);
	}
	return r;
}

static int find_named(const struct config_files *files, struct conf_dirs *dirs,
		      const char *const *names, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct place place = { names[i], 0 };

		r = conf_dirs_add(dirs, names[i]);
		if (r == -ENOTDIR)
			r = conf_dirs_add_file(dirs, names[i]);
		else if (r == -ENOENT)
			r = report_add(files->report, KMOD_DEVNAME_BAD_CONFIG, KMOD_DEVNAME_WARNING,
				       &place, "does not exist");
	}
	return r;
}

static int read_files(const struct config_files *files, const struct list *found)
{
	int r = 0;

	for (size_t i = 0; i < found->size && r == 0; i++) {
		const struct conf_file *file = found->items[i];

		r = read_file(files, file->path);
	}
	return r;
}

int config_files_read(const struct config_files *files, const char *const *paths, size_t n_paths)
{
	const char *const suffixes[] = { ".conf", files->suffix, NULL };
	struct conf_dirs dirs = { files->root_fd, files->report, suffixes, { 0 } };
	int r = n_paths > 0 ? find_named(files, &dirs, paths, n_paths) : find_usual(files, &dirs);

	if (r == 0) {
		conf_dirs_choose(&dirs);
		r = read_files(files, &dirs.files);
	}
	conf_dirs_done(&dirs);
	return r;
}
