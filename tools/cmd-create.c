// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * create: modules.devname -> nodes below a device directory.
 *
 * The nodes of all kernels are read into one table, then the permissions of these nodes, either one
 * mode or those of udev's rules. The library makes the nodes, and returns for each of them whether
 * it was made, replaced or kept. Its report has the nodes that it could not make.
 */

#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "dev/devdir.h"
#include "input.h"
#include "node/table.h"

enum {
	KEY_CREATE_MODE = 256,
	KEY_CREATE_REPLACE,
};

static const struct option_spec create_options[] = {
	{ KEY_DEV, "dev", "DIR", "device directory (default: dev in the basedir)" },
	{ KEY_CREATE_MODE, "mode", "MODE", "mode of new nodes, octal (default: 0600)" },
	UDEV_OPTIONS,
	UDEV_PERMISSIONS_OPTION,
	{ KEY_CREATE_REPLACE, "replace", NULL, "replace device nodes with another type or number" },
	{ 'n', "dry-run", NULL, "print the nodes that would be created" },
	{ KEY_INPUT, "input", "FILE", "read this modules.devname; - is standard input" },
	{ 0 },
};

struct create {
	struct common common;
	mode_t mode;
	unsigned int flags;
	/* set while the nodes are made: */
	int dev_fd;
	char *dev_path; /* for messages */
	struct kmod_devname_permissions *permissions;
};

/* At most 0777: other bits have no meaning for a device node. */
static bool parse_create_mode(struct create *create, const char *value)
{
	size_t size = strlen(value);

	if ((size <= 3 || (size == 4 && value[0] == '0')) &&
	    syntax_parse_mode(value, &create->mode))
		return true;
	say("--mode: '%s' is not an octal number from 0 to 0777", value);
	return false;
}

static bool parse_create_option(void *data, int key)
{
	struct create *create = data;

	switch (key) {
	case KEY_CREATE_MODE:
		return parse_create_mode(create, optarg);
	case KEY_CREATE_REPLACE:
		create->flags |= KMOD_DEVNAME_MAKE_REPLACE;
		return true;
	default:
		create->flags |= KMOD_DEVNAME_MAKE_DRY_RUN;
		return true;
	}
}

static enum status open_dev(struct create *create, const struct kernels *kernels)
{
	const char *dev = create->common.dev;

	if (dev) {
		create->dev_path = xstrdup(dev);
		create->dev_fd = open_path(dev, O_RDONLY | O_DIRECTORY);
	} else {
		create->dev_path = join_path(base_directory(&create->common), "dev");
		create->dev_fd = open_in_root(kernels->root_fd, "dev", O_RDONLY | O_DIRECTORY);
	}
	return create->dev_fd < 0 ? say_failure(create->dev_path, create->dev_fd) : STATUS_CLEAN;
}

/*
 * Prints a node that would be made, or with --verbose one that was made, such as "c10:200 0666 0
 * 0". Owners are numbers, since another root directory has other names for them.
 */
static void print_made_node(const struct create *create, const struct kmod_devname_node *node,
			    enum kmod_devname_outcome outcome)
{
	const char *name = node->name;
	const struct kmod_devname_permission *permission =
		kmod_devname_permissions_get(create->permissions, name);
	bool is_replaced = outcome == KMOD_DEVNAME_OUTCOME_REPLACED;
	char number[SYNTAX_NUMBER_SIZE], text[80];

	if (outcome != KMOD_DEVNAME_OUTCOME_MADE && !is_replaced)
		return;
	(void)snprintf(text, sizeof(text), "%s %04o %u %u",
		       syntax_format_number(&node->number, number), (unsigned int)permission->mode,
		       (unsigned int)permission->uid, (unsigned int)permission->gid);
	if (create->flags & KMOD_DEVNAME_MAKE_DRY_RUN)
		printf("%s %s %s\n", is_replaced ? "replace" : "create", name, text);
	else if (create->common.verbose)
		say("%s/%s: %s, %s", create->dev_path, name, is_replaced ? "replaced" : "made",
		    text);
}

/* With --verbose: how many nodes there are now, and how many of them are new. */
static void print_made_total(const struct create *create, const int *outcomes, size_t n)
{
	size_t made = 0, kept = 0;

	if (!create->common.verbose || create->flags & KMOD_DEVNAME_MAKE_DRY_RUN)
		return;
	for (size_t i = 0; i < n; i++) {
		made += outcomes[i] == KMOD_DEVNAME_OUTCOME_MADE ||
			outcomes[i] == KMOD_DEVNAME_OUTCOME_REPLACED;
		kept += outcomes[i] == KMOD_DEVNAME_OUTCOME_KEPT;
	}
	say("%s: %zu of %zu nodes exist, %zu made", create->dev_path, made + kept, n, made);
}

static enum status create_nodes(struct create *create, const struct kernels *kernels)
{
	_cleanup_table_ struct kmod_devname_table *table = xtable_new();
	_cleanup_free_ int *outcomes = NULL;
	_cleanup_free_ char *where = describe_dev_options(&create->common);
	struct kmod_devname_report *report;
	enum status status = open_dev(create, kernels);
	size_t size;
	bool exists;
	int r;

	if (status != STATUS_CLEAN)
		return status;
	status = input_read(kernels, table, &exists);
	if (status == STATUS_FAILED)
		return STATUS_FAILED;
	status = worse(status, read_permissions(&create->common, create->mode, kernels->root_fd,
						table, &create->permissions));
	if (status == STATUS_FAILED)
		return STATUS_FAILED;
	size = kmod_devname_table_size(table);
	outcomes = xcalloc(size + 1, sizeof(*outcomes));
	report = xreport_new();
	r = table_make_nodes_where(table, report, create->dev_fd, where, create->permissions,
				   create->flags, outcomes, size);
	for (size_t i = 0; i < size; i++)
		print_made_node(create, kmod_devname_table_get(table, i), outcomes[i]);
	print_made_total(create, outcomes, size);
	return worse(status,
		     finish_report(report, r, create->dev_path, create->dev_path, &create->common));
}

static int run_create(const struct command *command, int argc, char **argv)
{
	struct create create = { .mode = DEFAULT_MODE, .dev_fd = -1 };
	_cleanup_kernels_ struct kernels kernels = { .root_fd = -1 };
	enum status status;

	if (!parse_options(command, argc, argv, &create.common, parse_create_option, &create,
			   &status))
		return status;
	/* a new node has its mode from the start, and no other mode for a moment */
	(void)umask(0);
	status = input_find(&kernels, &create.common, argv + optind, argc - optind);
	if (status == STATUS_CLEAN)
		status = create_nodes(&create, &kernels);
	kmod_devname_permissions_unref(create.permissions);
	free(create.dev_path);
	close_fd(&create.dev_fd);
	return finish_output(status);
}

const struct command cmd_create = {
	.name = "create",
	.summary = "create the nodes of modules.devname",
	.description = "Read modules.devname of each kernel, and create its nodes in a device\n"
		       "directory. Existing nodes are kept.",
	.options = create_options,
	.run = run_create,
};
