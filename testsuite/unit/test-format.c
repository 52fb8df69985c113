// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The output formats, line for line as their readers' documentation has them; where directories
 * and repeated names go; and that no failure of the stream is lost. testsuite/cli/static-nodes.sh
 * gives the output to the readers themselves.
 */

#include "lib/harness.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/table.h"
#include "text/print.h"

#define N_FORMATS 7
#define CREATE_ONLY KMOD_DEVNAME_PRINT_CREATE_ONLY

static struct kmod_devname_table *table;

static void set_up(void)
{
	ck_assert_int_eq(kmod_devname_table_new(&table), 0);
}

static void tear_down(void)
{
	ck_assert_ptr_null(kmod_devname_table_unref(table));
}

static void read_table(const char *lines)
{
	FILE *stream = fmemopen((void *)(uintptr_t)lines, strlen(lines), "r");

	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(kmod_devname_table_read(table, NULL, stream, NULL), 0);
	(void)fclose(stream);
}

/* To be freed. */
static char *write_format(enum kmod_devname_format format,
			  const struct kmod_devname_permissions *permissions, unsigned int flags)
{
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	int r;

	ck_assert_ptr_nonnull(stream);
	r = kmod_devname_table_print(table, format, permissions, flags, stream);
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(fclose(stream), 0);
	ck_assert_uint_eq(strlen(text), size);
	return text;
}

/* A character and a block device, directories at two depths, a name that two modules have. */
static const char nodes[] = "fuse fuse c10:229\n"
			    "a x/y/a c10:200\n"
			    "b x/y/b b4095:1048575\n"
			    "kvm_hv kvm c10:232\n"
			    "kvm_pr kvm c10:232\n"
			    "c x/c c1:0\n";

static const struct format_row {
	enum kmod_devname_format format;
	unsigned int flags;
	const char *name;
	const char *text;
	const char *empty; /* of a table without nodes */
} rows[] = {
	{ KMOD_DEVNAME_FORMAT_HUMAN, 0, "human",
	  "Module: fuse\n\tDevice node: /dev/fuse\n"
	  "\t\tType: character device\n\t\tMajor: 10\n\t\tMinor: 229\n"
	  "Module: a\n\tDevice node: /dev/x/y/a\n"
	  "\t\tType: character device\n\t\tMajor: 10\n\t\tMinor: 200\n"
	  "Module: b\n\tDevice node: /dev/x/y/b\n"
	  "\t\tType: block device\n\t\tMajor: 4095\n\t\tMinor: 1048575\n"
	  "Module: kvm_hv\n\tDevice node: /dev/kvm\n"
	  "\t\tType: character device\n\t\tMajor: 10\n\t\tMinor: 232\n"
	  "Module: kvm_pr\n\tDevice node: /dev/kvm\n"
	  "\t\tType: character device\n\t\tMajor: 10\n\t\tMinor: 232\n"
	  "Module: c\n\tDevice node: /dev/x/c\n"
	  "\t\tType: character device\n\t\tMajor: 1\n\t\tMinor: 0\n",
	  "" },
	{ KMOD_DEVNAME_FORMAT_TMPFILES, 0, "tmpfiles",
	  "c! /dev/fuse 0600 - - - 10:229\n"
	  "d /dev/x 0755 - - -\n"
	  "d /dev/x/y 0755 - - -\n"
	  "c! /dev/x/y/a 0600 - - - 10:200\n"
	  "b! /dev/x/y/b 0600 - - - 4095:1048575\n"
	  "c! /dev/kvm 0600 - - - 10:232\n"
	  "c! /dev/kvm 0600 - - - 10:232\n"
	  "c! /dev/x/c 0600 - - - 1:0\n",
	  "" },
	{ KMOD_DEVNAME_FORMAT_TMPFILES, CREATE_ONLY, "tmpfiles",
	  "c! /dev/fuse :0600 - - - 10:229\n"
	  "d /dev/x :0755 - - -\n"
	  "d /dev/x/y :0755 - - -\n"
	  "c! /dev/x/y/a :0600 - - - 10:200\n"
	  "b! /dev/x/y/b :0600 - - - 4095:1048575\n"
	  "c! /dev/kvm :0600 - - - 10:232\n"
	  "c! /dev/kvm :0600 - - - 10:232\n"
	  "c! /dev/x/c :0600 - - - 1:0\n",
	  "" },
	{ KMOD_DEVNAME_FORMAT_DEVNAME, 0, "devname", nodes, "" },
	{ KMOD_DEVNAME_FORMAT_CPIO, 0, "cpio",
	  "dir /dev 0755 0 0\n"
	  "nod /dev/fuse 0600 0 0 c 10 229\n"
	  "dir /dev/x 0755 0 0\n"
	  "dir /dev/x/y 0755 0 0\n"
	  "nod /dev/x/y/a 0600 0 0 c 10 200\n"
	  "nod /dev/x/y/b 0600 0 0 b 4095 1048575\n"
	  "nod /dev/kvm 0600 0 0 c 10 232\n"
	  "nod /dev/x/c 0600 0 0 c 1 0\n",
	  "dir /dev 0755 0 0\n" },
	{ KMOD_DEVNAME_FORMAT_DEVICE_TABLE, 0, "device-table",
	  "/dev\td\t0755\t0\t0\t-\t-\t-\t-\t-\n"
	  "/dev/fuse\tc\t0600\t0\t0\t10\t229\t-\t-\t-\n"
	  "/dev/x\td\t0755\t0\t0\t-\t-\t-\t-\t-\n"
	  "/dev/x/y\td\t0755\t0\t0\t-\t-\t-\t-\t-\n"
	  "/dev/x/y/a\tc\t0600\t0\t0\t10\t200\t-\t-\t-\n"
	  "/dev/x/y/b\tb\t0600\t0\t0\t4095\t1048575\t-\t-\t-\n"
	  "/dev/kvm\tc\t0600\t0\t0\t10\t232\t-\t-\t-\n"
	  "/dev/x/c\tc\t0600\t0\t0\t1\t0\t-\t-\t-\n",
	  "/dev\td\t0755\t0\t0\t-\t-\t-\t-\t-\n" },
};

LOOP_TEST(each_format_has_its_lines, ARRAY_SIZE(rows))
{
	const struct format_row *row = &rows[_i];
	char *text;

	ck_assert_str_eq(kmod_devname_format_to_string(row->format), row->name);
	text = write_format(row->format, NULL, row->flags);
	ck_assert_str_eq(text, row->empty);
	free(text);
	read_table(nodes);
	text = write_format(row->format, NULL, row->flags);
	ck_assert_str_eq(text, row->text);
	free(text);
}

/* The part of the script that depends on the table: what stands between two empty lines. */
TEST(the_script_calls_a_function_for_each)
{
	static const char wanted[] = "\n\nnode 'fuse' '0600' '0' '0' 'c' '10' '229'\n"
				     "directory 'x'\n"
				     "directory 'x/y'\n"
				     "node 'x/y/a' '0600' '0' '0' 'c' '10' '200'\n"
				     "node 'x/y/b' '0600' '0' '0' 'b' '4095' '1048575'\n"
				     "node 'kvm' '0600' '0' '0' 'c' '10' '232'\n"
				     "node 'x/c' '0600' '0' '0' 'c' '1' '0'\n\n";
	char *text;

	read_table(nodes);
	text = write_format(KMOD_DEVNAME_FORMAT_MKNOD, NULL, 0);
	ck_assert_msg(strncmp(text, "#!/bin/sh\n", 10) == 0 && strstr(text, wanted), "%s", text);
	free(text);
}

TEST(json_has_an_object_for_each_module)
{
	char *text = write_format(KMOD_DEVNAME_FORMAT_JSON, NULL, 0);

	ck_assert_str_eq(text, "{\"nodes\": [\n]}\n");
	free(text);
	read_table("kvm_hv kvm c10:232\nb x/y/b b7:0\n");
	text = write_format(KMOD_DEVNAME_FORMAT_JSON, NULL, 0);
	ck_assert_str_eq(text, "{\"nodes\": [\n"
			       "  {\"name\": \"kvm\", \"type\": \"char\", \"maj:min\": \"10:232\", "
			       "\"module\": \"kvm_hv\", \"state\": null, \"mode\": \"0600\", "
			       "\"user\": \"root\", \"group\": \"root\", \"loaded\": null, "
			       "\"path\": \"/dev/kvm\", \"major\": 10, \"minor\": 232, "
			       "\"uid\": 0, \"gid\": 0, \"kernel\": null},\n"
			       "  {\"name\": \"x/y/b\", \"type\": \"block\", \"maj:min\": \"7:0\", "
			       "\"module\": \"b\", \"state\": null, \"mode\": \"0600\", "
			       "\"user\": \"root\", \"group\": \"root\", \"loaded\": null, "
			       "\"path\": \"/dev/x/y/b\", \"major\": 7, \"minor\": 0, "
			       "\"uid\": 0, \"gid\": 0, \"kernel\": null}\n"
			       "]}\n");
	free(text);
}

/* --- permissions ------------------------------------------------------------------------- */

TEST(modes_come_from_the_permissions)
{
	struct kmod_devname_permissions *permissions;
	char *text;

	ck_assert_int_eq(kmod_devname_permissions_new(0006, &permissions), 0);
	read_table("fuse fuse c10:229\n");
	text = write_format(KMOD_DEVNAME_FORMAT_TMPFILES, permissions, 0);
	ck_assert_str_eq(text, "c! /dev/fuse 0006 - - - 10:229\n");
	free(text);
	kmod_devname_permissions_unref(permissions);
}

#define MAX_ID 4294967294u

static const struct owner_row {
	enum kmod_devname_format format;
	unsigned int flags;
	const char *user, *group;
	const char *line;
} owner_rows[] = {
	{ KMOD_DEVNAME_FORMAT_TMPFILES, 0, NULL, "kvm", "c! /dev/kvm 0660 - kvm - 10:232\n" },
	{ KMOD_DEVNAME_FORMAT_TMPFILES, 0, "qemu", NULL, "c! /dev/kvm 0660 qemu - - 10:232\n" },
	{ KMOD_DEVNAME_FORMAT_TMPFILES, 0, "0", "44", "c! /dev/kvm 0660 0 44 - 10:232\n" },
	{ KMOD_DEVNAME_FORMAT_TMPFILES, KMOD_DEVNAME_PRINT_CREATE_ONLY, NULL, "kvm",
	  "c! /dev/kvm :0660 - :kvm - 10:232\n" },
	{ KMOD_DEVNAME_FORMAT_TMPFILES, KMOD_DEVNAME_PRINT_CREATE_ONLY, "qemu", "kvm",
	  "c! /dev/kvm :0660 :qemu :kvm - 10:232\n" },
	{ KMOD_DEVNAME_FORMAT_MKNOD, 0, "qemu", "kvm",
	  "\nnode 'kvm' '0660' '4294967294' '44' 'c' '10' '232'\n" },
	{ KMOD_DEVNAME_FORMAT_CPIO, 0, "qemu", "kvm",
	  "\nnod /dev/kvm 0660 4294967294 44 c 10 232\n" },
	{ KMOD_DEVNAME_FORMAT_DEVICE_TABLE, 0, "qemu", "kvm",
	  "\n/dev/kvm\tc\t0660\t4294967294\t44\t10\t232\t-\t-\t-\n" },
	{ KMOD_DEVNAME_FORMAT_JSON, 0, "qemu", "kvm",
	  "\n  {\"name\": \"kvm\", \"type\": \"char\", \"maj:min\": \"10:232\", "
	  "\"module\": \"kvm_hv\", \"state\": null, \"mode\": \"0660\", "
	  "\"user\": \"qemu\", \"group\": \"kvm\", \"loaded\": null, "
	  "\"path\": \"/dev/kvm\", \"major\": 10, \"minor\": 232, "
	  "\"uid\": 4294967294, \"gid\": 44, \"kernel\": null}\n" },
};

/* What the fields of a table hold that the formats do not have. */
TEST(unknown_fields_are_null_and_quotes_are_escaped)
{
	const struct printed_node node = {
		.module = "m",
		.name = "n",
		.number = { S_IFBLK, 7, 0 },
		.lacks_permission = true,
		.state = "absent",
		.kernel = "6\"\\x1b",
	};
	char text[512] = "";
	FILE *stream = fmemopen(text, sizeof(text), "w");

	ck_assert_ptr_nonnull(stream);
	ck_assert_int_ge(print_json_node(stream, &node), 0);
	ck_assert_int_eq(fclose(stream), 0);
	ck_assert_str_eq(text, "\n  {\"name\": \"n\", \"type\": \"block\", \"maj:min\": \"7:0\", "
			       "\"module\": \"m\", \"state\": \"absent\", \"mode\": null, "
			       "\"user\": null, \"group\": null, \"loaded\": null, "
			       "\"path\": \"/dev/n\", \"major\": 7, \"minor\": 0, "
			       "\"uid\": null, \"gid\": null, \"kernel\": \"6\\\"\\\\x1b\"}");
}

LOOP_TEST(owners_are_names_in_tmpfiles_and_numbers_in_images, ARRAY_SIZE(owner_rows))
{
	const struct owner_row *row = &owner_rows[_i];
	const struct owner user = { row->user, MAX_ID }, group = { row->group, 44 };
	struct kmod_devname_permissions *permissions;
	char *text;

	ck_assert_int_eq(kmod_devname_permissions_new(0600, &permissions), 0);
	ck_assert_int_eq(permissions_add(permissions, "kvm", 0660, &user, &group), 0);
	read_table("kvm_hv kvm c10:232\n");
	text = write_format(row->format, permissions, row->flags);
	ck_assert_msg(strstr(text, row->line), "%s", text);
	free(text);
	kmod_devname_permissions_unref(permissions);
}

/* --- directories ------------------------------------------------------------------------- */

#define RANDOM_NODES 300

/* Names from few components, so that they share directories; the leaf makes each its own. */
static void add_random_nodes(void)
{
	static const char *const components[] = { "a", "b", "ab", "a.b" };
	char line[128];
	int size;

	for (unsigned int i = 0; i < RANDOM_NODES; i++) {
		size = snprintf(line, sizeof(line), "m ");
		for (int depth = rand() % 6; depth > 0; depth--)
			size += snprintf(line + size, sizeof(line) - (size_t)size, "%s/",
					 components[rand() % ARRAY_SIZE(components)]);
		(void)snprintf(line + size, sizeof(line) - (size_t)size, "n%u c10:%u\n", i,
			       i % 200);
		read_table(line);
	}
	ck_assert_uint_eq(kmod_devname_table_size(table), RANDOM_NODES);
}

/* Does the text have this line before a place? end is NULL: anywhere. */
static size_t count_lines(const char *text, const char *end, const char *line)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, line)) && (!end || p < end); p++)
		n += p == text || p[-1] == '\n';
	return n;
}

/* Each directory above a path in the output must have one line, and that before it. */
static size_t check_parents(const char *text, const char *line)
{
	char path[128], wanted[192];
	size_t n = 0;

	ck_assert_int_eq(sscanf(line, "%*s /dev/%127s", path), 1);
	for (char *slash = strrchr(path, '/'); slash; slash = strrchr(path, '/')) {
		*slash = '\0';
		(void)snprintf(wanted, sizeof(wanted), "d /dev/%s 0755 - - -\n", path);
		ck_assert_msg(count_lines(text, line, wanted) == 1, "'%s' before '%.40s'", wanted,
			      line);
		ck_assert_msg(count_lines(text, NULL, wanted) == 1, "'%s' comes again", wanted);
		n++;
	}
	return n;
}

LOOP_TEST(each_directory_comes_once_before_what_is_in_it, 8)
{
	size_t parents = 0;
	char *text;

	srand((unsigned int)_i);
	add_random_nodes();
	text = write_format(KMOD_DEVNAME_FORMAT_TMPFILES, NULL, 0);
	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1)
		parents += check_parents(text, line);
	ck_assert_uint_gt(parents, RANDOM_NODES);
	free(text);
}

/* --- what cannot be written -------------------------------------------------------------- */

static const struct {
	int format;
	unsigned int flags;
} invalid_rows[] = {
	{ N_FORMATS, 0 },
	{ -1, 0 },
	{ KMOD_DEVNAME_FORMAT_TMPFILES, 2 },
	{ KMOD_DEVNAME_FORMAT_TMPFILES, 2 | CREATE_ONLY },
	{ KMOD_DEVNAME_FORMAT_HUMAN, CREATE_ONLY },
	{ KMOD_DEVNAME_FORMAT_DEVNAME, CREATE_ONLY },
	{ KMOD_DEVNAME_FORMAT_MKNOD, CREATE_ONLY },
	{ KMOD_DEVNAME_FORMAT_CPIO, CREATE_ONLY },
	{ KMOD_DEVNAME_FORMAT_DEVICE_TABLE, CREATE_ONLY },
	{ KMOD_DEVNAME_FORMAT_JSON, CREATE_ONLY },
	{ N_FORMATS, CREATE_ONLY },
};

LOOP_TEST(an_unknown_format_or_flag_writes_nothing, ARRAY_SIZE(invalid_rows))
{
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	read_table(nodes);
	ck_assert_int_eq(kmod_devname_table_print(table,
						  (enum kmod_devname_format)invalid_rows[_i].format,
						  NULL, invalid_rows[_i].flags, stream),
			 -EINVAL);
	ck_assert_int_eq(fclose(stream), 0);
	ck_assert_uint_eq(size, 0);
	free(text);
}

TEST(formats_are_numbered_without_a_gap)
{
	for (int i = 0; i < N_FORMATS; i++)
		ck_assert_ptr_nonnull(kmod_devname_format_to_string((enum kmod_devname_format)i));
	ck_assert_ptr_null(kmod_devname_format_to_string((enum kmod_devname_format)N_FORMATS));
	ck_assert_ptr_null(kmod_devname_format_to_string((enum kmod_devname_format) - 1));
}

/* A disk with room for so many bytes, then an error that errno tells, or does not. */
struct sink {
	size_t room;
	int error;
};

static ssize_t sink_write(void *cookie, const char *bytes, size_t size)
{
	struct sink *sink = cookie;

	(void)bytes;
	if (size > sink->room) {
		errno = sink->error;
		return 0;
	}
	sink->room -= size;
	return (ssize_t)size;
}

static int write_to_sink(struct sink sink, enum kmod_devname_format format, int mode)
{
	static const cookie_io_functions_t functions = { .write = sink_write };
	FILE *stream = fopencookie(&sink, "w", functions);
	int r;

	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(setvbuf(stream, NULL, mode, BUFSIZ), 0);
	r = kmod_devname_table_print(table, format, NULL, 0, stream);
	(void)fclose(stream);
	return r;
}

LOOP_TEST(a_full_disk_is_an_error_at_every_byte, N_FORMATS)
{
	enum kmod_devname_format format = (enum kmod_devname_format)_i;
	size_t size;
	char *text;

	read_table(nodes);
	text = write_format(format, NULL, 0);
	size = strlen(text);
	free(text);
	for (size_t room = 0; room < size; room++) {
		ck_assert_int_eq(write_to_sink((struct sink){ room, ENOSPC }, format, _IOFBF),
				 -ENOSPC);
		ck_assert_int_eq(write_to_sink((struct sink){ room, EDQUOT }, format, _IONBF),
				 -EDQUOT);
	}
	ck_assert_int_eq(write_to_sink((struct sink){ size, ENOSPC }, format, _IOFBF), 0);
	ck_assert_int_eq(write_to_sink((struct sink){ size, ENOSPC }, format, _IONBF), 0);
}

TEST(a_stream_that_has_failed_before_is_an_error)
{
	FILE *stream = fopen("/dev/null", "re");

	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(fputc('x', stream), EOF);
	ck_assert_int_eq(
		kmod_devname_table_print(table, KMOD_DEVNAME_FORMAT_HUMAN, NULL, 0, stream), -EIO);
	(void)fclose(stream);
}

int main(void)
{
	return harness_run(set_up, tear_down);
}
