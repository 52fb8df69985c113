/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MODULE_FILE_H
#define MODULE_FILE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "libkmod-devname.h"

/* The fault of one module file; MODULE_OK: none. */
enum module_error {
	MODULE_OK,
	MODULE_NOT_ELF,
	MODULE_BAD_HEADER,
	MODULE_TRUNCATED,
	MODULE_BAD_SECTION,
	MODULE_MODINFO_TOO_LARGE,
	MODULE_DATA_TRUNCATED,
	MODULE_DATA_DAMAGED,
	MODULE_DATA_NEEDS_MEMORY,
	MODULE_DATA_WITHOUT_OUTPUT,
	MODULE_EXPANDS_TOO_FAR,
	MODULE_TOO_LARGE,
	MODULE_TRAILING_DATA,
	MODULE_UNSUPPORTED,
	MODULE_TOO_MANY_ALIASES,
	MODULE_CHANGED,
	/* a compression that is not in this build */
	MODULE_NEEDS_GZIP,
	MODULE_NEEDS_XZ,
	MODULE_NEEDS_ZSTD,
	MODULE_ERRORS, /* how many there are */
};

/* The name of the compression that is not in this build; NULL: the error is another one. */
const char *module_error_compression(enum module_error error);
enum kmod_devname_code module_error_code(enum module_error error);
const char *module_error_message(enum module_error error);

/*
 * Memory, codecs and strings for one module file after the other. A thread has its own reader.
 * The functions that read return MODULE_OK, another module error, or a negative errno.
 */
struct module_reader;

/*
 * Memory for readers of several threads to share, for decompressed modules and .modinfo. Each
 * has MODULE_MEMORY_EACH bytes, MODULE_MEMORY_SHARES of them at a time up to MODULE_MEMORY_SHARE,
 * and one of these more. The others wait.
 */
struct module_memory {
	pthread_mutex_t lock;
	pthread_cond_t given_back;
	unsigned int n_shares; /* that are taken */
	bool is_rest_taken;
};

/* Of a thousand modules ten need more than the first of these, and one more than the second. */
#define MODULE_MEMORY_EACH ((size_t)4 << 20)
#define MODULE_MEMORY_SHARE ((size_t)16 << 20)
#define MODULE_MEMORY_SHARES 8

/*
 * A module may have size_max bytes when decompressed. The memory is NULL for a reader that is
 * alone. NULL: no memory.
 */
struct module_reader *module_reader_new(size_t size_max, struct module_memory *memory);
void module_reader_free(struct module_reader *reader);

/*
 * Starts with a module, in a file that stays the caller's: looks at its status and reads its first
 * bytes. Returns 1 if it is compressed, 0 if not; or a negative errno, -EISDIR or -ESPIPE if it is
 * no regular file.
 */
int module_reader_start(struct module_reader *reader, int fd);

/* The status of the file when it was started. */
const struct stat *module_reader_status(const struct module_reader *reader);

/*
 * Reads .modinfo, decompressing if need be. MODULE_CHANGED: the size or the modification time of
 * the file is not what it was at the start, so that what was read may be of two contents.
 */
int module_reader_read(struct module_reader *reader);

/*
 * The value of the next "alias=..." string, or NULL. *position is 0 for the first call. The pointer
 * is valid until the end or the next start.
 */
const char *module_reader_next_alias(const struct module_reader *reader, size_t *position);

/* Ends with a module: gives back the memory that other readers may wait for. */
void module_reader_end(struct module_reader *reader);

/*
 * For a file that is no module: reads all of it, decompressing if need be. The bytes are valid
 * until the next start.
 */
int module_reader_read_bytes(struct module_reader *reader, const uint8_t **ret_data,
			     size_t *ret_size);

#endif
