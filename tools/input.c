// SPDX-License-Identifier: GPL-2.0-or-later
/* The nodes that a command works on: of kernels, or of a file. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input.h"
#include "open-path.h"

enum status input_find(const char *file, struct kernels *kernels, const struct common *common,
		       char **names, int n_names)
{
	if (!file)
		return kernels_find(kernels, common, names, n_names, true);
	if (n_names == 0 && !common->all && !common->moduledir)
		return kernels_root(kernels, common);
	*kernels = (struct kernels){ .root_fd = -1 };
	say("--input does not go together with %s", n_names > 0   ? "a kernel"
						    : common->all ? "--all"
								  : "--moduledir");
	return STATUS_FAILED;
}

enum status read_table(FILE *stream, const char *directory, const char *name,
		       const struct common *common, struct kmod_devname_table *table)
{
	struct kmod_devname_report *report;
	int r;

	if (kmod_devname_report_new(&report) < 0)
		return say_failure(name, -ENOMEM);
	r = kmod_devname_table_read(table, report, stream, name);
	return finish_report(report, r, name, directory, common);
}

static enum status warn_missing(const char *path, const char *hint, const struct common *common)
{
	if (!common->quiet)
		say("%s: warning: %s%s", *path != '\0' ? path : "''", strerror(ENOENT), hint);
	return common->strict ? STATUS_FINDINGS : STATUS_CLEAN;
}

static enum status say_unreadable(const struct kernel *kernel, int error, bool may_lack,
				  const struct common *common)
{
	static const char hint[] = "; kmod-devname generate makes it";
	char *path = join_path(kernel->path, FILE_NAME);
	enum status status = STATUS_FAILED;

	if (!path)
		return say_failure(kernel->path, -ENOMEM);
	if (error != -ENOENT)
		say_failure(path, error);
	else if (may_lack)
		status = warn_missing(path, hint, common);
	else
		say("%s: %s%s", path, strerror(-error), hint);
	free(path);
	return status;
}

enum status read_kernel(const struct kernels *kernels, const struct kernel *kernel, bool may_lack,
			const struct common *common, struct kmod_devname_table *table)
{
	FILE *stream;
	enum status status;
	int r = kernel_open_stream(kernels, kernel, FILE_NAME, &stream);

	if (r < 0)
		return say_unreadable(kernel, r, may_lack, common);
	status = read_table(stream, kernel->path, FILE_NAME, common, table);
	(void)fclose(stream);
	return status;
}

static enum status read_file(const char *file, const struct common *common,
			     struct kmod_devname_table *table)
{
	FILE *stream = open_path_stream(file);
	enum status status;

	if (!stream)
		return errno == ENOENT ? warn_missing(file, "", common) : say_failure(file, -errno);
	status = read_table(stream, NULL, file, common, table);
	(void)fclose(stream);
	return status;
}

enum status input_read(const char *file, const struct kernels *kernels, const struct common *common,
		       struct kmod_devname_table *table)
{
	enum status status = STATUS_CLEAN;

	if (file && strcmp(file, "-") == 0)
		return read_table(stdin, NULL, "standard input", common, table);
	if (file)
		return read_file(file, common, table);
	for (size_t i = 0; i < kernels->size; i++)
		status = worse(status,
			       read_kernel(kernels, &kernels->items[i], true, common, table));
	return status;
}

bool input_exists(const char *file, const struct kernels *kernels)
{
	int fd = -ENOENT;

	if (file)
		return strcmp(file, "-") == 0 || access(file, F_OK) == 0 || errno != ENOENT;
	for (size_t i = 0; i < kernels->size && fd == -ENOENT; i++)
		fd = kernel_open(kernels, &kernels->items[i], FILE_NAME, O_PATH);
	if (fd >= 0)
		(void)close(fd);
	return fd != -ENOENT;
}
