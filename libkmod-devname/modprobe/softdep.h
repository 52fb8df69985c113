/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SOFTDEP_H
#define SOFTDEP_H

#include "base/array.h"

/* What a softdep statement of modprobe.d(5) wants loaded before and after its module. */
struct softdep {
	char *text;
	struct list before; /* names, char *, in text */
	struct list after;
};

/* text: what follows the module, "pre: NAME... post: NAME..."; NULL is empty. 0 or -ENOMEM. */
int softdep_parse(struct softdep *softdep, const char *text);

void softdep_done(struct softdep *softdep);

#endif
