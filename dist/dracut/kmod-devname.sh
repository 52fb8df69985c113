#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Hook for an initrd without systemd. dracut has already made the character devices; this adds the
# block devices.
kmod-devname create --udev || warn "not all static device nodes could be made"
