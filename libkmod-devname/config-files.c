// SPDX-License-Identifier: LGPL-2.1-or-later
/* Files of depmod.d(5) and modprobe.d(5): which, in which order, line by line. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "config-files.h"
#include "joined-lines.h"
#include "list.h"

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
int config_files_read_one(const struct config_files *files, const char *path)
{
	_cleanup_close_ int fd = kmod_devname_open_in_root(
		files->root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	const struct place place = { path, 0 };
	struct stat st;
	FILE *stream;
	int r;

	if (fd == -ENOENT || fd == -ENXIO)
		return 0;
	if (fd < 0)
		return report_system(files->report, fd, &place);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	stream = fdopen(fd, "re");
	if (!stream)
		return -ENOMEM;
	(void)steal_fd(&fd);
	r = read_stream(files, stream, path);
	(void)fclose(stream);
	return r;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int compare_base_names(const void *a, const void *b)
{
	return strcmp(base_name(*(char *const *)a), base_name(*(char *const *)b));
}

/* Takes the path unless a file of that name is there already. */
static int add_file(struct list *paths, char *path)
{
	int r;

	if (!path)
		return -ENOMEM;
	for (size_t i = 0; i < paths->size; i++)
		if (compare_base_names(&paths->items[i], &path) == 0) {
			free(path);
			return 0;
		}
	r = list_push(paths, path);
	if (r < 0)
		free(path);
	return r;
}

static bool is_config_name(const struct config_files *files, const char *name)
{
	const char *suffix = strrchr(name, '.');

	if (name[0] == '.' || !suffix)
		return false;
	return strcmp(suffix, ".conf") == 0 ||
	       (files->suffix && strcmp(suffix, files->suffix) == 0);
}

static int add_directory(const struct config_files *files, struct list *paths, DIR *dir,
			 const char *path)
{
	const struct dirent *entry;
	char *file;
	int r = 0;

	while (r == 0 && (errno = 0, entry = readdir(dir)))
		if (is_config_name(files, entry->d_name))
			r = add_file(paths, asprintf(&file, "%s/%s", path, entry->d_name) < 0
						    ? NULL
						    : file);
	return r == 0 ? -errno : r;
}

/* Adds a file, or those of a directory. */
static int add_path(const struct config_files *files, struct list *paths, const char *path)
{
	_cleanup_close_ int fd =
		kmod_devname_open_in_root(files->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct place place = { path, 0 };
	DIR *dir;
	int r;

	if (fd == -ENOTDIR)
		return add_file(paths, strdup(path));
	if (fd < 0)
		return fd == -ENOENT ? fd : report_system(files->report, fd, &place);
	dir = fdopendir(fd);
	if (!dir)
		return -errno;
	(void)steal_fd(&fd);
	r = add_directory(files, paths, dir, path);
	(void)closedir(dir);
	return r < 0 && r != -ENOMEM ? report_system(files->report, r, &place) : r;
}

static int find_usual(const struct config_files *files, struct list *paths)
{
	int r = 0;

	for (size_t i = 0; i < N_PREFIXES && r == 0; i++) {
		char *path;

		if (asprintf(&path, "%s/%s", prefixes[i], files->name) < 0)
			return -ENOMEM;
		r = add_path(files, paths, path);
		r = r == -ENOENT ? 0 : r;
		free(path);
	}
	return r;
}

static int find_named(const struct config_files *files, struct list *paths,
		      const char *const *names, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct place place = { names[i], 0 };

		r = add_path(files, paths, names[i]);
		if (r == -ENOENT)
			r = report_add(files->report, KMOD_DEVNAME_BAD_CONFIG, KMOD_DEVNAME_WARNING,
				       &place, "does not exist");
	}
	return r;
}

int config_files_read(const struct config_files *files, const char *const *paths, size_t n_paths)
{
	struct list found = { 0 };
	int r = n_paths > 0 ? find_named(files, &found, paths, n_paths) : find_usual(files, &found);

	list_sort(&found, compare_base_names);
	for (size_t i = 0; i < found.size && r == 0; i++)
		r = config_files_read_one(files, found.items[i]);
	list_done(&found, free);
	return r;
}
