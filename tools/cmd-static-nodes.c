// SPDX-License-Identifier: GPL-2.0-or-later
/* static-nodes: the nodes of modules.devname in the formats of other programs. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "output.h"
#include "options.h"

enum {
	KEY_INPUT = 256,
	KEY_UDEV_PERMISSIONS,
	KEY_CREATE_ONLY,
};

static const struct option_spec options[] = {
	{ 'f', "format", "FORMAT",
	  "human, tmpfiles, devname, mknod, cpio, device-table\n"
	  "                            or json (default: human)" },
	{ 'o', "output", "FILE", "replace this file; - is standard output" },
	{ KEY_INPUT, "input", "FILE", "read this file instead; - is standard input" },
	{ KEY_UDEV_PERMISSIONS, "udev-permissions", "[=ROOT]",
	  "mode and owner from the udev rules of ROOT\n"
	  "                            (default: the base directory)" },
	{ KEY_CREATE_ONLY, "create-only", NULL, "tmpfiles: leave mode and owner of what exists" },
	{ 0 },
};

struct static_nodes {
	struct common common;
	enum kmod_devname_format format;
	unsigned int flags;
	const char *output; /* NULL: standard output */
	const char *input; /* NULL: the files of kernels */
	const char *udev_root; /* NULL: no udev rules; "": those of the base directory */
};

static void say_no_format(const char *name)
{
	char *known = strdup(""), *longer;
	const char *format;

	for (int i = 0;
	     known && (format = kmod_devname_format_to_string((enum kmod_devname_format)i)); i++) {
		if (asprintf(&longer, "%s%s%s", known, i > 0 ? ", " : "", format) < 0)
			longer = NULL;
		free(known);
		known = longer;
	}
	say("--format: '%s' is none of %s", name, known ? known : "those there are");
	free(known);
}

/* Returns whether the name was understood. */
static bool take_format(struct static_nodes *nodes, const char *name)
{
	const char *known;

	for (int i = 0; (known = kmod_devname_format_to_string((enum kmod_devname_format)i)); i++)
		if (strcmp(name, known) == 0) {
			nodes->format = (enum kmod_devname_format)i;
			return true;
		}
	say_no_format(name);
	return false;
}

static bool take_option(void *data, int key)
{
	struct static_nodes *nodes = data;

	switch (key) {
	case 'f':
		return take_format(nodes, optarg);
	case 'o':
		nodes->output = strcmp(optarg, "-") == 0 ? NULL : optarg;
		return true;
	case KEY_INPUT:
		nodes->input = optarg;
		return true;
	case KEY_UDEV_PERMISSIONS:
		nodes->udev_root = optarg ? optarg : "";
		return true;
	default:
		nodes->flags |= KMOD_DEVNAME_CREATE_ONLY;
		return true;
	}
}

/* Returns whether to go on; if not, *ret_status is the command's. */
static bool parse(struct static_nodes *nodes, const struct command *command, int argc, char **argv,
		  enum status *ret_status)
{
	if (!parse_options(command, argc, argv, &nodes->common, take_option, nodes, ret_status))
		return false;
	if (nodes->flags == 0 || nodes->format == KMOD_DEVNAME_FORMAT_TMPFILES)
		return true;
	say("--create-only is for --format=tmpfiles");
	*ret_status = STATUS_FAILED;
	return false;
}

/* The whole text first, so that a failure leaves the old file. */
static int format_text(const struct static_nodes *nodes, const struct kmod_devname_table *table,
		       const struct kmod_devname_permissions *permissions, char **ret_text,
		       size_t *ret_size)
{
	char *text = NULL;
	FILE *stream = open_memstream(&text, ret_size);
	int r;

	if (!stream)
		return -errno;
	r = kmod_devname_table_write_format(table, nodes->format, permissions, nodes->flags,
					    stream);
	/* glibc takes the text away if it has no memory to make it smaller, and says nothing */
	if (fclose(stream) != 0 || !text)
		r = -ENOMEM;
	if (r < 0)
		free(text);
	else
		*ret_text = text;
	return r;
}

static enum status replace_file(const struct static_nodes *nodes,
				const struct kmod_devname_table *table, const char *text,
				size_t size)
{
	struct target target;
	enum status status = target_file(nodes->output, true, &target);
	int r;

	if (status != STATUS_CLEAN)
		return status;
	r = kmod_devname_replace(target.dir_fd, target.name, text, size);
	if (r < 0)
		status = say_failure(target.path, r);
	else if (nodes->common.verbose)
		say("%s: %zu nodes, %s", target.path, kmod_devname_table_size(table),
		    r > 0 ? "written" : "unchanged");
	target_done(&target);
	return status;
}

static enum status write_file(const struct static_nodes *nodes,
			      const struct kmod_devname_table *table,
			      const struct kmod_devname_permissions *permissions)
{
	enum status status;
	size_t size = 0;
	char *text = NULL;
	int r = format_text(nodes, table, permissions, &text, &size);

	if (r < 0)
		return say_failure(nodes->output, r);
	status = replace_file(nodes, table, text, size);
	free(text);
	return status;
}

static enum status write_stdout(const struct static_nodes *nodes,
				const struct kmod_devname_table *table,
				const struct kmod_devname_permissions *permissions)
{
	int r = kmod_devname_table_write_format(table, nodes->format, permissions, nodes->flags,
						stdout);

	return r < 0 ? say_failure("standard output", r) : STATUS_CLEAN;
}

static enum status write_nodes(const struct static_nodes *nodes, int root_fd,
			       const struct kmod_devname_table *table)
{
	struct kmod_devname_permissions *permissions = NULL;
	enum status status = read_permissions(nodes->udev_root, DEFAULT_MODE, root_fd,
					      &nodes->common, table, &permissions);

	if (status != STATUS_FAILED)
		status = worse(status, nodes->output ? write_file(nodes, table, permissions)
						     : write_stdout(nodes, table, permissions));
	kmod_devname_permissions_unref(permissions);
	return status;
}

/* Without any modules.devname the file stays as it is: so does kmod. */
static enum status convert(const struct static_nodes *nodes, const struct kernels *kernels)
{
	struct kmod_devname_table *table;
	bool left_alone = nodes->output && !input_exists(nodes->input, kernels);
	enum status status;

	if (kmod_devname_table_new(&table) < 0)
		return say_failure("nodes", -ENOMEM);
	status = input_read(nodes->input, kernels, &nodes->common, table);
	if (status != STATUS_FAILED && !left_alone)
		status = worse(status, write_nodes(nodes, kernels->root_fd, table));
	kmod_devname_table_unref(table);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct static_nodes nodes = { 0 };
	struct kernels kernels;
	enum status status;

	if (!parse(&nodes, command, argc, argv, &status))
		return status;
	status = input_find(nodes.input, &kernels, &nodes.common, argv + optind, argc - optind);
	if (status == STATUS_CLEAN)
		status = convert(&nodes, &kernels);
	kernels_done(&kernels);
	return finish_output(status);
}

const struct command cmd_static_nodes = {
	.name = "static-nodes",
	.summary = "print the nodes for systemd-tmpfiles and other programs",
	.description =
		"Reads modules.devname of each kernel and prints its nodes in the formats of\n"
		"\"kmod static-nodes\" or in others.",
	.options = options,
	.run = run,
};
