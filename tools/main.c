// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kmod-devname: commands and help.
 *
 * A command is a struct command in its own file, cmd-*.c. Its run() parses the options (options.h)
 * and finds the kernels that the operands name (kernels.h). It reads nodes from modules.devname
 * (input.h) or from the modules (modules.h). It writes them to a file (output.h), as a table
 * (sheet.h) or into a device directory. The library does the work. The command prints the findings
 * of the library (message.h), and returns the worst status of its steps.
 */

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "options.h"

const char program_name[] = "kmod-devname";
const int program_failure = STATUS_FAILED;

#ifdef STATIC_TOOL
/* An initramfs has no use for these commands, and the modules need libraries. */
static int run_without(const struct command *command, int argc, char **argv)
{
	(void)argc, (void)argv;
	say("this build has no command '%s': it is for an initramfs", command->name);
	return STATUS_FAILED;
}

const struct command cmd_check = { .name = "check", .run = run_without };
const struct command cmd_diff = { .name = "diff", .run = run_without };
const struct command cmd_generate = { .name = "generate", .run = run_without };
const struct command cmd_explain = { .name = "explain", .run = run_without };
#endif

/* In the order of --help: commands that write the file, use it, and find faults. */
static const struct command *const commands[] = {
	&cmd_generate, &cmd_list, &cmd_static_nodes, &cmd_create,
	&cmd_check,    &cmd_diff, &cmd_explain,
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static enum status print_help(void)
{
	printf("Usage: kmod-devname COMMAND [OPTIONS] [KERNEL...]\n\n"
	       "Device nodes that load their kernel module on first use.\n\nCommands:\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (commands[i]->summary)
			printf("  %-14s%s\n", commands[i]->name, commands[i]->summary);
	printf("\nOptions:\n"
	       "  -h, --help    print this help and exit\n"
	       "  -V, --version print the version and exit\n\n"
	       "Help on a command: kmod-devname help COMMAND. See kmod-devname(8).\n");
	return finish_output(STATUS_CLEAN);
}

/* For the completions of shells. */
static enum status list_commands(void)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (commands[i]->summary)
			printf("%s\t%s\n", commands[i]->name, commands[i]->summary);
	return print_option_list(NULL);
}

/*
 * The features of this build, for scripts and tests. config.h lists the libraries of the other
 * programs, and the static tool has none of them.
 */
static enum status print_version(void)
{
	printf("kmod-devname %s\n%s\n", PACKAGE_VERSION,
#ifdef STATIC_TOOL
	       "-MODULES -LIBKMOD -SMARTCOLS -SELINUX"
#else
	       "+MODULES"
#ifdef WITH_LIBKMOD
	       " +LIBKMOD"
#else
	       " -LIBKMOD"
#endif
#ifdef WITH_SMARTCOLS
	       " +SMARTCOLS"
#else
	       " -SMARTCOLS"
#endif
#ifdef WITH_SELINUX
	       " +SELINUX"
#else
	       " -SELINUX"
#endif
#endif
	);
	return finish_output(STATUS_CLEAN);
}

/* The edit distance between the word and the name of a command. */
static size_t count_edits(const char *word, const char *name)
{
	size_t size = strlen(name), row[32], diagonal, above;

	for (size_t j = 0; j <= size; j++)
		row[j] = j;
	for (size_t i = 0; word[i] != '\0'; i++) {
		diagonal = row[0]++;
		for (size_t j = 1; j <= size; j++) {
			above = row[j];
			row[j] = diagonal + (word[i] != name[j - 1]);
			if (row[j] > above + 1)
				row[j] = above + 1;
			if (row[j] > row[j - 1] + 1)
				row[j] = row[j - 1] + 1;
			diagonal = above;
		}
	}
	return row[size];
}

static void say_unknown_command(const char *word)
{
	const char *nearest = NULL;
	size_t fewest = 3;

	for (size_t i = 0; i < N_COMMANDS; i++) {
		size_t n = count_edits(word, commands[i]->name);

		if (n < fewest && n < strlen(word)) {
			fewest = n;
			nearest = commands[i]->name;
		}
	}
	if (nearest)
		say("unknown command '%s'; did you mean '%s'?", word, nearest);
	else
		say("unknown command '%s'; see kmod-devname --help", word);
}

/* The name of a command, or the beginning of one. NULL after a message. */
static const struct command *find_command(const char *word)
{
	const struct command *found = NULL;
	_cleanup_free_ char *names = NULL;
	size_t n = 0;

	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (strcmp(word, commands[i]->name) == 0)
			return commands[i];
		if (*word == '\0' || strncmp(word, commands[i]->name, strlen(word)) != 0)
			continue;
		found = commands[i];
		append_word(&names, found->name);
		n++;
	}
	if (n > 1)
		say("command '%s' is ambiguous: %s", word, names);
	else if (n == 0)
		say_unknown_command(word);
	return n == 1 ? found : NULL;
}

static enum status help_command(const char *word)
{
	const struct command *command;

	if (!word)
		return print_help();
	command = find_command(word);
	return command ? print_command_help(command) : STATUS_FAILED;
}

/* "help COMMAND" has the manual page on a terminal, as in git, if there is man(1). */
static enum status show_command_page(const char *word)
{
	const struct command *command = word && isatty(STDOUT_FILENO) ? find_command(word) : NULL;

	if (command && command->summary) {
		_cleanup_free_ char *page = xasprintf("%s-%s", program_name, command->name);

		(void)execlp("man", "man", page, (char *)NULL);
	}
	return help_command(word);
}

/* Options before the command become options behind it. */
static enum status run_command(int argc, char **argv, int index)
{
	const struct command *command = find_command(argv[index]);

	if (!command)
		return STATUS_FAILED;
	memmove(argv + 1, argv, (size_t)index * sizeof(*argv));
	argv[1] = (char *)(uintptr_t)command->name;
	return command->run(command, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	int wanted, index = find_command_word(argc, argv, &wanted);
	const char *word = index > 0 ? argv[index] : NULL;

	if (index < 0)
		return STATUS_FAILED;
	if (wanted == KEY_LIST_OPTIONS)
		return list_commands();
	if (wanted == 'V' || (word && strcmp(word, "version") == 0))
		return print_version();
	if (wanted == 'h')
		return help_command(word);
	if (!word) {
		say("a command is missing; see kmod-devname --help");
		return STATUS_FAILED;
	}
	if (strcmp(word, "help") == 0)
		return show_command_page(argv[index + 1]);
	return run_command(argc, argv, index);
}
