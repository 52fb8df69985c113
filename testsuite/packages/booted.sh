# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What the service of systemd does with our packages: systemd of a root directory runs as process 1 of
# namespaces and starts kmod-static-nodes.service and no more. To be sourced after tap.sh, with these
# functions: "inside COMMAND..." runs it in the root directory, which has systemd, kmod and the
# packages; "namespaces COMMANDS" has a shell run them beside it in namespaces with its mount "root".

: "${top_srcdir:?}"

# shellcheck disable=SC2016 # for the shell there
START_SYSTEMD='
	mount -t proc proc root/proc
	mount -t sysfs sysfs root/sys
	for directory in dev run tmp; do
		mount -t tmpfs tmpfs root/$directory
	done
	mount -t cgroup2 cgroup2 root/sys/fs/cgroup
	for node in console null zero full random urandom tty; do
		: > root/dev/$node
		[ $node = console ] || mount --bind /dev/$node root/dev/$node
	done
	exec env -i container=lxc PATH=/usr/sbin:/usr/bin chroot root \
		/lib/systemd/systemd --log-target=null --unit=judge.service'

# A kernel with a node that everybody may open, and a service that ends it all.
# shellcheck disable=SC2016 # for the shell inside
PREPARE='
	mkdir -p "/lib/modules/$(uname -r)" /etc/udev/rules.d
	echo "fuse fuse c10:229" > "/lib/modules/$(uname -r)/modules.devname"
	echo "KERNEL==\"fuse\", MODE=\"0666\", OPTIONS+=\"static_node=fuse\"" > /etc/udev/rules.d/fuse.rules
	cat > /judge <<-"JUDGE"
	#!/bin/sh
	{
		systemctl show -P ActiveState kmod-static-nodes.service
		cut -d " " -f 1-3 /run/tmpfiles.d/static-nodes.conf
	} > /judged 2>&1
	JUDGE
	chmod +x /judge
	cat > /etc/systemd/system/judge.service <<-"UNIT"
	[Unit]
	DefaultDependencies=no
	Wants=kmod-static-nodes.service
	After=kmod-static-nodes.service
	SuccessAction=exit-force
	FailureAction=exit-force

	[Service]
	Type=oneshot
	ExecStart=/judge
	UNIT'

# boot WHAT MODE: the service succeeds, and the node is listed with this mode.
boot() {
	inside rm -f /judged
	namespaces "$START_SYSTEMD" > booted.log 2>&1 || fail "$1: systemd ended: $(cat booted.log)"
	inside cat /judged > judged 2>&1
	printf '%s\n' active "c! /dev/fuse $2" | same judged || fail "$1"
}

# Whatever becomes of kmod-devname, the list is not lost: kmod gives it the mode 0600.
boot_with_and_without() {
	inside sh -euc "$PREPARE"
	boot installed :0666
	# shellcheck disable=SC2016 # for the shell inside
	inside sh -c 'echo bad >> "/lib/modules/$(uname -r)/modules.devname"'
	boot 'a bad line' :0666
	# by itself kmod fails then
	# shellcheck disable=SC2016
	inside sh -c 'sed -i /bad/d "/lib/modules/$(uname -r)/modules.devname"'
	inside mv /usr/bin/kmod-devname /usr/bin/away
	boot 'no program' 0600
	inside mv /usr/bin/away /usr/bin/kmod-devname
	# shellcheck disable=SC2016 # for the shell inside
	inside sh -c 'for library in /usr/lib/*/libelf.so.1; do : > "$library"; done'
	boot 'a library that does not load' 0600
	# shellcheck disable=SC2016 # for the shell inside
	inside sh -c 'exec dpkg -r $(dpkg-query -W -f "\${Package} " "kmod-devname*")' > removed.log 2>&1 ||
		fail "$(cat removed.log)"
	boot removed 0600
}
