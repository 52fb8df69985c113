// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * depmod: the front end of depmod.
 *
 * It finds the real depmod (real.c) and the places where that may write (command-line.c), and runs
 * it with the same words. If depmod has succeeded, modules.devname is written again (refresh.c):
 * the index that depmod has just written tells which modules need not be read. However depmod ends
 * with, an exit status or a signal, is how the front end ends; it adds only a failure of its
 * own, 1.
 */

#include <stdlib.h>

#include "depmod/depmod.h"

const char program_name[] = "depmod";
const int program_failure = EXIT_FAILURE;

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
	    (action != REFRESH_NOTHING && !refresh(place, action == REFRESH_FROM_INDEX)))
		status = EXIT_FAILURE;
	places_done(&places);
	free(path);
	return status;
}
