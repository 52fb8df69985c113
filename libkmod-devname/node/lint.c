// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Findings about valid nodes. table_lint() looks for duplicate numbers, and for numbers that Linux
 * assigns to another device. table_lint_builtin() compares a table with the nodes of built-in
 * modules, table_lint_file() with the lines of modules.devname.
 */

#include <errno.h>
#include <search.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "node/table.h"

/*
 * The minor numbers of major 10 that Linux has given to drivers.
 *
 * Numbers and constants: include/linux/miscdevice.h, without those marked as unused. The file is
 * the same from Linux 6.1 to 6.12. Linux 6.18 has added EISA_EEPROM_MINOR, which its driver had
 * before; commit c0fef45dbab0, after 6.19, has removed MWAVE_MINOR with its driver. One table
 * serves all versions: a number that some kernels have given to a driver is not free for another.
 * Names: Documentation/admin-guide/devices.txt, or the name that the driver registers if it
 * differs.
 *
 * Dynamic numbers: drivers/char/misc.c gives 127 to 0, in this order, to drivers that request a
 * dynamic number, and since commit ab760791c0cf (2022) those above 255 when these are used up.
 * Commit 31b636d2c416 (2025) has left only the latter. Stable kernels have it too, so the version
 * does not tell which rule a kernel follows, and both ranges count for all versions.
 */
#define MISC_MINOR_LOCAL_FIRST 243
#define MISC_MINOR_LOCAL_LAST 254
#define MINOR_DYNAMIC_LAST 127

static const struct misc_minor {
	unsigned int minor;
	const char *constant; /* in include/linux/miscdevice.h */
	const char *name; /* of the node, below /dev */
} minors[] = {
	{ 1, "PSMOUSE_MINOR", "psaux" },
	{ 130, "WATCHDOG_MINOR", "watchdog" },
	{ 131, "TEMP_MINOR", "temperature" },
	{ 131, "TEMP_MINOR", "temp" },
	{ 134, "APM_MINOR_DEV", "apm_bios" },
	{ 135, "RTC_MINOR", "rtc" },
	{ 137, "VHCI_MINOR", "vhci" },
	{ 139, "SUN_OPENPROM_MINOR", "openprom" },
	{ 144, "NVRAM_MINOR", "nvram" },
	{ 152, "SBUS_FLASH_MINOR", "flash" },
	{ 153, "SGI_MMTIMER", "mmtimer" },
	{ 154, "PMU_MINOR", "pmu" },
	{ 156, "LCD_MINOR", "lcd" },
	{ 157, "AC_MINOR", "ac" },
	{ 158, "BUTTON_MINOR", "nwbutton" },
	{ 160, "NWFLASH_MINOR", "nwflash" },
	{ 162, "ENVCTRL_MINOR", "envctrl" },
	{ 166, "I2O_MINOR", "i2o/ctl" },
	{ 174, "UCTRL_MINOR", "uctrl" },
	{ 175, "AGPGART_MINOR", "agpgart" },
	{ 181, "TOSH_MINOR_DEV", "toshiba" },
	{ 183, "HWRNG_MINOR", "hwrng" },
	{ 185, "KEYPAD_MINOR", "keypad" },
	{ 187, "IRNET_MINOR", "irnet" },
	{ 193, "D7S_MINOR", "d7s" },
	{ 196, "VFIO_MINOR", "vfio/vfio" },
	{ 197, "PXA3XX_GCU_MINOR", "pxa3xx-gcu" },
	{ 200, "TUN_MINOR", "net/tun" },
	{ 203, "CUSE_MINOR", "cuse" },
	{ 219, "MWAVE_MINOR", "mwave" },
	{ 220, "MPT_MINOR", "mptctl" },
	{ 221, "MPT2SAS_MINOR", "mpt2ctl" },
	{ 222, "MPT3SAS_MINOR", "mpt3ctl" },
	{ 223, "UINPUT_MINOR", "uinput" },
	{ 223, "UINPUT_MINOR", "input/uinput" },
	{ 227, "MISC_MCELOG_MINOR", "mcelog" },
	{ 228, "HPET_MINOR", "hpet" },
	{ 229, "FUSE_MINOR", "fuse" },
	{ 231, "SNAPSHOT_MINOR", "snapshot" },
	{ 232, "KVM_MINOR", "kvm" },
	{ 234, "BTRFS_MINOR", "btrfs-control" },
	{ 235, "AUTOFS_MINOR", "autofs" },
	{ 236, "MAPPER_CTRL_MINOR", "mapper/control" },
	{ 237, "LOOP_CTRL_MINOR", "loop-control" },
	{ 238, "VHOST_NET_MINOR", "vhost-net" },
	{ 239, "UHID_MINOR", "uhid" },
	{ 240, "USERIO_MINOR", "userio" },
	{ 241, "VHOST_VSOCK_MINOR", "vhost-vsock" },
	{ 241, "EISA_EEPROM_MINOR", "eisa_eeprom" },
	{ 242, "RFKILL_MINOR", "rfkill" },
};

static const struct location nowhere = { NULL, 0 };

/* Orders the nodes of a tsearch(3) tree, which holds the first one of each number. */
static int compare_node_numbers(const void *a, const void *b)
{
	const struct device_number *x = &((const struct kmod_devname_node *)a)->number;
	const struct device_number *y = &((const struct kmod_devname_node *)b)->number;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	return (x->minor > y->minor) - (x->minor < y->minor);
}

/* Another misc device has the minor number, or kernels assign it dynamically. */
static int lint_minor(struct kmod_devname_report *report, const struct kmod_devname_node *node)
{
	const unsigned int minor = node->number.minor;
	const struct misc_minor *other = NULL;

	if (node->number.type != S_IFCHR || node->number.major != MISC_MAJOR)
		return 0;
	for (size_t i = 0; i < sizeof(minors) / sizeof(minors[0]); i++) {
		if (minors[i].minor != minor)
			continue;
		if (strcmp(minors[i].name, node->name) == 0)
			return 0;
		if (!other)
			other = &minors[i];
	}
	if (other)
		return report_add(
			report, KMOD_DEVNAME_CODE_TAKEN_MINOR, KMOD_DEVNAME_SEVERITY_WARNING,
			&nowhere,
			"device name '%s' of module %s has the number c10:%u, which is %s, "
			"/dev/%s; use a minor from %d to %d",
			node->name, node->module, minor, other->constant, other->name,
			MISC_MINOR_LOCAL_FIRST, MISC_MINOR_LOCAL_LAST);
	if (minor > MINOR_DYNAMIC_LAST && minor <= MISC_MINOR_DYNAMIC)
		return 0;
	return report_add(
		report, KMOD_DEVNAME_CODE_TAKEN_MINOR, KMOD_DEVNAME_SEVERITY_WARNING, &nowhere,
		"device name '%s' of module %s has the number c10:%u, which kernels assign "
		"dynamically; use a minor from %d to %d, or no node",
		node->name, node->module, minor, MISC_MINOR_LOCAL_FIRST, MISC_MINOR_LOCAL_LAST);
}

/* The number of a name is checked once, with the first node of the name. */
static int lint_node(const struct kmod_devname_table *table, struct kmod_devname_report *report,
		     void **numbers, const struct kmod_devname_node *node)
{
	const struct kmod_devname_node *first = kmod_devname_table_find_name(table, node->name),
				       *other;
	struct kmod_devname_node **found = tsearch(node, numbers, compare_node_numbers);
	char number[SYNTAX_NUMBER_SIZE];

	if (!found)
		return -ENOMEM;
	(void)syntax_format_number(&node->number, number);
	if (first != node)
		return report_add(report, KMOD_DEVNAME_CODE_SHARED_NODE, KMOD_DEVNAME_SEVERITY_NOTE,
				  &nowhere,
				  "device name '%s' (%s) is declared by module %s and by module "
				  "%s: opening it loads both",
				  node->name, number, first->module, node->module);
	other = *found;
	if (other != node) {
		int r = report_add(report, KMOD_DEVNAME_CODE_SAME_NUMBER,
				   KMOD_DEVNAME_SEVERITY_WARNING, &nowhere,
				   "device name '%s' of module %s has the number %s, as has '%s' "
				   "of module %s: opening either loads the same modules; give one "
				   "of them another number",
				   node->name, node->module, number, other->name, other->module);

		if (r < 0)
			return r;
	}
	return lint_minor(report, node);
}

int table_lint(const struct kmod_devname_table *table, struct kmod_devname_report *report)
{
	size_t n = kmod_devname_table_size(table);
	void *numbers = NULL;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = lint_node(table, report, &numbers, kmod_devname_table_get(table, i));
	tdestroy(numbers, free_nothing);
	return r;
}

/* A built-in module with the same name or number answers, and the other module is not loaded. */
static int lint_node_built_in(const struct kmod_devname_node *node,
			      struct kmod_devname_report *report,
			      const struct kmod_devname_table *built_in, void *const *numbers)
{
	char number[SYNTAX_NUMBER_SIZE], other_number[SYNTAX_NUMBER_SIZE];
	const struct kmod_devname_node *other = kmod_devname_table_find_name(built_in, node->name);

	if (!other) {
		struct kmod_devname_node **found = tfind(node, numbers, compare_node_numbers);

		if (!found)
			return 0;
		other = *found;
	}
	return report_add(
		report, KMOD_DEVNAME_CODE_BUILT_IN, KMOD_DEVNAME_SEVERITY_WARNING, &nowhere,
		"device name '%s' (%s) of module %s: %s, which is built in, has '%s' "
		"(%s), so opening it does not load the module; remove the module, or "
		"give it another name and number",
		node->name, syntax_format_number(&node->number, number), node->module,
		other->module, other->name, syntax_format_number(&other->number, other_number));
}

int table_lint_builtin(const struct kmod_devname_table *table, struct kmod_devname_report *report,
		       const struct kmod_devname_table *built_in)
{
	size_t n = kmod_devname_table_size(table), n_built_in = kmod_devname_table_size(built_in);
	void *numbers = NULL;
	int r = 0;

	for (size_t i = 0; i < n_built_in && r == 0; i++)
		if (!tsearch(kmod_devname_table_get(built_in, i), &numbers, compare_node_numbers))
			r = -ENOMEM;
	for (size_t i = 0; i < n && r == 0; i++)
		r = lint_node_built_in(kmod_devname_table_get(table, i), report, built_in,
				       &numbers);
	tdestroy(numbers, free_nothing);
	return r;
}

#define HINT "run kmod-devname generate"

static int report_out_of_date(struct kmod_devname_report *report, const struct location *location,
			      const struct difference *difference)
{
	const struct kmod_devname_node *line = difference->old_node;
	const struct kmod_devname_node *node = difference->new_node;
	char line_number[SYNTAX_NUMBER_SIZE], number[SYNTAX_NUMBER_SIZE];

	if (!line)
		return report_add(
			report, KMOD_DEVNAME_CODE_OUT_OF_DATE, KMOD_DEVNAME_SEVERITY_ERROR,
			location, "no line for '%s' (%s), which module %s declares; " HINT,
			node->name, syntax_format_number(&node->number, number), node->module);
	(void)syntax_format_number(&line->number, line_number);
	if (!node)
		return report_add(
			report, KMOD_DEVNAME_CODE_OUT_OF_DATE, KMOD_DEVNAME_SEVERITY_ERROR,
			location,
			"line for '%s' (%s) of module %s, which no module declares; " HINT,
			line->name, line_number, line->module);
	return report_add(report, KMOD_DEVNAME_CODE_OUT_OF_DATE, KMOD_DEVNAME_SEVERITY_ERROR,
			  location,
			  "line for '%s' (%s) of module %s instead of %s of module %s; " HINT,
			  line->name, line_number, line->module,
			  syntax_format_number(&node->number, number), node->module);
}

/* An invalid line can belong to any node. */
static bool has_bad_line(const struct kmod_devname_report *report, const char *file)
{
	for (size_t i = 0; report && i < kmod_devname_report_size(report); i++) {
		const struct kmod_devname_finding *finding = kmod_devname_report_get(report, i);
		const char *name = kmod_devname_finding_get_file(finding);

		if (kmod_devname_finding_get_line(finding) > 0 &&
		    kmod_devname_finding_get_severity(finding) == KMOD_DEVNAME_SEVERITY_ERROR &&
		    name && strcmp(name, file) == 0)
			return true;
	}
	return false;
}

int table_lint_file(const struct kmod_devname_table *table, struct kmod_devname_report *report,
		    const struct kmod_devname_table *file_table, const char *file)
{
	const struct location location = { file, 0 };
	size_t n = kmod_devname_table_size(table);
	_cleanup_free_ struct comparison *comparison = NULL;
	bool has_bad = has_bad_line(report, file);
	int r;

	/* systemd's kmod-static-nodes.service is not started without the file. */
	if (!file_table)
		return report_add(report, KMOD_DEVNAME_CODE_NO_FILE,
				  n > 0 ? KMOD_DEVNAME_SEVERITY_ERROR
					: KMOD_DEVNAME_SEVERITY_WARNING,
				  &location, "no such file, which would have %zu nodes; " HINT, n);
	r = comparison_new(file_table, table, &comparison);
	if (r < 0)
		return r;
	for (size_t i = 0; i < comparison->size && r == 0; i++) {
		const struct difference *difference = &comparison->items[i];

		/* one wrong digit is one finding */
		if (!has_bad || difference->old_node)
			r = report_out_of_date(report, &location, difference);
	}
	return r;
}
