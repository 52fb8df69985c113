/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LABEL_H
#define LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct selabel_handle;

/* The policy's labels for what is below /dev; { 0 } is where to begin. */
struct labels {
	bool opened;
	struct selabel_handle *handle; /* NULL: none are to be set */
};

#if defined(WITH_SELINUX) && !defined(STATIC_TOOL)

/*
 * What this thread makes next gets the label that the policy has for /dev/PATH and a file of
 * this type; only the first size bytes of path count. Whatever comes of it, label_none() is to
 * follow. Returns 0, also if there is no label to be set, or a negative errno.
 */
int label_next(struct labels *labels, const char *path, size_t size, mode_t mode);
void label_none(const struct labels *labels);
void labels_done(struct labels *labels);

#else

static inline int label_next(struct labels *labels, const char *path, size_t size, mode_t mode)
{
	(void)labels, (void)path, (void)size, (void)mode;
	return 0;
}

static inline void label_none(const struct labels *labels)
{
	(void)labels;
}

static inline void labels_done(struct labels *labels)
{
	(void)labels;
}

#endif

#endif
