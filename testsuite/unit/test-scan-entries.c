// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What single entries of a module directory can do to a scan: links that cannot be followed, files
 * and directories that cannot be read, one file under many names, more names than there is room
 * for. The scan comes to its end, the other modules are read, and it is known what was not.
 */

#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/mkmodule.h"
#include "lib/refuse.h"
#include "tree/scan.h"

#define NOBODY 65534

#ifndef WITH_ZLIB
#define WITH_ZLIB 0
#endif
#ifndef WITH_XZ
#define WITH_XZ 0
#endif
#ifndef WITH_ZSTD
#define WITH_ZSTD 0
#endif

static void write_strings(int dir_fd, const char *path, const char *const *strings, size_t n)
{
	struct mkmodule spec = { 64, 0, MKMODULE_SOUND, strings, n };
	size_t size;
	uint8_t *image = mkmodule(&spec, &size);

	harness_write(dir_fd, path, image, size);
	free(image);
}

/* A module that declares NAME c10:MINOR. */
static void write_node(int dir_fd, const char *path, const char *name, unsigned int minor)
{
	char devname[64], number[64];
	const char *const strings[] = { devname, number };

	(void)snprintf(devname, sizeof(devname), "alias=devname:%s", name);
	(void)snprintf(number, sizeof(number), "alias=char-major-10-%u", minor);
	write_strings(dir_fd, path, strings, ARRAY_SIZE(strings));
}

struct scanned {
	struct kmod_devname_table *table;
	struct kmod_devname_report *report;
	struct kmod_devname_scan *scan;
};

static struct scanned scan_begin(int root_fd, const char *directory, unsigned int threads)
{
	struct scanned scanned;

	ck_assert_int_eq(kmod_devname_table_new(&scanned.table), 0);
	ck_assert_int_eq(kmod_devname_report_new(&scanned.report), 0);
	ck_assert_int_eq(kmod_devname_scan_new(scanned.table, scanned.report, root_fd, directory,
					       &scanned.scan),
			 0);
	ck_assert_int_eq(kmod_devname_scan_set_threads(scanned.scan, threads), 0);
	return scanned;
}

static struct scanned scan_all(int root_fd, const char *directory, unsigned int threads)
{
	struct scanned scanned = scan_begin(root_fd, directory, threads);
	int r;

	while ((r = kmod_devname_scan_step(scanned.scan)) > 0)
		;
	ck_assert_msg(r == 0, "%s: %s", directory, strerror(-r));
	return scanned;
}

static void scanned_done(struct scanned *scanned)
{
	kmod_devname_scan_unref(scanned->scan);
	kmod_devname_table_unref(scanned->table);
	kmod_devname_report_unref(scanned->report);
}

static bool has_node(const struct scanned *scanned, const char *line)
{
	return strstr(harness_text(scanned->table), line) != NULL;
}

static struct kmod_devname_table *read_list(const char *text)
{
	FILE *stream = fmemopen((char *)(uintptr_t)text, strlen(text), "r");
	struct kmod_devname_table *table;

	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(kmod_devname_table_new(&table), 0);
	ck_assert_int_eq(kmod_devname_table_read(table, NULL, stream, NULL), 0);
	ck_assert_int_eq(fclose(stream), 0);
	return table;
}

/* --- links -------------------------------------------------------------------------------- */

#define LONG_50 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
#define LONG_300 LONG_50 LONG_50 LONG_50 LONG_50 LONG_50 LONG_50

static const struct {
	const char *name, *target, *code;
} links[] = {
	{ "README", LONG_300, "dangling-link" },
	{ "x.ko", LONG_300, "dangling-link" },
	{ "README", "/proc/self/mem", "" },
	{ "x.ko", "/proc/self/mem", "dangling-link" },
	{ "x.ko", "/proc/self/clear_refs", "dangling-link" },
	{ "x.ko", "/proc/self/attr/current", "dangling-link" },
	{ "x.ko", "/sys/kernel/uevent_seqnum", "dangling-link" },
	{ "x.ko", "/proc/self/exe", "dangling-link" },
	{ "d", "/proc", "dangling-link" },
	{ "d", "/proc/self/task", "dangling-link" },
	{ "d.ko", "/sys/kernel", "dangling-link" },
	{ "d", "/", "" },
};

/* The directory as the root directory has it. */
static const char *path_of(int dir_fd)
{
	static char path[PATH_MAX];
	char name[64];
	ssize_t size;

	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", dir_fd);
	size = readlink(name, path, sizeof(path) - 1);
	ck_assert_int_gt(size, 1);
	path[size] = '\0';
	return path + 1;
}

LOOP_TEST(a_link_that_cannot_be_followed_is_a_note, ARRAY_SIZE(links))
{
	int dir_fd = harness_directory(), root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct scanned scanned;

	if (strcmp(links[_i].target, "/proc/self/exe") == 0 && harness_under_valgrind()) {
		harness_leave("valgrind has a file of its own in that place");
		return;
	}
	write_node(dir_fd, "good.ko", "good", 1);
	ck_assert_int_eq(symlinkat(links[_i].target, dir_fd, links[_i].name), 0);
	for (unsigned int threads = 1; threads <= 2; threads++) {
		scanned = scan_all(root_fd, path_of(dir_fd), threads);
		ck_assert(has_node(&scanned, "good good c10:1\n"));
		ck_assert_str_eq(harness_codes(scanned.report), links[_i].code);
		ck_assert_uint_eq(
			kmod_devname_report_count(scanned.report, KMOD_DEVNAME_SEVERITY_NOTE),
			kmod_devname_report_size(scanned.report));
		ck_assert(!scanned.scan->found.is_incomplete);
		scanned_done(&scanned);
	}
	ck_assert_int_eq(close(root_fd), 0);
}

static const struct {
	const char *name, *target, *other, *code;
} swapped_links[] = {
	{ "x.ko", "good.ko", "/proc/self/status", "not-regular" },
	{ "d", "sub", "/proc/self/task", "unreadable" },
};

static void swap_link(void *data)
{
	const int *dir_fd = data;

	ck_assert_int_eq(renameat(*dir_fd, "build", *dir_fd, swapped_links[dir_fd[1]].name), 0);
}

/* When the file system is asked for the first time, the link has been followed once. */
LOOP_TEST(a_link_that_is_swapped_after_it_was_looked_at_leads_not_into_proc,
	  ARRAY_SIZE(swapped_links))
{
	static const struct refusal pause = { SYS_fstatfs, 0, 1, 0 };
	int data[2] = { harness_directory(), _i }, dir_fd = data[0];
	int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct scanned scanned;

	write_node(dir_fd, "good.ko", "good", 1);
	ck_assert_int_eq(mkdirat(dir_fd, "sub", 0755), 0);
	ck_assert_int_eq(symlinkat(swapped_links[_i].target, dir_fd, swapped_links[_i].name), 0);
	ck_assert_int_eq(symlinkat(swapped_links[_i].other, dir_fd, "build"), 0);
	refuse_meanwhile(swap_link, data);
	if (!refuse(&pause, 1))
		return;
	scanned = scan_all(root_fd, path_of(dir_fd), 1);
	ck_assert(refuse_met());
	ck_assert_str_eq(harness_codes(scanned.report), swapped_links[_i].code);
	ck_assert(has_node(&scanned, "good good c10:1\n"));
	scanned_done(&scanned);
	ck_assert_int_eq(close(root_fd), 0);
}

static bool keeps_line(const struct scanned *scanned, const char *line)
{
	struct kmod_devname_table *old = read_list(line);
	bool keeps;

	ck_assert_int_eq(scan_keep(scanned->scan, old, "modules.devname"), 0);
	keeps = has_node(scanned, line);
	kmod_devname_table_unref(old);
	return keeps;
}

/* As in weak-updates, when the kernel of the module was removed. */
TEST(a_module_behind_a_link_that_leads_nowhere_is_gone)
{
	static const char order[] = "one-link.ko\n";
	int dir_fd = harness_directory();
	struct scanned scanned;

	harness_write(dir_fd, "modules.order", order, strlen(order));
	write_node(dir_fd, "good.ko", "good", 1);
	write_node(dir_fd, "kernel/both.ko", "both", 2);
	ck_assert_int_eq(symlinkat("not-mounted", dir_fd, "both.ko"), 0);
	ck_assert_int_eq(symlinkat("not-mounted", dir_fd, "one-link.ko.xz"), 0);
	ck_assert_int_eq(symlinkat("not-mounted", dir_fd, "directory"), 0);
	scanned = scan_all(dir_fd, ".", 1);
	ck_assert_str_eq(harness_codes(scanned.report),
			 "dangling-link,dangling-link,dangling-link");
	ck_assert(!scanned.scan->found.is_incomplete);
	ck_assert(!scan_may_keep(scanned.scan));
	ck_assert_int_eq(scan_find_module(scanned.scan, "one_link"), SCAN_MODULE_ABSENT);
	ck_assert(has_node(&scanned, "both both c10:2\n"));
	ck_assert(!keeps_line(&scanned, "one_link x c10:3\n"));
	ck_assert(!keeps_line(&scanned, "both y c10:4\n"));
	ck_assert(!keeps_line(&scanned, "gone z c10:5\n"));
	ck_assert(scan_lacks_listed(scanned.scan));
	scanned_done(&scanned);
}

/* --- what cannot be read ------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum scan_module_state state; /* of the module "x" */
	bool is_complete;
} closed[] = {
	{ "x.ko", SCAN_MODULE_UNREAD, true },        { "x-y/x.ko", SCAN_MODULE_UNREAD, true },
	{ "directory/", SCAN_MODULE_ABSENT, false }, { "link.ko", SCAN_MODULE_ABSENT, true },
	{ "link", SCAN_MODULE_ABSENT, false },
};

static void make_closed(int dir_fd, const char *name)
{
	const char *slash = strchr(name, '/');

	ck_assert_int_eq(fchmod(dir_fd, 0755), 0);
	ck_assert_int_eq(mkdirat(dir_fd, "closed", 0755), 0);
	write_node(dir_fd, "closed/target", "x", 2);
	if (strncmp(name, "link", 4) == 0)
		ck_assert_int_eq(symlinkat("closed/target", dir_fd, name), 0);
	else if (slash && slash[1] == '\0')
		ck_assert_int_eq(mkdirat(dir_fd, "directory", 0), 0);
	else
		write_node(dir_fd, name, "x", 2);
	if (!slash || slash[1] != '\0')
		ck_assert_int_eq(fchmodat(dir_fd, name, 0, 0), 0);
}

/* Whatever the errno is, and whatever cannot be read, the others are read. */
LOOP_TEST(a_scan_records_unread_modules, ARRAY_SIZE(closed))
{
	const char *name = closed[_i].name;
	bool is_link = strncmp(name, "link", 4) == 0;
	int dir_fd = harness_directory();
	struct scanned scanned;

	make_closed(dir_fd, name);
	write_node(dir_fd, "good.ko", "good", 1);
	ck_assert_int_eq(fchmodat(dir_fd, "closed", is_link ? 0 : 0755, 0), 0);
	if (geteuid() == 0 && seteuid(NOBODY) < 0) {
		harness_skip("root cannot become another user, who may not read the files");
		return;
	}
	scanned = scan_all(dir_fd, ".", 1);
	ck_assert_int_eq(seteuid(getuid()), 0);
	ck_assert(has_node(&scanned, "good good c10:1\n"));
	ck_assert_uint_eq(kmod_devname_table_size(scanned.table), 1);
	ck_assert_int_eq(scan_find_module(scanned.scan, "good"), SCAN_MODULE_READ);
	ck_assert_int_eq(scan_find_module(scanned.scan, "goo"), SCAN_MODULE_ABSENT);
	if (strcmp(name, "link.ko") == 0)
		ck_assert_int_eq(scan_find_module(scanned.scan, "link"), SCAN_MODULE_UNREAD);
	ck_assert_int_eq(scan_find_module(scanned.scan, "x"), closed[_i].state);
	/* "closed" itself is a directory that cannot be read in the rows with links */
	ck_assert_int_eq(!scanned.scan->found.is_incomplete, closed[_i].is_complete && !is_link);
	ck_assert_uint_eq(scan_count_unread(scanned.scan),
			  closed[_i].state == SCAN_MODULE_UNREAD || strcmp(name, "link.ko") == 0);
	scanned_done(&scanned);
}

/* If a file cannot be opened, the last ones mean that there is none. */
static const int errors[] = { EIO,   EACCES,  EINVAL, ENOTCONN, ESTALE, EAGAIN,
			      EPERM, ENODATA, ENXIO,  ENODEV,   ENOENT, ENOTDIR };
#define OPEN_ERRORS 10

LOOP_TEST(a_scan_continues_after_any_error_of_a_module, ARRAY_SIZE(errors) + OPEN_ERRORS)
{
	int dir_fd = harness_directory(), error = errors[(size_t)_i % ARRAY_SIZE(errors)];
	struct scanned scanned;

	write_node(dir_fd, "a.ko", "a", 1);
	write_node(dir_fd, "b.ko", "b", 2);
	if (!refuse_next((size_t)_i < ARRAY_SIZE(errors) ? SYS_pread64 : SYS_openat, error))
		return;
	scanned = scan_all(dir_fd, ".", 1);
	ck_assert_uint_eq(kmod_devname_table_size(scanned.table), 1);
	ck_assert_str_eq(harness_codes(scanned.report), "unreadable");
	ck_assert_uint_eq(kmod_devname_report_count(scanned.report, KMOD_DEVNAME_SEVERITY_ERROR),
			  1);
	ck_assert_int_eq(scan_find_module(scanned.scan, "a") == SCAN_MODULE_UNREAD,
			 scan_find_module(scanned.scan, "b") == SCAN_MODULE_READ);
	scanned_done(&scanned);
}

/* A lease lets open(2) with O_NONBLOCK fail with EAGAIN; its holder is in another process. */
TEST(a_module_under_a_lease_is_unreadable_and_the_others_are_read)
{
	int dir_fd = harness_directory(), fds[2], fd;
	struct scanned scanned;
	char result = 'n';
	pid_t holder;

	write_node(dir_fd, "a.ko", "a", 1);
	write_node(dir_fd, "b.ko", "b", 2);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	holder = fork();
	ck_assert_int_ge(holder, 0);
	if (holder == 0) {
		(void)close(fds[0]);
		(void)signal(SIGIO, SIG_IGN);
		fd = openat(dir_fd, "a.ko", O_RDWR | O_CLOEXEC);
		if (fd >= 0 && fcntl(fd, F_SETLEASE, F_WRLCK) == 0)
			result = 'y';
		(void)!write(fds[1], &result, 1);
		(void)!read(fds[1], &result, 1);
		_exit(0);
	}
	(void)close(fds[1]);
	ck_assert_int_eq(read(fds[0], &result, 1), 1);
	if (result == 'y') {
		scanned = scan_all(dir_fd, ".", 1);
		ck_assert_str_eq(harness_codes(scanned.report), "unreadable");
		ck_assert_uint_eq(kmod_devname_table_size(scanned.table), 1);
		ck_assert(has_node(&scanned, "b b c10:2\n"));
		ck_assert_int_eq(scan_find_module(scanned.scan, "a"), SCAN_MODULE_UNREAD);
		scanned_done(&scanned);
	} else {
		harness_skip("no lease can be had in this file system");
	}
	(void)close(fds[0]);
	ck_assert_int_eq(waitpid(holder, NULL, 0), holder);
}

static const struct {
	const char *magic;
	size_t size;
	bool is_built_in;
	const char *message;
} compressions[] = {
	{ "\x1f\x8b\x08", 3, WITH_ZLIB, "3 modules are compressed with gzip (first: b.ko)" },
	{ "\xfd\x37zXZ", 6, WITH_XZ, "3 modules are compressed with xz (first: b.ko)" },
	{ "\x28\xb5\x2f\xfd", 4, WITH_ZSTD, "3 modules are compressed with zstd (first: b.ko)" },
};

/* In the order of the file; of a build with the compression these are damaged. */
LOOP_TEST(a_compression_that_is_not_built_in_is_one_finding, ARRAY_SIZE(compressions))
{
	static const char order[] = "b.ko\na.ko\n";
	bool is_built_in = compressions[_i].is_built_in;
	int dir_fd = harness_directory();
	struct scanned scanned;
	const char *message;

	harness_write(dir_fd, "a.ko", compressions[_i].magic, compressions[_i].size);
	harness_write(dir_fd, "b.ko", compressions[_i].magic, compressions[_i].size);
	harness_write(dir_fd, "c.ko", compressions[_i].magic, compressions[_i].size);
	harness_write(dir_fd, "modules.order", order, strlen(order));
	write_node(dir_fd, "good.ko", "good", 1);
	scanned = scan_all(dir_fd, ".", 2);
	ck_assert_str_eq(harness_codes(scanned.report),
			 is_built_in ? "corrupt,corrupt,corrupt" : "unsupported");
	message = kmod_devname_finding_get_message(kmod_devname_report_get(scanned.report, 0));
	ck_assert_int_eq(
		strncmp(message, compressions[_i].message, strlen(compressions[_i].message)) == 0,
		!is_built_in);
	ck_assert_uint_eq(scan_count_unread(scanned.scan), 3);
	ck_assert_int_eq(scan_find_module(scanned.scan, "c"), SCAN_MODULE_UNREAD);
	ck_assert(has_node(&scanned, "good good c10:1\n"));
	scanned_done(&scanned);
}

static const struct {
	int error;
	bool is_undecodable;
} undecodables[] = {
	{ MODULE_OK, false },           { MODULE_UNSUPPORTED, true },
	{ MODULE_NEEDS_GZIP, true },    { MODULE_NEEDS_XZ, true },
	{ MODULE_NEEDS_ZSTD, true },    { MODULE_NOT_ELF, false },
	{ MODULE_DATA_DAMAGED, false }, { -EIO, false },
};

/* Whatever this build has: the module is added to a directory of none, or of one that is read. */
LOOP_TEST(a_kernel_is_undecodable_if_all_its_modules_are, ARRAY_SIZE(undecodables))
{
	int dir_fd = harness_directory();

	for (unsigned int others = 0; others < 2; others++) {
		struct scanned scanned;
		struct scan_module *module;

		if (others > 0)
			write_node(dir_fd, "good.ko", "good", 1);
		scanned = scan_all(dir_fd, ".", 1);
		module = scan_add_module(&scanned.scan->found.modules, NULL, "x.ko.xz", false);
		ck_assert_ptr_nonnull(module);
		module->content = scan_add_content(&scanned.scan->found);
		ck_assert_ptr_nonnull(module->content);
		module->content->error = undecodables[_i].error;
		ck_assert_int_eq(scan_is_undecodable(scanned.scan),
				 undecodables[_i].is_undecodable && others == 0);
		scanned_done(&scanned);
	}
}

/* --- paths -------------------------------------------------------------------------------- */

static const char *const paths[] = {
	"-x.ko",          "/external-2/x.ko", "/external/a/x.ko", "/external/x.ko",
	"a.ko",           "kernel-x/a.ko",    "kernel.ko",        "kernel/a-b/x.ko",
	"kernel/a.ko",    "kernel/a/b/x.ko",  "kernel/a/x-y.ko",  "kernel/a/x.ko",
	"kernel/a0/x.ko", "kernel/z.ko",
};

static const struct scan_directory *add_once(struct scan_found *found,
					     const struct scan_directory *parent, const char *name)
{
	const struct list *known = &found->known_directories;

	for (size_t i = 0; i < known->size; i++) {
		const struct scan_directory *directory = known->items[i];

		if (directory->parent == parent && strcmp(directory->name, name) == 0)
			return directory;
	}
	return scan_add_directory(found, NULL, parent, name);
}

/* The directory of a path, of which the first so many bytes have no parent. */
static const struct scan_directory *add_path(struct scan_found *found, const char *path,
					     size_t first)
{
	char *copy = strdup(path), *rest = copy, *name;
	const struct scan_directory *directory;

	ck_assert_ptr_nonnull(copy);
	if (first > 0) {
		copy[first] = '\0';
		rest += first + 1;
	}
	directory = add_once(found, NULL, first > 0 ? copy : "");
	while ((name = strsep(&rest, "/")) && rest)
		directory = add_once(found, directory, name);
	free(copy);
	return directory;
}

/* By the walk a directory has its parent, by the index its path, once for each file. */
LOOP_TEST(paths_are_compared_as_texts, 2)
{
	struct scan_found found = { 0 };
	const struct scan_directory *directories[ARRAY_SIZE(paths)];

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const char *path = paths[i];
		size_t size = (size_t)(syntax_base_name(path) - path);
		char *parent = strndup(path, size > 0 ? size - 1 : 0);

		if (_i == 0)
			directories[i] = add_path(&found, path,
						  *path == '/' ? strcspn(path + 1, "/") + 1 : 0);
		else
			directories[i] = scan_add_directory(&found, NULL, NULL, parent);
		free(parent);
	}
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		for (size_t j = 0; j < ARRAY_SIZE(paths); j++) {
			int r = scan_compare_paths(directories[i], syntax_base_name(paths[i]),
						   directories[j], syntax_base_name(paths[j]));

			ck_assert_msg((r > 0) - (r < 0) == (i > j) - (i < j), "%s, %s: %d",
				      paths[i], paths[j], r);
		}
	scan_found_done(&found);
}

/* --- one file, many names ------------------------------------------------------------------ */

LOOP_TEST(a_file_with_many_names_is_read_once, 2)
{
	unsigned int threads = _i == 0 ? 1 : 8;
	int dir_fd = harness_directory();
	struct scanned scanned;
	char name[32];

	write_node(dir_fd, "data/file", "x", 1);
	for (unsigned int i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "hard%02u.ko", i);
		ck_assert_int_eq(linkat(dir_fd, "data/file", dir_fd, name, 0), 0);
		(void)snprintf(name, sizeof(name), "soft%02u.ko", i);
		ck_assert_int_eq(symlinkat("data/file", dir_fd, name), 0);
	}
	write_node(dir_fd, "other.ko", "y", 2);
	scanned = scan_all(dir_fd, ".", threads);
	ck_assert_uint_eq(kmod_devname_table_size(scanned.table), 201);
	ck_assert(has_node(&scanned, "hard00 x c10:1\n"));
	ck_assert(has_node(&scanned, "soft99 x c10:1\n"));
	/* what was read: of the file, and of the other one */
	ck_assert_uint_eq(scanned.scan->found.contents.size, 2);
	scanned_done(&scanned);
}

/* As a backup does: the change time is another one when the file is read. */
TEST(a_hard_link_that_is_made_meanwhile_is_no_change)
{
	static const char head[] = "\x1f\x8b\x08"; /* it waits until the directory was read */
	int dir_fd = harness_directory();
	struct scanned scanned;

	harness_write(dir_fd, "x.ko", head, strlen(head));
	ck_assert_int_eq(linkat(dir_fd, "x.ko", dir_fd, "y.ko", 0), 0);
	scanned = scan_begin(dir_fd, ".", 1);
	ck_assert_int_eq(kmod_devname_scan_step(scanned.scan), 1);
	harness_next_tick(dir_fd);
	ck_assert_int_eq(linkat(dir_fd, "x.ko", dir_fd, "backup", 0), 0);
	ck_assert_int_eq(kmod_devname_scan_step(scanned.scan), 0);
	ck_assert_str_eq(harness_codes(scanned.report),
			 WITH_ZLIB ? "corrupt,corrupt" : "unsupported");
	scanned_done(&scanned);
}

/* --- bounds ------------------------------------------------------------------------------- */

#define BIG_NAMES 2000
#define BIG_SIZE 3700

/* A module that declares many long names, none of which another one declares. */
static void write_big(int dir_fd, const char *path, unsigned int number)
{
	char(*texts)[BIG_SIZE + 100] = calloc(2 * BIG_NAMES, sizeof(*texts));
	const char **strings = calloc(2 * BIG_NAMES, sizeof(*strings));

	ck_assert(texts && strings);
	for (size_t i = 0; i < BIG_NAMES; i++) {
		size_t size = (size_t)snprintf(texts[2 * i], sizeof(*texts), "alias=devname:%u-%zu",
					       number, i);

		while (size < BIG_SIZE) {
			size += (size_t)snprintf(texts[2 * i] + size, sizeof(*texts) - size,
						 "/" LONG_50);
		}
		(void)snprintf(texts[2 * i + 1], sizeof(*texts), "alias=char-major-%u-%zu",
			       number + 1, i);
		strings[2 * i] = texts[2 * i];
		strings[2 * i + 1] = texts[2 * i + 1];
	}
	write_strings(dir_fd, path, strings, 2 * BIG_NAMES);
	free(strings);
	free(texts);
}

static const unsigned int thread_counts[] = { 1, 2, 8 };

/* Each of them has 7 MiB: there is room for two. */
LOOP_TEST(names_are_bounded_over_all_modules_in_their_order, ARRAY_SIZE(thread_counts))
{
	static const char order[] = "big4.ko\nbig1.ko\n";
	int dir_fd = harness_directory();
	struct scanned scanned;
	char path[32];
	FILE *stream;
	char *text = NULL;
	size_t size;

	for (unsigned int i = 0; i < 5; i++) {
		(void)snprintf(path, sizeof(path), "big%u.ko", i);
		write_big(dir_fd, path, i);
	}
	write_node(dir_fd, "small.ko", "small", 1);
	harness_write(dir_fd, "modules.order", order, strlen(order));
	scanned = scan_all(dir_fd, ".", thread_counts[_i]);
	ck_assert_uint_eq(kmod_devname_table_size(scanned.table), 2 * BIG_NAMES + 1);
	ck_assert_str_eq(harness_codes(scanned.report),
			 "too-many-aliases,too-many-aliases,too-many-aliases");
	ck_assert_str_eq(kmod_devname_node_get_module(kmod_devname_table_get(scanned.table, 0)),
			 "big4");
	ck_assert_str_eq(
		kmod_devname_node_get_module(kmod_devname_table_get(scanned.table, BIG_NAMES)),
		"big1");
	ck_assert_str_eq(kmod_devname_node_get_module(
				 kmod_devname_table_get(scanned.table, (size_t)2 * BIG_NAMES)),
			 "small");
	/* what was kept while the modules were read */
	ck_assert_uint_le(scanned.scan->aliases_size, (size_t)16 << 20);
	ck_assert_int_eq(scan_find_module(scanned.scan, "big0"), SCAN_MODULE_READ);
	/* and what is written can be read */
	stream = open_memstream(&text, &size);
	ck_assert_int_eq(kmod_devname_table_write(scanned.table, stream), 0);
	ck_assert_int_eq(fclose(stream), 0);
	ck_assert_uint_lt(size, (size_t)20 << 20);
	free(text);
	scanned_done(&scanned);
}

/* There is no room to keep what three of them declare, so these are read again at the end. */
TEST(a_module_that_cannot_be_read_again_was_not_read)
{
	int dir_fd = harness_directory();
	struct scanned scanned;
	char path[32];

	ck_assert_int_eq(mkdirat(dir_fd, "sub", 0755), 0); /* another step */
	for (unsigned int i = 0; i < 5; i++) {
		(void)snprintf(path, sizeof(path), "big%u.ko", i);
		write_big(dir_fd, path, i);
	}
	scanned = scan_begin(dir_fd, ".", 1);
	ck_assert_int_eq(kmod_devname_scan_step(scanned.scan), 1);
	for (unsigned int i = 0; i < 5; i++) {
		(void)snprintf(path, sizeof(path), "big%u.ko", i);
		harness_write(dir_fd, path, "", 0);
	}
	ck_assert_int_eq(kmod_devname_scan_step(scanned.scan), 0);
	ck_assert_uint_eq(kmod_devname_table_size(scanned.table), 2 * BIG_NAMES);
	ck_assert_uint_eq(scan_count_unread(scanned.scan), 3);
	scanned_done(&scanned);
}

TEST(nodes_are_bounded_over_all_modules)
{
	static char texts[4096][32];
	static const char *strings[4096];
	int dir_fd = harness_directory();
	struct kmod_devname_table *old;
	struct scanned scanned;
	char path[32];

	/* with the same names in each: they count all the same */
	for (unsigned int i = 0; i < 4096; i += 2) {
		(void)snprintf(texts[i], sizeof(texts[i]), "alias=devname:%u", i);
		(void)snprintf(texts[i + 1], sizeof(texts[i]), "alias=char-major-1-%u", i);
		strings[i] = texts[i];
		strings[i + 1] = texts[i + 1];
	}
	for (unsigned int i = 0; i < 66; i++) {
		(void)snprintf(path, sizeof(path), "m%02u.ko", i);
		write_strings(dir_fd, path, strings, ARRAY_SIZE(strings));
	}
	harness_write(dir_fd, "x.ko", "damaged", 7);
	scanned = scan_all(dir_fd, ".", 2);
	ck_assert_uint_eq(kmod_devname_table_size(scanned.table), 1 << 17);
	ck_assert_str_eq(harness_codes(scanned.report),
			 "too-many-aliases,too-many-aliases,malformed");
	/* what is kept counts too */
	old = read_list("m00 0 c1:0\nx x c10:1\nx y c10:2\n");
	ck_assert_int_eq(scan_keep(scanned.scan, old, "modules.devname"), 0);
	ck_assert_uint_eq(kmod_devname_table_size(scanned.table), 1 << 17);
	ck_assert_str_eq(
		harness_codes(scanned.report),
		"too-many-aliases,too-many-aliases,malformed,too-many-aliases,too-many-aliases");
	kmod_devname_table_unref(old);
	scanned_done(&scanned);
}

/* --- cancellation -------------------------------------------------------------------------- */

static void *step_until_cancelled(void *data)
{
	struct kmod_devname_scan *scan = data;

	/* at the next point where a thread may be cancelled */
	(void)pthread_cancel(pthread_self());
	while (kmod_devname_scan_step(scan) > 0)
		;
	pthread_testcancel();
	return NULL;
}

TEST(a_thread_that_is_cancelled_in_a_step_leaves_a_scan_that_can_be_released)
{
	int dir_fd = harness_directory();
	struct scanned scanned;
	pthread_t thread;
	void *result;

	for (unsigned int i = 0; i < 50; i++) {
		char path[32];

		(void)snprintf(path, sizeof(path), "d%u/m.ko", i);
		write_node(dir_fd, path, "x", 1);
	}
	scanned = scan_begin(dir_fd, ".", 2);
	ck_assert_int_eq(pthread_create(&thread, NULL, step_until_cancelled, scanned.scan), 0);
	ck_assert_int_eq(pthread_join(thread, &result), 0);
	ck_assert_ptr_eq(result, PTHREAD_CANCELED);
	scanned_done(&scanned);
}

int main(void)
{
	return harness_run(NULL, NULL);
}
