// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The minor numbers of major 10 that Linux has given to drivers. Pure: no allocation, no I/O.
 *
 * Numbers and constants: include/linux/miscdevice.h, without those marked as unused. The file is
 * the same from Linux 6.1 to 6.12. Linux 6.18 has added EISA_EEPROM_MINOR, which its driver had
 * before; commit c0fef45dbab0, after 6.19, has removed MWAVE_MINOR with its driver. One table
 * serves all versions: a number that some kernels have given to a driver is not free for another.
 * Names: Documentation/admin-guide/devices.txt, and what the drivers register where that differs.
 *
 * Dynamic numbers: drivers/char/misc.c gives 127 to 0, in this order, to drivers that ask for any
 * number, and since commit ab760791c0cf (2022) those above 255 when these are used up. Commit
 * 31b636d2c416 (2025) has left only the latter. Stable kernels have it too, so the version does not
 * tell which rule a kernel follows, and both ranges count for all versions.
 */

#include <string.h>

#include "node/misc-minors.h"

#define MINOR_DYNAMIC_LAST 127

static const struct misc_minor minors[] = {
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

const struct misc_minor *misc_minor_find_other(unsigned int minor, const char *name)
{
	const struct misc_minor *other = NULL;

	for (size_t i = 0; i < sizeof(minors) / sizeof(minors[0]); i++) {
		if (minors[i].minor != minor)
			continue;
		if (strcmp(minors[i].name, name) == 0)
			return NULL;
		if (!other)
			other = &minors[i];
	}
	return other;
}

bool misc_minor_is_given_out(unsigned int minor)
{
	if (minor > MINOR_DYNAMIC_LAST)
		return minor > MISC_MINOR_DYNAMIC;
	for (size_t i = 0; i < sizeof(minors) / sizeof(minors[0]); i++)
		if (minors[i].minor == minor)
			return false;
	return true;
}
