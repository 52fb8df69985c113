// SPDX-License-Identifier: GPL-2.0-or-later
/* The linker puts __wrap_X() in the place of X(), see ld(1). */

#include "system/faults-foreign.h"

#include <regex.h>
#include <stddef.h>

#ifdef WITH_LIBKMOD
#include <libkmod.h>
#endif

#include "system/faults-memory.h"

struct foreign foreign;

/* What was before a call. */
struct call {
	long blocks;
	unsigned long allocations;
};

static struct call begin(void)
{
	return (struct call){ faults_memory->blocks, faults_memory->allocations };
}

static void end(const struct call *call, long handles)
{
	unsigned long allocations = faults_memory->allocations;

	foreign.blocks += faults_memory->blocks - call->blocks;
	foreign.handles += handles;
	/* some of those that it has made, and one of these fails */
	if (allocations > call->allocations && allocations >= faults_memory->fail_at &&
	    call->allocations + 1 < faults_memory->fail_end)
		foreign.has_failed = true;
}

/* handles: how many a call that has returned r has given out; less than 0: was given back. */
#define WRAP(type, name, parameters, arguments, handles) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters \
	{ \
		const struct call call = begin(); \
		type r = __real_##name arguments; \
\
		end(&call, handles); \
		return r; \
	}

#define WRAP_VOID(name, parameters, arguments, handles) \
	void __real_##name parameters; \
	void __wrap_##name parameters; \
	void __wrap_##name parameters \
	{ \
		const struct call call = begin(); \
\
		__real_##name arguments; \
		end(&call, handles); \
	}

WRAP(int, regcomp, (regex_t * regex, const char *pattern, int flags), (regex, pattern, flags),
     r == 0)
WRAP(int, regexec,
     (const regex_t *regex, const char *text, size_t n, regmatch_t *matches, int flags),
     (regex, text, n, matches, flags), 0)
WRAP_VOID(regfree, (regex_t * regex), (regex), -1)

#ifdef WITH_LIBKMOD
typedef struct kmod_ctx context;
typedef struct kmod_module module;
typedef struct kmod_list list;
typedef struct kmod_config_iter iterator;

WRAP(context *, kmod_new, (const char *directory, const char *const *paths), (directory, paths),
     r != NULL)
WRAP(context *, kmod_unref, (context * ctx), (ctx), -(ctx != NULL))
WRAP(int, kmod_load_resources, (context * ctx), (ctx), 0)
WRAP(iterator *, kmod_config_get_blacklists, (const context *ctx), (ctx), r != NULL)
WRAP(iterator *, kmod_config_get_aliases, (const context *ctx), (ctx), r != NULL)
WRAP(iterator *, kmod_config_get_softdeps, (const context *ctx), (ctx), r != NULL)
WRAP(iterator *, kmod_config_get_install_commands, (const context *ctx), (ctx), r != NULL)
WRAP(iterator *, kmod_config_get_remove_commands, (const context *ctx), (ctx), r != NULL)
WRAP_VOID(kmod_config_iter_free_iter, (iterator * iter), (iter), -(iter != NULL))
WRAP(int, kmod_module_new_from_name, (context * ctx, const char *name, module **ret_module),
     (ctx, name, ret_module), r >= 0)
WRAP(int, kmod_module_new_from_lookup, (context * ctx, const char *alias, list **ret_list),
     (ctx, alias, ret_list), *ret_list != NULL)
WRAP(module *, kmod_module_get_module, (const list *entry), (entry), r != NULL)
WRAP(module *, kmod_module_ref, (module * mod), (mod), r != NULL)
WRAP(module *, kmod_module_unref, (module * mod), (mod), -(mod != NULL))
WRAP(int, kmod_module_unref_list, (list * entries), (entries), -(entries != NULL))
WRAP(const char *, kmod_module_get_install_commands, (const module *mod), (mod), 0)
WRAP(int, kmod_module_get_softdeps, (const module *mod, list **ret_pre, list **ret_post),
     (mod, ret_pre, ret_post), (*ret_pre != NULL) + (*ret_post != NULL))
WRAP(int, kmod_module_get_initstate, (const module *mod), (mod), 0)
#endif
