// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * depmod: the front end of depmod. Runs the real one, and brings modules.devname up to date when
 * that has succeeded.
 */

#include <stdlib.h>

#include "depmod/depmod.h"

const char program_name[] = "depmod";
const int program_failure = EXIT_FAILURE;

static bool finish(const struct places *places)
{
	const struct depmod_place *place;
	enum todo todo = places_choose(places, &place);

	if (todo == TODO_NOTHING || todo == TODO_FAILED)
		return todo == TODO_NOTHING;
	return refresh(place, todo == TODO_FROM_INDEX);
}

int main(int argc, char **argv)
{
	struct places places;
	char *path = real_find();
	int status = EXIT_FAILURE;

	if (!path)
		return status;
	if (places_find(&places, argc, argv) == STATUS_CLEAN)
		status = real_run(path, argv);
	if (status == EXIT_SUCCESS && !finish(&places))
		status = EXIT_FAILURE;
	places_done(&places);
	free(path);
	return status;
}
