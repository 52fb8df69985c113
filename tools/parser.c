// SPDX-License-Identifier: GPL-2.0-or-later
/* Options: what getopt_long(3) is told and what --help prints come from the same tables. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

enum {
	KEY_ALL = 1000,
	KEY_STRICT,
};

static const struct option_spec common_options[] = {
	{ 'b', "basedir", "DIR", "root directory of the system meant (default: /)" },
	{ 'm', "moduledir", "DIR", "module directory below it (default: lib/modules)" },
	{ KEY_ALL, "all", NULL, "every kernel of the module directory" },
	{ 'v', "verbose", NULL, "say what was done, and print notes too" },
	{ 'q', "quiet", NULL, "print errors only" },
	{ KEY_STRICT, "strict", NULL, "warnings count like errors for the exit status" },
	{ 'h', "help", NULL, "print this help and exit" },
	{ 0 },
};

/* A walk over the options of a command line, all from the tables. */
struct parser {
	const struct command *command;
	int argc;
	char **argv;
	struct common *common;
	struct option *longs;
	char *shorts;
};

#define LEFT_WIDTH 26 /* of the options in --help */

#define PARSER_END (-1)
#define PARSER_EXIT (-2) /* the command is over, with the status that was given */

static size_t count(const struct option_spec *specs)
{
	size_t n = 0;

	while (specs[n].key != 0)
		n++;
	return n;
}

static bool is_optional(const struct option_spec *spec)
{
	return spec->value && spec->value[0] == '[';
}

static int value_kind(const struct option_spec *spec)
{
	if (is_optional(spec))
		return optional_argument;
	return spec->value ? required_argument : no_argument;
}

static void append(struct parser *parser, const struct option_spec *specs, size_t *n)
{
	char *shorts = parser->shorts + strlen(parser->shorts);

	for (; specs->key != 0; specs++) {
		parser->longs[(*n)++] =
			(struct option){ specs->name, value_kind(specs), NULL, specs->key };
		if (specs->key > 255)
			continue;
		*shorts++ = (char)specs->key;
		if (specs->value)
			*shorts++ = ':';
	}
	*shorts = '\0';
}

static void parser_done(struct parser *parser)
{
	free(parser->longs);
	free(parser->shorts);
}

static int parser_start(struct parser *parser, const struct command *command, int argc, char **argv,
			struct common *common)
{
	size_t room = count(common_options) + count(command->options), n = 0;

	*parser = (struct parser){ command, argc, argv, common, NULL, NULL };
	*common = (struct common){ 0 };
	parser->longs = calloc(room + 1, sizeof(*parser->longs));
	parser->shorts = calloc(2 * room + 2, 1);
	if (!parser->longs || !parser->shorts) {
		parser_done(parser);
		return -ENOMEM;
	}
	parser->shorts[0] = ':'; /* tell a missing value from an unknown option */
	append(parser, command->options, &n);
	append(parser, common_options, &n);
	opterr = 0;
	optind = 1;
	return 0;
}

static void print_options(const struct option_spec *specs)
{
	for (; specs->key != 0; specs++) {
		char left[64], letter[8] = "    ";

		if (specs->key <= 255)
			(void)snprintf(letter, sizeof(letter), "-%c, ", specs->key);
		(void)snprintf(left, sizeof(left), "%s--%s%s%s", letter, specs->name,
			       specs->value && !is_optional(specs) ? " " : "",
			       specs->value ? specs->value : "");
		printf("  %-*s", LEFT_WIDTH, left);
		if (strlen(left) >= LEFT_WIDTH)
			printf("\n%*s", LEFT_WIDTH + 2, "");
		printf("%s\n", specs->help);
	}
}

static void print_help(const struct command *command)
{
	printf("Usage: kmod-devname %s [OPTIONS] %s\n\n%s\n\nOptions:\n", command->name,
	       command->operands ? command->operands : "[KERNEL...]", command->description);
	print_options(command->options);
	print_options(common_options);
	if (command->operands)
		printf("\nSee kmod-devname(8).\n");
	else
		printf("\nKERNEL is a version, or a path to the module directory of one; without "
		       "it the\n"
		       "running kernel is meant. See kmod-devname(8).\n");
}

/* getopt_long(3) tells of an unknown letter, or of the key of an option that takes no value. */
static bool is_key(const struct parser *parser, int key)
{
	return key > 255 || (key > 0 && key != ':' && strchr(parser->shorts, key));
}

static void say_bad_option(const struct parser *parser, int key)
{
	const char *word = parser->argv[optind - 1];
	const char *try = parser->command->name;

	if (key == ':')
		say("option '%s' needs a value", word);
	else if (optopt == 0)
		say("unknown option '%s'; see kmod-devname %s --help", word, try);
	else if (is_key(parser, optopt))
		say("option '%s' takes no value", word);
	else
		say("unknown option '-%c'; see kmod-devname %s --help", optopt, try);
}

/* Returns whether it was one of the options that all commands have. */
static bool take_common(struct common *common, int key)
{
	switch (key) {
	case 'b':
		common->basedir = *optarg != '\0' ? optarg : NULL;
		return true;
	case 'm':
		common->moduledir = optarg;
		return true;
	case 'v':
		common->verbose = true;
		return true;
	case 'q':
		common->quiet = true;
		return true;
	case KEY_ALL:
		common->all = true;
		return true;
	case KEY_STRICT:
		common->strict = true;
		return true;
	default:
		return false;
	}
}

/* The key of the next option of the command, its value in optarg; or PARSER_... */
static int parser_next(struct parser *parser, enum status *ret_status)
{
	int key;

	do
		key = getopt_long(parser->argc, parser->argv, parser->shorts, parser->longs, NULL);
	while (take_common(parser->common, key));
	if (key == 'h') {
		print_help(parser->command);
		*ret_status = finish_output(STATUS_CLEAN);
		return PARSER_EXIT;
	}
	if (key == '?' || key == ':') {
		say_bad_option(parser, key);
		*ret_status = STATUS_FAILED;
		return PARSER_EXIT;
	}
	return key;
}

bool parse_options(const struct command *command, int argc, char **argv, struct common *common,
		   bool (*take)(void *data, int key), void *data, enum status *ret_status)
{
	struct parser parser;
	int key;

	*ret_status = STATUS_FAILED;
	if (parser_start(&parser, command, argc, argv, common) < 0) {
		say_failure("options", -ENOMEM);
		return false;
	}
	while ((key = parser_next(&parser, ret_status)) >= 0 && take(data, key))
		;
	parser_done(&parser);
	return key == PARSER_END;
}
