// SPDX-License-Identifier: GPL-2.0-or-later
/* depmod.d(5) for a kernel. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "read-depmod-config.h"

static enum status read_paths(const struct common *common, struct kmod_devname_config *config,
			      int root_fd, const char *directory, const char *const *paths,
			      size_t n)
{
	struct kmod_devname_report *report;
	int r;

	if (kmod_devname_report_new(&report) < 0)
		return say_failure("depmod.d", -ENOMEM);
	r = kmod_devname_config_read(config, report, root_fd, paths, n);
	return finish_report(report, r, "depmod.d", directory, common);
}

static void free_paths(char **paths, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(paths[i]);
	free(paths);
}

/* The paths as seen from the root directory of the host; a missing one stays as it is. */
static char **make_absolute(const char *const *paths, size_t n)
{
	char **absolute = calloc(n, sizeof(*absolute));

	for (size_t i = 0; absolute && i < n; i++) {
		absolute[i] = realpath(paths[i], NULL);
		if (!absolute[i])
			absolute[i] = strdup(paths[i]);
		if (!absolute[i]) {
			free_paths(absolute, i);
			return NULL;
		}
	}
	return absolute;
}

static enum status read_host_paths(const struct common *common, struct kmod_devname_config *config,
				   const char *const *paths, size_t n)
{
	int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char **absolute = NULL;
	enum status status;

	if (root_fd < 0)
		return say_failure("/", -errno);
	absolute = make_absolute(paths, n);
	if (absolute)
		status =
			read_paths(common, config, root_fd, NULL, (const char *const *)absolute, n);
	else
		status = say_failure("--config", -ENOMEM);
	if (absolute)
		free_paths(absolute, n);
	(void)close(root_fd);
	return status;
}

enum status read_depmod_config(const struct kernels *kernels, const struct kernel *kernel,
			       const struct common *common, const char *const *paths,
			       size_t n_paths, struct kmod_devname_config **ret_config)
{
	struct kmod_devname_config *config;
	enum status status;

	if (kmod_devname_config_new(kernel->version, &config) < 0)
		return say_failure(kernel->path, -ENOMEM);
	if (n_paths > 0)
		status = read_host_paths(common, config, paths, n_paths);
	else
		status = read_paths(common, config, kernels->root_fd, "", NULL, 0);
	if (status == STATUS_FAILED)
		kmod_devname_config_unref(config);
	else
		*ret_config = config;
	return status;
}
