// SPDX-License-Identifier: GPL-2.0-or-later
/* The report: findings in order, their place, their counts, and messages that are safe to show. */

#include <errno.h>
#include <libintl.h>
#include <limits.h>
#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "lib/harness.h"

static const struct location nowhere = { NULL, 0 };
static struct kmod_devname_report *report;

static void set_up(void)
{
	ck_assert_int_eq(kmod_devname_report_new(&report), 0);
}

static void tear_down(void)
{
	ck_assert_ptr_null(kmod_devname_report_unref(report));
}

/* --- names ------------------------------------------------------------------------------- */

/* The header's list; numbers and names are stable. */
static const struct {
	int code;
	const char *name;
} code_rows[] = {
	{ 1, "malformed" },         { 2, "corrupt" },
	{ 3, "unsupported" },       { 4, "too-large" },
	{ 5, "dangling-link" },     { 6, "not-regular" },
	{ 7, "vanished" },          { 8, "duplicate-module" },
	{ 9, "bad-order" },         { 10, "unreadable" },
	{ 20, "missing-number" },   { 21, "ambiguous" },
	{ 22, "dynamic-minor" },    { 23, "bad-name" },
	{ 24, "bad-number" },       { 25, "bad-module-name" },
	{ 26, "too-many-aliases" }, { 40, "bad-line" },
	{ 41, "long-line" },        { 42, "cut-line" },
	{ 43, "bad-index" },        { 44, "stale-index" },
	{ 45, "bad-config" },       { 46, "bad-rule" },
	{ 47, "unknown-owner" },    { 60, "name-conflict" },
	{ 61, "same-number" },      { 62, "shared-node" },
	{ 63, "taken-minor" },      { 64, "built-in" },
	{ 65, "block-autoload" },   { 66, "not-loaded" },
	{ 67, "no-static-node" },   { 70, "out-of-date" },
	{ 71, "no-file" },          { 80, "wrong-node" },
	{ 81, "obstructed" },       { 82, "nodev" },
	{ 83, "absent" },           { 84, "wrong-mode" },
	{ 100, "system" },
};

static const char *wanted_name(int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(code_rows); i++)
		if (code_rows[i].code == code)
			return code_rows[i].name;
	return NULL;
}

/* Also that no other number has a name: a new code has to come into the list above. */
TEST(every_code_has_its_name)
{
	for (int code = -1; code <= 10000; code++) {
		const char *name = kmod_devname_code_to_string((enum kmod_devname_code)code);
		const char *wanted = wanted_name(code);

		if (!wanted && name)
			ck_abort_msg("%d is '%s'", code, name);
		if (wanted && (!name || strcmp(name, wanted) != 0))
			ck_abort_msg("%d is '%s', not '%s'", code, name ? name : "", wanted);
		if (name && name[strspn(name, "abcdefghijklmnopqrstuvwxyz-")] != '\0')
			ck_abort_msg("'%s' is more than words", name);
	}
	ck_assert_ptr_null(kmod_devname_code_to_string((enum kmod_devname_code)INT_MAX));
}

/*
 * A switch without a default: the compiler warns when the enum gets a value that is not here,
 * and a value that is here must have a name.
 */
static bool is_code(enum kmod_devname_code code)
{
	switch (code) {
	case KMOD_DEVNAME_CODE_MALFORMED:
	case KMOD_DEVNAME_CODE_CORRUPT:
	case KMOD_DEVNAME_CODE_UNSUPPORTED:
	case KMOD_DEVNAME_CODE_TOO_LARGE:
	case KMOD_DEVNAME_CODE_DANGLING_LINK:
	case KMOD_DEVNAME_CODE_NOT_REGULAR:
	case KMOD_DEVNAME_CODE_VANISHED:
	case KMOD_DEVNAME_CODE_DUPLICATE_MODULE:
	case KMOD_DEVNAME_CODE_BAD_ORDER:
	case KMOD_DEVNAME_CODE_UNREADABLE:
	case KMOD_DEVNAME_CODE_MISSING_NUMBER:
	case KMOD_DEVNAME_CODE_AMBIGUOUS:
	case KMOD_DEVNAME_CODE_DYNAMIC_MINOR:
	case KMOD_DEVNAME_CODE_BAD_NAME:
	case KMOD_DEVNAME_CODE_BAD_NUMBER:
	case KMOD_DEVNAME_CODE_BAD_MODULE_NAME:
	case KMOD_DEVNAME_CODE_TOO_MANY_ALIASES:
	case KMOD_DEVNAME_CODE_BAD_LINE:
	case KMOD_DEVNAME_CODE_LONG_LINE:
	case KMOD_DEVNAME_CODE_CUT_LINE:
	case KMOD_DEVNAME_CODE_BAD_INDEX:
	case KMOD_DEVNAME_CODE_STALE_INDEX:
	case KMOD_DEVNAME_CODE_BAD_CONFIG:
	case KMOD_DEVNAME_CODE_BAD_RULE:
	case KMOD_DEVNAME_CODE_UNKNOWN_OWNER:
	case KMOD_DEVNAME_CODE_NAME_CONFLICT:
	case KMOD_DEVNAME_CODE_SAME_NUMBER:
	case KMOD_DEVNAME_CODE_SHARED_NODE:
	case KMOD_DEVNAME_CODE_TAKEN_MINOR:
	case KMOD_DEVNAME_CODE_BUILT_IN:
	case KMOD_DEVNAME_CODE_BLOCK_AUTOLOAD:
	case KMOD_DEVNAME_CODE_NOT_LOADED:
	case KMOD_DEVNAME_CODE_NO_STATIC_NODE:
	case KMOD_DEVNAME_CODE_OUT_OF_DATE:
	case KMOD_DEVNAME_CODE_NO_FILE:
	case KMOD_DEVNAME_CODE_WRONG_NODE:
	case KMOD_DEVNAME_CODE_OBSTRUCTED:
	case KMOD_DEVNAME_CODE_NODEV:
	case KMOD_DEVNAME_CODE_ABSENT:
	case KMOD_DEVNAME_CODE_WRONG_MODE:
	case KMOD_DEVNAME_CODE_SYSTEM:
		return true;
	}
	return false;
}

TEST(every_value_of_the_enum_has_a_name)
{
	for (int code = 0; code <= 10000; code++)
		if (is_code((enum kmod_devname_code)code) != (wanted_name(code) != NULL))
			ck_abort_msg("%d", code);
}

TEST(every_severity_has_its_name)
{
	static const char *const names[] = { "note", "warning", "error" };

	ck_assert_int_eq(KMOD_DEVNAME_SEVERITY_NOTE, 0);
	ck_assert_int_eq(KMOD_DEVNAME_SEVERITY_WARNING, 1);
	ck_assert_int_eq(KMOD_DEVNAME_SEVERITY_ERROR, 2);
	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(kmod_devname_severity_to_string((enum kmod_devname_severity)i),
				 names[i]);
	for (int i = -10; i <= 1000; i++)
		if ((i < 0 || i > 2) &&
		    kmod_devname_severity_to_string((enum kmod_devname_severity)i))
			ck_abort_msg("%d has a name", i);
}

/* --- findings ---------------------------------------------------------------------------- */

static int add(enum kmod_devname_severity severity, const char *text)
{
	return report_add(report, KMOD_DEVNAME_CODE_AMBIGUOUS, severity, &nowhere, "%s", text);
}

static const char *last_message(void)
{
	return kmod_devname_finding_get_message(
		kmod_devname_report_get(report, kmod_devname_report_size(report) - 1));
}

TEST(a_new_report_is_empty)
{
	ck_assert_uint_eq(kmod_devname_report_size(report), 0);
	ck_assert_ptr_null(kmod_devname_report_get(report, 0));
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(kmod_devname_report_count(report, (enum kmod_devname_severity)i),
				  0);
}

TEST(findings_stay_in_order)
{
	char text[32];

	for (unsigned int i = 0; i < 1000; i++) {
		(void)snprintf(text, sizeof(text), "number %u", i);
		ck_assert_int_eq(add(KMOD_DEVNAME_SEVERITY_NOTE, text), 0);
	}
	ck_assert_uint_eq(kmod_devname_report_size(report), 1000);
	for (unsigned int i = 0; i < 1000; i++) {
		(void)snprintf(text, sizeof(text), "number %u", i);
		ck_assert_str_eq(
			kmod_devname_finding_get_message(kmod_devname_report_get(report, i)), text);
	}
	ck_assert_ptr_null(kmod_devname_report_get(report, 1000));
	ck_assert_ptr_null(kmod_devname_report_get(report, SIZE_MAX));
}

TEST(findings_live_as_long_as_the_report)
{
	const struct kmod_devname_finding *first;

	ck_assert_int_eq(add(KMOD_DEVNAME_SEVERITY_NOTE, "the first"), 0);
	first = kmod_devname_report_get(report, 0);
	for (unsigned int i = 0; i < 1000; i++)
		ck_assert_int_eq(add(KMOD_DEVNAME_SEVERITY_NOTE, "x"), 0);
	ck_assert_ptr_eq(kmod_devname_report_get(report, 0), first);
	ck_assert_str_eq(kmod_devname_finding_get_message(first), "the first");
}

TEST(each_severity_is_counted)
{
	for (unsigned int i = 0; i < 3; i++)
		ck_assert_int_eq(add(KMOD_DEVNAME_SEVERITY_NOTE, "x"), 0);
	for (unsigned int i = 0; i < 5; i++)
		ck_assert_int_eq(add(KMOD_DEVNAME_SEVERITY_WARNING, "x"), 0);
	for (unsigned int i = 0; i < 7; i++)
		ck_assert_int_eq(add(KMOD_DEVNAME_SEVERITY_ERROR, "x"), 0);
	ck_assert_uint_eq(kmod_devname_report_count(report, KMOD_DEVNAME_SEVERITY_NOTE), 3);
	ck_assert_uint_eq(kmod_devname_report_count(report, KMOD_DEVNAME_SEVERITY_WARNING), 5);
	ck_assert_uint_eq(kmod_devname_report_count(report, KMOD_DEVNAME_SEVERITY_ERROR), 7);
	ck_assert_uint_eq(kmod_devname_report_size(report), 15);
	ck_assert_uint_eq(kmod_devname_report_count(report, (enum kmod_devname_severity)3), 0);
	ck_assert_uint_eq(kmod_devname_report_count(report, (enum kmod_devname_severity) - 1), 0);
}

TEST(no_number_of_notes_hides_an_error)
{
	static const enum kmod_devname_severity severities[] = { KMOD_DEVNAME_SEVERITY_NOTE,
								 KMOD_DEVNAME_SEVERITY_WARNING,
								 KMOD_DEVNAME_SEVERITY_ERROR };
	size_t size = 0;

	for (size_t i = 0; i < 3; i++) {
		for (size_t n = 0; n < 10001; n++)
			ck_assert_int_eq(add(severities[i], "x"), 0);
		ck_assert_uint_eq(kmod_devname_report_count(report, severities[i]), 10001);
		size += 10000;
		ck_assert_uint_eq(kmod_devname_report_size(report), size);
		ck_assert_int_eq(kmod_devname_finding_get_severity(
					 kmod_devname_report_get(report, size - 1)),
				 severities[i]);
	}
	report_system(report, -EIO, &nowhere);
	ck_assert_uint_eq(kmod_devname_report_size(report), size + 1);
}

TEST(a_finding_has_the_given_values)
{
	char file[] = "dir/\xff file.ko";
	const struct location location = { file, 42 };
	const struct kmod_devname_finding *finding;

	ck_assert_int_eq(report_add(report, KMOD_DEVNAME_CODE_ABSENT, KMOD_DEVNAME_SEVERITY_WARNING,
				    &location, "%s %d", "number", 7),
			 0);
	memset(file, 'x', strlen(file)); /* the report has a copy */
	finding = kmod_devname_report_get(report, 0);
	ck_assert_int_eq(kmod_devname_finding_get_code(finding), KMOD_DEVNAME_CODE_ABSENT);
	ck_assert_int_eq(kmod_devname_finding_get_severity(finding), KMOD_DEVNAME_SEVERITY_WARNING);
	ck_assert_str_eq(kmod_devname_finding_get_file(finding), "dir/\xff file.ko");
	ck_assert_uint_eq(kmod_devname_finding_get_line(finding), 42);
	ck_assert_str_eq(kmod_devname_finding_get_message(finding), "number 7");
}

TEST(a_finding_may_have_no_file)
{
	const struct kmod_devname_finding *finding;

	ck_assert_int_eq(add(KMOD_DEVNAME_SEVERITY_NOTE, "x"), 0);
	finding = kmod_devname_report_get(report, 0);
	ck_assert_ptr_null(kmod_devname_finding_get_file(finding));
	ck_assert_uint_eq(kmod_devname_finding_get_line(finding), 0);
}

TEST(null_drops_findings)
{
	ck_assert_int_eq(report_add(NULL, KMOD_DEVNAME_CODE_AMBIGUOUS, KMOD_DEVNAME_SEVERITY_ERROR,
				    &nowhere, "%s", "x"),
			 0);
	ck_assert_int_eq(report_system(NULL, -EIO, &nowhere), -EIO);
}

static const int error_rows[] = { ENOENT, EACCES, EIO, EISDIR, ENOMEM, ENOSPC, EMFILE };

LOOP_TEST(a_system_finding_names_file_and_error, ARRAY_SIZE(error_rows))
{
	const struct location location = { "x.ko", 0 };
	const struct kmod_devname_finding *finding;
	int error = error_rows[_i];

	ck_assert_int_eq(report_system(report, -error, &location), -error);
	finding = kmod_devname_report_get(report, 0);
	ck_assert_int_eq(kmod_devname_finding_get_code(finding), KMOD_DEVNAME_CODE_SYSTEM);
	ck_assert_int_eq(kmod_devname_finding_get_severity(finding), KMOD_DEVNAME_SEVERITY_ERROR);
	ck_assert_str_eq(kmod_devname_finding_get_file(finding), "x.ko");
	ck_assert_msg(strcmp(kmod_devname_finding_get_message(finding), strerror(error)) == 0,
		      "error %d: '%s'", error, kmod_devname_finding_get_message(finding));
}

/* The catalogue of a language of one sentence; the numbers are those of GNU gettext's .mo files. */
static void write_catalogue(int dir_fd, const char *english, const char *translated)
{
	const uint32_t english_size = (uint32_t)strlen(english);
	const uint32_t header[] = {
		0x950412de,
		0,
		1,
		28,
		36,
		0,
		44,
		english_size,
		44,
		(uint32_t)strlen(translated),
		44 + english_size + 1,
	};
	char file[256];
	size_t size = sizeof(header);

	memcpy(file, header, size);
	memcpy(file + size, english, english_size + 1);
	size += english_size + 1;
	memcpy(file + size, translated, strlen(translated) + 1);
	size += strlen(translated) + 1;
	harness_write(dir_fd, "xx/LC_MESSAGES/libc.mo", file, size);
}

TEST(a_system_finding_is_english_in_each_locale)
{
	static const char english[] = "No such file or directory";
	int dir_fd = harness_directory();
	char path[64];

#ifndef HAVE_STRERRORDESC_NP
	harness_skip("this C library describes errors in the language of the locale alone");
	return;
#endif
	write_catalogue(dir_fd, english, "Datei fehlt");
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", dir_fd);
	ck_assert_int_eq(setenv("LANGUAGE", "xx", 1), 0);
	if (!setlocale(LC_ALL, "C.UTF-8") || !bindtextdomain("libc", path) ||
	    strcmp(strerror(ENOENT), "Datei fehlt") != 0) {
		harness_skip("this C library translates nothing");
		return;
	}
	ck_assert_int_eq(report_system(report, -ENOENT, &nowhere), -ENOENT);
	ck_assert_str_eq(kmod_devname_finding_get_message(kmod_devname_report_get(report, 0)),
			 english);
}

TEST(a_report_lives_until_its_last_reference)
{
	ck_assert_ptr_eq(kmod_devname_report_ref(report), report);
	ck_assert_ptr_null(kmod_devname_report_unref(report));
	ck_assert_int_eq(add(KMOD_DEVNAME_SEVERITY_NOTE, "x"), 0);
	ck_assert_uint_eq(kmod_devname_report_size(report), 1);
	ck_assert_ptr_null(kmod_devname_report_unref(NULL));
}

/* --- messages ---------------------------------------------------------------------------- */

static const struct {
	const char *text, *message;
} escape_rows[] = {
	{ "", "" },
	{ "plain text, 'quoted' \"twice\" 100%", "plain text, 'quoted' \"twice\" 100%" },
	{ " ~", " ~" },
	{ "\n", "\\x0a" },
	{ "\r\n\t\v\f\a\b", "\\x0d\\x0a\\x09\\x0b\\x0c\\x07\\x08" },
	{ "\\", "\\x5c" },
	{ "\\x0a", "\\x5cx0a" }, /* not to be mixed up with a newline */
	{ "\033[31m", "\\x1b[31m" },
	{ "\001\037\177", "\\x01\\x1f\\x7f" },
	{ "\200\237\240\377", "\\x80\\x9f\\xa0\\xff" },
	{ "\303\274", "\\xc3\\xbc" },
	{ "%s%n", "%s%n" },
};

#define LINE_HINT "run kmod-devname generate, or correct the line"

/* The hint of the code and the place; what looks like one in the data is none. */
static const struct {
	enum kmod_devname_code code;
	size_t line;
	const char *message;
} hint_rows[] = {
	{ KMOD_DEVNAME_CODE_NODEV, 0, "a; b; mount it without nodev" },
	{ KMOD_DEVNAME_CODE_NODEV, 1, "a; b; mount it without nodev" },
	{ KMOD_DEVNAME_CODE_ABSENT, 0, "a; b" },
	{ KMOD_DEVNAME_CODE_BAD_NAME, 0, "a; b; declare a valid name, see modules.devname(5)" },
	{ KMOD_DEVNAME_CODE_BAD_NAME, 1, "a; b; " LINE_HINT },
	{ KMOD_DEVNAME_CODE_BAD_LINE, 1, "a; b; " LINE_HINT },
	{ KMOD_DEVNAME_CODE_SYSTEM, 0, "a; b" },
};

LOOP_TEST(a_message_ends_in_the_hint_for_its_place, ARRAY_SIZE(hint_rows))
{
	const struct location location = { "file", hint_rows[_i].line };

	ck_assert_int_eq(report_add(report, hint_rows[_i].code, KMOD_DEVNAME_SEVERITY_ERROR,
				    &location, "%s", "a; b"),
			 0);
	ck_assert_str_eq(last_message(), hint_rows[_i].message);
	ck_assert_int_eq(report_add(report, hint_rows[_i].code, KMOD_DEVNAME_SEVERITY_ERROR,
				    &location, "%s; have another", "a"),
			 0);
	ck_assert_str_eq(last_message(), "a; have another");
}

TEST(a_text_that_is_too_long_leaves_the_hint)
{
	char text[2000] = "";

	memset(text, 'x', sizeof(text) - 1);
	ck_assert_int_eq(report_add(report, KMOD_DEVNAME_CODE_NODEV, KMOD_DEVNAME_SEVERITY_ERROR,
				    &nowhere, "%s", text),
			 0);
	ck_assert_uint_le(strlen(last_message()), 1000);
	ck_assert_ptr_nonnull(strstr(last_message(), "x...; mount it without nodev"));
}

LOOP_TEST(bytes_that_are_not_printable_are_escaped, ARRAY_SIZE(escape_rows))
{
	ck_assert_int_eq(add(KMOD_DEVNAME_SEVERITY_NOTE, escape_rows[_i].text), 0);
	ck_assert_str_eq(last_message(), escape_rows[_i].message);
}

TEST(every_byte_is_shown_or_escaped)
{
	for (unsigned int c = 1; c < 256; c++) {
		const char text[] = { '<', (char)c, '>', '\0' };
		char wanted[16];

		if (c < 32 || c > 126 || c == '\\')
			(void)snprintf(wanted, sizeof(wanted), "<\\x%02x>", c);
		else
			(void)snprintf(wanted, sizeof(wanted), "<%c>", (int)c);
		ck_assert_int_eq(add(KMOD_DEVNAME_SEVERITY_NOTE, text), 0);
		ck_assert_msg(strcmp(last_message(), wanted) == 0, "byte %u: '%s'", c,
			      last_message());
	}
}

/* A text that fits is whole; another is cut and says so. */
static const struct {
	size_t size;
	char byte;
	bool whole;
} length_rows[] = {
	{ 900, 'x', true },   { 990, 'x', true },     { 1001, 'x', false }, { 1004, 'x', false },
	{ 5000, 'x', false }, { 200000, 'x', false }, { 240, '\n', true },  { 251, '\n', false },
	{ 252, '\n', false }, { 9999, '\n', false },
};

LOOP_TEST(messages_have_at_most_1000_bytes, ARRAY_SIZE(length_rows))
{
	size_t size = length_rows[_i].size, length, expected;
	char *text = malloc(size + 1);
	bool escaped = length_rows[_i].byte == '\n';

	ck_assert_ptr_nonnull(text);
	memset(text, length_rows[_i].byte, size);
	text[size] = '\0';
	ck_assert_int_eq(add(KMOD_DEVNAME_SEVERITY_NOTE, text), 0);
	free(text);
	length = strlen(last_message());
	expected = escaped ? 4 * size : size;
	ck_assert_msg((length == expected) == length_rows[_i].whole, "%zu bytes become %zu", size,
		      length);
	ck_assert_msg(length <= 1000, "%zu bytes become %zu", size, length);
	ck_assert_msg(length_rows[_i].whole || length >= 990, "%zu bytes become %zu", size, length);
	if (!length_rows[_i].whole)
		ck_assert_str_eq(last_message() + length - 3, "...");
}

TEST(a_file_has_at_most_4096_bytes)
{
	char path[5000] = "";
	const struct location location = { path, 0 };

	memset(path, 'x', sizeof(path) - 1);
	ck_assert_int_eq(report_add(report, KMOD_DEVNAME_CODE_MALFORMED,
				    KMOD_DEVNAME_SEVERITY_ERROR, &location, "is long"),
			 0);
	ck_assert_uint_eq(strlen(kmod_devname_finding_get_file(kmod_devname_report_get(report, 0))),
			  4096);
}

/* Wherever it is cut, there is no half of an escape before the dots. */
TEST(an_escape_is_never_cut)
{
	for (size_t plain = 960; plain < 980; plain++) {
		char text[1300];
		const char *p;

		memset(text, 'x', plain);
		memset(text + plain, '\n', 100);
		text[plain + 100] = '\0';
		ck_assert_int_eq(add(KMOD_DEVNAME_SEVERITY_NOTE, text), 0);
		for (p = last_message() + plain; strncmp(p, "\\x0a", 4) == 0; p += 4)
			;
		ck_assert_msg(strcmp(p, "...") == 0, "after %zu bytes: '%s'", plain, p);
		ck_assert_uint_le(strlen(last_message()), 1000);
	}
}

int main(void)
{
	return harness_run(set_up, tear_down);
}
