// SPDX-License-Identifier: GPL-2.0-or-later
/* The static tool: an initramfs has no use for these commands, and the modules need libraries. */

#include "node-status.h"

static int run_without(const struct command *command, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	say("this build has no command '%s': it is for an initramfs", command->name);
	return STATUS_FAILED;
}

const struct command cmd_check = { .name = "check", .run = run_without };
const struct command cmd_diff = { .name = "diff", .run = run_without };
const struct command cmd_generate = { .name = "generate", .run = run_without };
const struct command cmd_explain = { .name = "explain", .run = run_without };

struct loading *loading_open(const struct kernels *kernels, const struct kernel *kernel,
			     bool is_running, const struct common *common)
{
	(void)kernels, (void)kernel, (void)is_running, (void)common;
	return NULL;
}

const char *loading_get(struct loading *loading, const struct kmod_devname_node *node)
{
	(void)loading, (void)node;
	return NULL;
}

enum status loading_close(struct loading *loading)
{
	(void)loading;
	return STATUS_CLEAN;
}
