// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The findings of check. They are its result, so check prints them as lines or JSON on standard
 * output; other commands print them on stderr.
 *
 * Each step of a check hands its report to finish_check(). This leaves out the findings of
 * --ignore, counts the others, prints them or adds them to a sheet, and returns the status that
 * they give. After the last step of a kernel finish_counts() prints how much was found. At the end
 * the command prints the sheet as JSON.
 */

#include <string.h>
#include <unistd.h>

#include "check.h"

static const struct sheet_column finding_columns[] = {
	{ .name = "FILE" },     { .name = "LINE", .number = true },
	{ .name = "SEVERITY" }, { .name = "CODE" },
	{ .name = "MESSAGE" },  { .name = "KERNEL" },
};

/*
 * All findings, for --list-codes and --ignore, which a failure of the system ends.
 * kmod-devname-findings(7) has the same severities and meanings.
 */
static const struct {
	enum kmod_devname_code code;
	const char *severities;
	const char *meaning;
} finding_kinds[] = {
	{ KMOD_DEVNAME_CODE_MALFORMED, "error", "Not an ELF file, or a damaged one" },
	{ KMOD_DEVNAME_CODE_CORRUPT, "error", "Compressed data is damaged" },
	{ KMOD_DEVNAME_CODE_UNSUPPORTED, "error", "A compression that this build cannot read" },
	{ KMOD_DEVNAME_CODE_TOO_LARGE, "error", "A module is over a limit" },
	{ KMOD_DEVNAME_CODE_DANGLING_LINK, "note", "A symbolic link leads to no file" },
	{ KMOD_DEVNAME_CODE_NOT_REGULAR, "note", "Named like a module, but not a file" },
	{ KMOD_DEVNAME_CODE_VANISHED, "warning", "A module was removed during the run" },
	{ KMOD_DEVNAME_CODE_DUPLICATE_MODULE, "warning/note", "Two files of one module" },
	{ KMOD_DEVNAME_CODE_BAD_ORDER, "warning", "A line of modules.order is invalid" },
	{ KMOD_DEVNAME_CODE_UNREADABLE, "error", "A module or a directory cannot be read" },
	{ KMOD_DEVNAME_CODE_MISSING_NUMBER, "error", "A device name without a device number" },
	{ KMOD_DEVNAME_CODE_AMBIGUOUS, "error", "Pairs of names and numbers are ambiguous" },
	{ KMOD_DEVNAME_CODE_DYNAMIC_MINOR, "error", "The number requests a dynamic minor" },
	{ KMOD_DEVNAME_CODE_BAD_NAME, "error", "An invalid device name" },
	{ KMOD_DEVNAME_CODE_BAD_NUMBER, "error", "An invalid device number" },
	{ KMOD_DEVNAME_CODE_BAD_MODULE_NAME, "error", "An invalid module name" },
	{ KMOD_DEVNAME_CODE_TOO_MANY_ALIASES, "error", "Too many device names and numbers" },
	{ KMOD_DEVNAME_CODE_BAD_LINE, "error", "An invalid line of modules.devname" },
	{ KMOD_DEVNAME_CODE_LONG_LINE, "error/warning", "A line is longer than any valid one" },
	{ KMOD_DEVNAME_CODE_CUT_LINE, "error/warning", "The last line has no line feed" },
	{ KMOD_DEVNAME_CODE_BAD_INDEX, "error/warning", "An index of depmod is damaged" },
	{ KMOD_DEVNAME_CODE_STALE_INDEX, "warning/note", "An index of depmod cannot be used" },
	{ KMOD_DEVNAME_CODE_BAD_CONFIG, "error/warning", "Invalid depmod.d or modprobe.d" },
	{ KMOD_DEVNAME_CODE_BAD_RULE, "error/warning", "An invalid rule of udev" },
	{ KMOD_DEVNAME_CODE_UNKNOWN_OWNER, "error/warning", "A user or group does not exist" },
	{ KMOD_DEVNAME_CODE_NAME_CONFLICT, "error", "Two nodes cannot both have their names" },
	{ KMOD_DEVNAME_CODE_SAME_NUMBER, "warning", "Two names have one device number" },
	{ KMOD_DEVNAME_CODE_SHARED_NODE, "note", "Several modules declare one node" },
	{ KMOD_DEVNAME_CODE_TAKEN_MINOR, "warning", "The minor belongs to another device" },
	{ KMOD_DEVNAME_CODE_BUILT_IN, "warning", "A built-in module has the node" },
	{ KMOD_DEVNAME_CODE_BLOCK_AUTOLOAD, "warning", "The kernel loads no block drivers" },
	{ KMOD_DEVNAME_CODE_NOT_LOADED, "error/warning/note",
	  "Opening the node does not load its module" },
	{ KMOD_DEVNAME_CODE_NO_STATIC_NODE, "warning/note", "A rule of udev applies too late" },
	{ KMOD_DEVNAME_CODE_OUT_OF_DATE, "error", "modules.devname differs from the modules" },
	{ KMOD_DEVNAME_CODE_NO_FILE, "error/warning", "modules.devname does not exist" },
	{ KMOD_DEVNAME_CODE_WRONG_NODE, "error", "A device node has another type or number" },
	{ KMOD_DEVNAME_CODE_OBSTRUCTED, "error", "Another file has the place of the node" },
	{ KMOD_DEVNAME_CODE_NODEV, "warning", "The file system is mounted with nodev" },
	{ KMOD_DEVNAME_CODE_ABSENT, "warning", "The node does not exist" },
	{ KMOD_DEVNAME_CODE_WRONG_MODE, "warning/note",
	  "Mode, owner or ACL differ from udev's rules" },
	{ KMOD_DEVNAME_CODE_SYSTEM, "error", "A system call failed" },
};

#define N_FINDING_KINDS (sizeof(finding_kinds) / sizeof(finding_kinds[0]))

void print_codes(void)
{
	for (size_t i = 0; i < N_FINDING_KINDS; i++)
		printf("%-17s %-18s %s\n", kmod_devname_code_to_string(finding_kinds[i].code),
		       finding_kinds[i].severities, finding_kinds[i].meaning);
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
	list_free(&check->common.configs);
}

const char *get_ignorable_code(int i)
{
	return finding_kinds[i].code != KMOD_DEVNAME_CODE_SYSTEM
		       ? kmod_devname_code_to_string(finding_kinds[i].code)
		       : NULL;
}

bool parse_ignored(struct check *check, const char *list)
{
	for (;; list++) {
		size_t size = strcspn(list, ",");
		int i = look_up_value(get_ignorable_code, list, size);

		if (size == strlen("system") && strncmp(list, "system", size) == 0) {
			say("--ignore: cannot ignore 'system'");
			return false;
		}
		if (i < 0) {
			say("--ignore: '%.*s' is not a code; run kmod-devname check --list-codes",
			    (int)size, list);
			return false;
		}
		check->ignored[finding_kinds[i].code] = true;
		list += size;
		if (*list == '\0')
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

static enum status show_findings(struct check *check, const struct kmod_devname_report *report,
				 const char *directory, const char *version)
{
	enum status status = STATUS_CLEAN;

	for (size_t i = 0; i < kmod_devname_report_size(report); i++) {
		const struct kmod_devname_finding *finding = kmod_devname_report_get(report, i);
		enum kmod_devname_severity severity = kmod_devname_finding_get_severity(finding);
		enum kmod_devname_code code = kmod_devname_finding_get_code(finding);

		/* a failure of the check is not part of its result */
		if (code == KMOD_DEVNAME_CODE_SYSTEM) {
			print_finding(stderr, finding, directory, &check->common);
			continue;
		}
		if (check->ignored[code])
			continue;
		check->counts.findings[severity]++;
		if (check->common.json)
			add_finding_row(check, finding, directory, version);
		else if (is_wanted(severity, &check->common))
			print_finding(stdout, finding, directory, &check->common);
		status = worse(status, finding_status(severity, &check->common));
	}
	/* their codes are unknown, so --ignore does not apply */
	return worse(status, say_left_out(report, directory, &check->common, check->common.json,
					  check->counts.findings));
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

/* "2 errors, 1 note"; to be freed. */
static char *describe_findings(const struct check_counts *counts)
{
	char *list = NULL;

	for (int i = KMOD_DEVNAME_SEVERITY_ERROR; i >= KMOD_DEVNAME_SEVERITY_NOTE; i--) {
		size_t n = counts->findings[i];
		_cleanup_free_ char *word =
			xasprintf("%zu %s%s", n,
				  kmod_devname_severity_to_string((enum kmod_devname_severity)i),
				  n == 1 ? "" : "s");

		if (n > 0)
			append_word(&list, word);
	}
	return list ? list : xstrdup("no findings");
}

static void say_counts(const struct check *check, const struct check_counts *counts,
		       const char *name)
{
	_cleanup_free_ char *findings = describe_findings(counts), *modules = NULL;
	bool hides_notes =
		counts->findings[KMOD_DEVNAME_SEVERITY_NOTE] > 0 && !check->common.verbose;

	if (check->common.quiet || (!check->common.verbose && !isatty(STDERR_FILENO)))
		return;
	if (counts->kernels > 0)
		modules = xasprintf(" of %zu module%s", counts->modules,
				    counts->modules == 1 ? "" : "s");
	say("%s: %zu node%s%s, %s%s", name, counts->nodes, counts->nodes == 1 ? "" : "s",
	    modules ? modules : "", findings, hides_notes ? "; see notes with --verbose" : "");
}

void finish_counts(struct check *check, const char *name)
{
	struct check_counts *total = &check->total;

	say_counts(check, &check->counts, name);
	if (check->counts.kernels > 0) {
		total->kernels += check->counts.kernels;
		total->nodes += check->counts.nodes;
		total->modules += check->counts.modules;
		for (size_t i = 0; i <= KMOD_DEVNAME_SEVERITY_ERROR; i++)
			total->findings[i] += check->counts.findings[i];
	}
	check->counts = (struct check_counts){ 0 };
}

void say_total(struct check *check)
{
	_cleanup_free_ char *name = xasprintf("%zu kernels", check->total.kernels);

	if (check->total.kernels > 1)
		say_counts(check, &check->total, name);
}
