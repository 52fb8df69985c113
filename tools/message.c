// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages, reports and memory, for all commands and both programs. Commands write results to
 * standard output, messages to stderr: "PROGRAM: FILE[:LINE]: ...". A status only ever gets worse:
 * each step of a command returns one, and main() returns the worst.
 */

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "message.h"
#include "options.h"

void die_without_memory(void)
{
	say_failure("memory", -ENOMEM);
	exit(program_failure);
}

static void *pointer_or_die(void *p)
{
	if (!p)
		die_without_memory();
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	return pointer_or_die(calloc(n, size));
}

char *xstrdup(const char *text)
{
	return pointer_or_die(strdup(text));
}

char *xstrndup(const char *text, size_t size)
{
	return pointer_or_die(strndup(text, size));
}

char *xvasprintf(const char *format, va_list args)
{
	char *text;

	return pointer_or_die(vasprintf(&text, format, args) < 0 ? NULL : text);
}

char *xasprintf(const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	return text;
}

void *xarray_grow(void *array, size_t *capacity, size_t element, size_t size)
{
	return pointer_or_die(array_grow(array, capacity, element, size));
}

void xlist_push(struct list *list, void *item)
{
	if (list_push(list, item) < 0)
		die_without_memory();
}

struct kmod_devname_table *xtable_new(void)
{
	struct kmod_devname_table *table;

	return pointer_or_die(kmod_devname_table_new(&table) < 0 ? NULL : table);
}

struct kmod_devname_report *xreport_new(void)
{
	struct kmod_devname_report *report;

	return pointer_or_die(kmod_devname_report_new(&report) < 0 ? NULL : report);
}

/* The commands make sure that the mode is valid. */
struct kmod_devname_permissions *xpermissions_new(mode_t mode)
{
	struct kmod_devname_permissions *permissions;

	return pointer_or_die(kmod_devname_permissions_new(mode, &permissions) < 0 ? NULL
										   : permissions);
}

/* "/" and "boot/" already end in a slash. */
char *join_path(const char *directory, const char *name)
{
	size_t size = strlen(directory);
	const char *slash = size > 0 && directory[size - 1] == '/' ? "" : "/";

	return xasprintf("%s%s%s", directory, slash, name);
}

void append_word(char **list, const char *word)
{
	char *longer = xasprintf("%s%s%s", *list ? *list : "", *list ? ", " : "", word);

	free(*list);
	*list = longer;
}

char *escape(const char *text)
{
	size_t size = REPORT_ESCAPED_SIZE(strlen(text));
	char *escaped = xcalloc(size, 1);

	(void)kmod_devname_escape(text, escaped, size);
	return escaped;
}

/* A quote is put in double quotes, since messages escape backslashes. */
char *quote_word(const char *word)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789/._-+:=@%,";
	char *quoted, *end;

	if (*word != '\0' && word[strspn(word, plain)] == '\0')
		return xstrdup(word);
	quoted = xcalloc(5 * strlen(word) + 3, 1);
	end = quoted;
	*end++ = '\'';
	for (; *word != '\0'; word++)
		if (*word == '\'')
			end = mempcpy(end, "'\"'\"'", 5);
		else
			*end++ = *word;
	*end = '\'';
	return quoted;
}

/* Allocates nothing, so that it can report a lack of memory. A message longer than the buffer is
 * truncated. */
void say(const char *format, ...)
{
	char text[4 * PATH_MAX], escaped[REPORT_ESCAPED_SIZE(sizeof(text))];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(void)kmod_devname_escape(text, escaped, sizeof(escaped));
	(void)fprintf(stderr, "%s: %s\n", program_name, escaped);
}

enum status say_failure(const char *what, int error)
{
	say("%s: %s", *what != '\0' ? what : "''", strerror(-error));
	return STATUS_FAILED;
}

/* --quiet takes precedence, except for the findings that make --strict fail. */
bool is_wanted(enum kmod_devname_severity severity, const struct common *common)
{
	if (common->quiet)
		return finding_status(severity, common) != STATUS_CLEAN;
	return common->verbose || severity >= KMOD_DEVNAME_SEVERITY_WARNING;
}

enum status finding_status(enum kmod_devname_severity severity, const struct common *common)
{
	if (severity == KMOD_DEVNAME_SEVERITY_ERROR)
		return STATUS_FINDINGS;
	return severity == KMOD_DEVNAME_SEVERITY_WARNING && common->strict ? STATUS_FINDINGS
									   : STATUS_CLEAN;
}

char *finding_path(const struct kmod_devname_finding *finding, const char *directory,
		   const struct common *common)
{
	const char *file = kmod_devname_finding_get_file(finding);
	_cleanup_free_ char *path = NULL;

	if (!file)
		return escape(directory ? directory : "-");
	if (!directory)
		return escape(*file != '\0' ? file : "''");
	if (file[0] == '/')
		path = join_path(base_directory(common), file + 1);
	else
		path = join_path(directory, file);
	return escape(path);
}

/* The escape sequence for the colour of a severity, or NULL. */
static const char *choose_color(FILE *stream, enum kmod_devname_severity severity,
				const struct common *common)
{
	if (common->color == COLOR_NEVER ||
	    (common->color == COLOR_AUTO && !isatty(fileno(stream))))
		return NULL;
	switch (severity) {
	case KMOD_DEVNAME_SEVERITY_ERROR:
		return "\033[1;31m";
	case KMOD_DEVNAME_SEVERITY_WARNING:
		return "\033[1;35m";
	default:
		return "\033[1;36m";
	}
}

/* Not through say(): the library has escaped the message already. */
void print_finding(FILE *stream, const struct kmod_devname_finding *finding, const char *directory,
		   const struct common *common)
{
	_cleanup_free_ char *path = finding_path(finding, directory, common);
	enum kmod_devname_severity severity = kmod_devname_finding_get_severity(finding);
	const char *color = choose_color(stream, severity, common);
	size_t line = kmod_devname_finding_get_line(finding);
	char number[32] = "";

	if (line > 0)
		(void)snprintf(number, sizeof(number), "%zu:", line);
	(void)fprintf(stream, "%s%s%s:%s %s%s:%s %s [%s]\n", stream == stderr ? program_name : "",
		      stream == stderr ? ": " : "", path, number, color ? color : "",
		      kmod_devname_severity_to_string(severity), color ? "\033[0m" : "",
		      kmod_devname_finding_get_message(finding),
		      kmod_devname_code_to_string(kmod_devname_finding_get_code(finding)));
}

/* The number of findings of a severity beyond the limit of the report. */
static size_t count_left_out(const struct kmod_devname_report *report,
			     enum kmod_devname_severity severity)
{
	size_t n = kmod_devname_report_count(report, severity);

	for (size_t i = 0; i < kmod_devname_report_size(report); i++)
		n -= kmod_devname_finding_get_severity(kmod_devname_report_get(report, i)) ==
		     severity;
	return n;
}

/* They are about the directory, or about the file of the last finding that the report kept. */
enum status say_left_out(const struct kmod_devname_report *report, const char *directory,
			 const struct common *common, bool shows_all, size_t *counts)
{
	_cleanup_free_ char *path = NULL;
	enum status status = STATUS_CLEAN;
	size_t shown = 0, size = kmod_devname_report_size(report);

	for (int i = KMOD_DEVNAME_SEVERITY_NOTE; i <= KMOD_DEVNAME_SEVERITY_ERROR; i++) {
		enum kmod_devname_severity severity = (enum kmod_devname_severity)i;
		size_t n = count_left_out(report, severity);

		if (n > 0)
			status = worse(status, finding_status(severity, common));
		if (shows_all || is_wanted(severity, common))
			shown += n;
		counts[i] += n;
	}
	/* without memory for one there is none to name */
	if (shown == 0 || size == 0)
		return status;
	if (directory && *directory != '\0')
		path = escape(directory);
	else
		path = finding_path(kmod_devname_report_get(report, size - 1), directory, common);
	(void)fprintf(stderr, "%s: %s: %zu more findings\n", program_name, path, shown);
	return status;
}

enum status print_report(const struct kmod_devname_report *report, const char *directory,
			 const struct common *common)
{
	size_t counts[KMOD_DEVNAME_SEVERITY_ERROR + 1] = { 0 };
	enum status status = STATUS_CLEAN;

	for (size_t i = 0; i < kmod_devname_report_size(report); i++) {
		const struct kmod_devname_finding *finding = kmod_devname_report_get(report, i);
		enum kmod_devname_severity severity = kmod_devname_finding_get_severity(finding);

		status = worse(status, finding_status(severity, common));
		if (is_wanted(severity, common))
			print_finding(stderr, finding, directory, common);
	}
	return worse(status, say_left_out(report, directory, common, false, counts));
}

bool report_has(const struct kmod_devname_report *report, enum kmod_devname_code code)
{
	for (size_t i = 0; i < kmod_devname_report_size(report); i++)
		if (kmod_devname_finding_get_code(kmod_devname_report_get(report, i)) == code)
			return true;
	return false;
}

enum status say_call_failure(const struct kmod_devname_report *report, const char *what, int error)
{
	return report_has(report, KMOD_DEVNAME_CODE_SYSTEM) ? STATUS_FAILED
							    : say_failure(what, error);
}

enum status finish_report(struct kmod_devname_report *report, int error, const char *what,
			  const char *directory, const struct common *common)
{
	enum status status = print_report(report, directory, common);

	if (error < 0)
		status = say_call_failure(report, what, error);
	kmod_devname_report_unref(report);
	return status;
}

/* Standard output is buffered: a full disk or a closed pipe may show only now. */
enum status finish_output(enum status status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	/* a failure already has a message, most likely about the output */
	if (status == STATUS_FAILED)
		return status;
	return say_failure("standard output", errno != 0 ? -errno : -EIO);
}

enum status worse(enum status a, enum status b)
{
	return a > b ? a : b;
}
