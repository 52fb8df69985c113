// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a name leads to, and what modprobe(8) does with one module. libkmod looks up the statements
 * of modprobe.d; the indexes are looked up here, for libkmod would map files that somebody may
 * change.
 */

#include <errno.h>
#include <libkmod.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "modprobe/resolver.h"

int resolver_new(const struct resolve_source *source, struct resolver **ret_resolver)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));
	int r;

	if (!resolver)
		return -ENOMEM;
	resolver->source = source;
	r = kmod_context_new(&source->config, &resolver->context);
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
	kmod_context_free(resolver->context);
	free(resolver);
}

/* --- what a name or an alias leads to ------------------------------------------------------ */

void resolver_unref_module(void *module)
{
	(void)kmod_module_unref(module);
}

static int add_module(const struct resolver *resolver, const char *name, struct list *modules)
{
	struct kmod_module *module;
	int r = kmod_context_get_module(resolver->context, name, &module);

	if (r < 0)
		return r;
	r = list_push(modules, module);
	if (r < 0)
		resolver_unref_module(module);
	return r;
}

static int add_named(const struct resolver *resolver, const struct list *names,
		     struct list *modules)
{
	int r = 0;

	for (size_t i = 0; i < names->size && r == 0; i++)
		r = add_module(resolver, names->items[i], modules);
	return r;
}

/* The order is that of libkmod-module.c, kmod_module_new_from_lookup. */
static int look_up_valid(const struct resolver *resolver, const char *alias, struct list *modules)
{
	const struct resolve_source *source = resolver->source;
	struct list names = { 0 };
	size_t n = modules->size;
	int r;

	/* these come first, and commands after names; libkmod knows both */
	if (modprobe_config_find(&source->config, MODPROBE_ALIAS, alias))
		return kmod_context_look_up(resolver->context, alias, modules);
	r = module_index_look_up_name(&source->index, alias, &names);
	if (r == 0 && names.size == 0)
		r = kmod_context_look_up(resolver->context, alias, modules);
	if (r == 0 && names.size == 0 && modules->size == n)
		r = module_index_look_up_alias(&source->index, alias, &names);
	if (r == 0)
		r = add_named(resolver, &names, modules);
	list_done(&names, NULL);
	return r;
}

int resolver_look_up(const struct resolver *resolver, const char *alias, struct list *modules)
{
	_cleanup_free_ char *normalised = strdup(alias);

	if (!normalised)
		return -ENOMEM;
	return modprobe_config_normalise(normalised) < 0
		       ? 0
		       : look_up_valid(resolver, normalised, modules);
}

int resolver_look_up_all(const struct resolver *resolver, const struct list *aliases,
			 struct list *modules)
{
	int r = 0;

	for (size_t i = 0; i < aliases->size && r == 0; i++)
		r = resolver_look_up(resolver, aliases->items[i], modules);
	return r;
}

int resolver_find_path(const struct resolver *resolver, const struct kmod_module *module,
		       char **ret_path)
{
	const char *line = module_index_find_dependencies(&resolver->source->index,
							  kmod_module_get_name(module));
	const char *end = line ? strchr(line, ':') : NULL;

	*ret_path = end ? strndup(line, (size_t)(end - line)) : NULL;
	return end && !*ret_path ? -ENOMEM : 0;
}

/* --- what becomes of a module -------------------------------------------------------------- */

/* That in the running kernel, or a negative errno. */
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

int resolver_is_in_kernel(const struct resolver *resolver, const struct kmod_module *module,
			  enum kmod_devname_verdict *ret_verdict)
{
	const struct resolve_source *source = resolver->source;
	int state;

	if (module_index_is_built_in(&source->index, kmod_module_get_name(module))) {
		*ret_verdict = KMOD_DEVNAME_VERDICT_BUILT_IN;
		return 1;
	}
	if (!source->running)
		return 0;
	state = get_state(module);
	if (state < 0)
		return is_fault(state) ? state : 0;
	*ret_verdict = KMOD_DEVNAME_VERDICT_LOADED;
	return 1;
}

static int find_path_verdict(const struct resolver *resolver, const struct kmod_module *module,
			     enum kmod_devname_verdict *ret_verdict)
{
	_cleanup_free_ char *path = NULL;
	int r = resolver_find_path(resolver, module, &path);

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

int resolver_find_verdict(const struct resolver *resolver, const struct kmod_module *module,
			  bool ignores_command, enum kmod_devname_verdict *ret_verdict)
{
	int r = resolver_is_in_kernel(resolver, module, ret_verdict);

	if (r != 0)
		return r < 0 ? r : 0;
	if (ignores_command || !kmod_module_get_install_commands(module))
		return find_path_verdict(resolver, module, ret_verdict);
	*ret_verdict = KMOD_DEVNAME_VERDICT_COMMAND;
	return 0;
}

/* Not by libkmod, which takes the command line of the host too. */
bool resolver_is_blacklisted(const struct resolver *resolver, const struct kmod_module *module)
{
	return modprobe_config_find(&resolver->source->config, MODPROBE_BLACKLIST,
				    kmod_module_get_name(module));
}
