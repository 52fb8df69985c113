// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Table -> text in one of the output formats. This file knows what all formats share: the nodes
 * come in the order of the table, each with its permissions; each directory comes once, after its
 * parent and before the first node in it; a format may print a name only once. The text of a
 * directory and of a node is the business of the format, see print.h: print-kmod.c has the formats
 * of "kmod static-nodes", print-image.c those of programs that make images, print-json.c JSON.
 */

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/permissions.h"
#include "node/table.h"
#include "text/print.h"

struct printer {
	const struct print_format *format;
	const struct kmod_devname_permissions *permissions;
	FILE *stream;
	void *directories; /* tsearch(3) tree of struct printed_directory */
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
 * The search for new directories goes upwards and ends at the first known one, since the parents of
 * that are known, too: a deep name in a known directory costs one look-up.
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
		if (printer->format->print_directory(printer->stream, name, size) < 0)
			return -errno;
	}
	return 0;
}

static int print_table_node(struct printer *printer, const struct kmod_devname_node *node)
{
	const struct kmod_devname_permission *permission =
		kmod_devname_permissions_get(printer->permissions, node->name);
	const struct printed_node printed = {
		.module = node->module,
		.name = node->name,
		.number = node->number,
		.mode = kmod_devname_permission_get_mode(permission),
		.uid = kmod_devname_permission_get_uid(permission),
		.gid = kmod_devname_permission_get_gid(permission),
		.user = kmod_devname_permission_get_user(permission),
		.group = kmod_devname_permission_get_group(permission),
	};
	int r;

	if (printer->format->print_directory) {
		r = print_directories(printer, node->name);
		if (r < 0)
			return r;
	}
	errno = EIO;
	return printer->format->print_node(printer->stream, &printed) < 0 ? -errno : 0;
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

		if (format->once && table_find(table, node->name) != node)
			continue;
		r = i > 0 ? print_text(printer->stream, format->separator) : 0;
		if (r == 0)
			r = print_table_node(printer, node);
		if (r < 0)
			return r;
	}
	return print_text(printer->stream, format->tail);
}

static const struct print_format *const formats[] = {
	[KMOD_DEVNAME_FORMAT_HUMAN] = &format_human,
	[KMOD_DEVNAME_FORMAT_TMPFILES] = &format_tmpfiles,
	[KMOD_DEVNAME_FORMAT_DEVNAME] = &format_devname,
	[KMOD_DEVNAME_FORMAT_MKNOD] = &format_mknod,
	[KMOD_DEVNAME_FORMAT_CPIO] = &format_cpio,
	[KMOD_DEVNAME_FORMAT_DEVICE_TABLE] = &format_device_table,
	[KMOD_DEVNAME_FORMAT_JSON] = &format_json,
};

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

const char *kmod_devname_format_to_string(enum kmod_devname_format format)
{
	return (size_t)format < N_FORMATS ? formats[format]->name : NULL;
}

/* NULL: there is no such format, or none with these flags. */
static const struct print_format *find_format(enum kmod_devname_format format, unsigned int flags)
{
	if (flags == KMOD_DEVNAME_CREATE_ONLY && format == KMOD_DEVNAME_FORMAT_TMPFILES)
		return &format_tmpfiles_create_only;
	return flags == 0 && (size_t)format < N_FORMATS ? formats[format] : NULL;
}

int kmod_devname_table_write_format(const struct kmod_devname_table *table,
				    enum kmod_devname_format format,
				    const struct kmod_devname_permissions *permissions,
				    unsigned int flags, FILE *stream)
{
	struct printer printer = {
		.format = find_format(format, flags),
		.permissions = permissions,
		.stream = stream,
	};
	int r;

	if (!printer.format)
		return -EINVAL;
	if (ferror(stream))
		return -EIO;
	r = print_table(&printer, table);
	tdestroy(printer.directories, free);
	if (r < 0)
		return r;
	errno = EIO;
	return fflush(stream) != 0 ? -errno : 0;
}
