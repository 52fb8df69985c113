/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TEMPORARY_H
#define TEMPORARY_H

#include <sys/types.h>

/*
 * The name PREFIX.PID.NUMBER of a file or node until it is complete. If the name exists already,
 * the caller tries the next number.
 */
#define TEMPORARY_SIZE 64 /* room for the name with any prefix that is used here */
#define TEMPORARY_TRIES 16

void temporary_name(char name[static TEMPORARY_SIZE], const char *prefix, unsigned int number);

/*
 * Calls remove_leftover() for each such name in a directory. The function removes what a killed run
 * has left: only the caller can tell that, and it has to remove the file in the same step.
 */
void temporary_remove(int dir_fd, const char *prefix,
		      void (*remove_leftover)(int dir_fd, const char *name, pid_t pid));

#endif
