#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The known differences from depmod and kmod are still there, and are what the list says.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

VER=6.1.0
M=root/lib/modules/$VER
PATH=$PATH:/usr/sbin:/sbin

# differs KEY: a case of this known difference.
differs() {
	known_difference "$1"
	difference=$1
}

# gone WHAT-IT-DOES: a peer that does this instead is no fault of this project.
gone() {
	skip "$difference: the peer no longer does what known-differences says: $*"
}

need_depmod() {
	need_program "$DEPMOD"
	"$DEPMOD" -V 2> /dev/null | grep -q '^kmod version' || skip "$DEPMOD is not that of kmod"
}

# node FILE NAME NUMBER
node() {
	module "$1" "alias=devname:$2" "alias=char-major-$3"
}

# lists EXPECTED-OF-DEPMOD EXPECTED-OF-GENERATE [OPTION...]: words for the lines but the first, or "-".
lists() {
	need_depmod
	lists_depmod=$1 lists_ours=$2
	shift 2
	for file in order builtin builtin.modinfo; do
		[ -e "$M/modules.$file" ] || : > "$M/modules.$file"
	done
	"$DEPMOD" -b "$PWD/root" "$@" "$VER" 2> depmod.err || gone "$(cat depmod.err)"
	grep -v '^#' "$M/modules.devname" > depmod.out || :
	status "${lists_status:-1}" kmod-devname generate -n -b root "$@" "$VER" > all.out 2> err
	grep -v '^#' all.out > out || :
	[ "$(cut -d ' ' -f 2- out)" = "$lists_ours" ] || fail "generate: $(cat out)"
	[ "$(cut -d ' ' -f 2- depmod.out)" = "$lists_depmod" ] || gone "$(cat depmod.out)"
}

test_depmod_numbers() {
	differs depmod_numbers
	node $M/a.ko a 10-229junk
	lists 'a c10:229' ''
}

test_depmod_names() {
	differs depmod_names
	node $M/a.ko ../a 10-229
	lists '../a c10:229' ''
}

test_depmod_dynamic_minor() {
	differs depmod_dynamic_minor
	node $M/a.ko a 10-255
	lists 'a c10:255' ''
}

test_depmod_pairs() {
	differs depmod_pairs
	module $M/a.ko alias=devname:a alias=char-major-10-1 alias=devname:b alias=char-major-10-2
	lists_status=0
	lists 'a c10:1' 'a c10:1
b c10:2'
}

test_depmod_order() {
	differs depmod_order
	need_depmod
	for name in a b c d e f g h i j k l m n; do
		node $M/$name.ko $name 9-1
	done
	: > $M/modules.order
	: > $M/modules.builtin
	"$DEPMOD" -b "$PWD/root" $VER
	kmod-devname generate -n -b root $VER > out
	sort $M/modules.devname | same out
	! cmp -s $M/modules.devname out || gone "it sorts the names"
}

inode() {
	stat -c %i "$1"
}

test_depmod_unchanged() {
	differs depmod_unchanged
	node $M/a.ko a 10-1
	lists_status=0
	lists 'a c10:1' 'a c10:1'
	ln $M/modules.devname before
	kmod-devname generate -b root $VER
	[ "$(inode $M/modules.devname)" = "$(inode before)" ] || fail "it was replaced"
	"$DEPMOD" -b "$PWD/root" $VER
	[ "$(inode $M/modules.devname)" != "$(inode before)" ] || gone "it keeps the file"
}

test_depmod_status() {
	differs depmod_status
	node $M/a.ko a 10-1
	echo garbage > $M/bad.ko
	lists 'a c10:1' 'a c10:1'
	grep -q 'ERROR.*bad\.ko' depmod.err || gone "$(cat depmod.err)"
	grep -q 'bad\.ko: error' err
}

test_depmod_links() {
	differs depmod_links
	node outside.ko a 10-1
	mkdir -p $M
	ln -s "$PWD/outside.ko" $M/a.ko
	lists_status=0
	lists 'a c10:1' ''
}

test_depmod_external() {
	differs depmod_external
	node opt/a.ko a 10-1
	mkdir -p conf $M
	echo "external * $PWD/opt" > conf/a.conf
	lists_status=0
	lists 'a c10:1' '' -C "$PWD/conf"
}

# The crash, which takes no memory: each parenthesis is a call on a stack of the usual size.
test_depmod_patterns() {
	differs depmod_patterns
	need_depmod
	node $M/a.ko a 10-1
	mkdir conf
	printf 'override a %s kernel\n' "$(printf '%30000s' '' | tr ' ' '(')" > conf/a.conf
	: > $M/modules.order
	kmod-devname generate -n -b root -C conf $VER > out 2> err
	grep -q 'a\.conf:1: warning: ' err || fail "$(cat err)"
	# shellcheck disable=SC3045 # dash and bash have these
	(ulimit -c 0 && ulimit -s 8192 && ulimit -t 20 && exec "$DEPMOD" -b "$PWD/root" -C conf $VER) 2> depmod.err ||
		depmod_status=$?
	[ "${depmod_status:-0}" -gt 128 ] || gone "it ends with ${depmod_status:-0}: $(cat depmod.err)"
}

# both LIST [UMASK]: kmod and static-nodes have written it to kmod.out and out, as devname.
both() {
	need_program kmod
	need_mounts /lib/modules
	cp "$1" modules.devname
	# shellcheck disable=SC2016 # expanded by the inner shell
	in_mounts sh -euc '
		"$top_srcdir/testsuite/lib/provide-directory" /lib/modules
		mount -t tmpfs tmpfs /lib/modules
		mkdir "/lib/modules/$(uname -r)"
		cp modules.devname "/lib/modules/$(uname -r)/"
		umask "$1"
		kmod static-nodes -f devname -o "$PWD/kmod.out" || :
		kmod-devname static-nodes -f devname -o "$PWD/out"' sh "${2:-022}" 2> both.err
}

test_kmod_invalid_lines() {
	differs kmod_invalid_lines
	printf '%s\n' 'fuse fuse c10:229' 'x ../x c10:1' > list
	! both list || fail "static-nodes does not fail"
	head -n 1 list | same out
	cmp -s kmod.out list || gone "$(cat kmod.out)"
}

test_kmod_umask() {
	differs kmod_umask
	echo 'fuse fuse c10:229' > list
	both list 077
	[ "$(stat -c %a out)" = 644 ] || fail "$(stat -c %a out)"
	[ "$(stat -c %a kmod.out)" = 600 ] || gone "$(stat -c %a kmod.out)"
}

test_kmod_link() {
	differs kmod_link
	echo 'fuse fuse c10:229' > list
	ln -s kmod.file kmod.out
	ln -s file out
	! both list || fail "static-nodes does not fail"
	[ ! -e file ] && [ -L out ]
	cmp -s kmod.file list || gone "there is $(echo kmod.*)"
}

run_tests "$@"
