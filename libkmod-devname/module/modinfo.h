/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MODINFO_H
#define MODINFO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "module/file.h"

#define MODULE_HEAD_SIZE 64 /* an ELF header, and the magic of every compression */

/*
 * The bytes of an ELF module: a plain file, read where they are wanted, or decompressed ones in
 * memory. Never a mapping: another process that truncates the file would end this one with SIGBUS.
 */
struct module_bytes {
	int fd; /* -1: in memory */
	const uint8_t *data;
	size_t size; /* of data */
	uint8_t head[MODULE_HEAD_SIZE]; /* the first bytes of the file, read once for all */
	size_t head_size;
};

/* Reads the head of a file, which stays the caller's. Returns 0 or a negative errno. */
int module_bytes_from_file(int fd, struct module_bytes *ret_bytes);

/* Reads size bytes; fewer only at the end. Returns how many, or a negative errno. */
ssize_t module_bytes_read(const struct module_bytes *bytes, uint64_t offset, void *buffer,
			  size_t size);

/* Memory for the strings of one module after the other. */
struct modinfo {
	char *strings; /* a copy of .modinfo, and a NUL behind it */
	size_t size; /* without that NUL */
	size_t capacity;
	/* Called before the strings get more memory, of so many bytes in all. NULL: not. */
	void (*before_growth)(void *data, size_t capacity);
	void *data;
};

void modinfo_done(struct modinfo *modinfo);

/*
 * Reads the first .modinfo section of an ELF module of any class and byte order; none is the same
 * as an empty one. Returns MODULE_OK, another module error, or a negative errno.
 */
int modinfo_read(struct modinfo *modinfo, const struct module_bytes *module);

/*
 * The size of a module by its headers, from as many of its first bytes as there are: 0 if these are
 * no ELF header. For bytes that come one after the other, and may have no end.
 */
uint64_t modinfo_expected_size(const uint8_t *data, size_t size);

/*
 * The value of the next "alias=..." string, or NULL. *position is 0 for the first call. The
 * pointer is valid until the next modinfo_read().
 */
const char *modinfo_next_alias(const struct modinfo *modinfo, size_t *position);

#endif
