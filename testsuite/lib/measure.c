// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * measure COMMAND ARGUMENT...: runs the command with its output thrown away, and prints its
 * wall clock time and its CPU time in milliseconds and its peak memory in KiB.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec time;

	if (clock_gettime(CLOCK_MONOTONIC, &time) < 0)
		err(2, "clock_gettime");
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static double milliseconds(const struct timeval *time)
{
	return (double)time->tv_sec * 1e3 + (double)time->tv_usec / 1e3;
}

static void run(char **argv)
{
	int fd = open("/dev/null", O_WRONLY);

	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
		err(2, "/dev/null");
	execvp(argv[0], argv);
	err(2, "%s", argv[0]);
}

int main(int argc, char **argv)
{
	struct rusage usage;
	double start;
	int status;
	pid_t pid;

	if (argc < 2)
		errx(2, "a command is needed");
	start = now();
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid == 0)
		run(argv + 1);
	if (wait4(pid, &status, 0, &usage) < 0)
		err(2, "wait4");
	printf("%.3f %.3f %ld\n", now() - start,
	       milliseconds(&usage.ru_utime) + milliseconds(&usage.ru_stime), usage.ru_maxrss);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		errx(1, "%s failed", argv[1]);
	return 0;
}
