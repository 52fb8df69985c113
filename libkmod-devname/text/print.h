/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PRINT_H
#define PRINT_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "node/syntax.h"

/* A node and its permissions, as a format prints them. */
struct printed_node {
	const char *module;
	const char *name;
	struct device_number number;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	const char *user; /* NULL: no rule names a user, and uid is 0 */
	const char *group; /* NULL: no rule names a group, and gid is 0 */
	/* for fields that no other format has; NULL: not known */
	const char *state; /* in the device directory */
	const char *loaded; /* the module */
	const char *kernel;
	bool lacks_permission; /* mode, uid, gid, user and group are not known */
};

/* The fields of a node, in the order of the keys in JSON. */
enum node_field_index {
	FIELD_NAME,
	FIELD_TYPE,
	FIELD_NUMBER,
	FIELD_MODULE,
	FIELD_STATE,
	FIELD_MODE,
	FIELD_USER,
	FIELD_GROUP,
	FIELD_LOADED,
	FIELD_PATH,
	FIELD_MAJOR,
	FIELD_MINOR,
	FIELD_UID,
	FIELD_GID,
	FIELD_KERNEL,
	N_NODE_FIELDS,
};

struct node_field {
	const char *name; /* of a column; the key is the same in lower case */
	bool is_number;
};

extern const struct node_field node_fields[N_NODE_FIELDS];

#define FIELD_TEXT_SIZE 4096 /* of the path of any node */

/* The text of a field, which may be in the buffer; NULL: not known. */
const char *printed_node_get(const struct printed_node *node, enum node_field_index field,
			     char buffer[static FIELD_TEXT_SIZE]);

/*
 * Prints "NAME": VALUE, the name in lower case. The text is printable ASCII; NULL is null. Returns
 * a negative number if the stream has failed.
 */
int print_json_member(FILE *stream, const char *name, const char *text, bool is_literal);

/* Prints a node as an object. A negative number with errno set if the stream has failed. */
int print_json_node(FILE *stream, const struct printed_node *node);

#endif
