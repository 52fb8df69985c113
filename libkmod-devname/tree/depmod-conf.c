// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * depmod.d(5) for one kernel: which entries of the tree are modules, and which of several files of
 * one module counts. config_files_read() finds the files and joins their lines; each line is one
 * statement, which adds words of its kind. When all files are read the words are sorted, so that
 * the functions of the header find a path by halves, however many words there are.
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

/* --- words of statements ------------------------------------------------------------------- */

#define CONF_WORDS_NONE SIZE_MAX

enum conf_kind {
	CONF_EXTERNAL, /* directories; the first of all when sorted, see depmod_conf_external() */
	CONF_SEARCH, /* directories below the module directory */
	CONF_KEYWORD, /* "built-in" and "external" among these */
	CONF_OVERRIDE, /* paths without suffix */
	CONF_EXCLUDE,
};

struct conf_word {
	enum conf_kind kind;
	char *text;
	size_t position; /* in the configuration; the smaller one is the more important one */
};

struct kmod_devname_config {
	unsigned int references;
	char *kernel;
	struct conf_word *words; /* of all statements, sorted before the first is looked up */
	size_t n_words;
	size_t capacity;
	bool has_search; /* a statement with a word */
	size_t patterns_size; /* of those that were tried, with the copies */
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
	reference_add(&config->references);
	return config;
}

struct kmod_devname_config *kmod_devname_config_unref(struct kmod_devname_config *config)
{
	if (!config || !reference_drop(&config->references))
		return NULL;
	for (size_t i = 0; i < config->n_words; i++)
		free(config->words[i].text);
	free(config->words);
	free(config->kernel);
	free(config);
	return NULL;
}

/* Takes the text, which is NULL if there was no memory for it. Returns 0 or -ENOMEM. */
static int add_conf_word(struct kmod_devname_config *config, enum conf_kind kind, char *text)
{
	struct conf_word *words = text ? array_grow(config->words, &config->capacity,
						    sizeof(*words), config->n_words + 1)
				       : NULL;
	size_t position = config->n_words;

	if (!words) {
		free(text);
		return -ENOMEM;
	}
	/* the last override is the most important one */
	if (kind == CONF_OVERRIDE)
		position = CONF_WORDS_NONE - 1 - position;
	config->words = words;
	words[config->n_words++] = (struct conf_word){ kind, text, position };
	return 0;
}

static int compare_conf_words(const void *a, const void *b)
{
	const struct conf_word *x = a, *y = b;
	int r = x->kind == y->kind ? strcmp(x->text, y->text) : x->kind < y->kind ? -1 : 1;

	return r != 0 ? r : (x->position > y->position) - (x->position < y->position);
}

/* The position of the first bytes of a text, or CONF_WORDS_NONE. */
static size_t find_conf_word(const struct kmod_devname_config *config, enum conf_kind kind,
			     const char *text, size_t size)
{
	size_t low = 0, high = config->n_words;
	const struct conf_word *word;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		word = &config->words[middle];
		if (word->kind < kind ||
		    (word->kind == kind && strncmp(word->text, text, size) < 0))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == config->n_words)
		return CONF_WORDS_NONE;
	/* of equal words the most important one comes first, and longer ones behind all of them */
	word = &config->words[low];
	if (word->kind != kind || strncmp(word->text, text, size) != 0 || word->text[size] != '\0')
		return CONF_WORDS_NONE;
	return word->position;
}

/* The position of the most important directory that is above a path, or CONF_WORDS_NONE. */
static size_t find_conf_directory(const struct kmod_devname_config *config, enum conf_kind kind,
				  const char *path)
{
	size_t best = CONF_WORDS_NONE;

	for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
		size_t position = find_conf_word(config, kind, path, (size_t)(slash - path));

		if (position < best)
			best = position;
	}
	return best;
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

/* Adds the words of "search" or "exclude". */
static int add_conf_words(struct depmod_statement *statement, enum conf_kind kind)
{
	const char *word;

	while ((word = next_word(statement))) {
		bool is_keyword = kind == CONF_SEARCH &&
				  (strcmp(word, "built-in") == 0 || strcmp(word, "external") == 0);
		int r = add_conf_word(statement->config, is_keyword ? CONF_KEYWORD : kind,
				      strdup(word));

		if (r < 0)
			return r;
		statement->config->has_search |= kind == CONF_SEARCH;
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
	int r;

	if (!module || !pattern || !directory)
		return report_bad_word(statement, "needs a module, a kernel and a directory",
				       "override");
	r = match_kernel(statement, pattern);
	if (r <= 0)
		return r;
	return add_conf_word(statement->config, CONF_OVERRIDE,
			     format_text("%s/%s", directory, module));
}

/* depmod.d(5) speaks of several directories; depmod takes the first one of a statement. */
static int add_external(struct depmod_statement *statement)
{
	const char *pattern = next_word(statement), *directory = next_word(statement);
	const char *more = next_word(statement);
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
		r = add_conf_word(statement->config, CONF_EXTERNAL, strndup(directory, size));
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
		r = add_conf_words(statement, CONF_SEARCH);
	else if (strcmp(word, "override") == 0)
		r = add_override(statement);
	else if (strcmp(word, "external") == 0)
		r = add_external(statement);
	else if (strcmp(word, "exclude") == 0)
		r = add_conf_words(statement, CONF_EXCLUDE);
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
	if (config->n_words > 1)
		qsort(config->words, config->n_words, sizeof(*config->words), compare_conf_words);
	return r;
}

/* --- which modules, and which copy -------------------------------------------------------- */

bool depmod_conf_excludes(const struct kmod_devname_config *config, const char *name)
{
	return config &&
	       find_conf_word(config, CONF_EXCLUDE, name, strlen(name)) != CONF_WORDS_NONE;
}

const char *depmod_conf_external(const struct kmod_devname_config *config, size_t index)
{
	return config && index < config->n_words && config->words[index].kind == CONF_EXTERNAL
		       ? config->words[index].text
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
	if (!depmod_conf_external(config, 0))
		return 0;
	whole = path[0] == '/' ? strdup(path)
			       : format_text("/%s/%s", directory + strspn(directory, "/"), path);
	if (!whole)
		return -ENOMEM;
	*ret_position = find_conf_directory(config, CONF_EXTERNAL, whole);
	return 0;
}

static size_t find_conf_keyword(const struct kmod_devname_config *config, const char *keyword)
{
	return find_conf_word(config, CONF_KEYWORD, keyword, strlen(keyword));
}

/* The position by the words of "search", and by the external directories. */
static void rank_search(const struct kmod_devname_config *config, const char *path, size_t external,
			struct copy_rank *rank)
{
	size_t keyword = find_conf_keyword(config, "external");
	bool is_external = path[0] == '/';

	if (!is_external)
		rank->search = find_conf_directory(config, CONF_SEARCH, path);
	if (external != CONF_WORDS_NONE && keyword < rank->search)
		rank->search = keyword;
	if (rank->search == CONF_WORDS_NONE)
		rank->search = find_conf_keyword(config, "built-in");
	if (external == CONF_WORDS_NONE)
		return;
	/* of equal ones depmod keeps the first: the module directory, then the last statement's */
	if (keyword != CONF_WORDS_NONE)
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
		rank.override = find_conf_word(config, CONF_OVERRIDE, path,
					       name + strcspn(path + name, "."));
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
