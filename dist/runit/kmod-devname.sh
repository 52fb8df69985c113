# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# For stage 1 of runit, after /dev is mounted and before udev starts: makes the device nodes that
# load kernel modules. Put this file into core-services/, in place of a script that loads every
# module of the list. The shell of stage 1 reads it, so it must not exit.

kmod-devname create --udev ||
	echo "not all static device nodes could be made" >&2
