// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the configuration of a kernel says about loading modules for block devices. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/root.h"
#include "modprobe/kernel-config.h"
#include "module/file.h"

#define CONFIG_SIZE_MAX ((size_t)16 << 20)

/*
 * The option is on where it is not mentioned: kernels before 5.18 have none, and do it always
 * (commit fbdee71bb5d8).
 */
static bool says_no(const char *text, size_t size)
{
	static const char line[] = "\n# CONFIG_BLOCK_LEGACY_AUTOLOAD is not set\n";

	return memmem(text, size, line, sizeof(line) - 1);
}

/* A configuration that cannot be decompressed counts as none. */
static int examine(int fd)
{
	struct module_reader *reader = module_reader_new(CONFIG_SIZE_MAX, NULL);
	int r = reader ? module_reader_start(reader, fd) : -ENOMEM;
	const uint8_t *text;
	size_t size;

	if (r >= 0)
		r = module_reader_read_bytes(reader, &text, &size);
	if (r >= 0)
		r = r == MODULE_OK && says_no((const char *)text, size);
	module_reader_free(reader);
	return r;
}

/* -ENOENT: there is no such file, or it is for others to read. */
static int examine_path(int root_fd, const char *path)
{
	_cleanup_close_ int fd = root_open_file(root_fd, path, 0);

	if (is_missing(fd) || fd == -EISDIR || fd == -ENODEV || fd == -EACCES || fd == -EPERM)
		return -ENOENT;
	return fd < 0 ? fd : examine(fd);
}

int kernel_config_lacks_block_autoload(int root_fd, const char *directory, bool running)
{
	const char *slash = strrchr(directory, '/');
	_cleanup_free_ char *beside = NULL, *boot = NULL;
	int r;

	if (asprintf(&beside, "%s/config", directory) < 0) {
		beside = NULL;
		return -ENOMEM;
	}
	if (asprintf(&boot, "boot/config-%s", slash ? slash + 1 : directory) < 0) {
		boot = NULL;
		return -ENOMEM;
	}
	r = examine_path(root_fd, beside);
	if (r == -ENOENT)
		r = examine_path(root_fd, boot);
	if (r == -ENOENT && running)
		r = examine_path(root_fd, "proc/config.gz");
	return r == -ENOENT ? 0 : r;
}
