// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench-decode DIR THREADS: decodes every compressed module below a directory and does nothing
 * with it: what the codec's own library takes. The largest files come first; each thread has
 * one context and one pair of buffers. Prints how many files and how many bytes they held.
 * bench-decode --versions: the libraries. It is compiled with config.h of the build under test.
 */

#include <err.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef WITH_ZLIB
#include <zlib.h>
#endif
#ifdef WITH_XZ
#include <lzma.h>
#endif
#ifdef WITH_ZSTD
#include <zstd.h>
#endif

struct buffer {
	unsigned char *data;
	size_t size, capacity;
};

struct worker {
	pthread_t id;
	struct buffer in, out;
	void *context;
	unsigned long long bytes;
};

struct file {
	char *path;
	off_t size;
};

static struct file *files;
static size_t n_files;
static atomic_size_t next_file;

static void reserve(struct buffer *buffer, size_t capacity)
{
	if (capacity <= buffer->capacity)
		return;
	buffer->data = realloc(buffer->data, capacity);
	if (!buffer->data)
		err(2, "malloc");
	buffer->capacity = capacity;
}

static void read_file(struct buffer *buffer, const struct file *file)
{
	int fd = open(file->path, O_RDONLY | O_CLOEXEC);

	reserve(buffer, (size_t)file->size);
	if (fd < 0 || read(fd, buffer->data, (size_t)file->size) != file->size)
		err(2, "%s", file->path);
	(void)close(fd);
	buffer->size = (size_t)file->size;
}

#ifdef WITH_ZLIB
/* The size of what a .gz of one member holds. */
static size_t gzip_size(const struct buffer *in)
{
	const unsigned char *end = in->data + in->size;

	if (in->size < 18)
		return 0;
	return end[-4] | (size_t)end[-3] << 8 | (size_t)end[-2] << 16 | (size_t)end[-1] << 24;
}

static int decode_gz(struct worker *worker)
{
	z_stream *stream = worker->context;

	if (!stream) {
		stream = worker->context = calloc(1, sizeof(*stream));
		if (!stream || inflateInit2(stream, 15 + 16) != Z_OK)
			return 0;
	}
	(void)inflateReset(stream);
	reserve(&worker->out, gzip_size(&worker->in) + 1);
	stream->next_in = worker->in.data;
	stream->avail_in = (uInt)worker->in.size;
	stream->next_out = worker->out.data;
	stream->avail_out = (uInt)worker->out.capacity;
	if (inflate(stream, Z_FINISH) != Z_STREAM_END)
		return 0;
	worker->out.size = stream->total_out;
	return 1;
}
#endif

#ifdef WITH_XZ
static int decode_xz(struct worker *worker)
{
	static const lzma_stream init = LZMA_STREAM_INIT;
	lzma_stream *stream = worker->context;
	lzma_ret r = LZMA_OK;

	if (!stream) {
		stream = worker->context = malloc(sizeof(*stream));
		if (!stream)
			return 0;
		*stream = init;
	}
	if (lzma_stream_decoder(stream, UINT64_MAX, LZMA_CONCATENATED) != LZMA_OK)
		return 0;
	stream->next_in = worker->in.data;
	stream->avail_in = worker->in.size;
	while (r == LZMA_OK) {
		if (stream->total_out == worker->out.capacity)
			reserve(&worker->out, worker->out.capacity * 2 + (1 << 20));
		stream->next_out = worker->out.data + stream->total_out;
		stream->avail_out = worker->out.capacity - stream->total_out;
		r = lzma_code(stream, LZMA_FINISH);
	}
	worker->out.size = stream->total_out;
	return r == LZMA_STREAM_END;
}
#endif

#ifdef WITH_ZSTD
static int decode_zst(struct worker *worker)
{
	unsigned long long size = ZSTD_getFrameContentSize(worker->in.data, worker->in.size);

	if (!worker->context)
		worker->context = ZSTD_createDCtx();
	if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR)
		return 0;
	reserve(&worker->out, size);
	worker->out.size =
		ZSTD_decompressDCtx(worker->context, worker->out.data, worker->out.capacity,
				    worker->in.data, worker->in.size);
	return !ZSTD_isError(worker->out.size);
}
#endif

/* All files of a tree are of one kind, so that one context is enough. */
static const struct {
	const char *suffix;
	int (*decode)(struct worker *worker);
} codecs[] = {
#ifdef WITH_ZLIB
	{ ".ko.gz", decode_gz },
#endif
#ifdef WITH_XZ
	{ ".ko.xz", decode_xz },
#endif
#ifdef WITH_ZSTD
	{ ".ko.zst", decode_zst },
#endif
	{ NULL, NULL },
};

static size_t codec_of(const char *path)
{
	size_t length = strlen(path), i;

	for (i = 0; codecs[i].suffix; i++) {
		size_t n = strlen(codecs[i].suffix);

		if (length > n && strcmp(path + length - n, codecs[i].suffix) == 0)
			break;
	}
	return i;
}

static int add_file(const char *path, const struct stat *st, int type, struct FTW *unused)
{
	(void)unused;
	if (type != FTW_F || !codecs[codec_of(path)].decode)
		return 0;
	if (n_files % 1024 == 0)
		files = reallocarray(files, n_files + 1024, sizeof(*files));
	if (!files)
		err(2, "malloc");
	files[n_files++] = (struct file){ strdup(path), st->st_size };
	return 0;
}

static int by_size(const void *a, const void *b)
{
	off_t x = ((const struct file *)a)->size, y = ((const struct file *)b)->size;

	return x < y ? 1 : x > y ? -1 : 0;
}

static void *run(void *argument)
{
	struct worker *worker = argument;
	size_t i;

	while ((i = atomic_fetch_add(&next_file, 1)) < n_files) {
		read_file(&worker->in, &files[i]);
		if (!codecs[codec_of(files[i].path)].decode(worker))
			errx(2, "%s: cannot be decoded", files[i].path);
		worker->bytes += worker->out.size;
	}
	return NULL;
}

static int print_versions(void)
{
#ifdef WITH_ZLIB
	printf("zlib %s\n", zlibVersion());
#endif
#ifdef WITH_XZ
	printf("liblzma %s\n", lzma_version_string());
#endif
#ifdef WITH_ZSTD
	printf("libzstd %s\n", ZSTD_versionString());
#endif
	return 0;
}

int main(int argc, char **argv)
{
	long threads = argc == 3 ? atol(argv[2]) : 0;
	struct worker *workers;
	unsigned long long bytes = 0;

	if (argc == 2 && strcmp(argv[1], "--versions") == 0)
		return print_versions();
	if (threads < 1)
		errx(2, "usage: bench-decode DIR THREADS");
	workers = calloc((size_t)threads, sizeof(*workers));
	if (!workers || nftw(argv[1], add_file, 32, FTW_PHYS) != 0)
		err(2, "%s", argv[1]);
	if (n_files == 0)
		errx(2, "%s: no compressed modules", argv[1]);
	qsort(files, n_files, sizeof(*files), by_size);
	for (long i = 1; i < threads; i++)
		if (pthread_create(&workers[i].id, NULL, run, &workers[i]) != 0)
			errx(2, "no thread");
	(void)run(&workers[0]);
	for (long i = 1; i < threads; i++)
		pthread_join(workers[i].id, NULL);
	for (long i = 0; i < threads; i++)
		bytes += workers[i].bytes;
	printf("%zu files, %llu bytes\n", n_files, bytes);
	return 0;
}
