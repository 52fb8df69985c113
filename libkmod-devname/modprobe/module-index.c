// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The indexes of a module directory, as modprobe(8) asks them. libkmod, which can do that too, maps
 * the files into memory and believes what stands there, even when somebody changes it or cuts them
 * off; and it knows no root directory. These are copies, which were looked at.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/root.h"
#include "modprobe/module-index.h"

static int report_bad(struct kmod_devname_report *report, const struct location *location)
{
	return report_add(report, KMOD_DEVNAME_BAD_INDEX, KMOD_DEVNAME_ERROR, location,
			  "is damaged, or is no index that modprobe can read: run depmod");
}

/* Where the indexes of a directory are. */
struct index_reading {
	int root_fd;
	const char *directory;
	struct kmod_devname_report *report;
	bool found_bad;
};

/* Without the file there are no keys; that it is missing is for the verdict to say. */
static int read_index(struct index_reading *reading, const char *name, struct binary_index *index)
{
	const struct location location = { name, 0 };
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;
	int r;

	if (asprintf(&path, "%s/%s", reading->directory, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	fd = root_open_file(reading->root_fd, path, 0);
	if (is_missing(fd))
		return 0;
	if (fd == -EISDIR || fd == -ENODEV)
		r = 0;
	else
		r = fd < 0 ? fd : binary_index_read(index, fd);
	if (r < 0)
		return report_system(reading->report, r, &location);
	if (r > 0)
		return 0;
	reading->found_bad = true;
	return report_bad(reading->report, &location);
}

static int read_all(struct module_index *index, struct index_reading *reading)
{
	int r = read_index(reading, "modules.dep.bin", &index->dependencies);

	if (r == 0)
		r = read_index(reading, "modules.symbols.bin", &index->symbols);
	if (r == 0)
		r = read_index(reading, "modules.alias.bin", &index->aliases);
	if (r == 0)
		r = read_index(reading, "modules.builtin.bin", &index->built_in);
	if (r == 0)
		r = read_index(reading, "modules.builtin.alias.bin", &index->built_in_aliases);
	return r;
}

int module_index_read(struct module_index *index, int root_fd, const char *directory,
		      struct kmod_devname_report *report)
{
	struct index_reading reading = { root_fd, directory, report, false };
	int r;

	*index = (struct module_index){ .report = report };
	r = read_all(index, &reading);
	if (r < 0 || reading.found_bad)
		module_index_done(index);
	index->whole = index->dependencies.data && index->aliases.data;
	return r;
}

void module_index_done(struct module_index *index)
{
	binary_index_done(&index->dependencies);
	binary_index_done(&index->symbols);
	binary_index_done(&index->aliases);
	binary_index_done(&index->built_in);
	binary_index_done(&index->built_in_aliases);
}

bool module_index_is_built_in(const struct module_index *index, const char *module)
{
	return binary_index_find(&index->built_in, module);
}

const char *module_index_find_dependencies(const struct module_index *index, const char *module)
{
	return binary_index_find(&index->dependencies, module);
}

static int match(const struct module_index *index, const struct binary_index *file,
		 const char *file_name, const char *alias, struct list *modules)
{
	const struct location location = { file_name, 0 };
	int r = binary_index_match(file, alias, modules);

	if (r != -EFBIG)
		return r;
	r = report_add(index->report, KMOD_DEVNAME_BAD_INDEX, KMOD_DEVNAME_ERROR, &location,
		       "has more modules or patterns for '%s' than are looked at", alias);
	return r < 0 ? r : -EFBIG;
}

int module_index_look_up_name(const struct module_index *index, const char *name,
			      struct list *modules)
{
	static const char symbol[] = "symbol:";

	if (strncmp(name, symbol, sizeof(symbol) - 1) == 0)
		return match(index, &index->symbols, "modules.symbols.bin", name, modules);
	return module_index_find_dependencies(index, name)
		       ? list_push(modules, (char *)(uintptr_t)name)
		       : 0;
}

int module_index_look_up_alias(const struct module_index *index, const char *alias,
			       struct list *modules)
{
	int r = match(index, &index->aliases, "modules.alias.bin", alias, modules);

	if (r < 0 || modules->size > 0)
		return r;
	if (module_index_is_built_in(index, alias))
		return list_push(modules, (char *)(uintptr_t)alias);
	return match(index, &index->built_in_aliases, "modules.builtin.alias.bin", alias, modules);
}
