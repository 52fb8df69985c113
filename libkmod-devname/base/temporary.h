/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TEMPORARY_H
#define TEMPORARY_H

#include <sys/types.h>

/*
 * Names for what is made before it gets its own: PREFIX.PID.NUMBER. If somebody has the name all
 * the same, the next number is tried.
 */
#define TEMPORARY_SIZE 64 /* room for the name with any prefix that is used here */
#define TEMPORARY_TRIES 16

void temporary_name(char name[static TEMPORARY_SIZE], const char *prefix, unsigned int number);

/*
 * Calls remove_leftover() for each such name in a directory, to remove what a killed run has left:
 * the caller alone can tell that, and has to do so and remove it in one step.
 */
void temporary_remove(int dir_fd, const char *prefix,
		      void (*remove_leftover)(int dir_fd, const char *name, pid_t pid));

#endif
