/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FAULTS_TREE_H
#define FAULTS_TREE_H

#include <stdbool.h>
#include <stddef.h>

/* What is below a directory: paths, kinds, modes, owners, numbers, contents. */
struct tree {
	struct tree_entry *entries; /* sorted by path */
	size_t size;
};

/* Aborts if it cannot be read. */
void tree_take(struct tree *tree, const char *directory);
void tree_done(struct tree *tree);

/* Makes the directory what it was, as far as it differs. */
void tree_restore(const struct tree *was, const char *directory);

/* What a path must not be like. */
enum tree_rule {
	TREE_EITHER, /* like neither of the two */
	TREE_LATTER, /* unlike the latter */
	TREE_PARTS, /* like neither, nor of parts of them: lines of a file, a node without
		       permissions */
};

/*
 * Each path must be as before or as after; if it was in neither it must not be there, but for
 * temporary files if these are passed over. Returns the first path that is against that, or NULL.
 */
const char *tree_judge(const struct tree *before, const struct tree *after, const struct tree *now,
		       enum tree_rule rule, bool pass_over_temporaries);

#endif
