// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * depmod.d(5) for one kernel: which entries of the tree are modules, and which of several files of
 * one module counts. config_files_read() finds the files and joins their lines; each line is one
 * statement, which adds a string to one of four lists. The functions of the header look into these.
 */

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/confdir.h"
#include "tree/depmod-conf.h"
#include "tree/module-tree.h"

#define BLANKS " \t"

/* The length of a pattern, and that with all the copies that regcomp(3) makes of its parts. */
#define PATTERN_MAX 1000
#define PATTERN_COPIES_MAX 10000

struct kmod_devname_config {
	unsigned int references;
	char *kernel;
	struct list searches; /* strings, as all of these; the most important first */
	struct list overrides; /* paths without suffix; the last one counts first */
	struct list externals;
	struct list excludes;
};

int kmod_devname_config_new(const char *kernel, struct kmod_devname_config **ret_config)
{
	struct kmod_devname_config *config = calloc(1, sizeof(*config));

	if (!config)
		return -ENOMEM;
	config->references = 1;
	config->kernel = strdup(kernel);
	if (!config->kernel) {
		free(config);
		return -ENOMEM;
	}
	*ret_config = config;
	return 0;
}

struct kmod_devname_config *kmod_devname_config_ref(struct kmod_devname_config *config)
{
	config->references++;
	return config;
}

struct kmod_devname_config *kmod_devname_config_unref(struct kmod_devname_config *config)
{
	if (!config || --config->references > 0)
		return NULL;
	list_done(&config->searches, free);
	list_done(&config->overrides, free);
	list_done(&config->externals, free);
	list_done(&config->excludes, free);
	free(config->kernel);
	free(config);
	return NULL;
}

/* --- the text of the files ---------------------------------------------------------------- */

struct depmod_statement {
	struct kmod_devname_config *config;
	struct kmod_devname_report *report;
	struct location location;
	char *rest; /* of the line */
};

static char *next_word(struct depmod_statement *statement)
{
	return strtok_r(NULL, BLANKS, &statement->rest);
}

static int report_bad_word(const struct depmod_statement *statement, const char *problem,
			   const char *word)
{
	return report_add(statement->report, KMOD_DEVNAME_BAD_CONFIG, KMOD_DEVNAME_WARNING,
			  &statement->location, "'%s' %s", word, problem);
}

/* Takes the string, which is NULL if there was no memory for it. */
static int push_string(struct list *list, char *string)
{
	int r = string ? list_push(list, string) : -ENOMEM;

	if (r < 0)
		free(string);
	return r;
}

static int push_words(struct depmod_statement *statement, struct list *list)
{
	const char *word;

	while ((word = next_word(statement))) {
		int r = push_string(list, strdup(word));

		if (r < 0)
			return r;
	}
	return 0;
}

/* How many copies of what stands before it the text makes: "x+" becomes "xx*"; "x{N,M}". */
static size_t count_copies(const char *p)
{
	size_t copies = 0;

	if (*p == '+')
		return 2;
	if (*p != '{' && *p != ',')
		return 1;
	for (p++; isdigit((unsigned char)*p) && copies <= PATTERN_COPIES_MAX; p++)
		copies = copies * 10 + (size_t)(*p - '0');
	return copies > 1 ? copies : 1;
}

/*
 * The C library makes copies of what is repeated, and copies of these, and tries everything for a
 * back reference, which POSIX does not have in such a pattern. A short line could so take all
 * memory, or all time.
 */
static bool is_cheap_pattern(const char *pattern)
{
	size_t size = strlen(pattern);

	if (size > PATTERN_MAX)
		return false;
	for (const char *p = pattern; *p != '\0' && size <= PATTERN_COPIES_MAX; p++) {
		if (*p == '\\' && isdigit((unsigned char)p[1]))
			return false;
		if (*p == '\\' && p[1] != '\0')
			p++;
		else
			size *= count_copies(p);
	}
	return size <= PATTERN_COPIES_MAX;
}

/* Returns 1 if the pattern of a statement matches the kernel, 0 if not or with a finding, -ENOMEM.
 */
static int match_kernel(const struct depmod_statement *statement, const char *pattern)
{
	regex_t regex;
	int r;

	if (strcmp(pattern, "*") == 0)
		return 1;
	r = is_cheap_pattern(pattern) ? regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB)
				      : REG_BADPAT;
	if (r == REG_ESPACE)
		return -ENOMEM;
	if (r != 0)
		return report_bad_word(statement,
				       "is no regular expression, has a back reference, or is too "
				       "large a one",
				       pattern);
	/* without memory glibc finds no match */
	errno = 0;
	r = regexec(&regex, statement->config->kernel, 0, NULL, 0) == 0;
	if (r == 0 && errno == ENOMEM)
		r = -ENOMEM;
	regfree(&regex);
	return r;
}

static int read_override(struct depmod_statement *statement)
{
	const char *module = next_word(statement), *pattern = next_word(statement);
	const char *directory = next_word(statement);
	char *path;
	int r;

	if (!module || !pattern || !directory)
		return report_bad_word(statement, "wants a module, a kernel and a directory",
				       "override");
	r = match_kernel(statement, pattern);
	if (r <= 0)
		return r;
	if (asprintf(&path, "%s/%s", directory, module) < 0)
		return -ENOMEM;
	return push_string(&statement->config->overrides, path);
}

/* depmod.d(5) speaks of several directories; depmod takes the first one of a statement. */
static int read_external(struct depmod_statement *statement)
{
	const char *pattern = next_word(statement), *directory = next_word(statement);
	const char *more = next_word(statement);
	size_t size;
	int r;

	if (!pattern || !directory)
		return report_bad_word(statement, "wants a kernel and a directory", "external");
	if (directory[0] != '/')
		return report_bad_word(statement, "does not begin with a slash", directory);
	r = match_kernel(statement, pattern);
	if (r < 0)
		return r;
	if (r > 0) {
		for (size = strlen(directory); size > 1 && directory[size - 1] == '/';)
			size--;
		r = push_string(&statement->config->externals, strndup(directory, size));
		if (r < 0)
			return r;
	}
	if (!more)
		return 0;
	return report_bad_word(statement, "is one directory too many: depmod reads the first only",
			       more);
}

/* Reads one line; the type is that of struct config_files. */
static int read_statement(void *data, const struct location *location, char *text)
{
	struct depmod_statement *statement = data;
	const char *word;

	if (text[0] == '#')
		return 0;
	word = strtok_r(text, BLANKS, &statement->rest);
	if (!word)
		return 0;
	statement->location = *location;
	if (strcmp(word, "search") == 0)
		return push_words(statement, &statement->config->searches);
	if (strcmp(word, "override") == 0)
		return read_override(statement);
	if (strcmp(word, "external") == 0)
		return read_external(statement);
	if (strcmp(word, "exclude") == 0)
		return push_words(statement, &statement->config->excludes);
	return report_bad_word(statement, "is no command of depmod.d(5)", word);
}

int kmod_devname_config_read(struct kmod_devname_config *config, struct kmod_devname_report *report,
			     int root_fd, const char *const *paths, size_t n_paths)
{
	struct depmod_statement statement = { .config = config, .report = report };
	const struct config_files files = {
		.root_fd = root_fd,
		.name = "depmod.d",
		.report = report,
		.take = read_statement,
		.data = &statement,
	};

	return config_files_read(&files, paths, n_paths);
}

/* --- which modules, and which copy -------------------------------------------------------- */

bool depmod_conf_excludes(const struct kmod_devname_config *config, const char *name)
{
	for (size_t i = 0; config && i < config->excludes.size; i++)
		if (strcmp(config->excludes.items[i], name) == 0)
			return true;
	return false;
}

const char *depmod_conf_external(const struct kmod_devname_config *config, size_t index)
{
	return config && index < config->externals.size ? config->externals.items[index] : NULL;
}

static bool is_below(const char *path, const char *directory)
{
	size_t size = strlen(directory);

	return strncmp(path, directory, size) == 0 && path[size] == '/';
}

/* What depmod searches if the configuration has no "search". */
static const struct list *get_searches(const struct kmod_devname_config *config)
{
	static char updates[] = "updates", built_in[] = "built-in";
	static void *words[] = { updates, built_in };
	static const struct list defaults = { words, 2, 2 };

	return config && config->searches.size > 0 ? &config->searches : &defaults;
}

/* The position of the path in the search, 0 being the most important one. */
static size_t search_rank(const struct kmod_devname_config *config, const char *path)
{
	const struct list *searches = get_searches(config);
	size_t n = searches->size, built_in = n, external = n;

	for (size_t i = 0; i < n; i++) {
		const char *search = searches->items[i];

		if (strcmp(search, "built-in") == 0)
			built_in = built_in < n ? built_in : i;
		else if (strcmp(search, "external") == 0)
			external = external < n ? external : i;
		else if (is_below(path, search))
			return i;
	}
	return path[0] == '/' ? external : built_in;
}

/*
 * The position of the path among the external directories; what is in the tree comes first. The
 * first directory of the configuration is the most important one; if "external" is not in the
 * search it is the last one: depmod comes to it first then.
 */
static size_t external_rank(const struct kmod_devname_config *config, const char *path)
{
	const struct list *searches = get_searches(config);
	size_t n = config ? config->externals.size : 0, i = 0;
	const char *directory;

	if (path[0] != '/')
		return 0;
	while ((directory = depmod_conf_external(config, i)) && !is_below(path, directory))
		i++;
	for (size_t j = 0; j < searches->size; j++)
		if (strcmp(searches->items[j], "external") == 0)
			return i + 1;
	return n - i + 1;
}

/* The position of the path among the overrides, 0 being the most important one. */
static size_t override_rank(const struct kmod_devname_config *config, const char *path)
{
	size_t n = config ? config->overrides.size : 0, size = module_tree_stem_size(path);

	for (size_t i = 0; i < n; i++) {
		const char *override = config->overrides.items[n - 1 - i];

		if (strlen(override) == size && strncmp(override, path, size) == 0)
			return i;
	}
	return n;
}

static int compare_ranks(const struct kmod_devname_config *config, const char *a, const char *b)
{
	size_t x = override_rank(config, a), y = override_rank(config, b);

	if (x == y) {
		x = search_rank(config, a);
		y = search_rank(config, b);
	}
	if (x == y) {
		x = external_rank(config, a);
		y = external_rank(config, b);
	}
	return (x > y) - (x < y);
}

bool depmod_conf_prefers(const struct kmod_devname_config *config, const char *a, const char *b)
{
	return compare_ranks(config, a, b) < 0;
}

int depmod_conf_compare_copies(const struct kmod_devname_config *config, const char *a,
			       const char *b)
{
	int r = compare_ranks(config, a, b);

	return r != 0 ? r : strcmp(a, b);
}
