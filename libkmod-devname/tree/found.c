// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The findings of a scan: directories, modules, the content of module files, and problems with
 * entries. A directory has its parent, and a path is made when it is needed: with a path in each of
 * them memory would grow with the square of the depth.
 */

#include <stdlib.h>
#include <string.h>

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

struct scan_directory *scan_add_directory(struct scan_found *found, struct list *list,
					  const struct scan_directory *parent, const char *name)
{
	size_t size = strlen(name);
	struct scan_directory *directory = calloc(1, sizeof(*directory) + size + 1);

	if (!directory || list_push(&found->known_directories, directory) < 0) {
		free(directory);
		return NULL;
	}
	memcpy(directory->name, name, size + 1);
	directory->parent = parent;
	directory->path_size = size;
	if (parent) {
		directory->path_size += parent->path_size + 1;
		directory->depth = parent->depth + 1;
	}
	if (list && list_push(list, directory) < 0)
		return NULL;
	return directory;
}

struct scan_module *scan_add_module(struct list *list, const struct scan_directory *directory,
				    const char *name, bool is_linked)
{
	size_t size = strlen(name) + 1;
	struct scan_module *module = calloc(1, sizeof(*module) + size);

	if (!module || list_push(list, module) < 0) {
		free(module);
		return NULL;
	}
	module->directory = directory;
	module->is_linked = is_linked;
	memcpy(module->name, name, size);
	return module;
}

struct scan_content *scan_add_content(struct scan_found *found)
{
	struct scan_content *content = calloc(1, sizeof(*content));

	if (!content || list_push(&found->contents, content) < 0) {
		free(content);
		return NULL;
	}
	return content;
}

static void scan_content_free(void *p)
{
	struct scan_content *content = p;

	alias_list_done(&content->aliases);
	free(content);
}

int scan_add_finding(struct scan_found *found, enum scan_problem problem, int error,
		     const struct scan_directory *directory, const char *name)
{
	size_t size = strlen(name) + 1;
	struct scan_finding *finding = calloc(1, sizeof(*finding) + size);

	if (!finding || list_push(&found->findings, finding) < 0) {
		free(finding);
		return -ENOMEM;
	}
	finding->problem = problem;
	finding->error = error;
	finding->directory = directory;
	memcpy(finding->name, name, size);
	return 0;
}

int scan_found_move(struct scan_found *to, struct scan_found *from)
{
	struct list *const lists[][2] = {
		{ &to->known_directories, &from->known_directories },
		{ &to->directories, &from->directories },
		{ &to->links, &from->links },
		{ &to->waiting, &from->waiting },
		{ &to->modules, &from->modules },
		{ &to->contents, &from->contents },
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
