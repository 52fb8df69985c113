// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options. A table has those of a command, and another one those of all commands. getopt_long(3),
 * --help and the completions of shells, by --list-options, are fed from these tables.
 */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "options.h"

#define OPTIONS_MAX 32 /* of a command, with the common ones */
#define LEFT_WIDTH 26 /* of the options in --help */
#define HELP_WIDTH 80
#define VALUES_LISTED 20 /* more are in the manual alone */

static const char *get_color(int i)
{
	static const char *const names[N_COLORS + 1] = { "never", "always", "auto" };

	return names[i];
}

static const struct option_spec common_options[] = {
	{ 'b', "basedir", "DIR", "root directory of the system (default: /)" },
	{ 'b', "root", "DIR", NULL },
	{ 'm', "moduledir", "DIR",
	  "directory of the kernels below it (default: " MODULE_DIRECTORY ")" },
	{ 'a', "all", NULL, "process every kernel" },
	{ 'v', "verbose", NULL, "print notes and a summary too" },
	{ 'q', "quiet", NULL, "print errors only" },
	{ KEY_STRICT, "strict", NULL, "treat warnings as errors for the exit status" },
	{ KEY_COLOR, "color", "[=WHEN]", "colour the severity of findings" },
	{ KEY_LIST_OPTIONS, "list-options", NULL, NULL },
	{ 'h', "help", NULL, "print this help and exit" },
	{ 0 },
};

/* The last one. */
static const struct option_spec *const help_option =
	&common_options[sizeof(common_options) / sizeof(common_options[0]) - 2];

static const struct option_spec version_options[] = {
	{ 'V', "version", NULL, "print the version and exit" },
	{ 0 },
};

static bool is_optional(const struct option_spec *spec)
{
	return spec->value && spec->value[0] == '[';
}

/* Prints words behind the column where the last line ends, and breaks lines between them. */
static void print_words(const char *text, size_t *column)
{
	while (*text != '\0') {
		size_t size = strcspn(text, " ");

		if (*column + 1 + size > HELP_WIDTH) {
			printf("\n%*s", LEFT_WIDTH + 1, "");
			*column = LEFT_WIDTH + 1;
		}
		printf(" %.*s", (int)size, text);
		*column += 1 + size;
		text += size;
		text += strspn(text, " ");
	}
}

/* "a, b, c", to be freed. */
static char *list_values(const char *(*get_value)(int i))
{
	char *list = NULL;

	for (int i = 0; get_value(i); i++)
		append_word(&list, get_value(i));
	return list;
}

static void print_option(const struct option_spec *spec, const char *(*get_value)(int i))
{
	_cleanup_free_ char *values = NULL;
	char left[64], letter[8] = "    ";
	size_t column = LEFT_WIDTH + 1;
	int n = 0;

	while (get_value && get_value(n))
		n++;
	if (n > 0 && n <= VALUES_LISTED)
		values = list_values(get_value);
	if (spec->key <= 255)
		(void)snprintf(letter, sizeof(letter), "-%c, ", spec->key);
	(void)snprintf(left, sizeof(left), "%s--%s%s%s", letter, spec->name,
		       spec->value && !is_optional(spec) ? " " : "",
		       spec->value ? spec->value : "");
	printf("  %-*s", LEFT_WIDTH - 1, left);
	if (strlen(left) >= LEFT_WIDTH)
		printf("\n%*s", LEFT_WIDTH + 1, "");
	print_words(spec->help, &column);
	if (values) {
		putchar(':');
		column++;
		print_words(values, &column);
	}
	putchar('\n');
}

/* Second names are left to the manual, and --all where it is refused. */
static bool option_is_shown(const struct command *command, const struct option_spec *spec)
{
	return spec->help && !(command && command->lacks_all && spec->key == 'a');
}

static void print_options(const struct command *command, const struct option_spec *specs,
			  int value_key, const char *(*get_value)(int i))
{
	for (; specs->key != 0; specs++)
		if (option_is_shown(command, specs))
			print_option(specs, specs->key == value_key ? get_value : NULL);
}

enum status print_command_help(const struct command *command)
{
	if (!command->summary)
		return command->run(command, 0, NULL);
	printf("Usage: kmod-devname %s [OPTIONS] %s\n\n%s\n\nOptions:\n", command->name,
	       command->operands ? command->operands : "[KERNEL...]", command->description);
	print_options(command, command->options, command->value_key, command->get_value);
	print_options(command, common_options, KEY_COLOR, get_color);
	if (!command->operands)
		printf("\nKERNEL is a version, or the path of a module directory. The default "
		       "is the\nrunning kernel, or the only kernel below the base directory.\n");
	printf("\nSee kmod-devname-%s(8).\n", command->name);
	return finish_output(STATUS_CLEAN);
}

static void list_options(const struct command *command, const struct option_spec *specs,
			 int value_key, const char *(*get_value)(int i))
{
	for (; specs->key != 0; specs++) {
		bool has_values = specs->key == value_key;

		if (!option_is_shown(command, specs))
			continue;
		putchar('-');
		if (specs->key <= 255)
			putchar(specs->key);
		printf("\t--%s\t%s\t", specs->name, specs->value ? specs->value : "-");
		for (int i = 0; has_values && get_value(i); i++)
			printf("%s%s", i > 0 ? " " : "", get_value(i));
		printf("%s\t%s\n", has_values ? "" : "-", specs->help);
	}
}

enum status print_option_list(const struct command *command)
{
	if (command) {
		list_options(command, command->options, command->value_key, command->get_value);
		list_options(command, common_options, KEY_COLOR, get_color);
	} else {
		list_options(NULL, version_options, 0, NULL);
		list_options(NULL, help_option, 0, NULL);
	}
	return finish_output(STATUS_CLEAN);
}

int look_up_value(const char *(*get_value)(int i), const char *text, size_t size)
{
	for (int i = 0; get_value(i); i++)
		if (strlen(get_value(i)) == size && strncasecmp(get_value(i), text, size) == 0)
			return i;
	return -1;
}

int find_value(const char *option, const char *(*get_value)(int i), const char *text, size_t size)
{
	_cleanup_free_ char *values = NULL;
	int i = look_up_value(get_value, text, size);

	if (i >= 0)
		return i;
	values = list_values(get_value);
	say("%s: '%.*s' is not one of %s", option, (int)size, text, values);
	return -1;
}

/* The arguments of getopt_long(3). */
struct parser {
	struct option longs[OPTIONS_MAX + 1];
	char shorts[2UL * OPTIONS_MAX + sizeof("+:")];
	size_t n;
};

static void append_options(struct parser *parser, const struct option_spec *specs)
{
	char *shorts = parser->shorts + strlen(parser->shorts);

	for (; specs->key != 0 && parser->n < OPTIONS_MAX; specs++) {
		int has_value = is_optional(specs) ? optional_argument
				: specs->value     ? required_argument
						   : no_argument;

		parser->longs[parser->n++] =
			(struct option){ specs->name, has_value, NULL, specs->key };
		if (specs->key > 255)
			continue;
		*shorts++ = (char)specs->key;
		if (specs->value)
			*shorts++ = ':';
	}
}

/* ":" so that getopt_long(3) reports a missing value as such; "+" to stop at the first operand. */
static void init_parser(struct parser *parser, bool stops, const struct option_spec *own)
{
	*parser = (struct parser){ 0 };
	memcpy(parser->shorts, stops ? "+:" : ":", stops ? 2 : 1);
	append_options(parser, own);
	append_options(parser, common_options);
	opterr = 0;
	optind = 0; /* glibc and musl begin anew */
}

/*
 * getopt_long(3) leaves in optopt 0 for an unknown long option, and else an unknown letter, or the
 * key of an option that has a value and takes none.
 */
static void say_bad_option(const char *command, char **argv, const char *shorts, int key)
{
	const char *word = argv[optind - 1];
	bool is_known = optopt > 255 || (optopt > 0 && optopt != ':' && strchr(shorts, optopt));
	char letter[3] = { '-', (char)optopt };

	if (key == ':')
		say("option '%s' needs a value", word);
	else if (optopt != 0 && is_known)
		say("option '%s' takes no value", word);
	else
		say("unknown option '%s'; see kmod-devname%s%s --help", optopt == 0 ? word : letter,
		    *command != '\0' ? " " : "", command);
}

int find_command_word(int argc, char **argv, int *ret_wanted)
{
	struct parser parser;
	int key;

	init_parser(&parser, true, version_options);
	*ret_wanted = 0;
	while ((key = getopt_long(argc, argv, parser.shorts, parser.longs, NULL)) != -1) {
		if (key == '?' || key == ':') {
			say_bad_option("", argv, parser.shorts, key);
			return -1;
		}
		if (*ret_wanted == 0 && (key == 'h' || key == 'V' || key == KEY_LIST_OPTIONS))
			*ret_wanted = key;
	}
	return optind < argc ? optind : 0;
}

static bool parse_color(struct common *common)
{
	const char *value = optarg ? optarg : "always";
	int i = find_value("--color", get_color, value, strlen(value));

	if (i >= 0)
		common->color = (enum color)i;
	return i >= 0;
}

/* Parses an option of struct common. 1: it was one, 0: it was not, -1: after a message. */
static int parse_common_option(struct common *common, int key)
{
	switch (key) {
	case 'b':
		/* as if not given: scripts pass a variable on that may be empty */
		common->basedir = *optarg != '\0' ? optarg : NULL;
		return 1;
	case 'm':
		common->moduledir = optarg;
		return 1;
	case 'v':
		common->verbose = true;
		return 1;
	case 'q':
		common->quiet = true;
		return 1;
	case 'a':
		common->all = true;
		return 1;
	case 'C':
		xlist_push(&common->configs, optarg);
		return 1;
	case 'J':
		common->json = true;
		return 1;
	case KEY_DEV:
		common->dev = optarg;
		return 1;
	case KEY_INPUT:
		common->input = optarg;
		return 1;
	case KEY_STRICT:
		common->strict = true;
		return 1;
	case KEY_COLOR:
		return parse_color(common) ? 1 : -1;
	case KEY_UDEV:
		common->udev_root = "";
		return 1;
	case KEY_UDEV_ROOT:
		common->udev_root = optarg;
		return 1;
	case KEY_UDEV_PERMISSIONS:
		common->udev_root = optarg ? optarg : "";
		return 1;
	default:
		return 0;
	}
}

static bool has_variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value != '\0';
}

bool parse_options(const struct command *command, int argc, char **argv, struct common *common,
		   bool (*parse_own)(void *data, int key), void *data, enum status *ret_status)
{
	struct parser parser;
	int key, r;

	init_parser(&parser, false, command->options);
	*common = (struct common){
		.color = has_variable("NO_COLOR") ? COLOR_NEVER : COLOR_AUTO,
		.is_hook = has_variable("DPKG_MAINTSCRIPT_NAME"),
	};
	*ret_status = STATUS_FAILED;
	while ((key = getopt_long(argc, argv, parser.shorts, parser.longs, NULL)) != -1) {
		if (key == 'h' || key == KEY_LIST_OPTIONS) {
			*ret_status = key == 'h' ? print_command_help(command)
						 : print_option_list(command);
			return false;
		}
		if (key == '?' || key == ':') {
			say_bad_option(command->name, argv, parser.shorts, key);
			return false;
		}
		r = parse_common_option(common, key);
		if (r < 0 || (r == 0 && !parse_own(data, key)))
			return false;
	}
	return true;
}
