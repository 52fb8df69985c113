/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TEXT_INDEX_H
#define TEXT_INDEX_H

#include "base/array.h"
#include "base/report.h"

/*
 * The indexes of a system whose modprobe(8) is busybox's, which reads the text files alone:
 * modules.dep, modules.alias and modules.builtin.
 */
struct text_index {
	struct list modules; /* of struct text_module *, by name */
	struct list aliases; /* of struct text_alias *, in the order of the file */
	struct list built_in; /* of char *, names, sorted */
};

/*
 * Reads the files of a module directory. A missing one has no lines; an empty modules.alias is
 * damaged, since depmod writes a comment at least. Returns 1; 0 if one is damaged, with a finding;
 * or a negative errno.
 */
int text_index_read(struct text_index *index, int root_fd, const char *directory,
		    struct kmod_devname_report *report);

void text_index_done(struct text_index *index);

/* "PATH: PATH...", as an index of kmod has it, or NULL. */
const char *text_index_find_dependencies(const struct text_index *index, const char *module);

bool text_index_is_built_in(const struct text_index *index, const char *module);

/* Adds the names of the modules that have an alias, char *, which are the index's. 0 or -ENOMEM. */
int text_index_look_up(const struct text_index *index, const char *alias, struct list *names);

#endif
