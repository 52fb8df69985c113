// SPDX-License-Identifier: LGPL-2.1-or-later
/* A single module file -> table. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/report.h"
#include "module/file.h"
#include "node/alias.h"
#include "tree/module-tree.h"
#include "tree/scan.h"

/* What of its strings is about device nodes. */
static int collect(const struct module_reader *reader, struct list *aliases)
{
	size_t position = 0;
	const char *string;
	struct alias alias;
	int r = 0;

	while (r == 0 && (string = module_reader_next_alias(reader, &position)))
		if (alias_parse(string, &alias) != ALIAS_OTHER)
			r = list_push(aliases, (char *)(uintptr_t)string);
	return r;
}

static int add(struct kmod_devname_table *table, struct kmod_devname_report *report,
	       const struct module_reader *reader, const char *file)
{
	_cleanup_free_ char *name = module_tree_module_name(file);
	struct list aliases = { 0 };
	int r = name ? collect(reader, &aliases) : -ENOMEM;

	if (r == 0)
		r = kmod_devname_table_add_module(table, report, name, file,
						  (const char *const *)aliases.items, aliases.size);
	list_done(&aliases, NULL);
	return r;
}

int kmod_devname_table_add_file(struct kmod_devname_table *table,
				struct kmod_devname_report *report, int fd, const char *file)
{
	const struct location location = { file, 0 };
	struct module_reader *reader = module_reader_new(SCAN_SIZE_MAX);
	int r = reader ? module_reader_start(reader, fd) : -ENOMEM;

	if (r >= 0)
		r = module_reader_read(reader);
	if (r == 0)
		r = add(table, report, reader, file);
	else if (r > 0)
		r = report_add(report, module_error_code((enum module_error)r), KMOD_DEVNAME_ERROR,
			       &location, "%s", module_error_message((enum module_error)r));
	else if (r != -ENOMEM)
		r = report_system(report, r, &location);
	module_reader_free(reader);
	return r;
}
