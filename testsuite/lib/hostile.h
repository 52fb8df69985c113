/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stddef.h>

#include "lib/bytes.h"

/*
 * For each test, which is a process of its own: more CPU time than this, or more address space than
 * the memory, and it is killed, or has no memory. No test needs a twentieth of the time on a
 * machine of today, and what should not be done takes much more. A sanitizer or valgrind has ten
 * times the seconds, and address space as it likes.
 */
#define HOSTILE_SECONDS 60
void hostile_bounds(size_t memory);

/* True if the program is watched (harness_is_watched()), where a huge file takes too long; says so.
 */
bool hostile_is_too_much(void);

/* One more has been judged; hostile_judge() says so itself. */
void hostile_judged(void);

/* As harness_run(); if all went well, it prints how many of WHAT were judged. */
int hostile_run(const char *what, void (*set_up)(void), void (*tear_down)(void));

/*
 * What kmod_devname_table_add_file() makes of a file called m.ko: the nodes, or else the codes of
 * the findings, or both. "m fuse c10:229", "malformed", "". Fails the test on an error.
 */
const char *hostile_judge_fd(int fd);
const char *hostile_judge(const void *data, size_t size);

#endif
