#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Module directories of every shape, through "kmod-devname generate -n": links, loops, odd
# files, depth, hostile names, damaged modules, and depmod's opinion where it has one.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

VER=6.1.0
R=root
M=root/lib/modules/6.1.0

# generate STATUS [OPTION...]: must end with this status. Text in out, messages in err.
generate() {
	generate_status=$1
	shift
	status "$generate_status" timeout 600 kmod-devname generate -n -b "$R" "$@" "$VER" \
		> out 2> err || { cat err >&2; exit 1; }
}

is_silent() {
	same err < /dev/null
}

# says N CODE: the messages must have this code N times.
says() {
	[ "$(grep -c "\[$2\]\$" err)" -eq "$1" ] || fail "not $1 times [$2]: $(cat err)"
}

# --- links ---------------------------------------------------------------------------------

test_link_loops_end_and_give_each_module_once() {
	node $M/kernel/fuse.ko fuse 229
	node $M/kernel/fs/cuse.ko cuse 203
	ln -s . $M/loop
	ln -s . $M/kernel/loop
	ln -s .. $M/kernel/fs/up
	ln -s /lib/modules/$VER $M/kernel/fs/absolute
	ln -s ../kernel $M/kernel/again
	generate 0
	nodes 'cuse cuse c10:203' 'fuse fuse c10:229' | same out
	is_silent
}

# Of all links to it one in the module directory counts, wherever the others come by their names.
test_links_behind_links_are_followed_last() {
	mkdir -p $M $R/far $R/shared
	echo garbage > $R/shared/bad.ko
	ln -s /shared $R/far/a
	ln -s /far $M/a
	ln -s /shared $M/b
	for threads in 1 4; do
		generate 1 --threads=$threads
		grep -q 'b/bad\.ko: error: ' err || fail "$threads threads: $(cat err)"
	done
}

test_a_dangling_link_is_a_note_that_only_verbose_shows() {
	node $M/fuse.ko fuse 229
	ln -s nowhere.ko $M/gone.ko
	ln -s nowhere $M/gone
	ln -s fuse.ko/below $M/through_a_file.ko
	generate 0
	is_silent
	generate 0 -v
	nodes 'fuse fuse c10:229' | same out
	says 3 dangling-link
	grep -q 'gone\.ko: note: .*\[dangling-link\]$' err
	[ "$(wc -l < err)" -eq 3 ]
	generate 0 -v --strict
}

test_a_link_to_a_module_has_the_name_of_the_link() {
	node $R/srv/module-1.bin one 1
	mkdir -p $M/extra
	ln -s /srv/module-1.bin $M/extra/my-module.ko
	ln -s /srv/module-1.bin $M/extra/no_module
	generate 0 -v
	nodes 'my_module one c10:1' | same out
	is_silent
}

test_links_resolve_inside_the_base_directory_and_never_on_the_host() {
	node host/host.ko host 1
	node $R/srv/extra/inside.ko inside 2
	node "$R$PWD/host/shadow.ko" shadow 3
	mkdir -p $M
	ln -s /srv/extra $M/absolute
	ln -s ../../../../../../../../../../../../../../srv/extra $M/up
	ln -s "$PWD/host" $M/host
	ln -s "../../../../host" $M/host_up
	ln -s "$PWD/host/host.ko" $M/host.ko
	ln -s "../../../../host/host.ko" $M/host_up.ko
	generate 0 -v
	# only what the base directory has at the same path
	nodes 'inside inside c10:2' 'shadow shadow c10:3' | same out
	says 3 dangling-link
}

test_the_way_to_the_modules_may_be_links() {
	rows='usr/lib /usr/lib ../../usr/lib ./usr/../usr/lib'
	for target in $rows; do
		rm -rf $R
		node $R/usr/lib/modules/$VER/fuse.ko fuse 229
		ln -s "$target" $R/lib
		generate 0
		nodes 'fuse fuse c10:229' | same out || fail "lib -> $target"
		is_silent
	done
}

test_the_directory_of_the_kernel_may_be_a_link() {
	node $R/srv/$VER/fuse.ko fuse 229
	mkdir -p $R/lib/modules
	ln -s /srv/$VER $R/lib/modules/$VER
	generate 0
	nodes 'fuse fuse c10:229' | same out
}

test_usr_lib_modules_alone_will_do() {
	node $R/usr/lib/modules/$VER/fuse.ko fuse 229
	generate 0
	nodes 'fuse fuse c10:229' | same out
	mkdir -p $R/lib
	generate 0
	nodes 'fuse fuse c10:229' | same out
	# lib/modules, if it is there, is the one
	node $R/lib/modules/$VER/cuse.ko cuse 203
	generate 0
	nodes 'cuse cuse c10:203' | same out
}

test_no_link_of_the_version_leads_to_the_host() {
	node host/$VER/host.ko host 1
	mkdir -p $R/lib
	ln -s "$PWD/host" $R/lib/modules
	generate 2
	same out < /dev/null
	rm $R/lib/modules
	mkdir $R/lib/modules
	ln -s "$PWD/host/$VER" $R/lib/modules/$VER
	generate 2
	same out < /dev/null
}

# --- which files are modules ---------------------------------------------------------------

test_a_directory_named_like_a_module_is_descended() {
	node $M/dir.ko/fuse.ko fuse 229
	node $M/dir.ko.xz/a.ko/cuse.ko cuse 203
	generate 0 -v
	nodes 'cuse cuse c10:203' 'fuse fuse c10:229' | same out
	is_silent
}

test_a_device_named_like_a_module_is_a_note_and_never_opened() {
	node $M/fuse.ko fuse 229
	mknod $M/x.ko c 1 3 2>/dev/null || skip "device nodes cannot be made here"
	mknod $M/y.ko b 7 200
	generate 0 -v
	nodes 'fuse fuse c10:229' | same out
	says 2 not-regular
}

test_build_and_source_are_skipped_at_every_depth() {
	node $M/build/a.ko a 1
	node $M/source/b.ko b 2
	node $M/kernel/fs/build/c.ko c 3
	node $M/kernel/source/d.ko d 4
	node $M/kernel/builds/e.ko e 5
	node $M/kernel/sources/f.ko f 6
	node $M/kernel/build.ko g 7
	mkdir -p $M/links
	ln -s ../build $M/links/to_build
	ln -s nowhere $M/links/source
	ln -s ../kernel $M/links/build
	generate 0 -v
	# a link of another name is followed, whatever it leads to
	nodes 'a a c10:1' 'build g c10:7' 'e e c10:5' 'f f c10:6' | same out
	is_silent
}

test_hidden_directories_are_read_and_hidden_modules_have_no_name() {
	node $M/.hidden/fuse.ko fuse 229
	node $M/...ko/cuse.ko cuse 203
	generate 0 -v
	nodes 'cuse cuse c10:203' 'fuse fuse c10:229' | same out
	is_silent
	node $M/.secret.ko secret 1
	generate 1
	nodes 'cuse cuse c10:203' 'fuse fuse c10:229' | same out
	says 1 bad-module-name
}

test_suffixes_are_exact() {
	for name in a.KO b.ko.debug .ko c.ko.lzma d.ko.bz2 e.o f.kox g.ko.gz.bak h.ko.XZ i,ko \
		.ko.gz .ko.xz .ko.zst j k.ko~; do
		node "$M/$name" "$name" 1
	done
	generate 0 -v
	same out < /dev/null
	is_silent
	node $M/l.ko l 2
	node $M/m.x.y.ko m 3
	node $M/n.ko.ko n 4
	generate 0 -v
	nodes 'l l c10:2' 'm m c10:3' 'n n c10:4' | same out
}

test_the_first_bytes_tell_how_a_file_is_compressed() {
	node plain.ko plain 1
	rows="gzip:gz xz:xz zstd:zst"
	mkdir -p $M
	: > expected
	i=0
	for row in $rows; do
		packer=${row%:*}
		command -v "$packer" > /dev/null || skip "no $packer"
		for suffix in ko ko.gz ko.xz ko.zst; do
			i=$((i + 1))
			node plain.ko "$packer-in-$suffix" $i
			"$packer" -c < plain.ko > "$M/${packer}_${suffix##*.}.$suffix"
			echo "${packer}_${suffix##*.} $packer-in-$suffix c10:$i" >> expected
		done
	done
	for suffix in gz xz zst; do
		i=$((i + 1))
		node "$M/plain_$suffix.ko.$suffix" "plain-in-$suffix" $i
		echo "plain_$suffix plain-in-$suffix c10:$i" >> expected
	done
	generate 0 -v
	LC_ALL=C sort expected > sorted
	sed 1d out | same sorted
	is_silent
}

# --- depth ---------------------------------------------------------------------------------

test_a_depth_of_1500_works_with_64_file_descriptors() {
	path=$(awk 'BEGIN { for (i = 0; i < 1500; i++) printf "d/" }')
	node "$M/$path/fuse.ko" fuse 229
	node $M/cuse.ko cuse 203
	for threads in 1 4; do
		(
			# shellcheck disable=SC3045 # every sh of Linux has ulimit -n
			ulimit -n 64
			generate 0 -v --threads $threads
		)
		nodes 'cuse cuse c10:203' 'fuse fuse c10:229' | same out
		is_silent
	done
}

test_paths_far_longer_than_path_max_work() {
	name=$(awk 'BEGIN { while (i++ < 200) printf "n" }')
	node chain/fuse.ko fuse 229
	xz -c < chain/fuse.ko > chain/fuse_too.ko.xz || skip "no xz"
	ln -s nowhere chain/gone.ko
	# from the inside out, so that no path that is written here is long: 300 in all, 58 KiB
	i=0
	while [ $i -lt 24 ]; do
		i=$((i + 1))
		mkdir -p "new/$name/$name/$name/$name/$name/$name/$name/$name/$name/$name/$name"
		mkdir "new/$name/$name/$name/$name/$name/$name/$name/$name/$name/$name/$name/$name"
		mv chain "new/$name/$name/$name/$name/$name/$name/$name/$name/$name/$name/$name/$name/x"
		mv new chain
	done
	mkdir -p $R/lib/modules
	mv chain $M
	ln -s . $M/loop
	(
		# shellcheck disable=SC3045
		ulimit -n 64
		generate 0 -v
	)
	nodes 'fuse fuse c10:229' 'fuse_too fuse c10:229' | same out
	says 1 dangling-link
	[ "$(wc -l < err)" -eq 1 ]
	# 8 KiB more are too many for those at the end
	rm $M/loop
	mkdir -p "new/$name/$name/$name/$name/$name/$name/$name/$name/$name/$name/$name/$name"
	for i in 1 2 3 4; do
		mv $M "new/$name/$name/$name/$name/$name/$name/$name/$name/$name/$name/$name/$name/x"
		mv new $M
		mkdir -p "new/$name/$name/$name/$name/$name/$name/$name/$name/$name/$name/$name/$name"
	done
	node $M/cuse.ko cuse 203
	generate 1 -v
	nodes 'cuse cuse c10:203' | same out
	says 1 unreadable
	[ "$(wc -l < err)" -eq 1 ]
}

# --- hostile names and numbers -------------------------------------------------------------

NEWLINE='
'

test_hostile_file_names_do_no_harm_without_a_device_name() {
	module "$M/new${NEWLINE}line.ko" alias=char-major-10-1
	module "$M/a b.ko" alias=pci:v1d2
	module "$M/$(printf '\303\251\377').ko" license=GPL
	module "$M/-n.ko"
	module "$M/#.ko"
	module "$M/\$(touch owned).ko"
	node "$M/dir with${NEWLINE}newline/fuse.ko" fuse 229
	generate 0 -v
	nodes 'fuse fuse c10:229' | same out
	is_silent
}

test_hostile_file_names_with_a_device_name_are_named_escaped() {
	node "$M/new${NEWLINE}line.ko" a 1
	node "$M/a b.ko" b 2
	node "$M/$(printf '\303\251\377').ko" c 3
	node "$M/#x.ko" d 4
	node "$M/x/y*.ko" e 5
	node "$M/$(printf '\033[31m').ko" f 6
	node $M/good.ko good 7
	generate 1
	nodes 'good good c10:7' | same out
	says 6 bad-module-name
	[ "$(wc -l < err)" -eq 6 ]
	grep -q 'new\\x0aline\.ko: error: ' err
	grep -q '\\xc3\\xa9\\xff\.ko: error: ' err
	grep -q '\\x1b\[31m\.ko: error: ' err
	! grep -q "[^ -~]" err
}

# long_path N: a name of N bytes in components of 199.
long_path() {
	awk -v n="$1" 'BEGIN { while (++i <= n) printf "%s", i % 200 == 0 && i < n ? "/" : "x" }'
}

test_bad_names_never_reach_the_output() {
	set -- '' / . .. /x x/ a//b ./a a/. a/../b ../x /dev/x -x '#x' a/-x a/#x 'a b' ' a' 'a ' \
		"a${NEWLINE}b" "a${NEWLINE}evil sda b8:0" "$(printf 'a\tb')" "$(printf 'a\rb')" \
		"$(printf '\303\251')" "$(printf 'a\177')" "$(printf 'a\001')" 'x%b' 'tty[0-9]*' \
		'a"b' "a'b" 'a\b' 'a;b' "a\$b" "a\`b" 'a&b' 'a~b' 'a(b)' 'a?' 'a*' 'a|b' 'a<b' \
		"$(long 256)" "a/$(long 256)" "$(long_path 4001)"
	for name; do
		rm -rf $M
		node $M/m.ko "$name" 1
		node $M/good.ko good 2
		generate 1
		nodes 'good good c10:2' | same out || fail "name '$name'"
		says 1 bad-name
		[ "$(wc -l < err)" -eq 1 ] || fail "name '$name': $(cat err)"
	done
}

# --- damaged modules -----------------------------------------------------------------------

test_damaged_files_are_named_and_the_others_are_written() {
	node plain.ko plain 1
	mkdir -p $M/kernel
	: > $M/kernel/empty.ko
	echo '# no module' > $M/kernel/text.ko
	printf '\177ELF' > $M/kernel/four.ko
	head -c 60 plain.ko > $M/kernel/header.ko
	head -c 100 plain.ko > $M/kernel/cut.ko
	for packer in gzip xz zstd; do
		command -v $packer > /dev/null || skip "no $packer"
		$packer -c < plain.ko > packed
		head -c 100 packed > $M/kernel/${packer}_cut.ko
		{ cat packed; echo junk; } > $M/kernel/${packer}_junk.ko
		echo text | $packer -c > $M/kernel/${packer}_text.ko
		: | $packer -c > $M/kernel/${packer}_empty.ko
	done
	node $M/kernel/good.ko good 2
	generate 1
	nodes 'good good c10:2' | same out
	says 11 malformed
	says 6 corrupt
	[ "$(grep -c "$M/kernel/.*: error: " err)" -eq 17 ]
	# and the file is written with the good one
	status 1 kmod-devname generate -q -b $R $VER 2> err
	nodes 'good good c10:2' | same $M/modules.devname
	[ "$(grep -c ': error: ' err)" -eq 17 ]
}

# --- depmod --------------------------------------------------------------------------------

# A tree as kernels have it: one name and one number a module, or none, or several files.
make_ordinary_tree() {
	mkdir -p $M/kernel/drivers
	i=0
	while [ $i -lt 60 ]; do
		i=$((i + 1))
		case $((i % 5)) in
		0) module $M/kernel/fs/n-$i.ko license=GPL alias=char-major-10-$i ;;
		1) node $M/kernel/drivers/d$i/mod-$i.ko dev-$i $i ;;
		2) module $M/kernel/drivers/mod_$i.ko alias=char-major-$i-1 "alias=fs-x$i" \
			"alias=devname:sub/dev$i" ;;
		3) module $M/kernel/fs/Mod$i.ko -B "alias=devname:Dev$i" \
			alias="block-major-$i-*" "alias=block-major-$i-0" ;;
		4) module $M/updates/up$i.ko -3 "alias=devname:up$i" "alias=char-major-7-$i" ;;
		esac
	done
	: > $M/modules.builtin
	: > $M/modules.builtin.modinfo
	find $M -name '*.ko' | sed "s|^$M/||" | LC_ALL=C sort > files
}

# oracle: depmod's file in oracle, ours in out.
oracle() {
	command -v "$DEPMOD" > /dev/null || skip "no depmod"
	"$DEPMOD" -b "$PWD/$R" $VER 2> depmod.err || fail "depmod: $(cat depmod.err)"
	mv $M/modules.devname oracle
	[ -s oracle ] || fail "depmod found nothing"
	generate 0 -v
	is_silent
}

test_depmod_writes_the_same_bytes_if_modules_order_lists_all() {
	make_ordinary_tree
	for sort in 'sort' 'sort -r' 'sort -k 1.12'; do
		LC_ALL=C $sort files > $M/modules.order
		oracle
		[ "$(wc -l < out)" -eq 49 ]
		same oracle < out || fail "$sort"
	done
}

test_depmod_writes_the_same_lines_if_modules_order_lists_some() {
	make_ordinary_tree
	for keep in '1,30p' '1~2p' "\$p"; do
		sed -n "$keep" files | LC_ALL=C sort -r > $M/modules.order
		oracle
		LC_ALL=C sort oracle > sorted
		LC_ALL=C sort out | same sorted
		# those that are listed come first, in the same order
		n=$(sed -n "$keep" files | grep -c -v '/n-')
		head -n $((n + 1)) oracle > listed
		head -n $((n + 1)) out | same listed
	done
}

test_depmod_writes_the_same_lines_without_modules_order() {
	make_ordinary_tree
	oracle
	LC_ALL=C sort oracle > sorted
	LC_ALL=C sort out | same sorted
}

test_depmod_writes_the_same_bytes_for_compressed_modules() {
	make_ordinary_tree
	LC_ALL=C sort -r files > $M/modules.order
	command -v "$DEPMOD" > /dev/null || skip "no depmod"
	oracle
	cp oracle plain
	for packer in gzip xz zstd; do
		command -v $packer > /dev/null || skip "no $packer"
		case $packer in
		gzip) suffix=gz ;;
		xz) suffix=xz ;;
		zstd) suffix=zst ;;
		esac
		rm -rf $M
		make_ordinary_tree
		LC_ALL=C sort -r files > $M/modules.order
		while read -r file; do
			$packer -q -c < "$M/$file" > "$M/$file.$suffix"
			rm "$M/$file"
		done < files
		generate 0 -v
		is_silent
		same plain < out || fail "$packer"
	done
}

test_depmod_takes_the_copy_below_updates_too() {
	make_ordinary_tree
	node $M/updates/mod-1.ko instead 99
	node $M/updates/dkms/Mod3.ko instead3 98
	{ cat files; echo updates/mod-1.ko; echo updates/dkms/Mod3.ko; } > $M/modules.order
	command -v "$DEPMOD" > /dev/null || skip "no depmod"
	"$DEPMOD" -b "$PWD/$R" $VER 2> depmod.err
	mv $M/modules.devname oracle
	generate 0 -v
	same oracle < out
	grep -q '^mod_1 instead c10:99$' out
	grep -q '^Mod3 instead3 c10:98$' out
	says 2 duplicate-module
}

run_tests "$@"
