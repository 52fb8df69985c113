// SPDX-License-Identifier: GPL-2.0-or-later
/* create: modules.devname -> nodes below a device directory. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input.h"
#include "kernels.h"
#include "options.h"

enum {
	KEY_DEV = 256,
	KEY_MODE,
	KEY_UDEV_PERMISSIONS,
	KEY_REPLACE,
	KEY_INPUT,
};

static const struct option_spec options[] = {
	{ KEY_DEV, "dev", "DIR", "device directory (default: dev in the base dir)" },
	{ KEY_MODE, "mode", "MODE", "mode of new nodes, octal (default: 0600)" },
	{ KEY_UDEV_PERMISSIONS, "udev-permissions", "[=ROOT]",
	  "mode and owner from the udev rules of ROOT\n"
	  "                            (default: the base directory)" },
	{ KEY_REPLACE, "replace", NULL, "replace device nodes that have another number" },
	{ 'n', "dry-run", NULL, "print what would be made and make nothing" },
	{ KEY_INPUT, "input", "FILE", "read this modules.devname; - is standard input" },
	{ 0 },
};

struct create {
	struct common common;
	const char *dev;
	mode_t mode;
	const char *udev_permissions; /* NULL: not given; "": of the base directory */
	unsigned int flags;
	const char *input;
	/* and while it is under way: */
	int dev_fd;
	char *dev_path; /* for messages */
	struct kmod_devname_table *table;
	struct kmod_devname_permissions *permissions;
};

static bool take_mode(struct create *create, const char *value)
{
	size_t digits = strspn(value, "01234567");

	if (digits > 0 && digits <= 4 && value[digits] == '\0') {
		create->mode = (mode_t)strtoul(value, NULL, 8);
		if (create->mode <= 0777)
			return true;
	}
	say("--mode: '%s' is not an octal number from 0 to 0777", value);
	return false;
}

static bool take_option(void *data, int key)
{
	struct create *create = data;

	switch (key) {
	case KEY_DEV:
		create->dev = optarg;
		return true;
	case KEY_MODE:
		return take_mode(create, optarg);
	case KEY_UDEV_PERMISSIONS:
		create->udev_permissions = optarg ? optarg : "";
		return true;
	case KEY_REPLACE:
		create->flags |= KMOD_DEVNAME_REPLACE;
		return true;
	case 'n':
		create->flags |= KMOD_DEVNAME_DRY_RUN;
		return true;
	default:
		create->input = optarg;
		return true;
	}
}

static enum status open_dev(struct create *create, const struct kernels *kernels)
{
	const char *base = create->common.basedir ? create->common.basedir : "/";

	if (create->dev) {
		create->dev_path = strdup(create->dev);
		create->dev_fd = open_path(create->dev, DIRECTORY_FLAGS);
	} else {
		create->dev_path = join_path(base, "dev");
		create->dev_fd =
			kmod_devname_open_in_root(kernels->root_fd, "dev", DIRECTORY_FLAGS);
	}
	if (!create->dev_path)
		return say_failure("create", -ENOMEM);
	return create->dev_fd < 0 ? say_failure(create->dev_path, create->dev_fd) : STATUS_CLEAN;
}

/* "c10:200 0666 0 0", as it is made: numbers, since names mean others in another root. */
static void describe_node(const struct create *create, const struct kmod_devname_node *node,
			  char text[static 80])
{
	const struct kmod_devname_permission *permission =
		kmod_devname_permissions_get(create->permissions, kmod_devname_node_get_name(node));

	(void)snprintf(text, 80, "%c%u:%u %04o %u %u",
		       S_ISCHR(kmod_devname_node_get_type(node)) ? 'c' : 'b',
		       kmod_devname_node_get_major(node), kmod_devname_node_get_minor(node),
		       (unsigned int)kmod_devname_permission_get_mode(permission),
		       (unsigned int)kmod_devname_permission_get_uid(permission),
		       (unsigned int)kmod_devname_permission_get_gid(permission));
}

/* What was made is said if wanted; what would be made is printed. */
static void print_outcome(const struct create *create, const struct kmod_devname_node *node,
			  enum kmod_devname_outcome outcome)
{
	const char *name = kmod_devname_node_get_name(node);
	char text[80];

	if (outcome != KMOD_DEVNAME_MADE && outcome != KMOD_DEVNAME_REPLACED)
		return;
	describe_node(create, node, text);
	if (create->flags & KMOD_DEVNAME_DRY_RUN)
		printf("%s %s %s\n", outcome == KMOD_DEVNAME_MADE ? "create" : "replace", name,
		       text);
	else if (create->common.verbose)
		say("%s/%s: %s, %s", create->dev_path, name,
		    outcome == KMOD_DEVNAME_MADE ? "made" : "replaced", text);
}

/* Releases the report. */
static enum status make_nodes(const struct create *create, struct kmod_devname_report *report,
			      enum kmod_devname_outcome *outcomes)
{
	int r = kmod_devname_table_create(create->table, report, create->dev_fd,
					  create->permissions, create->flags, outcomes);

	for (size_t i = 0; i < kmod_devname_table_size(create->table); i++)
		print_outcome(create, kmod_devname_table_get(create->table, i), outcomes[i]);
	return finish_report(report, r, create->dev_path, create->dev_path, &create->common);
}

static enum status create_nodes(const struct create *create)
{
	enum kmod_devname_outcome *outcomes =
		calloc(kmod_devname_table_size(create->table) + 1, sizeof(*outcomes));
	struct kmod_devname_report *report;
	enum status status;

	if (outcomes && kmod_devname_report_new(&report) == 0)
		status = make_nodes(create, report, outcomes);
	else
		status = say_failure(create->dev_path, -ENOMEM);
	free(outcomes);
	return status;
}

static enum status create_from(struct create *create, const struct kernels *kernels)
{
	enum status status = open_dev(create, kernels);

	if (status != STATUS_CLEAN)
		return status;
	if (kmod_devname_table_new(&create->table) < 0)
		return say_failure(create->dev_path, -ENOMEM);
	status = input_read(create->input, kernels, &create->common, create->table);
	if (status != STATUS_FAILED)
		status = worse(status, read_permissions(create->udev_permissions, create->mode,
							kernels->root_fd, &create->common,
							create->table, &create->permissions));
	return status == STATUS_FAILED ? status : worse(status, create_nodes(create));
}

static void create_done(struct create *create)
{
	kmod_devname_permissions_unref(create->permissions);
	kmod_devname_table_unref(create->table);
	free(create->dev_path);
	if (create->dev_fd >= 0)
		(void)close(create->dev_fd);
}

static int run(const struct command *command, int argc, char **argv)
{
	struct create create = { .mode = DEFAULT_MODE, .dev_fd = -1 };
	struct kernels kernels;
	enum status status;

	if (!parse_options(command, argc, argv, &create.common, take_option, &create, &status))
		return status;
	/* then no mode has to be set after a node or a directory was made */
	(void)umask(0);
	status = input_find(create.input, &kernels, &create.common, argv + optind, argc - optind);
	if (status == STATUS_CLEAN)
		status = create_from(&create, &kernels);
	create_done(&create);
	kernels_done(&kernels);
	return finish_output(status);
}

const struct command cmd_create = {
	.name = "create",
	.summary = "make the nodes of modules.devname",
	.description = "Reads modules.devname of each kernel and makes its nodes in a device\n"
		       "directory. What is there already is kept.",
	.options = options,
	.run = run,
};
