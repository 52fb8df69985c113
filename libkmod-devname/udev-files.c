// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which files hold udev's rules, and in which order. Knows nothing of what is in them. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"
#include "udev-files.h"

/* Of two files of one name, that in the directory further up counts. */
static const char *const directories[] = {
	"etc/udev/rules.d",     "run/udev/rules.d", "usr/local/lib/udev/rules.d",
	"usr/lib/udev/rules.d", "lib/udev/rules.d",
};
#define N_DIRECTORIES (sizeof(directories) / sizeof(directories[0]))

struct rules_file {
	size_t directory;
	char name[];
};

static bool has_rules_name(const char *name)
{
	static const char suffix[] = ".rules";
	size_t size = strlen(name);

	return name[0] != '.' && size >= strlen(suffix) &&
	       strcmp(name + size - strlen(suffix), suffix) == 0;
}

static unsigned char get_type(int dir_fd, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return DT_UNKNOWN;
	return S_ISREG(st.st_mode) ? DT_REG : S_ISLNK(st.st_mode) ? DT_LNK : DT_UNKNOWN;
}

/* A link hides files of its name wherever it leads, be it nowhere: so do links to /dev/null. */
static bool counts(int dir_fd, const struct dirent *entry)
{
	unsigned char type = has_rules_name(entry->d_name) ? get_type(dir_fd, entry) : DT_UNKNOWN;

	return type == DT_REG || type == DT_LNK;
}

static int add(struct list *files, size_t directory, const char *name)
{
	size_t size = strlen(name) + 1;
	struct rules_file *file = malloc(sizeof(*file) + size);

	if (!file)
		return -ENOMEM;
	file->directory = directory;
	memcpy(file->name, name, size);
	if (list_push(files, file) == 0)
		return 0;
	free(file);
	return -ENOMEM;
}

static int list_entries(DIR *stream, size_t directory, struct list *files)
{
	const struct dirent *entry;
	int r = 0;

	while (r == 0) {
		errno = 0;
		entry = readdir(stream);
		if (!entry)
			return -errno;
		if (counts(dirfd(stream), entry))
			r = add(files, directory, entry->d_name);
	}
	return r;
}

static int list_directory(int root_fd, size_t directory, struct list *files)
{
	int fd = kmod_devname_open_in_root(root_fd, directories[directory], O_RDONLY | O_DIRECTORY),
	    r;
	DIR *stream;

	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR ? 0 : fd;
	stream = fdopendir(fd);
	if (!stream) {
		(void)close(fd);
		return -ENOMEM;
	}
	r = list_entries(stream, directory, files);
	(void)closedir(stream);
	return r;
}

static int compare_files(const void *a, const void *b)
{
	const struct rules_file *x = *(const struct rules_file *const *)a;
	const struct rules_file *y = *(const struct rules_file *const *)b;
	int r = strcmp(x->name, y->name);

	return r != 0 ? r : (x->directory > y->directory) - (x->directory < y->directory);
}

static int add_path(struct list *paths, const struct rules_file *file)
{
	char *path;

	if (asprintf(&path, "%s/%s", directories[file->directory], file->name) < 0)
		return -ENOMEM;
	if (list_push(paths, path) == 0)
		return 0;
	free(path);
	return -ENOMEM;
}

/* The files are sorted, so that the one that counts is the first of its name. */
static int choose(const struct list *files, struct list *paths)
{
	const struct rules_file *last = NULL;
	int r = 0;

	for (size_t i = 0; i < files->size && r == 0; i++) {
		const struct rules_file *file = files->items[i];

		if (!last || strcmp(last->name, file->name) != 0)
			r = add_path(paths, file);
		last = file;
	}
	return r;
}

int udev_files_list(int root_fd, struct kmod_devname_report *report, struct list *paths)
{
	struct list files = { 0 };
	int r = 0;

	for (size_t i = 0; i < N_DIRECTORIES && r == 0; i++) {
		const struct place place = { directories[i], 0 };

		r = list_directory(root_fd, i, &files);
		if (r < 0)
			report_system(report, r, &place);
	}
	list_sort(&files, compare_files);
	if (r == 0)
		r = choose(&files, paths);
	list_done(&files, free);
	return r;
}
