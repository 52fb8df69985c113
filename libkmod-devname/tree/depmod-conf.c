// SPDX-License-Identifier: LGPL-2.1-or-later
/* What depmod.d(5) says for one kernel: which files are modules, and which copy counts. */

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "tree/depmod-conf.h"
#include "tree/module-tree.h"

/* What a pattern may come to with all its copies; a real one comes to a hundred. */
#define PATTERN_MAX 1000

struct kmod_devname_config {
	unsigned int references;
	char *kernel;
	struct list searches; /* strings, as all of these; the most important first */
	struct list overrides; /* paths without suffix; the last one counts first */
	struct list externals;
	struct list excludes;
};

/* What depmod does if there is no "search". */
static const char *const default_search[] = { "updates", "built-in" };

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

/* Takes the text, which may be NULL: no memory. */
static int push(struct list *list, char *text)
{
	int r = text ? list_push(list, text) : -ENOMEM;

	if (r < 0)
		free(text);
	return r;
}

int depmod_config_add_search(struct kmod_devname_config *config, const char *directory)
{
	return push(&config->searches, strdup(directory));
}

int depmod_config_add_override(struct kmod_devname_config *config, const char *module,
			       const char *directory)
{
	char *path;

	return push(&config->overrides,
		    asprintf(&path, "%s/%s", directory, module) < 0 ? NULL : path);
}

int depmod_config_add_external(struct kmod_devname_config *config, const char *directory)
{
	size_t size = strlen(directory);

	while (size > 1 && directory[size - 1] == '/')
		size--;
	return push(&config->externals, strndup(directory, size));
}

int depmod_config_add_exclude(struct kmod_devname_config *config, const char *name)
{
	return push(&config->excludes, strdup(name));
}

/* The largest number of "{N,M}", 2 for "+", which is made into two copies, 1 for all else. */
static size_t count_copies(const char *p)
{
	size_t n = 0, most = *p == '+' ? 2 : 1;

	if (*p != '{')
		return most;
	for (p++; *p == ',' || (*p >= '0' && *p <= '9'); p++) {
		n = *p == ',' ? 0 : n * 10 + (size_t)(*p - '0');
		if (n > PATTERN_MAX)
			return n;
		most = n > most ? n : most;
	}
	return most;
}

/*
 * The C library goes deeper for each parenthesis, makes copies of what is repeated, and copies
 * of these. It tries everything for a back reference, which POSIX does not have here.
 */
static bool is_modest(const char *pattern)
{
	size_t size = strlen(pattern);

	for (const char *p = pattern; *p != '\0' && size <= PATTERN_MAX; p++) {
		size_t copies = count_copies(p);

		if (*p == '\\' && p[1] >= '1' && p[1] <= '9')
			return false;
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (copies > 1 && p > pattern && strchr(")}*+?", p[-1]))
			size *= copies;
		else if (copies > 1)
			size += copies;
	}
	return size <= PATTERN_MAX;
}

int depmod_config_is_for_kernel(const struct kmod_devname_config *config, const char *pattern)
{
	regex_t regex;
	int r;

	if (strcmp(pattern, "*") == 0)
		return 1;
	if (!is_modest(pattern))
		return -EINVAL;
	r = regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB);
	if (r != 0)
		return r == REG_ESPACE ? -ENOMEM : -EINVAL;
	/* without memory glibc finds no match */
	errno = 0;
	r = regexec(&regex, config->kernel, 0, NULL, 0) == 0;
	if (r == 0 && errno == ENOMEM)
		r = -ENOMEM;
	regfree(&regex);
	return r;
}

bool depmod_config_excludes(const struct kmod_devname_config *config, const char *name)
{
	for (size_t i = 0; config && i < config->excludes.size; i++)
		if (strcmp(config->excludes.items[i], name) == 0)
			return true;
	return false;
}

const char *depmod_config_external(const struct kmod_devname_config *config, size_t index)
{
	return config && index < config->externals.size ? config->externals.items[index] : NULL;
}

/* Is the path below the directory? */
static bool is_below(const char *path, const char *directory)
{
	size_t size = strlen(directory);

	return strncmp(path, directory, size) == 0 && path[size] == '/';
}

static size_t count_searches(const struct kmod_devname_config *config)
{
	if (config && config->searches.size > 0)
		return config->searches.size;
	return sizeof(default_search) / sizeof(default_search[0]);
}

static const char *get_search(const struct kmod_devname_config *config, size_t index)
{
	return config && config->searches.size > 0 ? config->searches.items[index]
						   : default_search[index];
}

/* The place of the path in the search, 0 being the most important. */
static size_t search_rank(const struct kmod_devname_config *config, const char *path)
{
	size_t n = count_searches(config), built_in = n, external = n;

	for (size_t i = 0; i < n; i++) {
		const char *search = get_search(config, i);

		if (strcmp(search, "built-in") == 0)
			built_in = built_in < n ? built_in : i;
		else if (strcmp(search, "external") == 0)
			external = external < n ? external : i;
		else if (is_below(path, search))
			return i;
	}
	return path[0] == '/' ? external : built_in;
}

static bool has_search(const struct kmod_devname_config *config, const char *word)
{
	for (size_t i = 0; i < count_searches(config); i++)
		if (strcmp(get_search(config, i), word) == 0)
			return true;
	return false;
}

/*
 * The place of the path among the external directories; what is in the tree comes first. The first
 * directory of the configuration is the most important one; if "external" is not in the search
 * it is the last one: depmod comes to it first then.
 */
static size_t external_rank(const struct kmod_devname_config *config, const char *path)
{
	const char *directory;
	size_t i = 0;

	if (path[0] != '/')
		return 0;
	while ((directory = depmod_config_external(config, i)) && !is_below(path, directory))
		i++;
	return has_search(config, "external") ? i + 1 : config->externals.size - i + 1;
}

/* The place of the path among the overrides, 0 being the most important. */
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

bool depmod_config_prefers(const struct kmod_devname_config *config, const char *a, const char *b)
{
	return compare_ranks(config, a, b) < 0;
}

int depmod_config_compare_copies(const struct kmod_devname_config *config, const char *a,
				 const char *b)
{
	int r = compare_ranks(config, a, b);

	return r != 0 ? r : strcmp(a, b);
}
