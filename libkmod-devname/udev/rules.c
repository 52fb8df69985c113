// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The rules of udev below a root directory.
 *
 * The files *.rules of five directories are sorted by name, and one hides others of its name
 * (base/confdir.h). A rule is one line: lines that end in a backslash are joined with the next one,
 * and comments between them are skipped. token.c cuts the text of a rule into tokens, which fill a
 * struct udev_rule. udevd drops a rule with one invalid token; such a rule is passed on with the
 * reason, because it can name a node of the caller. If versions of udevd differ about a rule, it is
 * disputed.
 *
 * Two verbs read the rules. static-nodes.c takes those with OPTIONS+="static_node=NAME", looks up
 * their users and groups (accounts.c) and adds mode and owner of each node to permissions.
 * lint.c looks for rules that give a node its mode or owner too late, and reports them.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/confdir.h"
#include "base/io.h"
#include "node/syntax.h"
#include "udev/rules.h"

/* The longest line that udevd reads, and the longest rule that it joins from lines. */
#define UDEV_LINE_MAX ((size_t)16 * 1024 - 1)

/* udevd has no limit. */
#define UDEV_FILE_MAX ((size_t)16 << 20)

struct udev_rules {
	struct conf_dirs dirs;
	size_t n_opened; /* files */
	char *file; /* the text of the last opened one */
	const char *next; /* line in it */
	const char *end;
	size_t n_lines; /* before that line */
	bool is_disputed; /* the file as a whole */
	struct udev_rule rule;
	size_t size; /* of the text */
	char text[UDEV_LINE_MAX + 1];
	char parsed[UDEV_LINE_MAX + 1]; /* a copy: tokens change the text that they are read from */
};

static int report_unreadable_rules(struct kmod_devname_report *report, int error, const char *path)
{
	const struct location location = { path, 0 };
	int r;

	if (is_fatal(error))
		return report_system(report, error, &location);
	r = report_add(report, KMOD_DEVNAME_CODE_BAD_RULE, KMOD_DEVNAME_SEVERITY_ERROR, &location,
		       "cannot read udev's rules: %s: all rules are ignored, and nodes have mode "
		       "0600; make it readable",
		       report_describe_error(error));
	return r < 0 ? r : error;
}

#define LINE_END_NUL 4U

static unsigned int line_end_of(char c)
{
	return c == '\n' ? 1U : c == '\r' ? 2U : c == '\0' ? LINE_END_NUL : 0;
}

/*
 * Takes the next line off the file. As in udevd (read_line_full() of src/basic/fileio.c) a line
 * feed, a carriage return or a NUL byte ends it, or several of these that are all different; but
 * a NUL byte is the last of them.
 */
static bool next_rule_line(struct udev_rules *rules, const char **ret_line, size_t *ret_size)
{
	const char *p = rules->next;
	unsigned int ends = 0;

	if (p == rules->end)
		return false;
	while (p < rules->end && line_end_of(*p) == 0)
		p++;
	*ret_line = rules->next;
	*ret_size = (size_t)(p - rules->next);
	for (; p < rules->end; p++) {
		unsigned int end = line_end_of(*p);

		if (end == 0 || (ends & (end | LINE_END_NUL)) != 0)
			break;
		ends |= end;
		rules->n_lines += *p == '\n';
	}
	rules->next = p;
	return true;
}

/* Skips files that are not regular, such as /dev/null, which masks a file. */
static int open_next_rule_file(struct udev_rules *rules)
{
	const char *line;
	size_t size;

	while (rules->n_opened < rules->dirs.files.size) {
		const struct conf_file *file = rules->dirs.files.items[rules->n_opened++];
		ssize_t read;

		free(rules->file);
		rules->file = NULL;
		rules->next = rules->end = NULL;
		read = root_read_file(rules->dirs.root_fd, file->path, UDEV_FILE_MAX, &rules->file);
		if (read == -ENOMEM)
			return -ENOMEM;
		if (read < 0)
			return report_unreadable_rules(rules->dirs.report, (int)read, file->path);
		if (read == 0)
			continue;
		rules->rule.location.file = file->path;
		rules->next = rules->file;
		rules->end = rules->file + read;
		/* version 252 reads such a file up to that line, and later ones none of it */
		rules->is_disputed = false;
		while (next_rule_line(rules, &line, &size))
			rules->is_disputed = rules->is_disputed || size > UDEV_LINE_MAX;
		rules->next = rules->file;
		rules->n_lines = 0;
		return 1;
	}
	return 0;
}

/* Adds a line to the rule. Returns whether the rule continues on the next line. */
static bool join_rule_line(struct udev_rules *rules, const char *line, size_t size)
{
	size_t space = UDEV_LINE_MAX - rules->size;

	memcpy(rules->text + rules->size, line, size < space ? size : space);
	rules->size += size < space ? size : space;
	rules->text[rules->size] = '\0';
	if (size > space)
		rules->rule.fault = "rule longer than 16383 bytes";
	/* udevd examines the end of the joined text, so an empty line can continue a rule; for a
	 * rule that is too long it examines the end of the line */
	if (rules->rule.fault)
		return size > 0 && line[size - 1] == '\\';
	if (rules->size == 0 || rules->text[rules->size - 1] != '\\')
		return false;
	rules->text[--rules->size] = '\0';
	return true;
}

/* Reads the text of the next rule. Returns false at the end of the file. */
static bool read_rule_text(struct udev_rules *rules)
{
	struct udev_rule *rule = &rules->rule;
	bool continues = false;
	const char *line;
	size_t size;

	list_free(&rule->static_nodes);
	*rule = (struct udev_rule){ .location.file = rule->location.file, .text = rules->text };
	if (rules->is_disputed)
		rule->dispute = "rule in a file with a line of more than 16383 bytes";
	rules->size = 0;
	rules->text[0] = '\0';
	do {
		size_t number = rules->n_lines + 1, blanks;

		if (!next_rule_line(rules, &line, &size))
			break;
		for (blanks = 0; blanks < size && strchr(" \t", line[blanks]);)
			blanks++;
		if (blanks < size && line[blanks] == '#')
			continue;
		if (!continues && blanks == size)
			continue;
		if (rule->location.line == 0)
			rule->location.line = number;
		continues = join_rule_line(rules, line + blanks, size - blanks);
	} while (continues || rule->location.line == 0);
	if (continues && !rule->fault)
		rule->fault = "backslash at the end of the last line";
	return rule->location.line > 0;
}

void udev_normalise_node(char *name)
{
	char *to = name;

	for (const char *from = name; *from != '\0'; from++) {
		bool begins = to == name || to[-1] == '/';
		bool is_dot = from[0] == '.' && (from[1] == '/' || from[1] == '\0');

		/* with a slash at the end it is no node */
		if (!begins || (*from != '/' && !is_dot))
			*to++ = *from;
	}
	*to = '\0';
}

/* In other values udevd substitutes properties of the device. */
static bool is_constant_value(const char *value)
{
	return *value != '[' && !strpbrk(value, "$%");
}

/*
 * A rule whose only conditions are patterns of KERNEL, SUBSYSTEM=="misc" and ACTION is certainly
 * for the device of a node whose name matches. Anything else needs the device to be decided.
 */
static void add_condition(struct udev_rule *rule, const struct udev_token *token)
{
	bool is_plain = token->op == UDEV_EQUAL && !token->ignores_case;

	if (udev_token_has_key(token, "ACTION"))
		return;
	if (is_plain && udev_token_has_key(token, "SUBSYSTEM") &&
	    strcmp(token->value, "misc") == 0) {
		rule->is_for_misc = true;
		return;
	}
	if (!is_plain || !udev_token_has_key(token, "KERNEL") || rule->kernels ||
	    strcmp(token->value, "*") == 0) {
		rule->needs_device = true;
		return;
	}
	rule->kernels = token->value;
}

static int add_assignment(struct udev_rule *rule, const struct udev_token *token)
{
	char *value = token->value;
	const size_t prefix = strlen(UDEV_STATIC_NODE);

	/* these are conditions with any operator */
	if (udev_token_has_key(token, "PROGRAM") || udev_token_has_key(token, "IMPORT"))
		rule->needs_device = true;
	if (udev_token_has_key(token, "OPTIONS")) {
		if (strncmp(value, UDEV_STATIC_NODE, prefix) != 0 ||
		    !is_constant_value(value + prefix))
			return 0;
		udev_normalise_node(value + prefix);
		return list_push(&rule->static_nodes, value + prefix);
	}
	if (udev_token_has_key(token, "TAG") && strcmp(value, "uaccess") == 0)
		rule->gives_seat = token->op != UDEV_REMOVE;
	if (!is_constant_value(value))
		return 0;
	if (udev_token_has_key(token, "OWNER")) {
		rule->user = value;
	} else if (udev_token_has_key(token, "GROUP")) {
		rule->group = value;
	} else if (udev_token_has_key(token, "MODE")) {
		/* strtoul(3) skips blanks, and so does udevd here */
		if (syntax_parse_mode(value + strspn(value, " \t\n\v\f\r"), &rule->mode))
			rule->has_mode = true;
		else
			rule->bad_mode = value;
	}
	return 0;
}

static int parse_rule(struct udev_rules *rules)
{
	struct udev_rule *rule = &rules->rule;
	struct udev_token token;
	char *line = rules->parsed;
	int r;

	memcpy(line, rules->text, rules->size + 1);
	while ((r = udev_token_next(&line, &token)) > 0) {
		if (token.is_disputed)
			rule->dispute =
				"rule with a feature that not every udev since version 252 has";
		if ((token.op & UDEV_COMPARE) != 0) {
			add_condition(rule, &token);
			continue;
		}
		r = add_assignment(rule, &token);
		if (r < 0)
			return r;
	}
	if (r < 0)
		rule->fault = "invalid KEY=\"VALUE\" of udev(7): udev ignores the rule";
	return 0;
}

/* Returns 1; 0 if there is no further rule; or a negative errno. */
static int read_next_rule(struct udev_rules *rules)
{
	int r;

	while (!read_rule_text(rules)) {
		r = open_next_rule_file(rules);
		if (r <= 0)
			return r;
	}
	r = rules->rule.fault ? 0 : parse_rule(rules);
	return r < 0 ? r : 1;
}

int udev_rules_read(int root_fd, struct kmod_devname_report *report,
		    int (*take)(void *data, const struct udev_rule *rule), void *data)
{
	static const char *const suffixes[] = { ".rules", NULL };
	_cleanup_free_ struct udev_rules *rules = calloc(1, sizeof(*rules));
	int r;

	if (!rules)
		return -ENOMEM;
	rules->dirs = (struct conf_dirs){
		.root_fd = root_fd,
		.report = report,
		.suffixes = suffixes,
		.unreadable = report_unreadable_rules,
	};
	r = conf_dirs_add_usual(&rules->dirs, "udev/rules.d");
	conf_dirs_choose(&rules->dirs);
	while (r == 0 && (r = read_next_rule(rules)) > 0)
		r = take(data, &rules->rule);
	if (r == 0)
		r = take(data, NULL);
	free(rules->file);
	conf_dirs_done(&rules->dirs);
	list_free(&rules->rule.static_nodes);
	return r;
}
