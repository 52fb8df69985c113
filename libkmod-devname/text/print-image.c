// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The formats of programs that make images: gen_init_cpio of the kernel, and makedevs. Owners
 * are numbers: names would be those of the system that makes the image.
 */

#include "text/print.h"
#include "node/syntax.h"

static int write_cpio_directory(FILE *stream, const char *name, int size)
{
	return fprintf(stream, "dir /dev/%.*s " FORMAT_DIRECTORY_MODE " 0 0\n", size, name);
}

static int write_cpio_node(FILE *stream, const struct entry *entry)
{
	return fprintf(stream, "nod /dev/%s %04o %u %u %c %u %u\n", entry->name,
		       (unsigned int)entry->mode, (unsigned int)entry->uid,
		       (unsigned int)entry->gid, syntax_type_letter(entry->type), entry->major,
		       entry->minor);
}

/* Tabs: most programs take any blanks, and some only these. */
static int write_table_directory(FILE *stream, const char *name, int size)
{
	return fprintf(stream, "/dev/%.*s\td\t" FORMAT_DIRECTORY_MODE "\t0\t0\t-\t-\t-\t-\t-\n",
		       size, name);
}

static int write_table_node(FILE *stream, const struct entry *entry)
{
	return fprintf(stream, "/dev/%s\t%c\t%04o\t%u\t%u\t%u\t%u\t-\t-\t-\n", entry->name,
		       syntax_type_letter(entry->type), (unsigned int)entry->mode,
		       (unsigned int)entry->uid, (unsigned int)entry->gid, entry->major,
		       entry->minor);
}

const struct format format_cpio = {
	.name = "cpio",
	.head = "dir /dev " FORMAT_DIRECTORY_MODE " 0 0\n",
	.once = true,
	.write_directory = write_cpio_directory,
	.write_node = write_cpio_node,
};

const struct format format_device_table = {
	.name = "device-table",
	.head = "/dev\td\t" FORMAT_DIRECTORY_MODE "\t0\t0\t-\t-\t-\t-\t-\n",
	.once = true,
	.write_directory = write_table_directory,
	.write_node = write_table_node,
};
