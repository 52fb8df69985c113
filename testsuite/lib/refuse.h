/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REFUSE_H
#define REFUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>

/*
 * The C library's fstat(3) is either of SYS_fstat and SYS_newfstatat; where a time_t of 64 bits is
 * not the kernel's own, it is SYS_statx.
 */
#ifndef SYS_newfstatat
#define SYS_newfstatat SYS_statx
#endif

/* glibc has the name since 2.32, the headers of the kernel have the number. */
#ifndef SYS_openat2
#define SYS_openat2 __NR_openat2
#endif

/* Of the calls of this system call, the first ones are done, so many after them fail; 0: do not. */
struct refusal {
	long call;
	unsigned int done;
	unsigned int fail;
	int error;
};

/*
 * From now on some system calls of this thread fail, and of those that it starts. Once they do, it
 * may be called again with other numbers for the same calls, or with none. False, and a line that
 * says so, if that cannot be here.
 */
bool refuse(const struct refusal *refusals, size_t n);

/* One system call, the first time it is called from now on. */
bool refuse_next(long call, int error);

/* What verbs call. */
#define REFUSE_CALLS 22
extern const long refuse_calls[REFUSE_CALLS];

/*
 * Of the which-th of these, after n more are done, the next one; REFUSE_CALLS: none. From the first
 * time on, in the same process, for these calls only.
 */
bool refuse_nth(size_t which, unsigned int n, int error);

/* Has one failed since? */
bool refuse_met(void);

/* What is done before each of the calls that fail, or that a refusal with error 0 is about. */
void refuse_meanwhile(void (*meanwhile)(void *data), void *data);

#endif
