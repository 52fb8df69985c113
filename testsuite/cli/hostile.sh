#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Module directories that mean harm, through the command line tool: each is made by a row, and
# the row says what must come of it: the exit status, and a finding or none. A module that is
# sound stands beside it, and must be written whatever happens. No run may take more CPU time than
# LIMIT_SECONDS, which is 20 times what the largest of them needs.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

VER=6.1.0
R=root
M=root/lib/modules/6.1.0
LIMIT_SECONDS=10
RESIDENT_KIB=131072

# generate STATUS [OPTION...]: text in out, messages in err.
generate() {
	generate_status=$1
	shift
	(
		# shellcheck disable=SC3045 # every sh of Linux has ulimit -t
		is_sanitized || ulimit -t $LIMIT_SECONDS
		status "$generate_status" timeout 600 kmod-devname generate -n -v -b $R "$@" $VER \
			> out 2> err
	) || { head -n 20 err >&2; return 1; }
}

# rows FUNCTION: of standard input, NAME STATUS CODE NODES; FUNCTION NAME makes the tree. CODE is -
# if there must be no finding; NODES is how many lines there are beside that of the sound module.
rows() {
	rows_done=0
	while read -r name wanted code nodes; do
		rm -rf $R
		node $M/good.ko good 2
		"$1" "$name"
		generate "$wanted" || fail "$name"
		[ "$wanted" -eq 2 ] || grep -q '^good good c10:2$' out || fail "$name: lost the good one"
		[ "$wanted" -eq 2 ] || [ "$(wc -l < out)" -eq $((2 + nodes)) ] ||
			fail "$name: $(cat out)"
		if [ "$code" = - ]; then
			! grep '\]$' err || fail "$name: says that"
		else
			grep -q "\[$code\]\$" err || fail "$name: no $code: $(cat err)"
		fi
		# the number of names and modules is what memory grows with
		cost $LIMIT_SECONDS $RESIDENT_KIB kmod-devname generate -n -b $R $VER || fail "$name"
		rows_done=$((rows_done + 1))
	done
	count "$rows_done hostile trees: $tap_title"
}

# hole FILE: makes it as large as 1 TiB.
hole() {
	truncate -s 1T "$1" || skip "no file of 1 TiB can be made here"
}

# --- what stands in the place of a module --------------------------------------------------

make_entry() {
	e=$M/kernel/x.ko
	mkdir -p $M/kernel
	case $1 in
	empty) : > $e ;;
	text) echo text > $e ;;
	hole) hole $e ;;
	hole-xz) printf '\3757zXZ\0' > $e && hole $e ;;
	hole-elf) printf '\177ELF\2\1\1\0' > $e && hole $e ;;
	fifo) mkfifo $e ;;
	directory) mkdir $e ;;
	itself) ln -s x.ko $e ;;
	ring) ln -s y.ko $e && ln -s x.ko $M/kernel/y.ko ;;
	below-itself) ln -s x.ko/x.ko $e ;;
	chain-39) chain 39 ;;
	chain-60) chain 60 ;;
	to-directory) ln -s . $e ;;
	to-root) ln -s / $e ;;
	to-proc) ln -s /proc/self/mem $e ;;
	to-zero) ln -s /dev/zero $e ;;
	to-fifo) mkfifo $M/fifo && ln -s ../fifo $e ;;
	to-long) ln -s "$(awk 'BEGIN { while (i++ < 1000) printf "./" }')good.ko" $M/x.ko ;;
	to-empty-name) ln -s "$(awk 'BEGIN { while (i++ < 4000) printf "/" }')" $e ;;
	to-newline) ln -s "$(printf 'a\nb.ko')" $e ;;
	hard-links) for i in 1 2 3 4 5 6 7 8 9; do ln $M/good.ko $M/kernel/n$i.ko; done ;;
	same-name) node $M/kernel/good.ko evil 3 ;;
	same-but-dash) node $M/a-b.ko one 3 && node $M/kernel/a_b.ko one 3 ;;
	name-255) node "$M/kernel/$(long 252).ko" long 3 ;;
	name-255-zst) node "$M/kernel/$(long 248).ko.zst" long 3 ;;
	dots) node $M/kernel/...ko dots 3 ;;
	only-suffix) node $M/kernel/.ko none 3 ;;
	*) fail "$1 is unknown" ;;
	esac
}

# chain N: so many links to one another, the last of which is to a module.
chain() {
	node $M/c0 chained 3
	i=0
	while [ $i -lt "$1" ]; do
		ln -s "c$i" $M/c$((i + 1))
		i=$((i + 1))
	done
	ln -s "../c$i" "$e"
}

test_a_file_of_any_type_for_a_module_spares_the_others() {
	rows make_entry <<-'END'
	empty 1 malformed 0
	text 1 malformed 0
	hole 1 malformed 0
	hole-xz 1 too-large 0
	hole-elf 0 - 0
	fifo 0 not-regular 0
	directory 0 - 0
	itself 0 dangling-link 0
	ring 0 dangling-link 0
	below-itself 0 dangling-link 0
	chain-39 0 - 1
	chain-60 0 dangling-link 0
	to-directory 0 - 0
	to-root 0 - 0
	to-proc 0 dangling-link 0
	to-zero 0 dangling-link 0
	to-fifo 0 not-regular 0
	to-long 0 - 1
	to-empty-name 0 - 0
	to-newline 0 dangling-link 0
	hard-links 0 - 9
	same-name 0 duplicate-module 0
	same-but-dash 0 duplicate-module 1
	name-255 0 - 1
	name-255-zst 0 - 1
	dots 1 bad-module-name 0
	only-suffix 0 - 0
	END
}

# --- the shape of the tree -----------------------------------------------------------------

# Each of a hundred directories has a link to each of them.
make_mesh() {
	i=0
	while [ $i -lt 100 ]; do
		mkdir -p $M/d$i
		i=$((i + 1))
	done
	for d in "$M"/d*; do
		i=0
		while [ $i -lt 100 ]; do
			echo "$d/l$i ../d$i"
			i=$((i + 1))
		done
	done > links
	perl -ne 'my ($l, $t) = split; symlink $t, $l or die "$l: $!"' links
}

make_shape() {
	case $1 in
	mesh) make_mesh ;;
	hundred-thousand-names) perl -e 'for (1 .. 100000) {
		open my $f, ">", "$ARGV[0]/" . "x" x 240 . $_ or die $! }' $M ;;
	fifty-thousand-fifos) perl -MPOSIX -e 'for (1 .. 50000) {
		POSIX::mkfifo("$ARGV[0]/f$_.ko", 0600) or die $! }' $M ;;
	fifty-thousand-loops) perl -e 'for (1 .. 50000) {
		symlink "l$_.ko", "$ARGV[0]/l$_.ko" or die $! }' $M ;;
	twenty-thousand-directories) perl -e 'for (1 .. 20000) {
		mkdir "$ARGV[0]/d$_.ko" or die $! }' $M ;;
	ten-thousand-empty-modules) perl -e 'for (1 .. 10000) {
		open my $f, ">", "$ARGV[0]/e$_.ko" or die $! }' $M ;;
	two-thousand-deep) make_deep 2000 1 ;;
	four-thousand-long-names) make_deep 4000 250 ;;
	ten-thousand-far-below) make_deep 250 250 10000 ;;
	twenty-thousand-links-to-directories) perl -e 'for (1 .. 20000) {
		mkdir "$ARGV[0]/d$_" or die $!;
		symlink "d$_", "$ARGV[0]/l$_" or die $!;
		symlink "../d1", "$ARGV[0]/d$_/l" or die $! }' $M ;;
	ten-thousand-links-to-one) make_links ;;
	*) fail "$1 is unknown" ;;
	esac
}

# make_deep DEPTH SIZE [N]: a chain of directories, with an empty module in each, and N in the last.
make_deep() {
	perl -e 'chdir shift or die $!; for (1 .. $ARGV[0]) {
		open my $f, ">", "e$_.ko" or die $!;
		mkdir "x" x $ARGV[1] or die $!; chdir "x" x $ARGV[1] or die $! }
		for (1 .. ($ARGV[2] || 0)) { open my $f, ">", "far$_.ko" or die $! }' $M "$@"
}

# Names of one module, which is large when it is decompressed.
make_links() {
	module large.ko alias=devname:large alias=char-major-10-3
	head -c 64K /dev/urandom >> large.ko
	truncate -s 16M large.ko
	xz -c large.ko > $M/large.ko.xz || skip "no xz"
	perl -e 'for (1 .. 5000) {
		symlink "large.ko.xz", "$ARGV[0]/s$_.ko.xz" or die $!;
		link "$ARGV[0]/large.ko.xz", "$ARGV[0]/h$_.ko.xz" or die $! }' $M
}

test_a_tree_of_any_shape_is_read_in_time() {
	command -v perl > /dev/null || skip "no perl to make thousands of files with"
	rows make_shape <<-'END'
	mesh 0 - 0
	hundred-thousand-names 0 - 0
	fifty-thousand-fifos 0 not-regular 0
	fifty-thousand-loops 0 dangling-link 0
	twenty-thousand-directories 0 - 0
	ten-thousand-empty-modules 1 malformed 0
	two-thousand-deep 1 malformed 0
	four-thousand-long-names 1 unreadable 0
	ten-thousand-far-below 1 malformed 0
	twenty-thousand-links-to-directories 0 - 0
	ten-thousand-links-to-one 0 - 10001
	END
}

# --- bombs ---------------------------------------------------------------------------------

# Blocks of a repeated byte, 128 KiB in four bytes: 10 GiB in each file.
test_a_tree_of_bombs_is_refused_soon() {
	grep -q '^#define WITH_ZSTD 1' "$top_builddir/config.h" || skip "this build cannot read .zst"
	command -v perl > /dev/null || skip "no perl"
	node $M/good.ko good 2
	perl -e 'print "\x28\xb5\x2f\xfd\0\x38", "\2\0\x10\0" x 81920, "\1\0\0"' > bomb
	for i in 1 2 3 4 5 6 7 8; do
		cp bomb $M/bomb$i.ko.zst
	done
	cost 1 $RESIDENT_KIB kmod-devname generate -n --threads 2 -b $R $VER
	[ "$(grep -c 'bomb.\.ko\.zst: error: .*\[too-large\]$' err)" -eq 8 ] || fail "$(cat err)"
	is_sanitized || count "a tree of 8 bombs of 10 GiB refused within 1 s of CPU time and 128 MiB"
}

run_tests "$@"
