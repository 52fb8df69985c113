# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Lines for /init of an initramfs, with the sh of busybox or another. The image needs
# kmod-devname and /lib/modules/VERSION/modules.devname. The nodes have mode 0600. After /dev
# has moved to the root file system, udevd sets the modes that its rules give. If the rules are in
# the image, add --udev.

# tmpfs: for a kernel without devtmpfs, which then has the nodes of modules only
mount -t devtmpfs -o mode=0755,nosuid devtmpfs /dev ||
	mount -t tmpfs -o mode=0755,nosuid tmpfs /dev
kmod-devname create || echo "not all static device nodes could be made" >&2
