// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain: the answer on one screen, and as JSON.
 *
 * The first line is the verdict. A row tells of the node, the kernel or one module, and at the end
 * there is one for each obstacle. A module that is an obstacle has no other row.
 */

#include <string.h>
#include <sys/stat.h>

#include "explain.h"
#include "input.h"
#include "modprobe/modprobe.h"
#include "node/table.h"
#include "text/print.h"

/* Of the resolution, which may be missing; NULL at the end. */
static const struct resolution_step *get_step(const struct explain *explain, size_t index)
{
	return explain->resolution && index < explain->resolution->steps.size
		       ? explain->resolution->steps.items[index]
		       : NULL;
}

static const char *get_alias(const struct explain *explain, size_t index)
{
	return explain->resolution && index < explain->resolution->aliases.size
		       ? explain->resolution->aliases.items[index]
		       : NULL;
}

/* Prints a part of a line, escaped. */
__attribute__((format(printf, 1, 2))) static void put_text(const char *format, ...)
{
	_cleanup_free_ char *text = NULL, *escaped = NULL;
	va_list args;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	escaped = escape(text);
	(void)fputs(escaped, stdout);
}

/* --- text ---------------------------------------------------------------------------------- */

/* "crw-rw----+ root:kvm", as ls(1) has it. */
static void put_mode(const struct explained_node *node)
{
	static const char types[] = "?pc?d?b?-?l?s???", letters[] = "rwxrwxrwx";

	putchar(types[(node->mode & S_IFMT) >> 12]);
	for (unsigned int i = 0; i < 9; i++)
		putchar(node->mode & (0400U >> i) ? letters[i] : '-');
	put_text("%s %s:%s", node->acl ? "+" : "", node->user, node->group);
}

static void print_node_row(const struct explain *explain)
{
	static const char *const words[] = { "not open", "read", "write", "read and write" };
	const struct explained_node *node = &explain->node;

	printf("  node      ");
	if (node->link)
		put_text("link to %s, ", node->link);
	if (node->state >= EXPLAINED_OTHER)
		put_mode(node);
	else if (node->state == EXPLAINED_HIDDEN)
		put_text("is hidden");
	else
		put_text("does not exist%s", explain_is_made_at_boot(explain) && !explain->is_host
						     ? " until the system boots"
						     : "");
	if (explain->is_host && !explain->is_running && !explain->common.dev)
		put_text(" in /dev of the running kernel");
	if (node->is_judged)
		put_text("    %s may %s it", explain->user ? explain->user : "you",
			 words[node->may_read + 2 * node->may_write]);
	if (node->rules && node->differs)
		put_text(" (udev's rules: %s)", node->rules);
	putchar('\n');
}

/* Of a number that was given. */
static void print_declared_rows(const struct explain *explain)
{
	for (size_t i = 0; i < kmod_devname_table_size(explain->table); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(explain->table, i);

		if (!syntax_same_number(&node->number, &explain->number))
			continue;
		put_text("  node      /dev/%s of module %s, in modules.devname", node->name,
			 node->module);
		putchar('\n');
	}
}

static void print_kernel_row(const struct explain *explain)
{
	char number[SYNTAX_NUMBER_SIZE];
	const char *alias = get_alias(explain, 0);

	syntax_format_number(&explain->number, number);
	printf("  kernel    ");
	if (explain->driver)
		put_text("driver %s has %s", explain->driver, number);
	else if (explain->is_running)
		put_text("no driver has %s", number);
	else
		put_text("%s", explain->kernel->version);
	if (explain->resolution)
		put_text("%s asks for %s", explain->is_running ? ";" : "",
			 alias ? alias : "no module");
	for (size_t i = 1; (alias = get_alias(explain, i)); i++)
		put_text(", then %s", alias);
	putchar('\n');
}

/* What happens to a module that is no obstacle. */
static void put_step(const struct resolution_step *step)
{
	if (step->obstacle)
		put_text("%s is held up by %s", step->path ? step->path : "and", step->obstacle);
	else if (step->verdict == VERDICT_LOADS)
		put_text("%s", step->path);
	else if (step->verdict == VERDICT_LOADED)
		put_text("is loaded");
	else if (step->verdict == VERDICT_BUILT_IN)
		put_text("is built in");
	else if (step->verdict == VERDICT_BLACKLISTED)
		put_text("is blacklisted");
	else if (step->command)
		put_text("is not loaded, a command is run: %s", step->command);
	else
		put_text("has no file %s", step->path ? step->path : "in modules.dep");
}

static void print_step_rows(const struct explain *explain)
{
	const struct resolution_step *step;
	int width = 0;

	for (size_t i = 0; (step = get_step(explain, i)); i++)
		if ((int)strlen(step->module) > width)
			width = (int)strlen(step->module);
	for (size_t i = 0; (step = get_step(explain, i)); i++) {
		if (explain_is_obstacle(explain, step))
			continue;
		put_text("  modprobe  %-*s  ", width, step->module);
		put_step(step);
		if (step->role != ROLE_ALIAS)
			put_text(" (%s)", resolution_role_to_string(step->role));
		if (step->line > 0)
			put_text(" (%s:%zu)", step->file, step->line);
		putchar('\n');
	}
}

static void print_obstacle_rows(const struct explain *explain)
{
	for (size_t i = 0; i < explain->obstacles.size; i++) {
		const struct explained_obstacle *obstacle = explain->obstacles.items[i];

		printf("  obstacle  ");
		if (obstacle->line > 0)
			put_text("%s:%zu: ", obstacle->file, obstacle->line);
		else if (obstacle->file)
			put_text("%s: ", obstacle->file);
		put_text("%s", obstacle->text);
		putchar('\n');
	}
}

void explain_print_text(const struct explain *explain)
{
	char number[SYNTAX_NUMBER_SIZE];

	put_text("%s  ", explain->subject);
	if (explain->name && explain->has_number)
		put_text("%s  ", syntax_format_number(&explain->number, number));
	put_text("%s", explain->verdict);
	putchar('\n');
	if (explain->common.quiet)
		return;
	if (explain->name)
		print_node_row(explain);
	else
		print_declared_rows(explain);
	if (explain->has_number)
		print_kernel_row(explain);
	print_step_rows(explain);
	print_obstacle_rows(explain);
}

/* --- JSON ---------------------------------------------------------------------------------- */

/* The text is escaped as in messages; NULL is null. */
static void put_member(const char *before, const char *name, const char *text)
{
	_cleanup_free_ char *escaped = text ? escape(text) : NULL;

	printf("%s", before);
	(void)print_json_member(stdout, name, escaped, false);
}

/* Neither true nor false: not known. */
static void put_bool(const char *before, const char *name, bool is_known, bool value)
{
	const char *text = value ? "true" : "false";

	printf("%s", before);
	(void)print_json_member(stdout, name, is_known ? text : NULL, true);
}

static void put_place(const char *file, size_t line)
{
	char number[32];

	(void)snprintf(number, sizeof(number), "%zu", line);
	put_member(", ", "file", file);
	printf(", ");
	(void)print_json_member(stdout, "line", line > 0 ? number : NULL, true);
}

static void print_json_found_node(const struct explain *explain)
{
	static const char *const states[] = { NULL,     "absent",    "obstructed",
					      "hidden", "no-device", "device" };
	const struct explained_node *node = &explain->node;
	char mode[8];

	(void)snprintf(mode, sizeof(mode), "%04o", node->mode & 07777);
	put_member("{", "path", explain->subject);
	put_member(", ", "state", states[node->state]);
	put_member(", ", "link", node->link);
	put_member(", ", "mode", node->mode ? mode : NULL);
	put_member(", ", "user", node->user);
	put_member(", ", "group", node->group);
	put_bool(", ", "acl", node->mode, node->acl);
	put_member(", ", "rules", node->rules);
	put_bool(", ", "may_read", node->is_judged, node->may_read);
	put_bool(", ", "may_write", node->is_judged, node->may_write);
	printf("}");
}

static void print_json_modules(const struct explain *explain)
{
	const struct resolution_step *step;

	for (size_t i = 0; (step = get_step(explain, i)); i++) {
		put_member(i > 0 ? ",\n    {" : "\n    {", "name", step->module);
		put_member(", ", "result", resolution_verdict_to_string(step->verdict));
		put_member(", ", "role", resolution_role_to_string(step->role));
		put_member(", ", "path", step->path);
		put_member(", ", "held_up_by", step->obstacle);
		put_member(", ", "command", step->command);
		put_place(step->file, step->line);
		printf("}");
	}
}

static void print_json_obstacles(const struct explain *explain)
{
	for (size_t i = 0; i < explain->obstacles.size; i++) {
		const struct explained_obstacle *obstacle = explain->obstacles.items[i];

		put_member(i > 0 ? ",\n    {" : "\n    {", "kind", obstacle->kind);
		put_member(", ", "text", obstacle->text);
		put_place(obstacle->file, obstacle->line);
		printf("}");
	}
}

void explain_print_json(const struct explain *explain)
{
	char number[SYNTAX_NUMBER_SIZE];
	const char *alias;

	printf("{\n  \"version\": 1,\n  \"node\": ");
	if (explain->name)
		print_json_found_node(explain);
	else
		printf("null");
	put_member(",\n  ", "number",
		   explain->has_number ? syntax_format_number(&explain->number, number) : NULL);
	put_member(",\n  ", "driver", explain->driver);
	put_member(",\n  \"kernel\": {", "version", explain->kernel->version);
	put_bool(", ", "running", true, explain->is_running);
	printf(", \"aliases\": [");
	for (size_t i = 0; (alias = get_alias(explain, i)); i++)
		printf("%s\"%s\"", i > 0 ? ", " : "", alias);
	printf("]},\n  \"modules\": [");
	print_json_modules(explain);
	printf("],\n  \"obstacles\": [");
	print_json_obstacles(explain);
	put_bool("],\n  \"verdict\": {", "opens", true, explain->obstacles.size == 0);
	put_member(", ", "result", explain->result);
	put_member(", ", "text", explain->verdict);
	printf("}\n}\n");
}
