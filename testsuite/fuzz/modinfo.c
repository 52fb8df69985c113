// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The image of a module -> its aliases -> nodes. From memory and from a file come the same
 * strings or the same fault, and the public function makes of them what it makes of the aliases.
 */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "fuzz.h"
#include "module/codec.h"
#include "module/modinfo.h"

static int read_image(struct modinfo *modinfo, const struct module_bytes *bytes)
{
	int r = modinfo_read(modinfo, bytes);

	FUZZ_CHECK(r >= 0, "errno %d", -r);
	FUZZ_CHECK(r == 0 || modinfo->size == 0, "strings and a fault");
	return r;
}

static void check_same(const struct modinfo *a, const struct modinfo *b)
{
	FUZZ_CHECK(a->size == b->size, "%zu bytes in memory, %zu in a file", a->size, b->size);
	FUZZ_CHECK(a->size == 0 || memcmp(a->strings, b->strings, a->size) == 0,
		   "other strings from a file");
}

static struct fuzz_result add_aliases(const struct modinfo *modinfo)
{
	struct fuzz_result result = fuzz_result_new();
	struct list aliases = { 0 };
	size_t position = 0;
	const char *alias;

	while ((alias = modinfo_next_alias(modinfo, &position))) {
		FUZZ_CHECK(alias + strlen(alias) <= modinfo->strings + modinfo->size,
			   "an alias beyond the strings");
		FUZZ_CHECK(list_push(&aliases, (char *)(uintptr_t)alias) == 0, "no memory");
	}
	FUZZ_CHECK(kmod_devname_table_add_module(result.table, result.report, "module", "module.ko",
						 (const char *const *)aliases.items,
						 aliases.size) == 0,
		   "the aliases cannot be added");
	list_done(&aliases, NULL);
	return result;
}

static void check_public(const struct modinfo *modinfo, int fault, int fd)
{
	struct fuzz_result wanted = add_aliases(modinfo), result = fuzz_result_new();
	struct fuzz_bytes a = fuzz_text(wanted.table), b;
	char *x, *y;

	FUZZ_CHECK(kmod_devname_table_add_file(result.table, result.report, fd, "module.ko") == 0,
		   "the file cannot be read");
	b = fuzz_text(result.table);
	FUZZ_CHECK(a.size == b.size && memcmp(a.data, b.data, a.size) == 0, "other nodes");
	x = fuzz_codes(wanted.report);
	y = fuzz_codes(result.report);
	if (fault == 0)
		FUZZ_CHECK(strcmp(x, y) == 0, "findings %s and %s", x, y);
	else
		FUZZ_CHECK(kmod_devname_report_size(result.report) == 1, "findings %s", y);
	free(x);
	free(y);
	free(a.data);
	free(b.data);
	fuzz_result_done(&wanted);
	fuzz_result_done(&result);
}

void fuzz_target_modinfo(const uint8_t *data, size_t size)
{
	static struct modinfo from_memory, from_file;
	struct module_bytes memory = { .fd = -1, .data = data, .size = size }, file;
	int fd = fuzz_file(data, size), fault;

	if (codec_zlib_matches(data, size) || codec_xz_matches(data, size) ||
	    codec_zstd_matches(data, size))
		return;
	FUZZ_CHECK(module_bytes_from_file(fd, &file) == 0, "the file cannot be read");
	fault = read_image(&from_memory, &memory);
	FUZZ_CHECK(read_image(&from_file, &file) == fault, "another fault from a file");
	check_same(&from_memory, &from_file);
	check_public(&from_memory, fault, fd);
}
