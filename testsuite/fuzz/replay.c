// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A target as a plain test: test-fuzz-NAME [FILE...] runs it over its inputs, those that are
 * committed and those that are made, or over these files, and prints TAP; -w DIRECTORY writes the
 * inputs to files instead, as libFuzzer takes them. In a file NAME.hex are lines of hexadecimal
 * digits, and of comments that begin with "#".
 */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static unsigned int inputs;
static const char *write_to;

static void write_input(const char *name, const uint8_t *data, size_t size)
{
	char *path;
	FILE *stream;

	FUZZ_CHECK(asprintf(&path, "%s/%s", write_to, name) >= 0, "no memory");
	stream = fopen(path, "we");
	FUZZ_CHECK(stream && fwrite(data, 1, size, stream) == size && fclose(stream) == 0, "%s: %s",
		   path, strerror(errno));
	free(path);
}

/* From a copy that ends where its memory does, for tools that see what is read beyond. */
static void run_input(const char *name, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size);

	FUZZ_CHECK(copy || size == 0, "no memory");
	if (size > 0)
		memcpy(copy, data, size);
	printf("# %s\n", name);
	(void)fflush(stdout);
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void take_input(const char *name, const uint8_t *data, size_t size)
{
	inputs++;
	if (write_to)
		write_input(name, data, size);
	else
		run_input(name, data, size);
}

static bool is_hex(const char *name)
{
	const char *suffix = strrchr(name, '.');

	return suffix && strcmp(suffix, ".hex") == 0;
}

static unsigned int digit(char c)
{
	FUZZ_CHECK(isxdigit((unsigned char)c), "'%c' is no hexadecimal digit", c);
	return isdigit((unsigned char)c) ? (unsigned int)(c - '0')
					 : (unsigned int)(tolower((unsigned char)c) - 'a' + 10);
}

/* In its place: two digits are one byte. */
static void decode(struct bytes *text)
{
	bool comment = false;
	char *to = text->data;

	for (const char *p = text->data; *p != '\0'; p++) {
		comment = *p == '#' || (comment && *p != '\n');
		if (comment || isspace((unsigned char)*p))
			continue;
		*to++ = (char)(digit(p[0]) * 16 + digit(p[1]));
		p++;
	}
	text->size = (size_t)(to - text->data);
}

static struct bytes read_file(const char *path)
{
	struct bytes text = { 0 };
	FILE *from = fopen(path, "re"), *to = open_memstream(&text.data, &text.size);
	int c;

	FUZZ_CHECK(from && to, "%s: %s", path, strerror(errno));
	while ((c = getc(from)) != EOF)
		(void)putc(c, to);
	FUZZ_CHECK(!ferror(from), "%s: cannot be read", path);
	(void)fclose(from);
	(void)fclose(to);
	if (is_hex(path))
		decode(&text);
	return text;
}

static void take_file(const char *path)
{
	struct bytes input = read_file(path);
	const char *slash = strrchr(path, '/');

	take_input(slash ? slash + 1 : path, (const uint8_t *)input.data, input.size);
	free(input.data);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void take_corpus(void)
{
	const char *top = getenv("top_srcdir");
	struct dirent **entries = NULL;
	char *directory, *path;
	int n;

	FUZZ_CHECK(asprintf(&directory, "%s/testsuite/fuzz/corpus/%s", top ? top : ".",
			    fuzz_target.name) >= 0,
		   "no memory");
	n = scandir(directory, &entries, is_visible, alphasort);
	FUZZ_CHECK(n > 0, "%s: no inputs; top_srcdir says where the sources are", directory);
	for (int i = 0; i < n; i++) {
		FUZZ_CHECK(asprintf(&path, "%s/%s", directory, entries[i]->d_name) >= 0,
			   "no memory");
		take_file(path);
		free(path);
		free(entries[i]);
	}
	free(entries);
	free(directory);
}

int main(int argc, char **argv)
{
	int first = 1;

	if (argc == 3 && strcmp(argv[1], "-w") == 0) {
		write_to = argv[2];
		first = argc;
	}
	if (!write_to)
		puts("1..1");
	for (int i = first; i < argc; i++)
		take_file(argv[i]);
	if (argc == 1 || write_to) {
		take_corpus();
		if (fuzz_target.seeds)
			fuzz_target.seeds(take_input);
	}
	if (!write_to)
		printf("# inputs: %u\nok 1 - fuzz %s: all %u inputs that are known\n", inputs,
		       fuzz_target.name, inputs);
	return EXIT_SUCCESS;
}
