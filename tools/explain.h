/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include <stdbool.h>
#include <sys/types.h>

#include "kernels.h"
#include "sheet.h"

struct number {
	mode_t type;
	unsigned int major;
	unsigned int minor;
};

enum node_state {
	NODE_ABSENT,
	NODE_NO_DEVICE, /* something else is in its place */
	NODE_PRESENT,
};

/* A name in a device directory. */
struct node {
	enum node_state state;
	struct number number;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	bool no_devices; /* its file system is mounted nodev */
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
	struct number number; /* that was given */
	char *subject; /* "/dev/fuse" or "c10:229" */
	bool reported; /* the findings about the configuration */
	enum status findings;
};

/* What is printed about one link of the chain; NULL is nothing. */
struct link {
	const char *step;
	const char *subject;
	const char *result;
	const char *role;
	const char *file; /* below the root directory */
	size_t line;
};

/* Prints it, or keeps it for JSON, with a sentence. 0 or a negative errno. */
int explain_print(struct explain *explain, const struct link *link, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* " (FILE:LINE)", to be freed, "" if there is no file; NULL if there is no memory. */
char *explain_place(const struct explain *explain, const struct kmod_devname_step *step);

/* "c10:229", to be freed, or NULL. */
char *number_text(const struct number *number);
bool number_equal(const struct number *a, const struct number *b);
bool number_parse(const char *text, struct number *ret_number);

/*
 * The name of a user or group, or the number of one without; to be freed. 0 or a negative errno;
 * a file that cannot be read is named.
 */
int user_text(const struct explain *explain, uid_t uid, char **ret_text);
int group_text(const struct explain *explain, gid_t gid, char **ret_text);

/* Opens the device directory; says what is wrong. */
enum status device_directory_open(struct explain *explain);

/* Looks at a name in it. 0 or a negative errno. */
int node_look(const struct explain *explain, const char *name, struct node *ret_node);

/* Prints what is known of the node. 0 or a negative errno. */
int node_print(struct explain *explain, const struct node *node);

/* Prints the names that nodes of this number have in the directory. 0 or a negative errno. */
int node_print_names(struct explain *explain, const struct number *number);

/* Resolves a number, and prints the links of it. 0 or a negative errno; findings are printed. */
int explain_number(struct explain *explain, const struct number *number,
		   struct kmod_devname_resolution **ret_resolution);

/*
 * Prints what opening the node means, in one sentence. node is NULL if a number was asked for.
 * Returns 1 if all is well, 0 if not, or a negative errno.
 */
int explain_verdict(struct explain *explain, const struct node *node, const struct number *number,
		    const struct kmod_devname_resolution *resolution);

/* Is it a node of modules.devname that is meant, by its name or number? */
bool explain_is_declared(const struct explain *explain, const struct kmod_devname_node *node);

struct number number_of(const struct kmod_devname_node *node);

#endif
