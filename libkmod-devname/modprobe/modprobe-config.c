// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * modprobe.d(5): the statements that decide which modules are loaded, with their places. What
 * they mean is left to libkmod, which does not tell places, and complains on stderr about lines
 * it does not know: so it is given those that were understood here, and nothing else to read.
 */

#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/confdir.h"
#include "modprobe/modprobe-config.h"

#define BLANKS " \t"
#define STATEMENTS_MAX 100000

enum form {
	FORM_KEY, /* WORD KEY */
	FORM_WORD, /* WORD KEY WORD */
	FORM_REST, /* WORD KEY, and the rest of the line */
};

static const struct {
	const char *text;
	enum form form;
	enum modprobe_word word;
} words[] = {
	{ "alias", FORM_WORD, MODPROBE_ALIAS },     { "blacklist", FORM_KEY, MODPROBE_BLACKLIST },
	{ "install", FORM_REST, MODPROBE_INSTALL }, { "softdep", FORM_REST, MODPROBE_SOFTDEP },
	{ "options", FORM_REST, MODPROBE_OTHER },   { "remove", FORM_REST, MODPROBE_REMOVE },
	{ "weakdep", FORM_REST, MODPROBE_OTHER },
};

#define N_WORDS (sizeof(words) / sizeof(words[0]))

struct modprobe_reading {
	struct modprobe_config *config;
	struct kmod_devname_report *report;
};

static void statement_done(struct modprobe_statement *statement)
{
	free(statement->key);
	free(statement->value);
	free(statement->file);
}

void modprobe_config_done(struct modprobe_config *config)
{
	for (size_t i = 0; i < config->size; i++)
		statement_done(&config->items[i]);
	free(config->items);
	*config = (struct modprobe_config){ 0 };
}

int modprobe_config_normalise(char *name)
{
	for (; *name != '\0'; name++) {
		if (*name == ']')
			return -EINVAL;
		if (*name == '[') {
			name = strchr(name, ']');
			if (!name)
				return -EINVAL;
		} else if (*name == '-') {
			*name = '_';
		}
	}
	return 0;
}

static int add(struct modprobe_config *config, enum modprobe_word word, const char *key,
	       const char *value, const struct location *location)
{
	struct modprobe_statement statement = { word, strdup(key), value ? strdup(value) : NULL,
						strdup(location->file), location->line };
	struct modprobe_statement *items = NULL;

	if (config->size < STATEMENTS_MAX && statement.key && statement.file &&
	    (!value || statement.value))
		items = array_grow(config->items, &config->capacity, sizeof(*items),
				   config->size + 1);
	if (!items) {
		statement_done(&statement);
		return config->size < STATEMENTS_MAX ? -ENOMEM : -EFBIG;
	}
	config->items = items;
	items[config->size++] = statement;
	return 0;
}

static int report_bad(struct modprobe_reading *reading, const struct location *location,
		      const char *word)
{
	return report_add(reading->report, KMOD_DEVNAME_BAD_CONFIG, KMOD_DEVNAME_WARNING, location,
			  "'%s' begins no statement of modprobe.d(5), or lacks something", word);
}

static int read_statement(struct modprobe_reading *reading, const struct location *location,
			  size_t i, char *rest)
{
	char *key = strtok_r(NULL, BLANKS, &rest), *value = NULL;
	bool good = key && modprobe_config_normalise(key) == 0;

	if (words[i].form == FORM_WORD) {
		value = strtok_r(NULL, BLANKS, &rest);
		good = good && value && modprobe_config_normalise(value) == 0;
	} else if (words[i].form == FORM_REST) {
		value = rest;
		good = good && value && *value != '\0';
	}
	if (!good)
		return report_bad(reading, location, words[i].text);
	if (words[i].word == MODPROBE_OTHER)
		return 0;
	return add(reading->config, words[i].word, key, value, location);
}

/* See struct config_files. */
static int take_line(void *data, const struct location *location, char *text)
{
	struct modprobe_reading *reading = data;
	char *rest = NULL;
	const char *word = text[0] == '#' ? NULL : strtok_r(text, BLANKS, &rest);

	if (!word)
		return 0;
	for (size_t i = 0; i < N_WORDS; i++)
		if (strcmp(word, words[i].text) == 0)
			return read_statement(reading, location, i, rest);
	return report_bad(reading, location, word);
}

int modprobe_config_read(struct modprobe_config *config, struct kmod_devname_report *report,
			 int root_fd, const char *softdep)
{
	struct modprobe_reading reading = { config, report };
	const struct config_files files = { .root_fd = root_fd,
					    .name = "modprobe.d",
					    /* not in the manual page, and modprobe reads it */
					    .suffix = ".alias",
					    .also = softdep,
					    .report = report,
					    .take = take_line,
					    .data = &reading };

	return config_files_read(&files, NULL, 0);
}

static int add_names(struct modprobe_config *config, char *names)
{
	const struct location location = { "/proc/cmdline", 0 };
	char *name, *rest = NULL;
	int r = 0;

	/* no module has a blank or a quote in its name */
	for (name = strtok_r(names, ",", &rest); name && r == 0; name = strtok_r(NULL, ",", &rest))
		if (name[strcspn(name, BLANKS "\n\"")] == '\0')
			r = add(config, MODPROBE_BLACKLIST, name, NULL, &location);
	return r;
}

/* Ends the word at the beginning, blanks in quotes are part of it, and returns what is behind. */
static char *end_word(char *text)
{
	bool quoted = false;

	for (; *text != '\0' && (quoted || !strchr(BLANKS "\n", *text)); text++)
		if (*text == '"')
			quoted = !quoted;
	if (*text != '\0')
		*text++ = '\0';
	return text;
}

static char *unquote(char *text)
{
	if (*text != '"')
		return text;
	text[1 + strcspn(text + 1, "\"")] = '\0';
	return text + 1;
}

/* The kernel takes quotes around a value, or around the whole of an option. */
int modprobe_config_add_cmdline(struct modprobe_config *config, char *text)
{
	static const char option[] = "modprobe.blacklist=";
	const size_t size = sizeof(option) - 1;
	char *word, *rest = text;
	int r = 0;

	while (*rest != '\0' && r == 0) {
		word = rest;
		rest = end_word(word);
		word = unquote(word);
		if (strncmp(word, option, size) == 0)
			r = add_names(config, unquote(word + size));
	}
	return r;
}

int modprobe_config_write(const struct modprobe_config *config, FILE *stream)
{
	for (size_t i = 0; i < config->size; i++) {
		const struct modprobe_statement *statement = &config->items[i];
		const char *value = statement->value ? statement->value : "";
		size_t size = strlen(value);

		if (statement->line == 0)
			continue;
		for (size_t j = 0; j < N_WORDS; j++)
			if (words[j].word == statement->word)
				(void)fprintf(stream, "%s %s %s", words[j].text, statement->key,
					      value);
		/* a backslash at the end would join the next line */
		(void)fputs(size > 0 && value[size - 1] == '\\' ? " \n" : "\n", stream);
	}
	errno = 0;
	if (fflush(stream) == 0 && !ferror(stream))
		return 0;
	return errno != 0 ? -errno : -EIO;
}

static bool matches(const struct modprobe_statement *statement, const char *name)
{
	return statement->word == MODPROBE_BLACKLIST ? strcmp(statement->key, name) == 0
						     : fnmatch(statement->key, name, 0) == 0;
}

const struct modprobe_statement *modprobe_config_find(const struct modprobe_config *config,
						      enum modprobe_word word, const char *name)
{
	for (size_t i = 0; i < config->size; i++)
		if (config->items[i].word == word && matches(&config->items[i], name))
			return &config->items[i];
	return NULL;
}

const struct modprobe_statement *modprobe_config_find_alias(const struct modprobe_config *config,
							    const char *alias, const char *module)
{
	for (size_t i = 0; i < config->size; i++) {
		const struct modprobe_statement *statement = &config->items[i];

		if (statement->word == MODPROBE_ALIAS && strcmp(statement->value, module) == 0 &&
		    matches(statement, alias))
			return statement;
	}
	return NULL;
}
