// SPDX-License-Identifier: GPL-2.0-or-later
/* One side of a comparison: what an operand names, and reading it. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "diff-side.h"
#include "input.h"
#include "modules.h"
#include "read-depmod-config.h"

#define BUILTIN_NAME "modules.builtin.modinfo"

enum status side_find(struct side *side, char *operand, const struct common *common)
{
	struct stat st;
	int r;

	*side = (struct side){ .common = *common, .kernels = { .root_fd = -1 } };
	side->common.all = false;
	if (!strchr(operand, '/'))
		return kernels_find(&side->kernels, &side->common, &operand, 1, false);
	if (stat(operand, &st) < 0)
		return say_failure(operand, -errno);
	if (!S_ISDIR(st.st_mode)) {
		side->file = operand;
		return STATUS_CLEAN;
	}
	side->common.basedir = NULL;
	r = directory_is_root(operand);
	if (r < 0)
		return say_failure(operand, r);
	if (r == 0) {
		side->common.moduledir = NULL;
		return kernels_find(&side->kernels, &side->common, &operand, 1, false);
	}
	side->common.basedir = operand;
	side->common.all = true;
	return kernels_find(&side->kernels, &side->common, NULL, 0, false);
}

void side_done(struct side *side)
{
	kernels_done(&side->kernels);
}

const struct kernel *side_kernel(const struct side *side, const char *version)
{
	for (size_t i = 0; i < side->kernels.size; i++)
		if (strcmp(side->kernels.items[i].version, version) == 0)
			return &side->kernels.items[i];
	return NULL;
}

static int open_stream(const struct side *side, const struct kernel *kernel, FILE **ret_stream)
{
	if (kernel)
		return kernel_open_stream(&side->kernels, kernel, FILE_NAME, ret_stream);
	return open_path_stream(side->file, ret_stream);
}

/* Without that file nothing is known to be built in. */
static enum status read_built_in(const struct side *side, const struct kernel *kernel,
				 struct version *version)
{
	struct kmod_devname_table *table;
	FILE *stream;
	int r = kernel_open_stream(&side->kernels, kernel, BUILTIN_NAME, &stream);

	if (r == -ENOENT)
		return STATUS_CLEAN;
	if (r < 0)
		return kernel_say_failure(kernel, BUILTIN_NAME, r);
	r = kmod_devname_table_new(&table);
	if (r == 0) {
		version->built_in = table;
		r = kmod_devname_table_read_builtin(table, NULL, stream, BUILTIN_NAME);
	}
	(void)fclose(stream);
	return r < 0 ? kernel_say_failure(kernel, BUILTIN_NAME, r) : STATUS_CLEAN;
}

static enum status scan(const struct side *side, const struct kernel *kernel,
			struct kmod_devname_config *config, struct version *version)
{
	const struct modules_options options = { 0 };
	struct kmod_devname_report *report;
	enum status status;
	size_t modules;

	if (kmod_devname_report_new(&report) < 0)
		return say_failure(kernel->path, -ENOMEM);
	status = modules_read(&side->kernels, kernel, config, &options, version->table, report,
			      &modules);
	status = worse(status, print_report(report, kernel->path, &side->common));
	kmod_devname_report_unref(report);
	/* as if nothing but the file had been looked for */
	return status == STATUS_CLEAN && modules == 0 ? say_failure(version->label, -ENOENT)
						      : status;
}

/* Where depmod has not run, or never will, the modules say what would be in the file. */
static enum status read_modules(const struct side *side, const struct kernel *kernel,
				struct version *version)
{
	struct kmod_devname_config *config = NULL;
	enum status status = STATUS_CLEAN;
	char *label;
	/* what depmod.d says is about kernels; a path is as the system has it */
	int r = kernel->directory[0] == '/' ? directory_is_plain(kernel->path) : 0;

	if (r < 0)
		return say_failure(kernel->path, r);
	if (r == 0) {
		status =
			read_depmod_config(&side->kernels, kernel, &side->common, NULL, 0, &config);
		if (status == STATUS_CLEAN && !side->common.quiet)
			say("%s: does not exist; the modules are read instead", version->label);
	}
	if (status != STATUS_FAILED)
		status = worse(status, scan(side, kernel, config, version));
	kmod_devname_config_unref(config);
	label = strdup(kernel->path);
	if (!label)
		return say_failure(kernel->path, -ENOMEM);
	free(version->label);
	version->label = label;
	return status;
}

static enum status read_nodes(const struct side *side, const struct kernel *kernel,
			      struct version *version)
{
	FILE *stream;
	enum status status;
	int r = open_stream(side, kernel, &stream);

	if (r == -ENOENT && kernel)
		status = read_modules(side, kernel, version);
	else if (r < 0)
		status = say_failure(version->label, r);
	else {
		status = read_table(stream, NULL, version->label, &side->common, version->table);
		(void)fclose(stream);
	}
	/* what is not in the table cannot be compared */
	return status == STATUS_CLEAN ? status : STATUS_FAILED;
}

enum status side_read(const struct side *side, const struct kernel *kernel,
		      struct version *ret_version)
{
	struct version version = { 0 };
	enum status status;

	version.label = kernel ? join_path(kernel->path, FILE_NAME) : strdup(side->file);
	if (!version.label)
		return say_failure(FILE_NAME, -ENOMEM);
	if (kmod_devname_table_new(&version.table) < 0)
		status = say_failure(version.label, -ENOMEM);
	else
		status = read_nodes(side, kernel, &version);
	if (status == STATUS_CLEAN && kernel)
		status = read_built_in(side, kernel, &version);
	if (status == STATUS_CLEAN)
		*ret_version = version;
	else
		version_done(&version);
	return status;
}

void version_done(struct version *version)
{
	kmod_devname_table_unref(version->table);
	kmod_devname_table_unref(version->built_in);
	free(version->label);
}
