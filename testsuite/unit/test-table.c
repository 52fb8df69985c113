// SPDX-License-Identifier: GPL-2.0-or-later
/* The table: what comes in by table_add_aliases(), in which order, and what stays out. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/fixture.h"
#include "node/table.h"

#define NUMBER "char-major-10-1"

#define ROW_ALIASES 10

/* Adds a module; the list of its aliases ends with a NULL. */
static void add(const char *module, const char *const *aliases)
{
	size_t n = 0;

	while (n < ROW_ALIASES && aliases[n])
		n++;
	ck_assert_int_eq(
		kmod_devname_table_add_module(table, report, module, "file.ko", aliases, n), 0);
}

/* Adds a module with one name and one number. */
static void add_node(const char *module, const char *devname, const char *number)
{
	const char *const aliases[] = { devname, number, NULL };

	add(module, aliases);
}

/* What the table and the report now hold; a failure names the row. */
static void expect(const char *row, const char *text, const char *codes)
{
	const char *got_text = harness_text(table), *got_codes = harness_codes(report);

	ck_assert_msg(strcmp(got_text, text) == 0, "%s: the table is\n%s\ninstead of\n%s", row,
		      got_text, text);
	ck_assert_msg(strcmp(got_codes, codes) == 0, "%s: '%s' instead of '%s'", row, got_codes,
		      codes);
}

static const char *message(size_t index)
{
	return kmod_devname_finding_get_message(kmod_devname_report_get(report, index));
}

/* --- one module -------------------------------------------------------------------------- */

/* A finding is named by its code; without one, all is well. The name of the module is "m". */
static const struct module_row {
	const char *aliases[ROW_ALIASES];
	const char *text, *codes;
} module_rows[] = {
	{ { "devname:fuse", "char-major-10-229", "fs-fuse" },
	  DEVNAME_HEADER "m fuse c10:229\n",
	  "" },
	{ { "char-major-10-137", "devname:vhci" }, DEVNAME_HEADER "m vhci c10:137\n", "" },
	{ { "block-major-7-*", "char-major-10-237", "devname:loop-control" },
	  DEVNAME_HEADER "m loop-control c10:237\n",
	  "" },
	{ { "devname:a", "block-major-7-0" }, DEVNAME_HEADER "m a b7:0\n", "" },
	{ { "devname:a", "char-major-4095-1048575" }, DEVNAME_HEADER "m a c4095:1048575\n", "" },
	{ { "devname:a", "char-major-1-0" }, DEVNAME_HEADER "m a c1:0\n", "" },
	{ { "devname:b", "char-major-10-2", "devname:a", "char-major-10-1" },
	  DEVNAME_HEADER "m a c10:1\nm b c10:2\n",
	  "" },
	{ { "devname:a", "char-major-10-1", "devname:b", "char-major-10-1" },
	  DEVNAME_HEADER "m a c10:1\nm b c10:1\n",
	  "" },
	/* an alias about no device node does not separate a name from its number */
	{ { "x", "devname:a", "y", "char-major-10-1", "char-major-10-*", "devname:b", "",
	    "char-major-10-2", "z" },
	  DEVNAME_HEADER "m a c10:1\nm b c10:2\n",
	  "" },
	/* without a name there is nothing to judge */
	{ { NULL }, "", "" },
	{ { "fs-fuse" }, "", "" },
	{ { NUMBER }, "", "" },
	{ { NUMBER, "block-major-7-0", "char-major-10-*" }, "", "" },
	{ { "char-major-10-255" }, "", "" },
	{ { "char-major-10-0x1" }, "", "" },
	{ { "char-major-99999-1", "char-major-10-FOO" }, "", "" },
	/* nothing but patterns beside the name */
	{ { "devname:a" }, "", "missing-number" },
	{ { "devname:e1", "char-major-10-*" }, "", "missing-number" },
	{ { "devname:a", "block-major-7-*", "char-major-10" }, "", "missing-number" },
	{ { "devname:a", "devname:a" }, "", "missing-number" },
	/* no pairing that holds for both compilers */
	{ { "devname:a", "devname:b", "char-major-10-1", "char-major-10-2" }, "", "ambiguous" },
	{ { "devname:a", "char-major-10-1", "devname:a", "char-major-10-2" }, "", "ambiguous" },
	{ { "devname:a", "devname:b" }, "", "ambiguous" },
	/* a dynamic minor: the other nodes of the module stay */
	{ { "devname:a", "char-major-10-255" }, "", "dynamic-minor" },
	{ { "devname:a", "block-major-10-255" }, DEVNAME_HEADER "m a b10:255\n", "" },
	{ { "devname:a", "char-major-11-255" }, DEVNAME_HEADER "m a c11:255\n", "" },
	{ { "devname:a", "char-major-10-255", "devname:b", "char-major-10-2" },
	  DEVNAME_HEADER "m b c10:2\n",
	  "dynamic-minor" },
	/* malformed numbers */
	{ { "devname:a", "char-major-10-0x11" }, "", "bad-number" },
	{ { "devname:a", "char-major-10-1048576" }, "", "bad-number" },
	{ { "devname:a", "char-major-4294967306-229" }, "", "bad-number" },
	{ { "devname:a", "char-major-10-1", "devname:b", "char-major-10-FOO" },
	  DEVNAME_HEADER "m a c10:1\n",
	  "bad-number" },
	{ { "devname:a", "char-major-10-1", "char-major-10-FOO" },
	  DEVNAME_HEADER "m a c10:1\n",
	  "bad-number" },
	/* bad names: none reaches the table, another of the same module does */
	{ { "devname:", NUMBER }, "", "bad-name" },
	{ { "devname:x\nevil", NUMBER }, "", "bad-name" },
	{ { "devname:foo c1:1\nevil sda b8:0\nb z", NUMBER }, "", "bad-name" },
	{ { "devname:j one", NUMBER }, "", "bad-name" },
	{ { "devname: a", NUMBER }, "", "bad-name" },
	{ { "devname:a\t", NUMBER }, "", "bad-name" },
	{ { "devname:a\r", NUMBER }, "", "bad-name" },
	{ { "devname:\001", NUMBER }, "", "bad-name" },
	{ { "devname:\033[2J", NUMBER }, "", "bad-name" },
	{ { "devname:\177", NUMBER }, "", "bad-name" },
	{ { "devname:gr\303\274n", NUMBER }, "", "bad-name" },
	{ { "devname:..", NUMBER }, "", "bad-name" },
	{ { "devname:../../etc/x", NUMBER }, "", "bad-name" },
	{ { "devname:a/../b", NUMBER }, "", "bad-name" },
	{ { "devname:/etc/y", NUMBER }, "", "bad-name" },
	{ { "devname:a/", NUMBER }, "", "bad-name" },
	{ { "devname:a//b", NUMBER }, "", "bad-name" },
	{ { "devname:-rf", NUMBER }, "", "bad-name" },
	{ { "devname:#", NUMBER }, "", "bad-name" },
	{ { "devname:x%b", NUMBER }, "", "bad-name" },
	{ { "devname:tty[0-9]*", NUMBER }, "", "bad-name" },
	{ { "devname:a b", NUMBER, "devname:c", "char-major-10-2" },
	  DEVNAME_HEADER "m c c10:2\n",
	  "bad-name" },
	{ { "devname:x=y", NUMBER }, DEVNAME_HEADER "m x=y c10:1\n", "" },
};

/* The row's aliases in one string. */
static const char *row_name(const struct module_row *row)
{
	static char name[1024];
	size_t size = 0;

	for (size_t i = 0; i < ROW_ALIASES && row->aliases[i] && size < sizeof(name); i++)
		size += (size_t)snprintf(name + size, sizeof(name) - size, "'%s' ",
					 row->aliases[i]);
	return name;
}

LOOP_TEST(a_module_gives_its_nodes_or_a_finding, ARRAY_SIZE(module_rows))
{
	const struct module_row *row = &module_rows[_i];

	add("m", row->aliases);
	expect(row_name(row), row->text, row->codes);
	for (size_t i = 0; i < kmod_devname_report_size(report); i++) {
		const struct kmod_devname_finding *finding = kmod_devname_report_get(report, i);

		ck_assert_int_eq(kmod_devname_finding_get_severity(finding),
				 KMOD_DEVNAME_SEVERITY_ERROR);
		ck_assert_str_eq(kmod_devname_finding_get_file(finding), "file.ko");
		ck_assert_uint_eq(kmod_devname_finding_get_line(finding), 0);
	}
}

LOOP_TEST(a_module_gives_the_same_with_its_aliases_reversed, ARRAY_SIZE(module_rows))
{
	const struct module_row *row = &module_rows[_i];
	const char *reversed[ROW_ALIASES + 1] = { NULL };
	size_t n = 0;

	while (n < ROW_ALIASES && row->aliases[n])
		n++;
	for (size_t i = 0; i < n; i++)
		reversed[i] = row->aliases[n - 1 - i];
	add("m", reversed);
	expect(row_name(row), row->text, row->codes);
}

LOOP_TEST(a_report_is_not_needed, ARRAY_SIZE(module_rows))
{
	const struct module_row *row = &module_rows[_i];
	size_t n = 0;

	while (n < ROW_ALIASES && row->aliases[n])
		n++;
	ck_assert_int_eq(kmod_devname_table_add_module(table, NULL, "m", NULL, row->aliases, n), 0);
	expect(row_name(row), row->text, "");
}

/* --- module names ------------------------------------------------------------------------ */

static const struct {
	const char *module, *text, *codes;
} module_name_rows[] = {
	{ "fuse", DEVNAME_HEADER "fuse x c10:1\n", "" },
	{ "dm-mod", DEVNAME_HEADER "dm_mod x c10:1\n", "" },
	{ "a-b-c", DEVNAME_HEADER "a_b_c x c10:1\n", "" },
	{ "-a", DEVNAME_HEADER "_a x c10:1\n",
	  "" }, /* as the kernel has it: "-" is "_" there too */
	{ "Mixed_Case", DEVNAME_HEADER "Mixed_Case x c10:1\n", "" },
	{ "8021q", DEVNAME_HEADER "8021q x c10:1\n", "" },
	{ "", "", "bad-module-name" },
	{ ".", "", "bad-module-name" },
	{ "..", "", "bad-module-name" },
	{ "a.ko", "", "bad-module-name" },
	{ "a b", "", "bad-module-name" },
	{ "a\nb", "", "bad-module-name" },
	{ "a/b", "", "bad-module-name" },
	{ "../a", "", "bad-module-name" },
	{ "#a", "", "bad-module-name" },
	{ "\303\274", "", "bad-module-name" },
};

LOOP_TEST(module_names_follow_the_rules, ARRAY_SIZE(module_name_rows))
{
	add_node(module_name_rows[_i].module, "devname:x", NUMBER);
	expect(module_name_rows[_i].module, module_name_rows[_i].text, module_name_rows[_i].codes);
}

LOOP_TEST(the_name_of_a_module_without_devname_is_not_judged, ARRAY_SIZE(module_name_rows))
{
	const char *const aliases[] = { NUMBER, NULL };

	add(module_name_rows[_i].module, aliases);
	expect(module_name_rows[_i].module, "", "");
}

/* --- several modules --------------------------------------------------------------------- */

TEST(an_empty_table_has_no_text)
{
	ck_assert_uint_eq(kmod_devname_table_size(table), 0);
	ck_assert_ptr_null(kmod_devname_table_get(table, 0));
	ck_assert_str_eq(harness_text(table), "");
}

TEST(nodes_stay_in_the_order_of_the_calls)
{
	add_node("z", "devname:zz", "char-major-10-3");
	add_node("a", "devname:mm", "char-major-10-1");
	add_node("m", "devname:aa", "block-major-10-2");
	ck_assert_str_eq(harness_text(table),
			 DEVNAME_HEADER "z zz c10:3\na mm c10:1\nm aa b10:2\n");
	ck_assert_str_eq(harness_codes(report), "");
}

TEST(a_node_has_what_its_module_declares)
{
	const struct kmod_devname_node *node;

	add_node("dm-mod", "devname:mapper/control", "char-major-10-236");
	add_node("loop", "devname:loop0", "block-major-7-0");
	node = kmod_devname_table_get(table, 0);
	ck_assert_str_eq(kmod_devname_node_get_module(node), "dm_mod");
	ck_assert_str_eq(kmod_devname_node_get_name(node), "mapper/control");
	ck_assert_uint_eq(kmod_devname_node_get_type(node), S_IFCHR);
	ck_assert_uint_eq(kmod_devname_node_get_major(node), 10);
	ck_assert_uint_eq(kmod_devname_node_get_minor(node), 236);
	node = kmod_devname_table_get(table, 1);
	ck_assert_uint_eq(kmod_devname_node_get_type(node), S_IFBLK);
}

TEST(an_index_beyond_the_size_gives_null)
{
	add_node("a", "devname:a", "char-major-10-1");
	add_node("b", "devname:b", "char-major-10-2");
	ck_assert_uint_eq(kmod_devname_table_size(table), 2);
	ck_assert_ptr_nonnull(kmod_devname_table_get(table, 1));
	ck_assert_ptr_null(kmod_devname_table_get(table, 2));
	ck_assert_ptr_null(kmod_devname_table_get(table, 3));
	ck_assert_ptr_null(kmod_devname_table_get(table, SIZE_MAX));
}

TEST(nodes_live_as_long_as_the_table)
{
	const struct kmod_devname_node *first;
	char devname[32], number[32];

	add_node("first", "devname:first", NUMBER);
	first = kmod_devname_table_get(table, 0);
	for (unsigned int i = 0; i < 5000; i++) {
		(void)snprintf(devname, sizeof(devname), "devname:n%u", i);
		(void)snprintf(number, sizeof(number), "char-major-11-%u", i);
		add_node("m", devname, number);
	}
	ck_assert_uint_eq(kmod_devname_table_size(table), 5001);
	ck_assert_ptr_eq(kmod_devname_table_get(table, 0), first);
	ck_assert_str_eq(kmod_devname_node_get_name(first), "first");
	ck_assert_str_eq(kmod_devname_node_get_name(kmod_devname_table_get(table, 5000)), "n4999");
}

/* kvm on s390 and ppc: each flavour of it declares the node. */
TEST(a_node_of_two_modules_has_two_lines)
{
	add_node("kvm_hv", "devname:kvm", "char-major-10-232");
	add_node("kvm_pr", "devname:kvm", "char-major-10-232");
	ck_assert_str_eq(harness_text(table),
			 DEVNAME_HEADER "kvm_hv kvm c10:232\nkvm_pr kvm c10:232\n");
	ck_assert_str_eq(harness_codes(report), "");
}

TEST(a_node_of_a_module_is_added_once)
{
	for (int i = 0; i < 2; i++) {
		add_node("kvm_hv", "devname:kvm", "char-major-10-232");
		add_node("kvm-pr", "devname:kvm", "char-major-10-232");
		add_node("kvm_pr", "devname:kvm", "char-major-10-232");
	}
	ck_assert_str_eq(harness_text(table),
			 DEVNAME_HEADER "kvm_hv kvm c10:232\nkvm_pr kvm c10:232\n");
	ck_assert_str_eq(harness_codes(report), "");
}

TEST(a_number_may_have_two_names)
{
	add_node("m", "devname:a", NUMBER);
	add_node("n", "devname:b", NUMBER);
	ck_assert_str_eq(harness_text(table), DEVNAME_HEADER "m a c10:1\nn b c10:1\n");
	ck_assert_str_eq(harness_codes(report), "");
}

/* Pairs that cannot stand side by side, as a name and a number each; the first is there first. */
static const struct {
	const char *first[2], *second[2];
	const char *line;
} conflict_rows[] = {
	{ { "same", "char-major-10-1" }, { "same", "char-major-10-2" }, "one same c10:1\n" },
	{ { "same", "char-major-10-1" }, { "same", "char-major-11-1" }, "one same c10:1\n" },
	{ { "same", "char-major-10-1" }, { "same", "block-major-10-1" }, "one same c10:1\n" },
	{ { "a", "char-major-10-1" }, { "a/b", "char-major-10-2" }, "one a c10:1\n" },
	{ { "a/b", "char-major-10-2" }, { "a", "char-major-10-1" }, "one a/b c10:2\n" },
	{ { "a", "char-major-10-1" }, { "a/b", "char-major-10-1" }, "one a c10:1\n" },
	{ { "a", "char-major-10-1" }, { "a/b/c/d", "char-major-10-2" }, "one a c10:1\n" },
	{ { "a/b/c/d", "char-major-10-1" }, { "a/b", "char-major-10-2" }, "one a/b/c/d c10:1\n" },
};

LOOP_TEST(the_first_of_two_that_conflict_stays, ARRAY_SIZE(conflict_rows))
{
	char first[64], second[64], text[128];

	(void)snprintf(first, sizeof(first), "devname:%s", conflict_rows[_i].first[0]);
	(void)snprintf(second, sizeof(second), "devname:%s", conflict_rows[_i].second[0]);
	(void)snprintf(text, sizeof(text), DEVNAME_HEADER "%s", conflict_rows[_i].line);
	add_node("one", first, conflict_rows[_i].first[1]);
	add_node("two", second, conflict_rows[_i].second[1]);
	expect(second, text, "name-conflict");
	ck_assert_uint_eq(kmod_devname_report_count(report, KMOD_DEVNAME_SEVERITY_ERROR), 1);
	ck_assert_ptr_nonnull(strstr(message(0), conflict_rows[_i].first[0]));
	ck_assert_ptr_nonnull(strstr(message(0), conflict_rows[_i].second[0]));
	ck_assert_ptr_nonnull(strstr(message(0), "one"));
	ck_assert_ptr_nonnull(strstr(message(0), "two"));
}

TEST(names_side_by_side_do_not_conflict)
{
	add_node("m", "devname:a/b", "char-major-10-1");
	add_node("m", "devname:a/c", "char-major-10-2");
	add_node("m", "devname:a-b", "char-major-10-3");
	add_node("m", "devname:ab", "char-major-10-4");
	add_node("m", "devname:b/a", "char-major-10-5");
	ck_assert_str_eq(harness_codes(report), "");
	ck_assert_uint_eq(kmod_devname_table_size(table), 5);
}

/* A directory has many nodes below it and a name beside it that sorts between them. */
TEST(a_conflict_is_found_among_many_names)
{
	char devname[64];

	for (unsigned int i = 0; i < 500; i++) {
		(void)snprintf(devname, sizeof(devname), "devname:d%u/x", i);
		add_node("m", devname, NUMBER);
		(void)snprintf(devname, sizeof(devname), "devname:d%u-x", i);
		add_node("m", devname, NUMBER);
	}
	ck_assert_str_eq(harness_codes(report), "");
	for (unsigned int i = 0; i < 500; i++) {
		(void)snprintf(devname, sizeof(devname), "devname:d%u", i);
		add_node("n", devname, NUMBER);
		ck_assert_uint_eq(kmod_devname_report_size(report), i + 1);
	}
	ck_assert_uint_eq(kmod_devname_table_size(table), 1000);
}

/* What was refused leaves no trace that a later node could stumble on. */
TEST(a_refused_node_causes_no_conflict)
{
	add_node("one", "devname:a", NUMBER);
	add_node("two", "devname:a/b", "char-major-10-2");
	add_node("three", "devname:c", "char-major-10-255");
	add_node("four", "devname:c", "char-major-10-4");
	add_node("five", "devname:a", NUMBER);
	ck_assert_str_eq(harness_text(table),
			 DEVNAME_HEADER "one a c10:1\nfour c c10:4\nfive a c10:1\n");
	ck_assert_str_eq(harness_codes(report), "name-conflict,dynamic-minor");
}

/* --- messages ---------------------------------------------------------------------------- */

TEST(messages_have_hostile_bytes_escaped)
{
	add_node("m", "devname:x\n\033[31mred \\ \377", NUMBER);
	ck_assert_ptr_nonnull(strstr(message(0), "x\\x0a\\x1b[31mred \\x5c \\xff"));
	add_node("mod\nule", "devname:x", NUMBER);
	ck_assert_ptr_nonnull(strstr(message(1), "mod\\x0aule"));
}

TEST(a_missing_number_names_the_device)
{
	const char *const aliases[] = { "fs-x", "devname:lonely", NULL };

	add("m", aliases);
	ck_assert_ptr_nonnull(strstr(message(0), "lonely"));
}

TEST(each_bad_number_has_its_finding)
{
	const char *const aliases[] = { "devname:a", "char-major-10-FOO", "devname:b",
					"block-major-0-0", NULL };

	add("m", aliases);
	ck_assert_str_eq(harness_codes(report), "bad-number,bad-number");
	ck_assert_ptr_nonnull(strstr(message(0), "char-major-10-FOO"));
	ck_assert_ptr_nonnull(strstr(message(1), "block-major-0-0"));
}

/* --- limits ------------------------------------------------------------------------------ */

/* "devname:" and a name of this many bytes; in the middle of it the slashes it needs. */
static char *make_devname(size_t size)
{
	char *devname = malloc(strlen("devname:") + size + 1), *name = devname;

	ck_assert_ptr_nonnull(devname);
	name += sprintf(name, "devname:");
	for (size_t i = 0; i < size; i++)
		name[i] = i % 200 == 199 && i + 1 < size ? '/' : 'n';
	name[size] = '\0';
	return devname;
}

/*
 * fgets(3) into the 4096 bytes that other readers have takes 4094 bytes and a newline. In the
 * line stand two blanks and, at most, "c4095:1048575": 4079 are left for both names.
 */
static const struct {
	size_t module, name;
	const char *codes;
} long_rows[] = {
	{ 79, 4000, "" },  { 80, 4000, "bad-name" },
	{ 255, 3824, "" }, { 255, 3825, "bad-name" },
	{ 1, 4000, "" },   { 1, 4001, "bad-name" },
	{ 255, 1, "" },    { 256, 1, "bad-module-name" },
};

LOOP_TEST(a_line_has_at_most_4094_bytes, ARRAY_SIZE(long_rows))
{
	char module[300], text[5000] = "", row[64], *devname = make_devname(long_rows[_i].name);

	(void)snprintf(row, sizeof(row), "names of %zu and %zu bytes", long_rows[_i].module,
		       long_rows[_i].name);
	memset(module, 'm', long_rows[_i].module);
	module[long_rows[_i].module] = '\0';
	add_node(module, devname, "char-major-4095-1048575");
	if (long_rows[_i].codes[0] == '\0')
		(void)snprintf(text, sizeof(text), DEVNAME_HEADER "%s %s c4095:1048575\n", module,
			       devname + strlen("devname:"));
	ck_assert_uint_le(strlen(text), strlen(DEVNAME_HEADER) + 4094 + 1);
	expect(row, text, long_rows[_i].codes);
	free(devname);
}

/* Whatever the number is: a name does not become too long because its number grew. */
TEST(both_names_have_at_most_4079_bytes)
{
	char module[300], *devname = make_devname(4000);

	for (size_t size = 78; size <= 81; size++) {
		memset(module, 'm', size);
		module[size] = '\0';
		add_node(module, devname, "char-major-1-0");
	}
	ck_assert_uint_eq(kmod_devname_table_size(table), 2);
	ck_assert_str_eq(harness_codes(report), "bad-name,bad-name");
	free(devname);
}

static const struct many_row {
	size_t names, numbers, others;
	const char *codes;
	size_t nodes;
} many_rows[] = {
	{ 2048, 2048, 0, "", 2048 },
	{ 2048, 2049, 0, "too-many-aliases", 0 },
	{ 2049, 2048, 0, "too-many-aliases", 0 },
	{ 1, 4095, 0, "", 1 },
	{ 1, 4096, 0, "too-many-aliases", 0 },
	{ 4096, 0, 0, "ambiguous", 0 },
	{ 4097, 0, 0, "too-many-aliases", 0 },
	{ 100000, 100000, 0, "too-many-aliases", 0 },
	/* not judged: no name */
	{ 0, 4096, 0, "", 0 },
	{ 0, 4097, 0, "", 0 },
	{ 0, 100000, 0, "", 0 },
	/* other aliases do not count: a driver of many devices has tens of thousands */
	{ 1, 1, 5000, "", 1 },
	{ 2048, 2048, 100000, "", 2048 },
	/* quadratic time would be hours */
	{ 1, 1, 1000000, "", 1 },
	{ 1, 0, 1000000, "missing-number", 0 },
	{ 1000000, 0, 0, "too-many-aliases", 0 },
};

/* Pairs first, then the names or numbers left over, then the others. */
static char **make_aliases(const struct many_row *row, size_t *ret_n)
{
	size_t n = row->names + row->numbers + row->others, name = 0, number = 0;
	char **aliases = calloc(n, sizeof(*aliases));

	ck_assert_ptr_nonnull(aliases);
	for (size_t i = 0; i < n; i++) {
		bool is_name = name < row->names && (name <= number || number == row->numbers);
		int r;

		if (is_name)
			r = asprintf(&aliases[i], "devname:n%zu", name++);
		else if (number < row->numbers)
			r = asprintf(&aliases[i], "char-major-10-%zu", 1000 + number++);
		else
			r = asprintf(&aliases[i], "pci:v%08zXd*sv*sd*bc*sc*i*", i);
		if (r < 0)
			ck_abort_msg("no memory");
	}
	*ret_n = n;
	return aliases;
}

LOOP_TEST(at_most_4096_names_and_numbers_are_looked_at, ARRAY_SIZE(many_rows))
{
	const struct many_row *row = &many_rows[_i];
	size_t n;
	char **aliases = make_aliases(row, &n);

	harness_limit_cpu(20);
	ck_assert_int_eq(kmod_devname_table_add_module(table, report, "m", NULL,
						       (const char *const *)aliases, n),
			 0);
	ck_assert_msg(strcmp(harness_codes(report), row->codes) == 0, "%zu + %zu + %zu: '%s'",
		      row->names, row->numbers, row->others, harness_codes(report));
	ck_assert_msg(kmod_devname_table_size(table) == row->nodes, "%zu + %zu + %zu: %zu nodes",
		      row->names, row->numbers, row->others, kmod_devname_table_size(table));
	for (size_t i = 0; i < n; i++)
		free(aliases[i]);
	free(aliases);
}

/* What a list keeps is its own, and only what concerns device nodes. */
TEST(a_list_of_aliases_keeps_copies)
{
	static const char *const aliases[] = { "devname:dm", "pci:*", "char-major-*", NUMBER };
	struct alias_list list = { 0 };
	char text[32];

	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
		(void)snprintf(text, sizeof(text), "%s", aliases[i]);
		ck_assert_int_eq(alias_list_add(&list, text), 0);
	}
	memset(text, 'x', sizeof(text));
	ck_assert_uint_eq(list.size, 2);
	ck_assert(list.has_name && !list.too_many);
	ck_assert_int_eq(table_add_aliases(table, report, "dm-mod", "file.ko", &list), 0);
	alias_list_done(&list);
	expect("a list", DEVNAME_HEADER "dm_mod dm c10:1\n", "");
}

TEST(numbers_alone_declare_nothing)
{
	struct alias_list list = { 0 };

	ck_assert_int_eq(alias_list_add(&list, NUMBER), 0);
	ck_assert_int_eq(alias_list_add(&list, "char-major-10-x"), 0);
	ck_assert(!list.has_name);
	ck_assert_int_eq(table_add_aliases(table, report, "m", NULL, &list), 0);
	alias_list_done(&list);
	expect("numbers", "", "");
}

/* A module can make the library remember no more than names that are one byte too long. */
TEST(a_long_alias_is_not_kept_whole)
{
	struct alias_list list = { 0 };
	size_t size = 1 << 20;
	char *alias = malloc(size + 1);

	ck_assert_ptr_nonnull(alias);
	memset(alias, 'a', size);
	alias[size] = '\0';
	memcpy(alias, "devname:", 8);
	ck_assert_int_eq(alias_list_add(&list, alias), 0);
	ck_assert_int_eq(alias_list_add(&list, NUMBER), 0);
	free(alias);
	ck_assert_uint_lt(strlen(list.items[0].text), size / 100);
	ck_assert_int_eq(table_add_aliases(table, report, "m", NULL, &list), 0);
	alias_list_done(&list);
	expect("a long name", "", "bad-name");
}

/* --- references -------------------------------------------------------------------------- */

TEST(a_table_lives_until_its_last_reference)
{
	ck_assert_ptr_eq(kmod_devname_table_ref(table), table);
	ck_assert_ptr_null(kmod_devname_table_unref(table));
	add_node("m", "devname:a", NUMBER);
	ck_assert_uint_eq(kmod_devname_table_size(table), 1);
}

TEST(null_can_be_released)
{
	ck_assert_ptr_null(kmod_devname_table_unref(NULL));
}

/* --- the gate for readers ---------------------------------------------------------------- */

TEST(table_add_gives_findings_the_place)
{
	static const struct device_number number = { S_IFCHR, 10, 1 };
	static const struct location location = { "modules.devname", 17 };
	const struct kmod_devname_finding *finding;

	ck_assert_int_eq(table_add(table, report, &location, "m", "a b", &number), 0);
	finding = kmod_devname_report_get(report, 0);
	ck_assert_str_eq(kmod_devname_finding_get_file(finding), "modules.devname");
	ck_assert_uint_eq(kmod_devname_finding_get_line(finding), 17);
	/* Here a "-" is wrong: this is what a file has, and it has names as the kernel does. */
	ck_assert_int_eq(table_add(table, report, &location, "dm-mod", "a", &number), 0);
	ck_assert_str_eq(harness_codes(report), "bad-name,bad-module-name");
	ck_assert_uint_eq(kmod_devname_table_size(table), 0);
}

int main(void)
{
	return harness_run(set_up, tear_down);
}
