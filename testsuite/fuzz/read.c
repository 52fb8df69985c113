// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text of modules.devname -> table -> text. No line is lost without a word; what was written
 * is read without a finding, and written as it is; good text is written as it was.
 */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"
#include "fuzz.h"

static struct fuzz_result read_text(const void *data, size_t size)
{
	struct fuzz_result result = fuzz_result_new();
	FILE *stream = fuzz_open(data, size);

	FUZZ_CHECK(kmod_devname_table_read(result.table, result.report, stream, "file") == 0,
		   "the text cannot be read");
	(void)fclose(stream);
	return result;
}

/* The lines that are no comments, one after the other; *ret_n is how many must be accounted for. */
static struct fuzz_bytes lines_of(const char *data, size_t size, size_t *ret_n)
{
	struct fuzz_bytes lines = fuzz_copy("", 0);
	const char *end = data + size;

	*ret_n = 0;
	lines.data = realloc(lines.data, size + 1);
	FUZZ_CHECK(lines.data, "no memory");
	for (const char *line = data, *next; line < end; line = next) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		bool is_long = (size_t)((newline ? newline : end) - line) > LINE_MAX_SIZE;

		next = newline ? newline + 1 : end;
		if (*line == '#' && newline && !is_long)
			continue;
		++*ret_n;
		memcpy(lines.data + lines.size, line, (size_t)(next - line));
		lines.size += (size_t)(next - line);
	}
	return lines;
}

static void check_no_line_is_lost(const struct fuzz_result *result, size_t n)
{
	size_t nodes = kmod_devname_table_size(result->table);
	size_t findings = kmod_devname_report_count(result->report, KMOD_DEVNAME_SEVERITY_ERROR);

	FUZZ_CHECK(nodes + findings == n, "%zu lines, %zu nodes, %zu findings", n, nodes, findings);
}

static void check_same(const struct fuzz_bytes *a, const struct fuzz_bytes *b, const char *what)
{
	FUZZ_CHECK(a->size == b->size && memcmp(a->data, b->data, a->size) == 0,
		   "%s\n<<<\n%s>>>\n%s---", what, a->data, b->data);
}

static void check_round_trip(const struct fuzz_bytes *text)
{
	struct fuzz_result result = read_text(text->data, text->size);
	struct fuzz_bytes again = fuzz_text(result.table);

	FUZZ_CHECK(kmod_devname_report_size(result.report) == 0, "a finding in what was written");
	check_same(text, &again, "written, read and written again:");
	free(again.data);
	fuzz_result_done(&result);
}

void fuzz_target_read(const uint8_t *data, size_t size)
{
	struct fuzz_result result = read_text(data, size);
	struct fuzz_bytes text = fuzz_text(result.table), lines, nodes;
	size_t n, written;

	lines = lines_of((const char *)data, size, &n);
	nodes = lines_of(text.data, text.size, &written);
	check_no_line_is_lost(&result, n);
	if (kmod_devname_report_size(result.report) == 0)
		check_same(&lines, &nodes, "good text was not written as it was:");
	FUZZ_CHECK((written == 0) == (text.size == 0), "a header and no node");
	check_round_trip(&text);
	free(nodes.data);
	free(lines.data);
	free(text.data);
	fuzz_result_done(&result);
}
