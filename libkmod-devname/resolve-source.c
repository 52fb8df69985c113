// SPDX-License-Identifier: LGPL-2.1-or-later
/* What resolving depends on: the indexes of depmod, modprobe.d, the kernel command line. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "image.h"
#include "kernel-config.h"
#include "resolve-source.h"
#include "resolve.h"
#include "root.h"

#define CMDLINE_SIZE_MAX ((size_t)64 << 10)

/* What libkmod opens by name in the module directory, besides what is kept. */
static const char *const indexes[] = {
	"modules.alias.bin",
	"modules.symbols.bin",
	"modules.builtin.alias.bin",
};

#define N_INDEXES (sizeof(indexes) / sizeof(indexes[0]))

/* Does libkmod, which knows no root, open the file that the root has under this name? */
static int check_place(const struct source *source, const char *name, int fd)
{
	struct stat inside, plain;

	if (fstatat(source->dir_fd, name, &plain, 0) < 0)
		return errno != ENOENT ? -errno : fd < 0 ? 0 : -EXDEV;
	if (fd < 0)
		return -EXDEV;
	if (fstat(fd, &inside) < 0)
		return -errno;
	return inside.st_dev == plain.st_dev && inside.st_ino == plain.st_ino ? 0 : -EXDEV;
}

static int report_bad(struct source *source, const struct place *place)
{
	source->has_bad_index = true;
	return report_add(source->report, KMOD_DEVNAME_BAD_INDEX, KMOD_DEVNAME_ERROR, place,
			  "is damaged, or is no index that modprobe can read: run depmod");
}

static int read_index(struct source *source, const char *name, struct binary_index *index)
{
	_cleanup_close_ int fd = root_open_below(source->root_fd, source->directory, name,
						 O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	const struct place place = { name, 0 };
	int r = fd < 0 && fd != -ENOENT ? fd : check_place(source, name, fd);

	if (r < 0)
		return report_system(source->report, r, &place);
	if (fd < 0)
		return 0; /* that it is missing is for the verdict to say */
	r = binary_index_read(index, fd);
	if (r < 0)
		return report_system(source->report, r, &place);
	return r > 0 ? 0 : report_bad(source, &place);
}

static int read_indexes(struct source *source)
{
	int r = read_index(source, "modules.dep.bin", &source->dependencies);

	if (r == 0)
		r = read_index(source, "modules.builtin.bin", &source->built_in);
	for (size_t i = 0; i < N_INDEXES && r == 0; i++) {
		struct binary_index index = { 0 };

		r = read_index(source, indexes[i], &index);
		binary_index_done(&index);
	}
	return r;
}

static int read_config(struct source *source)
{
	_cleanup_free_ char *softdep = NULL;

	if (asprintf(&softdep, "%s%s/modules.softdep", source->directory[0] == '/' ? "" : "/",
		     source->directory) < 0) {
		softdep = NULL;
		return -ENOMEM;
	}
	return modprobe_config_read(&source->config, source->report, source->root_fd, softdep);
}

/* Without /proc there is none to be followed, by modprobe neither. */
static int read_cmdline(struct source *source)
{
	static const char path[] = "/proc/cmdline";
	const struct place place = { path, 0 };
	_cleanup_close_ int fd =
		kmod_devname_open_in_root(source->root_fd, path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	ssize_t n;

	if (fd < 0)
		return fd == -ENOENT ? 0 : report_system(source->report, fd, &place);
	text = malloc(CMDLINE_SIZE_MAX);
	if (!text)
		return -ENOMEM;
	n = read_at(fd, 0, text, CMDLINE_SIZE_MAX - 1);
	if (n < 0)
		return report_system(source->report, (int)n, &place);
	text[n] = '\0';
	return modprobe_config_add_cmdline(&source->config, text);
}

static int open_all(struct source *source)
{
	int r;

	source->dir_fd = kmod_devname_open_in_root(source->root_fd, source->directory,
						   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (source->dir_fd < 0)
		return source->dir_fd;
	r = read_indexes(source);
	if (r == 0)
		r = read_config(source);
	return r == 0 && source->running ? read_cmdline(source) : r;
}

int source_open(struct source *source, int root_fd, const char *directory, unsigned int flags,
		struct kmod_devname_report *report)
{
	int r;

	*source = (struct source){ .root_fd = root_fd,
				   .dir_fd = -1,
				   .directory = directory,
				   .running = flags & KMOD_DEVNAME_RESOLVE_RUNNING,
				   .lacks_block_autoload = -1,
				   .report = report };
	if (*directory == '\0' || (flags & ~KMOD_DEVNAME_RESOLVE_RUNNING))
		return -EINVAL;
	r = open_all(source);
	if (r < 0)
		source_done(source);
	return r;
}

void source_done(struct source *source)
{
	resolver_free(source->resolver);
	modprobe_config_done(&source->config);
	binary_index_done(&source->dependencies);
	binary_index_done(&source->built_in);
	close_fd(&source->dir_fd);
}

int source_lacks_block_autoload(struct source *source)
{
	if (source->lacks_block_autoload < 0)
		source->lacks_block_autoload = kernel_config_lacks_block_autoload(
			source->root_fd, source->directory, source->running);
	return source->lacks_block_autoload;
}

int source_has_file(const struct source *source, const char *path)
{
	const struct place place = { path, 0 };
	_cleanup_close_ int fd = path[0] == '/'
					 ? root_open_long(source->root_fd, path, O_PATH | O_CLOEXEC)
					 : root_open_below(source->root_fd, source->directory, path,
							   O_PATH | O_CLOEXEC);

	switch (fd) {
	case -ENOENT:
	case -ENOTDIR:
	case -ELOOP:
	case -ENAMETOOLONG:
		return 0;
	case -EACCES: /* what this process may not look at modprobe may */
	case -EPERM:
		return 1;
	default:
		return fd < 0 ? report_system(source->report, fd, &place) : 1;
	}
}
