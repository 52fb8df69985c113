// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The public object: a device number -> modules and a verdict. How the data goes through the
 * folder:
 *
 *   resolve-source.c  opens once what answers depend on: the indexes (module-index.c, on
 *                     binary-index.c), modprobe.d and the command line (modprobe-config.c),
 *                     and the kernel's configuration (kernel-config.c) for block devices
 *   resolution.c      turns the number into the aliases that the kernel asks for
 *   resolve.c         walks the modules of an alias as modprobe does, with dependencies and soft
 *                     dependencies (softdep.c), and adds a step for each to the resolution
 *   resolver.c        finds the modules of an alias, in the indexes or, for statements of
 *                     modprobe.d, through libkmod (kmod-context.c), and the verdict on one module
 *   lint-loading.c    asks for each node of a table and adds a finding if its module is not loaded
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/report.h"
#include "modprobe/resolve-source.h"
#include "modprobe/resolve.h"
#include "node/misc-minors.h"
#include "node/syntax.h"

#define STEPS_MAX 10000

void step_free(struct kmod_devname_step *step)
{
	if (!step)
		return;
	free(step->module);
	free(step->path);
	free(step->obstacle);
	free(step->command);
	free(step->file);
	free(step);
}

static void free_step(void *step)
{
	step_free(step);
}

int resolution_add(struct kmod_devname_resolution *resolution, struct kmod_devname_step *step)
{
	int r = step ? 0 : -ENOMEM;

	if (resolution->steps.size == STEPS_MAX)
		r = -EFBIG;
	if (r == 0)
		r = list_push(&resolution->steps, step);
	if (r < 0)
		step_free(step);
	return r;
}

static int add_alias(struct kmod_devname_resolution *resolution, char *alias)
{
	int r = alias ? list_push(&resolution->aliases, alias) : -ENOMEM;

	if (r < 0)
		free(alias);
	return r;
}

/* Does the kernel ask for TYPE-major-MAJOR, too? Not where the misc driver has the major. */
static bool asks_twice(const struct device_number *number)
{
	return number->type != S_IFCHR || number->major != MISC_MAJOR || number->minor > 255;
}

static int add_aliases(struct kmod_devname_resolution *resolution,
		       const struct device_number *number)
{
	const char *type = number->type == S_IFCHR ? "char" : "block";
	char *alias;
	int r;

	if (asprintf(&alias, "%s-major-%u-%u", type, number->major, number->minor) < 0)
		return -ENOMEM;
	r = add_alias(resolution, alias);
	if (r < 0 || !asks_twice(number))
		return r;
	if (asprintf(&alias, "%s-major-%u", type, number->major) < 0)
		return -ENOMEM;
	return add_alias(resolution, alias);
}

/* Forgets the aliases that were not asked for. */
static void cut_aliases(struct list *aliases, size_t size)
{
	while (aliases->size > size)
		free(list_pop(aliases));
}

/* The best of what happens to the modules that have an alias. */
static void set_best_verdict(struct kmod_devname_resolution *resolution)
{
	resolution->verdict = KMOD_DEVNAME_VERDICT_NO_MODULE;
	for (size_t i = 0; i < resolution->steps.size; i++) {
		const struct kmod_devname_step *step = resolution->steps.items[i];

		if (step->role == KMOD_DEVNAME_ROLE_ALIAS && step->verdict < resolution->verdict)
			resolution->verdict = step->verdict;
	}
}

/* Goes on to the next alias while modprobe fails, whatever it has loaded before. */
static int ask(struct kmod_devname_resolution *resolution, const struct resolve_source *source)
{
	size_t i;
	int r = 1;

	for (i = 0; i < resolution->aliases.size && r > 0; i++)
		r = resolver_ask(source->resolver, resolution->aliases.items[i], resolution);
	set_best_verdict(resolution);
	cut_aliases(&resolution->aliases, i);
	if (resolution->verdict >= KMOD_DEVNAME_VERDICT_NO_FILE && !source->index.whole)
		resolution->verdict = KMOD_DEVNAME_VERDICT_NO_INDEX;
	return r < 0 ? r : 0;
}

/* Starts libkmod for the first number that needs it. */
static int start_resolver(struct resolve_source *source)
{
	static const struct location nowhere = { NULL, 0 };
	int r = source->resolver ? 0 : resolver_new(source, &source->resolver);

	/* not as a file, which would be one below the root */
	if (r == -ENOENT)
		(void)report_add(source->report, KMOD_DEVNAME_SYSTEM, KMOD_DEVNAME_ERROR, &nowhere,
				 "/proc/self/fd does not exist, and is needed: mount /proc");
	return r;
}

/* 1 or 0, or a negative errno. */
static int is_asked_for(struct resolve_source *source, const struct device_number *number)
{
	int r;

	if (number->type == S_IFCHR)
		return !syntax_is_dynamic(number);
	r = source_lacks_block_autoload(source);
	return r < 0 ? r : !r;
}

static int resolve(struct kmod_devname_resolution *resolution, struct resolve_source *source,
		   const struct device_number *number)
{
	int r = is_asked_for(source, number);

	if (r == 0)
		resolution->verdict = KMOD_DEVNAME_VERDICT_NOT_ASKED;
	if (r <= 0)
		return r;
	r = add_aliases(resolution, number);
	if (r == 0)
		r = start_resolver(source);
	return r == 0 ? ask(resolution, source) : r;
}

int resolution_ask(struct resolve_source *source, const struct device_number *number,
		   struct kmod_devname_resolution **ret_resolution)
{
	struct kmod_devname_resolution *resolution = calloc(1, sizeof(*resolution));
	int r;

	if (!resolution)
		return -ENOMEM;
	resolution->references = 1;
	r = resolve(resolution, source, number);
	if (r < 0)
		kmod_devname_resolution_unref(resolution);
	else
		*ret_resolution = resolution;
	return r;
}

static bool is_valid(const struct device_number *number)
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
	struct resolve_source source;
	int r = is_valid(&number) ? source_open(&source, root_fd, directory, flags, report)
				  : -EINVAL;

	if (r < 0)
		return r;
	r = resolution_ask(&source, &number, ret_resolution);
	source_done(&source);
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
	list_done(&resolution->steps, free_step);
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

static bool is_name_of(const char *module, const char *name)
{
	for (; *module != '\0' && *module == (*name == '-' ? '_' : *name); module++)
		name++;
	return *module == *name;
}

int kmod_devname_resolution_loads(const struct kmod_devname_resolution *resolution,
				  const char *module)
{
	for (size_t i = 0; i < resolution->steps.size; i++) {
		const struct kmod_devname_step *step = resolution->steps.items[i];

		if (is_name_of(step->module, module))
			return step->verdict <= KMOD_DEVNAME_VERDICT_BUILT_IN;
	}
	return 0;
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
