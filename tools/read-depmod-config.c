// SPDX-License-Identifier: GPL-2.0-or-later
/* depmod.d(5) for a kernel. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "read-depmod-config.h"

bool config_paths_add(struct config_paths *paths, const char *path)
{
	const char **items = reallocarray(paths->items, paths->size + 1, sizeof(*items));

	if (!items) {
		say_failure("--config", -ENOMEM);
		return false;
	}
	paths->items = items;
	items[paths->size++] = path;
	return true;
}

void config_paths_done(struct config_paths *paths)
{
	free(paths->items);
}

static void free_paths(char **paths, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(paths[i]);
	free(paths);
}

/* A path as seen from the root directory of the host; a missing one stays as it is. */
static int make_absolute(const char *path, char **ret_absolute)
{
	char *absolute = realpath(path, NULL);

	if (!absolute && errno != ENOENT && errno != ENOTDIR)
		return -errno;
	if (!absolute)
		absolute = strdup(path);
	*ret_absolute = absolute;
	return absolute ? 0 : -ENOMEM;
}

static int add_host_paths(struct kmod_devname_config *config, struct kmod_devname_report *report,
			  const char *const *paths, size_t n)
{
	int root_fd = open_path("/", O_PATH | O_DIRECTORY | O_CLOEXEC), r;
	char **absolute;

	if (root_fd < 0)
		return root_fd;
	absolute = calloc(n, sizeof(*absolute));
	r = absolute ? 0 : -ENOMEM;
	for (size_t i = 0; i < n && r == 0; i++)
		r = make_absolute(paths[i], &absolute[i]);
	if (r == 0)
		r = kmod_devname_config_read(config, report, root_fd, (const char *const *)absolute,
					     n);
	if (absolute)
		free_paths(absolute, n);
	(void)close(root_fd);
	return r;
}

int add_depmod_config(struct kmod_devname_config *config, struct kmod_devname_report *report,
		      int root_fd, const char *const *paths, size_t n_paths)
{
	if (n_paths > 0)
		return add_host_paths(config, report, paths, n_paths);
	return kmod_devname_config_read(config, report, root_fd, NULL, 0);
}

enum status read_depmod_config(const struct kernels *kernels, const struct kernel *kernel,
			       const struct common *common, const char *const *paths,
			       size_t n_paths, struct kmod_devname_config **ret_config)
{
	struct kmod_devname_config *config = NULL;
	struct kmod_devname_report *report;
	enum status status;
	int r;

	if (kmod_devname_report_new(&report) < 0)
		return say_failure("depmod.d", -ENOMEM);
	r = kmod_devname_config_new(kernel->version, &config);
	if (r == 0)
		r = add_depmod_config(config, report, kernels->root_fd, paths, n_paths);
	status = print_report(report, n_paths > 0 ? NULL : "", common);
	if (r < 0 && !report_has(report, KMOD_DEVNAME_SYSTEM))
		say_failure("depmod.d", r);
	kmod_devname_report_unref(report);
	if (r < 0)
		status = STATUS_FAILED;
	if (status == STATUS_FAILED)
		kmod_devname_config_unref(config);
	else
		*ret_config = config;
	return status;
}
