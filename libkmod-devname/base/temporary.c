// SPDX-License-Identifier: LGPL-2.1-or-later
/* The names of what is not complete yet, and the removal of what was never completed. */

#include "base/temporary.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"

#define DIGITS_MAX 9

void temporary_name(char name[static TEMPORARY_SIZE], const char *prefix, unsigned int number)
{
	(void)snprintf(name, TEMPORARY_SIZE, "%s.%d.%u", prefix, (int)getpid(), number);
}

/* ".DIGITS", and how many bytes that is; 0 if it is something else. */
static size_t read_part(const char *text, int *ret_number)
{
	size_t digits;
	int number = 0;

	if (*text != '.')
		return 0;
	digits = strspn(text + 1, "0123456789");
	if (digits == 0 || digits > DIGITS_MAX)
		return 0;
	for (size_t i = 1; i <= digits; i++)
		number = 10 * number + (text[i] - '0');
	*ret_number = number;
	return 1 + digits;
}

/* Is it a name that temporary_name() makes? */
static bool is_temporary(const char *name, const char *prefix, pid_t *ret_pid)
{
	int pid, number;
	size_t n;

	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return false;
	name += strlen(prefix);
	n = read_part(name, &pid);
	if (n == 0)
		return false;
	name += n;
	n = read_part(name, &number);
	if (n == 0 || name[n] != '\0')
		return false;
	*ret_pid = pid;
	return true;
}

void temporary_remove(int dir_fd, const char *prefix,
		      void (*remove_leftover)(int dir_fd, const char *name, pid_t pid))
{
	_cleanup_close_ int fd = open_at(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	struct dirent *entry;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	pid_t pid;

	if (!dir)
		return;
	(void)steal_fd(&fd);
	while ((entry = readdir(dir)))
		if (is_temporary(entry->d_name, prefix, &pid))
			remove_leftover(dir_fd, entry->d_name, pid);
	(void)closedir(dir);
}
