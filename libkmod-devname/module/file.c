// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A module file -> its aliases.
 *
 * module_reader_start() notes the status of the file and tells the format by its first bytes.
 * modinfo.c reads a few pieces of a plain module from the file. zlib.c, xz.c or zstd.c decompresses
 * other modules, chunk by chunk, into memory that the next module reuses, and modinfo.c reads from
 * there. Three limits bound that memory: the caller's, a multiple of the size of the file, and a
 * lower one that only larger sizes in the ELF headers raise. Beyond a few megabytes, all threads
 * share one budget. At the end the status of the file is compared: the bytes read during a write by
 * another process can be half old and half new.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "module/codec.h"
#include "module/file.h"
#include "module/modinfo.h"

/* Holds nearly every compressed module, so zstd decompresses it without a copy. */
#define CHUNK_SIZE ((size_t)1 << 20)
/* As large as the largest module known. */
#define LIMIT_UNVERIFIED ((size_t)32 << 20)
/*
 * The ratio up to that limit, and beyond it: a megabyte of modules is at most 512 megabytes. Most
 * modules are compressed to a third or a tenth, test_bpf to a 117th.
 */
#define EXPANSION_MAX ((uint64_t)512)
#define EXPANSION_LARGE_MAX ((uint64_t)256)
/* A smaller file may become as large as one of this size. */
#define EXPANDING_SIZE_MIN ((uint64_t)1 << 10)
/* A signature follows the bytes that the headers describe. */
#define TRAILER_MAX ((uint64_t)1 << 20)
/*
 * Compressed data is hardly larger than its content. A file of empty frames costs endless time and,
 * if it is sparse, no disk space.
 */
#define INPUT_WITHOUT_OUTPUT_MAX ((uint64_t)32 << 20)

static const struct {
	enum kmod_devname_code code;
	const char *message;
} module_errors[] = {
	[MODULE_NOT_ELF] = { KMOD_DEVNAME_CODE_MALFORMED, "not an ELF file" },
	[MODULE_BAD_HEADER] = { KMOD_DEVNAME_CODE_MALFORMED, "invalid ELF header" },
	[MODULE_TRUNCATED] = { KMOD_DEVNAME_CODE_MALFORMED, "truncated ELF file" },
	[MODULE_BAD_SECTION] = { KMOD_DEVNAME_CODE_MALFORMED, "invalid section headers" },
	[MODULE_MODINFO_TOO_LARGE] = { KMOD_DEVNAME_CODE_TOO_LARGE, ".modinfo larger than 16 MiB" },
	[MODULE_DATA_TRUNCATED] = { KMOD_DEVNAME_CODE_CORRUPT, "truncated compressed data" },
	[MODULE_DATA_DAMAGED] = { KMOD_DEVNAME_CODE_CORRUPT,
				  "damaged compressed data, or other data behind it" },
	[MODULE_DATA_NEEDS_MEMORY] = { KMOD_DEVNAME_CODE_TOO_LARGE,
				       "decompression needs more than 128 MiB of memory" },
	[MODULE_DATA_WITHOUT_OUTPUT] = { KMOD_DEVNAME_CODE_TOO_LARGE,
					 "compressed data far larger than its content" },
	[MODULE_EXPANDS_TOO_FAR] = { KMOD_DEVNAME_CODE_TOO_LARGE,
				     "decompressed size over 512 times that of the file, or over "
				     "256 times and 32 MiB" },
	[MODULE_TOO_LARGE] = { KMOD_DEVNAME_CODE_TOO_LARGE, "decompressed size over the limit" },
	[MODULE_TRAILING_DATA] = { KMOD_DEVNAME_CODE_TOO_LARGE,
				   "decompressed size far over that of the ELF headers" },
	[MODULE_UNSUPPORTED] = { KMOD_DEVNAME_CODE_UNSUPPORTED,
				 "compression that this build cannot read" },
	[MODULE_TOO_MANY_ALIASES] = { KMOD_DEVNAME_CODE_TOO_MANY_ALIASES,
				      "more than 4096 device names and numbers" },
	[MODULE_CHANGED] = { KMOD_DEVNAME_CODE_MALFORMED, "changed during the read" },
	[MODULE_NEEDS_GZIP] = { KMOD_DEVNAME_CODE_UNSUPPORTED,
				"compression gzip, which this build cannot read" },
	[MODULE_NEEDS_XZ] = { KMOD_DEVNAME_CODE_UNSUPPORTED,
			      "compression xz, which this build cannot read" },
	[MODULE_NEEDS_ZSTD] = { KMOD_DEVNAME_CODE_UNSUPPORTED,
				"compression zstd, which this build cannot read" },
};

const char *module_error_compression(enum module_error error)
{
	switch (error) {
	case MODULE_NEEDS_GZIP:
		return "gzip";
	case MODULE_NEEDS_XZ:
		return "xz";
	case MODULE_NEEDS_ZSTD:
		return "zstd";
	default:
		return NULL;
	}
}

enum kmod_devname_code module_error_code(enum module_error error)
{
	return module_errors[error].code;
}

const char *module_error_message(enum module_error error)
{
	return module_errors[error].message;
}

static const struct codec codecs[] = {
	{
		.matches = codec_zlib_matches,
		.error_without = MODULE_NEEDS_GZIP,
#ifdef WITH_ZLIB
		.decode = codec_zlib_decode,
		.context_free = codec_zlib_context_free,
#endif
	},
	{
		.matches = codec_xz_matches,
		.error_without = MODULE_NEEDS_XZ,
#ifdef WITH_XZ
		.decode = codec_xz_decode,
		.context_free = codec_xz_context_free,
#endif
	},
	{
		.matches = codec_zstd_matches,
		.error_without = MODULE_NEEDS_ZSTD,
#ifdef WITH_ZSTD
		.decode = codec_zstd_decode,
		.context_free = codec_zstd_context_free,
#endif
	},
};
#define N_CODECS (sizeof(codecs) / sizeof(codecs[0]))

struct module_reader {
	size_t size_max;
	struct module_bytes file;
	struct stat status; /* of the file, at the start */
	const struct codec *codec; /* NULL: the file is not compressed */
	struct codec_input input;
	struct codec_output output;
	struct modinfo modinfo;
	void *contexts[N_CODECS];
};

static const struct codec *find_codec(const uint8_t *head, size_t size)
{
	for (size_t i = 0; i < N_CODECS; i++)
		if (codecs[i].matches(head, size))
			return &codecs[i];
	return NULL;
}

static bool has_magic(const uint8_t *head, size_t size, const char *magic, size_t magic_size)
{
	return size >= magic_size && memcmp(head, magic, magic_size) == 0;
}

/*
 * Each build knows each format, so that a file that it cannot read is unsupported and not
 * malformed.
 */

/* RFC 1952 */
bool codec_zlib_matches(const uint8_t *head, size_t size)
{
	return has_magic(head, size, "\x1f\x8b", 2);
}

/* The .xz file format, section 2.1.1.1 */
bool codec_xz_matches(const uint8_t *head, size_t size)
{
	return has_magic(head, size,
			 "\xfd"
			 "7zXZ\0",
			 6);
}

/* RFC 8878, sections 3.1.1 and 3.1.2: a frame, or one of 16 kinds that are skipped */
bool codec_zstd_matches(const uint8_t *head, size_t size)
{
	return has_magic(head, size, "\x28\xb5\x2f\xfd", 4) ||
	       (size >= 4 && (head[0] & 0xf0) == 0x50 &&
		has_magic(head + 1, size - 1, "\x2a\x4d\x18", 3));
}

int codec_input_fill(struct codec_input *input)
{
	uint64_t left = input->file_size - input->offset;
	size_t wanted = left < CHUNK_SIZE ? (size_t)left : CHUNK_SIZE;
	ssize_t n;

	input->position = input->size = 0;
	if (input->end)
		return MODULE_OK;
	if (input->offset > input->output->size + INPUT_WITHOUT_OUTPUT_MAX)
		return MODULE_DATA_WITHOUT_OUTPUT;
	n = read_at(input->fd, input->offset, input->chunk, wanted);
	if (n < 0)
		return (int)n;
	input->size = (size_t)n;
	input->offset += (size_t)n;
	/* known without another read; a file that grows meanwhile is one that was changed */
	input->end = input->size < wanted || input->offset == input->file_size;
	return MODULE_OK;
}

/*
 * Takes the needed part of the shared memory, or waits until other readers have returned it. The
 * reader that has the rest already has a share and does not wait, so there is no deadlock.
 */
static void output_take_memory(struct codec_output *output, size_t capacity)
{
	struct module_memory *memory = output->memory;
	size_t wanted = capacity + output->codec_memory + output->strings_memory;

	if (!memory || wanted <= MODULE_MEMORY_EACH ||
	    (output->has_share && wanted <= MODULE_MEMORY_SHARE))
		return;
	pthread_mutex_lock(&memory->lock);
	if (!output->has_share) {
		while (memory->n_shares == MODULE_MEMORY_SHARES)
			pthread_cond_wait(&memory->given_back, &memory->lock);
		memory->n_shares++;
		output->has_share = true;
	}
	if (!output->has_rest && wanted > MODULE_MEMORY_SHARE) {
		while (memory->is_rest_taken)
			pthread_cond_wait(&memory->given_back, &memory->lock);
		memory->is_rest_taken = true;
		output->has_rest = true;
	}
	pthread_mutex_unlock(&memory->lock);
}

static int output_resize(struct codec_output *output, size_t capacity)
{
	uint8_t *data;

	output_take_memory(output, capacity);
	data = realloc(output->data, capacity);
	if (!data)
		return -ENOMEM;
	output->data = data;
	output->capacity = capacity;
	return 0;
}

static size_t output_capacity_max(const struct codec_output *output)
{
	return output->soft_limit < SIZE_MAX ? output->soft_limit + 1 : SIZE_MAX;
}

/* Beyond the soft limit: raises it as far as the ELF headers speak of a larger module. */
static int output_raise_soft_limit(struct codec_output *output)
{
	uint64_t expected;

	if (output->soft_limit == output->hard_limit)
		return (int)output->hard_error;
	expected = output->expected_size(output->data, output->size);
	if (expected > output->hard_limit)
		return (int)output->hard_error;
	if (expected > output->hard_limit - TRAILER_MAX)
		output->soft_limit = output->hard_limit;
	else if (expected + TRAILER_MAX > output->soft_limit)
		output->soft_limit = (size_t)(expected + TRAILER_MAX);
	return output->size > output->soft_limit ? MODULE_TRAILING_DATA : MODULE_OK;
}

int codec_output_grow(struct codec_output *output)
{
	size_t capacity = CHUNK_SIZE, max;

	output_take_memory(output, output->capacity);
	if (output->size > output->soft_limit) {
		int r = output_raise_soft_limit(output);
		if (r != MODULE_OK)
			return r;
	}
	if (output->size < output->capacity)
		return MODULE_OK;
	max = output_capacity_max(output);
	if (output->capacity >= CHUNK_SIZE)
		capacity = output->capacity < max / 2 ? output->capacity * 2 : max;
	return output_resize(output, capacity < max ? capacity : max);
}

int codec_output_reserve(struct codec_output *output, uint64_t size)
{
	size_t max = output_capacity_max(output);

	if (size > max)
		size = max;
	return size <= output->capacity ? 0 : output_resize(output, (size_t)size);
}

static void take_memory_of_strings(void *data, size_t capacity)
{
	struct codec_output *output = data;

	output->strings_memory = capacity;
	output_take_memory(output, output->capacity);
}

struct module_reader *module_reader_new(size_t size_max, struct module_memory *memory)
{
	struct module_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	reader->size_max = size_max;
	reader->output.memory = memory;
	reader->modinfo.before_growth = take_memory_of_strings;
	reader->modinfo.data = &reader->output;
	return reader;
}

static void reader_free_memory(struct module_reader *reader)
{
	for (size_t i = 0; i < N_CODECS; i++) {
		if (reader->contexts[i])
			codecs[i].context_free(reader->contexts[i]);
		reader->contexts[i] = NULL;
	}
	free(reader->output.data);
	reader->output.data = NULL;
	reader->output.capacity = reader->output.size = reader->output.codec_memory = 0;
	modinfo_done(&reader->modinfo);
	reader->output.strings_memory = 0;
}

/* A reader keeps little memory for the next module, which is outside the budget. */
void module_reader_end(struct module_reader *reader)
{
	struct codec_output *output = &reader->output;

	if (output->capacity + output->codec_memory + output->strings_memory > MODULE_MEMORY_EACH)
		reader_free_memory(reader);
	if (!output->has_share)
		return;
	pthread_mutex_lock(&output->memory->lock);
	output->memory->n_shares--;
	if (output->has_rest)
		output->memory->is_rest_taken = false;
	/* they may wait for either */
	pthread_cond_broadcast(&output->memory->given_back);
	pthread_mutex_unlock(&output->memory->lock);
	output->has_share = output->has_rest = false;
}

void module_reader_free(struct module_reader *reader)
{
	if (!reader)
		return;
	reader_free_memory(reader);
	module_reader_end(reader);
	free(reader->input.chunk);
	free(reader);
}

int module_reader_start(struct module_reader *reader, int fd)
{
	struct module_bytes *file = &reader->file;
	int r;

	reader->modinfo.size = 0;
	if (fstat(fd, &reader->status) < 0)
		return -errno;
	if (!S_ISREG(reader->status.st_mode))
		return S_ISDIR(reader->status.st_mode) ? -EISDIR : -ESPIPE;
	r = module_bytes_from_file(fd, file);
	if (r < 0)
		return r;
	reader->codec = find_codec(file->head, file->head_size);
	return reader->codec != NULL;
}

const struct stat *module_reader_status(const struct module_reader *reader)
{
	return &reader->status;
}

/*
 * The result r of reading counts only if the file has not changed since the start. The change time
 * is ignored: a backup that links the file changes it, but not the content.
 */
static int reader_check_status(const struct module_reader *reader, int r)
{
	const struct stat *before = &reader->status;
	struct stat after;

	if (r < 0)
		return r;
	if (fstat(reader->file.fd, &after) < 0)
		return -errno;
	if (after.st_size != before->st_size || after.st_mtim.tv_sec != before->st_mtim.tv_sec ||
	    after.st_mtim.tv_nsec != before->st_mtim.tv_nsec)
		return MODULE_CHANGED;
	return r;
}

/* The limit for the decompressed size of a file of this size. */
static uint64_t get_expansion_limit(uint64_t size)
{
	if (size < EXPANDING_SIZE_MIN)
		size = EXPANDING_SIZE_MIN;
	if (size < LIMIT_UNVERIFIED / EXPANSION_MAX)
		return size * EXPANSION_MAX;
	if (size < LIMIT_UNVERIFIED / EXPANSION_LARGE_MAX)
		return LIMIT_UNVERIFIED;
	return size < UINT64_MAX / EXPANSION_LARGE_MAX ? size * EXPANSION_LARGE_MAX : UINT64_MAX;
}

/* Decompresses the file into the output. */
static int reader_decompress(struct module_reader *reader,
			     uint64_t (*expected_size)(const uint8_t *data, size_t size))
{
	uint64_t size = (uint64_t)reader->status.st_size;
	struct codec_output *output = &reader->output;
	int r;

	if (!reader->codec->decode)
		return (int)reader->codec->error_without;
	if (!reader->input.chunk) {
		reader->input.chunk = malloc(CHUNK_SIZE);
		if (!reader->input.chunk)
			return -ENOMEM;
	}
	output->size = output->codec_memory = 0;
	output->expected_size = expected_size;
	output->hard_limit = reader->size_max;
	output->hard_error = MODULE_TOO_LARGE;
	if (get_expansion_limit(size) < output->hard_limit) {
		output->hard_limit = (size_t)get_expansion_limit(size);
		output->hard_error = MODULE_EXPANDS_TOO_FAR;
	}
	output->soft_limit = output->hard_limit;
	if (expected_size && output->hard_limit > LIMIT_UNVERIFIED)
		output->soft_limit = LIMIT_UNVERIFIED;
	reader->input = (struct codec_input){ .fd = reader->file.fd,
					      .file_size = size,
					      .output = output,
					      .chunk = reader->input.chunk };
	r = reader->codec->decode(&reader->contexts[reader->codec - codecs], &reader->input,
				  output);
	if (r == MODULE_OK && output->size > output->soft_limit)
		r = output_raise_soft_limit(output);
	return r;
}

/* Reads a file that is not compressed into the output. */
static int reader_copy(struct module_reader *reader)
{
	struct codec_output *output = &reader->output;

	output->size = 0;
	output->soft_limit = output->hard_limit = reader->size_max;
	output->hard_error = MODULE_TOO_LARGE;
	do {
		int r = codec_output_grow(output);
		ssize_t n;

		if (r != MODULE_OK)
			return r;
		n = read_at(reader->file.fd, output->size, output->data + output->size,
			    output->capacity - output->size);
		if (n < 0)
			return (int)n;
		output->size += (size_t)n;
	} while (output->size == output->capacity);
	return MODULE_OK;
}

int module_reader_read(struct module_reader *reader)
{
	struct module_bytes bytes = { .fd = -1 };
	int r;

	if (!reader->codec)
		return reader_check_status(reader, modinfo_read(&reader->modinfo, &reader->file));
	r = reader_decompress(reader, modinfo_expected_size);
	if (r == MODULE_OK) {
		bytes.data = reader->output.data;
		bytes.size = reader->output.size;
		r = modinfo_read(&reader->modinfo, &bytes);
	}
	return reader_check_status(reader, r);
}

const char *module_reader_next_alias(const struct module_reader *reader, size_t *position)
{
	return modinfo_next_alias(&reader->modinfo, position);
}

int module_reader_read_bytes(struct module_reader *reader, const uint8_t **ret_data,
			     size_t *ret_size)
{
	int r = reader->codec ? reader_decompress(reader, NULL) : reader_copy(reader);

	r = reader_check_status(reader, r);
	if (r != MODULE_OK)
		return r;
	*ret_data = reader->output.data;
	*ret_size = reader->output.size;
	return MODULE_OK;
}
