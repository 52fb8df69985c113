/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FAULTS_FOREIGN_H
#define FAULTS_FOREIGN_H

#include <stdbool.h>

/*
 * For a program that is linked with faults-memory and faults_ldflags of Makemodule.am: what other
 * libraries do with memory when they are called, libkmod and what the C library has for regular
 * expressions. Some lose it when there is none left, and that is not the caller's fault.
 */
struct foreign {
	long blocks; /* that they have and did not free */
	long handles; /* that they have given out and that were not given back */
	bool has_failed; /* an allocation of theirs */
};

extern struct foreign foreign;

#endif
