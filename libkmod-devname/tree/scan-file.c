// SPDX-License-Identifier: LGPL-2.1-or-later
/* A single module file -> table. */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/alias.h"
#include "base/cleanup.h"
#include "base/array.h"
#include "module/modinfo.h"
#include "module/file.h"
#include "tree/module-tree.h"
#include "base/report.h"
#include "tree/scan.h"
#include "module/settled.h"

/* What of its strings is about device nodes. */
static int collect(const struct modinfo *modinfo, struct list *aliases)
{
	size_t position = 0;
	const char *string;
	struct alias alias;
	int r = 0;

	while (r == 0 && (string = modinfo_next_alias(modinfo, &position)))
		if (alias_parse(string, &alias) != ALIAS_OTHER)
			r = list_push(aliases, (char *)(uintptr_t)string);
	return r;
}

static int add(struct kmod_devname_table *table, struct kmod_devname_report *report,
	       const struct modinfo *modinfo, const char *file)
{
	_cleanup_free_ char *name = module_tree_module_name(file);
	struct list aliases = { 0 };
	int r = name ? collect(modinfo, &aliases) : -ENOMEM;

	if (r == 0)
		r = kmod_devname_table_add_module(table, report, name, file,
						  (const char *const *)aliases.items, aliases.size);
	list_done(&aliases, NULL);
	return r;
}

/* Returns a fault, or a negative errno. */
static int read_module(struct module_file *file, struct modinfo *modinfo, int fd)
{
	static const struct timespec unknown = { 0 };
	struct image image;
	struct stat st;
	int r = 0;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -ESPIPE;
	r = image_from_file(fd, &image);
	if (r == 0 && module_file_is_compressed(&image))
		r = module_file_decompress(file, &image, &image);
	return r == 0 ? settled_read(modinfo, &image, &unknown) : r;
}

int kmod_devname_table_add_file(struct kmod_devname_table *table,
				struct kmod_devname_report *report, int fd, const char *file)
{
	const struct location location = { file, 0 };
	struct module_file module_file;
	struct modinfo modinfo = { 0 };
	int r;

	module_file_init(&module_file, SCAN_SIZE_MAX);
	module_file_set_extent(&module_file, modinfo_extent);
	r = read_module(&module_file, &modinfo, fd);
	if (r == 0)
		r = add(table, report, &modinfo, file);
	else if (r > 0)
		r = report_add(report, module_error_code((enum module_error)r), KMOD_DEVNAME_ERROR, &location, "%s",
			       module_error_message((enum module_error)r));
	else if (r != -ENOMEM)
		r = report_system(report, r, &location);
	modinfo_done(&modinfo);
	module_file_done(&module_file);
	return r;
}
