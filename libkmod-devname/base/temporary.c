// SPDX-License-Identifier: LGPL-2.1-or-later
/* The names of files and nodes that are not complete yet, and the removal of those left over. */

#include "base/temporary.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"

#define DIGITS_MAX 9 /* more might not fit into an int, and no PID or number of ours has them */

void temporary_name(char name[static TEMPORARY_SIZE], const char *prefix, unsigned int number)
{
	(void)snprintf(name, TEMPORARY_SIZE, "%s.%d.%u", prefix, (int)getpid(), number);
}

/* Parses PREFIX.PID.NUMBER, the whole of the name. */
static bool parse_temporary_name(const char *name, const char *prefix, pid_t *ret_pid)
{
	int numbers[2] = { 0, 0 };

	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return false;
	name += strlen(prefix);
	for (size_t i = 0; i < 2; i++) {
		size_t digits;

		if (*name++ != '.')
			return false;
		digits = strspn(name, "0123456789");
		if (digits == 0 || digits > DIGITS_MAX)
			return false;
		for (; digits > 0; digits--)
			numbers[i] = 10 * numbers[i] + (*name++ - '0');
	}
	*ret_pid = numbers[0];
	return *name == '\0';
}

void temporary_remove(int dir_fd, const char *prefix,
		      void (*remove_leftover)(int dir_fd, const char *name, pid_t pid))
{
	_cleanup_close_ int fd = open_at(dir_fd, ".", O_RDONLY | O_DIRECTORY, 0);
	const struct dirent *entry;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	pid_t pid;

	if (!dir)
		return;
	(void)steal_fd(&fd);
	/* A leftover that cannot be removed does no harm: nothing is reported. */
	while ((entry = readdir(dir)))
		if (parse_temporary_name(entry->d_name, prefix, &pid))
			remove_leftover(dir_fd, entry->d_name, pid);
	(void)closedir(dir);
}
