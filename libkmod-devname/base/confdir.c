// SPDX-License-Identifier: LGPL-2.1-or-later
/* The files of configuration directories: which count, in which order, and their lines. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/confdir.h"
#include "base/lines.h"
#include "base/root.h"

static bool has_suffix(const struct conf_dirs *dirs, const char *name)
{
	size_t size = strlen(name);

	if (name[0] == '.')
		return false;
	for (size_t i = 0; dirs->suffixes[i]; i++) {
		size_t suffix = strlen(dirs->suffixes[i]);

		if (size >= suffix && strcmp(name + size - suffix, dirs->suffixes[i]) == 0)
			return true;
	}
	return false;
}

static bool is_file_or_link(int dir_fd, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_REG || entry->d_type == DT_LNK;
	return fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode));
}

/* Adds DIRECTORY/NAME, or the name alone if the directory is empty. */
static int add(struct conf_dirs *dirs, const char *directory, const char *name)
{
	size_t size = strlen(directory), slash = size > 0, name_size = strlen(name) + 1;
	struct conf_file *file = malloc(sizeof(*file) + size + slash + name_size);
	const char *last;

	if (!file)
		return -ENOMEM;
	memcpy(file->path, directory, size);
	memcpy(file->path + size, "/", slash);
	memcpy(file->path + size + slash, name, name_size);
	last = strrchr(file->path, '/');
	file->name = last ? last + 1 : file->path;
	file->order = dirs->files.size;
	if (list_push(&dirs->files, file) == 0)
		return 0;
	free(file);
	return -ENOMEM;
}

static int add_entries(struct conf_dirs *dirs, DIR *stream, const char *directory)
{
	const struct dirent *entry;
	int r = 0;

	while (r == 0 && (errno = 0, entry = readdir(stream)))
		if (has_suffix(dirs, entry->d_name) && is_file_or_link(dirfd(stream), entry))
			r = add(dirs, directory, entry->d_name);
	return r == 0 ? -errno : r;
}

int conf_dirs_add(struct conf_dirs *dirs, const char *directory)
{
	_cleanup_close_ int fd =
		kmod_devname_open_in_root(dirs->root_fd, directory, O_RDONLY | O_DIRECTORY);
	const struct location location = { directory, 0 };
	DIR *stream;
	int r;

	if (fd == -ENOENT || fd == -ELOOP)
		return -ENOENT;
	if (fd < 0)
		return fd == -ENOTDIR ? fd : report_system(dirs->report, fd, &location);
	stream = fdopendir(fd);
	r = stream ? add_entries(dirs, stream, directory) : -errno;
	if (stream) {
		(void)steal_fd(&fd);
		(void)closedir(stream);
	}
	return r < 0 && r != -ENOMEM ? report_system(dirs->report, r, &location) : r;
}

int conf_dirs_add_file(struct conf_dirs *dirs, const char *path)
{
	return add(dirs, "", path);
}

static int compare_files(const void *a, const void *b)
{
	const struct conf_file *x = *(const struct conf_file *const *)a;
	const struct conf_file *y = *(const struct conf_file *const *)b;
	int r = strcmp(x->name, y->name);

	return r != 0 ? r : (x->order > y->order) - (x->order < y->order);
}

void conf_dirs_choose(struct conf_dirs *dirs)
{
	struct list *files = &dirs->files;
	const struct conf_file *last = NULL;
	size_t n = 0;

	list_sort(files, compare_files);
	for (size_t i = 0; i < files->size; i++) {
		struct conf_file *file = files->items[i];

		if (last && strcmp(last->name, file->name) == 0) {
			free(file);
			continue;
		}
		files->items[n++] = file;
		last = file;
	}
	files->size = n;
}

void conf_dirs_done(struct conf_dirs *dirs)
{
	list_done(&dirs->files, free);
}

/* A file below one of these hides the file of the same name below those behind. */
static const char *const prefixes[] = { "/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib" };

#define N_PREFIXES (sizeof(prefixes) / sizeof(prefixes[0]))

static int read_stream(const struct config_files *files, FILE *stream, const char *path)
{
	struct location location = { path, 0 };
	struct joined_lines lines;
	int status, r = 0;

	joined_lines_init(&lines, stream);
	while (r == 0 && (status = joined_lines_next(&lines)) != LINE_END) {
		location.line = lines.number;
		if (status < 0)
			r = status == -ENOMEM ? status
					      : report_system(files->report, status, &location);
		else if (status == LINE_LONG)
			r = report_add(files->report, KMOD_DEVNAME_LONG_LINE, KMOD_DEVNAME_WARNING,
				       &location, "line is too long and is passed over");
		else
			r = files->take(files->data, &location, lines.text);
	}
	joined_lines_done(&lines);
	return r;
}

/* What is no file says nothing: that is how a file is hidden, by a link to /dev/null. */
static int read_file(const struct config_files *files, const char *path)
{
	const struct location location = { path, 0 };
	FILE *stream = NULL;
	int r = root_open_stream(files->root_fd, path, &stream);

	if (r <= 0)
		return r < 0 ? report_system(files->report, r, &location) : 0;
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
		const struct location location = { names[i], 0 };

		r = conf_dirs_add(dirs, names[i]);
		if (r == -ENOTDIR)
			r = conf_dirs_add_file(dirs, names[i]);
		else if (r == -ENOENT)
			r = report_add(files->report, KMOD_DEVNAME_BAD_CONFIG, KMOD_DEVNAME_WARNING,
				       &location, "does not exist");
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
