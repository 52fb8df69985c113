/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/report.h"
#include "libkmod-devname.h"
#include "node/syntax.h"

/**
 * enum change - what has become of a node
 * @CHANGE_ADDED: it is only in the new table
 * @CHANGE_REMOVED: it is only in the old one
 * @CHANGE_RENUMBERED: it has another type or number, and perhaps another module
 * @CHANGE_MODULE: it has the same number and another module
 */
enum change {
	CHANGE_ADDED = 1,
	CHANGE_REMOVED = 2,
	CHANGE_RENUMBERED = 3,
	CHANGE_MODULE = 4,
};

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

/* An owner or a group; the text is as the rule has it, or NULL for root without a rule. */
struct owner {
	const char *text;
	unsigned int id;
};

/* The mode of nodes without an entry. */
mode_t permissions_default_mode(const struct kmod_devname_permissions *permissions);
void permissions_set_default_mode(struct kmod_devname_permissions *permissions, mode_t mode);

/* The entry of a node, or NULL. */
const struct kmod_devname_permission *
permissions_find(const struct kmod_devname_permissions *permissions, const char *name);

/* Adds an entry unless the node has one; copies the texts. Returns 0 or -ENOMEM. */
int permissions_add(struct kmod_devname_permissions *permissions, const char *name, mode_t mode,
		    const struct owner *user, const struct owner *group);

/* What is different, sorted by the names of the nodes. old_node or new_node may be NULL. */
struct difference {
	enum change change;
	const struct kmod_devname_node *old_node;
	const struct kmod_devname_node *new_node;
};

struct comparison {
	struct kmod_devname_table *old_table;
	struct kmod_devname_table *new_table;
	struct difference *items; /* room for one of each node */
	size_t size;
};

/**
 * comparison_new() - compare two tables
 * @old_table: the comparison keeps a reference; it must not change any more
 * @new_table: the comparison keeps a reference; it must not change any more
 * @ret_comparison: release it with comparison_unref()
 *
 * The order of the nodes makes no difference. Of a name that several modules declare the lines
 * of the same module are compared, and what is left over in the order of the modules' names.
 *
 * Return: 0, or -ENOMEM.
 */
int comparison_new(struct kmod_devname_table *old_table, struct kmod_devname_table *new_table,
		   struct comparison **ret_comparison);
struct comparison *comparison_unref(struct comparison *comparison);

/**
 * comparison_get() - one difference
 * @comparison: the comparison
 * @index: from 0, sorted by name, component by component
 *
 * Return: the difference, or NULL if @index is not below the size.
 */
const struct difference *comparison_get(const struct comparison *comparison, size_t index);
/**
 * change_to_string() - "added", "removed", "renumbered" or "module-changed"
 *
 * Return: the name, or NULL if @change is none of enum change.
 */
const char *change_to_string(enum change change);

/**
 * table_lint() - judge the nodes of a table
 * @table: what modules declare
 * @report: takes the findings, in the order of the table; they name no file
 *
 * Which minor numbers of major 10 are taken, and by which device, is said by
 * include/linux/miscdevice.h and Documentation/admin-guide/devices.txt of Linux. 243 to 254 are
 * for local use. Above 255 misc_register() gives out numbers itself (drivers/char/misc.c).
 *
 * Findings: same-number, shared-node, taken-minor.
 *
 * Return: 0, or -ENOMEM.
 */
int table_lint(const struct kmod_devname_table *table, struct kmod_devname_report *report);

/**
 * table_lint_builtin() - compare the nodes with those of built-in modules
 * @table: what modules declare
 * @report: takes the findings, in the order of @table; they name no file
 * @built_in: what table_read_builtin() says of the same kernel
 *
 * The driver that is built in has the number from the start, and devtmpfs has its node.
 *
 * Findings: built-in.
 *
 * Return: 0, or -ENOMEM.
 */
int table_lint_builtin(const struct kmod_devname_table *table, struct kmod_devname_report *report,
		       const struct kmod_devname_table *built_in);

/**
 * table_lint_file() - compare the nodes with those of a modules.devname
 * @table: what modules declare
 * @report: takes the findings, sorted by the names of the nodes. If it has an error about a line
 *   of @file, nodes that the file lacks are no finding: the line may be that of any of them
 * @file_table: what kmod_devname_table_read() says of the file, or NULL: there is no file
 * @file: the name to give in findings
 *
 * The order of the lines makes no difference.
 *
 * Findings: out-of-date, one for each line; no-file.
 *
 * Return: 0, or -ENOMEM.
 */
int table_lint_file(struct kmod_devname_table *table, struct kmod_devname_report *report,
		    struct kmod_devname_table *file_table, const char *file);

#endif
