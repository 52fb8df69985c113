// SPDX-License-Identifier: LGPL-2.1-or-later
/* Table -> text in one of the output formats: which there are, and the order of what they write. */

#include <errno.h>
#include <string.h>

#include "text/print.h"
#include "text/paths.h"
#include "node/permissions.h"

static const struct format *const formats[] = {
	[KMOD_DEVNAME_FORMAT_HUMAN] = &format_human,
	[KMOD_DEVNAME_FORMAT_TMPFILES] = &format_tmpfiles,
	[KMOD_DEVNAME_FORMAT_DEVNAME] = &format_devname,
	[KMOD_DEVNAME_FORMAT_MKNOD] = &format_mknod,
	[KMOD_DEVNAME_FORMAT_CPIO] = &format_cpio,
	[KMOD_DEVNAME_FORMAT_DEVICE_TABLE] = &format_device_table,
	[KMOD_DEVNAME_FORMAT_JSON] = &format_json,
};

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

struct writer {
	const struct format *format;
	const struct kmod_devname_permissions *permissions;
	FILE *stream;
	struct paths directories; /* that have been written */
	struct paths names;
};

const char *kmod_devname_format_to_string(enum kmod_devname_format format)
{
	return (size_t)format < N_FORMATS ? formats[format]->name : NULL;
}

/* NULL: there is no such format, or none with these flags. */
static const struct format *find_format(enum kmod_devname_format format, unsigned int flags)
{
	if (flags == KMOD_DEVNAME_CREATE_ONLY && format == KMOD_DEVNAME_FORMAT_TMPFILES)
		return &format_tmpfiles_create_only;
	return flags == 0 && (size_t)format < N_FORMATS ? formats[format] : NULL;
}

static struct entry make_entry(const struct kmod_devname_node *node,
			       const struct kmod_devname_permissions *permissions)
{
	struct entry entry = {
		.module = kmod_devname_node_get_module(node),
		.name = kmod_devname_node_get_name(node),
		.type = kmod_devname_node_get_type(node),
		.major = kmod_devname_node_get_major(node),
		.minor = kmod_devname_node_get_minor(node),
		.mode = PERMISSIONS_PLAIN_MODE,
	};
	const struct kmod_devname_permission *permission;

	if (!permissions)
		return entry;
	permission = kmod_devname_permissions_get(permissions, entry.name);
	entry.mode = kmod_devname_permission_get_mode(permission);
	entry.uid = kmod_devname_permission_get_uid(permission);
	entry.gid = kmod_devname_permission_get_gid(permission);
	entry.user = kmod_devname_permission_get_user(permission);
	entry.group = kmod_devname_permission_get_group(permission);
	return entry;
}

static int write_text(FILE *stream, const char *text)
{
	errno = EIO; /* should the stream not say why */
	return text && fputs(text, stream) < 0 ? -errno : 0;
}

/* Each directory comes once, behind its parent and before the first node in it. */
static int write_directories(struct writer *writer, const char *name)
{
	const char *slash = name;
	int r = 0;

	while (r >= 0 && (slash = strchr(slash, '/'))) {
		r = paths_add(&writer->directories, name, (size_t)(slash - name));
		errno = EIO;
		if (r > 0 &&
		    writer->format->write_directory(writer->stream, name, (int)(slash - name)) < 0)
			r = -errno;
		slash++;
	}
	return r < 0 ? r : 0;
}

static int write_entry(struct writer *writer, const struct entry *entry)
{
	int r = writer->format->once ? paths_add(&writer->names, entry->name, strlen(entry->name))
				     : 1;

	if (r <= 0)
		return r;
	r = writer->format->write_directory ? write_directories(writer, entry->name) : 0;
	if (r < 0)
		return r;
	errno = EIO;
	return writer->format->write_node(writer->stream, entry) < 0 ? -errno : 0;
}

static int write_table(struct writer *writer, const struct kmod_devname_table *table)
{
	int r = write_text(writer->stream, writer->format->head);

	for (size_t i = 0; i < kmod_devname_table_size(table) && r == 0; i++) {
		const struct entry entry =
			make_entry(kmod_devname_table_get(table, i), writer->permissions);

		if (i > 0)
			r = write_text(writer->stream, writer->format->separator);
		if (r == 0)
			r = write_entry(writer, &entry);
	}
	return r == 0 ? write_text(writer->stream, writer->format->tail) : r;
}

int kmod_devname_table_write_format(const struct kmod_devname_table *table,
				    enum kmod_devname_format format,
				    const struct kmod_devname_permissions *permissions,
				    unsigned int flags, FILE *stream)
{
	struct writer writer = { .format = find_format(format, flags),
				 .permissions = permissions,
				 .stream = stream };
	int r;

	if (!writer.format)
		return -EINVAL;
	if (ferror(stream))
		return -EIO;
	r = write_table(&writer, table);
	errno = EIO;
	if (r == 0 && fflush(stream) != 0)
		r = -errno;
	paths_done(&writer.directories);
	paths_done(&writer.names);
	return r;
}
