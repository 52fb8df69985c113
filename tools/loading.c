// SPDX-License-Identifier: GPL-2.0-or-later
/* The state of a node's module, loaded or loadable, as check and explain see it. */

#include <errno.h>

#include "base/io.h"
#include "input.h"
#include "loading.h"
#include "modprobe/modprobe.h"
#include "node/table.h"

static char read_first_byte(const char *path)
{
	_cleanup_close_ int fd = open_path(path, O_RDONLY);
	char c;

	return fd >= 0 && read_at(fd, 0, &c, 1) == 1 ? c : '\0';
}

/* See modprobe(8) and proc(5). */
const char *loading_find_sysctl(void)
{
	if (read_first_byte("/proc/sys/kernel/modules_disabled") == '1')
		return "kernel.modules_disabled is 1; reboot, which alone sets it back";
	if (read_first_byte("/proc/sys/kernel/modprobe") == '\n')
		return "kernel.modprobe is empty; run sysctl kernel.modprobe=/sbin/modprobe";
	return NULL;
}

static const char *judge_module(const struct resolution *resolution, const char *module,
				bool is_disabled)
{
	const struct resolution_step *step = resolution_find_step(resolution, module);

	if (!resolution_loads(resolution, module))
		return resolution->verdict == VERDICT_NO_INDEX ? NULL : "blocked";
	if (step && step->verdict == VERDICT_BUILT_IN)
		return "built-in";
	if (step && step->verdict == VERDICT_LOADS)
		return is_disabled ? "blocked" : "loadable";
	return "loaded";
}

/* Returns 0, or the negative errno of the last node without an answer. */
static int ask_about_nodes(struct modprobe_system *system, const struct kmod_devname_table *table,
			   const char **answers)
{
	/* the kernel loads no module any more */
	bool is_disabled = system->running && loading_find_sysctl();
	int error = 0;

	for (size_t i = 0; i < kmod_devname_table_size(table); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(table, i);
		struct resolution *resolution;
		int r = resolution_ask(system, &node->number, &resolution);

		if (r == -ENOMEM)
			die_without_memory();
		if (r < 0) {
			error = r;
			continue;
		}
		answers[i] = judge_module(resolution, node->module, is_disabled);
		resolution_unref(resolution);
	}
	return error;
}

const char **loading_ask(const struct kernel *kernel, bool is_running,
			 const struct kmod_devname_table *table, const struct common *common,
			 enum status *ret_status)
{
	const char **answers = xcalloc(kmod_devname_table_size(table) + 1, sizeof(*answers));
	struct kmod_devname_report *report = xreport_new();
	struct modprobe_system system;
	int r = system_open(&system, kernel->set->root_fd, kernel->directory, is_running, report);

	if (r == -ENOMEM)
		die_without_memory();
	if (r == 0) {
		r = ask_about_nodes(&system, table, answers);
		system_done(&system);
	}
	/* a build without libkmod knows no answer */
	*ret_status =
		finish_report(report, r == -EOPNOTSUPP ? 0 : r, kernel->path, kernel->path, common);
	return answers;
}
