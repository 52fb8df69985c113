// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every allocation of every verb fails, alone and with all behind it. Then the verb says -ENOMEM,
 * or has done all that it does without the fault; and nothing is leaked or left behind. Nor is
 * anything leaked when a system call fails: what else becomes of that is seen by test-failures.
 */

#include "lib/harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system/faults-foreign.h"
#include "system/faults-memory.h"
#include "lib/mkmodule.h"
#include "lib/refuse.h"
#include "base/root.h"

#ifdef WITH_LIBKMOD
#define HAS_LIBKMOD true
#else
#define HAS_LIBKMOD false
#endif

#define N(array) (sizeof(array) / sizeof((array)[0]))
#define DIRECTORY "lib/modules/1.0"
#define FILE_NAME "modules.devname"
#define OLD_TEXT "# old\n"
#define HEADER "# Device nodes to trigger on-demand module loading.\n"
#define FUSE "fuse fuse c10:229\n"
#define TUN "tun net/tun c10:200\n"
#define CUSE "cuse cuse c10:203\n"

static int root_fd, dev_fd;
static bool can_make_nodes;
static bool has_index;

/* How many failed, of all tests, which are processes of their own. */
static struct figures {
	unsigned long allocations;
	unsigned long calls;
} * figures;

/* --- what the verbs work on --------------------------------------------------------------- */

/* What depmod makes dependencies of. */
#define MODINFO(text) ".section .modinfo,\"a\"\n.asciz \"" text "\"\n"
#define EXPORTS(symbol) ".section __ksymtab_strings,\"a\"\n.asciz \"" symbol "\"\n"
#define NEEDS(symbol) ".data\n.dc.a " symbol "\n"

static void write_text(const char *path, const char *text)
{
	harness_write(root_fd, path, text, strlen(text));
}

static void write_module(const char *path, const char *devname, const char *number)
{
	const char *const strings[] = { "license=GPL", devname, number };
	struct mkmodule spec = { 64, 0, MKMODULE_SOUND, strings, N(strings) };
	size_t size;
	uint8_t *image = mkmodule(&spec, &size);

	harness_write(root_fd, path, image, size);
	free(image);
}

/* Two that need others; "tun" is compressed so that not every depmod can read it. */
static void write_linked_modules(void)
{
	write_text(DIRECTORY "/kernel/misc.s", EXPORTS("misc_do") MODINFO("license=GPL"));
	write_text(DIRECTORY "/kernel/fuse.s",
		   EXPORTS("fuse_do") NEEDS("misc_do") MODINFO("alias=devname:fuse")
			   MODINFO("alias=char-major-10-229"));
	write_text(DIRECTORY "/kernel/cuse.s",
		   NEEDS("fuse_do") NEEDS("misc_do") MODINFO("alias=devname:cuse")
			   MODINFO("alias=char-major-10-203")
				   MODINFO("softdep=pre: uhid post: bad"));
}

static void write_modules(void)
{
	write_linked_modules();
	write_module(DIRECTORY "/kernel/tun.ko", "alias=devname:net/tun",
		     "alias=char-major-10-200");
	write_module(DIRECTORY "/kernel/uhid.ko", "alias=devname:uhid", "alias=char-major-10-239");
	write_module(DIRECTORY "/kernel/bad.ko", "alias=devname:bad", "version=1");
	write_text(DIRECTORY "/modules.order", "kernel/tun.ko\nkernel/fuse.ko\nkernel/uhid.ko\n");
	write_text(DIRECTORY "/modules.builtin", "");
	harness_write(root_fd, DIRECTORY "/modules.builtin.modinfo",
		      "uhid.alias=devname:uhid\0uhid.alias=char-major-10-239", 53);
}

static void write_configuration(void)
{
	write_text("etc/depmod.d/a.conf", "search updates built-in\noverride fuse * kernel\n"
					  "exclude none\nexternal * /none\nnonsense\n");
	write_text("pattern.conf", "override fuse 1.*[0-9] kernel\noverride tun x kernel\n");
	write_text("etc/modprobe.d/a.conf", "blacklist tun\nsoftdep fuse post: tun\n"
					    "install uhid /bin/true\nalias a b\nnonsense\n");
	write_text("proc/cmdline", "quiet modprobe.blacklist=tun,none\n");
	write_text("etc/passwd", "root:x:0:0::/:\nalice:x:1001:1001::/:\n");
	write_text("etc/group", "root:x:0:\nnetdev:x:6:\n");
	write_text("etc/udev/rules.d/a.rules",
		   "KERNEL==\"tun\", MODE=\"0666\", GROUP=\"netdev\", "
		   "OPTIONS+=\"static_node=net/tun\"\n"
		   "KERNEL==\"fuse\", \\\n OWNER=\"alice\"\n"
		   "OPTIONS+=\"static_node=cuse\", OWNER=\"nobody-here\"\n");
	write_text("table", HEADER FUSE TUN);
	write_text("other", HEADER TUN "fuse fuse c10:1\n" CUSE "nonsense\n");
}

/* Written by depmod, and newer one than the other beyond doubt. */
static bool make_index(void)
{
	static const char commands[] =
		"PATH=$PATH:/usr/sbin:/sbin; command -v ${DEPMOD:-depmod} > /dev/null || exit 77; "
		"${DEPMOD:-depmod} -b . 1.0 2> /dev/null; cd " DIRECTORY " && "
		"for name in dep alias symbols; do "
		"sleep 0.02; cp modules.$name new && mv new modules.$name || exit; done; sleep "
		"0.02";
	int status = system(commands);

	ck_assert(status == 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 77));
	return status == 0;
}

/* Compressed as a distribution does it, and with depmod's files if there is depmod. */
static void prepare_tree(void)
{
	static const char commands[] = "cd " DIRECTORY "/kernel && mkdir ../updates && "
				       "for name in misc fuse cuse; do "
				       "${CC:-cc} -c -o $name.ko $name.s && rm $name.s || exit; "
				       "done && cp fuse.ko ../updates && gzip tun.ko && "
				       "xz --check=crc32 cuse.ko && zstd -q --rm uhid.ko && "
				       "find .. -name '*.ko*' -exec touch -d 2020-01-01 {} +";

	ck_assert_int_eq(fchdir(root_fd), 0);
	ck_assert_int_eq(system(commands), 0);
	has_index = make_index();
	ck_assert_int_eq(mkdirat(root_fd, "dev", 0755), 0);
	dev_fd = openat(root_fd, "dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	can_make_nodes = mknodat(dev_fd, "fuse", S_IFCHR | 0600, 0x0aff) == 0;
}

static void set_up(void)
{
	root_fd = harness_directory();
	write_modules();
	write_configuration();
	prepare_tree();
}

static void tear_down(void)
{
	ck_assert_int_eq(close(dev_fd), 0);
	ck_assert_int_eq(close(root_fd), 0);
}

/* --- verbs -------------------------------------------------------------------------------- */

/* What a verb has made; all of it is released when it is over. */
struct objects {
	struct kmod_devname_table *table, *other;
	struct kmod_devname_report *report;
	struct kmod_devname_comparison *comparison;
	struct kmod_devname_config *config;
	struct kmod_devname_scan *scan;
	struct kmod_devname_permissions *permissions;
	struct kmod_devname_resolution *resolution;
	char *text;
	size_t size;
	enum kmod_devname_outcome outcomes[4];
	unsigned int option; /* of the verb */
};

/*
 * stdio's own allocations for a file are not what is tried, but for its buffer. Not with
 * ck_assert(), which allocates too.
 */
static FILE *open_file(const char *path)
{
	unsigned long fail_at = faults_memory->fail_at;
	FILE *stream;

	faults_memory->fail_at = ULONG_MAX;
	stream = fdopen(openat(root_fd, path, O_RDONLY | O_CLOEXEC), "re");
	faults_memory->fail_at = fail_at;
	return stream;
}

typedef int (*read_function)(struct kmod_devname_table *table, struct kmod_devname_report *report,
			     FILE *stream, const char *file);

static int read_with(read_function function, struct kmod_devname_table *table, struct objects *o,
		     const char *path)
{
	FILE *stream = open_file(path);
	int r;

	if (!stream)
		return -EIO;
	r = function(table, o->report, stream, path);
	(void)fclose(stream);
	return r;
}

static int read_tables(struct objects *o)
{
	int r = kmod_devname_table_new(&o->other);

	if (r == 0)
		r = read_with(kmod_devname_table_read, o->table, o, "table");
	return r == 0 ? read_with(kmod_devname_table_read, o->other, o, "other") : r;
}

static int read_index(struct objects *o)
{
	return read_with(kmod_devname_table_read_index, o->table, o, DIRECTORY "/modules.alias");
}

static int read_builtin(struct objects *o)
{
	return read_with(kmod_devname_table_read_builtin, o->table, o,
			 DIRECTORY "/modules.builtin.modinfo");
}

static int add_modules(struct objects *o)
{
	static const char *const aliases[] = { "devname:a", "char-major-10-1", "devname:b",
					       "char-major-10-2" };
	static const char *const others[] = { "devname:a/b", "char-major-10-3", "devname:\n" };
	int r = kmod_devname_table_add_module(o->table, o->report, "one", "one.ko", aliases, 4);

	if (r == 0)
		r = kmod_devname_table_add_module(o->table, o->report, "two", NULL, aliases, 2);
	if (r == 0)
		r = kmod_devname_table_add_module(o->table, o->report, "three", "3", others, 2);
	return r == 0 ? kmod_devname_table_add_module(o->table, o->report, "4", "4", others, 3) : r;
}

static int add_file(struct objects *o)
{
	static const char *const files[] = { "fuse.ko", "tun.ko.gz", "cuse.ko.xz", "uhid.ko.zst" };
	char path[64];
	int fd, r;

	(void)snprintf(path, sizeof(path), DIRECTORY "/kernel/%s", files[o->option]);
	fd = openat(root_fd, path, O_RDONLY | O_CLOEXEC);
	r = kmod_devname_table_add_file(o->table, o->report, fd, files[o->option]);
	(void)close(fd);
	return r;
}

static int write_table(struct objects *o)
{
	int r = read_tables(o);
	FILE *stream = r == 0 ? open_memstream(&o->text, &o->size) : NULL;

	if (!stream)
		return -ENOMEM;
	r = kmod_devname_table_write(o->table, stream);
	return fclose(stream) != 0 || !o->text ? -ENOMEM : r;
}

static int write_format(struct objects *o)
{
	int r = read_tables(o);
	FILE *stream;

	if (r == 0)
		r = kmod_devname_permissions_new(0600, &o->permissions);
	if (r == 0)
		r = kmod_devname_permissions_read_udev(o->permissions, o->report, root_fd,
						       o->table);
	stream = r == 0 ? open_memstream(&o->text, &o->size) : NULL;
	if (!stream)
		return -ENOMEM;
	r = kmod_devname_table_write_format(o->table, (enum kmod_devname_format)o->option,
					    o->permissions, 0, stream);
	return fclose(stream) != 0 || !o->text ? -ENOMEM : r;
}

static int replace(struct objects *o)
{
	int r = read_tables(o);

	return r == 0 ? kmod_devname_table_replace(o->table, dev_fd, FILE_NAME) : r;
}

static int compare(struct objects *o)
{
	int r = read_tables(o);

	return r == 0 ? kmod_devname_comparison_new(o->table, o->other, o->table, &o->comparison)
		      : r;
}

static int lint(struct objects *o)
{
	int r = read_tables(o);

	if (r == 0)
		r = kmod_devname_table_lint(o->other, o->report);
	if (r == 0)
		r = kmod_devname_table_lint_builtin(o->table, o->report, o->other);
	if (r == 0)
		r = kmod_devname_table_lint_file(o->table, o->report, o->other, "other");
	return r == 0 ? kmod_devname_table_lint_udev(o->table, o->report, root_fd) : r;
}

static int lint_loading(struct objects *o)
{
	int r = read_tables(o);

	return r == 0 ? kmod_devname_table_lint_loading(o->table, o->report, root_fd, DIRECTORY, 0)
		      : r;
}

static int read_pattern(struct objects *o)
{
	static const char *const paths[] = { "pattern.conf" };
	int r = kmod_devname_config_new("1.0", &o->config);

	return r == 0 ? kmod_devname_config_read(o->config, o->report, root_fd, paths, 1) : r;
}

static int prepare_scan(struct objects *o)
{
	int r = kmod_devname_config_new("1.0", &o->config);

	if (r == 0)
		r = kmod_devname_config_read(o->config, o->report, root_fd, NULL, 0);
	if (r == 0)
		r = kmod_devname_scan_new(root_fd, DIRECTORY, o->table, o->report, &o->scan);
	if (r == 0)
		r = kmod_devname_scan_set_config(o->scan, o->config);
	return r;
}

#define USE_INDEX 100

/* The option is the number of threads; over USE_INDEX with the index. */
static int scan(struct objects *o)
{
	int r = prepare_scan(o);

	if (r == 0)
		r = kmod_devname_scan_set_use_index(o->scan, o->option > USE_INDEX);
	if (r == 0)
		r = kmod_devname_scan_set_threads(o->scan, o->option % USE_INDEX);
	if (r < 0)
		return r;
	do
		r = kmod_devname_scan_step(o->scan);
	while (r > 0);
	return r;
}

static int read_permissions(struct objects *o)
{
	int r = kmod_devname_permissions_new(0640, &o->permissions);

	return r == 0 ? kmod_devname_permissions_read_udev(o->permissions, o->report, root_fd, NULL)
		      : r;
}

static int create(struct objects *o)
{
	unsigned int flags = KMOD_DEVNAME_REPLACE | (can_make_nodes ? 0 : KMOD_DEVNAME_DRY_RUN);
	int r = read_tables(o);

	return r == 0 ? kmod_devname_table_create(o->table, o->report, dev_fd, NULL, flags,
						  o->outcomes)
		      : r;
}

static int verify(struct objects *o)
{
	int r = read_tables(o);

	return r == 0 ? kmod_devname_table_verify(o->table, o->report, dev_fd, o->permissions) : r;
}

static int resolve(struct objects *o)
{
	return kmod_devname_resolution_new(root_fd, DIRECTORY, S_IFCHR, 10, o->option,
					   KMOD_DEVNAME_RESOLVE_RUNNING, o->report, &o->resolution);
}

static int open_by_hand(struct objects *o)
{
	int fd = root_open_by_hand(root_fd, "/lib/./modules/../../etc/passwd", O_RDONLY);

	(void)o;
	if (fd < 0)
		return fd;
	(void)close(fd);
	return 0;
}

static const struct verb {
	const char *name;
	int (*work)(struct objects *o);
	unsigned int option;
} verbs[] = {
	{ "add_module", add_modules, 0 },
	{ "add_file", add_file, 0 },
	{ "add_file gz", add_file, 1 },
	{ "add_file xz", add_file, 2 },
	{ "add_file zst", add_file, 3 },
	{ "read", read_tables, 0 },
	{ "read_index", read_index, 0 },
	{ "read_builtin", read_builtin, 0 },
	{ "write", write_table, 0 },
	{ "write_format human", write_format, KMOD_DEVNAME_FORMAT_HUMAN },
	{ "write_format tmpfiles", write_format, KMOD_DEVNAME_FORMAT_TMPFILES },
	{ "write_format devname", write_format, KMOD_DEVNAME_FORMAT_DEVNAME },
	{ "write_format mknod", write_format, KMOD_DEVNAME_FORMAT_MKNOD },
	{ "write_format cpio", write_format, KMOD_DEVNAME_FORMAT_CPIO },
	{ "write_format device-table", write_format, KMOD_DEVNAME_FORMAT_DEVICE_TABLE },
	{ "write_format json", write_format, KMOD_DEVNAME_FORMAT_JSON },
	{ "replace", replace, 0 },
	{ "comparison", compare, 0 },
	{ "lint", lint, 0 },
	{ "lint_loading", lint_loading, 0 },
	{ "config", read_pattern, 0 },
	{ "scan", scan, 1 },
	{ "scan with threads", scan, 4 },
	{ "scan with an index", scan, USE_INDEX + 1 },
	{ "permissions", read_permissions, 0 },
	{ "create", create, 0 },
	{ "verify", verify, 0 },
	{ "resolution", resolve, 203 },
	{ "resolution of a command", resolve, 239 },
	{ "resolution of what is blacklisted", resolve, 200 },
	{ "open_in_root", open_by_hand, 0 },
};

/* Of depmod, without which there is less to do. */
static bool needs_index(const struct verb *verb)
{
	return verb->work == resolve || verb->work == lint_loading ||
	       (verb->work == scan && verb->option > USE_INDEX);
}

/* --- what came of it ----------------------------------------------------------------------- */

static void objects_done(struct objects *o)
{
	kmod_devname_scan_unref(o->scan);
	kmod_devname_comparison_unref(o->comparison);
	kmod_devname_config_unref(o->config);
	kmod_devname_permissions_unref(o->permissions);
	kmod_devname_resolution_unref(o->resolution);
	kmod_devname_table_unref(o->table);
	kmod_devname_table_unref(o->other);
	kmod_devname_report_unref(o->report);
	free(o->text);
}

static void print_findings(FILE *stream, const struct kmod_devname_report *report)
{
	for (size_t i = 0; i < kmod_devname_report_size(report); i++) {
		const struct kmod_devname_finding *finding = kmod_devname_report_get(report, i);
		const char *file = kmod_devname_finding_get_file(finding);

		fprintf(stream, "%s:%zu: %s: %s\n", file ? file : "-",
			kmod_devname_finding_get_line(finding),
			kmod_devname_code_to_string(kmod_devname_finding_get_code(finding)),
			kmod_devname_finding_get_message(finding));
	}
}

static void print_resolution(FILE *stream, const struct kmod_devname_resolution *resolution)
{
	fprintf(stream, "%s\n",
		kmod_devname_verdict_to_string(kmod_devname_resolution_get_verdict(resolution)));
	for (size_t i = 0; i < kmod_devname_resolution_size(resolution); i++) {
		const struct kmod_devname_step *step = kmod_devname_resolution_get(resolution, i);
		const char *path = kmod_devname_step_get_path(step);
		const char *file = kmod_devname_step_get_file(step);

		fprintf(stream, "%s %u %u %s %s\n", kmod_devname_step_get_module(step),
			kmod_devname_step_get_role(step), kmod_devname_step_get_verdict(step),
			path ? path : "-", file ? file : "-");
	}
}

static void print_permission(FILE *stream, const struct kmod_devname_permissions *permissions,
			     const char *name)
{
	const struct kmod_devname_permission *p = kmod_devname_permissions_get(permissions, name);

	fprintf(stream, "%s %o %u %u\n", name, kmod_devname_permission_get_mode(p),
		kmod_devname_permission_get_uid(p), kmod_devname_permission_get_gid(p));
}

static unsigned int count_names(const char *path)
{
	DIR *dir = fdopendir(openat(dev_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	unsigned int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		(void)closedir(dir);
	return n;
}

static void print_devices(FILE *stream)
{
	static const char *const paths[] = { "fuse", "net/tun", FILE_NAME };
	struct stat st;

	for (size_t i = 0; i < N(paths); i++)
		if (fstatat(dev_fd, paths[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			fprintf(stream, "%s %o %lx %ld\n", paths[i], st.st_mode,
				(unsigned long)st.st_rdev, (long)st.st_size);
	fprintf(stream, "%u and %u names\n", count_names("."), count_names("net"));
}

/* All that the verb has made, as text, to be freed. */
static char *describe(const struct objects *o, int r)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	fprintf(stream, "%d\n", r);
	(void)kmod_devname_table_write(o->table, stream);
	print_findings(stream, o->report);
	if (o->text)
		fwrite(o->text, 1, o->size, stream);
	if (o->comparison)
		fprintf(stream, "%zu\n", kmod_devname_comparison_size(o->comparison));
	if (o->resolution)
		print_resolution(stream, o->resolution);
	if (o->permissions) {
		print_permission(stream, o->permissions, "net/tun");
		print_permission(stream, o->permissions, "cuse");
	}
	for (size_t i = 0; i < N(o->outcomes); i++)
		fprintf(stream, "%d ", o->outcomes[i]);
	print_devices(stream);
	(void)fclose(stream);
	return text;
}

/* --- faults -------------------------------------------------------------------------------- */

/* The device directory is as it was: one node with another number, and an old file. */
static void reset_devices(void)
{
	(void)unlinkat(dev_fd, "net/tun", 0);
	(void)unlinkat(dev_fd, "net", AT_REMOVEDIR);
	(void)unlinkat(dev_fd, "fuse", 0);
	if (can_make_nodes)
		ck_assert_int_eq(mknodat(dev_fd, "fuse", S_IFCHR | 0600, 0x0aff), 0);
	write_text("dev/" FILE_NAME, OLD_TEXT);
}

static int work(const struct verb *verb, struct objects *o)
{
	int r = kmod_devname_table_new(&o->table);

	o->option = verb->option;
	if (r == 0)
		r = kmod_devname_report_new(&o->report);
	return r == 0 ? verb->work(o) : r;
}

/* What libkmod or the C library loses by itself is not ours; nothing else is passed over. */
static void check_leaks(const struct verb *verb, const char *what, unsigned long n, long blocks)
{
	ck_assert_msg(blocks == foreign.blocks, "%s: %s %lu: %ld blocks are leaked", verb->name,
		      what, n, blocks - foreign.blocks);
	ck_assert_msg(foreign.handles == 0, "%s: %s %lu: %ld handles are not given back",
		      verb->name, what, n, foreign.handles);
	ck_assert_msg(blocks == 0 || foreign.has_failed,
		      "%s: %s %lu: %ld blocks are leaked without a reason", verb->name, what, n,
		      blocks);
}

/*
 * Runs the verb, with n allocations from first on failing. Returns what it gave, and in *ret_text
 * what it made, if it says that it did its work.
 */
static int run(const struct verb *verb, unsigned long first, unsigned long n, char **ret_text)
{
	long blocks = faults_memory->blocks;
	struct objects o = { 0 };
	int r;

	foreign = (struct foreign){ 0 };
	faults_memory->allocations = 0;
	faults_memory->fail_end = n < ULONG_MAX - first ? first + n : ULONG_MAX;
	faults_memory->fail_at = first;
	r = work(verb, &o);
	faults_memory->fail_at = ULONG_MAX;
	*ret_text = r < 0 ? NULL : describe(&o, r);
	objects_done(&o);
	/* the text is still there */
	check_leaks(verb, "allocation", first,
		    faults_memory->blocks - blocks - (*ret_text != NULL));
	return r;
}

/* Old or new, each of them, and nothing else: ".", "..", fuse, modules.devname, perhaps net. */
static void check_devices(const struct verb *verb, unsigned long first)
{
	unsigned int in_net = count_names("net");
	struct stat st;

	ck_assert_msg(count_names(".") == 3U + can_make_nodes + (in_net > 0) && in_net <= 3,
		      "%s: allocation %lu: something was left", verb->name, first);
	ck_assert_int_eq(fstatat(dev_fd, FILE_NAME, &st, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert(st.st_size == (off_t)strlen(OLD_TEXT) ||
		  st.st_size == (off_t)strlen(HEADER FUSE TUN));
}

/* Returns whether the verb allocates so often. */
static bool try(const struct verb *verb, unsigned long first, unsigned long n, const char *wanted)
{
	bool reached;
	char *text;
	int r;

	reset_devices();
	r = run(verb, first, n, &text);
	reached = faults_memory->allocations >= first;
	if (r >= 0)
		ck_assert_msg(strcmp(text, wanted) == 0,
			      "%s: allocation %lu, %lu: something is not done:\n%s", verb->name,
			      first, n, text);
	else
		ck_assert_msg(r == -ENOMEM, "%s: allocation %lu, %lu: %s", verb->name, first, n,
			      strerror(-r));
	free(text);
	check_devices(verb, first);
	if (reached)
		figures->allocations++;
	return reached;
}

/* Can it be done here? After it, what libraries keep for good they have. */
static bool can_work(const struct verb *verb)
{
	struct objects o = { 0 };
	char *text;
	int r;

	reset_devices();
	faults_memory->fail_at = ULONG_MAX;
	r = work(verb, &o);
	text = describe(&o, r);
	objects_done(&o);
	if (r == -EOPNOTSUPP && !HAS_LIBKMOD)
		harness_leave("there is no libkmod");
	else if (needs_index(verb) && !has_index)
		harness_skip("there is no depmod");
	else
		ck_assert_msg(r >= 0 && !strstr(text, "stale-index"), "%s: %s", verb->name, text);
	free(text);
	return r >= 0 && (has_index || !needs_index(verb));
}

START_TEST(every_allocation_of_a_verb_may_fail)
{
	static const unsigned long numbers[] = { 1, ULONG_MAX, 2, 3, 10 };
	size_t n_numbers = harness_often(2, N(numbers));
	const struct verb *verb = &verbs[_i];
	char *wanted;

	if (!can_work(verb))
		return;
	reset_devices();
	ck_assert_int_ge(run(verb, ULONG_MAX, 1, &wanted), 0);
	for (size_t i = 0; i < n_numbers; i++)
		for (unsigned long first = 1; try(verb, first, numbers[i], wanted); first++)
			;
	free(wanted);
}
END_TEST

/* Returns whether the verb makes this call so often; false if none can be made to fail here. */
static bool try_call(const struct verb *verb, size_t which, unsigned int n, unsigned int fds)
{
	long blocks = faults_memory->blocks;
	struct objects o = { 0 };
	char what[32];
	bool met;

	foreign = (struct foreign){ 0 };
	if (!refuse_nth(which, n, EIO))
		return false;
	(void)work(verb, &o);
	met = refuse_met();
	(void)refuse_nth(REFUSE_CALLS, 0, 0);
	objects_done(&o);
	(void)snprintf(what, sizeof(what), "system call %ld", refuse_calls[which]);
	check_leaks(verb, what, n, faults_memory->blocks - blocks);
	/* and the one by which system calls are refused */
	ck_assert_msg(harness_count_fds() == fds + 1, "%s: %s %u: a file stays open", verb->name,
		      what, n);
	reset_devices();
	return met;
}

START_TEST(no_system_call_that_fails_makes_a_verb_leak)
{
	const struct verb *verb = &verbs[_i];
	unsigned int fds = harness_count_fds();

	/* it has a thread, after which the verb's need no more memory than with it */
	if (!refuse_nth(REFUSE_CALLS, 0, 0) || !can_work(verb))
		return;
	for (size_t which = 0; which < REFUSE_CALLS; which++)
		for (unsigned int n = 0; try_call(verb, which, n, fds); n++)
			figures->calls++;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("faults");
	TCase *tcase = tcase_create("memory");
	int r;

	figures = harness_share(sizeof(*figures));
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, every_allocation_of_a_verb_may_fail, 0, N(verbs));
	tcase_add_loop_test(tcase, no_system_call_that_fails_makes_a_verb_leak, 0, N(verbs));
	tcase_set_timeout(tcase, 600);
	suite_add_tcase(suite, tcase);
	r = harness_run(suite);
	if (r == EXIT_SUCCESS)
		(void)printf("# count: %lu failing allocations of the library, all survived or "
			     "told; %lu failing system calls, no leak\n",
			     figures->allocations, figures->calls);
	return r;
}
