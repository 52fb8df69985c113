// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading the modules of a kernel, and showing that it goes on. */

#include "modules.h"

#include "progress.h"

static int set_up(struct kmod_devname_scan *scan, struct kmod_devname_config *config,
		  const struct modules_options *options)
{
	int r = kmod_devname_scan_set_threads(scan, options->threads);

	if (r == 0)
		r = kmod_devname_scan_set_config(scan, config);
	if (r == 0)
		r = kmod_devname_scan_set_use_index(scan, options->use_index);
	return r;
}

enum status modules_read(const struct kernels *kernels, const struct kernel *kernel,
			 struct kmod_devname_config *config, const struct modules_options *options,
			 struct kmod_devname_table *table, struct kmod_devname_report *report,
			 size_t *ret_modules)
{
	struct kmod_devname_scan *scan;
	struct progress progress;
	int r;

	r = kmod_devname_scan_new(kernels->root_fd, kernel->directory, table, report, &scan);
	if (r < 0)
		return say_failure(kernel->path, r);
	r = set_up(scan, config, options);
	progress_start(&progress, kernel->version);
	while (r == 0 && (r = kmod_devname_scan_step(scan)) > 0) {
		progress_show(&progress, kmod_devname_scan_get_modules(scan), (size_t)r);
		r = 0;
	}
	progress_end(&progress);
	*ret_modules = kmod_devname_scan_get_modules(scan);
	kmod_devname_scan_unref(scan);
	if (r < 0 && !report_has(report, KMOD_DEVNAME_SYSTEM))
		say_failure(kernel->path, r);
	return r < 0 ? STATUS_FAILED : STATUS_CLEAN;
}
