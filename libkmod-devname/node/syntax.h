/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYNTAX_H
#define SYNTAX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MISC_MAJOR 10 /* include/uapi/linux/major.h */
#define MISC_MINOR_DYNAMIC 255 /* MISC_DYNAMIC_MINOR of include/linux/miscdevice.h */

/* The type, S_IFCHR or S_IFBLK, and the numbers of a device node. */
struct device_number {
	mode_t type;
	unsigned int major;
	unsigned int minor;
};

/* A device name: a relative path of valid components. */
bool syntax_is_device_name(const char *name);

/* The name of a module as in /proc/modules: one component without "-" and ".". */
bool syntax_is_module_name(const char *module);

/* Replaces "-" by "_", as the kernel does in the name of a module. */
void syntax_normalise_module_name(char *name);

/* True if a file of this name is a module. */
bool syntax_is_module_file(const char *name);

/* True if the file name of a module has no suffix of a compression. */
bool syntax_is_plain_module(const char *name);

/* The last component of a path. */
const char *syntax_base_name(const char *path);

/* The length of a path without the suffix of a module: ".ko" and a compression. */
size_t syntax_module_stem_size(const char *path);

/*
 * Compares the names of modules, like strcmp(3). Each may be the name of the file: "-" is "_", and
 * the name ends at the first dot.
 */
int syntax_compare_module_names(const char *a, const char *b);

/* "MAJOR<separator>MINOR", the whole of the string, in plain decimal. Does not set the type. */
bool syntax_parse_numbers(const char *string, char separator, struct device_number *ret_number);

/* The name or ID of a user or group, in characters that no output format has to quote. */
bool syntax_is_owner(const char *text);

/* Decimal digits alone, at least one: a number, never a name. */
bool syntax_is_digits(const char *text);

/* Parses a plain decimal of at most max, which is at least 9, and moves *s behind it. */
bool syntax_take_decimal(const char **s, unsigned int max, unsigned int *ret_number);

/* A user or group ID, the whole of the string, in plain decimal; not one that chown(2) ignores. */
bool syntax_parse_id(const char *text, unsigned int *ret_id);

/* A mode in octal, the whole of the string. Keeps the permission bits only. */
bool syntax_parse_mode(const char *text, mode_t *ret_mode);

/* The ID of a user or group, not one that chown(2) ignores. */
bool syntax_is_id(unsigned int id);

/* MISC_DYNAMIC_MINOR: a request for a number, not the number of a node. */
bool syntax_is_dynamic(const struct device_number *number);

bool syntax_same_number(const struct device_number *a, const struct device_number *b);

char syntax_type_letter(mode_t type);

/* Formats a number as in modules.devname, such as "c10:229". Returns the text. */
#define SYNTAX_NUMBER_SIZE 24
const char *syntax_format_number(const struct device_number *number,
				 char text[static SYNTAX_NUMBER_SIZE]);

/*
 * Orders device names. Conflicting names, "a" and "a" or "a" and "a/b", are equal. The order is
 * consistent for names of which no two are equal, which suffices for a search tree.
 */
int syntax_compare_paths(const char *a, const char *b);

#endif
