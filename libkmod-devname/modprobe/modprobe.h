/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MODPROBE_H
#define MODPROBE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/array.h"
#include "base/report.h"
#include "libkmod-devname.h"
#include "node/syntax.h"

/* What becomes of a module, or of opening a number; from the best to the worst. */
enum resolution_verdict {
	VERDICT_LOADS = 1,
	VERDICT_LOADED, /* already */
	VERDICT_BUILT_IN,
	VERDICT_COMMAND, /* an "install" command is run instead, and what that does is not known */
	VERDICT_BLACKLISTED,
	VERDICT_OFF, /* an "alias" leads to "off" */
	VERDICT_NO_FILE, /* not in modules.dep, or the file that stands there does not exist */
	VERDICT_NO_MODULE, /* has the alias */
	VERDICT_NO_INDEX, /* of depmod: one that is needed is missing, or one is damaged */
	VERDICT_NOT_ASKED, /* the kernel asks for no module */
};

/* Why a module is a step of a resolution; the first is the strongest. */
enum resolution_role {
	ROLE_ALIAS = 1, /* it has the alias that the kernel asks for */
	ROLE_DEPENDENCY, /* such a module needs it */
	ROLE_SOFT, /* a soft dependency, or needed by one; nothing depends on it */
};

struct kmod_ctx; /* these two are of libkmod */
struct kmod_module;

/* --- modprobe-config.c: the statements of modprobe.d ---------------------------------------- */

enum modprobe_word {
	MODPROBE_ALIAS,
	MODPROBE_BLACKLIST,
	MODPROBE_INSTALL,
	MODPROBE_REMOVE, /* libkmod looks for no module of this name elsewhere */
	MODPROBE_SOFTDEP,
	MODPROBE_WORDS_KEPT, /* those behind do not decide which modules are loaded */
	MODPROBE_OPTIONS = MODPROBE_WORDS_KEPT,
	MODPROBE_WEAKDEP,
};

/* A statement that decides which modules are loaded, and its place. */
struct modprobe_statement {
	enum modprobe_word word;
	char *key; /* an alias, a module, or a pattern of these; "-" is "_" */
	char *value; /* NULL for MODPROBE_BLACKLIST */
	char *file; /* below the root, with a slash in front */
	size_t line;
};

struct modprobe_config {
	struct modprobe_statement *items;
	size_t size;
	size_t capacity;
	/* of the statements of each word: the work of libkmod for a search, at most */
	size_t key_bytes[MODPROBE_WORDS_KEPT];
	/* The lines of the statements, as one file for libkmod. */
	char *text;
	size_t text_size;
};

/*
 * Adds the statements of modprobe.d(5) below a root directory. softdep: depmod's modules.softdep,
 * which has its place among the others by its name; may be NULL. 0 or a negative errno.
 */
int modprobe_config_read(struct modprobe_config *config, struct kmod_devname_report *report,
			 int root_fd, const char *softdep);

void modprobe_config_done(struct modprobe_config *config);

/*
 * The statement that modprobe(8) follows for an alias or module: the first one, or the first one
 * with a value unless that is NULL, such as the module that an alias leads to; or NULL. Adds to the
 * work, see SYSTEM_WORK_MAX.
 */
const struct modprobe_statement *modprobe_config_find(const struct modprobe_config *config,
						      enum modprobe_word word, const char *name,
						      const char *value, size_t *work);

/* Puts "_" for "-", but not in brackets, as modprobe(8) does. 0, or -EINVAL for lone brackets. */
int modprobe_config_normalise(char *name);

/* --- binary-index.c: the indexes of kmod ---------------------------------------------------- */

/* An index of depmod(8), modules.*.bin, in memory: a good one, or {0}, which has no keys. */
struct binary_index {
	unsigned char *data;
	size_t size;
	size_t work; /* patterns and values that one look-up compares at most */
};

/*
 * Reads an index and checks all of its bounds. Returns 1 if libkmod can map it without harm, as it
 * can an empty file; 0 if not; or a negative errno.
 */
int binary_index_read(struct binary_index *index, int fd);

void binary_index_done(struct binary_index *index);

/* The first value of a key, or NULL if there is none. */
const char *binary_index_find(const struct binary_index *index, const char *key);

/* --- text-index.c: the indexes of busybox --------------------------------------------------- */

/*
 * The indexes of a system whose modprobe(8) is busybox's, which reads the text files alone:
 * modules.dep, modules.alias and modules.builtin.
 */
struct text_index {
	struct list modules; /* by name */
	struct list aliases; /* in the order of the file */
	struct list built_in; /* by name */
};

/*
 * Reads the files of a module directory. A missing one has no lines; an empty modules.alias is
 * damaged, since depmod writes a comment at least. Returns 1; 0 if one is damaged, with a finding;
 * or a negative errno.
 */
int text_index_read(struct text_index *index, int root_fd, const char *directory,
		    struct kmod_devname_report *report);

void text_index_done(struct text_index *index);

/* The name of a module by the path of its file; NULL: no memory. */
char *copy_module_name(const char *path);

/* The value of a name in one of the sorted lists, or NULL. */
const char *text_index_find(const struct list *entries, const char *name);

/* Adds the names of the modules that have an alias, char *, which are the index's. 0 or -ENOMEM. */
int text_index_look_up(const struct text_index *index, const char *alias, struct list *names);

/* --- system.c: what answers depend on ------------------------------------------------------- */

enum module_indexes {
	INDEXES_NONE, /* what modprobe needs is missing, or one is damaged */
	INDEXES_BINARY, /* kmod's */
	INDEXES_TEXT, /* busybox's */
};

/* A system whose modules are asked for: opened once, and then good for any number of questions. */
struct modprobe_system {
	int root_fd;
	const char *directory; /* of the modules, below the root */
	int directory_fd;
	bool running;
	int lacks_block_autoload; /* -1: not looked at yet */
	struct kmod_devname_report *report;
	enum module_indexes indexes;
	struct binary_index dependencies; /* modules.dep.bin */
	struct binary_index built_in; /* modules.builtin.bin */
	struct text_index text;
	struct modprobe_config config;
	size_t work; /* for all numbers so far, see SYSTEM_WORK_MAX */
	size_t work_of_look_up; /* of one alias, at most */
	struct kmod_ctx *kmod; /* NULL until an alias is looked up */
	int kmod_directory_fd; /* as libkmod has the directory, by its number */
};

/*
 * Opens all of it; the report and the directory's name must stay. running: the kernel and the root
 * directory are those that run, so that loaded modules and the command line count. 0 or a negative
 * errno; -EFBIG: over 100,000 statements of modprobe.d.
 */
int system_open(struct modprobe_system *system, int root_fd, const char *directory, bool running,
		struct kmod_devname_report *report);

void system_done(struct modprobe_system *system);

/*
 * The work that the answers for all numbers may take together. Its unit is a comparison of two
 * names, or of a byte of a pattern; what takes longer counts as so many of these.
 */
#define SYSTEM_WORK_MAX ((size_t)300000000)
#define WORK_OF_PATTERN ((size_t)20) /* of an index */
#define WORK_OF_STEP ((size_t)200) /* or of a module that is needed */
#define WORK_OF_SOFTDEP ((size_t)1000) /* of a module that a word of it stands for */
#define WORK_OF_FILE ((size_t)2000) /* that is looked for */

/* 0; or -EFBIG if the work so far is too much. */
int system_check_work(const struct modprobe_system *system);

/*
 * 1 if the kernel is known to ask for no module when a block device is opened, by its configuration
 * beside the modules, in /boot, or of the running kernel; 0 if not, or if there is none; or a
 * negative errno. It is read once.
 */
int system_lacks_block_autoload(struct modprobe_system *system);

/*
 * 1 if a regular file has this name, below the module directory if it is relative; 0 if not; or a
 * negative errno, which is reported.
 */
int system_has_file(struct modprobe_system *system, const char *path);

/* 1 if the running kernel has the module, ready for use; 0 if not; or a negative errno. */
int module_is_live(const char *name);

/* "PATH: PATH..." of modules.dep: the dependency that is loaded first is the last; or NULL. */
const char *system_find_dependencies(struct modprobe_system *system, const char *module);

bool system_is_built_in(struct modprobe_system *system, const char *module);

/* --- kmod-context.c: libkmod ---------------------------------------------------------------- */

/*
 * Starts libkmod, unless it is, with the configuration and the indexes of the system. 0 or a
 * negative errno; -ENOENT, with a finding: /proc, through which libkmod is given both, is not
 * mounted; -EBADMSG: libkmod fails.
 */
int kmod_context_start(struct modprobe_system *system);

#ifdef WITH_LIBKMOD
void kmod_context_stop(struct modprobe_system *system);
#else
static inline void kmod_context_stop(struct modprobe_system *system)
{
	(void)system;
}
#endif

/* Adds a module, and takes its reference, also in case of failure. 0 or -ENOMEM. */
int kmod_context_push(struct list *modules, struct kmod_module *module);

/* Adds the module of a name, with a reference. 0 or a negative errno. */
int kmod_context_add_module(const struct modprobe_system *system, const char *name,
			    struct list *modules);

/* Adds the modules to which an alias leads, as modprobe(8) finds them. 0 or a negative errno. */
int kmod_context_look_up(const struct modprobe_system *system, const char *alias,
			 struct list *modules);

/* Adds the soft dependencies of a module. 0 or a negative errno. */
int kmod_context_add_softdeps(const struct kmod_module *module, struct list *before,
			      struct list *after);

/* True if libkmod has a name as blacklisted, by a statement or the host's command line. */
bool kmod_context_is_blacklisted(const struct modprobe_system *system, const char *name);

/* --- resolution.c: the answer for one number ------------------------------------------------ */

struct resolution_step {
	enum resolution_role role;
	enum resolution_verdict verdict;
	char *module;
	char *path; /* or NULL, as those below */
	char *obstacle; /* the module that keeps it from being loaded, if it is another one */
	char *command;
	char *file; /* of the statement that decides */
	size_t line;
};

struct resolution {
	bool running; /* the system is that which runs */
	enum resolution_verdict verdict; /* the best of the modules that have an alias */
	struct list aliases; /* of char *, in the order in which the kernel asks */
	char *alias; /* the last one, normalised */
	struct list steps; /* of struct resolution_step *, in the order of loading */
	void *by_name; /* tsearch(3) tree of the same */
};

/*
 * Asks a system that was opened, see system_open(). 0 or a negative errno; -EOPNOTSUPP: this build
 * is without libkmod; -EFBIG: over 10,000 modules, a chain of 100 soft dependencies, 2 MiB of
 * dependencies, or the work of SYSTEM_WORK_MAX; -ENOENT, with a finding: /proc is not mounted;
 * -EBADMSG: libkmod fails.
 */
int resolution_ask(struct modprobe_system *system, const struct device_number *number,
		   struct resolution **ret_resolution);

/* Opens a system, and asks it. 0 or a negative errno of both. */
int resolution_new(int root_fd, const char *directory, const struct device_number *number,
		   bool running, struct kmod_devname_report *report,
		   struct resolution **ret_resolution);

struct resolution *resolution_unref(struct resolution *resolution);

/* The step of a module, or NULL. */
struct resolution_step *resolution_find_step(const struct resolution *resolution,
					     const char *module);

/* True if the module is in the kernel after the number was opened. */
bool resolution_loads(const struct resolution *resolution, const char *module);

const char *resolution_verdict_to_string(enum resolution_verdict verdict);
const char *resolution_role_to_string(enum resolution_role role);

/* A step of a module, without a verdict; NULL: no memory. */
struct resolution_step *step_new(struct modprobe_system *system, const char *module,
				 enum resolution_role role);

/* Of a struct resolution_step *, or NULL. */
void step_free(void *step);

/* Copies a text of a step, which may be NULL. 0 or -ENOMEM. */
int step_copy_text(char **ret_copy, const char *text);

/*
 * Takes a step, and finds the statement that decides. The step that its module has stays if it
 * must, or is the stronger one; the stronger role counts for both. 0 or a negative errno.
 */
int resolution_put_step(struct resolution *resolution, struct modprobe_system *system,
			struct resolution_step *step, bool must_stay);

/* --- resolve.c: an alias -------------------------------------------------------------------- */

#ifdef WITH_LIBKMOD

/*
 * Adds the modules to which the alias leads, and what is loaded with them. 1 if modprobe(8) fails
 * then, so that the kernel asks again; 0 if not, as far as can be known; or a negative errno.
 */
int resolve_alias(struct resolution *resolution, struct modprobe_system *system);

#else

static inline int resolve_alias(struct resolution *resolution, struct modprobe_system *system)
{
	(void)resolution, (void)system;
	return -EOPNOTSUPP;
}

#endif

/*
 * Adds findings for nodes that do not load the module which declares them: not-loaded, with the
 * line of modprobe.d that decides; block-autoload; and bad-config for a node with too many modules,
 * or the first behind the work of SYSTEM_WORK_MAX, after which no node is looked at. Without an
 * index there is one finding for all. 0 or a negative errno, as that of resolution_new().
 */
int table_lint_loading(const struct kmod_devname_table *table, struct kmod_devname_report *report,
		       int root_fd, const char *directory, bool running);

#endif
