// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The formats of "kmod static-nodes", byte for byte what that prints. Only tmpfiles differs, in
 * its lines for directories: kmod repeats one for each node, and leaves out the parents of it.
 */

#include <sys/stat.h>

#include "node/syntax.h"
#include "text/print.h"

static int print_human_node(FILE *stream, const struct printed_node *node)
{
	return fprintf(stream,
		       "Module: %s\n"
		       "\tDevice node: /dev/%s\n"
		       "\t\tType: %s device\n"
		       "\t\tMajor: %u\n"
		       "\t\tMinor: %u\n",
		       node->module, node->name,
		       node->number.type == S_IFBLK ? "block" : "character", node->number.major,
		       node->number.minor);
}

const struct print_format format_human = {
	.name = "human",
	.print_node = print_human_node,
};

static int print_devname_node(FILE *stream, const struct printed_node *node)
{
	char number[SYNTAX_NUMBER_SIZE];

	return fprintf(stream, "%s %s %s\n", node->module, node->name,
		       syntax_format_number(&node->number, number));
}

const struct print_format format_devname = {
	.name = "devname",
	.print_node = print_devname_node,
};

/* With the prefix ":" systemd-tmpfiles leaves mode and owner of what exists alone. */
static int print_tmpfiles_line(FILE *stream, const struct printed_node *node, const char *prefix)
{
	return fprintf(stream, "%c! /dev/%s %s%04o %s%s %s%s - %u:%u\n",
		       syntax_type_letter(node->number.type), node->name, prefix,
		       (unsigned int)node->mode, node->user ? prefix : "",
		       node->user ? node->user : "-", node->group ? prefix : "",
		       node->group ? node->group : "-", node->number.major, node->number.minor);
}

static int print_tmpfiles_directory(FILE *stream, const char *name, int size)
{
	return fprintf(stream, "d /dev/%.*s " PRINT_DIRECTORY_MODE " - - -\n", size, name);
}

static int print_tmpfiles_node(FILE *stream, const struct printed_node *node)
{
	return print_tmpfiles_line(stream, node, "");
}

const struct print_format format_tmpfiles = {
	.name = "tmpfiles",
	.print_directory = print_tmpfiles_directory,
	.print_node = print_tmpfiles_node,
};

static int print_create_only_directory(FILE *stream, const char *name, int size)
{
	return fprintf(stream, "d /dev/%.*s :" PRINT_DIRECTORY_MODE " - - -\n", size, name);
}

static int print_create_only_node(FILE *stream, const struct printed_node *node)
{
	return print_tmpfiles_line(stream, node, ":");
}

const struct print_format format_tmpfiles_create_only = {
	.name = "tmpfiles",
	.print_directory = print_create_only_directory,
	.print_node = print_create_only_node,
};
