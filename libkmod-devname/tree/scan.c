// SPDX-License-Identifier: LGPL-2.1-or-later
/* The scan: the modules of a module directory -> table. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/report.h"
#include "base/root.h"
#include "tree/depmod-conf.h"
#include "tree/scan.h"

/* The members that may fail; 0 or a negative errno. */
static int scan_init(struct kmod_devname_scan *scan, int root_fd, const char *directory)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&scan->lock, NULL);
	pthread_cond_init(&scan->changed, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&scan->over, &attributes);
	pthread_condattr_destroy(&attributes);
	scan->root_fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 3);
	if (scan->root_fd < 0)
		return -errno;
	scan->directory = strdup(directory);
	return scan->directory ? 0 : -ENOMEM;
}

int kmod_devname_scan_new(int root_fd, const char *directory, struct kmod_devname_table *table,
			  struct kmod_devname_report *report, struct kmod_devname_scan **ret_scan)
{
	struct kmod_devname_scan *scan;
	int r;

	if (*directory == '\0')
		return -EINVAL;
	scan = calloc(1, sizeof(*scan));
	if (!scan)
		return -ENOMEM;
	scan->references = 1;
	scan->size_max = SCAN_SIZE_MAX;
	scan->table = kmod_devname_table_ref(table);
	scan->report = report ? kmod_devname_report_ref(report) : NULL;
	r = scan_init(scan, root_fd, directory);
	if (r < 0) {
		kmod_devname_scan_unref(scan);
		return r;
	}
	*ret_scan = scan;
	return 0;
}

struct kmod_devname_scan *kmod_devname_scan_ref(struct kmod_devname_scan *scan)
{
	scan->references++;
	return scan;
}

struct kmod_devname_scan *kmod_devname_scan_unref(struct kmod_devname_scan *scan)
{
	if (!scan || --scan->references > 0)
		return NULL;
	pool_stop(scan);
	worker_free(scan->worker);
	harvest_done(&scan->harvest);
	list_done(&scan->walked, directory_free);
	visited_free(scan->visited);
	if (scan->root_fd >= 0)
		(void)close(scan->root_fd);
	pthread_cond_destroy(&scan->over);
	pthread_cond_destroy(&scan->changed);
	pthread_mutex_destroy(&scan->lock);
	kmod_devname_table_unref(scan->table);
	kmod_devname_report_unref(scan->report);
	kmod_devname_config_unref(scan->config);
	if (scan->trust)
		trust_done(scan->trust);
	free(scan->trust);
	free(scan->error_path);
	free(scan->directory);
	free(scan);
	return NULL;
}

int kmod_devname_scan_set_threads(struct kmod_devname_scan *scan, unsigned int threads)
{
	if (threads > SCAN_THREADS_MAX)
		return -EINVAL;
	if (scan->begun)
		return -EBUSY;
	scan->threads = threads;
	return 0;
}

int kmod_devname_scan_set_size_max(struct kmod_devname_scan *scan, size_t bytes)
{
	if (bytes == 0)
		return -EINVAL;
	if (scan->begun)
		return -EBUSY;
	scan->size_max = bytes;
	return 0;
}

int kmod_devname_scan_set_use_index(struct kmod_devname_scan *scan, int use)
{
	if (scan->begun)
		return -EBUSY;
	scan->use_index = use != 0;
	return 0;
}

int kmod_devname_scan_set_config(struct kmod_devname_scan *scan, struct kmod_devname_config *config)
{
	if (scan->begun)
		return -EBUSY;
	if (config)
		kmod_devname_config_ref(config);
	kmod_devname_config_unref(scan->config);
	scan->config = config;
	return 0;
}

static int open_index(struct kmod_devname_scan *scan)
{
	struct trust *trust = calloc(1, sizeof(*trust));
	int r = trust ? trust_open(trust, scan->root_fd, scan->directory, scan->report) : -ENOMEM;

	if (r > 0) {
		scan->trust = trust;
		return 0;
	}
	if (trust)
		trust_done(trust);
	free(trust);
	return r;
}

/* Like directories behind links: after all others, and only if they are not among those. */
static int add_externals(struct kmod_devname_scan *scan)
{
	struct directory *directory;
	const char *path;

	for (size_t i = 0; (path = depmod_config_external(scan->config, i)); i++) {
		_cleanup_close_ int fd = root_open_long(scan->root_fd, path, O_PATH | O_DIRECTORY);
		const struct location location = { path, 0 };

		if (is_missing(fd))
			continue;
		if (fd < 0)
			return report_system(scan->report, fd, &location);
		directory = harvest_add_directory(&scan->harvest.links, "", path);
		if (!directory)
			return -ENOMEM;
		directory->linked = true;
	}
	return 0;
}

static int begin(struct kmod_devname_scan *scan)
{
	int r;

	if (!harvest_add_directory(&scan->harvest.directories, "", ""))
		return -ENOMEM;
	r = add_externals(scan);
	if (r < 0)
		return r;
	scan->begun = true;
	if (scan->use_index && (r = open_index(scan)) < 0)
		return r;
	scan->adaptive = scan->threads == 0;
	if (scan->adaptive)
		scan->threads = pool_count_cpus();
	if (scan->adaptive || scan->threads > 1) {
		r = pool_start(scan);
		if (r < 0 || scan->n_workers > 0)
			return r;
	}
	scan->worker = worker_new(scan);
	return scan->worker ? 0 : -ENOMEM;
}

static int step(struct kmod_devname_scan *scan)
{
	int r = scan->begun ? 0 : begin(scan);

	if (r < 0)
		return r;
	if (scan->worker)
		(void)queue_work(scan->worker);
	r = scan->worker ? queue_state(scan) : pool_wait(scan);
	if (r != 0)
		return r;
	pool_stop(scan);
	return scan_conclude(scan);
}

/* The path that the first error is about: below the module directory, or below the root. */
static void report_error(struct kmod_devname_scan *scan, int error)
{
	size_t prefix = strlen(scan->directory);
	struct location location = { scan->error_path, 0 };

	if (!scan->error_path)
		return;
	if (strncmp(location.file, scan->directory, prefix) == 0) {
		if (location.file[prefix] == '\0')
			location.file = ".";
		else if (location.file[prefix] == '/')
			location.file += prefix + 1;
	}
	(void)report_system(scan->report, error, &location);
}

int kmod_devname_scan_step(struct kmod_devname_scan *scan)
{
	int r;

	if (scan->finished)
		return scan->error;
	r = step(scan);
	if (r > 0)
		return r;
	pool_stop(scan);
	scan->finished = true;
	scan->error = r;
	if (r < 0)
		report_error(scan, r);
	return r;
}

size_t kmod_devname_scan_get_modules(struct kmod_devname_scan *scan)
{
	size_t n;

	pthread_mutex_lock(&scan->lock);
	n = scan->n_modules;
	pthread_mutex_unlock(&scan->lock);
	return n;
}
