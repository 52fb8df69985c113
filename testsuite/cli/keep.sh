#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A good list survives: what could not be read keeps its lines, and a directory that cannot be a
# whole kernel's gets no list. Each test has a list of n1 to n4 before.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

VER=6.1.0
M=root/lib/modules/6.1.0
FRONT=$top_builddir/tools/depmod/depmod

node() { # NUMBER [NAME]
	module "$M/kernel/m$1.ko" "alias=devname:${2-n$1}" "alias=char-major-10-24$1"
}

make_list() {
	for n in 3 1 4 2; do
		node $n
		echo "kernel/m$n.ko" >> $M/modules.order
	done
	kmod-devname generate -b root $VER
	cp $M/modules.devname old
}

generate() { # STATUS [ARGUMENT...]
	generate_status=$1
	shift
	status "$generate_status" kmod-devname generate -b root "$@" > out 2> err
}

nodes() { # NUMBER...
	echo "$HEADER"
	for n; do
		echo "m$n n$n c10:24$n"
	done
}

# An .xz whose integrity check has a number that none has yet.
undecodable() { # FILE
	printf '\375''7zXZ\0\0\002\323s\327\257' > "$1"
}

is_kept() { # NUMBER
	grep -qx "kmod-devname: $M/modules.devname: error: keeps 'n$1' of module m$1, which was not read; .*\[unreadable\]" err ||
		fail "does not say that it keeps n$1: $(cat err)"
}

# --- modules that cannot be read -----------------------------------------------------------

test_a_damaged_module_keeps_its_line_where_it_was() {
	make_list
	inode=$(stat -c %i $M/modules.devname)
	for n in 3 1 2; do
		mv $M/kernel/m$n.ko good
		echo 'no module' > $M/kernel/m$n.ko
		generate 1 $VER
		cmp old $M/modules.devname
		is_kept $n
		mv good $M/kernel/m$n.ko
	done
	[ "$(stat -c %i $M/modules.devname)" = "$inode" ]
	generate 0 --strict -v $VER
	cmp old $M/modules.devname
}

test_kept_lines_stand_between_what_is_new() {
	make_list
	echo 'no module' > $M/kernel/m1.ko
	echo 'no module' > $M/kernel/m4.ko
	node 5
	node 0
	echo kernel/m5.ko > order
	cat $M/modules.order >> order
	echo kernel/m0.ko >> order
	mv order $M/modules.order
	generate 1 $VER
	nodes 5 3 1 4 2 0 | same $M/modules.devname
}

test_each_way_of_not_being_readable_keeps_the_line() {
	make_list
	rm $M/kernel/m1.ko
	undecodable $M/kernel/m1.ko.xz
	generate 1 $VER
	cmp old $M/modules.devname
	is_kept 1
	rm $M/kernel/m1.ko.xz
	: > $M/kernel/m1.ko
	generate 1 $VER
	cmp old $M/modules.devname
	node 1
	head -c 200 $M/kernel/m1.ko > part
	mv part $M/kernel/m1.ko
	generate 1 $VER
	cmp old $M/modules.devname
	is_kept 1
}

test_a_kept_line_ends_when_the_module_is_read_or_gone() {
	make_list
	echo 'no module' > $M/kernel/m1.ko
	echo 'no module' > $M/kernel/m4.ko
	generate 1 $VER
	rm $M/kernel/m4.ko
	node 1 renamed
	generate 0 $VER
	{
		nodes 3
		echo 'm1 renamed c10:241'
		nodes 2 | tail -n 1
	} | same $M/modules.devname
}

test_a_kept_line_displaces_no_node_of_a_module() {
	make_list
	echo 'no module' > $M/kernel/m3.ko
	module $M/kernel/m5.ko alias=devname:n3 alias=char-major-10-250
	generate 1 $VER
	{
		nodes 1 4 2
		echo 'm5 n3 c10:250'
	} | same $M/modules.devname
	grep -q 'modules\.devname: error: .*\[name-conflict\]$' err
}

test_a_node_of_two_modules_has_its_lines_beside_a_kept_one() {
	make_list
	module $M/kernel/m5.ko alias=devname:n1 alias=char-major-10-241
	generate 0 $VER
	{
		cat old
		echo 'm5 n1 c10:241'
	} | same $M/modules.devname
	cp $M/modules.devname old
	echo 'no module' > $M/kernel/m4.ko
	generate 1 $VER
	cmp old $M/modules.devname
	is_kept 4
}

test_only_valid_lines_are_kept() {
	make_list
	printf '%s\n' "$HEADER" 'm1 ../n1 c10:241' 'm1 n1 c10:255' 'm1 n1 x' 'm2 n1' 'm1 n1 c10:241' > $M/modules.devname
	echo 'no module' > $M/kernel/m1.ko
	generate 1 $VER
	nodes 1 3 4 2 | same $M/modules.devname
}

test_a_line_of_a_module_that_is_not_there_is_dropped() {
	make_list
	echo 'ghost ghost c10:250' >> $M/modules.devname
	echo 'no module' > $M/kernel/m1.ko
	generate 1 $VER
	cmp old $M/modules.devname
}

test_a_dry_run_keeps_the_lines_of_the_kernel() {
	make_list
	echo 'no module' > $M/kernel/m1.ko
	generate 1 -n $VER
	cmp old out
}

test_another_file_depends_on_the_modules_alone() {
	make_list
	echo 'no module' > $M/kernel/m1.ko
	mkdir -p other/lib/modules/$VER
	cp old file
	cp old other/lib/modules/$VER/modules.devname
	nodes 3 4 2 > wanted
	generate 1 --output file $VER
	cmp wanted file
	generate 1 --output - $VER
	cmp wanted out
	generate 1 --outdir other $VER
	cmp wanted other/lib/modules/$VER/modules.devname
	! grep unreadable err || fail 'keeps a line'
}

test_a_list_that_cannot_be_read_is_not_replaced_by_a_worse_one() {
	need_strace
	make_list
	echo 'no module' > $M/kernel/m1.ko
	# the last two from open(2) would mean that there is no list
	for error in EIO ENOENT ENODEV; do
		for command in generate static-nodes 'explain n1'; do
			# shellcheck disable=SC2086 # a command and its operand
			status 2 strace -o trace -P "$PWD/$M/modules.devname" -e inject=read:error=$error \
				kmod-devname $command -b root $VER 2> err
			grep -q '(INJECTED)' trace || skip "strace injects nothing"
			cmp old $M/modules.devname
		done
	done
}

test_a_directory_that_cannot_be_read_keeps_the_lines_of_what_was_not_found() {
	need_strace
	make_list
	mkdir $M/kernel/sub
	mv $M/kernel/m4.ko $M/kernel/sub
	node 2 renamed
	status 1 strace -f -o trace -P "${M#root/}/kernel/sub" -P "$PWD/$M/kernel/sub" \
		-e inject=openat,openat2:error=EIO kmod-devname generate -b root $VER 2> err
	grep -q '(INJECTED)' trace || skip "strace injects nothing: $(cat err)"
	{
		nodes 3 1 4
		echo 'm2 renamed c10:242'
	} | same $M/modules.devname
	is_kept 4
	generate 0 $VER
	rm -r $M/kernel/sub
	generate 0 $VER
	! grep n4 $M/modules.devname
}

test_all_sources_keep_lines() {
	command -v "$DEPMOD" > /dev/null || skip "depmod is not installed"
	make_list
	: > $M/modules.builtin
	"$DEPMOD" -b root $VER
	cp old $M/modules.devname
	echo 'no module' > $M/kernel/m1.ko
	for source in modules index auto; do
		generate 1 --source=$source $VER
		cmp old $M/modules.devname
		is_kept 1
	done
}

test_check_knows_that_the_line_is_kept() {
	make_list
	echo 'no module' > $M/kernel/m1.ko
	status 1 kmod-devname check -b root $VER > out
	grep -q '\[malformed\]$' out
	grep -q "modules\.devname: error: keeps 'n1' .*\[unreadable\]$" out
	! grep 'out-of-date' out || fail 'calls the line out of date'
	status 0 kmod-devname check --ignore malformed,unreadable,not-loaded -b root $VER
}

# --- kernels and directories that get no list ----------------------------------------------

# refuses STATUS REASON [ARGUMENT...]: nothing is written, and this is said.
refuses() {
	refuses_reason=$1
	shift
	status 2 kmod-devname generate "$@" > out 2> err
	[ ! -s out ] || fail "$*: printed $(cat out)"
	grep -q "^kmod-devname: .*: $refuses_reason\$" err || fail "$*: said $(cat err)"
	list_files | same files
}

list_files() {
	find root -type f -exec stat -c '%n %i %s' {} + | sort
}

note_files() {
	list_files > files
}

test_a_build_that_decompresses_no_module_writes_nothing() {
	make_list
	rm $M/kernel/*.ko
	for n in 1 2 3 4; do
		undecodable $M/kernel/m$n.ko.xz
	done
	note_files
	refuses 'cannot decompress any of the modules with this build' -b root $VER
	refuses 'cannot decompress any of the modules with this build' -n -b root $VER
	refuses 'cannot decompress any of the modules with this build' -b root --all
	rm $M/modules.devname
	note_files
	refuses 'cannot decompress any of the modules with this build' -b root $VER
	cp old $M/modules.devname
	node 3
	rm $M/kernel/m3.ko.xz
	generate 1 $VER
	cmp old $M/modules.devname
}

# What the index spares is not read; the others have the names of compressed modules.
test_one_undecodable_module_is_not_the_whole_kernel() {
	for source in modules index auto; do
		rm -rf root
		make_list
		rm $M/kernel/m1.ko $M/kernel/m2.ko
		undecodable $M/kernel/m1.ko.xz
		mv $M/kernel/m3.ko $M/kernel/m3.ko.xz
		rm $M/kernel/m4.ko
		printf 'kernel/m1.ko.xz:\nkernel/m3.ko.xz:\n' > $M/modules.dep
		echo '# none' > $M/modules.alias
		generate 1 --source=$source $VER
		nodes 3 1 | same $M/modules.devname
		# a plain one that is spared
		rm $M/kernel/m3.ko.xz
		node 3
		echo 'alias x m3' >> $M/modules.alias
		printf 'kernel/m1.ko.xz:\nkernel/m3.ko:\n' > $M/modules.dep
		generate 1 --source=$source $VER
	done
}

test_modules_order_without_its_modules_is_refused() {
	make_list
	mv $M/kernel moved
	note_files
	said='none of the modules in modules\.order exists'
	refuses "$said" -b root $VER
	refuses "$said" -n -b root $VER
	refuses "$said" ./$M
	refuses "$said" --source=auto ./$M
	# a module of another package
	module $M/updates/other.ko alias=devname:other alias=char-major-10-250
	note_files
	refuses "$said" -b root $VER
	# one of them is enough, wherever it is and however it is compressed
	mkdir $M/extra
	gzip < moved/m2.ko > $M/extra/m2.ko.gz
	generate 0 $VER
	{
		nodes 2
		echo 'other other c10:250'
	} | sort | same $M/modules.devname
}

# Whatever of it is there stays.
test_a_refused_kernel_makes_no_directory() {
	make_list
	generate 0 -o new/deep $VER
	cmp old new/deep/lib/modules/$VER/modules.devname
	rm -r $M/kernel new/deep/lib
	generate 2 -o new/deep $VER
	generate 2 -o other/deep $VER
	[ ! -e other ]
	printf '%s\n' new new/deep > expected
	find new | same expected
}

test_check_says_that_none_of_the_modules_is_there() {
	make_list
	cp -r $M root/lib/modules/whole
	mv $M/kernel moved
	status 2 kmod-devname check -b root $VER > out 2> err
	[ ! -s out ]
	echo "kmod-devname: $M: none of the modules in modules.order exists" | same err
	status 0 kmod-devname check -b root --ignore not-loaded --all > out 2> err
	[ ! -s err ]
}

# One without an end is no order, and no reason to write nothing.
test_modules_order_of_no_sensible_size_is_a_warning() {
	make_list
	truncate -s 200M $M/modules.order
	generate 0 $VER
	grep -q 'modules\.order: warning: not a regular file, or too large; .*\[bad-order\]$' err
	[ "$(wc -l < err)" -eq 1 ]
	nodes 1 2 3 4 | same $M/modules.devname
}

test_without_the_order_that_is_there_nothing_is_written() {
	need_strace
	make_list
	node 5
	note_files
	status 2 strace -f -o trace -P "${M#root/}/modules.order" -P "$PWD/$M/modules.order" \
		-e inject=openat,openat2:error=EIO kmod-devname generate -b root $VER 2> err
	grep -q '(INJECTED)' trace || skip "strace injects nothing: $(cat err)"
	grep -q 'modules\.order: error: cannot be read: ' err
	grep -q 'cannot order the nodes without modules.order$' err
	list_files | same files
}

test_a_directory_that_is_no_kernels_is_refused() {
	make_list
	mkdir -p root/empty root/modules
	node 1
	cp $M/kernel/m1.ko root/modules
	note_files
	said='not the module directory of a kernel'
	refuses "$said" ./root/empty
	refuses "$said" ./root/modules
	refuses "$said" ./root/lib
	refuses "$said" ./root/lib/modules
	refuses "$said" ./$M/kernel
	refuses "$said" -n ./$M/kernel
	refuses "root directory; use --basedir $PWD/root --all for its kernels" ./root
	for mark in updates extra weak-updates; do
		mkdir -p root/marked/$mark
		cp $M/kernel/m1.ko root/marked/$mark
		status 0 kmod-devname generate ./root/marked
		nodes 1 | same root/marked/modules.devname
		rm -r root/marked
	done
}

test_a_kernel_with_everything_built_in_gets_an_empty_file() {
	mkdir -p $M
	echo kernel/fs/fuse/fuse.ko > $M/modules.builtin
	: > $M/modules.order
	for kernel in "-b root $VER" ./$M '-b root --all'; do
		rm -f $M/modules.devname $M/modules.order
		# shellcheck disable=SC2086 # words
		status 0 kmod-devname generate $kernel
		[ -f $M/modules.devname ]
		[ ! -s $M/modules.devname ]
	done
}

test_all_skips_other_directories() {
	make_list
	cp -r $M root/lib/modules/moved
	rm -r root/lib/modules/moved/kernel
	mkdir root/lib/modules/empty
	note_files
	generate 0 --all
	[ ! -s err ]
	list_files | same files
	generate 0 --all -v
	grep -qx 'kmod-devname: root/lib/modules/empty: note: not the module directory of a kernel; skipped' err
	grep -qx 'kmod-devname: root/lib/modules/moved: note: none of the modules in modules.order exists; skipped' err
	status 0 kmod-devname generate --pass-over ./root/lib/modules/empty ./root/lib/modules/moved 2> err
	[ ! -s err ]
	list_files | same files
	for command in 'check --ignore not-loaded' list diff static-nodes; do
		# shellcheck disable=SC2086 # a list of words
		status 0 kmod-devname $command -b root --all > out 2> err
		! grep empty out err || fail "$command does not pass over the directory"
		# shellcheck disable=SC2086
		status 0 kmod-devname $command -v -b root --all > out 2> err
		grep -qx 'kmod-devname: root/lib/modules/empty: note: not the module directory of a kernel; skipped' err
	done
	rm -r $M
	note_files
	refuses 'no kernel with modules' -b root --all
	status 2 kmod-devname check -b root --all > out 2> err
	grep -qx 'kmod-devname: root/lib/modules: no kernel with modules' err
}

test_a_directory_that_is_no_kernel_is_a_failure() {
	mkdir -p root/lib/modules/lost+found
	for command in generate check list diff static-nodes 'create --dev .'; do
		# shellcheck disable=SC2086 # a list of words
		status 2 kmod-devname $command -b root --all > out 2> err
		grep -qx 'kmod-devname: root/lib/modules: no kernel with modules' err
		[ ! -s out ]
	done
}

test_all_continues_after_an_unreadable_entry() {
	need_nobody
	make_list
	mkdir -p root/closed/kernel
	ln -s /closed/kernel root/lib/modules/6.3.0
	chmod 0 root/closed
	for command in 'generate -n' list 'check --ignore not-loaded'; do
		# shellcheck disable=SC2086 # a list of words
		status 2 as_nobody kmod-devname $command -b root --all > out 2> err
		grep -qx 'kmod-devname: root/lib/modules/6\.3\.0: Permission denied' err
		[ "$command" != list ] || grep -q n4 out
		[ "$command" != 'generate -n' ] || same old < out
	done
	chmod 755 root/closed
}

# --- the front end of depmod ---------------------------------------------------------------

# stand_in: a depmod that is standard input, as a function of the shell.
stand_in() {
	mkdir -p bin
	{
		echo '#!/bin/sh'
		cat
	} > bin/depmod
	chmod 755 bin/depmod
}

# With $REAL as the depmod behind the front end.
make_list_for_depmod() {
	REAL=$(command -v "$DEPMOD") || skip "depmod is not installed"
	make_list
	: > $M/modules.builtin
	stand_in <<-END
	exec "$REAL" "\$@"
	END
}

front() { # STATUS [ARGUMENT...]
	front_status=$1
	shift
	status "$front_status" env PATH="$PWD/bin:$PATH" "$FRONT" "$@" > out 2> err
}

test_the_front_end_keeps_lines_that_depmod_replaces() {
	make_list_for_depmod
	echo 'no module' > $M/kernel/m1.ko
	front 0 -b root $VER
	cmp old $M/modules.devname
	grep -q "keeps 'n1' of module m1" err
	# with another output directory the result depends on the modules alone
	cp $M/modules.devname kept
	mkdir out.d
	if "$REAL" -o out.d -b root $VER 2> /dev/null; then
		front 0 -o out.d -b root $VER
		nodes 3 4 2 | same out.d/lib/modules/$VER/modules.devname
	fi
}

# Where depmod cannot read a directory it names none of the modules there, and succeeds.
test_the_front_end_keeps_the_lines_of_a_directory_that_cannot_be_read() {
	need_strace
	make_list_for_depmod
	mkdir $M/kernel/sub
	mv $M/kernel/m4.ko $M/kernel/sub
	status 0 env PATH="$PWD/bin:$PATH" strace -f -o trace -P sub -P "${PWD#/}/$M/kernel/sub" \
		-P "$PWD/$M/kernel/sub" -e inject=openat,openat2:error=EIO \
		"$FRONT" -b "$PWD/root" $VER 2> err
	grep -q '(INJECTED)' trace || skip "strace injects nothing: $(cat err)"
	! grep m4 $M/modules.dep || skip "this depmod reads the directory all the same"
	cmp old $M/modules.devname
	grep -q 'kernel/sub: error: cannot be read: ' err
	grep -q "keeps 'n4' of module m4, which was not read; .*\[unreadable\]$" err
	rm -r $M/kernel/sub $M/kernel/m2.ko
	front 0 -b root $VER
	nodes 3 1 | same $M/modules.devname
}

# Of files with a compression that was not built into it, depmod says nothing and writes no line.
test_a_module_that_depmod_skips_silently_is_read() {
	make_list_for_depmod
	for passed_over in m1 'm*' compressed; do
		if [ "$passed_over" = compressed ]; then
			passed_over='m*'
			sed -i 's/$/.gz/' $M/modules.order
			generate 0 $VER
			cp $M/modules.devname old
		fi
		stand_in <<-END
		mkdir aside
		mv $M/kernel/$passed_over.ko aside
		"$REAL" "\$@" 2> /dev/null
		mv aside/* $M/kernel
		rmdir aside
		END
		for list in keep remove; do
			[ $list = keep ] || rm $M/modules.devname
			front 0 -b root $VER
			same err < /dev/null
			cmp old $M/modules.devname
			generate 0 --source=index $VER
			same err < /dev/null
			cmp old $M/modules.devname
		done
	done
}

# Only modules that are named count.
test_the_front_end_keeps_no_line_of_a_module_that_is_not_named() {
	make_list_for_depmod
	front 0 -b root $VER "$PWD/$M/kernel/m1.ko"
	nodes 1 | same $M/modules.devname
}

test_the_front_end_says_that_it_cannot_read_the_old_list() {
	need_strace
	make_list_for_depmod
	for n in 0 1; do
		cp old $M/modules.devname
		[ $n -eq 0 ] || echo 'no module' > $M/kernel/m1.ko
		status 0 env PATH="$PWD/bin:$PATH" strace -o trace -P modules.devname \
			-P "$PWD/$M/modules.devname" -e inject=openat,openat2:error=EIO:when=1 \
			"$FRONT" -b root $VER > out 2> err
		grep -q '(INJECTED)' trace || skip "strace injects nothing: $(cat err)"
		said=$(grep -c 'modules\.devname: warning: cannot read the list from before' err) || :
		[ "$said" -eq $n ] || fail "said: $(cat err)"
	done
}

test_the_front_end_leaves_the_file_if_it_cannot_improve_it() {
	make_list_for_depmod
	rm $M/kernel/*.ko
	for n in 1 2 3 4; do
		undecodable $M/kernel/m$n.ko.xz
	done
	# one that reads what this build does not
	stand_in <<-END
	printf 'kernel/m%s.ko.xz:\n' 1 2 3 4 > $M/modules.dep
	printf '# header\nalias x m1\nalias devname:x m2\n' > $M/modules.alias
	cp old $M/modules.devname
	END
	front 0 -b root $VER
	cmp old $M/modules.devname
	# one that writes no modules.devname, and a kernel whose modules are gone
	rm -r $M/kernel
	stand_in <<-END
	"$REAL" "\$@" 2> /dev/null
	cp old $M/modules.devname
	END
	front 0 -b root $VER
	cmp old $M/modules.devname
}

test_no_failing_stat_keeps_depmod_from_running() {
	need_strace
	make_list_for_depmod
	stand_in <<-END
	echo ran >> ran
	exec "$REAL" "\$@"
	END
	rm $M/modules.devname
	status 0 env PATH="$PWD/bin:$PATH" strace -o trace -P root/lib/modules/$VER/modules.alias \
		-e inject=newfstatat,stat,statx:error=EIO "$FRONT" -b root $VER
	[ -e ran ]
	grep -q '(INJECTED)' trace || skip "strace injects nothing"
	cmp old $M/modules.devname
}

test_a_quick_run_without_its_output_directory_is_depmods_success() {
	make_list
	stand_in <<-END
	exit 0
	END
	front 0 -A -b root -o new $VER
	[ ! -s err ]
	[ ! -e new ]
	front 1 -b root -o new $VER
}

need_busybox_and_zstd() {
	busybox depmod --help > /dev/null 2>&1 || busybox --list 2> /dev/null | grep -qx depmod ||
		skip "there is no busybox with a depmod"
	command -v zstd > /dev/null || skip "zstd is not installed"
	grep -q '^#define WITH_ZSTD 1' "$top_builddir/config.h" || skip "built without zstd"
}

# What needs a module that busybox cannot read does not show that it was read.
test_behind_a_busybox_over_indexes_of_kmod_the_nodes_are_there() {
	need_busybox_and_zstd
	make_list_for_depmod
	zstd -q --rm $M/kernel/*.ko
	module $M/updates/m5.ko depends=m1 alias=pci:m5
	"$REAL" -b root $VER 2> /dev/null
	kmod-devname generate -b root $VER
	cp $M/modules.devname old
	[ -e $M/modules.dep.bin ]
	ln -sf "$(command -v busybox)" bin/depmod
	front 0 -b "$PWD/root" $VER
	grep -q 'm5.ko:.*m1.ko.zst' $M/modules.dep
	cmp old $M/modules.devname
	generate 0 --source=auto $VER
	cmp old $M/modules.devname
}

test_behind_a_busybox_that_cannot_read_the_modules_the_nodes_are_there() {
	need_busybox_and_zstd
	make_list
	zstd -q --rm $M/kernel/*.ko
	mkdir bin
	ln -s "$(command -v busybox)" bin/depmod
	for devname in keep remove; do
		[ $devname = keep ] || rm $M/modules.devname
		front 0 -b "$PWD/root" $VER
		cmp old $M/modules.devname
	done
}

run_tests "$@"
