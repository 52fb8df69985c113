// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libkmod, with a configuration of statements that were read elsewhere. It knows no root directory
 * but the host's: so it is given them as a file of /proc/self/fd, and no module directory at all.
 */

#include <errno.h>
#include <libkmod.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <syslog.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "modprobe/kmod-context.h"

struct kmod_context {
	struct kmod_ctx *ctx;
	const struct modprobe_config *config;
	int config_fd; /* as libkmod reads it */
};

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

static int write_config(struct kmod_context *context)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int r = format_config(context->config, &text, &size);

	if (r < 0)
		return r;
	context->config_fd = memfd_create("modprobe.d", MFD_CLOEXEC);
	if (context->config_fd < 0)
		return -errno;
	return write_all(context->config_fd, text, size);
}

static bool has_read_config(const struct kmod_context *context)
{
	struct kmod_config_iter *iter = kmod_config_get_aliases(context->ctx);
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
static bool has_all_statements(const struct kmod_context *context)
{
	const struct modprobe_config *config = context->config;
	size_t wanted = 1; /* END */

	for (size_t i = 0; i < config->size; i++)
		wanted += config->items[i].line > 0 && config->items[i].word != MODPROBE_BLACKLIST;
	return wanted == count(kmod_config_get_aliases(context->ctx)) +
				 count(kmod_config_get_softdeps(context->ctx)) +
				 count(kmod_config_get_install_commands(context->ctx)) +
				 count(kmod_config_get_remove_commands(context->ctx));
}

/*
 * libkmod goes on without what it has no memory for, and then tells of it by errno alone, which
 * was 0 before.
 */
static int check_memory(int r)
{
	return errno == ENOMEM ? -ENOMEM : r;
}

static int load_config_once(struct kmod_context *context, const char *path)
{
	const char *const paths[] = { path, NULL };

	errno = 0;
	context->ctx = kmod_new(path, paths);
	if (!context->ctx)
		return check_memory(-EBADMSG);
	if (!kmod_get_dirname(context->ctx))
		return -ENOMEM;
	kmod_set_log_priority(context->ctx, LOG_EMERG); /* which it never uses */
	return check_memory(has_read_config(context) ? 0 : -EBADMSG);
}

/*
 * libkmod does not try again when a signal comes. A statement that is missing again is one that it
 * does not take.
 */
static int load_config(struct kmod_context *context, const char *path)
{
	int r = load_config_once(context, path);

	if (r != -EBADMSG && (r < 0 || has_all_statements(context)))
		return r;
	if (context->ctx)
		kmod_unref(context->ctx);
	return load_config_once(context, path);
}

/* A file is a module directory without any files: modules.softdep is in the configuration. */
static int start(struct kmod_context *context)
{
	char path[64];
	int r = write_config(context);

	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", context->config_fd);
	return is_same_file(context->config_fd, path) ? load_config(context, path) : -ENOENT;
}

int kmod_context_new(const struct modprobe_config *config, struct kmod_context **ret_context)
{
	struct kmod_context *context = calloc(1, sizeof(*context));
	int r;

	if (!context)
		return -ENOMEM;
	context->config = config;
	context->config_fd = -1;
	r = start(context);
	if (r < 0)
		kmod_context_free(context);
	else
		*ret_context = context;
	return r;
}

void kmod_context_free(struct kmod_context *context)
{
	if (!context)
		return;
	if (context->ctx)
		kmod_unref(context->ctx);
	close_fd(&context->config_fd);
	free(context);
}

int kmod_context_get_module(const struct kmod_context *context, const char *name,
			    struct kmod_module **ret_module)
{
	return kmod_module_new_from_name(context->ctx, name, ret_module);
}

static int look_up_once(const struct kmod_context *context, const char *alias,
			struct kmod_list **ret_list)
{
	int r;

	errno = 0;
	r = kmod_module_new_from_lookup(context->ctx, alias, ret_list);
	/* too long is an alias that matches, together with its module: modprobe fails then */
	return check_memory(r == -ENOENT || r == -ENAMETOOLONG ? 0 : r);
}

static int add_modules(struct list *modules, const struct kmod_list *list)
{
	const struct kmod_list *entry;
	int r = 0;

	kmod_list_foreach(entry, list)
	{
		struct kmod_module *module = kmod_module_get_module(entry);

		if (r == 0)
			r = list_push(modules, module);
		if (r < 0)
			kmod_module_unref(module);
	}
	return r;
}

/*
 * Statements for which it has no memory are to libkmod none, and errno may be that of an index that
 * it then looked for. So it is asked again before it is believed that there is nothing.
 */
int kmod_context_look_up(const struct kmod_context *context, const char *alias,
			 struct list *modules)
{
	struct kmod_list *list = NULL;
	int r = look_up_once(context, alias, &list);

	if (r == 0 && !list)
		r = look_up_once(context, alias, &list);
	if (r == 0)
		r = add_modules(modules, list);
	kmod_module_unref_list(list);
	return r;
}
