/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/harness.h"

/* For loops: ck_assert_msg() tells the parent process where it is, each time. */
#define CHECK(condition, ...) \
	do { \
		if (!(condition)) \
			ck_abort_msg(__VA_ARGS__); \
	} while (0)

#define N(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES(literal) \
	{ \
		(literal), sizeof(literal) - 1 \
	}

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

/* A file in the making. */
struct bytes {
	uint8_t *data;
	size_t size;
	size_t capacity;
};

void bytes_add(struct bytes *bytes, const void *data, size_t size);
void bytes_fill(struct bytes *bytes, uint8_t byte, size_t size);
/* The least significant byte comes first. */
void bytes_number(struct bytes *bytes, uint64_t number, size_t size);
void bytes_done(struct bytes *bytes);

/*
 * For each test, which is a process of its own: more CPU time than this, or more address space than
 * the memory, and it is killed, or has no memory. No test needs a twentieth of the time on a
 * machine of today, and what should not be done takes much more. A sanitizer or valgrind has ten
 * times the seconds, and address space as it likes.
 */
#define HOSTILE_SECONDS 60
void hostile_bounds(size_t memory);

/* Does a sanitizer or valgrind look at what is done? Then what is huge takes too long. */
bool hostile_is_watched(void);

/* The same, for a test that leaves it at that: says so. */
bool hostile_is_too_much(void);

/* One more has been judged; hostile_judge() says so itself. */
void hostile_judged(void);

/* Runs the suite; if all went well, prints how many of WHAT were judged. Returns as harness_run().
 */
int hostile_run(Suite *suite, const char *what);

/* An open file of these bytes: the one of this test. */
int hostile_file(const void *data, size_t size);

/*
 * What kmod_devname_table_add_file() makes of a file called m.ko: the nodes, or else the codes of
 * the findings, or both. "m fuse c10:229", "malformed", "". Fails the test on an error.
 */
const char *hostile_judge_fd(int fd);
const char *hostile_judge(const void *data, size_t size);

#endif
