// SPDX-License-Identifier: GPL-2.0-or-later
/* What all commands and programs share: messages, reports, exit status. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

char *escape(const char *text)
{
	static const char hex[] = "0123456789abcdef";
	char *escaped = malloc(4 * strlen(text) + 1), *p = escaped;

	if (!escaped)
		return NULL;
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= ' ' && c <= '~') {
			*p++ = (char)c;
			continue;
		}
		*p++ = '\\';
		*p++ = 'x';
		*p++ = hex[c >> 4];
		*p++ = hex[c & 15];
	}
	*p = '\0';
	return escaped;
}

void say(const char *format, ...)
{
	char *text = NULL, *escaped = NULL;
	va_list args;
	int r;

	va_start(args, format);
	r = vasprintf(&text, format, args);
	va_end(args);
	if (r < 0)
		text = NULL;
	else
		escaped = escape(text);
	(void)fprintf(stderr, "%s: %s\n", program_name, escaped ? escaped : "out of memory");
	free(escaped);
	free(text);
}

enum status say_failure(const char *what, int error)
{
	say("%s: %s", what, strerror(-error));
	return STATUS_FAILED;
}

bool is_wanted(enum kmod_devname_severity severity, const struct common *common)
{
	if (common->quiet)
		return severity >= KMOD_DEVNAME_ERROR;
	return common->verbose || severity >= KMOD_DEVNAME_WARNING;
}

static bool ends_with_slash(const char *directory)
{
	size_t size = strlen(directory);

	return size > 0 && directory[size - 1] == '/';
}

/* A file whose path has a slash in front is below the root, not below the directory. */
static char *join(const char *directory, const char *file, const struct common *common)
{
	char *path;
	bool below_root = file[0] == '/';

	if (below_root)
		directory =
			common->basedir && strcmp(common->basedir, "/") != 0 ? common->basedir : "";
	return asprintf(&path, "%s%s%s", directory,
			below_root || *directory == '\0' || ends_with_slash(directory) ? "" : "/",
			file) < 0
		       ? NULL
		       : path;
}

char *finding_path(const struct kmod_devname_finding *finding, const char *directory,
		   const struct common *common)
{
	const char *file = kmod_devname_finding_get_file(finding);

	return file ? join(directory, file, common) : strdup(directory);
}

char *finding_text(const struct kmod_devname_finding *finding, const char *directory,
		   const struct common *common)
{
	char *path = finding_path(finding, directory, common), *text;
	size_t line = kmod_devname_finding_get_line(finding);
	char number[32] = "";

	if (line > 0)
		(void)snprintf(number, sizeof(number), "%zu:", line);
	if (asprintf(&text, "%s:%s %s: %s [%s]", path ? path : directory, number,
		     kmod_devname_severity_to_string(kmod_devname_finding_get_severity(finding)),
		     kmod_devname_finding_get_message(finding),
		     kmod_devname_code_to_string(kmod_devname_finding_get_code(finding))) < 0)
		text = NULL;
	free(path);
	return text;
}

void say_finding(const struct kmod_devname_finding *finding, const char *directory,
		 const struct common *common)
{
	char *text = finding_text(finding, directory, common);

	say("%s", text ? text : "out of memory");
	free(text);
}

enum status print_report(const struct kmod_devname_report *report, const char *directory,
			 const struct common *common)
{
	size_t shown = kmod_devname_report_size(report);
	size_t errors = kmod_devname_report_count(report, KMOD_DEVNAME_ERROR);
	size_t warnings = kmod_devname_report_count(report, KMOD_DEVNAME_WARNING);
	size_t all = errors + warnings + kmod_devname_report_count(report, KMOD_DEVNAME_NOTE);

	for (size_t i = 0; i < shown; i++) {
		const struct kmod_devname_finding *finding = kmod_devname_report_get(report, i);

		if (is_wanted(kmod_devname_finding_get_severity(finding), common))
			say_finding(finding, directory, common);
	}
	if (all > shown)
		say("%s: there are %zu more findings", directory, all - shown);
	return errors > 0 || (common->strict && warnings > 0) ? STATUS_FINDINGS : STATUS_CLEAN;
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
