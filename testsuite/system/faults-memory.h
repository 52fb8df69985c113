/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FAULTS_MEMORY_H
#define FAULTS_MEMORY_H

#include <stdatomic.h>

/*
 * An allocator that can be told to have no memory: malloc() and its like for a whole program, the
 * libraries and the C library included. A program may be linked with it; or it is preloaded, and
 * FAULTS_MEMORY_FD then names a file descriptor that holds a struct faults_memory.
 */
#define FAULTS_MEMORY_FD "FAULTS_MEMORY_FD"

struct faults_memory {
	unsigned long fail_at; /* which allocation fails, from 1; 0: none */
	unsigned long fail_end; /* the first one behind it that does not */
	atomic_ulong allocations; /* so far */
	atomic_long blocks; /* that are not freed */
};

extern struct faults_memory *faults_memory;

#endif
