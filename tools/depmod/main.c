// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * depmod: the front end of depmod.
 *
 * It finds the real depmod (real.c) and the places where that may write, and runs it with the same
 * words. If depmod has succeeded, modules.devname is written again: the modules that depmod's new
 * files do not spare are read; if depmod has written no files, or these cannot be used, all modules
 * are. However depmod ends, by an exit status or a signal, is how the front end ends; it adds only
 * a failure of its own, 1.
 *
 * A bad module gives no node and a message, and changes nothing else: depmod has succeeded, and its
 * callers undo the installation if it has not.
 *
 * The line is read as depmod reads it, with getopt_long(3), but versions of depmod read the same
 * line in different ways, and have different module directories built in. So each way gives places
 * where depmod may write, with a stamp of their modules.alias before depmod runs. The place whose
 * stamp has changed afterwards is the right one.
 */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/io.h"
#include "depmod/depmod.h"
#include "kernels.h"
#include "modules.h"
#include "output.h"

const char program_name[] = "depmod";
const int program_failure = EXIT_FAILURE;

/* --- the command line ---------------------------------------------------------------------- */

/* The option tables of depmod differ: up to kmod 33 -m is a flag, from 34 on it takes a value. */
enum depmod_version {
	DEPMOD_34,
	DEPMOD_30,
	N_DEPMOD_VERSIONS,
};

/* A command line as one version of depmod reads it. */
struct depmod_line {
	const char *basedir; /* NULL: not given, as with the next two */
	const char *outdir;
	const char *moduledir;
	const char *version; /* NULL: that of the running kernel */
	struct list configs; /* the paths of --config, which may be given several times */
	bool has_files; /* only modules that are named one by one count */
	bool is_all; /* all modules count, whether named or not */
	bool is_quick; /* depmod does nothing if no module is new */
	bool writes_nothing;
};

/* A directory where depmod may write, if it understands the line in one way. */
struct depmod_place {
	const struct depmod_line *line;
	char *from; /* the module directory that is read */
	char *to; /* the one that is written, which is the same without --outdir */
	struct stat before; /* of modules.alias before depmod ran; all 0 if it was not there */
	bool is_hidden; /* this cannot be had */
	/* modules.devname before depmod ran; NULL: none, or not the same place */
	struct kmod_devname_table *list;
	int list_error; /* a negative errno if the list was there and could not be read */
};

#define PLACES_MAX 4

struct places {
	struct depmod_line lines[N_DEPMOD_VERSIONS];
	struct depmod_place items[PLACES_MAX];
	int n_lines, size;
};

/* Options of all versions; up to 30 depmod fails with --outdir, and then nothing is left to do. */
static const struct option shared_options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "quick", no_argument, NULL, 'A' },
	{ "basedir", required_argument, NULL, 'b' },
	{ "outdir", required_argument, NULL, 'o' },
	{ "config", required_argument, NULL, 'C' },
	{ "symvers", required_argument, NULL, 'E' },
	{ "filesyms", required_argument, NULL, 'F' },
	{ "errsyms", no_argument, NULL, 'e' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "show", no_argument, NULL, 'n' },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "symbol-prefix", required_argument, NULL, 'P' },
	{ "warn", no_argument, NULL, 'w' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
};

#define N_SHARED (sizeof(shared_options) / sizeof(shared_options[0]))
#define OWN_MAX 5

#define SHARED_LETTERS "aAb:o:C:E:F:evnP:wVh"

static const char *const depmod_letters[N_DEPMOD_VERSIONS] = {
	[DEPMOD_34] = SHARED_LETTERS "m:",
	[DEPMOD_30] = SHARED_LETTERS "uqrm",
};

static const struct option own_options[N_DEPMOD_VERSIONS][OWN_MAX] = {
	[DEPMOD_34] = {
		{ "moduledir", required_argument, NULL, 'm' },
	},
	[DEPMOD_30] = {
		{ "unresolved-error", no_argument, NULL, 'u' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "root", no_argument, NULL, 'r' },
		{ "map", no_argument, NULL, 'm' },
	},
};

static void parse_depmod_option(struct depmod_line *line, int letter)
{
	switch (letter) {
	case 'a':
		line->is_all = true;
		break;
	case 'A':
		line->is_quick = true;
		break;
	case 'b':
		line->basedir = optarg;
		break;
	case 'C':
		xlist_push(&line->configs, optarg);
		break;
	case 'o':
		line->outdir = optarg;
		break;
	case 'm':
		line->moduledir = optarg; /* NULL where it is a flag */
		break;
	case 'n':
	case 'V':
	case 'h':
		line->writes_nothing = true;
		break;
	default:
		break;
	}
}

/* busybox takes a word that is no version for a file of the running kernel; kmod refuses it. */
static bool is_version(const char *word)
{
	unsigned int a, b;

	/* NOLINTNEXTLINE(cert-err34-c): what depmod asks, too; the numbers are not used */
	return sscanf(word, "%u.%u", &a, &b) == 2;
}

/* Returns false if the version does not know an option. */
static bool parse_depmod_line(struct depmod_line *line, enum depmod_version version, int argc,
			      char *const *argv)
{
	/* getopt_long(3) sorts the words, and the real depmod gets them as they are */
	_cleanup_free_ char **words = xcalloc((size_t)argc + 1, sizeof(*words));
	struct option options[N_SHARED + OWN_MAX];
	int letter;

	memcpy(words, argv, (size_t)argc * sizeof(*words));
	*line = (struct depmod_line){ 0 };
	memcpy(options, shared_options, sizeof(shared_options));
	memcpy(options + N_SHARED, own_options[version], sizeof(own_options[version]));
	opterr = 0;
	optind = 0; /* start again, also the second time */
	while ((letter = getopt_long(argc, words, depmod_letters[version], options, NULL)) != -1) {
		if (letter == '?')
			return false;
		parse_depmod_option(line, letter);
		/* depmod looks no further */
		if (letter == 'V' || letter == 'h')
			return true;
	}
	if (optind < argc && is_version(words[optind]))
		line->version = words[optind++];
	line->has_files = optind < argc && !line->is_all && !line->is_quick;
	return true;
}

/* 1; 0 and a status of all 0 if there is no such file; or a negative errno. */
static int stat_in(const char *directory, const char *name, struct stat *ret_st)
{
	_cleanup_free_ char *path = join_path(directory, name);

	*ret_st = (struct stat){ 0 };
	if (stat(path, ret_st) == 0)
		return 1;
	return is_missing(-errno) ? 0 : -errno;
}

static char *get_directory(const char *root, const char *moduledir, const char *version)
{
	/* depmod puts the working directory before what does not begin with a slash */
	if (root && *root == '\0')
		root = ".";
	return xasprintf("%s/%s/%s", root ? root : "", moduledir, version);
}

/* A missing list gives no table, and no error. */
static int read_list(const char *directory, struct kmod_devname_table **ret_table)
{
	_cleanup_close_ int fd = open_path(directory, O_PATH | O_DIRECTORY);
	_cleanup_table_ struct kmod_devname_table *table = xtable_new();
	FILE *stream;
	int r = fd;

	if (fd >= 0)
		r = stream_from_fd(root_open_file(fd, FILE_NAME, O_NOFOLLOW), &stream);
	if (r < 0)
		return is_missing(r) ? 0 : r;
	r = kmod_devname_table_read(table, NULL, stream, FILE_NAME);
	(void)fclose(stream);
	if (r == 0)
		*ret_table = kmod_devname_table_ref(table);
	return r;
}

static void add_place(struct places *places, const struct depmod_line *line, const char *moduledir,
		      const char *version)
{
	const char *outdir = line->outdir ? line->outdir : line->basedir;
	struct depmod_place *place = &places->items[places->size++];

	place->line = line;
	place->from = get_directory(line->basedir, moduledir, version);
	place->to = get_directory(outdir, moduledir, version);
	place->is_hidden = stat_in(place->to, INDEX_NAME, &place->before) < 0;
	if (!line->outdir)
		place->list_error = read_list(place->to, &place->list);
}

/* Called before depmod runs. */
static void places_find(struct places *places, int argc, char *const *argv)
{
	/* one of these is built into depmod, for a line without --moduledir */
	static const char *const built_in[] = { MODULE_DIRECTORY, "usr/lib/modules" };
	struct utsname system;

	*places = (struct places){ 0 };
	(void)uname(&system);
	for (int i = 0; i < N_DEPMOD_VERSIONS; i++) {
		struct depmod_line *line = &places->lines[places->n_lines];
		const char *version;

		if (!parse_depmod_line(line, (enum depmod_version)i, argc, argv)) {
			list_free(&line->configs);
			continue;
		}
		places->n_lines++;
		version = line->version ? line->version : system.release;
		if (line->moduledir)
			add_place(places, line, line->moduledir, version);
		for (int j = 0; j < 2 && !line->moduledir; j++)
			add_place(places, line, built_in[j], version);
	}
}

static void places_done(struct places *places)
{
	for (int i = 0; i < places->size; i++) {
		free(places->items[i].from);
		free(places->items[i].to);
		kmod_devname_table_unref(places->items[i].list);
	}
	for (int i = 0; i < places->n_lines; i++)
		list_free(&places->lines[i].configs);
}

/* --- the list ------------------------------------------------------------------------------ */

/* Errors are all that is printed, but for why an index cannot be used. */
static const struct common common = { .quiet = true };
static const struct common common_of_index = { .quiet = false };

/* Whether the table has all that depmod has seen. A bad module makes no difference. */
static enum status judge_modules(const struct depmod_place *place,
				 const struct modules_result *result,
				 const struct kmod_devname_report *report, enum status status,
				 bool *ret_is_worth)
{
	bool has_files = place->line->has_files;
	const char *bad_index = result->bad_index;

	/* the depmod of busybox cuts two bytes off the names of some files */
	if (!bad_index && has_files && report_has(report, KMOD_DEVNAME_CODE_VANISHED))
		bad_index = INDEX_NAME;
	/* without it nothing tells which modules the FILE operands of depmod are */
	if (bad_index) {
		say("%s/%s: unusable index; %s was not updated", place->to, bad_index, FILE_NAME);
		return STATUS_FAILED;
	}
	/* the list would be in another order than that of depmod */
	if (status == STATUS_FAILED || result->has_unreadable_order)
		return STATUS_FAILED;
	if (place->list_error < 0 && result->may_keep)
		say("%s/%s: warning: cannot read the list from before depmod ran: %s; modules that "
		    "were not read lose their lines",
		    place->to, FILE_NAME, strerror(-place->list_error));
	/* of those that are listed only the FILE operands count */
	*ret_is_worth = (has_files || !result->lacks_listed) && !result->is_undecodable;
	return STATUS_CLEAN;
}

/*
 * Paths of modules.dep that begin with a slash are those of the running system, for depmod and here
 * alike: the kernel is named by its path, so the root directory is that of the system. The
 * configuration is that of the running system for any root directory, as in depmod.
 */
static enum status read_modules(const struct depmod_place *place, bool is_new, int index_dir_fd,
				struct kmod_devname_table *table, bool *ret_is_worth)
{
	const struct modules_options how = {
		.source = is_new ? SOURCE_INDEX : SOURCE_MODULES,
		.keeps_lines = !place->line->outdir,
		.is_silent = true,
		.index_dir_fd = index_dir_fd,
		.needs_index = place->line->has_files,
		.is_of_part = place->line->has_files,
		.list = place->list,
	};
	const struct common of_line = { .quiet = true, .configs = place->line->configs };
	_cleanup_report_ struct kmod_devname_report *report = xreport_new();
	_cleanup_config_ struct kmod_devname_config *config = NULL;
	_cleanup_kernels_ struct kernels kernels = { .root_fd = -1 };
	struct modules_result result = { .bad_index =
						 is_new || !how.needs_index ? NULL : INDEX_NAME };
	enum status status = kernels_find(&kernels, &of_line, (char *[]){ place->from }, 1, false);

	if (status == STATUS_CLEAN)
		status = read_depmod_config(&kernels.items[0], &config);
	if (status == STATUS_FAILED)
		return status;
	if (!result.bad_index)
		status = modules_read(&kernels.items[0], config, &how, table, report, &result);
	if (result.bad_index)
		(void)print_report(report, place->to, &common_of_index);
	else
		(void)print_report(report, place->from, &common);
	return judge_modules(place, &result, report, status, ret_is_worth);
}

/* is_new: the index is depmod's. Returns whether all is well; if not, after a message. */
static bool refresh_list(const struct depmod_place *place, bool is_new)
{
	_cleanup_table_ struct kmod_devname_table *table = xtable_new();
	_cleanup_kernels_ struct kernels kernels = { .root_fd = -1 };
	struct target target;
	bool is_worth = false;
	enum status status = kernels_find(&kernels, &common, (char *[]){ place->to }, 1, false);

	if (status == STATUS_CLEAN)
		status = target_kernel(&kernels.items[0], &target);
	if (status == STATUS_CLEAN) {
		target_lock(&target, &common);
		status = read_modules(place, is_new, target.dir_fd, table, &is_worth);
		if (status == STATUS_CLEAN && is_worth && target_write(&target, table) < 0)
			status = STATUS_FAILED;
		target_done(&target);
	}
	return status == STATUS_CLEAN;
}

/* --- what is left to do -------------------------------------------------------------------- */

/* An unreadable file counts as unchanged, so the modules are read. */
static bool has_changed_index(const struct depmod_place *place)
{
	const struct stat *before = &place->before;
	struct stat now;

	if (place->is_hidden || stat_in(place->to, INDEX_NAME, &now) < 0)
		return false;
	return now.st_dev != before->st_dev || now.st_ino != before->st_ino ||
	       now.st_ctim.tv_sec != before->st_ctim.tv_sec ||
	       now.st_ctim.tv_nsec != before->st_ctim.tv_nsec || now.st_size != before->st_size;
}

/* The list of the first place whose directory is there, if depmod has changed no index. */
static bool refresh_unchanged(const struct places *places)
{
	const struct depmod_place *place = NULL;
	struct stat st;
	int r = 0;

	for (int i = 0; i < places->size && r == 0; i++) {
		place = &places->items[i];
		r = stat_in(place->to, ".", &st);
	}
	/* depmod looks for news in the directory that it reads, and may make no other one */
	if (r == 0 && places->items[0].line->is_quick)
		return true;
	if (r == 0) {
		say("%s: no such module directory", places->items[0].to);
		return false;
	}
	if (r > 0 && place->line->is_quick) {
		r = stat_in(place->to, FILE_NAME, &st);
		if (r > 0)
			return true;
	}
	if (r < 0) {
		say_failure(place->to, r);
		return false;
	}
	return refresh_list(place, false);
}

/* Does the remaining work, after depmod has succeeded. False after a message. */
static bool refresh(const struct places *places)
{
	int n_without_writing = 0;

	if (places->n_lines == 0) {
		say("warning: unknown option of depmod; %s was not updated", FILE_NAME);
		return true;
	}
	for (int i = 0; i < places->n_lines; i++)
		n_without_writing += places->lines[i].writes_nothing;
	if (n_without_writing == places->n_lines)
		return true;
	for (int i = 0; i < places->size; i++)
		if (has_changed_index(&places->items[i]))
			return refresh_list(&places->items[i], true);
	/* if only one version would have written, an unchanged index shows that it was the other */
	return n_without_writing > 0 || refresh_unchanged(places);
}

int main(int argc, char **argv)
{
	struct places places;
	char *path = real_find();
	int status;

	if (!path)
		return EXIT_FAILURE;
	places_find(&places, argc, argv);
	status = real_run(path, argv);
	if (status == EXIT_SUCCESS && !refresh(&places))
		status = EXIT_FAILURE;
	places_done(&places);
	free(path);
	return status;
}
