// SPDX-License-Identifier: GPL-2.0-or-later
/* modules.order: which module comes first. Whatever a line holds, the others count. */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/harness.h"
#include "tree/scan.h"

#define PATHS_MAX 8
#define LINE(text) \
	{ \
		text, sizeof(text) - 1 \
	}

static size_t make_positions(const char *const *paths, struct module_position *positions)
{
	size_t n = 0;

	for (; n < PATHS_MAX && paths[n]; n++)
		positions[n] =
			(struct module_position){ .path = paths[n], .position = MODULE_ORDER_NONE };
	/* by their names, as no module is listed yet */
	module_order_sort(positions, n);
	return n;
}

/* The paths in their order; "|" parts those that are listed from those that are not. */
static void describe(const struct module_position *positions, size_t n, char *text, size_t size)
{
	bool listed = true;
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		bool parted = listed && positions[i].position == MODULE_ORDER_NONE;

		listed = listed && !parted;
		used += (size_t)snprintf(text + used, size - used, "%s%s%s", i > 0 ? " " : "",
					 parted ? "| " : "", positions[i].path);
	}
}

static const struct order_row {
	const char *what;
	struct text text;
	const char *paths[PATHS_MAX];
	const char *order;
	const char *findings; /* "CODE:LINE" or none */
} rows[] = {
	{ "no module", LINE("kernel/a.ko\n"), { NULL }, "", "" },
	{ "an empty file",
	  LINE(""),
	  { "kernel/b.ko", "kernel/a.ko" },
	  "| kernel/a.ko kernel/b.ko",
	  "" },
	{ "the order of the lines",
	  LINE("kernel/c.ko\nkernel/a.ko\nkernel/b.ko\n"),
	  { "kernel/a.ko", "kernel/b.ko", "kernel/c.ko" },
	  "kernel/c.ko kernel/a.ko kernel/b.ko",
	  "" },
	{ "modules that are not there",
	  LINE("kernel/x.ko\nkernel/b.ko\nkernel/y.ko\nkernel/a.ko\nkernel/z.ko\n"),
	  { "kernel/a.ko", "kernel/b.ko" },
	  "kernel/b.ko kernel/a.ko",
	  "" },
	{ "compressed files have .ko lines",
	  LINE("kernel/d.ko\nkernel/c.ko\nkernel/b.ko\nkernel/a.ko\n"),
	  { "kernel/a.ko", "kernel/b.ko.gz", "kernel/c.ko.xz", "kernel/d.ko.zst" },
	  "kernel/d.ko.zst kernel/c.ko.xz kernel/b.ko.gz kernel/a.ko",
	  "" },
	{ "lines with a compressed suffix match nothing",
	  LINE("kernel/b.ko.xz\nkernel/c.ko.gz\nkernel/d.ko.zst\nkernel/a.ko\n"),
	  { "kernel/a.ko", "kernel/b.ko.xz", "kernel/c.ko.gz", "kernel/d.ko.zst" },
	  "kernel/a.ko | kernel/b.ko.xz kernel/c.ko.gz kernel/d.ko.zst",
	  "" },
	{ "the first of two equal lines counts",
	  LINE("kernel/b.ko\nkernel/a.ko\nkernel/b.ko\n"),
	  { "kernel/a.ko", "kernel/b.ko" },
	  "kernel/b.ko kernel/a.ko",
	  "" },
	{ "unlisted modules come after the listed, by name and not by path",
	  LINE("kernel/z/listed.ko\n"),
	  { "kernel/z/a.ko", "kernel/z/listed.ko", "kernel/b/b.ko", "extra/c.ko", "aa.ko" },
	  "kernel/z/listed.ko | kernel/z/a.ko aa.ko kernel/b/b.ko extra/c.ko",
	  "" },
	{ "names compare as the kernel has them, with _ for -",
	  LINE(""),
	  { "a_c.ko", "a-d.ko", "a_b.ko", "a.ko", "aZ.ko" },
	  "| a.ko aZ.ko a_b.ko a_c.ko a-d.ko",
	  "" },
	{ "a name ends at its first dot",
	  LINE(""),
	  { "b.a.ko", "a.ko.xz", "a+.ko" },
	  "| a.ko.xz a+.ko b.a.ko",
	  "" },
	{ "a dash is the file's dash",
	  LINE("kernel/b-b.ko\nkernel/a_a.ko\n"),
	  { "kernel/a-a.ko", "kernel/b-b.ko" },
	  "kernel/b-b.ko | kernel/a-a.ko",
	  "" },
	{ "dots in file names",
	  LINE("kernel/foo.bar.ko\nkernel/a.ko\nkernel/a.ko.b.ko\nkernel/c.kontrol.ko\n"),
	  { "kernel/a.ko.b.ko.xz", "kernel/c.kontrol.ko", "kernel/foo.bar.ko" },
	  "kernel/foo.bar.ko kernel/a.ko.b.ko.xz kernel/c.kontrol.ko",
	  "" },
	{ "dots in directories",
	  LINE("dir.ko/b.ko\ndir.ko.xz/a.ko\ndir.ko\n"),
	  { "dir.ko.xz/a.ko.gz", "dir.ko/b.ko.gz" },
	  "dir.ko/b.ko.gz dir.ko.xz/a.ko.gz",
	  "" },
	{ "a name that begins like another",
	  LINE("kernel/ab.ko\nkernel/a.ko\nkernel/abc.ko\nkernel/a-b.ko\n"),
	  { "kernel/a.ko", "kernel/a-b.ko", "kernel/ab.ko", "kernel/abc.ko" },
	  "kernel/ab.ko kernel/a.ko kernel/abc.ko kernel/a-b.ko",
	  "" },
	{ "no directory is passed over",
	  LINE("b.ko\nkernel/x/a.ko\nkernel//a.ko\n./kernel/a.ko\n/kernel/a.ko\nkernel/a\n"),
	  { "kernel/a.ko", "b.ko" },
	  "b.ko | kernel/a.ko",
	  "" },
	{ "objects, carriage returns, blanks and comments match nothing",
	  LINE("kernel/a.o\nkernel/b.ko\r\n kernel/c.ko\nkernel/d.ko \n# kernel/a.ko\n\nz.ko\n"),
	  { "kernel/a.ko", "kernel/b.ko", "kernel/c.ko", "kernel/d.ko", "z.ko" },
	  "z.ko | kernel/a.ko kernel/b.ko kernel/c.ko kernel/d.ko",
	  "" },
	{ "the suffix is .ko, in small letters",
	  LINE("kernel/a.KO\nkernel/b.kx\nkernel/c-ko\nkernel/d.ko.o\nz.ko\n"),
	  { "kernel/a.ko", "kernel/b.ko", "kernel/c.ko", "kernel/d.ko", "z.ko" },
	  "z.ko | kernel/a.ko kernel/b.ko kernel/c.ko kernel/d.ko",
	  "" },
	{ "short lines",
	  LINE("\no\nko\n.ko\n/\na\n"),
	  { "kernel/b.ko", "a.ko" },
	  "| a.ko kernel/b.ko",
	  "" },
	{ "a NUL byte in a line",
	  LINE("kernel/a.ko\0\nkernel/b.ko\0.ko\nkernel\0/c.ko\n\0\nkernel/d\0.ko\nz.ko\n"),
	  { "kernel/a.ko", "kernel/b.ko", "kernel/c.ko", "kernel/d.ko", "z.ko" },
	  "z.ko | kernel/a.ko kernel/b.ko kernel/c.ko kernel/d.ko",
	  "" },
	{ "the last line without a newline",
	  LINE("kernel/b.ko\nkernel/a.ko"),
	  { "kernel/a.ko", "kernel/b.ko" },
	  "kernel/b.ko | kernel/a.ko",
	  "bad-order:2" },
	{ "nothing but a line without a newline",
	  LINE("kernel/a.ko"),
	  { "kernel/a.ko" },
	  "| kernel/a.ko",
	  "bad-order:1" },
};

static void check_findings(const struct kmod_devname_report *report, const struct order_row *row)
{
	const struct kmod_devname_finding *finding = kmod_devname_report_get(report, 0);
	char text[64] = "";

	if (finding)
		(void)snprintf(text, sizeof(text), "%s:%zu",
			       kmod_devname_code_to_string(kmod_devname_finding_get_code(finding)),
			       kmod_devname_finding_get_line(finding));
	ck_assert_msg(strcmp(text, row->findings) == 0, "%s: '%s' instead of '%s'", row->what, text,
		      row->findings);
	ck_assert_msg(kmod_devname_report_size(report) <= 1, "%s: more findings", row->what);
}

LOOP_TEST(modules_are_sorted_by_their_lines, ARRAY_SIZE(rows))
{
	const struct order_row *row = &rows[_i];
	struct harness_source source = { row->text, 0, 0 };
	struct module_position positions[PATHS_MAX];
	size_t n = make_positions(row->paths, positions);
	struct kmod_devname_report *report;
	FILE *stream = harness_open(&source);
	char order[1024];

	ck_assert_int_eq(kmod_devname_report_new(&report), 0);
	ck_assert_int_eq(module_order_read(&(struct kmod_devname_scan){ .report = report }, stream,
					   positions, n),
			 0);
	module_order_sort(positions, n);
	describe(positions, n, order, sizeof(order));
	ck_assert_msg(strcmp(order, row->order) == 0, "%s: '%s' instead of '%s'", row->what, order,
		      row->order);
	check_findings(report, row);
	(void)fclose(stream);
	kmod_devname_report_unref(report);
}

/* In what order the tree lists the modules does not matter, nor where a read ends. */
LOOP_TEST(the_result_depends_on_the_lines_alone, ARRAY_SIZE(rows))
{
	const struct order_row *row = &rows[_i];
	struct module_position positions[PATHS_MAX], swapped;
	size_t n = make_positions(row->paths, positions);
	char order[1024];

	for (size_t turn = 0; turn < n; turn++) {
		struct harness_source source = { row->text, turn + 1, 0 };
		FILE *stream = harness_open(&source);

		for (size_t i = 0; i < n; i++)
			positions[i].position = MODULE_ORDER_NONE;
		swapped = positions[turn];
		positions[turn] = positions[n - 1 - turn];
		positions[n - 1 - turn] = swapped;
		module_order_sort(positions, n);
		ck_assert_int_eq(
			module_order_read(&(struct kmod_devname_scan){ 0 }, stream, positions, n),
			0);
		module_order_sort(positions, n);
		describe(positions, n, order, sizeof(order));
		ck_assert_msg(strcmp(order, row->order) == 0, "%s: '%s' instead of '%s'", row->what,
			      order, row->order);
		(void)fclose(stream);
	}
}

/* --- long lines -------------------------------------------------------------------------- */

/* A path of this many bytes that ends in ".ko". */
static char *make_path(size_t size)
{
	char *path = malloc(size + 1);

	ck_assert_ptr_nonnull(path);
	memset(path, 'a', size);
	for (size_t i = 100; i + 10 < size; i += 100)
		path[i] = '/';
	memcpy(path + size - 3, ".ko", 4);
	return path;
}

/* Other readers have 4096 bytes for a line: 4094, a newline and a NUL. */
static const struct {
	size_t size;
	bool good;
} long_rows[] = {
	{ 255, true },   { 4093, true },  { 4094, true },     { 4095, false },
	{ 4096, false }, { 8192, false }, { 1000000, false },
};

LOOP_TEST(a_line_that_is_too_long_is_a_finding, ARRAY_SIZE(long_rows))
{
	char *path = make_path(long_rows[_i].size), *text;
	struct module_position positions[] = { { .path = path, .position = MODULE_ORDER_NONE },
					       { .path = "a.ko", .position = MODULE_ORDER_NONE },
					       { .path = "b.ko", .position = MODULE_ORDER_NONE } };
	struct kmod_devname_report *report;
	struct harness_source source = { { NULL, 0 }, 0, 0 };
	FILE *stream;

	source.text.size = (size_t)asprintf(&text, "b.ko\n%s\na.ko\n", path);
	source.text.bytes = text;
	stream = harness_open(&source);
	module_order_sort(positions, 3);
	ck_assert_int_eq(kmod_devname_report_new(&report), 0);
	ck_assert_int_eq(module_order_read(&(struct kmod_devname_scan){ .report = report }, stream,
					   positions, 3),
			 0);
	module_order_sort(positions, 3);
	/* Listed between the others, or else not at all; those are in either case. */
	ck_assert_str_eq(positions[0].path, "b.ko");
	ck_assert_str_eq(positions[long_rows[_i].good ? 2 : 1].path, "a.ko");
	ck_assert_uint_ne(positions[1].position, MODULE_ORDER_NONE);
	ck_assert_msg((positions[2].position != MODULE_ORDER_NONE) == long_rows[_i].good,
		      "a line of %zu bytes", long_rows[_i].size);
	ck_assert_str_eq(harness_codes(report), long_rows[_i].good ? "" : "bad-order");
	(void)fclose(stream);
	free(text);
	free(path);
	kmod_devname_report_unref(report);
}

TEST(a_finding_names_file_line_and_severity)
{
	const struct kmod_devname_finding *finding;
	struct kmod_devname_report *report;
	struct harness_source source = { LINE("a.ko\nb.ko\nc.ko"), 0, 0 };
	struct module_position positions[] = { { .path = "a.ko", .position = MODULE_ORDER_NONE } };
	FILE *stream = harness_open(&source);

	ck_assert_int_eq(kmod_devname_report_new(&report), 0);
	ck_assert_int_eq(module_order_read(&(struct kmod_devname_scan){ .report = report }, stream,
					   positions, 1),
			 0);
	finding = kmod_devname_report_get(report, 0);
	ck_assert_ptr_nonnull(finding);
	ck_assert_int_eq(kmod_devname_finding_get_severity(finding), KMOD_DEVNAME_SEVERITY_WARNING);
	ck_assert_str_eq(kmod_devname_finding_get_file(finding), "modules.order");
	ck_assert_uint_eq(kmod_devname_finding_get_line(finding), 3);
	(void)fclose(stream);
	kmod_devname_report_unref(report);
}

/* --- failures, size ---------------------------------------------------------------------- */

static const int error_rows[] = { EIO, EISDIR, EACCES, ENOMEM };

LOOP_TEST(a_read_error_is_returned, ARRAY_SIZE(error_rows))
{
	struct harness_source source = { LINE("a.ko\nb.k"), 0, error_rows[_i] };
	struct module_position positions[] = { { .path = "a.ko", .position = MODULE_ORDER_NONE } };
	FILE *stream = harness_open(&source);

	ck_assert_int_eq(module_order_read(&(struct kmod_devname_scan){ 0 }, stream, positions, 1),
			 -error_rows[_i]);
	(void)fclose(stream);
}

#define MANY 100000

/* The paths in two orders that have nothing to do with each other. */
static size_t scramble(size_t i)
{
	return i * 7919 % MANY; /* a prime: each number once */
}

/* Quadratic time would be a minute. */
TEST(many_modules_are_sorted)
{
	struct module_position *positions = calloc(MANY, sizeof(*positions));
	struct harness_source source = { { NULL, 0 }, 0, 0 };
	char *text = NULL, (*paths)[24] = calloc(MANY, sizeof(*paths));
	FILE *stream = open_memstream(&text, &source.text.size);

	harness_limit_cpu(4);
	ck_assert(positions && paths && stream);
	for (size_t i = 0; i < MANY; i++) {
		(void)snprintf(paths[i], sizeof(paths[i]), "kernel/m%zu.ko.xz", i);
		positions[i] =
			(struct module_position){ .path = paths[i], .position = MODULE_ORDER_NONE };
		fprintf(stream, "kernel/m%zu.ko\n", scramble(i));
	}
	ck_assert_int_eq(fclose(stream), 0);
	source.text.bytes = text;
	stream = harness_open(&source);
	module_order_sort(positions, MANY);
	ck_assert_int_eq(
		module_order_read(&(struct kmod_devname_scan){ 0 }, stream, positions, MANY), 0);
	module_order_sort(positions, MANY);
	for (size_t i = 0; i < MANY; i++)
		if (positions[i].path != paths[scramble(i)])
			ck_abort_msg("%s at %zu", positions[i].path, i);
	(void)fclose(stream);
	free(text);
	free(paths);
	free(positions);
}

int main(void)
{
	return harness_run(NULL, NULL);
}
