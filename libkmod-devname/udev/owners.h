/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef OWNERS_H
#define OWNERS_H

#include <stdbool.h>

#include "libkmod-devname.h"

enum owner_kind {
	OWNER_USER,
	OWNER_GROUP,
};

/* The users and groups of the system below a root directory, read when one is first asked for. */
struct owners {
	int root_fd;
	bool is_read[OWNER_GROUP + 1];
	void *names[OWNER_GROUP + 1]; /* tsearch(3) trees */
};

void owners_done(struct owners *owners);

/*
 * Finds the ID of a user or group, given as a name or a number. Returns 1; 0 if there is no such;
 * or a negative errno, with a system finding that names the file.
 */
int owners_find(struct owners *owners, struct kmod_devname_report *report, enum owner_kind kind,
		const char *text, unsigned int *ret_id);

#endif
