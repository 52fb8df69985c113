// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * modules.devname, when depmod is done. The modules that depmod's new files do not spare are read;
 * if depmod has written no files, or these cannot be used, all modules are.
 *
 * A bad module gives no node and a message, and changes nothing else: depmod has succeeded, and its
 * callers undo the installation if it has not.
 */

#include <stdio.h>
#include <string.h>

#include "depmod/depmod.h"
#include "kernels.h"
#include "modules.h"
#include "output.h"
#include "tree/scan.h"

/* Errors are all that is printed, but for why an index cannot be used. */
static const struct common common = { .quiet = true };
static const struct common common_of_index = { .quiet = false };

/* Without the index of them nothing tells which modules the FILE operands of depmod are. */
static enum status say_unusable(const struct depmod_place *place)
{
	say("%s/%s: cannot be used, so %s is left as it is", place->to, INDEX_NAME, FILE_NAME);
	return STATUS_FAILED;
}

/* False if the table is short of what depmod may have seen, and this program cannot. */
static bool is_worth_writing(const struct depmod_place *place, const struct kmod_devname_scan *scan)
{
	/* of those that are listed only the FILE operands count */
	return (place->line->has_files || !scan_lacks_listed(scan)) && !scan_is_undecodable(scan);
}

/*
 * Paths of modules.dep that begin with a slash are those of the running system, for depmod and here
 * alike: the kernel is named by its path, so the root directory is that of the system.
 */
static enum status scan_modules(const struct depmod_place *place, const struct kernels *kernels,
				struct kmod_devname_scan *scan, bool is_new, int index_dir_fd,
				struct kmod_devname_report *report)
{
	enum status status = STATUS_CLEAN;
	int r = is_new ? scan_use_fresh_index(scan, index_dir_fd, !place->line->has_files,
					      place->list)
		       : 0;

	if (r < 0)
		return say_failure(place->to, r);
	if (r == 0 && place->line->has_files) {
		(void)print_report(report, place->to, &common_of_index);
		return say_unusable(place);
	}
	while ((r = kmod_devname_scan_step(scan)) > 0)
		;
	if (r == 0 && !place->line->outdir) {
		status = modules_keep(scan, kernels, &kernels->items[0], place->list);
		if (place->list_error < 0 &&
		    (!scan_was_complete(scan) || scan_count_unread(scan) > 0))
			say("%s/%s: warning: cannot read the list from before depmod ran: %s; "
			    "modules that were not read lose its lines",
			    place->to, FILE_NAME, strerror(-place->list_error));
	}
	(void)print_report(report, place->from, &common);
	if (r < 0)
		return say_failure(place->from, r);
	/* the list would be in another order than that of depmod */
	if (scan_has_unreadable_order(scan))
		return STATUS_FAILED;
	/* the depmod of busybox cuts two bytes off the names of some files */
	if (place->line->has_files && report_has(report, KMOD_DEVNAME_CODE_VANISHED))
		return say_unusable(place);
	return status;
}

/* The configuration is that of the running system, whatever the root directory: so depmod has it.
 */
static enum status read_modules(const struct depmod_place *place, bool is_new, int index_dir_fd,
				struct kmod_devname_table *table, bool *ret_is_worth)
{
	_cleanup_report_ struct kmod_devname_report *report = xreport_new();
	struct kmod_devname_config *config = NULL;
	struct kmod_devname_scan *scan = NULL;
	struct kernels kernels;
	enum status status = kernels_find(&kernels, &common, (char *[]){ place->from }, 1, false);
	int r;

	if (status == STATUS_CLEAN)
		status = read_depmod_config(&kernels, &kernels.items[0], &common,
					    place->line->configs, place->line->n_configs, &config);
	if (status != STATUS_FAILED) {
		r = kmod_devname_scan_new(kernels.root_fd, kernels.items[0].directory, table,
					  report, &scan);
		status = r < 0 ? say_failure(place->from, r) : STATUS_CLEAN;
	}
	if (scan) {
		(void)kmod_devname_scan_set_config(scan, config);
		status = scan_modules(place, &kernels, scan, is_new, index_dir_fd, report);
		*ret_is_worth = status != STATUS_FAILED && is_worth_writing(place, scan);
	}
	kmod_devname_scan_unref(scan);
	kmod_devname_config_unref(config);
	kernels_done(&kernels);
	return status;
}

bool refresh(const struct depmod_place *place, bool is_new)
{
	_cleanup_table_ struct kmod_devname_table *table = xtable_new();
	struct kernels kernels;
	struct target target;
	bool is_worth = false;
	enum status status = kernels_find(&kernels, &common, (char *[]){ place->to }, 1, false);

	if (status == STATUS_CLEAN)
		status = target_kernel(&kernels, &kernels.items[0], &target);
	if (status == STATUS_CLEAN) {
		target_lock(&target, &common);
		status = read_modules(place, is_new, target.dir_fd, table, &is_worth);
		if (status == STATUS_CLEAN && is_worth && target_write(&target, table) < 0)
			status = STATUS_FAILED;
		target_done(&target);
	}
	kernels_done(&kernels);
	return status == STATUS_CLEAN;
}
