/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MODPROBE_CONFIG_H
#define MODPROBE_CONFIG_H

#include <stddef.h>
#include <stdio.h>

#include "base/report.h"

enum modprobe_word {
	MODPROBE_ALIAS,
	MODPROBE_BLACKLIST,
	MODPROBE_INSTALL,
	MODPROBE_REMOVE, /* a module of this name is not looked for elsewhere */
	MODPROBE_SOFTDEP,
	MODPROBE_OTHER, /* not about which modules are loaded, and not kept */
};

/* What says which modules are loaded, and where it is said. */
struct modprobe_statement {
	enum modprobe_word word;
	char *key; /* an alias, a module, or a pattern of these; "-" is "_" */
	char *value; /* NULL for MODPROBE_BLACKLIST */
	char *file; /* below the root, with a slash in front */
	size_t line; /* 0 for the kernel command line */
};

struct modprobe_config {
	struct modprobe_statement *items;
	size_t size;
	size_t capacity;
};

void modprobe_config_done(struct modprobe_config *config);

/*
 * Adds the statements of modprobe.d(5) below a root directory. softdep: depmod's modules.softdep,
 * which comes where its name has it among the others; may be NULL. 0 or a negative errno.
 */
int modprobe_config_read(struct modprobe_config *config, struct kmod_devname_report *report,
			 int root_fd, const char *softdep);

/* Adds what a kernel command line blacklists; the text is changed. 0 or -ENOMEM. */
int modprobe_config_add_cmdline(struct modprobe_config *config, char *text);

/* Writes what was read by modprobe_config_read() as one file. 0 or a negative errno. */
int modprobe_config_write(const struct modprobe_config *config, FILE *stream);

/* The statement that modprobe(8) follows for an alias or module: the first one, or NULL. */
const struct modprobe_statement *modprobe_config_find(const struct modprobe_config *config,
						      enum modprobe_word word, const char *name);

/* The first alias statement that leads from an alias to a module, or NULL. */
const struct modprobe_statement *modprobe_config_find_alias(const struct modprobe_config *config,
							    const char *alias, const char *module);

/* Puts "_" for "-", but not in brackets, as modprobe(8) does. 0, or -EINVAL for lone brackets. */
int modprobe_config_normalise(char *name);

#endif
