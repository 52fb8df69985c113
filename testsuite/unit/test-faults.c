// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every verb again and again, and in each run one of its allocations or of its system calls fails.
 * After an allocation, which fails alone or with those behind it, the verb says -ENOMEM, or has
 * done all that it does without the fault. After a system call it gives that error, or has a
 * finding more, or has done all as well. Nothing is lost silently, leaked, left open or left
 * behind.
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

#include "base/io.h"
#include "dev/devdir.h"
#include "lib/mkmodule.h"
#include "lib/refuse.h"
#include "modprobe/modprobe.h"
#include "node/table.h"
#include "system/faults-foreign.h"
#include "system/faults-memory.h"
#include "text/depmod-index.h"
#include "tree/scan.h"
#include "udev/rules.h"

#ifdef WITH_LIBKMOD
#define HAS_LIBKMOD true
#else
#define HAS_LIBKMOD false
#endif

#ifdef WITH_FAULTS
#define OWN_MALLOC true
#else
#define OWN_MALLOC false
#endif

#define DIRECTORY "lib/modules/1.0"
#define FILE_NAME "modules.devname"
#define OLD_TEXT "# old\n"
#define FUSE "fuse fuse c10:229\n"
#define TUN "tun net/tun c10:200\n"
#define CUSE "cuse cuse c10:203\n"
#define LOOP "loop loop0 b7:0\n"

static int root_fd, dev_fd;
static bool can_make_nodes;
static bool has_index;

/* How many failed, in all cases, which are processes of their own. */
static struct figures {
	unsigned long allocations;
	unsigned long calls;
} * figures;

/* Directories do not tell what their entries are, as on some file systems. */
static bool without_types;

/* The linker puts it in the place of readdir(3), which has this name where files may be large. */
struct dirent *__real_readdir64(DIR *dir);
struct dirent *__wrap_readdir64(DIR *dir);
struct dirent *__wrap_readdir64(DIR *dir)
{
	struct dirent *entry = __real_readdir64(dir);

	if (entry && without_types)
		entry->d_type = DT_UNKNOWN;
	return entry;
}

/* --- what the verbs work on --------------------------------------------------------------- */

/* What depmod makes dependencies of. */
#define MODINFO(text) ".section .modinfo,\"a\"\n.asciz \"" text "\"\n"
#define EXPORTS(symbol) ".section __ksymtab_strings,\"a\"\n.asciz \"" symbol "\"\n"
#define NEEDS(symbol) ".data\n.dc.a " symbol "\n"

static void write_text(const char *path, const char *text)
{
	harness_write(root_fd, path, text, strlen(text));
}

static void make_link(const char *target, const char *path)
{
	ck_assert_int_eq(symlinkat(target, root_fd, path), 0);
}

static void write_module(const char *path, const char *devname, const char *number)
{
	const char *const strings[] = { "license=GPL", devname, number };
	struct mkmodule spec = { 64, 0, MKMODULE_SOUND, strings, ARRAY_SIZE(strings) };
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
	write_module(DIRECTORY "/extra/tun.ko", "alias=devname:net/tun", "alias=char-major-10-201");
	write_module("lib/external/e.ko", "alias=devname:e", "alias=char-major-10-10");
	write_module(DIRECTORY "/elsewhere", "alias=devname:linked", "alias=char-major-10-9");
	write_module("kept/tun.ko", "alias=devname:net/tun", "alias=char-major-10-200");
	write_text("kept/fuse.ko", "cut");
	make_link("../elsewhere", DIRECTORY "/kernel/linked.ko");
	make_link("nowhere", DIRECTORY "/kernel/dangling.ko");
	make_link("../kernel", DIRECTORY "/extra/kernel");
	make_link("/etc/../etc/passwd", "passwd");
	write_text(DIRECTORY "/modules.order", "kernel/tun.ko\nkernel/fuse.ko\nkernel/uhid.ko\n");
	write_text(DIRECTORY "/modules.builtin", "");
	write_text(DIRECTORY "/modules.devname", "fuse fuse c10:229\n");
	harness_write(root_fd, DIRECTORY "/modules.builtin.modinfo",
		      "uhid.alias=devname:uhid\0uhid.alias=char-major-10-239", 53);
}

static void write_configuration(void)
{
	write_text("etc/depmod.d/a.conf", "search updates built-in external\n"
					  "override fuse * kernel\nexclude none\n"
					  "external * /lib/external\nnonsense\n");
	write_text("pattern.conf", "override fuse 1.*[0-9] kernel\noverride tun x kernel\n");
	write_text("etc/modprobe.d/a.conf", "blacklist tun\nsoftdep fuse post: tun\n"
					    "install uhid /bin/true\nalias a b\nnonsense\n"
					    "alias block-major-7-* loop\n"
					    "options loop \\\n max_loop=8\n");
	write_text("proc/cmdline", "quiet modprobe.blacklist=tun,none\n");
	write_text("etc/passwd", "root:x:0:0::/:\nalice:x:1001:1001::/:\n");
	write_text("etc/group", "root:x:0:\nnetdev:x:6:\n");
	write_text("etc/udev/rules.d/a.rules",
		   "KERNEL==\"tun\", MODE=\"0666\", GROUP=\"netdev\", "
		   "OPTIONS+=\"static_node=net/tun\"\n"
		   "KERNEL==\"fuse\", \\\n OWNER=\"alice\"\n"
		   "OPTIONS+=\"static_node=cuse\", OWNER=\"nobody-here\"\n"
		   "MODE=, OPTIONS+=\"static_node=fuse\"\n");
	write_text(DIRECTORY "/config", "CONFIG_X=y\n# CONFIG_BLOCK_LEGACY_AUTOLOAD is not set\n");
	write_text("table", DEVNAME_HEADER FUSE TUN LOOP);
	write_text("old", DEVNAME_HEADER FUSE "gone net/tun c10:200\n");
	write_text("other", DEVNAME_HEADER TUN "fuse fuse c10:1\n" CUSE "nonsense\n");
	write_text("odd", DEVNAME_HEADER "a a c1:1\nb a c1:1\nc a c1:2\nd d/e b1:1\n"
					 "m m1 c2:1\nm m2 c2:2\nm m3 c2:3\nm m4 c2:4\n"
					 "m m5 c2:5\nm m6 c2:6\nm m7 c2:7\nm m8 c2:8\n");
}

/* More than what the C library has room for at first when it writes into memory. */
static void write_long_table(void)
{
	char component[252] = "/", name[3002] = "", text[3 * 3100];
	int size = 0;

	memset(component + 1, 'x', sizeof(component) - 2);
	for (int i = 0; i < 11; i++)
		strcat(name, component);
	for (int i = 0; i < 3; i++)
		size += snprintf(text + size, sizeof(text) - (size_t)size, "m n%d%s c10:%d\n", i,
				 name, i);
	ck_assert_int_gt(size, 8192);
	write_text("long", text);
}

/* Written by depmod, and newer than the modules. */
static bool make_index(void)
{
	static const char commands[] =
		"PATH=$PATH:/usr/sbin:/sbin; command -v ${DEPMOD:-depmod} > /dev/null || exit 77; "
		"${DEPMOD:-depmod} -b . 1.0 2> /dev/null";
	int status;

	harness_next_tick(root_fd);
	status = system(commands);
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

/* Once for all cases: each puts the device directory back, and nothing else is changed. */
static void set_up(void)
{
	root_fd = harness_directory();
	write_modules();
	write_configuration();
	write_long_table();
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
	struct comparison *comparison;
	struct kmod_devname_config *config;
	struct kmod_devname_scan *scan;
	struct kmod_devname_permissions *permissions;
	struct resolution *resolution;
	char *text;
	size_t size;
	int outcomes[4];
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

static int read_kernel(struct objects *o)
{
	return kmod_devname_table_read_kernel(o->table, o->report, root_fd, DIRECTORY);
}

static int read_odd_lines(struct objects *o)
{
	return read_with(kmod_devname_table_read, o->table, o, "odd");
}

static int read_builtin(struct objects *o)
{
	return read_with(table_read_builtin, o->table, o, DIRECTORY "/modules.builtin.modinfo");
}

static int add_modules(struct objects *o)
{
	static const char *const aliases[] = { "devname:a", "char-major-10-1", "devname:b",
					       "char-major-10-2" };
	static const char *const others[] = { "devname:a/b", "char-major-10-3", "devname:\n" };
	static const char *const bad[] = { "pci:v1", "devname:c", "char-major-10-x",
					   "char-major-10-y" };
	int r = kmod_devname_table_add_module(o->table, o->report, "one", "one.ko", aliases, 4);

	if (r == 0)
		r = kmod_devname_table_add_module(o->table, o->report, "two", NULL, aliases, 2);
	if (r == 0)
		r = kmod_devname_table_add_module(o->table, o->report, "three", "3", others, 2);
	if (r == 0)
		r = kmod_devname_table_add_module(o->table, o->report, "4", "4", others, 3);
	return r == 0 ? kmod_devname_table_add_module(o->table, o->report, "5", "5", bad, 4) : r;
}

static int add_file(struct objects *o)
{
	static const char *const files[] = { "fuse.ko", "tun.ko.gz", "cuse.ko.xz", "uhid.ko.zst",
					     "bad.ko" };
	char path[64];
	int fd, r;

	(void)snprintf(path, sizeof(path), DIRECTORY "/kernel/%s", files[o->option]);
	fd = openat(root_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = kmod_devname_table_add_file(o->table, o->report, fd, files[o->option]);
	(void)close(fd);
	return r;
}

static int write_table(struct objects *o)
{
	int r = read_tables(o);
	FILE *stream;

	if (r < 0)
		return r;
	stream = open_memstream(&o->text, &o->size);
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
	if (r < 0)
		return r;
	stream = open_memstream(&o->text, &o->size);
	if (!stream)
		return -ENOMEM;
	r = kmod_devname_table_print(o->table, (enum kmod_devname_format)o->option, o->permissions,
				     0, stream);
	return fclose(stream) != 0 || !o->text ? -ENOMEM : r;
}

/* The option is whether the table is long. */
static int replace(struct objects *o)
{
	int r = o->option ? read_with(kmod_devname_table_read, o->table, o, "long")
			  : read_tables(o);

	if (r == 0)
		r = kmod_devname_table_write_file(o->table, dev_fd, FILE_NAME);
	/* now the file is the same, and is compared; if that fails, it is replaced again */
	if (r >= 0)
		r = kmod_devname_table_write_file(o->table, dev_fd, FILE_NAME);
	return r < 0 ? r : 0;
}

static int compare(struct objects *o)
{
	int r = read_tables(o);

	return r == 0 ? comparison_new(o->table, o->other, &o->comparison) : r;
}

static int lint(struct objects *o)
{
	int r = read_tables(o);

	if (r == 0)
		r = table_lint(o->other, o->report);
	if (r == 0)
		r = table_lint_builtin(o->table, o->report, o->other);
	if (r == 0)
		r = table_lint_file(o->table, o->report, o->other, "other");
	return r == 0 ? udev_lint(o->table, o->report, root_fd, NULL) : r;
}

static int lint_loading(struct objects *o)
{
	int r = read_tables(o);

	return r == 0 ? table_lint_loading(o->table, o->report, root_fd, DIRECTORY, 0) : r;
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
		r = kmod_devname_scan_new(o->table, o->report, root_fd, DIRECTORY, &o->scan);
	if (r == 0)
		r = kmod_devname_scan_set_config(o->scan, o->config);
	return r;
}

#define USE_INDEX 100
#define USE_FRESH_INDEX 200

/* 0 if the index can be used, or cannot for another reason than a failure. */
static int use_fresh_index(struct objects *o)
{
	int fd = open_in_root(root_fd, DIRECTORY, O_PATH | O_DIRECTORY), r = fd;

	if (fd >= 0) {
		r = scan_use_fresh_index(o->scan, fd, true, NULL);
		(void)close(fd);
	}
	return r < 0 ? r : 0;
}

/* The option is the number of threads; over USE_INDEX with the index. */
static int scan(struct objects *o)
{
	int r = prepare_scan(o);

	if (r == 0 && o->option > USE_FRESH_INDEX)
		r = use_fresh_index(o);
	else if (r == 0)
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

/* Of two modules one is cut: its line stays, and the tables are read in this order. */
static int keep(struct objects *o)
{
	int r = kmod_devname_table_new(&o->other);

	if (r == 0)
		r = read_with(kmod_devname_table_read, o->other, o, "old");
	if (r == 0)
		r = kmod_devname_scan_new(o->table, o->report, root_fd, "kept", &o->scan);
	if (r == 0)
		r = kmod_devname_scan_set_threads(o->scan, 1);
	if (r < 0)
		return r;
	do
		r = kmod_devname_scan_step(o->scan);
	while (r > 0);
	return r == 0 ? scan_keep(o->scan, o->other, "old") : r;
}

static int read_permissions(struct objects *o)
{
	int r = kmod_devname_permissions_new(0640, &o->permissions);

	return r == 0 ? kmod_devname_permissions_read_udev(o->permissions, o->report, root_fd, NULL)
		      : r;
}

static int create(struct objects *o)
{
	unsigned int flags =
		KMOD_DEVNAME_MAKE_REPLACE | (can_make_nodes ? 0 : KMOD_DEVNAME_MAKE_DRY_RUN);
	int r = read_tables(o);

	return r == 0 ? kmod_devname_table_make_nodes(o->table, o->report, dev_fd, NULL, flags,
						      o->outcomes,
						      kmod_devname_table_size(o->table))
		      : r;
}

static int verify(struct objects *o)
{
	int r = read_tables(o);

	if (r == 0)
		r = read_permissions(o);
	return r == 0 ? table_verify(o->table, o->report, dev_fd, "", o->permissions) : r;
}

static int resolve(struct objects *o)
{
	return resolution_new(root_fd, DIRECTORY, &(struct device_number){ S_IFCHR, 10, o->option },
			      true, o->report, &o->resolution);
}

static int open_by_hand(struct objects *o)
{
	int fd = root_open_by_hand(root_fd, "/lib/./modules/../../passwd", O_RDONLY);

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
	{ "add_file of bad aliases", add_file, 4 },
	{ "read", read_tables, 0 },
	{ "read odd lines", read_odd_lines, 0 },
	{ "read_kernel", read_kernel, 0 },
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
	{ "replace by much", replace, 1 },
	{ "comparison", compare, 0 },
	{ "lint", lint, 0 },
	{ "lint_loading", lint_loading, 0 },
	{ "config", read_pattern, 0 },
	{ "scan", scan, 1 },
	{ "scan with threads", scan, 4 },
	{ "scan with an index", scan, USE_INDEX + 1 },
	{ "scan with a fresh index", scan, USE_FRESH_INDEX + 1 },
	{ "keep", keep, 0 },
	{ "permissions", read_permissions, 0 },
	{ "create", create, 0 },
	{ "verify", verify, 0 },
	{ "resolution", resolve, 203 },
	{ "resolution of a command", resolve, 239 },
	{ "resolution of what is blacklisted", resolve, 200 },
	{ "open_in_root", open_by_hand, 0 },
};

/* These look up depmod's indexes by libkmod. */
static bool asks_libkmod(const struct verb *verb)
{
	return verb->work == resolve || verb->work == lint_loading;
}

static bool needs_index(const struct verb *verb)
{
	return asks_libkmod(verb) || (verb->work == scan && verb->option > USE_INDEX);
}

/* --- what came of it ----------------------------------------------------------------------- */

static void objects_done(struct objects *o)
{
	kmod_devname_scan_unref(o->scan);
	free(o->comparison);
	kmod_devname_config_unref(o->config);
	kmod_devname_permissions_unref(o->permissions);
	resolution_unref(o->resolution);
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

static void print_resolution(FILE *stream, const struct resolution *resolution)
{
	fprintf(stream, "%s\n", resolution_verdict_to_string(resolution->verdict));
	for (size_t i = 0; i < resolution->steps.size; i++) {
		const struct resolution_step *step = resolution->steps.items[i];
		const char *path = step->path;
		const char *file = step->file;

		fprintf(stream, "%s %u %u %s %s\n", step->module, step->role, step->verdict,
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
	static const char *const paths[] = { "fuse", "loop0", "net/tun", FILE_NAME };
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (fstatat(dev_fd, paths[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			fprintf(stream, "%s %o %lx %ld\n", paths[i], st.st_mode,
				(unsigned long)st.st_rdev, (long)st.st_size);
	fprintf(stream, "%u and %u names\n", count_names("."), count_names("net"));
}

static char *describe_made(const struct objects *o)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	(void)kmod_devname_table_write(o->table, stream);
	if (o->text)
		fwrite(o->text, 1, o->size, stream);
	if (o->comparison)
		fprintf(stream, "%zu\n", o->comparison->size);
	if (o->resolution)
		print_resolution(stream, o->resolution);
	if (o->permissions) {
		print_permission(stream, o->permissions, "net/tun");
		print_permission(stream, o->permissions, "fuse");
		print_permission(stream, o->permissions, "cuse");
	}
	for (size_t i = 0; i < ARRAY_SIZE(o->outcomes); i++)
		fprintf(stream, "%d ", o->outcomes[i]);
	print_devices(stream);
	(void)fclose(stream);
	return text;
}

static char *describe_findings(const struct objects *o)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	print_findings(stream, o->report);
	(void)fclose(stream);
	return text;
}

/* All that can be seen of what a verb has done; if it has failed, there are no texts. */
struct result {
	int r;
	off_t file_size; /* of modules.devname in the device directory */
	char *made;
	char *findings;
	size_t n_findings;
	size_t n_errors; /* of them */
};

static struct result describe_result(const struct objects *o, int r)
{
	struct result result = { .r = r };
	struct stat st;

	ck_assert_int_eq(fstatat(dev_fd, FILE_NAME, &st, AT_SYMLINK_NOFOLLOW), 0);
	result.file_size = st.st_size;
	if (r < 0)
		return result;
	result.made = describe_made(o);
	result.findings = describe_findings(o);
	result.n_findings = kmod_devname_report_size(o->report);
	result.n_errors = kmod_devname_report_count(o->report, KMOD_DEVNAME_SEVERITY_ERROR);
	return result;
}

static void result_done(struct result *result)
{
	free(result->made);
	free(result->findings);
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static bool is_same_result(const struct result *a, const struct result *b)
{
	return a->r == b->r && is_same_text(a->made, b->made) &&
	       is_same_text(a->findings, b->findings);
}

/* --- faults -------------------------------------------------------------------------------- */

/* Which allocations or which system call of a verb fail. */
struct fault {
	size_t call; /* of refuse_calls; REFUSE_CALLS: allocations */
	unsigned long first; /* from 1; ULONG_MAX: none */
	unsigned long n; /* of allocations: how many from there */
};

static const struct fault no_fault = { REFUSE_CALLS, ULONG_MAX, 1 };

static bool is_of_memory(const struct fault *fault)
{
	return fault->call == REFUSE_CALLS;
}

/* "allocation N", "system call NUMBER (N)", until the next call. */
static const char *name_fault(const struct fault *fault)
{
	static char name[64];

	if (is_of_memory(fault))
		(void)snprintf(name, sizeof(name), "allocation %lu, %lu", fault->first, fault->n);
	else
		(void)snprintf(name, sizeof(name), "system call %ld (%lu)",
			       refuse_calls[fault->call], fault->first);
	return name;
}

/* Returns whether this machine can do that. */
static bool begin_fault(const struct fault *fault)
{
	if (!is_of_memory(fault))
		return refuse_nth(fault->call, (unsigned int)fault->first - 1, EIO);
	faults_memory->allocations = 0;
	faults_memory->fail_end =
		fault->n < ULONG_MAX - fault->first ? fault->first + fault->n : ULONG_MAX;
	faults_memory->fail_at = fault->first;
	return true;
}

/* Returns whether it came to that. */
static bool end_fault(const struct fault *fault)
{
	bool met = refuse_met();

	if (is_of_memory(fault)) {
		faults_memory->fail_at = ULONG_MAX;
		return faults_memory->allocations >= fault->first;
	}
	(void)refuse_nth(REFUSE_CALLS, 0, 0);
	return met;
}

/* The device directory is as it was: one node with another number, an obstacle, and an old file. */
static void reset_devices(void)
{
	(void)unlinkat(dev_fd, "net/tun", 0);
	(void)unlinkat(dev_fd, "net", AT_REMOVEDIR);
	(void)unlinkat(dev_fd, "fuse", 0);
	if (can_make_nodes)
		ck_assert_int_eq(mknodat(dev_fd, "fuse", S_IFCHR | 0600, 0x0aff), 0);
	write_text("dev/loop0", "");
	write_text("dev/" FILE_NAME, OLD_TEXT);
}

/* ".", "..", fuse, loop0, modules.devname, perhaps net: nothing else is left. */
static void check_names(const struct verb *verb, const struct fault *fault)
{
	unsigned int in_net = count_names("net");

	ck_assert_msg(count_names(".") == 4U + can_make_nodes + (in_net > 0) && in_net <= 3,
		      "%s: %s: something was left", verb->name, name_fault(fault));
}

/* What libkmod or the C library loses by itself is not ours; nothing else is passed over. */
static void check_leaks(const struct verb *verb, const struct fault *fault, long blocks)
{
	ck_assert_msg(blocks == foreign.blocks, "%s: %s: %ld blocks are leaked", verb->name,
		      name_fault(fault), blocks - foreign.blocks);
	ck_assert_msg(foreign.handles == 0, "%s: %s: %ld handles are not given back", verb->name,
		      name_fault(fault), foreign.handles);
	ck_assert_msg(blocks == 0 || foreign.has_failed,
		      "%s: %s: %ld blocks are leaked without a reason", verb->name,
		      name_fault(fault), blocks);
}

static int do_work(const struct verb *verb, struct objects *o)
{
	int r = kmod_devname_table_new(&o->table);

	o->option = verb->option;
	if (r == 0)
		r = kmod_devname_report_new(&o->report);
	return r == 0 ? verb->work(o) : r;
}

/* Runs the verb with a fault. Returns whether it came to that. */
static bool run_verb(const struct verb *verb, const struct fault *fault, struct result *ret_result)
{
	unsigned int fds = harness_count_fds();
	long blocks = faults_memory->blocks;
	struct objects o = { 0 };
	bool met;
	int r;

	reset_devices();
	foreign = (struct foreign){ 0 };
	if (!begin_fault(fault)) {
		*ret_result = (struct result){ 0 };
		return false;
	}
	r = do_work(verb, &o);
	met = end_fault(fault);
	*ret_result = describe_result(&o, r);
	objects_done(&o);
	/* the two texts are still there */
	check_leaks(verb, fault, faults_memory->blocks - blocks - (OWN_MALLOC && r >= 0 ? 2 : 0));
	ck_assert_msg(harness_count_fds() == fds, "%s: %s: a file stays open", verb->name,
		      name_fault(fault));
	return met;
}

/* What cannot be read is told; findings about what is in it may be missing then. */
static bool tells_of_unreadable(const struct result *result)
{
	return strstr(result->findings, ": unreadable: ") != NULL;
}

/* libkmod does not say why it failed, or passes over that: of memory this is tried all the same. */
static void check_result(const struct verb *verb, const struct fault *fault,
			 const struct result *result, const struct result *wanted)
{
	bool memory = is_of_memory(fault), vague = !memory && asks_libkmod(verb);

	ck_assert_msg(result->file_size == (off_t)strlen(OLD_TEXT) ||
			      result->file_size == wanted->file_size,
		      "%s: %s: a file that is neither old nor new", verb->name, name_fault(fault));
	if (result->r < 0)
		ck_assert_msg(result->r == (memory ? -ENOMEM : -EIO) || vague, "%s: %s: %s",
			      verb->name, name_fault(fault), strerror(-result->r));
	else if (memory)
		ck_assert_msg(is_same_result(result, wanted),
			      "%s: %s: something is not done:\n%s%s", verb->name, name_fault(fault),
			      result->made, result->findings);
	else
		ck_assert_msg((is_same_text(result->made, wanted->made) &&
			       result->n_findings == wanted->n_findings) ||
				      result->n_findings > wanted->n_findings ||
				      result->n_errors > wanted->n_errors ||
				      tells_of_unreadable(result) || vague,
			      "%s: %s: lost without a word:\n%s%sinstead of\n%s%s", verb->name,
			      name_fault(fault), result->made, result->findings, wanted->made,
			      wanted->findings);
}

/* Returns whether the verb allocates, or makes the system call, so often. */
static bool try_fault(const struct verb *verb, const struct fault *fault,
		      const struct result *wanted)
{
	struct result result;
	bool met = run_verb(verb, fault, &result);

	if (met) {
		check_result(verb, fault, &result, wanted);
		if (is_of_memory(fault))
			check_names(verb, fault);
	}
	result_done(&result);
	return met;
}

/*
 * What the verb does without a fault; false: it cannot be done here. After it, what libraries keep
 * for good they have.
 */
static bool make_wanted(const struct verb *verb, struct result *ret_wanted)
{
	struct objects o = { 0 };
	int r;

	if (needs_index(verb) && !has_index) {
		harness_skip("there is no depmod");
		return false;
	}
	reset_devices();
	r = do_work(verb, &o);
	objects_done(&o);
	if (r == -EOPNOTSUPP && asks_libkmod(verb) && !HAS_LIBKMOD) {
		harness_leave("there is no libkmod");
		return false;
	}
	(void)run_verb(verb, &no_fault, ret_wanted);
	ck_assert_msg(ret_wanted->r >= 0, "%s: %s", verb->name, strerror(-ret_wanted->r));
	ck_assert_msg(!strstr(ret_wanted->findings, "stale-index"), "%s", ret_wanted->findings);
	return true;
}

LOOP_TEST(every_allocation_of_a_verb_may_fail, ARRAY_SIZE(verbs))
{
	static const unsigned long numbers[] = { 1, ULONG_MAX, 2, 3, 10 };
	size_t n_numbers = harness_often(2, ARRAY_SIZE(numbers));
	struct fault fault = { .call = REFUSE_CALLS };
	const struct verb *verb = &verbs[_i];
	struct result wanted;

	if (!OWN_MALLOC) {
		harness_leave("a sanitizer has an allocator of its own");
		return;
	}
	if (!make_wanted(verb, &wanted))
		return;
	for (size_t i = 0; i < n_numbers; i++) {
		fault.n = numbers[i];
		for (fault.first = 1; try_fault(verb, &fault, &wanted); fault.first++)
			figures->allocations++;
	}
	result_done(&wanted);
}

LOOP_TEST(every_system_call_of_a_verb_may_fail, ARRAY_SIZE(verbs))
{
	const struct verb *verb = &verbs[_i];
	struct result wanted;
	struct fault fault;

	/* it has a thread, after which the verb's need no more memory than with it */
	if (!refuse_nth(REFUSE_CALLS, 0, 0) || !make_wanted(verb, &wanted))
		return;
	for (fault.call = 0; fault.call < REFUSE_CALLS; fault.call++)
		for (fault.first = 1; try_fault(verb, &fault, &wanted); fault.first++)
			figures->calls++;
	result_done(&wanted);
}

LOOP_TEST(where_directories_tell_no_types_all_is_the_same, ARRAY_SIZE(verbs))
{
	const struct verb *verb = &verbs[_i];
	struct result wanted, result;

	if (!make_wanted(verb, &wanted))
		return;
	without_types = true;
	(void)run_verb(verb, &no_fault, &result);
	without_types = false;
	ck_assert_str_eq(result.made, wanted.made);
	ck_assert_str_eq(result.findings, wanted.findings);
	result_done(&result);
	result_done(&wanted);
}

int main(void)
{
	int r;

	figures = harness_share(sizeof(*figures));
	r = harness_run_once(set_up, tear_down);
	if (r == EXIT_SUCCESS)
		(void)printf("# count: %lu failing allocations and %lu failing system calls of the "
			     "library, all survived or told\n",
			     figures->allocations, figures->calls);
	return r;
}
