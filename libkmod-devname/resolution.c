// SPDX-License-Identifier: LGPL-2.1-or-later
/* The public object: a device number -> what the kernel asks for -> modules, and a verdict. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "image.h"
#include "kernel-config.h"
#include "modprobe-config.h"
#include "report.h"
#include "resolve.h"
#include "root.h"
#include "syntax.h"

#define MISC_MAJOR 10
#define STEPS_MAX 10000
#define CMDLINE_SIZE_MAX ((size_t)64 << 10)

/* What libkmod opens by name in the module directory. */
static const char *const indexes[] = {
	"modules.dep.bin",     "modules.alias.bin",         "modules.symbols.bin",
	"modules.builtin.bin", "modules.builtin.alias.bin", "modules.softdep",
	"modules.weakdep",
};

#define N_INDEXES (sizeof(indexes) / sizeof(indexes[0]))

/* A system whose modules are asked for. */
struct source {
	int root_fd;
	int dir_fd;
	const char *directory;
	bool running;
	struct kmod_devname_report *report;
	struct modprobe_config config;
};

void step_free(struct kmod_devname_step *step)
{
	if (!step)
		return;
	free(step->module);
	free(step->path);
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

/* Does libkmod, which knows no root, open the file that the root has under this name? */
static int check_index(const struct source *source, const char *name)
{
	_cleanup_close_ int fd =
		root_open_below(source->root_fd, source->directory, name, O_PATH | O_CLOEXEC);
	struct stat inside, plain;

	if (fd < 0 && fd != -ENOENT)
		return fd;
	if (fstatat(source->dir_fd, name, &plain, 0) < 0)
		return errno != ENOENT ? -errno : fd < 0 ? 0 : -EXDEV;
	if (fd < 0)
		return -EXDEV;
	if (fstat(fd, &inside) < 0)
		return -errno;
	return S_ISREG(plain.st_mode) && inside.st_dev == plain.st_dev &&
			       inside.st_ino == plain.st_ino
		       ? 0
		       : -EXDEV;
}

static int check_softdep(const struct source *source)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s%s/modules.softdep", source->directory[0] == '/' ? "" : "/",
		     source->directory) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return modprobe_config_check_softdep(source->report, source->root_fd, path);
}

static int check_indexes(const struct source *source)
{
	int r = 0;

	for (size_t i = 0; i < N_INDEXES && r == 0; i++) {
		const struct place place = { indexes[i], 0 };

		r = check_index(source, indexes[i]);
		if (r < 0)
			r = report_system(source->report, r, &place);
	}
	return r == 0 ? check_softdep(source) : r;
}

static int read_cmdline(struct source *source)
{
	_cleanup_close_ int fd = kmod_devname_open_in_root(source->root_fd, "/proc/cmdline",
							   O_RDONLY | O_NOCTTY | O_CLOEXEC);
	_cleanup_free_ char *text = malloc(CMDLINE_SIZE_MAX);
	ssize_t n;

	if (!text)
		return -ENOMEM;
	if (fd < 0)
		return fd;
	n = read_at(fd, 0, text, CMDLINE_SIZE_MAX - 1);
	if (n < 0)
		return (int)n;
	text[n] = '\0';
	return modprobe_config_add_cmdline(&source->config, text);
}

/* Opens everything that the modules depend on. */
static int source_open(struct source *source)
{
	int r;

	source->dir_fd = kmod_devname_open_in_root(source->root_fd, source->directory,
						   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (source->dir_fd < 0)
		return source->dir_fd;
	r = check_indexes(source);
	if (r == 0)
		r = modprobe_config_read(&source->config, source->report, source->root_fd);
	return r == 0 && source->running ? read_cmdline(source) : r;
}

static void source_done(struct source *source)
{
	modprobe_config_done(&source->config);
	if (source->dir_fd >= 0)
		(void)close(source->dir_fd);
}

/* Forgets the aliases that were not asked for. */
static void cut_aliases(struct list *aliases, size_t size)
{
	while (aliases->size > size)
		free(list_pop(aliases));
}

/* Goes on to the next alias while modprobe fails; it does not for what is blacklisted. */
static int ask(struct kmod_devname_resolution *resolution, struct resolver *resolver)
{
	enum kmod_devname_verdict verdict = KMOD_DEVNAME_VERDICT_NO_MODULE;
	size_t i;
	int r = 0;

	resolution->verdict = verdict;
	for (i = 0; i < resolution->aliases.size && r == 0 &&
		    resolution->verdict > KMOD_DEVNAME_VERDICT_BLACKLISTED;
	     i++) {
		r = resolver_ask(resolver, resolution->aliases.items[i], resolution, &verdict);
		if (verdict < resolution->verdict)
			resolution->verdict = verdict;
	}
	cut_aliases(&resolution->aliases, i);
	if (resolution->verdict >= KMOD_DEVNAME_VERDICT_NO_FILE && !resolver_has_indexes(resolver))
		resolution->verdict = KMOD_DEVNAME_VERDICT_NO_INDEX;
	return r;
}

static int resolve_in(struct kmod_devname_resolution *resolution, const struct source *source)
{
	struct resolver *resolver;
	int r = resolver_new(source->dir_fd, &source->config, source->running, &resolver);

	if (r == 0) {
		r = ask(resolution, resolver);
		resolver_free(resolver);
	}
	return r;
}

/* 1 or 0, or a negative errno. */
static int is_asked_for(const struct source *source, const struct device_number *number)
{
	int r;

	if (number->type == S_IFCHR)
		return !syntax_is_dynamic(number);
	r = kernel_config_lacks_block_autoload(source->root_fd, source->directory, source->running);
	return r < 0 ? r : !r;
}

static int resolve(struct kmod_devname_resolution *resolution, struct source *source,
		   const struct device_number *number)
{
	int r = source_open(source);

	if (r == 0)
		r = is_asked_for(source, number);
	if (r == 0)
		resolution->verdict = KMOD_DEVNAME_VERDICT_NOT_ASKED;
	if (r <= 0)
		return r;
	r = add_aliases(resolution, number);
	return r == 0 ? resolve_in(resolution, source) : r;
}

static bool is_valid(const struct device_number *number, unsigned int flags)
{
	return (number->type == S_IFCHR || number->type == S_IFBLK) && number->major > 0 &&
	       number->major <= KMOD_DEVNAME_MAJOR_MAX && number->minor <= KMOD_DEVNAME_MINOR_MAX &&
	       (flags & ~KMOD_DEVNAME_RESOLVE_RUNNING) == 0;
}

int kmod_devname_resolution_new(int root_fd, const char *directory, mode_t type, unsigned int major,
				unsigned int minor, unsigned int flags,
				struct kmod_devname_report *report,
				struct kmod_devname_resolution **ret_resolution)
{
	const struct device_number number = { type, major, minor };
	struct source source = { .root_fd = root_fd,
				 .dir_fd = -1,
				 .directory = directory,
				 .running = flags & KMOD_DEVNAME_RESOLVE_RUNNING,
				 .report = report };
	struct kmod_devname_resolution *resolution;
	int r;

	if (!is_valid(&number, flags) || *directory == '\0')
		return -EINVAL;
	resolution = calloc(1, sizeof(*resolution));
	if (!resolution)
		return -ENOMEM;
	resolution->references = 1;
	r = resolve(resolution, &source, &number);
	source_done(&source);
	if (r < 0)
		kmod_devname_resolution_unref(resolution);
	else
		*ret_resolution = resolution;
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
	if (resolution->verdict > KMOD_DEVNAME_VERDICT_BUILT_IN)
		return 0;
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
