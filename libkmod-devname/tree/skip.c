// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * modules.dep and modules.alias -> the modules that need not be read.
 *
 * depmod also writes a line into modules.dep for a module that it cannot read, and exits 0. A line
 * alone proves nothing, but dependencies and aliases are known only of modules that depmod has
 * read. A module with any of these and without an alias that begins with "devname:" is skipped. All
 * other modules are read, so no line of an index gives a node. A module whose alias has a line feed
 * can add lines for another module, and so pass one for read that depmod could not read. A comment
 * or an order that depmod does not write shows such lines, and then nothing is spared. Lines for
 * modules that depmod would have written just before do not show. So a forger hides at most the
 * nodes of unreadable modules that modules.dep has between its own module and the last one before
 * it with an alias; it adds none.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "node/syntax.h"
#include "text/depmod-index.h"
#include "tree/scan.h"

static int compare_skip_modules(const void *a, const void *b)
{
	const struct skip_module *x = a, *y = b;

	return syntax_compare_module_names(x->name, y->name);
}

struct skip_module *skip_find_module(const struct skip *skip, const char *name)
{
	const struct skip_module key = { .name = name };

	if (skip->size == 0)
		return NULL;
	return bsearch(&key, skip->modules, skip->size, sizeof(key), compare_skip_modules);
}

static int add_skip_module(struct skip *skip, const char *path)
{
	struct skip_module *modules =
		array_grow(skip->modules, &skip->capacity, sizeof(*modules), skip->size + 1);
	char *copy = strdup(path);

	if (modules)
		skip->modules = modules;
	if (!modules || !copy) {
		free(copy);
		return -ENOMEM;
	}
	modules[skip->size] = (struct skip_module){
		.path = copy,
		.name = syntax_base_name(copy),
		.line = skip->size + 1,
	};
	skip->size++;
	return 0;
}

/* depmod has read both a module with a dependency and the dependency. */
static void note_needed(const struct skip *skip, struct skip_module *module, char *needed)
{
	const char *path;

	while ((path = strsep(&needed, " "))) {
		struct skip_module *other = NULL;

		if (*path != '\0')
			other = skip_find_module(skip, syntax_base_name(path));
		if (other)
			module->was_read = other->was_read = true;
	}
}

/*
 * Reads the lines of modules.dep, first for the modules that there are, then for what each needs,
 * so that neither all lines nor all dependencies have to be kept.
 */
static int read_dep(struct skip *skip, struct kmod_devname_report *report, FILE *stream)
{
	struct skip_module *module;
	struct depmod_index index;
	char *path, *needed;
	int status;

	depmod_index_start(&index, report, stream, "modules.dep");
	while ((status = depmod_index_next_module(&index, &path, &needed)) == DEPMOD_INDEX_LINE)
		if (add_skip_module(skip, path) < 0)
			return -ENOMEM;
	if (status != DEPMOD_INDEX_END || skip->size == 0)
		return status;
	qsort(skip->modules, skip->size, sizeof(*skip->modules), compare_skip_modules);
	for (size_t i = 1; i < skip->size; i++) {
		module = &skip->modules[i];
		if (compare_skip_modules(module - 1, module) == 0)
			module[-1].is_repeated = module->is_repeated = true;
	}

	rewind(stream);
	depmod_index_start(&index, report, stream, "modules.dep");
	while ((status = depmod_index_next_module(&index, &path, &needed)) == DEPMOD_INDEX_LINE) {
		module = *needed == '\0' ? NULL : skip_find_module(skip, syntax_base_name(path));
		if (module)
			note_needed(skip, module, needed);
	}
	return status;
}

/*
 * Moves to the lines of another module. Both depmods write the lines of one module together, and
 * the modules in the order of modules.dep. An alias with a line feed, whose last line names its own
 * module, shows if it puts the lines of another one out of this order. NULL after a finding.
 */
static struct skip_module *next_alias_module(const struct skip *skip,
					     const struct depmod_index *index, const char *name,
					     size_t *dep_line, int *ret_status)
{
	struct skip_module *module = skip_find_module(skip, name);

	if (!module) {
		*ret_status = depmod_index_report(index, "names a module that modules.dep lacks");
		return NULL;
	}
	/* several modules of one name have several positions, and are always read */
	if (module->is_repeated)
		return module;
	if (module->line <= *dep_line) {
		*ret_status = depmod_index_report(index, "module out of the order of modules.dep");
		return NULL;
	}
	*dep_line = module->line;
	return module;
}

static int read_alias(struct skip *skip, struct kmod_devname_report *report, FILE *stream)
{
	static const char devname[] = "devname:";
	struct skip_module *module = NULL;
	struct depmod_index index;
	const char *alias, *name;
	size_t dep_line = 0;
	int status;

	depmod_index_start(&index, report, stream, "modules.alias");
	while ((status = depmod_index_next_alias(&index, &alias, &name)) == DEPMOD_INDEX_LINE) {
		/* usually the module of the previous line */
		if (!module || syntax_compare_module_names(name, module->name) != 0)
			module = next_alias_module(skip, &index, name, &dep_line, &status);
		if (!module)
			return status;
		module->was_read = true;
		if (strncmp(alias, devname, strlen(devname)) == 0)
			module->has_devname = true;
	}
	if (status == DEPMOD_INDEX_END && index.comment_line > 1) {
		index.location.line = index.comment_line;
		return depmod_index_report(&index, "comment that depmod does not write");
	}
	/*
	 * kmod writes a comment into the first line, and busybox none. The binary indexes prove
	 * nothing: busybox leaves those of kmod where they are.
	 */
	skip->is_of_kmod = index.comment_line == 1;
	return status;
}

/* Opens one of depmod's files. 0 or a negative errno. */
static int open_index(int dir_fd, const char *name, FILE **ret_stream, struct stat *ret_st)
{
	_cleanup_close_ int fd = root_open_file(dir_fd, name, O_NOFOLLOW);

	if (fd < 0)
		return fd;
	if (fstat(fd, ret_st) < 0)
		return -errno;
	if (ret_st->st_size > (off_t)LINES_TOTAL_MAX)
		return -EFBIG;
	return stream_from_fd(steal_fd(&fd), ret_stream);
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/*
 * The earliest time counts: a program that copies files can set the modification time of an old
 * index, but no program the change time; and if depmod was stopped between modules.dep and
 * modules.alias, the second one is of an earlier run.
 */
static void note_times(struct skip *skip, const struct stat *st, bool is_first)
{
	if (is_first || is_before(&st->st_ctim, &skip->written))
		skip->written = st->st_ctim;
	if (is_before(&st->st_mtim, &skip->written))
		skip->written = st->st_mtim;
	if (is_first)
		skip->device = st->st_dev;
}

int skip_read(struct skip *skip, int dir_fd, struct kmod_devname_report *report,
	      enum kmod_devname_severity severity)
{
	static const char *const names[] = { "modules.dep", "modules.alias" };
	struct stat st;

	*skip = (struct skip){ 0 };
	for (size_t i = 0; i < 2; i++) {
		const struct location location = { names[i], 0 };
		FILE *stream = NULL;
		int r = open_index(dir_fd, names[i], &stream, &st);

		if (is_fatal(r))
			return r;
		if (r < 0 && severity == KMOD_DEVNAME_SEVERITY_NOTE)
			return report_add(report, KMOD_DEVNAME_CODE_STALE_INDEX, severity,
					  &location, "missing or unusable: all modules are read");
		if (r < 0)
			return report_add(report, KMOD_DEVNAME_CODE_STALE_INDEX, severity,
					  &location, "cannot be used: %s",
					  report_describe_error(r));
		note_times(skip, &st, i == 0);
		r = i == 0 ? read_dep(skip, report, stream) : read_alias(skip, report, stream);
		(void)fclose(stream);
		if (r < 0)
			return is_fatal(r) ? r : 0;
		if (r != DEPMOD_INDEX_END)
			return 0;
	}
	return 1;
}

void skip_done(struct skip *skip)
{
	for (size_t i = 0; i < skip->size; i++)
		free(skip->modules[i].path);
	free(skip->modules);
	*skip = (struct skip){ 0 };
}

/* True if the module need not be read, provided that its file is the one that depmod has read. */
static bool skip_spares(const struct skip *skip, const struct skip_module *module)
{
	if (module->is_repeated || !module->was_read || module->has_devname)
		return false;
	/* the depmod of busybox reads a compressed file as if it were a plain module */
	return skip->is_of_kmod || syntax_is_plain_module(module->name);
}

bool skip_spares_file(const struct skip *skip, const char *path)
{
	const struct skip_module *module = skip_find_module(skip, syntax_base_name(path));

	return module && strcmp(module->path, path) == 0 && skip_spares(skip, module);
}

bool skip_is_older(const struct skip *skip, const struct stat *st)
{
	return st->st_dev == skip->device && is_before(&st->st_ctim, &skip->written);
}

/* --- the index of a depmod that has just run ------------------------------------------------ */

/*
 * Whether the index may lack a module of the list or of modules.order. 1, also if that cannot be
 * read: it is read again for the order of the nodes, and judged then. 0 or a negative errno.
 */
static int index_lacks_module(const struct kmod_devname_scan *scan,
			      const struct kmod_devname_table *list)
{
	size_t size = list ? kmod_devname_table_size(list) : 0;
	int status, lacks = 0, r;
	struct lines lines;
	FILE *stream;

	for (size_t i = 0; i < size; i++)
		if (!skip_find_module(&scan->skip, kmod_devname_table_get(list, i)->module))
			return 1;
	r = module_order_open(scan, &stream);
	if (is_missing(r))
		return 0;
	if (r < 0)
		return is_fatal(r) ? r : 1;
	lines_init(&lines, stream);
	while (!lacks && (status = lines_next(&lines)) != LINE_END && status >= 0) {
		const char *name = syntax_base_name(lines.text);

		/* the suffix of a compression may stand there, too */
		lacks = status == LINE_GOOD && syntax_is_module_file(name) &&
			!skip_find_module(&scan->skip, name);
	}
	(void)fclose(stream);
	if (status < 0)
		return is_fatal(status) ? status : 1;
	return lacks;
}

/* Whether the index is in the module directory itself, where a scan looks for one. */
static bool is_index_in_place(const struct kmod_devname_scan *scan, int index_dir_fd)
{
	_cleanup_close_ int fd = open_in_root(scan->root_fd, scan->directory, O_PATH | O_DIRECTORY);
	struct stat own, other;

	return fd >= 0 && fstat(fd, &own) == 0 && fstat(index_dir_fd, &other) == 0 &&
	       own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

int scan_use_fresh_index(struct kmod_devname_scan *scan, int index_dir_fd, bool is_of_all,
			 const struct kmod_devname_table *list)
{
	int r, lacks;

	skip_done(&scan->skip);
	r = skip_read(&scan->skip, index_dir_fd, scan->report, KMOD_DEVNAME_SEVERITY_WARNING);
	lacks = r > 0 && is_of_all ? index_lacks_module(scan, list) : 0;
	if (lacks < 0)
		return lacks;
	scan->is_index_fresh = r > 0 && !lacks;
	if (scan->is_index_fresh)
		return r;
	/* one that is older than this may be there */
	scan->use_index = r > 0 && is_index_in_place(scan, index_dir_fd);
	skip_done(&scan->skip);
	return r;
}

int skip_add_modules(struct kmod_devname_scan *scan)
{
	for (size_t i = 0; i < scan->skip.size; i++) {
		const struct skip_module *indexed = &scan->skip.modules[i];
		size_t size = (size_t)(indexed->name - indexed->path);
		_cleanup_free_ char *parent = NULL;
		struct scan_directory *directory;

		if (skip_spares(&scan->skip, indexed)) {
			scan->n_spared++;
			if (syntax_is_plain_module(indexed->name))
				scan->found.is_decodable = true;
			continue;
		}
		parent = strndup(indexed->path, size > 1 ? size - 1 : size);
		if (!parent)
			return -ENOMEM;
		directory = scan_add_directory(&scan->found, NULL, NULL, parent);
		/* depmod follows links, on the way to a module and to the module itself */
		if (!directory ||
		    !scan_add_module(&scan->found.waiting, directory, indexed->name, true))
			return -ENOMEM;
	}
	return 0;
}
