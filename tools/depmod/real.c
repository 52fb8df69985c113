// SPDX-License-Identifier: GPL-2.0-or-later
/* The depmod behind the front end: where it is, and running it. */

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/io.h"
#include "depmod/depmod.h"
#include "kernels.h"

/*
 * The program that is found may be a front end, too: a copy of this one, or a script that runs it.
 * So each one searches PATH only behind the entry where it was found itself, and PATH has an end.
 */
#define VARIABLE "KMOD_DEVNAME_DEPMOD_TRIED"
#define TRIED_DIGITS_MAX 6

/* A script that cleans the environment loses the variable, and may run the front end for ever. */
#define ANCESTORS_MAX 8
#define MARKED_FD_END 64 /* marks are sought below */

/* Directories, separated by colons, or the one program that configure has named. */
static char *get_search_path(void)
{
#ifdef DEPMOD_PATH
	return xstrdup(DEPMOD_PATH);
#else
	const char *path = getenv("PATH");

	/* users other than root often have no sbin there */
	return xasprintf("%s%s/sbin:/usr/sbin", path ? path : "", path ? ":" : "");
#endif
}

static char *get_program(const char *path_entry)
{
#ifdef DEPMOD_PATH
	return xstrdup(path_entry);
#else
	/* an empty word of PATH is the working directory */
	return xasprintf("%s/depmod", *path_entry != '\0' ? path_entry : ".");
#endif
}

/* As with execvp(3); after another error, no depmod further on may run in the place of this one. */
static bool may_pass_over(int error)
{
	return is_missing(error) || error == -EACCES || error == -ESTALE || error == -ENODEV ||
	       error == -ETIMEDOUT;
}

/* 1 or 0, or a negative errno. */
static int is_other_program(const char *path)
{
	/* no /proc is needed for this */
	const char *name = (const char *)getauxval(AT_EXECFN);
	struct stat st, self;

	if (stat(path, &st) < 0)
		return may_pass_over(-errno) ? 0 : -errno;
	if (!S_ISREG(st.st_mode))
		return 0;
	if (name && stat(name, &self) == 0 && self.st_dev == st.st_dev && self.st_ino == st.st_ino)
		return 0;
	if (access(path, X_OK) < 0)
		return may_pass_over(-errno) ? 0 : -errno;
	return 1;
}

/*
 * Accepts only what real_find() writes. A number beyond the end of PATH is accepted: PATH may have
 * become shorter on the way here, and starting again might not end.
 */
static unsigned long get_tried(void)
{
	const char *value = getenv(VARIABLE);
	size_t digits = value ? strspn(value, "0123456789") : 0;

	if (digits == 0 || digits > TRIED_DIGITS_MAX || value[digits] != '\0')
		return 0;
	return strtoul(value, NULL, 10);
}

/*
 * Searches for the first program that is of use, behind the entries of the path that were tried
 * before, and counts these on in *tried. 1, 0 or a negative errno, which has been printed.
 */
static int search_depmod(unsigned long *tried, char **ret_program)
{
	_cleanup_free_ char *path = get_search_path();
	unsigned long skip = *tried;
	char *rest = path, *entry;

	*tried = 0;
	while ((entry = strsep(&rest, ":"))) {
		_cleanup_free_ char *program = NULL;
		int r;

		if ((*tried)++ < skip)
			continue;
		program = get_program(entry);
		r = is_other_program(program);
		if (r < 0)
			say_failure(program, r);
		if (r > 0)
			*ret_program = xstrdup(program);
		if (r != 0)
			return r;
	}
	return 0;
}

static void say_not_found(unsigned long skipped)
{
	char why[80] = "";

	if (skipped > 0)
		(void)snprintf(why, sizeof(why), " (%s=%lu: so many places were skipped)", VARIABLE,
			       skipped);
#ifdef DEPMOD_PATH
	say("cannot run the real depmod " DEPMOD_PATH "%s", why);
#else
	say("no other depmod found in PATH, /sbin or /usr/sbin%s", why);
#endif
}

static pid_t get_parent(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/stat", (int)pid);
	char text[512], *end;
	_cleanup_close_ int fd = open_path(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read_at(fd, 0, text, sizeof(text) - 1);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	/* "PID (NAME) STATE PARENT ...", and a name may have parentheses */
	end = strrchr(text, ')');
	return end && strlen(end) > 4 ? (pid_t)strtol(end + 4, NULL, 10) : 0;
}

/*
 * Without /proc each front end leaves an open file with a mark to the programs that it runs, which
 * outlives an environment, and counts those that it has got. Returns how many these are.
 */
static int count_and_add_mark(void)
{
	static const char mark[] = "depmod of kmod-devname";
	char text[sizeof(mark)];
	struct stat st;
	int n = 0, fd;

	for (fd = STDERR_FILENO + 1; fd < MARKED_FD_END; fd++)
		n += fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == sizeof(mark) &&
		     read_at(fd, 0, text, sizeof(text)) == sizeof(text) &&
		     memcmp(text, mark, sizeof(mark)) == 0;
	fd = memfd_create("depmod", 0);
	if (fd >= 0 && fd <= STDERR_FILENO) { /* which is closed, and would be taken for it */
		int low = fd;

		fd = fcntl(low, F_DUPFD, STDERR_FILENO + 1);
		(void)close(low);
	}
	if (fd >= 0)
		(void)write_all(fd, mark, sizeof(mark));
	return n;
}

/* The processes above this one that are front ends. */
static int count_ancestors(void)
{
	struct stat self, other;
	int n = 0;

	if (stat("/proc/self/exe", &self) < 0)
		return count_and_add_mark();
	for (pid_t pid = getppid(); pid > 1; pid = get_parent(pid)) {
		_cleanup_free_ char *path = xasprintf("/proc/%d/exe", (int)pid);

		n += stat(path, &other) == 0 && other.st_dev == self.st_dev &&
		     other.st_ino == self.st_ino;
	}
	return n;
}

char *real_find(void)
{
	unsigned long skipped = get_tried(), tried = skipped;
	char *program = NULL, value[32];
	int r;

	if (count_ancestors() >= ANCESTORS_MAX) {
		say("a program named depmod runs this front end repeatedly without " VARIABLE);
		return NULL;
	}
	r = search_depmod(&tried, &program);
	if (r == 0)
		say_not_found(skipped);
	if (r <= 0)
		return NULL;
	(void)snprintf(value, sizeof(value), "%lu", tried);
	if (setenv(VARIABLE, value, 1) == 0)
		return program;
	say_failure(VARIABLE, -errno);
	free(program);
	return NULL;
}

static int spawn_depmod(const char *path, char *const *argv, const sigset_t *mask, pid_t *ret_pid)
{
	posix_spawnattr_t attributes;
	int r = posix_spawnattr_init(&attributes);

	if (r != 0)
		return -r;
	r = posix_spawnattr_setsigmask(&attributes, mask);
	if (r == 0)
		r = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	if (r == 0)
		r = posix_spawn(ret_pid, path, NULL, &attributes, argv, environ);
	(void)posix_spawnattr_destroy(&attributes);
	return -r;
}

/* Passes signals on until depmod ends. A terminal sends them to both; twice does no harm. */
static int wait_and_pass_signals(pid_t pid, const sigset_t *signals, int *ret_status)
{
	pid_t ended;
	int signal_number;

	while ((ended = waitpid(pid, ret_status, WNOHANG)) == 0)
		if (sigwait(signals, &signal_number) == 0 && signal_number != SIGCHLD)
			(void)kill(pid, signal_number);
	return ended < 0 ? -errno : 0;
}

static int spawn_and_wait(const char *path, char *const *argv, int *ret_status)
{
	static const int passed_on[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	sigset_t signals, mask;
	pid_t pid;
	int r;

	/* a process that ignores it has no children to wait for */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGCHLD);
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		(void)sigaddset(&signals, passed_on[i]);
	(void)sigprocmask(SIG_BLOCK, &signals, &mask);
	r = spawn_depmod(path, argv, &mask, &pid);
	if (r == 0)
		r = wait_and_pass_signals(pid, &signals, ret_status);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	return r;
}

/* Ends by the same signal, so the caller sees the same status as without a front end. */
static int end_by_signal(int number)
{
	static const struct rlimit no_core;
	sigset_t signals;

	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)signal(number, SIG_DFL);
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, number);
	(void)sigprocmask(SIG_UNBLOCK, &signals, NULL);
	(void)raise(number);
	return 128 + number;
}

int real_run(const char *path, char *const *argv)
{
	static char name[] = "depmod";
	_cleanup_free_ char **words = NULL;
	size_t n = 0;
	int status, r;

	while (argv[n])
		n++;
	words = xcalloc(n + 2, sizeof(*words));
	memcpy(words, argv, n * sizeof(*words));
	/* kmod and busybox select the command by this name */
	words[0] = name;
	r = spawn_and_wait(path, words, &status);
	if (r < 0) {
		say_failure(path, r);
		return EXIT_FAILURE;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : end_by_signal(WTERMSIG(status));
}
