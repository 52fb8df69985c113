// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One token of a rule: its grammar, and which keys, operators, attributes and values udevd takes.
 * Pure: no allocation, no I/O.
 *
 * udevd drops a rule with any other token. Accepting more than udevd would make nodes more
 * permissive, so the keys are exactly those of systemd 262 (parse_line() and parse_token() of
 * src/udev/udev-rules.c). Tokens that only some versions from 252 on accept are disputed:
 * SYMLINK-=, CONST{cvm}, i"VALUE", the later builtins, and some properties that ENV sets.
 */

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>

#include "node/syntax.h"
#include "udev/rules.h"

#define BLANKS " \t\n\r"

#define COMPARE UDEV_COMPARE
#define SET (UDEV_SET | UDEV_ADD)
#define REMOVE UDEV_REMOVE

enum attribute_use {
	NONE,
	OPTIONAL,
	REQUIRED,
};

static const struct udev_key {
	const char *name;
	unsigned int operators;
	enum attribute_use attribute;
	const char *attributes; /* the only ones, if there is a list */
} udev_keys[] = {
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

/* The kernel and udevd set these properties of a device; ENV can only compare them. */
#define FIXED_PROPERTIES \
	"ACTION DEVLINKS DEVNAME DEVPATH DEVTYPE DRIVER IFINDEX MAJOR MINOR SEQNUM SUBSYSTEM TAGS"
/* Those that ENV could set in version 252. */
#define LATER_FIXED_PROPERTIES \
	"CURRENT_TAGS DEVGID DEVMODE DEVPATH_OLD DEVUID DISKSEQ INTERFACE INTERFACE_OLD MODALIAS " \
	"PARTN SYNTH_UUID UDEV_DATABASE_VERSION USEC_INITIALIZED"
#define LATER_FIXED_PREFIX "SYNTH_ARG_"

#define BUILTINS \
	"blkid btrfs hwdb input_id keyboard kmod net_id net_setup_link path_id uaccess usb_id"
#define LATER_BUILTINS "dissect_image factory_reset net_driver tpm2_id"

#define LOG_LEVELS "reset emerg alert crit err warning notice info debug 0 1 2 3 4 5 6 7"

static const struct udev_key *find_udev_key(const char *name)
{
	for (size_t i = 0; i < sizeof(udev_keys) / sizeof(udev_keys[0]); i++)
		if (strcmp(udev_keys[i].name, name) == 0)
			return &udev_keys[i];
	return NULL;
}

/* Looks for the first bytes of a text in a list of words, or of their beginnings. */
static bool is_word_of(const char *text, size_t size, const char *words, bool or_beginning)
{
	while (*words != '\0') {
		size_t next = strcspn(words, " ");

		if ((size == next || (or_beginning && size < next)) &&
		    strncmp(words, text, size) == 0)
			return true;
		words += next;
		words += strspn(words, " ");
	}
	return false;
}

static bool is_one_of(const char *text, const char *words)
{
	return is_word_of(text, strlen(text), words, false);
}

static bool has_valid_attribute(const struct udev_token *token, const struct udev_key *key)
{
	const char *attribute = token->attribute;
	mode_t mode;

	if (!attribute)
		return key->attribute != REQUIRED;
	if (key->attribute == NONE)
		return false;
	if (udev_token_has_key(token, "TEST"))
		return *attribute == '\0' || syntax_parse_mode(attribute, &mode);
	if (key->attributes)
		return is_one_of(attribute, key->attributes);
	return *attribute != '\0';
}

/* An int in plain decimal, with or without a sign; udevd also accepts blanks and other bases. */
static bool is_int_value(const char *text)
{
	const char *digits = text + (*text == '-' || *text == '+');
	unsigned int value, max = *text == '-' ? (unsigned int)INT_MAX + 1 : INT_MAX;

	if (!syntax_is_digits(digits))
		return false;
	digits += strspn(digits, "0");
	return *digits == '\0' || syntax_take_decimal(&digits, max, &value);
}

/*
 * udevd ignores an unknown option, and accepts the rule. Versions differ in the notations of these
 * two values that they accept besides the plain one.
 */
static bool is_disputed_option(const char *value)
{
	static const char priority[] = "link_priority=", level[] = "log_level=";

	if (strncmp(value, priority, strlen(priority)) == 0)
		return !is_int_value(value + strlen(priority));
	return strncmp(value, level, strlen(level)) == 0 &&
	       !is_one_of(value + strlen(level), LOG_LEVELS);
}

/* The first word of a builtin's command is its name; version 252 accepts a prefix. */
static bool has_valid_builtin(struct udev_token *token)
{
	const char *name = token->value + strspn(token->value, BLANKS);
	size_t size = strcspn(name, BLANKS);

	if (is_word_of(name, size, BUILTINS, false))
		return true;
	token->is_disputed = true;
	return is_word_of(name, size, LATER_BUILTINS, false) ||
	       is_word_of(name, size, BUILTINS, true);
}

static bool has_settable_property(struct udev_token *token)
{
	const char *name = token->attribute;

	if (is_one_of(name, LATER_FIXED_PROPERTIES) ||
	    strncmp(name, LATER_FIXED_PREFIX, strlen(LATER_FIXED_PREFIX)) == 0)
		token->is_disputed = true;
	return !is_one_of(name, FIXED_PROPERTIES);
}

static bool has_valid_value(struct udev_token *token)
{
	if (udev_token_has_key(token, "OPTIONS"))
		token->is_disputed = is_disputed_option(token->value);
	if ((udev_token_has_key(token, "IMPORT") || udev_token_has_key(token, "RUN")) &&
	    token->attribute && strcmp(token->attribute, "builtin") == 0)
		return has_valid_builtin(token);
	if ((token->op & COMPARE) != 0)
		return true;
	if (udev_token_has_key(token, "NAME"))
		return *token->value != '\0' && strcmp(token->value, "%k") != 0;
	return !udev_token_has_key(token, "ENV") || has_settable_property(token);
}

static bool may_ignore_case(const struct udev_token *token)
{
	return (token->op & COMPARE) != 0 && !udev_token_has_key(token, "TEST") &&
	       !udev_token_has_key(token, "PROGRAM") && !udev_token_has_key(token, "IMPORT");
}

static bool is_valid_token(struct udev_token *token)
{
	const struct udev_key *key = find_udev_key(token->key);

	if (!key || (key->operators & token->op) == 0 || !has_valid_attribute(token, key) ||
	    (token->ignores_case && !may_ignore_case(token)))
		return false;
	token->is_disputed =
		token->ignores_case ||
		(token->op == REMOVE && udev_token_has_key(token, "SYMLINK")) ||
		(udev_token_has_key(token, "CONST") && strcmp(token->attribute, "cvm") == 0);
	return has_valid_value(token);
}

static bool is_key_end(const char *p)
{
	return *p == '\0' || strchr(BLANKS "={", *p) || (strchr("+-!:", *p) && p[1] == '=');
}

static bool read_operator(char **p, enum udev_operator *ret_op)
{
	static const char signs[] = "=!-+:";
	static const enum udev_operator meanings[] = { UDEV_EQUAL, UDEV_DIFFER, UDEV_REMOVE,
						       UDEV_ADD, UDEV_ADD };
	const char *sign = **p != '\0' ? strchr(signs, **p) : NULL;

	if (sign && (*p)[1] == '=') {
		*ret_op = meanings[sign - signs];
		*p += 2;
		return true;
	}
	*ret_op = UDEV_SET;
	return *(*p)++ == '=';
}

/* Reads exactly so many digits, and no zero: a NUL would end the string. */
static bool read_code_digits(char **p, size_t base, size_t digits, unsigned long *ret_code)
{
	static const char symbols[] = "0123456789abcdef";
	unsigned long code = 0;

	for (; digits > 0; digits--) {
		const char *symbol = memchr(symbols, tolower((unsigned char)*(*p)++), base);

		if (!symbol)
			return false;
		code = code * base + (size_t)(symbol - symbols);
	}
	*ret_code = code;
	return code != 0;
}

/* Writes a code point as UTF-8, which is never longer than its escape. */
static bool write_code_point(char **to, unsigned long code)
{
	static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	int size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return false;
	for (int i = size - 1; i > 0; i--, code >>= 6)
		(*to)[i] = (char)(0x80 | (code & 0x3f));
	(*to)[0] = (char)(first[size] | code);
	*to += size;
	return true;
}

/* Reads what follows a backslash. */
static bool read_escape(char **from, char **to)
{
	static const char letters[] = "abfnrtvs\\\"'";
	static const char meanings[] = "\a\b\f\n\r\t\v \\\"'";
	const char *letter = **from != '\0' ? strchr(letters, **from) : NULL;
	size_t digits = **from == 'x' ? 2 : **from == 'u' ? 4 : **from == 'U' ? 8 : 0;
	unsigned long code;

	if (letter) {
		++*from;
		*(*to)++ = meanings[letter - letters];
		return true;
	}
	*from += digits > 0;
	if (digits > 0 ? !read_code_digits(from, 16, digits, &code)
		       : !read_code_digits(from, 8, 3, &code))
		return false;
	if (digits > 2)
		return write_code_point(to, code);
	*(*to)++ = (char)code;
	return code <= 255;
}

/*
 * In e"..." a backslash begins an escape of C. In a plain string \" is a quote, and any other
 * backslash is itself.
 */
static bool read_string(char **p, bool is_escaped)
{
	char *from = *p, *to = *p;

	while (*from != '"') {
		if (*from == '\0')
			return false;
		if (*from == '\\' && is_escaped) {
			from++;
			if (!read_escape(&from, &to))
				return false;
			continue;
		}
		if (from[0] == '\\' && from[1] == '"')
			from++;
		*to++ = *from++;
	}
	*p = from + 1;
	*to = '\0';
	return true;
}

static bool read_quoted_value(char **p, struct udev_token *token)
{
	bool escaped = false;

	for (;; ++*p) {
		if (**p == 'e' && !escaped)
			escaped = true;
		else if (**p == 'i' && !token->ignores_case)
			token->ignores_case = true;
		else
			break;
	}
	if (*(*p)++ != '"')
		return false;
	token->value = *p;
	return read_string(p, escaped);
}

int udev_token_next(char **line, struct udev_token *ret_token)
{
	struct udev_token token = { 0 };
	char *p = *line + strspn(*line, BLANKS ","), *key_end;

	if (*p == '\0')
		return 0;
	token.key = p;
	while (!is_key_end(p))
		p++;
	key_end = p;
	if (*p == '{') {
		token.attribute = p + 1;
		p = strchr(p, '}');
		if (!p)
			return -EINVAL;
		*p++ = '\0';
	}
	p += strspn(p, BLANKS);
	if (!read_operator(&p, &token.op))
		return -EINVAL;
	*key_end = '\0';
	p += strspn(p, BLANKS);
	if (!read_quoted_value(&p, &token) || !is_valid_token(&token))
		return -EINVAL;
	*line = p;
	*ret_token = token;
	return 1;
}
