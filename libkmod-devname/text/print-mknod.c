// SPDX-License-Identifier: LGPL-2.1-or-later
/* The format mknod: a script for any POSIX shell, with the mknod of coreutils, busybox or toybox.
 */

#include "text/print.h"
#include "node/syntax.h"

/*
 * mknod -m of toybox 0.8.9 gives mode 0660 whatever it is told; so the umask keeps a new node to
 * its owner until it has the right one, and chmod(1) comes last. test -e does not see a dangling
 * symbolic link; mknod(2) does, and does not follow it.
 */
static const char head[] =
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
	"\t[ -d \"$dev/$1\" ] || mkdir -m " FORMAT_DIRECTORY_MODE " -- \"$dev/$1\" || status=1\n"
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

static const char tail[] = "\n"
			   "exit \"$status\"\n";

static int write_directory(FILE *stream, const char *name, int size)
{
	return fprintf(stream, "directory '%.*s'\n", size, name);
}

static int write_node(FILE *stream, const struct entry *entry)
{
	return fprintf(stream, "node '%s' '%04o' '%u' '%u' '%c' '%u' '%u'\n", entry->name,
		       (unsigned int)entry->mode, (unsigned int)entry->uid,
		       (unsigned int)entry->gid, syntax_type_letter(entry->type), entry->major,
		       entry->minor);
}

const struct format format_mknod = {
	.name = "mknod",
	.head = head,
	.tail = tail,
	.once = true,
	.write_directory = write_directory,
	.write_node = write_node,
};
