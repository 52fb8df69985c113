// SPDX-License-Identifier: LGPL-2.1-or-later
/* When depmod's index may stand for the modules themselves. */

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lines.h"
#include "base/root.h"
#include "base/time-order.h"
#include "tree/module-tree.h"
#include "tree/trust.h"

/* A file that was written where it stands: its times lie this close together. */
#define WRITTEN_SECONDS 2
/* A file that was installed with the times it was built with: they lie this far apart. */
#define INSTALLED_SECONDS 60

/* A module in modules.dep. */
struct trust_module {
	bool proved; /* depmod could read it: otherwise it has a line there too, and no aliases */
	const struct index_module *entry; /* NULL: it has no aliases */
	char *name;
	char path[];
};

static void trust_module_free(void *p)
{
	struct trust_module *module = p;

	free(module->name);
	free(module);
}

void trust_done(struct trust *trust)
{
	index_done(&trust->index);
	list_done(&trust->modules, trust_module_free);
}

/* The errors that say nothing about the files, but that this process cannot go on. */
static bool is_exhausted(int error)
{
	return error == -ENOMEM || error == -EMFILE || error == -ENFILE;
}

/* Opens one of depmod's files. Returns 1, 0 if it cannot be used, or a negative errno. */
static int open_file(int root_fd, const char *directory, const char *name, FILE **ret_stream,
		     struct stat *ret_st)
{
	int fd = root_open_below(root_fd, directory, name,
				 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return is_exhausted(fd) ? fd : 0;
	if (fstat(fd, ret_st) < 0 || !S_ISREG(ret_st->st_mode) ||
	    ret_st->st_size > (off_t)LINES_TOTAL_MAX) {
		(void)close(fd);
		return 0;
	}
	*ret_stream = fdopen(fd, "re");
	if (*ret_stream)
		return 1;
	(void)close(fd);
	return -ENOMEM;
}

static bool was_written_here(const struct stat *st, const struct timespec *now)
{
	struct timespec earliest = st->st_ctim;

	earliest.tv_sec -= WRITTEN_SECONDS;
	return !is_before(now, &st->st_ctim) && !is_before(&st->st_ctim, &st->st_mtim) &&
	       !is_before(&st->st_mtim, &earliest);
}

static int say_untrusted(struct kmod_devname_report *report, const char *file, const char *why)
{
	const struct location location = { file, 0 };

	return report_add(report, KMOD_DEVNAME_STALE_INDEX, KMOD_DEVNAME_NOTE, &location,
			  "%s: the modules are read instead", why);
}

static struct trust_module *trust_module_new(const char *path, size_t size)
{
	struct trust_module *module = calloc(1, sizeof(*module) + size + 1);

	if (!module)
		return NULL;
	memcpy(module->path, path, size);
	module->name = module_tree_module_name(module->path);
	if (module->name)
		return module;
	free(module);
	return NULL;
}

/* A line of modules.dep, "PATH: PATH...". 1, 0 if it is damaged, or -ENOMEM. */
static int read_dep_line(struct trust *trust, const struct lines *line)
{
	const char *colon = strchr(line->text, ':');
	struct trust_module *module;

	/* a blank in a name would be taken for the end of an alias in modules.alias */
	if (!colon || memchr(line->text, ' ', (size_t)(colon - line->text)))
		return 0;
	module = trust_module_new(line->text, (size_t)(colon - line->text));
	if (!module || list_push(&trust->modules, module) < 0) {
		if (module)
			trust_module_free(module);
		return -ENOMEM;
	}
	module->proved = colon[1] != '\0';
	return 1;
}

static int read_dep(struct trust *trust, FILE *stream)
{
	struct lines lines;
	int status, r = 1;

	lines_init(&lines, stream);
	while (r > 0 && (status = lines_next(&lines)) != LINE_END) {
		if (status < 0 || status == LINE_CUT)
			return 0;
		r = read_dep_line(trust, &lines);
	}
	return r;
}

static struct trust_module *find_name(struct hsearch_data *names, const char *name)
{
	const ENTRY key = { .key = (char *)(uintptr_t)name };
	ENTRY *found;

	return hsearch_r(key, FIND, &found, names) ? found->data : NULL;
}

/*
 * Makes a way to find by name the modules, or those that are not proved yet. 1, 0 if a name
 * stands there twice, or -ENOMEM.
 */
static int enter_names(const struct trust *trust, bool unproved, struct hsearch_data *names)
{
	/* twice the room: a table that is full is slow */
	if (!hcreate_r(2 * trust->modules.size + 1, names))
		return -ENOMEM;
	for (size_t i = 0; i < trust->modules.size; i++) {
		struct trust_module *module = trust->modules.items[i];
		const ENTRY entry = { .key = module->name, .data = module };
		ENTRY *found;

		if (unproved && module->proved)
			continue;
		if (!hsearch_r(entry, ENTER, &found, names))
			return -ENOMEM;
		if (found->data != module)
			return 0;
	}
	return 1;
}

static int check_names(const struct trust *trust)
{
	struct hsearch_data names = { 0 };
	int r = enter_names(trust, false, &names);

	hdestroy_r(&names);
	return r;
}

/*
 * depmod writes the lines of all modules one after the other, in the order of modules.dep. Any
 * other order is not its work, or that of a module with a line feed in an alias.
 */
static bool prove_by_aliases(struct trust *trust)
{
	size_t next = 0;

	for (size_t i = 0; i < trust->index.modules.size; i++) {
		const struct index_module *entry = trust->index.modules.items[i];
		struct trust_module *module;

		do {
			if (next == trust->modules.size)
				return false;
			module = trust->modules.items[next++];
		} while (strcmp(module->name, entry->name) != 0);
		module->entry = entry;
		module->proved = true;
	}
	return true;
}

/* A line is "alias symbol:SYMBOL MODULE". Few modules are left to be looked for. */
static bool prove_by_symbols(struct hsearch_data *names, FILE *stream)
{
	struct trust_module *module;
	struct lines lines;
	const char *blank;
	int status;

	lines_init(&lines, stream);
	while ((status = lines_next(&lines)) == LINE_GOOD) {
		blank = memrchr(lines.text, ' ', lines.size);
		if (lines.text[0] == '#' || !blank)
			continue;
		module = find_name(names, blank + 1);
		if (module)
			module->proved = true;
	}
	return status == LINE_END;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp((*(const struct trust_module *const *)a)->path,
		      (*(const struct trust_module *const *)b)->path);
}

/*
 * depmod writes modules.dep, modules.alias and modules.symbols in this order. A copy that came
 * later, of one of them or of all by name, has another order; one with its times is not
 * "written here".
 */
static bool is_in_order(const struct stat *dep, const struct stat *alias,
			const struct stat *symbols)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return was_written_here(dep, &now) && was_written_here(alias, &now) &&
	       was_written_here(symbols, &now) && is_before(&dep->st_ctim, &alias->st_ctim) &&
	       is_before(&alias->st_ctim, &symbols->st_ctim);
}

enum { DEP, ALIAS, SYMBOLS, N_FILES };

static int read_symbols(struct trust *trust, struct kmod_devname_report *report, FILE *stream)
{
	struct hsearch_data names = { 0 };
	int r = enter_names(trust, true, &names);

	if (r > 0 && !prove_by_symbols(&names, stream))
		r = say_untrusted(report, "modules.symbols", "is damaged");
	hdestroy_r(&names);
	return r;
}

static int read_files(struct trust *trust, struct kmod_devname_report *report, FILE *streams[])
{
	int r = read_dep(trust, streams[DEP]);

	if (r > 0)
		r = check_names(trust);
	if (r == 0)
		return say_untrusted(report, "modules.dep", "is damaged");
	if (r > 0)
		r = index_read(&trust->index, report, streams[ALIAS], "modules.alias");
	if (r <= 0)
		return is_exhausted(r) ? r : 0;
	if (!prove_by_aliases(trust))
		return say_untrusted(report, "modules.alias", "does not go with modules.dep");
	r = read_symbols(trust, report, streams[SYMBOLS]);
	list_sort(&trust->modules, compare_paths);
	return r;
}

static int open_files(struct trust *trust, struct kmod_devname_report *report, int root_fd,
		      const char *directory, FILE *streams[])
{
	static const char *const names[N_FILES] = { "modules.dep", "modules.alias",
						    "modules.symbols" };
	struct stat st[N_FILES];

	for (int i = 0; i < N_FILES; i++) {
		int r = open_file(root_fd, directory, names[i], &streams[i], &st[i]);

		if (r < 0)
			return r;
		if (r == 0)
			return say_untrusted(report, names[i], "is not there, or cannot be used");
	}
	if (!is_in_order(&st[DEP], &st[ALIAS], &st[SYMBOLS]))
		return say_untrusted(report, "modules.alias", "was not written by depmod in place");
	/* the first of its files: the modules had been read by then */
	trust->written = st[DEP].st_ctim;
	return 1;
}

int trust_open(struct trust *trust, int root_fd, const char *directory,
	       struct kmod_devname_report *report)
{
	FILE *streams[N_FILES] = { NULL };
	int r;

	*trust = (struct trust){ 0 };
	r = open_files(trust, report, root_fd, directory, streams);
	if (r > 0)
		r = read_files(trust, report, streams);
	for (int i = 0; i < N_FILES; i++)
		if (streams[i])
			(void)fclose(streams[i]);
	return r;
}

bool trust_is_settled(const struct trust *trust, const struct stat *st)
{
	return is_before(&st->st_ctim, &trust->written);
}

static int compare_path(const void *path, const void *module)
{
	return strcmp(path, (*(const struct trust_module *const *)module)->path);
}

bool trust_covers(const struct trust *trust, const char *path, const struct stat *st,
		  const struct alias_list **ret_aliases)
{
	struct trust_module **found;

	if (!S_ISREG(st->st_mode) || !trust_is_settled(trust, st) ||
	    st->st_mtim.tv_sec > st->st_ctim.tv_sec - INSTALLED_SECONDS || trust->modules.size == 0)
		return false;
	found = bsearch(path, trust->modules.items, trust->modules.size,
			sizeof(*trust->modules.items), compare_path);
	if (!found || !(*found)->proved)
		return false;
	*ret_aliases = (*found)->entry ? &(*found)->entry->aliases : NULL;
	return true;
}
