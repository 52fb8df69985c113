// SPDX-License-Identifier: GPL-2.0-or-later
/* Two tables -> what is different; and what built-in modules declare. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/harness.h"
#include "node/table.h"
#include "text/depmod-index.h"

static void print_node(FILE *stream, const struct kmod_devname_node *node)
{
	if (node)
		(void)fprintf(stream, " %s %s %u:%u", kmod_devname_node_get_module(node),
			      kmod_devname_node_get_name(node), kmod_devname_node_get_major(node),
			      kmod_devname_node_get_minor(node));
	else
		(void)fputs(" -", stream);
}

/* "CHANGE OLD NEW;" for each difference. */
static char *print_comparison(const struct comparison *comparison)
{
	size_t n = comparison->size, size;
	char *text;
	FILE *stream = open_memstream(&text, &size);

	for (size_t i = 0; i < n; i++) {
		const struct difference *difference = &comparison->items[i];

		(void)fputs(change_names[difference->change], stream);
		print_node(stream, difference->old_node);
		print_node(stream, difference->new_node);
		(void)fputc(';', stream);
	}
	(void)fclose(stream);
	return text;
}

static const struct {
	const char *old;
	const char *new;
	const char *wanted;
} rows[] = {
	{ "", "", "" },
	{ "fuse fuse c10:229\n", "fuse fuse c10:229\n", "" },
	{ "a a c10:1\nb b c10:2\n", "b b c10:2\na a c10:1\n", "" },
	{ "", "fuse fuse c10:229\n", "added - fuse fuse 10:229;" },
	{ "fuse fuse c10:229\n", "", "removed fuse fuse 10:229 -;" },
	/* a name below it is another name */
	{ "a a c10:1\n", "a a/b c10:1\n", "removed a a 10:1 -;added - a a/b 10:1;" },
	{ "x x c10:1\n", "x x c10:2\n", "renumbered x x 10:1 x x 10:2;" },
	{ "x x c10:1\n", "x x b10:1\n", "renumbered x x 10:1 x x 10:1;" },
	{ "x x c10:1\n", "y x c10:1\n", "module-changed x x 10:1 y x 10:1;" },
	{ "x x c10:1\n", "y x c11:1\n", "renumbered x x 10:1 y x 11:1;" },
	/* several modules for one name */
	{ "kvm_hv kvm c10:232\nkvm_pr kvm c10:232\n", "kvm_pr kvm c10:232\nkvm_hv kvm c10:232\n",
	  "" },
	{ "kvm_hv kvm c10:232\nkvm_pr kvm c10:232\n", "kvm_pr kvm c10:232\n",
	  "removed kvm_hv kvm 10:232 -;" },
	{ "a k c1:1\nb k c1:1\n", "b k c1:1\nc k c1:1\n", "module-changed a k 1:1 c k 1:1;" },
	{ "a k c1:1\nb k c1:1\n", "c k c1:2\n", "renumbered a k 1:1 c k 1:2;removed b k 1:1 -;" },
	/* by name, component by component */
	{ "", "c c c1:1\nb b-x c1:2\na b/x c1:3\n",
	  "added - a b/x 1:3;added - b b-x 1:2;added - c c 1:1;" },
};

LOOP_TEST(tables_are_compared_by_name, ARRAY_SIZE(rows))
{
	struct kmod_devname_table *old = harness_table(rows[_i].old),
				  *new = harness_table(rows[_i].new);
	struct comparison *comparison;
	char *text;

	ck_assert_int_eq(comparison_new(old, new, &comparison), 0);
	text = print_comparison(comparison);
	ck_assert_str_eq(text, rows[_i].wanted);
	free(text);
	free(comparison);
	kmod_devname_table_unref(old);
	kmod_devname_table_unref(new);
}

#define STRINGS(text) \
	{ \
		text, sizeof(text) \
	}

static const struct {
	struct text text; /* with the NUL that ends the literal */
	const char *nodes;
	const char *codes;
} builtin_rows[] = {
	{ { "", 0 }, "", "" },
	{ STRINGS(""), "", "" },
	{ STRINGS("fuse.alias=devname:fuse\0fuse.alias=char-major-10-229"), "fuse fuse c10:229\n",
	  "" },
	{ STRINGS("fuse.license=GPL\0fuse.alias=char-major-10-229\0fuse.alias=fs-fuse\0"
		  "fuse.alias=devname:fuse\0tun.alias=devname:net/"
		  "tun\0tun.alias=char-major-10-200"),
	  "fuse fuse c10:229\ntun net/tun c10:200\n", "" },
	/* fields of others in between, and a module's name with a dash */
	{ STRINGS("snd-seq.alias=devname:snd/seq\0snd-seq.parm=x.alias=y\0a.author=b.alias=c\0"
		  "snd-seq.alias=char-major-116-1"),
	  "snd_seq snd/seq c116:1\n", "" },
	/* the last string lacks its NUL: the file was cut */
	{ { "f.alias=devname:f\0f.alias=char-major-10-1", 41 }, "", "cut-line,missing-number" },
	{ STRINGS("no-dot\0.alias=devname:x\0.alias=char-major-10-1\0x.alias\0x.alias=\0=x.y"), "",
	  "bad-module-name" },
	{ STRINGS("x.alias=devname:x"), "", "missing-number" },
	{ STRINGS("x.alias=devname:../x\0x.alias=char-major-10-1"), "", "bad-name" },
};

LOOP_TEST(built_in_modules_declare_nodes, ARRAY_SIZE(builtin_rows))
{
	struct harness_source source = { builtin_rows[_i].text, 3, 0 };
	struct kmod_devname_report *report;
	struct kmod_devname_table *table;
	FILE *stream = harness_open(&source);
	const char *text;

	ck_assert_int_eq(kmod_devname_table_new(&table), 0);
	ck_assert_int_eq(kmod_devname_report_new(&report), 0);
	ck_assert_int_eq(table_read_builtin(table, report, stream, "x"), 0);
	text = strchr(harness_text(table), '\n');
	ck_assert_str_eq(text ? text + 1 : "", builtin_rows[_i].nodes);
	ck_assert_str_eq(harness_codes(report), builtin_rows[_i].codes);
	kmod_devname_report_unref(report);
	kmod_devname_table_unref(table);
	(void)fclose(stream);
}

TEST(a_read_error_is_returned)
{
	struct harness_source source = { { "a.alias=devname:a", 18 }, 0, EIO };
	struct kmod_devname_report *report;
	struct kmod_devname_table *table;
	FILE *stream = harness_open(&source);

	ck_assert_int_eq(kmod_devname_table_new(&table), 0);
	ck_assert_int_eq(kmod_devname_report_new(&report), 0);
	ck_assert_int_eq(table_read_builtin(table, report, stream, "x"), -EIO);
	ck_assert_str_eq(harness_codes(report), "system");
	kmod_devname_report_unref(report);
	kmod_devname_table_unref(table);
	(void)fclose(stream);
}

int main(void)
{
	return harness_run(NULL, NULL);
}
