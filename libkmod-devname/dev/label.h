/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LABEL_H
#define LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct selabel_handle;

/* The labels that the policy has for files below /dev; { 0 } before the first use. */
struct labels {
	bool opened;
	int error; /* why it could not be opened, a negative errno */
	struct selabel_handle *handle; /* NULL: no label is set */
};

#if defined(WITH_SELINUX) && !defined(STATIC_TOOL)

/*
 * Sets the label of the next file that this thread makes: that of the policy for /dev/PATH and a
 * file of this type. Only the first size bytes of path count. The caller calls label_none() after
 * it, even if it fails. Returns 0, also if the policy has no label, or a negative errno.
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
