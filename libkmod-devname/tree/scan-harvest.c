// SPDX-License-Identifier: LGPL-2.1-or-later
/* What comes out of a piece of a scan's work, on its way from one thread to all. */

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tree/scan.h"

void module_free(void *p)
{
	struct module *module = p;

	outcome_free(module->outcome);
	free(module);
}

void directory_free(void *p)
{
	struct directory *directory = p;

	free(directory->names);
	free(directory);
}

void harvest_done(struct harvest *harvest)
{
	list_done(&harvest->directories, directory_free);
	list_done(&harvest->links, directory_free);
	list_done(&harvest->modules, module_free);
	list_done(&harvest->compressed, module_free);
	list_done(&harvest->remarks, free);
}

int harvest_move(struct harvest *to, struct harvest *from)
{
	int r = list_move(&to->modules, &from->modules);

	if (r == 0)
		r = list_move(&to->compressed, &from->compressed);
	if (r == 0)
		r = list_move(&to->directories, &from->directories);
	if (r == 0)
		r = list_move(&to->links, &from->links);
	if (r == 0)
		r = list_move(&to->remarks, &from->remarks);
	return r;
}

/* Memory for an object of a size and, at an offset in it, the path DIRECTORY/NAME. */
static void *new_with_path(size_t size, size_t offset, const char *directory, const char *name)
{
	size_t directory_size = strlen(directory), name_size = strlen(name) + 1;
	char *object = calloc(1, size + directory_size + 1 + name_size);
	char *path;

	if (!object)
		return NULL;
	path = object + offset;
	if (directory_size > 0) {
		memcpy(path, directory, directory_size);
		path += directory_size;
		*path++ = '/';
	}
	memcpy(path, name, name_size);
	return object;
}

#define NEW_WITH_PATH(type, directory, name) \
	new_with_path(sizeof(type), offsetof(type, path), directory, name)

struct module *harvest_add_module(struct list *list, const char *directory, const char *name,
				  bool linked)
{
	struct module *module = NEW_WITH_PATH(struct module, directory, name);

	if (!module)
		return NULL;
	module->name = module->path + strlen(module->path) - strlen(name);
	module->linked = linked;
	if (list_push(list, module) == 0)
		return module;
	module_free(module);
	return NULL;
}

struct directory *harvest_add_directory(struct list *list, const char *parent, const char *name)
{
	struct directory *directory = NEW_WITH_PATH(struct directory, parent, name);

	if (directory && list_push(list, directory) == 0)
		return directory;
	free(directory);
	return NULL;
}

int harvest_add_remark(struct harvest *harvest, enum kmod_devname_code code, const char *directory,
		       const char *name)
{
	struct remark *remark = NEW_WITH_PATH(struct remark, directory, name);

	if (!remark)
		return -ENOMEM;
	remark->code = code;
	if (list_push(&harvest->remarks, remark) == 0)
		return 0;
	free(remark);
	return -ENOMEM;
}
