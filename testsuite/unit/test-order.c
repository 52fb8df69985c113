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

static void add_module(struct kmod_devname_scan *scan, struct list *modules, const char *path)
{
	const char *name = syntax_base_name(path);
	char *parent = strndup(path, name > path ? (size_t)(name - path) - 1 : 0);
	struct scan_directory *directory;
	struct scan_module *module;

	ck_assert_ptr_nonnull(parent);
	directory = scan_add_directory(&scan->found, NULL, NULL, parent);
	module = scan_add_module(&scan->found.modules, directory, name, false);
	ck_assert(directory && module && list_push(modules, module) == 0);
	free(parent);
}

static void add_modules(struct kmod_devname_scan *scan, struct list *modules,
			const char *const *paths)
{
	for (size_t i = 0; i < PATHS_MAX && paths[i]; i++)
		add_module(scan, modules, paths[i]);
	/* by their names, as no module is listed yet */
	module_order_sort(modules);
}

static const struct scan_module *get_module(const struct list *modules, size_t i)
{
	return modules->items[i];
}

static bool has_path(const struct scan_module *module, const char *path)
{
	char *own = scan_get_path(module->directory, module->name);
	bool same;

	ck_assert_ptr_nonnull(own);
	same = strcmp(own, path) == 0;
	free(own);
	return same;
}

/* The paths in their order; "|" parts those that are listed from those that are not. */
static void describe(const struct list *modules, char *text, size_t size)
{
	bool listed = true;
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < modules->size; i++) {
		const struct scan_module *module = get_module(modules, i);
		bool parted = listed && module->position == 0;
		char *path = scan_get_path(module->directory, module->name);

		ck_assert_ptr_nonnull(path);
		listed = listed && !parted;
		used += (size_t)snprintf(text + used, size - used, "%s%s%s", i > 0 ? " " : "",
					 parted ? "| " : "", path);
		free(path);
	}
}

static void modules_done(struct kmod_devname_scan *scan, struct list *modules)
{
	list_done(modules, NULL);
	scan_found_done(&scan->found);
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
	struct kmod_devname_scan scan = { 0 };
	struct list modules = { 0 };
	FILE *stream = harness_open(&source);
	char order[1024];

	add_modules(&scan, &modules, row->paths);
	ck_assert_int_eq(kmod_devname_report_new(&scan.report), 0);
	ck_assert_int_eq(module_order_read(&scan, stream, &modules), 0);
	module_order_sort(&modules);
	describe(&modules, order, sizeof(order));
	ck_assert_msg(strcmp(order, row->order) == 0, "%s: '%s' instead of '%s'", row->what, order,
		      row->order);
	check_findings(scan.report, row);
	(void)fclose(stream);
	kmod_devname_report_unref(scan.report);
	modules_done(&scan, &modules);
}

/* In what order the tree lists the modules does not matter, nor where a read ends. */
LOOP_TEST(the_result_depends_on_the_lines_alone, ARRAY_SIZE(rows))
{
	const struct order_row *row = &rows[_i];
	struct kmod_devname_scan scan = { 0 };
	struct list modules = { 0 };
	char order[1024];

	add_modules(&scan, &modules, row->paths);
	for (size_t turn = 0; turn < modules.size; turn++) {
		struct harness_source source = { row->text, turn + 1, 0 };
		FILE *stream = harness_open(&source);
		size_t other = modules.size - 1 - turn;
		void *swapped = modules.items[turn];

		for (size_t i = 0; i < modules.size; i++)
			((struct scan_module *)modules.items[i])->position = 0;
		modules.items[turn] = modules.items[other];
		modules.items[other] = swapped;
		module_order_sort(&modules);
		ck_assert_int_eq(module_order_read(&scan, stream, &modules), 0);
		module_order_sort(&modules);
		describe(&modules, order, sizeof(order));
		ck_assert_msg(strcmp(order, row->order) == 0, "%s: '%s' instead of '%s'", row->what,
			      order, row->order);
		(void)fclose(stream);
	}
	modules_done(&scan, &modules);
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
	const char *const paths[PATHS_MAX] = { path, "a.ko", "b.ko" };
	struct kmod_devname_scan scan = { 0 };
	struct list modules = { 0 };
	struct harness_source source = { { NULL, 0 }, 0, 0 };
	FILE *stream;

	source.text.size = (size_t)asprintf(&text, "b.ko\n%s\na.ko\n", path);
	source.text.bytes = text;
	stream = harness_open(&source);
	add_modules(&scan, &modules, paths);
	ck_assert_int_eq(kmod_devname_report_new(&scan.report), 0);
	ck_assert_int_eq(module_order_read(&scan, stream, &modules), 0);
	module_order_sort(&modules);
	/* Listed between the others, or else not at all; those are in either case. */
	ck_assert(has_path(get_module(&modules, 0), "b.ko"));
	ck_assert(has_path(get_module(&modules, long_rows[_i].good ? 2 : 1), "a.ko"));
	ck_assert_uint_ne(get_module(&modules, 1)->position, 0);
	ck_assert_msg((get_module(&modules, 2)->position != 0) == long_rows[_i].good,
		      "a line of %zu bytes", long_rows[_i].size);
	ck_assert_str_eq(harness_codes(scan.report), long_rows[_i].good ? "" : "bad-order");
	(void)fclose(stream);
	free(text);
	free(path);
	kmod_devname_report_unref(scan.report);
	modules_done(&scan, &modules);
}

TEST(a_finding_names_file_line_and_severity)
{
	const struct kmod_devname_finding *finding;
	struct kmod_devname_report *report;
	struct harness_source source = { LINE("a.ko\nb.ko\nc.ko"), 0, 0 };
	FILE *stream = harness_open(&source);

	ck_assert_int_eq(kmod_devname_report_new(&report), 0);
	ck_assert_int_eq(module_order_read(&(struct kmod_devname_scan){ .report = report }, stream,
					   &(struct list){ 0 }),
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
	struct kmod_devname_scan scan = { 0 };
	struct list modules = { 0 };
	FILE *stream = harness_open(&source);

	add_module(&scan, &modules, "a.ko");
	ck_assert_int_eq(module_order_read(&scan, stream, &modules), -error_rows[_i]);
	(void)fclose(stream);
	modules_done(&scan, &modules);
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
	struct harness_source source = { { NULL, 0 }, 0, 0 };
	struct kmod_devname_scan scan = { 0 };
	struct list modules = { 0 };
	char *text = NULL, (*paths)[24] = calloc(MANY, sizeof(*paths));
	FILE *stream = open_memstream(&text, &source.text.size);

	harness_limit_cpu(4);
	ck_assert(paths && stream);
	for (size_t i = 0; i < MANY; i++) {
		(void)snprintf(paths[i], sizeof(paths[i]), "kernel/m%zu.ko.xz", i);
		add_module(&scan, &modules, paths[i]);
		fprintf(stream, "kernel/m%zu.ko\n", scramble(i));
	}
	ck_assert_int_eq(fclose(stream), 0);
	source.text.bytes = text;
	stream = harness_open(&source);
	module_order_sort(&modules);
	ck_assert_int_eq(module_order_read(&scan, stream, &modules), 0);
	module_order_sort(&modules);
	for (size_t i = 0; i < MANY; i++)
		if (!has_path(get_module(&modules, i), paths[scramble(i)]))
			ck_abort_msg("%s at %zu", get_module(&modules, i)->name, i);
	(void)fclose(stream);
	free(text);
	free(paths);
	modules_done(&scan, &modules);
}

int main(void)
{
	return harness_run(NULL, NULL);
}
