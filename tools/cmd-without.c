// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands that an initramfs has no use for, in the build for one: they say so. */

#include "options.h"

static int run(const struct command *command, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	say("this build is without the command '%s': it has what an initramfs needs",
	    command->name);
	return STATUS_FAILED;
}

const struct command cmd_check = { .name = "check", .run = run };
const struct command cmd_diff = { .name = "diff", .run = run };
const struct command cmd_generate = { .name = "generate", .run = run };
const struct command cmd_explain = { .name = "explain", .run = run };
