/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TEMPORARY_H
#define TEMPORARY_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The name PREFIX.PID.NUMBER of a file or node until it is complete. If the name exists already,
 * the caller tries the next number.
 */
#define TEMPORARY_SIZE 64 /* room for the name with any prefix that is used here */
#define TEMPORARY_TRIES 16

void temporary_name(char name[static TEMPORARY_SIZE], const char *prefix, unsigned int number);

/*
 * Removes the files with such names that is_leftover() confirms: a run that was killed leaves them.
 */
void temporary_remove(int dir_fd, const char *prefix,
		      bool (*is_leftover)(int dir_fd, const char *name, pid_t pid));

#endif
