// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a command and interrupts it; the exit status is that of the command, or 128 and the number
 * of the signal that ended it.
 *
 *   interrupt time COMMAND...            prints how many microseconds it takes
 *   interrupt after USEC COMMAND...      kills it after so many microseconds
 *   interrupt call N HOOK COMMAND...     stops it before its N-th system call, runs the shell
 *                                        command HOOK, which has its number in $PID, and lets it
 *                                        go on, if HOOK has not killed it
 *   interrupt change N HOOK COMMAND...   counts only calls that may change a file, take a lock, or
 *                                        end the process
 */

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TROUBLE 125 /* as env(1) and others: not the status of the command */
#define STOPPED_AT_CALL (SIGTRAP | 0x80) /* with PTRACE_O_TRACESYSGOOD */

static void die(const char *what)
{
	fprintf(stderr, "interrupt: %s: %s\n", what, strerror(errno));
	exit(TROUBLE);
}

static uint64_t parse_number(const char *text)
{
	char *end;
	unsigned long long number = strtoull(text, &end, 10);

	if (*text == '\0' || *end != '\0') {
		fprintf(stderr, "interrupt: '%s' is not a number\n", text);
		exit(TROUBLE);
	}
	return number;
}

static uint64_t now_usec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static pid_t start(char **argv, bool traced)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid > 0)
		return pid;
	if (traced && ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		die("ptrace");
	(void)execvp(argv[0], argv);
	die(argv[0]);
	return -1;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("waitpid");
	return status;
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_timed(char **argv)
{
	uint64_t start_usec = now_usec();
	int status = wait_for(start(argv, false));

	printf("%llu\n", (unsigned long long)(now_usec() - start_usec));
	return exit_status(status);
}

static int run_killed(uint64_t usec, char **argv)
{
	struct timespec time = { (time_t)(usec / 1000000), (long)(usec % 1000000) * 1000 };
	pid_t pid = start(argv, false);

	(void)nanosleep(&time, NULL);
	(void)kill(pid, SIGKILL);
	return exit_status(wait_for(pid));
}

static bool is_change(uint64_t call)
{
	static const long changes[] = {
#ifdef SYS_mkdir
		SYS_mkdir,
#endif
#ifdef SYS_renameat
		SYS_renameat,
#endif
		SYS_renameat2, SYS_write,   SYS_fcntl,   SYS_fsync,    SYS_fchmod,     SYS_linkat,
		SYS_unlinkat,  SYS_mkdirat, SYS_mknodat, SYS_fchownat, SYS_exit_group,
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		if (call == (uint64_t)changes[i])
			return true;
	return false;
}

/* Is the process about to make a system call that counts? */
static bool is_at_call(pid_t pid, int status, bool changes_only)
{
	struct __ptrace_syscall_info info;

	if (WSTOPSIG(status) != STOPPED_AT_CALL)
		return false;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) < 0)
		die("ptrace");
	return info.op == PTRACE_SYSCALL_INFO_ENTRY && (!changes_only || is_change(info.entry.nr));
}

static void run_hook(pid_t pid, const char *hook)
{
	char text[32];
	int status;

	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	if (setenv("PID", text, 1) < 0)
		die("setenv");
	status = system(hook);
	if (status != 0) {
		fprintf(stderr, "interrupt: status %#x: %s\n", (unsigned int)status, hook);
		exit(TROUBLE);
	}
}

/* The first stop is the execve(2), which the second half of this very call follows. */
static pid_t start_traced(char **argv)
{
	pid_t pid = start(argv, true);
	int status = wait_for(pid);

	if (!WIFSTOPPED(status))
		exit(exit_status(status));
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL,
		   (void *)(uintptr_t)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) < 0)
		die("ptrace");
	return pid;
}

static int run_stopped(uint64_t n, const char *hook, char **argv, bool changes_only)
{
	pid_t pid = start_traced(argv);
	uintptr_t signal = 0;
	uint64_t calls = 0;
	int status;

	while (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)signal) == 0) {
		status = wait_for(pid);
		if (!WIFSTOPPED(status))
			return exit_status(status);
		signal = WSTOPSIG(status) == STOPPED_AT_CALL ? 0 : (uintptr_t)WSTOPSIG(status);
		if (is_at_call(pid, status, changes_only) && ++calls == n)
			break;
	}
	run_hook(pid, hook);
	(void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return exit_status(wait_for(pid));
}

int main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[1] : "";

	if (strcmp(verb, "time") == 0)
		return run_timed(argv + 2);
	if (strcmp(verb, "after") == 0 && argc > 3)
		return run_killed(parse_number(argv[2]), argv + 3);
	if ((strcmp(verb, "call") == 0 || strcmp(verb, "change") == 0) && argc > 4)
		return run_stopped(parse_number(argv[2]), argv[3], argv + 4, verb[1] == 'h');
	fputs("interrupt: see the beginning of testsuite/system/interrupt.c\n", stderr);
	return TROUBLE;
}
