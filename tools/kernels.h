/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KERNELS_H
#define KERNELS_H

#include <fcntl.h>
#include <stdio.h>
#include <sys/types.h>

#include "options.h"

#define FILE_NAME "modules.devname"
#define INDEX_NAME "modules.alias"
#define ORDER_NAME "modules.order"
#define BUILTIN_NAME "modules.builtin.modinfo"

struct kernel {
	const struct kernels *set; /* to which it belongs, with the root directory */
	char *version;
	char *directory; /* of its modules, below the root */
	char *path; /* the same as the user would name it, for messages */
	dev_t device; /* of the directory, if the user has named it */
	ino_t inode;
};

/* The kernels that a command line names. */
struct kernels {
	const struct common *common; /* the options by which they were found */
	int root_fd;
	char *moduledir; /* below the root */
	struct kernel *items;
	size_t size;
	size_t capacity;
	enum status found; /* failed: --all has skipped an unreadable entry, with a message */
};

/*
 * Finds the kernels, and prints why it fails. Release them with kernels_done(), also after a
 * failure. running_may_lack: the running kernel counts even if it has no module directory.
 */
enum status kernels_find(struct kernels *kernels, const struct common *common, char **names,
			 int n_names, bool running_may_lack);

/* Returns whether there is a kernel of this version. */
bool kernels_have(const struct common *common, const char *version);

/* Opens the root directory and finds no kernels. */
enum status kernels_root(struct kernels *kernels, const struct common *common);

void kernels_done(struct kernels *kernels);

#define _cleanup_kernels_ __attribute__((cleanup(kernels_done)))

/*
 * Opens the module directory of a kernel, or a file in it unless name is NULL. Returns a file
 * descriptor or a negative errno.
 */
int kernel_open(const struct kernel *kernel, const char *name, int flags);

/* Opens a regular file in it for reading. 0 or a negative errno. */
int kernel_open_stream(const struct kernel *kernel, const char *name, FILE **ret_stream);

/*
 * For a directory that belongs to no kernel, or lacks its modules: an error if the user has named
 * it, and otherwise a note if --verbose is given.
 */
enum status kernel_refuse(const struct kernel *kernel, bool is_passed_over, const char *why);

#define NOT_OF_KERNEL "not the module directory of a kernel"

/* Prints that --all has skipped all directories. Returns STATUS_FAILED. */
enum status kernels_say_none(const struct kernels *kernels);

/* Prints that a file in it failed. Returns STATUS_FAILED. */
enum status kernel_say_failure(const struct kernel *kernel, const char *name, int error);

/* 1 if a descriptor and a path are one directory, 0 if not or unseen, or a negative errno. */
int directory_is_at(int fd, const char *path);

/*
 * Returns 1 if the modprobe of the running kernel reads this module directory, by any path;
 * 0 if not; or a negative errno.
 */
int kernel_is_running(const struct kernel *kernel);

/* Opens a path of the command line: a file descriptor, or 0 and a stream; or a negative errno. */
int open_path(const char *path, int flags);
int open_path_stream(const char *path, FILE **ret_stream);

enum directory_kind {
	DIRECTORY_OF_KERNEL,
	DIRECTORY_PLAIN, /* of modules that are not installed, or of anything else */
	DIRECTORY_ROOT, /* of a system: it has a module directory */
};

/* Returns the kind of a directory, or a negative errno. */
int directory_classify(const char *path);

/* The same of a kernel. A version that was named is one, whatever its directory has. */
int kernel_classify(const struct kernel *kernel);

/* Prints that a root directory is no kernel. Returns STATUS_FAILED. */
enum status say_root_directory(const char *path);

#endif
