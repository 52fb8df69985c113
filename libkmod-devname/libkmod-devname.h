/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkmod-devname - device nodes that load their kernel module when they are opened
 *
 * A kernel module can declare a device name and a device number in its .modinfo section:
 *
 *     alias=devname:fuse
 *     alias=char-major-10-229
 *
 * The init system creates the node /dev/fuse c 10:229 early in boot. The first open() of it makes
 * the kernel ask for "char-major-10-229", and modprobe loads the module. The file
 * /lib/modules/VERSION/modules.devname, see modules.devname(5), lists these nodes.
 *
 * A table holds nodes, which are all valid. A report holds findings: faults of one module, one line
 * or one node. All other functions fill a table from files, or write a table to files or nodes:
 *
 *     read the list of a kernel       kmod_devname_table_read_kernel()
 *     read any modules.devname        kmod_devname_table_read()
 *     read the modules of a kernel    kmod_devname_scan_new(), then kmod_devname_scan_step()
 *     read one module file            kmod_devname_table_add_file()
 *     use the aliases of a module     kmod_devname_table_add_module()
 *     write modules.devname           kmod_devname_table_write_file()
 *     print for another program       kmod_devname_table_print()
 *     create the nodes                kmod_devname_table_make_nodes()
 *
 * For example, this prints the nodes of a kernel:
 *
 *     #define _GNU_SOURCE
 *     #include <fcntl.h>
 *     #include <libkmod-devname.h>
 *     #include <unistd.h>
 *
 *     int main(void)
 *     {
 *             struct kmod_devname_table *table;
 *             int r, root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
 *
 *             if (root_fd < 0 || kmod_devname_table_new(&table) < 0)
 *                     return 1;
 *             r = kmod_devname_table_read_kernel(table, NULL, root_fd, "lib/modules/6.1.0");
 *             if (r == 0)
 *                     r = kmod_devname_table_write(table, stdout);
 *             kmod_devname_table_unref(table);
 *             close(root_fd);
 *             return r < 0 ? 1 : 0;
 *     }
 *
 * The header is for C99 and C++11, or later.
 *
 * Conventions, unless a function states otherwise:
 *
 * - Pointers must not be NULL unless their description says so.
 * - Functions that can fail return 0 or a documented positive value on success, and a negative
 *   errno if the work could not be done. Faults of the data are findings.
 * - Every function that can fail can return -ENOMEM: out of memory.
 * - Results are stored in parameters named ret_..., which are not changed on failure.
 * - The object owns the pointers that its getters return; they are valid until it is released.
 *   Nodes and findings are valid as long as their table or report.
 * - A new object has one reference. _ref() adds one and returns the object. _unref() drops one,
 *   releases the object with the last, accepts NULL and returns NULL.
 * - With NULL for a report, findings are dropped.
 * - Different threads can use different objects at the same time. An object can be used by one
 *   thread at a time; functions that take it as const, _ref() and _unref() can run at the same
 *   time. A scan uses its table, report and configuration until it is released.
 * - The library never prints, exits, reads the environment, changes the umask or the working
 *   directory, or keeps global state. One exception: libselinux prints a message, by default to
 *   standard error, if it cannot read the policy; see selinux_set_callback(3).
 * - File descriptors that are passed in stay open and unchanged. All others are opened with
 *   O_CLOEXEC.
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
 * Limits of modules.devname(5). The dev_t of the kernel has 12 + 20 bits (include/linux/kdev_t.h),
 * and no driver has major number 0.
 */
#define KMOD_DEVNAME_NAME_MAX 4000 /* bytes of a device name, without the final NUL */
#define KMOD_DEVNAME_COMPONENT_MAX 255 /* bytes between two slashes of it; NAME_MAX of Linux */
#define KMOD_DEVNAME_MAJOR_MAX 4095
#define KMOD_DEVNAME_MINOR_MAX 1048575

/* --- version ----------------------------------------------------------------------------- */

#define KMOD_DEVNAME_VERSION_MAJOR 0 /* of this header */
#define KMOD_DEVNAME_VERSION_MINOR 2
#define KMOD_DEVNAME_VERSION_PATCH 0

/** kmod_devname_get_version() - get the version of the library at run time, such as "0.2.0" */
const char *kmod_devname_get_version(void);

/**
 * enum kmod_devname_feature - an optional feature of the library
 * @KMOD_DEVNAME_FEATURE_ZLIB: reads modules that are compressed with gzip
 * @KMOD_DEVNAME_FEATURE_XZ: reads modules that are compressed with xz
 * @KMOD_DEVNAME_FEATURE_ZSTD: reads modules that are compressed with zstd
 * @KMOD_DEVNAME_FEATURE_SELINUX: sets SELinux labels of new nodes
 */
enum kmod_devname_feature {
	KMOD_DEVNAME_FEATURE_ZLIB = 1 << 0,
	KMOD_DEVNAME_FEATURE_XZ = 1 << 1,
	KMOD_DEVNAME_FEATURE_ZSTD = 1 << 2,
	KMOD_DEVNAME_FEATURE_SELINUX = 1 << 3,
};

/**
 * kmod_devname_get_features() - get the optional features of the library at run time
 *
 * Return: flags of enum kmod_devname_feature.
 */
unsigned int kmod_devname_get_features(void);

/* --- report ------------------------------------------------------------------------------ */

/**
 * struct kmod_devname_report - the findings of an operation, in a fixed order
 *
 * The order does not depend on timing, the number of threads or the order in which a file
 * system lists names.
 */
struct kmod_devname_report;

/**
 * struct kmod_devname_finding - a fault in a module, a line, a node or a file
 *
 * A finding never changes, and lives as long as its report.
 */
struct kmod_devname_finding;

/**
 * enum kmod_devname_severity - the severity of a finding
 * @KMOD_DEVNAME_SEVERITY_NOTE: information; no action is needed
 * @KMOD_DEVNAME_SEVERITY_WARNING: the work is complete, but a person should check this
 * @KMOD_DEVNAME_SEVERITY_ERROR: a module, line or node is ignored because of a fault
 */
enum kmod_devname_severity {
	KMOD_DEVNAME_SEVERITY_NOTE = 0,
	KMOD_DEVNAME_SEVERITY_WARNING = 1,
	KMOD_DEVNAME_SEVERITY_ERROR = 2,
};

/**
 * enum kmod_devname_code - the kind of a finding; kmod-devname-findings(7) has the remedies
 *
 * The numbers and the quoted names are stable. New releases can add codes: treat an unknown code by
 * the severity of the finding.
 *
 * The severity is "error" unless the description names another. Only kmod-devname(8) adds findings
 * that are marked (tool).
 *
 * Module file:
 * @KMOD_DEVNAME_CODE_MALFORMED: "malformed": not an ELF file, empty, truncated, with section
 *   headers that point outside the file, or changed during the read
 * @KMOD_DEVNAME_CODE_CORRUPT: "corrupt": compressed data is truncated, fails its checksum, or has
 *   other data behind it
 * @KMOD_DEVNAME_CODE_UNSUPPORTED: "unsupported": a compression that this build cannot read; one
 *   finding for all modules of a compression, which names the first of them
 * @KMOD_DEVNAME_CODE_TOO_LARGE: "too-large": over a limit of kmod_devname_scan_step()
 * @KMOD_DEVNAME_CODE_DANGLING_LINK: "dangling-link": a symbolic link without a target, or into proc
 *   or sysfs; note
 * @KMOD_DEVNAME_CODE_NOT_REGULAR: "not-regular": an entry with the name of a module that is neither
 *   a file nor a directory; note
 * @KMOD_DEVNAME_CODE_VANISHED: "vanished": removed between listing and opening; warning
 * @KMOD_DEVNAME_CODE_DUPLICATE_MODULE: "duplicate-module": two files of one module; a note if
 *   depmod.d(5), or by default updates/, decides which one counts, otherwise a warning
 * @KMOD_DEVNAME_CODE_BAD_ORDER: "bad-order": an unusable line of modules.order; warning
 * @KMOD_DEVNAME_CODE_UNREADABLE: "unreadable": a module file or a directory of modules that cannot
 *   be opened or read; the message has the reason. Also a line of modules.devname that
 *   kmod-devname(8) keeps for such a module
 *
 * Module content, only of modules that declare a device name:
 * @KMOD_DEVNAME_CODE_MISSING_NUMBER: "missing-number": a device name without a device number
 * @KMOD_DEVNAME_CODE_AMBIGUOUS: "ambiguous": the pairs of names and numbers depend on the order in
 *   which the compiler emits them
 * @KMOD_DEVNAME_CODE_DYNAMIC_MINOR: "dynamic-minor": c10:255, MISC_DYNAMIC_MINOR of
 *   include/linux/miscdevice.h, which requests a number at run time
 * @KMOD_DEVNAME_CODE_BAD_NAME: "bad-name": an invalid device name, see modules.devname(5)
 * @KMOD_DEVNAME_CODE_BAD_NUMBER: "bad-number": a number that is not plain decimal or out of range
 * @KMOD_DEVNAME_CODE_BAD_MODULE_NAME: "bad-module-name": an invalid module name, see
 *   modules.devname(5)
 * @KMOD_DEVNAME_CODE_TOO_MANY_ALIASES: "too-many-aliases": over 4096 device names and numbers of
 *   one module, or over 131,072 nodes or 16 MiB of names in all
 *
 * Text line:
 * @KMOD_DEVNAME_CODE_BAD_LINE: "bad-line": not of the form MODULE NAME TYPEMAJOR:MINOR, or a
 *   duplicate of an earlier line
 * @KMOD_DEVNAME_CODE_LONG_LINE: "long-line": longer than any valid line
 * @KMOD_DEVNAME_CODE_CUT_LINE: "cut-line": the last line has no newline: the file is truncated
 * @KMOD_DEVNAME_CODE_BAD_INDEX: "bad-index": a damaged index modules.*.bin, or one with too many
 *   entries for a number. A warning for an invalid line of modules.dep or modules.alias
 * @KMOD_DEVNAME_CODE_STALE_INDEX: "stale-index": modules.dep or modules.alias is missing or not a
 *   regular file, so all modules are read; note
 * @KMOD_DEVNAME_CODE_BAD_CONFIG: "bad-config": an invalid line of depmod.d, modprobe.d or
 *   modules.softdep, a missing or irregular configuration file, or a chain of soft dependencies of
 *   more than 100 modules; warning
 * @KMOD_DEVNAME_CODE_BAD_RULE: "bad-rule": a file of udev's rules that cannot be read. A warning
 *   for a rule with static_node that is invalid, or that some versions of udev ignore
 * @KMOD_DEVNAME_CODE_UNKNOWN_OWNER: "unknown-owner": a file of users or groups that cannot be read.
 *   A warning for an unknown user or group of a node, which then has mode 0600 and owner root
 *
 * Table:
 * @KMOD_DEVNAME_CODE_NAME_CONFLICT: "name-conflict": a device name with a second number, or below
 *   another device name; the first node in table order stays
 * @KMOD_DEVNAME_CODE_SAME_NUMBER: "same-number": (tool) one device number under two names; warning
 * @KMOD_DEVNAME_CODE_SHARED_NODE: "shared-node": (tool) several modules declare the same node; note
 * @KMOD_DEVNAME_CODE_TAKEN_MINOR: "taken-minor": (tool) a minor number of major 10 that the kernel
 *   assigns to another device, or dynamically (0 to 127, and above 255); warning
 * @KMOD_DEVNAME_CODE_BUILT_IN: "built-in": (tool) a built-in module declares the same name or
 *   number, so the module cannot have it; warning
 * @KMOD_DEVNAME_CODE_BLOCK_AUTOLOAD: "block-autoload": (tool) a node of a block device, in a kernel
 *   that requests no module when one is opened; warning
 * @KMOD_DEVNAME_CODE_NOT_LOADED: "not-loaded": (tool) opening the node does not load its module,
 *   according to modprobe.d and the indexes of depmod; a warning, a note for a deliberate statement
 *   of modprobe.d, an error for a missing index or file
 * @KMOD_DEVNAME_CODE_NO_STATIC_NODE: "no-static-node": (tool) a rule of udev without static_node
 *   sets mode, owner or seat of a device, too late for loading the module; warning, or a note for
 *   rules of packages
 *
 * The file modules.devname:
 * @KMOD_DEVNAME_CODE_OUT_OF_DATE: "out-of-date": (tool) a line is missing, or differs from the
 *   declaration of the module
 * @KMOD_DEVNAME_CODE_NO_FILE: "no-file": (tool) the file does not exist; a warning if it would be
 *   empty
 *
 * Device directory:
 * @KMOD_DEVNAME_CODE_WRONG_NODE: "wrong-node": a device node with another type or number
 * @KMOD_DEVNAME_CODE_OBSTRUCTED: "obstructed": another file has the name of the node, or of a
 *   directory on its path; a symbolic link is such a file
 * @KMOD_DEVNAME_CODE_NODEV: "nodev": the file system is mounted with that option, so opening a
 *   device fails with EACCES; warning
 * @KMOD_DEVNAME_CODE_ABSENT: "absent": (tool) the node does not exist; warning
 * @KMOD_DEVNAME_CODE_WRONG_MODE: "wrong-mode": (tool) mode or owner differ from the static_node
 *   rule of udev, or an ACL grants more; a warning, or a note if systemd-logind can have set the
 *   ACL
 *
 * System:
 * @KMOD_DEVNAME_CODE_SYSTEM: "system": names the file of a negative errno that was returned; not
 *   every negative errno has one
 */
enum kmod_devname_code {
	KMOD_DEVNAME_CODE_MALFORMED = 1,
	KMOD_DEVNAME_CODE_CORRUPT = 2,
	KMOD_DEVNAME_CODE_UNSUPPORTED = 3,
	KMOD_DEVNAME_CODE_TOO_LARGE = 4,
	KMOD_DEVNAME_CODE_DANGLING_LINK = 5,
	KMOD_DEVNAME_CODE_NOT_REGULAR = 6,
	KMOD_DEVNAME_CODE_VANISHED = 7,
	KMOD_DEVNAME_CODE_DUPLICATE_MODULE = 8,
	KMOD_DEVNAME_CODE_BAD_ORDER = 9,
	KMOD_DEVNAME_CODE_UNREADABLE = 10,

	KMOD_DEVNAME_CODE_MISSING_NUMBER = 20,
	KMOD_DEVNAME_CODE_AMBIGUOUS = 21,
	KMOD_DEVNAME_CODE_DYNAMIC_MINOR = 22,
	KMOD_DEVNAME_CODE_BAD_NAME = 23,
	KMOD_DEVNAME_CODE_BAD_NUMBER = 24,
	KMOD_DEVNAME_CODE_BAD_MODULE_NAME = 25,
	KMOD_DEVNAME_CODE_TOO_MANY_ALIASES = 26,

	KMOD_DEVNAME_CODE_BAD_LINE = 40,
	KMOD_DEVNAME_CODE_LONG_LINE = 41,
	KMOD_DEVNAME_CODE_CUT_LINE = 42,
	KMOD_DEVNAME_CODE_BAD_INDEX = 43,
	KMOD_DEVNAME_CODE_STALE_INDEX = 44,
	KMOD_DEVNAME_CODE_BAD_CONFIG = 45,
	KMOD_DEVNAME_CODE_BAD_RULE = 46,
	KMOD_DEVNAME_CODE_UNKNOWN_OWNER = 47,

	KMOD_DEVNAME_CODE_NAME_CONFLICT = 60,
	KMOD_DEVNAME_CODE_SAME_NUMBER = 61,
	KMOD_DEVNAME_CODE_SHARED_NODE = 62,
	KMOD_DEVNAME_CODE_TAKEN_MINOR = 63,
	KMOD_DEVNAME_CODE_BUILT_IN = 64,
	KMOD_DEVNAME_CODE_BLOCK_AUTOLOAD = 65,
	KMOD_DEVNAME_CODE_NOT_LOADED = 66,
	KMOD_DEVNAME_CODE_NO_STATIC_NODE = 67,

	KMOD_DEVNAME_CODE_OUT_OF_DATE = 70,
	KMOD_DEVNAME_CODE_NO_FILE = 71,

	KMOD_DEVNAME_CODE_WRONG_NODE = 80,
	KMOD_DEVNAME_CODE_OBSTRUCTED = 81,
	KMOD_DEVNAME_CODE_NODEV = 82,
	KMOD_DEVNAME_CODE_ABSENT = 83,
	KMOD_DEVNAME_CODE_WRONG_MODE = 84,

	KMOD_DEVNAME_CODE_SYSTEM = 100,
};

/**
 * kmod_devname_report_new() - create an empty report
 * @ret_report: the report; release it with kmod_devname_report_unref()
 *
 * Return: 0, or -ENOMEM.
 */
int kmod_devname_report_new(struct kmod_devname_report **ret_report);
struct kmod_devname_report *kmod_devname_report_ref(struct kmod_devname_report *report);
struct kmod_devname_report *kmod_devname_report_unref(struct kmod_devname_report *report);

/**
 * kmod_devname_report_size() - get the number of findings in a report
 *
 * A report holds the first 10,000 findings of each severity, and all findings with code "system".
 * kmod_devname_report_count() also counts the findings beyond this limit.
 */
size_t kmod_devname_report_size(const struct kmod_devname_report *report);

/**
 * kmod_devname_report_get() - get a finding by its position
 * @report: the report
 * @index: the position, from 0
 *
 * Return: the finding, which @report owns, or NULL if @index is not less than the size.
 */
const struct kmod_devname_finding *kmod_devname_report_get(const struct kmod_devname_report *report,
							   size_t index);

/**
 * kmod_devname_report_count() - count all findings of a severity
 * @report: the report
 * @severity: exactly this severity
 *
 * Return: their number, including those beyond the limit of kmod_devname_report_size().
 */
size_t kmod_devname_report_count(const struct kmod_devname_report *report,
				 enum kmod_devname_severity severity);

/** kmod_devname_finding_get_code() - get the kind of a finding */
enum kmod_devname_code kmod_devname_finding_get_code(const struct kmod_devname_finding *finding);

/** kmod_devname_finding_get_severity() - get the severity of a finding */
enum kmod_devname_severity
kmod_devname_finding_get_severity(const struct kmod_devname_finding *finding);

/**
 * kmod_devname_finding_get_file() - get the file that has the fault
 *
 * Return: one of the following, at most its first 4,096 bytes. The bytes are unchanged: use
 * kmod_devname_escape() before you print them.
 *   a path relative to the module directory
 *   with a leading slash, a path below the root directory, such as "/etc/udev/rules.d/50.rules"
 *   the path of kmod_devname_config_read() as it was given, or a file below it
 *   the @file of kmod_devname_table_read(), kmod_devname_table_add_module() or _add_file()
 *   a path below the device directory
 *   NULL, if the finding is not about a file
 */
const char *kmod_devname_finding_get_file(const struct kmod_devname_finding *finding);

/**
 * kmod_devname_finding_get_line() - get the line that has the fault
 *
 * Return: the number of the line, from 1, or 0 if the finding is not about a line.
 */
size_t kmod_devname_finding_get_line(const struct kmod_devname_finding *finding);

/**
 * kmod_devname_finding_get_message() - get the problem and, after "; ", the remedy
 *
 * The message is for people and logs; programs use the code.
 *
 * Return: at most 1000 bytes of printable ASCII, without a newline and without the name of the
 * file. Backslashes and other bytes of the data are written as \xNN. The language is English. With
 * a C library other than glibc 2.32 or later, descriptions of system errors follow the locale.
 */
const char *kmod_devname_finding_get_message(const struct kmod_devname_finding *finding);

/**
 * kmod_devname_code_to_string() - get the stable name of a code, such as "missing-number"
 *
 * Return: a constant string, or NULL if @code is not in enum kmod_devname_code.
 */
const char *kmod_devname_code_to_string(enum kmod_devname_code code);

/**
 * kmod_devname_code_from_string() - get the code of a name
 * @name: the name, such as "missing-number"
 * @ret_code: the code, of enum kmod_devname_code
 *
 * Return: 0, or -ENOENT if no code has this name.
 */
int kmod_devname_code_from_string(const char *name, int *ret_code);

/**
 * kmod_devname_severity_to_string() - get the name of a severity: "note", "warning" or "error"
 *
 * Return: a constant string, or NULL if @severity is not in enum kmod_devname_severity.
 */
const char *kmod_devname_severity_to_string(enum kmod_devname_severity severity);

/**
 * kmod_devname_escape() - make text printable, such as the file of a finding
 * @text: the text, up to its NUL
 * @escaped: receives at most @size bytes with a NUL. Backslashes, and bytes that are not printable
 *   ASCII, become \xNN. A text that is too long is truncated, between two escapes; it ends in "..."
 *   if @size is at least 4. Can be NULL if @size is 0
 * @size: the size of @escaped in bytes; four times the length of @text plus 1 always suffices
 *
 * Return: the length of the whole escaped text, without its NUL, as snprintf(3). The text was
 * truncated if this is not less than @size.
 */
size_t kmod_devname_escape(const char *text, char *escaped, size_t size);

/* --- node -------------------------------------------------------------------------------- */

/**
 * struct kmod_devname_node - a device node, and the module that opening it loads
 *
 * A node never changes, lives as long as its table, and is valid. Its name is a relative path of
 * permitted bytes without "." and "..", and its numbers are in range.
 */
struct kmod_devname_node;

/** kmod_devname_node_get_module() - get the name of the module, as in /proc/modules */
const char *kmod_devname_node_get_module(const struct kmod_devname_node *node);

/** kmod_devname_node_get_name() - get the path of the node below /dev, such as "net/tun" */
const char *kmod_devname_node_get_name(const struct kmod_devname_node *node);

/** kmod_devname_node_get_type() - get the type, S_IFCHR or S_IFBLK of <sys/stat.h> */
mode_t kmod_devname_node_get_type(const struct kmod_devname_node *node);

/** kmod_devname_node_get_major() - get the major number, 1 to KMOD_DEVNAME_MAJOR_MAX */
unsigned int kmod_devname_node_get_major(const struct kmod_devname_node *node);

/** kmod_devname_node_get_minor() - get the minor number, 0 to KMOD_DEVNAME_MINOR_MAX */
unsigned int kmod_devname_node_get_minor(const struct kmod_devname_node *node);

/* --- table ------------------------------------------------------------------------------- */

/**
 * struct kmod_devname_table - nodes in the order in which they were added
 *
 * No two nodes of a table have the same name and different numbers, and no node is below another.
 * Several modules can have a node with the same name and number. A table has each such node once
 * for each module; adding it again has no effect.
 */
struct kmod_devname_table;

/**
 * kmod_devname_table_new() - create an empty table
 * @ret_table: the table; release it with kmod_devname_table_unref()
 *
 * Return: 0, or -ENOMEM.
 */
int kmod_devname_table_new(struct kmod_devname_table **ret_table);
struct kmod_devname_table *kmod_devname_table_ref(struct kmod_devname_table *table);
struct kmod_devname_table *kmod_devname_table_unref(struct kmod_devname_table *table);

/** kmod_devname_table_size() - get the number of nodes */
size_t kmod_devname_table_size(const struct kmod_devname_table *table);

/**
 * kmod_devname_table_get() - get a node by its position
 * @table: the table
 * @index: the position, from 0
 *
 * Return: the node, which @table owns, or NULL if @index is not less than the size.
 */
const struct kmod_devname_node *kmod_devname_table_get(const struct kmod_devname_table *table,
						       size_t index);

/**
 * kmod_devname_table_find_name() - find a node by its name
 * @table: the table
 * @name: the path of the node below /dev, such as "net/tun"
 *
 * Return: the first node of this name, or NULL. All nodes of one name have the same number.
 */
const struct kmod_devname_node *kmod_devname_table_find_name(const struct kmod_devname_table *table,
							     const char *name);

/**
 * kmod_devname_table_find_number() - find a node by its number
 * @table: the table
 * @type: S_IFCHR or S_IFBLK
 * @major: the major number
 * @minor: the minor number
 *
 * Return: the first node with this type and number, or NULL.
 */
const struct kmod_devname_node *
kmod_devname_table_find_number(const struct kmod_devname_table *table, mode_t type,
			       unsigned int major, unsigned int minor);

/**
 * kmod_devname_table_add_node() - add a node
 * @table: the table; the node is added at its end
 * @report: receives a finding if the node is invalid, which is then not added; or NULL
 * @module: the name of the module, with "_" and not "-"
 * @name: the path of the node below /dev, such as "net/tun"
 * @type: S_IFCHR or S_IFBLK
 * @major: the major number
 * @minor: the minor number
 *
 * Findings: bad-module-name, bad-name, bad-number, dynamic-minor, name-conflict.
 *
 * Return: 0, also after a finding; -EINVAL: @type is neither S_IFCHR nor S_IFBLK; -ENOMEM.
 */
int kmod_devname_table_add_node(struct kmod_devname_table *table,
				struct kmod_devname_report *report, const char *module,
				const char *name, mode_t type, unsigned int major,
				unsigned int minor);

/**
 * kmod_devname_table_add_module() - add the nodes that a module declares by its aliases
 * @table: the table; the nodes are added at its end, sorted by name, component by component
 * @report: receives the faults of the module, or NULL
 * @module: the name of the module; "-" is the same as "_", as for modprobe
 * @file: the file to name in findings, or NULL
 * @aliases: the values of the "alias" fields of the module in the order of its .modinfo section,
 *   such as "devname:fuse" and "char-major-10-229"; others are ignored
 * @n_aliases: the number of aliases
 *
 * This is for programs that have already read the aliases, such as depmod. Call it for the modules
 * in the order of the lines of modules.devname.
 *
 * Compilers emit alias strings in the order of the source or in reverse order. The nodes are
 * the same for @aliases and for the reversed list. One distinct name and one distinct number are a
 * pair. Otherwise names and numbers must alternate, and each name is paired with its neighbour. For
 * the modules of all kernels that were compared, this is the result of depmod (tools/depmod.c,
 * output_devname). If the result of depmod depends on the compiler, no node is added, and the
 * finding is "ambiguous".
 *
 * A number is the whole alias "char-major-MAJOR-MINOR" or "block-major-MAJOR-MINOR" in plain
 * decimal, without sign, blank or leading zero. An alias with a wildcard, or with a major number
 * alone, is ignored. A module without a device name has no findings.
 *
 * Findings: missing-number, ambiguous, dynamic-minor, bad-name, bad-number, bad-module-name,
 * too-many-aliases, name-conflict.
 *
 * Return: 0, or -ENOMEM, after which @table can have some of the nodes.
 */
int kmod_devname_table_add_module(struct kmod_devname_table *table,
				  struct kmod_devname_report *report, const char *module,
				  const char *file, const char *const *aliases, size_t n_aliases);

/**
 * kmod_devname_table_add_file() - add the nodes that a module file declares
 * @table: the table; the nodes are added at its end, sorted by name, component by component
 * @report: receives the faults of the module, or NULL
 * @fd: the file, open for reading; its position is ignored
 * @file: its path; the last component gives the name of the module, and findings name this file
 *
 * This is for a module that is not installed; kmod_devname_scan_new() reads a directory of modules.
 * The compression is detected by content. The limits are those of kmod_devname_scan_step().
 *
 * Findings: those of kmod_devname_table_add_module(), and malformed, corrupt, unsupported,
 * too-large; system.
 *
 * Return: 0, also after a finding; -EBADF: @fd is not open for reading; -EISDIR: it is a directory;
 * -ESPIPE: it is not a regular file; -EIO and others of pread(2); -ENOMEM.
 */
int kmod_devname_table_add_file(struct kmod_devname_table *table,
				struct kmod_devname_report *report, int fd, const char *file);

/**
 * kmod_devname_table_read() - add the nodes of a modules.devname
 * @table: the table; the nodes are added at its end
 * @report: receives a finding with a line number for each invalid line of modules.devname(5), or
 *   NULL; the valid lines are added
 * @stream: read from its position to its end; not closed
 * @file: the name of the file in findings, or NULL
 *
 * The reader is stricter than that of kmod: one blank between fields, LF at the end of every line,
 * valid names and numbers. A duplicate line is a finding. A line for a node that the table had
 * before the call, for example from another kernel, has no effect and is not a finding.
 *
 * Findings: bad-line, long-line, cut-line, bad-name, bad-number, bad-module-name, dynamic-minor,
 * name-conflict; system.
 *
 * Return: 0, also after a finding about a line; -EISDIR: @stream is a directory; -EFBIG: more than
 * 128 MiB; -EIO and others of read(2); -ENOMEM. After an error @table has the nodes of the lines
 * before it.
 */
int kmod_devname_table_read(struct kmod_devname_table *table, struct kmod_devname_report *report,
			    FILE *stream, const char *file);

/**
 * kmod_devname_table_read_kernel() - add the nodes of modules.devname of a kernel
 * @table: the table; the nodes are added at its end
 * @report: as for kmod_devname_table_read(); findings name the file "modules.devname"
 * @root_fd: the root directory of the system; O_PATH is enough
 * @directory: the module directory below it, such as "lib/modules/6.1.0". Symbolic links are
 *   resolved inside @root_fd
 *
 * Return: as kmod_devname_table_read(), or a negative errno of open(2): -ENOENT: the file does not
 * exist; -EISDIR, -ENODEV: it is not a regular file, and was not opened; -EINVAL: @directory is
 * empty; -EBADF: @root_fd is not a descriptor, or is AT_FDCWD; -ENOTDIR: it is not a directory, or
 * @directory is none; -EACCES, -EMFILE, -ENFILE, -ELOOP, -ENAMETOOLONG.
 */
int kmod_devname_table_read_kernel(struct kmod_devname_table *table,
				   struct kmod_devname_report *report, int root_fd,
				   const char *directory);

/**
 * kmod_devname_table_write() - write the text of modules.devname to a stream
 * @table: the table
 * @stream: written and flushed; not closed
 *
 * The text has a header and a line for each node, byte for byte as depmod writes it. The text of an
 * empty table is empty: ConditionFileNotEmpty= of kmod-static-nodes.service depends on that.
 *
 * Return: 0, or a negative errno:
 *   -ENOSPC, -EDQUOT, -EIO of write(2); -EIO also if @stream had failed before
 *   -EBADF: @stream is not open for writing; -EPIPE, only if SIGPIPE is ignored or blocked
 */
int kmod_devname_table_write(const struct kmod_devname_table *table, FILE *stream);

/**
 * kmod_devname_table_write_file() - replace modules.devname atomically
 * @table: the table
 * @dir_fd: the directory, open for reading: neither O_PATH nor AT_FDCWD
 * @name: the name of the file in it, without a slash
 *
 * At any time the file has its complete old or its complete new content, even if the process or the
 * system stops. After success the new content is on disk. A regular file of mode 0644 that already
 * has the new content is not touched. Otherwise a new file of mode 0644, independent of the umask,
 * replaces it. A symbolic link is replaced and not followed.
 *
 * The new file has the SELinux label that the policy gives to new files in that directory. Rules
 * of the policy for its path do not apply; restorecon(8) applies them.
 *
 * Until it is complete, the new file is named ".modules.devname.new" and locked with
 * fcntl(2), F_OFD_SETLK. If another run has the lock, or if the file system has no locks, the name
 * is ".modules.devname.PID.NUMBER". The next run reuses the file of a killed run.
 *
 * Return: 1 if the file was replaced; 2 if it was replaced, and the directory could not be
 * synchronized: the old content can reappear after a power failure; 0 if it was not touched; or a
 * negative errno. On error the old file is unchanged, and no other file remains:
 *   -EINVAL: @name is empty, ".", ".." or ".modules.devname.new", or has a slash
 *   -EBADF: @dir_fd is not a descriptor, or is not open for reading
 *   -ENOTDIR: @dir_fd is not a directory
 *   -EISDIR: @name is a directory; -ENAMETOOLONG: it is longer than the file system permits
 *   -EEXIST: ".modules.devname.new" is not a regular file
 *   -ENOSPC, -EDQUOT, -EIO, -EROFS, -EACCES, -EPERM, -ENOENT (@dir_fd was removed) and others of
 *   openat(2), write(2), fsync(2) and renameat(2)
 */
int kmod_devname_table_write_file(const struct kmod_devname_table *table, int dir_fd,
				  const char *name);

/* --- depmod.d ---------------------------------------------------------------------------- */

/**
 * struct kmod_devname_config - the configuration of depmod.d(5) for one kernel
 *
 * If several files hold the same module, modprobe(8) loads the one that depmod chose by these
 * rules, so the nodes of that file count.
 */
struct kmod_devname_config;

/**
 * kmod_devname_config_new() - create an empty configuration: updates/ precedes all others
 * @kernel: the version of the kernel, for the patterns of "override" and "external"
 * @ret_config: release it with kmod_devname_config_unref()
 *
 * Return: 0, or -ENOMEM.
 */
int kmod_devname_config_new(const char *kernel, struct kmod_devname_config **ret_config);
struct kmod_devname_config *kmod_devname_config_ref(struct kmod_devname_config *config);
struct kmod_devname_config *kmod_devname_config_unref(struct kmod_devname_config *config);

/**
 * kmod_devname_config_read() - add the statements of configuration files
 * @config: the configuration
 * @report: receives the findings, or NULL
 * @root_fd: the root directory; O_PATH is enough
 * @paths: files, or directories with *.conf files, below @root_fd; can be NULL if @n_paths is 0
 * @n_paths: the number of paths; 0 means those of etc/depmod.d, run/depmod.d,
 *   usr/local/lib/depmod.d, usr/lib/depmod.d and lib/depmod.d that exist
 *
 * Files are read in the order of their names, independent of the directory. If two files have the
 * same name, only the first one is read. A file that is not regular is ignored, with a finding
 * unless it is /dev/null or a link to that. depmod does the same (tools/depmod.c, conf_files_list),
 * but always reads the files of the running system.
 *
 * The pattern of a kernel in "override" and "external" is an extended regular expression of POSIX,
 * without back references, of at most 256 bytes and less than 1,000 atoms. "+" and "{N,M}" count as
 * the copies that the C library makes of the atom before them. All patterns together have at most
 * 300,000 atoms, and all statements 100,000 words.
 *
 * Findings: bad-config, long-line; system.
 *
 * Return: 0, or a negative errno:
 *   -EBADF: @root_fd is not a descriptor, or is AT_FDCWD; -ENOTDIR: it is not a directory
 *   -EINVAL: a path is empty; -EFBIG: too many words
 *   -EACCES, -EIO, -EMFILE, -ENFILE and others of openat(2), read(2) and getdents(2)
 * After an error @config has the statements before it.
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
 * @table: receives the nodes when all modules were read
 * @report: receives the findings, or NULL
 * @root_fd: the root directory of the system ("/", a chroot, an image); O_PATH is enough. The scan
 *   uses a duplicate
 * @directory: the module directory below it, such as "lib/modules/6.1.0"; "." for @root_fd itself.
 *   Symbolic links are resolved inside @root_fd
 * @ret_scan: the scan, which keeps references to @table and @report; release it with
 *   kmod_devname_scan_unref()
 *
 * Files: those named *.ko, *.ko.gz, *.ko.xz and *.ko.zst at any depth, except below entries named
 * "build" and "source", as in depmod; regular files and symbolic links to them. Directories behind
 * symbolic links are read after all others, each once. The compression is detected by content. A
 * file or directory that cannot be read is a finding "unreadable", and the others are read. The
 * same holds below more than 2,000 directories or 64 KiB of path.
 *
 * Duplicates: of two files of the same module, the one below updates/ counts, then the one with the
 * smaller path. kmod_devname_scan_set_config() changes this rule. In depmod the order of readdir(3)
 * decides in place of the path.
 *
 * Order: the position in modules.order, then the name of the module. The result is that of depmod,
 * byte for byte, if modules.order lists these modules.
 *
 * Return: 0; -EINVAL: @directory is empty; -EBADF: @root_fd is not a descriptor, or is AT_FDCWD;
 * -ENOTDIR: it is not a directory; -EMFILE; -ENOMEM.
 */
int kmod_devname_scan_new(struct kmod_devname_table *table, struct kmod_devname_report *report,
			  int root_fd, const char *directory, struct kmod_devname_scan **ret_scan);

/** kmod_devname_scan_unref() - release the scan, and stop its work */
struct kmod_devname_scan *kmod_devname_scan_unref(struct kmod_devname_scan *scan);

/**
 * kmod_devname_scan_set_threads() - set the number of threads
 * @scan: a scan before its first step
 * @threads: 1 to 1024; 1 starts no thread, and works in kmod_devname_scan_step(); 0, the default,
 *   is the number of CPUs that the process can use (sched_getaffinity(2)), and up to 16 for
 *   directories and plain files while data comes from a disk
 *
 * The result does not depend on the number of threads. All signals are blocked in the threads.
 *
 * Return: 0; -EINVAL: @threads is out of range; -EBUSY: the scan has begun.
 */
int kmod_devname_scan_set_threads(struct kmod_devname_scan *scan, unsigned int threads);

/**
 * kmod_devname_scan_set_use_index() - skip modules that declare no node according to depmod
 * @scan: a scan before its first step
 * @use: 1 or 0; the default is 0
 *
 * Nodes are always read from the module itself. modules.dep and modules.alias only show which
 * modules need not be read. A module is skipped if all of these conditions hold:
 *
 * - modules.dep has a line for its path, and no other line for a module of this name.
 * - It has a dependency, is a dependency of another module, or has a line in modules.alias. A
 *   module that depmod could not read has none of these.
 * - None of its lines in modules.alias is for an alias that begins with "devname:".
 * - There is a modules.dep.bin, or the name of the file ends in ".ko". The depmod of busybox does
 *   not write modules.dep.bin, and misreads compressed modules.
 * - The change time (ctime) of the file and of each directory on its path, except the module
 *   directory, is before the earliest change or modification time of modules.dep and
 *   modules.alias, and the file is on the file system of modules.dep.
 * - No symbolic link is on its path, and it is not in an external directory of depmod.d(5).
 *
 * All other modules are read. All modules are read if one of the two files is missing or has an
 * invalid line, or if modules.alias names a module that modules.dep lacks. The finding is then
 * "stale-index", "bad-index", "long-line" or "cut-line".
 *
 * A node can be missed in these cases:
 *
 * - A module was replaced while depmod was reading.
 * - The clock was set back before a module was replaced.
 * - Modules and an outdated index were copied without their times.
 * - Another program wrote the index.
 *
 * Return: 0; -EBUSY: the scan has begun.
 */
int kmod_devname_scan_set_use_index(struct kmod_devname_scan *scan, int use);

/**
 * kmod_devname_scan_set_config() - follow depmod.d(5)
 * @scan: a scan before its first step
 * @config: the scan keeps a reference; do not change it afterwards. NULL, the default, is an empty
 *   configuration
 *
 * "search" and "override" decide which file of a module counts, and "exclude" names entries that
 * are skipped. "external" adds a directory with modules below the root directory, which need not
 * exist. If they leave the choice open, modules below the module directory precede others, then the
 * smaller path decides.
 *
 * Return: 0; -EBUSY: the scan has begun.
 */
int kmod_devname_scan_set_config(struct kmod_devname_scan *scan,
				 struct kmod_devname_config *config);

/**
 * kmod_devname_scan_step() - do some of the work
 * @scan: the scan
 *
 * Call it until it returns 0 or less. A call takes a fraction of a second, unless a single module
 * takes longer.
 *
 * Limits: 1 GiB for a decompressed module, 128 MiB for an xz decoder and for a zstd window, 16 MiB
 * for .modinfo. A module is at most 512 times as large as its compressed file, which counts as 1
 * KiB at least. Beyond 32 MiB it is at most 256 times as large, and as large as its ELF headers
 * say, plus 1 MiB. Beyond 4 MiB a thread waits for
 * a share of memory: eight have up to 16 MiB, and one of these more.
 *
 * Findings: those of kmod_devname_table_add_module(), and malformed, corrupt, unsupported,
 * too-large, unreadable, dangling-link, not-regular, vanished, duplicate-module, bad-order; with an
 * index stale-index, bad-index, long-line, cut-line; system.
 *
 * Return: the number of known files and directories that remain to be read, at least 1; 0 when the
 * table is complete; or a negative errno. After an error every call returns the same error, and
 * the table is unchanged, unless -ENOMEM occurred while nodes were added:
 *   -ENOENT, -ENOTDIR, -ELOOP: the module directory does not exist
 *   -EACCES, -EIO and others of openat(2) and getdents(2): the module directory cannot be read
 *   -EMFILE, -ENFILE: too many open files
 */
int kmod_devname_scan_step(struct kmod_devname_scan *scan);

/** kmod_devname_scan_get_n_modules() - get the number of module files found so far */
size_t kmod_devname_scan_get_n_modules(struct kmod_devname_scan *scan);

/* --- permissions ------------------------------------------------------------------------- */

/**
 * struct kmod_devname_permissions - mode and owner of nodes, by name
 *
 * As a parameter, NULL stands for mode 0600 and owner root for all nodes.
 */
struct kmod_devname_permissions;

/**
 * struct kmod_devname_permission - mode and owner of one node
 *
 * It never changes, and lives as long as its kmod_devname_permissions.
 */
struct kmod_devname_permission;

/**
 * kmod_devname_permissions_new() - create permissions: one mode and owner root for all nodes
 * @mode: the permission bits of nodes without an entry; kmod and udev use 0600
 * @ret_permissions: release it with kmod_devname_permissions_unref()
 *
 * Return: 0; -EINVAL: @mode has bits outside 0777; -ENOMEM.
 */
int kmod_devname_permissions_new(mode_t mode, struct kmod_devname_permissions **ret_permissions);
struct kmod_devname_permissions *
kmod_devname_permissions_unref(struct kmod_devname_permissions *permissions);

/**
 * kmod_devname_permissions_read_udev() - add the permissions that udev's rules give static nodes
 * @permissions: entries are added; an entry of an earlier call is never changed
 * @report: receives the faults of rules, or NULL
 * @root_fd: the root directory of the system; O_PATH is enough. Symbolic links are resolved inside
 *   it
 * @table: rules for nodes outside this table, and their faults, are ignored; NULL stands for all
 *   nodes
 *
 * A rule with OPTIONS+="static_node=NAME" is for the node /dev/NAME. udev applies it at its start,
 * before a device exists. This function applies the same rules (systemd, src/udev/udev-rules.c,
 * udev_rules_apply_static_dev_perms(), and udev-node.c, static_node_apply_permissions()):
 *
 * - OWNER, GROUP and MODE of the same rule count, in any order, with =, += or :=. The last of
 *   several counts. Values that contain $ or %, or begin with [, are ignored.
 * - Conditions are not evaluated, and GOTO skips nothing. A rule with an unknown key or builtin, or
 *   with an operator, attribute or value that its key does not permit, is ignored, as in udev. The
 *   keys are those of systemd 252 to 262 (parse_token()).
 * - Rules are applied in order; a later one replaces the values that it has.
 * - A rule without MODE, and with a group other than root, has MODE="0660".
 * - Without a rule, the mode is that of kmod_devname_permissions_new(), and the owner root.
 * - Bits of a mode outside 0777 are ignored.
 * - NAME is compared with the name of the node byte by byte, except for "./" and "//" in NAME.
 *
 * The rules are the files *.rules of etc/udev/rules.d, run/udev/rules.d,
 * usr/local/lib/udev/rules.d, usr/lib/udev/rules.d and lib/udev/rules.d, in the order of their
 * names. A file replaces files of the same name in later directories; an empty file, or a symbolic
 * link to /dev/null, masks them. Missing directories are ignored. A backslash continues a rule on
 * the next line; a rule has at most 16383 bytes.
 *
 * Users and groups are numbers up to 999, or names and numbers in passwd and group. These files are
 * in etc and usr/lib below @root_fd. root is 0 even without these files. Name services are not
 * used.
 *
 * No node is more permissive than with any udev from version 252 on. One exception is a user or
 * group above 999 with an entry, whose rules versions 258 and 259 ignore.
 *
 * Versions of udev differ about these rules: with an unknown user or group; with a feature of some
 * versions only; in a file with a line of more than 16383 bytes. The values of such a rule are in
 * doubt until a rule that all versions accept replaces them. A node with a value in doubt has mode
 * 0600 and owner root, whatever the mode of kmod_devname_permissions_new(), and one finding.
 *
 * If a directory or file of rules cannot be read, or is larger than 16 MiB, all rules are ignored:
 * nodes without an entry have mode 0600. If a file of users or groups cannot be read, or is larger
 * than 8 MiB, its names and those of later files are unknown.
 *
 * Findings: bad-rule and unknown-owner, which name the first line of a rule, or a file that cannot
 * be read; system.
 *
 * Return: 0; -EBADF: @root_fd is not a descriptor, or is AT_FDCWD; -ENOTDIR: it is not a directory;
 * -EMFILE, -ENFILE: too many open files; -ENOMEM. On error @permissions is unchanged, unless
 * -ENOMEM occurred while entries were added.
 */
int kmod_devname_permissions_read_udev(struct kmod_devname_permissions *permissions,
				       struct kmod_devname_report *report, int root_fd,
				       const struct kmod_devname_table *table);

/**
 * kmod_devname_permissions_get() - get mode and owner of a node
 * @permissions: the permissions, or NULL
 * @name: the path of the node below /dev, such as "net/tun"
 *
 * Return: the entry of @name, or the default, never NULL; @permissions owns it.
 */
const struct kmod_devname_permission *
kmod_devname_permissions_get(const struct kmod_devname_permissions *permissions, const char *name);

/** kmod_devname_permission_get_mode() - get the permission bits, 0 to 0777 */
mode_t kmod_devname_permission_get_mode(const struct kmod_devname_permission *permission);

/** kmod_devname_permission_get_uid() - get the number of the owner */
uid_t kmod_devname_permission_get_uid(const struct kmod_devname_permission *permission);

/** kmod_devname_permission_get_gid() - get the number of the group */
gid_t kmod_devname_permission_get_gid(const struct kmod_devname_permission *permission);

/**
 * kmod_devname_permission_get_user() - get the owner as in the rule, a name or a number
 *
 * Return: bytes of A-Z a-z 0-9 _ . -, the first not "-"; or NULL if no rule gives an owner: root.
 */
const char *kmod_devname_permission_get_user(const struct kmod_devname_permission *permission);

/**
 * kmod_devname_permission_get_group() - get the group as in the rule, a name or a number
 *
 * Return: bytes of A-Z a-z 0-9 _ . -, the first not "-"; or NULL if no rule gives a group: root.
 */
const char *kmod_devname_permission_get_group(const struct kmod_devname_permission *permission);

/* --- formats ----------------------------------------------------------------------------- */

/**
 * enum kmod_devname_format - a text format for other programs
 *
 * kmod-devname-static-nodes(8) has an example of each. The first three have the names and numbers
 * of "kmod static-nodes". Human and devname also have its output, byte for byte.
 *
 * @KMOD_DEVNAME_FORMAT_HUMAN: "human", five lines for each node, for people
 * @KMOD_DEVNAME_FORMAT_TMPFILES: "tmpfiles", tmpfiles.d(5). A line "d" of mode 0755 for each
 *   directory, once, after its parent and before its first node. kmod repeats the line of the
 *   innermost directory for each node, and omits its parents. User and group are those of
 *   kmod_devname_permission_get_user() and _get_group(), "-" for NULL.
 * @KMOD_DEVNAME_FORMAT_DEVNAME: "devname", the lines of modules.devname(5), without a header
 * @KMOD_DEVNAME_FORMAT_MKNOD: "mknod", a script for a POSIX shell and the mknod of coreutils,
 *   busybox or toybox. Its argument is the device directory; it creates missing nodes
 * @KMOD_DEVNAME_FORMAT_CPIO: "cpio", the list of usr/gen_init_cpio of the kernel
 *   (CONFIG_INITRAMFS_SOURCE)
 * @KMOD_DEVNAME_FORMAT_DEVICE_TABLE: "device-table", the device table of makedevs (Buildroot,
 *   busybox, toybox), mkfs.jffs2, mkfs.ubifs and genext2fs
 * @KMOD_DEVNAME_FORMAT_JSON: "json", an object with one member "nodes", an array of objects with
 *   the members name, type ("char" or "block"), maj:min, module, mode (a string, octal), user,
 *   group, path, major, minor, uid, gid; and state, loaded and kernel, which are null
 *
 * mknod, cpio and device-table have each name once, and directories as tmpfiles; cpio and
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
 * enum kmod_devname_print_flags - how to print a format
 * @KMOD_DEVNAME_PRINT_CREATE_ONLY: with tmpfiles: modes, users and groups have the prefix ":". Then
 *   systemd-tmpfiles 252 or later keeps mode and owner of existing nodes and directories. Other
 *   programs may not know this prefix.
 */
enum kmod_devname_print_flags {
	KMOD_DEVNAME_PRINT_CREATE_ONLY = 1,
};

/**
 * kmod_devname_format_to_string() - get the name of a format, such as "device-table"
 *
 * Formats are numbered from 0 without a gap.
 *
 * Return: a constant string, or NULL if @format is not in enum kmod_devname_format.
 */
const char *kmod_devname_format_to_string(enum kmod_devname_format format);

/**
 * kmod_devname_format_from_string() - get the format of a name
 * @name: the name, such as "device-table"
 * @ret_format: the format, of enum kmod_devname_format
 *
 * Return: 0, or -ENOENT if no format has this name.
 */
int kmod_devname_format_from_string(const char *name, int *ret_format);

/**
 * kmod_devname_table_print() - print the nodes in a format
 * @table: the table
 * @format: the format
 * @permissions: mode and owner of the nodes, or NULL; human and devname ignore it
 * @flags: flags of enum kmod_devname_print_flags
 * @stream: written and flushed; not closed
 *
 * The nodes have the order of the table. Human, tmpfiles and devname of an empty table are empty;
 * the other formats keep their beginning and end.
 *
 * Return: 0, or a negative errno:
 *   -EINVAL: unknown @format, or @flags has a bit that is unknown or invalid for @format; nothing
 *   was written
 *   -ENOSPC, -EDQUOT, -EIO of write(2); -EIO also if @stream had failed before
 *   -EBADF: @stream is not open for writing; -EPIPE, only if SIGPIPE is ignored or blocked
 */
int kmod_devname_table_print(const struct kmod_devname_table *table,
			     enum kmod_devname_format format,
			     const struct kmod_devname_permissions *permissions, unsigned int flags,
			     FILE *stream);

/* --- device directory -------------------------------------------------------------------- */

/**
 * enum kmod_devname_make_flags - how kmod_devname_table_make_nodes() works
 * @KMOD_DEVNAME_MAKE_REPLACE: replace device nodes with another type or number atomically. On a
 *   file system without RENAME_EXCHANGE of renameat2(2) such a node stays, with a finding
 * @KMOD_DEVNAME_MAKE_DRY_RUN: change nothing, and give the outcomes and findings that a run would
 *   have, except for errors of creating nodes
 */
enum kmod_devname_make_flags {
	KMOD_DEVNAME_MAKE_REPLACE = 1,
	KMOD_DEVNAME_MAKE_DRY_RUN = 2,
};

/**
 * enum kmod_devname_outcome - the result for a node
 * @KMOD_DEVNAME_OUTCOME_NOT_DONE: the directory has no such node: a finding has the reason, or the
 *   run stopped before
 * @KMOD_DEVNAME_OUTCOME_KEPT: a node with this number is there, from before the run or from an
 *   earlier node of the table
 * @KMOD_DEVNAME_OUTCOME_MADE: it was created
 * @KMOD_DEVNAME_OUTCOME_REPLACED: it replaced a device node with another type or number
 */
enum kmod_devname_outcome {
	KMOD_DEVNAME_OUTCOME_NOT_DONE = 0,
	KMOD_DEVNAME_OUTCOME_KEPT = 1,
	KMOD_DEVNAME_OUTCOME_MADE = 2,
	KMOD_DEVNAME_OUTCOME_REPLACED = 3,
};

/**
 * kmod_devname_table_make_nodes() - create the device nodes of a table
 * @table: the table
 * @report: receives the faults of the device directory, or NULL
 * @dev_fd: the device directory, such as /dev or the dev directory of an image; O_PATH is enough
 * @permissions: mode and owner of new nodes, or NULL
 * @flags: flags of enum kmod_devname_make_flags
 * @outcomes: receives a value of enum kmod_devname_outcome for each node of the table, in its
 *   order, for every return value except -EINVAL. Can be NULL if @n_outcomes is 0
 * @n_outcomes: the number of elements of @outcomes: the size of the table, or 0 with NULL
 *
 * A node that exists with the right type and number is kept, with its mode and owner: they are
 * those of udev or of the administrator. A device node with another type or number is a finding, or
 * is replaced. Any other obstacle, such as a symbolic link, stays, with a finding. If the table has
 * a name twice, the second node is kept.
 *
 * A node has its mode, owner and SELinux label before it gets its name, and is checked again after
 * that. Missing directories are created with mode 0755 in the same way. The umask and the
 * set-group-ID bit of directories have no effect. New nodes and directories have no ACL: those that
 * they inherit are removed.
 *
 * Other processes can rename and replace files below @dev_fd at the same time. No symbolic link is
 * followed, and nothing is created, changed or removed in a directory that was not reached from
 * @dev_fd by directories alone.
 *
 * A run that is killed can leave a device node or an empty directory ".kmod-devname.PID.NUMBER".
 * The next run that uses its directory removes it, unless a process PID exists.
 *
 * If the library has SELinux support and SELinux is enabled, nodes have the label of the policy for
 * /dev/NAME. It is set by setfscreatecon(3) for this thread, and reset at the end.
 *
 * Findings: wrong-node, obstructed; nodev, for the first node in each such file system; system.
 * Their file is the path below @dev_fd. If the system refuses a node, there is a finding "system",
 * and the other nodes are created.
 *
 * Return: 0, or the negative errno of the first node that the system refused. The run stops for
 * -ENOMEM, -EMFILE and -ENFILE, and if @dev_fd is unusable, and returns that error. Created nodes
 * stay.
 *   -EINVAL: @flags has unknown bits, or @n_outcomes is another number (no finding)
 *   -EPERM: creating device nodes needs CAP_MKNOD in the initial user namespace (mknod(2)), and a
 *   device cgroup that permits it; existing nodes need neither
 *   -EROFS, -EACCES, -ENOSPC, -EDQUOT: the directory cannot be written
 *   -ENOENT: @dev_fd was removed; -EBADF, -ENOTDIR: it is not a directory
 *   -ENOSYS: /proc is not mounted, and is needed: for a mode that the umask changed, on kernels
 *   before 6.6; or in a directory of another user, or with a default ACL
 *   -EIO and others of openat(2), mknodat(2), renameat2(2), setfscreatecon(3)
 */
int kmod_devname_table_make_nodes(const struct kmod_devname_table *table,
				  struct kmod_devname_report *report, int dev_fd,
				  const struct kmod_devname_permissions *permissions,
				  unsigned int flags, int *outcomes, size_t n_outcomes);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
