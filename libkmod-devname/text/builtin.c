// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * modules.builtin.modinfo -> the nodes of built-in modules. The strings of one module,
 * MODULE.FIELD= VALUE, stand together.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"
#include "base/report.h"
#include "node/table.h"

struct builtin {
	char *module; /* NULL before the first one */
	struct alias_list aliases;
};

static void builtin_done(struct builtin *builtin)
{
	alias_list_done(&builtin->aliases);
	free(builtin->module);
}

/* Cuts MODULE off a string; the rest is the alias, or NULL if it is about something else. */
static char *cut_module(char *string)
{
	static const char field[] = "alias=";
	char *rest = strchr(string, '.');

	if (!rest)
		return NULL;
	*rest++ = '\0';
	return strncmp(rest, field, sizeof(field) - 1) == 0 ? rest + sizeof(field) - 1 : NULL;
}

static int flush(struct kmod_devname_table *table, struct kmod_devname_report *report,
		 const char *file, struct builtin *builtin)
{
	int r = 0;

	if (builtin->module)
		r = table_add_aliases(table, report, builtin->module, file, &builtin->aliases);
	builtin_done(builtin);
	*builtin = (struct builtin){ 0 };
	return r;
}

static int read_string(struct kmod_devname_table *table, struct kmod_devname_report *report,
		       const char *file, char *string, struct builtin *builtin)
{
	const char *alias = cut_module(string);
	int r = 0;

	if (!alias)
		return 0;
	if (!builtin->module || strcmp(builtin->module, string) != 0) {
		r = flush(table, report, file, builtin);
		builtin->module = strdup(string);
		if (!builtin->module)
			return -ENOMEM;
	}
	return r == 0 ? alias_list_add(&builtin->aliases, alias) : r;
}

int kmod_devname_table_read_builtin(struct kmod_devname_table *table,
				    struct kmod_devname_report *report, FILE *stream,
				    const char *file)
{
	const struct location location = { file, 0 };
	struct builtin builtin = { 0 };
	struct lines strings;
	int status, r = 0;

	strings_init(&strings, stream, '\0');
	while (r == 0 && (status = lines_next(&strings)) != LINE_END) {
		if (status < 0)
			r = report_system(report, status, &location);
		else if (status == LINE_GOOD) /* no longer one is about a device */
			r = read_string(table, report, file, strings.text, &builtin);
		else if (status == LINE_CUT)
			r = report_add(report, KMOD_DEVNAME_CUT_LINE, KMOD_DEVNAME_WARNING,
				       &location,
				       "has no NUL at its end: the file seems to be cut short");
	}
	if (r == 0)
		r = flush(table, report, file, &builtin);
	builtin_done(&builtin);
	return r;
}
