// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The rules of udev below a root directory.
 *
 * The files *.rules of five directories are sorted by name, and one hides others of its name
 * (base/confdir.h). A rule is one line: lines that end in a backslash are joined with the next one,
 * and comments between them are skipped. The text of a rule is cut into tokens (token.c), and the
 * tokens fill a struct udev_rule. udevd drops a rule as a whole if one token is wrong; such a rule
 * is handed on with the reason, as it may be about a node that the caller wants.
 *
 * Two verbs read the rules. static-nodes.c takes those with OPTIONS+="static_node=NAME", looks up
 * their users and groups (accounts.c) and adds mode and owner of each node to permissions.
 * lint.c looks for rules that give a node its mode or owner too late, and reports them.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/confdir.h"
#include "base/lines.h"
#include "base/root.h"
#include "node/syntax.h"
#include "udev/rules.h"
#include "udev/token.h"

/* The longest line that udevd reads, and the longest rule that it joins from lines. */
#define UDEV_LINE_MAX ((size_t)16 * 1024 - 1)

struct udev_rules {
	int root_fd;
	struct kmod_devname_report *report;
	struct conf_dirs dirs;
	size_t n_opened; /* files */
	FILE *stream; /* the last opened file; NULL at its end */
	struct lines lines;
	struct udev_rule rule;
	size_t size; /* of the text */
	char text[UDEV_LINE_MAX + 1];
	char parsed[UDEV_LINE_MAX + 1]; /* a copy: tokens change the text that they are read from */
};

static int find_rule_files(struct udev_rules *rules)
{
	static const char *const suffixes[] = { ".rules", NULL };
	int r;

	rules->dirs = (struct conf_dirs){
		.root_fd = rules->root_fd,
		.report = rules->report,
		.suffixes = suffixes,
	};
	r = conf_dirs_add_usual(&rules->dirs, "", "udev/rules.d");
	if (r < 0)
		return r;
	conf_dirs_choose(&rules->dirs);
	return 0;
}

int udev_rules_open(int root_fd, struct kmod_devname_report *report, struct udev_rules **ret_rules)
{
	struct udev_rules *rules = calloc(1, sizeof(*rules));
	int r;

	if (!rules)
		return -ENOMEM;
	rules->root_fd = root_fd;
	rules->report = report;
	r = find_rule_files(rules);
	if (r < 0) {
		udev_rules_close(rules);
		return r;
	}
	*ret_rules = rules;
	return 0;
}

static void close_rule_file(struct udev_rules *rules)
{
	if (rules->stream)
		(void)fclose(rules->stream);
	rules->stream = NULL;
}

void udev_rules_close(struct udev_rules *rules)
{
	close_rule_file(rules);
	conf_dirs_done(&rules->dirs);
	list_done(&rules->rule.static_nodes, NULL);
	free(rules);
}

/* Skips what is no regular file, such as /dev/null, by which a file is masked. */
static int open_next_rule_file(struct udev_rules *rules)
{
	while (rules->n_opened < rules->dirs.files.size) {
		const struct conf_file *file = rules->dirs.files.items[rules->n_opened++];
		const struct location location = { file->path, 0 };
		int r = root_open_stream(rules->root_fd, file->path, &rules->stream);

		if (r < 0)
			return report_system(rules->report, r, &location);
		if (r == 0)
			continue;
		rules->rule.location.file = file->path;
		lines_init(&rules->lines, rules->stream);
		rules->lines.max = UDEV_LINE_MAX;
		return 1;
	}
	return 0;
}

static void set_rule_fault(struct udev_rules *rules, const char *fault)
{
	if (!rules->rule.fault)
		rules->rule.fault = fault;
}

static void append_text(struct udev_rules *rules, const char *text, size_t size)
{
	if (size > UDEV_LINE_MAX - rules->size) {
		size = UDEV_LINE_MAX - rules->size;
		set_rule_fault(rules, "is longer than 16383 bytes");
	}
	memcpy(rules->text + rules->size, text, size);
	rules->size += size;
	rules->text[rules->size] = '\0';
}

/* Adds the current line to the rule. Returns whether the rule continues on the next line. */
static bool join_line(struct udev_rules *rules, bool is_long)
{
	char *line = rules->lines.text;
	size_t size = rules->lines.size, blanks;
	bool continues;

	if (!is_long && size > 0 && line[size - 1] == '\r')
		line[--size] = '\0';
	blanks = strspn(line, " \t\r");
	if (line[blanks] == '#')
		return rules->rule.location.line > 0;
	if (rules->rule.location.line == 0)
		rules->rule.location.line = rules->lines.number;
	/*
	 * udevd ends a line at these bytes, too. No editor does, so the rule that the author sees
	 * is not the one that udevd reads.
	 */
	for (size_t i = 0; i < size; i++) {
		if (line[i] != '\0' && line[i] != '\r')
			continue;
		line[i] = ' ';
		set_rule_fault(rules, "has a NUL byte or a carriage return in it");
	}
	append_text(rules, line + blanks, size - blanks);
	if (is_long)
		set_rule_fault(rules, "is longer than 16383 bytes");
	/* the end of a line that is too long is unknown; an empty line ends a rule */
	continues = !is_long && size > blanks && line[size - 1] == '\\';
	if (continues && rules->text[rules->size - 1] == '\\')
		rules->text[--rules->size] = '\0';
	return continues;
}

/* Reads the text of the next rule. Returns 1, 0 at the end of the file, or a negative errno. */
static int read_rule_text(struct udev_rules *rules)
{
	struct udev_rule *rule = &rules->rule;
	struct list static_nodes = rule->static_nodes;
	bool continues = false;
	int status;

	static_nodes.size = 0; /* without giving its memory back */
	*rule = (struct udev_rule){ .location.file = rule->location.file,
				    .text = rules->text,
				    .static_nodes = static_nodes };
	rules->size = 0;
	rules->text[0] = '\0';
	do {
		status = lines_next(&rules->lines);
		if (status < 0)
			return status;
		if (status == LINE_END)
			break;
		continues = join_line(rules, status == LINE_LONG);
	} while (continues || rule->location.line == 0);
	if (continues)
		set_rule_fault(rules, "ends in a backslash, and there is no further line");
	return rule->location.line > 0;
}

/* In other values udevd replaces something by a property of the device. */
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
	rule->kernels_end = token->value + strlen(token->value);
	for (char *p = token->value; (p = strchr(p, '|')); p++)
		*p = '\0';
}

static int add_assignment(struct udev_rule *rule, const struct udev_token *token)
{
	char *value = token->value;
	const size_t prefix = strlen(UDEV_STATIC_NODE);

	/* these are conditions, whatever their operator */
	if (udev_token_has_key(token, "PROGRAM") || udev_token_has_key(token, "IMPORT"))
		rule->needs_device = true;
	if (udev_token_has_key(token, "OPTIONS")) {
		if (strncmp(value, UDEV_STATIC_NODE, prefix) != 0 ||
		    !is_constant_value(value + prefix))
			return 0;
		return list_push(&rule->static_nodes, value + prefix);
	}
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
		if ((token.op & UDEV_COMPARE) != 0) {
			add_condition(rule, &token);
			continue;
		}
		r = add_assignment(rule, &token);
		if (r < 0)
			return r;
	}
	if (r < 0)
		set_rule_fault(rules, "has something that is no KEY=\"VALUE\" of udev(7), and udev "
				      "drops such a rule: nothing in it counts");
	return 0;
}

int udev_rules_next(struct udev_rules *rules, const struct udev_rule **ret_rule)
{
	int r = 0;

	while (r == 0) {
		if (!rules->stream) {
			r = open_next_rule_file(rules);
			if (r <= 0)
				return r;
		}
		r = read_rule_text(rules);
		if (r < 0)
			return report_system(rules->report, r,
					     &(struct location){ rules->rule.location.file, 0 });
		if (r == 0)
			close_rule_file(rules);
	}
	if (!rules->rule.fault) {
		r = parse_rule(rules);
		if (r < 0)
			return r;
	}
	*ret_rule = &rules->rule;
	return 1;
}
