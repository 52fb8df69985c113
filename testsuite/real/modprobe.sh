#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What explain and check say is what modprobe does: it runs in a root directory, as the kernel runs
# it, before a kernel that is faked (fake-kernel.c).

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

PATH=$PATH:/usr/sbin:/sbin
MODULES=root/usr/lib/modules/$(uname -r)
SEED=20261130

# ko NAME [+SYMBOL] [-SYMBOL] STRING...
ko() {
	ko_name=$1
	shift
	linked_module "$MODULES/kernel/$ko_name.ko" "$@"
}

make_modules() {
	ko fuse +fuse_do alias=devname:fuse alias=char-major-10-229
	ko cuse -fuse_do alias=devname:cuse alias=char-major-10-203
	ko tun alias=devname:net/tun alias=char-major-10-200
	ko snd +snd_do 'alias=char-major-116-*'
	ko snd_seq -snd_do -seq_do alias=devname:snd/seq alias=char-major-116-1
	ko seq-core +seq_do -snd_do
	ko loop alias=devname:loop-control alias=char-major-10-237 'alias=block-major-7-*'
	ko whole alias=char-major-240
	ko zcompress +compress_do
	ko btrfs -compress_do -xor_do softdep=pre:\ blake alias=devname:btrfs alias=char-major-10-90
	ko xor +xor_do
	ko blake
	ko top -fuse_do -seq_do -compress_do alias=devname:top alias=char-major-10-91
	printf 'kernel/8250.ko\n' > "$MODULES/modules.builtin"
	printf '8250.alias=char-major-4-*\0' > "$MODULES/modules.builtin.modinfo"
	"$DEPMOD" -b root "$(uname -r)" > depmod.log 2>&1 || fail "$(cat depmod.log)"
}

# copy_program FILE NAME: with its libraries.
copy_program() {
	cp "$1" "root/opt/$2"
	ldd "$1" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | while read -r library; do
		[ -e "root/opt/lib/${library##*/}" ] || cp "$library" root/opt/lib/
	done
}

make_root() {
	mkdir -p root/usr/lib root/opt/lib root/tmp root/proc root/dev root/sys "$MODULES"
	ln -s usr/lib root/lib
	loader=$(ldd "$(command -v modprobe)" | sed -n 's/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p')
	cp "$loader" root/opt/ld.so
	copy_program "$(command -v modprobe)" modprobe
	copy_program "$top_builddir/kmod-devname" kmod-devname
	cp "$top_builddir/.libs/fake-kernel.so" root/opt/lib/
	make_modules
}

test_explain_says_what_modprobe_does() {
	case $(kmod-devname --version) in *-LIBKMOD*) skip "built without libkmod" ;; esac
	need_program "$DEPMOD" modprobe python3
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	need_mounts /lib/modules
	! is_sanitized || skip "a program with sanitizers does not start in another root directory"
	make_root
	echo quiet > cmdline
	# the drivers of what may be loaded, and the built-in one
	printf '%s\n' 'Character devices:' '  4 ttyS' ' 10 misc' '116 alsa' '240 whole' '' \
		'Block devices:' '  7 loop' > devices
	echo 'mount --bind /proc root/proc; mount --bind cmdline root/proc/cmdline
		mount --bind devices root/proc/devices
		mount --bind /dev root/dev; exec "$@"' > inside
	n=$(how_many 100 1000)
	unshare -m sh -eu inside python3 "$top_srcdir/testsuite/real/modprobe.py" "${SEED_OF_TEST:-$SEED}" "$n" > out ||
		fail "$(cat out)"
	count "$(cat out)"
}

run_tests "$@"
