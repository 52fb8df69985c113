#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kmod-devname list beside the lines of modules.devname: the nodes of a device directory, the rules
# of udev, what modprobe would load, and the layouts. cli.sh has the rest.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

V=6.1.0
PATH=$PATH:/usr/sbin:/sbin

make_list() {
	mkdir -p "root/lib/modules/$V" dev
	cat > list <<-'END'
	# Device nodes to trigger on-demand module loading.
	fuse fuse c10:229
	tun net/tun c10:200
	loop loop0 b7:0
	snd_seq snd/seq c116:1
	cuse cuse c10:203
	END
	cp list "root/lib/modules/$V/modules.devname"
}

# A directory with a node as it should be, one with another number, and what is no node.
make_dev() {
	need_mknod
	mknod -m 0666 dev/fuse c 10 229
	mkdir dev/net
	mknod -m 0640 dev/net/tun c 10 201
	chown 7:4242 dev/net/tun
	: > dev/loop0
	: > dev/snd
}

make_accounts() {
	mkdir -p root/etc/udev/rules.d
	printf '%s\n' root:x:0:0::/root:/bin/sh "$(printf 'n\033n'):x:7:7::/:/bin/sh" > root/etc/passwd
	printf '%s\n' root:x:0: kvm:x:4242: audio:x:29: > root/etc/group
	cat > root/etc/udev/rules.d/50.rules <<-'END'
	KERNEL=="tun", MODE="0666", OPTIONS+="static_node=net/tun"
	SUBSYSTEM=="snd", GROUP="audio", OPTIONS+="static_node=snd/seq"
	END
}

# lists [OPTION...]: raw, without a word on standard error.
lists() {
	status 0 kmod-devname list -b root --raw "$@" "$V" > out 2> err
	[ ! -s err ] || fail "$*: $(cat err)"
}

test_state_is_that_of_the_device_directory() {
	make_list
	make_dev
	make_accounts
	lists --dev dev
	same out <<-'END'
	NAME TYPE MAJ:MIN MODULE STATE MODE USER GROUP
	fuse char 10:229 fuse present 0666 root root
	net/tun char 10:200 tun wrong 0640 n\x1bn kvm
	loop0 block 7:0 loop obstructed - - -
	snd/seq char 116:1 snd_seq obstructed - - -
	cuse char 10:203 cuse absent - - -
	END
	lists --dev dev -o NAME,UID,GID -n
	same out <<-'END'
	fuse 0 0
	net/tun 7 4242
	loop0 - -
	snd/seq - -
	cuse - -
	END
	# links are not followed
	rm dev/fuse
	ln -s net/tun dev/fuse
	lists --dev dev -o STATE -n
	[ "$(head -n 1 out)" = obstructed ]
}

# A user or group without an entry is its number, as ls has it.
test_unknown_owner_is_a_number() {
	make_list
	make_dev
	lists --dev dev -o USER,GROUP -n
	[ "$(sed -n 2p out)" = '7 4242' ]
}

test_udev_gives_mode_and_owner() {
	make_list
	make_accounts
	lists --udev
	same out <<-'END'
	NAME TYPE MAJ:MIN MODULE MODE USER GROUP
	fuse char 10:229 fuse 0600 root root
	net/tun char 10:200 tun 0666 root root
	loop0 block 7:0 loop 0600 root root
	snd/seq char 116:1 snd_seq 0660 root audio
	cuse char 10:203 cuse 0600 root root
	END
	cp out wanted
	status 0 kmod-devname list --raw --udev-root root --input list > out
	same out < wanted
	# which modules an ordinary user can make the kernel load
	lists --udev -o MODULE,MODE
	grep -v '[0-7][0-7][0145]$' out | sed 1d > loadable
	echo 'tun 0666' | same loadable
	# the state stays that of the directory
	make_dev
	lists --dev dev --udev -o NAME,STATE,MODE -n
	[ "$(sed -n 2p out)" = 'net/tun wrong 0666' ]
}

test_other_kernels_have_no_device_directory() {
	make_list
	lists
	[ "$(head -n 1 out)" = 'NAME TYPE MAJ:MIN MODULE' ]
	lists -O
	[ "$(head -n 1 out)" = 'NAME TYPE MAJ:MIN MODULE STATE MODE USER GROUP LOADED PATH MAJOR MINOR UID GID KERNEL' ]
	sed 1d out | awk '$5 $6 $7 $8 $13 $14 != "------"' | same /dev/null
}

# The kernel that runs, with its /dev.
test_running_kernel_has_the_nodes_of_dev() {
	need_mounts /lib/modules /dev
	make_list
	need_mknod
	# shellcheck disable=SC2016 # expanded by the inner shell
	in_mounts sh -euc '
		"$top_srcdir/testsuite/lib/provide-directory" /lib/modules
		mount -t tmpfs tmpfs /lib/modules
		mkdir -p "/lib/modules/$(uname -r)" /lib/modules/other
		cp list "/lib/modules/$(uname -r)/modules.devname"
		cp list /lib/modules/other/modules.devname
		mknod -m 0604 fuse c 10 229
		mount -t tmpfs tmpfs /dev
		mv fuse /dev/fuse
		kmod-devname list --raw > out
		kmod-devname list --raw --all -o NAME,STATE,KERNEL > all
		kmod-devname list --raw -b /.. other > other'
	grep -qx 'fuse char 10:229 fuse present 0604 root root' out
	grep -qx 'net/tun char 10:200 tun absent - - -' out
	grep -qx "fuse present $(uname -r)" all
	grep -qx 'fuse - other' all
	[ "$(head -n 1 other)" = 'NAME TYPE MAJ:MIN MODULE' ]
}

# As check and explain have it: by the indexes and the configuration.
test_loaded_is_what_modprobe_would_do() {
	kmod-devname --version | grep -q '+LIBKMOD' || skip "built without libkmod"
	need_program "$DEPMOD"
	make_list
	modules=root/lib/modules/$V
	linked_module "$modules/kernel/fuse.ko" alias=devname:fuse alias=char-major-10-229
	linked_module "$modules/kernel/tun.ko" alias=devname:net/tun alias=char-major-10-200
	linked_module "$modules/kernel/cuse.ko" alias=devname:cuse alias=char-major-10-203
	echo kernel/loop.ko > "$modules/modules.builtin"
	printf 'loop.alias=block-major-7-*\0' > "$modules/modules.builtin.modinfo"
	lists -o NAME,LOADED -n
	grep -vx '.* -' out | same /dev/null
	"$DEPMOD" -b root "$V"
	cp list "$modules/modules.devname"
	mkdir -p root/etc/modprobe.d
	echo 'blacklist cuse' > root/etc/modprobe.d/x.conf
	lists -o NAME,LOADED -n
	same out <<-'END'
	fuse loadable
	net/tun loadable
	loop0 built-in
	snd/seq blocked
	cuse blocked
	END
	# a damaged index is no answer, and no failure
	: > "$modules/modules.dep.bin"
	lists -o LOADED -n
	[ "$(sort -u out)" = - ]
	# a file has no kernel
	status 0 kmod-devname list --raw -n -o LOADED,KERNEL --input list > out
	[ "$(sort -u out)" = '- -' ]
}

test_columns_may_be_added() {
	make_list
	lists -o +path,NAME
	[ "$(head -n 2 out | tail -n 1)" = 'fuse char 10:229 fuse /dev/fuse' ]
	lists --output PATH,PATH -n
	[ "$(head -n 1 out)" = /dev/fuse ]
	lists -o NAME -O
	[ "$(head -n 1 out | cut -d ' ' -f 1-3)" = 'NAME TYPE MAJ:MIN' ]
	status 2 kmod-devname list -o NAME,FOO 2> err
	echo "kmod-devname: --columns: 'FOO' is not one of NAME, TYPE, MAJ:MIN, MODULE, STATE, MODE, USER, GROUP, LOADED, PATH, MAJOR, MINOR, UID, GID, KERNEL" |
		same err
}

test_pairs_are_for_a_shell() {
	make_list
	status 0 kmod-devname list -b root -P "$V" > out
	[ "$(sed -n 2p out)" = 'NAME="net/tun" TYPE="char" MAJ:MIN="10:200" MODULE="tun"' ]
	status 0 kmod-devname list -b root --pairs -o STATE "$V" > out
	[ "$(head -n 1 out)" = 'STATE=""' ]
	# shellcheck disable=SC2016 # a name
	mv "root/lib/modules/$V" 'root/lib/modules/6"$(touch made)`x`'
	status 0 kmod-devname list -b root -P -o KERNEL --all > out
	[ "$(head -n 1 out)" = 'KERNEL="6\x22\x24(touch made)\x60x\x60"' ]
}

test_input_is_another_file() {
	make_list
	rm "root/lib/modules/$V/modules.devname"
	sed -n 's/^[a-z_]* \([^ ]*\) [bc].*/\1/p' list > wanted
	cp list copy
	for input in list "$PWD/list" -; do
		kmod-devname list --raw -n -o NAME --input "$input" < copy > out
		same out < wanted
	done
	status 2 kmod-devname list -J --input nothere > out 2> err
	echo 'kmod-devname: nothere: No such file or directory' | same err
	[ ! -s out ]
}

# One schema: a reader of one reads the other.
test_json_has_the_keys_of_static_nodes() {
	need_program python3
	make_list
	make_dev
	make_accounts
	status 0 kmod-devname list -b root -J --dev dev --udev "$V" > list.json
	status 0 kmod-devname static-nodes -b root -f json --udev "$V" > static.json
	python3 - <<-'END'
	import json
	a, b = (json.load(open(f))["nodes"] for f in ("list.json", "static.json"))
	assert len(a) == len(b) == 5
	for x, y in zip(a, b):
	    assert list(x) == list(y), (x, y)
	    assert y["state"] is y["loaded"] is y["kernel"] is None
	    assert {k: x[k] for k in x if y[k] is not None} == {k: y[k] for k in y if y[k] is not None}
	assert [n["state"] for n in a] == ["present", "wrong", "obstructed", "obstructed", "absent"]
	assert [n["mode"] for n in a] == ["0600", "0666", "0600", "0660", "0600"]
	assert a[0]["major"] == 10 and a[0]["uid"] == 0 and a[0]["kernel"] == "6.1.0"
	END
	status 0 kmod-devname list -b root -J -o NAME,MODE "$V" > out
	python3 -c 'import json
rows = json.load(open("out"))["nodes"]
assert rows[0] == {"name": "fuse", "mode": None}, rows'
}

run_tests "$@"
