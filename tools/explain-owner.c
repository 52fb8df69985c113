// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain: names of users and groups, as the files of the root directory have them. Not those that
 * the host knows, of which another root has others.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "explain.h"

#define FILE_SIZE_MAX ((size_t)16 << 20)

/* -ENOENT if there is no such file; nothing depends on it. */
static int open_file(const struct explain *explain, const char *path)
{
	int fd = kmod_devname_open_in_root(explain->kernels.root_fd, path,
					   O_RDONLY | O_NONBLOCK | O_NOCTTY);

	return fd == -ENOTDIR || fd == -ELOOP || fd == -ENXIO ? -ENOENT : fd;
}

/* At most size bytes; returns their number or a negative errno. */
static ssize_t read_all(int fd, char *text, size_t size)
{
	size_t n = 0;
	ssize_t r;

	do {
		r = read(fd, text + n, size - n);
		if (r > 0)
			n += (size_t)r;
	} while ((r > 0 && n < size) || (r < 0 && errno == EINTR));
	return r < 0 ? -errno : (ssize_t)n;
}

static int read_text(int fd, char **ret_text)
{
	struct stat st;
	char *text;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOENT;
	if (st.st_size > (off_t)FILE_SIZE_MAX)
		return -EFBIG;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	n = read_all(fd, text, (size_t)st.st_size);
	if (n < 0) {
		free(text);
		return (int)n;
	}
	text[n] = '\0';
	*ret_text = text;
	return 0;
}

/* Cuts the name off a line NAME:PASSWORD:ID:..., if the ID is this one. */
static bool cut_name(char *line, const char *id)
{
	char *password = strchr(line, ':'), *field = password ? strchr(password + 1, ':') : NULL;
	size_t size = strlen(id);

	if (!field || password == line || strncmp(field + 1, id, size) != 0 ||
	    field[1 + size] != ':')
		return false;
	*password = '\0';
	return true;
}

/* The name that a file has for an ID, in *ret_name, or NULL. */
static int find_in_file(const struct explain *explain, const char *path, const char *id,
			char **ret_name)
{
	char *text = NULL, *line, *rest = NULL;
	int fd = open_file(explain, path), r = fd < 0 ? fd : read_text(fd, &text);

	if (fd >= 0)
		(void)close(fd);
	if (r < 0)
		return r;
	for (line = strtok_r(text, "\n", &rest); line && !cut_name(line, id);
	     line = strtok_r(NULL, "\n", &rest))
		;
	*ret_name = line ? strdup(line) : NULL;
	free(text);
	return line && !*ret_name ? -ENOMEM : 0;
}

/* The first file that knows it; image-based systems have those of their own in /usr/lib. */
static int find(const struct explain *explain, const char *const paths[2], unsigned int id,
		char **ret_text)
{
	char number[32], *text = NULL;
	int r;

	(void)snprintf(number, sizeof(number), "%u", id);
	for (int i = 0; i < 2 && !text; i++) {
		r = find_in_file(explain, paths[i], number, &text);
		if (r < 0 && r != -ENOENT) {
			say_failure(paths[i], r);
			return r;
		}
	}
	if (!text)
		text = strdup(number);
	*ret_text = text;
	return text ? 0 : -ENOMEM;
}

int user_text(const struct explain *explain, uid_t uid, char **ret_text)
{
	static const char *const paths[] = { "etc/passwd", "usr/lib/passwd" };

	return find(explain, paths, uid, ret_text);
}

int group_text(const struct explain *explain, gid_t gid, char **ret_text)
{
	static const char *const paths[] = { "etc/group", "usr/lib/group" };

	return find(explain, paths, gid, ret_text);
}
