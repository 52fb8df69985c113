// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The report: the findings of an operation, in the order in which they were added.
 *
 * Every folder reports faults of its data with report_add(). The caller selects code, severity,
 * location and text. This file escapes and bounds the text, and adds the hint of the code. System
 * errors become findings with report_system().
 *
 * The other files of base/ know nothing of modules and nodes: io.c opens paths inside a root
 * directory, and reads and writes whole files; lines.c cuts a stream into bounded lines; confdir.c
 * finds the files of configuration directories, and passes on their lines.
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
/*
 * The limit of each severity, so that notes cannot displace errors. It bounds the memory for
 * hostile files. The counts include the findings beyond it.
 */
#define FINDINGS_MAX 10000

#define HINT_SEPARATOR "; "

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
	size_t counts[KMOD_DEVNAME_SEVERITY_ERROR + 1];
};

/* the hint for lines of modules.devname */
#define LINE_HINT "run kmod-devname generate, or correct the line"

static const struct finding_code {
	enum kmod_devname_code code;
	const char *name;
	const char *hint; /* of messages without one of their own; or NULL */
	const char *line_hint; /* for a line of modules.devname */
} finding_codes[] = {
	{ KMOD_DEVNAME_CODE_MALFORMED, "malformed", "install or build the module again", NULL },
	{ KMOD_DEVNAME_CODE_CORRUPT, "corrupt", "install or build the module again", NULL },
	{ KMOD_DEVNAME_CODE_UNSUPPORTED, "unsupported",
	  "compress it with gzip, xz or zstd, or use another build", NULL },
	{ KMOD_DEVNAME_CODE_TOO_LARGE, "too-large",
	  "build the module again, or compress it in another way", NULL },
	{ KMOD_DEVNAME_CODE_DANGLING_LINK, "dangling-link", "remove it, or install its target",
	  NULL },
	{ KMOD_DEVNAME_CODE_NOT_REGULAR, "not-regular", "remove it", NULL },
	{ KMOD_DEVNAME_CODE_VANISHED, "vanished", "run the command again after the installation",
	  NULL },
	{ KMOD_DEVNAME_CODE_DUPLICATE_MODULE, "duplicate-module",
	  "remove one, or select one in depmod.d(5)", NULL },
	{ KMOD_DEVNAME_CODE_BAD_ORDER, "bad-order", "install the kernel again", NULL },
	{ KMOD_DEVNAME_CODE_UNREADABLE, "unreadable", "make it readable, or remove it", NULL },
	{ KMOD_DEVNAME_CODE_MISSING_NUMBER, "missing-number", NULL, NULL },
	{ KMOD_DEVNAME_CODE_AMBIGUOUS, "ambiguous", NULL, NULL },
	{ KMOD_DEVNAME_CODE_DYNAMIC_MINOR, "dynamic-minor",
	  "declare a fixed minor, or no device name", LINE_HINT },
	{ KMOD_DEVNAME_CODE_BAD_NAME, "bad-name", "declare a valid name, see modules.devname(5)",
	  LINE_HINT },
	{ KMOD_DEVNAME_CODE_BAD_NUMBER, "bad-number", "correct the alias", LINE_HINT },
	{ KMOD_DEVNAME_CODE_BAD_MODULE_NAME, "bad-module-name", "rename the file", LINE_HINT },
	{ KMOD_DEVNAME_CODE_TOO_MANY_ALIASES, "too-many-aliases", "declare fewer names and numbers",
	  NULL },
	{ KMOD_DEVNAME_CODE_BAD_LINE, "bad-line", LINE_HINT, NULL },
	{ KMOD_DEVNAME_CODE_LONG_LINE, "long-line", "correct or remove it", NULL },
	{ KMOD_DEVNAME_CODE_CUT_LINE, "cut-line", LINE_HINT, NULL },
	{ KMOD_DEVNAME_CODE_BAD_INDEX, "bad-index", "run depmod", NULL },
	{ KMOD_DEVNAME_CODE_STALE_INDEX, "stale-index", "run depmod", NULL },
	{ KMOD_DEVNAME_CODE_BAD_CONFIG, "bad-config", "correct or remove it", NULL },
	{ KMOD_DEVNAME_CODE_BAD_RULE, "bad-rule", "correct the rule", NULL },
	{ KMOD_DEVNAME_CODE_UNKNOWN_OWNER, "unknown-owner", "add it, or correct the rule", NULL },
	{ KMOD_DEVNAME_CODE_NAME_CONFLICT, "name-conflict", "remove one of the modules",
	  LINE_HINT },
	{ KMOD_DEVNAME_CODE_SAME_NUMBER, "same-number", NULL, NULL },
	{ KMOD_DEVNAME_CODE_SHARED_NODE, "shared-node", NULL, NULL },
	{ KMOD_DEVNAME_CODE_TAKEN_MINOR, "taken-minor", NULL, NULL },
	{ KMOD_DEVNAME_CODE_BUILT_IN, "built-in", NULL, NULL },
	{ KMOD_DEVNAME_CODE_BLOCK_AUTOLOAD, "block-autoload", NULL, NULL },
	{ KMOD_DEVNAME_CODE_NOT_LOADED, "not-loaded", NULL, NULL },
	{ KMOD_DEVNAME_CODE_NO_STATIC_NODE, "no-static-node", NULL, NULL },
	{ KMOD_DEVNAME_CODE_OUT_OF_DATE, "out-of-date", NULL, NULL },
	{ KMOD_DEVNAME_CODE_NO_FILE, "no-file", NULL, NULL },
	{ KMOD_DEVNAME_CODE_WRONG_NODE, "wrong-node", NULL, NULL },
	{ KMOD_DEVNAME_CODE_OBSTRUCTED, "obstructed", NULL, NULL },
	{ KMOD_DEVNAME_CODE_NODEV, "nodev", "mount it without nodev", NULL },
	{ KMOD_DEVNAME_CODE_ABSENT, "absent", NULL, NULL },
	{ KMOD_DEVNAME_CODE_WRONG_MODE, "wrong-mode", NULL, NULL },
	{ KMOD_DEVNAME_CODE_SYSTEM, "system", NULL, NULL },
};

static const struct finding_code *find_finding_code(enum kmod_devname_code code)
{
	for (size_t i = 0; i < sizeof(finding_codes) / sizeof(finding_codes[0]); i++)
		if (finding_codes[i].code == code)
			return &finding_codes[i];
	return NULL;
}

const char *kmod_devname_code_to_string(enum kmod_devname_code code)
{
	const struct finding_code *found = find_finding_code(code);

	return found ? found->name : NULL;
}

int kmod_devname_code_from_string(const char *name, int *ret_code)
{
	for (size_t i = 0; i < sizeof(finding_codes) / sizeof(finding_codes[0]); i++) {
		if (strcmp(finding_codes[i].name, name) != 0)
			continue;
		*ret_code = (int)finding_codes[i].code;
		return 0;
	}
	return -ENOENT;
}

const char *kmod_devname_severity_to_string(enum kmod_devname_severity severity)
{
	static const char *const names[] = {
		[KMOD_DEVNAME_SEVERITY_NOTE] = "note",
		[KMOD_DEVNAME_SEVERITY_WARNING] = "warning",
		[KMOD_DEVNAME_SEVERITY_ERROR] = "error",
	};

	return (unsigned int)severity <= KMOD_DEVNAME_SEVERITY_ERROR ? names[severity] : NULL;
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
	reference_add(&report->references);
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
	if (!report || !reference_drop(&report->references))
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
	return (unsigned int)severity <= KMOD_DEVNAME_SEVERITY_ERROR ? report->counts[severity] : 0;
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

#define CUT_MARK "..."

static size_t escaped_size(unsigned char c)
{
	return c >= ' ' && c <= '~' && c != '\\' ? 1 : strlen("\\xNN");
}

size_t kmod_devname_escape(const char *text, char *escaped, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	size_t length = 0, end, step, n = 0;

	for (const char *p = text; *p != '\0'; p++)
		length += escaped_size((unsigned char)*p);
	if (size == 0)
		return length;
	end = length < size ? length : size - 1;
	if (end < length && end >= strlen(CUT_MARK))
		end -= strlen(CUT_MARK);
	for (; *text != '\0'; text++, n += step) {
		unsigned char c = (unsigned char)*text;

		step = escaped_size(c);
		if (step > end - n)
			break;
		if (step == 1) {
			escaped[n] = (char)c;
			continue;
		}
		escaped[n] = '\\';
		escaped[n + 1] = 'x';
		escaped[n + 2] = hex[c >> 4];
		escaped[n + 3] = hex[c & 15];
	}
	escaped[n] = '\0';
	if (length >= size && size > strlen(CUT_MARK))
		memcpy(escaped + n, CUT_MARK, sizeof(CUT_MARK));
	return length;
}

static struct kmod_devname_finding *finding_new(const struct location *location, const char *text,
						const char *hint)
{
	/* a long text is truncated, the hint is not */
	size_t hint_size = hint ? strlen(HINT_SEPARATOR) + strlen(hint) : 0;
	char message[MESSAGE_MAX + 1];
	struct kmod_devname_finding *finding;
	size_t size;

	(void)kmod_devname_escape(text, message, sizeof(message) - hint_size);
	size = strlen(message) + hint_size + 1;
	finding = calloc(1, sizeof(*finding) + size);
	if (!finding)
		return NULL;
	(void)snprintf(finding->message, size, "%s%s%s", message, hint ? HINT_SEPARATOR : "",
		       hint ? hint : "");
	finding->line = location->line;
	if (!location->file)
		return finding;
	finding->file = strndup(location->file, FILE_MAX);
	if (finding->file)
		return finding;
	free(finding);
	return NULL;
}

/* The hint for a format without one, or NULL. Data in the message does not count. */
static const char *find_code_hint(enum kmod_devname_code code, const struct location *location,
				  const char *format)
{
	const struct finding_code *found = find_finding_code(code);

	if (strstr(format, HINT_SEPARATOR) || !found)
		return NULL;
	return location->line > 0 && found->line_hint ? found->line_hint : found->hint;
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
	/* The error that stopped the work is the last finding, and must not be the one that is
	 * lost. */
	if (report->counts[severity]++ >= FINDINGS_MAX && code != KMOD_DEVNAME_CODE_SYSTEM)
		return 0;
	va_start(args, format);
	r = vasprintf(&text, format, args);
	va_end(args);
	if (r < 0) {
		text = NULL; /* undefined after a failure */
		return -ENOMEM;
	}
	finding = finding_new(location, text, find_code_hint(code, location, format));
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
	(void)report_add(report, KMOD_DEVNAME_CODE_SYSTEM, KMOD_DEVNAME_SEVERITY_ERROR, location,
			 "%s", report_describe_error(error));
	return error;
}
