// SPDX-License-Identifier: LGPL-2.1-or-later
/* Rules of udev that give the device of a node what the node should have had before. */

#include <errno.h>
#include <fnmatch.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/report.h"
#include "node/misc-minors.h"
#include "node/syntax.h"
#include "node/table.h"
#include "udev/token.h"
#include "udev/walk.h"

#define STATIC_NODE "static_node="
#define USUAL_MODE 0600

/* What is known of a node of the table. */
struct subject {
	const struct kmod_devname_node *node;
	bool is_static; /* a rule names it */
	struct location location; /* of the last rule that counts; without a file there is none */
};

struct udev_lint {
	struct subject *subjects;
	size_t size;
};

/* What matters of a rule; the texts lie in its line. */
struct condition {
	char *kernel; /* patterns, each with a NUL behind it; or NULL */
	const char *kernel_end;
	bool for_misc; /* there is a SUBSYSTEM=="misc" */
	bool for_others; /* it depends on something that only the device can tell */
	bool grants; /* it gives a mode or an owner that makes a difference */
	struct list static_names; /* of nodes */
};

/* udev puts in what it knows of the device. */
static bool is_constant(const char *value)
{
	return !strpbrk(value, "$%");
}

static bool is_root(const char *owner)
{
	return *owner == '\0' || strcmp(owner, "root") == 0 || strcmp(owner, "0") == 0;
}

/* Patterns are divided by "|". The line is a copy, so it may be changed. */
static void set_kernel(struct condition *condition, const char *patterns)
{
	condition->kernel = (char *)(uintptr_t)patterns;
	condition->kernel_end = patterns + strlen(patterns);
	for (char *p = condition->kernel; (p = strchr(p, '|')); p++)
		*p = '\0';
}

static void read_condition(struct condition *condition, const struct udev_token *token)
{
	bool plain = token->op == UDEV_EQUAL && !token->attribute && !token->ignores_case;

	if (plain && strcmp(token->key, "KERNEL") == 0 && !condition->kernel &&
	    strcmp(token->value, "*") != 0)
		set_kernel(condition, token->value);
	else if (plain && strcmp(token->key, "SUBSYSTEM") == 0 && strcmp(token->value, "misc") == 0)
		condition->for_misc = true;
	else if (strcmp(token->key, "ACTION") != 0)
		condition->for_others = true;
}

static void read_assignment(struct condition *condition, const struct udev_token *token)
{
	mode_t mode;

	if (strcmp(token->key, "PROGRAM") == 0 || strcmp(token->key, "IMPORT") == 0)
		condition->for_others = true;
	if (!is_constant(token->value))
		return;
	if (strcmp(token->key, "OWNER") == 0 || strcmp(token->key, "GROUP") == 0)
		condition->grants = condition->grants || !is_root(token->value);
	else if (strcmp(token->key, "MODE") == 0 && syntax_parse_mode(token->value, &mode))
		condition->grants = condition->grants || mode != USUAL_MODE;
}

static void mark_static(struct udev_lint *lint, const char *name)
{
	for (size_t i = 0; i < lint->size; i++)
		if (strcmp(lint->subjects[i].node->name, name) == 0)
			lint->subjects[i].is_static = true;
}

static bool is_about(const struct condition *condition, const struct kmod_devname_node *node)
{
	const char *slash = strrchr(node->name, '/');
	const char *name = slash ? slash + 1 : node->name;

	if (condition->for_misc &&
	    (node->number.type != S_IFCHR || node->number.major != MISC_MAJOR))
		return false;
	for (const char *p = condition->kernel; p <= condition->kernel_end; p += strlen(p) + 1)
		if (fnmatch(p, name, 0) == 0)
			return true;
	return false;
}

static void apply(struct udev_lint *lint, const struct condition *condition,
		  const struct location *location)
{
	for (size_t i = 0; i < condition->static_names.size; i++)
		mark_static(lint, condition->static_names.items[i]);
	if (!condition->kernel || condition->for_others || !condition->grants)
		return;
	for (size_t i = 0; i < lint->size; i++)
		if (is_about(condition, lint->subjects[i].node))
			lint->subjects[i].location = *location;
}

static int read_option(struct condition *condition, const char *value)
{
	size_t size = strlen(STATIC_NODE);

	if (strncmp(value, STATIC_NODE, size) != 0)
		return 0;
	return list_push(&condition->static_names, (char *)(uintptr_t)(value + size));
}

/* Returns 1 to go on, -EINVAL if udev would not take the rule, or -ENOMEM. */
static int read_token(struct condition *condition, const struct udev_token *token)
{
	int r = 0;

	if ((token->op & UDEV_COMPARE) != 0)
		read_condition(condition, token);
	else if (strcmp(token->key, "OPTIONS") == 0)
		r = read_option(condition, token->value);
	else
		read_assignment(condition, token);
	return r < 0 ? r : 1;
}

/* A rule that udev does not understand, at whatever place of it, does nothing. */
static int read_line(struct udev_lint *lint, const struct location *location, char *line)
{
	struct condition condition = { 0 };
	struct udev_token token;
	int r;

	do {
		r = udev_token_next(&line, &token);
		if (r > 0)
			r = read_token(&condition, &token);
	} while (r > 0);
	if (r == 0)
		apply(lint, &condition, location);
	list_done(&condition.static_names, NULL);
	return r == -ENOMEM ? r : 0;
}

static int read_rule(void *data, const struct udev_rule *rule)
{
	char *line;
	int r;

	if (rule->fault || (!strstr(rule->text, "KERNEL") && !strstr(rule->text, STATIC_NODE)))
		return 0;
	line = strdup(rule->text);
	if (!line)
		return -ENOMEM;
	r = read_line(data, &rule->location, line);
	free(line);
	return r;
}

/* Of several modules that declare the node the first is named. */
static int report_subject(const struct kmod_devname_table *table,
			  struct kmod_devname_report *report, const struct subject *subject)
{
	if (!subject->location.file || subject->is_static ||
	    table_find(table, subject->node->name) != subject->node)
		return 0;
	return report_add(
		report, KMOD_DEVNAME_NO_STATIC_NODE, KMOD_DEVNAME_WARNING, &subject->location,
		"gives '%s' its mode or owner only when module %s is loaded, which nobody "
		"but root can do by opening it: add OPTIONS+=\"static_node=%s\"",
		subject->node->name, subject->node->module, subject->node->name);
}

int kmod_devname_table_lint_udev(const struct kmod_devname_table *table,
				 struct kmod_devname_report *report, int root_fd)
{
	struct udev_lint lint = { .size = kmod_devname_table_size(table) };
	struct conf_dirs dirs;
	int r;

	lint.subjects = calloc(lint.size + 1, sizeof(*lint.subjects));
	if (!lint.subjects)
		return -ENOMEM;
	for (size_t i = 0; i < lint.size; i++)
		lint.subjects[i].node = kmod_devname_table_get(table, i);
	r = udev_walk(root_fd, report, &dirs, read_rule, &lint);
	for (size_t i = 0; i < lint.size && r == 0; i++)
		r = report_subject(table, report, &lint.subjects[i]);
	conf_dirs_done(&dirs);
	free(lint.subjects);
	return r;
}
