// SPDX-License-Identifier: GPL-2.0-or-later
/* Which kernels, in which root directory, a command line is about. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernels.h"
#include "open-path.h"

#define DIRECTORY_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

int kernel_open(const struct kernels *kernels, const struct kernel *kernel, const char *name,
		int flags)
{
	char *path;
	int fd;

	if (!name)
		return kmod_devname_open_in_root(kernels->root_fd, kernel->directory, flags);
	path = join_path(kernel->directory, name);
	if (!path)
		return -ENOMEM;
	fd = kmod_devname_open_in_root(kernels->root_fd, path, flags);
	free(path);
	return fd;
}

int kernel_open_stream(const struct kernels *kernels, const struct kernel *kernel, const char *name,
		       FILE **ret_stream)
{
	int fd = kernel_open(kernels, kernel, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int r = 0;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode)) /* it may have no end, or seem to be empty */
		r = S_ISDIR(st.st_mode) ? -EISDIR : -ENODEV;
	else if (!(*ret_stream = fdopen(fd, "re")))
		r = -errno;
	if (r < 0)
		(void)close(fd);
	return r;
}

enum status kernel_say_failure(const struct kernel *kernel, const char *name, int error)
{
	char *path = join_path(kernel->path, name);

	say_failure(path ? path : name, error);
	free(path);
	return STATUS_FAILED;
}

static void kernel_done(struct kernel *kernel)
{
	free(kernel->version);
	free(kernel->directory);
	free(kernel->path);
}

void kernels_done(struct kernels *kernels)
{
	for (size_t i = 0; i < kernels->size; i++)
		kernel_done(&kernels->items[i]);
	free(kernels->items);
	free(kernels->moduledir);
	if (kernels->root_fd >= 0)
		(void)close(kernels->root_fd);
}

/* Takes it. */
static enum status add(struct kernels *kernels, struct kernel *kernel)
{
	struct kernel *items =
		reallocarray(kernels->items, kernels->size + 1, sizeof(*kernels->items));

	if (items) {
		kernels->items = items;
		if (kernel->version && kernel->directory && kernel->path) {
			items[kernels->size++] = *kernel;
			return STATUS_CLEAN;
		}
	}
	kernel_done(kernel);
	return say_failure("kernels", -ENOMEM);
}

static enum status add_version(struct kernels *kernels, const struct common *common,
			       const char *version)
{
	struct kernel kernel = { .version = strdup(version),
				 .directory = join_path(kernels->moduledir, version) };

	if (kernel.directory)
		kernel.path = join_path(common->basedir ? common->basedir : "/", kernel.directory);
	return add(kernels, &kernel);
}

static enum status open_moduledir(const struct kernels *kernels, const struct common *common,
				  DIR **ret_dir)
{
	int fd = kmod_devname_open_in_root(kernels->root_fd, kernels->moduledir, DIRECTORY_FLAGS);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char *path;

	if (dir) {
		*ret_dir = dir;
		return STATUS_CLEAN;
	}
	path = join_path(common->basedir ? common->basedir : "/", kernels->moduledir);
	say_failure(path ? path : kernels->moduledir, fd < 0 ? fd : -errno);
	free(path);
	return STATUS_FAILED;
}

/* 1 or 0, or a negative errno if that cannot be told. */
static int is_directory(const struct kernels *kernels, const char *path)
{
	int fd = kmod_devname_open_in_root(kernels->root_fd, path, O_PATH | O_DIRECTORY);

	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP || fd == -ENAMETOOLONG)
		return 0;
	if (fd < 0)
		return fd;
	(void)close(fd);
	return 1;
}

static enum status look_for_kernel(const struct kernels *kernels, const struct common *common,
				   const char *version, bool *ret_found)
{
	const char *basedir = common->basedir ? common->basedir : "/";
	char *path = join_path(kernels->moduledir, version), *shown;
	int r = path ? is_directory(kernels, path) : -ENOMEM;

	if (r < 0) {
		shown = path ? join_path(basedir, path) : NULL;
		say_failure(shown ? shown : version, r);
		free(shown);
	}
	free(path);
	*ret_found = r > 0;
	return r < 0 ? STATUS_FAILED : STATUS_CLEAN;
}

static int compare_kernels(const void *a, const void *b)
{
	const struct kernel *x = a, *y = b;

	return strverscmp(x->version, y->version);
}

static enum status add_all(struct kernels *kernels, const struct common *common)
{
	struct dirent *entry;
	enum status status;
	bool found;
	DIR *dir;

	status = open_moduledir(kernels, common, &dir);
	if (status != STATUS_CLEAN)
		return status;
	while (status == STATUS_CLEAN && (errno = 0, entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		status = look_for_kernel(kernels, common, entry->d_name, &found);
		if (status == STATUS_CLEAN && found)
			status = add_version(kernels, common, entry->d_name);
	}
	if (status == STATUS_CLEAN && errno != 0)
		status = say_failure(kernels->moduledir, -errno);
	(void)closedir(dir);
	if (kernels->size > 1)
		qsort(kernels->items, kernels->size, sizeof(*kernels->items), compare_kernels);
	return status;
}

/* Says what there is instead of a kernel that is not there. */
static void say_no_kernel(const struct kernels *kernels, const struct common *common,
			  const char *version)
{
	struct kernels others = { .root_fd = kernels->root_fd, .moduledir = kernels->moduledir };
	char *path = join_path(common->basedir ? common->basedir : "/", kernels->moduledir);
	char *list = strdup(""), *longer;

	if (add_all(&others, common) == STATUS_CLEAN) {
		for (size_t i = 0; i < others.size && list; i++) {
			if (asprintf(&longer, "%s%s%s", list, i > 0 ? ", " : "",
				     others.items[i].version) < 0)
				longer = NULL;
			free(list);
			list = longer;
		}
		say("no kernel %s in %s; there is %s", version, path ? path : kernels->moduledir,
		    !list           ? "no memory to say which there are"
		    : *list != '\0' ? list
				    : "none");
	}
	free(path);
	free(list);
	others.root_fd = -1;
	others.moduledir = NULL;
	kernels_done(&others);
}

/* One that is in the working directory may have been meant. */
static void say_path_of(const struct common *common, const char *version)
{
	if (!common->basedir && !common->moduledir && access(version, F_OK) == 0)
		say("what is here by that name is ./%s", version);
}

static enum status add_named_version(struct kernels *kernels, const struct common *common,
				     const char *version)
{
	enum status status;
	bool found;

	if (*version == '\0' || strcmp(version, ".") == 0 || strcmp(version, "..") == 0) {
		say("'%s' is no kernel version", version);
		return STATUS_FAILED;
	}
	status = look_for_kernel(kernels, common, version, &found);
	if (status != STATUS_CLEAN)
		return status;
	if (!found || version[0] == '.') {
		say_no_kernel(kernels, common, version);
		say_path_of(common, version);
		return STATUS_FAILED;
	}
	return add_version(kernels, common, version);
}

static enum status add_path(struct kernels *kernels, const struct common *common, const char *path)
{
	struct kernel kernel = { 0 };
	const char *slash;

	if (common->basedir || common->moduledir) {
		say("%s: a path does not go together with --basedir or --moduledir", path);
		return STATUS_FAILED;
	}
	kernel.path = realpath(path, NULL);
	if (!kernel.path)
		return say_failure(path, -errno);
	kernel.directory = strdup(kernel.path);
	slash = strrchr(kernel.path, '/');
	kernel.version = strdup(slash + 1);
	return add(kernels, &kernel);
}

static enum status add_running(struct kernels *kernels, const struct common *common, bool may_lack)
{
	struct utsname name;

	if (uname(&name) < 0)
		return say_failure("uname", -errno);
	if (may_lack)
		return add_version(kernels, common, name.release);
	return add_named_version(kernels, common, name.release);
}

static enum status identify(const struct kernels *kernels, struct kernel *kernel)
{
	int fd = kernel_open(kernels, kernel, NULL, O_PATH | O_DIRECTORY), r = 0;
	struct stat st;

	if (fd < 0)
		return say_failure(kernel->path, fd);
	if (fstat(fd, &st) < 0)
		r = -errno;
	(void)close(fd);
	if (r < 0)
		return say_failure(kernel->path, r);
	kernel->device = st.st_dev;
	kernel->inode = st.st_ino;
	return STATUS_CLEAN;
}

/* Drops the last one if it was named before, by this name or another. */
static enum status drop_repeated(struct kernels *kernels)
{
	struct kernel *last = &kernels->items[kernels->size - 1];
	enum status status = identify(kernels, last);

	for (const struct kernel *kernel = kernels->items; status == STATUS_CLEAN && kernel < last;
	     kernel++)
		if (kernel->device == last->device && kernel->inode == last->inode) {
			kernel_done(last);
			kernels->size--;
			break;
		}
	return status;
}

static enum status add_names(struct kernels *kernels, const struct common *common, char **names,
			     int n)
{
	enum status status = STATUS_CLEAN;

	for (int i = 0; i < n && status == STATUS_CLEAN; i++) {
		status = strchr(names[i], '/') ? add_path(kernels, common, names[i])
					       : add_named_version(kernels, common, names[i]);
		if (status == STATUS_CLEAN)
			status = drop_repeated(kernels);
	}
	return status;
}

/* Of one that cannot be opened it will be said why. */
static const char *choose_moduledir(const struct kernels *kernels, const struct common *common)
{
	static const char *const usual[] = { "lib/modules", "usr/lib/modules" };

	if (common->moduledir)
		return common->moduledir;
	for (size_t i = 0; i < 2; i++)
		if (is_directory(kernels, usual[i]) != 0)
			return usual[i];
	return usual[0];
}

enum status kernels_root(struct kernels *kernels, const struct common *common)
{
	const char *basedir = common->basedir ? common->basedir : "/";

	*kernels =
		(struct kernels){ .root_fd = open_path(basedir, O_PATH | O_DIRECTORY | O_CLOEXEC) };
	return kernels->root_fd < 0 ? say_failure(basedir, -errno) : STATUS_CLEAN;
}

enum status kernels_find(struct kernels *kernels, const struct common *common, char **names,
			 int n_names, bool running_may_lack)
{
	enum status status = kernels_root(kernels, common);
	const char *moduledir;

	if (status != STATUS_CLEAN)
		return status;
	moduledir = choose_moduledir(kernels, common);
	moduledir += strspn(moduledir, "/");
	kernels->moduledir = strdup(*moduledir != '\0' ? moduledir : ".");
	if (!kernels->moduledir)
		return say_failure("kernels", -ENOMEM);
	if (common->all && n_names > 0) {
		say("--all and '%s' do not go together", names[0]);
		return STATUS_FAILED;
	}
	if (common->all)
		return add_all(kernels, common);
	return n_names > 0 ? add_names(kernels, common, names, n_names)
			   : add_running(kernels, common, running_may_lack);
}
