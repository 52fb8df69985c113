// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The findings of check. They are its result, so they are lines or JSON on standard output, where
 * other commands print them on stderr.
 *
 * Each step of a check hands its report to finish_check(). This leaves out the findings of
 * --ignore, prints the others or adds them to a sheet, and returns the status that they give. At
 * the end print_check() prints the sheet as JSON.
 */

#include <string.h>

#include "check.h"

static const struct sheet_column finding_columns[] = {
	{ .name = "FILE" },     { .name = "LINE", .number = true },
	{ .name = "SEVERITY" }, { .name = "CODE" },
	{ .name = "MESSAGE" },  { .name = "KERNEL" },
};

void check_init(struct check *check)
{
	*check = (struct check){
		.sheet = { .title = "findings",
			   .columns = finding_columns,
			   .n_columns = sizeof(finding_columns) / sizeof(finding_columns[0]) },
	};
}

void check_done(struct check *check)
{
	sheet_done(&check->sheet);
	config_paths_done(&check->configs);
}

/* All codes but that of a failure of the system, which cannot be ignored. */
bool parse_ignored(struct check *check, const char *list)
{
	size_t size;
	int code;

	for (;; list += size + 1) {
		size = strcspn(list, ",");
		for (code = 0; code < KMOD_DEVNAME_SYSTEM; code++) {
			const char *known =
				kmod_devname_code_to_string((enum kmod_devname_code)code);

			if (known && strlen(known) == size && strncmp(known, list, size) == 0)
				break;
		}
		if (code == KMOD_DEVNAME_SYSTEM) {
			say("--ignore: there is no finding '%.*s'", (int)size, list);
			return false;
		}
		check->ignored[code] = true;
		if (list[size] == '\0')
			return true;
	}
}

static void add_finding_row(struct check *check, const struct kmod_devname_finding *finding,
			    const char *directory, const char *version)
{
	enum kmod_devname_severity severity = kmod_devname_finding_get_severity(finding);
	enum kmod_devname_code code = kmod_devname_finding_get_code(finding);
	_cleanup_free_ char *path = finding_path(finding, directory, &check->common);
	size_t line = kmod_devname_finding_get_line(finding);
	char number[32] = "";

	if (line > 0)
		(void)snprintf(number, sizeof(number), "%zu", line);
	sheet_add(&check->sheet, path);
	sheet_add(&check->sheet, number);
	sheet_add(&check->sheet, kmod_devname_severity_to_string(severity));
	sheet_add(&check->sheet, kmod_devname_code_to_string(code));
	sheet_add(&check->sheet, kmod_devname_finding_get_message(finding));
	sheet_add_escaped(&check->sheet, version);
}

/* The codes of findings that the report has left out are unknown, so --ignore does not apply. */
static enum status say_check_left_out(const struct check *check,
				      const struct kmod_devname_report *report,
				      const char *directory)
{
	enum status status = STATUS_CLEAN;
	size_t all = 0;

	for (int i = KMOD_DEVNAME_NOTE; i <= KMOD_DEVNAME_ERROR; i++) {
		enum kmod_devname_severity severity = (enum kmod_devname_severity)i;
		size_t n = report_left_out(report, severity);

		if (n > 0)
			status = worse(status, finding_status(severity, &check->common));
		if (check->json || is_wanted(severity, &check->common))
			all += n;
	}
	say_left_out(report, all, directory, &check->common);
	return status;
}

static enum status show_findings(struct check *check, const struct kmod_devname_report *report,
				 const char *directory, const char *version)
{
	enum status status = STATUS_CLEAN;

	for (size_t i = 0; i < kmod_devname_report_size(report); i++) {
		const struct kmod_devname_finding *finding = kmod_devname_report_get(report, i);
		enum kmod_devname_severity severity = kmod_devname_finding_get_severity(finding);
		enum kmod_devname_code code = kmod_devname_finding_get_code(finding);

		/* a failure of the check is not part of its result */
		if (code == KMOD_DEVNAME_SYSTEM) {
			print_finding(stderr, finding, directory, &check->common);
			continue;
		}
		if (check->ignored[code])
			continue;
		if (check->json)
			add_finding_row(check, finding, directory, version);
		else if (is_wanted(severity, &check->common))
			print_finding(stdout, finding, directory, &check->common);
		status = worse(status, finding_status(severity, &check->common));
	}
	return worse(status, say_check_left_out(check, report, directory));
}

enum status finish_check(struct check *check, struct kmod_devname_report *report, int error,
			 const char *directory, const char *version)
{
	const char *what = directory && *directory != '\0' ? directory : "check";
	enum status status = show_findings(check, report, directory, version);

	if (error < 0)
		status = say_call_failure(report, what, error);
	kmod_devname_report_unref(report);
	return status;
}

enum status print_check(const struct check *check)
{
	const struct sheet_style style = { .json = true };

	return check->json ? sheet_print(&check->sheet, &style) : STATUS_CLEAN;
}
