// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading the modules of a kernel.
 *
 * The configuration of depmod comes first, since it decides which of two files of a module counts.
 * Then the library reads the modules into a table, step by step. Between the steps a terminal shows
 * how much of them is read.
 */

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "base/io.h"
#include "module/file.h"
#include "modules.h"
#include "text/depmod-index.h"
#include "tree/scan.h"

#define ERASE_LINE "\r\033[K"
#define WIDTH_MAX 200 /* of the line of progress */
#define INTERVAL_MS 200 /* faster changes cannot be read */

/* The library sees the root directory of the host, so paths of the host have to be absolute. */
static int add_named_config(struct kmod_devname_config *config, struct kmod_devname_report *report,
			    const struct list *paths)
{
	_cleanup_close_ int host_fd = open_path("/", O_PATH | O_DIRECTORY);
	struct list absolute = { 0 };
	int r = host_fd < 0 ? host_fd : 0;

	while (r == 0 && absolute.size < paths->size) {
		const char *given = paths->items[absolute.size];
		char *path = realpath(given, NULL);

		if (!path && !is_missing(-errno))
			r = -errno;
		else /* the library reports a missing one by its name */
			xlist_push(&absolute, path ? path : xstrdup(given));
	}
	if (r == 0)
		r = kmod_devname_config_read(config, report, host_fd,
					     (const char *const *)absolute.items, absolute.size);
	list_done(&absolute, free);
	return r;
}

int make_depmod_config(const struct kernel *kernel, struct kmod_devname_report *report,
		       struct kmod_devname_config **ret_config)
{
	const struct list *paths = &kernel->set->common->configs;

	if (kmod_devname_config_new(kernel->version, ret_config) < 0)
		die_without_memory();
	if (paths->size > 0)
		return add_named_config(*ret_config, report, paths);
	return kmod_devname_config_read(*ret_config, report, kernel->set->root_fd, NULL, 0);
}

enum status read_depmod_config(const struct kernel *kernel, struct kmod_devname_config **ret_config)
{
	const struct common *common = kernel->set->common;
	struct kmod_devname_report *report = xreport_new();
	int r = make_depmod_config(kernel, report, ret_config);

	return finish_report(report, r, "depmod.d", common->configs.size > 0 ? NULL : "", common);
}

int read_builtin_nodes(const struct kernel *kernel, struct kmod_devname_table *table)
{
	FILE *stream;
	int r = kernel_open_stream(kernel, BUILTIN_NAME, &stream);

	if (r < 0)
		return r;
	r = table_read_builtin(table, NULL, stream, BUILTIN_NAME);
	(void)fclose(stream);
	return r;
}

/* A line on a terminal, for kernels whose modules take more than a second to read. */
struct progress {
	const char *version;
	int64_t next; /* when to show the line again, in ms */
	uint64_t bytes; /* of the modules that have waited, at most */
	bool is_terminal;
	bool is_shown;
};

static int64_t get_milliseconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A longer line would stay on the screen. */
static size_t get_terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return 80;
	return size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
}

static void progress_show(struct progress *progress, struct kmod_devname_scan *scan)
{
	_cleanup_free_ char *version = NULL;
	char line[WIDTH_MAX];
	uint64_t left;

	if (!progress->is_terminal || get_milliseconds() < progress->next)
		return;
	left = scan_count_waiting_bytes(scan);
	if (progress->bytes < left)
		progress->bytes = left;
	version = escape(progress->version);
	(void)snprintf(line, get_terminal_width(), "%s: %s: %zu modules, %" PRIu64 "%% read",
		       program_name, version, kmod_devname_scan_get_n_modules(scan),
		       progress->bytes == 0 ? 0 : 100 * (progress->bytes - left) / progress->bytes);
	(void)fprintf(stderr, ERASE_LINE "%s", line);
	(void)fflush(stderr);
	progress->is_shown = true;
	progress->next = get_milliseconds() + INTERVAL_MS;
}

/* Returns 1; 0 if the index cannot be used; or a negative errno. */
static int set_up_scan(struct kmod_devname_scan *scan, const struct kernel *kernel,
		       struct kmod_devname_config *config, const struct modules_options *options)
{
	_cleanup_close_ int fd = -1;
	int r = kmod_devname_scan_set_threads(scan, options->threads);

	if (r < 0)
		return r;
	(void)kmod_devname_scan_set_config(scan, config);
	(void)kmod_devname_scan_set_use_index(scan, options->source == SOURCE_AUTO);
	if (options->source != SOURCE_INDEX)
		return 1;
	if (options->index_dir_fd < 0)
		fd = kernel_open(kernel, NULL, O_PATH | O_DIRECTORY);
	if (options->index_dir_fd < 0 && fd < 0)
		return fd;
	return scan_use_fresh_index(scan, fd < 0 ? options->index_dir_fd : fd, !options->is_of_part,
				    options->list);
}

/* The last finding says why the index cannot be used. */
static const char *find_bad_index(const struct kmod_devname_report *report)
{
	const struct kmod_devname_finding *finding =
		kmod_devname_report_get(report, kmod_devname_report_size(report) - 1);
	const char *file = finding ? kmod_devname_finding_get_file(finding) : NULL;

	return file && strcmp(file, "modules.dep") == 0 ? "modules.dep" : INDEX_NAME;
}

static enum status keep_lines(struct kmod_devname_scan *scan, const struct kernel *kernel,
			      const struct kmod_devname_table *before)
{
	_cleanup_table_ struct kmod_devname_table *list = xtable_new();
	FILE *stream;
	int r;

	if (!scan_may_keep(scan))
		return STATUS_CLEAN;
	r = kernel_open_stream(kernel, FILE_NAME, &stream);
	if (r == 0) {
		r = kmod_devname_table_read(list, NULL, stream, FILE_NAME);
		(void)fclose(stream);
	} else if (is_missing(r) || r == -EISDIR || r == -ENODEV) {
		r = 0;
	}
	if (r == 0)
		r = scan_keep(scan, list, FILE_NAME);
	if (r == 0 && before)
		r = scan_keep(scan, before, FILE_NAME);
	return r < 0 ? kernel_say_failure(kernel, FILE_NAME, r) : STATUS_CLEAN;
}

/*
 * glibc keeps what a thread frees for that thread, up to the size of the largest module. A buffer
 * that readers share the memory of is given back to the system.
 */
static void give_memory_back(void)
{
#ifdef M_MMAP_THRESHOLD
	(void)mallopt(M_MMAP_THRESHOLD, MODULE_MEMORY_EACH);
#endif
}

enum status modules_read(const struct kernel *kernel, struct kmod_devname_config *config,
			 const struct modules_options *options, struct kmod_devname_table *table,
			 struct kmod_devname_report *report, struct modules_result *ret_result)
{
	struct progress progress = { .version = kernel->version,
				     .next = get_milliseconds() + 1000,
				     .is_terminal = !options->is_silent && isatty(STDERR_FILENO) };
	struct kmod_devname_scan *scan;
	int r = kmod_devname_scan_new(table, report, kernel->set->root_fd, kernel->directory,
				      &scan);
	enum status status;

	if (r < 0)
		return say_failure(kernel->path, r);
	give_memory_back();
	r = set_up_scan(scan, kernel, config, options);
	ret_result->bad_index = r == 0 && options->needs_index ? find_bad_index(report) : NULL;
	if (r >= 0 && !ret_result->bad_index)
		while ((r = kmod_devname_scan_step(scan)) > 0)
			progress_show(&progress, scan);
	/* so that messages and the prompt begin on an empty line */
	if (progress.is_shown)
		(void)fputs(ERASE_LINE, stderr);
	if (r < 0)
		(void)say_call_failure(report, kernel->path, r);
	status = r == 0 && !ret_result->bad_index ? STATUS_CLEAN : STATUS_FAILED;
	if (status == STATUS_CLEAN && options->keeps_lines)
		status = keep_lines(scan, kernel, options->list);
	ret_result->may_keep = scan_may_keep(scan);
	ret_result->lacks_listed = scan_lacks_listed(scan);
	ret_result->has_unreadable_order = scan->is_order_unreadable;
	ret_result->n_modules = kmod_devname_scan_get_n_modules(scan) - scan_count_unread(scan);
	ret_result->is_undecodable = status != STATUS_FAILED && scan_is_undecodable(scan);
	kmod_devname_scan_unref(scan);
	return status;
}
