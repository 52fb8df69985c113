#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # variables of dracut
#
# Module of dracut: kmod-devname makes the static nodes of the initrd. Enable it with
#	dracut --add kmod-devname
# dracut runs depmod for the modules of the initrd.

# 255: include the module only if it is requested.
check() {
	require_binaries kmod-devname || return 1
	return 255
}

# dracut copies kmod-static-nodes.service and no drop-ins.
install() {
	inst_multiple kmod-devname
	if dracut_module_included systemd; then
		inst_multiple -o "$systemdsystemunitdir/kmod-static-nodes.service.d/*.conf" \
			"$systemdsystemconfdir/kmod-static-nodes.service.d/*.conf"
	else
		inst_hook pre-udev 10 "$moddir/kmod-devname.sh"
	fi
}
