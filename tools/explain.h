/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include <stdbool.h>
#include <sys/types.h>

#include "kernels.h"
#include "node/syntax.h"
#include "sheet.h"

enum node_state {
	NODE_ABSENT,
	NODE_NO_DEVICE, /* something else has its name */
	NODE_PRESENT,
};

/* A name in the device directory. */
struct found_node {
	enum node_state state;
	struct device_number number;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	bool is_nodev; /* its file system is mounted nodev */
};

struct explain {
	struct common common;
	struct sheet_style style;
	struct sheet sheet; /* for JSON */
	struct kernels kernels;
	const struct kernel *kernel;
	bool running; /* the kernel, and the root directory, are those that run */
	const char *dev; /* --dev, or NULL */
	int dev_fd; /* -1: there is none */
	char *dev_path; /* for messages */
	struct kmod_devname_table *table; /* modules.devname */
	const char *name; /* below the device directory; NULL: a number was given */
	struct device_number number; /* that was given */
	char *subject; /* "/dev/fuse" or "c10:229" */
	bool reported; /* the findings about the configuration of modprobe */
	enum status findings;
};

/* One step from the node to the verdict, for JSON; NULL is null. */
struct explain_row {
	const char *step;
	const char *subject;
	const char *result;
	const char *role;
	const char *file; /* below the root directory */
	size_t line;
};

/* Prints a step as a sentence, or keeps its row for JSON. */
void explain_print(struct explain *explain, const struct explain_row *row, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* True if a node of modules.devname has the name or the number that was given. */
bool explain_is_declared(const struct explain *explain, const struct kmod_devname_node *node);

/* Opens the device directory; prints why it fails. */
enum status open_device_directory(struct explain *explain);

/* Looks at a name in it. 0 or a negative errno. */
int find_node(const struct explain *explain, const char *name, struct found_node *ret_node);

/* Prints what find_node() has found. 0 or a negative errno. */
int print_found_node(struct explain *explain, const struct found_node *node);

/* Prints the names that nodes of this number have in the directory. 0 or a negative errno. */
int print_names_of_number(struct explain *explain, const struct device_number *number);

/* Resolves a number, and prints the steps. 0 or a negative errno; findings are printed. */
int resolve_number(struct explain *explain, const struct device_number *number,
		   struct kmod_devname_resolution **ret_resolution);

/*
 * Prints in one sentence what opening the node does. node is NULL if a number was given. Returns
 * whether the module is loaded that modules.devname promises.
 */
bool print_verdict(struct explain *explain, const struct found_node *node,
		   const struct device_number *number,
		   const struct kmod_devname_resolution *resolution);

#endif
