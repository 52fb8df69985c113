// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench-walk DIR THREADS: what nothing that looks into every module can be faster than. Walks the
 * directory, opens each file named like a module, closes it, and prints how many there were.
 * Directories are shared out to the threads.
 */

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct directory {
	struct directory *next;
	char path[];
};

static struct directory *queue;
static size_t busy, files; /* threads inside a directory; modules so far */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void push(const char *parent, const char *name)
{
	size_t size = strlen(parent) + strlen(name) + 2;
	struct directory *directory = malloc(sizeof(*directory) + size);

	if (!directory)
		err(2, "malloc");
	snprintf(directory->path, size, "%s%s%s", parent, *parent ? "/" : "", name);
	pthread_mutex_lock(&lock);
	directory->next = queue;
	queue = directory;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

/* The next directory, or NULL when no thread can find another. */
static struct directory *pop(void)
{
	struct directory *directory;

	pthread_mutex_lock(&lock);
	while (!queue && busy > 0)
		pthread_cond_wait(&changed, &lock);
	directory = queue;
	if (directory) {
		queue = directory->next;
		busy++;
	} else {
		pthread_cond_broadcast(&changed);
	}
	pthread_mutex_unlock(&lock);
	return directory;
}

static void done(size_t n)
{
	pthread_mutex_lock(&lock);
	files += n;
	busy--;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static size_t open_module(int directory_fd, const char *name)
{
	int fd;

	if (!strstr(name, ".ko"))
		return 0;
	fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(2, "%s", name);
	(void)close(fd);
	return 1;
}

static size_t walk(const char *path)
{
	DIR *stream = opendir(path);
	struct dirent *entry;
	size_t n = 0;

	if (!stream)
		err(2, "%s", path);
	while ((entry = readdir(stream))) {
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			push(path, entry->d_name);
		else if (entry->d_type == DT_REG)
			n += open_module(dirfd(stream), entry->d_name);
	}
	(void)closedir(stream);
	return n;
}

static void *run(void *unused)
{
	struct directory *directory;

	while ((directory = pop())) {
		done(walk(directory->path));
		free(directory);
	}
	return unused;
}

int main(int argc, char **argv)
{
	long threads = argc == 3 ? atol(argv[2]) : 0;
	pthread_t *ids;

	if (threads < 1)
		errx(2, "usage: bench-walk DIR THREADS");
	ids = calloc((size_t)threads, sizeof(*ids));
	push("", argv[1]);
	for (long i = 1; ids && i < threads; i++)
		if (pthread_create(&ids[i], NULL, run, NULL) != 0)
			errx(2, "no thread");
	(void)run(NULL);
	for (long i = 1; ids && i < threads; i++)
		pthread_join(ids[i], NULL);
	free(ids);
	printf("%zu\n", files);
	return 0;
}
