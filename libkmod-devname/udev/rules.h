/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UDEV_RULES_H
#define UDEV_RULES_H

#include <stdbool.h>
#include <string.h>
#include <sys/types.h>

#include "base/array.h"
#include "base/report.h"
#include "udev/accounts.h"

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
 * valid until the next rule is read; the name of the file until udev_rules_close().
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
	char *kernels; /* patterns of KERNEL==, each with a NUL behind; or NULL */
	char *kernels_end;
	bool is_for_misc; /* SUBSYSTEM=="misc" */
	bool needs_device; /* has other conditions, which take a device to be true or false */
};

/* Removes "./" and "//" from the name of a node, as open(2) ignores them. */
void udev_normalise_node(char *name);

/* Reads the rules of a root directory in the order of udevd. */
struct udev_rules;

/*
 * Finds the files. Returns 0, or a negative errno, with a finding that names a directory: system if
 * it is_fatal(), else bad-rule, an error.
 */
int udev_rules_open(int root_fd, struct kmod_devname_report *report, struct udev_rules **ret_rules);
void udev_rules_close(struct udev_rules *rules);

/*
 * Reads the next rule. Returns 1; 0 at the end; or a negative errno, with a finding as above that
 * names the file unless it is -ENOMEM.
 */
int udev_rules_next(struct udev_rules *rules, const struct udev_rule **ret_rule);

/* --- static-nodes.c: rules -> permissions --------------------------------------------------- */

/* A group is of no use without it: static_node_apply_permissions() of systemd's udev-node.c. */
#define STATIC_GROUP_MODE 0660

/* What rules give to nodes that have no device yet. Begin with these three. */
struct static_node_set {
	struct kmod_devname_report *report;
	const struct kmod_devname_table *table; /* the nodes that are wanted; NULL for all */
	struct accounts accounts;
	struct list in_order;
	void *by_name; /* tsearch(3) tree of the same nodes */
};

/* Each rule in its order; then the permissions, while the rules are open. 0 or a negative errno. */
int static_node_set_add_rule(struct static_node_set *nodes, const struct udev_rule *rule);
int static_node_set_finish(struct static_node_set *nodes,
			   struct kmod_devname_permissions *permissions);
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
