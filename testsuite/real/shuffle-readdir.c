// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Preloaded: readdir(3) gives the entries of a directory in the order that READDIR_ORDER asks for:
 * "up" or "down" by name, or shuffled by a number. Not for programs with threads.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <dlfcn.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 1000
#define DIRECTORIES_MAX 64

static struct shuffled {
	DIR *dir;
	struct dirent64 *entries[ENTRIES_MAX];
	size_t size;
	size_t next;
} directories[DIRECTORIES_MAX];

static int compare_up(const void *a, const void *b)
{
	return strcmp((*(struct dirent64 *const *)a)->d_name,
		      (*(struct dirent64 *const *)b)->d_name);
}

static int compare_down(const void *a, const void *b)
{
	return compare_up(b, a);
}

static void order_entries(struct shuffled *directory)
{
	const char *order = getenv("READDIR_ORDER");
	unsigned int seed = order ? (unsigned int)atoi(order) : 0;
	size_t n = directory->size;

	qsort(directory->entries, n, sizeof(directory->entries[0]),
	      order && strcmp(order, "down") == 0 ? compare_down : compare_up);
	for (size_t i = n; seed > 0 && i > 1; i--) {
		size_t j = (size_t)rand_r(&seed) % i;
		struct dirent64 *entry = directory->entries[i - 1];

		directory->entries[i - 1] = directory->entries[j];
		directory->entries[j] = entry;
	}
}

static struct shuffled *find_directory(DIR *dir)
{
	struct dirent64 *(*next_entry)(DIR *) =
		(struct dirent64 * (*)(DIR *)) dlsym(RTLD_NEXT, "readdir64");
	struct shuffled *directory = NULL;
	const struct dirent64 *entry;

	for (size_t i = 0; i < DIRECTORIES_MAX; i++) {
		if (directories[i].dir == dir)
			return &directories[i];
		if (!directories[i].dir && !directory)
			directory = &directories[i];
	}
	if (!directory)
		errx(2, "too many directories are open");
	*directory = (struct shuffled){ .dir = dir };
	while ((entry = next_entry(dir))) {
		struct dirent64 *copy = malloc(entry->d_reclen);

		if (!copy || directory->size == ENTRIES_MAX)
			errx(2, "too many entries");
		directory->entries[directory->size++] = memcpy(copy, entry, entry->d_reclen);
	}
	order_entries(directory);
	return directory;
}

struct dirent64 *readdir64(DIR *dir)
{
	struct shuffled *directory = find_directory(dir);

	return directory->next < directory->size ? directory->entries[directory->next++] : NULL;
}

/* The two structures are one where this test runs; see the check in the script. */
struct dirent *readdir(DIR *dir)
{
	return (struct dirent *)readdir64(dir);
}

int closedir(DIR *dir)
{
	int (*close_directory)(DIR *) = (int (*)(DIR *))dlsym(RTLD_NEXT, "closedir");

	for (size_t i = 0; i < DIRECTORIES_MAX; i++)
		if (directories[i].dir == dir) {
			for (size_t j = 0; j < directories[i].size; j++)
				free(directories[i].entries[j]);
			directories[i].dir = NULL;
		}
	return close_directory(dir);
}
