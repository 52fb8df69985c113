// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The rules of udev that are about nodes without a device yet, OPTIONS+="static_node=NAME" ->
 * permissions. They are few, and are looked at line by line, as udev does when it starts.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node/syntax.h"
#include "node/table.h"
#include "udev/accounts.h"
#include "udev/nodes.h"
#include "udev/token.h"
#include "udev/walk.h"

#define STATIC_NODE "static_node="

/* What there is while the rules are being read. */
struct reader {
	struct kmod_devname_report *report;
	const struct kmod_devname_table *table; /* of the nodes that are asked for, or NULL */
	struct location location;
	struct accounts accounts;
	struct udev_nodes nodes;
};

/* What one rule has; the texts lie in its line. */
struct rule {
	struct list names; /* of nodes */
	const char *user;
	const char *group;
	const char *bad_mode;
	bool has_mode;
	mode_t mode;
};

static int report_bad_rule(const struct reader *reader, const char *what)
{
	return report_add(reader->report, KMOD_DEVNAME_BAD_RULE, KMOD_DEVNAME_WARNING,
			  &reader->location, "%s", what);
}

static int report_bad_value(const struct reader *reader, const char *value, const char *what)
{
	return report_add(reader->report, KMOD_DEVNAME_BAD_RULE, KMOD_DEVNAME_WARNING,
			  &reader->location, "'%s' is no %s", value, what);
}

/* Is the node asked for? Without a table all are whose names are valid. */
static bool is_wanted(const struct reader *reader, const char *name)
{
	return reader->table ? table_find(reader->table, name) != NULL
			     : syntax_is_device_name(name);
}

/* udev puts in what it knows of a device, and for these nodes there is none. */
static bool is_constant(const char *value)
{
	return *value != '[' && !strpbrk(value, "$%");
}

static int read_option(struct rule *rule, const char *value)
{
	size_t size = strlen(STATIC_NODE);

	if (strncmp(value, STATIC_NODE, size) != 0)
		return 1;
	value += size;
	if (!is_constant(value))
		return 1;
	return list_push(&rule->names, (char *)(uintptr_t)value) < 0 ? -ENOMEM : 1;
}

static void read_mode(struct rule *rule, const char *value)
{
	/* strtoul(3) passes over blanks, and so does udev here */
	if (syntax_parse_mode(value + strspn(value, " \t\n\v\f\r"), &rule->mode))
		rule->has_mode = true;
	else
		rule->bad_mode = value;
}

/* Returns 1 to go on, -EINVAL if udev would not take the rule, or -ENOMEM. */
static int read_token(struct rule *rule, const struct udev_token *token)
{
	if (strcmp(token->key, "OPTIONS") == 0)
		return read_option(rule, token->value);
	if (!is_constant(token->value))
		return 1;
	if (strcmp(token->key, "OWNER") == 0)
		rule->user = token->value;
	else if (strcmp(token->key, "GROUP") == 0)
		rule->group = token->value;
	else if (strcmp(token->key, "MODE") == 0)
		read_mode(rule, token->value);
	return 1;
}

static int parse_rule(char *line, struct rule *rule)
{
	struct udev_token token;
	int r;

	do {
		r = udev_token_next(&line, &token);
		if (r > 0)
			r = read_token(rule, &token);
	} while (r > 0);
	return r;
}

/*
 * Keeps of the names those that are asked for. There is something wrong with another only if
 * everything is asked for.
 */
static int choose_names(const struct reader *reader, struct rule *rule)
{
	struct list *names = &rule->names;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < names->size && r == 0; i++) {
		if (is_wanted(reader, names->items[i]))
			names->items[n++] = names->items[i];
		else if (!reader->table)
			r = report_bad_value(reader, names->items[i], "valid device name");
	}
	names->size = n;
	return r;
}

static int find_owner(struct reader *reader, enum account_kind kind, const char *text,
		      struct udev_owner *ret_owner)
{
	int r;

	*ret_owner = (struct udev_owner){ .owner.text = text, .location = reader->location };
	if (!text)
		return 0;
	if (!syntax_is_owner(text)) {
		ret_owner->is_reported = true;
		return report_bad_value(reader, text, "name of a user or group");
	}
	r = accounts_find(&reader->accounts, kind, text, &ret_owner->owner.id);
	ret_owner->is_known = r > 0;
	return r < 0 ? r : 0;
}

static int apply_rule(struct reader *reader, const struct rule *rule)
{
	struct udev_fields fields = { .has_mode = rule->has_mode, .mode = rule->mode };
	int r = 0;

	if (rule->bad_mode)
		r = report_bad_value(reader, rule->bad_mode, "octal number up to 7777");
	if (r == 0)
		r = find_owner(reader, ACCOUNT_USER, rule->user, &fields.user);
	if (r == 0)
		r = find_owner(reader, ACCOUNT_GROUP, rule->group, &fields.group);
	for (size_t i = 0; i < rule->names.size && r == 0; i++)
		r = udev_nodes_apply(&reader->nodes, rule->names.items[i], &fields);
	return r;
}

/* Takes from a rule that cannot be read what it would be about. */
static bool seems_wanted(const struct reader *reader, const char *text)
{
	char name[KMOD_DEVNAME_NAME_MAX + 1];

	while ((text = strstr(text, STATIC_NODE))) {
		size_t size;

		text += strlen(STATIC_NODE);
		size = strcspn(text, "\" \t,");
		if (size < sizeof(name)) {
			memcpy(name, text, size);
			name[size] = '\0';
			if (is_wanted(reader, name))
				return true;
		}
		text += size;
	}
	return false;
}

static int report_unreadable(const struct reader *reader, const char *text, const char *fault)
{
	return seems_wanted(reader, text) ? report_bad_rule(reader, fault) : 0;
}

/* Takes a copy of the line, since reading changes it. */
static int read_good_rule(struct reader *reader, char *line)
{
	struct rule rule = { 0 };
	int r = parse_rule(line, &rule);

	if (r == 0)
		r = choose_names(reader, &rule);
	if (r == 0 && rule.names.size > 0)
		r = apply_rule(reader, &rule);
	list_done(&rule.names, NULL);
	return r;
}

static int read_rule(void *data, const struct udev_rule *rule)
{
	struct reader *reader = data;
	char *line;
	int r;

	reader->location = rule->location;
	if (rule->fault)
		return report_unreadable(reader, rule->text, rule->fault);
	if (!strstr(rule->text, "OPTIONS"))
		return 0;
	line = strdup(rule->text);
	if (!line)
		return -ENOMEM;
	r = read_good_rule(reader, line);
	free(line);
	if (r != -EINVAL)
		return r;
	return report_unreadable(
		reader, rule->text,
		"has something that is no KEY=\"VALUE\" of udev(7), and udev drops "
		"such a rule: nothing in it counts");
}

int kmod_devname_permissions_read_udev(struct kmod_devname_permissions *permissions,
				       struct kmod_devname_report *report, int root_fd,
				       const struct kmod_devname_table *table)
{
	struct reader reader = { .report = report,
				 .table = table,
				 .accounts = { .root_fd = root_fd, .report = report } };
	struct conf_dirs dirs;
	int r = udev_walk(root_fd, report, &dirs, read_rule, &reader);

	if (r == 0)
		r = udev_nodes_finish(&reader.nodes, report, permissions);
	udev_nodes_done(&reader.nodes);
	accounts_done(&reader.accounts);
	conf_dirs_done(&dirs);
	return r;
}
