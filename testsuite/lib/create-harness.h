/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CREATE_HARNESS_H
#define CREATE_HARNESS_H

#include <sys/syscall.h>

#include "lib/harness.h"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

/*
 * Runs the tests with a file system of their own, in which device nodes can be opened, below
 * TMPDIR. Skips all where none can be had, or no nodes can be made.
 */
int create_harness_run(void (*set_up)(void), void (*tear_down)(void));

/* For a case: a report of its own, and the umask 022. */
extern struct kmod_devname_report *create_report;
void create_harness_set_up(void);
void create_harness_tear_down(void);

/* Below a directory and all others in it: how many names begin with this. */
unsigned int create_harness_count(int dir_fd, const char *prefix);

/*
 * From now on a system call fails in this process; renameat2(2) only with flags. False if that
 * cannot be.
 */
bool create_harness_deny(long call, int error);

#endif
