// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules of udev -> permissions. What a node gets does not depend on which other nodes are asked
 * for, nor on how often the rules are read; what is given can stand in every output format; and
 * what is not asked for is not spoken of.
 */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "node/syntax.h"
#include "udev/rules.h"

static const char *const names[] = { "fuse", "net/tun", "btrfs-control", "kvm", "snd/seq", "x" };
#define N_NAMES (sizeof(names) / sizeof(names[0]))

/* A table of the first nodes of these. */
static struct kmod_devname_table *make_table(size_t n)
{
	struct kmod_devname_table *table;
	char name[64], number[64];

	FUZZ_CHECK(kmod_devname_table_new(&table) == 0, "no memory");
	for (size_t i = 0; i < n; i++) {
		const char *const aliases[] = { name, number };

		(void)snprintf(name, sizeof(name), "devname:%s", names[i]);
		(void)snprintf(number, sizeof(number), "char-major-10-%zu", i + 200);
		FUZZ_CHECK(kmod_devname_table_add_module(table, NULL, "module", NULL, aliases, 2) ==
				   0,
			   "no memory");
	}
	return table;
}

static void set_up(void)
{
	static const char passwd[] = "root:x:0:0::/:\nalice:x:1001:1001:Alice:/:/bin/sh\n";
	static const char group[] = "root:x:0:\ndisk:x:6:\nkvm:x:104:alice\naudio:x:29:\n";

	fuzz_write("etc/passwd", passwd, sizeof(passwd) - 1);
	fuzz_write("etc/group", group, sizeof(group) - 1);
}

static void read_rules(struct kmod_devname_permissions *permissions,
		       struct kmod_devname_report *report, const struct kmod_devname_table *table)
{
	FUZZ_CHECK(kmod_devname_permissions_read_udev(permissions, report, fuzz_root(), table) == 0,
		   "the rules cannot be read");
}

static struct kmod_devname_permissions *make_permissions(struct kmod_devname_report *report,
							 const struct kmod_devname_table *table)
{
	struct kmod_devname_permissions *permissions;

	FUZZ_CHECK(kmod_devname_permissions_new(0640, &permissions) == 0, "no memory");
	read_rules(permissions, report, table);
	return permissions;
}

/* "MODE UID USER GID GROUP" of a node. */
static const char *describe(const struct kmod_devname_permissions *permissions, const char *name,
			    char *text, size_t size)
{
	const struct kmod_devname_permission *p = kmod_devname_permissions_get(permissions, name);
	const char *user = kmod_devname_permission_get_user(p);
	const char *group = kmod_devname_permission_get_group(p);

	FUZZ_CHECK((kmod_devname_permission_get_mode(p) & ~0777U) == 0, "mode of %s", name);
	FUZZ_CHECK(!user || syntax_is_owner(user), "user of %s: '%s'", name, user);
	FUZZ_CHECK(!group || syntax_is_owner(group), "group of %s: '%s'", name, group);
	(void)snprintf(text, size, "%04o %u %s %u %s", kmod_devname_permission_get_mode(p),
		       kmod_devname_permission_get_uid(p), user ? user : "-",
		       kmod_devname_permission_get_gid(p), group ? group : "-");
	return text;
}

static void check_same(const struct kmod_devname_permissions *a,
		       const struct kmod_devname_permissions *b, size_t n, const char *what)
{
	char x[1024], y[1024];

	for (size_t i = 0; i < n; i++)
		FUZZ_CHECK(strcmp(describe(a, names[i], x, sizeof(x)),
				  describe(b, names[i], y, sizeof(y))) == 0,
			   "%s: %s has %s, and %s", what, names[i], x, y);
}

static void check_no_finding_without_a_node(void)
{
	struct fuzz_result none = fuzz_result_new();
	struct kmod_devname_permissions *permissions = make_permissions(none.report, none.table);

	FUZZ_CHECK(kmod_devname_report_size(none.report) == 0, "a finding about no node");
	kmod_devname_permissions_unref(permissions);
	fuzz_result_done(&none);
}

void fuzz_target_udev(const uint8_t *data, size_t size)
{
	static struct kmod_devname_table *some, *all;
	struct kmod_devname_permissions *of_some, *of_all, *of_any;
	struct fuzz_result result = fuzz_result_new();

	if (!all) {
		set_up();
		some = make_table(N_NAMES / 2);
		all = make_table(N_NAMES);
	}
	fuzz_write("etc/udev/rules.d/50-fuzz.rules", data, size);
	of_some = make_permissions(result.report, some);
	of_all = make_permissions(result.report, all);
	of_any = make_permissions(result.report, NULL);
	check_same(of_some, of_all, N_NAMES / 2, "some and all");
	check_same(of_all, of_any, N_NAMES, "all and any");
	read_rules(of_some, result.report, NULL);
	check_same(of_some, of_any, N_NAMES, "read again");
	check_no_finding_without_a_node();
	FUZZ_CHECK(udev_lint(all, result.report, fuzz_root(), NULL) == 0, "no lint");
	FUZZ_CHECK(kmod_devname_report_count(result.report, KMOD_DEVNAME_SEVERITY_ERROR) == 0,
		   "an error");
	kmod_devname_permissions_unref(of_some);
	kmod_devname_permissions_unref(of_all);
	kmod_devname_permissions_unref(of_any);
	fuzz_result_done(&result);
}
