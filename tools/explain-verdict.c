// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain: the steps of a resolution, and the verdict.
 *
 * The library answers for a number: which aliases the kernel asks for, which module entries
 * modprobe comes to, and what happens to each. The verdict adds what only explain knows: the node,
 * the module that modules.devname promises, and the switches of the running kernel.
 */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "explain.h"
#include "input.h"
#include "modprobe/modprobe.h"
#include "node/table.h"

/* " (FILE:LINE)" of the statement that decides about a step, or ""; to be freed. */
static char *location_text(const struct explain *explain, const struct kmod_devname_step *step)
{
	const char *file = kmod_devname_step_get_file(step);
	const char *root = explain->common.basedir ? explain->common.basedir : "";
	size_t line = kmod_devname_step_get_line(step);

	if (!file)
		return xstrdup("");
	if (line == 0)
		return xasprintf(" (%s)", file);
	return xasprintf(" (%s%s:%zu)", strcmp(root, "/") == 0 ? "" : root, file, line);
}

/* What happens to the module of a step, with the file that is loaded or the command that is run. */
static char *step_text(const struct kmod_devname_step *step)
{
	const char *path = kmod_devname_step_get_path(step);
	const char *obstacle = kmod_devname_step_get_obstacle(step);
	enum kmod_devname_verdict verdict = kmod_devname_step_get_verdict(step);

	if (obstacle && path)
		return xasprintf("is not loaded from %s since %s is not", path, obstacle);
	if (obstacle)
		return xasprintf("is not loaded since %s is not", obstacle);
	if (verdict == KMOD_DEVNAME_VERDICT_NO_FILE && path)
		return xasprintf("is in modules.dep, but there is no %s", path);
	switch (verdict) {
	case KMOD_DEVNAME_VERDICT_LOADS:
		return xasprintf("is loaded from %s", path);
	case KMOD_DEVNAME_VERDICT_LOADED:
		return xstrdup("is loaded already");
	case KMOD_DEVNAME_VERDICT_BUILT_IN:
		return xstrdup("is built into the kernel");
	case KMOD_DEVNAME_VERDICT_COMMAND:
		return xasprintf("has an install command, which is run instead: %s",
				 kmod_devname_step_get_command(step));
	case KMOD_DEVNAME_VERDICT_BLACKLISTED:
		return xstrdup("is blacklisted");
	case KMOD_DEVNAME_VERDICT_OFF:
		return xstrdup("is an alias that leads to nothing");
	default:
		return xstrdup("is not in modules.dep");
	}
}

static void print_step(struct explain *explain, const struct kmod_devname_step *step)
{
	enum kmod_devname_role role = kmod_devname_step_get_role(step);
	const struct explain_row row = {
		.step = "module",
		.subject = kmod_devname_step_get_module(step),
		.result = kmod_devname_verdict_to_string(kmod_devname_step_get_verdict(step)),
		.role = kmod_devname_role_to_string(role),
		.file = kmod_devname_step_get_file(step),
		.line = kmod_devname_step_get_line(step),
	};
	_cleanup_free_ char *location = location_text(explain, step);
	_cleanup_free_ char *text = step_text(step);

	if (role == KMOD_DEVNAME_ROLE_ALIAS)
		explain_print(explain, &row, "%s %s%s", row.subject, text, location);
	else
		explain_print(explain, &row, "%s, a %s, %s%s", row.subject, row.role, text,
			      location);
}

static void print_aliases(struct explain *explain, const struct device_number *number,
			  const struct kmod_devname_resolution *resolution)
{
	struct explain_row row = { .step = "asked" };
	char text[SYNTAX_NUMBER_SIZE];
	const char *alias;

	if (!kmod_devname_resolution_get_alias(resolution, 0)) {
		row.subject = syntax_format_number(number, text);
		row.result = "no";
		explain_print(explain, &row, "the kernel asks for no module for %s", row.subject);
		return;
	}
	row.result = "yes";
	for (size_t i = 0; (alias = kmod_devname_resolution_get_alias(resolution, i)); i++) {
		row.subject = alias;
		explain_print(explain, &row, "%s is what the kernel asks for%s", alias,
			      i > 0 ? " if that fails" : "");
	}
}

int resolve_number(struct explain *explain, const struct device_number *number,
		   struct kmod_devname_resolution **ret_resolution)
{
	struct kmod_devname_report *report = xreport_new();
	struct kmod_devname_resolution *resolution;
	int r = kmod_devname_resolution_new(explain->kernels.root_fd, explain->kernel->directory,
					    number->type, number->major, number->minor,
					    explain->running ? KMOD_DEVNAME_RESOLVE_RUNNING : 0,
					    report, &resolution);

	/* a second resolution reads the same configuration again */
	if (!explain->reported)
		explain->findings =
			worse(explain->findings,
			      print_report(report, explain->kernel->path, &explain->common));
	explain->reported = true;
	kmod_devname_report_unref(report);
	if (r < 0)
		return r;
	print_aliases(explain, number, resolution);
	for (size_t i = 0; i < kmod_devname_resolution_size(resolution); i++)
		print_step(explain, kmod_devname_resolution_get(resolution, i));
	*ret_resolution = resolution;
	return 0;
}

/* The parts of the sentence. */
struct verdict {
	struct explain *explain;
	const struct found_node *node; /* NULL: a number was given */
	const struct device_number *number;
	const struct kmod_devname_resolution *resolution;
	enum kmod_devname_verdict value;
	char *names; /* of the modules that led to it, "a, b" */
	const struct kmod_devname_step *first; /* of these */
	char *location; /* of the first */
	const struct kmod_devname_node *broken; /* declares a module that will not be there */
	const struct kmod_devname_node
		*live; /* declares one that is loaded, whatever is asked for */
};

/* The module that decides about a step: another one that stops it, or its own. */
static const char *deciding_module(const struct kmod_devname_step *step)
{
	const char *obstacle = kmod_devname_step_get_obstacle(step);

	return obstacle ? obstacle : kmod_devname_step_get_module(step);
}

/*
 * All modules that are loaded are named. With other verdicts these are the modules that were asked
 * for, or the ones that stop them; a module that stops another is known by its name alone, since
 * the verdict on itself may differ.
 */
static bool is_named(const struct verdict *verdict, const struct kmod_devname_step *step)
{
	const char *module = kmod_devname_step_get_module(step);

	if (verdict->value == KMOD_DEVNAME_VERDICT_LOADS)
		return kmod_devname_step_get_verdict(step) == verdict->value;
	for (size_t i = 0; i < kmod_devname_resolution_size(verdict->resolution); i++) {
		const struct kmod_devname_step *asked =
			kmod_devname_resolution_get(verdict->resolution, i);

		if (kmod_devname_step_get_role(asked) == KMOD_DEVNAME_ROLE_ALIAS &&
		    kmod_devname_step_get_verdict(asked) == verdict->value &&
		    strcmp(deciding_module(asked), module) == 0)
			return true;
	}
	return false;
}

static void find_named_modules(struct verdict *verdict)
{
	for (size_t i = 0; i < kmod_devname_resolution_size(verdict->resolution); i++) {
		const struct kmod_devname_step *step =
			kmod_devname_resolution_get(verdict->resolution, i);

		if (!is_named(verdict, step))
			continue;
		append_word(&verdict->names, kmod_devname_step_get_module(step));
		if (!verdict->first) {
			verdict->first = step;
			verdict->location = location_text(verdict->explain, step);
		}
	}
}

/*
 * Sets broken if modules are declared, and none of them will be there. One that will, though the
 * alias leads elsewhere, is the verdict: the driver has the number.
 */
static void find_broken_promise(struct verdict *verdict)
{
	const struct kmod_devname_table *table = verdict->explain->table;

	for (size_t i = 0; i < kmod_devname_table_size(table); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(table, i);
		const char *module = kmod_devname_node_get_module(node);
		const struct kmod_devname_step *step;

		if (!explain_is_declared(verdict->explain, node))
			continue;
		step = resolution_find_step(verdict->resolution, module);
		if (kmod_devname_resolution_loads(verdict->resolution, module)) {
			verdict->broken = NULL;
			if (step &&
			    kmod_devname_step_get_verdict(step) == KMOD_DEVNAME_VERDICT_LOADS)
				verdict->value = KMOD_DEVNAME_VERDICT_LOADS;
			else if (!step || verdict->value > KMOD_DEVNAME_VERDICT_BUILT_IN)
				verdict->live = node;
			return;
		}
		verdict->broken = node;
	}
}

__attribute__((format(printf, 2, 3))) static void print_nothing(const struct verdict *verdict,
								const char *format, ...)
{
	const struct explain_row row = { .step = "verdict",
					 .subject = verdict->explain->subject,
					 .result = "nothing" };
	_cleanup_free_ char *reason = NULL;
	va_list args;

	va_start(args, format);
	reason = xvasprintf(format, args);
	va_end(args);
	explain_print(verdict->explain, &row, "nothing will be loaded: %s", reason);
}

static void print_command(const struct verdict *verdict)
{
	const struct explain_row row = { .step = "verdict",
					 .subject = verdict->explain->subject,
					 .result = "command" };

	explain_print(verdict->explain, &row,
		      "opening %s runs a command instead of loading %s: %s%s", row.subject,
		      verdict->names, kmod_devname_step_get_command(verdict->first),
		      verdict->location);
}

static void print_bad_verdict(const struct verdict *verdict)
{
	switch (verdict->value) {
	case KMOD_DEVNAME_VERDICT_COMMAND:
		print_command(verdict);
		break;
	case KMOD_DEVNAME_VERDICT_BLACKLISTED:
		print_nothing(verdict, "%s is blacklisted%s", verdict->names, verdict->location);
		break;
	case KMOD_DEVNAME_VERDICT_OFF:
		print_nothing(verdict, "an alias turns it off%s", verdict->location);
		break;
	case KMOD_DEVNAME_VERDICT_NO_FILE:
		print_nothing(verdict, "%s %s%s", verdict->names,
			      kmod_devname_step_get_path(verdict->first)
				      ? "is in modules.dep, but its file does not exist"
				      : "is not in modules.dep",
			      verdict->location);
		break;
	case KMOD_DEVNAME_VERDICT_NO_INDEX:
		print_nothing(verdict,
			      "there are no indexes, or they cannot be read; run depmod for %s",
			      verdict->explain->kernel->version);
		break;
	case KMOD_DEVNAME_VERDICT_NOT_ASKED:
		if (verdict->number->type == S_IFCHR)
			print_nothing(verdict,
				      "c10:255 is no device, but a request for any number, and "
				      "kernels since 2025 ask for no module");
		else
			print_nothing(verdict, "this kernel loads no modules for block devices "
					       "(CONFIG_BLOCK_LEGACY_AUTOLOAD)");
		break;
	default:
		print_nothing(verdict, "no module has the alias %s",
			      kmod_devname_resolution_get_alias(verdict->resolution, 0));
		break;
	}
}

/* The module that modules.devname promises and that will not be there is named too. */
static void print_good_verdict(const struct verdict *verdict)
{
	const struct kmod_devname_node *broken = verdict->broken;
	const char *other = broken ? kmod_devname_node_get_module(broken) : "";
	const char *not = broken ? ", and not " : "";
	const struct explain_row row = {
		.step = "verdict",
		.subject = verdict->explain->subject,
		.result = broken ? "other" : kmod_devname_verdict_to_string(verdict->value),
	};

	if (verdict->value == KMOD_DEVNAME_VERDICT_LOADS)
		explain_print(verdict->explain, &row, "opening %s loads %s%s%s", row.subject,
			      verdict->names, not, other);
	else
		explain_print(verdict->explain, &row, "opening %s needs no module: %s is %s%s%s",
			      row.subject, verdict->names,
			      verdict->value == KMOD_DEVNAME_VERDICT_LOADED
				      ? "loaded already"
				      : "built into the kernel",
			      not, other);
}

/* True if modules.devname has another number for the node, so that its module is not reached. */
static bool print_wrong_number(const struct verdict *verdict)
{
	struct explain *explain = verdict->explain;
	const struct kmod_devname_node *declared = table_find(explain->table, explain->name);
	const struct explain_row row = { .step = "verdict",
					 .subject = explain->subject,
					 .result = "wrong-number" };
	char is[SYNTAX_NUMBER_SIZE], wanted[SYNTAX_NUMBER_SIZE];
	struct device_number number;

	if (!declared)
		return false;
	number = node_number(declared);
	if (syntax_same_number(&number, &verdict->node->number))
		return false;
	explain_print(explain, &row, "opening %s does not reach %s: it is %s, and not %s",
		      row.subject, kmod_devname_node_get_module(declared),
		      syntax_format_number(&verdict->node->number, is),
		      syntax_format_number(&number, wanted));
	return true;
}

/* A bad node stops the opening before any module counts. Returns whether that was printed. */
static bool print_bad_node(const struct verdict *verdict)
{
	const struct explain *explain = verdict->explain;
	const struct found_node *node = verdict->node;

	if (!node)
		return false;
	if (node->state == NODE_ABSENT) {
		/* in an image: its nodes are made when the system starts */
		if (!explain->running && !explain->dev)
			return false;
		print_nothing(verdict, "%s does not exist", explain->subject);
		return true;
	}
	if (node->state == NODE_NO_DEVICE) {
		print_nothing(verdict, "%s is not a device node", explain->subject);
		return true;
	}
	if (node->is_nodev && explain->running) {
		print_nothing(verdict, "%s is on a file system that is mounted nodev",
			      explain->subject);
		return true;
	}
	return print_wrong_number(verdict);
}

/* The first byte of a file, '\0' if there is none. */
static char read_first_byte(const char *path)
{
	FILE *stream;
	int c;

	if (open_path_stream(path, &stream) < 0)
		return '\0';
	c = getc(stream);
	(void)fclose(stream);
	return c == EOF ? '\0' : (char)c;
}

/* The sysctl that keeps the running kernel from loading modules, see modprobe(8) and proc(5). */
static const char *find_sysctl(const struct verdict *verdict)
{
	if (!verdict->explain->running || verdict->value != KMOD_DEVNAME_VERDICT_LOADS)
		return NULL;
	if (read_first_byte("/proc/sys/kernel/modules_disabled") == '1')
		return "kernel.modules_disabled is 1";
	if (read_first_byte("/proc/sys/kernel/modprobe") == '\n')
		return "kernel.modprobe is empty";
	return NULL;
}

static bool print_sentence(const struct verdict *verdict)
{
	const char *sysctl = find_sysctl(verdict);

	if (print_bad_node(verdict))
		return false;
	if (verdict->live) {
		const struct explain_row row = { .step = "verdict",
						 .subject = verdict->explain->subject,
						 .result = "loaded" };

		explain_print(verdict->explain, &row,
			      "opening %s needs no module: %s is loaded already", row.subject,
			      kmod_devname_node_get_module(verdict->live));
		return true;
	}
	if (sysctl) {
		print_nothing(verdict, "%s", sysctl);
		return false;
	}
	if (verdict->value > KMOD_DEVNAME_VERDICT_BUILT_IN) {
		print_bad_verdict(verdict);
		return false;
	}
	print_good_verdict(verdict);
	return !verdict->broken;
}

bool print_verdict(struct explain *explain, const struct found_node *node,
		   const struct device_number *number,
		   const struct kmod_devname_resolution *resolution)
{
	struct verdict verdict = {
		.explain = explain,
		.node = node,
		.number = number,
		.resolution = resolution,
		.value = kmod_devname_resolution_get_verdict(resolution),
	};
	bool is_good;

	find_broken_promise(&verdict);
	find_named_modules(&verdict);
	is_good = print_sentence(&verdict);
	free(verdict.names);
	free(verdict.location);
	return is_good;
}
