#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The power fails, on file systems in images: after a run that ended well the new file is there
# when the file system is mounted again; after one that was under way the old or the new one. What
# a disk that lies about its cache would lose is not part of this.
#
# ext4 and xfs have a system call that ends them so that no more is written. For btrfs, which has
# none on most kernels, the image is copied at that moment: what is not in it is lost.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"
# shellcheck source=testsuite/system/interrupt.sh
. "$top_srcdir/testsuite/system/interrupt.sh"

D=disk/dir

make_image() { # TYPE
	case $1 in
	ext4) truncate -s 32M image && mkfs.ext4 -q -F image ;;
	xfs) truncate -s 320M image && mkfs.xfs -q image ;;
	btrfs) truncate -s 128M image && mkfs.btrfs -q image ;;
	esac
}

mount_disk() {
	mount -t "$type" -o "loop,$options" image disk || fail "cannot be mounted: $(dmesg | tail)"
}

# cut HOW: the command that cuts the power: flush or no-flush is about the journal.
cut() {
	if [ "$1" = copy ]; then
		echo 'cp --sparse=always image image.then'
	else
		echo "power-off disk $1"
	fi
}

# After the power came back.
come_back() {
	umount disk
	[ ! -e image.then ] || mv image.then image
	mount_disk
}

# begin STATE: on the disk is
#   none		a directory without the file, which is new
#   old			the file, of set 1
#   unsynced	the new file, of set 2, which nobody has flushed to the disk
begin() {
	rm -rf $D
	mkdir $D
	echo old > $D/other
	[ "$1" = none ] || cp text1 $D/modules.devname
	sync -f disk
	[ "$1" != unsynced ] || naive
}

# What a script does, and depmod(8).
naive() {
	cp text2 $D/temporary
	mv $D/temporary $D/modules.devname
}

run_generate() {
	"$@" "$PROGRAM" generate -b root --output $D/modules.devname $VER
}

run_outdir() {
	"$@" "$PROGRAM" generate -b root -o $D/new $VER
}

run_static_nodes() {
	"$@" "$PROGRAM" static-nodes -f tmpfiles --input text2 -o $D/new/run/file
}

# after_success STATE HOW RUN FILE WANTED: it is there.
after_success() {
	begin "$1"
	"$3"
	eval "$(cut "$2")"
	come_back
	cmp -s "$4" "$5" || fail "$3 ($1, $2): exit status 0, and then: $(ls -l "$4"; cat "$4")"
	survived=$((survived + 1))
}

# after_cut STATE HOW N: the power fails before the N-th call that changes something; with --long
# before the N-th of all. Returns whether there were so many.
after_cut() {
	begin "$1"
	cut_status=0
	run_generate interrupt "$(how_often change call)" "$3" \
		"$(cut "$2") && kill -9 \$PID" || cut_status=$?
	[ $cut_status -ne 0 ] || return 1
	[ $cut_status -eq 137 ] || fail "exit status $cut_status"
	come_back
	if [ "$1" = none ] && [ ! -e $D/modules.devname ]; then
		old=$((old + 1))
	else
		find_set $D/modules.devname text
		case $1:$result in
		old:1) old=$((old + 1)) ;;
		*:2) new=$((new + 1)) ;;
		*) fail "$1, $2, call $3: the file is of set $result" ;;
		esac
	fi
	# and what is left of it is no trouble for the next
	run_generate
	cmp -s $D/modules.devname text2 || fail "$1, $2, call $3: $(cat $D/modules.devname)"
	only $D modules.devname other
}

# without_flush STATE HOW: the method can fail. Nobody is told when a script's file is on the disk.
without_flush() {
	begin "$1"
	naive
	eval "$(cut "$2")"
	come_back
	scripts=$((scripts + 1))
	if [ ! -e $D/modules.devname ] || cmp -s $D/modules.devname text1; then
		lost=$((lost + 1))
	elif ! cmp -s $D/modules.devname text2; then
		broken=$((broken + 1))
	fi
}

inside_power_fails() { # TYPE OPTIONS HOW...
	type=$1 options=$2
	shift 2
	make_image "$type"
	mkdir disk
	mount_disk
	make_two_sets
	choose 2
	survived=0 old=0 new=0 scripts=0 lost=0 broken=0
	for how; do
		for state in none old unsynced; do
			after_success $state "$how" run_generate $D/modules.devname text2
		done
		after_success none "$how" run_outdir $D/new/lib/modules/$VER/modules.devname text2
		after_success none "$how" run_static_nodes $D/new/run/file lines2
		for state in none old; do
			i=1
			while after_cut $state "$how" $i; do
				i=$((i + 1))
			done
			[ "$i" -gt 8 ] || fail "no more than $i calls were interrupted"
			without_flush $state "$how"
		done
	done
	umount disk
	count "power off, $type $options: $survived runs ended well, none was lost;" \
		"$((old + new)) were cut off: $old left the old file, $new the new one;" \
		"of $scripts scripts without fsync $lost were lost, $broken left part of a file"
	[ $old -gt 0 ] && [ $new -gt 0 ]
	# else the kernel wrote before the power failed, and the runs above show nothing
	[ $((lost + broken)) -gt 0 ] || skip "no file was lost without fsync"
}

power_fails() { # TYPE OPTIONS HOW...
	PATH=$PATH:/usr/sbin:/sbin
	need_ptrace
	command -v "mkfs.$1" > /dev/null || skip "there is no mkfs.$1"
	modprobe -q "$1" || : # it may be there already
	grep -qw "$1" /proc/filesystems || skip "the kernel has no $1"
	losetup -f > /dev/null 2>&1 || skip "there is no loop device"
	with_mounts inside_power_fails "$@"
}

test_power_fails_on_ext4_ordered() {
	power_fails ext4 data=ordered flush no-flush
}

test_power_fails_on_ext4_writeback() {
	power_fails ext4 data=writeback flush no-flush
}

test_power_fails_on_ext4_journal() {
	power_fails ext4 data=journal flush no-flush
}

test_power_fails_on_ext4_noauto_da_alloc() {
	power_fails ext4 data=ordered,noauto_da_alloc flush no-flush
}

test_power_fails_on_xfs() {
	power_fails xfs defaults flush no-flush
}

test_power_fails_on_btrfs() {
	# nothing is to be written of itself meanwhile
	power_fails btrfs commit=300 copy
}

run_tests "$@"
