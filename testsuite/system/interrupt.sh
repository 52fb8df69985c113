# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # for those that source this and tap.sh
#
# What the tests share that kill or stop a run: the program, a kernel with two sets of modules, and
# what is in the file for each of them, which is written down here and not taken from a run.

PROGRAM=$top_builddir/kmod-devname
# the leak checker of a sanitizer build traces the process too, and only one can
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS

VER=6.1.0
M=root/lib/modules/$VER
F=$M/modules.devname

# nodes SET: NAME MINOR of each; the sets differ in what they have and in how much.
nodes() {
	for nodes_i in 1 2 3 4 5 6 7 8; do
		case $1 in
		1) echo "one$nodes_i $nodes_i" ;;
		2) [ $nodes_i -gt 5 ] || echo "two$nodes_i $((nodes_i + 10))" ;;
		esac
	done
}

# In $M kernel is one of the sets. What belongs into modules.devname for them are text1 and text2,
# and what systemd-tmpfiles(8) is told are lines1 and lines2.
make_two_sets() {
	mkdir -p $M
	for make_set in 1 2; do
		nodes $make_set > made
		while read -r make_name make_minor; do
			module "root/set$make_set/$make_name.ko" \
				"alias=devname:$make_name" "alias=char-major-10-$make_minor"
		done < made
		{
			echo '# Device nodes to trigger on-demand module loading.'
			sed 's/^\([^ ]*\) \(.*\)/\1 \1 c10:\2/' made
		} > text$make_set
		sed 's|^\([^ ]*\) \(.*\)|c! /dev/\1 0600 - - - 10:\2|' made > lines$make_set
	done
}

choose() { # SET
	ln -sfn "/set$1" $M/kernel
}

# find_set FILE WHAT: sets result to the number of the set of which the file is WHAT, text or lines.
find_set() {
	for result in 1 2; do
		! cmp -s "$1" "$2$result" || return 0
	done
	fail "neither the old nor the new file: $(cat "$1")"
}

# only DIRECTORY NAME...: these sorted names are there, and no other, not even a hidden one.
only() {
	only_names=$(cd "$1" && echo * .[!.]*)
	shift
	# a pattern that nothing matches stays what it is
	[ "$only_names" = "$* .[!.]*" ] || fail "there are $only_names"
}

# Skips if this machine does not let a process stop another.
need_ptrace() {
	interrupt call 1 : true 2> /dev/null || skip "no process can be traced here"
}

# with_mounts FUNCTION ARGUMENT...: runs the function, which is called inside_..., in a shell that
# has mounts of its own, which end with it, and the working directory in memory.
with_mounts() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	unshare -m mount -t tmpfs tmpfs . 2> /dev/null || skip "nothing can be mounted here"
	# shellcheck disable=SC2016 # for that shell
	unshare -m sh -c 'mount -t tmpfs tmpfs . && cd "$PWD" && exec sh "$@"' \
		sh "$top_srcdir/testsuite/system/${0##*/}" "$@"
}
