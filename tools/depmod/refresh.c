// SPDX-License-Identifier: GPL-2.0-or-later
/* modules.devname, when depmod is done: from modules.alias, or else from the modules. */

#include <errno.h>
#include <stdio.h>

#include "depmod/depmod.h"
#include "kernels.h"
#include "output.h"
#include "modules.h"
#include "read-index.h"

/* Errors are all that is printed. */
static const struct common common = { .quiet = true };

static int scan(const struct kernels *kernels, struct kmod_devname_config *config,
		struct kmod_devname_table *table, struct kmod_devname_report *report)
{
	struct kmod_devname_scan *scan;
	int r = kmod_devname_scan_new(kernels->root_fd, kernels->items[0].directory, table, report,
				      &scan);

	if (r < 0)
		return r;
	r = kmod_devname_scan_set_config(scan, config);
	while (r == 0 && (r = kmod_devname_scan_step(scan)) > 0)
		r = 0;
	kmod_devname_scan_unref(scan);
	return r;
}

/* What a source gives. */
struct result {
	struct kmod_devname_table *table;
	struct kmod_devname_report *report;
};

static void result_done(struct result *result)
{
	result->table = kmod_devname_table_unref(result->table);
	result->report = kmod_devname_report_unref(result->report);
}

static int result_new(struct result *result)
{
	int r = kmod_devname_table_new(&result->table);

	return r < 0 ? r : kmod_devname_report_new(&result->report);
}

/* They change nothing; but that they could not be said does. */
static enum status say_findings(const struct result *result, const char *directory)
{
	enum status status = print_report(result->report, directory, &common);

	return status == STATUS_FINDINGS ? STATUS_CLEAN : status;
}

/* Returns whether that was enough; if not, the result is empty, or *ret_status is a failure. */
static bool take_index(const struct depmod_place *place, const struct kernels *kernels,
		       struct result *result, enum status *ret_status)
{
	int r = read_index(kernels, &kernels->items[0], result->table, result->report);

	*ret_status = STATUS_CLEAN;
	/* the index of busybox has two files of one module as if they were one */
	if (r == 0 || (r > 0 && report_has(result->report, KMOD_DEVNAME_AMBIGUOUS) &&
		       !place->line->has_files)) {
		result_done(result);
		r = result_new(result);
		if (r == 0)
			return false;
	}
	*ret_status = r < 0 ? say_failure(place->to, r) : say_findings(result, place->to);
	return true;
}

/* The configuration is that of the running system, whatever the root directory: so depmod has it.
 */
static enum status scan_kernel(const struct depmod_place *place, const struct kernels *kernels,
			       struct result *result)
{
	struct kmod_devname_config *config = NULL;
	enum status status =
		read_depmod_config(kernels, &kernels->items[0], &common, place->line->configs,
				   place->line->n_configs, &config);
	int r;

	if (status == STATUS_FAILED)
		return status;
	r = scan(kernels, config, result->table, result->report);
	status = say_findings(result, place->from);
	kmod_devname_config_unref(config);
	return r < 0 ? say_failure(place->from, r) : status;
}

static enum status take_modules(const struct depmod_place *place, struct result *result)
{
	struct kernels kernels;
	enum status status;

	if (place->line->has_files) {
		say("%s/%s: cannot be used, so %s is left as it is", place->to, INDEX_NAME,
		    FILE_NAME);
		return STATUS_FAILED;
	}
	status = kernels_find(&kernels, &common, (char *[]){ place->from }, 1, false);
	if (status == STATUS_CLEAN)
		status = scan_kernel(place, &kernels, result);
	kernels_done(&kernels);
	return status;
}

/*
 * A bad module gives no node, is named and changes nothing else: depmod has succeeded, and its
 * callers undo the installation if it has not.
 */
static enum status replace(const struct depmod_place *place, const struct kernels *kernels,
			   bool is_new, const struct target *target)
{
	struct result result = { NULL, NULL };
	enum status status = STATUS_CLEAN;
	int r = result_new(&result);

	if (r == 0) {
		if (!is_new || !take_index(place, kernels, &result, &status))
			status = take_modules(place, &result);
		if (status == STATUS_CLEAN)
			r = kmod_devname_table_replace(result.table, target->dir_fd, target->name);
	}
	if (r < 0)
		status = say_failure(target->path, r);
	result_done(&result);
	return status;
}

bool refresh(const struct depmod_place *place, bool is_new)
{
	struct kernels kernels;
	struct target target;
	enum status status = kernels_find(&kernels, &common, (char *[]){ place->to }, 1, false);

	if (status == STATUS_CLEAN)
		status = target_kernel(&kernels, &kernels.items[0], &target);
	if (status == STATUS_CLEAN) {
		target_lock(&target, &common);
		status = replace(place, &kernels, is_new, &target);
		target_done(&target);
	}
	kernels_done(&kernels);
	return status == STATUS_CLEAN;
}
