// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What modprobe(8) would load, through libkmod. libkmod knows no root directory but the host's:
 * it is given the module directory and the configuration as files of /proc/self/fd.
 *
 * libkmod can also do all of this by itself, as a dry run, but tells only a function that is
 * passed no data, and takes what the host has loaded for loaded.
 */

#include <errno.h>
#include <fcntl.h>
#include <libkmod.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "io.h"
#include "resolve.h"

#define DEPTH_MAX 100

struct resolver {
	struct kmod_ctx *ctx;
	int config_fd; /* the configuration, as libkmod reads it */
	const struct source *source;
	int fd; /* what libkmod takes for the module directory */
	char directory[64];
	bool has_indexes;
	bool has_told_depth;
};

/* Where modprobe stops: what comes behind is not loaded, what came before is. */
struct stop {
	const char *module; /* NULL: nothing has stopped it so far */
	enum kmod_devname_verdict verdict;
};

/* What is loaded for one module that has the alias. */
struct walk {
	struct resolver *resolver;
	struct kmod_devname_resolution *resolution;
	const char *alias; /* normalised */
	struct list visited; /* names of modules */
	struct list stopped; /* likewise */
	struct stop stop;
	unsigned int depth;
};

static int walk_module(struct walk *walk, struct kmod_module *module, enum kmod_devname_role role);

static void log_nothing(void *data, int priority, const char *file, int line, const char *function,
			const char *format, va_list args)
{
	(void)data;
	(void)priority;
	(void)file;
	(void)line;
	(void)function;
	(void)format;
	(void)args;
}

static bool is_same_file(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* libkmod does not say if it could not read the file to its end; this is what stands there. */
#define END "kmod_devname_end"

static int format_config(const struct modprobe_config *config, char **ret_text, size_t *ret_size)
{
	FILE *stream = open_memstream(ret_text, ret_size);
	int r;

	if (!stream)
		return -ENOMEM;
	r = modprobe_config_write(config, stream);
	if (r == 0 && fputs("alias " END " off\n", stream) < 0)
		r = -ENOMEM;
	/* glibc takes the text away if it has no memory to make it smaller, and says nothing */
	return fclose(stream) != 0 || !*ret_text ? -ENOMEM : r;
}

static int write_config(struct resolver *resolver)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int r = format_config(&resolver->source->config, &text, &size);

	if (r < 0)
		return r;
	resolver->config_fd = memfd_create("modprobe.d", MFD_CLOEXEC);
	if (resolver->config_fd < 0)
		return -errno;
	return write_all(resolver->config_fd, text, size);
}

static bool has_read_config(const struct resolver *resolver)
{
	struct kmod_config_iter *iter = kmod_config_get_aliases(resolver->ctx);
	bool found = false;

	if (!iter)
		return false;
	while (!found && kmod_config_iter_next(iter))
		found = strcmp(kmod_config_iter_get_key(iter), END) == 0;
	kmod_config_iter_free_iter(iter);
	return found;
}

static size_t count(struct kmod_config_iter *iter)
{
	size_t n = 0;

	while (iter && kmod_config_iter_next(iter))
		n++;
	if (iter)
		kmod_config_iter_free_iter(iter);
	return n;
}

/*
 * Has libkmod every statement? It drops one that it has no memory for, and errno is another one by
 * the end. What is blacklisted is not asked of it.
 */
static bool has_all_statements(const struct resolver *resolver)
{
	const struct modprobe_config *config = &resolver->source->config;
	size_t wanted = 1; /* END */

	for (size_t i = 0; i < config->size; i++)
		wanted += config->items[i].line > 0 && config->items[i].word != MODPROBE_BLACKLIST;
	return wanted == count(kmod_config_get_aliases(resolver->ctx)) +
				 count(kmod_config_get_softdeps(resolver->ctx)) +
				 count(kmod_config_get_install_commands(resolver->ctx));
}

/*
 * libkmod goes on without what it has no memory for, and then tells of it by errno alone, which
 * was 0 before.
 */
static int check_memory(int r)
{
	return errno == ENOMEM ? -ENOMEM : r;
}

/* Nor does it say that it could not look at a file, which is then as good as none. */
static int check_files(void)
{
	switch (errno) {
	case ENOMEM:
	case EMFILE:
	case ENFILE:
	case EINTR:
	case EIO:
		return -errno;
	default:
		return 0;
	}
}

static int load_config_once(struct resolver *resolver, const char *const *paths)
{
	errno = 0;
	resolver->ctx = kmod_new(resolver->directory, paths);
	if (!resolver->ctx)
		return check_memory(-EBADMSG);
	if (!kmod_get_dirname(resolver->ctx))
		return -ENOMEM;
	kmod_set_log_fn(resolver->ctx, log_nothing, NULL);
	return check_memory(has_read_config(resolver) ? 0 : -EBADMSG);
}

/*
 * libkmod does not try again when a signal comes. A statement that is missing again is one that it
 * does not take.
 */
static int load_config(struct resolver *resolver, const char *const *paths)
{
	int r = load_config_once(resolver, paths);

	if (r != -EBADMSG && (r < 0 || has_all_statements(resolver)))
		return r;
	if (resolver->ctx)
		kmod_unref(resolver->ctx);
	return load_config_once(resolver, paths);
}

/* Not even whether an index is bad, or could not be read this time, does libkmod say. */
static int load_indexes(struct resolver *resolver)
{
	for (int i = 0; i < 2 && !resolver->has_indexes; i++) {
		errno = 0;
		resolver->has_indexes = kmod_load_resources(resolver->ctx) == 0;
	}
	if (!resolver->has_indexes && (errno == EMFILE || errno == ENFILE))
		return -errno;
	return check_memory(0);
}

/* Starts with no file at all in the directory: modules.softdep is in the configuration. */
static int start_config(struct resolver *resolver)
{
	char path[64];
	const char *const paths[] = { path, NULL };

	resolver->fd = fcntl(resolver->config_fd, F_DUPFD_CLOEXEC, 0);
	if (resolver->fd < 0)
		return -errno;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", resolver->config_fd);
	(void)snprintf(resolver->directory, sizeof(resolver->directory), "/proc/self/fd/%d",
		       resolver->fd);
	if (!is_same_file(resolver->config_fd, path))
		return -ENOENT;
	return load_config(resolver, paths);
}

/* libkmod is led astray by a damaged index, without which nothing is loaded anyway. */
static int start_indexes(struct resolver *resolver)
{
	if (resolver->source->has_bad_index)
		return 0;
	if (dup3(resolver->source->dir_fd, resolver->fd, O_CLOEXEC) < 0)
		return -errno;
	return load_indexes(resolver);
}

int resolver_new(const struct source *source, struct resolver **ret_resolver)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));
	int r;

	if (!resolver)
		return -ENOMEM;
	resolver->source = source;
	resolver->config_fd = resolver->fd = -1;
	r = write_config(resolver);
	if (r == 0)
		r = start_config(resolver);
	if (r == 0)
		r = start_indexes(resolver);
	if (r < 0)
		resolver_free(resolver);
	else
		*ret_resolver = resolver;
	return r;
}

void resolver_free(struct resolver *resolver)
{
	if (!resolver)
		return;
	if (resolver->ctx)
		kmod_unref(resolver->ctx);
	close_fd(&resolver->config_fd);
	close_fd(&resolver->fd);
	free(resolver);
}

bool resolver_has_indexes(const struct resolver *resolver)
{
	return resolver->has_indexes;
}

/* Below the module directory, if that is where it is; NULL if modules.dep does not have it. */
static int find_path(const struct resolver *resolver, const struct kmod_module *module,
		     const char **ret_path)
{
	size_t size = strlen(resolver->directory);
	const char *path;
	int r;

	errno = 0;
	path = kmod_module_get_path(module);
	r = path ? 0 : check_files();
	if (r < 0)
		return r;
	if (path && strncmp(path, resolver->directory, size) == 0 && path[size] == '/')
		path += size + 1;
	*ret_path = path;
	return 0;
}

/* Whether it is built in libkmod cannot tell where it has no memory, and does not say so. */
static bool is_built_in(const struct source *source, const char *name)
{
	return !source->has_bad_index && binary_index_find(&source->built_in, name);
}

/* That of the running kernel, but for what is built in; or a negative errno. */
static int get_state(const struct kmod_module *module)
{
	int state;

	do
		state = kmod_module_get_initstate(module);
	while (state == -EINTR);
	return state;
}

static bool is_fault(int error)
{
	return error == -ENOMEM || error == -EMFILE || error == -ENFILE || error == -EIO;
}

/* Is it in the kernel? 1, 0, or a negative errno. */
static int is_in_kernel(const struct resolver *resolver, const struct kmod_module *module,
			enum kmod_devname_verdict *ret_verdict)
{
	const struct source *source = resolver->source;
	int state = is_built_in(source, kmod_module_get_name(module)) ? KMOD_MODULE_BUILTIN
								      : get_state(module);

	/* any other state is that of the host */
	if (state != KMOD_MODULE_BUILTIN && !source->running)
		return 0;
	if (state < 0)
		return is_fault(state) ? state : 0;
	*ret_verdict = state == KMOD_MODULE_BUILTIN ? KMOD_DEVNAME_VERDICT_BUILT_IN
						    : KMOD_DEVNAME_VERDICT_LOADED;
	return 1;
}

static int judge_path(const struct resolver *resolver, const struct kmod_module *module,
		      enum kmod_devname_verdict *ret_verdict)
{
	const char *path = NULL;
	int r = find_path(resolver, module, &path);

	if (r == 0 && path)
		r = source_has_file(resolver->source, path);
	if (r < 0)
		return r;
	if (r > 0)
		*ret_verdict = KMOD_DEVNAME_VERDICT_LOADS;
	else if (!path && strcmp(kmod_module_get_name(module), "off") == 0)
		*ret_verdict = KMOD_DEVNAME_VERDICT_OFF;
	else
		*ret_verdict = KMOD_DEVNAME_VERDICT_NO_FILE;
	return 0;
}

static int judge(const struct resolver *resolver, const struct kmod_module *module,
		 bool ignores_command, enum kmod_devname_verdict *ret_verdict)
{
	int r = is_in_kernel(resolver, module, ret_verdict);

	if (r != 0)
		return r < 0 ? r : 0;
	if (ignores_command || !kmod_module_get_install_commands(module))
		return judge_path(resolver, module, ret_verdict);
	*ret_verdict = KMOD_DEVNAME_VERDICT_COMMAND;
	return 0;
}

static const struct modprobe_statement *place_of(const struct walk *walk, const char *name,
						 enum kmod_devname_role role,
						 enum kmod_devname_verdict verdict)
{
	const struct modprobe_config *config = &walk->resolver->source->config;

	if (verdict == KMOD_DEVNAME_VERDICT_BLACKLISTED)
		return modprobe_config_find(config, MODPROBE_BLACKLIST, name);
	if (verdict == KMOD_DEVNAME_VERDICT_COMMAND)
		return modprobe_config_find(config, MODPROBE_INSTALL, name);
	if (role == KMOD_DEVNAME_ROLE_ALIAS)
		return modprobe_config_find_alias(config, walk->alias, name);
	return NULL;
}

static int copy(char **ret_copy, const char *text)
{
	*ret_copy = text ? strdup(text) : NULL;
	return text && !*ret_copy ? -ENOMEM : 0;
}

static int fill_step(struct kmod_devname_step *step, const struct walk *walk,
		     const struct kmod_module *module, const char *obstacle)
{
	const struct modprobe_statement *place =
		place_of(walk, kmod_module_get_name(module), step->role,
			 obstacle ? KMOD_DEVNAME_VERDICT_LOADS : step->verdict);
	const char *command = step->verdict == KMOD_DEVNAME_VERDICT_COMMAND && !obstacle
				      ? kmod_module_get_install_commands(module)
				      : NULL;
	const char *path = NULL;
	int r = copy(&step->module, kmod_module_get_name(module));

	if (r == 0)
		r = find_path(walk->resolver, module, &path);
	if (r == 0)
		r = copy(&step->path, path);
	if (r == 0)
		r = copy(&step->obstacle, obstacle);
	if (r == 0)
		r = copy(&step->command, command);
	if (r == 0 && place) {
		step->line = place->line;
		r = copy(&step->file, place->file);
	}
	return r;
}

static bool has_name(const struct list *names, const char *name)
{
	for (size_t i = 0; i < names->size; i++)
		if (strcmp(names->items[i], name) == 0)
			return true;
	return false;
}

/* A soft dependency does not change what something else was stopped by. */
static bool stays(const struct walk *walk, const struct kmod_devname_step *step,
		  const struct kmod_devname_step *new)
{
	return step->verdict <= new->verdict ||
	       (new->role == KMOD_DEVNAME_ROLE_SOFT &&has_name(&walk->stopped, step->module));
}

/*
 * A module that is there already stays, unless it is loaded only now: it was blacklisted, and is a
 * dependency; or modprobe had stopped before it.
 */
static bool is_known(struct walk *walk, const char *name, struct kmod_devname_step *new)
{
	struct list *steps = &walk->resolution->steps;

	for (size_t i = 0; i < steps->size; i++) {
		struct kmod_devname_step *step = steps->items[i];

		if (strcmp(step->module, name) != 0)
			continue;
		if (step->role > new->role)
			step->role = new->role;
		if (stays(walk, step, new))
			return true;
		new->role = step->role;
		step_free(step);
		memmove(steps->items + i, steps->items + i + 1,
			(--steps->size - i) * sizeof(*steps->items));
		return false;
	}
	return false;
}

static int add_step(struct walk *walk, const struct kmod_module *module,
		    enum kmod_devname_role role, enum kmod_devname_verdict verdict,
		    const char *obstacle)
{
	struct kmod_devname_step *step = calloc(1, sizeof(*step));
	int r;

	if (!step)
		return -ENOMEM;
	step->role = role;
	step->verdict = verdict;
	if (is_known(walk, kmod_module_get_name(module), step)) {
		step_free(step);
		return 0;
	}
	r = fill_step(step, walk, module, obstacle);
	if (r < 0) {
		step_free(step);
		return r;
	}
	return resolution_add(walk->resolution, step);
}

static int remember(struct list *names, const char *name)
{
	char *own = strdup(name);
	int r = own ? list_push(names, own) : -ENOMEM;

	if (r < 0)
		free(own);
	return r;
}

static int stop_at(struct walk *walk, const struct kmod_module *module,
		   enum kmod_devname_verdict verdict)
{
	int r = remember(&walk->stopped, kmod_module_get_name(module));

	if (r == 0)
		walk->stop = (struct stop){ walk->stopped.items[walk->stopped.size - 1], verdict };
	return r;
}

/* Adds a module of those to be loaded, in their order. */
static int add_loaded(struct walk *walk, const struct kmod_module *module,
		      enum kmod_devname_role role, bool ignores_command)
{
	enum kmod_devname_verdict verdict;
	const struct stop *stop = &walk->stop;
	int r = judge(walk->resolver, module, ignores_command, &verdict);

	if (r < 0)
		return r;
	if (verdict == KMOD_DEVNAME_VERDICT_LOADS && stop->module)
		return add_step(walk, module, role, stop->verdict, stop->module);
	r = add_step(walk, module, role, verdict, NULL);
	if (r == 0 && verdict > KMOD_DEVNAME_VERDICT_BUILT_IN && !stop->module)
		r = stop_at(walk, module, verdict);
	return r;
}

/* What stops a soft dependency stops nothing else. */
static int walk_entries(struct walk *walk, const struct kmod_list *list)
{
	const struct stop stop = walk->stop;
	const struct kmod_list *entry;
	int r = 0;

	kmod_list_foreach(entry, list)
	{
		struct kmod_module *module = kmod_module_get_module(entry);

		if (r == 0)
			r = walk_module(walk, module, KMOD_DEVNAME_ROLE_SOFT);
		walk->stop = stop;
		kmod_module_unref(module);
	}
	return r;
}

/* Of a chain that is too long the rest is left out, and the first of these is told. */
static int report_depth(const struct walk *walk, const struct kmod_module *module)
{
	struct resolver *resolver = walk->resolver;
	const char *name = kmod_module_get_name(module);
	const struct modprobe_statement *statement =
		modprobe_config_find(&resolver->source->config, MODPROBE_SOFTDEP, name);
	const struct place place = { statement ? statement->file : NULL,
				     statement ? statement->line : 0 };

	if (resolver->has_told_depth)
		return 0;
	resolver->has_told_depth = true;
	return report_add(
		resolver->source->report, KMOD_DEVNAME_BAD_CONFIG, KMOD_DEVNAME_WARNING, &place,
		"a chain of soft dependencies has more than %d modules; those of module '%s' "
		"are not followed",
		DEPTH_MAX, name);
}

static int walk_list(struct walk *walk, const struct kmod_module *module,
		     const struct kmod_list *list)
{
	return list && walk->depth == DEPTH_MAX ? report_depth(walk, module)
						: walk_entries(walk, list);
}

/*
 * The module between its soft dependencies. With any of these its install command counts for
 * nothing: it would be called for by itself (libkmod-module.c, __kmod_module_fill_softdep).
 */
static int walk_soft(struct walk *walk, struct kmod_module *module, enum kmod_devname_role role)
{
	struct kmod_list *before = NULL, *after = NULL;
	int r;

	errno = 0;
	r = check_memory(kmod_module_get_softdeps(module, &before, &after));
	if (r == 0)
		r = walk_list(walk, module, before);
	if (r == 0)
		r = add_loaded(walk, module, role, before || after);
	if (r == 0)
		r = walk_list(walk, module, after);
	kmod_module_unref_list(before);
	kmod_module_unref_list(after);
	return r;
}

static enum kmod_devname_role dependency_role(enum kmod_devname_role role)
{
	return role == KMOD_DEVNAME_ROLE_SOFT ? role : KMOD_DEVNAME_ROLE_DEPENDENCY;
}

static int walk_path(struct walk *walk, char *path, enum kmod_devname_role role)
{
	struct kmod_module *module;
	char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	int r;

	name[strcspn(name, ".")] = '\0';
	r = kmod_module_new_from_name(walk->resolver->ctx, name, &module);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = add_loaded(walk, module, role, true);
	kmod_module_unref(module);
	return r;
}

/*
 * The first dependency that has no file. libkmod then knows of no dependencies at all, and modprobe
 * tries the module without them, which does not work.
 */
static int walk_missing(struct walk *walk, const struct kmod_module *module,
			enum kmod_devname_role role)
{
	const struct source *source = walk->resolver->source;
	const char *line = binary_index_find(&source->dependencies, kmod_module_get_name(module));
	_cleanup_free_ char *copy = line ? strdup(line) : NULL;
	char *path, *rest = NULL;
	int r;

	if (line && !copy)
		return -ENOMEM;
	path = copy ? strchr(copy, ':') : NULL;
	for (path = path ? strtok_r(path + 1, " ", &rest) : NULL; path;
	     path = strtok_r(NULL, " ", &rest)) {
		r = source_has_file(source, path);
		if (r <= 0)
			return r < 0 ? r : walk_path(walk, path, dependency_role(role));
	}
	return 0;
}

static int walk_dependencies(struct walk *walk, const struct kmod_module *module,
			     enum kmod_devname_role role)
{
	struct kmod_list *list;
	const struct kmod_list *entry;
	int r;

	errno = 0;
	list = kmod_module_get_dependencies(module);
	r = list ? check_memory(0) : check_files();
	kmod_list_foreach(entry, list)
	{
		struct kmod_module *dependency = kmod_module_get_module(entry);

		if (r == 0)
			r = walk_soft(walk, dependency, dependency_role(role));
		kmod_module_unref(dependency);
	}
	if (r == 0 && !list)
		r = walk_missing(walk, module, role);
	kmod_module_unref_list(list);
	return r;
}

/* The order is that of libkmod-module.c, __kmod_module_get_probe_list. */
static int walk_module(struct walk *walk, struct kmod_module *module, enum kmod_devname_role role)
{
	const char *name = kmod_module_get_name(module);
	int r;

	if (has_name(&walk->visited, name))
		return 0;
	walk->depth++;
	r = remember(&walk->visited, name);
	if (r == 0)
		r = walk_dependencies(walk, module, role);
	if (r == 0)
		r = walk_soft(walk, module, role);
	walk->depth--;
	return r;
}

/* A module that has the alias. */
static int walk_root(struct walk *walk, struct kmod_module *module, bool blacklisted)
{
	enum kmod_devname_verdict verdict;
	int r = is_in_kernel(walk->resolver, module, &verdict);

	if (r < 0)
		return r;
	if (r > 0)
		return add_step(walk, module, KMOD_DEVNAME_ROLE_ALIAS, verdict, NULL);
	if (blacklisted)
		return add_step(walk, module, KMOD_DEVNAME_ROLE_ALIAS,
				KMOD_DEVNAME_VERDICT_BLACKLISTED, NULL);
	r = walk_module(walk, module, KMOD_DEVNAME_ROLE_ALIAS);
	walk->stop = (struct stop){ 0 };
	list_done(&walk->visited, free);
	list_done(&walk->stopped, free);
	return r;
}

/* Not by libkmod, which takes the command line of the host too. */
static bool is_blacklisted(const struct resolver *resolver, const struct kmod_module *module)
{
	return modprobe_config_find(&resolver->source->config, MODPROBE_BLACKLIST,
				    kmod_module_get_name(module));
}

static int walk_roots(struct walk *walk, const struct kmod_list *list)
{
	const struct kmod_list *entry;
	int r = 0;

	kmod_list_foreach(entry, list)
	{
		struct kmod_module *module = kmod_module_get_module(entry);

		if (r == 0)
			r = walk_root(walk, module, is_blacklisted(walk->resolver, module));
		kmod_module_unref(module);
	}
	return r;
}

static int look_up_once(const struct resolver *resolver, const char *alias,
			struct kmod_list **ret_list)
{
	int r;

	errno = 0;
	r = kmod_module_new_from_lookup(resolver->ctx, alias, ret_list);
	return check_memory(r == -ENOENT ? 0 : r);
}

/*
 * An index for which it has no memory is to libkmod one without the alias, and errno may be that of
 * the next index, an empty file. So it is asked again before it is believed that there is nothing.
 */
static int look_up(const struct resolver *resolver, const char *alias, struct kmod_list **ret_list)
{
	int r = look_up_once(resolver, alias, ret_list);

	return r < 0 || *ret_list ? r : look_up_once(resolver, alias, ret_list);
}

int resolver_ask(struct resolver *resolver, const char *alias,
		 struct kmod_devname_resolution *resolution)
{
	_cleanup_free_ char *normalised = strdup(alias);
	struct walk walk = { .resolver = resolver, .resolution = resolution, .alias = normalised };
	struct kmod_list *list = NULL;
	int r;

	if (!normalised)
		return -ENOMEM;
	(void)modprobe_config_normalise(normalised);
	r = look_up(resolver, alias, &list);
	if (r == 0)
		r = walk_roots(&walk, list);
	kmod_module_unref_list(list);
	return r;
}
