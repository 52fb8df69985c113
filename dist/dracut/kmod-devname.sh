#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Hook in an initrd without systemd. The loop of dracut has made the character devices by then;
# these are the same nodes and the block devices, with mode and group as in the rules of udev.
kmod-devname create --udev || warn "not all static device nodes could be made"
