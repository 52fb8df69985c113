// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernels and directories that a command line names. A kernel is a version below ROOT/lib/modules,
 * or a path to a module directory; without operands it is the running one, or the only one of
 * another system. Everything below --basedir is opened through the descriptor of that root, so that
 * links stay below it.
 */

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/io.h"
#include "kernels.h"

#define KERNELS_LISTED 5 /* in a message */

int open_path(const char *path, int flags)
{
	int fd = open_at(AT_FDCWD, path, flags, 0);

	return fd < 0 ? -errno : fd;
}

int open_path_stream(const char *path, FILE **ret_stream)
{
	return stream_from_fd(open_path(path, O_RDONLY), ret_stream);
}

/* A path that the user has named is absolute, and below the root / of the running system. */
int kernel_open(const struct kernel *kernel, const char *name, int flags)
{
	_cleanup_free_ char *path = name ? join_path(kernel->directory, name) : NULL;

	return open_in_root(kernel->set->root_fd, path ? path : kernel->directory, flags);
}

int kernel_open_stream(const struct kernel *kernel, const char *name, FILE **ret_stream)
{
	_cleanup_free_ char *path = join_path(kernel->directory, name);

	return stream_from_fd(root_open_file(kernel->set->root_fd, path, 0), ret_stream);
}

enum status kernel_refuse(const struct kernel *kernel, bool is_passed_over, const char *why)
{
	if (!is_passed_over) {
		say("%s: %s", kernel->path, why);
		return STATUS_FAILED;
	}
	if (kernel->set->common->verbose)
		say("%s: note: %s; skipped", kernel->path, why);
	return STATUS_CLEAN;
}

enum status kernel_say_failure(const struct kernel *kernel, const char *name, int error)
{
	_cleanup_free_ char *path = join_path(kernel->path, name);

	return say_failure(path, error);
}

enum status kernels_say_none(const struct kernels *kernels)
{
	_cleanup_free_ char *path = join_path(base_directory(kernels->common), kernels->moduledir);

	say("%s: no kernel with modules", path);
	return STATUS_FAILED;
}

int directory_is_at(int fd, const char *path)
{
	struct stat a, b;

	if (fstat(fd, &a) < 0)
		return -errno;
	if (stat(path, &b) < 0)
		return is_missing(-errno) || errno == EACCES ? 0 : -errno;
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/*
 * Directories are compared, since one directory has many names. The root counts, too: a kernel in
 * an image of the same version is not the running one.
 */
int kernel_is_running(const struct kernel *kernel)
{
	struct utsname name;
	char path[sizeof("/" MODULE_DIRECTORY "/") + sizeof(name.release)];
	_cleanup_close_ int fd = -1;
	int r = directory_is_at(kernel->set->root_fd, "/");

	if (r <= 0)
		return r;
	if (uname(&name) < 0)
		return -errno;
	(void)snprintf(path, sizeof(path), "/" MODULE_DIRECTORY "/%s", name.release);
	fd = kernel_open(kernel, NULL, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return is_missing(fd) || fd == -EACCES ? 0 : fd;
	return directory_is_at(fd, path);
}

/* 1, 0 or a negative errno. */
static int has_directory(int root_fd, const char *path)
{
	_cleanup_close_ int fd = open_in_root(root_fd, path, O_PATH | O_DIRECTORY);

	if (fd < 0)
		return is_missing(fd) ? 0 : fd;
	return 1;
}

/* 1, 0 or a negative errno. */
static int has_entry(int fd, const char *name)
{
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return is_missing(-errno) ? 0 : -errno;
}

static int is_plain_directory(int fd)
{
	/* kernel and driver packages, depmod and this program put them into module directories */
	static const char *const marks[] = { "kernel",      ORDER_NAME,    "modules.builtin",
					     "modules.dep", FILE_NAME,     "updates",
					     "extra",       "weak-updates" };
	int r;

	if (fd < 0)
		return fd;
	/* kbuild leaves a modules.order where it builds modules, too, but only there this file */
	r = has_entry(fd, "Module.symvers");
	if (r != 0)
		return r;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		r = has_entry(fd, marks[i]);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	return 1;
}

/* In an image /lib may be missing, or a link to /usr/lib that is not there yet. */
int directory_classify(const char *path)
{
	_cleanup_close_ int fd = open_path(path, O_PATH | O_DIRECTORY);
	int r = fd < 0 ? fd : has_directory(fd, MODULE_DIRECTORY);

	if (r == 0)
		r = has_directory(fd, "usr/lib/modules");
	if (r != 0)
		return r < 0 ? r : DIRECTORY_ROOT;
	r = is_plain_directory(fd);
	if (r != 0)
		return r < 0 ? r : DIRECTORY_PLAIN;
	return DIRECTORY_OF_KERNEL;
}

/* A path of the user is absolute, and that of a version below the root is not. */
int kernel_classify(const struct kernel *kernel)
{
	return kernel->directory[0] == '/' ? directory_classify(kernel->path) : DIRECTORY_OF_KERNEL;
}

enum status say_root_directory(const char *path)
{
	_cleanup_free_ char *quoted = quote_word(path);

	say("%s: root directory; use --basedir %s --all for its kernels", path, quoted);
	return STATUS_FAILED;
}

static void drop_last_kernel(struct kernels *kernels)
{
	const struct kernel *kernel = &kernels->items[--kernels->size];

	free(kernel->version);
	free(kernel->directory);
	free(kernel->path);
}

static void drop_kernels(struct kernels *kernels)
{
	while (kernels->size > 0)
		drop_last_kernel(kernels);
}

void kernels_done(struct kernels *kernels)
{
	drop_kernels(kernels);
	free(kernels->items);
	free(kernels->moduledir);
	close_fd(&kernels->root_fd);
}

/* Takes the strings. */
static void add_kernel(struct kernels *kernels, char *version, char *directory, char *path)
{
	kernels->items = xarray_grow(kernels->items, &kernels->capacity, sizeof(*kernels->items),
				     kernels->size + 1);
	kernels->items[kernels->size++] = (struct kernel){
		.set = kernels, .version = version, .directory = directory, .path = path
	};
}

static void add_kernel_version(struct kernels *kernels, const char *version)
{
	char *directory = join_path(kernels->moduledir, version);

	add_kernel(kernels, xstrdup(version), directory,
		   join_path(base_directory(kernels->common), directory));
}

/* 6.9 before 6.10, for diff --all compares each kernel with the next one. */
static int compare_versions(const void *a, const void *b)
{
	const struct kernel *x = a, *y = b;

	return strverscmp(x->version, y->version);
}

/*
 * Adds a directory, unless it belongs to no kernel, such as lost+found. Files, links that lead
 * nowhere, and hidden directories are no kernels.
 */
static void add_if_kernel(struct kernels *kernels, const char *version)
{
	_cleanup_close_ int fd = -1;
	const struct kernel *kernel;
	int r;

	if (version[0] == '.')
		return;
	add_kernel_version(kernels, version);
	kernel = &kernels->items[kernels->size - 1];
	fd = kernel_open(kernel, NULL, O_PATH | O_DIRECTORY);
	r = is_plain_directory(fd);
	if (r == 0)
		return;
	if (r > 0)
		kernel_refuse(kernel, true, NOT_OF_KERNEL);
	else if (!is_missing(fd))
		kernels->found = say_failure(kernel->path, r); /* one directory is not all */
	drop_last_kernel(kernels);
}

static enum status find_all_kernels(struct kernels *kernels)
{
	_cleanup_free_ char *path = join_path(base_directory(kernels->common), kernels->moduledir);
	int fd = open_in_root(kernels->root_fd, kernels->moduledir, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	enum status status = STATUS_CLEAN;
	struct dirent *entry;

	if (fd == -ENOENT) {
		say("%s: no module directory; use --basedir for another root directory", path);
		return STATUS_FAILED;
	}
	if (!dir)
		return say_failure(path, fd < 0 ? fd : -errno);
	while ((errno = 0, entry = readdir(dir)))
		add_if_kernel(kernels, entry->d_name);
	if (errno != 0)
		status = say_failure(path, -errno);
	(void)closedir(dir);
	if (kernels->size > 1)
		qsort(kernels->items, kernels->size, sizeof(*kernels->items), compare_versions);
	return status;
}

/* Prints which kernels there are instead. */
static void say_no_kernel(struct kernels *kernels, const char *version)
{
	_cleanup_free_ char *path = join_path(base_directory(kernels->common), kernels->moduledir);
	_cleanup_free_ char *list = NULL;

	/* the user may have meant a directory here, which is a path only with a slash */
	if (!kernels->common->basedir && !kernels->common->moduledir &&
	    access(version, F_OK) == 0) {
		say("kernel %s not found in %s; did you mean ./%s?", version, path, version);
		return;
	}
	drop_kernels(kernels);
	if (find_all_kernels(kernels) != STATUS_CLEAN)
		return;
	for (size_t i = 0; i < kernels->size && i < KERNELS_LISTED; i++)
		append_word(&list, kernels->items[i].version);
	if (kernels->size > KERNELS_LISTED)
		say("kernel %s not found in %s; available: %s and %zu more", version, path, list,
		    kernels->size - KERNELS_LISTED);
	else
		say("kernel %s not found in %s; available: %s", version, path,
		    list ? list : "none");
}

/* A name that begins with a dot is hidden from --all, and no kernel here either. */
static enum status find_version(struct kernels *kernels, const char *version)
{
	_cleanup_free_ char *path = join_path(kernels->moduledir, version);
	_cleanup_free_ char *shown = join_path(base_directory(kernels->common), path);
	int r;

	if (*version == '\0' || strcmp(version, ".") == 0 || strcmp(version, "..") == 0) {
		say("'%s' is not a kernel version", version);
		return STATUS_FAILED;
	}
	r = has_directory(kernels->root_fd, path);
	if (r < 0)
		return say_failure(shown, r);
	if (r == 0 || version[0] == '.') {
		say_no_kernel(kernels, version);
		return STATUS_FAILED;
	}
	add_kernel_version(kernels, version);
	return STATUS_CLEAN;
}

/*
 * The last component of a path, which the user or a package has given the kernel, even if it is a
 * link; or that of the real path, where the path ends in "." or "..".
 */
static char *version_of_path(const char *path, const char *real)
{
	_cleanup_free_ char *copy = xstrdup(path);
	const char *name = basename(copy);

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "/") == 0)
		name = strrchr(real, '/') + 1;
	return xstrdup(name);
}

/* The user sees the path as the running system does, so links are resolved without a root. */
static enum status find_path(struct kernels *kernels, const char *path)
{
	char *real;

	if (kernels->common->basedir || kernels->common->moduledir) {
		say("%s: a path cannot be combined with --basedir or --moduledir", path);
		return STATUS_FAILED;
	}
	real = realpath(path, NULL);
	if (!real)
		return say_failure(path, -errno);
	add_kernel(kernels, version_of_path(path, real), xstrdup(real), real);
	return STATUS_CLEAN;
}

/* Drops the last kernel if its directory was named before: that would be done twice. */
static enum status drop_repeated(struct kernels *kernels)
{
	struct kernel *last = &kernels->items[kernels->size - 1];
	_cleanup_close_ int fd = kernel_open(last, NULL, O_PATH | O_DIRECTORY);
	struct stat st;

	if (fd < 0)
		return say_failure(last->path, fd);
	if (fstat(fd, &st) < 0)
		return say_failure(last->path, -errno);
	last->device = st.st_dev;
	last->inode = st.st_ino;
	for (const struct kernel *kernel = kernels->items; kernel < last; kernel++)
		if (kernel->device == last->device && kernel->inode == last->inode) {
			drop_last_kernel(kernels);
			break;
		}
	return STATUS_CLEAN;
}

/* Takes the kernel of another system that has just one. Returns whether it has. */
static bool find_only_kernel(struct kernels *kernels)
{
	if (!kernels->common->basedir || directory_is_at(kernels->root_fd, "/") != 0 ||
	    has_directory(kernels->root_fd, kernels->moduledir) <= 0)
		return false;
	if (find_all_kernels(kernels) == STATUS_CLEAN && kernels->size == 1)
		return true;
	drop_kernels(kernels);
	kernels->found = STATUS_CLEAN;
	return false;
}

/* A kernel that has everything built in has no directory, and needs no nodes. */
static enum status find_running(struct kernels *kernels, bool may_lack)
{
	struct utsname name;

	if (find_only_kernel(kernels))
		return STATUS_CLEAN;
	if (uname(&name) < 0)
		return say_failure("uname", -errno);
	if (!may_lack)
		return find_version(kernels, name.release);
	add_kernel_version(kernels, name.release);
	return STATUS_CLEAN;
}

/* If neither directory can be opened, the first one is named in messages. */
static const char *choose_moduledir(const struct kernels *kernels)
{
	static const char *const usual[] = { MODULE_DIRECTORY, "usr/lib/modules" };

	if (kernels->common->moduledir)
		return kernels->common->moduledir;
	for (size_t i = 0; i < 2; i++)
		if (has_directory(kernels->root_fd, usual[i]) != 0)
			return usual[i];
	return usual[0];
}

enum status kernels_root(struct kernels *kernels, const struct common *common)
{
	const char *basedir = base_directory(common);

	*kernels = (struct kernels){ .common = common,
				     .root_fd = open_path(basedir, O_PATH | O_DIRECTORY) };
	return kernels->root_fd < 0 ? say_failure(basedir, kernels->root_fd) : STATUS_CLEAN;
}

bool kernels_have(const struct common *common, const char *version)
{
	struct kernels kernels;
	bool has = false;

	if (kernels_root(&kernels, common) == STATUS_CLEAN) {
		_cleanup_free_ char *path = join_path(choose_moduledir(&kernels), version);

		has = has_directory(kernels.root_fd, path) > 0;
	}
	kernels_done(&kernels);
	return has;
}

enum status kernels_find(struct kernels *kernels, const struct common *common, char **names,
			 int n_names, bool running_may_lack)
{
	enum status status = kernels_root(kernels, common);
	const char *moduledir;

	if (status != STATUS_CLEAN)
		return status;
	moduledir = choose_moduledir(kernels);
	/* it is below the root, whether it begins with a slash or not */
	moduledir += strspn(moduledir, "/");
	kernels->moduledir = xstrdup(*moduledir != '\0' ? moduledir : ".");
	if (common->all && n_names > 0) {
		say("--all cannot be combined with '%s'", names[0]);
		return STATUS_FAILED;
	}
	if (common->all) {
		status = find_all_kernels(kernels);
		/* an image that is not mounted must not seem to be free of mistakes */
		return status == STATUS_CLEAN && kernels->size == 0 ? kernels_say_none(kernels)
								    : status;
	}
	if (n_names == 0)
		return find_running(kernels, running_may_lack);
	for (int i = 0; i < n_names && status == STATUS_CLEAN; i++) {
		status = strchr(names[i], '/') ? find_path(kernels, names[i])
					       : find_version(kernels, names[i]);
		if (status == STATUS_CLEAN)
			status = drop_repeated(kernels);
	}
	return status;
}
