// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * modprobe.d(5) -> statements with their places, and what resolving refuses. What modules it
 * leads to is compared with modprobe itself, see explain.sh.
 */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "lib/harness.h"
#include "modprobe/modprobe.h"

#define DIRECTORY "lib/modules/1"

static int root_with(const char *config)
{
	int root_fd = harness_directory();

	harness_write(root_fd, "etc/modprobe.d/x.conf", config, strlen(config));
	harness_write(root_fd, DIRECTORY "/x", "", 0);
	return root_fd;
}

static const struct {
	const char *config;
	const char *kept; /* for libkmod */
	const char *codes;
} rows[] = {
	{ "", "", "" },
	{ "# blacklist a\n\n \t\n", "", "" },
	{ "blacklist a-b\n", "blacklist a-b\n", "" },
	{ " \tblacklist\t a  rest\n", " \tblacklist\t a  rest\n", "" },
	{ "alias a-* b-c d\n", "alias a-* b-c d\n", "" },
	{ "alias [a b\n", "", "bad-config" },
	{ "alias a] b\n", "", "bad-config" },
	{ "alias a\n", "", "bad-config" },
	{ "install a-b /bin/x-y --z\n", "install a-b /bin/x-y --z\n", "" },
	{ "install a\n", "", "bad-config" },
	{ "softdep a  pre: b-c post: d\n", "softdep a  pre: b-c post: d\n", "" },
	{ "softdep\n", "", "bad-config" },
	{ "options a x=1\nremove a /bin/x\n", "remove a /bin/x\n", "" },
	{ "options a\nremove\n", "", "bad-config,bad-config" },
	{ "Blacklist a\nx\n", "", "bad-config,bad-config" },
	{ "blacklist \\\na\nblacklist b", "blacklist a\nblacklist b\n", "" },
	{ "bl\\acklist a\\b\\", "blacklist ab\n", "" },
	/* it does not join the statement behind */
	{ "install a x\\\\\n\nblacklist b\n", "install a x\\\\\nblacklist b\n", "" },
};

LOOP_TEST(statements_are_read, ARRAY_SIZE(rows))
{
	struct kmod_devname_report *report;
	struct modprobe_config config = { 0 };
	int root_fd = root_with(rows[_i].config);

	ck_assert_int_eq(kmod_devname_report_new(&report), 0);
	ck_assert_int_eq(modprobe_config_read(&config, report, root_fd, NULL), 0);
	ck_assert_str_eq(harness_codes(report), rows[_i].codes);
	ck_assert_uint_eq(config.text_size, strlen(rows[_i].kept));
	if (config.text_size > 0)
		ck_assert_mem_eq(config.text, rows[_i].kept, config.text_size);
	modprobe_config_done(&config);
	kmod_devname_report_unref(report);
	(void)close(root_fd);
}

TEST(the_statement_that_decides_is_found_with_its_place)
{
	static const char text[] = "blacklist f*\nblacklist fuse\nblacklist fuse\n"
				   "install t?n /bin/1\ninstall tun /bin/2\n"
				   "alias char-major-10-* a\nalias char-major-10-5 b\n";
	struct modprobe_config config = { 0 };
	const struct modprobe_statement *found;
	int root_fd = root_with(text);
	size_t work = 0;

	ck_assert_int_eq(modprobe_config_read(&config, NULL, root_fd, NULL), 0);
	found = modprobe_config_find(&config, MODPROBE_BLACKLIST, "fuse", NULL, &work);
	ck_assert_ptr_nonnull(found);
	ck_assert_str_eq(found->file, "/etc/modprobe.d/x.conf");
	ck_assert_uint_eq(found->line, 2);
	ck_assert_ptr_null(modprobe_config_find(&config, MODPROBE_BLACKLIST, "fus", NULL, &work));
	found = modprobe_config_find(&config, MODPROBE_INSTALL, "tun", NULL, &work);
	ck_assert_ptr_nonnull(found);
	ck_assert_str_eq(found->value, "/bin/1");
	ck_assert_ptr_null(modprobe_config_find(&config, MODPROBE_INSTALL, "fuse", NULL, &work));
	found = modprobe_config_find(&config, MODPROBE_ALIAS, "char_major_10_5", "b", &work);
	ck_assert_ptr_nonnull(found);
	ck_assert_uint_eq(found->line, 7);
	ck_assert_ptr_null(
		modprobe_config_find(&config, MODPROBE_ALIAS, "char_major_11_5", "a", &work));
	modprobe_config_done(&config);
	(void)close(root_fd);
}

TEST(statements_are_bounded)
{
	enum { N = 100001 };
	static const char line[] = "blacklist a\n";
	char *text = malloc(N * (sizeof(line) - 1) + 1);
	struct modprobe_config config = { 0 };
	int root_fd;

	for (size_t i = 0; i < N; i++)
		memcpy(text + i * (sizeof(line) - 1), line, sizeof(line));
	root_fd = root_with(text);
	ck_assert_int_eq(modprobe_config_read(&config, NULL, root_fd, NULL), -EFBIG);
	modprobe_config_done(&config);
	free(text);
	(void)close(root_fd);
}

static const struct device_number fuse = { S_IFCHR, 10, 229 };

static const struct {
	const char *directory;
	int wanted;
} refused[] = {
	{ "lib/modules/2", -ENOENT },
	{ DIRECTORY "/x", -ENOTDIR },
};

LOOP_TEST(an_unresolvable_path_is_refused, ARRAY_SIZE(refused))
{
	struct resolution *resolution = NULL;
	int root_fd = root_with("");

	ck_assert_int_eq(
		resolution_new(root_fd, refused[_i].directory, &fuse, false, NULL, &resolution),
		refused[_i].wanted);
	ck_assert_ptr_null(resolution);
	(void)close(root_fd);
}

TEST(a_number_that_is_never_requested_needs_no_modules)
{
	struct resolution *resolution;
	int root_fd = root_with("");

	ck_assert_int_eq(resolution_new(root_fd, DIRECTORY,
					&(struct device_number){ S_IFCHR, 10, 255 }, false, NULL,
					&resolution),
			 0);
	ck_assert_int_eq(resolution->verdict, VERDICT_NOT_ASKED);
	ck_assert_uint_eq(resolution->aliases.size, 0);
	ck_assert_uint_eq(resolution->steps.size, 0);
	ck_assert(!resolution_loads(resolution, "fuse"));
	ck_assert_ptr_null(resolution_unref(resolution));
	ck_assert_ptr_null(resolution_unref(NULL));
	(void)close(root_fd);
}

#if WITH_LIBKMOD
/* No indexes, but a configuration, which modprobe follows all the same. */
TEST(a_configuration_is_resolved)
{
	struct resolution *resolution;
	const struct resolution_step *step;
	int root_fd = root_with("alias char-major-10-229 my-fuse\ninstall my-fuse /bin/x\n");

	ck_assert_int_eq(resolution_new(root_fd, DIRECTORY, &fuse, false, NULL, &resolution), 0);
	ck_assert_int_eq(resolution->verdict, VERDICT_COMMAND);
	ck_assert_uint_eq(resolution->aliases.size, 1);
	ck_assert_str_eq(resolution->aliases.items[0], "char-major-10-229");
	ck_assert_uint_eq(resolution->steps.size, 1);
	step = resolution->steps.items[0];
	ck_assert_str_eq(step->module, "my_fuse");
	ck_assert_int_eq(step->role, ROLE_ALIAS);
	ck_assert_int_eq(step->verdict, VERDICT_COMMAND);
	ck_assert_ptr_null(step->path);
	ck_assert_str_eq(step->command, "/bin/x");
	ck_assert_str_eq(step->file, "/etc/modprobe.d/x.conf");
	ck_assert_uint_eq(step->line, 2);
	resolution_unref(resolution);
	(void)close(root_fd);
}

/* Soft dependencies one behind the other, of modules that only the configuration knows. */
LOOP_TEST(chains_are_bounded, 4)
{
	static const struct {
		unsigned int n;
		int r;
	} chains[] = { { 90, 0 }, { 100, 0 }, { 101, -EFBIG }, { 1000, -EFBIG } };
	struct resolution *resolution = NULL;
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	int root_fd;

	(void)fprintf(stream, "alias char-major-10-229 m0\n");
	for (unsigned int i = 0; i < chains[_i].n; i++)
		(void)fprintf(stream, "alias m%u x%u\nsoftdep x%u pre: m%u\nsoftdep m%u pre: m%u\n",
			      i, i, i, i + 1, i, i + 1);
	(void)fclose(stream);
	root_fd = root_with(text);
	ck_assert_int_eq(resolution_new(root_fd, DIRECTORY, &fuse, false, NULL, &resolution),
			 chains[_i].r);
	if (resolution)
		ck_assert_uint_eq(resolution->steps.size, chains[_i].n);
	resolution_unref(resolution);
	free(text);
	(void)close(root_fd);
}

/* Modules that all have the alias. */
LOOP_TEST(steps_are_bounded, 2)
{
	static const struct {
		unsigned int n;
		int r;
	} aliases[] = { { 10000, 0 }, { 10001, -EFBIG } };
	struct resolution *resolution = NULL;
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	int root_fd;

	for (unsigned int i = 0; i < aliases[_i].n; i++)
		(void)fprintf(stream, "alias char-major-10-229 m%u\n", i);
	(void)fclose(stream);
	root_fd = root_with(text);
	ck_assert_int_eq(resolution_new(root_fd, DIRECTORY, &fuse, false, NULL, &resolution),
			 aliases[_i].r);
	if (resolution)
		ck_assert_uint_eq(resolution->steps.size, aliases[_i].n);
	resolution_unref(resolution);
	free(text);
	(void)close(root_fd);
}

/* Of thousands of nodes with one number each asks for its module. */
LOOP_TEST(steps_are_found_by_name, UNLESS_VALGRIND(1))
{
	enum { STEPS = 10000, LOOK_UPS = 1000000, SECONDS = 10 };
	struct resolution *resolution;
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	int root_fd;

	for (unsigned int i = 0; i < STEPS; i++)
		(void)fprintf(stream, "alias char-major-10-229 m%u\n", i);
	(void)fclose(stream);
	root_fd = root_with(text);
	ck_assert_int_eq(resolution_new(root_fd, DIRECTORY, &fuse, false, NULL, &resolution), 0);
	/* a fraction of a second is enough, and a search from the first step takes minutes */
	harness_limit_cpu(SECONDS);
	/* no assertion, which tells the parent process each time where it is */
	for (unsigned int i = 0; i < LOOK_UPS; i++)
		if (resolution_find_step(resolution, "m9999") != resolution->steps.items[STEPS - 1])
			ck_abort_msg("another step");
	resolution_unref(resolution);
	free(text);
	(void)close(root_fd);
}

static struct kmod_devname_report *lint_loading_of(const char *nodes, int root_fd)
{
	struct kmod_devname_report *report;
	struct kmod_devname_table *table;
	FILE *stream = fmemopen((char *)(uintptr_t)nodes, strlen(nodes), "r");

	ck_assert_int_eq(kmod_devname_report_new(&report), 0);
	ck_assert_int_eq(kmod_devname_table_new(&table), 0);
	ck_assert_int_eq(kmod_devname_table_read(table, NULL, stream, NULL), 0);
	ck_assert_int_eq(table_lint_loading(table, report, root_fd, DIRECTORY, false), 0);
	kmod_devname_table_unref(table);
	(void)fclose(stream);
	return report;
}

/* The others are checked. */
TEST(a_node_with_too_many_modules_is_a_finding)
{
	struct kmod_devname_report *report;
	const struct kmod_devname_finding *finding;
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	int root_fd;

	for (unsigned int i = 0; i < 10001; i++)
		(void)fprintf(stream, "alias char-major-10-229 m%u\n", i);
	(void)fprintf(stream, "alias char-major-10-200 tun\ninstall tun /bin/x\n");
	(void)fclose(stream);
	root_fd = root_with(text);
	report = lint_loading_of("fuse fuse c10:229\ntun net/tun c10:200\n", root_fd);
	ck_assert_str_eq(harness_codes(report), "bad-config,not-loaded");
	finding = kmod_devname_report_get(report, 0);
	ck_assert_int_eq(kmod_devname_finding_get_severity(finding), KMOD_DEVNAME_SEVERITY_ERROR);
	ck_assert_ptr_nonnull(strstr(kmod_devname_finding_get_message(finding),
				     "opening 'fuse' (c10:229) loads module fuse"));
	kmod_devname_report_unref(report);
	free(text);
	(void)close(root_fd);
}

/* Each node is compared with all statements; those that no work is left for are not looked at. */
LOOP_TEST(the_work_for_all_nodes_is_bounded, UNLESS_VALGRIND(1))
{
	enum { STATEMENTS = 90000, NODES = 2000 };
	struct kmod_devname_report *report;
	char *text, *nodes;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	const char *message;
	int root_fd;

	(void)fprintf(stream, "alias char-major-10-* tun\ninstall tun /bin/x\n");
	for (unsigned int i = 0; i < STATEMENTS; i++)
		(void)fprintf(stream, "blacklist m%u\n", i);
	(void)fclose(stream);
	root_fd = root_with(text);
	stream = open_memstream(&nodes, &size);
	for (unsigned int i = 0; i < NODES; i++)
		(void)fprintf(stream, "tun n%u c10:%u\n", i, 1000 + i);
	(void)fclose(stream);
	report = lint_loading_of(nodes, root_fd);
	size = kmod_devname_report_size(report);
	ck_assert_uint_lt(size, NODES);
	message = kmod_devname_finding_get_message(kmod_devname_report_get(report, size - 1));
	ck_assert_ptr_nonnull(strstr(message, "over 300000000 comparisons"));
	kmod_devname_report_unref(report);
	free(nodes);
	free(text);
	(void)close(root_fd);
}

/* Writes an index of kmod that has one key, with a value several times. */
static void write_index(int root_fd, const char *path, const char *key, const char *value,
			uint8_t n)
{
	static const uint8_t header[] = { 0xb0, 0x07, 0xf4, 0x57, 0, 2, 0, 1, 0xc0, 0, 0, 12 };
	char *data;
	size_t size;
	FILE *stream = open_memstream(&data, &size);

	(void)fwrite(header, sizeof(header), 1, stream);
	(void)fprintf(stream, "%s%c%c%c%c%c", key, 0, 0, 0, 0, n);
	for (unsigned int i = 0; i < n; i++)
		(void)fprintf(stream, "%c%c%c%c%s%c", 0, 0, 0, 0, value, 0);
	(void)fclose(stream);
	harness_write(root_fd, path, data, size);
	free(data);
}

/* All modules of the number are one that is built in, whose line of modules.dep has megabytes. */
LOOP_TEST(long_values_of_an_index_count_as_work, UNLESS_WATCHED(1))
{
	enum { SIZE = 8000000, N = 200 };
	struct resolution *resolution = NULL;
	char *value = malloc(SIZE);
	int root_fd = root_with("");

	ck_assert_ptr_nonnull(value);
	memset(value, 'x', SIZE);
	value[SIZE - 1] = '\0';
	write_index(root_fd, DIRECTORY "/modules.dep.bin", "d", value, 1);
	write_index(root_fd, DIRECTORY "/modules.builtin.bin", "d", "", 1);
	write_index(root_fd, DIRECTORY "/modules.alias.bin", "char_major_10_229", "d", N);
	ck_assert_int_eq(resolution_new(root_fd, DIRECTORY, &fuse, false, NULL, &resolution),
			 -EFBIG);
	free(value);
	(void)close(root_fd);
}

/* A statement that holds for each module of a long list, again and again. */
LOOP_TEST(dependencies_are_bounded, UNLESS_VALGRIND(2))
{
	static const struct {
		unsigned int n;
		int r;
	} rows_of_names[] = { { 80, 0 }, { 800, -EFBIG } };
	struct resolution *resolution = NULL;
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	int root_fd;

	(void)fprintf(stream, "alias char-major-10-229 m0\nsoftdep * pre:");
	for (unsigned int i = 0; i < rows_of_names[_i].n; i++)
		(void)fprintf(stream, " m%u", i);
	for (unsigned int i = 0; i < rows_of_names[_i].n; i++)
		(void)fprintf(stream, "\nalias m%u x%u", i, i);
	(void)fprintf(stream, "\n");
	(void)fclose(stream);
	root_fd = root_with(text);
	ck_assert_int_eq(resolution_new(root_fd, DIRECTORY, &fuse, false, NULL, &resolution),
			 rows_of_names[_i].r);
	resolution_unref(resolution);
	free(text);
	(void)close(root_fd);
}

/* Words that each stand for thousands of modules, or that each of many patterns is tried for. */
LOOP_TEST(words_of_soft_dependencies_are_bounded, UNLESS_VALGRIND(2))
{
	static const unsigned int n_words[] = { 1000, 1500 }, n_aliases[] = { 5000, 20000 };
	struct resolution *resolution = NULL;
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	int root_fd;

	(void)fprintf(stream, "alias char-major-10-229 m0\nsoftdep m0 pre:");
	for (unsigned int i = 0; i < n_words[_i]; i++)
		if (_i == 0)
			(void)fputs(" x", stream);
		else
			(void)fprintf(stream, "%s nnnnnnn%u", i % 100 ? "" : "\\\n", i);
	(void)fprintf(stream, "\n");
	for (unsigned int i = 1; i <= n_aliases[_i]; i++)
		(void)fprintf(stream, _i == 0 ? "alias x m%u\n" : "alias n*q%u* m\n", i);
	(void)fclose(stream);
	root_fd = root_with(text);
	ck_assert_int_eq(resolution_new(root_fd, DIRECTORY, &fuse, false, NULL, &resolution),
			 -EFBIG);
	free(text);
	(void)close(root_fd);
}

/* _i: without proc, or with a file of this name */
LOOP_TEST(no_command_line_blacklists_nothing, 2)
{
	struct resolution *resolution;
	int root_fd = root_with("");

	if (_i > 0)
		harness_write(root_fd, "proc", "", 0);
	ck_assert_int_eq(resolution_new(root_fd, DIRECTORY,
					&(struct device_number){ S_IFCHR, 10, 205 }, true, NULL,
					&resolution),
			 0);
	resolution_unref(resolution);
	(void)close(root_fd);
}
#else
TEST(a_build_without_libkmod_says_so)
{
	struct resolution *resolution;
	int root_fd = root_with("");

	ck_assert_int_eq(resolution_new(root_fd, DIRECTORY, &fuse, false, NULL, &resolution),
			 -EOPNOTSUPP);
	(void)close(root_fd);
}
#endif

TEST(verdicts_and_roles_have_names)
{
	static const char *const verdicts[] = { "loads",       "loaded",   "built-in", "command",
						"blacklisted", "off",      "no-file",  "no-module",
						"no-index",    "not-asked" };
	static const char *const roles[] = { "alias", "dependency", "soft-dependency" };

	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++)
		ck_assert_str_eq(resolution_verdict_to_string((enum resolution_verdict)(i + 1)),
				 verdicts[i]);
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		ck_assert_str_eq(resolution_role_to_string((enum resolution_role)(i + 1)),
				 roles[i]);
}

int main(void)
{
	return harness_run(NULL, NULL);
}
