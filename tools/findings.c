// SPDX-License-Identifier: GPL-2.0-or-later
/* Findings as lines of text or as JSON, but for those that are ignored. */

#include "findings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice.h"

static const struct sheet_column columns[] = {
	{ .name = "FILE" },     { .name = "LINE", .number = true },
	{ .name = "SEVERITY" }, { .name = "CODE" },
	{ .name = "MESSAGE" },  { .name = "KERNEL" },
};

void findings_init(struct findings *findings, const struct common *common)
{
	*findings = (struct findings){
		.common = common,
		.sheet = { .title = "findings",
			   .columns = columns,
			   .n_columns = sizeof(columns) / sizeof(columns[0]) },
	};
}

void findings_done(struct findings *findings)
{
	sheet_done(&findings->sheet);
}

/* A failure of the system cannot be ignored. */
static bool ignore_one(struct findings *findings, const char *name, size_t size)
{
	for (int code = 0; code < KMOD_DEVNAME_SYSTEM; code++) {
		const char *known = kmod_devname_code_to_string((enum kmod_devname_code)code);

		if (known && strlen(known) == size && strncmp(known, name, size) == 0) {
			findings->ignored[code] = true;
			return true;
		}
	}
	return false;
}

bool findings_ignore(struct findings *findings, const char *list)
{
	size_t size;

	for (;; list += size + 1) {
		size = strcspn(list, ",");
		if (!ignore_one(findings, list, size)) {
			say("--ignore: there is no finding '%.*s'", (int)size, list);
			return false;
		}
		if (list[size] == '\0')
			return true;
	}
}

/* With what to do about it; NULL if there is no memory. */
static char *message_of(const struct kmod_devname_finding *finding)
{
	const char *advice = advice_for(finding);
	char *text;

	if (asprintf(&text, "%s%s%s", kmod_devname_finding_get_message(finding), advice ? "; " : "",
		     advice ? advice : "") < 0)
		return NULL;
	return text;
}

static char *line_number(const struct kmod_devname_finding *finding)
{
	size_t line = kmod_devname_finding_get_line(finding);
	char *text;

	if (line == 0)
		return strdup("");
	return asprintf(&text, "%zu", line) < 0 ? NULL : text;
}

static int add_row(struct findings *findings, const struct kmod_devname_finding *finding,
		   const char *directory, const char *version)
{
	enum kmod_devname_severity severity = kmod_devname_finding_get_severity(finding);
	enum kmod_devname_code code = kmod_devname_finding_get_code(finding);
	struct sheet *sheet = &findings->sheet;
	int r = sheet_add(sheet, finding_path(finding, directory, findings->common));

	if (r == 0)
		r = sheet_add(sheet, line_number(finding));
	if (r == 0)
		r = sheet_add(sheet, strdup(kmod_devname_severity_to_string(severity)));
	if (r == 0)
		r = sheet_add(sheet, strdup(kmod_devname_code_to_string(code)));
	if (r == 0)
		r = sheet_add(sheet, message_of(finding));
	return r == 0 ? sheet_add(sheet, escape(version)) : r;
}

static int take(struct findings *findings, const struct kmod_devname_finding *finding,
		const char *directory, const char *version)
{
	if (findings->json)
		return add_row(findings, finding, directory, version);
	if (is_wanted(kmod_devname_finding_get_severity(finding), findings->common))
		print_finding(stdout, finding, advice_for(finding), directory, findings->common);
	return 0;
}

/* The worst that a finding can mean for the exit status. */
static enum status weigh(const struct findings *findings, enum kmod_devname_severity severity)
{
	if (severity == KMOD_DEVNAME_ERROR)
		return STATUS_FINDINGS;
	return severity == KMOD_DEVNAME_WARNING && findings->common->strict ? STATUS_FINDINGS
									    : STATUS_CLEAN;
}

/* Those that the report has only counted are of unknown code, and count. */
static enum status say_more(const struct findings *findings,
			    const struct kmod_devname_report *report, const char *directory)
{
	enum status status = STATUS_CLEAN;
	size_t all = 0, shown = kmod_devname_report_size(report);

	for (int severity = KMOD_DEVNAME_NOTE; severity <= KMOD_DEVNAME_ERROR; severity++)
		all += kmod_devname_report_count(report, (enum kmod_devname_severity)severity);
	if (all == shown)
		return STATUS_CLEAN;
	say("%s: there are %zu more findings", directory ? directory : "check", all - shown);
	for (int severity = KMOD_DEVNAME_NOTE; severity <= KMOD_DEVNAME_ERROR; severity++)
		if (kmod_devname_report_count(report, (enum kmod_devname_severity)severity) > 0)
			status = weigh(findings, (enum kmod_devname_severity)severity);
	return status;
}

enum status findings_take(struct findings *findings, const struct kmod_devname_report *report,
			  const char *directory, const char *version)
{
	size_t n = kmod_devname_report_size(report);
	enum status status = STATUS_CLEAN;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		const struct kmod_devname_finding *finding = kmod_devname_report_get(report, i);
		enum kmod_devname_code code = kmod_devname_finding_get_code(finding);

		if (code == KMOD_DEVNAME_SYSTEM) {
			print_finding(stderr, finding, NULL, directory, findings->common);
			continue;
		}
		if (findings->ignored[code])
			continue;
		r = take(findings, finding, directory, version);
		status = worse(status, weigh(findings, kmod_devname_finding_get_severity(finding)));
	}
	return r < 0 ? say_failure(directory ? directory : "check", r)
		     : worse(status, say_more(findings, report, directory));
}

enum status findings_end(const struct findings *findings)
{
	const struct sheet_style style = { .json = true };

	return say_sheet_failure(findings->json ? sheet_print(&findings->sheet, &style) : 0);
}
