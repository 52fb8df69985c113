// SPDX-License-Identifier: GPL-2.0-or-later
/* What the unit tests share. */

#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

static struct test_case {
	const TTest *test;
	int n;
} cases[64];
static size_t n_cases;

void harness_add(const TTest *test, int n)
{
	if (n_cases == ARRAY_SIZE(cases)) {
		(void)fputs("more cases than harness.c has room for\n", stderr);
		abort();
	}
	cases[n_cases++] = (struct test_case){ test, n };
}

static int compare_lines(const void *a, const void *b)
{
	return ((const struct test_case *)a)->test->line -
	       ((const struct test_case *)b)->test->line;
}

static TCase *add_tcase(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	/* only a hang takes longer, also on a busy machine and under valgrind */
	tcase_set_timeout(tcase, 1200);
	suite_add_tcase(suite, tcase);
	return tcase;
}

static int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int harness_run(void (*set_up)(void), void (*tear_down)(void))
{
	Suite *suite = suite_create("unit");

	qsort(cases, n_cases, sizeof(cases[0]), compare_lines);
	for (size_t i = 0; i < n_cases; i++) {
		TCase *tcase = add_tcase(suite, cases[i].test->name); /* for CK_RUN_CASE */

		tcase_add_checked_fixture(tcase, set_up, tear_down);
		tcase_add_loop_test(tcase, cases[i].test, 0, cases[i].n);
	}
	return run_suite(suite);
}

int harness_run_once(void (*set_up)(void), void (*tear_down)(void))
{
	Suite *suite = suite_create("unit");
	TCase *tcase = add_tcase(suite, "unit");

	qsort(cases, n_cases, sizeof(cases[0]), compare_lines);
	tcase_add_unchecked_fixture(tcase, set_up, tear_down);
	for (size_t i = 0; i < n_cases; i++)
		tcase_add_loop_test(tcase, cases[i].test, 0, cases[i].n);
	return run_suite(suite);
}

bool harness_under_valgrind(void)
{
	return getenv("UNDER_VALGRIND") != NULL;
}

bool harness_is_watched(void)
{
	return SANITIZED || harness_under_valgrind();
}

void harness_limit_cpu(unsigned int seconds)
{
	if (!harness_is_watched())
		ck_assert_int_eq(setrlimit(RLIMIT_CPU, &(struct rlimit){ seconds, seconds }), 0);
}

/* A case is a process of its own. */
static void say_once(const char *what, const char *reason)
{
	static bool has_said;

	if (!has_said)
		(void)printf("# %s: %s\n", what, reason);
	(void)fflush(stdout);
	has_said = true;
}

void harness_skip(const char *reason)
{
	say_once("skipped", reason);
}

void harness_leave(const char *reason)
{
	say_once("left out", reason);
}

unsigned int harness_often(unsigned int normal, unsigned int when_long)
{
	return getenv("KMOD_DEVNAME_LONG") ? when_long : normal;
}

/* Odd, so that each bit of a byte has its turn. */
size_t harness_step(void)
{
	return harness_under_valgrind() ? 31 : 1;
}

/* What a test has borrowed, to be freed when its process ends. */
static char *borrowed[64];
static size_t n_borrowed;
static char directory[4096];
static pid_t directory_owner;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void clean_up(void)
{
	for (size_t i = 0; i < n_borrowed; i++)
		free(borrowed[i]);
	if (directory[0] != '\0' && directory_owner == getpid())
		(void)nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *lend(char *text)
{
	if (n_borrowed == 0 && directory[0] == '\0')
		(void)atexit(clean_up);
	ck_assert_uint_lt(n_borrowed, ARRAY_SIZE(borrowed));
	return borrowed[n_borrowed++] = text;
}

const char *harness_codes(const struct kmod_devname_report *report)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(stream);
	for (size_t i = 0; i < kmod_devname_report_size(report); i++)
		fprintf(stream, "%s%s", i > 0 ? "," : "",
			kmod_devname_code_to_string(
				kmod_devname_finding_get_code(kmod_devname_report_get(report, i))));
	fclose(stream);
	return lend(text);
}

const char *harness_text(const struct kmod_devname_table *table)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(kmod_devname_table_write(table, stream), 0);
	fclose(stream);
	return lend(text);
}

static ssize_t read_source(void *cookie, char *buffer, size_t size)
{
	struct harness_source *source = cookie;
	size_t n = source->text.size;

	if (n == 0 && source->error != 0) {
		errno = source->error;
		return -1;
	}
	n = n < size ? n : size;
	if (source->piece > 0 && n > source->piece)
		n = source->piece;
	memcpy(buffer, source->text.bytes, n);
	source->text.bytes += n;
	source->text.size -= n;
	return (ssize_t)n;
}

FILE *harness_open(struct harness_source *source)
{
	FILE *stream = fopencookie(source, "r", (cookie_io_functions_t){ .read = read_source });

	ck_assert_ptr_nonnull(stream);
	return stream;
}

struct kmod_devname_table *harness_table(const char *lines)
{
	struct harness_source source = { .text = { lines, strlen(lines) } };
	FILE *stream = harness_open(&source);
	struct kmod_devname_report *report;
	struct kmod_devname_table *table;

	ck_assert_int_eq(kmod_devname_table_new(&table), 0);
	ck_assert_int_eq(kmod_devname_report_new(&report), 0);
	ck_assert_int_eq(kmod_devname_table_read(table, report, stream, "text"), 0);
	ck_assert_uint_eq(kmod_devname_report_size(report), 0);
	kmod_devname_report_unref(report);
	(void)fclose(stream);
	return table;
}

void *harness_share(size_t size)
{
	void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		abort();
	return shared;
}

unsigned int harness_count_fds(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

int harness_directory(void)
{
	const char *parent = getenv("TMPDIR");
	int fd;

	ck_assert_msg(directory[0] == '\0', "one directory for each test");
	if (n_borrowed == 0)
		(void)atexit(clean_up);
	(void)snprintf(directory, sizeof(directory), "%s/kmod-devname-test.XXXXXX",
		       parent ? parent : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	directory_owner = getpid();
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static void make_parents(int dir_fd, const char *path)
{
	char *copy = strdup(path);

	for (char *p = copy; (p = strchr(p, '/')); p++) {
		*p = '\0';
		ck_assert(mkdirat(dir_fd, copy, 0755) == 0 || errno == EEXIST);
		*p = '/';
	}
	free(copy);
}

void harness_write(int dir_fd, const char *path, const void *data, size_t size)
{
	int fd;

	make_parents(dir_fd, path);
	fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
	ck_assert_int_eq(close(fd), 0);
}

void harness_next_tick(int dir_fd)
{
	static const char name[] = "tick";
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct stat first, st;

	ck_assert(fd >= 0 && fstat(fd, &first) == 0);
	do
		ck_assert(futimens(fd, NULL) == 0 && fstat(fd, &st) == 0);
	while (st.st_ctim.tv_sec == first.st_ctim.tv_sec &&
	       st.st_ctim.tv_nsec == first.st_ctim.tv_nsec);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(unlinkat(dir_fd, name, 0), 0);
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	return status;
}

/* In the child: says stop, so that the parent counts from here. */
static void work_traced(int (*work)(void *data), void *data)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(77);
	(void)raise(SIGSTOP);
	_exit(work(data));
}

static void check_exit(int status)
{
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x",
		      (unsigned int)status);
}

int harness_stop_at(int (*work)(void *data), void *data, unsigned int stop,
		    void (*meanwhile)(void *data))
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		work_traced(work, data);
	status = wait_for(pid);
	for (unsigned int i = 0; i < stop && WIFSTOPPED(status); i++) {
		ck_assert_int_eq(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		status = wait_for(pid);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		harness_skip("there is no ptrace(2)");
		return -1;
	}
	if (!WIFSTOPPED(status)) {
		check_exit(status);
		return 0;
	}
	if (meanwhile) {
		meanwhile(data);
		ck_assert_int_eq(ptrace(PTRACE_DETACH, pid, NULL, NULL), 0);
		check_exit(wait_for(pid));
	} else {
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		ck_assert(WIFSIGNALED(wait_for(pid)));
	}
	return 1;
}
