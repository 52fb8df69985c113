/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "libkmod-devname.h"

/* Takes an input that is made and not committed. */
typedef void (*fuzz_take)(const char *name, const uint8_t *data, size_t size);

/*
 * A target is a function in a file of its name, and what it aborts at is a find. The program "fuzz"
 * is libFuzzer, the program "test-fuzz" a plain test over the inputs that are known.
 */
struct fuzz_target {
	const char *name; /* its inputs are below testsuite/fuzz/corpus/NAME */
	void (*run)(const uint8_t *data, size_t size);
	void (*seeds)(fuzz_take take); /* inputs that are made; NULL: there are none */
};

/* Those of the libraries that this build has; the last one has no name. */
extern const struct fuzz_target fuzz_targets[];

/* The target of this name, of so many bytes. Fails if there is none. */
const struct fuzz_target *fuzz_find_target(const char *name, size_t size);

void fuzz_target_alias(const uint8_t *data, size_t size);
void fuzz_target_depmod(const uint8_t *data, size_t size);
void fuzz_target_format(const uint8_t *data, size_t size);
void fuzz_target_gzip(const uint8_t *data, size_t size);
void fuzz_target_index(const uint8_t *data, size_t size);
void fuzz_target_libelf(const uint8_t *data, size_t size);
void fuzz_target_lookup(const uint8_t *data, size_t size);
void fuzz_target_modinfo(const uint8_t *data, size_t size);
void fuzz_target_read(const uint8_t *data, size_t size);
void fuzz_target_udev(const uint8_t *data, size_t size);
void fuzz_target_xz(const uint8_t *data, size_t size);
void fuzz_target_zstd(const uint8_t *data, size_t size);
void fuzz_target_gzip_seeds(fuzz_take take);
void fuzz_target_xz_seeds(fuzz_take take);
void fuzz_target_zstd_seeds(fuzz_take take);

/* What must hold for every input. Says what did not, and aborts: that is a find. */
#define FUZZ_CHECK(condition, ...) \
	do { \
		if (!(condition)) \
			fuzz_fail(__FILE__, __LINE__, __VA_ARGS__); \
	} while (0)
_Noreturn void fuzz_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A piece of memory that may have NUL bytes in it, and has one behind it. */
struct fuzz_bytes {
	char *data;
	size_t size;
};

/* A copy, to be freed. Fails if there is no memory, as all of these do. */
struct fuzz_bytes fuzz_copy(const void *data, size_t size);

/* The bytes as a stream. */
FILE *fuzz_open(const void *data, size_t size);

/* A table and the report of what made it. */
struct fuzz_result {
	struct kmod_devname_table *table;
	struct kmod_devname_report *report;
};
struct fuzz_result fuzz_result_new(void);
void fuzz_result_done(struct fuzz_result *result);

/* The text of a table, to be freed. */
struct fuzz_bytes fuzz_text(const struct kmod_devname_table *table);

/* The codes of all findings, sorted, as text, to be freed. */
char *fuzz_codes(const struct kmod_devname_report *report);

/* The one file without a name, which has these bytes until the next call. */
int fuzz_file(const uint8_t *data, size_t size);

/* The one directory, empty at first; removed when the program ends by itself. */
int fuzz_root(void);

/* Puts bytes into a file below that directory; its parents are made. */
void fuzz_write(const char *path, const void *data, size_t size);

/* Images of modules: each layout and defect of mkmodule(). */
void fuzz_modules(fuzz_take take);

#endif
