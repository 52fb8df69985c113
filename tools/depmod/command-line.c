// SPDX-License-Identifier: GPL-2.0-or-later
/* What a command line of depmod says, read as depmod itself reads it: with getopt_long(3). */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "depmod/depmod.h"

/* Those of all versions; up to 30 depmod refuses --outdir, and then the line is never read. */
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

static const char *const own_letters[N_DIALECTS] = {
	[DIALECT_34] = "m:",
	[DIALECT_30] = "uqrm",
};

static const struct option own_options[N_DIALECTS][OWN_MAX] = {
	[DIALECT_34] = {
		{ "moduledir", required_argument, NULL, 'm' },
	},
	[DIALECT_30] = {
		{ "unresolved-error", no_argument, NULL, 'u' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "root", no_argument, NULL, 'r' },
		{ "map", no_argument, NULL, 'm' },
	},
};

static void take_option(struct line *line, int letter)
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
		line->configs[line->n_configs++] = optarg;
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

static bool read_words(struct line *line, enum dialect dialect, int argc, char **words)
{
	struct option options[N_SHARED + OWN_MAX];
	char letters[sizeof(shared_letters) + OWN_MAX];
	int letter;

	memcpy(options, shared_options, sizeof(shared_options));
	memcpy(options + N_SHARED, own_options[dialect], sizeof(own_options[dialect]));
	(void)snprintf(letters, sizeof(letters), "%s%s", shared_letters, own_letters[dialect]);
	opterr = 0;
	optind = 0; /* from the start, also the second time */
	while ((letter = getopt_long(argc, words, letters, options, NULL)) != -1) {
		if (letter == '?')
			return false;
		take_option(line, letter);
		/* depmod looks no further */
		if (letter == 'V' || letter == 'h')
			return true;
	}
	if (optind < argc && is_version(words[optind]))
		line->version = words[optind++];
	line->has_files = optind < argc && !line->is_all && !line->is_quick;
	return true;
}

int line_read(struct line *line, enum dialect dialect, int argc, char *const *argv)
{
	/* getopt_long(3) sorts the words, and depmod is to get them as they are */
	char **words = calloc((size_t)argc + 1, sizeof(*words));
	bool known;

	*line = (struct line){ .configs = calloc((size_t)argc + 1, sizeof(*line->configs)) };
	if (!words || !line->configs) {
		free(words);
		return -ENOMEM;
	}
	memcpy(words, argv, (size_t)argc * sizeof(*words));
	known = read_words(line, dialect, argc, words);
	free(words);
	return known;
}

void line_done(struct line *line)
{
	free(line->configs);
}
