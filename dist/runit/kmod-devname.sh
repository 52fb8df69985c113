# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# For stage 1 of runit: makes the device nodes that load kernel modules, after /dev is mounted
# and before udev is started. Where stage 1 reads files in order, as in core-services/, this is
# one of them, and replaces a script that loads every module of the list. It is read by the
# shell of stage 1, so it must not exit.

kmod-devname create --udev ||
	echo "not all static device nodes could be made" >&2
