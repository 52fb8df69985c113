// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options. A table has those of a command, and another one those of all commands. Both
 * getopt_long(3) and --help are fed from these tables, so no option is without help.
 */

#include <stdio.h>
#include <string.h>

#include "options.h"

/* Beyond the keys of the commands, which begin with 256. */
enum {
	KEY_ALL = 1000,
	KEY_STRICT,
};

static const struct option_spec common_options[] = {
	{ 'b', "basedir", "DIR", "root directory of the system meant (default: /)" },
	{ 'm', "moduledir", "DIR", "module directory below it (default: " MODULE_DIRECTORY ")" },
	{ KEY_ALL, "all", NULL, "every kernel of the module directory" },
	{ 'v', "verbose", NULL, "say what was done, and print notes too" },
	{ 'q', "quiet", NULL, "print errors only" },
	{ KEY_STRICT, "strict", NULL, "warnings count like errors for the exit status" },
	{ 'h', "help", NULL, "print this help and exit" },
	{ 0 },
};

#define LEFT_WIDTH 26 /* of the options in --help */

static size_t count_options(const struct option_spec *specs)
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

/* Appends options to the two tables of getopt_long(3). Returns the end of the long ones. */
static struct option *append_options(const struct option_spec *specs, struct option *longs,
				     char *shorts)
{
	shorts += strlen(shorts);
	for (; specs->key != 0; specs++) {
		int has_value = is_optional(specs) ? optional_argument
				: specs->value     ? required_argument
						   : no_argument;

		*longs++ = (struct option){ specs->name, has_value, NULL, specs->key };
		if (specs->key > 255)
			continue;
		*shorts++ = (char)specs->key;
		if (specs->value)
			*shorts++ = ':';
	}
	return longs;
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

static enum status print_command_help(const struct command *command)
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
	return finish_output(STATUS_CLEAN);
}

/*
 * getopt_long(3) leaves in optopt 0 for an unknown long option, and else an unknown letter, or the
 * key of an option that has a value and takes none.
 */
static void say_bad_option(const struct command *command, char **argv, const char *shorts, int key)
{
	const char *word = argv[optind - 1];
	bool is_known = optopt > 255 || (optopt > 0 && optopt != ':' && strchr(shorts, optopt));

	if (key == ':')
		say("option '%s' needs a value", word);
	else if (optopt == 0)
		say("unknown option '%s'; see kmod-devname %s --help", word, command->name);
	else if (is_known)
		say("option '%s' takes no value", word);
	else
		say("unknown option '-%c'; see kmod-devname %s --help", optopt, command->name);
}

/* Returns whether it is one of the options that all commands have. */
static bool parse_common_option(struct common *common, int key)
{
	switch (key) {
	case 'b':
		/* as if not given: scripts pass a variable on that may be empty */
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

bool parse_options(const struct command *command, int argc, char **argv, struct common *common,
		   bool (*parse_own)(void *data, int key), void *data, enum status *ret_status)
{
	size_t room = count_options(common_options) + count_options(command->options) + 1;
	_cleanup_free_ struct option *longs = xcalloc(room, sizeof(*longs));
	_cleanup_free_ char *shorts = xcalloc(2 * room + 1, 1);
	int key;

	shorts[0] = ':'; /* so that getopt_long(3) reports a missing value as such */
	append_options(common_options, append_options(command->options, longs, shorts), shorts);
	opterr = 0;
	optind = 1;
	*common = (struct common){ 0 };
	*ret_status = STATUS_FAILED;
	while ((key = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (key == 'h') {
			*ret_status = print_command_help(command);
			return false;
		}
		if (key == '?' || key == ':') {
			say_bad_option(command, argv, shorts, key);
			return false;
		}
		if (!parse_common_option(common, key) && !parse_own(data, key))
			return false;
	}
	return true;
}
