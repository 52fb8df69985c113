// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each verb again and again, with each of its allocations and each of its system calls failing
 * once: it says so, or what it does is what it does without that. Nothing is lost silently.
 */

#include "lib/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/mkmodule.h"
#include "lib/refuse.h"
#include "base/root.h"
#include "lib/wrap.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT(text) text, sizeof(text) - 1

#define MEMORY (-1) /* in the place of a system call */
#define KERNEL "6.1.0"
#define MODULES "lib/modules/" KERNEL
#define HEADER "# Device nodes to trigger on-demand module loading.\n"
#define NODES HEADER "fuse fuse c10:229\ntun net/tun c10:200\nloop loop0 b7:0\n"
#define OTHERS HEADER "fuse fuse c10:230\nloop loop0 b7:0\nnew new/x c10:5\n"

/* What a verb works on, and what comes of it. */
struct world {
	int root_fd;
	int dev_fd;
	int modules_fd;
	struct kmod_devname_table *table;
	struct kmod_devname_table *other;
	struct kmod_devname_report *report;
	struct kmod_devname_permissions *permissions;
	struct kmod_devname_comparison *comparison;
	struct kmod_devname_resolution *resolution;
	struct kmod_devname_config *config;
	struct harness_source source;
	FILE *input;
	FILE *output;
	char *text;
	size_t size;
};

/* --- the world ---------------------------------------------------------------------------- */

static void write_module(int root_fd, const char *path, const char *name, const char *number)
{
	char devname[64];
	const char *const strings[] = { "license=GPL", devname, number };
	struct mkmodule spec = { 64, 0, MKMODULE_SOUND, strings, N(strings) };
	size_t size;
	uint8_t *image;

	(void)snprintf(devname, sizeof(devname), "alias=devname:%s", name);
	image = mkmodule(&spec, &size);
	harness_write(root_fd, path, image, size);
	free(image);
}

/* Compressed files of nothing. */
static const struct {
	const char *path, *bytes;
	size_t size;
} files[] = {
	{ MODULES "/kernel/z.ko.gz", TEXT("\x1f\x8b\b\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0") },
	{ MODULES "/kernel/z.ko.xz", TEXT("\xfd"
					  "7zXZ\0\0\4\xe6\xd6\xb4\x46\0\0\0\0\x1c\xdf\x44\x21\x1f"
					  "\xb6\xf3\x7d\1\0\0\0\0\4YZ") },
	{ MODULES "/kernel/z.ko.zst", TEXT("\x28\xb5\x2f\xfd\x24\0\1\0\0\x99\xe9\xd8\x51") },
	{ MODULES "/modules.order", TEXT("kernel/tun.ko\nkernel/fuse.ko\n") },
	{ MODULES "/config", TEXT("CONFIG_X=y\n# CONFIG_BLOCK_LEGACY_AUTOLOAD is not set\n") },
	{ "etc/passwd", TEXT("root:x:0:0::/:\nalice:x:1001:1001::/:\n") },
	{ "etc/group", TEXT("root:x:0:\nkvm:x:104:\n") },
	{ "etc/udev/rules.d/50-x.rules",
	  TEXT("KERNEL==\"tun\", MODE=\"0666\"\n"
	       "GROUP=\"kvm\", OPTIONS+=\"static_node=fuse\", OPTIONS+=\"static_node=none\"\n"
	       "OWNER=\"alice\", \\\n MODE=\"0604\", OPTIONS+=\"static_node=fuse\"\n"
	       "OWNER=\"nobody-there\", OPTIONS+=\"static_node=loop0\"\nMODE=, "
	       "OPTIONS+=\"static_node=fuse\"\n") },
	{ "etc/depmod.d/x.conf",
	  TEXT("search updates built-in external\nexternal 6* /lib/external\noverride tun 6.1.0 "
	       "extra\nexclude excluded\nnonsense\n") },
	{ "etc/modprobe.d/x.conf",
	  TEXT("alias char-major-10-229 my-fuse\nsoftdep my-fuse pre: one two post: three\n"
	       "install my-fuse /bin/x\nalias char-major-10-200 tun\nblacklist tun\n"
	       "alias block-major-7-* loop\noptions loop \\\n max_loop=8\n") },
};

static int make_root(void)
{
	int root_fd = harness_directory();

	for (size_t i = 0; i < N(files); i++)
		harness_write(root_fd, files[i].path, files[i].bytes, files[i].size);
	write_module(root_fd, MODULES "/kernel/fuse.ko", "fuse", "alias=char-major-10-229");
	write_module(root_fd, MODULES "/kernel/tun.ko", "net/tun", "alias=char-major-10-200");
	write_module(root_fd, MODULES "/extra/tun.ko", "net/tun", "alias=char-major-10-201");
	write_module(root_fd, MODULES "/kernel/bad.ko", "bad", "alias=char-major-x");
	write_module(root_fd, MODULES "/elsewhere", "linked", "alias=char-major-10-9");
	write_module(root_fd, "lib/external/e.ko", "e", "alias=char-major-10-10");
	ck_assert_int_eq(symlinkat("../elsewhere", root_fd, MODULES "/kernel/linked.ko"), 0);
	ck_assert_int_eq(symlinkat("../kernel", root_fd, MODULES "/extra/loop"), 0);
	ck_assert_int_eq(symlinkat("nowhere", root_fd, MODULES "/kernel/dangling.ko"), 0);
	ck_assert_int_eq(mkdirat(root_fd, "dev", 0755), 0);
	return root_fd;
}

static int open_directory(int root_fd, const char *path)
{
	int fd = openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static struct kmod_devname_table *make_table(const char *text)
{
	struct harness_source source = { .text = { text, strlen(text) } };
	struct kmod_devname_table *table;
	FILE *stream;

	ck_assert_int_eq(kmod_devname_table_new(&table), 0);
	stream = harness_open(&source);
	ck_assert_int_eq(kmod_devname_table_read(table, NULL, stream, NULL), 0);
	(void)fclose(stream);
	return table;
}

/* As before each run: no nodes but an obstacle and a wrong one, where they can be made. */
static void clear(int root_fd)
{
	static const char *const names[] = { "dev/fuse", "dev/net/tun", "dev/loop0",
					     MODULES "/modules.devname" };

	for (size_t i = 0; i < N(names); i++)
		(void)unlinkat(root_fd, names[i], 0);
	(void)unlinkat(root_fd, "dev/net", AT_REMOVEDIR);
	(void)mknodat(root_fd, "dev/loop0", S_IFBLK | 0600, makedev(7, 1));
	harness_write(root_fd, "dev/fuse", "", 0);
}

static void world_begin(struct world *w, int root_fd, const char *input, size_t size)
{
	*w = (struct world){ .root_fd = root_fd };
	clear(root_fd);
	w->dev_fd = open_directory(root_fd, "dev");
	w->modules_fd = open_directory(root_fd, MODULES);
	w->table = make_table(NODES);
	w->other = make_table(OTHERS);
	ck_assert_int_eq(kmod_devname_report_new(&w->report), 0);
	ck_assert_int_eq(kmod_devname_permissions_new(0600, &w->permissions), 0);
	w->source = (struct harness_source){ .text = { input, size } };
	w->input = harness_open(&w->source);
	w->output = open_memstream(&w->text, &w->size);
	ck_assert_ptr_nonnull(w->output);
}

static void world_end(struct world *w)
{
	kmod_devname_table_unref(w->table);
	kmod_devname_table_unref(w->other);
	kmod_devname_report_unref(w->report);
	kmod_devname_permissions_unref(w->permissions);
	kmod_devname_comparison_unref(w->comparison);
	kmod_devname_resolution_unref(w->resolution);
	kmod_devname_config_unref(w->config);
	(void)fclose(w->input);
	(void)fclose(w->output);
	free(w->text);
	(void)close(w->dev_fd);
	(void)close(w->modules_fd);
}

static void describe_nodes(FILE *stream, int root_fd)
{
	static const char *const names[] = { "dev/fuse", "dev/net", "dev/net/tun", "dev/loop0",
					     MODULES "/modules.devname" };
	struct stat st;

	for (size_t i = 0; i < N(names); i++)
		if (fstatat(root_fd, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			fprintf(stream, "%s %o %u %u %llx %lld\n", names[i], st.st_mode, st.st_uid,
				st.st_gid, (unsigned long long)st.st_rdev,
				S_ISREG(st.st_mode) ? (long long)st.st_size : 0);
}

static void describe_results(FILE *stream, const struct world *w)
{
	static const char *const names[] = { "fuse", "net/tun", "loop0", "none" };
	const struct kmod_devname_step *step;

	for (size_t i = 0; i < N(names); i++) {
		const struct kmod_devname_permission *p =
			kmod_devname_permissions_get(w->permissions, names[i]);

		fprintf(stream, "%s %o %u %u\n", names[i], kmod_devname_permission_get_mode(p),
			kmod_devname_permission_get_uid(p), kmod_devname_permission_get_gid(p));
	}
	if (w->comparison)
		fprintf(stream, "%zu\n", kmod_devname_comparison_size(w->comparison));
	if (!w->resolution)
		return;
	fprintf(stream, "%d\n", kmod_devname_resolution_get_verdict(w->resolution));
	for (size_t i = 0; (step = kmod_devname_resolution_get(w->resolution, i)); i++)
		fprintf(stream, "%s %d\n", kmod_devname_step_get_module(step),
			kmod_devname_step_get_verdict(step));
}

/* All that can be seen of what a verb has done, but for its report, to be freed. */
static char *describe(struct world *w)
{
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(stream);
	(void)kmod_devname_table_write(w->table, stream);
	describe_nodes(stream, w->root_fd);
	describe_results(stream, w);
	(void)fflush(w->output);
	fwrite(w->text, 1, w->size, stream);
	(void)fclose(stream);
	return text;
}

/* --- the verbs ---------------------------------------------------------------------------- */

static int new_values(struct world *w)
{
	struct kmod_devname_table *table;
	struct kmod_devname_report *report;
	struct kmod_devname_permissions *permissions;
	int r = kmod_devname_table_new(&table);

	(void)w;
	if (r < 0)
		return r;
	kmod_devname_table_unref(table);
	r = kmod_devname_report_new(&report);
	if (r < 0)
		return r;
	kmod_devname_report_unref(report);
	r = kmod_devname_permissions_new(0600, &permissions);
	if (r == 0)
		kmod_devname_permissions_unref(permissions);
	return r;
}

static int add_module(struct world *w)
{
	static const char *const aliases[] = { "devname:x",      "char-major-bad", "devname:a",
					       "char-major-1-1", "devname:b/c",    "char-major-1-2",
					       "pci:v1" };
	static const char *const ambiguous[] = { "devname:a", "devname:b", "char-major-1-1" };
	int r = kmod_devname_table_add_module(w->table, w->report, "my-module", "file", aliases,
					      N(aliases));

	if (r == 0)
		r = kmod_devname_table_add_module(w->table, w->report, "my-module", "file",
						  ambiguous, N(ambiguous));
	return r == 0 ? kmod_devname_table_add_module(w->table, w->report, "x", NULL, aliases, 2)
		      : r;
}

static int add_file(struct world *w)
{
	int fd = openat(w->modules_fd, "kernel/bad.ko", O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : kmod_devname_table_add_file(w->table, w->report, fd, "x/bad.ko");

	if (fd >= 0)
		(void)close(fd);
	return r;
}

static int read_text(struct world *w)
{
	return kmod_devname_table_read(w->table, w->report, w->input, "file");
}

static int read_builtin(struct world *w)
{
	return kmod_devname_table_read_builtin(w->table, w->report, w->input, "file");
}

static int read_index(struct world *w)
{
	int r = kmod_devname_table_read_index(w->table, w->report, w->input, "file");

	return r < 0 ? r : 0;
}

static int replace(struct world *w)
{
	int r = kmod_devname_table_replace(w->table, w->modules_fd, "modules.devname");

	/* now it is there, and is compared */
	if (r >= 0)
		r = kmod_devname_table_replace(w->table, w->modules_fd, "modules.devname");
	return r < 0 ? r : 0;
}

static int compare(struct world *w)
{
	return kmod_devname_comparison_new(w->table, w->other, w->other, &w->comparison);
}

static int lint(struct world *w)
{
	int r = kmod_devname_table_lint(w->other, w->report);

	if (r == 0)
		r = kmod_devname_table_lint_builtin(w->table, w->report, w->other);
	return r == 0 ? kmod_devname_table_lint_file(w->table, w->report, w->other, "file") : r;
}

static int lint_udev(struct world *w)
{
	return kmod_devname_table_lint_udev(w->table, w->report, w->root_fd);
}

static int read_udev(struct world *w)
{
	return kmod_devname_permissions_read_udev(w->permissions, w->report, w->root_fd, NULL);
}

static int read_config(struct world *w)
{
	int r = kmod_devname_config_new(KERNEL, &w->config);

	return r < 0 ? r : kmod_devname_config_read(w->config, w->report, w->root_fd, NULL, 0);
}

static int scan_with(struct world *w, unsigned int threads, int use_index)
{
	struct kmod_devname_scan *scan = NULL;
	int r = read_config(w);

	if (r == 0)
		r = kmod_devname_scan_new(w->root_fd, MODULES, w->table, w->report, &scan);
	if (r < 0)
		return r;
	(void)kmod_devname_scan_set_threads(scan, threads);
	(void)kmod_devname_scan_set_config(scan, w->config);
	(void)kmod_devname_scan_set_use_index(scan, use_index);
	while ((r = kmod_devname_scan_step(scan)) > 0)
		;
	kmod_devname_scan_unref(scan);
	return r;
}

static int scan(struct world *w)
{
	return scan_with(w, 1, 0);
}

static int scan_by_index(struct world *w)
{
	return scan_with(w, 1, 1);
}

static int scan_in_threads(struct world *w)
{
	return scan_with(w, 2, 0);
}

static int create(struct world *w)
{
	return kmod_devname_table_create(w->table, w->report, w->dev_fd, NULL, KMOD_DEVNAME_REPLACE,
					 NULL);
}

static int verify(struct world *w)
{
	return kmod_devname_table_verify(w->table, w->report, w->dev_fd, w->permissions);
}

#if WITH_LIBKMOD
static int resolve(struct world *w)
{
	int r = kmod_devname_resolution_new(w->root_fd, MODULES, S_IFCHR, 10, 229, 0, w->report,
					    &w->resolution);

	return r < 0 ? r
		     : kmod_devname_table_lint_loading(w->table, w->report, w->root_fd, MODULES, 0);
}
#endif

static int write_formats(struct world *w)
{
	int r = 0;

	for (int i = 0; r == 0 && kmod_devname_format_to_string((enum kmod_devname_format)i); i++)
		r = kmod_devname_table_write_format(w->table, (enum kmod_devname_format)i,
						    w->permissions, 0, w->output);
	return r;
}

static int open_by_hand(struct world *w)
{
	int fd = root_open_by_hand(w->root_fd, MODULES "/kernel/linked.ko", O_RDONLY);

	if (fd >= 0)
		(void)close(fd);
	return fd < 0 ? fd : 0;
}

static const struct verb {
	const char *name;
	int (*run)(struct world *w);
	const char *input;
	size_t size;
	bool vague; /* libkmod does not say why it failed, or passes over that */
} verbs[] = {
	{ "new", new_values, TEXT(""), false },
	{ "add_module", add_module, TEXT(""), false },
	{ "add_file", add_file, TEXT(""), false },
	{ "read", read_text,
	  TEXT(HEADER
	       "a a c1:1\nb a c1:1\nc a c1:2\nbad\nd d/e b1:1\nm m1 c2:1\nm m2 c2:2\nm m3 c2:3\n"
	       "m m4 c2:4\nm m5 c2:5\nm m6 c2:6\nm m7 c2:7\nm m8 c2:8\n"),
	  false },
	{ "read_builtin", read_builtin,
	  TEXT("fuse.alias=devname:fuse\0fuse.alias=char-major-10-229\0"), false },
	{ "read_index", read_index,
	  TEXT("# Aliases\nalias devname:x a\nalias char-major-1-1 a\nalias devname:y b_c\n"
	       "alias char-major-1-2 b_c\n"),
	  false },
	{ "replace", replace, TEXT(""), false },
	{ "compare", compare, TEXT(""), false },
	{ "lint", lint, TEXT(""), false },
	{ "lint_udev", lint_udev, TEXT(""), false },
	{ "read_udev", read_udev, TEXT(""), false },
	{ "read_config", read_config, TEXT(""), false },
	{ "scan", scan, TEXT(""), false },
	{ "scan_by_index", scan_by_index, TEXT(""), false },
	{ "create", create, TEXT(""), false },
	{ "verify", verify, TEXT(""), false },
	{ "write_format", write_formats, TEXT(""), false },
	{ "open_by_hand", open_by_hand, TEXT(""), false },
#if WITH_LIBKMOD
	{ "resolve", resolve, TEXT(""), true },
#endif
	/* which allocation is the n-th is another thread's affair */
	{ "scan_in_threads", scan_in_threads, TEXT(""), false },
};

/* Of all tests together, each of which is a process. */
static struct figures {
	atomic_uint allocations;
	atomic_uint calls;
} * figures;

/* --- failures ----------------------------------------------------------------------------- */

/* What a run without failures does, and how many findings it has. */
struct expected {
	char *text;
	size_t findings;
	int r;
};

static struct expected run_soundly(const struct verb *verb, int root_fd)
{
	struct expected expected;
	struct world w;

	world_begin(&w, root_fd, verb->input, verb->size);
	expected.r = verb->run(&w);
	expected.text = describe(&w);
	expected.findings = kmod_devname_report_size(w.report);
	world_end(&w);
	return expected;
}

/*
 * After a failure: an error, or the same, or a finding more that says what is not the same. Who
 * may not make nodes gets an error from create without any failure.
 */
static void judge(const struct verb *verb, struct world *w, int r, int error, long call,
		  unsigned int n, const struct expected *expected)
{
	char *text = describe(w);

	if (r < 0)
		ck_assert_msg(r == -error || r == expected->r || verb->vague, "%s, %ld, %u: %s",
			      verb->name, call, n, strerror(-r));
	else if (call == MEMORY || !verb->vague)
		ck_assert_msg((strcmp(text, expected->text) == 0 &&
			       kmod_devname_report_size(w->report) == expected->findings) ||
				      kmod_devname_report_size(w->report) > expected->findings,
			      "%s, %ld, %u: lost without a word: %s instead of %s", verb->name,
			      call, n, text, expected->text);
	free(text);
}

START_TEST(an_allocation_that_fails_loses_nothing_silently)
{
	const struct verb *verb = &verbs[_i];
	int root_fd = make_root();
	struct expected expected = run_soundly(verb, root_fd);
	unsigned int n, fds = harness_count_fds();
	bool met = true;

	for (n = 1; met; n++) {
		struct world w;
		int r;

		world_begin(&w, root_fd, verb->input, verb->size);
		wrap_no_memory_at(n);
		r = verb->run(&w);
		met = wrap_no_memory_met();
		wrap_no_memory_at(0);
		judge(verb, &w, r, ENOMEM, MEMORY, n, &expected);
		world_end(&w);
		ck_assert_msg(harness_count_fds() == fds, "%s, allocation %u: a file stays open",
			      verb->name, n);
	}
	figures->allocations += n - 2; /* the last one did not, for there were no more */
	free(expected.text);
}
END_TEST

/* Returns how many calls there are, or 0 if none can be made to fail; fds: open files before. */
static unsigned int fail_each(const struct verb *verb, int root_fd, size_t which,
			      const struct expected *expected, unsigned int fds)
{
	bool met = true;
	unsigned int n;

	for (n = 0; met; n++) {
		struct world w;
		int r;

		world_begin(&w, root_fd, verb->input, verb->size);
		if (!refuse_nth(which, n, EIO)) {
			world_end(&w);
			return 0;
		}
		r = verb->run(&w);
		met = refuse_met();
		(void)refuse_nth(REFUSE_CALLS, 0, 0);
		judge(verb, &w, r, EIO, refuse_calls[which], n, expected);
		world_end(&w);
		/* and the one by which system calls are refused */
		ck_assert_msg(harness_count_fds() == fds + 1, "%s, %ld, %u: a file stays open",
			      verb->name, refuse_calls[which], n);
	}
	return n - 1;
}

START_TEST(a_system_call_that_fails_loses_nothing_silently)
{
	const struct verb *verb = &verbs[_i];
	int root_fd = make_root();
	struct expected expected = run_soundly(verb, root_fd);
	unsigned int failed = 0, fds = harness_count_fds();

	for (size_t i = 0; i < REFUSE_CALLS; i++)
		failed += fail_each(verb, root_fd, i, &expected, fds);
	figures->calls += failed;
	free(expected.text);
}
END_TEST

START_TEST(where_directories_tell_no_types_all_is_the_same)
{
	const struct verb *verb = &verbs[_i];
	int root_fd = make_root();
	struct expected expected = run_soundly(verb, root_fd), got;

	wrap_no_types(true);
	got = run_soundly(verb, root_fd);
	wrap_no_types(false);
	ck_assert_int_eq(got.r, expected.r);
	ck_assert_str_eq(got.text, expected.text);
	ck_assert_uint_eq(got.findings, expected.findings);
	free(got.text);
	free(expected.text);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, where_directories_tell_no_types_all_is_the_same, 0, N(verbs));
	tcase_add_loop_test(tcase, a_system_call_that_fails_loses_nothing_silently, 0, N(verbs));
	tcase_add_loop_test(tcase, an_allocation_that_fails_loses_nothing_silently, 0, N(verbs));
}

int main(void)
{
	Suite *suite = suite_create("failures");
	TCase *tcase = tcase_create("failures");
	int status;

	figures = harness_share(sizeof(*figures));
	tcase_set_timeout(tcase, 300);
	add_tests(tcase);
	suite_add_tcase(suite, tcase);
	status = harness_run(suite);
	if (status == EXIT_SUCCESS)
		printf("# count: %u allocations and %u system calls failed in %zu verbs, each "
		       "once\n",
		       figures->allocations, figures->calls, N(verbs));
	return status;
}
