/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef RESOLUTION_H
#define RESOLUTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/array.h"
#include "libkmod-devname.h"
#include "node/syntax.h"

struct modprobe_system;

struct kmod_devname_step {
	enum kmod_devname_role role;
	enum kmod_devname_verdict verdict;
	char *module;
	char *path; /* or NULL, as those below */
	char *obstacle; /* the module that keeps it from being loaded, if it is another one */
	char *command;
	char *file;
	size_t line;
};

struct kmod_devname_resolution {
	unsigned int references;
	bool running; /* the system is that which runs */
	enum kmod_devname_verdict verdict;
	struct list aliases; /* of char * */
	struct list steps; /* of struct kmod_devname_step * */
};

/* Asks about one number. 0 or a negative errno, as that of kmod_devname_resolution_new(). */
int resolution_ask(struct modprobe_system *system, const struct device_number *number,
		   struct kmod_devname_resolution **ret_resolution);

/* Adds a step and takes it, also if there is no memory: then it is NULL or gone. */
int resolution_add(struct kmod_devname_resolution *resolution, struct kmod_devname_step *step);

/* The step of a module, "_" for "-"; or NULL. */
struct kmod_devname_step *resolution_find_step(const struct kmod_devname_resolution *resolution,
					       const char *module);

/* Of a struct kmod_devname_step *; NULL is none. */
void step_free(void *step);

#endif
