// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * depmod.d(5) for one kernel: which entries of the tree are modules, and which of several files of
 * one module counts. config_files_read() finds the files and joins their lines; each line is one
 * statement, which adds words to one of four sets. When all files are read each set is sorted, so
 * that the functions of the header find a path in it by halves, however many words there are.
 */

#include <errno.h>
#include <regex.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/confdir.h"
#include "base/io.h"
#include "node/syntax.h"
#include "tree/scan.h"

#define BLANKS " \t"

#define KERNEL_PATTERN_MAX 256

/* The sizes of all patterns together: about a second at worst. */
#define PATTERNS_TOTAL_MAX 50000

/* Words of all statements together, as many as modprobe.d may have statements. */
#define CONF_WORDS_MAX 100000

/* --- sets of words ------------------------------------------------------------------------- */

#define CONF_WORDS_NONE SIZE_MAX

struct conf_word {
	char *text;
	size_t position; /* in the configuration; the smaller one is the more important one */
};

/* The words of all statements of one kind, sorted before the first is looked up. */
struct conf_words {
	struct conf_word *items;
	size_t size;
	size_t capacity;
};

static void conf_words_done(struct conf_words *words)
{
	for (size_t i = 0; i < words->size; i++)
		free(words->items[i].text);
	free(words->items);
}

/* Takes the text, which is NULL if there was no memory for it. Returns 0 or -ENOMEM. */
static int conf_words_add(struct conf_words *words, char *text, size_t position)
{
	struct conf_word *items =
		text ? array_grow(words->items, &words->capacity, sizeof(*items), words->size + 1)
		     : NULL;

	if (!items) {
		free(text);
		return -ENOMEM;
	}
	words->items = items;
	items[words->size++] = (struct conf_word){ text, position };
	return 0;
}

static int compare_conf_words(const void *a, const void *b)
{
	const struct conf_word *x = a, *y = b;
	int r = strcmp(x->text, y->text);

	return r != 0 ? r : (x->position > y->position) - (x->position < y->position);
}

static void conf_words_sort(struct conf_words *words)
{
	if (words->size > 1)
		qsort(words->items, words->size, sizeof(*words->items), compare_conf_words);
}

/* The position of the first bytes of a text, or CONF_WORDS_NONE. */
static size_t conf_words_find(const struct conf_words *words, const char *text, size_t size)
{
	size_t low = 0, high = words->size;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strncmp(words->items[middle].text, text, size) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	/* of equal words the most important one comes first, and longer ones behind all of them */
	if (low == words->size || strncmp(words->items[low].text, text, size) != 0 ||
	    words->items[low].text[size] != '\0')
		return CONF_WORDS_NONE;
	return words->items[low].position;
}

/* The position of the most important directory that is above a path, or CONF_WORDS_NONE. */
static size_t conf_words_find_above(const struct conf_words *words, const char *path)
{
	size_t best = CONF_WORDS_NONE;

	for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
		size_t position = conf_words_find(words, path, (size_t)(slash - path));

		if (position < best)
			best = position;
	}
	return best;
}

/* --- the configuration -------------------------------------------------------------------- */

struct kmod_devname_config {
	unsigned int references;
	char *kernel;
	size_t n_words; /* so far, of all statements */
	bool has_search; /* a statement with a word */
	struct conf_words searches; /* directories below the module directory */
	size_t built_in; /* position among the searches, or CONF_WORDS_NONE, as the next */
	size_t external;
	struct conf_words overrides; /* paths without suffix */
	struct conf_words externals; /* directories */
	struct conf_words excludes;
	size_t patterns_size; /* of those that were tried, with the copies */
};

int kmod_devname_config_new(const char *kernel, struct kmod_devname_config **ret_config)
{
	struct kmod_devname_config *config = calloc(1, sizeof(*config));

	if (!config)
		return -ENOMEM;
	config->references = 1;
	config->built_in = config->external = CONF_WORDS_NONE;
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
	reference_add(&config->references);
	return config;
}

struct kmod_devname_config *kmod_devname_config_unref(struct kmod_devname_config *config)
{
	if (!config || !reference_drop(&config->references))
		return NULL;
	conf_words_done(&config->searches);
	conf_words_done(&config->overrides);
	conf_words_done(&config->externals);
	conf_words_done(&config->excludes);
	free(config->kernel);
	free(config);
	return NULL;
}

/* --- the kernels that a statement is for -------------------------------------------------- */

/* Moves from the bracket at the beginning of a set of bytes to that at its end. */
static const char *skip_bracket(const char *p)
{
	p++;
	p += *p == '^';
	p += *p == ']';
	while (*p != '\0' && *p != ']') {
		/* [:alpha:] and the like end with the same byte and a bracket */
		const char end[] = { p[1], ']', '\0' };
		bool is_named = *p == '[' && p[1] != '\0' && strchr(".:=", p[1]);
		const char *named = is_named ? strstr(p + 2, end) : NULL;

		p = named ? named + 2 : p + 1;
	}
	return *p == ']' ? p : p - 1;
}

/*
 * How often the C library copies what an operator repeats; of "{N,M}" the larger number counts.
 * Moves to the last byte of the operator, which the end of the pattern may cut.
 */
static size_t count_copies(const char **p)
{
	const char *end = *p + 1 + strspn(*p + 1, "0123456789,");
	size_t copies = 0, number = 0;

	if (**p != '{')
		return 1;
	for (++*p; *p < end && copies <= KERNEL_PATTERN_MAX; ++*p) {
		number = **p == ',' ? 0 : number * 10 + (size_t)(**p - '0');
		copies = number > copies ? number : copies;
	}
	*p = *end == '}' ? end : end - 1;
	return copies;
}

/* The depth of nested operators. An anchor or an empty branch counts as NESTED_MAX. */
#define NESTED_MAX 2

struct pattern_group {
	const char *begin;
	unsigned int nested; /* the most of its atoms */
};

static void note_nested(struct pattern_group *group, unsigned int nested)
{
	group->nested = nested > group->nested ? nested : group->nested;
}

/*
 * The bytes of a pattern, with the copies of repeated parts; more than KERNEL_PATTERN_MAX if the C
 * library may need much memory or time. Its time doubles with each operator around another one, and
 * is long for anchors at words and back references, which POSIX does not have here.
 */
static size_t kernel_pattern_size(const char *pattern)
{
	struct pattern_group groups[KERNEL_PATTERN_MAX + 1] = { 0 }, *group = groups;
	size_t size = strlen(pattern), bytes;
	const char *atom = NULL; /* the last one of the branch */
	unsigned int nested = 0; /* of that atom */

	if (size > KERNEL_PATTERN_MAX)
		return size;
	for (const char *p = pattern; *p != '\0' && size <= KERNEL_PATTERN_MAX; p++) {
		if (*p == '(') {
			*++group = (struct pattern_group){ p, 0 };
			atom = NULL;
		} else if (*p == '|') {
			note_nested(group, atom ? 0 : NESTED_MAX);
			atom = NULL;
		} else if (strchr("*+?{", *p)) {
			if (atom && nested >= NESTED_MAX)
				return SIZE_MAX;
			/* regcomp(3) refuses an operator without an atom */
			bytes = atom ? (size_t)(p - atom) : 0;
			size += bytes * count_copies(&p);
			note_nested(group, ++nested);
		} else if (*p == ')' && group > groups) {
			nested = atom ? group->nested : NESTED_MAX;
			atom = group->begin;
			note_nested(--group, nested);
		} else {
			atom = p;
			nested = *p == '^' || *p == '$' ? NESTED_MAX : 0;
			note_nested(group, nested);
			if (*p == '[')
				p = skip_bracket(p);
			else if (*p == '\\' && p[1] != '\0' && strchr("123456789bB<>`'", *++p))
				return SIZE_MAX;
		}
	}
	return size;
}

/* Returns 1, 0, -EINVAL if the pattern is no regular expression, or -ENOMEM. */
static int kernel_pattern_match(const char *pattern, const char *kernel)
{
	regex_t regex;
	int r = regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB);

	if (r != 0)
		return r == REG_ESPACE ? -ENOMEM : -EINVAL;
	/* without memory glibc finds no match */
	errno = 0;
	r = regexec(&regex, kernel, 0, NULL, 0) == 0;
	if (r == 0 && errno == ENOMEM)
		r = -ENOMEM;
	regfree(&regex);
	return r;
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
	return report_add(statement->report, KMOD_DEVNAME_CODE_BAD_CONFIG,
			  KMOD_DEVNAME_SEVERITY_WARNING, &statement->location, "'%s' %s", word,
			  problem);
}

static int add_search_words(struct depmod_statement *statement)
{
	struct kmod_devname_config *config = statement->config;
	const char *word;

	while ((word = next_word(statement))) {
		size_t position = config->n_words++, *keyword = NULL;
		int r;

		config->has_search = true;
		if (strcmp(word, "built-in") == 0)
			keyword = &config->built_in;
		else if (strcmp(word, "external") == 0)
			keyword = &config->external;
		if (keyword) {
			*keyword = *keyword == CONF_WORDS_NONE ? position : *keyword;
			continue;
		}
		r = conf_words_add(&config->searches, strdup(word), position);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_excludes(struct depmod_statement *statement)
{
	struct kmod_devname_config *config = statement->config;
	const char *word;

	while ((word = next_word(statement))) {
		int r = conf_words_add(&config->excludes, strdup(word), config->n_words++);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Returns 1 if the pattern of a statement matches the kernel, 0 if not or with a finding, -ENOMEM.
 */
static int match_kernel(const struct depmod_statement *statement, const char *pattern)
{
	struct kmod_devname_config *config = statement->config;
	size_t size;
	int r;

	if (strcmp(pattern, "*") == 0)
		return 1;
	size = kernel_pattern_size(pattern);
	if (size > KERNEL_PATTERN_MAX)
		return report_bad_word(
			statement,
			"is a pattern that can take too long: it is over 256 bytes with its "
			"repetitions, nests them, repeats an anchor, or has a back reference",
			pattern);
	if (size > PATTERNS_TOTAL_MAX - config->patterns_size) {
		config->patterns_size = PATTERNS_TOTAL_MAX; /* for those behind it, too */
		return report_bad_word(statement, "is one pattern too many, and is ignored",
				       pattern);
	}
	config->patterns_size += size;
	r = kernel_pattern_match(pattern, config->kernel);
	return r != -EINVAL ? r
			    : report_bad_word(statement,
					      "is not a regular expression, see regex(7)", pattern);
}

static int add_override(struct depmod_statement *statement)
{
	const char *module = next_word(statement), *pattern = next_word(statement);
	const char *directory = next_word(statement);
	struct kmod_devname_config *config = statement->config;
	int r;

	if (!module || !pattern || !directory)
		return report_bad_word(statement, "needs a module, a kernel and a directory",
				       "override");
	r = match_kernel(statement, pattern);
	if (r <= 0)
		return r;
	/* the last statement is the most important one */
	return conf_words_add(&config->overrides, format_text("%s/%s", directory, module),
			      CONF_WORDS_NONE - ++config->n_words);
}

/* depmod.d(5) speaks of several directories; depmod takes the first one of a statement. */
static int add_external(struct depmod_statement *statement)
{
	const char *pattern = next_word(statement), *directory = next_word(statement);
	const char *more = next_word(statement);
	struct kmod_devname_config *config = statement->config;
	size_t size;
	int r;

	if (!pattern || !directory)
		return report_bad_word(statement, "needs a kernel and a directory", "external");
	if (directory[0] != '/')
		return report_bad_word(statement, "does not begin with a slash", directory);
	for (size = strlen(directory); size > 1 && directory[size - 1] == '/';)
		size--;
	r = match_kernel(statement, pattern);
	if (r > 0)
		r = conf_words_add(&config->externals, strndup(directory, size), config->n_words++);
	if (r < 0 || !more)
		return r;
	return report_bad_word(statement, "is one directory too many: depmod reads the first only",
			       more);
}

/* Reads one line, which is a statement; the type is that of struct config_files. */
static int take_depmod_line(void *data, const struct location *location, char *text)
{
	struct depmod_statement *statement = data;
	const char *word = text[0] == '#' ? NULL : strtok_r(text, BLANKS, &statement->rest);
	int r;

	if (!word)
		return 0;
	statement->location = *location;
	if (strcmp(word, "search") == 0)
		r = add_search_words(statement);
	else if (strcmp(word, "override") == 0)
		r = add_override(statement);
	else if (strcmp(word, "external") == 0)
		r = add_external(statement);
	else if (strcmp(word, "exclude") == 0)
		r = add_excludes(statement);
	else
		r = report_bad_word(statement, "is not a command of depmod.d(5)", word);
	if (r == 0 && statement->config->n_words > CONF_WORDS_MAX)
		return report_system(statement->report, -EFBIG, location);
	return r;
}

int kmod_devname_config_read(struct kmod_devname_config *config, struct kmod_devname_report *report,
			     int root_fd, const char *const *paths, size_t n_paths)
{
	struct depmod_statement statement = { .config = config, .report = report };
	const struct config_files files = {
		.root_fd = root_fd,
		.name = "depmod.d",
		.report = report,
		.take = take_depmod_line,
		.data = &statement,
	};
	int r = fd_check_directory(root_fd);

	if (r < 0)
		return r;
	r = config_files_read(&files, paths, n_paths);
	conf_words_sort(&config->searches);
	conf_words_sort(&config->overrides);
	conf_words_sort(&config->externals);
	conf_words_sort(&config->excludes);
	return r;
}

/* --- which modules, and which copy -------------------------------------------------------- */

bool depmod_conf_excludes(const struct kmod_devname_config *config, const char *name)
{
	return config && conf_words_find(&config->excludes, name, strlen(name)) != CONF_WORDS_NONE;
}

const char *depmod_conf_external(const struct kmod_devname_config *config, size_t index)
{
	return config && index < config->externals.size ? config->externals.items[index].text
							: NULL;
}

/*
 * The position among the external directories, or CONF_WORDS_NONE. depmod compares them with whole
 * paths, so that one may be in the module directory. Returns 0 or -ENOMEM.
 */
static int find_external(const struct kmod_devname_config *config, const char *directory,
			 const char *path, size_t *ret_position)
{
	_cleanup_free_ char *whole = NULL;

	*ret_position = CONF_WORDS_NONE;
	if (config->externals.size == 0)
		return 0;
	if (path[0] != '/') {
		whole = format_text("/%s/%s", directory + strspn(directory, "/"), path);
		if (!whole)
			return -ENOMEM;
	}
	*ret_position = conf_words_find_above(&config->externals, whole ? whole : path);
	return 0;
}

/* The position by the words of "search", and by the external directories. */
static void rank_search(const struct kmod_devname_config *config, const char *path, size_t external,
			struct copy_rank *rank)
{
	bool is_external = path[0] == '/';

	if (!is_external)
		rank->search = conf_words_find_above(&config->searches, path);
	if (external != CONF_WORDS_NONE && config->external < rank->search)
		rank->search = config->external;
	if (rank->search == CONF_WORDS_NONE)
		rank->search = config->built_in;
	if (external == CONF_WORDS_NONE)
		return;
	/* of equal ones depmod keeps the first: the module directory, then the last statement's */
	if (config->external != CONF_WORDS_NONE)
		rank->external = external + 1;
	else if (is_external)
		rank->external = config->n_words - external;
}

int depmod_conf_rank(const struct kmod_devname_config *config, const char *directory,
		     const char *path, struct copy_rank *ret_rank)
{
	size_t name = (size_t)(syntax_base_name(path) - path), external = CONF_WORDS_NONE;
	struct copy_rank rank = { CONF_WORDS_NONE, CONF_WORDS_NONE, 0 };
	int r;

	if (config) {
		r = find_external(config, directory, path, &external);
		if (r < 0)
			return r;
		/* depmod compares the name of the module, which ends at the first dot */
		rank.override =
			conf_words_find(&config->overrides, path, name + strcspn(path + name, "."));
		rank_search(config, path, external, &rank);
	}
	/* what depmod searches if the configuration has no "search" */
	if ((!config || !config->has_search) && strncmp(path, "updates/", strlen("updates/")) == 0)
		rank.search = 0;
	*ret_rank = rank;
	return 0;
}

int copy_rank_compare(const struct copy_rank *a, const struct copy_rank *b)
{
	if (a->override != b->override)
		return a->override < b->override ? -1 : 1;
	if (a->search != b->search)
		return a->search < b->search ? -1 : 1;
	return (a->external > b->external) - (a->external < b->external);
}
