// SPDX-License-Identifier: GPL-2.0-or-later
/* explain: what the kernel asks for, and which modules that leads to. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"

char *explain_place(const struct explain *explain, const struct kmod_devname_step *step)
{
	const char *file = kmod_devname_step_get_file(step);
	const char *root = explain->common.basedir ? explain->common.basedir : "";
	size_t line = kmod_devname_step_get_line(step);
	char *text;
	int r;

	if (!file)
		return strdup("");
	if (line == 0)
		r = asprintf(&text, " (%s)", file);
	else
		r = asprintf(&text, " (%s%s:%zu)", strcmp(root, "/") == 0 ? "" : root, file, line);
	return r < 0 ? NULL : text;
}

static const char *what_happens(enum kmod_devname_verdict verdict)
{
	switch (verdict) {
	case KMOD_DEVNAME_VERDICT_LOADS:
		return "is loaded from ";
	case KMOD_DEVNAME_VERDICT_LOADED:
		return "is loaded already";
	case KMOD_DEVNAME_VERDICT_BUILT_IN:
		return "is built into the kernel";
	case KMOD_DEVNAME_VERDICT_COMMAND:
		return "has an install command, which is run instead: ";
	case KMOD_DEVNAME_VERDICT_BLACKLISTED:
		return "is blacklisted";
	case KMOD_DEVNAME_VERDICT_OFF:
		return "is an alias that leads to nothing";
	default:
		return "is not in modules.dep";
	}
}

/* What happens to it, with the file that is loaded or the command that is run. */
static char *fate(const struct kmod_devname_step *step)
{
	enum kmod_devname_verdict verdict = kmod_devname_step_get_verdict(step);
	const char *path = kmod_devname_step_get_path(step), *detail = "";
	const char *obstacle = kmod_devname_step_get_obstacle(step);
	char *text;
	int r;

	if (verdict == KMOD_DEVNAME_VERDICT_COMMAND)
		detail = kmod_devname_step_get_command(step);
	else if (verdict == KMOD_DEVNAME_VERDICT_LOADS)
		detail = path;
	if (obstacle)
		r = asprintf(&text, "is not loaded from %s since %s is not", path, obstacle);
	else if (verdict == KMOD_DEVNAME_VERDICT_NO_FILE && path)
		r = asprintf(&text, "is in modules.dep, but there is no %s", path);
	else
		r = asprintf(&text, "%s%s", what_happens(verdict), detail);
	return r < 0 ? NULL : text;
}

static int print_step(struct explain *explain, const struct kmod_devname_step *step)
{
	enum kmod_devname_verdict verdict = kmod_devname_step_get_verdict(step);
	enum kmod_devname_role role = kmod_devname_step_get_role(step);
	const struct link link = { .step = "module",
				   .subject = kmod_devname_step_get_module(step),
				   .result = kmod_devname_verdict_to_string(verdict),
				   .role = kmod_devname_role_to_string(role),
				   .file = kmod_devname_step_get_file(step),
				   .line = kmod_devname_step_get_line(step) };
	char *place = explain_place(explain, step), *text = fate(step);
	int r = -ENOMEM;

	if (place && text && role == KMOD_DEVNAME_ROLE_ALIAS)
		r = explain_print(explain, &link, "%s %s%s", link.subject, text, place);
	else if (place && text)
		r = explain_print(explain, &link, "%s, a %s, %s%s", link.subject, link.role, text,
				  place);
	free(text);
	free(place);
	return r;
}

static int print_aliases(struct explain *explain, const struct number *number,
			 const struct kmod_devname_resolution *resolution)
{
	char *text = number_text(number);
	struct link link = { .step = "asked", .subject = text, .result = "no" };
	const char *alias;
	int r = text ? 0 : -ENOMEM;

	if (r == 0 && !kmod_devname_resolution_get_alias(resolution, 0))
		r = explain_print(explain, &link, "the kernel asks for no module for %s", text);
	link.result = "yes";
	for (size_t i = 0; r == 0 && (alias = kmod_devname_resolution_get_alias(resolution, i));
	     i++) {
		link.subject = alias;
		r = explain_print(explain, &link, "%s is what the kernel asks for%s", alias,
				  i > 0 ? " if that fails" : "");
	}
	free(text);
	return r;
}

static int print_resolution(struct explain *explain, const struct number *number,
			    const struct kmod_devname_resolution *resolution)
{
	int r = print_aliases(explain, number, resolution);

	for (size_t i = 0; i < kmod_devname_resolution_size(resolution) && r == 0; i++)
		r = print_step(explain, kmod_devname_resolution_get(resolution, i));
	return r;
}

int explain_number(struct explain *explain, const struct number *number,
		   struct kmod_devname_resolution **ret_resolution)
{
	struct kmod_devname_resolution *resolution;
	struct kmod_devname_report *report;
	int r = kmod_devname_report_new(&report);

	if (r < 0)
		return r;
	r = kmod_devname_resolution_new(explain->kernels.root_fd, explain->kernel->directory,
					number->type, number->major, number->minor,
					explain->running ? KMOD_DEVNAME_RESOLVE_RUNNING : 0, report,
					&resolution);
	if (!explain->reported)
		explain->findings =
			worse(explain->findings,
			      print_report(report, explain->kernel->path, &explain->common));
	explain->reported = true;
	kmod_devname_report_unref(report);
	if (r < 0)
		return r;
	r = print_resolution(explain, number, resolution);
	if (r < 0)
		kmod_devname_resolution_unref(resolution);
	else
		*ret_resolution = resolution;
	return r;
}
