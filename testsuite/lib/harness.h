/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HARNESS_H
#define HARNESS_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "libkmod-devname.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Of modules.devname. */
#define DEVNAME_HEADER "# Device nodes to trigger on-demand module loading.\n"

/*
 * TEST(name) { ... } is a case, LOOP_TEST(name, n) { ... } one for each _i from 0 to n - 1. A
 * program runs its cases in the order of its file.
 */
#define TEST(name) LOOP_TEST(name, 1)
#define LOOP_TEST(name, n) \
	static const TTest *name; \
	__attribute__((constructor)) static void add_##name(void) \
	{ \
		harness_add(name, (int)(n)); \
	} \
	START_TEST(name)

void harness_add(const TTest *test, int n);

/*
 * Runs the cases, each between these two functions, which may be NULL, and in a process of its own.
 * Prints TAP. Returns the exit status.
 */
int harness_run(void (*set_up)(void), void (*tear_down)(void));

/* The same, but these functions are called once, before and after all cases. */
int harness_run_once(void (*set_up)(void), void (*tear_down)(void));

/*
 * valgrind runs one thread at a time, holds descriptors of its own, and does not judge a process
 * that is killed. A second of CPU time takes a minute there.
 */
bool harness_under_valgrind(void);
#define UNLESS_VALGRIND(n) (harness_under_valgrind() ? 0 : (n))

/*
 * True if a sanitizer or valgrind watches the program: cost then says nothing about the product,
 * and a case about it may take minutes.
 */
bool harness_is_watched(void);
#define UNLESS_WATCHED(n) (harness_is_watched() ? 0 : (n))

/*
 * Kills the case after this CPU time, which is 20 times what it needs at least. There is no limit
 * if the program is watched.
 */
void harness_limit_cpu(unsigned int seconds);

/*
 * What a case is about, or a part of it, this machine cannot do: it says so, once, and runtests
 * counts the case as skipped.
 */
void harness_skip(const char *reason);

/* The case is left to a build without sanitizers and valgrind, which shows the same. */
void harness_leave(const char *reason);

/* How often something is tried, or for how long: with KMOD_DEVNAME_LONG more. */
unsigned int harness_often(unsigned int normal, unsigned int when_long);

/* How far a sweep goes at a time: by 1, or under valgrind, where each point is dear, by more. */
size_t harness_step(void);

/*
 * "CODE,CODE,..." of all findings of a report, in order, in a buffer that lives as long as
 * the test: for one ck_assert_str_eq().
 */
const char *harness_codes(const struct kmod_devname_report *report);

/* The text of a table, header included, in such a buffer. */
const char *harness_text(const struct kmod_devname_table *table);

/* A piece of text that may have NUL bytes in it. */
struct text {
	const char *bytes;
	size_t size;
};

/* Hands out a text, in pieces as a pipe would if piece is not 0; then the end or an error. */
struct harness_source {
	struct text text;
	size_t piece;
	int error;
};

FILE *harness_open(struct harness_source *source);

/* The table of some lines of modules.devname, which have nothing wrong. */
struct kmod_devname_table *harness_table(const char *lines);

/* Memory that this process shares with those that it starts, and so with cases; zeros. */
void *harness_share(size_t size);

/* How many files this process has open. */
unsigned int harness_count_fds(void);

/* Makes an empty directory, which is removed when this process ends, and opens it. */
int harness_directory(void);

/* Writes a file below a directory, parents made as needed. Fails the test if it cannot. */
void harness_write(int dir_fd, const char *path, const void *data, size_t size);

/*
 * Returns when a file that is changed in this directory from now on gets later times than those
 * that were changed before: file systems count in ticks, and each has its own.
 */
void harness_next_tick(int dir_fd);

/*
 * Runs work(data) in another process, and stops it at its stop-th system call, at the beginning
 * or the end of it. Kills it there, or calls meanwhile(data) and lets it go on. Returns whether it
 * came so far, or -1 if this machine has no ptrace(2). Fails the test if work() does not return 0.
 */
int harness_stop_at(int (*work)(void *data), void *data, unsigned int stop,
		    void (*meanwhile)(void *data));

#endif
