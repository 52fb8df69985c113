/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef WRAP_H
#define WRAP_H

#include <stdbool.h>

/*
 * For a program that is linked with wrap_ldflags of Makefile.am: what the library, which is linked
 * into it, gets from the C library and others.
 */

/* Of the calls of functions that allocate, the n-th from now on has no memory. 0: none. */
void wrap_no_memory_at(unsigned int n);

/* Did it come to that? */
bool wrap_no_memory_met(void);

/* Directories do not tell what their entries are, as on some file systems. */
void wrap_no_types(bool none);

#endif
