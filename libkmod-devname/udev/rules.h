/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UDEV_RULES_H
#define UDEV_RULES_H

#include <stdbool.h>
#include <string.h>
#include <sys/types.h>

#include "base/array.h"
#include "base/report.h"
#include "libkmod-devname.h"

/* --- token.c: one token of a rule ----------------------------------------------------------- */

enum udev_operator {
	UDEV_EQUAL = 1, /* == */
	UDEV_DIFFER = 2, /* != */
	UDEV_SET = 4, /* = */
	UDEV_ADD = 8, /* += or := */
	UDEV_REMOVE = 16, /* -= */
	UDEV_COMPARE = UDEV_EQUAL | UDEV_DIFFER,
};

/* One KEY{ATTRIBUTE} OPERATOR "VALUE" of a rule. */
struct udev_token {
	const char *key;
	const char *attribute; /* NULL if there are no braces */
	char *value;
	enum udev_operator op;
	bool ignores_case; /* i"VALUE" */
	bool is_disputed; /* some versions of udevd from 252 on drop a rule with it, others not */
};

static inline bool udev_token_has_key(const struct udev_token *token, const char *key)
{
	return strcmp(token->key, key) == 0;
}

/*
 * Takes the next token off a line and moves the line behind it. The line is changed, and the
 * texts of the token lie in it. Returns 1, 0 at the end, or -EINVAL: this is no token, or udevd
 * drops a rule that has it.
 */
int udev_token_next(char **line, struct udev_token *ret_token);

/* --- rules.c: one rule ---------------------------------------------------------------------- */

#define UDEV_STATIC_NODE "static_node="

/*
 * A rule, as far as it concerns nodes. With a fault only location and text count. All texts are
 * valid until the next rule is read; the name of the file until all of them are.
 */
struct udev_rule {
	struct location location; /* the first line */
	const char *text; /* joined from the lines */
	const char *fault; /* why udevd drops the rule, or NULL */
	const char *dispute; /* why some versions of udevd from 252 on drop it, or NULL */

	/* Assignments: the last of each key, without values that udevd substitutes per device. */
	struct list static_nodes; /* names, as udev_normalise_node() leaves them, of OPTIONS */
	char *user;
	char *group;
	char *bad_mode; /* an invalid mode, which udevd ignores */
	bool has_mode;
	mode_t mode;
	bool gives_seat; /* TAG+="uaccess": systemd-logind gives the user of a seat access */

	/* Conditions. */
	char *kernels; /* patterns of KERNEL==, with a bar between them; or NULL */
	bool is_for_misc; /* SUBSYSTEM=="misc" */
	bool needs_device; /* has other conditions, which take a device to be true or false */
};

/* Removes "./" and "//" from the name of a node, as open(2) ignores them. */
void udev_normalise_node(char *name);

/*
 * Reads the rules of a root directory in the order of udevd. take gets each of them, and NULL at
 * the end; it returns 0, or a negative errno to stop. Returns 0, such an errno, or one with a
 * finding that names the file or directory: system if it is_fatal(), else bad-rule, an error.
 */
int udev_rules_read(int root_fd, struct kmod_devname_report *report,
		    int (*take)(void *data, const struct udev_rule *rule), void *data);

/* --- accounts.c: users and groups ------------------------------------------------------------ */

enum account_kind {
	ACCOUNT_USER,
	ACCOUNT_GROUP,
};
#define ACCOUNT_KINDS 2

/* The users and groups of a root directory, read when a name is first asked for. */
struct accounts {
	int root_fd;
	struct kmod_devname_report *report;
	bool is_read[ACCOUNT_KINDS];
	void *by_text[ACCOUNT_KINDS]; /* tsearch(3) trees, by name and by number */
};

void accounts_done(struct accounts *accounts);

/*
 * Finds the ID of a user or group, given as a name or a number. A number without an entry counts up
 * to 999, as in udevd. Returns 1; 0 if there is none; or a negative errno, with a system finding
 * that names the file. A file that cannot be read, or has over 8 MiB, is an unknown-owner finding.
 */
int accounts_find(struct accounts *accounts, enum account_kind kind, const char *text,
		  unsigned int *ret_id);

/*
 * Finds the first name of an ID in the same files. *ret_name, to be freed, is NULL if there is
 * none. Returns 0 or a negative errno, also for a file that cannot be read, with a system finding.
 */
int accounts_find_name(struct accounts *accounts, enum account_kind kind, unsigned int id,
		       char **ret_name);

/* Starts as { 0 }; groups is to be freed. */
struct account_user {
	const char *name; /* that was asked for */
	uid_t uid;
	gid_t *groups;
	size_t size;
	size_t capacity;
};

/*
 * Finds a user with all groups in the same files. Returns 1, 0 if there is none, or a negative
 * errno as accounts_find_name().
 */
int accounts_find_user(const struct accounts *accounts, const char *name,
		       struct account_user *user);

/* --- static-nodes.c: rules -> permissions --------------------------------------------------- */

/* A group is of no use without it: static_node_apply_permissions() of systemd's udev-node.c. */
#define STATIC_GROUP_MODE 0660

/* What rules give to nodes that have no device yet. Begin with these four. */
struct static_node_set {
	struct kmod_devname_report *report;
	const struct kmod_devname_table *table; /* the nodes that are wanted; NULL for all */
	struct kmod_devname_permissions *permissions; /* are added after the last rule */
	struct accounts accounts;
	struct list owners; /* texts of the users and groups of rules, which the nodes share */
	struct list in_order;
	void *by_name; /* tsearch(3) tree of the same nodes */
};

/* For udev_rules_read(), with the set as data. */
int static_node_set_take_rule(void *data, const struct udev_rule *rule);
void static_node_set_done(struct static_node_set *nodes);

/* --- lint.c --------------------------------------------------------------------------------- */

/*
 * Looks for rules that come too late for a node: no-static-node. With permissions it adds those of
 * the nodes too, as kmod_devname_permissions_read_udev(), and reads each rule once; if one cannot
 * be read, there are none. Returns what that function does.
 */
int udev_lint(const struct kmod_devname_table *table, struct kmod_devname_report *report,
	      int root_fd, struct kmod_devname_permissions *permissions);

#endif
