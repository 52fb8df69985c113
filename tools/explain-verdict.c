// SPDX-License-Identifier: GPL-2.0-or-later
/* explain: what it all comes to, in one sentence. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "explain.h"

/* What the sentence is about. */
struct matter {
	struct explain *explain;
	const struct node *node; /* NULL: it is a number */
	const struct number *number;
	const struct kmod_devname_resolution *resolution;
	enum kmod_devname_verdict verdict;
	char *names; /* of the modules that led to it, "a, b" */
	const struct kmod_devname_step *first; /* of these */
	char *place; /* of the first */
	const struct kmod_devname_node *broken; /* declares a module that will not be there */
};

static int add_name(struct matter *matter, const struct kmod_devname_step *step)
{
	char *names = NULL;

	if (asprintf(&names, "%s%s%s", matter->names ? matter->names : "",
		     matter->names ? ", " : "", kmod_devname_step_get_module(step)) < 0)
		return -ENOMEM;
	free(matter->names);
	matter->names = names;
	if (matter->first)
		return 0;
	matter->first = step;
	matter->place = explain_place(matter->explain, step);
	return matter->place ? 0 : -ENOMEM;
}

/* The module that decides about a step: another one that stands in its way, or its own. */
static const char *decider_of(const struct kmod_devname_step *step)
{
	const char *obstacle = kmod_devname_step_get_obstacle(step);

	return obstacle ? obstacle : kmod_devname_step_get_module(step);
}

/*
 * All that is loaded is named; of other things what is asked for, or what stands in its way. That
 * is found by its name: by itself it may have another verdict.
 */
static bool counts(const struct matter *matter, const struct kmod_devname_step *step)
{
	const char *module = kmod_devname_step_get_module(step);

	if (matter->verdict == KMOD_DEVNAME_VERDICT_LOADS)
		return kmod_devname_step_get_verdict(step) == matter->verdict;
	for (size_t i = 0; i < kmod_devname_resolution_size(matter->resolution); i++) {
		const struct kmod_devname_step *asked =
			kmod_devname_resolution_get(matter->resolution, i);

		if (kmod_devname_step_get_role(asked) == KMOD_DEVNAME_ROLE_ALIAS &&
		    kmod_devname_step_get_verdict(asked) == matter->verdict &&
		    strcmp(decider_of(asked), module) == 0)
			return true;
	}
	return false;
}

static int find_names(struct matter *matter)
{
	int r = 0;

	for (size_t i = 0; i < kmod_devname_resolution_size(matter->resolution) && r == 0; i++) {
		const struct kmod_devname_step *step =
			kmod_devname_resolution_get(matter->resolution, i);

		if (counts(matter, step))
			r = add_name(matter, step);
	}
	return r;
}

/* Sets broken if modules are declared, and none of them will be there. */
static void find_broken(struct matter *matter)
{
	const struct kmod_devname_table *table = matter->explain->table;

	for (size_t i = 0; i < kmod_devname_table_size(table); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(table, i);

		if (!explain_is_declared(matter->explain, node))
			continue;
		if (kmod_devname_resolution_loads(matter->resolution,
						  kmod_devname_node_get_module(node))) {
			matter->broken = NULL;
			return;
		}
		matter->broken = node;
	}
}

static int print_nothing(const struct matter *matter, const char *why, const char *more)
{
	const struct link link = { .step = "verdict",
				   .subject = matter->explain->subject,
				   .result = "nothing" };

	return explain_print(matter->explain, &link, "nothing will be loaded: %s%s", why, more);
}

static int print_not_asked(const struct matter *matter)
{
	if (matter->number->type == S_IFCHR)
		return print_nothing(
			matter,
			"c10:255 is no device, but a request for any number, and kernels "
			"since 2025 ask for no module",
			"");
	return print_nothing(matter, "this kernel loads no modules for block devices",
			     " (CONFIG_BLOCK_LEGACY_AUTOLOAD)");
}

static int print_no_module(const struct matter *matter)
{
	const char *alias = kmod_devname_resolution_get_alias(matter->resolution, 0);
	char *text;
	int r;

	if (asprintf(&text, "no module has the alias %s", alias) < 0)
		return -ENOMEM;
	r = print_nothing(matter, text, "");
	free(text);
	return r;
}

static int print_no_index(const struct matter *matter)
{
	return print_nothing(matter,
			     "there are no indexes, or they cannot be read; run depmod for ",
			     matter->explain->kernel->version);
}

static int print_module(const struct matter *matter, const char *what)
{
	char *text;
	int r;

	if (asprintf(&text, "%s %s", matter->names, what) < 0)
		return -ENOMEM;
	r = print_nothing(matter, text, matter->place);
	free(text);
	return r;
}

static int print_bad(const struct matter *matter)
{
	const struct link link = { .step = "verdict",
				   .subject = matter->explain->subject,
				   .result = "command" };

	switch (matter->verdict) {
	case KMOD_DEVNAME_VERDICT_COMMAND:
		return explain_print(matter->explain, &link,
				     "opening %s runs a command instead of loading %s: %s%s",
				     matter->explain->subject, matter->names,
				     kmod_devname_step_get_command(matter->first), matter->place);
	case KMOD_DEVNAME_VERDICT_BLACKLISTED:
		return print_module(matter, "is blacklisted");
	case KMOD_DEVNAME_VERDICT_OFF:
		return print_nothing(matter, "an alias turns it off", matter->place);
	case KMOD_DEVNAME_VERDICT_NO_FILE:
		return print_module(matter,
				    kmod_devname_step_get_path(matter->first)
					    ? "is in modules.dep, but its file does not exist"
					    : "is not in modules.dep");
	case KMOD_DEVNAME_VERDICT_NO_INDEX:
		return print_no_index(matter);
	case KMOD_DEVNAME_VERDICT_NOT_ASKED:
		return print_not_asked(matter);
	default:
		return print_no_module(matter);
	}
}

/* ", and not fuse", if that is what modules.devname promises. */
static int print_good(const struct matter *matter)
{
	const char *subject = matter->explain->subject;
	const char *other = matter->broken ? kmod_devname_node_get_module(matter->broken) : "";
	const char *not = matter->broken ? ", and not " : "";
	const struct link link = {
		.step = "verdict",
		.subject = subject,
		.result = matter->broken ? "other" : kmod_devname_verdict_to_string(matter->verdict)
	};

	if (matter->verdict == KMOD_DEVNAME_VERDICT_LOADS)
		return explain_print(matter->explain, &link, "opening %s loads %s%s%s", subject,
				     matter->names, not, other);
	return explain_print(matter->explain, &link, "opening %s needs no module: %s is %s%s%s",
			     subject, matter->names,
			     matter->verdict == KMOD_DEVNAME_VERDICT_LOADED
				     ? "loaded already"
				     : "built into the kernel",
			     not, other);
}

/* The declared node that has another number than the node has, or NULL. */
static const struct kmod_devname_node *find_renumbered(const struct matter *matter)
{
	const struct kmod_devname_table *table = matter->explain->table;

	for (size_t i = 0; matter->node && i < kmod_devname_table_size(table); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(table, i);
		const struct number number = number_of(node);

		if (explain_is_declared(matter->explain, node) &&
		    !number_equal(&number, &matter->node->number))
			return node;
	}
	return NULL;
}

static int print_renumbered(const struct matter *matter, const struct kmod_devname_node *declared)
{
	const struct link link = { .step = "verdict",
				   .subject = matter->explain->subject,
				   .result = "wrong-number" };
	const struct number number = number_of(declared);
	char *is = number_text(&matter->node->number), *wanted = number_text(&number);
	int r = -ENOMEM;

	if (is && wanted)
		r = explain_print(matter->explain, &link,
				  "opening %s does not reach %s: it is %s, and not %s",
				  matter->explain->subject, kmod_devname_node_get_module(declared),
				  is, wanted);
	free(is);
	free(wanted);
	return r;
}

/* Images have no nodes: those are made when the system starts. */
static bool is_to_be_made(const struct matter *matter)
{
	return matter->node->state == NODE_ABSENT && !matter->explain->running &&
	       !matter->explain->dev;
}

/* What is wrong with the node comes before anything about modules. 0, 1 if printed, or errno. */
static int print_node(const struct matter *matter)
{
	const struct kmod_devname_node *declared;
	const char *why = NULL;
	int r;

	if (!matter->node || is_to_be_made(matter))
		return 0;
	if (matter->node->state == NODE_ABSENT)
		why = " does not exist";
	else if (matter->node->state == NODE_NO_DEVICE)
		why = " is not a device node";
	else if (matter->node->no_devices && matter->explain->running)
		why = " is on a file system that is mounted nodev";
	if (why) {
		r = print_nothing(matter, matter->explain->subject, why);
		return r < 0 ? r : 1;
	}
	declared = find_renumbered(matter);
	if (!declared)
		return 0;
	r = print_renumbered(matter, declared);
	return r < 0 ? r : 1;
}

/* The first byte of a file, '\0' if there is none. */
static char first_byte(const char *path)
{
	FILE *stream;
	int c;

	if (open_path_stream(path, &stream) < 0)
		return '\0';
	c = getc(stream);
	(void)fclose(stream);
	return c == EOF ? '\0' : (char)c;
}

/* Where the running kernel is told to load nothing: sysctl, see modprobe(8) and proc(5). */
static const char *find_switch(const struct matter *matter)
{
	if (!matter->explain->running || matter->verdict != KMOD_DEVNAME_VERDICT_LOADS)
		return NULL;
	if (first_byte("/proc/sys/kernel/modules_disabled") == '1')
		return "kernel.modules_disabled is 1";
	return first_byte("/proc/sys/kernel/modprobe") == '\n' ? "kernel.modprobe is empty" : NULL;
}

static int print_verdict(struct matter *matter)
{
	const char *off = find_switch(matter);
	int r = print_node(matter);

	if (r != 0)
		return r < 0 ? r : 0;
	if (off)
		return print_nothing(matter, off, "");
	if (matter->verdict > KMOD_DEVNAME_VERDICT_BUILT_IN)
		return print_bad(matter);
	r = print_good(matter);
	return r < 0 ? r : !matter->broken;
}

int explain_verdict(struct explain *explain, const struct node *node, const struct number *number,
		    const struct kmod_devname_resolution *resolution)
{
	struct matter matter = {
		.explain = explain,
		.node = node,
		.number = number,
		.resolution = resolution,
		.verdict = kmod_devname_resolution_get_verdict(resolution),
	};
	int r = find_names(&matter);

	find_broken(&matter);
	if (r == 0)
		r = print_verdict(&matter);
	free(matter.names);
	free(matter.place);
	return r;
}
