// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading the modules of a kernel. depmod.d(5) decides which of two files of a module counts; the
 * library reads the modules step by step, and between the steps a terminal shows how far it is.
 */

#include <errno.h>
#include <time.h>

#include "base/array.h"
#include "base/io.h"
#include "modules.h"
#include "tree/scan.h"

#define ERASE_LINE "\r\033[K"
#define INTERVAL_NS 200000000L /* faster changes cannot be read */

void config_paths_add(struct config_paths *paths, const char *path)
{
	paths->items =
		xarray_grow(paths->items, &paths->capacity, sizeof(*paths->items), paths->size + 1);
	paths->items[paths->size++] = path;
}

void config_paths_done(struct config_paths *paths)
{
	free(paths->items);
}

/* The library sees the root directory of the host, so paths have to be absolute. */
static int add_host_config(struct kmod_devname_config *config, struct kmod_devname_report *report,
			   const char *const *paths, size_t n)
{
	_cleanup_close_ int root_fd = open_path("/", O_PATH | O_DIRECTORY);
	struct list absolute = { 0 };
	int r = 0;

	if (root_fd < 0)
		return root_fd;
	absolute.items = xcalloc(n, sizeof(*absolute.items));
	for (size_t i = 0; i < n && r == 0; i++) {
		char *path = realpath(paths[i], NULL);

		if (!path && !is_missing(-errno))
			r = -errno;
		else /* the library reports a missing one by its name */
			absolute.items[absolute.size++] = path ? path : xstrdup(paths[i]);
	}
	if (r == 0)
		r = kmod_devname_config_read(config, report, root_fd,
					     (const char *const *)absolute.items, n);
	list_done(&absolute, free);
	return r;
}

int add_depmod_config(struct kmod_devname_config *config, struct kmod_devname_report *report,
		      int root_fd, const char *const *paths, size_t n_paths)
{
	if (n_paths > 0)
		return add_host_config(config, report, paths, n_paths);
	return kmod_devname_config_read(config, report, root_fd, NULL, 0);
}

enum status read_depmod_config(const struct kernels *kernels, const struct kernel *kernel,
			       const struct common *common, const char *const *paths,
			       size_t n_paths, struct kmod_devname_config **ret_config)
{
	struct kmod_devname_config *config = NULL;
	struct kmod_devname_report *report = xreport_new();
	int r = kmod_devname_config_new(kernel->version, &config);
	enum status status;

	if (r == 0)
		r = add_depmod_config(config, report, kernels->root_fd, paths, n_paths);
	status = print_report(report, n_paths > 0 ? NULL : "", common);
	if (r < 0 && !report_has(report, KMOD_DEVNAME_SYSTEM))
		say_failure("depmod.d", r);
	kmod_devname_report_unref(report);
	if (r < 0) {
		kmod_devname_config_unref(config);
		return STATUS_FAILED;
	}
	*ret_config = config;
	return status;
}

/* A line on a terminal about work that takes more than a second. */
struct progress {
	const char *what;
	struct timespec next; /* when to show the line again */
	bool is_terminal;
	bool is_shown;
};

static void progress_delay(struct progress *progress, time_t seconds, long nanoseconds)
{
	(void)clock_gettime(CLOCK_MONOTONIC, &progress->next);
	progress->next.tv_sec += seconds;
	progress->next.tv_nsec += nanoseconds;
	if (progress->next.tv_nsec >= 1000000000L) {
		progress->next.tv_sec++;
		progress->next.tv_nsec -= 1000000000L;
	}
}

/* Most runs take less than the first second, and show nothing. */
static void progress_start(struct progress *progress, const char *what)
{
	*progress = (struct progress){ .what = what, .is_terminal = isatty(STDERR_FILENO) };
	progress_delay(progress, 1, 0);
}

static void progress_show(struct progress *progress, size_t modules, size_t left)
{
	const struct timespec *next = &progress->next;
	_cleanup_free_ char *what = NULL;
	struct timespec now;

	if (!progress->is_terminal)
		return;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec < next->tv_sec ||
	    (now.tv_sec == next->tv_sec && now.tv_nsec < next->tv_nsec))
		return;
	what = escape(progress->what);
	(void)fprintf(stderr, ERASE_LINE "%s: %s: %zu modules, %zu to be read", program_name, what,
		      modules, left);
	(void)fflush(stderr);
	progress->is_shown = true;
	progress_delay(progress, 0, INTERVAL_NS);
}

/* The line is erased, so that messages and the prompt begin on an empty one. */
static void progress_end(const struct progress *progress)
{
	if (progress->is_shown)
		(void)fputs(ERASE_LINE, stderr);
}

/* Returns 0; 1 if the index cannot be used, which has been printed; or a negative errno. */
static int set_up_scan(struct kmod_devname_scan *scan, const struct kernels *kernels,
		       const struct kernel *kernel, struct kmod_devname_config *config,
		       const struct modules_options *options)
{
	_cleanup_close_ int fd = -1;
	int r = kmod_devname_scan_set_threads(scan, options->threads);

	if (r == 0)
		r = kmod_devname_scan_set_config(scan, config);
	if (r < 0)
		return r;
	if (options->source != SOURCE_INDEX)
		return kmod_devname_scan_set_use_index(scan, options->source == SOURCE_AUTO);
	fd = kernel_open(kernels, kernel, NULL, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return fd;
	r = scan_use_fresh_index(scan, fd);
	if (r != 0)
		return r < 0 ? r : 0;
	say("%s/%s: cannot be used", kernel->path, INDEX_NAME);
	return 1;
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
	r = set_up_scan(scan, kernels, kernel, config, options);
	progress_start(&progress, kernel->version);
	while (r == 0 && (r = kmod_devname_scan_step(scan)) > 0) {
		progress_show(&progress, kmod_devname_scan_get_modules(scan), (size_t)r);
		r = 0;
	}
	progress_end(&progress);
	*ret_modules = kmod_devname_scan_get_modules(scan) - scan_count_unread(scan);
	kmod_devname_scan_unref(scan);
	if (r < 0 && !report_has(report, KMOD_DEVNAME_SYSTEM))
		say_failure(kernel->path, r);
	return r == 0 ? STATUS_CLEAN : STATUS_FAILED;
}
