/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/report.h"
#include "libkmod-devname.h"
#include "node/syntax.h"

/* --- alias.c: the aliases of one module ----------------------------------------------------- */

/* Far more than any module has: bounds the memory that one module can cost. */
#define ALIASES_MAX 4096

enum alias_kind {
	ALIAS_OTHER, /* concerns no device node, or many: a pattern, a major alone */
	ALIAS_NAME,
	ALIAS_NUMBER,
	ALIAS_BAD_NUMBER, /* pairs with a name as a number does, and gives no node */
};

struct alias {
	enum alias_kind kind;
	const char *text; /* the device name; otherwise the whole alias */
	struct device_number number; /* ALIAS_NUMBER only */
};

/* A name and the alias that gives its number, ALIAS_NUMBER or ALIAS_BAD_NUMBER. */
struct claim {
	const char *name;
	const struct alias *number;
};

enum alias_pairing {
	ALIAS_PAIRED, /* the module declares the claims; none if it has no name */
	ALIAS_MISSING_NUMBER,
	ALIAS_AMBIGUOUS,
};

/* Parses an alias; the text points into the string. Returns the kind. */
enum alias_kind alias_parse(const char *string, struct alias *ret_alias);

/*
 * Pairs the names and numbers of one module; none of the aliases is ALIAS_OTHER. The caller's array
 * has room for n / 2 claims, or 1. The claims refer to the aliases, are sorted by name and are
 * distinct, and no name lies below another.
 */
enum alias_pairing alias_pair(const struct alias *aliases, size_t n, struct claim *claims,
			      size_t *ret_n_claims);

/* --- table.c -------------------------------------------------------------------------------- */

/* A value that does not change, except for what the table notes in it. */
struct kmod_devname_node {
	struct device_number number;
	size_t index; /* in the table */
	size_t last_text; /* with a line of this node, see table_begin_text(); 0 for none */
	const char *name; /* behind the module, in the same piece of memory */
	char module[];
};

/*
 * The aliases of one module that concern device nodes, parsed and copied. Bounded: of more than
 * ALIASES_MAX the rest is not kept. Starts as { 0 }; without a name it declares nothing.
 */
struct alias_list {
	struct alias *items; /* an ALIAS_NUMBER has no text */
	size_t size;
	size_t capacity;
	bool has_name;
	bool too_many; /* a finding if there is a name */
};

/* Ignores an alias that is ALIAS_OTHER. Returns 0 or -ENOMEM. */
int alias_list_add(struct alias_list *list, const char *alias);
void alias_list_done(struct alias_list *list);

/* Begins a text: a line that stands in it twice is a finding. */
void table_begin_text(struct kmod_devname_table *table);

/*
 * Adds a node if it is valid and contradicts no other; otherwise a finding at the location. A
 * module has each node once: adding it again changes nothing, and is a finding if an earlier line
 * of the same text has it. Returns 0 or -ENOMEM.
 */
int table_add(struct kmod_devname_table *table, struct kmod_devname_report *report,
	      const struct location *location, const char *module, const char *name,
	      const struct device_number *number);

/*
 * Adds the nodes that a module declares; the file is that of the findings, and may be NULL. In the
 * module's name each "-" becomes "_". Returns 0 or -ENOMEM.
 */
int table_add_aliases(struct kmod_devname_table *table, struct kmod_devname_report *report,
		      const char *module, const char *file, const struct alias_list *aliases);

/* The nodes in another order: order[i] is the present index of the node that will be at i. */
int table_reorder(struct kmod_devname_table *table, const size_t *order);

/* The node that has the name and the module of a node of another table; or NULL. */
const struct kmod_devname_node *table_find_line(const struct kmod_devname_table *table,
						const struct kmod_devname_node *line);

/* --- permissions.c -------------------------------------------------------------------------- */

/* The mode of nodes that no udev rule names; their owner is root. */
#define PERMISSIONS_PLAIN_MODE 0600

/* What a node with an entry gets. */
struct kmod_devname_permission {
	mode_t mode;
	uid_t uid;
	gid_t gid;
	char *user; /* as the rule has them, or NULL */
	char *group;
	char *name; /* of the node */
};

struct kmod_devname_permissions {
	struct kmod_devname_permission default_permission; /* of nodes without an entry */
	void *by_name; /* tsearch(3) tree of struct kmod_devname_permission */
};

/* An owner or a group; the text is as the rule has it, or NULL for root without a rule. */
struct owner {
	const char *text;
	unsigned int id;
};

/* The entry of a node, or NULL. */
const struct kmod_devname_permission *
permissions_find(const struct kmod_devname_permissions *permissions, const char *name);

/* Adds an entry unless the node has one; copies the texts. Returns 0 or -ENOMEM. */
int permissions_add(struct kmod_devname_permissions *permissions, const char *name, mode_t mode,
		    const struct owner *user, const struct owner *group);

/* --- compare.c ------------------------------------------------------------------------------ */

/* The kind of a difference between two tables. */
enum change {
	CHANGE_ADDED = 1,
	CHANGE_REMOVED,
	CHANGE_RENUMBERED, /* it has another type or number, and perhaps another module */
	CHANGE_MODULE, /* another module alone */
};

extern const char *const change_names[]; /* "added" and so on */

struct difference {
	enum change change;
	const struct kmod_devname_node *old_node; /* NULL: it was added */
	const struct kmod_devname_node *new_node; /* NULL: it was removed */
};

struct comparison {
	size_t size;
	struct difference items[]; /* sorted by name */
};

/*
 * The order of the nodes makes no difference. The nodes are those of the tables; the comparison is
 * to be freed. 0 or -ENOMEM.
 */
int comparison_new(const struct kmod_devname_table *old_table,
		   const struct kmod_devname_table *new_table, struct comparison **ret_comparison);

/* --- lint.c: findings about nodes, which name no file; 0 or -ENOMEM -------------------------- */

/* Judges the nodes by themselves: same-number, shared-node, taken-minor. */
int table_lint(const struct kmod_devname_table *table, struct kmod_devname_report *report);

/* Compares them with the nodes of built-in modules, which answer instead: built-in. */
int table_lint_builtin(const struct kmod_devname_table *table, struct kmod_devname_report *report,
		       const struct kmod_devname_table *built_in);

/*
 * Compares them with the nodes of a modules.devname, NULL if there is none: out-of-date, one for
 * each line; no-file. Nodes that the file lacks are no finding if the report has an error about a
 * line of the file, which may be the line of any of them.
 */
int table_lint_file(const struct kmod_devname_table *table, struct kmod_devname_report *report,
		    const struct kmod_devname_table *file_table, const char *file);

#endif
