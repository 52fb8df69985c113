/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkmod-devname - device nodes that load their kernel module on first use
 *
 * A kernel module may declare a device name and a device number in its .modinfo section:
 *
 *     alias=devname:fuse
 *     alias=char-major-10-229
 *
 * Somebody makes the node /dev/fuse c 10:229 early in boot; the first open() of it makes the
 * kernel ask for "char-major-10-229", and modprobe loads the module. The file
 * /lib/modules/VERSION/modules.devname, see modules.devname(5), lists these nodes.
 *
 * There are two kinds of value here. A table holds nodes; every node in it is valid. A report
 * holds findings: everything that was wrong with one module, one line or one node. The other
 * functions turn the outside world into a table, or a table into the outside world.
 *
 * Conventions, which hold wherever a function does not say otherwise:
 *
 * - Functions that can fail return 0 (or a documented value above 0) or a negative errno. An
 *   errno means that the work could not be done; what is wrong with the data is a finding.
 * - Every function may return -ENOMEM: memory could not be allocated.
 * - Results come through pointers named ret_..., which are not touched on failure.
 * - Getters return pointers that the object owns and that are valid as long as it is. Nodes and
 *   findings live as long as their table or report.
 * - _unref() accepts NULL and returns NULL. A new object has one reference.
 * - A report parameter may be NULL: then findings are dropped, system findings too.
 * - Nothing here prints, exits, reads the environment, changes the umask or the working
 *   directory, or keeps global state. Objects may be used from several threads, one at a time.
 *   One exception: libselinux, see kmod_devname_table_create(), writes about a policy that it
 *   cannot read where selinux_set_callback(3) says; by default that is standard error. The callback
 *   is the process's, so it is left to the program.
 * - File descriptors are opened with O_CLOEXEC and stay the caller's if the caller passed them.
 */

#ifndef LIBKMOD_DEVNAME_H
#define LIBKMOD_DEVNAME_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

/*
 * The rules of modules.devname(5): the kernel's dev_t is 12 + 20 bits
 * (include/linux/kdev_t.h), major 0 is never a driver's.
 */
#define KMOD_DEVNAME_NAME_MAX 4000 /* bytes in a device name, without the final NUL */
#define KMOD_DEVNAME_COMPONENT_MAX 255 /* bytes between two slashes of it; NAME_MAX of Linux */
#define KMOD_DEVNAME_MAJOR_MAX 4095
#define KMOD_DEVNAME_MINOR_MAX 1048575

/* --- report ------------------------------------------------------------------------------ */

/**
 * struct kmod_devname_report - what was found wrong during one operation, in a fixed order
 *
 * The order does not depend on timing, the number of threads or the order in which a file
 * system lists names.
 */
struct kmod_devname_report;

/**
 * struct kmod_devname_finding - one thing that was found
 *
 * Lives as long as its report.
 */
struct kmod_devname_finding;

/**
 * enum kmod_devname_severity - how bad a finding is
 * @KMOD_DEVNAME_NOTE: worth knowing, nothing is wrong
 * @KMOD_DEVNAME_WARNING: everything was done, but somebody should look
 * @KMOD_DEVNAME_ERROR: something that was meant to be a node, a module or a line gave none
 */
enum kmod_devname_severity {
	KMOD_DEVNAME_NOTE = 0,
	KMOD_DEVNAME_WARNING = 1,
	KMOD_DEVNAME_ERROR = 2,
};

/**
 * enum kmod_devname_code - what was found, grouped by whose fault it is
 *
 * The numbers and the names that kmod_devname_code_to_string() gives are stable. New codes
 * may come with a new release: treat an unknown one by its severity.
 *
 * Module file:
 * @KMOD_DEVNAME_MALFORMED: "malformed": not an ELF file, empty or truncated, or its section
 *   headers point outside the file. depmod prints an error, or aborts, and exits 0. Also a file
 *   that was changed while it was read.
 * @KMOD_DEVNAME_CORRUPT: "corrupt": compressed data is truncated, fails its checksum, or is
 *   followed by something else
 * @KMOD_DEVNAME_UNSUPPORTED: "unsupported": a compression that this build cannot read; one finding
 *   for all modules of a compression, with the first of them
 * @KMOD_DEVNAME_TOO_LARGE: "too-large": over a limit, see kmod_devname_scan_set_size_max()
 * @KMOD_DEVNAME_DANGLING_LINK: "dangling-link": a symbolic link that leads nowhere, or into proc or
 *   sysfs, note
 * @KMOD_DEVNAME_NOT_REGULAR: "not-regular": named like a module, but neither a file nor a
 *   directory, note
 * @KMOD_DEVNAME_VANISHED: "vanished": listed, and gone when it was opened, warning
 * @KMOD_DEVNAME_DUPLICATE_MODULE: "duplicate-module": two files of one module; a note if
 *   depmod.d(5), or by default updates/, decides which one counts, else a warning
 * @KMOD_DEVNAME_BAD_ORDER: "bad-order": a line of modules.order that cannot be used, warning
 * @KMOD_DEVNAME_UNREADABLE: "unreadable": a module file, or a directory of modules, that cannot
 *   be opened or read, for the reason that the message has; or a line of modules.devname that
 *   kmod-devname keeps for such a module
 *
 * Module content; only a module that declares a device name is judged:
 * @KMOD_DEVNAME_MISSING_NUMBER: "missing-number": a device name and no device number
 * @KMOD_DEVNAME_AMBIGUOUS: "ambiguous": the names and numbers cannot be paired in a way that
 *   does not depend on the compiler
 * @KMOD_DEVNAME_DYNAMIC_MINOR: "dynamic-minor": c10:255, MISC_DYNAMIC_MINOR of
 *   include/linux/miscdevice.h, which is a request for a number and not a number
 * @KMOD_DEVNAME_BAD_NAME: "bad-name": a device name against the rules of modules.devname(5)
 * @KMOD_DEVNAME_BAD_NUMBER: "bad-number": not a plain decimal number, or out of range
 * @KMOD_DEVNAME_BAD_MODULE_NAME: "bad-module-name": a module name against these rules
 * @KMOD_DEVNAME_TOO_MANY_ALIASES: "too-many-aliases": over 4096 device names and numbers, or more
 *   than modules.devname can have after those of the modules before: 131,072 nodes, 16 MiB of names
 *
 * Text line:
 * @KMOD_DEVNAME_BAD_LINE: "bad-line": not of the form MODULE NAME TYPEMAJOR:MINOR, or the same
 *   line stands there twice
 * @KMOD_DEVNAME_LONG_LINE: "long-line": longer than any valid line
 * @KMOD_DEVNAME_CUT_LINE: "cut-line": the last line has no newline: the file was cut short
 *
 * @KMOD_DEVNAME_BAD_INDEX: "bad-index": modules.dep or modules.alias has a line that is not of
 *   its form, or one that was normalised ("char_major_10_229"), which loses dashes, warning; or an
 *   index that modprobe reads, modules.*.bin, is damaged, or has more for one number than is
 *   looked at
 * @KMOD_DEVNAME_STALE_INDEX: "stale-index": modules.dep or modules.alias is missing or is not a
 *   regular file, so that all modules are read, note
 *
 * @KMOD_DEVNAME_BAD_CONFIG: "bad-config": a line of depmod.d, modprobe.d or modules.softdep that is
 *   no statement; a file that was given and does not exist; a file of their directories that is no
 *   regular one; or a chain of soft dependencies that has more than 100 modules, warning
 *
 * @KMOD_DEVNAME_BAD_RULE: "bad-rule": a line of udev's rules that names a static node, and
 *   cannot be understood in whole or in part, or is not taken by every udev, warning; or a file
 *   of rules that cannot be read, error
 * @KMOD_DEVNAME_UNKNOWN_OWNER: "unknown-owner": the user or group of a node does not exist, so
 *   that node has mode 0600 and belongs to root, warning; or a file of users or groups cannot be
 *   read, error
 *
 * Table:
 * @KMOD_DEVNAME_NAME_CONFLICT: "name-conflict": one device name with two numbers, or a device
 *   name below another; the first in table order stays
 * @KMOD_DEVNAME_SAME_NUMBER: "same-number": one device number under two names, warning
 * @KMOD_DEVNAME_SHARED_NODE: "shared-node": several modules declare the same node, note
 * @KMOD_DEVNAME_TAKEN_MINOR: "taken-minor": a minor number of major 10 that the kernel has given
 *   to another device, or that it gives to any driver (0 to 127, and above 255), warning
 * @KMOD_DEVNAME_BUILT_IN_NODE: "built-in": a built-in module declares the same name or number,
 *   so the module cannot have it, warning
 * @KMOD_DEVNAME_BLOCK_AUTOLOAD: "block-autoload": a block device, and the kernel asks for no module
 *   when one is opened, warning
 * @KMOD_DEVNAME_NOT_LOADED: "not-loaded": opening the node does not load the module that declares
 *   it, by what modprobe.d and depmod's indexes say; a note if modprobe.d says so on purpose, an
 *   error if an index or a file is missing
 * @KMOD_DEVNAME_NO_STATIC_NODE: "no-static-node": a rule of udev gives the device of a node a mode,
 *   an owner or a seat, and has no static_node, so that the node gets them when the module is
 *   loaded and not before; a note for rules of packages, else a warning
 *
 * The file modules.devname:
 * @KMOD_DEVNAME_OUT_OF_DATE: "out-of-date": a line that is missing, or that the modules do not
 *   say, or not like this
 * @KMOD_DEVNAME_NO_FILE: "no-file": there is none; a warning if it would have no nodes in it
 *
 * Device directory:
 * @KMOD_DEVNAME_WRONG_NODE: "wrong-node": a device node with another type or number
 * @KMOD_DEVNAME_OBSTRUCTED: "obstructed": something that is no device node, or on the way no
 *   directory; symbolic links are neither
 * @KMOD_DEVNAME_NODEV: "nodev": the file system is mounted with that option, so the kernel lets
 *   nobody open a device there (EACCES), warning
 * @KMOD_DEVNAME_ABSENT: "absent": there is no such node, warning
 * @KMOD_DEVNAME_WRONG_MODE: "wrong-mode": mode or owner are not those that a static_node rule of
 *   udev gives, or an ACL gives more, warning; a note if that may be systemd-logind's
 *
 * System:
 * @KMOD_DEVNAME_SYSTEM: "system": a system call failed for this file; goes with a negative
 *   errno from the function that added it, and is there to name the file
 */
enum kmod_devname_code {
	KMOD_DEVNAME_MALFORMED = 1,
	KMOD_DEVNAME_CORRUPT = 2,
	KMOD_DEVNAME_UNSUPPORTED = 3,
	KMOD_DEVNAME_TOO_LARGE = 4,
	KMOD_DEVNAME_DANGLING_LINK = 5,
	KMOD_DEVNAME_NOT_REGULAR = 6,
	KMOD_DEVNAME_VANISHED = 7,
	KMOD_DEVNAME_DUPLICATE_MODULE = 8,
	KMOD_DEVNAME_BAD_ORDER = 9,
	KMOD_DEVNAME_UNREADABLE = 10,

	KMOD_DEVNAME_MISSING_NUMBER = 20,
	KMOD_DEVNAME_AMBIGUOUS = 21,
	KMOD_DEVNAME_DYNAMIC_MINOR = 22,
	KMOD_DEVNAME_BAD_NAME = 23,
	KMOD_DEVNAME_BAD_NUMBER = 24,
	KMOD_DEVNAME_BAD_MODULE_NAME = 25,
	KMOD_DEVNAME_TOO_MANY_ALIASES = 26,

	KMOD_DEVNAME_BAD_LINE = 40,
	KMOD_DEVNAME_LONG_LINE = 41,
	KMOD_DEVNAME_CUT_LINE = 42,
	KMOD_DEVNAME_BAD_INDEX = 43,
	KMOD_DEVNAME_STALE_INDEX = 44,
	KMOD_DEVNAME_BAD_CONFIG = 45,
	KMOD_DEVNAME_BAD_RULE = 46,
	KMOD_DEVNAME_UNKNOWN_OWNER = 47,

	KMOD_DEVNAME_NAME_CONFLICT = 60,
	KMOD_DEVNAME_SAME_NUMBER = 61,
	KMOD_DEVNAME_SHARED_NODE = 62,
	KMOD_DEVNAME_TAKEN_MINOR = 63,
	KMOD_DEVNAME_BUILT_IN_NODE = 64,
	KMOD_DEVNAME_BLOCK_AUTOLOAD = 65,
	KMOD_DEVNAME_NOT_LOADED = 66,
	KMOD_DEVNAME_NO_STATIC_NODE = 67,

	KMOD_DEVNAME_OUT_OF_DATE = 70,
	KMOD_DEVNAME_NO_FILE = 71,

	KMOD_DEVNAME_WRONG_NODE = 80,
	KMOD_DEVNAME_OBSTRUCTED = 81,
	KMOD_DEVNAME_NODEV = 82,
	KMOD_DEVNAME_ABSENT = 83,
	KMOD_DEVNAME_WRONG_MODE = 84,

	KMOD_DEVNAME_SYSTEM = 100,
};

/**
 * kmod_devname_report_new() - make an empty report
 * @ret_report: the report; release it with kmod_devname_report_unref()
 *
 * Return: 0, or -ENOMEM.
 */
int kmod_devname_report_new(struct kmod_devname_report **ret_report);
struct kmod_devname_report *kmod_devname_report_ref(struct kmod_devname_report *report);
struct kmod_devname_report *kmod_devname_report_unref(struct kmod_devname_report *report);

/**
 * kmod_devname_report_size() - number of findings that can be had
 *
 * At most 10,000 of each severity, and system findings; what comes after these is only counted.
 */
size_t kmod_devname_report_size(const struct kmod_devname_report *report);

/**
 * kmod_devname_report_get() - one finding
 * @report: the report
 * @index: from 0
 *
 * Return: the finding, or NULL if @index is not below the size.
 */
const struct kmod_devname_finding *kmod_devname_report_get(const struct kmod_devname_report *report,
							   size_t index);

/**
 * kmod_devname_report_count() - number of findings of one severity, all of them
 */
size_t kmod_devname_report_count(const struct kmod_devname_report *report,
				 enum kmod_devname_severity severity);

enum kmod_devname_code kmod_devname_finding_get_code(const struct kmod_devname_finding *finding);
enum kmod_devname_severity
kmod_devname_finding_get_severity(const struct kmod_devname_finding *finding);

/**
 * kmod_devname_finding_get_file() - the file it was found in
 *
 * Return: a module file, relative to the directory that was scanned, or with a slash in front if
 * it is below the root but not below that directory; the name that was given to
 * kmod_devname_table_read() or kmod_devname_table_add_module(); a path below the device
 * directory; or NULL. At most the first 4,096 bytes. They are the file system's: escape them before
 * showing them.
 */
const char *kmod_devname_finding_get_file(const struct kmod_devname_finding *finding);

/**
 * kmod_devname_finding_get_line() - the line it was found in
 *
 * Return: the line's number from 1, or 0 if the file is not text.
 */
size_t kmod_devname_finding_get_line(const struct kmod_devname_finding *finding);

/**
 * kmod_devname_finding_get_message() - what is wrong and, after "; ", what to do
 *
 * Return: English in printable ASCII without a newline and without the file's name. Other bytes of
 * the data, and backslashes, are written as \xNN. At most 1000 bytes. Meant for people and logs;
 * programs look at the code. Descriptions of errors of the system are in the language of the
 * program with C libraries other than glibc 2.32 or later.
 */
const char *kmod_devname_finding_get_message(const struct kmod_devname_finding *finding);

/**
 * kmod_devname_code_to_string() - the stable name of a code, such as "missing-number"
 *
 * Return: the name, or NULL if @code is none of enum kmod_devname_code.
 */
const char *kmod_devname_code_to_string(enum kmod_devname_code code);

/**
 * kmod_devname_severity_to_string() - "note", "warning" or "error"
 *
 * Return: the name, or NULL if @severity is none of enum kmod_devname_severity.
 */
const char *kmod_devname_severity_to_string(enum kmod_devname_severity severity);

/* --- node -------------------------------------------------------------------------------- */

/**
 * struct kmod_devname_node - one device node and the module that opening it loads
 *
 * Never changes, lives as long as its table, and is valid: the name is a relative path of
 * allowed bytes without "." and ".." components, the numbers are in range.
 */
struct kmod_devname_node;

/** kmod_devname_node_get_module() - the module's name, as in /proc/modules */
const char *kmod_devname_node_get_module(const struct kmod_devname_node *node);

/** kmod_devname_node_get_name() - the node's path below /dev, such as "net/tun" */
const char *kmod_devname_node_get_name(const struct kmod_devname_node *node);

/** kmod_devname_node_get_type() - S_IFCHR or S_IFBLK of <sys/stat.h>, ready for mknod(2) */
mode_t kmod_devname_node_get_type(const struct kmod_devname_node *node);

/** kmod_devname_node_get_major() - 1 to KMOD_DEVNAME_MAJOR_MAX */
unsigned int kmod_devname_node_get_major(const struct kmod_devname_node *node);

/** kmod_devname_node_get_minor() - 0 to KMOD_DEVNAME_MINOR_MAX */
unsigned int kmod_devname_node_get_minor(const struct kmod_devname_node *node);

/* --- table ------------------------------------------------------------------------------- */

/**
 * struct kmod_devname_table - nodes in the order of modules.devname
 *
 * No node of a table has the name of another with different numbers, and none lies below
 * another. The same name with the same numbers may stand there for several modules, for each of
 * them once: what adds such a node again changes nothing.
 */
struct kmod_devname_table;

/**
 * kmod_devname_table_new() - make an empty table
 * @ret_table: the table; release it with kmod_devname_table_unref()
 *
 * Return: 0, or -ENOMEM.
 */
int kmod_devname_table_new(struct kmod_devname_table **ret_table);
struct kmod_devname_table *kmod_devname_table_ref(struct kmod_devname_table *table);
struct kmod_devname_table *kmod_devname_table_unref(struct kmod_devname_table *table);

/**
 * kmod_devname_table_size() - number of nodes
 */
size_t kmod_devname_table_size(const struct kmod_devname_table *table);

/**
 * kmod_devname_table_get() - one node
 * @table: the table
 * @index: from 0
 *
 * Return: the node, or NULL if @index is not below the size.
 */
const struct kmod_devname_node *kmod_devname_table_get(const struct kmod_devname_table *table,
						       size_t index);

/**
 * kmod_devname_table_add_module() - add the nodes that one module declares
 * @table: the table; the nodes come after those it has, sorted by name,
 *   component by component
 * @report: takes what is wrong with the module
 * @module: the module's name; "-" is the same as "_", as for modprobe
 * @file: the file to name in findings, or NULL
 * @aliases: the values of the module's "alias" fields in the order of its .modinfo section,
 *   such as "devname:fuse" and "char-major-10-229"; others are passed over
 * @n_aliases: how many
 *
 * For depmod, dracut and others that have the aliases at hand already, so that no module is
 * read twice. Call it in the order the lines shall have.
 *
 * Compilers emit alias strings in the order of the source or reversed. So the nodes are the
 * same for @aliases and for the reversed list: one distinct name and one distinct number are
 * a pair; otherwise names and numbers must alternate and pair off neighbour by neighbour. For
 * every module of every kernel known this is what depmod does (tools/depmod.c,
 * output_devname); where depmod's result depends on the compiler, there is no node and a
 * finding "ambiguous".
 *
 * A number is the whole alias "char-major-MAJOR-MINOR" or "block-major-MAJOR-MINOR" in plain
 * decimal, without sign, blank or leading zero (depmod takes what scanf takes). An alias with
 * a wildcard, or with a major only, is no number. A module without a device name is never
 * judged.
 *
 * Findings: missing-number, ambiguous, dynamic-minor, bad-name, bad-number, bad-module-name,
 * too-many-aliases, name-conflict.
 *
 * Return: 0, or -ENOMEM; then the table may have some of the module's nodes.
 */
int kmod_devname_table_add_module(struct kmod_devname_table *table,
				  struct kmod_devname_report *report, const char *module,
				  const char *file, const char *const *aliases, size_t n_aliases);

/**
 * kmod_devname_table_add_file() - add the nodes that one module file declares
 * @table: the table; the nodes come after those it has, sorted by name,
 *   component by component
 * @report: takes what is wrong with the module
 * @fd: the file, open for reading; its position makes no difference
 * @file: its path; the last component tells the module's name, and it is the file to name in
 *   findings
 *
 * For one module that is not installed yet; kmod_devname_scan_new() is for those of a directory.
 * What the file holds is told by its first bytes, and limits are as for a scan.
 *
 * Findings: those of kmod_devname_table_add_module(), and malformed, corrupt, unsupported,
 * too-large; system.
 *
 * Return: 0, or a negative errno of pread(2): -EIO; -EISDIR if it is a directory; -ESPIPE if it
 * is no regular file.
 */
int kmod_devname_table_add_file(struct kmod_devname_table *table,
				struct kmod_devname_report *report, int fd, const char *file);

/**
 * kmod_devname_table_read() - add the nodes of a modules.devname
 * @table: the table; the nodes come after those it has
 * @report: takes a finding with a line number for each line that is not as
 *   modules.devname(5) says; the good lines are taken all the same
 * @stream: read from its position to its end; not closed
 * @file: the name to give in findings
 *
 * Stricter than kmod's reader, which is a scanf: one blank between fields, LF at the end of
 * every line, the names and numbers checked by the rules. A line that is no comment and no
 * node never becomes one. A line that stands there twice is a finding. One for a node that the
 * table had before, from another kernel perhaps, is none, and adds nothing.
 *
 * Findings: bad-line, long-line, cut-line, bad-name, bad-number, bad-module-name,
 * dynamic-minor, name-conflict; system.
 *
 * Return: 0, or a negative errno of read(2): -EIO; -EISDIR if it is a directory; or -EFBIG: there
 * are more than 128 MiB. Then the table has the nodes of the lines before.
 */
int kmod_devname_table_read(struct kmod_devname_table *table, struct kmod_devname_report *report,
			    FILE *stream, const char *file);

/**
 * kmod_devname_table_read_index() - add the nodes that an index of aliases tells of
 * @table: the table; the nodes come after those it has, in the order of the index, which is
 *   that of modules.devname in an index that kmod's depmod has written
 * @report: takes a finding with a line number if the index cannot be used
 * @stream: modules.alias, as the depmod of kmod or of busybox writes it; read from its position
 *   to its end; not closed
 * @file: the name to give in findings
 *
 * No module is read, and nothing says that the index is up to date. A module can add lines for
 * another one, since depmod copies a line feed in an alias. kmod_devname_scan_set_use_index() takes
 * what a module declares from the module.
 *
 * Findings, after which nothing is added: bad-index, long-line, cut-line; system. Otherwise
 * those of kmod_devname_table_add_module().
 *
 * Return: 1 if the index was used, 0 if it cannot be, or a negative errno of read(2), or -EFBIG:
 * there are more than 128 MiB.
 */
int kmod_devname_table_read_index(struct kmod_devname_table *table,
				  struct kmod_devname_report *report, FILE *stream,
				  const char *file);

/**
 * kmod_devname_table_read_builtin() - add the nodes that built-in modules declare
 * @table: the table; the nodes come after those it has
 * @report: takes what is wrong with the declarations
 * @stream: modules.builtin.modinfo, as the kernel's build makes it: strings MODULE.FIELD=VALUE,
 *   each with a NUL behind it; read from its position to its end; not closed
 * @file: the name to give in findings
 *
 * What is built in needs no static node: devtmpfs has one from the start. This is to tell a node
 * that went from one whose driver became a part of the kernel.
 *
 * Findings: those of kmod_devname_table_add_module(); cut-line; system.
 *
 * Return: 0, or a negative errno of read(2), or -EFBIG: there are more than 128 MiB.
 */
int kmod_devname_table_read_builtin(struct kmod_devname_table *table,
				    struct kmod_devname_report *report, FILE *stream,
				    const char *file);

/**
 * kmod_devname_table_write() - write the text of modules.devname
 * @table: the table
 * @stream: written to and flushed; not closed
 *
 * The header line and a line for each node, byte for byte what depmod writes; nothing at all
 * for an empty table (ConditionFileNotEmpty= of kmod-static-nodes.service relies on that).
 *
 * Return: 0, or the negative errno of write(2): -ENOSPC, -EDQUOT, -EIO, -EPIPE; -EIO if the
 * stream had failed before.
 */
int kmod_devname_table_write(const struct kmod_devname_table *table, FILE *stream);

/**
 * kmod_devname_replace() - put bytes into a file, or leave it
 * @dir_fd: the directory, open for reading (not O_PATH)
 * @name: the file's name in it, without a slash
 * @data: the whole content
 * @size: its length in bytes
 *
 * The file is always either the old or the new one in full, whatever fails and whenever the
 * process or the system stops; after success the new one is on disk (fsync of file and
 * directory). A regular file of mode 0644 that has this very content is left alone, inode and
 * times included. Otherwise a new file of mode 0644, whatever the umask, takes its place; a
 * symbolic link is replaced and not followed.
 *
 * The new file has the SELinux label that the policy gives to what this process makes in that
 * directory. A rule of the policy for the path or for @name does not apply, since the file is made
 * under another name, and where @dir_fd is in the system that will use it is not known
 * here. restorecon(8) sets the label by the path.
 *
 * Until it is complete the new file is named ".modules.devname.new", and locked. One without a
 * lock, which a killed run left, is used again. If another run has the lock, or the file system
 * has no locks, the name is ".modules.devname.PID.NUMBER". Nothing stays on @dir_fd.
 *
 * Return: 1 if the file was replaced, 0 if it was left alone, or a negative errno; then the
 * old file is as it was and no other file is left:
 *   -EINVAL: @name is empty, ".", ".." or ".modules.devname.new", or has a slash
 *   -EISDIR: @name is a directory
 *   -EEXIST: ".modules.devname.new" is not a regular file
 *   -ENOSPC, -EDQUOT, -EIO, -EROFS, -EACCES, -EPERM, -ENOENT (@dir_fd was removed) and others of
 *   openat(2), write(2), fsync(2) and renameat(2)
 * One failure comes after the file was replaced: -EIO from the fsync of the directory. Then
 * the new content is complete and visible, and may be the old one again after a power loss.
 */
int kmod_devname_replace(int dir_fd, const char *name, const void *data, size_t size);

/**
 * kmod_devname_table_replace() - put the text of modules.devname into a file, or leave it
 * @table: the table
 * @dir_fd: the directory, open for reading (not O_PATH)
 * @name: the file's name in it, without a slash
 *
 * kmod_devname_replace() with what kmod_devname_table_write() writes.
 *
 * Return: as kmod_devname_replace().
 */
int kmod_devname_table_replace(const struct kmod_devname_table *table, int dir_fd,
			       const char *name);

/**
 * kmod_devname_lock() - wait until no other run is going to replace a file of this directory
 * @dir_fd: the directory, open for reading (not O_PATH)
 * @timeout_ms: how long to wait, in milliseconds; 0 tries once
 *
 * A run of kmod-devname holds a lock on ".modules.devname.new" from before it looks at the modules
 * until the file is written. It is one of the open file description, F_OFD_SETLK for writing, which
 * only the owner of the file can have. Nothing is held afterwards: kmod_devname_replace() takes the
 * lock for itself, and another run may have begun by then.
 *
 * Return: 0; -EWOULDBLOCK if a run has not ended in time; -EINVAL if @timeout_ms is negative;
 * -EEXIST: that name is not a regular file; -EPERM: it is that of a run that was killed, and a
 * program that may only read it has locked it, so that no run can have the lock; otherwise a
 * negative errno of openat(2) or fcntl(2): the directory cannot be written, or the file system has
 * no such locks.
 */
int kmod_devname_lock(int dir_fd, int timeout_ms);

/* --- comparison -------------------------------------------------------------------------- */

/**
 * enum kmod_devname_change - what has become of a node
 * @KMOD_DEVNAME_CHANGE_ADDED: it is only in the new table
 * @KMOD_DEVNAME_CHANGE_REMOVED: it is only in the old one
 * @KMOD_DEVNAME_CHANGE_RENUMBERED: it has another type or number, and perhaps another module
 * @KMOD_DEVNAME_CHANGE_MODULE: it has the same number and another module
 */
enum kmod_devname_change {
	KMOD_DEVNAME_CHANGE_ADDED = 1,
	KMOD_DEVNAME_CHANGE_REMOVED = 2,
	KMOD_DEVNAME_CHANGE_RENUMBERED = 3,
	KMOD_DEVNAME_CHANGE_MODULE = 4,
};

/**
 * struct kmod_devname_comparison - what is different between two tables, by the names of the nodes
 */
struct kmod_devname_comparison;

/**
 * struct kmod_devname_difference - what has become of one node
 *
 * Lives as long as its comparison.
 */
struct kmod_devname_difference;

/**
 * kmod_devname_comparison_new() - compare two tables
 * @old_table: the comparison keeps a reference; it must not change any more
 * @new_table: the comparison keeps a reference; it must not change any more
 * @ret_comparison: release it with kmod_devname_comparison_unref()
 *
 * The order of the nodes makes no difference. Of a name that several modules declare the lines
 * of the same module are compared, and what is left over in the order of the modules' names.
 *
 * Return: 0, or -ENOMEM.
 */
int kmod_devname_comparison_new(struct kmod_devname_table *old_table,
				struct kmod_devname_table *new_table,
				struct kmod_devname_comparison **ret_comparison);
struct kmod_devname_comparison *
kmod_devname_comparison_ref(struct kmod_devname_comparison *comparison);
struct kmod_devname_comparison *
kmod_devname_comparison_unref(struct kmod_devname_comparison *comparison);

/**
 * kmod_devname_comparison_size() - number of differences; 0 if the tables have the same nodes
 */
size_t kmod_devname_comparison_size(const struct kmod_devname_comparison *comparison);

/**
 * kmod_devname_comparison_get() - one difference
 * @comparison: the comparison
 * @index: from 0, sorted by name, component by component
 *
 * Return: the difference, or NULL if @index is not below the size.
 */
const struct kmod_devname_difference *
kmod_devname_comparison_get(const struct kmod_devname_comparison *comparison, size_t index);

enum kmod_devname_change
kmod_devname_difference_get_change(const struct kmod_devname_difference *difference);

/** kmod_devname_difference_get_old() - the node as it was; NULL if it was added */
const struct kmod_devname_node *
kmod_devname_difference_get_old(const struct kmod_devname_difference *difference);

/** kmod_devname_difference_get_new() - the node as it is; NULL if it was removed */
const struct kmod_devname_node *
kmod_devname_difference_get_new(const struct kmod_devname_difference *difference);

/**
 * kmod_devname_change_to_string() - "added", "removed", "renumbered" or "module-changed"
 *
 * Return: the name, or NULL if @change is none of enum kmod_devname_change.
 */
const char *kmod_devname_change_to_string(enum kmod_devname_change change);

/* --- lint -------------------------------------------------------------------------------- */

/**
 * kmod_devname_table_lint() - judge the nodes of a table
 * @table: what modules declare
 * @report: takes the findings, in the order of the table; they name no file
 *
 * Which minor numbers of major 10 are taken, and by which device, is said by
 * include/linux/miscdevice.h and Documentation/admin-guide/devices.txt of Linux. 243 to 254 are
 * for local use. Above 255 misc_register() gives out numbers itself (drivers/char/misc.c).
 *
 * Findings: same-number, shared-node, taken-minor.
 *
 * Return: 0, or -ENOMEM.
 */
int kmod_devname_table_lint(const struct kmod_devname_table *table,
			    struct kmod_devname_report *report);

/**
 * kmod_devname_table_lint_builtin() - compare the nodes with those of built-in modules
 * @table: what modules declare
 * @report: takes the findings, in the order of @table; they name no file
 * @built_in: what kmod_devname_table_read_builtin() says of the same kernel
 *
 * The driver that is built in has the number from the start, and devtmpfs has its node.
 *
 * Findings: built-in.
 *
 * Return: 0, or -ENOMEM.
 */
int kmod_devname_table_lint_builtin(const struct kmod_devname_table *table,
				    struct kmod_devname_report *report,
				    const struct kmod_devname_table *built_in);

/**
 * kmod_devname_table_lint_file() - compare the nodes with those of a modules.devname
 * @table: what modules declare
 * @report: takes the findings, sorted by the names of the nodes. If it has an error about a line
 *   of @file, nodes that the file lacks are no finding: the line may be that of any of them
 * @file_table: what kmod_devname_table_read() says of the file, or NULL: there is no file
 * @file: the name to give in findings
 *
 * The order of the lines makes no difference.
 *
 * Findings: out-of-date, one for each line; no-file.
 *
 * Return: 0, or -ENOMEM.
 */
int kmod_devname_table_lint_file(struct kmod_devname_table *table,
				 struct kmod_devname_report *report,
				 struct kmod_devname_table *file_table, const char *file);

/**
 * kmod_devname_table_lint_udev() - look for rules of udev that come too late for a node
 * @table: the nodes
 * @report: takes the findings, in the order of @table
 * @root_fd: the root directory of the system in question; O_PATH is enough. Symbolic links are
 *   resolved inside it
 *
 * A rule such as KERNEL=="btrfs-control", GROUP="disk" is for the device, which is there when the
 * module is loaded. Until then the node has the default mode, and nobody but root can open it and
 * so load the module; unless a rule also has OPTIONS+="static_node=btrfs-control".
 *
 * A rule counts if it has KERNEL== with a pattern, other than "*", that matches the last component
 * of the node's name; if its other conditions are none but ACTION, and SUBSYSTEM=="misc" for a
 * character device of major 10; and if it gives something: a constant OWNER or GROUP that is not
 * root, a MODE that is not 0600, or TAG+="uaccess". Other conditions are about what only the device
 * can tell. GOTO skips nothing. No finding is what the rules that name the node with static_node
 * give as well, or replace behind it; and the tag if they give everybody access.
 *
 * The rules are those that kmod_devname_permissions_read_udev() reads.
 *
 * Of patterns with wildcards so many are compared with the names as take about a second.
 *
 * Findings: no-static-node, with the first line of the rule: for each node the last one with a mode
 * or owner, and the last one with the tag; a note for files below usr/lib and lib, which packages
 * replace, else a warning; bad-rule for a pattern too many, and for what cannot be read; system.
 *
 * Return: 0, or a negative errno as that of kmod_devname_permissions_read_udev().
 */
int kmod_devname_table_lint_udev(const struct kmod_devname_table *table,
				 struct kmod_devname_report *report, int root_fd);

/**
 * kmod_devname_table_lint_loading() - find nodes that do not load their modules
 * @table: what modules declare
 * @report: takes the findings, in the order of @table
 * @root_fd: the root directory of the system in question; O_PATH is enough
 * @directory: the module directory of the kernel below it
 * @flags: those of kmod_devname_resolution_new()
 *
 * Does what kmod_devname_resolution_new() does for each node, and reads the files once for all. If
 * an index is missing or damaged there is one finding not-loaded for all.
 *
 * Findings: not-loaded, with the line of modprobe.d that decides it, if one does: a note for a
 * blacklist, a command or "off", a warning for another module that is loaded instead, an error for
 * a module, a file or an index that is missing; block-autoload; bad-index, bad-config, long-line;
 * system. Bad-config is an error for a node that leads to more modules or dependencies than
 * kmod_devname_resolution_new() follows, and for the first node behind 300,000,000 comparisons with
 * statements, patterns, files and steps; no later node is looked at.
 *
 * Return: 0, or a negative errno as that of kmod_devname_resolution_new(); -EFBIG is for the
 * statements of modprobe.d alone.
 */
int kmod_devname_table_lint_loading(const struct kmod_devname_table *table,
				    struct kmod_devname_report *report, int root_fd,
				    const char *directory, unsigned int flags);

/* --- depmod.d ---------------------------------------------------------------------------- */

/**
 * struct kmod_devname_config - what depmod.d(5) says for one kernel
 *
 * Of several files of one module modprobe(8) loads the one that depmod has chosen by these rules,
 * so it is that one whose device nodes count.
 */
struct kmod_devname_config;

/**
 * kmod_devname_config_new() - make an empty configuration: updates/ first, then all others
 * @kernel: the version of the kernel, for the patterns of "override" and "external"
 * @ret_config: release it with kmod_devname_config_unref()
 *
 * Return: 0, or -ENOMEM.
 */
int kmod_devname_config_new(const char *kernel, struct kmod_devname_config **ret_config);
struct kmod_devname_config *kmod_devname_config_ref(struct kmod_devname_config *config);
struct kmod_devname_config *kmod_devname_config_unref(struct kmod_devname_config *config);

/**
 * kmod_devname_config_read() - add what configuration files say
 * @config: the configuration
 * @report: takes the findings
 * @root_fd: the root directory; O_PATH is enough
 * @paths: files, or directories whose *.conf files are meant, below @root_fd; may be NULL if
 *   @n_paths is 0
 * @n_paths: how many; 0 means /etc/depmod.d, /run/depmod.d, /usr/local/lib/depmod.d,
 *   /usr/lib/depmod.d and /lib/depmod.d, those of them that exist
 *
 * Files are read in the order of their names, whatever directory they are in. Of two with the same
 * name only the first is read. A file that is no regular one says nothing, and is a finding unless
 * it is /dev/null or a link to it. All this is what depmod does (tools/depmod.c, conf_files_list),
 * but for the root: depmod reads the files of the running system even if the modules are in another
 * root directory.
 *
 * The pattern of a kernel in "override" and "external" is an extended regular expression of POSIX,
 * without back references, of at most 256 bytes and less than 1000 atoms; "+" and "{N,M}" count as
 * the copies that the C library makes of what is before them, or it would take all of the memory
 * for a short line. All patterns together have at most 300000 atoms, all statements 100000 words.
 *
 * Findings: bad-config, long-line; system.
 *
 * Return: 0, or a negative errno of openat(2), read(2), getdents(2): -EACCES, -EIO, -EMFILE,
 * -ENFILE; -EFBIG for too many words. Then @config has what was read before.
 */
int kmod_devname_config_read(struct kmod_devname_config *config, struct kmod_devname_report *report,
			     int root_fd, const char *const *paths, size_t n_paths);

/* --- scan -------------------------------------------------------------------------------- */

/**
 * struct kmod_devname_scan - reads the modules of a module directory, step by step
 */
struct kmod_devname_scan;

/**
 * kmod_devname_scan_new() - prepare to read the modules of a module directory
 * @root_fd: the root directory of the system in question ("/", a chroot, an image); O_PATH
 *   is enough; the scan has a duplicate of its own
 * @directory: the module directory below it, such as "lib/modules/6.1.0"; "." for @root_fd
 *   itself. Symbolic links on the way and in the tree are resolved inside @root_fd.
 * @table: takes the nodes when all modules have been read, and nothing before
 * @report: takes the findings
 * @ret_scan: the scan, which has references of its own to @table and @report; release it with
 *   kmod_devname_scan_unref()
 *
 * Which files: those named *.ko, *.ko.gz, *.ko.xz, *.ko.zst at any depth, but for entries
 * named "build" and "source", as depmod does; regular files and symbolic links to such.
 * Directories behind links are read after all others, each once. What a file holds is told by
 * its first bytes and not by its name. Plain files are read in three small pieces and
 * never mapped. A file or directory that cannot be read, or that is below more than 2,000
 * directories or 64 KiB of path, is a finding "unreadable", and the others are read.
 *
 * Which copy: of two files of one module the one below updates/ counts, unless
 * kmod_devname_scan_set_config() says otherwise, then the one with the smaller path. depmod lets
 * the order of readdir(3) decide the latter.
 *
 * Which order: the position in modules.order, then the name of the module. So the result is
 * byte for byte depmod's where modules.order lists the modules concerned, and has the same
 * lines everywhere.
 *
 * Return: 0; -EINVAL if @directory is empty; -EBADF.
 */
int kmod_devname_scan_new(int root_fd, const char *directory, struct kmod_devname_table *table,
			  struct kmod_devname_report *report, struct kmod_devname_scan **ret_scan);
struct kmod_devname_scan *kmod_devname_scan_ref(struct kmod_devname_scan *scan);

/**
 * kmod_devname_scan_unref() - release a reference; the last one stops what is under way
 */
struct kmod_devname_scan *kmod_devname_scan_unref(struct kmod_devname_scan *scan);

/**
 * kmod_devname_scan_set_threads() - set the number of threads
 * @scan: a scan that has not been stepped yet
 * @threads: 1 to 1024; 1 does everything in kmod_devname_scan_step() itself; 0, which is the
 *   default, as many as CPUs that this process may use (sched_getaffinity(2)), and up to 16
 *   for directories and plain files while data comes from a disk
 *
 * The result does not depend on it. The threads have all signals blocked.
 *
 * Return: 0; -EINVAL if @threads is out of range; -EBUSY if the scan has begun.
 */
int kmod_devname_scan_set_threads(struct kmod_devname_scan *scan, unsigned int threads);

/**
 * kmod_devname_scan_set_size_max() - set the limit for the decompressed size of a module
 * @scan: a scan that has not been stepped yet
 * @bytes: at least 1; the default is 1 GiB. A larger module is a finding "too-large"
 *
 * Other limits are fixed: 128 MiB for an xz decoder, a window of 128 MiB for zstd, 16 MiB for
 * .modinfo. A compressed module is at most 512 times as large as its file, which counts as 1 KiB at
 * least. One of more than 32 MiB must be as large as its ELF headers say, with 1 MiB to spare, and
 * at most 256 times as large as its file; and no more than 32 MiB of compressed data may be without
 * any content. To decompress a module, the decoder included, each thread takes up to 4 MiB, 8 of
 * them at a time up to 16 MiB, and one of these more.
 *
 * Return: 0; -EINVAL if @bytes is 0; -EBUSY if the scan has begun.
 */
int kmod_devname_scan_set_size_max(struct kmod_devname_scan *scan, size_t bytes);

/**
 * kmod_devname_scan_set_use_index() - skip the modules that depmod's index shows to have no node
 * @scan: a scan that has not been stepped yet
 * @use: 1 or 0; the default is 0
 *
 * What a module declares is read from the module. depmod's files modules.dep and modules.alias only
 * tell which modules need not be read. The scan walks the tree as without them, and skips a module
 * if they show that depmod has read it and found no device name:
 *
 * - modules.dep has a line for the path of the module, and no other one for a module of this name.
 * - The module has a dependency there, is a dependency of another module, or has a line in
 *   modules.alias. depmod lists a module that it cannot read, too, but without any of these.
 * - None of its lines in modules.alias is for an alias that begins with "devname:".
 * - modules.alias begins with a comment, or the name of the module file ends in ".ko". The depmod
 *   of busybox, which writes no comment, misreads compressed modules.
 * - The module file, and each directory on the way to it but the module directory, has a change
 *   time (ctime, which no program can set) before the earliest change time or modification time of
 *   modules.dep and modules.alias, and is on the file system of modules.dep.
 * - No symbolic link is on the way to it, and it is not in an external directory of depmod.d(5).
 *
 * All other modules are read. A skipped module counts as a module without device names, also where
 * several files hold one module. If one of the two files is missing, or has a line that is not of
 * its form or, in modules.alias, names a module that modules.dep lacks or has in another order, all
 * modules are read, and a finding "stale-index", "bad-index", "long-line" or "cut-line" says why.
 *
 * A node can be missed if a module was replaced while depmod was reading; if the clock was set back
 * before a module was replaced; if modules and an outdated index were copied together without their
 * times; or if another program has written the index.
 *
 * Return: 0; -EBUSY if the scan has begun.
 */
int kmod_devname_scan_set_use_index(struct kmod_devname_scan *scan, int use);

/**
 * kmod_devname_scan_set_config() - follow depmod.d(5)
 * @scan: a scan that has not been stepped yet
 * @config: the scan keeps a reference; it must not change any more. NULL, which is the default, is
 *   an empty configuration
 *
 * "search" and "override" say which file of a module counts, "exclude" names entries that are
 * passed over, "external" names a further directory with modules, below the root directory;
 * one that does not exist is passed over. Where they leave it open, modules below the
 * module directory come before others, and then the smaller path decides.
 *
 * Return: 0; -EBUSY if the scan has begun.
 */
int kmod_devname_scan_set_config(struct kmod_devname_scan *scan,
				 struct kmod_devname_config *config);

/**
 * kmod_devname_scan_step() - do some work
 * @scan: the scan
 *
 * Call it until it returns 0 or less. A call takes a fraction of a second, unless a single
 * module takes longer.
 *
 * Findings: those of kmod_devname_table_add_module(), and malformed, corrupt, unsupported,
 * too-large, unreadable, dangling-link, not-regular, vanished, duplicate-module, bad-order; with
 * an index
 * stale-index, bad-index, long-line, cut-line; system.
 *
 * Return: how many files and directories are known and still to be read, at least 1; 0 when
 * all is done and the table is complete; or a negative errno. After an error the scan is over
 * and returns the same error again; the table is as it was, but for -ENOMEM while the nodes
 * were added.
 *   -ENOENT, -ENOTDIR, -ELOOP: there is no such module directory
 *   -EACCES, -EIO and others of openat(2) and getdents(2): the module directory cannot be read
 *   -EMFILE, -ENFILE
 */
int kmod_devname_scan_step(struct kmod_devname_scan *scan);

/**
 * kmod_devname_scan_get_modules() - how many module files have been found so far
 */
size_t kmod_devname_scan_get_modules(struct kmod_devname_scan *scan);

/* --- permissions ------------------------------------------------------------------------- */

/**
 * struct kmod_devname_permissions - mode and owner of nodes, by their names
 *
 * Where a function takes one, NULL is the same as mode 0600, root and root, for all nodes.
 */
struct kmod_devname_permissions;

/**
 * struct kmod_devname_permission - mode and owner of one node
 *
 * Never changes, lives as long as its kmod_devname_permissions.
 */
struct kmod_devname_permission;

/**
 * kmod_devname_permissions_new() - one mode for all nodes, and root as their owner
 * @mode: the permission bits for nodes of which nothing else is known; kmod's, and udev's for
 *   what it has no rule for, is 0600
 * @ret_permissions: release it with kmod_devname_permissions_unref()
 *
 * Return: 0; -EINVAL if @mode has bits outside 0777; -ENOMEM.
 */
int kmod_devname_permissions_new(mode_t mode, struct kmod_devname_permissions **ret_permissions);
struct kmod_devname_permissions *
kmod_devname_permissions_ref(struct kmod_devname_permissions *permissions);
struct kmod_devname_permissions *
kmod_devname_permissions_unref(struct kmod_devname_permissions *permissions);

/**
 * kmod_devname_permissions_read_udev() - add what the rules of udev say of static nodes
 * @permissions: what is known of a node already stays as it is
 * @report: takes what is wrong with rules
 * @root_fd: the root directory of the system in question; O_PATH is enough. Symbolic links are
 *   resolved inside it
 * @table: the nodes that are asked for; a rule about another node is passed over, whatever is
 *   wrong with it. NULL: all nodes that rules name
 *
 * A rule that has OPTIONS+="static_node=NAME" is for the node /dev/NAME. udev applies it when it
 * starts, before there is a device, and so does this (systemd, src/udev/udev-rules.c,
 * udev_rules_apply_static_dev_perms(), and udev-node.c, static_node_apply_permissions()):
 *
 * - OWNER, GROUP and MODE of the same rule count, whatever their order, with =, += or :=. Of
 *   several the last counts. Values with $ or %, or with [ at the beginning, do not count.
 * - The other keys decide nothing: the rule need not match anything, and GOTO skips nothing. But
 *   udev drops a rule with a key or a builtin command that it does not know, or with an operator,
 *   an attribute or a value that is not for the key, and so does this. The keys are those of
 *   systemd 252 to 262 (parse_token()); a rule with a key of a later version is dropped.
 * - Rules are applied one after the other. A later one replaces what it has.
 * - A rule without MODE whose group is not root has MODE="0660".
 * - What no rule gives is the mode of kmod_devname_permissions_new(), root and root.
 * - The bits of a mode beyond 0777 mean nothing for a device node and are dropped.
 * - NAME is compared with the name of the node, byte by byte, but for "./" and "//" in NAME.
 *
 * The rules are the files *.rules of etc/udev/rules.d, run/udev/rules.d,
 * usr/local/lib/udev/rules.d, usr/lib/udev/rules.d and lib/udev/rules.d, in the order of their
 * names. Of files of one name that in the first of these directories counts; if it is empty, or
 * a symbolic link to /dev/null, none does. Missing directories are fine. Rules may be continued
 * on the next line with a backslash, and have at most 16383 bytes.
 *
 * Users and groups are numbers up to 999, or names and numbers of passwd and group below etc or
 * else usr/lib, in @root_fd; root is 0 without these files. Name services are not asked.
 *
 * No node gets more than any udev from version 252 on gives it, except that a user or group over
 * 999 with an entry counts, whose rules versions 258 and 259 drop. Where versions differ in whether
 * they take a rule, what it gives to a node is in doubt until a rule that all take replaces it: a
 * rule with an unknown user or group, which udev drops since version 258 and which before was
 * without that owner alone; one that has what only some versions know; one in a file with a line
 * over 16383 bytes. A node with its mode, user or group in doubt has mode 0600, whatever
 * kmod_devname_permissions_new() was given, root and root, and there is one finding. A mode that is
 * meant for a group must not come into effect without it, and systemd-tmpfiles makes no node at all
 * if its line has an unknown name.
 *
 * If a directory or file of rules cannot be read, or has more than 16 MiB, no rule counts: the mode
 * of @permissions becomes 0600 for all nodes that are not known yet. If a file of users or groups
 * cannot be read, or has more than 8 MiB, its names and those of a later file are unknown.
 *
 * Findings: bad-rule, unknown-owner, both with the first line of the rule, or errors that name a
 * file; system.
 *
 * Return: 0, -EBADF, -EMFILE, -ENFILE or -ENOMEM; then @permissions is as it was, but for -ENOMEM
 * while the nodes were added.
 */
int kmod_devname_permissions_read_udev(struct kmod_devname_permissions *permissions,
				       struct kmod_devname_report *report, int root_fd,
				       const struct kmod_devname_table *table);

/**
 * kmod_devname_permissions_get() - mode and owner of a node
 * @permissions: the permissions, or NULL: 0600, root and root for every node
 * @name: the node's path below /dev, such as "net/tun"
 *
 * Return: what is known of @name, or what holds for all others; never NULL.
 */
const struct kmod_devname_permission *
kmod_devname_permissions_get(const struct kmod_devname_permissions *permissions, const char *name);

/** kmod_devname_permission_get_mode() - the permission bits, 0 to 0777 */
mode_t kmod_devname_permission_get_mode(const struct kmod_devname_permission *permission);

uid_t kmod_devname_permission_get_uid(const struct kmod_devname_permission *permission);
gid_t kmod_devname_permission_get_gid(const struct kmod_devname_permission *permission);

/**
 * kmod_devname_permission_get_user() - the owner as the rule gives it, a name or a number
 *
 * Return: bytes of A-Z a-z 0-9 _ . -, the first not "-"; or NULL if no rule gives one, then the
 * owner is root.
 */
const char *kmod_devname_permission_get_user(const struct kmod_devname_permission *permission);

/**
 * kmod_devname_permission_get_group() - the group as the rule gives it, a name or a number
 *
 * Return: bytes of A-Z a-z 0-9 _ . -, the first not "-"; or NULL if no rule gives one, then the
 * group is root.
 */
const char *kmod_devname_permission_get_group(const struct kmod_devname_permission *permission);

/* --- formats ----------------------------------------------------------------------------- */

/**
 * enum kmod_devname_format - the text that other programs take the nodes from
 *
 * kmod-devname-static-nodes(8) has an example of each. The first three are those of "kmod
 * static-nodes", with its numbers and byte for byte its output; only tmpfiles differs.
 *
 * @KMOD_DEVNAME_FORMAT_HUMAN: "human", five lines for each node, to be read by people
 * @KMOD_DEVNAME_FORMAT_TMPFILES: "tmpfiles", tmpfiles.d(5). A line "d" of mode 0755 for each
 *   directory below /dev, behind its parent and before the first node in it, and once; kmod
 *   repeats the one that a node is in for each node, and leaves out the parents of it. User and
 *   group are as kmod_devname_permission_get_user() and _get_group() have them, "-" for NULL.
 * @KMOD_DEVNAME_FORMAT_DEVNAME: "devname", the lines of modules.devname(5), without a header
 * @KMOD_DEVNAME_FORMAT_MKNOD: "mknod", a script for any POSIX shell and the mknod of coreutils,
 *   busybox or toybox, which takes the device directory as its argument and makes what is missing
 * @KMOD_DEVNAME_FORMAT_CPIO: "cpio", the list that usr/gen_init_cpio of the kernel makes an
 *   initramfs from (CONFIG_INITRAMFS_SOURCE)
 * @KMOD_DEVNAME_FORMAT_DEVICE_TABLE: "device-table", the device table of makedevs (Buildroot,
 *   busybox, toybox), mkfs.jffs2, mkfs.ubifs and genext2fs
 * @KMOD_DEVNAME_FORMAT_JSON: "json", an object with one member "nodes", an array of objects with
 *   the members name, type ("char" or "block"), maj:min, module, mode (a string, octal), user,
 *   group, path, major, minor, uid, gid; and state, loaded and kernel, which are null
 *
 * mknod, cpio and device-table have each name once, with all directories as in tmpfiles; cpio and
 * device-table have /dev too. Owners are numbers there.
 */
enum kmod_devname_format {
	KMOD_DEVNAME_FORMAT_HUMAN = 0,
	KMOD_DEVNAME_FORMAT_TMPFILES = 1,
	KMOD_DEVNAME_FORMAT_DEVNAME = 2,
	KMOD_DEVNAME_FORMAT_MKNOD = 3,
	KMOD_DEVNAME_FORMAT_CPIO = 4,
	KMOD_DEVNAME_FORMAT_DEVICE_TABLE = 5,
	KMOD_DEVNAME_FORMAT_JSON = 6,
};

/**
 * enum kmod_devname_format_flags - how to write a format
 * @KMOD_DEVNAME_CREATE_ONLY: with tmpfiles: modes, users and groups have the prefix ":", for
 *   directories too. Then systemd-tmpfiles 252 or later leaves mode and owner of what exists
 *   alone, such as those that udev has set. Readers other than systemd-tmpfiles may not know it.
 */
enum kmod_devname_format_flags {
	KMOD_DEVNAME_CREATE_ONLY = 1,
};

/**
 * kmod_devname_format_to_string() - the name of a format, such as "device-table"
 *
 * Formats are numbered from 0 without a gap: to find one by its name, try until NULL.
 *
 * Return: a constant string, or NULL if there is no such format.
 */
const char *kmod_devname_format_to_string(enum kmod_devname_format format);

/**
 * kmod_devname_table_write_format() - write the nodes in a format
 * @table: the table
 * @format: the format
 * @permissions: mode and owner of the nodes; NULL: 0600, root and root. human and devname do not
 *   have them
 * @flags: flags of enum kmod_devname_format_flags
 * @stream: written to and flushed; not closed
 *
 * The nodes come in the order of the table. For an empty table human, tmpfiles and devname are
 * empty, and the others have what they begin and end with.
 *
 * Return: 0, or a negative errno:
 *   -EINVAL: there is no such format, or @flags has an unknown bit or one that is not for @format;
 *   nothing was written
 *   those of write(2): -ENOSPC, -EDQUOT, -EIO, -EPIPE; -EIO if the stream had failed before
 */
int kmod_devname_table_write_format(const struct kmod_devname_table *table,
				    enum kmod_devname_format format,
				    const struct kmod_devname_permissions *permissions,
				    unsigned int flags, FILE *stream);

/* --- device directory -------------------------------------------------------------------- */

/**
 * enum kmod_devname_create_flags - how kmod_devname_table_create() works
 * @KMOD_DEVNAME_REPLACE: a device node with another type or number is replaced in one step; on
 *   a file system that has no RENAME_EXCHANGE of renameat2(2) it stays, and is a finding
 * @KMOD_DEVNAME_DRY_RUN: look, change nothing, and give the outcomes and findings of a run;
 *   whether the system would let nodes be made is not known then
 */
enum kmod_devname_create_flags {
	KMOD_DEVNAME_REPLACE = 1,
	KMOD_DEVNAME_DRY_RUN = 2,
};

/**
 * enum kmod_devname_outcome - what became of a node
 * @KMOD_DEVNAME_NOT_DONE: it is not there; a finding says why, or its turn never came
 * @KMOD_DEVNAME_KEPT: it was there
 * @KMOD_DEVNAME_MADE: there was nothing
 * @KMOD_DEVNAME_REPLACED: there was a device node with another type or number
 */
enum kmod_devname_outcome {
	KMOD_DEVNAME_NOT_DONE = 0,
	KMOD_DEVNAME_KEPT = 1,
	KMOD_DEVNAME_MADE = 2,
	KMOD_DEVNAME_REPLACED = 3,
};

/**
 * kmod_devname_table_create() - make the device nodes of a table
 * @table: the table
 * @report: takes what is in the way
 * @dev_fd: the device directory, such as /dev or the dev directory of an image; O_PATH is enough
 * @permissions: mode and owner of what is made, or NULL for 0600, root and root
 * @flags: of enum kmod_devname_create_flags
 * @outcomes: NULL, or room for one outcome for each node of the table, in its order; filled
 *   whatever is returned, but for -EINVAL
 *
 * A node that is there with the right type and number is kept as it is, mode and owner included:
 * they are udev's or the administrator's. A device node with another type or number is a finding,
 * or is replaced. Anything else, a symbolic link too, stays where it is with a finding. Of a name
 * that is in the table twice the second is kept.
 *
 * A node is complete, with its mode, owner and SELinux label, before it gets its name, and is
 * looked at once more after that. Missing directories are made with mode 0755, in the same way.
 * The modes do not depend on the umask; with a umask of 0 no call is needed to get to that of a
 * node. Of a directory with the set-group-ID bit neither mode nor group of a node depends. Nothing
 * that is made has an ACL: what the default ACL of a directory gives is removed.
 *
 * Others may rename and replace what they like below @dev_fd meanwhile: no symbolic link is
 * followed, and nothing is made, changed or removed in a directory that was not reached from
 * @dev_fd by directories alone. Only who moves such a directory elsewhere, while it is being
 * worked in, takes along what is made in it.
 *
 * A run that is killed may leave a device node or an empty directory ".kmod-devname.PID.NUMBER";
 * every name of the table has what it had or what it shall have. The next run that comes to its
 * directory removes it, if there is no process PID then.
 *
 * SELinux labels, in a library that is built with them and a system where SELinux is enabled, are
 * those of the policy for /dev/NAME, wherever @dev_fd may be. They are set by setfscreatecon(3)
 * for this thread, which is unset at the end.
 *
 * Findings: wrong-node, obstructed; nodev, for the first node in each such file system; system.
 * Their file is the path below @dev_fd.
 *
 * A node that the system refuses is a finding "system", and the next one is made: a directory on
 * the way may belong to another user, who has mounted something there or made it immutable.
 *
 * Return: 0, or the negative errno of the first node that the system refused. The run stops for
 * -ENOMEM, -EMFILE, -ENFILE, and if @dev_fd cannot be entered or was removed; that error is then
 * the one returned. What was made stays.
 *   -EINVAL: @flags has unknown bits (no finding)
 *   -EPERM: making device nodes needs CAP_MKNOD in the initial user namespace (mknod(2)), and a
 *   device cgroup that allows it; nodes that are there already need neither
 *   -EROFS, -EACCES, -ENOSPC, -EDQUOT: the directory cannot be written
 *   -ENOENT: @dev_fd was removed; -EBADF, -ENOTDIR: it is no directory
 *   -ENOSYS: /proc is not mounted, and it is needed: for a mode, which the umask has changed, on
 *   kernels before 6.6; or in a directory of another user, or with a default ACL
 *   -EIO, -EMFILE, -ENFILE and others of openat(2), mknodat(2), renameat2(2), setfscreatecon(3)
 */
int kmod_devname_table_create(const struct kmod_devname_table *table,
			      struct kmod_devname_report *report, int dev_fd,
			      const struct kmod_devname_permissions *permissions,
			      unsigned int flags, enum kmod_devname_outcome *outcomes);

/**
 * kmod_devname_table_verify() - compare the nodes with a device directory, and change nothing
 * @table: the table
 * @report: takes the findings, in the order of @table
 * @dev_fd: the device directory; O_PATH is enough. No symbolic link below it is followed
 * @permissions: mode and owner of the nodes, or NULL: these are not looked at. Nor are they for
 *   nodes of which nothing is known, which have those of their drivers when these are loaded. An
 *   ACL of groups too is a warning, and one of users a note, as systemd-logind sets it for the user
 *   of a seat
 *
 * Findings: absent, wrong-node, obstructed, wrong-mode; nodev, for the first node in each such
 * file system; system. Their file is the path below @dev_fd.
 *
 * Return: 0, or a negative errno of openat(2), fstatat(2): -EACCES, -EBADF, -ENOTDIR, -EIO,
 * -EMFILE, -ENFILE. As for kmod_devname_table_create(), what cannot be examined is a finding
 * "system", and does not keep other nodes from being examined.
 */
int kmod_devname_table_verify(const struct kmod_devname_table *table,
			      struct kmod_devname_report *report, int dev_fd,
			      const struct kmod_devname_permissions *permissions);

/* --- resolution -------------------------------------------------------------------------- */

/**
 * enum kmod_devname_verdict - what becomes of opening a device number, the best that happens
 * @KMOD_DEVNAME_VERDICT_LOADS: modules are loaded
 * @KMOD_DEVNAME_VERDICT_LOADED: the module is loaded already
 * @KMOD_DEVNAME_VERDICT_BUILT_IN: the module is a part of the kernel
 * @KMOD_DEVNAME_VERDICT_COMMAND: modprobe(8) runs an "install" command of
 *   modprobe.d(5) instead of loading the module, or a module that it depends on. What the command
 *   does is not known
 * @KMOD_DEVNAME_VERDICT_BLACKLISTED: the module is
 * @KMOD_DEVNAME_VERDICT_OFF: an "alias" of modprobe.d(5) leads to "off"
 * @KMOD_DEVNAME_VERDICT_NO_FILE: a module that is not in modules.dep, or whose file, which stands
 *   there, does not exist
 * @KMOD_DEVNAME_VERDICT_NO_MODULE: no module has the alias. The device may have a driver all
 *   the same: one that is built in often has no alias
 * @KMOD_DEVNAME_VERDICT_NO_INDEX: depmod's modules.dep.bin or modules.alias.bin is missing, or an
 *   index is damaged (a finding names it), and without it there is no module
 * @KMOD_DEVNAME_VERDICT_NOT_ASKED: the kernel asks for no module
 */
enum kmod_devname_verdict {
	KMOD_DEVNAME_VERDICT_LOADS = 1,
	KMOD_DEVNAME_VERDICT_LOADED = 2,
	KMOD_DEVNAME_VERDICT_BUILT_IN = 3,
	KMOD_DEVNAME_VERDICT_COMMAND = 4,
	KMOD_DEVNAME_VERDICT_BLACKLISTED = 5,
	KMOD_DEVNAME_VERDICT_OFF = 6,
	KMOD_DEVNAME_VERDICT_NO_FILE = 7,
	KMOD_DEVNAME_VERDICT_NO_MODULE = 8,
	KMOD_DEVNAME_VERDICT_NO_INDEX = 9,
	KMOD_DEVNAME_VERDICT_NOT_ASKED = 10,
};

/**
 * enum kmod_devname_role - why a module is a step of a resolution
 * @KMOD_DEVNAME_ROLE_ALIAS: it has the alias that the kernel asks for
 * @KMOD_DEVNAME_ROLE_DEPENDENCY: such a module needs it
 * @KMOD_DEVNAME_ROLE_SOFT: it is one, "softdep" of modprobe.d(5), or needed by
 *   one; nothing depends on whether it can be loaded
 */
enum kmod_devname_role {
	KMOD_DEVNAME_ROLE_ALIAS = 1,
	KMOD_DEVNAME_ROLE_DEPENDENCY = 2,
	KMOD_DEVNAME_ROLE_SOFT = 3,
};

/**
 * struct kmod_devname_resolution - which modules opening a device number loads
 */
struct kmod_devname_resolution;

/**
 * struct kmod_devname_step - one module of it, and what happens to that
 *
 * Lives as long as its resolution.
 */
struct kmod_devname_step;

/* The kernel and the root directory are those that run. */
#define KMOD_DEVNAME_RESOLVE_RUNNING (1U << 0)

/**
 * kmod_devname_resolution_new() - find out which modules opening a device number loads
 * @root_fd: the root directory of the system in question; O_PATH is enough
 * @directory: the module directory of a kernel below it, such as "lib/modules/6.1.0"
 * @type: S_IFCHR or S_IFBLK
 * @major: 1 to KMOD_DEVNAME_MAJOR_MAX
 * @minor: 0 to KMOD_DEVNAME_MINOR_MAX
 * @flags: 0, or KMOD_DEVNAME_RESOLVE_RUNNING: then modules that are loaded count as such, and
 *   "modprobe.blacklist=" of the kernel command line is followed
 * @report: takes the findings
 * @ret_resolution: release it with kmod_devname_resolution_unref()
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
int kmod_devname_resolution_new(int root_fd, const char *directory, mode_t type, unsigned int major,
				unsigned int minor, unsigned int flags,
				struct kmod_devname_report *report,
				struct kmod_devname_resolution **ret_resolution);
struct kmod_devname_resolution *
kmod_devname_resolution_ref(struct kmod_devname_resolution *resolution);
struct kmod_devname_resolution *
kmod_devname_resolution_unref(struct kmod_devname_resolution *resolution);

enum kmod_devname_verdict
kmod_devname_resolution_get_verdict(const struct kmod_devname_resolution *resolution);

/**
 * kmod_devname_resolution_get_alias() - what the kernel asks for
 * @resolution: the resolution
 * @index: from 0, in the order in which it asks
 *
 * Return: such as "char-major-10-229", or NULL if it asks for no more.
 */
const char *kmod_devname_resolution_get_alias(const struct kmod_devname_resolution *resolution,
					      size_t index);

/**
 * kmod_devname_resolution_loads() - would a module be there after the number was opened?
 * @resolution: the resolution
 * @module: the module's name; "-" is the same as "_"
 *
 * Return: 1 if it would be loaded, with the modules that have the alias, is built in, or is loaded
 * into the running kernel already, if that was asked for; otherwise 0.
 */
int kmod_devname_resolution_loads(const struct kmod_devname_resolution *resolution,
				  const char *module);

/**
 * kmod_devname_resolution_size() - number of steps
 */
size_t kmod_devname_resolution_size(const struct kmod_devname_resolution *resolution);

/**
 * kmod_devname_resolution_get() - one step
 * @resolution: the resolution
 * @index: from 0, in the order in which modules are loaded
 *
 * Return: the step, or NULL if @index is not below the size.
 */
const struct kmod_devname_step *
kmod_devname_resolution_get(const struct kmod_devname_resolution *resolution, size_t index);

/**
 * kmod_devname_step_get_module() - the module's name
 *
 * Return: the name, with "_" and not "-". It may come from a configuration file or an index:
 * escape it before showing it.
 */
const char *kmod_devname_step_get_module(const struct kmod_devname_step *step);

enum kmod_devname_role kmod_devname_step_get_role(const struct kmod_devname_step *step);

/**
 * kmod_devname_step_get_verdict() - what happens to this module
 *
 * Return: KMOD_DEVNAME_VERDICT_LOADS to KMOD_DEVNAME_VERDICT_NO_FILE.
 */
enum kmod_devname_verdict kmod_devname_step_get_verdict(const struct kmod_devname_step *step);

/**
 * kmod_devname_step_get_path() - the module's file, relative to the module directory
 *
 * Return: the path, which is absolute if that is how modules.dep has it; NULL if there is none.
 * The bytes are those of the index: escape them before showing them.
 */
const char *kmod_devname_step_get_path(const struct kmod_devname_step *step);

/**
 * kmod_devname_step_get_obstacle() - the other module that keeps it from being loaded
 *
 * modprobe(8) stops at the first module that it cannot load, of those that it loads for one that
 * has the alias. Those behind have the verdict of that one.
 *
 * Return: the name of a module that is a step too, or NULL if nothing but the module itself stands
 * in the way. Escape it before showing it.
 */
const char *kmod_devname_step_get_obstacle(const struct kmod_devname_step *step);

/**
 * kmod_devname_step_get_command() - the command that is run instead of loading it
 *
 * Return: the command, escape it before showing it; NULL if the verdict is not
 * KMOD_DEVNAME_VERDICT_COMMAND, or there is an obstacle.
 */
const char *kmod_devname_step_get_command(const struct kmod_devname_step *step);

/**
 * kmod_devname_step_get_file() - the file that decides what happens to it
 *
 * Return: the file that blacklists it, has its command, or has the alias that leads to it, with a
 * slash in front and below the root directory; "/proc/cmdline"; NULL if no configuration does,
 * but the indexes. Escape it before showing it.
 */
const char *kmod_devname_step_get_file(const struct kmod_devname_step *step);

/**
 * kmod_devname_step_get_line() - the line of that file, from 1; 0 for "/proc/cmdline" or NULL
 */
size_t kmod_devname_step_get_line(const struct kmod_devname_step *step);

/**
 * kmod_devname_verdict_to_string() - the stable name of a verdict
 *
 * "loads", "loaded", "built-in", "command", "blacklisted", "off", "no-file", "no-module",
 * "no-index" or "not-asked".
 *
 * Return: the name, or NULL if @verdict is none of enum kmod_devname_verdict.
 */
const char *kmod_devname_verdict_to_string(enum kmod_devname_verdict verdict);

/**
 * kmod_devname_role_to_string() - "alias", "dependency" or "soft-dependency"
 *
 * Return: the name, or NULL if @role is none of enum kmod_devname_role.
 */
const char *kmod_devname_role_to_string(enum kmod_devname_role role);

/* --- paths ------------------------------------------------------------------------------- */

/**
 * kmod_devname_open_in_root() - open a file below a root directory
 * @root_fd: the root directory; O_PATH is enough
 * @path: a path in it; a leading slash means @root_fd
 * @flags: flags of open(2), without O_CREAT and O_TMPFILE; O_CLOEXEC is implied
 *
 * Absolute symbolic links and ".." do not lead out of @root_fd, as after chroot(2). Uses
 * openat2(2) with RESOLVE_IN_ROOT, or walks by hand where the kernel is older than 5.6 or a
 * container forbids it. No "magic" links of /proc are followed.
 *
 * Return: the file descriptor, or a negative errno of open(2):
 *   -EINVAL: @flags has O_CREAT or O_TMPFILE, or @path is empty
 *   -ENOENT, -ENOTDIR, -ELOOP, -EACCES, -ENAMETOOLONG, -EMFILE, -ENFILE, -EIO
 *   -EAGAIN: directories were renamed again and again while the path was walked
 */
int kmod_devname_open_in_root(int root_fd, const char *path, int flags);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
