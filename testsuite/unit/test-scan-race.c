// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A scan while another process changes the modules and the directories: each module is what it was
 * at some time, or is named in the report, and nothing outside of the root directory is opened.
 */

#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if WITH_ZLIB
#include <zlib.h>
#endif

#include "lib/mkmodule.h"
#include "text/replace.h"

#define MODULES "lib/modules"
#define TOP MODULES "/6.1.0"
#define SECONDS_MAX 60 /* ends a slow run; no verdict comes from it */

/* What both processes see. */
struct shared {
	atomic_uint changes;
	atomic_bool done;
};

static struct shared *shared;

static unsigned int any(unsigned int n)
{
	static unsigned int seed = 1;

	seed = seed * 1103515245U + 12345U;
	return (seed >> 16) % n;
}

static double now(void)
{
	struct timespec time;

	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &time), 0);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* --- module files ------------------------------------------------------------------------- */

struct bytes {
	uint8_t *data;
	size_t size;
};

/* A module that declares NAME c10:MINOR. */
static struct bytes make_module(const char *name, unsigned int minor)
{
	char devname[64], number[64];
	const char *const strings[] = { "license=GPL", number, devname };
	struct mkmodule spec = { 64, 0, MKMODULE_SOUND, strings, ARRAY_SIZE(strings) };
	struct bytes bytes;

	(void)snprintf(devname, sizeof(devname), "alias=devname:%.32s", name);
	(void)snprintf(number, sizeof(number), "alias=char-major-10-%u", minor);
	bytes.data = mkmodule(&spec, &bytes.size);
	return bytes;
}

#if WITH_ZLIB
#define SUFFIX_OF_HALF ".ko.gz"

static struct bytes pack(struct bytes plain)
{
	struct bytes packed = { malloc(plain.size * 2 + 1000), plain.size * 2 + 1000 };
	z_stream stream = { 0 };

	ck_assert_ptr_nonnull(packed.data);
	ck_assert_int_eq(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
	stream.next_in = plain.data;
	stream.avail_in = (uInt)plain.size;
	stream.next_out = packed.data;
	stream.avail_out = (uInt)packed.size;
	ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
	packed.size = stream.total_out;
	(void)deflateEnd(&stream);
	free(plain.data);
	return packed;
}
#else
#define SUFFIX_OF_HALF ".ko"

static struct bytes pack(struct bytes plain)
{
	return plain;
}
#endif

/*
 * The modules m0, m1, ... each have two contents, which declare a0 c10:0 or b0 c10:100 and so on;
 * those with odd numbers are compressed. The last one stays as it is.
 */
#define FILES 9

struct file {
	char name[32];
	struct bytes contents[2];
	unsigned int content; /* of the two */
};

static struct file files[FILES];

static void make_files(int dir_fd)
{
	char name[16], path[64];

	for (unsigned int i = 0; i < FILES; i++) {
		struct file *file = &files[i];

		(void)snprintf(file->name, sizeof(file->name), "m%u%s", i,
			       i % 2 == 0 ? ".ko" : SUFFIX_OF_HALF);
		for (unsigned int j = 0; j < 2; j++) {
			(void)snprintf(name, sizeof(name), "%c%u", "ab"[j], i);
			file->contents[j] = make_module(name, i + 100 * j);
			if (i % 2 != 0)
				file->contents[j] = pack(file->contents[j]);
		}
		(void)snprintf(path, sizeof(path), TOP "/kernel/%.31s", file->name);
		harness_write(dir_fd, path, file->contents[0].data, file->contents[0].size);
	}
}

static void free_files(void)
{
	for (unsigned int i = 0; i < FILES; i++)
		for (unsigned int j = 0; j < 2; j++)
			free(files[i].contents[j].data);
}

/* --- who changes files -------------------------------------------------------------------- */

static void must(bool done)
{
	if (!done)
		_exit(1);
}

/* Writes what is or was there: at no offset is there ever another byte, but perhaps none. */
static void write_from(int dir_fd, const char *name, const struct bytes *bytes, int flags)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CLOEXEC | flags, 0644);

	must(fd >= 0 || errno == ENOENT);
	if (fd < 0)
		return;
	must(write(fd, bytes->data, bytes->size) == (ssize_t)bytes->size);
	(void)close(fd);
}

/* In two parts, so that it is half there for a moment. */
static void rewrite(int dir_fd, struct file *file)
{
	const struct bytes *all = &file->contents[file->content];
	struct bytes part = { all->data, any((unsigned int)all->size) };

	write_from(dir_fd, file->name, &part, O_CREAT);
	(void)sched_yield();
	write_from(dir_fd, file->name, all, O_CREAT);
}

/*
 * To nothing, as open(2) does. On its way to a size in the middle of a page the file has zeros, and
 * the old size and times, for as long as the kernel takes; there only the checksum of what is
 * compressed tells.
 */
static void truncate_file(int dir_fd, struct file *file)
{
	bool has_checksum = strcmp(strrchr(file->name, '.'), ".gz") == 0;
	int fd = openat(dir_fd, file->name, O_WRONLY | O_CLOEXEC);
	off_t size = 0;

	if (fd < 0)
		return;
	if (has_checksum)
		size = (off_t)any((unsigned int)file->contents[file->content].size);
	must(ftruncate(fd, size) == 0);
	(void)close(fd);
}

static void grow(int dir_fd, struct file *file)
{
	uint8_t junk[5000];
	const struct bytes bytes = { junk, 1 + any(sizeof(junk)) };
	struct stat st;

	/* of one that has been cut, these would be other bytes */
	if (fstatat(dir_fd, file->name, &st, 0) < 0 ||
	    (size_t)st.st_size < file->contents[file->content].size)
		return;
	memset(junk, 'x', sizeof(junk));
	write_from(dir_fd, file->name, &bytes, O_APPEND);
}

static void replace_module(int dir_fd, struct file *file)
{
	file->content = 1 - file->content;
	write_from(dir_fd, "new", &file->contents[file->content], O_CREAT | O_TRUNC);
	must(renameat(dir_fd, "new", dir_fd, file->name) == 0);
}

static void remove_file(int dir_fd, struct file *file)
{
	(void)unlinkat(dir_fd, file->name, 0);
}

/* The first so many leave each file where it is. */
#define IN_PLACE 4
static void (*const file_changes[])(int dir_fd, struct file *file) = {
	truncate_file, rewrite, grow, rewrite, replace_module, remove_file,
};

static void change_files(int root_fd, unsigned int kinds)
{
	int dir_fd = openat(root_fd, TOP "/kernel", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (!shared->done) {
		file_changes[any(kinds)](dir_fd, &files[any(FILES - 1)]);
		shared->changes++;
	}
}

/* --- a scan, and who goes on meanwhile ----------------------------------------------------- */

struct result {
	struct kmod_devname_table *table;
	struct kmod_devname_report *report;
	int r;
};

static struct result scan(int root_fd, unsigned int threads)
{
	struct kmod_devname_scan *scan;
	struct result result;

	ck_assert_int_eq(kmod_devname_table_new(&result.table), 0);
	ck_assert_int_eq(kmod_devname_report_new(&result.report), 0);
	ck_assert_int_eq(kmod_devname_scan_new(result.table, result.report, root_fd, TOP, &scan),
			 0);
	ck_assert_int_eq(kmod_devname_scan_set_threads(scan, threads), 0);
	while ((result.r = kmod_devname_scan_step(scan)) > 0)
		;
	kmod_devname_scan_unref(scan);
	return result;
}

static void result_done(struct result *result)
{
	kmod_devname_table_unref(result->table);
	kmod_devname_report_unref(result->report);
}

static pid_t start(void (*change)(int root_fd, unsigned int data), int root_fd, unsigned int data)
{
	pid_t pid;

	shared = harness_share(sizeof(*shared));
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		change(root_fd, data);
		_exit(0);
	}
	return pid;
}

static void stop(pid_t pid)
{
	int status;

	shared->done = true;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x",
		      (unsigned int)status);
}

/* --- files -------------------------------------------------------------------------------- */

static unsigned int count_findings(const struct kmod_devname_report *report, const char *name)
{
	unsigned int n = 0;

	for (size_t i = 0; i < kmod_devname_report_size(report); i++) {
		const char *file =
			kmod_devname_finding_get_file(kmod_devname_report_get(report, i));

		n += file && strstr(file, name) != NULL;
	}
	return n;
}

/* The number of the module whose node this is, which must be one of its two. */
static unsigned int check_node(const struct kmod_devname_node *node)
{
	const char *name = kmod_devname_node_get_name(node);
	unsigned int i = (unsigned int)atoi(name + 1);
	char module[16];

	(void)snprintf(module, sizeof(module), "m%u", i);
	ck_assert_msg(i < FILES && (name[0] == 'a' || name[0] == 'b'), "%s", name);
	ck_assert_str_eq(kmod_devname_node_get_module(node), module);
	ck_assert_uint_eq(kmod_devname_node_get_major(node), 10);
	ck_assert_uint_eq(kmod_devname_node_get_minor(node), name[0] == 'a' ? i : i + 100);
	return i;
}

static void check_files(const struct result *result, bool in_place)
{
	unsigned int found[FILES] = { 0 };

	ck_assert_msg(result->r == 0, "%s", strerror(-result->r));
	for (size_t i = 0; i < kmod_devname_table_size(result->table); i++)
		found[check_node(kmod_devname_table_get(result->table, i))]++;
	for (unsigned int i = 0; i < FILES; i++) {
		ck_assert_uint_le(found[i], 1);
		/* of one that is removed there is nothing for a while, and it may be met then */
		if (in_place || i == FILES - 1)
			ck_assert_msg(found[i] + count_findings(result->report, files[i].name) == 1,
				      "%s: %u nodes and %u findings", files[i].name, found[i],
				      count_findings(result->report, files[i].name));
	}
}

/* _i: in place only, many threads */
LOOP_TEST(a_module_that_changes_is_what_it_was_at_some_time_or_reported, 4)
{
	int root_fd = harness_directory();
	bool in_place = _i % 2 == 0;
	unsigned int wanted = harness_often(5000, 500000), scans = 0, findings = 0;
	double end = now() + SECONDS_MAX;
	pid_t pid;

	make_files(root_fd);
	pid = start(change_files, root_fd, in_place ? IN_PLACE : ARRAY_SIZE(file_changes));
	for (; now() < end && (shared->changes < wanted || scans < wanted / 50); scans++) {
		struct result result = scan(root_fd, _i < 2 ? 1 : 4);

		check_files(&result, in_place);
		findings += (unsigned int)kmod_devname_report_size(result.report);
		result_done(&result);
	}
	stop(pid);
	free_files();
	if (shared->changes < wanted / 10 || scans < 100 || findings == 0)
		harness_skip("the modules and the scans of them did not race");
	printf("# count: modules changed while read%s, %s: %u changes, %u scans, %u findings, %s\n",
	       in_place ? " in place" : "", _i < 2 ? "1 thread" : "4 threads", shared->changes,
	       scans, findings, in_place ? "0 wrong or lost" : "0 wrong");
	(void)fflush(stdout);
}

/* --- directories --------------------------------------------------------------------------- */

/* Outside there are the same directories as inside, with another module. */
static const char *const outsides[] = { "outside", "outside/modules", "outside/modules/6.1.0",
					"outside/modules/6.1.0/kernel",
					"outside/modules/6.1.0/kernel/a" };

/* What is swapped for what: a directory inside, and the link which leads to its like outside. */
static const struct {
	const char *parent, *name, *outside;
} swaps[] = {
	{ "root/lib", "modules", "outside/modules" },
	{ "root/" MODULES, "6.1.0", "outside/modules/6.1.0" },
	{ "root/" TOP, "kernel", "outside/modules/6.1.0/kernel" },
	{ "root/" TOP "/kernel", "a", "outside/modules/6.1.0/kernel/a" },
	{ "root/" TOP "/kernel/a", "inside.ko", "outside/modules/6.1.0/kernel/a/secret.ko" },
};

#define ENTRIES 5 /* how many things a name is swapped for */
static const char *const entries[ENTRIES] = { "absolute", "up", "file", "other", "away" };

static void write_module(int dir_fd, const char *path, const char *name, unsigned int minor)
{
	struct bytes bytes = make_module(name, minor);

	harness_write(dir_fd, path, bytes.data, bytes.size);
	free(bytes.data);
}

/* In each parent things that can be swapped for the name: see entries; "away" is not there. */
static void make_entries(int top_fd, const char *top, size_t i)
{
	char path[64], target[PATH_MAX + 128];

	(void)snprintf(target, sizeof(target), "%s/%s", top, swaps[i].outside);
	(void)snprintf(path, sizeof(path), "%s/absolute", swaps[i].parent);
	ck_assert_int_eq(symlinkat(target, top_fd, path), 0);
	(void)snprintf(target, sizeof(target), "../../../../../../../../../../../../..%s/%s", top,
		       swaps[i].outside);
	(void)snprintf(path, sizeof(path), "%s/up", swaps[i].parent);
	ck_assert_int_eq(symlinkat(target, top_fd, path), 0);
	(void)snprintf(path, sizeof(path), "%s/file", swaps[i].parent);
	harness_write(top_fd, path, "file", 4);
	(void)snprintf(path, sizeof(path), "%s/other/other.ko", swaps[i].parent);
	write_module(top_fd, path, "other", 3);
}

/* Has anything outside been opened since the last time? */
static bool was_outside(int watch_fd)
{
	char events[4096];
	bool was = false;

	while (read(watch_fd, events, sizeof(events)) > 0)
		was = true;
	return was;
}

/* Returns what is told of each open(2) outside. */
static int make_place(int top_fd)
{
	char top[PATH_MAX], path[64];
	int watch_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	ck_assert_int_ge(watch_fd, 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", top_fd);
	ck_assert_ptr_nonnull(realpath(path, top));
	write_module(top_fd, "outside/modules/6.1.0/kernel/a/secret.ko", "secret", 1);
	write_module(top_fd, "root/" TOP "/kernel/a/inside.ko", "inside", 2);
	harness_write(top_fd, "outside/modules/6.1.0/modules.order", "", 0);
	harness_write(top_fd, "root/" TOP "/modules.order", "", 0);
	for (size_t i = 0; i < ARRAY_SIZE(swaps); i++)
		make_entries(top_fd, top, i);
	ck_assert_int_eq(fchdir(top_fd), 0);
	for (size_t i = 0; i < ARRAY_SIZE(outsides); i++)
		ck_assert_int_ge(inotify_add_watch(watch_fd, outsides[i], IN_OPEN | IN_ACCESS), 0);
	/* an open is seen */
	ck_assert_int_eq(close(open(outsides[0], O_RDONLY | O_CLOEXEC)), 0);
	ck_assert(was_outside(watch_fd));
	return watch_fd;
}

/* Swaps, or moves away or back. */
static void swap(int parent_fd, const char *name, const char *entry)
{
	if (renameat2(parent_fd, name, parent_fd, entry, RENAME_EXCHANGE) < 0 &&
	    renameat2(parent_fd, name, parent_fd, entry, RENAME_NOREPLACE) < 0)
		(void)renameat2(parent_fd, entry, parent_fd, name, RENAME_NOREPLACE);
}

static void swap_for_ever(int top_fd, unsigned int unused)
{
	int parent_fds[ARRAY_SIZE(swaps)];

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(swaps); i++) {
		parent_fds[i] = openat(top_fd, swaps[i].parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
		must(parent_fds[i] >= 0);
	}
	while (!shared->done) {
		unsigned int i = any(ARRAY_SIZE(swaps));
		const char *entry = entries[any(ENTRIES)];

		swap(parent_fds[i], swaps[i].name, entry);
		if (any(4) == 0)
			(void)sched_yield();
		swap(parent_fds[i], swaps[i].name, entry);
		shared->changes += 2;
	}
}

/* Whatever was swapped, a node is one of those inside. Returns how many there are. */
static size_t check_inside(const struct result *result)
{
	size_t n = kmod_devname_table_size(result->table);

	for (size_t i = 0; i < n; i++) {
		const char *name =
			kmod_devname_node_get_name(kmod_devname_table_get(result->table, i));

		ck_assert_msg(strcmp(name, "inside") == 0 || strcmp(name, "other") == 0, "%s",
			      name);
	}
	ck_assert_uint_eq(count_findings(result->report, "secret"), 0);
	return n;
}

/* _i: many threads */
LOOP_TEST(nothing_outside_is_opened_while_files_are_swapped, 2)
{
	int top_fd = harness_directory(), watch_fd = make_place(top_fd), root_fd;
	unsigned int wanted = harness_often(30000, 2000000), scans = 0;
	double end = now() + SECONDS_MAX;
	size_t nodes = 0;
	pid_t pid;

	root_fd = open("root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid = start(swap_for_ever, top_fd, 0);
	for (; now() < end && (shared->changes < wanted || scans < wanted / 50); scans++) {
		struct result result = scan(root_fd, _i == 0 ? 1 : 4);

		nodes += check_inside(&result);
		result_done(&result);
		ck_assert_msg(!was_outside(watch_fd), "something outside was opened");
	}
	stop(pid);
	if (shared->changes < wanted / 10 || scans < 100 || nodes == 0)
		harness_skip("the directories and the scans of them did not race");
	printf("# count: directories swapped during the walk, %s: %u swaps, %u scans, 0 escapes\n",
	       _i == 0 ? "1 thread" : "4 threads", shared->changes, scans);
	(void)fflush(stdout);
}

/* --- step by step -------------------------------------------------------------------------- */

struct attack {
	int root_fd;
	int parent_fd;
	const char *name, *entry;
};

static void strike(void *data)
{
	const struct attack *attack = data;

	swap(attack->parent_fd, attack->name, attack->entry);
}

static int scan_in_child(void *data)
{
	const struct attack *attack = data;
	struct result result = scan(attack->root_fd, 1);

	(void)check_inside(&result);
	result_done(&result);
	return 0;
}

/* Has the scan that is stopped there opened something outside? */
static bool escapes_at(struct attack *attack, unsigned int stop, int watch_fd, int *ret_stopped)
{
	*ret_stopped = harness_stop_at(scan_in_child, attack, stop, strike);
	if (*ret_stopped > 0)
		strike(attack);
	return was_outside(watch_fd);
}

/*
 * _i: what is swapped, for which entry. If something is opened once, it may have been by another
 * process, which looks through all directories; the scan does the same again.
 */
LOOP_TEST(nothing_outside_is_opened_if_files_are_swapped_at_any_call, ARRAY_SIZE(swaps) * ENTRIES)
{
	int top_fd = harness_directory(), watch_fd = make_place(top_fd), stopped = 1;
	size_t i = (size_t)_i / ENTRIES;
	struct attack attack = { .name = swaps[i].name, .entry = entries[_i % ENTRIES] };
	unsigned int stop;

	attack.root_fd = open("root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	attack.parent_fd = open(swaps[i].parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (stop = 0; stopped > 0; stop++)
		ck_assert_msg(!escapes_at(&attack, stop, watch_fd, &stopped) ||
				      !escapes_at(&attack, stop, watch_fd, &stopped),
			      "%s for %s at stop %u", attack.entry, attack.name, stop);
	ck_assert(stopped < 0 || stop > 30);
}

int main(void)
{
	return harness_run(NULL, NULL);
}
