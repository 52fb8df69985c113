// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the configuration of a kernel says about loading modules for block devices. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "libkmod-devname.h"
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

static int examine_image(struct image *image)
{
	_cleanup_free_ char *text = NULL;
	ssize_t n;

	if (image->fd < 0)
		return says_no((const char *)image->data, image->size);
	text = malloc(CONFIG_SIZE_MAX);
	if (!text)
		return -ENOMEM;
	n = image_read(image, 0, text, CONFIG_SIZE_MAX);
	return n < 0 ? (int)n : says_no(text, (size_t)n);
}

/* One that cannot be decompressed says as little as none. */
static int examine(int fd)
{
	struct module_file file;
	struct image image, plain;
	int r = image_from_file(fd, &image);

	if (r < 0)
		return r;
	if (!module_file_is_compressed(&image))
		return examine_image(&image);
	module_file_init(&file, CONFIG_SIZE_MAX);
	r = module_file_decompress(&file, &image, &plain);
	if (r == 0)
		r = examine_image(&plain);
	else if (r > 0)
		r = 0;
	module_file_done(&file);
	return r;
}

/* -ENOENT: there is no such file, or it is for others to read. */
static int examine_path(int root_fd, const char *path)
{
	_cleanup_close_ int fd = kmod_devname_open_in_root(
		root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (is_missing(fd) || fd == -ENXIO || fd == -EACCES || fd == -EPERM)
		return -ENOENT;
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? examine(fd) : -ENOENT;
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
