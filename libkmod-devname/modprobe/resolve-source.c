// SPDX-License-Identifier: LGPL-2.1-or-later
/* What resolving depends on: the indexes of depmod, modprobe.d, the kernel command line. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/root.h"
#include "modprobe/kernel-config.h"
#include "modprobe/resolve-source.h"
#include "modprobe/resolve.h"

#define CMDLINE_SIZE_MAX ((size_t)64 << 10)

static int read_config(struct resolve_source *source)
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
static int read_cmdline(struct resolve_source *source)
{
	static const char path[] = "/proc/cmdline";
	const struct location location = { path, 0 };
	_cleanup_close_ int fd = root_open_file(source->root_fd, path, 0);
	_cleanup_free_ char *text = NULL;
	ssize_t n;

	if (fd < 0)
		return is_missing(fd) ? 0 : report_system(source->report, fd, &location);
	text = malloc(CMDLINE_SIZE_MAX);
	if (!text)
		return -ENOMEM;
	n = read_at(fd, 0, text, CMDLINE_SIZE_MAX - 1);
	if (n < 0)
		return report_system(source->report, (int)n, &location);
	text[n] = '\0';
	return modprobe_config_add_cmdline(&source->config, text);
}

static int open_all(struct resolve_source *source)
{
	_cleanup_close_ int dir_fd = kmod_devname_open_in_root(source->root_fd, source->directory,
							       O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (dir_fd < 0)
		return dir_fd;
	r = module_index_read(&source->index, source->root_fd, source->directory, source->report);
	if (r == 0)
		r = read_config(source);
	return r == 0 && source->running ? read_cmdline(source) : r;
}

int source_open(struct resolve_source *source, int root_fd, const char *directory,
		unsigned int flags, struct kmod_devname_report *report)
{
	int r;

	*source = (struct resolve_source){ .root_fd = root_fd,
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

void source_done(struct resolve_source *source)
{
	resolver_free(source->resolver);
	modprobe_config_done(&source->config);
	module_index_done(&source->index);
}

int source_lacks_block_autoload(struct resolve_source *source)
{
	if (source->lacks_block_autoload < 0)
		source->lacks_block_autoload = kernel_config_lacks_block_autoload(
			source->root_fd, source->directory, source->running);
	return source->lacks_block_autoload;
}

int source_has_file(const struct resolve_source *source, const char *path)
{
	const struct location location = { path, 0 };
	_cleanup_close_ int fd = path[0] == '/'
					 ? root_open_long(source->root_fd, path, O_PATH | O_CLOEXEC)
					 : root_open_below(source->root_fd, source->directory, path,
							   O_PATH | O_CLOEXEC);

	if (is_missing(fd))
		return 0;
	if (fd == -EACCES || fd == -EPERM)
		return 1; /* modprobe runs with other rights, and can open it */
	return fd < 0 ? report_system(source->report, fd, &location) : 1;
}
