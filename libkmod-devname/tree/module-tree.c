// SPDX-License-Identifier: LGPL-2.1-or-later
/* Names of modules and of their files, as depmod and the kernel have them. Nothing is opened. */

#include <string.h>

#include "tree/module-tree.h"

bool module_tree_is_module(const char *name)
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

bool module_tree_is_plain(const char *name)
{
	const char *suffix = strrchr(name, '.');

	return suffix && strcmp(suffix, ".ko") == 0;
}

const char *module_tree_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

size_t module_tree_stem_size(const char *path)
{
	const char *suffix = NULL;

	for (const char *p = module_tree_base_name(path); (p = strstr(p, ".ko")); p++)
		suffix = p;
	return suffix ? (size_t)(suffix - path) : strlen(path);
}

char *module_tree_module_name(const char *path)
{
	const char *name = module_tree_base_name(path);

	return strndup(name, strcspn(name, "."));
}

/* A byte of a module's name, the name's end included, from a byte of the file's name. */
static char module_byte(char c)
{
	if (c == '.')
		return '\0';
	return c == '-' ? '_' : c;
}

int module_tree_compare_names(const char *a, const char *b)
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
