// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands that read modules, in a build that cannot: they say so. */

#include "tool.h"

static int run(const struct command *command, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	say("this build is without the command '%s': it reads no modules", command->name);
	return STATUS_FAILED;
}

const struct command cmd_generate = { .name = "generate", .run = run };
