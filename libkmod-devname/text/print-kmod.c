// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The formats of "kmod static-nodes", byte for byte what that prints. Only tmpfiles differs, in
 * its lines for directories: kmod repeats one for each node, and leaves out the parents of it.
 */

#include <sys/stat.h>

#include "text/print.h"
#include "node/syntax.h"

static int write_human(FILE *stream, const struct entry *entry)
{
	return fprintf(stream,
		       "Module: %s\n"
		       "\tDevice node: /dev/%s\n"
		       "\t\tType: %s device\n"
		       "\t\tMajor: %u\n"
		       "\t\tMinor: %u\n",
		       entry->module, entry->name, entry->type == S_IFBLK ? "block" : "character",
		       entry->major, entry->minor);
}

static int write_devname(FILE *stream, const struct entry *entry)
{
	return fprintf(stream, "%s %s %c%u:%u\n", entry->module, entry->name,
		       syntax_type_letter(entry->type), entry->major, entry->minor);
}

static int write_tmpfiles_directory(FILE *stream, const char *name, int size)
{
	return fprintf(stream, "d /dev/%.*s " FORMAT_DIRECTORY_MODE " - - -\n", size, name);
}

static int write_new_directory(FILE *stream, const char *name, int size)
{
	return fprintf(stream, "d /dev/%.*s :" FORMAT_DIRECTORY_MODE " - - -\n", size, name);
}

/* The prefix says to which nodes mode and owner apply. */
static int write_tmpfiles_node(FILE *stream, const struct entry *entry, const char *prefix)
{
	return fprintf(stream, "%c! /dev/%s %s%04o %s%s %s%s - %u:%u\n",
		       syntax_type_letter(entry->type), entry->name, prefix,
		       (unsigned int)entry->mode, entry->user ? prefix : "",
		       entry->user ? entry->user : "-", entry->group ? prefix : "",
		       entry->group ? entry->group : "-", entry->major, entry->minor);
}

static int write_node(FILE *stream, const struct entry *entry)
{
	return write_tmpfiles_node(stream, entry, "");
}

static int write_new_node(FILE *stream, const struct entry *entry)
{
	return write_tmpfiles_node(stream, entry, ":");
}

const struct format format_human = {
	.name = "human",
	.write_node = write_human,
};

const struct format format_devname = {
	.name = "devname",
	.write_node = write_devname,
};

const struct format format_tmpfiles = {
	.name = "tmpfiles",
	.write_directory = write_tmpfiles_directory,
	.write_node = write_node,
};

const struct format format_tmpfiles_create_only = {
	.name = "tmpfiles",
	.write_directory = write_new_directory,
	.write_node = write_new_node,
};
