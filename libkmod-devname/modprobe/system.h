/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <stdbool.h>

#include "modprobe/binary-index.h"
#include "modprobe/modprobe-config.h"
#include "modprobe/text-index.h"

struct kmod_context;

enum module_indexes {
	INDEXES_NONE, /* what modprobe needs is missing, or one is damaged */
	INDEXES_BINARY, /* kmod's */
	INDEXES_TEXT, /* busybox's */
};

/* A system whose modules are asked for: opened once, and then good for any number of questions. */
struct modprobe_system {
	int root_fd;
	const char *directory; /* of the modules, below the root */
	int directory_fd;
	bool running;
	int lacks_block_autoload; /* -1: not looked at yet */
	struct kmod_devname_report *report;
	enum module_indexes indexes;
	struct binary_index dependencies; /* modules.dep.bin */
	struct binary_index built_in; /* modules.builtin.bin */
	struct text_index text;
	struct modprobe_config config;
	size_t look_up_work; /* comparisons of one look-up in the indexes, at most */
	size_t work_left; /* comparisons and bytes of dependencies, for all numbers together */
	struct kmod_context *context; /* NULL until an alias is looked up */
	bool has_told_depth; /* the finding that not all soft dependencies are followed */
};

/*
 * Opens everything that the answers depend on; the report and the directory's name must stay.
 * 0, or a negative errno as that of kmod_devname_resolution_new().
 */
int system_open(struct modprobe_system *system, int root_fd, const char *directory,
		unsigned int flags, struct kmod_devname_report *report);

void system_done(struct modprobe_system *system);

/* The work that the answers for all numbers may take together. */
#define SYSTEM_WORK_MAX ((size_t)500000000)

/* Takes from the work that is left. 0; or -EFBIG, and then none is left. */
int system_spend(struct modprobe_system *system, size_t work);

/*
 * 1 if the kernel is known to ask for no module when a block device is opened, by its configuration
 * beside the modules, in /boot, or of the running kernel; 0 if not, or if there is none; or a
 * negative errno. It is read once.
 */
int system_lacks_block_autoload(struct modprobe_system *system);

/*
 * 1 if a regular file has this name, below the module directory if it is relative; 0 if not; or a
 * negative errno, which is reported.
 */
int system_has_file(const struct modprobe_system *system, const char *path);

/* "PATH: PATH..." of modules.dep: the dependency that is loaded first is the last; or NULL. */
const char *system_find_dependencies(const struct modprobe_system *system, const char *module);

bool system_is_built_in(const struct modprobe_system *system, const char *module);

#endif
