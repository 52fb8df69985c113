// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench-links DIR FROM TO < FILES: gives modules new names by hard links, so that a tree can
 * have any number of them. The module of number i is the file on line i modulo the number of
 * lines, but one on a line that starts with "once " is linked once only. Their paths, as in
 * modules.order, are printed.
 */

#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORIES 100
#define FILES_MAX 100000
#define ONCE "once "

static char *files[FILES_MAX];
static size_t n_files, n_once;

/* Those to be linked once come first. */
static void read_files(void)
{
	size_t size = 0;
	ssize_t length;

	while (n_files < FILES_MAX && (length = getline(&files[n_files], &size, stdin)) > 0) {
		char *file = files[n_files++];

		file[strcspn(file, "\n")] = '\0';
		if (strncmp(file, ONCE, strlen(ONCE)) == 0)
			n_once++;
		size = 0;
	}
	if (n_files == n_once)
		errx(2, "no files");
}

static const char *file_of(size_t i)
{
	return i < n_once ? files[i] + strlen(ONCE)
			  : files[n_once + (i - n_once) % (n_files - n_once)];
}

static void link_module(const char *directory, size_t i)
{
	char *path;

	if (asprintf(&path, "%s/kernel/d%02zu", directory, i % DIRECTORIES) < 0)
		err(2, "malloc");
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		err(2, "%s", path);
	free(path);
	if (asprintf(&path, "%s/kernel/d%02zu/m%06zu.ko", directory, i % DIRECTORIES, i) < 0)
		err(2, "malloc");
	if (link(file_of(i), path) < 0)
		err(2, "%s", path);
	printf("%s\n", path + strlen(directory) + 1);
	free(path);
}

int main(int argc, char **argv)
{
	size_t to;

	if (argc != 4)
		errx(2, "usage: bench-links DIR FROM TO < FILES");
	to = strtoul(argv[3], NULL, 10);
	read_files();
	for (size_t i = strtoul(argv[2], NULL, 10); i < to; i++)
		link_module(argv[1], i);
	return fflush(stdout) == 0 ? 0 : 1;
}
