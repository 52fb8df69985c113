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

#include <stdio.h>
#include <string.h>

#include "options.h"

const char program_name[] = "kmod-devname";
const int program_failure = STATUS_FAILED;

/* In the order of --help: writing the file, using it, and looking for mistakes. */
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
	       "      --version print the version and exit\n\n"
	       "Help on a command: kmod-devname COMMAND --help. See kmod-devname(8).\n");
	return finish_output(STATUS_CLEAN);
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

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;

	if (!word) {
		say("a command is missing; see kmod-devname --help");
		return STATUS_FAILED;
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return print_help();
	if (strcmp(word, "--version") == 0)
		return print_version();
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(word, commands[i]->name) == 0)
			return commands[i]->run(commands[i], argc - 1, argv + 1);
	say("unknown %s '%s'; see kmod-devname --help", word[0] == '-' ? "option" : "command",
	    word);
	return STATUS_FAILED;
}
