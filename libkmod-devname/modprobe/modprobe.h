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

/**
 * enum resolution_verdict - what becomes of opening a device number, the best that happens
 * @VERDICT_LOADS: modules are loaded
 * @VERDICT_LOADED: the module is loaded already
 * @VERDICT_BUILT_IN: the module is a part of the kernel
 * @VERDICT_COMMAND: modprobe(8) runs an "install" command of
 *   modprobe.d(5) instead of loading the module, or a module that it depends on. What the command
 *   does is not known
 * @VERDICT_BLACKLISTED: the module is
 * @VERDICT_OFF: an "alias" of modprobe.d(5) leads to "off"
 * @VERDICT_NO_FILE: a module that is not in modules.dep, or whose file, which stands
 *   there, does not exist
 * @VERDICT_NO_MODULE: no module has the alias. The device may have a driver all
 *   the same: one that is built in often has no alias
 * @VERDICT_NO_INDEX: depmod's modules.dep.bin or modules.alias.bin is missing, or an
 *   index is damaged (a finding names it), and without it there is no module
 * @VERDICT_NOT_ASKED: the kernel asks for no module
 */
enum resolution_verdict {
	VERDICT_LOADS = 1,
	VERDICT_LOADED = 2,
	VERDICT_BUILT_IN = 3,
	VERDICT_COMMAND = 4,
	VERDICT_BLACKLISTED = 5,
	VERDICT_OFF = 6,
	VERDICT_NO_FILE = 7,
	VERDICT_NO_MODULE = 8,
	VERDICT_NO_INDEX = 9,
	VERDICT_NOT_ASKED = 10,
};

/**
 * enum resolution_role - why a module is a step of a resolution
 * @ROLE_ALIAS: it has the alias that the kernel asks for
 * @ROLE_DEPENDENCY: such a module needs it
 * @ROLE_SOFT: it is one, "softdep" of modprobe.d(5), or needed by
 *   one; nothing depends on whether it can be loaded
 */
enum resolution_role {
	ROLE_ALIAS = 1,
	ROLE_DEPENDENCY = 2,
	ROLE_SOFT = 3,
};

/* The kernel and the root directory are those that run. */
#define RESOLVE_RUNNING (1U << 0)

struct kmod_context;
struct kmod_module; /* of libkmod */

/* --- modprobe-config.c: the statements of modprobe.d ---------------------------------------- */

enum modprobe_word {
	MODPROBE_ALIAS,
	MODPROBE_BLACKLIST,
	MODPROBE_INSTALL,
	MODPROBE_REMOVE, /* libkmod looks for no module of this name elsewhere */
	MODPROBE_SOFTDEP,
	MODPROBE_OTHER, /* does not decide which modules are loaded, and is not kept */
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
	size_t key_bytes[MODPROBE_OTHER]; /* of the statements of each word */
	/* The lines of the statements, as one file for libkmod. */
	char *text;
	size_t text_size;
	size_t text_capacity;
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

/* The work of libkmod for such a search, at most. */
size_t modprobe_config_work(const struct modprobe_config *config, enum modprobe_word word);

/* Adds the modules to which alias statements lead, char *, of the statements. 0 or -ENOMEM. */
int modprobe_config_look_up(const struct modprobe_config *config, const char *alias,
			    struct list *names);

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
	struct list modules; /* of struct text_entry *, by name */
	struct list aliases; /* of the same, in the order of the file */
	struct list built_in; /* of the same, by name */
};

/*
 * Reads the files of a module directory. A missing one has no lines; an empty modules.alias is
 * damaged, since depmod writes a comment at least. Returns 1; 0 if one is damaged, with a finding;
 * or a negative errno.
 */
int text_index_read(struct text_index *index, int root_fd, const char *directory,
		    struct kmod_devname_report *report);

void text_index_done(struct text_index *index);

/* "PATH: PATH...", as an index of kmod has it, or NULL. */
const char *text_index_find_dependencies(const struct text_index *index, const char *module);

bool text_index_is_built_in(const struct text_index *index, const char *module);

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
	size_t look_up_work; /* patterns that one look-up in the indexes compares, at most */
	size_t work_left; /* for all numbers together, see SYSTEM_WORK_MAX */
	struct kmod_context *context; /* NULL until an alias is looked up */
	void *known_modules; /* tsearch(3) tree of struct known_module */
	bool has_told_depth; /* the finding that not all soft dependencies are followed */
};

/*
 * Opens everything that the answers depend on; the report and the directory's name must stay.
 * 0, or a negative errno as that of resolution_new().
 */
int system_open(struct modprobe_system *system, int root_fd, const char *directory,
		unsigned int flags, struct kmod_devname_report *report);

void system_done(struct modprobe_system *system);

/*
 * The work that the answers for all numbers may take together. Its unit is a comparison of two
 * names, or of a byte of a pattern; what takes longer counts as so many of these.
 */
#define SYSTEM_WORK_MAX ((size_t)300000000)
#define WORK_OF_PATTERN ((size_t)20) /* of an index */
#define WORK_OF_STEP ((size_t)200) /* or of a module that is needed */
#define WORK_OF_FILE ((size_t)2000) /* that is looked for */

/* Takes from the work that is left. 0; or -EFBIG, and then none is left. */
int system_spend(struct modprobe_system *system, size_t work);

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
int system_has_file(const struct modprobe_system *system, const char *path);

/* "PATH: PATH..." of modules.dep: the dependency that is loaded first is the last; or NULL. */
const char *system_find_dependencies(const struct modprobe_system *system, const char *module);

bool system_is_built_in(const struct modprobe_system *system, const char *module);

/* --- kmod-context.c: libkmod ---------------------------------------------------------------- */

/*
 * libkmod with a configuration and the indexes of a module directory, which were checked; -1: with
 * no indexes. 0 or a negative errno; -ENOENT: /proc, through which libkmod is given both, is not
 * mounted; -EBADMSG: libkmod fails.
 */
int kmod_context_new(const struct modprobe_config *config, int directory_fd,
		     struct kmod_context **ret_context);

#ifdef WITH_LIBKMOD
/* NULL is no context. */
void kmod_context_free(struct kmod_context *context);
#else
static inline void kmod_context_free(struct kmod_context *context)
{
	(void)context;
}
#endif

/* The functions that add modules add a reference each, for kmod_context_unref_module(). */
void kmod_context_unref_module(void *module);

/* Adds a module. 0 or -ENOMEM. */
int kmod_context_add_reference(struct kmod_module *module, struct list *modules);

bool kmod_context_has_module(const struct list *modules, const struct kmod_module *module);

/* Adds the module of a name. 0 or a negative errno. */
int kmod_context_add_module(const struct kmod_context *context, const char *name,
			    struct list *modules);

/* Adds the modules to which an alias leads, as modprobe(8) finds them. 0 or a negative errno. */
int kmod_context_look_up(const struct kmod_context *context, const char *alias,
			 struct list *modules);

/* Adds the soft dependencies of a module. 0 or a negative errno. */
int kmod_context_add_softdeps(const struct kmod_module *module, struct list *before,
			      struct list *after);

/* 1 if the module is live in the running kernel, 0 if not, or a negative errno. */
int kmod_context_is_loaded(const struct kmod_module *module);

/* True if libkmod has a name as blacklisted, by a statement or the host's command line. */
bool kmod_context_is_blacklisted(const struct kmod_context *context, const char *name);

/* --- known-module.c: what modules need ------------------------------------------------------ */

/* What is found out once about a module. */
struct known_module {
	char *name;
	const char *line; /* "PATH: PATH..." of modules.dep, or NULL */
	char *path; /* the first of these, or NULL */
	int has_file; /* -1: not looked for yet */
	bool has_needed; /* both below are known */
	struct list needed; /* struct kmod_module *, in the order of modules.dep */
	struct kmod_module *missing; /* the first of these that has no file, or NULL */
};

/* Finds what is known of a module; it stays the system's. 0 or -ENOMEM. */
int known_module_get(struct modprobe_system *system, const char *name,
		     struct known_module **ret_known);

/* 1 if the module has a file, 0, or a negative errno. */
int known_module_has_file(struct known_module *known, struct modprobe_system *system);

/* Finds what the module needs. 0 or a negative errno. */
int known_module_find_needed(struct known_module *known, struct modprobe_system *system);

#ifdef WITH_LIBKMOD
/* Before the context is freed. */
void known_modules_done(struct modprobe_system *system);
#else
static inline void known_modules_done(struct modprobe_system *system)
{
	(void)system;
}
#endif

/* --- resolution.c: the public object -------------------------------------------------------- */

struct resolution_step {
	enum resolution_role role;
	enum resolution_verdict verdict;
	char *module;
	char *path; /* or NULL, as those below */
	char *obstacle; /* the module that keeps it from being loaded, if it is another one */
	char *command;
	char *file;
	size_t line;
};

struct resolution {
	bool running; /* the system is that which runs */
	enum resolution_verdict verdict;
	struct list aliases; /* of char * */
	struct list steps; /* of struct resolution_step * */
};

/* Asks about one number. 0 or a negative errno, as that of resolution_new(). */
int resolution_ask(struct modprobe_system *system, const struct device_number *number,
		   struct resolution **ret_resolution);

/* The step of a module, "_" for "-"; or NULL. */
struct resolution_step *resolution_find_step(const struct resolution *resolution,
					     const char *module);

/* Of a struct resolution_step *; NULL is none. */
void step_free(void *step);

/* --- resolve.c: an alias -------------------------------------------------------------------- */

#ifdef WITH_LIBKMOD

/*
 * Adds the modules that an alias leads to, and what is loaded with them, to the steps, as
 * modprobe(8) would by libkmod and the indexes. 1 if modprobe fails then, by the last of these
 * modules or because there are none; 0 if not, as far as can be known; or a negative errno;
 * -ENOENT, with a finding: /proc is not mounted, through which libkmod is given the configuration.
 */
int resolve_alias(struct modprobe_system *system, const char *alias, struct resolution *resolution);

#else

static inline int resolve_alias(struct modprobe_system *system, const char *alias,
				struct resolution *resolution)
{
	(void)system, (void)alias, (void)resolution;
	return -EOPNOTSUPP;
}

#endif

/**
 * table_lint_loading() - find nodes that do not load their modules
 * @table: what modules declare
 * @report: takes the findings, in the order of @table
 * @root_fd: the root directory of the system in question; O_PATH is enough
 * @directory: the module directory of the kernel below it
 * @flags: those of resolution_new()
 *
 * Does what resolution_new() does for each node, and reads the files once for all. If
 * an index is missing or damaged there is one finding not-loaded for all.
 *
 * Findings: not-loaded, with the line of modprobe.d that decides it, if one does: a note for a
 * blacklist, a command or "off", a warning for another module that is loaded instead, an error for
 * a module, a file or an index that is missing; block-autoload; bad-index, bad-config, long-line;
 * system. Bad-config is an error for a node that leads to more modules or dependencies than
 * resolution_new() follows, and for the first node behind 300,000,000 comparisons with
 * statements, patterns, files and steps; no later node is looked at.
 *
 * Return: 0, or a negative errno as that of resolution_new(); -EFBIG is for the
 * statements of modprobe.d alone.
 */
int table_lint_loading(const struct kmod_devname_table *table, struct kmod_devname_report *report,
		       int root_fd, const char *directory, unsigned int flags);

/**
 * resolution_new() - find out which modules opening a device number loads
 * @root_fd: the root directory of the system in question; O_PATH is enough
 * @directory: the module directory of a kernel below it, such as "lib/modules/6.1.0"
 * @type: S_IFCHR or S_IFBLK
 * @major: 1 to KMOD_DEVNAME_MAJOR_MAX
 * @minor: 0 to KMOD_DEVNAME_MINOR_MAX
 * @flags: 0, or RESOLVE_RUNNING: then modules that are loaded count as such, and
 *   "modprobe.blacklist=" of the kernel command line is followed
 * @report: takes the findings
 * @ret_resolution: release it with resolution_unref()
 *
 * For a number that no driver has, the kernel asks for "char-major-MAJOR-MINOR" and, if modprobe(8)
 * fails, for "char-major-MAJOR" (fs/char_dev.c, base_probe); for c10:0 to c10:254 for the first
 * only (drivers/char/misc.c, misc_open). For c10:255, MISC_DYNAMIC_MINOR, it asks for nothing; one
 * from before the change to misc_open in 2025 does ask, and is taken for a newer one here. For
 * blocks it is "block-major-..." likewise, or nothing without CONFIG_BLOCK_LEGACY_AUTOLOAD
 * (block/bdev.c, blkdev_get_no_open); that is looked up in the file "config" in @directory, in
 * /boot/config-VERSION, and for the running kernel in /proc/config.gz.
 *
 * modprobe(8) fails if there is no module for it, or by the last of them: what came of the others
 * does not count, and to be blacklisted is no failure (tools/modprobe.c of kmod, insmod). Of an
 * "install" command it is assumed that it does not fail.
 *
 * libkmod finds out what modprobe(8) does, in this root directory alone: by the files of
 * /etc/modprobe.d, /run/modprobe.d, /usr/local/lib/modprobe.d, /usr/lib/modprobe.d and
 * /lib/modprobe.d below @root_fd, as kmod_devname_config_read() reads those of depmod.d; and by the
 * indexes that depmod(8) has written to @directory, modules.*.bin, whose bounds are checked before
 * libkmod maps them: who rewrites an index at that moment can end the process. Without these, the
 * text indexes count as the modprobe of busybox reads them: modules.dep, modules.alias and
 * modules.builtin, without soft dependencies and commands.
 *
 * Findings: bad-index, for each index that is damaged, or a link to another file outside of the
 * root directory, and then none is used; bad-config, also for the first chain of soft dependencies
 * that has more than 100 modules, of which those behind are left out; long-line; system.
 *
 * Return: 0, or a negative errno:
 *   -EINVAL: @type, a number or @flags is not as above, or @directory is empty
 *   -EOPNOTSUPP: this build of the library is without libkmod
 *   -ENOENT, -ENOTDIR, -ELOOP: there is no such module directory; also -ENOENT if /proc is not
 *   mounted, through which libkmod is given statements: then a finding names /proc/self/fd
 *   -EBADMSG: libkmod fails
 *   -EFBIG: over 100,000 statements of modprobe.d; or for one number 10,000 modules, 2 MiB of
 *   dependencies, or 300,000,000 comparisons
 *   -EACCES, -EIO, -EMFILE, -ENFILE and others of openat(2), read(2), getdents(2)
 */
int resolution_new(int root_fd, const char *directory, mode_t type, unsigned int major,
		   unsigned int minor, unsigned int flags, struct kmod_devname_report *report,
		   struct resolution **ret_resolution);
struct resolution *resolution_unref(struct resolution *resolution);
/**
 * resolution_get_alias() - what the kernel asks for
 * @resolution: the resolution
 * @index: from 0, in the order in which it asks
 *
 * Return: such as "char-major-10-229", or NULL if it asks for no more.
 */
const char *resolution_get_alias(const struct resolution *resolution, size_t index);

/**
 * resolution_loads() - would a module be there after the number was opened?
 * @resolution: the resolution
 * @module: the module's name; "-" is the same as "_"
 *
 * Return: 1 if it would be loaded, with the modules that have the alias, is built in, or is loaded
 * into the running kernel already, if that was asked for; otherwise 0.
 */
int resolution_loads(const struct resolution *resolution, const char *module);

/**
 * resolution_get() - one step
 * @resolution: the resolution
 * @index: from 0, in the order in which modules are loaded
 *
 * Return: the step, or NULL if @index is not below the size.
 */
const struct resolution_step *resolution_get(const struct resolution *resolution, size_t index);

/**
 * resolution_verdict_to_string() - the stable name of a verdict
 *
 * "loads", "loaded", "built-in", "command", "blacklisted", "off", "no-file", "no-module",
 * "no-index" or "not-asked".
 *
 * Return: the name, or NULL if @verdict is none of enum resolution_verdict.
 */
const char *resolution_verdict_to_string(enum resolution_verdict verdict);

/**
 * resolution_role_to_string() - "alias", "dependency" or "soft-dependency"
 *
 * Return: the name, or NULL if @role is none of enum resolution_role.
 */
const char *resolution_role_to_string(enum resolution_role role);

#endif
