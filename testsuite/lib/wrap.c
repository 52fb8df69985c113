// SPDX-License-Identifier: GPL-2.0-or-later
/* The linker puts __wrap_X() in the place of X(), see ld(1). */

#include "lib/wrap.h"

#include <dirent.h>
#include <errno.h>
#include <search.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_uint countdown;
static atomic_bool met;
static bool no_types;

void wrap_no_memory_at(unsigned int n)
{
	met = false;
	countdown = n;
}

bool wrap_no_memory_met(void)
{
	return met;
}

void wrap_no_types(bool none)
{
	no_types = none;
}

static bool fails(void)
{
	if (countdown == 0 || --countdown > 0)
		return false;
	met = true;
	errno = ENOMEM;
	return true;
}

/* Functions that give nothing then. */
#define WRAP(type, failed, name, parameters, arguments) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters \
	{ \
		return fails() ? (failed) : __real_##name arguments; \
	}

WRAP(void *, NULL, malloc, (size_t size), (size))
WRAP(void *, NULL, calloc, (size_t n, size_t size), (n, size))
WRAP(void *, NULL, realloc, (void *p, size_t size), (p, size))
WRAP(void *, NULL, reallocarray, (void *p, size_t n, size_t size), (p, n, size))
WRAP(char *, NULL, strdup, (const char *s), (s))
WRAP(char *, NULL, strndup, (const char *s, size_t size), (s, size))
WRAP(FILE *, NULL, fdopen, (int fd, const char *mode), (fd, mode))
WRAP(void *, NULL, fdopendir, (int fd), (fd))
WRAP(FILE *, NULL, open_memstream, (char **text, size_t *size), (text, size))
WRAP(void *, NULL, tsearch, (const void *key, void **root, __compar_fn_t compare),
     (key, root, compare))
WRAP(int, 0, hcreate_r, (size_t n, struct hsearch_data *table), (n, table))
WRAP(int, -1, vasprintf, (char **text, const char *format, va_list arguments),
     (text, format, arguments))

int __wrap_asprintf(char **text, const char *format, ...);
int __wrap_asprintf(char **text, const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = __wrap_vasprintf(text, format, arguments);
	va_end(arguments);
	return n;
}

/* What is written into memory may need more of it. */
WRAP(int, EOF, fflush, (FILE * stream), (stream))

int __real_fclose(FILE *stream);
int __wrap_fclose(FILE *stream);
int __wrap_fclose(FILE *stream)
{
	bool failed = fails();
	int r = __real_fclose(stream);

	if (failed)
		errno = ENOMEM;
	return failed ? EOF : r;
}

#if WITH_ZSTD
WRAP(void *, NULL, ZSTD_createDCtx, (void), ())
#endif
#if WITH_XZ
WRAP(int, 5 /* LZMA_MEM_ERROR */, lzma_stream_decoder,
     (void *stream, unsigned long long limit, unsigned int flags), (stream, limit, flags))
#endif
#if WITH_ZLIB
WRAP(int, -4 /* Z_MEM_ERROR */, inflateInit2_,
     (void *stream, int bits, const char *version, int size), (stream, bits, version, size))
#endif
#if WITH_LIBKMOD
WRAP(void *, NULL, kmod_new, (const char *directory, const char *const *files), (directory, files))
#endif

/* readdir(3) where files may have more than 2 GiB */
struct dirent *__real_readdir64(DIR *dir);
struct dirent *__wrap_readdir64(DIR *dir);
struct dirent *__wrap_readdir64(DIR *dir)
{
	struct dirent *entry = __real_readdir64(dir);

	if (entry && no_types)
		entry->d_type = DT_UNKNOWN;
	return entry;
}

static void forget_types(char *entries, long size)
{
	struct dirent64 *entry;

	for (long at = 0; at < size; at += entry->d_reclen) {
		entry = (struct dirent64 *)(entries + at);
		entry->d_type = DT_UNKNOWN;
	}
}

/* No system call has more arguments. */
#define ARGUMENTS 6

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
	va_list list;
	long a[ARGUMENTS], r;

	va_start(list, number);
	for (int i = 0; i < ARGUMENTS; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	r = __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (number == SYS_getdents64 && no_types)
		forget_types((char *)(uintptr_t)a[1], r);
	return r;
}
