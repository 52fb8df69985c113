// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * static-nodes: the nodes of modules.devname in the formats of other programs.
 *
 * It stands in for "kmod static-nodes" in kmod-static-nodes.service: options, output and exit
 * status are the same for valid files, and a missing file is no failure. The nodes of several
 * kernels become one table, and the library prints that in the format wanted.
 */

#include <errno.h>
#include <string.h>

#include "input.h"
#include "output.h"
#include "text/replace.h"

#define KEY_NODES_CREATE_ONLY 256

static const char *get_format(int i)
{
	return kmod_devname_format_to_string((enum kmod_devname_format)i);
}

static const struct option_spec static_nodes_options[] = {
	{ 'f', "format", "FORMAT", "format to print (default: human)" },
	{ 'o', "output", "FILE", "write to this file; - is standard output" },
	{ KEY_INPUT, "input", "FILE", "read this file instead; - is standard input" },
	UDEV_OPTIONS,
	UDEV_PERMISSIONS_OPTION,
	{ KEY_NODES_CREATE_ONLY, "create-only", NULL,
	  "tmpfiles: keep mode and owner of existing nodes" },
	{ 0 },
};

struct static_nodes_command {
	struct common common;
	enum kmod_devname_format format;
	unsigned int flags;
	const char *output; /* NULL: standard output */
};

static bool parse_format(struct static_nodes_command *nodes, const char *name)
{
	int i = find_value("--format", get_format, name, strlen(name));

	if (i >= 0)
		nodes->format = (enum kmod_devname_format)i;
	return i >= 0;
}

static bool parse_static_nodes_option(void *data, int key)
{
	struct static_nodes_command *nodes = data;

	switch (key) {
	case 'f':
		return parse_format(nodes, optarg);
	case 'o':
		nodes->output = strcmp(optarg, "-") == 0 ? NULL : optarg;
		return true;
	default:
		nodes->flags |= KMOD_DEVNAME_PRINT_CREATE_ONLY;
		return true;
	}
}

/* The file is replaced with the whole text, so that a failure leaves the old file. */
static enum status write_nodes_to_file(const struct static_nodes_command *nodes,
				       const struct kmod_devname_table *table,
				       const struct kmod_devname_permissions *permissions)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	struct target target;
	enum status status;
	int r;

	if (!stream)
		die_without_memory();
	r = kmod_devname_table_print(table, nodes->format, permissions, nodes->flags, stream);
	/* glibc frees the text if it has no memory to make it smaller, and reports no error */
	if (fclose(stream) != 0 || !text)
		die_without_memory();
	if (r < 0)
		return say_failure(nodes->output, r);
	status = target_file(nodes->output, true, &target);
	if (status != STATUS_CLEAN)
		return status;
	r = replace_file(target.dir_fd, target.name, text, size);
	if (r < 0 || r == REPLACED_UNSYNCED)
		status = say_failure(target.path, r < 0 ? r : -EIO);
	else if (nodes->common.verbose)
		say("%s: %zu nodes, %s", target.path, kmod_devname_table_size(table),
		    r > 0 ? "written" : "unchanged");
	target_done(&target);
	return status;
}

/* Without any modules.devname the output file stays as it is, as with kmod. */
static enum status convert_nodes(const struct static_nodes_command *nodes,
				 const struct kernels *kernels)
{
	_cleanup_table_ struct kmod_devname_table *table = xtable_new();
	_cleanup_permissions_ struct kmod_devname_permissions *permissions = NULL;
	bool exists;
	enum status status = input_read(kernels, table, &exists);
	int r;

	if (status == STATUS_FAILED || (nodes->output && !exists))
		return status;
	status = worse(status, read_permissions(&nodes->common, DEFAULT_MODE, kernels->root_fd,
						table, &permissions));
	if (status == STATUS_FAILED)
		return STATUS_FAILED;
	if (nodes->output)
		return worse(status, write_nodes_to_file(nodes, table, permissions));
	r = kmod_devname_table_print(table, nodes->format, permissions, nodes->flags, stdout);
	return r < 0 ? say_failure("standard output", r) : status;
}

static int run_static_nodes(const struct command *command, int argc, char **argv)
{
	struct static_nodes_command nodes = { 0 };
	_cleanup_kernels_ struct kernels kernels = { .root_fd = -1 };
	enum status status;

	if (!parse_options(command, argc, argv, &nodes.common, parse_static_nodes_option, &nodes,
			   &status))
		return status;
	if (nodes.flags != 0 && nodes.format != KMOD_DEVNAME_FORMAT_TMPFILES) {
		say("--create-only needs --format=tmpfiles");
		return STATUS_FAILED;
	}
	status = input_find(&kernels, &nodes.common, argv + optind, argc - optind);
	if (status == STATUS_CLEAN)
		status = convert_nodes(&nodes, &kernels);
	return finish_output(status);
}

const struct command cmd_static_nodes = {
	.name = "static-nodes",
	.summary = "print the nodes for systemd-tmpfiles and other programs",
	.description = "Print the nodes in modules.devname of each kernel, in the formats of\n"
		       "\"kmod static-nodes\" and in others.",
	.options = static_nodes_options,
	.value_key = 'f',
	.get_value = get_format,
	.run = run_static_nodes,
};
