// SPDX-License-Identifier: GPL-2.0-or-later
/* What the tests with hostile files share. */

#include "lib/hostile.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define WATCHED_FACTOR 10

bool hostile_is_too_much(void)
{
	if (!harness_is_watched())
		return false;
	harness_leave("too large for a sanitizer or valgrind");
	return true;
}

void hostile_bounds(size_t memory)
{
	const rlim_t cpu = HOSTILE_SECONDS * (harness_is_watched() ? WATCHED_FACTOR : 1);

	CHECK(setrlimit(RLIMIT_CPU, &(struct rlimit){ cpu, cpu }) == 0, "RLIMIT_CPU");
	if (!harness_is_watched())
		CHECK(setrlimit(RLIMIT_AS, &(struct rlimit){ memory, memory }) == 0, "RLIMIT_AS");
}

static atomic_ulong *judged; /* in all tests, which are processes of their own */

void hostile_judged(void)
{
	if (judged)
		++*judged;
}

int hostile_run(const char *what, void (*set_up)(void), void (*tear_down)(void))
{
	int r;

	judged = harness_share(sizeof(*judged));
	r = harness_run(set_up, tear_down);
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
	return hostile_judge_fd(bytes_file(data, size));
}
