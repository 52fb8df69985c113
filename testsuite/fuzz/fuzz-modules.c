// SPDX-License-Identifier: GPL-2.0-or-later
/* Images of modules to begin with. */

#include <stdlib.h>

#include "fuzz.h"
#include "lib/mkmodule.h"

static const char *const strings[] = {
	"license=GPL",   "alias=devname:fuse", "alias=char-major-10-229",
	"alias=fs-fuse", "depends=",           "vermagic=6.1.0 SMP"
};
#define N_STRINGS (sizeof(strings) / sizeof(strings[0]))

static void make(fuzz_take take, const struct mkmodule *spec)
{
	char name[64];
	uint8_t *image;
	size_t size;

	image = mkmodule(spec, &size);
	(void)snprintf(name, sizeof(name), "module-%u-%s-%s", spec->bits,
		       spec->big_endian ? "big" : "little", mkmodule_defect_name(spec->defect));
	take(name, image, size);
	free(image);
}

void fuzz_modules(fuzz_take take)
{
	for (int defect = 0; defect < MKMODULE_DEFECTS; defect++)
		for (unsigned int layout = 0; layout < 4; layout++) {
			const struct mkmodule spec = { layout < 2 ? 32 : 64, layout % 2,
						       (enum mkmodule_defect)defect, strings,
						       N_STRINGS };

			make(take, &spec);
		}
}
