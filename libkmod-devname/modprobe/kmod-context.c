// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libkmod, which knows no root directory but the host's: it is given the configuration and the
 * module directory by their file descriptors, in /proc/self/fd.
 */

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <libkmod.h>
#include <string.h>
#include <sys/mman.h>
#include <syslog.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "modprobe/modprobe.h"

/*
 * libkmod leaves out what it has no memory for and returns success; only errno says so. The caller
 * sets it to 0 before.
 */
static int check_kmod_memory(int r)
{
	return errno == ENOMEM ? -ENOMEM : r;
}

/*
 * libkmod drops a statement that it has no memory for, and reads on. The blacklist is not counted,
 * since the command line adds to it.
 */
static bool has_all_statements(const struct kmod_ctx *ctx, const struct modprobe_config *config)
{
	static struct kmod_config_iter *(*const get[])(const struct kmod_ctx *) = {
		kmod_config_get_aliases,
		kmod_config_get_softdeps,
		kmod_config_get_install_commands,
		kmod_config_get_remove_commands,
	};
	size_t wanted = 0, found = 0;

	for (size_t i = 0; i < config->size; i++)
		wanted += config->items[i].word != MODPROBE_BLACKLIST;
	for (size_t i = 0; i < sizeof(get) / sizeof(get[0]); i++) {
		struct kmod_config_iter *iter = get[i](ctx);

		while (iter && kmod_config_iter_next(iter))
			found++;
		if (iter)
			kmod_config_iter_free_iter(iter);
	}
	return found == wanted;
}

static int open_config(const struct modprobe_config *config)
{
	_cleanup_close_ int fd = memfd_create("modprobe.d", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : write_all(fd, config->text, config->text_size);

	return r < 0 ? r : steal_fd(&fd);
}

static int new_kmod_ctx(struct modprobe_system *system, const char *directory,
			const char *const *paths)
{
	if (system->kmod)
		kmod_unref(system->kmod);
	errno = 0;
	system->kmod = kmod_new(directory, paths);
	if (!system->kmod)
		return check_kmod_memory(-EBADMSG);
	if (!kmod_get_dirname(system->kmod))
		return -ENOMEM;
	kmod_set_log_priority(system->kmod, LOG_EMERG); /* which it never uses */
	return check_kmod_memory(has_all_statements(system->kmod, &system->config) ? 0 : -EBADMSG);
}

/*
 * As it starts libkmod would read modules.softdep of the module directory, which the configuration
 * has already, and complain on stderr about a bad line: so a file has the place of the directory
 * until then.
 */
static int start_kmod(struct modprobe_system *system)
{
	static const struct location nowhere = { NULL, 0 };
	_cleanup_close_ int config_fd = open_config(&system->config);
	char path[FD_PATH_SIZE], directory[FD_PATH_SIZE];
	const char *const paths[] = { path, NULL };
	int r;

	if (config_fd < 0)
		return config_fd;
	system->kmod_directory_fd = fcntl(config_fd, F_DUPFD_CLOEXEC, 0);
	if (system->kmod_directory_fd < 0)
		return -errno;
	if (!fd_get_path(config_fd, path) || !fd_get_path(system->kmod_directory_fd, directory)) {
		/* not as a file, which would be one below the root */
		r = report_add(system->report, KMOD_DEVNAME_CODE_SYSTEM,
			       KMOD_DEVNAME_SEVERITY_ERROR, &nowhere,
			       "/proc/self/fd does not exist, and is needed: mount /proc");
		return r < 0 ? r : -ENOENT;
	}
	/* libkmod does not read on after a signal: so a failure counts the second time */
	r = new_kmod_ctx(system, directory, paths);
	return r < 0 ? new_kmod_ctx(system, directory, paths) : 0;
}

/*
 * It fails without modules.symbols.bin, or if modules.builtin.bin is empty: then libkmod opens the
 * others as it needs them.
 */
static int load_indexes(const struct modprobe_system *system)
{
	int r;

	if (dup3(system->directory_fd, system->kmod_directory_fd, O_CLOEXEC) < 0)
		return -errno;
	errno = 0;
	r = kmod_load_resources(system->kmod);
	return check_kmod_memory(is_fatal(r) || r == -EIO ? r : 0);
}

int kmod_context_start(struct modprobe_system *system)
{
	int r;

	if (system->kmod)
		return 0;
	r = start_kmod(system);
	if (r == 0 && system->indexes == INDEXES_BINARY)
		r = load_indexes(system);
	if (r < 0)
		kmod_context_stop(system);
	return r;
}

void kmod_context_stop(struct modprobe_system *system)
{
	if (system->kmod)
		kmod_unref(system->kmod);
	system->kmod = NULL;
	close_fd(&system->kmod_directory_fd);
	system->kmod_directory_fd = -1;
}

int kmod_context_push(struct list *modules, struct kmod_module *module)
{
	int r = list_push(modules, module);

	if (r < 0)
		(void)kmod_module_unref(module);
	return r;
}

/* Takes what libkmod has found, with its result and errno. 0 or a negative errno. */
static int take_modules(int r, struct kmod_list *list, struct list *modules)
{
	const struct kmod_list *entry;

	r = check_kmod_memory(r);
	kmod_list_foreach(entry, list) if (r == 0) r =
		kmod_context_push(modules, kmod_module_get_module(entry));
	(void)kmod_module_unref_list(list);
	return r;
}

int kmod_context_add_module(const struct modprobe_system *system, const char *name,
			    struct list *modules)
{
	struct kmod_module *module;
	int r = kmod_module_new_from_name(system->kmod, name, &module);

	return r < 0 ? r : kmod_context_push(modules, module);
}

/*
 * After an allocation fails libkmod continues with the next index, and a missing file may replace
 * ENOMEM in errno. An empty result counts only if a second look-up is empty, too.
 */
static int look_up_in_kmod(const struct modprobe_system *system, const char *alias,
			   struct list *modules)
{
	int r = 0;

	for (unsigned int i = 0; i < 2 && r == 0 && modules->size == 0; i++) {
		struct kmod_list *list = NULL;

		errno = 0;
		r = kmod_module_new_from_lookup(system->kmod, alias, &list);
		/* modprobe fails, too, for an alias that is too long together with its module */
		r = take_modules(r == -ENOENT || r == -ENAMETOOLONG ? 0 : r, list, modules);
	}
	return r;
}

static int look_up_in_text(const struct modprobe_system *system, const char *alias,
			   struct list *modules)
{
	const struct modprobe_config *config = &system->config;
	_cleanup_list_ struct list names = { 0 };
	int r = 0;

	for (size_t i = 0; i < config->size && r == 0; i++)
		if (config->items[i].word == MODPROBE_ALIAS &&
		    fnmatch(config->items[i].key, alias, 0) == 0)
			r = list_push(&names, config->items[i].value);
	if (r == 0 && names.size == 0)
		r = text_index_look_up(&system->text, alias, &names);
	for (size_t i = 0; i < names.size && r == 0; i++)
		r = kmod_context_add_module(system, names.items[i], modules);
	return r;
}

int kmod_context_look_up(const struct modprobe_system *system, const char *alias,
			 struct list *modules)
{
	return system->indexes == INDEXES_TEXT ? look_up_in_text(system, alias, modules)
					       : look_up_in_kmod(system, alias, modules);
}

int kmod_context_add_softdeps(const struct kmod_module *module, struct list *before,
			      struct list *after)
{
	struct kmod_list *pre = NULL, *post = NULL;
	int r;

	errno = 0;
	r = kmod_module_get_softdeps(module, &pre, &post);
	r = take_modules(r, pre, before);
	return take_modules(r, post, after);
}

bool kmod_context_is_blacklisted(const struct modprobe_system *system, const char *name)
{
	struct kmod_config_iter *iter = kmod_config_get_blacklists(system->kmod);
	bool found = false;

	while (iter && !found && kmod_config_iter_next(iter))
		found = strcmp(kmod_config_iter_get_key(iter), name) == 0;
	if (iter)
		kmod_config_iter_free_iter(iter);
	return found;
}
