// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The formats of programs that make images: gen_init_cpio of the kernel, makedevs, and a script
 * for any POSIX shell with the mknod of coreutils, busybox or toybox. Owners are numbers: names
 * would be those of the system that makes the image.
 */

#include "node/syntax.h"
#include "text/print.h"

static int print_cpio_directory(FILE *stream, const char *name, int size)
{
	return fprintf(stream, "dir /dev/%.*s " PRINT_DIRECTORY_MODE " 0 0\n", size, name);
}

static int print_cpio_node(FILE *stream, const struct printed_node *node)
{
	return fprintf(stream, "nod /dev/%s %04o %u %u %c %u %u\n", node->name,
		       (unsigned int)node->mode, (unsigned int)node->uid, (unsigned int)node->gid,
		       syntax_type_letter(node->number.type), node->number.major,
		       node->number.minor);
}

const struct print_format format_cpio = {
	.name = "cpio",
	.head = "dir /dev " PRINT_DIRECTORY_MODE " 0 0\n",
	.once = true,
	.print_directory = print_cpio_directory,
	.print_node = print_cpio_node,
};

/* Tabs: most programs take any blanks, and some only these. */
static int print_device_table_directory(FILE *stream, const char *name, int size)
{
	return fprintf(stream, "/dev/%.*s\td\t" PRINT_DIRECTORY_MODE "\t0\t0\t-\t-\t-\t-\t-\n",
		       size, name);
}

static int print_device_table_node(FILE *stream, const struct printed_node *node)
{
	return fprintf(stream, "/dev/%s\t%c\t%04o\t%u\t%u\t%u\t%u\t-\t-\t-\n", node->name,
		       syntax_type_letter(node->number.type), (unsigned int)node->mode,
		       (unsigned int)node->uid, (unsigned int)node->gid, node->number.major,
		       node->number.minor);
}

const struct print_format format_device_table = {
	.name = "device-table",
	.head = "/dev\td\t" PRINT_DIRECTORY_MODE "\t0\t0\t-\t-\t-\t-\t-\n",
	.once = true,
	.print_directory = print_device_table_directory,
	.print_node = print_device_table_node,
};

/*
 * mknod -m of toybox 0.8.9 gives mode 0660 whatever it is told; so the umask keeps a new node to
 * its owner until it has the right one, and chmod(1) comes last. test -e does not see a dangling
 * symbolic link; mknod(2) does, and does not follow it.
 */
static const char mknod_head[] =
	"#!/bin/sh\n"
	"# Makes device nodes below the directory $1 (default: /dev). Needs root. What is there\n"
	"# already stays as it is: a node's number, mode and owner are not looked at.\n"
	"# The exit status is 0 if each name has a node of the right type, 1 if not.\n"
	"\n"
	"dev=${1-/dev}\n"
	"status=0\n"
	"umask 077\n"
	"\n"
	"failed() { # WHY\n"
	"\techo \"$0: $1\" >&2\n"
	"\tstatus=1\n"
	"}\n"
	"\n"
	"directory() { # NAME\n"
	"\t[ -d \"$dev/$1\" ] || mkdir -m " PRINT_DIRECTORY_MODE " -- \"$dev/$1\" || status=1\n"
	"}\n"
	"\n"
	"is_node() { # NAME TYPE\n"
	"\tcase $2 in\n"
	"\tc) [ -c \"$dev/$1\" ] ;;\n"
	"\t*) [ -b \"$dev/$1\" ] ;;\n"
	"\tesac\n"
	"}\n"
	"\n"
	"node() { # NAME MODE UID GID TYPE MAJOR MINOR\n"
	"\tif is_node \"$1\" \"$5\"; then\n"
	"\t\treturn\n"
	"\telif [ -e \"$dev/$1\" ]; then\n"
	"\t\tfailed \"$dev/$1 is something else\"\n"
	"\telif ! mknod -- \"$dev/$1\" \"$5\" \"$6\" \"$7\"; then\n"
	"\t\tstatus=1\n"
	"\telse\n"
	"\t\t[ \"$3:$4\" = '0:0' ] || chown -- \"$3:$4\" \"$dev/$1\" || status=1\n"
	"\t\tchmod -- \"$2\" \"$dev/$1\" || status=1\n"
	"\tfi\n"
	"}\n"
	"\n"
	"[ -d \"$dev\" ] || { failed \"'$dev' is not a directory\"; exit 1; }\n"
	"\n";

static const char mknod_tail[] = "\n"
				 "exit \"$status\"\n";

static int print_mknod_directory(FILE *stream, const char *name, int size)
{
	return fprintf(stream, "directory '%.*s'\n", size, name);
}

static int print_mknod_node(FILE *stream, const struct printed_node *node)
{
	return fprintf(stream, "node '%s' '%04o' '%u' '%u' '%c' '%u' '%u'\n", node->name,
		       (unsigned int)node->mode, (unsigned int)node->uid, (unsigned int)node->gid,
		       syntax_type_letter(node->number.type), node->number.major,
		       node->number.minor);
}

const struct print_format format_mknod = {
	.name = "mknod",
	.head = mknod_head,
	.tail = mknod_tail,
	.once = true,
	.print_directory = print_mknod_directory,
	.print_node = print_mknod_node,
};
