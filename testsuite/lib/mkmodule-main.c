// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mkmodule [-3] [-B] [-d DEFECT] STRING...: writes a kernel module whose .modinfo has these
 * strings to standard output. -3: 32 bits; -B: big-endian.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mkmodule.h"

static enum mkmodule_defect parse_defect(const char *name)
{
	for (int i = 0; i < MKMODULE_DEFECTS; i++)
		if (strcmp(mkmodule_defect_name((enum mkmodule_defect)i), name) == 0)
			return (enum mkmodule_defect)i;
	fprintf(stderr, "mkmodule: unknown defect '%s'\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	struct mkmodule spec = { .bits = 64 };
	uint8_t *image;
	size_t size;
	int c;

	while ((c = getopt(argc, argv, "3Bd:")) != -1) {
		if (c == '3')
			spec.bits = 32;
		else if (c == 'B')
			spec.big_endian = 1;
		else if (c == 'd')
			spec.defect = parse_defect(optarg);
		else
			return 2;
	}
	spec.strings = (const char *const *)argv + optind;
	spec.n_strings = (size_t)(argc - optind);
	image = mkmodule(&spec, &size);
	if (fwrite(image, 1, size, stdout) != size || fflush(stdout) != 0) {
		perror("mkmodule");
		return 2;
	}
	free(image);
	return 0;
}
