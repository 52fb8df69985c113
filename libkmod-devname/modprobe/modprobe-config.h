/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MODPROBE_CONFIG_H
#define MODPROBE_CONFIG_H

#include <stddef.h>

#include "base/array.h"
#include "base/report.h"

enum modprobe_word {
	MODPROBE_ALIAS,
	MODPROBE_BLACKLIST,
	MODPROBE_INSTALL,
	MODPROBE_REMOVE, /* libkmod looks for no module of this name elsewhere */
	MODPROBE_SOFTDEP,
	MODPROBE_OTHER, /* does not decide which modules are loaded, and is not kept */
};

/* A statement that decides which modules are loaded, and its place. */
struct modprobe_statement {
	enum modprobe_word word;
	char *key; /* an alias, a module, or a pattern of these; "-" is "_" */
	char *value; /* NULL for MODPROBE_BLACKLIST */
	char *file; /* below the root, with a slash in front */
	size_t line;
};

struct modprobe_config {
	struct modprobe_statement *items;
	size_t size;
	size_t capacity;
	/* The lines of the statements, as one file for libkmod. */
	char *text;
	size_t text_size;
	size_t text_capacity;
};

/*
 * Adds the statements of modprobe.d(5) below a root directory. softdep: depmod's modules.softdep,
 * which has its place among the others by its name; may be NULL. 0 or a negative errno.
 */
int modprobe_config_read(struct modprobe_config *config, struct kmod_devname_report *report,
			 int root_fd, const char *softdep);

void modprobe_config_done(struct modprobe_config *config);

/* The statement that modprobe(8) follows for an alias or module: the first one, or NULL. */
const struct modprobe_statement *modprobe_config_find(const struct modprobe_config *config,
						      enum modprobe_word word, const char *name);

/* The first alias statement that leads from an alias to a module, or NULL. */
const struct modprobe_statement *modprobe_config_find_alias(const struct modprobe_config *config,
							    const char *alias, const char *module);

/* Adds the modules to which alias statements lead, char *, of the statements. 0 or -ENOMEM. */
int modprobe_config_look_up(const struct modprobe_config *config, const char *alias,
			    struct list *names);

/* Puts "_" for "-", but not in brackets, as modprobe(8) does. 0, or -EINVAL for lone brackets. */
int modprobe_config_normalise(char *name);

#endif
