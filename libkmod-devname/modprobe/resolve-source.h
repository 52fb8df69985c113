/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RESOLVE_SOURCE_H
#define RESOLVE_SOURCE_H

#include <stdbool.h>

#include "base/report.h"
#include "modprobe/modprobe-config.h"
#include "modprobe/module-index.h"

struct resolver;

/* A system whose modules are asked for: opened once, and then good for any number of questions. */
struct resolve_source {
	int root_fd;
	const char *directory;
	bool running;
	int lacks_block_autoload; /* -1: not looked at yet */
	struct kmod_devname_report *report;
	struct module_index index;
	struct modprobe_config config;
	struct resolver *resolver; /* NULL until a number is asked for */
};

/*
 * Opens everything that the answers depend on; the report and the directory's name must stay.
 * 0, or a negative errno as that of kmod_devname_resolution_new().
 */
int source_open(struct resolve_source *source, int root_fd, const char *directory,
		unsigned int flags, struct kmod_devname_report *report);

void source_done(struct resolve_source *source);

/* As kernel_config_lacks_block_autoload(), which is asked once. */
int source_lacks_block_autoload(struct resolve_source *source);

/*
 * Is there a file of this name, below the module directory if it is a relative one? 1, 0, or a
 * negative errno, which is reported.
 */
int source_has_file(const struct resolve_source *source, const char *path);

#endif
