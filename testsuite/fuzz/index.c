// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What else is text: modules.alias, modules.dep, modules.builtin.modinfo, and the statements of
 * modprobe.d(5) and modules.softdep. Each input is read as each of them. What is written from what
 * was read is read as the same.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "modprobe/modprobe.h"
#include "node/table.h"
#include "text/depmod-index.h"

static void check_same(const struct fuzz_bytes *a, const struct fuzz_bytes *b, const char *what)
{
	FUZZ_CHECK(a->size == b->size && memcmp(a->data, b->data, a->size) == 0,
		   "%s\n<<<\n%s>>>\n%s---", what, a->data, b->data);
}

static FILE *begin(struct fuzz_bytes *ret_text)
{
	FILE *stream = open_memstream(&ret_text->data, &ret_text->size);

	FUZZ_CHECK(stream, "no memory");
	return stream;
}

/* --- modules.alias ------------------------------------------------------------------------- */

/* The lines up to the first one that is damaged. */
static struct fuzz_bytes rewrite_aliases(const void *data, size_t size)
{
	struct fuzz_bytes text;
	FILE *from = fuzz_open(data, size), *to = begin(&text);
	struct depmod_index index;
	const char *alias, *module;
	int status;

	depmod_index_start(&index, NULL, from, "file");
	while ((status = depmod_index_next_alias(&index, &alias, &module)) == DEPMOD_INDEX_LINE) {
		FUZZ_CHECK(*module != '\0' && !strchr(module, ' '), "'%s' is no module", module);
		(void)fprintf(to, "alias %s %s\n", alias, module);
	}
	FUZZ_CHECK(status >= 0, "errno %d", -status);
	(void)fclose(from);
	(void)fclose(to);
	return text;
}

static void check_aliases(const void *data, size_t size)
{
	struct fuzz_bytes text = rewrite_aliases(data, size);
	struct fuzz_bytes again = rewrite_aliases(text.data, text.size);

	check_same(&text, &again, "modules.alias, read and written again:");
	free(text.data);
	free(again.data);
}

/* --- modules.dep --------------------------------------------------------------------------- */

/* The lines up to the first one that is damaged. */
static struct fuzz_bytes rewrite_dep(const void *data, size_t size)
{
	struct fuzz_bytes text;
	FILE *from = fuzz_open(data, size), *to = begin(&text);
	struct depmod_index index;
	char *path, *needed;
	int status;

	depmod_index_start(&index, NULL, from, "file");
	while ((status = depmod_index_next_module(&index, &path, &needed)) == DEPMOD_INDEX_LINE) {
		FUZZ_CHECK(*path != '\0' && path[strlen(path) - 1] != '/' && !strpbrk(path, " :"),
			   "'%s' is no path of a module", path);
		FUZZ_CHECK(*needed == '\0' || *needed == ' ', "'%s' is needed", needed);
		(void)fprintf(to, "%s:%s\n", path, needed);
	}
	FUZZ_CHECK(status >= 0, "errno %d", -status);
	(void)fclose(from);
	(void)fclose(to);
	return text;
}

static void check_dep(const void *data, size_t size)
{
	struct fuzz_bytes text = rewrite_dep(data, size), again = rewrite_dep(text.data, text.size);

	FUZZ_CHECK(text.size <= size && memcmp(text.data, data, text.size) == 0,
		   "not what stands in the file:\n%s", text.data);
	check_same(&text, &again, "modules.dep, read and written again:");
	free(text.data);
	free(again.data);
}

/* --- modules.builtin.modinfo ----------------------------------------------------------------- */

static void read_builtin(const struct fuzz_result *result, const void *data, size_t size)
{
	FILE *stream = fuzz_open(data, size);

	FUZZ_CHECK(table_read_builtin(result->table, result->report, stream, "file") == 0,
		   "cannot be read");
	(void)fclose(stream);
}

/* Read twice is as read once; strings about something else make no difference. */
static void check_builtin(const void *data, size_t size)
{
	static const char other[] = "other.license=GPL";
	struct fuzz_result result = fuzz_result_new(), longer = fuzz_result_new();
	char *text = malloc(sizeof(other) + size);
	struct fuzz_bytes nodes, others;

	read_builtin(&result, data, size);
	nodes = fuzz_text(result.table);
	read_builtin(&result, data, size);
	others = fuzz_text(result.table);
	check_same(&nodes, &others, "read twice:");
	free(others.data);
	FUZZ_CHECK(text, "no memory");
	memcpy(text, other, sizeof(other));
	if (size > 0)
		memcpy(text + sizeof(other), data, size);
	read_builtin(&longer, text, sizeof(other) + size);
	others = fuzz_text(longer.table);
	check_same(&nodes, &others, "with another string before it:");
	free(text);
	free(nodes.data);
	free(others.data);
	fuzz_result_done(&longer);
	fuzz_result_done(&result);
}

/* --- modprobe.d(5) and modules.softdep ------------------------------------------------------- */

#define CONF "etc/modprobe.d/fuzz.conf"
#define SOFTDEP "lib/modules.softdep"

static struct modprobe_config read_statements(const void *data, size_t size)
{
	struct modprobe_config config = { 0 };

	fuzz_write(CONF, data, size);
	FUZZ_CHECK(modprobe_config_read(&config, NULL, fuzz_root(), NULL) == 0, "cannot be read");
	return config;
}

static struct modprobe_config read_softdep(const void *data, size_t size)
{
	struct modprobe_config config = { 0 };

	fuzz_write(CONF, "", 0);
	fuzz_write(SOFTDEP, data, size);
	FUZZ_CHECK(modprobe_config_read(&config, NULL, fuzz_root(), "/" SOFTDEP) == 0,
		   "cannot be read");
	return config;
}

/* As libkmod is given them. */
static struct fuzz_bytes copy_statements(const struct modprobe_config *config)
{
	return fuzz_copy(config->text, config->text_size);
}

static void look_up(const struct modprobe_config *config)
{
	static const enum modprobe_word words[] = { MODPROBE_ALIAS, MODPROBE_BLACKLIST,
						    MODPROBE_INSTALL, MODPROBE_SOFTDEP };
	const struct modprobe_statement *found;
	size_t work = 0;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		found = modprobe_config_find(config, words[i], "char_major_10_229", NULL, &work);
		FUZZ_CHECK(!found || found->word == words[i], "another word");
	}
	found = modprobe_config_find(config, MODPROBE_ALIAS, "char_major_10_229", "fuse", &work);
	FUZZ_CHECK(!found || strcmp(found->value, "fuse") == 0, "another module");
}

static void check_statements(const void *data, size_t size)
{
	struct modprobe_config config = read_statements(data, size), again;
	struct fuzz_bytes text = copy_statements(&config), written;
	size_t n = config.size;

	look_up(&config);
	modprobe_config_done(&config);
	again = read_statements(text.data, text.size);
	written = copy_statements(&again);
	/* A backslash at the end of a file joins the next line once another one follows. */
	if (text.size == 0 || !memmem(text.data, text.size, "\\\n", 2)) {
		FUZZ_CHECK(again.size == n, "%zu statements written, and %zu read", n, again.size);
		check_same(&text, &written, "statements, written and read again:");
	}
	modprobe_config_done(&again);
	free(text.data);
	free(written.data);
}

/* A line means the same in either file. */
static void check_softdep(const void *data, size_t size)
{
	struct modprobe_config config = read_statements(data, size);
	struct modprobe_config other = read_softdep(data, size);
	struct fuzz_bytes text = copy_statements(&config), written = copy_statements(&other);

	check_same(&text, &written, "statements, and those of modules.softdep:");
	modprobe_config_done(&config);
	modprobe_config_done(&other);
	free(text.data);
	free(written.data);
}

void fuzz_target_index(const uint8_t *data, size_t size)
{
	check_aliases(data, size);
	check_dep(data, size);
	check_builtin(data, size);
	check_softdep(data, size);
	check_statements(data, size);
}
