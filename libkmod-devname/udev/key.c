// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which keys there are in udev's rules, and what may stand with each, as parse_token() of
 * systemd's src/udev/udev-rules.c has it. Pure: no allocation, no I/O.
 */

#include <stddef.h>
#include <string.h>
#include <sys/types.h>

#include "node/syntax.h"
#include "udev/key.h"

#define COMPARE (UDEV_EQUAL | UDEV_DIFFER)
#define SET (UDEV_SET | UDEV_ADD)
#define REMOVE UDEV_REMOVE

enum attribute {
	NONE,
	OPTIONAL,
	REQUIRED,
};

/* What is not in version 252 yet: SYMLINK-=, CONST{cvm}, and i"VALUE". */
static const struct key {
	const char *name;
	unsigned int operators;
	enum attribute attribute;
	const char *attributes; /* the only ones, if there is a list */
} keys[] = {
	{ "ACTION", COMPARE, NONE, NULL },
	{ "DEVPATH", COMPARE, NONE, NULL },
	{ "KERNEL", COMPARE, NONE, NULL },
	{ "SYMLINK", COMPARE | SET | REMOVE, NONE, NULL },
	{ "NAME", COMPARE | SET, NONE, NULL },
	{ "ENV", COMPARE | SET, REQUIRED, NULL },
	{ "CONST", COMPARE, REQUIRED, "arch virt cvm" },
	{ "TAG", COMPARE | SET | REMOVE, NONE, NULL },
	{ "SUBSYSTEM", COMPARE, NONE, NULL },
	{ "DRIVER", COMPARE, NONE, NULL },
	{ "ATTR", COMPARE | SET, REQUIRED, NULL },
	{ "SYSCTL", COMPARE | SET, REQUIRED, NULL },
	{ "KERNELS", COMPARE, NONE, NULL },
	{ "SUBSYSTEMS", COMPARE, NONE, NULL },
	{ "DRIVERS", COMPARE, NONE, NULL },
	{ "ATTRS", COMPARE, REQUIRED, NULL },
	{ "TAGS", COMPARE, NONE, NULL },
	{ "TEST", COMPARE, OPTIONAL, NULL },
	{ "PROGRAM", COMPARE | SET, NONE, NULL },
	{ "IMPORT", COMPARE | SET, REQUIRED, "file program builtin db cmdline parent" },
	{ "RESULT", COMPARE, NONE, NULL },
	{ "OPTIONS", SET, NONE, NULL },
	{ "OWNER", SET, NONE, NULL },
	{ "GROUP", SET, NONE, NULL },
	{ "MODE", SET, NONE, NULL },
	{ "SECLABEL", SET, REQUIRED, NULL },
	{ "RUN", SET, OPTIONAL, "program builtin" },
	{ "GOTO", UDEV_SET, NONE, NULL },
	{ "LABEL", UDEV_SET, NONE, NULL },
};

/* Properties of a device that are the kernel's and udev's own. */
#define FIXED_PROPERTIES \
	"ACTION DEVLINKS DEVNAME DEVPATH DEVTYPE DRIVER IFINDEX MAJOR MINOR SEQNUM SUBSYSTEM TAGS"

#define LOG_LEVELS "reset emerg alert crit err warning notice info debug 0 1 2 3 4 5 6 7"

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static bool is_one_of(const char *word, const char *words)
{
	size_t size = strlen(word);

	while (*words != '\0') {
		size_t next = strcspn(words, " ");

		if (next == size && strncmp(words, word, size) == 0)
			return true;
		words += next;
		words += strspn(words, " ");
	}
	return false;
}

static bool is_key(const struct udev_token *token, const char *name)
{
	return strcmp(token->key, name) == 0;
}

static bool has_valid_attribute(const struct udev_token *token, const struct key *key)
{
	const char *attribute = token->attribute;
	mode_t mode;

	if (!attribute)
		return key->attribute != REQUIRED;
	if (key->attribute == NONE)
		return false;
	if (is_key(token, "TEST"))
		return *attribute == '\0' || syntax_parse_mode(attribute, &mode);
	if (key->attributes)
		return is_one_of(attribute, key->attributes);
	return *attribute != '\0';
}

static bool is_integer(const char *text)
{
	return syntax_is_digits(text + (*text == '-' || *text == '+'));
}

static bool is_valid_option(const char *value)
{
	static const char priority[] = "link_priority=", level[] = "log_level=";

	if (strncmp(value, priority, strlen(priority)) == 0)
		return is_integer(value + strlen(priority));
	if (strncmp(value, level, strlen(level)) == 0)
		return is_one_of(value + strlen(level), LOG_LEVELS);
	return true; /* udev warns of what it does not know */
}

static bool has_valid_value(const struct udev_token *token)
{
	if (is_key(token, "OPTIONS"))
		return is_valid_option(token->value);
	if ((token->operator& COMPARE) != 0)
		return true;
	if (is_key(token, "NAME"))
		return *token->value != '\0' && strcmp(token->value, "%k") != 0;
	return !is_key(token, "ENV") || !is_one_of(token->attribute, FIXED_PROPERTIES);
}

static bool may_ignore_case(const struct udev_token *token)
{
	return (token->operator& COMPARE) != 0 && !is_key(token, "TEST") &&
	       !is_key(token, "PROGRAM") && !is_key(token, "IMPORT");
}

bool udev_key_is_valid(const struct udev_token *token)
{
	const struct key *key = find_key(token->key);

	return key && (key->operators & token->operator) != 0 && has_valid_attribute(token, key) &&
	       has_valid_value(token) && (!token->ignores_case || may_ignore_case(token));
}
