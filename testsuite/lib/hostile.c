// SPDX-License-Identifier: GPL-2.0-or-later
/* What the tests with hostile files share. */

#include "lib/hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define WATCHED_FACTOR 10

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static uint8_t *room_for(struct bytes *bytes, size_t size)
{
	if (bytes->size + size > bytes->capacity) {
		bytes->capacity = 2 * (bytes->size + size);
		bytes->data = realloc(bytes->data, bytes->capacity);
		CHECK(bytes->data, "no memory");
	}
	return bytes->data + bytes->size;
}

void bytes_add(struct bytes *bytes, const void *data, size_t size)
{
	if (size > 0)
		memcpy(room_for(bytes, size), data, size);
	bytes->size += size;
}

void bytes_fill(struct bytes *bytes, uint8_t byte, size_t size)
{
	if (size > 0)
		memset(room_for(bytes, size), byte, size);
	bytes->size += size;
}

void bytes_number(struct bytes *bytes, uint64_t number, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes_fill(bytes, (uint8_t)(number >> (8 * i)), 1);
}

void bytes_done(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){ 0 };
}

bool hostile_is_watched(void)
{
	return SANITIZED || harness_under_valgrind();
}

bool hostile_is_too_much(void)
{
	if (!hostile_is_watched())
		return false;
	harness_leave("too large for a sanitizer or valgrind");
	return true;
}

void hostile_bounds(size_t memory)
{
	const rlim_t cpu = HOSTILE_SECONDS * (hostile_is_watched() ? WATCHED_FACTOR : 1);

	CHECK(setrlimit(RLIMIT_CPU, &(struct rlimit){ cpu, cpu }) == 0, "RLIMIT_CPU");
	if (!hostile_is_watched())
		CHECK(setrlimit(RLIMIT_AS, &(struct rlimit){ memory, memory }) == 0, "RLIMIT_AS");
}

int hostile_file(const void *data, size_t size)
{
	static int fd = -1;

	if (fd < 0)
		fd = openat(harness_directory(), "m.ko", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && ftruncate(fd, 0) == 0, "m.ko: %s", strerror(errno));
	for (size_t done = 0; done < size;) {
		ssize_t n = pwrite(fd, (const uint8_t *)data + done, size - done, (off_t)done);

		CHECK(n > 0, "m.ko: %s", strerror(errno));
		done += (size_t)n;
	}
	return fd;
}

static atomic_ulong *judged; /* in all tests, which are processes of their own */

void hostile_judged(void)
{
	if (judged)
		++*judged;
}

int hostile_run(Suite *suite, const char *what)
{
	int r;

	judged = harness_share(sizeof(*judged));
	r = harness_run(suite);
	if (r == EXIT_SUCCESS)
		printf("# count: %lu hostile %s\n", *judged, what);
	return r;
}

/* "NODE, NODE" without the header, then the codes. */
static void describe(const struct kmod_devname_table *table,
		     const struct kmod_devname_report *report, FILE *stream)
{
	const char *between = "";

	for (size_t i = 0; i < kmod_devname_table_size(table); i++) {
		const struct kmod_devname_node *node = kmod_devname_table_get(table, i);

		fprintf(stream, "%s%s %s %c%u:%u", between, kmod_devname_node_get_module(node),
			kmod_devname_node_get_name(node),
			S_ISBLK(kmod_devname_node_get_type(node)) ? 'b' : 'c',
			kmod_devname_node_get_major(node), kmod_devname_node_get_minor(node));
		between = ", ";
	}
	for (size_t i = 0; i < kmod_devname_report_size(report); i++) {
		fprintf(stream, "%s%s", between,
			kmod_devname_code_to_string(
				kmod_devname_finding_get_code(kmod_devname_report_get(report, i))));
		between = ", ";
	}
}

const char *hostile_judge_fd(int fd)
{
	static char text[4096];
	struct kmod_devname_table *table;
	struct kmod_devname_report *report;
	FILE *stream = fmemopen(text, sizeof(text), "w");
	int r;

	CHECK(stream && kmod_devname_table_new(&table) == 0 &&
		      kmod_devname_report_new(&report) == 0,
	      "no memory");
	r = kmod_devname_table_add_file(table, report, fd, "m.ko");
	CHECK(r == 0, "kmod_devname_table_add_file: %s", strerror(-r));
	describe(table, report, stream);
	fclose(stream);
	kmod_devname_table_unref(table);
	kmod_devname_report_unref(report);
	hostile_judged();
	return text;
}

const char *hostile_judge(const void *data, size_t size)
{
	return hostile_judge_fd(hostile_file(data, size));
}
