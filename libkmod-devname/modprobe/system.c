// SPDX-License-Identifier: LGPL-2.1-or-later
/* What answers depend on: the indexes of depmod, modprobe.d, the kernel's configuration. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/root.h"
#include "modprobe/kernel-config.h"
#include "modprobe/resolve.h"
#include "modprobe/system.h"

static int report_bad_index(const struct modprobe_system *system, const char *name,
			    const char *problem)
{
	const struct location location = { name, 0 };

	return report_add(system->report, KMOD_DEVNAME_BAD_INDEX, KMOD_DEVNAME_ERROR, &location,
			  "%s: run depmod", problem);
}

/*
 * Does libkmod, which follows links on the host, come to the file, or to none if fd is negative? 1,
 * 0, or a negative errno.
 */
static int is_found_on_host(const struct modprobe_system *system, const char *name, int fd)
{
	struct stat a, b;

	if (fstatat(system->directory_fd, name, &a, 0) < 0)
		return is_missing(-errno) ? fd < 0 : -errno;
	if (fd < 0)
		return 0;
	if (fstat(fd, &b) < 0)
		return -errno;
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/*
 * libkmod maps an index and believes it, so its bounds are checked before. A missing index has no
 * keys; the verdict tells that. 1 if libkmod may map it, 0 with a finding, or a negative errno.
 */
static int check_index_file(const struct modprobe_system *system, const char *name,
			    struct binary_index *ret_index)
{
	const struct location location = { name, 0 };
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;
	int r;

	if (asprintf(&path, "%s/%s", system->directory, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	fd = root_open_file(system->root_fd, path, 0);
	r = fd < 0 ? fd : binary_index_read(ret_index, fd);
	if (is_missing(r))
		r = 1;
	if (r == -EISDIR || r == -ENODEV) /* not a regular file */
		r = 0;
	if (r == 0)
		return report_bad_index(system, name,
					"is damaged, or is no index that modprobe can read");
	if (r > 0)
		r = is_found_on_host(system, name, fd);
	if (r < 0)
		return report_system(system->report, r, &location);
	return r > 0 ? 1
		     : report_bad_index(system, name,
					"is a link that leads to another file on the host");
}

/* If one is damaged all may happen to modprobe, so that none is used. */
static int read_binary_indexes(struct modprobe_system *system)
{
	struct binary_index aliases = { 0 }, symbols = { 0 }, built_in_aliases = { 0 };
	const struct {
		const char *name;
		struct binary_index *index;
	} files[] = { { "modules.dep.bin", &system->dependencies },
		      { "modules.alias.bin", &aliases },
		      { "modules.builtin.bin", &system->built_in },
		      { "modules.symbols.bin", &symbols },
		      { "modules.builtin.alias.bin", &built_in_aliases } };
	bool good = true;
	int r = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && r >= 0; i++) {
		r = check_index_file(system, files[i].name, files[i].index);
		good = good && r > 0;
	}
	if (good && system->dependencies.data && aliases.data)
		system->indexes = INDEXES_BINARY;
	if (!good) {
		binary_index_done(&system->dependencies);
		binary_index_done(&system->built_in);
	}
	binary_index_done(&aliases);
	binary_index_done(&symbols);
	binary_index_done(&built_in_aliases);
	return r < 0 ? r : 0;
}

/* The modprobe of busybox reads text, and its depmod writes nothing else. */
static int read_text_indexes(struct modprobe_system *system)
{
	int r = text_index_read(&system->text, system->root_fd, system->directory, system->report);

	if (r > 0)
		system->indexes = INDEXES_TEXT;
	else
		text_index_done(&system->text);
	return r < 0 ? r : 0;
}

static int read_modprobe_config(struct modprobe_system *system)
{
	_cleanup_free_ char *softdep = NULL;

	if (asprintf(&softdep, "%s%s/modules.softdep", system->directory[0] == '/' ? "" : "/",
		     system->directory) < 0) {
		softdep = NULL;
		return -ENOMEM;
	}
	return modprobe_config_read(&system->config, system->report, system->root_fd, softdep);
}

/* Has the directory what the depmod of busybox writes, and nothing of kmod's? */
static int has_text_indexes_alone(const struct modprobe_system *system)
{
	int r = system_has_file(system, "modules.dep");

	if (r <= 0)
		return r;
	r = system_has_file(system, "modules.dep.bin");
	if (r == 0)
		r = system_has_file(system, "modules.alias.bin");
	return r < 0 ? r : r == 0;
}

static int open_all(struct modprobe_system *system)
{
	int r;

	system->directory_fd = kmod_devname_open_in_root(system->root_fd, system->directory,
							 O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (system->directory_fd < 0)
		return system->directory_fd;
	r = has_text_indexes_alone(system);
	if (r >= 0)
		r = r > 0 ? read_text_indexes(system) : read_binary_indexes(system);
	return r < 0 ? r : read_modprobe_config(system);
}

int system_open(struct modprobe_system *system, int root_fd, const char *directory,
		unsigned int flags, struct kmod_devname_report *report)
{
	int r;

	*system = (struct modprobe_system){ .root_fd = root_fd,
					    .directory = directory,
					    .directory_fd = -1,
					    .running = flags & KMOD_DEVNAME_RESOLVE_RUNNING,
					    .lacks_block_autoload = -1,
					    .report = report };
	if (*directory == '\0' || (flags & ~KMOD_DEVNAME_RESOLVE_RUNNING))
		return -EINVAL;
	r = open_all(system);
	if (r < 0)
		system_done(system);
	return r;
}

void system_done(struct modprobe_system *system)
{
	resolver_free(system->resolver);
	modprobe_config_done(&system->config);
	text_index_done(&system->text);
	binary_index_done(&system->dependencies);
	binary_index_done(&system->built_in);
	close_fd(&system->directory_fd);
}

int system_lacks_block_autoload(struct modprobe_system *system)
{
	if (system->lacks_block_autoload < 0)
		system->lacks_block_autoload = kernel_config_lacks_block_autoload(
			system->root_fd, system->directory, system->running);
	return system->lacks_block_autoload;
}

int system_has_file(const struct modprobe_system *system, const char *path)
{
	const struct location location = { path, 0 };
	_cleanup_close_ int fd = path[0] == '/'
					 ? root_open_long(system->root_fd, path, O_PATH | O_CLOEXEC)
					 : root_open_below(system->root_fd, system->directory, path,
							   O_PATH | O_CLOEXEC);
	struct stat st;

	if (is_missing(fd))
		return 0;
	if (fd == -EACCES || fd == -EPERM)
		return 1; /* modprobe runs with other rights, and can open it */
	if (fd >= 0 && fstat(fd, &st) == 0)
		return S_ISREG(st.st_mode);
	return report_system(system->report, fd < 0 ? fd : -errno, &location);
}

const char *system_find_dependencies(const struct modprobe_system *system, const char *module)
{
	return system->indexes == INDEXES_TEXT ? text_index_find_dependencies(&system->text, module)
					       : binary_index_find(&system->dependencies, module);
}

bool system_is_built_in(const struct modprobe_system *system, const char *module)
{
	return system->indexes == INDEXES_TEXT
		       ? text_index_is_built_in(&system->text, module)
		       : binary_index_find(&system->built_in, module) != NULL;
}
