// SPDX-License-Identifier: LGPL-2.1-or-later
/* When depmod's index may stand for the modules themselves. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lines.h"
#include "root.h"
#include "trust.h"

/* A file that was written where it stands: its times lie this close together. */
#define WRITTEN_SECONDS 2
/* A file that was installed with the times it was built with: they lie this far apart. */
#define INSTALLED_SECONDS 60

void trust_done(struct trust *trust)
{
	index_done(&trust->index);
	list_done(&trust->paths, free);
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* Opens one of depmod's files. Returns 1, 0 if it is not there or is no file, or an errno. */
static int open_file(int root_fd, const char *directory, const char *name, FILE **ret_stream,
		     struct stat *ret_st)
{
	char *path;
	int fd;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		return -ENOMEM;
	fd = root_open_long(root_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	free(path);
	if (fd == -ENOENT || fd == -ELOOP || fd == -ENXIO)
		return 0;
	if (fd < 0)
		return fd;
	if (fstat(fd, ret_st) < 0 || !S_ISREG(ret_st->st_mode)) {
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
	return !is_before(now, &st->st_ctim) && !is_before(&st->st_ctim, &st->st_mtim) &&
	       st->st_ctim.tv_sec - st->st_mtim.tv_sec <= WRITTEN_SECONDS;
}

static int say_untrusted(struct kmod_devname_report *report, const char *file, const char *why)
{
	const struct place place = { file, 0 };

	return report_add(report, KMOD_DEVNAME_STALE_INDEX, KMOD_DEVNAME_NOTE, &place,
			  "%s: the modules are read instead", why);
}

/* Reads the paths that modules.dep has lines for. 1, 0 if it is damaged, or an errno. */
static int read_paths(struct trust *trust, FILE *stream)
{
	struct lines lines;
	char *colon, *path;
	int status;

	lines_init(&lines, stream);
	while ((status = lines_next(&lines)) != LINE_END) {
		if (status < 0)
			return status;
		colon = strchr(lines.text, ':');
		if (status == LINE_CUT || !colon)
			return 0;
		path = strndup(lines.text, (size_t)(colon - lines.text));
		if (!path || list_push(&trust->paths, path) < 0) {
			free(path);
			return -ENOMEM;
		}
	}
	return 1;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
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

static int read_files(struct trust *trust, struct kmod_devname_report *report, FILE *streams[],
		      const struct stat st[])
{
	int r;

	if (!is_in_order(&st[DEP], &st[ALIAS], &st[SYMBOLS]))
		return say_untrusted(report, "modules.alias", "was not written by depmod in place");
	/* the first of its files: the modules had been read by then */
	trust->written = st[DEP].st_ctim;
	r = read_paths(trust, streams[DEP]);
	if (r == 0)
		return say_untrusted(report, "modules.dep", "is damaged");
	if (r > 0)
		r = index_read(&trust->index, report, streams[ALIAS], "modules.alias");
	if (r > 0)
		list_sort(&trust->paths, compare_paths);
	return r;
}

int trust_open(struct trust *trust, int root_fd, const char *directory,
	       struct kmod_devname_report *report)
{
	static const char *const names[N_FILES] = { "modules.dep", "modules.alias",
						    "modules.symbols" };
	FILE *streams[N_FILES] = { NULL };
	struct stat st[N_FILES];
	int r = 1;

	*trust = (struct trust){ 0 };
	for (int i = 0; i < N_FILES && r > 0; i++) {
		r = open_file(root_fd, directory, names[i], &streams[i], &st[i]);
		if (r == 0)
			r = say_untrusted(report, names[i], "is not there");
	}
	if (streams[SYMBOLS])
		r = read_files(trust, report, streams, st);
	for (int i = 0; i < N_FILES; i++)
		if (streams[i])
			(void)fclose(streams[i]);
	return r;
}

bool trust_covers(const struct trust *trust, const char *path, const struct stat *st)
{
	return S_ISREG(st->st_mode) && is_before(&st->st_ctim, &trust->written) &&
	       st->st_ctim.tv_sec - st->st_mtim.tv_sec >= INSTALLED_SECONDS &&
	       bsearch(&path, trust->paths.items, trust->paths.size, sizeof(*trust->paths.items),
		       compare_paths) != NULL;
}
