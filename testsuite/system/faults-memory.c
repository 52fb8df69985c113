// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * malloc() and its like, on top of those of glibc, which fail when they are told to. What is not
 * set, or used after it was freed, is no text and no pointer. Under a sanitizer, which has an
 * allocator of its own, there is nothing here.
 */

#include "system/faults-memory.h"

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct faults_memory own;
struct faults_memory *faults_memory = &own;

#ifdef WITH_FAULTS

#define PUBLIC __attribute__((visibility("default")))
#define UNSET 0xa5
#define FREED 0xdf
/* Larger blocks are those of decoders: to fill them would take longer than the run. */
#define FILLED_MAX ((size_t)64 << 10)

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

static bool fails(void)
{
	unsigned long n = atomic_fetch_add(&faults_memory->allocations, 1) + 1;

	if (n < faults_memory->fail_at || n >= faults_memory->fail_end)
		return false;
	errno = ENOMEM;
	return true;
}

static void *counted(void *block)
{
	if (block)
		(void)atomic_fetch_add(&faults_memory->blocks, 1);
	return block;
}

static void fill(void *block, int byte, size_t size)
{
	(void)memset(block, byte, size < FILLED_MAX ? size : FILLED_MAX);
}

PUBLIC void *malloc(size_t size)
{
	void *block = fails() ? NULL : counted(__libc_malloc(size));

	if (block)
		fill(block, UNSET, size);
	return block;
}

PUBLIC void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : counted(__libc_calloc(n, size));
}

PUBLIC void free(void *block)
{
	if (!block)
		return;
	(void)atomic_fetch_sub(&faults_memory->blocks, 1);
	fill(block, FREED, malloc_usable_size(block));
	__libc_free(block);
}

PUBLIC void *realloc(void *block, size_t size)
{
	if (!block)
		return malloc(size);
	if (size == 0) {
		free(block);
		return NULL;
	}
	return fails() ? NULL : __libc_realloc(block, size);
}

PUBLIC void *memalign(size_t alignment, size_t size)
{
	return fails() ? NULL : counted(__libc_memalign(alignment, size));
}

PUBLIC void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

PUBLIC int posix_memalign(void **ret_block, size_t alignment, size_t size)
{
	void *block = memalign(alignment, size);

	if (!block)
		return ENOMEM;
	*ret_block = block;
	return 0;
}

/* What the program starts itself shall have memory. */
__attribute__((constructor)) static void take_orders(void)
{
	const char *text = getenv(FAULTS_MEMORY_FD);
	void *shared;
	int fd;

	if (!text)
		return;
	fd = atoi(text);
	shared = mmap(NULL, sizeof(*faults_memory), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	(void)unsetenv(FAULTS_MEMORY_FD);
	(void)unsetenv("LD_PRELOAD");
	if (shared != MAP_FAILED)
		faults_memory = shared;
}

#endif
