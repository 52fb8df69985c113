#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What "kmod-devname generate" leaves on disk: the new file in full or the old one byte for
# byte, and no other, also on a disk that is full or not writable.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

VER=6.1.0
R=root
M=root/lib/modules/6.1.0
F=root/lib/modules/6.1.0/modules.devname

# big_module FILE N: a module with N nodes of about 200 bytes each.
big_module() {
	big_name=$(awk 'BEGIN { while (i++ < 190) printf "n" }')
	big_file=$1
	big_i=$2
	set --
	while [ "$big_i" -gt 0 ]; do
		set -- "$@" "alias=devname:$big_name$big_i" "alias=char-major-11-$big_i"
		big_i=$((big_i - 1))
	done
	module "$big_file" "$@"
}

generate() {
	kmod-devname generate -b "$R" "$@" "$VER"
}

# only DIRECTORY NAME...: nothing else is there.
only() {
	only_directory=$1
	shift
	find "$only_directory" -mindepth 1 -maxdepth 1 | sed 's|.*/||' | LC_ALL=C sort > only_names
	printf '%s\n' "$@" | LC_ALL=C sort | same only_names
}

# With mounts of its own, which end with it: runs one of the functions named inside_... here.
with_mounts() {
	need_mounts .
	in_mounts sh "$top_srcdir/testsuite/system/disk.sh" "$1"
}

# --- the file ------------------------------------------------------------------------------

test_the_file_is_written_and_then_left_untouched() {
	node $M/fuse.ko fuse 229
	generate > out 2> err
	printf '%s\n' "$HEADER" 'fuse fuse c10:229' | same $F
	touch -d '2001-01-01 00:00:00' $F
	stat -c '%i %s %a %y %z' $F > before
	generate
	stat -c '%i %s %a %y %z' $F | same before
	generate -v 2> err
	grep -q 'modules.devname: 1 nodes from 1 modules of 6\.1\.0, unchanged$' err
	# standard output is for data
	same out < /dev/null
	only $M fuse.ko modules.devname
}

test_a_directory_in_place_of_the_file_stays() {
	node $M/fuse.ko fuse 229
	mkdir $F
	status 2 generate 2> err
	grep -q 'modules\.devname: Is a directory$' err
	[ "$(wc -l < err)" -eq 1 ]
	rmdir $F
	only $M fuse.ko
}

# --- a disk that is full or cannot be written ----------------------------------------------

# Fills the file system of $M, but for this many blocks.
fill_but() {
	rm -f $M/filler $M/spare
	dd if=/dev/zero of=$M/spare bs="$block" count="$1" 2> /dev/null
	dd if=/dev/zero of=$M/filler bs="$block" 2> /dev/null || true
	rm $M/spare
}

inside_a_full_disk_keeps_the_old_file() {
	block=$(getconf PAGESIZE)
	mkdir -p $M
	mount -t tmpfs -o size=$((64 * block)) tmpfs $M
	node $M/fuse.ko fuse 229
	generate
	cp $F old
	big_module $M/big.ko $((3 * block / 200))
	generate -n > new
	needed=$((($(wc -c < new) + block - 1) / block))
	[ $needed -ge 3 ]
	free=0
	while [ $free -lt $needed ]; do
		fill_but $free
		status 2 generate 2> err
		grep -q 'modules\.devname: No space left on device$' err
		[ "$(wc -l < err)" -eq 1 ]
		same $F < old || fail "with $free blocks"
		only $M big.ko filler fuse.ko modules.devname
		free=$((free + 1))
	done
	fill_but $needed
	generate
	same $F < new
	# what is there already needs no space
	fill_but 0
	generate -v 2> err
	grep -q ', unchanged$' err
	only $M big.ko filler fuse.ko modules.devname
}

test_a_full_disk_keeps_the_old_file() {
	with_mounts inside_a_full_disk_keeps_the_old_file
}

inside_no_inode_left_keeps_the_old_file() {
	mkdir -p $M
	mount -t tmpfs -o nr_inodes=4 tmpfs $M
	node $M/fuse.ko fuse 229
	generate
	cp $F old
	node $M/cuse.ko cuse 203
	status 2 generate 2> err
	grep -q 'modules\.devname: No space left on device$' err
	same $F < old
	only $M cuse.ko fuse.ko modules.devname
}

test_no_inode_left_keeps_the_old_file() {
	with_mounts inside_no_inode_left_keeps_the_old_file
}

inside_a_read_only_mount_keeps_the_old_file() {
	node $M/fuse.ko fuse 229
	generate
	cp $F old
	node $M/cuse.ko cuse 203
	generate -n > new
	mount --bind $R $R
	mount -o remount,bind,ro $R
	status 2 generate 2> err
	grep -q 'modules\.devname: Read-only file system$' err
	[ "$(wc -l < err)" -eq 1 ]
	same $F < old
	only $M cuse.ko fuse.ko modules.devname
	# reading is all that these need
	generate -n | same new
	generate --output elsewhere
	same elsewhere < new
	kmod-devname generate -b $R -o outdir $VER
	same outdir/lib/modules/$VER/modules.devname < new
}

test_a_read_only_mount_keeps_the_old_file() {
	with_mounts inside_a_read_only_mount_keeps_the_old_file
}

inside_a_read_only_mount_with_the_right_file_is_fine() {
	node $M/fuse.ko fuse 229
	generate
	mount --bind $R $R
	mount -o remount,bind,ro $R
	generate -v 2> err
	grep -q ', unchanged$' err
}

test_a_read_only_mount_with_the_right_file_is_fine() {
	with_mounts inside_a_read_only_mount_with_the_right_file_is_fine
}

test_a_module_that_may_not_be_read_keeps_its_line_and_is_named() {
	node $M/fuse.ko fuse 229
	node $M/cuse.ko cuse 203
	generate
	cp $F old
	chmod 000 $M/cuse.ko
	chmod 777 $M
	need_nobody
	as_nobody test -r $M || skip "no other user can read the directory"
	status 1 as_nobody kmod-devname generate -b $R $VER 2> err
	grep -q 'cuse\.ko: error: .*\[unreadable\]$' err
	grep -q "keeps 'cuse' of module cuse" err
	[ "$(wc -l < err)" -eq 2 ]
	same $F < old
	# the others are written
	node $M/tun.ko net/tun 200
	status 1 as_nobody kmod-devname generate -b $R $VER 2> err
	printf '%s\n' "$HEADER" 'cuse cuse c10:203' 'fuse fuse c10:229' 'tun net/tun c10:200' | same $F
	status 1 as_nobody kmod-devname generate -n -b $R $VER > out 2> err
	same out < $F
}

# --- other places --------------------------------------------------------------------------

test_output_replaces_a_file_of_any_name() {
	node $M/fuse.ko fuse 229
	echo old > file
	ln file other
	generate --output file
	printf '%s\n' "$HEADER" 'fuse fuse c10:229' | same file
	echo old | same other
	[ "$(stat -c %a file)" = 644 ]
	mkdir dir
	generate --output "$PWD/dir/x"
	same dir/x < file
	only dir x
	only $M fuse.ko
	for bad in missing/x dir dir/ . .. ''; do
		status 2 generate --output "$bad" > out 2> err
		[ "$(wc -l < err)" -eq 1 ] || fail "--output '$bad': $(cat err)"
		same out < /dev/null
	done
	only dir x
	only $M fuse.ko
}

test_output_dash_is_standard_output() {
	node $M/fuse.ko fuse 229
	generate --output - > out
	printf '%s\n' "$HEADER" 'fuse fuse c10:229' | same out
	[ ! -e ./- ]
	only $M fuse.ko
}

test_an_output_that_cannot_be_written_is_status_2() {
	[ -c /dev/full ] || skip "no /dev/full"
	node $M/fuse.ko fuse 229
	for options in -n '--output -'; do
		# shellcheck disable=SC2086 # two words
		status 2 generate $options > /dev/full 2> err
		grep -q 'standard output: No space left on device$' err
		[ "$(wc -l < err)" -eq 1 ] || fail "$options: $(cat err)"
	done
	status 2 generate -n >&- 2> err
	[ -s err ]
	only $M fuse.ko
}

test_outdir_makes_the_directories() {
	node $M/fuse.ko fuse 229
	kmod-devname generate -b $R -o out $VER
	printf '%s\n' "$HEADER" 'fuse fuse c10:229' | same out/lib/modules/$VER/modules.devname
	only out/lib/modules/$VER modules.devname
	only $M fuse.ko
	(umask 022; kmod-devname generate -b $R -m lib//modules/ -o out2 $VER)
	[ -f out2/lib/modules/$VER/modules.devname ]
	[ "$(stat -c %a out2/lib/modules)" = 755 ]
	# a second time it is all there
	kmod-devname generate -v -b $R --outdir out $VER 2> err
	grep -q ', unchanged$' err
	echo file > blocked
	status 2 kmod-devname generate -b $R -o blocked $VER 2> err
	[ "$(wc -l < err)" -eq 1 ]
	echo file | same blocked
}

test_links_in_outdir_stay_inside_it() {
	node $M/fuse.ko fuse 229
	mkdir -p out host
	ln -s "$PWD/host" out/lib
	kmod-devname generate -b $R -o out $VER 2> err || true
	[ -z "$(find host -mindepth 1)" ]
}

run_tests "$@"
