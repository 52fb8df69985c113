// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * depmod: the front end of depmod.
 *
 * It finds the real depmod (real.c) and the places where that may write (command-line.c), and runs
 * it with the same words. If depmod has succeeded, modules.devname is written again: the modules
 * that depmod's new files do not spare are read; if depmod has written no files, or these cannot be
 * used, all modules are. However depmod ends, by an exit status or a signal, is how the front end
 * ends; it adds only a failure of its own, 1.
 *
 * A bad module gives no node and a message, and changes nothing else: depmod has succeeded, and its
 * callers undo the installation if it has not.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "depmod/depmod.h"
#include "kernels.h"
#include "modules.h"
#include "output.h"

const char program_name[] = "depmod";
const int program_failure = EXIT_FAILURE;

/* Errors are all that is printed, but for why an index cannot be used. */
static const struct common common = { .quiet = true };
static const struct common common_of_index = { .quiet = false };

/* Whether the table has all that depmod has seen. A bad module makes no difference. */
static enum status judge_modules(const struct depmod_place *place,
				 const struct modules_result *result,
				 const struct kmod_devname_report *report, enum status status,
				 bool *ret_is_worth)
{
	bool has_files = place->line->has_files;
	const char *bad_index = result->bad_index;

	/* the depmod of busybox cuts two bytes off the names of some files */
	if (!bad_index && has_files && report_has(report, KMOD_DEVNAME_CODE_VANISHED))
		bad_index = INDEX_NAME;
	/* without it nothing tells which modules the FILE operands of depmod are */
	if (bad_index) {
		say("%s/%s: unusable index; %s was not updated", place->to, bad_index, FILE_NAME);
		return STATUS_FAILED;
	}
	/* the list would be in another order than that of depmod */
	if (status == STATUS_FAILED || result->has_unreadable_order)
		return STATUS_FAILED;
	if (place->list_error < 0 && result->may_keep)
		say("%s/%s: warning: cannot read the list from before depmod ran: %s; modules that "
		    "were not read lose their lines",
		    place->to, FILE_NAME, strerror(-place->list_error));
	/* of those that are listed only the FILE operands count */
	*ret_is_worth = (has_files || !result->lacks_listed) && !result->is_undecodable;
	return STATUS_CLEAN;
}

/*
 * Paths of modules.dep that begin with a slash are those of the running system, for depmod and here
 * alike: the kernel is named by its path, so the root directory is that of the system. The
 * configuration is that of the running system for any root directory, as in depmod.
 */
static enum status read_modules(const struct depmod_place *place, bool is_new, int index_dir_fd,
				struct kmod_devname_table *table, bool *ret_is_worth)
{
	const struct modules_options how = {
		.source = is_new ? SOURCE_INDEX : SOURCE_MODULES,
		.keeps_lines = !place->line->outdir,
		.is_silent = true,
		.index_dir_fd = index_dir_fd,
		.needs_index = place->line->has_files,
		.is_of_part = place->line->has_files,
		.list = place->list,
	};
	_cleanup_report_ struct kmod_devname_report *report = xreport_new();
	_cleanup_config_ struct kmod_devname_config *config = NULL;
	_cleanup_kernels_ struct kernels kernels = { .root_fd = -1 };
	struct modules_result result = { .bad_index =
						 is_new || !how.needs_index ? NULL : INDEX_NAME };
	enum status status = kernels_find(&kernels, &common, (char *[]){ place->from }, 1, false);

	if (status == STATUS_CLEAN)
		status = read_depmod_config(&kernels, &kernels.items[0], &common,
					    &place->line->configs, &config);
	if (status == STATUS_FAILED)
		return status;
	if (!result.bad_index)
		status = modules_read(&kernels, &kernels.items[0], config, &how, table, report,
				      &result);
	if (result.bad_index)
		(void)print_report(report, place->to, &common_of_index);
	else
		(void)print_report(report, place->from, &common);
	return judge_modules(place, &result, report, status, ret_is_worth);
}

/* is_new: the index is depmod's. Returns whether all is well; if not, after a message. */
static bool refresh_list(const struct depmod_place *place, bool is_new)
{
	_cleanup_table_ struct kmod_devname_table *table = xtable_new();
	_cleanup_kernels_ struct kernels kernels = { .root_fd = -1 };
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
	return status == STATUS_CLEAN;
}

int main(int argc, char **argv)
{
	enum refresh_action action = REFRESH_NOTHING;
	const struct depmod_place *place = NULL;
	struct places places;
	char *path = real_find();
	int status;

	if (!path)
		return EXIT_FAILURE;
	places_find(&places, argc, argv);
	status = real_run(path, argv);
	if (status == EXIT_SUCCESS)
		action = places_choose(&places, &place);
	if (action == REFRESH_FAILED ||
	    (action != REFRESH_NOTHING && !refresh_list(place, action == REFRESH_FROM_INDEX)))
		status = EXIT_FAILURE;
	places_done(&places);
	free(path);
	return status;
}
