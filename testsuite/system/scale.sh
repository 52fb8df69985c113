#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Many modules, and modules with many aliases. How fast is a matter of the benchmark: the bounds
# here are for what grows faster than what there is to read.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

VER=6.1.0
R=root
M=root/lib/modules/6.1.0

generate() {
	timeout 600 kmod-devname generate -b "$R" "$@" "$VER"
}

# 100 modules, two of which declare a node.
make_hundred() {
	minor=100
	while [ $minor -lt 200 ]; do
		case $minor in
		117) kind=devname:x ;;
		183) kind=devname:y ;;
		*) kind=ordinary: ;;
		esac
		module hundred/${minor#1}.ko alias=$kind alias=char-major-10-$minor
		minor=$((minor + 1))
	done
}

# Makes 100,000 modules in 100 directories, no two with the same name; by hard links.
make_hundred_thousand() {
	command -v perl > /dev/null || skip "no perl to make 100,000 links with"
	make_hundred
	mkdir -p $M/kernel
	perl -e 'for $d (0 .. 99) {
		mkdir "$ARGV[0]/d$d" or die $!;
		for (0 .. 999) {
			link sprintf("hundred/%02d.ko", $_ % 100),
				sprintf("%s/d%d/m-%d-%03d.ko", $ARGV[0], $d, $d, $_) or die $!;
		}
	}' $M/kernel
}

test_a_hundred_thousand_modules_work() {
	make_hundred_thousand
	[ "$(find $M -name '*.ko' | wc -l)" -eq 100000 ]
	generate -v 2> err
	grep -q 'modules\.devname: 2000 nodes from 100000 modules of 6\.1\.0, written$' err
	[ "$(wc -l < err)" -eq 1 ]
	[ "$(wc -l < $M/modules.devname)" -eq 2001 ]
	# each of the 2000 has its line, by the module's name
	i=0
	while [ $i -lt 100 ]; do
		for j in 0 1 2 3 4 5 6 7 8 9; do
			echo "m_${i}_${j}17 x c10:117"
			echo "m_${i}_${j}83 y c10:183"
		done
		i=$((i + 1))
	done | LC_ALL=C sort > expected
	sed 1d $M/modules.devname | same expected
	cost 20 153600 kmod-devname generate -n -b $R $VER
	is_sanitized || count "100,000 modules within 20 s of CPU time and 150 MiB"
}

# le64 NUMBER: its 8 bytes, the least first.
le64() {
	# shellcheck disable=SC2059 # the escapes are the point
	printf "$(awk -v n="$1" 'BEGIN { while (i++ < 8) { printf "\\%03o", n % 256; n = int(n / 256) } }')"
}

# read_le64 FILE OFFSET
read_le64() {
	od -A n -t u1 -j "$2" -N 8 "$1" |
		awk '{ for (i = NF; i > 0; i--) n = n * 256 + $i } END { print n }'
}

# set_modinfo_size FILE SIZE: of the third section, by the layout of ELF64 of this byte order.
set_modinfo_size() {
	le64 "$2" | dd of="$1" bs=1 conv=notrunc 2> /dev/null \
		seek=$(($(read_le64 "$1" 40) + 2 * 64 + 32))
}

# A module whose .modinfo is the end of the file, and can be made longer by appending to it.
start_module() {
	module "$1" -d modinfo-last "alias=devname:big"
	modinfo_start=$(($(wc -c < "$1") - 18))
	[ "$(tail -c 18 "$1" | tr '\0' '\n')" = 'alias=devname:big' ]
}

end_module() {
	printf 'alias=char-major-10-1\0' >> "$1"
	set_modinfo_size "$1" $(($(wc -c < "$1") - modinfo_start))
}

# append FILE STRING BYTES: the string with a NUL, again and again, as many bytes as that.
append() {
	yes "$2" | head -c "$3" | tr '\n' '\0' >> "$1"
}

test_a_million_aliases_of_one_module_work() {
	start_module $M/big.ko
	append $M/big.ko alias=pci:v1d2s 16000000
	end_module $M/big.ko
	[ "$(tr '\0' '\n' < $M/big.ko | grep -a -c alias=pci:v1d2s)" -eq 1000000 ]
	generate -v 2> err
	printf '%s\n' "$HEADER" 'big big c10:1' | same $M/modules.devname
	grep -q ': 1 nodes from 1 modules of 6\.1\.0, written$' err
	[ "$(wc -l < err)" -eq 1 ]
	cost 2 102400 kmod-devname generate -n -b $R $VER
	is_sanitized || count "a million aliases of one module within 2 s of CPU time and 100 MiB"
}

test_a_modinfo_of_64_mib_is_refused_and_soon() {
	start_module big.ko
	append big.ko alias=a 67108864
	end_module big.ko
	module $M/good.ko alias=devname:good alias=char-major-10-2
	for packer in cat gzip xz zstd; do
		rm -f $M/big.ko
		case $packer in
		cat) options= ;;
		gzip) options=-1 ;;
		xz) options='-0 --check=crc32' ;;
		zstd) options='-1 -q' ;;
		esac
		command -v $packer > /dev/null || continue
		# shellcheck disable=SC2086 # several words
		$packer $options < big.ko > $M/big.ko
		status 1 timeout 600 kmod-devname generate -n -b $R $VER > out 2> err
		printf '%s\n' "$HEADER" 'good good c10:2' | same out
		grep -q 'big\.ko: error: .*\[too-large\]$' err || fail "$packer: $(cat err)"
		[ "$(wc -l < err)" -eq 1 ]
		[ $packer = xz ] || cost 2 131072 kmod-devname generate -n -b $R $VER
	done
	is_sanitized || count "64 MiB of alias=a refused within 2 s of CPU time and 128 MiB"
}

# A megabyte of modules, each nearly 32 MiB when decompressed. A frame that is skipped lets each file
# be as large as that needs.
test_threads_share_memory() {
	command -v zstd > /dev/null || skip "no zstd"
	module 1.ko alias=devname:n alias=char-major-10-1
	head -c $((31 << 20)) /dev/zero >> 1.ko
	zstd -q -19 < 1.ko > 1.zst
	printf '\120\052\115\030\0\360\0\0' >> 1.zst
	head -c 61440 /dev/zero >> 1.zst
	mkdir -p $M/kernel
	for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		cp 1.zst $M/kernel/m$n.ko.zst
	done
	cost 10 262144 kmod-devname generate -n --threads 32 -b $R $VER
	is_sanitized || count "16 modules of 31 MiB at a time within 256 MiB"
}

# As hsearch(3) would take them all for one: a square of these is a minute.
test_modules_of_one_prefix_take_no_square() {
	mkdir -p $M
	awk 'BEGIN { for (i = 0; i < 100000; i++) printf "aaaaaaaa%x.ko:\n", i }' > $M/modules.dep
	awk 'BEGIN { print "# Aliases"; for (i = 0; i < 100000; i++) printf "alias pci:v%x aaaaaaaa%x\n", i, i }' \
		> $M/modules.alias
	cost 4 131072 kmod-devname generate -n --source=index -b $R $VER
	[ ! -s err ] || fail "$(head -n 3 err)"
	is_sanitized || count "an index of 100,000 modules with one prefix within 4 s of CPU time"
}

# xz since 5.6 begins another block after 3 MiB. Of one module .modinfo is in four of its blocks,
# the name in the first and the number in the last; of the other it is before all that is large.
test_xz_in_blocks_gives_what_plain_gives() {
	command -v xz > /dev/null || skip "no xz"
	grep -q '^#define WITH_XZ 1' "$top_builddir/config.h" || skip "this build cannot read .xz"
	start_module $M/across.ko
	append $M/across.ko alias=pci:v1d2s 3670016
	end_module $M/across.ko
	# a file that is 512 times as large as when it is compressed is refused
	head -c 65536 /dev/urandom >> $M/across.ko
	module $M/before.ko alias=devname:before alias=char-major-10-2
	head -c 4000000 /dev/zero >> $M/before.ko
	head -c 65536 /dev/urandom >> $M/before.ko
	generate -n > plain
	printf '%s\n' "$HEADER" 'big big c10:1' 'before before c10:2' | sed 's/^big/across/' |
		same plain
	xz --check=crc32 --block-size=1MiB $M/across.ko $M/before.ko
	[ "$(xz --robot --list $M/across.ko.xz $M/before.ko.xz |
		awk '$1 == "file" && $3 == 4' | wc -l)" -eq 2 ]
	for threads in 1 2 8; do
		generate -n --threads $threads > out 2> err
		same plain < out
		same err < /dev/null
	done
}

# All of these count: the list of useful aliases is at its limit, and so is the time for it.
test_a_million_device_names_are_too_many_and_soon() {
	start_module $M/big.ko
	append $M/big.ko alias=devname:x 16000000
	end_module $M/big.ko
	module $M/good.ko alias=devname:good alias=char-major-10-2
	status 1 timeout 600 kmod-devname generate -n -b $R $VER > out 2> err
	printf '%s\n' "$HEADER" 'good good c10:2' | same out
	grep -q 'big\.ko: error: .*\[too-many-aliases\]$' err
	[ "$(wc -l < err)" -eq 1 ]
}

run_tests "$@"
