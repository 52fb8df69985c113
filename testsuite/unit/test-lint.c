// SPDX-License-Identifier: GPL-2.0-or-later
/* Findings about nodes: alone, with built-in ones, with the file, and with the rules of udev. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/harness.h"
#include "lib/mkmodule.h"
#include "node/table.h"
#include "udev/rules.h"

static struct kmod_devname_report *report;

static void set_up(void)
{
	ck_assert_int_eq(kmod_devname_report_new(&report), 0);
}

static void tear_down(void)
{
	kmod_devname_report_unref(report);
}

/* Every message must have the words, which are divided by "|". */
static void messages_have(const char *words)
{
	char *copy = strdup(words), *word, *rest = copy;

	ck_assert_ptr_nonnull(copy);
	while ((word = strsep(&rest, "|")))
		for (size_t i = 0; i < kmod_devname_report_size(report); i++) {
			const char *message = kmod_devname_finding_get_message(
				kmod_devname_report_get(report, i));

			ck_assert_msg(strstr(message, word), "'%s' is not in '%s'", word, message);
		}
	free(copy);
}

/* Each finding is of one severity, and has no file or this one. */
static void findings_are(enum kmod_devname_severity severity, const char *file)
{
	for (size_t i = 0; i < kmod_devname_report_size(report); i++) {
		const struct kmod_devname_finding *finding = kmod_devname_report_get(report, i);
		const char *found = kmod_devname_finding_get_file(finding);

		ck_assert_int_eq(kmod_devname_finding_get_severity(finding), severity);
		if (file)
			ck_assert_str_eq(found, file);
		else
			ck_assert_ptr_null(found);
	}
}

/* --- one table --------------------------------------------------------------------------- */

static const struct {
	const char *lines;
	const char *codes;
	const char *words;
} table_rows[] = {
	{ "", "", "" },
	{ "fuse fuse c10:229\ntun net/tun c10:200\n", "", "" },
	/* one number, two names */
	{ "a a c1:1\nb b c1:1\n", "same-number", "'b' of module b|c1:1|'a' of module a" },
	{ "a a c1:1\nb b b1:1\n", "", "" },
	{ "a a c1:1\nb b c1:2\nc c c2:1\n", "", "" },
	{ "a a c1:1\nb b c1:1\nc c c1:1\n", "same-number,same-number", "'a' of module a" },
	{ "a a c1:1\na b c1:1\n", "same-number", "'b' of module a" },
	/* several modules, one node */
	{ "kvm_hv kvm c10:232\nkvm_pr kvm c10:232\n", "shared-node", "kvm_hv|kvm_pr|c10:232" },
	{ "a k c1:1\nb k c1:1\nc k c1:1\n", "shared-node,shared-node", "module a" },
	{ "a k c1:1\nb j c1:1\nc j c1:1\n", "same-number,shared-node", "" },
	/* a minor of another device; each end of the free range; other majors */
	{ "x zz c10:229\n", "taken-minor", "'zz' of module x|c10:229|FUSE_MINOR|/dev/fuse" },
	{ "x sub/fuse c10:229\n", "taken-minor", "FUSE_MINOR" },
	{ "x zz c10:1\n", "taken-minor", "PSMOUSE_MINOR" },
	{ "x zz c10:242\n", "taken-minor", "RFKILL_MINOR" },
	{ "x zz c10:243\ny yy c10:254\n", "", "" },
	{ "x zz c10:128\ny yy c10:195\n", "", "" },
	{ "x psaux c10:1\n", "", "" },
	/* what the kernel gives out: 0 to 127, and above 255 */
	{ "x zz c10:0\ny yy c10:17\n", "taken-minor,taken-minor", "assign dynamically" },
	{ "x zz c10:127\n", "taken-minor", "c10:127|assign dynamically" },
	{ "x zz c10:256\n", "taken-minor", "c10:256|assign dynamically" },
	{ "x zz c10:1048575\n", "taken-minor", "assign dynamically" },
	{ "x zz c11:17\ny yy b10:17\n", "", "" },
	{ "x zz b10:229\n", "", "" },
	{ "x zz c11:229\n", "", "" },
	{ "x uinput c10:223\n", "", "" },
	{ "x input/uinput c10:223\n", "", "" },
	{ "x vhost-vsock c10:241\n", "", "" },
	{ "x eisa_eeprom c10:241\n", "", "" },
	{ "x zz c10:241\n", "taken-minor", "VHOST_VSOCK_MINOR" },
	{ "x fuse c10:230\n", "", "" },
	/* said once for a name that several modules have */
	{ "x zz c10:229\ny zz c10:229\n", "taken-minor,shared-node", "c10:229" },
};

LOOP_TEST(a_table_is_judged, ARRAY_SIZE(table_rows))
{
	struct kmod_devname_table *table = harness_table(table_rows[_i].lines);
	bool shared = strstr(table_rows[_i].codes, "shared-node");

	ck_assert_int_eq(table_lint(table, report), 0);
	ck_assert_str_eq(harness_codes(report), table_rows[_i].codes);
	messages_have(table_rows[_i].words);
	if (!shared)
		findings_are(KMOD_DEVNAME_SEVERITY_WARNING, NULL);
	else if (!strchr(table_rows[_i].codes, ','))
		findings_are(KMOD_DEVNAME_SEVERITY_NOTE, NULL);
	ck_assert_int_eq(table_lint(table, NULL), 0);
	kmod_devname_table_unref(table);
}

/* --- built-in modules -------------------------------------------------------------------- */

static const struct {
	const char *lines;
	const char *built_in;
	const char *codes;
	const char *words;
} builtin_rows[] = {
	{ "", "", "", "" },
	{ "fuse fuse c10:229\n", "", "", "" },
	{ "", "fuse fuse c10:229\n", "", "" },
	{ "fuse fuse c10:229\n", "tun net/tun c10:200\n", "", "" },
	{ "fuse fuse c10:229\n", "fuse fuse c10:229\n", "built-in", "'fuse' (c10:229)" },
	{ "x fuse c10:9\n", "fuse fuse c10:229\n", "built-in", "(c10:9) of module x|c10:229" },
	{ "x zz c10:229\n", "fuse fuse c10:229\n", "built-in", "'zz'|'fuse' (c10:229)" },
	{ "x zz b10:229\n", "fuse fuse c10:229\n", "", "" },
	{ "x a/b c1:1\n", "x a c1:2\n", "", "" },
	{ "a k c1:1\nb k c1:1\n", "c k c1:1\n", "built-in,built-in", "c, which is built in" },
};

LOOP_TEST(built_in_modules_have_their_nodes, ARRAY_SIZE(builtin_rows))
{
	struct kmod_devname_table *table = harness_table(builtin_rows[_i].lines);
	struct kmod_devname_table *built_in = harness_table(builtin_rows[_i].built_in);

	ck_assert_int_eq(table_lint_builtin(table, report, built_in), 0);
	ck_assert_str_eq(harness_codes(report), builtin_rows[_i].codes);
	messages_have(builtin_rows[_i].words);
	findings_are(KMOD_DEVNAME_SEVERITY_WARNING, NULL);
	kmod_devname_table_unref(built_in);
	kmod_devname_table_unref(table);
}

/* --- the file ---------------------------------------------------------------------------- */

static const struct {
	const char *lines; /* what modules declare */
	const char *file; /* NULL: there is none */
	const char *codes;
	const char *words;
} file_rows[] = {
	{ "", "", "", "" },
	{ "a a c1:1\nb b c1:2\n", "b b c1:2\na a c1:1\n", "", "" },
	{ "a a c1:1\n", "", "out-of-date", "no line for 'a' (c1:1)|module a|generate" },
	{ "", "a a c1:1\n", "out-of-date", "line for 'a' (c1:1) of module a|no module declares" },
	{ "a a c1:1\n", "a a c1:2\n", "out-of-date",
	  "(c1:2) of module a|instead of c1:1 of module a" },
	{ "a a c1:1\n", "b a c1:1\n", "out-of-date",
	  "(c1:1) of module b|instead of c1:1 of module a" },
	{ "a a b1:1\n", "a a c1:1\n", "out-of-date", "(c1:1)|instead of b1:1" },
	{ "a a c1:1\nb b c1:2\n", "c c c1:3\n", "out-of-date,out-of-date,out-of-date", "generate" },
	{ "a k c1:1\nb k c1:1\n", "a k c1:1\n", "out-of-date", "no line for 'k'|module b" },
	{ "a a c1:1\n", NULL, "no-file", "1 nodes|generate" },
};

LOOP_TEST(the_file_is_compared, ARRAY_SIZE(file_rows))
{
	struct kmod_devname_table *table = harness_table(file_rows[_i].lines);
	struct kmod_devname_table *file =
		file_rows[_i].file ? harness_table(file_rows[_i].file) : NULL;

	ck_assert_int_eq(table_lint_file(table, report, file, "name"), 0);
	ck_assert_str_eq(harness_codes(report), file_rows[_i].codes);
	messages_have(file_rows[_i].words);
	findings_are(KMOD_DEVNAME_SEVERITY_ERROR, "name");
	kmod_devname_table_unref(file);
	kmod_devname_table_unref(table);
}

TEST(no_file_without_nodes_is_a_warning)
{
	struct kmod_devname_table *table = harness_table("");

	ck_assert_int_eq(table_lint_file(table, report, NULL, "name"), 0);
	ck_assert_str_eq(harness_codes(report), "no-file");
	findings_are(KMOD_DEVNAME_SEVERITY_WARNING, "name");
	kmod_devname_table_unref(table);
}

/* --- rules of udev ----------------------------------------------------------------------- */

#define NODES "btrfs btrfs-control c10:234\nsnd_seq snd/seq c116:1\nx x b1:1\n"

static const struct {
	const char *rules;
	const char *codes;
	const char *words;
} udev_rows[] = {
	{ "", "", "" },
	{ "KERNEL==\"btrfs-control\", GROUP=\"disk\"\n", "no-static-node",
	  "'btrfs-control'|module btrfs|OPTIONS+=\"static_node=btrfs-control\"" },
	{ "KERNEL==\"other\", GROUP=\"disk\"\n", "", "" },
	/* a default value makes no difference */
	{ "KERNEL==\"x\", MODE=\"0666\"\n", "no-static-node", "'x'" },
	{ "KERNEL==\"x\", MODE=\"0600\"\n", "", "" },
	{ "KERNEL==\"x\", MODE=\"abc\"\n", "", "" },
	{ "KERNEL==\"x\", MODE=\" 0666\"\n", "no-static-node", "" },
	{ "KERNEL==\"x\", MODE=\"0666\", MODE=\"0600\"\n", "", "" },
	{ "KERNEL==\"x\", GROUP=\"disk\", GROUP=\"root\"\n", "", "" },
	{ "KERNEL==\"x\", OWNER=\"u\"\n", "no-static-node", "" },
	{ "KERNEL==\"x\", GROUP=\"root\"\n", "", "" },
	{ "KERNEL==\"x\", GROUP=\"0\", OWNER=\"root\"\n", "", "" },
	{ "KERNEL==\"x\", GROUP=\"$env{G}\", MODE=\"%n\"\n", "", "" },
	{ "KERNEL==\"x\", TAG+=\"other\"\n", "", "" },
	{ "KERNEL==\"x\", TAG-=\"uaccess\"\n", "", "" },
	{ "KERNEL==\"x\", TAG+=\"uaccess\"\n", "no-static-node", "the access of a seat of 'x'" },
	{ "KERNEL==\"x\", TAG+=\"uaccess\", OPTIONS+=\"static_node=x\"\n", "", "" },
	{ "KERNEL==\"x\", TAG+=\"uaccess\", MODE=\"0660\"\n", "no-static-node",
	  "mode or owner of 'x'" },
	/* the tag of a rule without static_node, whatever other rules have; not where all may open
	 */
	{ "KERNEL==\"x\", TAG+=\"uaccess\"\nOPTIONS+=\"static_node=x\", MODE=\"0660\"\n",
	  "no-static-node", "user of the seat" },
	{ "KERNEL==\"x\", TAG+=\"uaccess\"\nOPTIONS+=\"static_node=x\", MODE=\"0666\"\n", "", "" },
	{ "KERNEL==\"x\"\n", "", "" },
	{ "GROUP=\"disk\"\n", "", "" },
	/* patterns, on the last component */
	{ "KERNEL==\"btrfs*\", GROUP=\"disk\"\n", "no-static-node", "'btrfs-control'" },
	{ "KERNEL==\"seq\", MODE=\"0666\"\n", "no-static-node", "'snd/seq'" },
	{ "KERNEL==\"snd/seq\", MODE=\"0666\"\n", "", "" },
	{ "KERNEL==\"a|seq|b\", MODE=\"0666\"\n", "no-static-node", "'snd/seq'" },
	{ "KERNEL==\"seq|x\", MODE=\"0666\"\n", "no-static-node,no-static-node", "" },
	{ "KERNEL==\"[w-y]\", MODE=\"0666\"\n", "no-static-node", "'x'" },
	{ "KERNEL==\"|\", MODE=\"0666\"\n", "", "" },
	{ "KERNEL==\"*\", MODE=\"0666\"\n", "", "" },
	{ "KERNEL!=\"x\", MODE=\"0666\"\n", "", "" },
	{ "KERNEL==\"x\", KERNEL==\"x\", MODE=\"0666\"\n", "", "" },
	{ "KERNEL=i\"X\", MODE=\"0666\"\n", "", "" },
	/* conditions */
	{ "ACTION==\"add\", KERNEL==\"x\", MODE=\"0666\"\n", "no-static-node", "'x'" },
	{ "ACTION!=\"remove\", KERNEL==\"x\", MODE=\"0666\"\n", "no-static-node", "'x'" },
	{ "SUBSYSTEM==\"misc\", KERNEL==\"btrfs-control\", MODE=\"0666\"\n", "no-static-node",
	  "'btrfs-control'" },
	{ "SUBSYSTEM==\"misc\", KERNEL==\"seq\", MODE=\"0666\"\n", "", "" },
	{ "SUBSYSTEM==\"block\", KERNEL==\"x\", MODE=\"0666\"\n", "", "" },
	{ "SUBSYSTEM!=\"misc\", KERNEL==\"x\", MODE=\"0666\"\n", "", "" },
	{ "KERNEL==\"x\", ENV{A}==\"1\", MODE=\"0666\"\n", "", "" },
	{ "KERNEL==\"x\", ATTRS{a}!=\"1\", MODE=\"0666\"\n", "", "" },
	{ "KERNEL==\"x\", PROGRAM=\"/bin/true\", MODE=\"0666\"\n", "", "" },
	{ "KERNEL==\"x\", IMPORT{builtin}=\"y\", MODE=\"0666\"\n", "", "" },
	/* static_node in the rule, or in one behind it that replaces what it gives */
	{ "KERNEL==\"x\", MODE=\"0666\", OPTIONS+=\"static_node=x\"\n", "", "" },
	{ "KERNEL==\"x\", MODE=\"0666\"\nOPTIONS+=\"static_node=x\", MODE=\"0660\"\n", "", "" },
	{ "KERNEL==\"x\", GROUP=\"g\"\nOPTIONS+=\"static_node=x\", TAG+=\"uaccess\"\n",
	  "no-static-node", "mode or owner of 'x'" },
	{ "KERNEL==\"x\", MODE=\"0666\", OPTIONS+=\"static_node=y\"\n", "no-static-node", "'x'" },
	{ "KERNEL==\"seq\", MODE=\"0666\", OPTIONS+=\"static_node=snd/seq\"\n", "", "" },
	{ "KERNEL==\"x\", MODE=\"0666\"\nOPTIONS+=\"static_node=y\", OPTIONS+=\"static_node=x\"\n",
	  "no-static-node", "'x'" },
	{ "KERNEL==\"x\", MODE=\"0666\", OPTIONS+=\"static_node=y\", OPTIONS+=\"static_node=x\"\n",
	  "", "" },
	/* in a rule that udev drops, for what comes behind it: no key, no operator, no quotes */
	{ "KERNEL==\"x\", MODE=\"0666\"\nOPTIONS+=\"static_node=x\", NOKEY=\"y\"\n",
	  "no-static-node", "'x'" },
	{ "KERNEL==\"x\", MODE=\"0666\"\nOPTIONS+=\"static_node=x\", MODE==\"0666\"\n",
	  "no-static-node", "'x'" },
	{ "KERNEL==\"x\", MODE=\"0666\"\nOPTIONS+=\"static_node=x\", MODE=0666\n", "no-static-node",
	  "'x'" },
	/* taking something away is no condition */
	{ "KERNEL==\"x\", MODE=\"0666\", TAG-=\"t\"\n", "no-static-node", "'x'" },
	/* what udev does not take */
	{ "KERNEL==\"x\", MODE=\"0666\", junk\n", "", "" },
	{ "# KERNEL==\"x\", MODE=\"0666\"\n", "", "" },
};

LOOP_TEST(rules_of_udev_that_come_too_late, ARRAY_SIZE(udev_rows))
{
	struct kmod_devname_table *table = harness_table(NODES);
	static const char path[] = "/etc/udev/rules.d/1.rules";
	int root_fd = harness_directory();

	harness_write(root_fd, path + 1, udev_rows[_i].rules, strlen(udev_rows[_i].rules));
	ck_assert_int_eq(udev_lint(table, report, root_fd, NULL), 0);
	ck_assert_str_eq(harness_codes(report), udev_rows[_i].codes);
	messages_have(udev_rows[_i].words);
	for (size_t i = 0; i < kmod_devname_report_size(report); i++)
		ck_assert_uint_eq(kmod_devname_finding_get_line(kmod_devname_report_get(report, i)),
				  1);
	findings_are(KMOD_DEVNAME_SEVERITY_WARNING, path);
	kmod_devname_table_unref(table);
	(void)close(root_fd);
}

/* A rule behind that with static_node replaces what that gives, but not before there is a device.
 */
static const struct {
	const char *late; /* the second rule */
	const char *codes;
} replacing_rows[] = {
	{ "KERNEL==\"x\", GROUP=\"other\"\n", "no-static-node" },
	{ "KERNEL==\"x\", OWNER=\"u\"\n", "no-static-node" },
	{ "KERNEL==\"x\", MODE=\"0666\"\n", "no-static-node" },
	{ "KERNEL==\"x\", GROUP=\"disk\"\n", "" },
	{ "KERNEL==\"x\", GROUP=\"disk\", MODE=\"0660\"\n", "" },
	{ "KERNEL==\"x\", MODE=\"0666\"\nKERNEL==\"x\", GROUP=\"disk\", MODE=\"0660\"\n", "" },
	{ "KERNEL==\"x\", GROUP=\"other\", OPTIONS+=\"static_node=x\"\n", "" },
};

LOOP_TEST(rules_behind_the_static_one_come_too_late, ARRAY_SIZE(replacing_rows))
{
	static const char first[] = "KERNEL==\"x\", GROUP=\"disk\", OPTIONS+=\"static_node=x\"\n";
	struct kmod_devname_table *table = harness_table(NODES);
	int root_fd = harness_directory();

	harness_write(root_fd, "usr/lib/udev/rules.d/1.rules", first, strlen(first));
	harness_write(root_fd, "etc/udev/rules.d/2.rules", replacing_rows[_i].late,
		      strlen(replacing_rows[_i].late));
	ck_assert_int_eq(udev_lint(table, report, root_fd, NULL), 0);
	ck_assert_str_eq(harness_codes(report), replacing_rows[_i].codes);
	if (kmod_devname_report_size(report) > 0)
		messages_have("before that, other rules apply");
	kmod_devname_table_unref(table);
	(void)close(root_fd);
}

/* An update of the package replaces its files. */
static const struct {
	const char *directory;
	enum kmod_devname_severity severity;
	const char *words;
} place_rows[] = {
	{ "etc", KMOD_DEVNAME_SEVERITY_WARNING, "; add OPTIONS|systemctl restart systemd-udevd" },
	{ "run", KMOD_DEVNAME_SEVERITY_WARNING, "; add OPTIONS" },
	{ "usr/local/lib", KMOD_DEVNAME_SEVERITY_WARNING, "; add OPTIONS" },
	{ "usr/lib", KMOD_DEVNAME_SEVERITY_NOTE, "; copy it to /etc/udev/rules.d, add OPTIONS" },
	{ "lib", KMOD_DEVNAME_SEVERITY_NOTE, "; copy it to /etc/udev/rules.d, add OPTIONS" },
};

LOOP_TEST(rules_of_packages_are_notes, ARRAY_SIZE(place_rows))
{
	static const char rule[] = "KERNEL==\"x\", GROUP=\"disk\"\n";
	struct kmod_devname_table *table = harness_table(NODES);
	int root_fd = harness_directory();
	char path[64];

	(void)snprintf(path, sizeof(path), "/%s/udev/rules.d/1.rules", place_rows[_i].directory);
	harness_write(root_fd, path + 1, rule, strlen(rule));
	ck_assert_int_eq(udev_lint(table, report, root_fd, NULL), 0);
	ck_assert_str_eq(harness_codes(report), "no-static-node");
	messages_have(place_rows[_i].words);
	findings_are(place_rows[_i].severity, path);
	kmod_devname_table_unref(table);
	(void)close(root_fd);
}

TEST(the_last_rule_is_named_and_a_node_once)
{
	static const char rules[] = "\n\nKERNEL==\"k\", MODE=\"0666\"\n\n"
				    "KERNEL==\"k\", \\\n  GROUP=\"g\"\n"
				    "KERNEL==\"k\", TAG+=\"t\"\n";
	struct kmod_devname_table *table = harness_table("a k c1:1\nb k c1:1\n");
	int root_fd = harness_directory();

	harness_write(root_fd, "etc/udev/rules.d/1.rules", rules, strlen(rules));
	ck_assert_int_eq(udev_lint(table, report, root_fd, NULL), 0);
	ck_assert_str_eq(harness_codes(report), "no-static-node");
	ck_assert_uint_eq(kmod_devname_finding_get_line(kmod_devname_report_get(report, 0)), 5);
	messages_have("module a");
	kmod_devname_table_unref(table);
	(void)close(root_fd);
}

/* N nodes, and N / 40 rules with 1,000 patterns each, which end in a text. */
static double lint_many(int root_fd, unsigned int n, const char *end)
{
	char *nodes = NULL, *rules = NULL;
	size_t size;
	FILE *stream = open_memstream(&nodes, &size);
	struct kmod_devname_table *table;
	struct rusage before, after;

	for (unsigned int i = 0; i < n; i++)
		fprintf(stream, "m d/n%u c%u:%u\n", i, 1 + i / 100, i % 100);
	(void)fclose(stream);
	table = harness_table(nodes);
	stream = open_memstream(&rules, &size);
	for (unsigned int i = 0; i < n / 40; i++) {
		fputs("MODE=\"0666\", KERNEL==\"", stream);
		for (unsigned int j = 0; j < 1000; j++)
			fprintf(stream, "|%u%s", j, end);
		fputs("|n7\"\n", stream);
	}
	(void)fclose(stream);
	harness_write(root_fd, "etc/udev/rules.d/1.rules", rules, size);
	ck_assert_int_eq(getrusage(RUSAGE_SELF, &before), 0);
	ck_assert_int_eq(udev_lint(table, report, root_fd, NULL), 0);
	ck_assert_int_eq(getrusage(RUSAGE_SELF, &after), 0);
	free(nodes);
	free(rules);
	kmod_devname_table_unref(table);
	return (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec) +
	       (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1e6;
}

TEST(rules_and_nodes_take_linear_time)
{
	int root_fd = harness_directory();
	double one = lint_many(root_fd, 400, ""), eight;

	ck_assert_str_eq(harness_codes(report), "no-static-node");
	kmod_devname_report_unref(report);
	ck_assert_int_eq(kmod_devname_report_new(&report), 0);
	eight = lint_many(root_fd, 3200, "");
	ck_assert_str_eq(harness_codes(report), "no-static-node");
	ck_assert_msg(eight < 24 * one + 0.2, "%f s, and %f s for 8 times as many", one, eight);
	(void)close(root_fd);
}

/* 3,200 names are compared with some of 80,000 patterns; those without wildcards all count. */
TEST(patterns_with_wildcards_are_bounded)
{
	int root_fd = harness_directory();

	(void)lint_many(root_fd, 3200, "*");
	ck_assert_str_eq(harness_codes(report), "bad-rule,no-static-node");
	ck_assert_uint_eq(kmod_devname_finding_get_line(kmod_devname_report_get(report, 0)), 1);
	ck_assert_uint_eq(kmod_devname_finding_get_line(kmod_devname_report_get(report, 1)), 80);
	(void)close(root_fd);
}

/* Long names and patterns, of which two are compared. */
LOOP_TEST(long_patterns_are_bounded, UNLESS_VALGRIND(1))
{
	enum { PATTERN = 15000, RULES = 1000, NAMES = 100, NAME = 250, SECONDS = 20 };
	int root_fd = harness_directory();
	char pattern[PATTERN + 1] = "", name[NAME + 1] = "", *nodes, *rules;
	struct kmod_devname_table *table;
	size_t size;
	FILE *stream = open_memstream(&nodes, &size);

	memset(name, 'a', NAME);
	for (unsigned int i = 0; i < NAMES; i++)
		fprintf(stream, "m %.*s%02u c1:%u\n", NAME - 2, name, i, i);
	(void)fclose(stream);
	table = harness_table(nodes);
	/* a set that each byte of each name is looked for in */
	memset(pattern, 'b', PATTERN);
	memcpy(pattern, "*[", 2);
	pattern[PATTERN - 1] = ']';
	stream = open_memstream(&rules, &size);
	for (unsigned int i = 0; i < RULES; i++)
		fprintf(stream, "KERNEL==\"%s\", MODE=\"0666\"\n", pattern);
	(void)fclose(stream);
	harness_write(root_fd, "etc/udev/rules.d/1.rules", rules, size);
	harness_limit_cpu(SECONDS);
	ck_assert_int_eq(udev_lint(table, report, root_fd, NULL), 0);
	ck_assert_str_eq(harness_codes(report), "bad-rule");
	free(nodes);
	free(rules);
	kmod_devname_table_unref(table);
	(void)close(root_fd);
}

/* A rule has one owner, whose bytes are read once and not for each of its nodes. */
LOOP_TEST(long_owners_of_many_nodes_are_read_once, UNLESS_VALGRIND(1))
{
	enum { OWNER = 15000, RULES = 50, NODES_OF_ALL = 20000, SECONDS = 2 };
	int root_fd = harness_directory();
	char owner[OWNER + 1] = "", *nodes, *rules;
	struct kmod_devname_table *table;
	size_t size;
	FILE *stream = open_memstream(&nodes, &size);

	for (unsigned int i = 0; i < NODES_OF_ALL; i++)
		fprintf(stream, "m n%u c%u:%u\n", i, 1 + i / 100, i % 100);
	(void)fclose(stream);
	table = harness_table(nodes);
	memset(owner, 'o', OWNER);
	stream = open_memstream(&rules, &size);
	for (unsigned int i = 0; i < RULES; i++)
		fprintf(stream, "KERNEL==\"n*\", OWNER=\"%s\"\n", owner);
	(void)fclose(stream);
	harness_write(root_fd, "etc/udev/rules.d/1.rules", rules, size);
	harness_limit_cpu(SECONDS);
	ck_assert_int_eq(udev_lint(table, report, root_fd, NULL), 0);
	ck_assert_uint_eq(kmod_devname_report_count(report, KMOD_DEVNAME_SEVERITY_WARNING),
			  NODES_OF_ALL);
	free(nodes);
	free(rules);
	kmod_devname_table_unref(table);
	(void)close(root_fd);
}

/* --- a module file ----------------------------------------------------------------------- */

static int add_file(struct kmod_devname_table *table, const void *data, size_t size,
		    const char *file)
{
	int dir_fd = harness_directory(), fd, r;

	harness_write(dir_fd, "module", data, size);
	fd = openat(dir_fd, "module", O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	r = kmod_devname_table_add_file(table, report, fd, file);
	(void)close(fd);
	(void)close(dir_fd);
	return r;
}

LOOP_TEST(a_file_gives_its_nodes, 2)
{
	static const char *const strings[] = { "license=GPL", "alias=devname:snd/seq",
					       "alias=char-major-116-1" };
	struct mkmodule spec = {
		.strings = strings, .n_strings = 3, .bits = _i ? 32 : 64, .big_endian = _i
	};
	struct kmod_devname_table *table;
	uint8_t *image;
	size_t size;

	image = mkmodule(&spec, &size);
	ck_assert_int_eq(kmod_devname_table_new(&table), 0);
	ck_assert_int_eq(add_file(table, image, size, "a/b/snd-seq.ko.xz"), 0);
	ck_assert_str_eq(harness_codes(report), "");
	ck_assert_str_eq(harness_text(table),
			 "# Device nodes to trigger on-demand module loading.\n"
			 "snd_seq snd/seq c116:1\n");
	kmod_devname_table_unref(table);
	free(image);
}

static const struct {
	const char *bytes;
	size_t size;
	const char *codes;
} bad_rows[] = {
	{ "", 0, "malformed" },
	{ "not a module", 12, "malformed" },
#ifdef WITH_XZ
	{ "\xfd\x37zXZ\0cut", 9, "corrupt" },
#else
	{ "\xfd\x37zXZ\0cut", 9, "unsupported" },
#endif
};

LOOP_TEST(a_bad_file_is_a_finding, ARRAY_SIZE(bad_rows))
{
	struct kmod_devname_table *table;

	ck_assert_int_eq(kmod_devname_table_new(&table), 0);
	ck_assert_int_eq(add_file(table, bad_rows[_i].bytes, bad_rows[_i].size, "x.ko"), 0);
	ck_assert_str_eq(harness_codes(report), bad_rows[_i].codes);
	findings_are(KMOD_DEVNAME_SEVERITY_ERROR, "x.ko");
	ck_assert_uint_eq(kmod_devname_table_size(table), 0);
	kmod_devname_table_unref(table);
}

TEST(another_file_type_is_an_error)
{
	struct kmod_devname_table *table;
	int dir_fd = harness_directory(), pipe_fds[2];

	ck_assert_int_eq(pipe(pipe_fds), 0);
	ck_assert_int_eq(kmod_devname_table_new(&table), 0);
	ck_assert_int_eq(kmod_devname_table_add_file(table, report, dir_fd, "x.ko"), -EISDIR);
	ck_assert_int_eq(kmod_devname_table_add_file(table, report, pipe_fds[0], "x.ko"), -ESPIPE);
	ck_assert_int_eq(kmod_devname_table_add_file(table, report, -1, "x.ko"), -EBADF);
	ck_assert_str_eq(harness_codes(report), "system,system,system");
	findings_are(KMOD_DEVNAME_SEVERITY_ERROR, "x.ko");
	kmod_devname_table_unref(table);
	(void)close(pipe_fds[0]);
	(void)close(pipe_fds[1]);
	(void)close(dir_fd);
}

int main(void)
{
	return harness_run(set_up, tear_down);
}
