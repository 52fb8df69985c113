// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * open-nodes COMMAND ARGUMENT... < PATHS: for each path runs the command, the path as its last
 * argument; then opens the path for reading and for writing, and prints one line:
 *
 *   PATH status=STATUS read=RESULT write=RESULT modules=NAME,... said=OUTPUT
 *
 * with the exit status and the standard output of the command, the result of each open as "ok" or
 * the error, and the modules that came with it. Blanks and line ends in the values become "_" and "
 * ".
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Reads to the end; to be freed. */
static char *read_to_end(FILE *stream)
{
	char *text = NULL;
	size_t size = 0;

	if (getdelim(&text, &size, '\0', stream) >= 0)
		return text;
	free(text);
	text = feof(stream) ? strdup("") : NULL;
	if (!text)
		err(2, "read");
	return text;
}

/* The lines of /proc/modules, which a kernel without modules does not have; to be freed. */
static char *read_proc_modules(void)
{
	FILE *file = fopen("/proc/modules", "re");
	char *modules;

	if (!file && errno == ENOENT)
		file = fopen("/dev/null", "re");
	if (!file)
		err(2, "/proc/modules");
	modules = read_to_end(file);
	fclose(file);
	return modules;
}

static bool has_module(const char *modules, const char *name, size_t length)
{
	const char *line = modules;

	while (*line != '\0') {
		if (strncmp(line, name, length) == 0 && line[length] == ' ')
			return true;
		line = strchrnul(line, '\n');
		line += *line == '\n';
	}
	return false;
}

static void print_new_modules(const char *before)
{
	char *now = read_proc_modules();
	const char *separator = "";

	for (const char *line = now; *line != '\0'; line = strchrnul(line, '\n')) {
		line += *line == '\n';
		size_t length = strcspn(line, " ");

		if (length == 0 || has_module(before, line, length))
			continue;
		printf("%s%.*s", separator, (int)length, line);
		separator = ",";
	}
	free(now);
}

static void print_translated(const char *text, char from, char to)
{
	for (; *text != '\0'; text++)
		putchar(*text == from ? to : *text);
}

static void print_open(const char *title, const char *path, int flags)
{
	int fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	printf(" %s=", title);
	print_translated(fd < 0 ? strerror(errno) : "ok", ' ', '_');
	if (fd >= 0)
		close(fd);
}

/* Runs the command, prints its exit status, and returns its output; to be freed. */
static char *run_command(char **argv)
{
	int ends[2], status;
	FILE *output;
	char *text;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		err(2, "pipe");
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid == 0) {
		if (dup2(ends[1], STDOUT_FILENO) < 0)
			err(127, "dup2");
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	close(ends[1]);
	output = fdopen(ends[0], "r");
	if (!output)
		err(2, "fdopen");
	text = read_to_end(output);
	fclose(output);
	if (waitpid(pid, &status, 0) < 0)
		err(2, "wait");
	printf(" status=%d", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return text;
}

static void try_node(char **argv, int argc, char *path)
{
	char *said, *modules;

	printf("%s", path);
	fflush(stdout);
	argv[argc] = path;
	said = run_command(argv);
	modules = read_proc_modules();
	print_open("read", path, O_RDONLY);
	print_open("write", path, O_WRONLY);
	printf(" modules=");
	print_new_modules(modules);
	printf(" said=");
	print_translated(said, '\n', ' ');
	putchar('\n');
	fflush(stdout);
	free(modules);
	free(said);
}

int main(int argc, char **argv)
{
	char **command, *path = NULL;
	size_t size = 0;
	ssize_t length;

	if (argc < 2)
		errx(2, "a command is needed");
	command = calloc((size_t)argc + 1, sizeof(*command));
	if (!command)
		err(2, "calloc");
	memcpy(command, argv + 1, (size_t)(argc - 1) * sizeof(*command));
	while ((length = getline(&path, &size, stdin)) > 0) {
		path[strcspn(path, "\n")] = '\0';
		try_node(command, argc - 1, path);
	}
	free(path);
	free(command);
	return 0;
}
