// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Table -> text in one of the output formats. The first part is common to all formats: the nodes
 * have the order of the table, each with its permissions; a directory is printed once, after its
 * parent and before its first node; some formats print each name once. The formats of "kmod
 * static-nodes" and of programs that make images follow; print-json.c has JSON.
 *
 * Names of nodes, modules, users and groups need no quoting in any format: they have no blanks,
 * quotes, "\", "%" and "$".
 */

#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/table.h"
#include "text/print.h"

/* The mode of each directory between /dev and a node. */
#define DIRECTORY_MODE "0755"

struct printer {
	const struct print_format *format;
	const struct kmod_devname_permissions *permissions;
	const char *create_only; /* the mark of tmpfiles.d(5) for it, or "" */
	FILE *stream;
	void *directories; /* tsearch(3) tree of struct printed_directory */
};

/* The functions return a negative number with errno set on failure, as fprintf(3) does. */
struct print_format {
	const char *name;
	const char *head; /* before the nodes; NULL: nothing */
	const char *separator; /* between two nodes; NULL: nothing */
	const char *tail; /* after the nodes; NULL: nothing */
	bool once; /* a name that several modules declare is one node */
	/* Prints the first size bytes of a name. NULL: the format has no directories. */
	int (*print_directory)(const struct printer *printer, const char *name, int size);
	int (*print_node)(const struct printer *printer, const struct kmod_devname_node *node,
			  const struct kmod_devname_permission *permission);
};

/* A directory that has been printed: the beginning of the name of a node. */
struct printed_directory {
	const char *name;
	size_t size;
};

/* Any order will do. */
static int compare_directories(const void *a, const void *b)
{
	const struct printed_directory *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return memcmp(x->name, y->name, x->size);
}

/* Returns 1 if the directory is new, 0 if it is known, or -ENOMEM. */
static int remember_directory(struct printer *printer, const char *name, size_t size)
{
	struct printed_directory *directory = malloc(sizeof(*directory)), **found;

	if (!directory)
		return -ENOMEM;
	*directory = (struct printed_directory){ name, size };
	found = tsearch(directory, &printer->directories, compare_directories);
	if (found && *found == directory)
		return 1;
	free(directory);
	return found ? 0 : -ENOMEM;
}

/*
 * The search for new directories ends at the first known one, whose parents are known too. A deep
 * name in a known directory costs one look-up.
 */
static int print_directories(struct printer *printer, const char *name)
{
	const char *slash = strrchr(name, '/');
	int r = 0;

	while (slash && (r = remember_directory(printer, name, (size_t)(slash - name))) > 0)
		slash = memrchr(name, '/', (size_t)(slash - name));
	if (r < 0)
		return r;
	slash = strchr(slash ? slash + 1 : name, '/');
	for (; slash; slash = strchr(slash + 1, '/')) {
		int size = (int)(slash - name);

		errno = EIO; /* for a stream that fails and gives no reason */
		if (printer->format->print_directory(printer, name, size) < 0)
			return -errno;
	}
	return 0;
}

static int print_text(FILE *stream, const char *text)
{
	errno = EIO;
	return text && fputs(text, stream) < 0 ? -errno : 0;
}

static int print_table(struct printer *printer, const struct kmod_devname_table *table)
{
	const struct print_format *format = printer->format;
	int r = print_text(printer->stream, format->head);

	if (r < 0)
		return r;
	for (size_t i = 0; i < kmod_devname_table_size(table); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(table, i);

		if (format->once && kmod_devname_table_find_name(table, node->name) != node)
			continue;
		r = i > 0 ? print_text(printer->stream, format->separator) : 0;
		if (r == 0 && format->print_directory)
			r = print_directories(printer, node->name);
		if (r < 0)
			return r;
		errno = EIO;
		if (format->print_node(
			    printer, node,
			    kmod_devname_permissions_get(printer->permissions, node->name)) < 0)
			return -errno;
	}
	return print_text(printer->stream, format->tail);
}

/* --- formats of "kmod static-nodes" ------------------------------------------------------- */

/*
 * The formats of "kmod static-nodes", byte for byte. Only the directories of tmpfiles differ: kmod
 * repeats one for each node, and omits its parents.
 */

static int print_human(const struct printer *printer, const struct kmod_devname_node *node,
		       const struct kmod_devname_permission *permission)
{
	(void)permission;
	return fprintf(printer->stream,
		       "Module: %s\n"
		       "\tDevice node: /dev/%s\n"
		       "\t\tType: %s device\n"
		       "\t\tMajor: %u\n"
		       "\t\tMinor: %u\n",
		       node->module, node->name,
		       node->number.type == S_IFBLK ? "block" : "character", node->number.major,
		       node->number.minor);
}

static int print_devname(const struct printer *printer, const struct kmod_devname_node *node,
			 const struct kmod_devname_permission *permission)
{
	char number[SYNTAX_NUMBER_SIZE];

	(void)permission;
	return fprintf(printer->stream, "%s %s %s\n", node->module, node->name,
		       syntax_format_number(&node->number, number));
}

static int print_tmpfiles_directory(const struct printer *printer, const char *name, int size)
{
	return fprintf(printer->stream, "d /dev/%.*s %s" DIRECTORY_MODE " - - -\n", size, name,
		       printer->create_only);
}

static int print_tmpfiles(const struct printer *printer, const struct kmod_devname_node *node,
			  const struct kmod_devname_permission *permission)
{
	const char *user = permission->user, *group = permission->group;
	const char *mark = printer->create_only;

	return fprintf(printer->stream, "%c! /dev/%s %s%04o %s%s %s%s - %u:%u\n",
		       syntax_type_letter(node->number.type), node->name, mark, permission->mode,
		       user ? mark : "", user ? user : "-", group ? mark : "", group ? group : "-",
		       node->number.major, node->number.minor);
}

/* --- formats of programs that make images -------------------------------------------------- */

/*
 * gen_init_cpio of the kernel, makedevs, and a script for any POSIX shell with the mknod of
 * coreutils, busybox or toybox. Owners are numbers: names would be those of the system that makes
 * the image.
 */

static int print_cpio_directory(const struct printer *printer, const char *name, int size)
{
	return fprintf(printer->stream, "dir /dev/%.*s " DIRECTORY_MODE " 0 0\n", size, name);
}

static int print_cpio(const struct printer *printer, const struct kmod_devname_node *node,
		      const struct kmod_devname_permission *permission)
{
	return fprintf(printer->stream, "nod /dev/%s %04o %u %u %c %u %u\n", node->name,
		       permission->mode, permission->uid, permission->gid,
		       syntax_type_letter(node->number.type), node->number.major,
		       node->number.minor);
}

/* Tabs: most programs take any blanks, and some only these. */
static int print_makedevs_directory(const struct printer *printer, const char *name, int size)
{
	return fprintf(printer->stream, "/dev/%.*s\td\t" DIRECTORY_MODE "\t0\t0\t-\t-\t-\t-\t-\n",
		       size, name);
}

static int print_makedevs(const struct printer *printer, const struct kmod_devname_node *node,
			  const struct kmod_devname_permission *permission)
{
	return fprintf(printer->stream, "/dev/%s\t%c\t%04o\t%u\t%u\t%u\t%u\t-\t-\t-\n", node->name,
		       syntax_type_letter(node->number.type), permission->mode, permission->uid,
		       permission->gid, node->number.major, node->number.minor);
}

/*
 * mknod -m of toybox 0.8.9 always sets mode 0660. Therefore the umask restricts a new node to its
 * owner, and chmod(1) comes last. test -e does not see a dangling
 * symbolic link; mknod(2) does, and does not follow it.
 */
static const char mknod_head[] =
	"#!/bin/sh\n"
	"# Makes device nodes below the directory $1 (default: /dev). Needs root. Existing nodes "
	"stay\n"
	"# unchanged, whatever their number, mode and owner.\n"
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
	"\t[ -d \"$dev/$1\" ] || mkdir -m " DIRECTORY_MODE " -- \"$dev/$1\" || status=1\n"
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

static int print_mknod_directory(const struct printer *printer, const char *name, int size)
{
	return fprintf(printer->stream, "directory '%.*s'\n", size, name);
}

static int print_mknod(const struct printer *printer, const struct kmod_devname_node *node,
		       const struct kmod_devname_permission *permission)
{
	return fprintf(printer->stream, "node '%s' '%04o' '%u' '%u' '%c' '%u' '%u'\n", node->name,
		       permission->mode, permission->uid, permission->gid,
		       syntax_type_letter(node->number.type), node->number.major,
		       node->number.minor);
}

/* --- JSON --------------------------------------------------------------------------------- */

static int print_json(const struct printer *printer, const struct kmod_devname_node *node,
		      const struct kmod_devname_permission *permission)
{
	const struct printed_node printed = {
		.name = node->name,
		.module = node->module,
		.number = node->number,
		.mode = permission->mode,
		.uid = permission->uid,
		.gid = permission->gid,
		.user = permission->user,
		.group = permission->group,
	};

	return print_json_node(printer->stream, &printed);
}

/* --- the formats by name ------------------------------------------------------------------ */

static const struct print_format formats[] = {
	[KMOD_DEVNAME_FORMAT_HUMAN] = { .name = "human", .print_node = print_human },
	[KMOD_DEVNAME_FORMAT_TMPFILES] = { .name = "tmpfiles",
					   .print_directory = print_tmpfiles_directory,
					   .print_node = print_tmpfiles },
	[KMOD_DEVNAME_FORMAT_DEVNAME] = { .name = "devname", .print_node = print_devname },
	[KMOD_DEVNAME_FORMAT_MKNOD] = { .name = "mknod",
					.head = mknod_head,
					.tail = "\nexit \"$status\"\n",
					.once = true,
					.print_directory = print_mknod_directory,
					.print_node = print_mknod },
	[KMOD_DEVNAME_FORMAT_CPIO] = { .name = "cpio",
				       .head = "dir /dev " DIRECTORY_MODE " 0 0\n",
				       .once = true,
				       .print_directory = print_cpio_directory,
				       .print_node = print_cpio },
	[KMOD_DEVNAME_FORMAT_DEVICE_TABLE] = { .name = "device-table",
					       .head = "/dev\td\t" DIRECTORY_MODE
						       "\t0\t0\t-\t-\t-\t-\t-\n",
					       .once = true,
					       .print_directory = print_makedevs_directory,
					       .print_node = print_makedevs },
	[KMOD_DEVNAME_FORMAT_JSON] = { .name = "json",
				       .head = "{\"nodes\": [",
				       .separator = ",",
				       .tail = "\n]}\n",
				       .print_node = print_json },
};

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

const char *kmod_devname_format_to_string(enum kmod_devname_format format)
{
	return (size_t)format < N_FORMATS ? formats[format].name : NULL;
}

int kmod_devname_format_from_string(const char *name, int *ret_format)
{
	for (size_t i = 0; i < N_FORMATS; i++) {
		if (strcmp(formats[i].name, name) != 0)
			continue;
		*ret_format = (int)i;
		return 0;
	}
	return -ENOENT;
}

int kmod_devname_table_print(const struct kmod_devname_table *table,
			     enum kmod_devname_format format,
			     const struct kmod_devname_permissions *permissions, unsigned int flags,
			     FILE *stream)
{
	struct printer printer = {
		.permissions = permissions,
		.create_only = flags == KMOD_DEVNAME_PRINT_CREATE_ONLY ? ":" : "",
		.stream = stream,
	};
	int r;

	if ((size_t)format >= N_FORMATS ||
	    (flags != 0 &&
	     (flags != KMOD_DEVNAME_PRINT_CREATE_ONLY || format != KMOD_DEVNAME_FORMAT_TMPFILES)))
		return -EINVAL;
	if (ferror(stream))
		return -EIO;
	printer.format = &formats[format];
	r = print_table(&printer, table);
	tdestroy(printer.directories, free);
	if (r < 0)
		return r;
	errno = EIO;
	return fflush(stream) != 0 ? -errno : 0;
}
