// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mode and owner of nodes, and what the rules of udev say of them. What each rule comes to is
 * what systemd-udevd 252 and 262 did with a node of mode 0600 when they started with the same
 * rules; where they did not do the same the node gets nothing. The rows that differ say why.
 * udev.sh lets it run again.
 */

#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534
#define TEXT(text) text, sizeof(text) - 1

#define RULES "etc/udev/rules.d/50-test.rules"
#define NODE "OPTIONS+=\"static_node=x\""

static struct kmod_devname_permissions *permissions;
static struct kmod_devname_report *report;
static int root_fd;

static void write_text(const char *path, const char *text)
{
	harness_write(root_fd, path, text, strlen(text));
}

static void set_up(void)
{
	ck_assert_int_eq(kmod_devname_permissions_new(0600, &permissions), 0);
	ck_assert_int_eq(kmod_devname_report_new(&report), 0);
	root_fd = harness_directory();
	write_text("etc/passwd", "root:x:0:0::/:\nalice:x:1001:1001:Alice:/:/bin/sh\n");
	write_text("etc/group", "root:x:0:\ndisk:x:6:\nkvm:x:104:alice\n");
}

static void tear_down(void)
{
	ck_assert_ptr_null(kmod_devname_permissions_unref(permissions));
	ck_assert_ptr_null(kmod_devname_report_unref(report));
	ck_assert_int_eq(close(root_fd), 0);
}

static int read_rules(const struct kmod_devname_table *table)
{
	return kmod_devname_permissions_read_udev(permissions, report, root_fd, table);
}

/* "MODE UID GID USER GROUP" of a node, "-" for no name. */
static const char *describe(const char *name)
{
	static char text[256];
	const struct kmod_devname_permission *p = kmod_devname_permissions_get(permissions, name);
	const char *user = kmod_devname_permission_get_user(p);
	const char *group = kmod_devname_permission_get_group(p);

	(void)snprintf(text, sizeof(text), "%04o %u %u %s %s", kmod_devname_permission_get_mode(p),
		       kmod_devname_permission_get_uid(p), kmod_devname_permission_get_gid(p),
		       user ? user : "-", group ? group : "-");
	return text;
}

#define NOTHING "0600 0 0 - -"

static struct kmod_devname_table *make_table(const char *name)
{
	char alias[256];
	const char *aliases[] = { alias, "char-major-10-229" };
	struct kmod_devname_table *table;

	(void)snprintf(alias, sizeof(alias), "devname:%s", name);
	ck_assert_int_eq(kmod_devname_table_new(&table), 0);
	ck_assert_int_eq(kmod_devname_table_add_module(table, NULL, "x", NULL, aliases, 2), 0);
	return table;
}

/* --- values ------------------------------------------------------------------------------ */

TEST(one_mode_holds_for_all_nodes)
{
	struct kmod_devname_permissions *one;

	ck_assert_int_eq(kmod_devname_permissions_new(0640, &one), 0);
	for (int i = 0; i < 2; i++) {
		const struct kmod_devname_permission *p =
			kmod_devname_permissions_get(one, i == 0 ? "fuse" : "net/tun");

		ck_assert_uint_eq(kmod_devname_permission_get_mode(p), 0640);
		ck_assert_uint_eq(kmod_devname_permission_get_uid(p), 0);
		ck_assert_uint_eq(kmod_devname_permission_get_gid(p), 0);
		ck_assert_ptr_null(kmod_devname_permission_get_user(p));
		ck_assert_ptr_null(kmod_devname_permission_get_group(p));
	}
	ck_assert_ptr_null(kmod_devname_permissions_unref(one));
	ck_assert_ptr_null(kmod_devname_permissions_unref(NULL));
}

TEST(a_mode_has_permission_bits_alone)
{
	struct kmod_devname_permissions *one = NULL;

	for (mode_t mode = 0; mode <= 0777; mode++) {
		ck_assert_int_eq(kmod_devname_permissions_new(mode, &one), 0);
		one = kmod_devname_permissions_unref(one);
	}
	ck_assert_int_eq(kmod_devname_permissions_new(01000, &one), -EINVAL);
	ck_assert_int_eq(kmod_devname_permissions_new(04755, &one), -EINVAL);
	ck_assert_int_eq(kmod_devname_permissions_new(S_IFCHR | 0600, &one), -EINVAL);
	ck_assert_int_eq(kmod_devname_permissions_new((mode_t)-1, &one), -EINVAL);
	ck_assert_ptr_null(one);
}

/* --- one rule ---------------------------------------------------------------------------- */

struct row {
	const char *rules;
	size_t size;
	const char *wanted;
	const char *codes;
};

static const struct row rows[] = {
	/* what counts */
	{ TEXT("KERNEL==\"y\", GROUP=\"disk\", " NODE "\n"), "0660 0 6 - disk", "" },
	{ TEXT(NODE ", GROUP=\"disk\"\n"), "0660 0 6 - disk", "" },
	{ TEXT("MODE=\"0666\", " NODE "\n"), "0666 0 0 - -", "" },
	{ TEXT("MODE=\"666\", " NODE "\n"), "0666 0 0 - -", "" },
	{ TEXT("MODE=\"000000640\", " NODE "\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=\" 0640\", " NODE "\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE:=\"0644\", OPTIONS=\"static_node=x\"\n"), "0644 0 0 - -", "" },
	{ TEXT("MODE+=\"0644\", OPTIONS:=\"static_node=x\"\n"), "0644 0 0 - -", "" },
	{ TEXT("OWNER=\"alice\", " NODE "\n"), "0600 1001 0 alice -", "" },
	{ TEXT("OWNER=\"1001\", GROUP=\"104\", " NODE "\n"), "0660 1001 104 1001 104", "" },
	{ TEXT("OWNER=\"alice\", GROUP=\"kvm\", MODE=\"0604\", " NODE "\n"),
	  "0604 1001 104 alice kvm", "" },
	{ TEXT("GROUP=\"root\", " NODE "\n"), "0600 0 0 - root", "" },
	{ TEXT("GROUP=\"0\", " NODE "\n"), "0600 0 0 - 0", "" },
	{ TEXT("OWNER=\"999\", GROUP=\"999\", " NODE "\n"), "0660 999 999 999 999", "" },
	{ TEXT("MODE=\"0640\", MODE=\"0604\", " NODE "\n"), "0604 0 0 - -", "" },
	{ TEXT("GROUP=\"disk\", GROUP=\"kvm\", " NODE "\n"), "0660 0 104 - kvm", "" },
	/* what does not */
	{ TEXT(""), NOTHING, "" },
	{ TEXT(NODE "\n"), NOTHING, "" },
	{ TEXT("MODE=\"0666\"\n"), NOTHING, "" },
	{ TEXT("TAG+=\"uaccess\", " NODE "\n"), NOTHING, "" },
	{ TEXT("ACTION!=\"add\", KERNEL!=\"x\", TEST!=\"/y\", MODE=\"0640\", " NODE "\n"),
	  "0640 0 0 - -", "" },
	{ TEXT("GOTO=\"end\"\nMODE=\"0640\", " NODE "\nLABEL=\"end\"\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0640\", GOTO=\"nowhere\", " NODE "\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0640\", RUN+=\"/bin/z $x %k\", ATTR{a\"b}=\"c\", " NODE "\n"),
	  "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0640\", OPTIONS+=\"watch\", " NODE "\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0640\", OPTIONS+=\"nonsense\", " NODE "\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0640\", OPTIONS+=\"watch,static_node=x\"\n"), NOTHING, "" },
	{ TEXT("MODE=\"0640\", OPTIONS+=\"static_node=x,watch\"\n"), NOTHING, "" },
	{ TEXT("MODE=\"0640\", OPTIONS+=\"static_node=X\"\n"), NOTHING, "" },
	/* as for open(2) */
	{ TEXT("MODE=\"0640\", OPTIONS+=\"static_node=./x\"\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0640\", OPTIONS+=\"static_node=//.//./x\"\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0640\", OPTIONS+=\"static_node=/dev/x\"\n"), NOTHING, "" },
	/* values that are not constant */
	{ TEXT("MODE=\"0$env{x}\", " NODE "\n"), NOTHING, "" },
	{ TEXT("MODE=\"0640\", MODE=\"$x\", " NODE "\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0%k\", GROUP=\"kvm\", " NODE "\n"), "0660 0 104 - kvm", "" },
	{ TEXT("GROUP=\"%k\", MODE=\"0640\", " NODE "\n"), "0640 0 0 - -", "" },
	{ TEXT("OWNER=\"$x\", MODE=\"0640\", " NODE "\n"), "0640 0 0 - -", "" },
	{ TEXT("GROUP=\"[x/y]z\", MODE=\"0640\", " NODE "\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0640\", OPTIONS+=\"static_node=$x\"\n"), NOTHING, "" },
	{ TEXT("MODE=\"0640\", OPTIONS+=\"static_node=x%k\"\n"), NOTHING, "" },
	/* several rules */
	{ TEXT("MODE=\"0640\", " NODE "\nGROUP=\"kvm\", " NODE "\n"), "0660 0 104 - kvm", "" },
	{ TEXT("MODE=\"0640\", " NODE "\nOWNER=\"alice\", " NODE "\n"), "0640 1001 0 alice -", "" },
	{ TEXT("MODE=\"0640\", " NODE "\nGROUP=\"root\", " NODE "\n"), "0640 0 0 - root", "" },
	{ TEXT("GROUP=\"kvm\", " NODE "\nMODE=\"0640\", " NODE "\n"), "0640 0 104 - kvm", "" },
	{ TEXT("GROUP=\"kvm\", " NODE "\nGROUP=\"disk\", MODE=\"0606\", " NODE
	       "\nOWNER=\"1001\", " NODE "\n"),
	  "0606 1001 6 1001 disk", "" },
	/* punctuation */
	{ TEXT("MODE=\"0666\" " NODE "\n"), "0666 0 0 - -", "" },
	{ TEXT("MODE=\"0666\"" NODE "\n"), "0666 0 0 - -", "" },
	{ TEXT(",,, MODE = \"0666\" ,,, OPTIONS += \"static_node=x\" ,\n"), "0666 0 0 - -", "" },
	{ TEXT("\t MODE=\"0666\", " NODE "   \n"), "0666 0 0 - -", "" },
	{ TEXT("MODE=\"0666\", KERNEL==\"a\\\"b\\\\x\", " NODE "\n"), "0666 0 0 - -", "" },
	/* escapes */
	{ TEXT("MODE=e\"\\x30640\", OPTIONS+=e\"static\\x5fnode=x\"\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=e\"\\060640\", " NODE "\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=e\"\\u0030640\", " NODE "\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=e\"\\U00000030640\", " NODE "\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0640\", ENV{X}=e\"a\\\"b\\\\\", " NODE "\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0640\", ENV{X}=e\"\\a\\b\\f\\n\\r\\t\\v\\s\\'\", " NODE "\n"),
	  "0640 0 0 - -", "" },
	{ TEXT("MODE=e\"\\q0640\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0640\", ENV{X}=e\"\\x4\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0640\", ENV{X}=e\"\\x00\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0640\", ENV{X}=e\"\\000\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0640\", ENV{X}=e\"\\400\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0640\", ENV{X}=e\"\\ud800\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0640\", ENV{X}=e\"\\U00110000\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=ee\"0640\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=i\"0640\", " NODE "\n"), NOTHING, "bad-rule" },
	/* lines */
	{ TEXT("MODE=\"0640\", " NODE), "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0640\"\\\n, " NODE "\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0640\", \\\n  \\\n   " NODE "\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0640\", OPTIONS+=\"static_\\\n node=x\"\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0640\", \\\n# comment\n   " NODE "\n"), "0640 0 0 - -", "" },
	{ TEXT("# comment \\\nMODE=\"0640\", " NODE "\n"), "0640 0 0 - -", "" },
	{ TEXT("# MODE=\"0640\", " NODE "\n"), NOTHING, "" },
	{ TEXT("MODE=\"0640\", \\\n\n " NODE "\n"), NOTHING, "" },
	{ TEXT("MODE=\"0640\", \\ \n " NODE "\n"), NOTHING, "" },
	{ TEXT("MODE=\"0640\", " NODE ", \\"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0640\", " NODE "\r\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0640\", \\\r\n " NODE "\r\n"), "0640 0 0 - -", "" },
	/* a carriage return ends a line, a NUL byte too, and several that differ are one end */
	{ TEXT("MODE=\"0640\",\r" NODE "\n"), NOTHING, "" },
	{ TEXT("MODE=\"0640\",\0" NODE "\n"), NOTHING, "" },
	{ TEXT("MODE=\"0604\", " NODE "\rMODE=\"0640\", " NODE "\r"), "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0640\", " NODE "\r\r\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0640\", \\\n\r" NODE "\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0640\", \\\r\n\0" NODE "\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0640\", \\\r\r\n" NODE "\n"), NOTHING, "" },
	{ TEXT("MODE=\"0640\", \\\0\n" NODE "\n"), NOTHING, "" },
	/* udevd cuts the end of what it has joined, so that the empty line continues the rule */
	{ TEXT("MODE=\"0640\", \\\\\n\n" NODE "\n"), "0640 0 0 - -", "" },
	{ TEXT("MODE=\"0640\", \\\\\n" NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("\0\0\0\nMODE=\"0640\", " NODE "\n"), "0640 0 0 - -", "" },
	/* what udev does not take */
	{ TEXT("MODE-=\"0644\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE==\"0644\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0644\", OPTIONS==\"static_node=x\"\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0644\", OPTIONS-=\"static_node=x\"\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE{x}=\"0640\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0640\", OPTIONS{x}+=\"static_node=x\"\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0640\", ATTR{x=\"y\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0666\", " NODE " # comment\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0640\", OPTIONS+=\"static_node=x\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0640, " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=0640, " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE \"0640\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0640\"x, " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0640\", " NODE ", x\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0640\", KERNEL=\"x\n"), NOTHING, "" }, /* about no static node */
	{ TEXT("MODE=\"10666\", GROUP=\"kvm\", " NODE "\n"), "0660 0 104 - kvm", "bad-rule" },
	{ TEXT("MODE=\"rw\", GROUP=\"kvm\", " NODE "\n"), "0660 0 104 - kvm", "bad-rule" },
	{ TEXT("MODE=\"\", GROUP=\"kvm\", " NODE "\n"), "0660 0 104 - kvm", "bad-rule" },
	{ TEXT("MODE=\"+0640\", GROUP=\"kvm\", " NODE "\n"), "0660 0 104 - kvm", "bad-rule" },
	{ TEXT("MODE=\"0640 \", GROUP=\"kvm\", " NODE "\n"), "0660 0 104 - kvm", "bad-rule" },
	{ TEXT("MODE=\"0648\", " NODE "\n"), NOTHING, "bad-rule" },
	/* known_difference udev_mode_bits */
	{ TEXT("MODE=\"4666\", " NODE "\n"), "0666 0 0 - -", "" },
	/* keys, operators and attributes: the rest is in udev.sh */
	{ TEXT("MODE=\"0666\", KERNEL=\"fuse\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0666\", KERNEL{x}==\"fuse\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0666\", FOO==\"bar\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0666\", SUBSYTEM==\"misc\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0640\", options+=\"static_node=x\"\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0666\", RUN==\"x\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0666\", ATTR==\"x\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0666\", IMPORT=\"x\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0666\", TEST{9999}==\"x\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0666\", ENV{MAJOR}=\"x\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0666\", GOTO+=\"x\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0666\", FOO==\"bar\", OPTIONS+=\"watch\"\n"), NOTHING, "" },
	{ TEXT("MODE=\"0640\", TEST==i\"x\", " NODE "\n"), NOTHING, "bad-rule" },
	/* version 262 takes these, 252 does not */
	{ TEXT("MODE=\"0640\", SYMLINK-=\"y\", CONST{cvm}==\"x\", " NODE "\n"), NOTHING,
	  "bad-rule" },
	{ TEXT("MODE=\"0640\", KERNEL==i\"X\", KERNELS==ie\"\\x58\", " NODE "\n"), NOTHING,
	  "bad-rule" },
	/* and the node has not what both rules would give it by one version or the other */
	{ TEXT("MODE=\"0666\", " NODE "\nMODE=\"0600\", CONST{cvm}==\"x\", " NODE "\n"), NOTHING,
	  "bad-rule" },
	{ TEXT("MODE=\"0666\", CONST{cvm}==\"x\", " NODE "\nGROUP=\"root\", " NODE "\n"), NOTHING,
	  "bad-rule" },
	{ TEXT("GROUP=\"kvm\", CONST{cvm}==\"x\", " NODE "\nMODE=\"0640\", " NODE "\n"), NOTHING,
	  "bad-rule" },
	{ TEXT("MODE=\"0666\", CONST{cvm}==\"x\", " NODE "\nMODE=\"0640\", " NODE "\n"),
	  "0640 0 0 - -", "" },
	{ TEXT("CONST{cvm}==\"x\", " NODE "\nMODE=\"0640\", " NODE "\n"), "0640 0 0 - -", "" },
	/* known_difference udev_unknown_owner */
	{ TEXT("OWNER=\"1000\", MODE=\"0640\", " NODE "\n"), NOTHING, "unknown-owner" },
	{ TEXT("GROUP=\"1000\", " NODE "\n"), NOTHING, "unknown-owner" },
	{ TEXT("GROUP=\"4294967294\", " NODE "\n"), NOTHING, "unknown-owner" },
	{ TEXT("GROUP=\"none\", MODE=\"0640\", " NODE "\n"), NOTHING, "unknown-owner" },
	{ TEXT("OWNER=\"none\", GROUP=\"kvm\", " NODE "\n"), NOTHING, "unknown-owner" },
	{ TEXT("OWNER=\"none\", GROUP=\"none\", " NODE "\n"), NOTHING, "unknown-owner" },
	{ TEXT("OWNER=\"01001\", MODE=\"0640\", " NODE "\n"), NOTHING, "unknown-owner" },
	{ TEXT("GROUP=\"65535\", MODE=\"0640\", " NODE "\n"), NOTHING, "unknown-owner" },
	{ TEXT("GROUP=\"4294967295\", MODE=\"0640\", " NODE "\n"), NOTHING, "unknown-owner" },
	{ TEXT("GROUP=\"4294967296\", MODE=\"0640\", " NODE "\n"), NOTHING, "unknown-owner" },
	{ TEXT("GROUP=\"42949672960\", MODE=\"0640\", " NODE "\n"), NOTHING, "unknown-owner" },
	{ TEXT("GROUP=\"none\", " NODE "\nGROUP=\"kvm\", " NODE "\n"), "0660 0 104 - kvm", "" },
	{ TEXT("GROUP=\"kvm\", " NODE "\nGROUP=\"none\", " NODE "\n"), NOTHING, "unknown-owner" },
	{ TEXT("GROUP=\"none\", " NODE "\nGROUP=\"none\", MODE=\"0666\", " NODE "\n"), NOTHING,
	  "unknown-owner" },
	/* a later rule that does not replace all of it does not help */
	{ TEXT("OWNER=\"none\", MODE=\"0666\", " NODE "\nOWNER=\"alice\", " NODE "\n"), NOTHING,
	  "unknown-owner" },
	{ TEXT("OWNER=\"alice\", GROUP=\"none\", " NODE "\nGROUP=\"kvm\", " NODE "\n"), NOTHING,
	  "unknown-owner" },
	{ TEXT("OWNER=\"a b\", GROUP=\"disk\", " NODE "\nOWNER=\"alice\", " NODE "\n"), NOTHING,
	  "bad-rule" },
	{ TEXT("MODE=\"0640\", " NODE "\nGROUP=\"none\", MODE=\"0666\", " NODE
	       "\nGROUP=\"root\", " NODE "\n"),
	  NOTHING, "unknown-owner" },
	{ TEXT("GROUP=\"none\", MODE=\"0666\", " NODE "\nGROUP=\"root\", MODE=\"0640\", " NODE
	       "\n"),
	  "0640 0 0 - root", "" },
	{ TEXT("GROUP=\"\", MODE=\"0640\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("GROUP=\"a b\", MODE=\"0640\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("OWNER=\"a;b\", MODE=\"0640\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("OWNER=\"-R\", MODE=\"0640\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("OWNER=\"a:b\", MODE=\"0640\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("OWNER=e\"a\\nb\", MODE=\"0640\", " NODE "\n"), NOTHING, "bad-rule" },
	{ TEXT("GROUP=\"\xc3\xa4\", MODE=\"0640\", " NODE "\n"), NOTHING, "bad-rule" },
	/* without a table every name is asked for */
	{ TEXT("MODE=\"0640\", OPTIONS+=\"static_node= x\"\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0640\", OPTIONS+=\"static_node=x/\"\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0640\", OPTIONS+=\"static_node=x/.\"\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0640\", OPTIONS+=\"static_node=x//./\"\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0640\", OPTIONS+=\"static_node=../x\"\n"), NOTHING, "bad-rule" },
	{ TEXT("MODE=\"0640\", OPTIONS+=\"static_node=\"\n"), NOTHING, "bad-rule" },
};

LOOP_TEST(a_rule_has_the_effect_that_it_has_in_udev, ARRAY_SIZE(rows))
{
	const struct row *row = &rows[_i];

	harness_write(root_fd, RULES, row->rules, row->size);
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_msg(strcmp(describe("x"), row->wanted) == 0, "%s: %s instead of %s", row->rules,
		      describe("x"), row->wanted);
	ck_assert_msg(strcmp(harness_codes(report), row->codes) == 0, "%s: '%s' instead of '%s'",
		      row->rules, harness_codes(report), row->codes);
	ck_assert_uint_eq(kmod_devname_report_count(report, KMOD_DEVNAME_SEVERITY_ERROR), 0);
	ck_assert_uint_eq(kmod_devname_report_count(report, KMOD_DEVNAME_SEVERITY_NOTE), 0);
}

/* Nodes that are not wanted have no findings, whatever their rules contain. */
LOOP_TEST(nodes_that_the_table_lacks_are_passed_over, ARRAY_SIZE(rows))
{
	const struct row *row = &rows[_i];
	struct kmod_devname_table *table = make_table("y");

	harness_write(root_fd, RULES, row->rules, row->size);
	ck_assert_int_eq(read_rules(table), 0);
	ck_assert_msg(strcmp(describe("x"), NOTHING) == 0, "%s: %s", row->rules, describe("x"));
	ck_assert_msg(kmod_devname_report_size(report) == 0, "%s: %s", row->rules,
		      harness_codes(report));
	kmod_devname_table_unref(table);
}

LOOP_TEST(nodes_that_the_table_has_are_as_without_it, ARRAY_SIZE(rows))
{
	const struct row *row = &rows[_i];
	struct kmod_devname_table *table = make_table("x");

	harness_write(root_fd, RULES, row->rules, row->size);
	ck_assert_int_eq(read_rules(table), 0);
	ck_assert_msg(strcmp(describe("x"), row->wanted) == 0, "%s: %s instead of %s", row->rules,
		      describe("x"), row->wanted);
	kmod_devname_table_unref(table);
}

/* A table refuses a node below another, and takes both names for one place. */
LOOP_TEST(a_node_below_or_above_is_another, 3)
{
	static const char *const names[] = { "a", "a/b", "a/b/c" };
	struct kmod_devname_table *table = make_table(names[_i]);

	write_text(RULES, "MODE=\"0666\", OPTIONS+=\"static_node=a\", "
			  "OPTIONS+=\"static_node=a/b\", OPTIONS+=\"static_node=a/b/c\"\n");
	ck_assert_int_eq(read_rules(table), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(describe(names[i]), i == _i ? "0666 0 0 - -" : NOTHING);
	kmod_devname_table_unref(table);
}

/* --- keys of systemd 252 to 262 ---------------------------------------------------------- */

static const char *const taken_tokens[] = {
	"OPTIONS+=\"dump\"",
	"OPTIONS+=\"dump-json\"",
	"OPTIONS+=\"link_priority=-2147483648\"",
	"OPTIONS+=\"link_priority=2147483647\"",
	"OPTIONS+=\"link_priority=+7\"",
	"IMPORT{builtin}=\"blkid\"",
	"IMPORT{builtin}==\"btrfs ready\"",
	"IMPORT{builtin}=\"hwdb\"",
	"IMPORT{builtin}=\"input_id\"",
	"RUN{builtin}+=\"keyboard\"",
	"RUN{builtin}+=\"kmod load\"",
	"IMPORT{builtin}=\"net_id\"",
	"IMPORT{builtin}=\"net_setup_link\"",
	"IMPORT{builtin}=\" \tpath_id\tx\"",
	"RUN{builtin}+=\"uaccess\"",
	"IMPORT{builtin}=\"usb_id\"",
	"IMPORT{program}=\"x\"",
	"RUN+=\"x\"",
	"ENV{DEVMODES}=\"x\"",
	"ENV{SYNTH_ARG}=\"x\"",
};

/* Not every version takes these, and none of them is more permissive than nothing. */
static const char *const disputed_tokens[] = {
	"SYMLINK-=\"y\"",
	"CONST{cvm}==\"x\"",
	"CONST{cvm}!=\"x\"",
	"KERNEL==i\"X\"",
	"ATTRS{x}!=ie\"\\x58\"",
	"IMPORT{builtin}=\"dissect_image\"",
	"IMPORT{builtin}=\"factory_reset status\"",
	"IMPORT{builtin}!=\"net_driver\"",
	"RUN{builtin}=\"tpm2_id identify\"",
	"IMPORT{builtin}!=\"net_i\"",
	"IMPORT{builtin}=\" \"",
	"IMPORT{builtin}=\"\"",
	"OPTIONS+=\"link_priority=0x10\"",
	"OPTIONS+=\"log_level= 3\"",
	"ENV{DEVMODE}=\"0666\"",
	"ENV{SYNTH_ARG_X}+=\"x\"",
};

static const char *const refused_tokens[] = {
	"CONST{CVM}==\"x\"",
	"CONST{cvm}=\"x\"",
	"SYMLINK-=i\"y\"",
	"OPTIONS-=\"dump\"",
	"OPTIONS+=\"link_priority=-2147483649\"",
	"OPTIONS+=\"link_priority=2147483648\"",
	"OPTIONS+=\"link_priority=99999999999999999999\"",
	"OPTIONS+=\"link_priority=\"",
	"OPTIONS+=\"link_priority=1x\"",
	"OPTIONS+=\"link_priority=-\"",
	"OPTIONS+=\"link_priority=--7\"",
	"IMPORT{builtin}=\"x\"",
	"IMPORT{builtin}==\"net_idx\"",
	"IMPORT{builtin}=\"firmware\"",
	"RUN{builtin}+=\"KMOD load\"",
	"RUN{builtin}=\"kmod,load\"",
};

/* ENV compares these properties, and does not set them. */
static const char *const fixed_properties[] = {
	"ACTION",      "CURRENT_TAGS", "DEVGID",
	"DEVLINKS",    "DEVMODE",      "DEVNAME",
	"DEVPATH",     "DEVPATH_OLD",  "DEVTYPE",
	"DEVUID",      "DISKSEQ",      "DRIVER",
	"IFINDEX",     "INTERFACE",    "INTERFACE_OLD",
	"MAJOR",       "MINOR",        "MODALIAS",
	"PARTN",       "SEQNUM",       "SUBSYSTEM",
	"SYNTH_UUID",  "TAGS",         "UDEV_DATABASE_VERSION",
	"SYNTH_ARG_X", "SYNTH_ARG_",   "USEC_INITIALIZED",
};

static void token_comes_to(const char *token, const char *wanted)
{
	char rules[256];

	(void)snprintf(rules, sizeof(rules), "MODE=\"0640\", %s, " NODE "\n", token);
	write_text(RULES, rules);
	kmod_devname_permissions_unref(permissions);
	ck_assert_int_eq(kmod_devname_permissions_new(0600, &permissions), 0);
	kmod_devname_report_unref(report);
	ck_assert_int_eq(kmod_devname_report_new(&report), 0);
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_msg(strcmp(describe("x"), wanted) == 0, "%s: %s", token, describe("x"));
	ck_assert_str_eq(harness_codes(report), strcmp(wanted, NOTHING) == 0 ? "bad-rule" : "");
}

LOOP_TEST(every_udevd_takes_the_token, ARRAY_SIZE(taken_tokens))
{
	token_comes_to(taken_tokens[_i], "0640 0 0 - -");
}

LOOP_TEST(every_udevd_refuses_the_token, ARRAY_SIZE(refused_tokens))
{
	token_comes_to(refused_tokens[_i], NOTHING);
}

/* Whatever another rule gives: for all that is known this one is the last, or is none. */
LOOP_TEST(some_udevd_refuse_the_token, ARRAY_SIZE(disputed_tokens))
{
	char rules[256];

	token_comes_to(disputed_tokens[_i], NOTHING);
	(void)snprintf(rules, sizeof(rules),
		       "MODE=\"0666\", " NODE "\nMODE=\"0604\", %s, " NODE "\n",
		       disputed_tokens[_i]);
	write_text(RULES, rules);
	kmod_devname_permissions_unref(permissions);
	ck_assert_int_eq(kmod_devname_permissions_new(0600, &permissions), 0);
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_str_eq(describe("x"), NOTHING);
}

LOOP_TEST(a_rule_sets_no_property_of_the_kernel_or_udevd, ARRAY_SIZE(fixed_properties))
{
	char token[64];

	(void)snprintf(token, sizeof(token), "ENV{%s}=\"x\"", fixed_properties[_i]);
	token_comes_to(token, NOTHING);
	(void)snprintf(token, sizeof(token), "ENV{%s}+=\"x\"", fixed_properties[_i]);
	token_comes_to(token, NOTHING);
	(void)snprintf(token, sizeof(token), "ENV{%s}==\"x\"", fixed_properties[_i]);
	token_comes_to(token, "0640 0 0 - -");
}

/* --- several nodes ----------------------------------------------------------------------- */

TEST(a_rule_may_be_for_several_nodes)
{
	write_text(RULES, "GROUP=\"kvm\", OPTIONS+=\"static_node=a\", "
			  "OPTIONS+=\"static_node=b/c\"\n"
			  "OWNER=\"alice\", OPTIONS+=\"static_node=b/c\"\n");
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_str_eq(describe("a"), "0660 0 104 - kvm");
	ck_assert_str_eq(describe("b/c"), "0660 1001 104 alice kvm");
	ck_assert_str_eq(describe("b"), NOTHING);
	ck_assert_str_eq(describe("c"), NOTHING);
	ck_assert_uint_eq(kmod_devname_report_size(report), 0);
}

TEST(the_default_mode_is_for_nodes_without_a_rule_for_it)
{
	kmod_devname_permissions_unref(permissions);
	ck_assert_int_eq(kmod_devname_permissions_new(0444, &permissions), 0);
	write_text(RULES, "OWNER=\"alice\", OPTIONS+=\"static_node=a\"\n"
			  "GROUP=\"none\", OPTIONS+=\"static_node=b\"\n"
			  "OWNER=\"a b\", MODE=\"0666\", OPTIONS+=\"static_node=e\"\n"
			  "GROUP=\"kvm\", OPTIONS+=\"static_node=c\"\n");
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_str_eq(describe("a"), "0444 1001 0 alice -");
	ck_assert_str_eq(describe("b"), NOTHING);
	ck_assert_str_eq(describe("c"), "0660 0 104 - kvm");
	ck_assert_str_eq(describe("d"), "0444 0 0 - -");
	ck_assert_str_eq(describe("e"), NOTHING);
}

TEST(an_existing_entry_stays)
{
	const struct kmod_devname_permission *before;

	write_text(RULES, "MODE=\"0666\", OPTIONS+=\"static_node=a\"\n");
	ck_assert_int_eq(read_rules(NULL), 0);
	before = kmod_devname_permissions_get(permissions, "a");
	write_text(RULES, "MODE=\"0640\", OPTIONS+=\"static_node=a\", "
			  "OPTIONS+=\"static_node=b\"\n");
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_ptr_eq(kmod_devname_permissions_get(permissions, "a"), before);
	ck_assert_str_eq(describe("a"), "0666 0 0 - -");
	ck_assert_str_eq(describe("b"), "0640 0 0 - -");
}

TEST(a_finding_names_file_and_first_line)
{
	const struct kmod_devname_finding *finding;

	write_text(RULES, "# one\n\nMODE=\"0640\", \\\n# four\n OPTIONS+=\"static_node=a\n"
			  "GROUP=\"none\", \\\n OPTIONS+=\"static_node=b\"\n");
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_str_eq(harness_codes(report), "bad-rule,unknown-owner");
	for (size_t i = 0; i < 2; i++) {
		finding = kmod_devname_report_get(report, i);
		ck_assert_str_eq(kmod_devname_finding_get_file(finding), "/" RULES);
		ck_assert_uint_eq(kmod_devname_finding_get_line(finding), i == 0 ? 3 : 6);
	}
	ck_assert_ptr_nonnull(strstr(kmod_devname_finding_get_message(finding), "'none'"));
	ck_assert_ptr_nonnull(strstr(kmod_devname_finding_get_message(finding), "'b'"));
}

/* --- files ------------------------------------------------------------------------------- */

static const char *const directories[] = {
	"etc/udev/rules.d",     "run/udev/rules.d", "usr/local/lib/udev/rules.d",
	"usr/lib/udev/rules.d", "lib/udev/rules.d",
};

static void write_rule(const char *directory, const char *file, const char *mode)
{
	char path[256], text[256];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, file);
	(void)snprintf(text, sizeof(text), "MODE=\"%s\", " NODE "\n", mode);
	write_text(path, text);
}

TEST(a_root_without_rules_has_none)
{
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_str_eq(describe("x"), NOTHING);
	ck_assert_uint_eq(kmod_devname_report_size(report), 0);
}

/* All directories from the one of this loop on have the file. */
LOOP_TEST(of_one_name_the_first_directory_counts, ARRAY_SIZE(directories))
{
	static const char *const modes[] = { "0601", "0602", "0603", "0604", "0605" };

	for (size_t i = ARRAY_SIZE(directories); i-- > (size_t)_i;)
		write_rule(directories[i], "50-x.rules", modes[i]);
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_int_eq(strncmp(describe("x"), modes[_i], 4), 0);
}

TEST(files_are_read_by_name_over_all_directories)
{
	write_rule("etc/udev/rules.d", "10-a.rules", "0601");
	write_rule("usr/lib/udev/rules.d", "90-b.rules", "0602");
	write_rule("run/udev/rules.d", "50-c.rules", "0603");
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_str_eq(describe("x"), "0602 0 0 - -");
}

TEST(only_files_with_the_suffix_count)
{
	write_rule("etc/udev/rules.d", "50-x.rules~", "0666");
	write_rule("etc/udev/rules.d", "50-x.rules.dpkg-new", "0666");
	write_rule("etc/udev/rules.d", ".50-x.rules", "0666");
	write_rule("etc/udev/rules.d", "README", "0666");
	write_rule("etc/udev/rules.d/50-dir.rules", "50-x.rules", "0666");
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_str_eq(describe("x"), NOTHING);
	ck_assert_uint_eq(kmod_devname_report_size(report), 0);
}

static const char *const mask_rows[] = { "/dev/null", "../../../dev/null",
					 "nowhere",   "self.rules",
					 "/etc",      NULL };

/* dev/null of the root may be a device or not be there. */
LOOP_TEST(a_mask_hides_the_rules_of_its_name, 2 * ARRAY_SIZE(mask_rows))
{
	const char *target = mask_rows[_i % (int)ARRAY_SIZE(mask_rows)];
	bool has_null = _i >= (int)ARRAY_SIZE(mask_rows);

	write_rule("usr/lib/udev/rules.d", "self.rules", "0666");
	write_rule("usr/lib/udev/rules.d", "60-y.rules", "0640");
	write_text("etc/udev/rules.d/README", "");
	if (has_null) {
		ck_assert_int_eq(mkdirat(root_fd, "dev", 0755), 0);
		if (mknodat(root_fd, "dev/null", S_IFCHR | 0666, (1 << 8) | 3) < 0)
			return; /* not root */
	}
	if (target)
		ck_assert_int_eq(symlinkat(target, root_fd, "etc/udev/rules.d/self.rules"), 0);
	else
		write_text("etc/udev/rules.d/self.rules", "");
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_str_eq(describe("x"), "0640 0 0 - -");
	ck_assert_uint_eq(kmod_devname_report_size(report), 0);
}

TEST(links_stay_in_the_root)
{
	char outside[] = "/tmp/kmod-devname-rules.XXXXXX";
	static const char rule[] = "MODE=\"0666\", OPTIONS+=\"static_node=y\"\n";
	int fd = mkstemp(outside);

	ck_assert_int_eq(write(fd, rule, strlen(rule)), (ssize_t)strlen(rule));
	ck_assert_int_eq(close(fd), 0);
	write_text("opt/x", "MODE=\"0640\", " NODE "\n");
	write_text("etc/udev/rules.d/README", "");
	ck_assert_int_eq(symlinkat("/opt/x", root_fd, "etc/udev/rules.d/a.rules"), 0);
	ck_assert_int_eq(symlinkat(outside, root_fd, "etc/udev/rules.d/b.rules"), 0);
	ck_assert_int_eq(symlinkat("/etc", root_fd, "run"), 0);
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_int_eq(unlink(outside), 0);
	ck_assert_str_eq(describe("x"), "0640 0 0 - -");
	ck_assert_str_eq(describe("y"), NOTHING);
}

/* A fifo would be waited for. */
TEST(a_fifo_of_rules_is_skipped)
{
	write_rule("etc/udev/rules.d", "50-x.rules", "0640");
	ck_assert_int_eq(mkfifoat(root_fd, "fifo", 0600), 0);
	ck_assert_int_eq(mkfifoat(root_fd, "etc/udev/rules.d/60-x.rules", 0600), 0);
	ck_assert_int_eq(symlinkat("/fifo", root_fd, "etc/udev/rules.d/70-x.rules"), 0);
	ck_assert_int_eq(unlinkat(root_fd, "etc/group", 0), 0);
	ck_assert_int_eq(mkfifoat(root_fd, "etc/group", 0600), 0);
	write_text("etc/udev/rules.d/80-y.rules", "GROUP=\"kvm\", OPTIONS+=\"static_node=y\"\n");
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_str_eq(describe("x"), "0640 0 0 - -");
	ck_assert_str_eq(harness_codes(report), "unknown-owner");
}

/* udev passes over such directories too. */
LOOP_TEST(a_directory_that_cannot_be_reached_has_no_files, 4)
{
	static const char *const targets[] = { "rules.d", "/nowhere", "../../passwd",
					       "../../passwd/x" };

	write_text("lib/udev/rules.d/50-x.rules", "MODE=\"0640\", " NODE "\n");
	write_text("etc/udev/x", "");
	ck_assert_int_eq(symlinkat(targets[_i], root_fd, "etc/udev/rules.d"), 0);
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_str_eq(describe("x"), "0640 0 0 - -");
	ck_assert_uint_eq(kmod_devname_report_size(report), 0);
}

static const char *const unreadable_rows[] = { "usr/lib/udev/rules.d",
					       "usr/lib/udev/rules.d/a.rules", "etc/passwd",
					       "etc/group" };

/* Rules that cannot be read do not keep the nodes from being made at boot. */
LOOP_TEST(an_unreadable_file_is_a_finding, ARRAY_SIZE(unreadable_rows))
{
	const char *path = unreadable_rows[_i];
	bool is_rules = strncmp(path, "usr", 3) == 0;
	const struct kmod_devname_finding *finding;
	int r;

	kmod_devname_permissions_unref(permissions);
	ck_assert_int_eq(kmod_devname_permissions_new(0644, &permissions), 0);
	write_text("usr/lib/udev/rules.d/a.rules",
		   "OWNER=\"alice\", GROUP=\"kvm\", OPTIONS+=\"static_node=x\"\n");
	write_text("etc/udev/rules.d/0.rules", "MODE=\"0666\", OPTIONS+=\"static_node=y\"\n");
	ck_assert_int_eq(fchmod(root_fd, 0755), 0);
	ck_assert_int_eq(fchmodat(root_fd, path, 0, 0), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(NOBODY), 0);
	r = read_rules(NULL);
	ck_assert_int_eq(seteuid(getuid()), 0);
	ck_assert_int_eq(fchmodat(root_fd, path, 0755, 0), 0);
	ck_assert_int_eq(r, 0);
	ck_assert_str_eq(harness_codes(report),
			 is_rules ? "bad-rule" : "unknown-owner,unknown-owner");
	finding = kmod_devname_report_get(report, 0);
	ck_assert_int_eq(kmod_devname_finding_get_severity(finding), KMOD_DEVNAME_SEVERITY_ERROR);
	ck_assert_int_eq(kmod_devname_finding_get_file(finding)[0], '/');
	ck_assert_str_eq(kmod_devname_finding_get_file(finding) + 1, path);
	ck_assert_ptr_nonnull(strstr(kmod_devname_finding_get_message(finding), "denied"));
	ck_assert_str_eq(describe("x"), NOTHING);
	ck_assert_str_eq(describe("y"), is_rules ? NOTHING : "0666 0 0 - -");
	ck_assert_str_eq(describe("z"), is_rules ? NOTHING : "0644 0 0 - -");
}

LOOP_TEST(a_file_of_rules_has_at_most_16_mib, 2)
{
	off_t size = (16 << 20) + _i;
	int fd;

	write_text(RULES, "MODE=\"0640\", " NODE "\n#");
	fd = openat(root_fd, RULES, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_str_eq(describe("x"), _i == 0 ? "0640 0 0 - -" : NOTHING);
	ck_assert_str_eq(harness_codes(report), _i == 0 ? "" : "bad-rule");
}

TEST(a_bad_root_is_an_error)
{
	ck_assert_int_eq(kmod_devname_permissions_read_udev(permissions, report, -1, NULL), -EBADF);
	ck_assert_str_eq(harness_codes(report), "");
	ck_assert_int_eq(kmod_devname_permissions_read_udev(permissions, NULL, -1, NULL), -EBADF);
}

/* --- users and groups -------------------------------------------------------------------- */

static const struct {
	const char *passwd, *usr_passwd, *group, *usr_group;
	const char *wanted; /* for OWNER="alice", GROUP="kvm" */
} account_rows[] = {
	{ "alice:x:7:1::/:\n", NULL, "kvm:x:8:\n", NULL, "0660 7 8 alice kvm" },
	{ NULL, "alice:x:7:1::/:\n", NULL, "kvm:x:8:\n", "0660 7 8 alice kvm" },
	{ "bob:x:6:6::/:\n", "alice:x:7:1::/:\n", "disk:x:6:\n", "kvm:x:8:\n",
	  "0660 7 8 alice kvm" },
	{ "alice:x:7:1::/:\n", "alice:x:70:1::/:\n", "kvm:x:8:\n", "kvm:x:80:\n",
	  "0660 7 8 alice kvm" },
	{ "alice:x:7:1::/:\nalice:x:70:1::/:\n", NULL, "kvm:x:8:\nkvm:x:80:\n", NULL,
	  "0660 7 8 alice kvm" },
	{ "alice:x:7:1::/:", NULL, "kvm:x:8:", NULL, "0660 7 8 alice kvm" },
	{ "alice:x:0:0::/:\n", NULL, "kvm:x:0:\n", NULL, "0600 0 0 alice kvm" },
	{ NULL, NULL, NULL, NULL, NULL },
	{ "alice:x:7:1::/:\n", NULL, "", NULL, NULL },
	{ "", NULL, "kvm:x:8:\n", NULL, NULL },
	{ "alice:x::1::/:\n", NULL, "kvm:x:8:\n", NULL, NULL },
	{ "alice:x:7x:1::/:\n", NULL, "kvm:x:8:\n", NULL, NULL },
	{ "alice:x:-1:1::/:\n", NULL, "kvm:x:8:\n", NULL, NULL },
	{ "alice:x:-4294967289:1::/:\n", NULL, "kvm:x:8:\n", NULL, NULL },
	{ "alice:x:4294967303:1::/:\n", NULL, "kvm:x:8:\n", NULL, NULL },
	{ "alice:x:18446744073709551623:1::/:\n", NULL, "kvm:x:8:\n", NULL, NULL },
	{ "alice:x:65535:1::/:\n", NULL, "kvm:x:8:\n", NULL, NULL },
	{ "alice:x:4294967295:1::/:\n", NULL, "kvm:x:8:\n", NULL, NULL },
	{ "alice:x:7:1::/:\n", NULL, "kvm:x\n", NULL, NULL },
	{ "alice:x:7:1::/:\n", NULL, "#kvm:x:8:\n", NULL, NULL },
	/* an entry that takes names from NIS, or excludes them */
	{ "alice:x:7:1::/:\n", NULL, "+kvm:x:8:\n", NULL, NULL },
	{ "alice:x:7:1::/:\n", NULL, "-kvm:x:8:\n", NULL, NULL },
	{ "+alice::7:1::/:\n", NULL, "kvm:x:8:\n", NULL, NULL },
	{ "-alice:x:7:1::/:\n+\n-\n", NULL, "kvm:x:8:\n", NULL, NULL },
	{ "+::::::\nalice:x:7:1::/:\n", NULL, "+:::\n+\n-\nkvm:x:8:\n", NULL,
	  "0660 7 8 alice kvm" },
	/* lines that are none, around those that are */
	{ "\n\n#x\n:::\nalice:x:7:1::/:\n", NULL, "x\n\nkvm:x:8:\n", NULL, "0660 7 8 alice kvm" },
	{ "alice\nalice:x\nalice:x:7:1::/:\n", NULL, "kvm:y:z:\nkvm:x:8:a,,b,\n", NULL,
	  "0660 7 8 alice kvm" },
	/* as getpwnam(3) and getgrnam(3) of glibc, which skip blanks, and need no members */
	{ " \talice:x: 07:1::/:\n", NULL, " kvm:x:+8\n", NULL, "0660 7 8 alice kvm" },
};

static void write_or_remove(const char *path, const char *text)
{
	if (text)
		write_text(path, text);
	else
		(void)unlinkat(root_fd, path, 0);
}

LOOP_TEST(names_are_those_of_the_root, ARRAY_SIZE(account_rows))
{
	write_or_remove("etc/passwd", account_rows[_i].passwd);
	write_or_remove("usr/lib/passwd", account_rows[_i].usr_passwd);
	write_or_remove("etc/group", account_rows[_i].group);
	write_or_remove("usr/lib/group", account_rows[_i].usr_group);
	write_text(RULES, "OWNER=\"alice\", GROUP=\"kvm\", " NODE "\n");
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_str_eq(describe("x"),
			 account_rows[_i].wanted ? account_rows[_i].wanted : NOTHING);
	ck_assert_str_eq(harness_codes(report), account_rows[_i].wanted ? "" : "unknown-owner");
}

TEST(root_and_numbers_need_no_file)
{
	ck_assert_int_eq(unlinkat(root_fd, "etc/passwd", 0), 0);
	ck_assert_int_eq(unlinkat(root_fd, "etc/group", 0), 0);
	write_text(RULES, "OWNER=\"root\", GROUP=\"root\", MODE=\"0640\", " NODE "\n"
			  "OWNER=\"7\", GROUP=\"8\", OPTIONS+=\"static_node=y\"\n");
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_str_eq(describe("x"), "0640 0 0 root root");
	ck_assert_str_eq(describe("y"), "0660 7 8 7 8");
	ck_assert_uint_eq(kmod_devname_report_size(report), 0);
}

/* A group may have more members than fit any line. */
TEST(a_group_may_have_many_members)
{
	char *text = malloc(100000);

	ck_assert_ptr_nonnull(text);
	memset(text, 'm', 100000);
	memcpy(text, TEXT("kvm:x:8:"));
	memcpy(text + 99980, TEXT("\ndisk:x:9:\n"));
	harness_write(root_fd, "etc/group", text, 99991);
	free(text);
	write_text(RULES, "GROUP=\"kvm\", " NODE "\nGROUP=\"disk\", OPTIONS+=\"static_node=y\"\n");
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_str_eq(describe("x"), "0660 0 8 - kvm");
	ck_assert_str_eq(describe("y"), "0660 0 9 - disk");
}

static const off_t file_sizes[] = { 8 << 20, (8 << 20) + 1, 1 << 30 };

/* A hole, or a file that never ends, takes no more memory and time than the largest file. */
LOOP_TEST(a_file_of_accounts_has_at_most_8_mib, 6)
{
	off_t size = file_sizes[_i % 3];
	bool is_read = _i % 3 == 0, is_line = _i >= 3;
	static const char line[] = "kvm:x:8:a", end[] = "\nkvm:x:8:\n";
	int fd;

	write_text("etc/group", is_line ? line : "");
	fd = openat(root_fd, "etc/group", O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	ck_assert_int_eq(pwrite(fd, end, strlen(end), size - (off_t)strlen(end)), strlen(end));
	ck_assert_int_eq(close(fd), 0);
	write_text(RULES, "GROUP=\"kvm\", " NODE "\n");
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_str_eq(harness_codes(report), is_read ? "" : "unknown-owner,unknown-owner");
	ck_assert_str_eq(describe("x"), is_read ? "0660 0 8 - kvm" : NOTHING);
}

/* The next file may have another ID for a name. */
LOOP_TEST(behind_an_unreadable_file_of_accounts_no_other_answers, 2)
{
	static const char *const first[] = { "etc/passwd", "etc/group" };
	static const char *const second[] = { "usr/lib/passwd", "usr/lib/group" };
	static const char *const lines[] = { "alice:x:7:1::/:\n", "kvm:x:8:\n" };

	for (size_t i = 0; i < 2; i++) {
		const char *unreadable = _i == 0 ? first[i] : second[i];
		int fd;

		write_text(first[i], lines[i]);
		write_text(second[i], lines[i]);
		fd = openat(root_fd, unreadable, O_WRONLY | O_CLOEXEC);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(ftruncate(fd, (8 << 20) + 1), 0);
		ck_assert_int_eq(close(fd), 0);
	}
	write_text(RULES, "OWNER=\"alice\", GROUP=\"kvm\", " NODE "\n");
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_str_eq(describe("x"), _i == 0 ? NOTHING : "0660 7 8 alice kvm");
	ck_assert_str_eq(harness_codes(report), _i == 0 ? "unknown-owner,unknown-owner,"
							  "unknown-owner"
							: "unknown-owner,unknown-owner");
}

/* The C library keeps a pointer for each member. */
TEST(a_group_may_have_millions_of_members)
{
	size_t size = 8 << 20;
	char *text = malloc(size);

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < size; i++)
		text[i] = i % 2 == 0 ? 'm' : ',';
	memcpy(text, TEXT("kvm:x:8:"));
	memcpy(text + size - 11, TEXT("\ndisk:x:9:\n"));
	harness_write(root_fd, "etc/group", text, size);
	free(text);
	write_text(RULES, "GROUP=\"kvm\", " NODE "\nGROUP=\"disk\", OPTIONS+=\"static_node=y\"\n");
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_str_eq(describe("x"), "0660 0 8 - kvm");
	ck_assert_str_eq(describe("y"), "0660 0 9 - disk");
}

/* --- hostile files ----------------------------------------------------------------------- */

/* A file of this size that has the same byte everywhere, then a rule. */
static void write_large(char byte, size_t size, const char *end)
{
	char *text = malloc(size + strlen(end) + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, byte, size);
	strcpy(text + size, end);
	harness_write(root_fd, RULES, text, size + strlen(end));
	free(text);
}

/* udevd 252 does not read on behind it, and later versions pass over the whole file. */
LOOP_TEST(a_file_with_a_huge_line_is_ignored, 10)
{
	static const char bytes[] = { 'a', '\\', '"', '#', ' ', ',', '=', '\0', '\r', '\xff' };
	bool ends_line = bytes[_i] == '\0' || bytes[_i] == '\r';

	write_large(bytes[_i], 10 << 20, "\nMODE=\"0640\", " NODE "\n");
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_str_eq(describe("x"), ends_line ? "0640 0 0 - -" : NOTHING);
	/* a backslash at its end makes the rule a part of it */
	ck_assert_str_eq(harness_codes(report), ends_line || bytes[_i] == '\\' ? "" : "bad-rule");
}

/* 16383 bytes are the last that udev takes, in one line or in many. */
LOOP_TEST(a_rule_has_at_most_16383_bytes, 4)
{
	static const char rule[] = "MODE=\"0640\", " NODE;
	size_t blanks = 16383 - strlen(rule) + (size_t)(_i % 2);
	const char *line_break = _i >= 2 ? "\\\n" : ""; /* a continued line is counted as a whole */
	char commas[16384] = "", text[2 * sizeof(commas)];

	memset(commas, ',', blanks);
	snprintf(text, sizeof(text), "%s%.10000s%s%s\n", rule, commas, line_break, commas + 10000);
	write_text(RULES, text);
	ck_assert_int_eq(read_rules(NULL), 0);
	ck_assert_str_eq(describe("x"), _i % 2 == 0 ? "0640 0 0 - -" : NOTHING);
	ck_assert_str_eq(harness_codes(report), _i % 2 == 0 ? "" : "bad-rule");
}

static const char *const many_rows[] = {
	"MODE=\"0640\", " NODE "\n",
	"GROUP=\"none\", " NODE "\n",
	"MODE=\"0640, " NODE "\n",
	"MODE=\"0640\", \\\n",
	"\n",
};
static const char *const many_codes[] = { "", "unknown-owner", NULL, "", "" };

LOOP_TEST(there_may_be_100000_lines, UNLESS_VALGRIND(ARRAY_SIZE(many_rows)))
{
	size_t size = strlen(many_rows[_i]);
	char *text = malloc(100000 * size);

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < 100000; i++)
		memcpy(text + i * size, many_rows[_i], size);
	harness_write(root_fd, RULES, text, 100000 * size);
	free(text);
	ck_assert_int_eq(read_rules(NULL), 0);
	if (many_codes[_i])
		ck_assert_str_eq(harness_codes(report), many_codes[_i]);
	else
		ck_assert_uint_eq(kmod_devname_report_count(report, KMOD_DEVNAME_SEVERITY_WARNING),
				  100000);
}

LOOP_TEST(there_may_be_100000_nodes, UNLESS_VALGRIND(1))
{
	char *text = NULL, name[32];
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(stream);
	for (unsigned int i = 0; i < 100000; i++)
		fprintf(stream, "MODE=\"%04o\", OPTIONS+=\"static_node=d/n%u\"\n", i & 0777, i);
	(void)fclose(stream);
	harness_write(root_fd, RULES, text, size);
	free(text);
	ck_assert_int_eq(read_rules(NULL), 0);
	for (unsigned int i = 0; i < 100000; i += 999) {
		(void)snprintf(name, sizeof(name), "d/n%u", i);
		ck_assert_uint_eq(kmod_devname_permission_get_mode(
					  kmod_devname_permissions_get(permissions, name)),
				  i & 0777);
	}
}

/* Whatever a rule is cut off at, or has changed in it, it is read or refused. */
TEST(a_rule_with_any_byte_changed_is_read_or_refused)
{
	static const char rule[] =
		"OWNER=e\"al\\x69ce\", GROUP=\"kvm\", ATTR{a}==\"b\\\"\", \\\n"
		" OPTIONS+=\"static_node=x\", ENV{c}=e\"\\u0041\\U00000042\\101\"";
	static const char bytes[] = "\0\\\"\n\r#,={}$e0\xff";

	for (size_t i = 0; i < sizeof(rule); i++) {
		harness_write(root_fd, RULES, rule, i);
		ck_assert_int_eq(read_rules(NULL), 0);
		for (size_t j = 0; j < sizeof(bytes); j++) {
			char changed[sizeof(rule)];

			memcpy(changed, rule, sizeof(rule));
			changed[i] = bytes[j];
			harness_write(root_fd, RULES, changed, sizeof(rule));
			ck_assert_int_eq(read_rules(NULL), 0);
		}
	}
}

int main(void)
{
	return harness_run(set_up, tear_down);
}
