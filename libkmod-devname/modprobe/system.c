// SPDX-License-Identifier: LGPL-2.1-or-later
/* What answers depend on: the indexes of depmod, modprobe.d, the kernel's configuration. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "modprobe/modprobe.h"
#include "module/file.h"
#include "node/syntax.h"

#define KERNEL_CONFIG_SIZE_MAX ((size_t)16 << 20)

/* --- the indexes --------------------------------------------------------------------------- */

static int report_bad_index(const struct modprobe_system *system, const char *name,
			    const char *problem)
{
	const struct location location = { name, 0 };

	return report_add(system->report, KMOD_DEVNAME_CODE_BAD_INDEX, KMOD_DEVNAME_SEVERITY_ERROR,
			  &location, "%s", problem);
}

/*
 * libkmod follows links on the host. 1 if it comes to the same file, or also to none where fd is
 * negative; 0 if not; or a negative errno.
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
	_cleanup_free_ char *path = format_text("%s/%s", system->directory, name);
	_cleanup_close_ int fd = -1;
	int r;

	if (!path)
		return -ENOMEM;
	fd = root_open_file(system->root_fd, path, 0);
	r = fd < 0 ? fd : binary_index_read(ret_index, fd);
	if (r == 0 || r == -EISDIR || r == -ENODEV) /* or no regular file */
		return report_bad_index(system, name, "damaged, or not an index of modprobe");
	if (r > 0 || is_missing(r))
		r = is_found_on_host(system, name, fd);
	if (r < 0)
		return report_system(system->report, r, &location);
	return r > 0 ? 1 : report_bad_index(system, name, "link to another file on the host");
}

/* libkmod maps all of them, so that none is used if one is damaged. */
static int read_binary_indexes(struct modprobe_system *system)
{
	struct binary_index others[3] = { 0 };
	const struct {
		const char *name;
		struct binary_index *index;
		bool is_needed;
	} files[] = { { "modules.dep.bin", &system->dependencies, true },
		      { "modules.alias.bin", &others[0], true },
		      { "modules.builtin.bin", &system->built_in, false },
		      { "modules.symbols.bin", &others[1], false },
		      { "modules.builtin.alias.bin", &others[2], false } };
	bool is_good = true, is_complete = true;
	int r = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && r >= 0; i++) {
		r = check_index_file(system, files[i].name, files[i].index);
		is_good = is_good && r > 0;
		is_complete = is_complete && (files[i].index->data || !files[i].is_needed);
		system->work_of_look_up += WORK_OF_PATTERN * files[i].index->work;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		binary_index_done(&others[i]);
	if (is_good && is_complete)
		system->indexes = INDEXES_BINARY;
	if (!is_good) {
		binary_index_done(&system->dependencies);
		binary_index_done(&system->built_in);
	}
	return r < 0 ? r : 0;
}

/* The modprobe of busybox reads text, and its depmod writes nothing else. */
static int read_text_indexes(struct modprobe_system *system)
{
	int r = text_index_read(&system->text, system->root_fd, system->directory, system->report);

	system->work_of_look_up += WORK_OF_PATTERN * system->text.aliases.size;
	if (r > 0)
		system->indexes = INDEXES_TEXT;
	else
		text_index_done(&system->text);
	return r < 0 ? r : 0;
}

/* 1 where the depmod of busybox has written the indexes, and that of kmod none. */
static int has_text_indexes_alone(struct modprobe_system *system)
{
	int r = system_has_file(system, "modules.dep");

	if (r <= 0)
		return r;
	r = system_has_file(system, "modules.dep.bin");
	if (r == 0)
		r = system_has_file(system, "modules.alias.bin");
	return r < 0 ? r : r == 0;
}

/* --- all of it ----------------------------------------------------------------------------- */

static int open_all(struct modprobe_system *system)
{
	const char *slash = system->directory[0] == '/' ? "" : "/";
	_cleanup_free_ char *softdep =
		format_text("%s%s/modules.softdep", slash, system->directory);
	int r;

	if (!softdep)
		return -ENOMEM;
	system->directory_fd =
		open_in_root(system->root_fd, system->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (system->directory_fd < 0)
		return system->directory_fd;
	r = has_text_indexes_alone(system);
	if (r >= 0)
		r = r > 0 ? read_text_indexes(system) : read_binary_indexes(system);
	if (r == 0)
		r = modprobe_config_read(&system->config, system->report, system->root_fd, softdep);
	system->work_of_look_up += WORK_OF_STEP + system->config.key_bytes[MODPROBE_ALIAS];
	return r;
}

int system_open(struct modprobe_system *system, int root_fd, const char *directory, bool running,
		struct kmod_devname_report *report)
{
	int r;

	*system = (struct modprobe_system){ .root_fd = root_fd,
					    .directory = directory,
					    .directory_fd = -1,
					    .kmod_directory_fd = -1,
					    .running = running,
					    .lacks_block_autoload = -1,
					    .report = report };
	r = open_all(system);
	if (r < 0)
		system_done(system);
	return r;
}

void system_done(struct modprobe_system *system)
{
	kmod_context_stop(system);
	modprobe_config_done(&system->config);
	text_index_done(&system->text);
	binary_index_done(&system->dependencies);
	binary_index_done(&system->built_in);
	close_fd(&system->directory_fd);
}

int system_check_work(const struct modprobe_system *system)
{
	return system->work > SYSTEM_WORK_MAX ? -EFBIG : 0;
}

/* --- the kernel's configuration ------------------------------------------------------------ */

/*
 * 1 if a configuration turns the option off, 0 if not; -ENOENT: there is none, or it is for others
 * to read. The option is on where it is not mentioned: kernels before 5.18 have none, and do it
 * always (commit fbdee71bb5d8). A configuration that cannot be decompressed does not turn it off.
 */
static int examine_config(int root_fd, const char *path)
{
	static const char line[] = "\n# CONFIG_BLOCK_LEGACY_AUTOLOAD is not set\n";
	_cleanup_close_ int fd = root_open_file(root_fd, path, 0);
	struct module_reader *reader;
	const uint8_t *text;
	size_t size;
	int r;

	if (is_missing(fd) || fd == -EISDIR || fd == -ENODEV || fd == -EACCES || fd == -EPERM)
		return -ENOENT;
	if (fd < 0)
		return fd;
	reader = module_reader_new(KERNEL_CONFIG_SIZE_MAX, NULL);
	r = reader ? module_reader_start(reader, fd) : -ENOMEM;
	if (r >= 0)
		r = module_reader_read_bytes(reader, &text, &size);
	if (r >= 0)
		r = r == MODULE_OK && memmem(text, size, line, sizeof(line) - 1);
	module_reader_free(reader);
	return r;
}

int system_lacks_block_autoload(struct modprobe_system *system)
{
	_cleanup_free_ char *beside = NULL, *boot = NULL;
	int r;

	if (system->lacks_block_autoload >= 0)
		return system->lacks_block_autoload;
	beside = format_text("%s/config", system->directory);
	boot = format_text("boot/config-%s", syntax_base_name(system->directory));
	if (!beside || !boot)
		return -ENOMEM;
	r = examine_config(system->root_fd, beside);
	if (r == -ENOENT)
		r = examine_config(system->root_fd, boot);
	if (r == -ENOENT && system->running)
		r = examine_config(system->root_fd, "proc/config.gz");
	system->lacks_block_autoload = r == -ENOENT ? 0 : r;
	return system->lacks_block_autoload;
}

/* --- modules ------------------------------------------------------------------------------- */

int system_has_file(struct modprobe_system *system, const char *path)
{
	const struct location location = { path, 0 };
	_cleanup_close_ int fd = path[0] == '/'
					 ? root_open_long(system->root_fd, path, O_PATH | O_CLOEXEC)
					 : root_open_below(system->root_fd, system->directory, path,
							   O_PATH | O_CLOEXEC);
	struct stat st;

	system->work += WORK_OF_FILE;
	if (is_missing(fd))
		return 0;
	if (fd == -EACCES || fd == -EPERM)
		return 1; /* modprobe runs with other rights, and can open it */
	if (fd >= 0 && fstat(fd, &st) == 0)
		return S_ISREG(st.st_mode);
	return report_system(system->report, fd < 0 ? fd : -errno, &location);
}

int module_is_live(const char *name)
{
	_cleanup_free_ char *path = format_text("/sys/module/%s/initstate", name);
	_cleanup_close_ int fd = path ? open_at(AT_FDCWD, path, O_RDONLY, 0) : -1;
	char state[5];
	ssize_t n;

	if (!path)
		return -ENOMEM;
	if (fd < 0)
		return is_fatal(-errno) ? -errno : 0;
	n = read_at(fd, 0, state, sizeof(state));
	if (is_fatal((int)n) || n == -EIO)
		return (int)n;
	/* the module may have been unloaded since */
	return n == sizeof(state) && memcmp(state, "live\n", sizeof(state)) == 0;
}

/* Counts the work of a search, and of its caller, which reads and copies the value. */
static const char *count_value(struct modprobe_system *system, const char *value)
{
	system->work += WORK_OF_STEP + (value ? strlen(value) / 4 : 0);
	return value;
}

const char *system_find_dependencies(struct modprobe_system *system, const char *module)
{
	return count_value(system, system->indexes == INDEXES_TEXT
					   ? text_index_find(&system->text.modules, module)
					   : binary_index_find(&system->dependencies, module));
}

bool system_is_built_in(struct modprobe_system *system, const char *module)
{
	return count_value(system, system->indexes == INDEXES_TEXT
					   ? text_index_find(&system->text.built_in, module)
					   : binary_index_find(&system->built_in, module));
}
