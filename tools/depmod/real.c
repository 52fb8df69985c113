// SPDX-License-Identifier: GPL-2.0-or-later
/* The depmod behind the front end: where it is, and running it. */

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "depmod/depmod.h"

/*
 * What is found may be a front end too: a copy of this one, or a script that runs it. So whatever
 * is run looks no further up the list than behind itself, and the list ends.
 */
#define VARIABLE "KMOD_DEVNAME_DEPMOD_TRIED"
#define TRIED_DIGITS_MAX 6

/* The places to look at, separated by colons; to be freed. */
static char *get_places(void)
{
#ifdef DEPMOD_PATH
	return strdup(DEPMOD_PATH);
#else
	const char *path = getenv("PATH");
	char *places;

	/* users other than root often have no sbin there */
	return asprintf(&places, "%s%s/sbin:/usr/sbin", path ? path : "", path ? ":" : "") < 0
		       ? NULL
		       : places;
#endif
}

/* The program at such a place, to be freed. */
static char *get_program(const char *place)
{
#ifdef DEPMOD_PATH
	return strdup(place);
#else
	char *path;

	/* an empty word of PATH is the working directory */
	return asprintf(&path, "%s/depmod", *place != '\0' ? place : ".") < 0 ? NULL : path;
#endif
}

/* No /proc is needed for this. */
static bool is_self(const struct stat *st)
{
	const char *name = (const char *)getauxval(AT_EXECFN);
	struct stat self;

	return name && stat(name, &self) == 0 && self.st_dev == st->st_dev &&
	       self.st_ino == st->st_ino;
}

/* Those that make execvp(3) go on to the next place too. Else another depmod would run. */
static bool may_pass_over(int error)
{
	return is_absent(error) || error == -EACCES || error == -ESTALE || error == -ENODEV ||
	       error == -ETIMEDOUT;
}

/* 1 or 0, or a negative errno. */
static int is_other_program(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return may_pass_over(-errno) ? 0 : -errno;
	if (!S_ISREG(st.st_mode) || is_self(&st))
		return 0;
	if (access(path, X_OK) < 0)
		return may_pass_over(-errno) ? 0 : -errno;
	return 1;
}

/*
 * Only what set_tried() writes is believed. A number beyond the places is: PATH may have become
 * shorter on the way here, and to begin again might not end.
 */
static unsigned long get_tried(void)
{
	const char *value = getenv(VARIABLE);
	size_t digits = value ? strspn(value, "0123456789") : 0;

	if (digits == 0 || digits > TRIED_DIGITS_MAX || value[digits] != '\0')
		return 0;
	return strtoul(value, NULL, 10);
}

static int set_tried(unsigned long tried)
{
	char value[32];

	(void)snprintf(value, sizeof(value), "%lu", tried);
	return setenv(VARIABLE, value, 1) < 0 ? -errno : 0;
}

/* 1 and the program, if that is of use; 0; or a negative errno, which is said. */
static int try_place(const char *place, char **ret_path)
{
	char *path = get_program(place);
	int r = path ? is_other_program(path) : -ENOMEM;

	if (r < 0)
		say_failure(path ? path : place, r);
	if (r > 0)
		*ret_path = path;
	else
		free(path);
	return r;
}

/* The first place that is of use, likewise; *tried counts the places. */
static int search(char *places, unsigned long *tried, char **ret_path)
{
	unsigned long skip = *tried;
	char *place;
	int r = 0;

	*tried = 0;
	while (r == 0 && (place = strsep(&places, ":")))
		if ((*tried)++ >= skip)
			r = try_place(place, ret_path);
	return r;
}

static void say_not_found(unsigned long skipped)
{
	char why[80] = "";

	if (skipped > 0)
		(void)snprintf(why, sizeof(why), " (%s=%lu: so many places were skipped)", VARIABLE,
			       skipped);
#ifdef DEPMOD_PATH
	say("there is no depmod but this one: " DEPMOD_PATH " cannot be run%s", why);
#else
	say("there is no depmod but this one on PATH, in /sbin or /usr/sbin%s", why);
#endif
}

char *real_find(void)
{
	unsigned long skipped = get_tried(), tried = skipped;
	char *places = get_places(), *path = NULL;
	int r;

	if (!places) {
		say_failure("PATH", -ENOMEM);
		return NULL;
	}
	r = search(places, &tried, &path);
	free(places);
	if (r == 0)
		say_not_found(skipped);
	if (r <= 0)
		return NULL;
	r = set_tried(tried);
	if (r == 0)
		return path;
	say_failure(VARIABLE, r);
	free(path);
	return NULL;
}

static int spawn(const char *path, char *const *argv, const sigset_t *mask, pid_t *ret_pid)
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

/* Passes signals on until it has ended. What a terminal sends arrives twice, which does no harm. */
static int wait_for(pid_t pid, const sigset_t *signals, int *ret_status)
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

	/* where it is ignored there is nothing to wait for */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGCHLD);
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		(void)sigaddset(&signals, passed_on[i]);
	(void)sigprocmask(SIG_BLOCK, &signals, &mask);
	r = spawn(path, argv, &mask, &pid);
	if (r == 0)
		r = wait_for(pid, &signals, ret_status);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	return r;
}

/* Ends in the same way, so that the caller sees what it would see without a front end. */
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

static int run(const char *path, char *const *words)
{
	int status, r = spawn_and_wait(path, words, &status);

	if (r < 0) {
		say_failure(path, r);
		return EXIT_FAILURE;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : end_by_signal(WTERMSIG(status));
}

int real_run(const char *path, char *const *argv)
{
	static char name[] = "depmod";
	char **words;
	size_t n = 0;
	int status;

	while (argv[n])
		n++;
	words = calloc(n + 2, sizeof(*words));
	if (!words) {
		say_failure(path, -ENOMEM);
		return EXIT_FAILURE;
	}
	memcpy(words, argv, n * sizeof(*words));
	/* kmod and busybox are told by it what to be, whatever the front end was called */
	words[0] = name;
	status = run(path, words);
	free(words);
	return status;
}
