// SPDX-License-Identifier: LGPL-2.1-or-later
/* Soft dependencies, as libkmod reads them (libkmod-config.c, kmod_config_add_softdep). */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "modprobe/softdep.h"

int softdep_parse(struct softdep *softdep, const char *text)
{
	struct list *names = NULL; /* what comes before "pre:" or "post:" is passed over */
	char *name, *rest = NULL;
	int r = 0;

	*softdep = (struct softdep){ .text = strdup(text ? text : "") };
	if (!softdep->text)
		return -ENOMEM;
	for (name = strtok_r(softdep->text, " \t\n\v\f\r", &rest); name && r == 0;
	     name = strtok_r(NULL, " \t\n\v\f\r", &rest)) {
		if (strcmp(name, "pre:") == 0)
			names = &softdep->before;
		else if (strcmp(name, "post:") == 0)
			names = &softdep->after;
		else if (names)
			r = list_push(names, name);
	}
	if (r < 0)
		softdep_done(softdep);
	return r;
}

void softdep_done(struct softdep *softdep)
{
	list_done(&softdep->before, NULL);
	list_done(&softdep->after, NULL);
	free(softdep->text);
	softdep->text = NULL;
}
