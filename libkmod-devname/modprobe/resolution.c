// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The public object: a device number -> modules and a verdict. How the data goes through the
 * folder:
 *
 *   system.c        opens once what answers depend on: the statements of modprobe.d
 *                   (modprobe-config.c); the indexes, whose bounds are checked before libkmod maps
 *                   them (binary-index.c), or those of busybox (text-index.c); for block devices
 *                   the kernel's configuration
 *   resolution.c    turns the number into the aliases that the kernel asks for
 *   resolve.c       walks the modules of an alias as modprobe does, with dependencies and soft
 *                   dependencies, which libkmod finds (kmod-context.c); judges each module as its
 *                   turn comes, and adds a step for it
 *   lint-loading.c  asks for each node of a table, and adds a finding if its module is not loaded
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/report.h"
#include "modprobe/modprobe.h"
#include "node/syntax.h"

#define MODULE_NAME_SIZE 256 /* more than any file name has */

void step_free(void *item)
{
	struct kmod_devname_step *step = item;

	if (!step)
		return;
	free(step->module);
	free(step->path);
	free(step->obstacle);
	free(step->command);
	free(step->file);
	free(step);
}

struct kmod_devname_step *resolution_find_step(const struct kmod_devname_resolution *resolution,
					       const char *module)
{
	for (size_t i = 0; i < resolution->steps.size; i++) {
		struct kmod_devname_step *step = resolution->steps.items[i];

		if (strcmp(step->module, module) == 0)
			return step;
	}
	return NULL;
}

static int add_alias(struct kmod_devname_resolution *resolution, char *alias)
{
	int r = alias ? list_push(&resolution->aliases, alias) : -ENOMEM;

	if (r < 0)
		free(alias);
	return r;
}

/* The misc driver asks for char-major-10-MINOR alone. */
static bool asks_twice(const struct device_number *number)
{
	return number->type != S_IFCHR || number->major != MISC_MAJOR || number->minor > 255;
}

static int add_asked_aliases(struct kmod_devname_resolution *resolution,
			     const struct device_number *number)
{
	const char *type = number->type == S_IFCHR ? "char" : "block";
	int r;

	r = add_alias(resolution,
		      format_text("%s-major-%u-%u", type, number->major, number->minor));
	if (r < 0 || !asks_twice(number))
		return r;
	return add_alias(resolution, format_text("%s-major-%u", type, number->major));
}

/* The best of what happens to the modules that have an alias. */
static enum kmod_devname_verdict find_best_verdict(const struct list *steps)
{
	enum kmod_devname_verdict best = KMOD_DEVNAME_VERDICT_NO_MODULE;

	for (size_t i = 0; i < steps->size; i++) {
		const struct kmod_devname_step *step = steps->items[i];

		if (step->role == KMOD_DEVNAME_ROLE_ALIAS && step->verdict < best)
			best = step->verdict;
	}
	return best;
}

/* Asks for the next alias while modprobe fails, whatever it has loaded before. */
static int ask_aliases(struct kmod_devname_resolution *resolution, struct modprobe_system *system)
{
	size_t i;
	int r = 1;

	for (i = 0; i < resolution->aliases.size && r > 0; i++)
		r = resolve_alias(system, resolution->aliases.items[i], resolution);
	while (resolution->aliases.size > i)
		free(list_pop(&resolution->aliases));
	resolution->verdict = find_best_verdict(&resolution->steps);
	if (resolution->verdict >= KMOD_DEVNAME_VERDICT_NO_FILE && system->indexes == INDEXES_NONE)
		resolution->verdict = KMOD_DEVNAME_VERDICT_NO_INDEX;
	return r < 0 ? r : 0;
}

static int answer_number(struct kmod_devname_resolution *resolution, struct modprobe_system *system,
			 const struct device_number *number)
{
	int r = number->type == S_IFCHR ? syntax_is_dynamic(number)
					: system_lacks_block_autoload(system);

	if (r != 0) {
		resolution->verdict = KMOD_DEVNAME_VERDICT_NOT_ASKED;
		return r < 0 ? r : 0;
	}
	r = add_asked_aliases(resolution, number);
	return r == 0 ? ask_aliases(resolution, system) : r;
}

int resolution_ask(struct modprobe_system *system, const struct device_number *number,
		   struct kmod_devname_resolution **ret_resolution)
{
	struct kmod_devname_resolution *resolution = calloc(1, sizeof(*resolution));
	int r;

	if (!resolution)
		return -ENOMEM;
	resolution->references = 1;
	resolution->running = system->running;
	r = answer_number(resolution, system, number);
	if (r < 0)
		kmod_devname_resolution_unref(resolution);
	else
		*ret_resolution = resolution;
	return r;
}

static bool is_valid_number(const struct device_number *number)
{
	return (number->type == S_IFCHR || number->type == S_IFBLK) && number->major > 0 &&
	       number->major <= KMOD_DEVNAME_MAJOR_MAX && number->minor <= KMOD_DEVNAME_MINOR_MAX;
}

int kmod_devname_resolution_new(int root_fd, const char *directory, mode_t type, unsigned int major,
				unsigned int minor, unsigned int flags,
				struct kmod_devname_report *report,
				struct kmod_devname_resolution **ret_resolution)
{
	const struct device_number number = { type, major, minor };
	struct modprobe_system system;
	int r = is_valid_number(&number) ? system_open(&system, root_fd, directory, flags, report)
					 : -EINVAL;

	if (r < 0)
		return r;
	r = resolution_ask(&system, &number, ret_resolution);
	system_done(&system);
	return r;
}

struct kmod_devname_resolution *
kmod_devname_resolution_ref(struct kmod_devname_resolution *resolution)
{
	resolution->references++;
	return resolution;
}

struct kmod_devname_resolution *
kmod_devname_resolution_unref(struct kmod_devname_resolution *resolution)
{
	if (!resolution || --resolution->references > 0)
		return NULL;
	list_done(&resolution->aliases, free);
	list_done(&resolution->steps, step_free);
	free(resolution);
	return NULL;
}

enum kmod_devname_verdict
kmod_devname_resolution_get_verdict(const struct kmod_devname_resolution *resolution)
{
	return resolution->verdict;
}

const char *kmod_devname_resolution_get_alias(const struct kmod_devname_resolution *resolution,
					      size_t index)
{
	return index < resolution->aliases.size ? resolution->aliases.items[index] : NULL;
}

/* The kernel asks for nothing if the driver of the number is there, whatever the alias leads to. */
static bool is_module_live(const char *name)
{
	char path[MODULE_NAME_SIZE + 32], state[5];
	_cleanup_close_ int fd = -1;

	(void)snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
	fd = open_at(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	return fd >= 0 && read_at(fd, 0, state, sizeof(state)) == sizeof(state) &&
	       memcmp(state, "live\n", sizeof(state)) == 0;
}

int kmod_devname_resolution_loads(const struct kmod_devname_resolution *resolution,
				  const char *module)
{
	const struct kmod_devname_step *step;
	char name[MODULE_NAME_SIZE];

	if (strlen(module) >= sizeof(name))
		return 0;
	memcpy(name, module, strlen(module) + 1);
	syntax_normalise_module_name(name);
	step = resolution_find_step(resolution, name);
	if (step)
		return step->verdict <= KMOD_DEVNAME_VERDICT_BUILT_IN;
	return resolution->running && is_module_live(name);
}

size_t kmod_devname_resolution_size(const struct kmod_devname_resolution *resolution)
{
	return resolution->steps.size;
}

const struct kmod_devname_step *
kmod_devname_resolution_get(const struct kmod_devname_resolution *resolution, size_t index)
{
	return index < resolution->steps.size ? resolution->steps.items[index] : NULL;
}

const char *kmod_devname_step_get_module(const struct kmod_devname_step *step)
{
	return step->module;
}

enum kmod_devname_role kmod_devname_step_get_role(const struct kmod_devname_step *step)
{
	return step->role;
}

enum kmod_devname_verdict kmod_devname_step_get_verdict(const struct kmod_devname_step *step)
{
	return step->verdict;
}

const char *kmod_devname_step_get_path(const struct kmod_devname_step *step)
{
	return step->path;
}

const char *kmod_devname_step_get_obstacle(const struct kmod_devname_step *step)
{
	return step->obstacle;
}

const char *kmod_devname_step_get_command(const struct kmod_devname_step *step)
{
	return step->command;
}

const char *kmod_devname_step_get_file(const struct kmod_devname_step *step)
{
	return step->file;
}

size_t kmod_devname_step_get_line(const struct kmod_devname_step *step)
{
	return step->line;
}

const char *kmod_devname_verdict_to_string(enum kmod_devname_verdict verdict)
{
	static const char *const names[] = {
		[KMOD_DEVNAME_VERDICT_LOADS] = "loads",
		[KMOD_DEVNAME_VERDICT_LOADED] = "loaded",
		[KMOD_DEVNAME_VERDICT_BUILT_IN] = "built-in",
		[KMOD_DEVNAME_VERDICT_COMMAND] = "command",
		[KMOD_DEVNAME_VERDICT_BLACKLISTED] = "blacklisted",
		[KMOD_DEVNAME_VERDICT_OFF] = "off",
		[KMOD_DEVNAME_VERDICT_NO_FILE] = "no-file",
		[KMOD_DEVNAME_VERDICT_NO_MODULE] = "no-module",
		[KMOD_DEVNAME_VERDICT_NO_INDEX] = "no-index",
		[KMOD_DEVNAME_VERDICT_NOT_ASKED] = "not-asked",
	};

	return (size_t)verdict < sizeof(names) / sizeof(names[0]) ? names[verdict] : NULL;
}

const char *kmod_devname_role_to_string(enum kmod_devname_role role)
{
	switch (role) {
	case KMOD_DEVNAME_ROLE_ALIAS:
		return "alias";
	case KMOD_DEVNAME_ROLE_DEPENDENCY:
		return "dependency";
	case KMOD_DEVNAME_ROLE_SOFT:
		return "soft-dependency";
	}
	return NULL;
}
