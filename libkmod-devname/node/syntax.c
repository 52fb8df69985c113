// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The syntax of device names, module names, numbers, owners and modes. All validation of names and
 * numbers is here. Pure: no allocation, no I/O.
 *
 * Parsing is stricter than in C: no sign, blank, leading zero or locale. A valid name needs no
 * quotes in a shell, a line of modules.devname or tmpfiles.d, and cannot leave the device
 * directory.
 */

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "libkmod-devname.h"
#include "node/syntax.h"

#define OWNER_NAME_MAX 255 /* LOGIN_NAME_MAX of Linux without the NUL */
#define ID_MAX 4294967294U /* chown(2) takes 4294967295 for "leave it" */
#define ID_16_BIT 65535 /* the same where IDs have 16 bits */

/* isalnum() would follow the caller's locale. */
static bool is_letter_or_digit(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* The bytes must not have a NUL, which strchr() finds in any string. */
static bool is_name_component(const char *s, size_t size)
{
	/* These begin an option of a command, or a comment of modules.devname. */
	if (size == 0 || size > KMOD_DEVNAME_COMPONENT_MAX || s[0] == '-' || s[0] == '#')
		return false;
	if (s[0] == '.' && (size == 1 || (size == 2 && s[1] == '.')))
		return false;
	for (size_t i = 0; i < size; i++)
		if (!is_letter_or_digit(s[i]) && !strchr("_.+:@,=#!-", s[i]))
			return false;
	return true;
}

bool syntax_is_device_name(const char *name)
{
	const char *component = name;
	size_t size;

	if (strnlen(name, KMOD_DEVNAME_NAME_MAX + 1) > KMOD_DEVNAME_NAME_MAX)
		return false;
	for (;;) {
		size = strcspn(component, "/");
		if (!is_name_component(component, size))
			return false;
		if (component[size] == '\0')
			return true;
		component += size + 1;
	}
}

bool syntax_is_module_name(const char *module)
{
	return is_name_component(module, strlen(module)) && !strpbrk(module, "-.");
}

void syntax_normalise_module_name(char *name)
{
	for (; (name = strchr(name, '-')); name++)
		*name = '_';
}

bool syntax_is_module_file(const char *name)
{
	static const char *const suffixes[] = { ".ko", ".ko.gz", ".ko.xz", ".ko.zst" };
	size_t size = strlen(name);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t suffix = strlen(suffixes[i]);

		if (size > suffix && strcmp(name + size - suffix, suffixes[i]) == 0)
			return true;
	}
	return false;
}

bool syntax_is_plain_module(const char *name)
{
	const char *suffix = strrchr(name, '.');

	return suffix && strcmp(suffix, ".ko") == 0;
}

const char *syntax_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

size_t syntax_module_stem_size(const char *path)
{
	const char *suffix = NULL;

	for (const char *p = syntax_base_name(path); (p = strstr(p, ".ko")); p++)
		suffix = p;
	return suffix ? (size_t)(suffix - path) : strlen(path);
}

/* A byte of a module's name, the name's end included, from a byte of the file's name. */
static char module_byte(char c)
{
	if (c == '.')
		return '\0';
	return c == '-' ? '_' : c;
}

int syntax_compare_module_names(const char *a, const char *b)
{
	char x, y;

	do {
		for (; *a == *b && *a != '.' && *a != '\0'; a++) /* mostly */
			b++;
		x = module_byte(*a++);
		y = module_byte(*b++);
	} while (x == y && x != '\0');
	return (unsigned char)x - (unsigned char)y;
}

bool syntax_take_decimal(const char **s, unsigned int max, unsigned int *ret_number)
{
	const char *p = *s;
	unsigned int number = 0;

	if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		unsigned int digit = (unsigned int)(*p - '0');

		if (number > (max - digit) / 10) /* before it can overflow */
			return false;
		number = number * 10 + digit;
	}
	*s = p;
	*ret_number = number;
	return true;
}

bool syntax_parse_numbers(const char *string, char separator, struct device_number *ret_number)
{
	unsigned int major, minor;

	if (!syntax_take_decimal(&string, KMOD_DEVNAME_MAJOR_MAX, &major) || major == 0)
		return false;
	if (*string++ != separator)
		return false;
	if (!syntax_take_decimal(&string, KMOD_DEVNAME_MINOR_MAX, &minor) || *string != '\0')
		return false;
	ret_number->major = major;
	ret_number->minor = minor;
	return true;
}

bool syntax_is_owner(const char *text)
{
	size_t size = strnlen(text, OWNER_NAME_MAX + 1);

	if (size == 0 || size > OWNER_NAME_MAX || text[0] == '-')
		return false;
	for (; *text != '\0'; text++)
		if (!is_letter_or_digit(*text) && !strchr("_.-", *text))
			return false;
	return true;
}

bool syntax_is_digits(const char *text)
{
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

bool syntax_is_id(unsigned int id)
{
	return id <= ID_MAX && id != ID_16_BIT;
}

bool syntax_parse_id(const char *text, unsigned int *ret_id)
{
	unsigned int id;

	if (!syntax_take_decimal(&text, ID_MAX, &id) || *text != '\0' || !syntax_is_id(id))
		return false;
	*ret_id = id;
	return true;
}

bool syntax_parse_mode(const char *text, mode_t *ret_mode)
{
	mode_t mode = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '7')
			return false;
		mode = mode * 8 + (mode_t)(*text - '0');
		if (mode > 07777) /* udev refuses these as well */
			return false;
	}
	*ret_mode = mode & 0777;
	return true;
}

bool syntax_is_dynamic(const struct device_number *number)
{
	return number->type == S_IFCHR && number->major == MISC_MAJOR &&
	       number->minor == MISC_MINOR_DYNAMIC;
}

bool syntax_same_number(const struct device_number *a, const struct device_number *b)
{
	return a->type == b->type && a->major == b->major && a->minor == b->minor;
}

char syntax_type_letter(mode_t type)
{
	return type == S_IFBLK ? 'b' : 'c';
}

const char *syntax_format_number(const struct device_number *number,
				 char text[static SYNTAX_NUMBER_SIZE])
{
	(void)snprintf(text, SYNTAX_NUMBER_SIZE, "%c%u:%u", syntax_type_letter(number->type),
		       number->major, number->minor);
	return text;
}

/* The slash sorts before all bytes of a name, so the names of a directory are neighbours. */
static int path_byte_rank(char c)
{
	return c == '/' ? 0 : (unsigned char)c;
}

int syntax_compare_paths(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	if ((*a == '\0' || *a == '/') && (*b == '\0' || *b == '/'))
		return 0;
	if (*a == '\0' || *b == '\0')
		return *a == '\0' ? -1 : 1;
	return path_byte_rank(*a) - path_byte_rank(*b);
}
