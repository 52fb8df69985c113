// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text of modules.devname in and out: modules.devname(5), "FORMAT" and "READING THE FILE".
 * A line that is no comment and no node never becomes one, and the good lines count.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/fixture.h"

#define LINES(text) \
	{ \
		text, sizeof(text) - 1 \
	}

static int read_from(struct kmod_devname_table *into, struct harness_source source)
{
	FILE *stream = harness_open(&source);
	int r;

	ck_assert_ptr_nonnull(stream);
	r = kmod_devname_table_read(into, report, stream, "modules.devname");
	(void)fclose(stream);
	return r;
}

static int read_text(struct text text)
{
	return read_from(table, (struct harness_source){ text, 0, 0 });
}

static struct text as_text(const char *string)
{
	return (struct text){ string, strlen(string) };
}

/* "CODE:LINE CODE:LINE ..." of the report. */
static const char *findings(char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < kmod_devname_report_size(report) && used < size; i++) {
		const struct kmod_devname_finding *finding = kmod_devname_report_get(report, i);

		used += (size_t)snprintf(
			text + used, size - used, "%s%s:%zu", i > 0 ? " " : "",
			kmod_devname_code_to_string(kmod_devname_finding_get_code(finding)),
			kmod_devname_finding_get_line(finding));
		ck_assert_int_eq(kmod_devname_finding_get_severity(finding),
				 KMOD_DEVNAME_SEVERITY_ERROR);
		ck_assert_str_eq(kmod_devname_finding_get_file(finding), "modules.devname");
	}
	return text;
}

/* The table's text, header aside. */
static const char *nodes(void)
{
	const char *text = harness_text(table);

	if (text[0] == '\0')
		return text;
	ck_assert(strncmp(text, DEVNAME_HEADER, strlen(DEVNAME_HEADER)) == 0);
	return text + strlen(DEVNAME_HEADER);
}

/* --- files ------------------------------------------------------------------------------- */

/* The file of a Linux 6.1 kernel, as the manual shows it. */
#define REAL_FILE \
	DEVNAME_HEADER \
	"autofs4 autofs c10:235\n" \
	"fuse fuse c10:229\n" \
	"cuse cuse c10:203\n" \
	"btrfs btrfs-control c10:234\n" \
	"nvram nvram c10:144\n" \
	"loop loop-control c10:237\n" \
	"tun net/tun c10:200\n" \
	"ppp_generic ppp c108:0\n" \
	"uinput uinput c10:223\n" \
	"dm_mod mapper/control c10:236\n" \
	"vfio vfio/vfio c10:196\n" \
	"hci_vhci vhci c10:137\n" \
	"uhid uhid c10:239\n" \
	"vhost_net vhost-net c10:238\n" \
	"vhost_vsock vhost-vsock c10:241\n" \
	"snd_timer snd/timer c116:33\n" \
	"snd_seq snd/seq c116:1\n" \
	"rfkill rfkill c10:242\n"

static const struct file_row {
	const char *what;
	struct text text;
	const char *nodes, *findings;
} good_rows[] = {
	{ "an empty file", LINES(""), "", "" },
	{ "the header alone", LINES(DEVNAME_HEADER), "", "" },
	{ "one node", LINES(DEVNAME_HEADER "fuse fuse c10:229\n"), "fuse fuse c10:229\n", "" },
	{ "no header", LINES("fuse fuse c10:229\n"), "fuse fuse c10:229\n", "" },
	{ "a block device", LINES("m n b7:0\n"), "m n b7:0\n", "" },
	{ "the limits of the numbers", LINES("m a c1:0\nm b b4095:1048575\n"),
	  "m a c1:0\nm b b4095:1048575\n", "" },
	{ "comments anywhere",
	  LINES("#\nm a c1:1\n# m b c1:2\n#m c c1:3\n##\nm d c1:4\n#"
		"\n"),
	  "m a c1:1\nm d c1:4\n", "" },
	{ "a comment of any bytes", LINES("#\0\t\r\001\177\303\274\377 \n#\0\nm a c1:1\n"),
	  "m a c1:1\n", "" },
	{ "a # that is not the first byte", LINES("m# a#b c1:1\n"), "m# a#b c1:1\n", "" },
	{ "the same node of two modules", LINES("kvm_hv kvm c10:232\nkvm_pr kvm c10:232\n"),
	  "kvm_hv kvm c10:232\nkvm_pr kvm c10:232\n", "" },
	{ "one number with two names", LINES("m a c1:1\nn b c1:1\n"), "m a c1:1\nn b c1:1\n", "" },
	{ "the file of a kernel", LINES(REAL_FILE), &REAL_FILE[sizeof(DEVNAME_HEADER) - 1], "" },
};

static void check_file(const struct file_row *row)
{
	char text[1024];

	ck_assert_msg(read_text(row->text) == 0, "%s", row->what);
	ck_assert_msg(strcmp(nodes(), row->nodes) == 0, "%s: '%s' instead of '%s'", row->what,
		      nodes(), row->nodes);
	ck_assert_msg(strcmp(findings(text, sizeof(text)), row->findings) == 0,
		      "%s: '%s' instead of '%s'", row->what, text, row->findings);
}

LOOP_TEST(good_files_are_taken_whole, ARRAY_SIZE(good_rows))
{
	check_file(&good_rows[_i]);
}

static const struct file_row bad_rows[] = {
	{ "the same line twice, then another number", LINES("m a c1:1\nm a c1:1\nm a c1:2\n"),
	  "m a c1:1\n", "bad-line:2 name-conflict:3" },
	{ "a line three times", LINES("m a c1:1\nm a c1:1\nn b c1:1\nm a c1:1\n"),
	  "m a c1:1\nn b c1:1\n", "bad-line:2 bad-line:4" },
	{ "the lines of two modules twice",
	  LINES("m a c1:1\nn a c1:1\no a c1:1\nn a c1:1\nm a c1:1\no a c1:1\n"),
	  "m a c1:1\nn a c1:1\no a c1:1\n", "bad-line:4 bad-line:5 bad-line:6" },
	{ "another type", LINES("m a c1:1\nm a b1:1\n"), "m a c1:1\n", "name-conflict:2" },
	{ "a name below another", LINES("#\nm a c1:1\n#\nn a/b c1:2\nm c c1:3\n"),
	  "m a c1:1\nm c c1:3\n", "name-conflict:4" },
	{ "a name above another", LINES("m a/b c1:1\nn a c1:2\n"), "m a/b c1:1\n",
	  "name-conflict:2" },
	{ "every kind of line",
	  LINES("# x\nm a c1:1\n\nm b/ c1:2\nm c c0:1\nm-m d c1:4\nm e c10:255\nm f c1:6\nm g c1:"),
	  "m a c1:1\nm f c1:6\n",
	  "bad-line:3 bad-name:4 bad-number:5 bad-module-name:6 dynamic-minor:7 cut-line:9" },
	{ "half a last line that would parse", LINES("m a c1:1\nloop loop-control c10:2"),
	  "m a c1:1\n", "cut-line:2" },
	{ "a whole last line without its newline", LINES("m a c1:1\nloop loop-control c10:237"),
	  "m a c1:1\n", "cut-line:2" },
	{ "half a comment", LINES("m a c1:1\n# Devi"), "m a c1:1\n", "cut-line:2" },
	{ "one byte", LINES("m"), "", "cut-line:1" },
	{ "a NUL", LINES("\0"), "", "cut-line:1" },
	{ "blank lines", LINES("\n\nm a c1:1\n\n"), "m a c1:1\n",
	  "bad-line:1 bad-line:2 bad-line:4" },
	{ "old Macintosh line ends", LINES("m a c1:1\rm b c1:2\r"), "", "cut-line:1" },
	{ "UTF-16", LINES("\377\376m\0 \0a\0 \0c\0\061\0:\0\061\0\n\0"), "",
	  "bad-line:1 cut-line:2" },
	{ "a byte order mark and the header", LINES("\357\273\277" DEVNAME_HEADER "m a c1:1\n"),
	  "m a c1:1\n", "bad-line:1" },
};

LOOP_TEST(bad_files_keep_their_good_lines, ARRAY_SIZE(bad_rows))
{
	check_file(&bad_rows[_i]);
}

/* --- lines ------------------------------------------------------------------------------- */

/*
 * A defect, which stands between two good lines. A row with two codes is one where the manual
 * leaves open whether the form or the number is to blame.
 */
static const struct line_row {
	struct text line;
	const char *code, *other;
} line_rows[] = {
	/* blank or not a line of fields */
	{ LINES(""), "bad-line", NULL },
	{ LINES(" "), "bad-line", NULL },
	{ LINES("   "), "bad-line", NULL },
	{ LINES("\t"), "bad-line", NULL },
	{ LINES("\r"), "bad-line", NULL },
	{ LINES("fuse"), "bad-line", NULL },
	{ LINES("fuse fuse"), "bad-line", NULL },
	{ LINES("fuse fuse "), "bad-line", NULL },
	{ LINES("fuse c10:229"), "bad-line", NULL },
	{ LINES("c10:229"), "bad-line", NULL },
	/* comments begin in the first column */
	{ LINES(" # comment"), "bad-line", NULL },
	{ LINES("\t# comment"), "bad-line", NULL },
	{ LINES("fuse fuse c10:229 # x"), "bad-line", NULL },
	{ LINES("fuse fuse c10:229#"), "bad-line", "bad-number" },
	/* blanks */
	{ LINES(" fuse fuse c10:229"), "bad-line", "bad-module-name" },
	{ LINES("fuse fuse c10:229 "), "bad-line", NULL },
	{ LINES("fuse  fuse c10:229"), "bad-line", NULL },
	{ LINES("fuse fuse  c10:229"), "bad-line", NULL },
	{ LINES("fuse\tfuse\tc10:229"), "bad-line", NULL },
	{ LINES("fuse\tfuse c10:229"), "bad-line", NULL },
	{ LINES("fuse fuse\tc10:229"), "bad-line", NULL },
	{ LINES("fuse fuse c10:229\t"), "bad-line", "bad-number" },
	{ LINES("fuse fuse c10:229\r"), "bad-line", "bad-number" },
	{ LINES("fuse fuse c10:229\v"), "bad-line", "bad-number" },
	{ LINES("fuse fuse c10: 229"), "bad-line", NULL },
	{ LINES("fuse fuse c10 :229"), "bad-line", NULL },
	{ LINES("fuse fuse c 10:229"), "bad-line", NULL },
	{ LINES("fuse fuse c\t10:229"), "bad-line", "bad-number" },
	/* fields */
	{ LINES("fuse fuse c10:229 x"), "bad-line", NULL },
	{ LINES("fuse a name c10:229"), "bad-line", NULL },
	{ LINES("fuse fuse c10:229 cuse cuse c10:203"), "bad-line", NULL },
	{ LINES("fuse fuse c10:229\0"), "bad-line", NULL },
	{ LINES("fuse fuse c10:229\0 x"), "bad-line", NULL },
	{ LINES("fuse fu\0se c10:229"), "bad-line", NULL },
	{ LINES("\0fuse fuse c10:229"), "bad-line", NULL },
	{ LINES("\0# comment"), "bad-line", NULL },
	/* the type */
	{ LINES("fuse fuse C10:229"), "bad-line", NULL },
	{ LINES("fuse fuse B10:229"), "bad-line", NULL },
	{ LINES("fuse fuse p10:229"), "bad-line", NULL },
	{ LINES("fuse fuse u10:229"), "bad-line", NULL },
	{ LINES("fuse fuse 10:229"), "bad-line", NULL },
	{ LINES("fuse fuse cc10:229"), "bad-line", "bad-number" },
	/* the numbers */
	{ LINES("fuse fuse c"), "bad-line", "bad-number" },
	{ LINES("fuse fuse c10"), "bad-line", "bad-number" },
	{ LINES("fuse fuse c10:"), "bad-line", "bad-number" },
	{ LINES("fuse fuse c:229"), "bad-line", "bad-number" },
	{ LINES("fuse fuse c10-229"), "bad-line", "bad-number" },
	{ LINES("fuse fuse c10:229:1"), "bad-line", "bad-number" },
	{ LINES("fuse fuse c0:229"), "bad-number", NULL },
	{ LINES("fuse fuse c4096:0"), "bad-number", NULL },
	{ LINES("fuse fuse b10:1048576"), "bad-number", NULL },
	{ LINES("fuse fuse c1215752191:705032704"), "bad-number", NULL },
	{ LINES("fuse fuse c4294967306:229"), "bad-number", NULL },
	{ LINES("fuse fuse c10:18446744073709551845"), "bad-number", NULL },
	{ LINES("fuse fuse c99999999999999999999999999:99999999999999999"), "bad-number", NULL },
	{ LINES("fuse fuse c010:229"), "bad-number", NULL },
	{ LINES("fuse fuse c10:0229"), "bad-number", NULL },
	{ LINES("fuse fuse c10:00"), "bad-number", NULL },
	{ LINES("fuse fuse c+10:229"), "bad-number", NULL },
	{ LINES("fuse fuse c10:+229"), "bad-number", NULL },
	{ LINES("fuse fuse c-1:-2"), "bad-number", NULL },
	{ LINES("fuse fuse c10:0xe5"), "bad-number", NULL },
	{ LINES("fuse fuse c0x0a:229"), "bad-number", NULL },
	{ LINES("fuse fuse c10:229x"), "bad-number", NULL },
	{ LINES("fuse fuse c10:FOO_MINOR"), "bad-number", NULL },
	{ LINES("fuse fuse c10:255"), "dynamic-minor", NULL },
	/* the names */
	{ LINES("fuse .. c10:229"), "bad-name", NULL },
	{ LINES("fuse ../etc/passwd c10:229"), "bad-name", NULL },
	{ LINES("fuse a/../b c10:229"), "bad-name", NULL },
	{ LINES("fuse /fuse c10:229"), "bad-name", NULL },
	{ LINES("fuse fuse/ c10:229"), "bad-name", NULL },
	{ LINES("fuse a//b c10:229"), "bad-name", NULL },
	{ LINES("fuse -fuse c10:229"), "bad-name", NULL },
	{ LINES("fuse #fuse c10:229"), "bad-name", NULL },
	{ LINES("fuse x%b c10:229"), "bad-name", NULL },
	{ LINES("fuse a\033[m c10:229"), "bad-name", NULL },
	{ LINES("fuse gr\303\274n c10:229"), "bad-name", NULL },
	{ LINES("dm-mod fuse c10:229"), "bad-module-name", NULL },
	{ LINES("fuse.ko fuse c10:229"), "bad-module-name", NULL },
	{ LINES("a/b fuse c10:229"), "bad-module-name", NULL },
	{ LINES("-a fuse c10:229"), "bad-module-name", NULL },
	{ LINES("\303\274 fuse c10:229"), "bad-module-name", NULL },
};

/* A line between two others, newlines and all. To be freed. */
static struct text between_good_lines(struct text line)
{
	static const char first[] = "first a c1:1\n", last[] = "\nlast b c1:2\n";
	char *bytes = malloc(sizeof(first) + line.size + sizeof(last));
	size_t size = sizeof(first) - 1;

	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, first, size);
	memcpy(bytes + size, line.bytes, line.size);
	memcpy(bytes + size + line.size, last, sizeof(last) - 1);
	return (struct text){ bytes, size + line.size + sizeof(last) - 1 };
}

static bool is_finding(const char *code, size_t line)
{
	char text[128], got[1024];

	(void)snprintf(text, sizeof(text), "%s:%zu", code, line);
	return strcmp(findings(got, sizeof(got)), text) == 0;
}

LOOP_TEST(a_bad_line_is_a_finding_and_no_node, ARRAY_SIZE(line_rows))
{
	const struct line_row *row = &line_rows[_i];
	struct text text = between_good_lines(row->line);
	char got[1024];

	ck_assert_msg(read_text(text) == 0, "'%s'", row->line.bytes);
	ck_assert_msg(strcmp(nodes(), "first a c1:1\nlast b c1:2\n") == 0, "'%s': '%s'",
		      row->line.bytes, nodes());
	ck_assert_msg(is_finding(row->code, 2) || (row->other && is_finding(row->other, 2)),
		      "'%s': '%s' instead of '%s:2'", row->line.bytes, findings(got, sizeof(got)),
		      row->code);
	free((char *)text.bytes);
}

/* Without a newline each of them is cut, whatever else it is. */
LOOP_TEST(a_last_line_without_newline_is_cut, ARRAY_SIZE(line_rows))
{
	const struct line_row *row = &line_rows[_i];

	ck_assert_int_eq(read_text(row->line), 0);
	ck_assert_str_eq(nodes(), "");
	ck_assert_msg(row->line.size == 0 || is_finding("cut-line", 1), "'%s'", row->line.bytes);
}

/* --- long lines -------------------------------------------------------------------------- */

/* Other readers have 4096 bytes for a line: 4094, a newline and a NUL. */
static const struct {
	size_t size;
	bool good;
} long_rows[] = {
	{ 4000, true },  { 4093, true },   { 4094, true },     { 4095, false },
	{ 4096, false }, { 5000, false },  { 8190, false },    { 8192, false },
	{ 8193, false }, { 65536, false }, { 1000000, false },
};

LOOP_TEST(comments_have_at_most_4094_bytes, ARRAY_SIZE(long_rows))
{
	size_t size = long_rows[_i].size;
	char *line = malloc(size), got[64];
	struct text text;

	ck_assert_ptr_nonnull(line);
	memset(line, '#', size);
	/* What would be a line of its own for a reader that takes pieces of 4095 bytes. */
	for (size_t piece = 4094; piece + 12 < size; piece += piece == 4094 ? 1 : 4095)
		memcpy(line + piece, "x evil c1:3 ", 12);
	text = between_good_lines((struct text){ line, size });
	ck_assert_int_eq(read_text(text), 0);
	ck_assert_str_eq(nodes(), "first a c1:1\nlast b c1:2\n");
	ck_assert_msg(strcmp(findings(got, sizeof(got)), long_rows[_i].good ? "" : "long-line:2") ==
			      0,
		      "%zu bytes: '%s'", size, got);
	free((char *)text.bytes);
	free(line);
}

/* A node whose line has this many bytes; the module's name takes what the device's cannot. */
static char *make_node_line(size_t size)
{
	char *line = malloc(size + 1);
	size_t name = size - strlen("  c4095:1048575"), module = name > 4000 ? name - 4000 : 1;

	ck_assert_ptr_nonnull(line);
	name -= module;
	memset(line, 'm', module);
	line[module] = ' ';
	for (size_t i = 0; i < name; i++)
		line[module + 1 + i] = i % 200 == 199 && i + 1 < name ? '/' : 'n';
	(void)sprintf(line + module + 1 + name, " c4095:1048575");
	return line;
}

LOOP_TEST(nodes_have_lines_of_at_most_4094_bytes, 4)
{
	size_t size = long_rows[_i].size;
	char *line, *whole = NULL, got[64];

	line = make_node_line(size);
	ck_assert_int_gt(asprintf(&whole, "%s\n", line), 0);
	ck_assert_int_eq(read_text(as_text(whole)), 0);
	ck_assert_str_eq(nodes(), long_rows[_i].good ? whole : "");
	ck_assert_msg(strcmp(findings(got, sizeof(got)), long_rows[_i].good ? "" : "long-line:1") ==
			      0,
		      "%zu bytes: '%s'", size, got);
	free(line);
	free(whole);
}

/* --- sweeps ------------------------------------------------------------------------------ */

/* Every kind of line a good file has, small enough to try each byte of it. */
static const char sample[] = DEVNAME_HEADER "fuse fuse c10:229\n"
					    "loop loop-control c10:237\n"
					    "# a comment\n"
					    "tun net/tun c10:200\n"
					    "dm_mod mapper/control c10:236\n"
					    "x_y a.b+c:d@e,f=g#h!i-j b4095:1048575\n"
					    "kvm_hv kvm c10:232\n"
					    "kvm_pr kvm c10:232\n";

static bool has_line(struct text text, const char *line, size_t size)
{
	for (const char *p = text.bytes, *end = text.bytes + text.size, *newline; p < end;
	     p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (!newline)
			return false;
		if ((size_t)(newline - p) == size && memcmp(p, line, size) == 0)
			return true;
	}
	return false;
}

/* What the page says of a name, in other words than the library's. */
static bool is_valid_name(const char *name)
{
	static const char bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789_.+:@,=#!-/";
	char path[4200];

	(void)snprintf(path, sizeof(path), "/%s/", name);
	return name[0] != '\0' && name[strspn(name, bytes)] == '\0' && !strstr(path, "//") &&
	       !strstr(path, "/./") && !strstr(path, "/../") && !strstr(path, "/-") &&
	       !strstr(path, "/#");
}

static void check_node(const struct kmod_devname_node *node, const char *what, size_t where)
{
	const char *module = kmod_devname_node_get_module(node);
	unsigned int major = kmod_devname_node_get_major(node);
	unsigned int minor = kmod_devname_node_get_minor(node);
	mode_t type = kmod_devname_node_get_type(node);

	if (!is_valid_name(kmod_devname_node_get_name(node)))
		ck_abort_msg("%s %zu: name '%s'", what, where, kmod_devname_node_get_name(node));
	if (!is_valid_name(module) || strpbrk(module, "/.-"))
		ck_abort_msg("%s %zu: module '%s'", what, where, module);
	if (major < 1 || major > 4095 || minor > 1048575 || (type != S_IFCHR && type != S_IFBLK) ||
	    (type == S_IFCHR && major == 10 && minor == 255))
		ck_abort_msg("%s %zu: %u:%u", what, where, major, minor);
}

/* Each node is valid and stands in the text, byte for byte, as a line of its own. */
static void check_nodes(struct kmod_devname_table *of, struct text text, const char *what,
			size_t where)
{
	for (size_t i = 0; i < kmod_devname_table_size(of); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(of, i);
		char line[4200];
		int size = snprintf(
			line, sizeof(line), "%s %s %c%u:%u", kmod_devname_node_get_module(node),
			kmod_devname_node_get_name(node),
			kmod_devname_node_get_type(node) == S_IFBLK ? 'b' : 'c',
			kmod_devname_node_get_major(node), kmod_devname_node_get_minor(node));

		check_node(node, what, where);
		if (!has_line(text, line, (size_t)size))
			ck_abort_msg("%s %zu: no line '%s'", what, where, line);
	}
}

/* Reads a text into a table of its own, and says how many nodes it gave. */
static size_t sweep_one(struct text text, const char *what, size_t where)
{
	struct kmod_devname_table *one;
	struct harness_source source = { text, 0, 0 };
	size_t size;

	ck_assert_int_eq(kmod_devname_table_new(&one), 0);
	if (read_from(one, source) != 0)
		ck_abort_msg("%s %zu: not read", what, where);
	check_nodes(one, text, what, where);
	size = kmod_devname_table_size(one);
	kmod_devname_table_unref(one);
	return size;
}

/* Cut anywhere but behind a newline, there is a finding, and never half a line as a node. */
TEST(every_truncation_keeps_whole_lines_alone)
{
	static const size_t comments[] = { 0, 3 };
	size_t newlines = 0, wanted, before;

	for (size_t size = 0; size < sizeof(sample); size++) {
		newlines += size > 0 && sample[size - 1] == '\n';
		wanted = newlines;
		for (size_t i = 0; i < ARRAY_SIZE(comments); i++)
			wanted -= newlines > comments[i];
		before = kmod_devname_report_size(report);
		if (sweep_one((struct text){ sample, size }, "cut to", size) != wanted)
			ck_abort_msg("cut to %zu: not %zu nodes", size, wanted);
		before += size > 0 && sample[size - 1] != '\n';
		if (kmod_devname_report_size(report) != before)
			ck_abort_msg("cut to %zu: %zu findings in all", size,
				     kmod_devname_report_size(report));
	}
}

TEST(every_flipped_bit_gives_valid_nodes_alone)
{
	char text[sizeof(sample)];
	size_t nodes_whole = sweep_one(as_text(sample), "whole", 0);

	ck_assert_uint_eq(nodes_whole, 7);
	ck_assert_uint_eq(kmod_devname_report_size(report), 0);
	for (size_t bit = 0; bit < 8 * (sizeof(sample) - 1); bit++) {
		size_t n;

		memcpy(text, sample, sizeof(sample));
		text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
		n = sweep_one((struct text){ text, sizeof(sample) - 1 }, "bit", bit);
		/* One bit spoils two lines if it was in the newline between, no more. */
		if (n + 2 < nodes_whole || n > nodes_whole + 1)
			ck_abort_msg("bit %zu: %zu nodes", bit, n);
	}
}

/* Every byte in every place of one line. */
TEST(every_changed_byte_gives_valid_nodes_alone)
{
	static const char line[] = "dm_mod mapper/control c10:236\n";
	char text[sizeof(line)];

	for (size_t location = 0; location < sizeof(line) - 1; location++)
		for (unsigned int c = 0; c < 256; c++) {
			memcpy(text, line, sizeof(line));
			text[location] = (char)c;
			(void)sweep_one((struct text){ text, sizeof(line) - 1 }, "byte", location);
		}
}

/* --- there and back ---------------------------------------------------------------------- */

static const char *const round_trip_rows[] = {
	"",
	DEVNAME_HEADER "fuse fuse c10:229\n",
	REAL_FILE,
	DEVNAME_HEADER "kvm_hv kvm c10:232\nkvm_pr kvm c10:232\n",
	DEVNAME_HEADER "z z c4095:1048575\na a b1:0\nm# x/y/z!# c1:1\n",
};

LOOP_TEST(a_written_table_reads_back_equal, ARRAY_SIZE(round_trip_rows))
{
	struct text text = as_text(round_trip_rows[_i]);

	ck_assert_int_eq(read_text(text), 0);
	ck_assert_uint_eq(kmod_devname_report_size(report), 0);
	ck_assert_str_eq(harness_text(table), text.bytes);
}

TEST(where_a_read_ends_does_not_matter)
{
	for (size_t piece = 1; piece < 80; piece++) {
		struct kmod_devname_table *one;
		const char *text;

		ck_assert_int_eq(kmod_devname_table_new(&one), 0);
		ck_assert_int_eq(
			read_from(one, (struct harness_source){ as_text(REAL_FILE), piece, 0 }), 0);
		if (piece % 20 == 1) { /* the harness keeps each text */
			text = harness_text(one);
			ck_assert_str_eq(text, REAL_FILE);
		}
		ck_assert_uint_eq(kmod_devname_table_size(one), 18);
		kmod_devname_table_unref(one);
	}
	ck_assert_uint_eq(kmod_devname_report_size(report), 0);
}

TEST(nodes_come_after_those_that_are_there)
{
	ck_assert_int_eq(read_text(as_text("m a c1:1\nm b c1:2\n")), 0);
	ck_assert_int_eq(read_text(as_text("n c c1:3\nn a c1:1\nn b c1:4\n")), 0);
	ck_assert_str_eq(nodes(), "m a c1:1\nm b c1:2\nn c c1:3\nn a c1:1\n");
	ck_assert(is_finding("name-conflict", 3));
}

/* The files of two kernels have most nodes in common; each is judged by itself. */
TEST(a_node_of_two_texts_is_one_node)
{
	char text[1024];

	ck_assert_int_eq(read_text(as_text("m a c1:1\nn a c1:1\nm b c1:2\n")), 0);
	ck_assert_int_eq(read_text(as_text("n a c1:1\nm b c1:2\nm a c1:1\no a c1:1\n")), 0);
	ck_assert_uint_eq(kmod_devname_report_size(report), 0);
	ck_assert_int_eq(read_text(as_text("m a c1:1\nm a c1:1\nn a c1:1\nn a c1:1\n")), 0);
	ck_assert_str_eq(nodes(), "m a c1:1\nn a c1:1\nm b c1:2\no a c1:1\n");
	ck_assert_str_eq(findings(text, sizeof(text)), "bad-line:2 bad-line:4");
}

TEST(reading_begins_where_the_stream_stands)
{
	FILE *stream = tmpfile();

	ck_assert_ptr_nonnull(stream);
	fputs("rubbish\nm a c1:1\n", stream);
	ck_assert_int_eq(fseek(stream, 8, SEEK_SET), 0);
	ck_assert_int_eq(kmod_devname_table_read(table, report, stream, "modules.devname"), 0);
	ck_assert_str_eq(nodes(), "m a c1:1\n");
	ck_assert_uint_eq(kmod_devname_report_size(report), 0);
	/* The stream is the caller's still. */
	ck_assert_int_eq(fclose(stream), 0);
}

TEST(a_report_is_not_needed)
{
	struct text text = as_text("m a c1:1\n\nm b/ c1:2\nm a c1:3\nm c c1:4\nx");
	FILE *stream = fmemopen((char *)text.bytes, text.size, "r");

	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(kmod_devname_table_read(table, NULL, stream, "modules.devname"), 0);
	ck_assert_str_eq(nodes(), "m a c1:1\nm c c1:4\n");
	(void)fclose(stream);
}

TEST(a_file_needs_no_name)
{
	struct text text = as_text("\n");
	FILE *stream = fmemopen((char *)text.bytes, text.size, "r");

	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(kmod_devname_table_read(table, report, stream, NULL), 0);
	ck_assert_ptr_null(kmod_devname_finding_get_file(kmod_devname_report_get(report, 0)));
	(void)fclose(stream);
}

#define MANY 200000

/* Quadratic time would be a minute. */
TEST(many_lines_are_read)
{
	struct text text = { NULL, 0 };
	char *bytes = NULL;
	FILE *stream = open_memstream(&bytes, &text.size);

	harness_limit_cpu(10);
	ck_assert_ptr_nonnull(stream);
	for (unsigned int i = 0; i < MANY; i++)
		fprintf(stream, "m d%u/n%u c%u:%u\n", i % 1000, i, 1 + i % 4095, i);
	ck_assert_int_eq(fclose(stream), 0);
	text.bytes = bytes;
	ck_assert_int_eq(read_text(text), 0);
	/* c10:255 is not among them: the minor numbers of major 10 here are 9, 4104, ... */
	ck_assert_uint_eq(kmod_devname_report_size(report), 0);
	ck_assert_uint_eq(kmod_devname_table_size(table), MANY);
	free(bytes);
}

TEST(many_modules_with_one_name_are_read)
{
	struct text text = { NULL, 0 };
	char *bytes = NULL;
	FILE *stream = open_memstream(&bytes, &text.size);

	ck_assert_ptr_nonnull(stream);
	for (unsigned int i = 0; i < 2 * MANY; i++)
		fprintf(stream, "m%u a c1:1\n", i % MANY);
	ck_assert_int_eq(fclose(stream), 0);
	text.bytes = bytes;
	ck_assert_int_eq(read_text(text), 0);
	ck_assert_uint_eq(kmod_devname_report_count(report, KMOD_DEVNAME_SEVERITY_ERROR), MANY);
	ck_assert_uint_eq(kmod_devname_table_size(table), MANY);
	free(bytes);
}

/* --- failures ---------------------------------------------------------------------------- */

static void check_system_finding(int error)
{
	const struct kmod_devname_finding *finding = kmod_devname_report_get(report, 0);

	ck_assert_str_eq(harness_codes(report), "system");
	ck_assert_int_eq(kmod_devname_finding_get_severity(finding), KMOD_DEVNAME_SEVERITY_ERROR);
	ck_assert_str_eq(kmod_devname_finding_get_file(finding), "modules.devname");
	ck_assert_str_eq(kmod_devname_finding_get_message(finding), strerror(error));
}

TEST(a_directory_is_eisdir)
{
	FILE *stream = fopen("/", "r");

	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(kmod_devname_table_read(table, report, stream, "modules.devname"),
			 -EISDIR);
	check_system_finding(EISDIR);
	ck_assert_uint_eq(kmod_devname_table_size(table), 0);
	(void)fclose(stream);
}

static const int error_rows[] = { EIO, EISDIR, EACCES, ENOMEM, ESTALE };

LOOP_TEST(a_read_error_is_returned, ARRAY_SIZE(error_rows))
{
	struct harness_source source = { as_text("m a c1:1\nm b c1:2\nm c c1:"), 0,
					 error_rows[_i] };

	ck_assert_int_eq(read_from(table, source), -error_rows[_i]);
	check_system_finding(error_rows[_i]);
	ck_assert_str_eq(nodes(), "m a c1:1\nm b c1:2\n");
}

LOOP_TEST(a_read_error_in_a_long_line_is_returned, ARRAY_SIZE(error_rows))
{
	size_t size = 100000;
	char *line = malloc(size);
	struct harness_source source = { { line, size }, 0, error_rows[_i] };

	ck_assert_ptr_nonnull(line);
	memset(line, 'x', size);
	ck_assert_int_eq(read_from(table, source), -error_rows[_i]);
	check_system_finding(error_rows[_i]);
	free(line);
}

TEST(a_read_error_needs_no_report)
{
	FILE *stream = fopen("/", "r");

	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(kmod_devname_table_read(table, NULL, stream, NULL), -EISDIR);
	(void)fclose(stream);
}

static ssize_t fail_to_write(void *cookie, const char *buffer, size_t size)
{
	(void)buffer;
	(void)size;
	errno = *(const int *)cookie;
	return 0;
}

/*
 * Few nodes reach the file when the stream is flushed, many before that; if it has no buffer, the
 * first line does at once.
 */
static void check_write_error(int error, unsigned int n, int mode)
{
	const cookie_io_functions_t functions = { .write = fail_to_write };
	FILE *stream = fopencookie(&error, "w", functions);
	char line[64];

	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(setvbuf(stream, NULL, mode, BUFSIZ), 0);
	for (unsigned int i = 0; i < n; i++) {
		(void)snprintf(line, sizeof(line), "m n%u c1:%u\n", i, i);
		ck_assert_int_eq(read_text(as_text(line)), 0);
	}
	ck_assert_msg(kmod_devname_table_write(table, stream) == -error, "%u nodes", n);
	(void)fclose(stream);
}

static const int write_error_rows[] = { ENOSPC, EDQUOT, EIO, EPIPE };

LOOP_TEST(a_write_error_is_returned, ARRAY_SIZE(write_error_rows))
{
	check_write_error(write_error_rows[_i], 1, _IOFBF);
	check_write_error(write_error_rows[_i], 5000, _IOFBF);
	check_write_error(write_error_rows[_i], 1, _IONBF);
}

TEST(a_stream_that_had_failed_is_eio)
{
	FILE *stream = fopen("/", "r");

	ck_assert_ptr_nonnull(stream);
	/* Sets the stream's error flag: all that counts here. */
	ck_assert_int_eq(fgetc(stream), EOF);
	ck_assert_int_eq(kmod_devname_table_write(table, stream), -EIO);
	(void)fclose(stream);
}

int main(void)
{
	return harness_run(set_up, tear_down);
}
