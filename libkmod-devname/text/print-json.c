// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A node as a JSON object and as the cells of a table, with the same fields. An unknown value is
 * null, so each object has every key.
 */

#include <ctype.h>
#include <sys/stat.h>

#include "text/print.h"

const struct node_field node_fields[N_NODE_FIELDS] = {
	[FIELD_NAME] = { "NAME", false },      [FIELD_TYPE] = { "TYPE", false },
	[FIELD_NUMBER] = { "MAJ:MIN", false }, [FIELD_MODULE] = { "MODULE", false },
	[FIELD_STATE] = { "STATE", false },    [FIELD_MODE] = { "MODE", false },
	[FIELD_USER] = { "USER", false },      [FIELD_GROUP] = { "GROUP", false },
	[FIELD_LOADED] = { "LOADED", false },  [FIELD_PATH] = { "PATH", false },
	[FIELD_MAJOR] = { "MAJOR", true },     [FIELD_MINOR] = { "MINOR", true },
	[FIELD_UID] = { "UID", true },         [FIELD_GID] = { "GID", true },
	[FIELD_KERNEL] = { "KERNEL", false },
};

static const char *format_permission(const struct printed_node *node, enum node_field_index field,
				     char *buffer)
{
	if (node->lacks_permission)
		return NULL;
	switch (field) {
	case FIELD_USER:
		return node->user ? node->user : "root";
	case FIELD_GROUP:
		return node->group ? node->group : "root";
	case FIELD_MODE:
		(void)snprintf(buffer, FIELD_TEXT_SIZE, "%04o", (unsigned int)node->mode);
		return buffer;
	default:
		(void)snprintf(buffer, FIELD_TEXT_SIZE, "%u",
			       (unsigned int)(field == FIELD_UID ? node->uid : node->gid));
		return buffer;
	}
}

const char *printed_node_get(const struct printed_node *node, enum node_field_index field,
			     char buffer[static FIELD_TEXT_SIZE])
{
	switch (field) {
	case FIELD_NAME:
		return node->name;
	case FIELD_TYPE:
		return node->number.type == S_IFBLK ? "block" : "char";
	case FIELD_NUMBER:
		/* without the letter of the type */
		return syntax_format_number(&node->number, buffer) + 1;
	case FIELD_MODULE:
		return node->module;
	case FIELD_STATE:
		return node->state;
	case FIELD_LOADED:
		return node->loaded;
	case FIELD_KERNEL:
		return node->kernel;
	case FIELD_PATH:
		(void)snprintf(buffer, FIELD_TEXT_SIZE, "/dev/%s", node->name);
		return buffer;
	case FIELD_MAJOR:
		(void)snprintf(buffer, FIELD_TEXT_SIZE, "%u", node->number.major);
		return buffer;
	case FIELD_MINOR:
		(void)snprintf(buffer, FIELD_TEXT_SIZE, "%u", node->number.minor);
		return buffer;
	default:
		return format_permission(node, field, buffer);
	}
}

int print_json_member(FILE *stream, const char *name, const char *text, bool is_literal)
{
	(void)putc('"', stream);
	for (; *name != '\0'; name++)
		(void)putc(tolower((unsigned char)*name), stream);
	(void)fputs("\": ", stream);
	if (!text || is_literal)
		return fputs(text ? text : "null", stream);
	(void)putc('"', stream);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			(void)putc('\\', stream);
		(void)putc(*text, stream);
	}
	return putc('"', stream);
}

int print_json_node(FILE *stream, const struct printed_node *node)
{
	char buffer[FIELD_TEXT_SIZE];

	for (int i = 0; i < N_NODE_FIELDS; i++) {
		(void)fputs(i == 0 ? "\n  {" : ", ", stream);
		(void)print_json_member(stream, node_fields[i].name,
					printed_node_get(node, (enum node_field_index)i, buffer),
					node_fields[i].is_number);
	}
	return putc('}', stream);
}
