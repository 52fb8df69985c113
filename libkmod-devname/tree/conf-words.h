/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CONF_WORDS_H
#define CONF_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONF_WORDS_NONE SIZE_MAX

struct conf_word {
	char *text;
	size_t position; /* in the configuration; the smaller one is the more important one */
	size_t above; /* index of the nearest word before it that is a directory above it */
	size_t best; /* position of the most important one of it and all that are above it */
};

/* The words of all statements of one kind. */
struct conf_words {
	struct conf_word *items;
	size_t size;
	size_t capacity;
	size_t count; /* of words that were added, repeated ones too */
};

void conf_words_done(struct conf_words *words);

/* Takes the text, which is NULL if there was no memory for it. Returns 0 or -ENOMEM. */
int conf_words_add(struct conf_words *words, char *text, size_t position);

/* Has to be called between the last word that is added and the first that is looked up. */
void conf_words_sort(struct conf_words *words);

/* The position of the first bytes of a text, or CONF_WORDS_NONE. */
size_t conf_words_find(const struct conf_words *words, const char *text, size_t size);

/* The position of the most important directory that is above a path, or CONF_WORDS_NONE. */
size_t conf_words_find_above(const struct conf_words *words, const char *path);

bool path_is_below(const char *path, const char *directory);

#endif
