#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# /etc/init.d/rcS for the init of busybox with mdev. mdev reads /sys and ignores static
# nodes: kmod-devname takes their modes from /etc/udev/rules.d, without udev:
#	KERNEL=="fuse", MODE="0666", OPTIONS+="static_node=fuse"
# The kernel calls /sbin/modprobe.
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2>/dev/null
kmod-devname create --udev || echo "not all static device nodes could be made" >&2
mdev -s
