// SPDX-License-Identifier: LGPL-2.1-or-later
/* The text of depmod.d(5) -> configuration. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "depmod-config.h"
#include "joined-lines.h"
#include "list.h"
#include "report.h"

/* A file of these hides the file of the same name in those behind. */
static const char *const default_paths[] = {
	"/etc/depmod.d",     "/run/depmod.d", "/usr/local/lib/depmod.d",
	"/usr/lib/depmod.d", "/lib/depmod.d",
};

#define N_DEFAULT_PATHS (sizeof(default_paths) / sizeof(default_paths[0]))
#define BLANKS " \t"

struct statement {
	struct kmod_devname_config *config;
	struct kmod_devname_report *report;
	struct place place;
	char *rest; /* of the line */
};

static char *next_word(struct statement *statement)
{
	return strtok_r(NULL, BLANKS, &statement->rest);
}

static int report_bad(const struct statement *statement, const char *what, const char *word)
{
	return report_add(statement->report, KMOD_DEVNAME_BAD_CONFIG, KMOD_DEVNAME_WARNING,
			  &statement->place, "'%s' %s", word, what);
}

/* Returns 1 if the statement is meant for the kernel; if not 0, or -ENOMEM. */
static int is_for_kernel(const struct statement *statement, const char *pattern)
{
	int r = depmod_config_is_for_kernel(statement->config, pattern);

	return r == -EINVAL ? report_bad(statement, "is not a regular expression", pattern) : r;
}

static int read_words(struct statement *statement,
		      int (*add)(struct kmod_devname_config *config, const char *word))
{
	const char *word;
	int r = 0;

	while (r == 0 && (word = next_word(statement)))
		r = add(statement->config, word);
	return r;
}

static int read_override(struct statement *statement)
{
	const char *module = next_word(statement), *pattern = next_word(statement);
	const char *directory = next_word(statement);
	int r;

	if (!module || !pattern || !directory)
		return report_bad(statement, "wants a module, a kernel and a directory",
				  "override");
	r = is_for_kernel(statement, pattern);
	return r > 0 ? depmod_config_add_override(statement->config, module, directory) : r;
}

/* The manual page speaks of several directories; depmod takes one, and so is found what it finds.
 */
static int read_external(struct statement *statement)
{
	const char *pattern = next_word(statement), *directory = next_word(statement);
	const char *more = next_word(statement);
	int r;

	if (!pattern || !directory)
		return report_bad(statement, "wants a kernel and a directory", "external");
	if (directory[0] != '/')
		return report_bad(statement, "does not begin with a slash", directory);
	r = is_for_kernel(statement, pattern);
	if (r > 0)
		r = depmod_config_add_external(statement->config, directory);
	if (r == 0 && more)
		r = report_bad(statement, "is one directory too many: depmod reads the first only",
			       more);
	return r;
}

static int read_statement(struct statement *statement, char *text)
{
	const char *word = text[0] == '#' ? NULL : strtok_r(text, BLANKS, &statement->rest);

	if (!word)
		return 0;
	if (strcmp(word, "search") == 0)
		return read_words(statement, depmod_config_add_search);
	if (strcmp(word, "override") == 0)
		return read_override(statement);
	if (strcmp(word, "external") == 0)
		return read_external(statement);
	if (strcmp(word, "exclude") == 0)
		return read_words(statement, depmod_config_add_exclude);
	return report_bad(statement, "is no command of depmod.d(5)", word);
}

static int read_stream(struct kmod_devname_config *config, struct kmod_devname_report *report,
		       FILE *stream, const char *file)
{
	struct statement statement = { config, report, { file, 0 }, NULL };
	struct joined_lines lines;
	int status, r = 0;

	joined_lines_init(&lines, stream);
	while (r == 0 && (status = joined_lines_next(&lines)) != LINE_END) {
		statement.place.line = lines.number;
		if (status < 0)
			r = status == -ENOMEM ? status
					      : report_system(report, status, &statement.place);
		else if (status == LINE_LONG)
			r = report_add(report, KMOD_DEVNAME_LONG_LINE, KMOD_DEVNAME_WARNING,
				       &statement.place, "line is too long and is passed over");
		else
			r = read_statement(&statement, lines.text);
	}
	joined_lines_done(&lines);
	return r;
}

/* What is no file says nothing: that is how a file is hidden, by a link to /dev/null. */
static int read_file(struct kmod_devname_config *config, struct kmod_devname_report *report,
		     int root_fd, const char *path)
{
	_cleanup_close_ int fd = kmod_devname_open_in_root(
		root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	const struct place place = { path, 0 };
	struct stat st;
	FILE *stream;
	int r;

	if (fd == -ENOENT || fd == -ENXIO)
		return 0;
	if (fd < 0)
		return report_system(report, fd, &place);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	stream = fdopen(fd, "re");
	if (!stream)
		return -ENOMEM;
	(void)steal_fd(&fd);
	r = read_stream(config, report, stream, path);
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
static int add_file(struct list *files, char *path)
{
	int r;

	if (!path)
		return -ENOMEM;
	for (size_t i = 0; i < files->size; i++)
		if (compare_base_names(&files->items[i], &path) == 0) {
			free(path);
			return 0;
		}
	r = list_push(files, path);
	if (r < 0)
		free(path);
	return r;
}

static bool is_config_name(const char *name)
{
	const char *suffix = strrchr(name, '.');

	return name[0] != '.' && suffix && strcmp(suffix, ".conf") == 0;
}

static int add_directory(struct list *files, DIR *dir, const char *path)
{
	const struct dirent *entry;
	char *file;
	int r = 0;

	while (r == 0 && (errno = 0, entry = readdir(dir)))
		if (is_config_name(entry->d_name))
			r = add_file(files, asprintf(&file, "%s/%s", path, entry->d_name) < 0
						    ? NULL
						    : file);
	return r == 0 ? -errno : r;
}

/* Adds a file, or those of a directory. */
static int add_path(struct list *files, struct kmod_devname_report *report, int root_fd,
		    const char *path)
{
	_cleanup_close_ int fd =
		kmod_devname_open_in_root(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct place place = { path, 0 };
	DIR *dir;
	int r;

	if (fd == -ENOTDIR)
		return add_file(files, strdup(path));
	if (fd < 0)
		return fd == -ENOENT ? fd : report_system(report, fd, &place);
	dir = fdopendir(fd);
	if (!dir)
		return -errno;
	(void)steal_fd(&fd);
	r = add_directory(files, dir, path);
	(void)closedir(dir);
	return r < 0 && r != -ENOMEM ? report_system(report, r, &place) : r;
}

static int find_files(struct list *files, struct kmod_devname_report *report, int root_fd,
		      const char *const *paths, size_t n_paths)
{
	int r = 0;

	for (size_t i = 0; i < N_DEFAULT_PATHS && n_paths == 0 && r == 0; i++) {
		r = add_path(files, report, root_fd, default_paths[i]);
		r = r == -ENOENT ? 0 : r;
	}
	for (size_t i = 0; i < n_paths && r == 0; i++) {
		const struct place place = { paths[i], 0 };

		r = add_path(files, report, root_fd, paths[i]);
		if (r == -ENOENT)
			r = report_add(report, KMOD_DEVNAME_BAD_CONFIG, KMOD_DEVNAME_WARNING,
				       &place, "does not exist");
	}
	return r;
}

int kmod_devname_config_read(struct kmod_devname_config *config, struct kmod_devname_report *report,
			     int root_fd, const char *const *paths, size_t n_paths)
{
	struct list files = { 0 };
	int r = find_files(&files, report, root_fd, paths, n_paths);

	list_sort(&files, compare_base_names);
	for (size_t i = 0; i < files.size && r == 0; i++)
		r = read_file(config, report, root_fd, files.items[i]);
	list_done(&files, free);
	return r;
}
