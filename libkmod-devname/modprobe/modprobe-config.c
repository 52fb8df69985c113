// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * modprobe.d(5): the statements that decide which modules are loaded, with their places. Their
 * meaning is libkmod's, which tells no places. It reads the directories of the host alone, and
 * complains on stderr, before a log function can be set, about a line that it cannot parse: so the
 * other lines are handed to it as one text.
 */

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/confdir.h"
#include "modprobe/modprobe.h"

#define STATEMENT_BLANKS " \t"
#define STATEMENTS_MAX 100000

static const char *const modprobe_words[] = {
	[MODPROBE_ALIAS] = "alias",     [MODPROBE_BLACKLIST] = "blacklist",
	[MODPROBE_INSTALL] = "install", [MODPROBE_REMOVE] = "remove",
	[MODPROBE_SOFTDEP] = "softdep", [MODPROBE_OPTIONS] = "options",
	[MODPROBE_WEAKDEP] = "weakdep",
};

struct modprobe_reading {
	struct modprobe_config *config;
	struct kmod_devname_report *report;
	FILE *text; /* of the configuration */
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
	free(config->text);
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

static int add_statement(struct modprobe_config *config, enum modprobe_word word, const char *key,
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
	config->key_bytes[word] += strlen(key) + 1;
	return 0;
}

/*
 * Parses "WORD KEY VALUE" behind the word. The value of an alias is one word, that of a blacklist
 * does not exist, and others have the rest of the line. 1 if it is one that libkmod can parse and
 * that counts, 0, or a negative errno.
 */
static int parse_statement(struct modprobe_config *config, const struct location *location,
			   enum modprobe_word word, char *rest)
{
	char *key = strtok_r(NULL, STATEMENT_BLANKS, &rest), *value = NULL;
	int r;

	if (!key || modprobe_config_normalise(key) < 0)
		return -EINVAL;
	if (word == MODPROBE_ALIAS)
		value = strtok_r(NULL, STATEMENT_BLANKS, &rest);
	else if (word != MODPROBE_BLACKLIST && rest && *rest != '\0')
		value = rest;
	if (!value && word != MODPROBE_BLACKLIST)
		return -EINVAL;
	if (word == MODPROBE_ALIAS && modprobe_config_normalise(value) < 0)
		return -EINVAL;
	if (word >= MODPROBE_WORDS_KEPT)
		return 0;
	r = add_statement(config, word, key, value, location);
	return r < 0 ? r : 1;
}

/* Writes a line for libkmod, which drops the backslashes again. */
static int write_line(FILE *text, const char *line)
{
	for (; *line != '\0'; line++)
		if ((*line == '\\' && putc_unlocked('\\', text) == EOF) ||
		    putc_unlocked(*line, text) == EOF)
			return -ENOMEM;
	return putc_unlocked('\n', text) == EOF ? -ENOMEM : 0;
}

/* See struct config_files. */
static int take_config_line(void *data, const struct location *location, char *text)
{
	struct modprobe_reading *reading = data;
	_cleanup_free_ char *copy = strdup(text);
	char *rest = NULL;
	const char *word = text[0] == '#' ? NULL : strtok_r(text, STATEMENT_BLANKS, &rest);
	int r = -EINVAL;

	if (!copy)
		return -ENOMEM;
	if (!word)
		return 0;
	for (enum modprobe_word i = MODPROBE_ALIAS; i <= MODPROBE_WEAKDEP; i++)
		if (strcmp(word, modprobe_words[i]) == 0)
			r = parse_statement(reading->config, location, i, rest);
	if (r == -EINVAL)
		return report_add(reading->report, KMOD_DEVNAME_CODE_BAD_CONFIG,
				  KMOD_DEVNAME_SEVERITY_WARNING, location,
				  "unknown or incomplete directive '%s'", word);
	return r > 0 ? write_line(reading->text, copy) : r;
}

int modprobe_config_read(struct modprobe_config *config, struct kmod_devname_report *report,
			 int root_fd, const char *softdep)
{
	struct modprobe_reading reading = { config, report,
					    open_memstream(&config->text, &config->text_size) };
	const struct config_files files = { .root_fd = root_fd,
					    .name = "modprobe.d",
#ifdef LIBKMOD_READS_ALIAS_FILES
					    .suffix = ".alias",
#endif
					    .also = softdep,
					    .report = report,
					    .take = take_config_line,
					    .data = &reading };
	int r;

	if (!reading.text)
		return -ENOMEM;
	r = config_files_read(&files, NULL, 0);
	/* glibc frees the text silently if it has no memory to shrink it */
	return fclose(reading.text) != 0 || !config->text ? -ENOMEM : r;
}

const struct modprobe_statement *modprobe_config_find(const struct modprobe_config *config,
						      enum modprobe_word word, const char *name,
						      const char *value, size_t *work)
{
	size_t work_of_value = value ? 1 + strlen(value) / 16 : 1;

	*work += config->size / 8; /* to look at a word takes so little */
	for (size_t i = 0; i < config->size; i++) {
		const struct modprobe_statement *statement = &config->items[i];

		if (statement->word != word)
			continue;
		*work += work_of_value;
		/* comparing patterns takes longer */
		if (value && strcmp(statement->value, value) != 0)
			continue;
		*work += strlen(statement->key);
		if (word == MODPROBE_BLACKLIST ? strcmp(statement->key, name) == 0
					       : fnmatch(statement->key, name, 0) == 0)
			return statement;
	}
	return NULL;
}
