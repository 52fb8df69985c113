// SPDX-License-Identifier: GPL-2.0-or-later
/* What the targets share. */

#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void fuzz_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)fprintf(stderr, "%s:%d: ", file, line);
	(void)vfprintf(stderr, format, args);
	(void)fputc('\n', stderr);
	va_end(args);
	abort();
}

struct fuzz_bytes fuzz_copy(const void *data, size_t size)
{
	struct fuzz_bytes copy = { malloc(size + 1), size };

	FUZZ_CHECK(copy.data, "no memory");
	if (size > 0)
		memcpy(copy.data, data, size);
	copy.data[size] = '\0';
	return copy;
}

FILE *fuzz_open(const void *data, size_t size)
{
	FILE *stream = fmemopen((void *)(uintptr_t)data, size, "re");

	FUZZ_CHECK(stream, "fmemopen: %s", strerror(errno));
	return stream;
}

struct fuzz_result fuzz_result_new(void)
{
	struct fuzz_result result;

	FUZZ_CHECK(kmod_devname_table_new(&result.table) == 0, "no table");
	FUZZ_CHECK(kmod_devname_report_new(&result.report) == 0, "no report");
	return result;
}

void fuzz_result_done(struct fuzz_result *result)
{
	kmod_devname_table_unref(result->table);
	kmod_devname_report_unref(result->report);
}

struct fuzz_bytes fuzz_text(const struct kmod_devname_table *table)
{
	struct fuzz_bytes text = { 0 };
	FILE *stream = open_memstream(&text.data, &text.size);

	FUZZ_CHECK(stream, "no memory");
	FUZZ_CHECK(kmod_devname_table_write(table, stream) == 0, "the table cannot be written");
	(void)fclose(stream);
	return text;
}

static int compare_codes(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

char *fuzz_codes(const struct kmod_devname_report *report)
{
	size_t n = kmod_devname_report_size(report), size;
	int *codes = calloc(n + 1, sizeof(*codes));
	char *text = NULL;
	FILE *stream = open_memstream(&text, &size);

	FUZZ_CHECK(codes && stream, "no memory");
	for (size_t i = 0; i < n; i++)
		codes[i] = (int)kmod_devname_finding_get_code(kmod_devname_report_get(report, i));
	qsort(codes, n, sizeof(*codes), compare_codes);
	for (size_t i = 0; i < n; i++)
		(void)fprintf(stream, "%s ",
			      kmod_devname_code_to_string((enum kmod_devname_code)codes[i]));
	(void)fclose(stream);
	free(codes);
	return text;
}

static void put(int fd, const void *data, size_t size)
{
	FUZZ_CHECK(pwrite(fd, data, size, 0) == (ssize_t)size, "pwrite: %s", strerror(errno));
	FUZZ_CHECK(ftruncate(fd, (off_t)size) == 0, "ftruncate: %s", strerror(errno));
}

int fuzz_file(const uint8_t *data, size_t size)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	FUZZ_CHECK(fd >= 0, "memfd_create: %s", strerror(errno));
	put(fd, data, size);
	return fd;
}

static char root[PATH_MAX];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_root(void)
{
	(void)nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int fuzz_root(void)
{
	static int fd = -1;
	const char *parent = getenv("TMPDIR");

	if (fd >= 0)
		return fd;
	(void)snprintf(root, sizeof(root), "%s/kmod-devname-fuzz.XXXXXX", parent ? parent : "/tmp");
	FUZZ_CHECK(mkdtemp(root), "%s: %s", root, strerror(errno));
	(void)atexit(remove_root);
	fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	FUZZ_CHECK(fd >= 0, "%s: %s", root, strerror(errno));
	return fd;
}

static void make_parents(const char *path)
{
	struct fuzz_bytes copy = fuzz_copy(path, strlen(path));

	for (char *p = copy.data; (p = strchr(p, '/')); p++) {
		*p = '\0';
		FUZZ_CHECK(mkdirat(fuzz_root(), copy.data, 0755) == 0 || errno == EEXIST, "%s: %s",
			   copy.data, strerror(errno));
		*p = '/';
	}
	free(copy.data);
}

/* Files stay open from input to input: to open one takes longer than most targets do. */
void fuzz_write(const char *path, const void *data, size_t size)
{
	static struct {
		const char *path;
		int fd;
	} files[8];
	size_t i = 0;

	while (i < 8 && files[i].path && strcmp(files[i].path, path) != 0)
		i++;
	FUZZ_CHECK(i < 8, "too many files");
	if (!files[i].path) {
		make_parents(path);
		files[i].fd = openat(fuzz_root(), path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		FUZZ_CHECK(files[i].fd >= 0, "%s: %s", path, strerror(errno));
		files[i].path = path;
	}
	put(files[i].fd, data, size);
}
