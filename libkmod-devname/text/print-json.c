// SPDX-License-Identifier: LGPL-2.1-or-later
/* The format json: an object with one member "nodes", an array of objects. */

#include <sys/stat.h>

#include "text/print.h"

/* A member that may have no value. */
static int write_string_or_null(FILE *stream, const char *key, const char *value)
{
	return value ? fprintf(stream, ", \"%s\": \"%s\"", key, value)
		     : fprintf(stream, ", \"%s\": null", key);
}

static int write_node(FILE *stream, const struct entry *entry)
{
	int r = fprintf(stream,
			"\n  {\"module\": \"%s\", \"name\": \"%s\", \"path\": \"/dev/%s\", "
			"\"type\": \"%s\", \"major\": %u, \"minor\": %u, "
			"\"mode\": \"%04o\", \"uid\": %u, \"gid\": %u",
			entry->module, entry->name, entry->name,
			entry->type == S_IFBLK ? "block" : "char", entry->major, entry->minor,
			(unsigned int)entry->mode, (unsigned int)entry->uid,
			(unsigned int)entry->gid);

	if (r >= 0)
		r = write_string_or_null(stream, "user", entry->user);
	if (r >= 0)
		r = write_string_or_null(stream, "group", entry->group);
	return r < 0 ? r : fputc('}', stream);
}

const struct format format_json = {
	.name = "json",
	.head = "{\"nodes\": [",
	.tail = "\n]}\n",
	.separator = ",",
	.write_node = write_node,
};
