// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The scan: the modules of a module directory -> table.
 *
 * kmod_devname_scan_step() begins with the module directory as the one piece of work. A worker
 * (pool.c: a thread, or the caller) takes a piece and does it (walk.c). A directory gives further
 * directories and modules. A module is read at once if it is plain, in three small reads; a
 * compressed one waits until all directories are known, so that the largest can come first. What
 * they give is kept by found.c: the name of each module, and the aliases that concern device nodes
 * if one is a device name. Every fault of an entry is a finding.
 *
 * skip.c tells which modules need not be read. With a fresh index no directory is read: the first
 * pieces of work are then the modules of modules.dep.
 *
 * When nothing is left, found.c tells which file of each module counts, and conclude.c sorts these
 * by modules.order and adds their nodes to the table. The result does not depend on
 * the threads.
 */

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "tree/scan.h"

/* --- the public object -------------------------------------------------------------------- */

/* The members that may fail; 0 or a negative errno. */
static int init_scan(struct kmod_devname_scan *scan, int root_fd, const char *directory)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&scan->memory.lock, NULL);
	pthread_cond_init(&scan->memory.given_back, NULL);
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

int kmod_devname_scan_new(struct kmod_devname_table *table, struct kmod_devname_report *report,
			  int root_fd, const char *directory, struct kmod_devname_scan **ret_scan)
{
	struct kmod_devname_scan *scan;
	int r = fd_check_directory(root_fd);

	if (r < 0)
		return r;
	if (*directory == '\0')
		return -EINVAL;
	scan = calloc(1, sizeof(*scan));
	if (!scan)
		return -ENOMEM;
	scan->size_max = SCAN_SIZE_MAX;
	scan->table = kmod_devname_table_ref(table);
	scan->report = report ? kmod_devname_report_ref(report) : NULL;
	r = init_scan(scan, root_fd, directory);
	if (r < 0) {
		kmod_devname_scan_unref(scan);
		return r;
	}
	*ret_scan = scan;
	return 0;
}

struct kmod_devname_scan *kmod_devname_scan_unref(struct kmod_devname_scan *scan)
{
	if (!scan)
		return NULL;
	pool_stop(scan);
	tdestroy(scan->files, free_nothing);
	scan_found_done(&scan->found);
	list_done(&scan->links, NULL);
	visited_done(scan->visited);
	skip_done(&scan->skip);
	close_fd(&scan->root_fd);
	pthread_cond_destroy(&scan->over);
	pthread_cond_destroy(&scan->changed);
	pthread_mutex_destroy(&scan->lock);
	pthread_cond_destroy(&scan->memory.given_back);
	pthread_mutex_destroy(&scan->memory.lock);
	kmod_devname_table_unref(scan->table);
	kmod_devname_report_unref(scan->report);
	kmod_devname_config_unref(scan->config);
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

/* --- the first pieces of work ------------------------------------------------------------- */

/* depmod takes an external directory in the module directory for a part of it. */
static const char *path_of_external(const struct kmod_devname_scan *scan, const char *path)
{
	const char *directory = scan->directory + strspn(scan->directory, "/");
	size_t size = strlen(directory);
	bool is_inside = strncmp(path + 1, directory, size) == 0 && path[1 + size] == '/' &&
			 path[2 + size] != '\0';

	return is_inside ? path + size + 2 : path;
}

static int begin_walk(struct kmod_devname_scan *scan)
{
	struct scan_found *found = &scan->found;
	struct scan_directory *top = scan_add_directory(found, &found->directories, NULL, "");
	_cleanup_close_ int fd = -1;
	const char *path;
	int r;

	if (!top)
		return -ENOMEM;
	/* like directories behind links: after all others, and only if they are not among those */
	for (size_t i = 0; (path = depmod_conf_external(scan->config, i)); i++) {
		struct scan_directory *external = scan_add_directory(found, &found->links, NULL,
								     path_of_external(scan, path));

		if (!external)
			return -ENOMEM;
		external->is_linked = true;
	}
	if (!scan->use_index)
		return 0;
	fd = scan_open(scan, NULL, "", O_PATH | O_DIRECTORY);
	if (fd < 0)
		return fd;
	r = skip_read(&scan->skip, fd, scan->report, KMOD_DEVNAME_SEVERITY_NOTE);
	top->is_older = r > 0;
	return r < 0 ? r : 0;
}

static int step_scan(struct kmod_devname_scan *scan)
{
	int r;

	if (!scan->begun) {
		scan->begun = true;
		r = scan->is_index_fresh ? skip_add_modules(scan) : begin_walk(scan);
		if (r == 0)
			r = pool_start(scan);
		if (r < 0)
			return r;
	}
	r = pool_step(scan);
	if (r != 0)
		return r;
	pool_stop(scan);
	return scan_conclude(scan);
}

int kmod_devname_scan_step(struct kmod_devname_scan *scan)
{
	const struct location location = { ".", 0 };
	int r, cancel_state;

	if (scan->finished)
		return scan->error;
	/* a thread that is cancelled with the lock would keep it */
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	r = step_scan(scan);
	if (r <= 0) {
		pool_stop(scan);
		scan->finished = true;
		scan->error = r;
		/* the directory has nothing to do with a lack of memory */
		if (r < 0 && r != -ENOMEM)
			(void)report_system(scan->report, r, &location);
	}
	(void)pthread_setcancelstate(cancel_state, &cancel_state);
	return r;
}

size_t kmod_devname_scan_get_n_modules(struct kmod_devname_scan *scan)
{
	size_t n;

	pthread_mutex_lock(&scan->lock);
	n = scan->n_spared + scan->found.modules.size + scan->found.waiting.size + scan->n_reading;
	pthread_mutex_unlock(&scan->lock);
	return n;
}

uint64_t scan_count_waiting_bytes(struct kmod_devname_scan *scan)
{
	uint64_t bytes = 0;

	pthread_mutex_lock(&scan->lock);
	for (size_t i = 0; i < scan->found.waiting.size; i++)
		bytes += ((const struct scan_module *)scan->found.waiting.items[i])->size;
	pthread_mutex_unlock(&scan->lock);
	return bytes;
}

/* --- answers of a finished scan ------------------------------------------------------------- */

static bool is_unread_module(const struct scan_module *module)
{
	const struct scan_content *content = module->content;

	return content && content->error != MODULE_OK && content->error != MODULE_TOO_MANY_ALIASES;
}

enum scan_module_state scan_find_module(const struct kmod_devname_scan *scan, const char *name)
{
	const struct list *modules = &scan->found.modules;
	size_t low = 0, high = modules->size;

	/* the first file of the module is the one that counts */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct scan_module *module = modules->items[middle];

		if (syntax_compare_module_names(module->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == modules->size ||
	    syntax_compare_module_names(((struct scan_module *)modules->items[low])->name, name) !=
		    0)
		return SCAN_MODULE_ABSENT;
	return is_unread_module(modules->items[low]) ? SCAN_MODULE_UNREAD : SCAN_MODULE_READ;
}

size_t scan_count_unread(const struct kmod_devname_scan *scan)
{
	size_t n = 0;

	for (size_t i = 0; i < scan->found.modules.size; i++)
		n += is_unread_module(scan->found.modules.items[i]);
	return n;
}

bool scan_is_undecodable(const struct kmod_devname_scan *scan)
{
	const struct list *modules = &scan->found.modules;

	for (size_t i = 0; !scan->found.is_decodable && i < modules->size; i++) {
		const struct scan_module *module = modules->items[i];
		int error = module->content ? module->content->error : MODULE_OK;

		if (error > 0 &&
		    module_error_code((enum module_error)error) == KMOD_DEVNAME_CODE_UNSUPPORTED)
			return true;
	}
	return false;
}

bool scan_lacks_listed(const struct kmod_devname_scan *scan)
{
	return !scan->found.is_incomplete && scan->lists_modules && !scan->has_listed_module;
}

bool scan_may_keep(const struct kmod_devname_scan *scan)
{
	return scan->found.is_incomplete || scan_count_unread(scan) > 0;
}
