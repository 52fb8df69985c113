// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Texts that lie: modules.alias, modules.builtin.modinfo, modules.order, and what is large in any
 * of them. And each hostile name and number by all the ways in: a module handed in, built-in ones,
 * modules.devname. A row says what must come of it by modules.devname(5) and the rules of
 * libkmod-devname.h, and that is a node or a finding, never silence.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fixture.h"
#include "lib/hostile.h"
#include "text/depmod-index.h"
#include "tree/scan.h"

#define MEMORY (256 * MIB)

#define HEADER_SIZE (sizeof(DEVNAME_HEADER) - 1)

/* A way in for a text. */
typedef int reader(struct kmod_devname_table *into, struct kmod_devname_report *findings,
		   FILE *stream, const char *file);

static int read_text(reader *read, struct text text)
{
	struct harness_source source = { text, 0, 0 };
	FILE *stream = harness_open(&source);
	int r = read(table, report, stream, "file");

	(void)fclose(stream);
	return r;
}

static const char *nodes(void)
{
	const char *text = harness_text(table);

	return text[0] == '\0' ? text : text + HEADER_SIZE;
}

static void check(int r, int expected, const char *lines, const char *codes, const char *what)
{
	CHECK(r == expected, "%s: %d instead of %d", what, r, expected);
	CHECK(strcmp(nodes(), lines) == 0, "%s: '%s' instead of '%s'", what, nodes(), lines);
	CHECK(strcmp(harness_codes(report), codes) == 0, "%s: '%s' instead of '%s'", what,
	      harness_codes(report), codes);
	hostile_judged();
}

/* --- modules.alias ----------------------------------------------------------------------- */

#define FUSE "alias devname:fuse fuse\nalias char-major-10-229 fuse\n"
#define FUSE_NODE "fuse fuse c10:229\n"

/* clang-format off */
static const struct {
	const char *what;
	struct text text;
	const char *codes; /* "" if each line is an alias */
} index_rows[] = {
	{ "as depmod writes it", BYTES("# Aliases\n" FUSE), "" },
	{ "as busybox writes it, backwards",
	  BYTES("alias char-major-10-229 fuse\nalias devname:fuse fuse\n"), "" },
	{ "comments only", BYTES("#\n# x\n#alias a b\n"), "" },
	{ "nothing: lost when the power failed", BYTES(""), "bad-index" },
	{ "a line feed", BYTES("\n"), "bad-index" },
	{ "an empty line behind", BYTES(FUSE "\n"), "bad-index" },
	{ "no line feed at the end", BYTES(FUSE "alias a b"), "cut-line" },
	{ "no line feed after a comment", BYTES(FUSE "# x"), "cut-line" },
	{ "a NUL at the end", BYTES(FUSE "\0"), "cut-line" },
	{ "a NUL for a line", BYTES(FUSE "\0\n"), "bad-index" },
	{ "a NUL in the word", BYTES("ali\0s a b\n" FUSE), "bad-index" },
	{ "a NUL behind the word", BYTES("alias\0a b\n" FUSE), "bad-index" },
	{ "a NUL in an alias", BYTES("alias devname:fu\0se fuse\n" FUSE), "bad-index" },
	{ "a NUL in a module's name",
	  BYTES("alias devname:x m\0n\nalias char-major-1-1 m\n"), "bad-index" },
	{ "a NUL in a number",
	  BYTES("alias devname:x m\nalias char-major-1-1\0002 m\n"), "bad-index" },
	{ "a NUL in a comment", BYTES("#\0\n" FUSE), "" },
	{ "no alias", BYTES("alias\n" FUSE), "bad-index" },
	{ "no alias, a blank", BYTES("alias \n" FUSE), "bad-index" },
	{ "no module", BYTES("alias a\n" FUSE), "bad-index" },
	{ "no module, a blank", BYTES("alias a \n" FUSE), "bad-index" },
	{ "an empty alias, as a module may have one", BYTES("alias  b\n" FUSE), "" },
	{ "a capital letter", BYTES("Alias a b\n" FUSE), "bad-index" },
	{ "a longer word", BYTES("aliases a b\n" FUSE), "bad-index" },
	{ "a blank before it", BYTES(" alias a b\n" FUSE), "bad-index" },
	{ "a tab behind it", BYTES("alias\ta b\n" FUSE), "bad-index" },
	{ "a tab before the module", BYTES("alias a\tb\n" FUSE), "bad-index" },
	{ "a byte order mark", BYTES("\xef\xbb\xbf" "alias a b\n" FUSE), "bad-index" },
	{ "options of modprobe.d", BYTES("options a b=1\n" FUSE), "bad-index" },
	{ "a command of modprobe.d", BYTES("install a /bin/sh\n" FUSE), "bad-index" },
	{ "modules.alias.bin", BYTES("\xb0\x07\xf4\x57\0\2\0\1\x20\0\0\n"), "bad-index" },
	{ "an ELF file", BYTES("\x7f" "ELF\2\1\1\0\0\n"), "bad-index" },
	{ "lines that end with carriage returns",
	  BYTES("alias devname:fuse fuse\r\nalias char-major-10-229 fuse\r\n"), "" },
	{ "a dash in a module's name",
	  BYTES("alias devname:x m-n\nalias char-major-1-1 m-n\n"), "" },
	{ "a dot in a module's name",
	  BYTES("alias devname:x m.n\nalias char-major-1-1 m.n\n"), "" },
	{ "a slash in a module's name",
	  BYTES("alias devname:x m/n\nalias char-major-1-1 m/n\n"), "" },
	{ "an escape in a module's name",
	  BYTES("alias devname:x m\033\nalias char-major-1-1 m\033\n"), "" },
};
/* clang-format on */

/* Returns what ended the reading. */
static int read_aliases(struct kmod_devname_table *into, struct kmod_devname_report *findings,
			FILE *stream, const char *file)
{
	struct depmod_index index;
	const char *alias, *module;
	int status;

	(void)into;
	depmod_index_start(&index, findings, stream, file);
	while ((status = depmod_index_next_alias(&index, &alias, &module)) == DEPMOD_INDEX_LINE)
		;
	return status;
}

LOOP_TEST(a_line_that_is_no_alias_damages_an_index, ARRAY_SIZE(index_rows))
{
	const char *codes = index_rows[_i].codes;

	hostile_bounds(MEMORY);
	check(read_text(read_aliases, index_rows[_i].text),
	      codes[0] == '\0' ? DEPMOD_INDEX_END : DEPMOD_INDEX_DAMAGED, "", codes,
	      index_rows[_i].what);
}

/* --- modules.builtin.modinfo --------------------------------------------------------------- */

#define BUILT_IN "fuse.alias=devname:fuse\0fuse.alias=char-major-10-229\0"

/* clang-format off */
static const struct {
	const char *what;
	struct text text;
	const char *nodes, *codes;
} builtin_rows[] = {
	{ "as the kernel's build makes it", BYTES("fuse.license=GPL\0" BUILT_IN), FUSE_NODE, "" },
	{ "nothing", BYTES(""), "", "" },
	{ "NULs only", BYTES("\0\0\0\0"), "", "" },
	{ "NULs between", BYTES("\0" BUILT_IN "\0\0"), FUSE_NODE, "" },
	{ "no NUL at the end", BYTES(BUILT_IN "x.license=GPL"), FUSE_NODE, "cut-line" },
	{ "no NUL after half a number",
	  BYTES("fuse.alias=devname:fuse\0fuse.alias=char-major-10-22"), "",
	  "cut-line,missing-number" },
	{ "one byte", BYTES("x"), "", "cut-line" },
	{ "line feeds instead of NULs",
	  BYTES("fuse.alias=devname:fuse\nfuse.alias=char-major-10-229\n"), "", "cut-line" },
	{ "a line feed in a name", BYTES("m.alias=devname:a\nb\0m.alias=char-major-1-1\0"), "",
	  "bad-name" },
	{ "no module", BYTES(".alias=devname:a\0.alias=char-major-1-1\0"), "", "bad-module-name" },
	{ "no dot", BYTES("alias=devname:a\0alias=char-major-1-1\0"), "", "" },
	{ "two dots: the field is not alias", BYTES("m.x.alias=devname:a\0"), "", "" },
	{ "a module with a slash", BYTES("a/b.alias=devname:a\0a/b.alias=char-major-1-1\0"), "",
	  "bad-module-name" },
	{ "a module with a dash", BYTES("a-b.alias=devname:a\0a-b.alias=char-major-1-1\0"),
	  "a_b a c1:1\n", "" },
	{ "a module with a blank", BYTES("a b.alias=devname:a\0a b.alias=char-major-1-1\0"), "",
	  "bad-module-name" },
	{ "strings of a module in two places",
	  BYTES("m.alias=devname:a\0n.alias=x\0m.alias=char-major-1-1\0"), "", "missing-number" },
	{ "other fields in between",
	  BYTES("m.alias=devname:a\0n.license=GPL\0m.alias=char-major-1-1\0"), "m a c1:1\n", "" },
	{ "a field that begins with alias", BYTES("m.aliases=devname:a\0" BUILT_IN), FUSE_NODE,
	  "" },
	{ "a name of nothing", BYTES("m.alias=devname:\0m.alias=char-major-1-1\0"), "",
	  "bad-name" },
	{ "numbers out of range", BYTES("m.alias=devname:a\0m.alias=char-major-4096-1\0"), "",
	  "bad-number" },
	{ "the number of nobody", BYTES("m.alias=devname:a\0m.alias=char-major-10-255\0"), "",
	  "dynamic-minor" },
	{ "two names, two numbers, apart",
	  BYTES("m.alias=devname:a\0m.alias=devname:b\0m.alias=char-major-1-1\0"
		"m.alias=char-major-1-2\0"), "", "ambiguous" },
	{ "names that exclude each other",
	  BYTES("m.alias=devname:a\0m.alias=char-major-1-1\0n.alias=devname:a/b\0"
		"n.alias=char-major-1-2\0"), "m a c1:1\n", "name-conflict" },
};
/* clang-format on */

LOOP_TEST(built_in_strings_give_nodes_or_findings, ARRAY_SIZE(builtin_rows))
{
	hostile_bounds(MEMORY);
	check(read_text(table_read_builtin, builtin_rows[_i].text), 0, builtin_rows[_i].nodes,
	      builtin_rows[_i].codes, builtin_rows[_i].what);
}

/* --- names and numbers, by every way in ---------------------------------------------------- */

/* Of each kind one: test-syntax.c has all. */
static const struct {
	const char *name;
	/* by a module, by modules.builtin.modinfo, by modules.devname */
	const char *module, *builtin, *devname;
} name_rows[] = {
#define BAD(name) \
	{ \
		name, "bad-name", "bad-name", "bad-name" \
	}
#define BLANK(name) \
	{ \
		name, "bad-name", "bad-name", "bad-line" \
	}
#define LINE_FEED(name) \
	{ \
		name, "bad-name", "bad-name", "bad-line,bad-line" \
	}
#define GOOD(name) \
	{ \
		name, "", "", "" \
	}
	GOOD("fuse"),     GOOD("a/b/c/d/e"),
	GOOD("..."),      GOOD("A-Z_a.z+0:9@x,y=z#1!2"),
	GOOD("null"),     GOOD("c1:1"),
	BAD("/a"),        BAD("a/"),
	BAD("a//b"),      BAD("../../etc/passwd"),
	BAD("-a"),        BAD("#a"),
	BAD("a%b"),       BAD("a\\b"),
	BAD("a\"b"),      BAD("a*b"),
	BAD("a\001"),     BAD("a\033[2Jb"),
	BAD("a\tb"),      BAD("a\vb"),
	BAD("a\rb"),      BAD("a\177"),
	BAD("a\377"),     BAD("a\302\240b"),
	BLANK(" a"),      BLANK("a b"),
	BLANK("a c1:1"),  BLANK("a  b"),
	BLANK("a/ /b"),   LINE_FEED("a\nb"),
	LINE_FEED("\na"), LINE_FEED("a\n"),
};

/* What a text must come to: the node, or the codes, of whatever place. */
static void check_way(reader *read, const char *code, const char *what, const char *name,
		      char *text, int size)
{
	int r;

	CHECK(size > 0, "no memory");
	set_up();
	r = read_text(read, (struct text){ text, (size_t)size });
	CHECK(r >= 0 && strcmp(harness_codes(report), code) == 0, "%s of '%s': %d, '%s', not '%s'",
	      what, name, r, harness_codes(report), code);
	CHECK((kmod_devname_table_size(table) == 1) == (code[0] == '\0') &&
		      kmod_devname_table_size(table) <= 1,
	      "%s of '%s': %zu nodes", what, name, kmod_devname_table_size(table));
	hostile_judged();
	tear_down();
	free(text);
}

static void check_module(const char *code, const char *name, const char *const aliases[2])
{
	set_up();
	CHECK(kmod_devname_table_add_module(table, report, "m", "file", aliases, 2) == 0,
	      "no memory");
	CHECK(strcmp(harness_codes(report), code) == 0 &&
		      kmod_devname_table_size(table) == (code[0] == '\0'),
	      "module of '%s': '%s' instead of '%s'", name, harness_codes(report), code);
	hostile_judged();
	tear_down();
}

LOOP_TEST(a_name_is_judged_alike_by_every_way_in, ARRAY_SIZE(name_rows))
{
	const char *name = name_rows[_i].name;
	char *alias = NULL, *text = NULL;
	int n;

	hostile_bounds(MEMORY);
	tear_down();
	CHECK(asprintf(&alias, "devname:%s", name) > 0, "no memory");
	check_module(name_rows[_i].module, name, (const char *const[]){ alias, "char-major-1-1" });
	n = asprintf(&text, "m.alias=%s%cm.alias=char-major-1-1%c", alias, 0, 0);
	check_way(table_read_builtin, name_rows[_i].builtin, "builtin", name, text, n);
	n = asprintf(&text, "m %s c1:1\n", name);
	check_way(kmod_devname_table_read, name_rows[_i].devname, "devname", name, text, n);
	free(alias);
	set_up();
}

/* MAJOR-MINOR of an alias, MAJOR:MINOR of a line; codes as above. */
static const struct {
	const char *major, *minor;
	const char *alias, *line;
} number_rows[] = {
#define LEGAL(major, minor) \
	{ \
		major, minor, "", "" \
	}
#define WRONG(major, minor) \
	{ \
		major, minor, "bad-number", "bad-number" \
	}
	LEGAL("1", "0"),
	LEGAL("4095", "1048575"),
	LEGAL("10", "254"),
	LEGAL("10", "256"),
	LEGAL("11", "255"),
	{ "10", "255", "dynamic-minor", "dynamic-minor" },
	WRONG("0", "1"),
	WRONG("4096", "0"),
	WRONG("1", "1048576"),
	WRONG("1", "4294967296"),
	WRONG("18446744073709551617", "1"),
	WRONG("1", "99999999999999999999999999999999999999999999"),
	WRONG("01", "1"),
	WRONG("1", "00"),
	WRONG("1", "0x1"),
	WRONG("1", "+1"),
	WRONG("1", "-1"),
	WRONG("1", ""),
	WRONG("1", "1a"),
	WRONG("1", "\331\241"),
	WRONG("1", "1\t"),
	{ "1 ", "1", "bad-number", "bad-line" },
	{ "1", " 1", "bad-number", "bad-line" },
	{ " 1", "1", "bad-number", "bad-line" },
	{ "1", "1 ", "bad-number", "bad-line" },
	{ "*", "*", "missing-number", "bad-number" },
	{ "1", "*", "missing-number", "bad-number" },
	{ "1", "[0-9]", "missing-number", "bad-number" },
	{ "1", "1?", "missing-number", "bad-number" },
};

LOOP_TEST(a_number_is_judged_alike_by_every_way_in, ARRAY_SIZE(number_rows))
{
	const char *major = number_rows[_i].major, *minor = number_rows[_i].minor;
	static const char *const types[] = { "char", "block" };

	hostile_bounds(MEMORY);
	tear_down();
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		char *alias = NULL, *text = NULL;
		bool dynamic = strcmp(number_rows[_i].alias, "dynamic-minor") == 0;
		const char *code = dynamic && i == 1 ? "" : number_rows[_i].alias;
		const char *line = dynamic && i == 1 ? "" : number_rows[_i].line;
		int n;

		CHECK(asprintf(&alias, "%s-major-%s-%s", types[i], major, minor) > 0, "no memory");
		check_module(code, alias, (const char *const[]){ alias, "devname:a" });
		n = asprintf(&text, "m.alias=%s%cm.alias=devname:a%c", alias, 0, 0);
		check_way(table_read_builtin, code, "builtin", alias, text, n);
		n = asprintf(&text, "m a %c%s:%s\n", types[i][0], major, minor);
		check_way(kmod_devname_table_read, line, "devname", alias, text, n);
		free(alias);
	}
	set_up();
}

/* --- what is large ----------------------------------------------------------------------- */

static const struct {
	const char *what;
	reader *read;
	const char *piece; /* with %u for a number, once or twice */
	unsigned int times;
	const char *last;
	int r;
	size_t nodes, errors, warnings;
} large_rows[] = {
	{ "a million lines of modules.alias", read_aliases, "alias x m%u\n", 1000000, FUSE,
	  DEPMOD_INDEX_END, 0, 0, 0 },
	{ "a million built-in numbers, the name last", table_read_builtin,
	  "m.alias=char-major-1-%u", 1000000, "m.alias=devname:a", 0, 0, 1, 0 },
	{ "a million built-in modules with a name", table_read_builtin, "m%u.alias=devname:a",
	  1000000, "m.alias=devname:a", 0, 0, 1000001, 0 },
	{ "a million lines for one name", kmod_devname_table_read, "m%u a c1:1\n", 1000000,
	  "m a c1:2\n", 0, 1000000, 1, 0 },
	{ "a million names in each other's way", kmod_devname_table_read, "m a/b/%u c1:1\n",
	  1000000, "m a/b c1:2\n", 0, 1000000, 1, 0 },
	{ "a million names below the first", kmod_devname_table_read,
	  "m a/%u/b c1:1\nm a/%u c1:1\n", 500000, "m a c1:2\n", 0, 500000, 500001, 0 },
	{ "a million lines that are none", kmod_devname_table_read, "x%u\n", 1000000, "m a c1:1\n",
	  0, 1, 1000000, 0 },
};

/* The pieces one after the other; a string ends with its NUL. */
static FILE *write_large(size_t row)
{
	FILE *stream = tmpfile();
	int strings = large_rows[row].read == table_read_builtin;

	CHECK(stream, "tmpfile: %s", strerror(errno));
	for (unsigned int i = 0; i < large_rows[row].times; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		fprintf(stream, large_rows[row].piece, i, i);
#pragma GCC diagnostic pop
		if (strings)
			putc('\0', stream);
	}
	fwrite(large_rows[row].last, 1, strlen(large_rows[row].last) + (size_t)strings, stream);
	CHECK(fflush(stream) == 0 && fseek(stream, 0, SEEK_SET) == 0, "tmpfile: %s",
	      strerror(errno));
	return stream;
}

LOOP_TEST(a_million_lines_take_bounded_time_and_memory, ARRAY_SIZE(large_rows))
{
	FILE *stream;
	int r;

	if (hostile_is_too_much())
		return;
	hostile_bounds(2 * MEMORY);
	stream = write_large((size_t)_i);
	r = large_rows[_i].read(table, report, stream, "file");
	CHECK(r == large_rows[_i].r, "%s: %d", large_rows[_i].what, r);
	CHECK(kmod_devname_table_size(table) == large_rows[_i].nodes, "%s: %zu nodes",
	      large_rows[_i].what, kmod_devname_table_size(table));
	CHECK(kmod_devname_report_count(report, KMOD_DEVNAME_SEVERITY_ERROR) ==
			      large_rows[_i].errors &&
		      kmod_devname_report_count(report, KMOD_DEVNAME_SEVERITY_WARNING) ==
			      large_rows[_i].warnings,
	      "%s: %zu errors, %zu warnings", large_rows[_i].what,
	      kmod_devname_report_count(report, KMOD_DEVNAME_SEVERITY_ERROR),
	      kmod_devname_report_count(report, KMOD_DEVNAME_SEVERITY_WARNING));
	hostile_judged();
	(void)fclose(stream);
}

static int read_order(struct kmod_devname_table *into, struct kmod_devname_report *findings,
		      FILE *stream, const char *file)
{
	(void)into;
	(void)file;
	return module_order_read(&(struct kmod_devname_scan){ .report = findings }, stream,
				 &(struct list){ 0 });
}

static reader *const readers[] = { kmod_devname_table_read, read_aliases, table_read_builtin,
				   read_order };

/* A hole is a line of NULs, or as many strings of nothing. */
LOOP_TEST(a_hole_of_a_terabyte_is_not_read_to_its_end, ARRAY_SIZE(readers))
{
	FILE *stream = tmpfile();

	if (hostile_is_too_much())
		return;
	ck_assert_ptr_nonnull(stream);
	if (ftruncate(fileno(stream), (off_t)1 << 40) < 0) {
		harness_skip("no file of that size can be made here");
		return;
	}
	hostile_bounds(MEMORY);
	ck_assert_int_eq(readers[_i](table, report, stream, "file"), -EFBIG);
	hostile_judged();
	(void)fclose(stream);
}

/* _i: as many as the limit of modules.builtin.modinfo, or one more; a hole is such strings */
LOOP_TEST(built_in_strings_have_a_limit, 2)
{
	FILE *stream = tmpfile();

	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(ftruncate(fileno(stream), 4000000 + _i), 0);
	ck_assert_int_eq(table_read_builtin(table, report, stream, "file"), _i == 0 ? 0 : -EFBIG);
	ck_assert_str_eq(harness_codes(report), _i == 0 ? "" : "system");
	(void)fclose(stream);
}

int main(void)
{
	return hostile_run("texts", set_up, tear_down);
}
