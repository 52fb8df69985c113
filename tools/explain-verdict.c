// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain: the obstacles of the node, and the sentence that sums up all of them. Those of the
 * modules come between (explain-modules.c).
 */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "explain.h"
#include "input.h"
#include "modprobe/modprobe.h"
#include "node/table.h"

struct explained_obstacle *explain_hinder(struct explain *explain, const char *kind,
					  const char *format, ...)
{
	struct explained_obstacle *obstacle = xcalloc(1, sizeof(*obstacle));
	va_list args;

	va_start(args, format);
	*obstacle = (struct explained_obstacle){ kind, NULL, 0, xvasprintf(format, args) };
	va_end(args);
	xlist_push(&explain->obstacles, obstacle);
	return obstacle;
}

/* --- the node ------------------------------------------------------------------------------ */

/* 1, 0 or a negative errno. */
static int has_module_of_name(const struct explain *explain, const char *module)
{
	_cleanup_report_ struct kmod_devname_report *report = xreport_new();
	struct modprobe_system system;
	int r = system_open(&system, explain->kernels.root_fd, explain->kernel->directory, false,
			    report);

	if (r < 0)
		return is_missing(r) ? 0 : r;
	r = system_find_dependencies(&system, module) != NULL;
	system_done(&system);
	return r;
}

/* The name may be that of a module, or a node may have it in another directory. */
static int hinder_undeclared(struct explain *explain)
{
	_cleanup_free_ char *wanted = xstrdup(explain->name);
	int r;

	syntax_normalise_module_name(wanted);
	for (size_t i = 0; i < kmod_devname_table_size(explain->table); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(explain->table, i);

		if (strcmp(node->module, wanted) != 0 &&
		    strcmp(syntax_base_name(node->name), explain->name) != 0)
			continue;
		explain_hinder(explain, "absent",
			       FILE_NAME " has no such name; did you mean %s (module %s)?",
			       node->name, node->module);
		return 0;
	}
	r = has_module_of_name(explain, wanted);
	if (r > 0)
		explain_hinder(
			explain, "absent",
			"module %s declares no number for it, so only loading can make it, if the "
			"module makes a node at all; see modules-load.d(5)",
			wanted);
	else if (r == 0)
		explain_hinder(explain, "absent", FILE_NAME " of %s %s", explain->kernel->version,
			       kmod_devname_table_size(explain->table) > 0
				       ? "has no such name"
				       : "is missing or empty; run kmod-devname generate");
	return r < 0 ? r : 0;
}

static int hinder_absent(struct explain *explain)
{
	const struct kmod_devname_node *builtin =
		kmod_devname_table_find_name(explain->builtin, explain->name);

	if (explain->node.link)
		explain_hinder(explain, "absent", "the link leads %s, or remove the link",
			       explain->node.error == ELOOP ? "in a circle; break that"
							    : "to no file; make that");
	else if (!explain->has_number)
		return hinder_undeclared(explain);
	else if (explain_is_made_at_boot(explain))
		return 0;
	else if (builtin)
		explain_hinder(explain, "absent",
			       "built-in module %s has not made it; look for its device in dmesg",
			       builtin->module);
	else
		explain_hinder(explain, "absent",
			       FILE_NAME " has it, and it was not made; run kmod-devname create%s",
			       explain->where);
	return 0;
}

static void hinder_denied(struct explain *explain)
{
	const struct explained_node *node = &explain->node;

	if (node->error == EPERM)
		explain_hinder(explain, "denied",
			       "this container may not use it; allow that where it is set up");
	else if (node->rules && node->may_gain && explain->is_host && !explain->dev)
		explain_hinder(
			explain, "denied",
			"udev's rules give another mode; run systemctl restart systemd-udevd");
	else if (node->rules && node->may_gain)
		explain_hinder(
			explain, "denied",
			"udev's rules give another mode; remove it, and run kmod-devname create "
			"--udev%s",
			explain->where);
	else if (node->mode & 0060 && node->gid != 0)
		explain_hinder(explain, "denied",
			       "it is for user %s and group %s; run usermod -aG %s %s, and log in",
			       node->user, node->group, node->group,
			       explain->user ? explain->user : "USER");
	else
		explain_hinder(
			explain, "denied",
			"it is for user %s alone; write a udev rule with GROUP and static_node",
			node->user);
}

static void judge_device(struct explain *explain)
{
	const struct explained_node *node = &explain->node;
	const struct kmod_devname_node *declared = explain_find_declared(explain);
	char is[SYNTAX_NUMBER_SIZE], wanted[SYNTAX_NUMBER_SIZE];

	if (node->is_judged && !node->may_read && !node->may_write)
		hinder_denied(explain);
	if (node->is_nodev && explain->is_host) {
		explain_hinder(explain, "nodev",
			       "its file system is mounted nodev; remount it with the option dev");
		explain->node.error = EACCES;
	}
	if (!declared || syntax_same_number(&declared->number, &node->number))
		return;
	/* create replaces a device node, and nothing else */
	explain_hinder(explain, "wrong-number", "%s %s, not %s of module %s; %s%s",
		       node->link ? "the link leads to" : "it has",
		       syntax_format_number(&node->number, is),
		       syntax_format_number(&declared->number, wanted), declared->module,
		       node->link ? "remove it, and run kmod-devname create"
				  : "run kmod-devname create --replace",
		       explain->where);
}

static int judge_node(struct explain *explain)
{
	enum explained_state state = explain->node.state;

	if (state == EXPLAINED_ABSENT)
		return hinder_absent(explain);
	if (state == EXPLAINED_OBSTRUCTED)
		explain_hinder(explain, "obstructed", "a file has the name of its directory%s",
			       explain->has_number ? "; remove it" : "");
	else if (state == EXPLAINED_HIDDEN)
		explain_hinder(explain, "denied",
			       "you may not search its directory; look at its mode");
	else if (state == EXPLAINED_OTHER)
		explain_hinder(explain, "no-device", "it is not a device node%s%s",
			       explain->has_number ? "; remove it, and run kmod-devname create"
						   : "",
			       explain->has_number ? explain->where : "");
	else if (state == EXPLAINED_DEVICE)
		judge_device(explain);
	return 0;
}

/* --- the sentence -------------------------------------------------------------------------- */

/* In the words of open(2) where it is the node. */
static char *describe_failure(const struct explain *explain,
			      const struct explained_modules *modules)
{
	if (explain->error > 0)
		return xasprintf("opening it fails: %s", strerror(explain->error));
	if (strcmp(explain->result, "no-device") == 0)
		return xstrdup("opening it reaches no device");
	if (strcmp(explain->result, "wrong-number") == 0)
		return xstrdup("opening it reaches another driver");
	if (!modules->names && strcmp(explain->result, "command") == 0)
		return xstrdup("opening it runs a command");
	if (!modules->names || strcmp(explain->result, "disabled") == 0)
		return xstrdup("opening it loads nothing");
	return xasprintf("opening it loads %s%s%s", modules->names,
			 modules->missing ? ", and not " : "",
			 modules->missing ? modules->missing : "");
}

static void conclude(struct explain *explain, const struct explained_modules *modules)
{
	if (explain->obstacles.size > 0) {
		const struct explained_obstacle *first = explain->obstacles.items[0];

		explain->result = first->kind;
		explain->verdict = describe_failure(explain, modules);
	} else if (explain->driver) {
		explain->result = "driver";
		explain->verdict = xasprintf("opening it reaches driver %s", explain->driver);
	} else if (modules->value == VERDICT_LOADS) {
		explain->result = "loads";
		explain->verdict = xasprintf("opening it loads %s", modules->names);
	} else {
		explain->result = resolution_verdict_to_string(modules->value);
		explain->verdict =
			xasprintf("opening it reaches %s, which is %s", modules->names,
				  modules->value == VERDICT_LOADED ? "loaded" : "built in");
	}
}

int explain_judge(struct explain *explain)
{
	struct explained_modules modules = { .value = VERDICT_NO_MODULE };
	int r;

	explain->where = describe_dev_options(&explain->common, explain->dev);
	r = judge_node(explain);
	explain->error = explain->obstacles.size > 0 ? explain->node.error : 0;
	if (r == 0 && explain->has_number && explain->is_running)
		r = explain_find_driver(explain);
	if (r == 0 && explain->has_number && !explain->driver)
		r = explain_judge_number(explain, &modules);
	/* a file of modprobe.d that the user may not read does not change what is known */
	if (r == -EACCES && explain->obstacles.size > 0)
		r = 0;
	if (r == 0)
		conclude(explain, &modules);
	free(modules.names);
	return r;
}
