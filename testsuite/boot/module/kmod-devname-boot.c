// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A module of a third party, as far as the boot test is concerned: a device that does nothing, in
 * a directory of its own. Its dash becomes an underscore in the name of the module.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#define BOOT_MINOR 35 /* neither a fixed one of the kernel nor soon given out as a dynamic one */
#define BOOT_NODE "kmod-devname/boot"

static ssize_t boot_read(struct file *file, char __user *buffer, size_t size, loff_t *offset)
{
	return 0;
}

static const struct file_operations boot_operations = {
	.owner = THIS_MODULE,
	.read = boot_read,
};

static struct miscdevice boot_device = {
	.minor = BOOT_MINOR,
	.name = "kmod-devname-boot",
	.nodename = BOOT_NODE,
	.fops = &boot_operations,
};

module_misc_device(boot_device);

MODULE_ALIAS_MISCDEV(BOOT_MINOR);
MODULE_ALIAS("devname:" BOOT_NODE);
MODULE_DESCRIPTION("Device with a static node, for the boot test of kmod-devname");
MODULE_LICENSE("GPL");
