// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which files of configuration directories count, and in which order. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "conf-dirs.h"
#include "report.h"

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
	const struct place place = { directory, 0 };
	DIR *stream;
	int r;

	if (fd == -ENOENT || fd == -ELOOP)
		return -ENOENT;
	if (fd < 0)
		return fd == -ENOTDIR ? fd : report_system(dirs->report, fd, &place);
	stream = fdopendir(fd);
	r = stream ? add_entries(dirs, stream, directory) : -errno;
	if (stream) {
		(void)steal_fd(&fd);
		(void)closedir(stream);
	}
	return r < 0 && r != -ENOMEM ? report_system(dirs->report, r, &place) : r;
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
