// SPDX-License-Identifier: LGPL-2.1-or-later
/* The text of depmod.d(5) -> configuration. */

#include <errno.h>
#include <string.h>

#include "base/confdir.h"
#include "tree/depmod-conf.h"

#define BLANKS " \t"

struct statement {
	struct kmod_devname_config *config;
	struct kmod_devname_report *report;
	struct location location;
	char *rest; /* of the line */
};

static char *next_word(struct statement *statement)
{
	return strtok_r(NULL, BLANKS, &statement->rest);
}

static int report_bad(const struct statement *statement, const char *what, const char *word)
{
	return report_add(statement->report, KMOD_DEVNAME_BAD_CONFIG, KMOD_DEVNAME_WARNING,
			  &statement->location, "'%s' %s", word, what);
}

/* Returns 1 if the statement is meant for the kernel; if not 0, or -ENOMEM. */
static int is_for_kernel(const struct statement *statement, const char *pattern)
{
	int r = depmod_config_is_for_kernel(statement->config, pattern);

	return r == -EINVAL ? report_bad(statement,
					 "is no regular expression, has a back reference, or is "
					 "too large a one",
					 pattern)
			    : r;
}

static int read_words(struct statement *statement,
		      int (*add)(struct kmod_devname_config *config, const char *word))
{
	const char *word;
	int r = 0;

	while (r == 0 && (word = next_word(statement)))
		r = add(statement->config, word);
	return r;
}

static int read_override(struct statement *statement)
{
	const char *module = next_word(statement), *pattern = next_word(statement);
	const char *directory = next_word(statement);
	int r;

	if (!module || !pattern || !directory)
		return report_bad(statement, "wants a module, a kernel and a directory",
				  "override");
	r = is_for_kernel(statement, pattern);
	return r > 0 ? depmod_config_add_override(statement->config, module, directory) : r;
}

/* The manual page speaks of several directories; depmod takes one, and so is found what it finds.
 */
static int read_external(struct statement *statement)
{
	const char *pattern = next_word(statement), *directory = next_word(statement);
	const char *more = next_word(statement);
	int r;

	if (!pattern || !directory)
		return report_bad(statement, "wants a kernel and a directory", "external");
	if (directory[0] != '/')
		return report_bad(statement, "does not begin with a slash", directory);
	r = is_for_kernel(statement, pattern);
	if (r > 0)
		r = depmod_config_add_external(statement->config, directory);
	if (r == 0 && more)
		r = report_bad(statement, "is one directory too many: depmod reads the first only",
			       more);
	return r;
}

static int read_statement(struct statement *statement, char *text)
{
	const char *word = text[0] == '#' ? NULL : strtok_r(text, BLANKS, &statement->rest);

	if (!word)
		return 0;
	if (strcmp(word, "search") == 0)
		return read_words(statement, depmod_config_add_search);
	if (strcmp(word, "override") == 0)
		return read_override(statement);
	if (strcmp(word, "external") == 0)
		return read_external(statement);
	if (strcmp(word, "exclude") == 0)
		return read_words(statement, depmod_config_add_exclude);
	return report_bad(statement, "is no command of depmod.d(5)", word);
}

/* What a line says, see struct config_files. */
static int take_line(void *data, const struct location *location, char *text)
{
	struct statement *statement = data;

	statement->location = *location;
	return read_statement(statement, text);
}

int kmod_devname_config_read(struct kmod_devname_config *config, struct kmod_devname_report *report,
			     int root_fd, const char *const *paths, size_t n_paths)
{
	struct statement statement = { config, report, { 0 }, NULL };
	const struct config_files files = { root_fd, "depmod.d", NULL,      NULL,
					    report,  take_line,  &statement };

	return config_files_read(&files, paths, n_paths);
}
