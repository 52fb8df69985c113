/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MODULE_INDEX_H
#define MODULE_INDEX_H

#include <stdbool.h>

#include "base/array.h"
#include "base/report.h"
#include "modprobe/binary-index.h"

/* What depmod(8) has written down about the modules of a directory, for modprobe(8) to find. */
struct module_index {
	struct binary_index dependencies; /* modules.dep.bin */
	struct binary_index symbols; /* modules.symbols.bin */
	struct binary_index aliases; /* modules.alias.bin */
	struct binary_index built_in; /* modules.builtin.bin */
	struct binary_index built_in_aliases; /* modules.builtin.alias.bin */
	bool whole; /* what modprobe needs is there, and none is damaged */
	struct kmod_devname_report *report;
};

/*
 * Reads all of it; the report must stay. If one index is damaged, which is a finding, the others
 * are not used either: to modprobe all may happen. 0 or a negative errno, which is a finding.
 */
int module_index_read(struct module_index *index, int root_fd, const char *directory,
		      struct kmod_devname_report *report);

void module_index_done(struct module_index *index);

bool module_index_is_built_in(const struct module_index *index, const char *module);

/* "PATH: PATH...", what is needed first comes last; or NULL for no module. */
const char *module_index_find_dependencies(const struct module_index *index, const char *module);

/*
 * Both add names of modules to an empty list, which are the index's, or the name or alias itself.
 * libkmod looks between them for commands (libkmod-module.c, kmod_module_new_from_lookup). 0,
 * -ENOMEM, or -EFBIG, which is a finding: see binary_index_match().
 */

/* The module of this name, or those that have the symbol of a "symbol:NAME". */
int module_index_look_up_name(const struct module_index *index, const char *name,
			      struct list *modules);

/* Those that have the alias, or what is built in. */
int module_index_look_up_alias(const struct module_index *index, const char *alias,
			       struct list *modules);

#endif
