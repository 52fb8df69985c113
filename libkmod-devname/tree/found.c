// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The results of a scan: directories, modules, the content of module files, and problems with
 * entries. A directory has its parent, and a path is made when it is needed: with a path in each of
 * them memory would grow with the square of the depth.
 *
 * At the end, problems become findings, and this file selects the file of each module that counts.
 * Modules are sorted by name, so that the files of one are neighbours, and nothing depends on the
 * order in which anything was found.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "tree/scan.h"

/* --- paths -------------------------------------------------------------------------------- */

char *scan_get_path(const struct scan_directory *directory, const char *name)
{
	size_t name_size = strlen(name), size = name_size;
	char *path, *end;

	/* the module directory has no name */
	for (const struct scan_directory *d = directory; d; d = d->parent)
		size += d->name[0] != '\0' ? strlen(d->name) + 1 : 0;
	path = malloc(size + 1);
	if (!path)
		return NULL;
	end = path + size - name_size;
	memcpy(end, name, name_size + 1);
	for (; directory; directory = directory->parent) {
		name_size = strlen(directory->name);
		if (name_size == 0)
			continue;
		*--end = '/';
		end -= name_size;
		memcpy(end, directory->name, name_size);
	}
	return path;
}

/* The last name of a path, or one in the middle and the next one. */
struct path_component {
	const struct scan_directory *directory; /* that it is in */
	const char *parts[4]; /* the name; a slash or nothing; the same two of the next one */
};

static void component_climb(struct path_component *component)
{
	component->parts[2] = component->parts[0];
	component->parts[3] = component->parts[1];
	component->parts[0] = component->directory->name;
	/* the name of the module directory is not in the path */
	component->parts[1] = component->parts[0][0] != '\0' ? "/" : "";
	component->directory = component->directory->parent;
}

static unsigned int component_depth(const struct path_component *component)
{
	return component->directory ? component->directory->depth + 1 : 0;
}

/* The next byte of the parts from the one at *part on; 0 is the end. */
static unsigned char component_next_byte(struct path_component *component, size_t *part)
{
	while (*part < 4 && *component->parts[*part] == '\0')
		++*part;
	return *part < 4 ? (unsigned char)*component->parts[*part]++ : 0;
}

int scan_compare_paths(const struct scan_directory *directory_a, const char *name_a,
		       const struct scan_directory *directory_b, const char *name_b)
{
	struct path_component a = { directory_a, { name_a, "", "", "" } };
	struct path_component b = { directory_b, { name_b, "", "", "" } };
	size_t part_a = 0, part_b = 0;
	unsigned char x, y;

	while (a.directory != b.directory) {
		unsigned int depth_a = component_depth(&a), depth_b = component_depth(&b);

		if (depth_a >= depth_b)
			component_climb(&a);
		if (depth_b >= depth_a)
			component_climb(&b);
	}
	do {
		x = component_next_byte(&a, &part_a);
		y = component_next_byte(&b, &part_b);
	} while (x == y && x != 0);
	return (x > y) - (x < y);
}

/* --- what there is ------------------------------------------------------------------------ */

/* Adds a struct that ends with a name, its other bytes 0, to a list that owns it, or NULL. */
static void *add_item(struct list *list, size_t name_offset, const char *name)
{
	size_t size = strlen(name) + 1;
	char *item = calloc(1, name_offset + size);

	if (!item || list_push(list, item) < 0) {
		free(item);
		return NULL;
	}
	memcpy(item + name_offset, name, size);
	return item;
}

struct scan_directory *scan_add_directory(struct scan_found *found, struct list *list,
					  const struct scan_directory *parent, const char *name)
{
	struct scan_directory *directory =
		add_item(&found->known_directories, offsetof(struct scan_directory, name), name);

	if (!directory)
		return NULL;
	directory->parent = parent;
	directory->path_size = strlen(name);
	if (parent) {
		directory->path_size += parent->path_size + 1;
		directory->depth = parent->depth + 1;
	}
	return list && list_push(list, directory) < 0 ? NULL : directory;
}

struct scan_module *scan_add_module(struct list *list, const struct scan_directory *directory,
				    const char *name, bool is_linked)
{
	struct scan_module *module = add_item(list, offsetof(struct scan_module, name), name);

	if (!module)
		return NULL;
	module->directory = directory;
	module->is_linked = is_linked;
	return module;
}

struct scan_content *scan_add_content(struct scan_found *found)
{
	struct scan_content *content = calloc(1, sizeof(*content));

	if (content && list_push(&found->contents, content) == 0)
		return content;
	free(content);
	return NULL;
}

int scan_add_finding(struct scan_found *found, int problem, const struct scan_directory *directory,
		     const char *name)
{
	struct scan_finding *finding =
		add_item(&found->findings, offsetof(struct scan_finding, name), name);

	if (!finding)
		return -ENOMEM;
	finding->problem = problem;
	finding->directory = directory;
	return 0;
}

static void scan_content_free(void *p)
{
	struct scan_content *content = p;

	alias_list_done(&content->aliases);
	free(content);
}

int scan_found_move(struct scan_found *to, struct scan_found *from)
{
	struct list *const lists[][2] = {
		{ &to->known_directories, &from->known_directories },
		{ &to->directories, &from->directories },
		{ &to->links, &from->links },
		{ &to->waiting, &from->waiting },
		{ &to->contents, &from->contents }, /* before those that point to them */
		{ &to->modules, &from->modules },
		{ &to->findings, &from->findings },
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		int r = list_move(lists[i][0], lists[i][1]);

		if (r < 0)
			return r;
	}
	to->is_incomplete = to->is_incomplete || from->is_incomplete;
	to->is_decodable = to->is_decodable || from->is_decodable;
	return 0;
}

void scan_found_done(struct scan_found *found)
{
	list_done(&found->waiting, free);
	list_done(&found->modules, free);
	list_done(&found->contents, scan_content_free);
	list_done(&found->findings, free);
	list_done(&found->directories, NULL);
	list_done(&found->links, NULL);
	list_done(&found->known_directories, free);
}

/* --- findings ----------------------------------------------------------------------------- */

static int compare_findings(const void *a, const void *b)
{
	const struct scan_finding *x = *(struct scan_finding *const *)a;
	const struct scan_finding *y = *(struct scan_finding *const *)b;

	return scan_compare_paths(x->directory, x->name, y->directory, y->name);
}

int scan_report_unreadable(struct kmod_devname_report *report, const struct location *location,
			   int error)
{
	if (is_fatal(error))
		return error;
	return report_add(report, KMOD_DEVNAME_CODE_UNREADABLE, KMOD_DEVNAME_SEVERITY_ERROR,
			  location, "cannot be read: %s", report_describe_error(error));
}

static int report_found(struct kmod_devname_report *report, const struct scan_finding *finding)
{
	_cleanup_free_ char *path = scan_get_path(finding->directory, finding->name);
	const struct location location = { path, 0 };

	if (!path)
		return -ENOMEM;
	switch (finding->problem) {
	case SCAN_LINK_LEADS_NOWHERE:
		return report_add(report, KMOD_DEVNAME_CODE_DANGLING_LINK,
				  KMOD_DEVNAME_SEVERITY_NOTE, &location,
				  "symbolic link without a target");
	case SCAN_LINK_INTO_PROC:
		return report_add(report, KMOD_DEVNAME_CODE_DANGLING_LINK,
				  KMOD_DEVNAME_SEVERITY_NOTE, &location,
				  "symbolic link into proc or sysfs, which have no modules");
	case SCAN_NOT_REGULAR:
		return report_add(report, KMOD_DEVNAME_CODE_NOT_REGULAR, KMOD_DEVNAME_SEVERITY_NOTE,
				  &location, "named like a module, but not a file");
	case SCAN_VANISHED:
		return report_add(report, KMOD_DEVNAME_CODE_VANISHED, KMOD_DEVNAME_SEVERITY_WARNING,
				  &location, "removed during the run");
	default:
		return scan_report_unreadable(report, &location, finding->problem);
	}
}

int scan_report_findings(struct kmod_devname_scan *scan)
{
	struct list *findings = &scan->found.findings;

	list_sort(findings, compare_findings);
	for (size_t i = 0; i < findings->size; i++) {
		int r = report_found(scan->report, findings->items[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

/* --- copies ------------------------------------------------------------------------------- */

static int compare_module_names(const void *a, const void *b)
{
	return syntax_compare_module_names((*(struct scan_module *const *)a)->name,
					   (*(struct scan_module *const *)b)->name);
}

static int compare_module_paths(const void *a, const void *b)
{
	const struct scan_module *x = *(struct scan_module *const *)a;
	const struct scan_module *y = *(struct scan_module *const *)b;

	return scan_compare_paths(x->directory, x->name, y->directory, y->name);
}

/* A link to a module in the same tree is no second copy of it. */
static bool is_link_to_same_file(const struct kmod_devname_scan *scan, const struct scan_module *a,
				 const struct scan_module *b)
{
	_cleanup_close_ int fd_a = -1, fd_b = -1;
	struct stat x, y;

	if (!a->is_linked && !b->is_linked)
		return false;
	fd_a = scan_open(scan, a->directory, a->name, O_PATH);
	fd_b = scan_open(scan, b->directory, b->name, O_PATH);
	return fd_a >= 0 && fd_b >= 0 && fstat(fd_a, &x) == 0 && fstat(fd_b, &y) == 0 &&
	       x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* It is a note if the configuration has decided. */
static int report_duplicate(const struct kmod_devname_scan *scan, const struct scan_module *winner,
			    const char *winner_path, const struct scan_module *loser,
			    bool is_decided)
{
	_cleanup_free_ char *path = scan_get_path(loser->directory, loser->name);
	const struct location location = { path, 0 };

	if (!path)
		return -ENOMEM;
	/* a directory that changes while it is listed may show a file twice */
	if (strcmp(winner_path, path) == 0 || is_link_to_same_file(scan, winner, loser))
		return 0;
	return report_add(scan->report, KMOD_DEVNAME_CODE_DUPLICATE_MODULE,
			  is_decided ? KMOD_DEVNAME_SEVERITY_NOTE : KMOD_DEVNAME_SEVERITY_WARNING,
			  &location, "ignored duplicate of %s", winner_path);
}

/* Moves the one of n files of a module that counts to the front, and reports the others. */
static int choose_copy(const struct kmod_devname_scan *scan, struct scan_module **copies, size_t n)
{
	_cleanup_free_ struct copy_rank *ranks = calloc(n, sizeof(*ranks));
	_cleanup_free_ char *winner_path = NULL;
	struct scan_module *winner;
	size_t first = 0;
	int r;

	if (!ranks)
		return -ENOMEM;
	qsort(copies, n, sizeof(*copies), compare_module_paths);
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *path = scan_get_path(copies[i]->directory, copies[i]->name);

		if (!path)
			return -ENOMEM;
		r = depmod_conf_rank(scan->config, scan->directory, path, &ranks[i]);
		if (r < 0)
			return r;
		if (copy_rank_compare(&ranks[i], &ranks[first]) < 0)
			first = i;
	}
	winner = copies[first];
	winner_path = scan_get_path(winner->directory, winner->name);
	if (!winner_path)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		r = report_duplicate(scan, winner, winner_path, copies[i],
				     copy_rank_compare(&ranks[first], &ranks[i]) < 0);
		if (r < 0)
			return r;
	}
	copies[first] = copies[0];
	copies[0] = winner;
	return 0;
}

static bool module_has_result(const struct scan_module *module)
{
	const struct scan_content *content = module->content;

	return content &&
	       (content->error != MODULE_OK || content->is_dropped || content->aliases.size > 0);
}

int scan_choose_modules(struct kmod_devname_scan *scan, struct list *chosen)
{
	struct list *modules = &scan->found.modules;
	size_t n;
	int r;

	list_sort(modules, compare_module_names);
	for (size_t i = 0; i < modules->size; i += n) {
		struct scan_module **copies = (struct scan_module **)modules->items + i;

		for (n = 1; i + n < modules->size; n++)
			if (compare_module_names(&copies[0], &copies[n]) != 0)
				break;
		r = n > 1 ? choose_copy(scan, copies, n) : 0;
		if (r == 0 && module_has_result(copies[0]))
			r = list_push(chosen, copies[0]);
		if (r < 0)
			return r;
	}
	return 0;
}
