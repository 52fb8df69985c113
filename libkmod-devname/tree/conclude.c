// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The end of a scan: declarations of modules become nodes of the table, in the order of
 * modules.order. The bounds are counted in that order, so they do not depend on the work of single
 * threads.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/lines.h"
#include "node/table.h"
#include "tree/scan.h"

/*
 * The bounds of a table, over all modules together. Lines with these names are less than 20 MiB,
 * and readers take 128 MiB (LINES_TOTAL_MAX), so that they can read every file that is written.
 */
#define NODES_MAX ((size_t)1 << 17)
#define NAMES_SIZE_MAX ((size_t)16 << 20)

/* --- modules.order ------------------------------------------------------------------------ */

static int compare_texts(const char *a, size_t size_a, const char *b, size_t size_b)
{
	int r = memcmp(a, b, size_a < size_b ? size_a : size_b);

	return r != 0 ? r : (size_a > size_b) - (size_a < size_b);
}

static int compare_listed_paths(const void *a, const void *b)
{
	const struct module_position *x = a, *y = b;
	int r = compare_texts(x->path, x->listed, y->path, y->listed);

	return r != 0 ? r : strcmp(x->path, y->path);
}

/* The first line of a module counts. The size is that of its path without ".ko". */
static void note_position(struct module_position *positions, size_t n, const struct lines *line,
			  size_t size)
{
	size_t low = 0, high = n;

	while (low < high) { /* to the first module whose path is not before the line's */
		size_t middle = low + (high - low) / 2;

		if (compare_texts(positions[middle].path, positions[middle].listed, line->text,
				  size) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < n; low++) {
		struct module_position *position = &positions[low];

		if (compare_texts(position->path, position->listed, line->text, size) != 0)
			return;
		if (position->position == MODULE_ORDER_NONE)
			position->position = line->number;
	}
}

/* A line is the path of a module, ".ko" whatever the compression. */
static void read_order_line(struct kmod_devname_scan *scan, struct module_position *positions,
			    size_t n, const struct lines *line)
{
	static const char suffix[] = ".ko";
	size_t size = line->size;
	const char *name;

	if (size < strlen(suffix) || strcmp(line->text + size - strlen(suffix), suffix) != 0)
		return;
	note_position(positions, n, line, size - strlen(suffix));
	scan->lists_modules = true;
	name = syntax_base_name(line->text);
	/* those that a fresh index spares are there as well */
	if (!scan->has_listed_module)
		scan->has_listed_module =
			scan_find_module(scan, name) != SCAN_MODULE_ABSENT ||
			(scan->n_spared > 0 && skip_find_module(&scan->skip, name));
}

static int report_bad_order(struct kmod_devname_report *report, size_t line, const char *problem)
{
	const struct location location = { "modules.order", line };

	return report_add(report, KMOD_DEVNAME_CODE_BAD_ORDER, KMOD_DEVNAME_SEVERITY_WARNING,
			  &location, "%s", problem);
}

int module_order_read(struct kmod_devname_scan *scan, FILE *stream,
		      struct module_position *positions, size_t n)
{
	struct lines lines;
	int status, r = 0;

	for (size_t i = 0; i < n; i++)
		positions[i].listed = syntax_module_stem_size(positions[i].path);
	if (n > 1)
		qsort(positions, n, sizeof(*positions), compare_listed_paths);
	lines_init(&lines, stream);
	while (r == 0 && (status = lines_next(&lines)) != LINE_END) {
		if (status < 0)
			return status;
		if (status == LINE_LONG)
			r = report_bad_order(scan->report, lines.number,
					     "line longer than any path");
		else if (status == LINE_CUT)
			r = report_bad_order(scan->report, lines.number,
					     "no newline at the end: the file is truncated");
		else
			read_order_line(scan, positions, n, &lines);
	}
	return r;
}

static int compare_positions(const void *a, const void *b)
{
	const struct module_position *x = a, *y = b;

	if (x->position != y->position)
		return x->position < y->position ? -1 : 1;
	return syntax_compare_module_names(syntax_base_name(x->path), syntax_base_name(y->path));
}

void module_order_sort(struct module_position *positions, size_t n)
{
	if (n > 1)
		qsort(positions, n, sizeof(*positions), compare_positions);
}

/* A fatal error is returned. */
static int report_unreadable_order(struct kmod_devname_scan *scan, int error)
{
	const struct location location = { "modules.order", 0 };

	scan->is_order_unreadable = true;
	return scan_report_unreadable(scan->report, &location, error);
}

int module_order_open(const struct kmod_devname_scan *scan, FILE **ret_stream)
{
	_cleanup_free_ char *path = format_text("%s/modules.order", scan->directory);

	return path ? stream_from_fd(root_open_file(scan->root_fd, path, 0), ret_stream) : -ENOMEM;
}

/* No modules.order, or one that is no file, is no order. */
static int read_order(struct kmod_devname_scan *scan, struct module_position *positions, size_t n)
{
	static const char no_file[] = "not a regular file, or too large";
	FILE *stream;
	int r = module_order_open(scan, &stream);

	if (is_missing(r))
		return 0;
	if (r == -EISDIR || r == -ENODEV)
		return report_bad_order(scan->report, 0, no_file);
	if (r < 0)
		return report_unreadable_order(scan, r);
	r = module_order_read(scan, stream, positions, n);
	(void)fclose(stream);
	if (r == -EFBIG) {
		for (size_t i = 0; i < n; i++)
			positions[i].position = MODULE_ORDER_NONE;
		scan->lists_modules = false;
		return report_bad_order(scan->report, 0, no_file);
	}
	return r == 0 ? 0 : report_unreadable_order(scan, r);
}

/* --- one module file ----------------------------------------------------------------------- */

static int read_aliases(struct module_reader *reader, int fd, struct alias_list *aliases)
{
	int r = fd < 0 ? fd : module_reader_start(reader, fd);

	if (r >= 0)
		r = module_reader_read(reader);
	return r == MODULE_OK ? scan_collect_aliases(reader, aliases) : r;
}

/* Reads dropped aliases again. 0, a module error, or a negative errno. */
static int read_again(const struct kmod_devname_scan *scan, const struct scan_module *module,
		      struct alias_list *aliases)
{
	struct module_reader *reader = module_reader_new(scan->size_max, NULL);
	_cleanup_close_ int fd = scan_open_module(scan, module);
	int r = reader ? read_aliases(reader, fd, aliases) : -ENOMEM;

	module_reader_free(reader);
	return r;
}

int kmod_devname_table_add_file(struct kmod_devname_table *table,
				struct kmod_devname_report *report, int fd, const char *file)
{
	const struct location location = { file, 0 };
	struct module_reader *reader = module_reader_new(SCAN_SIZE_MAX, NULL);
	const char *base = syntax_base_name(file);
	_cleanup_free_ char *name = strndup(base, strcspn(base, "."));
	struct alias_list aliases = { 0 };
	int r = reader && name ? read_aliases(reader, fd < 0 ? -EBADF : fd, &aliases) : -ENOMEM;

	if (r == 0)
		r = table_add_aliases(table, report, name, file, &aliases);
	else if (r > 0)
		r = report_add(report, module_error_code((enum module_error)r),
			       KMOD_DEVNAME_SEVERITY_ERROR, &location, "%s",
			       module_error_message((enum module_error)r));
	else if (r != -ENOMEM)
		r = report_system(report, r, &location);
	alias_list_done(&aliases);
	module_reader_free(reader);
	return r;
}

/* --- into the table ----------------------------------------------------------------------- */

/* The state that is common to all modules while they are added. */
struct conclusion {
	struct kmod_devname_scan *scan;
	/* of modules whose compression is not in this build, by the module error */
	struct {
		size_t n;
		const struct scan_module *first;
	} unsupported[MODULE_ERRORS];
};

bool scan_take_room(struct kmod_devname_scan *scan, size_t n_nodes, size_t names_size)
{
	if (n_nodes > NODES_MAX - scan->n_nodes || names_size > NAMES_SIZE_MAX - scan->names_size)
		return false;
	scan->n_nodes += n_nodes;
	scan->names_size += names_size;
	return true;
}

static bool take_room_for_aliases(struct kmod_devname_scan *scan, const char *name,
				  const struct alias_list *aliases)
{
	size_t n_nodes = 0, names_size = 0;

	for (size_t i = 0; i < aliases->size; i++) {
		if (aliases->items[i].kind != ALIAS_NAME)
			continue;
		n_nodes++;
		names_size += strlen(name) + strlen(aliases->items[i].text);
	}
	return scan_take_room(scan, n_nodes, names_size);
}

static int conclusion_add_aliases(struct conclusion *conclusion, const struct scan_module *module,
				  const struct location *location, const struct alias_list *aliases)
{
	struct kmod_devname_scan *scan = conclusion->scan;
	_cleanup_free_ char *name = strndup(module->name, strcspn(module->name, "."));

	if (!name)
		return -ENOMEM;
	if (take_room_for_aliases(scan, name, aliases))
		return table_add_aliases(scan->table, scan->report, name, location->file, aliases);
	return report_add(
		scan->report, KMOD_DEVNAME_CODE_TOO_MANY_ALIASES, KMOD_DEVNAME_SEVERITY_ERROR,
		location,
		"more device names than modules.devname can have after those of earlier modules");
}

static int conclusion_add_error(struct conclusion *conclusion, const struct scan_module *module,
				const struct location *location, int error)
{
	struct kmod_devname_report *report = conclusion->scan->report;

	if (error < 0)
		return scan_report_unreadable(report, location, error);
	if (module_error_compression((enum module_error)error)) {
		if (conclusion->unsupported[error].n++ == 0)
			conclusion->unsupported[error].first = module;
		return 0;
	}
	return report_add(report, module_error_code((enum module_error)error),
			  KMOD_DEVNAME_SEVERITY_ERROR, location, "%s",
			  module_error_message((enum module_error)error));
}

static int conclusion_add_module(struct conclusion *conclusion, const struct scan_module *module)
{
	_cleanup_free_ char *path = scan_get_path(module->directory, module->name);
	const struct location location = { path, 0 };
	struct alias_list aliases = { 0 };
	int r = module->content->error;

	if (!path)
		return -ENOMEM;
	if (r == MODULE_OK && !module->content->is_dropped)
		return conclusion_add_aliases(conclusion, module, &location,
					      &module->content->aliases);
	if (r == MODULE_OK)
		r = module->content->error = read_again(conclusion->scan, module, &aliases);
	if (r == MODULE_OK)
		r = conclusion_add_aliases(conclusion, module, &location, &aliases);
	else if (!is_fatal(r))
		r = conclusion_add_error(conclusion, module, &location, r);
	alias_list_done(&aliases);
	return r;
}

/* One finding for all modules of a compression: it may be that of the whole kernel. */
static int conclusion_report_unsupported(const struct conclusion *conclusion, int error)
{
	const struct scan_module *first = conclusion->unsupported[error].first;
	struct kmod_devname_report *report = conclusion->scan->report;
	size_t n = conclusion->unsupported[error].n;
	_cleanup_free_ char *path = NULL;

	if (n == 0)
		return 0;
	path = scan_get_path(first->directory, first->name);
	if (!path)
		return -ENOMEM;
	if (n == 1)
		return report_add(report, KMOD_DEVNAME_CODE_UNSUPPORTED,
				  KMOD_DEVNAME_SEVERITY_ERROR, &(struct location){ path, 0 }, "%s",
				  module_error_message((enum module_error)error));
	return report_add(report, KMOD_DEVNAME_CODE_UNSUPPORTED, KMOD_DEVNAME_SEVERITY_ERROR,
			  &(struct location){ ".", 0 },
			  "%zu modules are compressed with %s (first: %s), which this build cannot "
			  "read",
			  n, module_error_compression((enum module_error)error), path);
}

static int conclude_modules(struct kmod_devname_scan *scan, const struct module_position *positions,
			    size_t n)
{
	struct conclusion conclusion = { .scan = scan };
	int r;

	for (size_t i = 0; i < n; i++) {
		r = conclusion_add_module(&conclusion, positions[i].module);
		if (r < 0)
			return r;
	}
	for (int error = 0; error < MODULE_ERRORS; error++) {
		r = conclusion_report_unsupported(&conclusion, error);
		if (r < 0)
			return r;
	}
	return 0;
}

int scan_conclude(struct kmod_devname_scan *scan)
{
	_cleanup_free_ struct module_position *positions = NULL;
	size_t n = 0;
	int r;

	for (size_t i = 0; i < scan->found.modules.size; i++)
		n += scan_module_has_result(scan->found.modules.items[i]);
	positions = calloc(n + 1, sizeof(*positions));
	if (!positions)
		return -ENOMEM;
	r = scan_report_findings(scan);
	if (r < 0)
		return r;
	r = scan_choose_modules(scan, positions, &n);
	if (r == 0)
		r = read_order(scan, positions, n);
	module_order_sort(positions, n);
	if (r == 0)
		r = conclude_modules(scan, positions, n);
	for (size_t i = 0; i < n; i++)
		free((char *)(uintptr_t)positions[i].path);
	return r;
}
