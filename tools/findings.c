// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Findings are what check is about: they go to standard output as lines or as JSON, and not to
 * stderr as those of other commands. --ignore leaves some out.
 */

#include <string.h>

#include "check.h"

static const struct sheet_column finding_columns[] = {
	{ .name = "FILE" },     { .name = "LINE", .number = true },
	{ .name = "SEVERITY" }, { .name = "CODE" },
	{ .name = "MESSAGE" },  { .name = "KERNEL" },
};

/* Remedies, for the findings whose messages only name the problem. */
static const struct {
	enum kmod_devname_code code;
	const char *text;
} hints[] = {
	{ KMOD_DEVNAME_MALFORMED, "install or build the module again" },
	{ KMOD_DEVNAME_CORRUPT, "install or build the module again" },
	{ KMOD_DEVNAME_UNSUPPORTED, "compress it with gzip, xz or zstd, or use a build that can" },
	{ KMOD_DEVNAME_TOO_LARGE, "build the module again, or compress it in another way" },
	{ KMOD_DEVNAME_DANGLING_LINK, "remove it, or install what it is to lead to" },
	{ KMOD_DEVNAME_NOT_REGULAR, "remove it" },
	{ KMOD_DEVNAME_VANISHED, "check again when nothing is being installed" },
	{ KMOD_DEVNAME_DUPLICATE_MODULE, "remove one, or say in depmod.d(5) which one counts" },
	{ KMOD_DEVNAME_BAD_ORDER, "install the kernel again" },
	{ KMOD_DEVNAME_UNREADABLE, "make it readable, or remove it" },
	{ KMOD_DEVNAME_BAD_NAME, "declare one as modules.devname(5) has it" },
	{ KMOD_DEVNAME_BAD_NUMBER, "correct the alias" },
	{ KMOD_DEVNAME_BAD_MODULE_NAME, "rename the file" },
	{ KMOD_DEVNAME_TOO_MANY_ALIASES, "declare fewer" },
	{ KMOD_DEVNAME_BAD_LINE, "run kmod-devname generate" },
	{ KMOD_DEVNAME_CUT_LINE, "run kmod-devname generate" },
	{ KMOD_DEVNAME_BAD_CONFIG, "correct or remove it" },
	{ KMOD_DEVNAME_BAD_RULE, "correct the rule" },
	{ KMOD_DEVNAME_UNKNOWN_OWNER, "add it there, or correct the rule" },
	{ KMOD_DEVNAME_NAME_CONFLICT, "remove one of the modules" },
	{ KMOD_DEVNAME_NODEV, "mount it without nodev" },
};

/* NULL: the message says what to do. */
static const char *find_hint(const struct kmod_devname_finding *finding)
{
	enum kmod_devname_code code = kmod_devname_finding_get_code(finding);

	/* an error in modules.devname, a warning in files that people write */
	if (code == KMOD_DEVNAME_LONG_LINE)
		return kmod_devname_finding_get_severity(finding) == KMOD_DEVNAME_ERROR
			       ? "run kmod-devname generate"
			       : "correct or remove it";
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (hints[i].code == code)
			return hints[i].text;
	return NULL;
}

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

/* A failure of the system cannot be ignored. */
static bool parse_code(const char *name, size_t size, enum kmod_devname_code *ret_code)
{
	for (int code = 0; code < KMOD_DEVNAME_SYSTEM; code++) {
		const char *known = kmod_devname_code_to_string((enum kmod_devname_code)code);

		if (known && strlen(known) == size && strncmp(known, name, size) == 0) {
			*ret_code = (enum kmod_devname_code)code;
			return true;
		}
	}
	return false;
}

bool parse_ignored(struct check *check, const char *list)
{
	enum kmod_devname_code code;
	size_t size;

	for (;; list += size + 1) {
		size = strcspn(list, ",");
		if (!parse_code(list, size, &code)) {
			say("--ignore: there is no finding '%.*s'", (int)size, list);
			return false;
		}
		check->ignored[code] = true;
		if (list[size] == '\0')
			return true;
	}
}

/* Later releases of the library may have codes beyond the array. */
static bool is_ignored(const struct check *check, enum kmod_devname_code code)
{
	return (size_t)code < sizeof(check->ignored) && check->ignored[code];
}

static void add_finding_row(struct check *check, const struct kmod_devname_finding *finding,
			    const char *directory, const char *version)
{
	enum kmod_devname_severity severity = kmod_devname_finding_get_severity(finding);
	enum kmod_devname_code code = kmod_devname_finding_get_code(finding);
	const char *hint = find_hint(finding);
	_cleanup_free_ char *path = finding_path(finding, directory, &check->common);
	_cleanup_free_ char *message =
		xasprintf("%s%s%s", kmod_devname_finding_get_message(finding), hint ? "; " : "",
			  hint ? hint : "");
	size_t line = kmod_devname_finding_get_line(finding);
	char number[32] = "";

	if (line > 0)
		(void)snprintf(number, sizeof(number), "%zu", line);
	sheet_add(&check->sheet, path);
	sheet_add(&check->sheet, number);
	sheet_add(&check->sheet, kmod_devname_severity_to_string(severity));
	sheet_add(&check->sheet, kmod_devname_code_to_string(code));
	sheet_add(&check->sheet, message);
	sheet_add_escaped(&check->sheet, version);
}

static enum status finding_status(const struct check *check, enum kmod_devname_severity severity)
{
	if (severity == KMOD_DEVNAME_WARNING)
		return check->common.strict ? STATUS_FINDINGS : STATUS_CLEAN;
	return severity == KMOD_DEVNAME_ERROR ? STATUS_FINDINGS : STATUS_CLEAN;
}

/* Findings that the report has only counted are of unknown code, so --ignore does not apply. */
static enum status say_more_findings(const struct check *check,
				     const struct kmod_devname_report *report,
				     const char *directory)
{
	size_t all = 0, shown = kmod_devname_report_size(report);
	enum status status = STATUS_CLEAN;

	for (int i = KMOD_DEVNAME_NOTE; i <= KMOD_DEVNAME_ERROR; i++) {
		enum kmod_devname_severity severity = (enum kmod_devname_severity)i;
		size_t n = kmod_devname_report_count(report, severity);

		all += n;
		if (n > 0)
			status = worse(status, finding_status(check, severity));
	}
	if (all == shown)
		return STATUS_CLEAN;
	say("%s: there are %zu more findings", directory ? directory : "check", all - shown);
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

		/* a failure of the check is no result of it */
		if (code == KMOD_DEVNAME_SYSTEM) {
			print_finding(stderr, finding, NULL, directory, &check->common);
			continue;
		}
		if (is_ignored(check, code))
			continue;
		if (check->json)
			add_finding_row(check, finding, directory, version);
		else if (is_wanted(severity, &check->common))
			print_finding(stdout, finding, find_hint(finding), directory,
				      &check->common);
		status = worse(status, finding_status(check, severity));
	}
	return worse(status, say_more_findings(check, report, directory));
}

enum status finish_check(struct check *check, struct kmod_devname_report *report, int error,
			 const char *directory, const char *version)
{
	enum status status = show_findings(check, report, directory, version);

	if (error < 0) {
		if (!report_has(report, KMOD_DEVNAME_SYSTEM))
			say_failure(directory && *directory != '\0' ? directory : "check", error);
		status = STATUS_FAILED;
	}
	kmod_devname_report_unref(report);
	return status;
}

enum status print_check(const struct check *check)
{
	const struct sheet_style style = { .json = true };

	return check->json ? sheet_print(&check->sheet, &style) : STATUS_CLEAN;
}
