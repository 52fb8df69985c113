// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The meaning of a command line for depmod: the action, and the module directory.
 *
 * The line is read as depmod reads it, with getopt_long(3), but versions of depmod read the same
 * line in different ways, and have different module directories built in. So each way gives places
 * where depmod may write, with a stamp of their modules.alias before depmod runs. The place whose
 * stamp has changed afterwards is the right one.
 */

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/io.h"
#include "depmod/depmod.h"
#include "kernels.h"

/* Options of all versions; up to 30 depmod fails with --outdir, and then nothing is left to do. */
static const char shared_letters[] = "aAb:o:C:E:F:evnP:wVh";

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

static const char *const own_letters[N_DEPMOD_VERSIONS] = {
	[DEPMOD_34] = "m:",
	[DEPMOD_30] = "uqrm",
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
	char letters[sizeof(shared_letters) + OWN_MAX];
	int letter;

	memcpy(words, argv, (size_t)argc * sizeof(*words));
	*line = (struct depmod_line){ 0 };
	memcpy(options, shared_options, sizeof(shared_options));
	memcpy(options + N_SHARED, own_options[version], sizeof(own_options[version]));
	(void)snprintf(letters, sizeof(letters), "%s%s", shared_letters, own_letters[version]);
	opterr = 0;
	optind = 0; /* start again, also the second time */
	while ((letter = getopt_long(argc, words, letters, options, NULL)) != -1) {
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

void places_find(struct places *places, int argc, char *const *argv)
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

void places_done(struct places *places)
{
	for (int i = 0; i < places->size; i++) {
		free(places->items[i].from);
		free(places->items[i].to);
		kmod_devname_table_unref(places->items[i].list);
	}
	for (int i = 0; i < places->n_lines; i++)
		list_free(&places->lines[i].configs);
}

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

/* The first place whose directory is there, if depmod has changed no index. */
static enum refresh_action choose_unchanged(const struct places *places,
					    const struct depmod_place **ret_place)
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
		return REFRESH_NOTHING;
	if (r == 0) {
		say("%s: no such module directory", places->items[0].to);
		return REFRESH_FAILED;
	}
	if (r > 0 && place->line->is_quick) {
		r = stat_in(place->to, FILE_NAME, &st);
		if (r > 0)
			return REFRESH_NOTHING;
	}
	if (r < 0) {
		say_failure(place->to, r);
		return REFRESH_FAILED;
	}
	*ret_place = place;
	return REFRESH_FROM_MODULES;
}

enum refresh_action places_choose(const struct places *places,
				  const struct depmod_place **ret_place)
{
	int n_without_writing = 0;

	if (places->n_lines == 0) {
		say("warning: unknown option of depmod; %s was not updated", FILE_NAME);
		return REFRESH_NOTHING;
	}
	for (int i = 0; i < places->n_lines; i++)
		n_without_writing += places->lines[i].writes_nothing;
	if (n_without_writing == places->n_lines)
		return REFRESH_NOTHING;
	for (int i = 0; i < places->size; i++)
		if (has_changed_index(&places->items[i])) {
			*ret_place = &places->items[i];
			return REFRESH_FROM_INDEX;
		}
	/* if only one version would have written, an unchanged index shows that it was the other */
	return n_without_writing > 0 ? REFRESH_NOTHING : choose_unchanged(places, ret_place);
}
