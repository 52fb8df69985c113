// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Configuration directories. conf_dirs_add() collects the files of one directory after the other,
 * and conf_dirs_choose() sorts them by name and drops the masked ones. config_files_read() does all
 * of this for depmod.d and modprobe.d, and passes on the lines of the files that are left.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/confdir.h"
#include "base/io.h"
#include "base/lines.h"

/* Of a line with those that a backslash joins to it. */
#define JOINED_LINE_MAX ((size_t)64 << 10)

static bool has_conf_name(const struct conf_dirs *dirs, const char *name)
{
	size_t size = strlen(name);

	for (size_t i = 0; dirs->suffixes[i] && name[0] != '.'; i++) {
		size_t suffix = strlen(dirs->suffixes[i]);

		if (size >= suffix && strcmp(name + size - suffix, dirs->suffixes[i]) == 0)
			return true;
	}
	return false;
}

/* Links count wherever they lead: one to /dev/null masks a file. */
static int is_file_or_link(int dir_fd, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_REG || entry->d_type == DT_LNK;
	/* Some file systems leave the type to stat(2). */
	if (fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return S_ISREG(st.st_mode) || S_ISLNK(st.st_mode);
}

/* Adds DIRECTORY/NAME, or the name alone if the directory is empty. The file need not exist. */
static int add_conf_file(struct conf_dirs *dirs, const char *directory, const char *name,
			 bool may_lack, bool hides_none)
{
	size_t size = strlen(directory) + strlen(name) + 2;
	struct conf_file *file = malloc(sizeof(*file) + size);
	const char *last;

	if (!file)
		return -ENOMEM;
	(void)snprintf(file->path, size, "%s%s%s", directory, *directory != '\0' ? "/" : "", name);
	last = strrchr(file->path, '/');
	file->name = last ? last + 1 : file->path;
	file->order = dirs->files.size;
	file->may_lack = may_lack;
	file->hides_none = hides_none;
	if (list_push(&dirs->files, file) == 0)
		return 0;
	free(file);
	return -ENOMEM;
}

int conf_dirs_add(struct conf_dirs *dirs, const char *directory)
{
	const struct dirent *entry;
	DIR *stream;
	int r = 0, fd = open_in_root(dirs->root_fd, directory, O_RDONLY | O_DIRECTORY);

	if (fd == -ENOTDIR)
		return fd;
	if (fd < 0)
		return is_missing(fd) ? -ENOENT : dirs->unreadable(dirs->report, fd, directory);
	stream = fdopendir(fd);
	if (!stream) {
		r = -errno;
		close_fd(&fd);
		return r == -ENOMEM ? r : dirs->unreadable(dirs->report, r, directory);
	}
	while (r == 0 && (errno = 0, entry = readdir(stream))) {
		if (!has_conf_name(dirs, entry->d_name))
			continue;
		r = is_file_or_link(fd, entry);
		if (r >= 0)
			r = add_conf_file(dirs, directory, entry->d_name, false, r == 0);
		else
			r = is_missing(r) ? 0 : dirs->unreadable(dirs->report, r, directory);
	}
	/* ENOENT: the directory was removed meanwhile */
	if (r == 0 && errno != 0 && errno != ENOENT)
		r = dirs->unreadable(dirs->report, -errno, directory);
	(void)closedir(stream);
	return r;
}

int conf_dirs_add_usual(struct conf_dirs *dirs, const char *name)
{
	static const char *const parents[] = { "/etc", "/run", "/usr/local/lib", "/usr/lib",
					       "/lib" };

	for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++) {
		_cleanup_free_ char *path = format_text("%s/%s", parents[i], name);
		int r = path ? conf_dirs_add(dirs, path) : -ENOMEM;

		/* None of the usual directories has to exist. */
		if (r < 0 && r != -ENOENT && r != -ENOTDIR)
			return r;
	}
	return 0;
}

static int compare_conf_files(const void *a, const void *b)
{
	const struct conf_file *x = *(const struct conf_file *const *)a;
	const struct conf_file *y = *(const struct conf_file *const *)b;
	int r = strcmp(x->name, y->name);

	if (r == 0)
		r = x->hides_none - y->hides_none;
	return r != 0 ? r : (x->order > y->order) - (x->order < y->order);
}

void conf_dirs_choose(struct conf_dirs *dirs)
{
	struct list *files = &dirs->files;
	const struct conf_file *last = NULL;
	size_t n = 0;

	list_sort(files, compare_conf_files);
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

/* The null device is an empty file to all who read it. */
static bool is_null_device(int root_fd, const char *path)
{
	_cleanup_close_ int fd = open_in_root(root_fd, path, O_PATH);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

/* A link to /dev/null is meant to hide the files of its name; an image need not have the device. */
static bool is_null_link(int root_fd, const char *path)
{
	static const char null[] = "/dev/null";
	_cleanup_close_ int fd = open_in_root(root_fd, path, O_PATH | O_NOFOLLOW);
	char target[PATH_MAX];
	ssize_t size = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof(target));
	size_t null_size = strlen(null);

	return size >= (ssize_t)null_size &&
	       memcmp(target + size - null_size, null, null_size) == 0;
}

static int report_no_file(const struct conf_dirs *dirs, const struct conf_file *file)
{
	const struct location location = { file->path, 0 };

	if (file->may_lack || is_null_device(dirs->root_fd, file->path) ||
	    is_null_link(dirs->root_fd, file->path))
		return 0;
	return report_add(dirs->report, KMOD_DEVNAME_CODE_BAD_CONFIG, KMOD_DEVNAME_SEVERITY_WARNING,
			  &location,
			  "not a regular file; remove it, or replace it with a link to /dev/null");
}

void conf_dirs_done(struct conf_dirs *dirs)
{
	list_done(&dirs->files, free);
}

/* A line without its backslashes, and joined with the next one if the last of them was the end. */
struct joined_line {
	size_t number; /* of the first one */
	char *text;
	size_t size;
	size_t capacity;
};

/* Drops backslashes as kmod does: each stands for the byte behind it. True if one ends the line. */
static bool drop_backslashes(struct lines *lines)
{
	char *text = lines->text;
	size_t n = 0;

	for (size_t i = 0; i < lines->size; i++) {
		if (text[i] == '\\' && ++i == lines->size) {
			lines->size = n;
			return true;
		}
		text[n++] = text[i];
	}
	lines->size = n;
	return false;
}

/* Returns LINE_GOOD, also for a last line without a newline, LINE_LONG, LINE_END or an errno. */
static int read_joined_line(struct lines *lines, struct joined_line *line)
{
	bool continues = true, too_long = false;

	line->number = lines->number + 1;
	line->size = 0;
	while (continues) {
		int status = lines_next(lines);
		char *text;

		if (status < 0 || (status == LINE_END && lines->number == line->number))
			return status;
		if (status == LINE_END)
			break;
		continues = status != LINE_LONG && drop_backslashes(lines);
		/* A line that is too long is read to its end, or its rest would be a line. */
		too_long = too_long || status == LINE_LONG || line->size > JOINED_LINE_MAX;
		if (too_long)
			continue;
		text = array_grow(line->text, &line->capacity, 1, line->size + lines->size + 1);
		if (!text)
			return -ENOMEM;
		line->text = text;
		memcpy(text + line->size, lines->text, lines->size);
		line->size += lines->size;
		text[line->size] = '\0';
	}
	return too_long ? LINE_LONG : LINE_GOOD;
}

static int read_config_file(const struct config_files *files, FILE *stream, const char *path)
{
	struct location location = { path, 0 };
	struct joined_line line = { 0 };
	struct lines lines;
	int status, r = 0;

	lines_init(&lines, stream);
	while (r == 0 && (status = read_joined_line(&lines, &line)) != LINE_END) {
		location.line = line.number;
		if (status < 0)
			r = status == -ENOMEM ? status
					      : report_system(files->report, status, &location);
		else if (status == LINE_LONG)
			r = report_add(files->report, KMOD_DEVNAME_CODE_LONG_LINE,
				       KMOD_DEVNAME_SEVERITY_WARNING, &location,
				       "line too long, and ignored");
		else
			r = files->take(files->data, &location, line.text);
	}
	free(line.text);
	return r;
}

static int report_unreadable_config(struct kmod_devname_report *report, int error, const char *path)
{
	return report_system(report, error, &(struct location){ path, 0 });
}

static int find_conf_files(const struct config_files *files, struct conf_dirs *dirs,
			   const char *const *paths, size_t n_paths)
{
	if (n_paths == 0) {
		int r = files->also ? add_conf_file(dirs, "", files->also, true, false) : 0;

		return r < 0 ? r : conf_dirs_add_usual(dirs, files->name);
	}
	/* The user has named these: a missing one is a finding, and a file needs no suffix. */
	for (size_t i = 0; i < n_paths; i++) {
		const struct location location = { paths[i], 0 };
		int r = conf_dirs_add(dirs, paths[i]);

		if (r == -ENOTDIR)
			r = add_conf_file(dirs, "", paths[i], false, false);
		else if (r == -ENOENT)
			r = report_add(files->report, KMOD_DEVNAME_CODE_BAD_CONFIG,
				       KMOD_DEVNAME_SEVERITY_WARNING, &location,
				       "no such file or directory; correct the path");
		if (r < 0)
			return r;
	}
	return 0;
}

/* Reads the files in their order. */
static int read_conf_files(const struct config_files *files, const struct conf_dirs *dirs)
{
	for (size_t i = 0; i < dirs->files.size; i++) {
		const struct conf_file *file = dirs->files.items[i];
		FILE *stream;
		int r = root_open_stream(dirs->root_fd, file->path, &stream);

		if (r < 0)
			return dirs->unreadable(dirs->report, r, file->path);
		if (r == 0) {
			r = report_no_file(dirs, file);
		} else {
			r = read_config_file(files, stream, file->path);
			(void)fclose(stream);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int config_files_read(const struct config_files *files, const char *const *paths, size_t n_paths)
{
	const char *const suffixes[] = { ".conf", files->suffix, NULL };
	struct conf_dirs dirs = {
		.root_fd = files->root_fd,
		.report = files->report,
		.suffixes = suffixes,
		.unreadable = report_unreadable_config,
	};
	int r = find_conf_files(files, &dirs, paths, n_paths);

	if (r == 0) {
		conf_dirs_choose(&dirs);
		r = read_conf_files(files, &dirs);
	}
	conf_dirs_done(&dirs);
	return r;
}
