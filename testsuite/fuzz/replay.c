// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The targets as a plain test, test-fuzz: runs each of them, in a process of its own, over its
 * inputs, those that are committed and those that are made, and prints TAP. "test-fuzz TARGET
 * FILE..." runs one over these files; "-w TARGET DIRECTORY" writes its inputs to files, as
 * libFuzzer takes them; "-l" lists the targets. In a file NAME.hex are lines of hexadecimal digits,
 * and of comments that begin with "#".
 */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

static const struct fuzz_target *target;
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
	target->run(copy, size);
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
static void decode(struct fuzz_bytes *text)
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

static struct fuzz_bytes read_file(const char *path)
{
	struct fuzz_bytes text = { 0 };
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
	struct fuzz_bytes input = read_file(path);
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
			    target->name) >= 0,
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

static void take_all(void)
{
	take_corpus();
	if (target->seeds)
		target->seeds(take_input);
}

/* A case of the test, in a process that the target may abort. */
static bool run_case(int number)
{
	int status = 0;
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	FUZZ_CHECK(pid >= 0, "fork: %s", strerror(errno));
	if (pid == 0) {
		take_all();
		printf("ok %d - fuzz %s: all %u inputs that are known\n", number, target->name,
		       inputs);
		exit(EXIT_SUCCESS);
	}
	FUZZ_CHECK(waitpid(pid, &status, 0) == pid, "waitpid: %s", strerror(errno));
	if (status != 0)
		printf("not ok %d - fuzz %s: ends with status %#x\n", number, target->name, status);
	return status == 0;
}

static int run_cases(void)
{
	int n = 0;
	bool good = true;

	while (fuzz_targets[n].name)
		n++;
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		target = &fuzz_targets[i];
		good = run_case(i + 1) && good;
	}
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void list_targets(void)
{
	for (size_t i = 0; fuzz_targets[i].name; i++)
		puts(fuzz_targets[i].name);
}

int main(int argc, char **argv)
{
	if (argc == 1)
		return run_cases();
	if (strcmp(argv[1], "-l") == 0) {
		list_targets();
	} else if (argc == 4 && strcmp(argv[1], "-w") == 0) {
		target = fuzz_find_target(argv[2], strlen(argv[2]));
		write_to = argv[3];
		take_all();
	} else {
		target = fuzz_find_target(argv[1], strlen(argv[1]));
		for (int i = 2; i < argc; i++)
			take_file(argv[i]);
	}
	return EXIT_SUCCESS;
}
