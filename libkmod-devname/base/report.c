// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The folder base/ is what libc lacks; it knows nothing of modules and nodes. io.c opens paths
 * inside a root directory, and reads and writes whole pieces; lines.c cuts a stream into bounded
 * lines; confdir.c finds the files of configuration directories and hands out their lines; array.h
 * and cleanup.h are for everybody.
 * Whatever any folder finds wrong with its data comes here:
 *
 * The report: findings in the order in which they were added. Which code means what is the business
 * of those who add them; here each has a name, bounded printable text, and a place.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/report.h"

/* As the public header promises. */
#define MESSAGE_MAX 1000
#define FILE_MAX 4096
/* Bounds the memory that hostile files can cost. The counts include the findings above it. */
#define FINDINGS_MAX 10000

struct kmod_devname_finding {
	enum kmod_devname_code code;
	enum kmod_devname_severity severity;
	char *file;
	size_t line;
	char message[];
};

struct kmod_devname_report {
	unsigned int references;
	struct list findings; /* of struct kmod_devname_finding * */
	size_t counts[KMOD_DEVNAME_ERROR + 1];
};

static const struct {
	enum kmod_devname_code code;
	const char *name;
} code_names[] = {
	{ KMOD_DEVNAME_MALFORMED, "malformed" },
	{ KMOD_DEVNAME_CORRUPT, "corrupt" },
	{ KMOD_DEVNAME_UNSUPPORTED, "unsupported" },
	{ KMOD_DEVNAME_TOO_LARGE, "too-large" },
	{ KMOD_DEVNAME_DANGLING_LINK, "dangling-link" },
	{ KMOD_DEVNAME_NOT_REGULAR, "not-regular" },
	{ KMOD_DEVNAME_VANISHED, "vanished" },
	{ KMOD_DEVNAME_DUPLICATE_MODULE, "duplicate-module" },
	{ KMOD_DEVNAME_BAD_ORDER, "bad-order" },
	{ KMOD_DEVNAME_UNREADABLE, "unreadable" },
	{ KMOD_DEVNAME_MISSING_NUMBER, "missing-number" },
	{ KMOD_DEVNAME_AMBIGUOUS, "ambiguous" },
	{ KMOD_DEVNAME_DYNAMIC_MINOR, "dynamic-minor" },
	{ KMOD_DEVNAME_BAD_NAME, "bad-name" },
	{ KMOD_DEVNAME_BAD_NUMBER, "bad-number" },
	{ KMOD_DEVNAME_BAD_MODULE_NAME, "bad-module-name" },
	{ KMOD_DEVNAME_TOO_MANY_ALIASES, "too-many-aliases" },
	{ KMOD_DEVNAME_BAD_LINE, "bad-line" },
	{ KMOD_DEVNAME_LONG_LINE, "long-line" },
	{ KMOD_DEVNAME_CUT_LINE, "cut-line" },
	{ KMOD_DEVNAME_BAD_INDEX, "bad-index" },
	{ KMOD_DEVNAME_STALE_INDEX, "stale-index" },
	{ KMOD_DEVNAME_BAD_CONFIG, "bad-config" },
	{ KMOD_DEVNAME_BAD_RULE, "bad-rule" },
	{ KMOD_DEVNAME_UNKNOWN_OWNER, "unknown-owner" },
	{ KMOD_DEVNAME_NAME_CONFLICT, "name-conflict" },
	{ KMOD_DEVNAME_SAME_NUMBER, "same-number" },
	{ KMOD_DEVNAME_SHARED_NODE, "shared-node" },
	{ KMOD_DEVNAME_TAKEN_MINOR, "taken-minor" },
	{ KMOD_DEVNAME_BUILT_IN_NODE, "built-in" },
	{ KMOD_DEVNAME_BLOCK_AUTOLOAD, "block-autoload" },
	{ KMOD_DEVNAME_NOT_LOADED, "not-loaded" },
	{ KMOD_DEVNAME_NO_STATIC_NODE, "no-static-node" },
	{ KMOD_DEVNAME_OUT_OF_DATE, "out-of-date" },
	{ KMOD_DEVNAME_NO_FILE, "no-file" },
	{ KMOD_DEVNAME_WRONG_NODE, "wrong-node" },
	{ KMOD_DEVNAME_OBSTRUCTED, "obstructed" },
	{ KMOD_DEVNAME_NODEV, "nodev" },
	{ KMOD_DEVNAME_ABSENT, "absent" },
	{ KMOD_DEVNAME_WRONG_MODE, "wrong-mode" },
	{ KMOD_DEVNAME_SYSTEM, "system" },
};

const char *kmod_devname_code_to_string(enum kmod_devname_code code)
{
	for (size_t i = 0; i < sizeof(code_names) / sizeof(code_names[0]); i++)
		if (code_names[i].code == code)
			return code_names[i].name;
	return NULL;
}

const char *kmod_devname_severity_to_string(enum kmod_devname_severity severity)
{
	switch (severity) {
	case KMOD_DEVNAME_NOTE:
		return "note";
	case KMOD_DEVNAME_WARNING:
		return "warning";
	case KMOD_DEVNAME_ERROR:
		return "error";
	}
	return NULL;
}

int kmod_devname_report_new(struct kmod_devname_report **ret_report)
{
	struct kmod_devname_report *report = calloc(1, sizeof(*report));

	if (!report)
		return -ENOMEM;
	report->references = 1;
	*ret_report = report;
	return 0;
}

struct kmod_devname_report *kmod_devname_report_ref(struct kmod_devname_report *report)
{
	report->references++;
	return report;
}

static void finding_free(void *p)
{
	struct kmod_devname_finding *finding = p;

	free(finding->file);
	free(finding);
}

struct kmod_devname_report *kmod_devname_report_unref(struct kmod_devname_report *report)
{
	if (!report || --report->references > 0)
		return NULL;
	list_done(&report->findings, finding_free);
	free(report);
	return NULL;
}

size_t kmod_devname_report_size(const struct kmod_devname_report *report)
{
	return report->findings.size;
}

const struct kmod_devname_finding *kmod_devname_report_get(const struct kmod_devname_report *report,
							   size_t index)
{
	return index < report->findings.size ? report->findings.items[index] : NULL;
}

size_t kmod_devname_report_count(const struct kmod_devname_report *report,
				 enum kmod_devname_severity severity)
{
	return (unsigned int)severity <= KMOD_DEVNAME_ERROR ? report->counts[severity] : 0;
}

enum kmod_devname_code kmod_devname_finding_get_code(const struct kmod_devname_finding *finding)
{
	return finding->code;
}

enum kmod_devname_severity
kmod_devname_finding_get_severity(const struct kmod_devname_finding *finding)
{
	return finding->severity;
}

const char *kmod_devname_finding_get_file(const struct kmod_devname_finding *finding)
{
	return finding->file;
}

size_t kmod_devname_finding_get_line(const struct kmod_devname_finding *finding)
{
	return finding->line;
}

const char *kmod_devname_finding_get_message(const struct kmod_devname_finding *finding)
{
	return finding->message;
}

void report_escape(const char *text, char *escaped, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		/* Room for the longest escape and for the three dots must always remain. */
		if (n + 4 + 3 + 1 > size) {
			memcpy(escaped + n, "...", 3);
			n += 3;
			break;
		}
		if (c >= ' ' && c <= '~' && c != '\\') {
			escaped[n++] = (char)c;
			continue;
		}
		escaped[n++] = '\\';
		escaped[n++] = 'x';
		escaped[n++] = hex[c >> 4];
		escaped[n++] = hex[c & 15];
	}
	escaped[n] = '\0';
}

static struct kmod_devname_finding *finding_new(const struct location *location, const char *text)
{
	char message[MESSAGE_MAX + 1];
	struct kmod_devname_finding *finding;
	size_t size;

	report_escape(text, message, sizeof(message));
	size = strlen(message) + 1;
	finding = calloc(1, sizeof(*finding) + size);
	if (!finding)
		return NULL;
	memcpy(finding->message, message, size);
	finding->line = location->line;
	if (!location->file)
		return finding;
	finding->file = strndup(location->file, FILE_MAX);
	if (finding->file)
		return finding;
	free(finding);
	return NULL;
}

int report_add(struct kmod_devname_report *report, enum kmod_devname_code code,
	       enum kmod_devname_severity severity, const struct location *location,
	       const char *format, ...)
{
	struct kmod_devname_finding *finding;
	_cleanup_free_ char *text = NULL;
	va_list args;
	int r;

	if (!report)
		return 0;
	report->counts[severity]++;
	/* The error that stopped the work is the last finding, and must not be the one that is
	 * lost. */
	if (report->findings.size >= FINDINGS_MAX && code != KMOD_DEVNAME_SYSTEM)
		return 0;
	va_start(args, format);
	r = vasprintf(&text, format, args);
	va_end(args);
	if (r < 0) {
		text = NULL; /* undefined after a failure */
		return -ENOMEM;
	}
	finding = finding_new(location, text);
	if (!finding)
		return -ENOMEM;
	finding->code = code;
	finding->severity = severity;
	if (list_push(&report->findings, finding) == 0)
		return 0;
	finding_free(finding);
	return -ENOMEM;
}

const char *report_describe_error(int error)
{
#ifdef HAVE_STRERRORDESC_NP
	const char *text = strerrordesc_np(-error);

	return text ? text : "Unknown error";
#else
	return strerror(-error);
#endif
}

int report_system(struct kmod_devname_report *report, int error, const struct location *location)
{
	/* The error of the work is returned even if there is no memory for the finding. */
	(void)report_add(report, KMOD_DEVNAME_SYSTEM, KMOD_DEVNAME_ERROR, location, "%s",
			 report_describe_error(error));
	return error;
}
