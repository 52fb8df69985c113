// SPDX-License-Identifier: GPL-2.0-or-later
/* What all commands and programs share: messages, reports, exit status. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "tool.h"

char *escape(const char *text)
{
	size_t size = REPORT_ESCAPED_SIZE(strlen(text));
	char *escaped = malloc(size);

	if (escaped)
		report_escape(text, escaped, size);
	return escaped;
}

/* Without memory, which is what there may be to say, it is cut short. */
__attribute__((format(printf, 1, 0))) static void say_in_short(const char *format, va_list args)
{
	char text[1024], escaped[REPORT_ESCAPED_SIZE(sizeof(text))];

	(void)vsnprintf(text, sizeof(text), format, args);
	report_escape(text, escaped, sizeof(escaped));
	(void)fprintf(stderr, "%s: %s\n", program_name, escaped);
}

void say(const char *format, ...)
{
	char *text = NULL, *escaped = NULL;
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	else
		escaped = escape(text);
	if (escaped)
		(void)fprintf(stderr, "%s: %s\n", program_name, escaped);
	else
		say_in_short(format, again);
	va_end(again);
	va_end(args);
	free(escaped);
	free(text);
}

enum status say_failure(const char *what, int error)
{
	say("%s: %s", *what != '\0' ? what : "''", strerror(-error));
	return STATUS_FAILED;
}

bool is_wanted(enum kmod_devname_severity severity, const struct common *common)
{
	if (common->quiet)
		return severity >= KMOD_DEVNAME_ERROR;
	return common->verbose || severity >= KMOD_DEVNAME_WARNING;
}

char *join_path(const char *directory, const char *name)
{
	size_t size = strlen(directory);
	const char *slash = size > 0 && directory[size - 1] == '/' ? "" : "/";
	char *path;

	return asprintf(&path, "%s%s%s", directory, slash, name) < 0 ? NULL : path;
}

static char *get_path(const char *directory, const char *file, const struct common *common)
{
	if (!file)
		return strdup(directory ? directory : "-");
	if (!directory)
		return strdup(*file != '\0' ? file : "''");
	if (file[0] == '/')
		return join_path(common->basedir ? common->basedir : "/", file + 1);
	return join_path(directory, file);
}

char *finding_path(const struct kmod_devname_finding *finding, const char *directory,
		   const struct common *common)
{
	char *path = get_path(directory, kmod_devname_finding_get_file(finding), common);
	char *escaped = path ? escape(path) : NULL;

	free(path);
	return escaped;
}

char *finding_text(const struct kmod_devname_finding *finding, const char *message,
		   const char *directory, const struct common *common)
{
	char *path = finding_path(finding, directory, common), *text = NULL;
	size_t line = kmod_devname_finding_get_line(finding);
	char number[32] = "";

	if (line > 0)
		(void)snprintf(number, sizeof(number), "%zu:", line);
	if (path &&
	    asprintf(&text, "%s:%s %s: %s [%s]", path, number,
		     kmod_devname_severity_to_string(kmod_devname_finding_get_severity(finding)),
		     message,
		     kmod_devname_code_to_string(kmod_devname_finding_get_code(finding))) < 0)
		text = NULL;
	free(path);
	return text;
}

/* Not through say(): the text is escaped already. */
enum status say_finding(const struct kmod_devname_finding *finding, const char *directory,
			const struct common *common)
{
	char *text =
		finding_text(finding, kmod_devname_finding_get_message(finding), directory, common);

	if (!text)
		return say_failure(directory ? directory : "findings", -ENOMEM);
	(void)fprintf(stderr, "%s: %s\n", program_name, text);
	free(text);
	return STATUS_CLEAN;
}

/* A report keeps only so many. They are of the directory, or of the file of the last one. */
static void print_rest(const struct kmod_devname_report *report, size_t printed,
		       const char *directory, const struct common *common)
{
	size_t size = kmod_devname_report_size(report), wanted = 0;
	char *file;

	for (int i = KMOD_DEVNAME_NOTE; i <= KMOD_DEVNAME_ERROR; i++)
		if (is_wanted((enum kmod_devname_severity)i, common))
			wanted += kmod_devname_report_count(report, (enum kmod_devname_severity)i);
	if (size == 0 || wanted == printed)
		return;
	if (directory && *directory != '\0')
		file = escape(directory);
	else
		file = finding_path(kmod_devname_report_get(report, size - 1), directory, common);
	(void)fprintf(stderr, "%s: %s: there are %zu more findings\n", program_name,
		      file ? file : "?", wanted - printed);
	free(file);
}

enum status print_report(const struct kmod_devname_report *report, const char *directory,
			 const struct common *common)
{
	size_t errors = kmod_devname_report_count(report, KMOD_DEVNAME_ERROR);
	size_t warnings = kmod_devname_report_count(report, KMOD_DEVNAME_WARNING);
	enum status status = STATUS_CLEAN;
	size_t printed = 0;

	for (size_t i = 0; i < kmod_devname_report_size(report); i++) {
		const struct kmod_devname_finding *finding = kmod_devname_report_get(report, i);

		if (!is_wanted(kmod_devname_finding_get_severity(finding), common))
			continue;
		status = worse(status, say_finding(finding, directory, common));
		printed++;
	}
	print_rest(report, printed, directory, common);
	if (errors > 0 || (common->strict && warnings > 0))
		status = worse(status, STATUS_FINDINGS);
	return status;
}

enum status finish_report(struct kmod_devname_report *report, int error, const char *what,
			  const char *directory, const struct common *common)
{
	enum status status = print_report(report, directory, common);

	if (error == -ENOMEM)
		say_failure(what, error);
	kmod_devname_report_unref(report);
	return error < 0 ? STATUS_FAILED : status;
}

bool report_has(const struct kmod_devname_report *report, enum kmod_devname_code code)
{
	for (size_t i = 0; i < kmod_devname_report_size(report); i++)
		if (kmod_devname_finding_get_code(kmod_devname_report_get(report, i)) == code)
			return true;
	return false;
}

enum status finish_output(enum status status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	/* then something, and most likely this, has been said */
	if (status == STATUS_FAILED)
		return status;
	return say_failure("standard output", errno != 0 ? -errno : -EIO);
}

enum status worse(enum status a, enum status b)
{
	return a > b ? a : b;
}
