#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kmod-devname diff: what an operand can be, what is printed, and the exit status.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"
# shellcheck source=testsuite/lib/kernels.sh
. "$top_srcdir/testsuite/lib/kernels.sh"

# devname FILE LINE...
devname() {
	mkdir -p "$(dirname "$1")"
	devname_file=$1
	shift
	printf '%s\n' "$HEADER" "$@" > "$devname_file"
}

# compare STATUS [ARGUMENT...]
compare() {
	compare_status=$1
	shift
	status "$compare_status" kmod-devname diff "$@" > out 2> err
	[ "$compare_status" -eq 2 ] || [ ! -s err ] || fail "$(cat err)"
}

test_every_change_has_its_line() {
	devname old 'a same c10:1' 'fuse fuse c10:229' 'x x c10:3' 'k kvm c10:232'
	devname new 'a same c10:1' 'y x c10:3' 'k kvm b10:232' 'new new/n b1:2'
	compare 1 ./old ./new
	same out <<-'E'
		--- ./old
		+++ ./new
		- fuse c10:229 fuse
		~ kvm c10:232 -> b10:232
		+ new/n b1:2 new
		~ x c10:3 x -> y
	E
	devname other 'y kvm c10:233'
	devname one 'k kvm c10:232'
	compare 1 ./one ./other
	sed 1,2d out > lines
	echo '~ kvm c10:232 k -> c10:233 y' | same lines
}

test_quiet_leaves_the_exit_status() {
	devname old 'a a c10:1'
	devname new 'a a c10:2'
	compare 1 -q ./old ./new
	[ ! -s out ]
	compare 0 -q ./old ./old
	mkdir -p one/lib/modules/1 one/lib/modules/2 two/lib/modules/2 two/lib/modules/3
	for directory in */lib/modules/*; do
		cp new "$directory/modules.devname"
	done
	compare 1 -q ./one ./two
	[ ! -s out ]
	compare 1 -q --json ./old ./new
	grep -q renumbered out
}

test_equal_files_give_nothing() {
	devname old 'a a c10:1' 'b b c10:2'
	devname new 'b b c10:2' 'a a c10:1'
	compare 0 ./old ./new
	[ ! -s out ]
	: > empty
	: > nothing
	compare 0 "$PWD/empty" ./nothing
	[ ! -s out ]
}

test_json_has_nulls_where_there_is_no_node() {
	command -v python3 >/dev/null || skip "python3 is not installed"
	devname old 'fuse fuse c10:229'
	devname new 'tun net/tun c10:200'
	compare 1 --json ./old ./new
	python3 - <<-'E'
		import json
		rows = json.load(open("out"))["differences"]
		assert rows == [
		    {"from": "./old", "to": "./new", "change": "removed", "name": "fuse",
		     "old-module": "fuse", "old-type": "char", "old-maj:min": "10:229",
		     "new-module": None, "new-type": None, "new-maj:min": None},
		    {"from": "./old", "to": "./new", "change": "added", "name": "net/tun",
		     "old-module": None, "old-type": None, "old-maj:min": None,
		     "new-module": "tun", "new-type": "char", "new-maj:min": "10:200"}], rows
	E
	compare 0 --json ./old ./old
	python3 -c 'import json; assert json.load(open("out")) == {"differences": []}'
}

test_operands_are_versions_directories_files_and_roots() {
	devname root/lib/modules/1.0/modules.devname 'a a c10:1'
	devname other/usr/lib/modules/1.0/modules.devname 'a a c10:2'
	devname file 'a a c10:3'
	devname root/lib/modules/2.0/modules.devname 'a a c10:4'
	compare 1 -b root 1.0 2.0
	grep -q '^~ a c10:1 -> c10:4$' out
	compare 1 -b root 1.0 ./file
	grep -q '^~ a c10:1 -> c10:3$' out
	compare 1 root/lib/modules/2.0 other/usr/lib/modules/1.0
	grep -q '^~ a c10:4 -> c10:2$' out
	compare 1 ./other ./file
	grep -q '^~ a c10:2 -> c10:3$' out
	compare 1 ./root ./other
	same out <<-'E'
		only one has ./root/lib/modules/2.0
		--- ./root/lib/modules/1.0/modules.devname
		+++ ./other/usr/lib/modules/1.0/modules.devname
		~ a c10:1 -> c10:2
	E
	compare 2 ./root ./file
	grep -q 'not a single kernel' err
}

test_json_has_the_kernels_that_only_one_root_has() {
	need_program python3
	devname one/lib/modules/1.0/modules.devname 'a a c10:1'
	devname one/lib/modules/2.0/modules.devname 'a a c10:1'
	devname two/lib/modules/2.0/modules.devname 'a a c10:1'
	devname two/lib/modules/3.0/modules.devname 'a a c10:1'
	compare 1 --json ./one ./two
	python3 - <<-'E'
		import json
		rows = json.load(open("out"))["differences"]
		rest = dict.fromkeys(["name", "old-module", "old-type", "old-maj:min",
				      "new-module", "new-type", "new-maj:min"])
		assert rows == [
		    {"from": "./one/lib/modules/1.0", "to": None, "change": "only", **rest},
		    {"from": None, "to": "./two/lib/modules/3.0", "change": "only", **rest},
		], rows
	E
}

test_roots_with_one_kernel_each_are_compared_for_any_version() {
	devname a/lib/modules/1.0/modules.devname 'a a c10:1'
	devname b/lib/modules/2.0/modules.devname 'a a c10:2'
	compare 1 ./a ./b
	grep -q '^~ a c10:1 -> c10:2$' out
}

test_all_compares_each_kernel_with_the_next() {
	devname root/lib/modules/6.9/modules.devname 'a a c10:1'
	devname root/lib/modules/6.10/modules.devname 'a a c10:2'
	devname root/lib/modules/6.11/modules.devname 'a a c10:2'
	compare 1 -b root --all
	same out <<-'E'
		--- root/lib/modules/6.9/modules.devname
		+++ root/lib/modules/6.10/modules.devname
		~ a c10:1 -> c10:2
	E
	compare 1 -b root 6.11 6.10 6.9
	grep -q '^~ a c10:2 -> c10:1$' out
}

# What is not installed has no modules.devname.
test_modules_are_read_where_there_is_no_file() {
	module one/lib/modules/1/kernel/fuse.ko alias=devname:fuse alias=char-major-10-229
	module one/lib/modules/1/kernel/tun.ko alias=devname:net/tun alias=char-major-10-200
	module two/lib/modules/2/kernel/tun.ko alias=devname:net/tun alias=char-major-10-201
	status 1 kmod-devname diff ./one ./two > out 2> err
	same out <<-'E'
		--- ./one/lib/modules/1
		+++ ./two/lib/modules/2
		- fuse c10:229 fuse
		~ net/tun c10:200 -> c10:201
	E
	same err <<-'E'
		kmod-devname: ./one/lib/modules/1/modules.devname: no such file; the modules are read instead
		kmod-devname: ./two/lib/modules/2/modules.devname: no such file; the modules are read instead
	E
	# the configuration is that of the root directory
	mkdir -p one/etc/depmod.d
	echo 'exclude fuse.ko' > one/etc/depmod.d/a.conf
	status 1 kmod-devname diff ./one ./two > out 2> err
	[ "$(grep -c '^~ net/tun ' out)" -eq 1 ]
	! grep fuse out || fail "excluded"
	# a file and modules
	devname file 'tun net/tun c10:201'
	compare 0 -q ./two ./file
	# all kernels of a root directory
	cp -r two/lib/modules/2 one/lib/modules/2
	status 1 kmod-devname diff -b one --all > out 2> err
	grep -qx '~ net/tun c10:200 -> c10:201' out
	# a bad module may have been anything
	echo garbage > two/lib/modules/2/kernel/bad.ko
	compare 2 -q ./file ./two
	[ ! -s out ]
	grep -q 'bad.ko: error: .*\[malformed]$' err
}

test_directories_of_modules_are_compared_too() {
	module old/sub/fuse.ko alias=devname:fuse alias=char-major-10-229
	module new/fuse.ko alias=devname:fuse alias=char-major-10-230
	compare 1 ./old ./new
	same out <<-E
		--- $(realpath old)
		+++ $(realpath new)
		~ fuse c10:229 -> c10:230
	E
	devname file 'fuse fuse c10:230'
	compare 0 ./new ./file
	# without modules it is no list that is empty
	mkdir nothing
	compare 2 ./new ./nothing
	grep -q 'nothing/modules.devname: No such file' err
}

test_a_name_is_a_kernel_or_else_a_file() {
	devname one 'a a c10:1'
	mkdir two
	cp one two/modules.devname
	devname root/lib/modules/three/modules.devname 'a a c10:3'
	devname three 'a a c10:4'
	compare 0 one ./one
	compare 0 one two
	compare 1 -b root one three
	tail -n 1 out > line
	echo '~ a c10:1 -> c10:3' | same line
	compare 2 -b root one four
	grep -q '^kmod-devname: kernel four not found in root/lib/modules; available: three$' err
}

# As their packages have them. By modinfo(8) of each module with a device name, and strings(1) of
# modules.builtin.modinfo, fuse is built into the newer one, and there is no other difference.
test_real_kernels() {
	left_to_all
	for name in amd64 amd64-6.12; do
		reason=$(kernel_missing $name)
		[ -z "$reason" ] || skip "$reason"
		# depmod has not run there, but if it had
		mkdir -p "$name/lib/modules"
		copy_tree "$KERNELS/$name/lib/modules/$(kernel_version $name)" "$name/lib/modules/$(kernel_version $name)"
		rm -f "$name"/lib/modules/*/modules.devname
	done
	reason=$(format_missing xz)
	[ -z "$reason" ] || skip "$reason"
	status 1 kmod-devname diff ./amd64 ./amd64-6.12 > out 2> err
	same out <<-E
		--- ./amd64/lib/modules/$(kernel_version amd64)
		+++ ./amd64-6.12/lib/modules/$(kernel_version amd64-6.12)
		- fuse c10:229 fuse
	E
	status 1 kmod-devname diff ./amd64-6.12 ./amd64 > out 2> err
	sed 1,2d out > lines
	echo '+ fuse c10:229 fuse' | same lines
	compare 0 -q ./amd64 ./amd64
}

test_trouble_is_exit_status_2() {
	devname good 'a a c10:1'
	printf 'a a c10:1\nbad\n' > bad
	printf 'a a c10:1' > cut.devname
	compare 2 ./good ./bad
	grep -q 'bad:2: error: .*\[bad-line\]$' err
	[ ! -s out ]
	compare 2 ./cut.devname ./good
	compare 2 ./good ./nowhere
	grep -q '^kmod-devname: ./nowhere: No such file or directory$' err
	mkdir -p root/lib/modules/1
	compare 2 ./good root/lib/modules/1
	grep -q '^kmod-devname: .*/root/lib/modules/1/modules.devname: No such file' err
	compare 2 ./good
	compare 2
	compare 2 --all ./good ./good
	compare 2 -b root 1 2
	compare 2 ./good ./good --frob
	status 2 kmod-devname diff ./good ./bad > /dev/full
	printf 'b b c10:1\n' > other
	status 2 kmod-devname diff ./good ./other > /dev/full
}

test_names_are_escaped() {
	name=$(printf 'new\nline')
	devname "$name" 'a a c10:1'
	devname good 'a a c10:2'
	compare 1 "./$name" ./good
	head -n 1 out | grep -qxF -- '--- ./new\x0aline'
}

run_tests "$@"
