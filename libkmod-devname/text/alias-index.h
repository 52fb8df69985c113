/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INDEX_H
#define INDEX_H

#include <stddef.h>
#include <stdio.h>

#include "base/array.h"
#include "base/report.h"
#include "node/table.h"

/* A module that has lines in modules.alias. */
struct index_module {
	char *name;
	struct alias_list aliases; /* mostly empty */
};

/* modules.alias, as far as it is about device nodes. */
struct index {
	struct list modules; /* of struct index_module *, in the order of the file */
};

void index_done(struct index *index);

/*
 * Reads modules.alias. What is wrong with it is a finding for this file, and then the whole
 * index is of no use. Returns 1 if it is good, 0 if there is a finding, or a negative errno.
 */
int index_read(struct index *index, struct kmod_devname_report *report, FILE *stream,
	       const char *file);

#endif
