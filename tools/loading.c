// SPDX-License-Identifier: GPL-2.0-or-later
/* The state of a node's module, loaded or loadable, as check and explain see it. */

#include <errno.h>

#include "base/io.h"
#include "input.h"
#include "loading.h"
#include "modprobe/modprobe.h"

struct loading {
	struct modprobe_system system;
	struct kmod_devname_report *report;
	const char *path; /* of the kernel */
	const struct common *common;
	bool is_open;
	bool is_disabled; /* the kernel loads no module any more */
	int error; /* why an answer is missing, a negative errno */
};

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

struct loading *loading_open(const struct kernels *kernels, const struct kernel *kernel,
			     bool is_running, const struct common *common)
{
	struct loading *loading = xcalloc(1, sizeof(*loading));

	loading->report = xreport_new();
	loading->path = kernel->path;
	loading->common = common;
	loading->is_disabled = is_running && loading_find_sysctl();
	loading->error = system_open(&loading->system, kernels->root_fd, kernel->directory,
				     is_running, loading->report);
	if (loading->error == -ENOMEM)
		die_without_memory();
	loading->is_open = loading->error == 0;
	return loading;
}

enum status loading_close(struct loading *loading)
{
	enum status status;

	if (!loading)
		return STATUS_CLEAN;
	if (loading->is_open)
		system_done(&loading->system);
	/* a build without libkmod knows no answer */
	status = finish_report(loading->report, loading->error == -EOPNOTSUPP ? 0 : loading->error,
			       loading->path, loading->path, loading->common);
	free(loading);
	return status;
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

const char *loading_get(struct loading *loading, const struct kmod_devname_node *node)
{
	struct resolution *resolution = NULL;
	const char *result;
	int r;

	if (!loading->is_open)
		return NULL;
	r = resolution_ask(&loading->system, &node->number, &resolution);
	if (r == -ENOMEM)
		die_without_memory();
	if (r < 0) {
		loading->error = r;
		return NULL;
	}
	result = judge_module(resolution, node->module, loading->is_disabled);
	resolution_unref(resolution);
	return result;
}
