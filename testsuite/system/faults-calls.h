/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FAULTS_CALLS_H
#define FAULTS_CALLS_H

#include <stdbool.h>
#include <sys/types.h>

/* What happens to one system call of another process. */
struct fault {
	const char *name;
	int error; /* it fails so; 0: it is given less to read or write */
	unsigned long divisor; /* then: a part of it, or if 0 one byte */
};

/* What it has happened to. */
struct fault_place {
	long call;
	int fd; /* its first argument */
	bool reached; /* the process has come so far */
	bool done; /* the fault is one that this call can have */
	int status; /* not reached: of waitpid(2), how the process has ended */
};

/* In the process, before exec: lets itself be traced. */
void calls_trace_me(void);

/*
 * Lets a process that has called calls_trace_me() go on into the program that it executes; there,
 * from the program's first instruction on, counts system calls, and lets the n-th have the fault.
 * NULL: none, *ret_place is what it would have happened to. Then lets go of it. Returns false if
 * this machine cannot do that.
 */
bool calls_inject(pid_t pid, unsigned long n, const struct fault *fault,
		  struct fault_place *ret_place);

/* Can this happen to this system call, in a kernel that is sound? */
bool calls_can_have(long call, const struct fault *fault);

/* Is it one that reads, writes, opens or waits? */
bool calls_is_io(long call);
bool calls_is_unlink(long call);
bool calls_is_stat(long call);
bool calls_is_write(long call);

const char *calls_name(long call);

#endif
