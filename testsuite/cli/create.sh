#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# "kmod-devname create": which nodes it makes and what it says, in directories of every kind.
# All in a file system of its own.

. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

LIST='# Device nodes to trigger on-demand module loading.
fuse fuse c10:229
tun net/tun c10:200
loop loop0 b7:0'

# In a mount namespace, and below a tmpfs, that end with this script.
run_in_own_tmp() {
	own_tmp=$(mktemp -d "${TMPDIR:-/tmp}/kmod-devname-test.XXXXXX") || exit 1
	own_status=0
	# shellcheck disable=SC2016 # for the other shell
	OWN_TMP=$own_tmp unshare -m sh -c 'mount -t tmpfs -o mode=755 tmpfs "$OWN_TMP" &&
		TMPDIR=$OWN_TMP exec sh "$0" "$@"' "$0" "$@" || own_status=$?
	rmdir "$own_tmp"
	return $own_status
}

need_nodes() {
	[ "${OWN_TMP-}" ] || skip "making device nodes needs root"
	need_mknod
}

# A list and an empty device directory. The umask must not matter.
start() {
	need_nodes
	printf '%s\n' "$LIST" > list
	mkdir dev
	umask 027
}

create() {
	kmod-devname create --dev dev --input list "$@"
}

# run STATUS OPTION...: create; output goes to the files "out" and "err".
run() {
	run_wanted=$1
	shift
	status "$run_wanted" create "$@" > out 2> err
	! grep -qv '^kmod-devname: [ -~]*$' err || fail "says $(cat -A err)"
}

silent() {
	[ ! -s out ] || fail "prints $(cat out)"
	[ ! -s err ] || fail "says $(cat err)"
}

says() { # TEXT
	[ "$(wc -l < err)" -eq 1 ] || fail "not one line: $(cat err)"
	grep -qF -e "$1" err || fail "does not say '$1': $(cat err)"
}

failed() { # TEXT NODE...
	grep -qF -e "$1" err || fail "does not say '$1': $(cat err)"
	shift
	printf 'kmod-devname: dev/%s: error: [system]\n' "$@" > failed
	sed 's/error: .* \[/error: [/' err | cmp -s - failed || fail "not of $*: $(cat err)"
}

# What there is, one a line: NAME TYPE NUMBER MODE OWNER.
show() {
	(cd "${1-dev}" && find . -mindepth 1 -printf '%P\n') | LC_ALL=C sort | while read -r name; do
		stat -c "$name %F %Hr:%Lr %a %u:%g" "${1-dev}/$name"
	done | sed 's/ character special file / c/; s/ block special file / b/; s/ directory 0:0 / d /'
}

made() {
	show | same /dev/fd/3 3<<-END
	fuse c10:229 600 0:0
	loop0 b7:0 600 0:0
	net d 755 0:0
	net/tun c10:200 600 0:0
	END
}

no_temporary() {
	[ -z "$(find dev -name '.kmod-devname*')" ] || fail "left: $(find dev -name '.kmod-devname*')"
}

test_nodes_are_made_and_then_kept() {
	start
	run 0
	silent
	made
	find dev -printf '%p %i %C@ %T@\n' > before
	run 0 --mode 0666
	silent
	find dev -printf '%p %i %C@ %T@\n' | same before
}

test_verbose_says_what_was_made() {
	start
	mknod dev/fuse c 10 228
	mknod dev/loop0 b 7 0
	run 0 -v --replace --mode 0640
	[ ! -s out ]
	same err <<-'END'
	kmod-devname: dev/fuse: replaced, c10:229 0640 0 0
	kmod-devname: dev/net/tun: made, c10:200 0640 0 0
	kmod-devname: dev: 3 of 3 nodes exist, 2 made
	END
	# what is kept has no line of its own
	rm dev/loop0
	: > dev/loop0
	status 1 kmod-devname create -v --dev dev --input list 2> err
	[ "$(tail -n 2 err | head -n 1)" = 'kmod-devname: dev: 2 of 3 nodes exist, 0 made' ]
}

test_dry_run_prints_what_would_be_made() {
	start
	mknod dev/fuse c 10 228
	printf '%s\n' 'other fuse c10:229' 'kvm kvm c10:232' >> list
	mknod dev/kvm c 10 232
	show > before
	run 0 -n --replace --mode 0060
	[ ! -s err ]
	same out <<-'END'
	replace fuse c10:229 0060 0 0
	create net/tun c10:200 0060 0 0
	create loop0 b7:0 0060 0 0
	END
	show | same before
	# as a script would do it
	mkdir script
	while read -r _ name number mode owner group; do
		(umask 022; mkdir -p "script/$(dirname "$name")")
		minor=${number#*:}
		rest=${number%:*}
		mknod "script/$name" "$(echo "$rest" | cut -c1)" "$(echo "$rest" | cut -c2-)" "$minor"
		chown "$owner:$group" "script/$name"
		chmod "$mode" "script/$name"
	done < out
	run 0 --replace --mode 0060
	rm dev/kvm
	show script > after
	show | same after
}

# Nobody who is not meant by the rule may get what it allows to others.
test_an_unknown_group_gets_a_plain_node_for_any_mode() {
	start
	mkdir -p root/etc/udev/rules.d
	echo 'MODE="0660", GROUP="nosuch", OPTIONS+="static_node=net/tun"' \
		> root/etc/udev/rules.d/50-tun.rules
	run 0 --mode 0666 --udev-permissions=root
	says '[unknown-owner]'
	[ "$(stat -c '%a %u %g' dev/fuse dev/net/tun | tr '\n' ,)" = '666 0 0,600 0 0,' ] ||
		fail "$(show)"
}

test_dry_run_has_the_findings_of_a_run() {
	start
	mknod dev/fuse c 10 228
	ln -s . dev/net
	run 1 -n
	mv err dry
	same out <<-'END'
	create loop0 b7:0 0600 0 0
	END
	run 1
	same dry < err
	[ "$(wc -l < dry)" -eq 2 ]
}

test_wrong_node_is_status_1_and_replaced_if_wanted() {
	start
	mknod -m 666 dev/fuse c 10 228
	run 1
	[ ! -s out ]
	says 'dev/fuse: error: device node c10:228 instead of c10:229; run kmod-devname create --replace --dev dev [wrong-node]'
	[ "$(stat -c '%a %Lr' dev/fuse)" = '666 228' ]
	[ -c dev/net/tun ]
	run 0 --replace
	silent
	made
}

test_a_file_other_than_a_node_stays() {
	start
	mkdir dev/net
	echo keep > dev/net/tun
	ln -s net dev/fuse
	for options in '' --replace '-n --replace'; do
		# shellcheck disable=SC2086 # words
		run 1 $options
		grep -qxF "kmod-devname: dev/net/tun: error: a regular file in the place of node 'net/tun' (c10:200); remove it, and run kmod-devname create --dev dev [obstructed]" err
		grep -qF 'dev/fuse: error: a symbolic link' err
		[ "$(wc -l < err)" -eq 2 ] || fail "$(cat err)"
	done
	echo keep | same dev/net/tun
	[ -L dev/fuse ]
	[ -b dev/loop0 ]
}

test_links_are_not_followed() {
	start
	mkdir outside
	ln -s ../outside dev/net
	run 1 --replace
	says 'dev/net: error: a symbolic link'
	[ -z "$(ls -A outside)" ]
}

test_mount_point_stays() {
	start
	mknod dev/fuse c 10 228
	mknod other c 10 227
	mount --bind other dev/fuse
	run 1 --replace
	says "dev/fuse: error: a mount point"
	umount dev/fuse
	[ "$(stat -c %Lr dev/fuse)" = 228 ]
	no_temporary
}

# --- which directory, which list -----------------------------------------------------------

test_device_directory_is_below_the_base_directory() {
	start
	mkdir -p root/lib/modules/6.1.0 root/lib/modules/6.2.0 root/inside inside
	cp list root/lib/modules/6.1.0/modules.devname
	echo 'kvm kvm c10:232' > root/lib/modules/6.2.0/modules.devname
	ln -s /inside root/dev
	status 0 kmod-devname create -b root 6.1.0 > out 2> err
	silent
	show root/inside > inside.list
	[ "$(wc -l < inside.list)" -eq 4 ]
	[ -z "$(ls -A inside)" ]
	status 0 kmod-devname create --all -v -b root > out 2> err
	same err <<-'END'
	kmod-devname: root/dev/kvm: made, c10:232 0600 0 0
	kmod-devname: root/dev: 4 of 4 nodes exist, 1 made
	END
	# --dev is a directory of the system that runs
	status 0 kmod-devname create --dev dev -b root 6.1.0
	made
}

test_kernels_that_disagree_are_a_conflict() {
	start
	mkdir -p root/lib/modules/6.1.0 root/lib/modules/6.2.0
	cp list root/lib/modules/6.1.0/modules.devname
	sed s/229/230/ list > root/lib/modules/6.2.0/modules.devname
	status 1 kmod-devname create --dev dev --all -b root > out 2> err
	says '[name-conflict]'
	made
}

test_no_device_directory_is_status_2() {
	start
	mkdir -p root/lib/modules/6.1.0
	cp list root/lib/modules/6.1.0/modules.devname
	status 2 kmod-devname create -b root 6.1.0 > out 2> err
	says 'root/dev: No such file or directory'
	run 2 --dev nowhere
	says 'nowhere: No such file or directory'
	run 2 --dev list
	says 'list: Not a directory'
	[ ! -e root/dev ]
	[ ! -e nowhere ]
}

test_list_comes_from_standard_input() {
	start
	kmod-devname create --dev dev --input - < list
	made
}

test_missing_list_is_a_warning() {
	start
	mkdir -p root/lib/modules/6.1.0
	status 0 kmod-devname create --dev dev -b root 6.1.0 > out 2> err
	says 'warning'
	status 1 kmod-devname create --dev dev -b root --strict 6.1.0 2> err
	status 0 kmod-devname create --dev dev -b root --quiet 6.1.0 > out 2> err
	silent
	mkdir root/lib/modules/6.1.0/modules.devname
	status 2 kmod-devname create --dev dev -b root 6.1.0 2> err
	says 'Is a directory'
	[ -z "$(ls -A dev)" ]
}

test_missing_input_is_a_failure() {
	start
	status 2 kmod-devname create --dev dev --input nothere > out 2> err
	echo 'kmod-devname: nothere: No such file or directory' | same err
	[ -z "$(ls -A dev)" ]
}

test_bad_lines_give_no_nodes_and_good_ones_do() {
	start
	{
		echo 'evil ../evil c10:1'
		echo 'evil /evil c10:1'
		echo 'evil a//b c10:1'
		printf 'crlf crlf c10:1\r\n'
		echo 'range range c4096:1'
		echo 'dynamic dynamic c10:255'
		echo 'fuse fuse/below c10:1'
		echo
		awk 'BEGIN { printf "#"; while (i++ < 5000) printf "x"; print "" }'
		printf 'cut cut c10:1'
	} >> list
	run 1
	made
	# the comment of 5,000 bytes is longer than any line
	[ "$(wc -l < err)" -eq 10 ] || fail "$(cat err)"
	for line in 5 6 7 8 9 10 11 12 13 14; do
		grep -q "^kmod-devname: list:$line: error: " err || fail "line $line is not named"
	done
}

test_wrong_usage_gets_one_line() {
	start
	for mode in '' 8 0800 1000 01777 07777 00600 -1 +600 0x1ff u=rw 600x ' 600'; do
		run 2 --mode "$mode"
		says "--mode: '$mode'"
	done
	for mode in 0 600 0600 777; do
		run 0 -n --mode "$mode"
	done
	run 2 6.1.0
	says '--input'
	run 2 --all
	says '--input'
	run 2 -m lib
	says '--input'
	run 2 --frobnicate
	says "'--frobnicate'"
	[ -z "$(ls -A dev)" ]
}

# --- file systems --------------------------------------------------------------------------

test_nodev_is_a_warning_for_each_file_system() {
	start
	mount -t tmpfs -o nodev,mode=755 tmpfs dev
	mkdir dev/net dev/same
	mount -t tmpfs -o nodev,mode=755 tmpfs dev/net
	printf '%s\n' 'a same/a c10:1' 'b net/b c10:2' >> list
	for options in -n '' ''; do
		# shellcheck disable=SC2086 # words
		run 0 $options
		[ "$(wc -l < err)" -eq 2 ] || fail "$(cat err)"
		grep -q '^kmod-devname: dev/fuse: warning: .* nodev.* \[nodev\]$' err
		grep -q '^kmod-devname: dev/net/tun: warning: .* \[nodev\]$' err
	done
	[ -c dev/same/a ]
	run 1 --strict
	# that is why
	status 1 dd if=dev/fuse of=/dev/null count=0 2> err
	grep -q 'Permission denied' err
	mount -o remount,dev dev
	mount -o remount,dev dev/net
	run 0
	silent
	umount dev/net dev
}

test_read_only_is_status_2_unless_all_is_there() {
	start
	mkdir dev/net
	mknod dev/fuse c 10 229
	mount --bind dev dev
	mount -o remount,bind,ro dev
	run 2
	failed 'dev/net/tun: error: Read-only file system [system]' net/tun loop0
	mount -o remount,bind,rw dev
	run 0
	mount -o remount,bind,ro dev
	run 0
	silent
	run 0 --replace
	silent
	umount dev
}

test_full_is_status_2_and_nothing_is_left() {
	start
	# the root, and so many more
	for inodes in 1 2 3; do
		mount -t tmpfs -o mode=755,nr_inodes=$((inodes + 1)) tmpfs dev
		run 2
		case $inodes in
		1 | 2) set -- net/tun loop0 ;;
		3) set -- loop0 ;;
		esac
		failed ': error: No space left on device [system]' "$@"
		no_temporary
		[ "$(find dev -mindepth 1 | wc -l)" -eq $inodes ] || fail "$inodes: $(show)"
		umount dev
	done
	mount -t tmpfs -o mode=755,nr_inodes=5 tmpfs dev
	run 0
	made
	# a wrong node is not lost because there is no room for the right one
	rm dev/fuse
	mknod dev/fuse c 10 228
	run 2 --replace
	[ "$(stat -c %Lr dev/fuse)" = 228 ]
	no_temporary
	umount dev
}

# One that belongs to somebody who has made it immutable, or mounted something there.
test_a_directory_that_fails_does_not_keep_others_from_it() {
	start
	mkdir dev/u
	mount -t tmpfs -o ro tmpfs dev/u
	sed -i '1s,^,u u/first c10:1\n,' list
	echo 'u u/last c10:2' >> list
	run 2
	umount dev/u
	failed 'Read-only file system' u/first u/last
	rmdir dev/u
	made
}

# --- without the rights --------------------------------------------------------------------

test_a_user_namespace_gets_a_message() {
	start
	chmod 755 .. .
	unshare -U -r true 2> /dev/null || skip "there are no user namespaces"
	status 2 unshare -U -r kmod-devname create --dev dev --input list > out 2> err
	failed 'dev/fuse: error: Operation not permitted: making device nodes needs CAP_MKNOD in the initial user namespace' \
		fuse net/tun loop0
	[ "$(grep -c CAP_MKNOD err)" -eq 1 ] || fail "told more than once: $(cat err)"
	[ -z "$(find dev ! -type d)" ]
	run 0
	status 0 unshare -U -r kmod-devname create --dev dev --input list > out 2> err
	silent
}

test_a_dropped_capability_is_reported() {
	start
	setpriv --bounding-set -mknod true 2> /dev/null || skip "setpriv does not work here"
	status 2 setpriv --bounding-set -mknod --inh-caps -mknod \
		kmod-devname create --dev dev --input list > out 2> err
	failed CAP_MKNOD fuse net/tun loop0
	[ -z "$(find dev ! -type d)" ]
	run 0
	setpriv --bounding-set -mknod --inh-caps -mknod kmod-devname create --dev dev --input list
}

# --- system calls --------------------------------------------------------------------------

# The lines of a trace that change something; 0x1c4 is fchmodat2(2) for an strace that is older.
changes() {
	grep -E '^([a-z]*chmod|[a-z]*chown|syscall_0x1c4|mkdir|mknod|[a-z]*link|rename|rmdir|utime|[a-z]*setxattr|[a-z]*truncate|creat|write\(([3-9]|[1-9][0-9]))' trace |
		grep -vE '^readlink' || :
}

test_second_run_changes_nothing() {
	start
	need_strace
	traced --
	changes | sed 's/(.*//' | sort | uniq -c | awk '{ print $2, $1 }' > first
	# with the umask out of the way no mode and no owner of a node needs to be set
	same first <<-'END'
	fchmod 1
	mkdirat 1
	mknodat 3
	renameat2 4
	END
	# what is judged is one and the same file
	! grep -E 'stat[a-z]*\([0-9]+, "(fuse|tun|loop0)"' trace || fail "looked at by name"
	traced --
	changes > second
	same second < /dev/null
	# and neither does a dry run
	rm dev/fuse
	traced -- -n --replace > out
	changes > third
	same third < /dev/null
}

traced() { # STRACE-OPTION... -- OPTION...
	traced_options=
	while [ "$1" != -- ]; do
		traced_options="$traced_options $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # words
	strace -o trace $traced_options "$top_builddir/kmod-devname" create --dev dev --input list "$@"
}

if [ ! "${OWN_TMP-}" ] && [ "$(id -u)" -eq 0 ] &&
	unshare -m mount -t tmpfs tmpfs "${TMPDIR:-/tmp}" 2> /dev/null; then
	run_in_own_tmp "$@"
else
	run_tests "$@"
fi
