#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every allocation and every system call of a command fails, one after the other. What "faults"
# finds against the command is in its comments: no crash and no hang; exit status 0 or 1 only with
# the whole result, the same as without the fault; else 2, with a message that names something,
# and each file and node old or new and none besides.

# shellcheck source=testsuite/tap.sh
. "$(dirname "$0")/tap.sh"

V=6.1.0
M=work/lib/modules/$V
PATH=$PATH:/usr/sbin:/sbin

every=
[ -z "${KMOD_DEVNAME_LONG:-}" ] || every=-a

# A tree with depmod's files, one module in each format, something to find fault with, and a
# modules.devname that lacks nodes.
tree() {
	module $M/kernel/fuse.ko alias=devname:fuse alias=char-major-10-229
	module $M/kernel/cuse.ko alias=devname:cuse alias=char-major-10-203
	module $M/kernel/tun.ko alias=devname:net/tun alias=char-major-10-200
	module $M/kernel/uinput.ko alias=devname:uinput alias=char-major-10-223
	module $M/updates/fuse.ko alias=devname:fuse alias=char-major-10-229
	module $M/kernel/nameless.ko alias=devname:nameless
	xz --check=crc32 $M/kernel/cuse.ko
	zstd -q --rm $M/kernel/tun.ko
	gzip $M/kernel/uinput.ko
	printf 'kernel/%s.ko\n' tun fuse cuse uinput > $M/modules.order
	: > $M/modules.builtin
	printf 'loop.alias=devname:loop-control\0loop.alias=char-major-10-237\0' > $M/modules.builtin.modinfo
	configuration
	find $M -name '*.ko*' -exec touch -d 2020-01-01 {} +
	sleep 0.05
	"$DEPMOD" -b work $V 2> depmod.log || fail "$(cat depmod.log)"
	# so that the index is fresh beyond doubt
	for file in modules.dep modules.alias modules.symbols; do
		sleep 0.05
		cp $M/$file $M/new
		mv $M/new $M/$file
	done
	sleep 0.05
	mv $M/modules.devname whole
	# modules that are not installed
	mkdir work/plain
	cp $M/updates/fuse.ko work/plain
	head -n 2 whole > $M/modules.devname
	[ "$(wc -l < whole)" -gt 2 ]
}

configuration() {
	mkdir -p work/etc/depmod.d work/etc/modprobe.d work/etc/udev/rules.d
	printf 'search updates built-in\noverride fuse 6.1.* kernel\nnonsense\n' > work/etc/depmod.d/a.conf
	printf 'exclude nothing\n' > work/etc/depmod.d/b.conf
	printf 'blacklist tun\nsoftdep cuse pre: fuse\nnonsense\n' > work/etc/modprobe.d/a.conf
	printf 'root:x:0:0::/:\n' > work/etc/passwd
	printf 'root:x:0:\nnetdev:x:6:\n' > work/etc/group
	cat > work/etc/udev/rules.d/a.rules <<-'END'
		KERNEL=="tun", OPTIONS+="static_node=net/tun", MODE="0666", GROUP="netdev"
		KERNEL=="fuse", GROUP="netdev"
	END
}

# A device directory with a node that is right and one that is wrong, if nodes can be made.
devices() {
	mkdir -p work/dev
	mknod work/dev/fuse c 10 229 2> /dev/null || return 0
	mknod work/dev/cuse c 10 1
}

# The commands with which the sweeps are made.
commands() {
	if [ -c work/dev/fuse ]; then
		cat <<-END
			create --dev work/dev --replace $V
			create --dev work/dev --udev-permissions -v $V
		END
	fi
	cat <<-END
		generate --threads 1 $V
		generate --threads 1 --source auto -v $V
		generate --source index $V
		generate --threads 1 -n $V
		generate --threads 1 -o work/out $V
		static-nodes -f tmpfiles -o work/etc/tmpfiles.d/nodes.conf $V
		static-nodes -f json --udev-permissions $V
		static-nodes -f cpio --input ./whole
		create --dev work/dev -n $V
		list $V
		check $M/kernel/fuse.ko
		list --json --all
		check $V
		check --json --dev work/dev --udev-permissions work $V
		check -C work/etc/depmod.d/a.conf $V
		diff work/lib/modules/$V/modules.devname ./whole
		diff --json $V $V
		diff work/plain $M
		explain fuse $V
		explain net/tun $V
		explain --json c10:203 $V
	END
}

# libtool puts the program in the place of its own script.
sweep() { # ARGUMENTS-OF-FAULTS...
	"$top_builddir/libtool" --mode=execute "$top_builddir/faults" "$@" > found || {
		[ $? -ne 77 ] || skip "no system calls of another process can be changed here"
		cat found
		return 1
	}
}

# sweeps WHAT ARGUMENTS-OF-FAULTS...
sweeps() {
	sweeps_what=$1 sweeps_points=0 sweeps_failed=
	shift
	command -v "$DEPMOD" > /dev/null || skip "there is no depmod"
	tree
	devices
	commands > list
	# system calls of threads come in any order
	[ "${1:-}" != -l ] || echo "generate --threads 3 $V" >> list
	while read -r command; do
		echo "kmod-devname $command"
		# shellcheck disable=SC2086 # a list of words
		sweep "$@" work "$top_builddir/kmod-devname" ${command%% *} -b work ${command#* } < /dev/null ||
			sweeps_failed="$sweeps_failed
$command"
		sweeps_points=$((sweeps_points + $(awk '/ points$/ { n = $1 } END { print n + 0 }' found)))
	done < list
	[ -z "$sweeps_failed" ] || fail "failed: $sweeps_failed"
	count "$sweeps_points $sweeps_what, all survived or told"
}

test_every_allocation_of_a_command_may_fail() {
	sweeps "failing allocations of the commands" -l "$top_builddir/.libs/faults-memory.so"
}

test_every_system_call_of_a_command_may_fail() {
	sweeps "failing system calls of the commands" $every
}

# libkmod does not say so, and errno is then that of the empty index behind.
test_an_empty_index_is_told_from_one_without_memory() {
	command -v "$DEPMOD" > /dev/null || skip "there is no depmod"
	tree
	rm $M/modules.builtin.modinfo
	"$DEPMOD" -b work $V 2> depmod.log || fail "$(cat depmod.log)"
	[ ! -s $M/modules.builtin.alias.bin ]
	sweep -l "$top_builddir/.libs/faults-memory.so" work \
		"$top_builddir/kmod-devname" explain -b work fuse $V < /dev/null
	count "$(awk '/ points$/ { print $1 }' found) failing allocations with an empty index, all told"
}

run_tests "$@"
