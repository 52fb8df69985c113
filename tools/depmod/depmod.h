/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DEPMOD_H
#define DEPMOD_H

/* The path of the depmod behind the front end, to be freed; or NULL after a message. */
char *real_find(void);

/*
 * Runs it with the words after the first of a command line. Returns its exit status, or that of a
 * failure, after a message. If a signal ends it, the same signal ends this process.
 */
int real_run(const char *path, char *const *argv);

#endif
