#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kmod-devname check: for each finding a tree that has this one and no other, what real kernels
# have, modules that are not installed, JSON, and the exit status.

. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"
. "$top_srcdir/testsuite/lib/kernels.sh"

M=root/lib/modules/6.1.0

# node FILE NAME NUMBER: a module below kernel/ with one node.
node() {
	module "$M/kernel/$1.ko" "alias=devname:$2" "alias=$3"
}

# installed [LINE...]: what depmod makes of the modules, and a modules.devname with these lines.
installed() {
	command -v "$DEPMOD" >/dev/null || skip "depmod is not installed"
	mkdir -p "$M/kernel"
	touch -a "$M/modules.order" "$M/modules.builtin" "$M/modules.builtin.modinfo"
	"$DEPMOD" -b root 6.1.0 2> depmod.messages || fail "depmod: $(cat depmod.messages)"
	: > "$M/modules.devname"
	[ $# -eq 0 ] || printf '%s\n' "$HEADER" "$@" > "$M/modules.devname"
}

has() { # LIBRARY
	grep -q "^#define WITH_$1 1" "$top_builddir/config.h"
}

need_library() { # LIBRARY
	has "$1" || skip "built without $1"
}

# check STATUS [ARGUMENT...]: in silence, but for what a build without libkmod has to say. What --verbose
# says at the end of each kernel is in the file summary.
check() {
	check_status=$1
	shift
	status "$check_status" kmod-devname check "$@" > out 2> err
	has LIBKMOD || sed -i '/^kmod-devname: this build is without libkmod: /d' err
	sed -n '/^kmod-devname: .*: [0-9]* nodes\{0,1\}\( of [0-9]* modules\{0,1\}\)\{0,1\}, /p' err > summary
	grep -vxFf summary err > rest || :
	[ ! -s summary ] || mv rest err
	[ "$check_status" -eq 2 ] || [ ! -s err ] || fail "$*: said $(cat err)"
	! LC_ALL=C grep -q '[^ -~]' out || fail "not printable: $(cat -A out)"
}

# only STATUS CODE [OPTION...]: the tree has the findings on standard input, all with this code,
# for people and for programs; and none if it is ignored.
only() {
	only_status=$1
	only_code=$2
	shift 2
	cat > wanted
	check "$only_status" -v "$@" -b root 6.1.0
	same out < wanted
	! grep -v "\[$only_code]\$" out || fail "not only $only_code"
	check 0 -v --strict --ignore "$only_code" "$@" -b root 6.1.0
	[ ! -s out ]
	has SMARTCOLS || return 0
	command -v python3 > /dev/null || { leave_out "python3 is not installed"; return 0; }
	check "$only_status" --json "$@" -b root 6.1.0
	python3 - "$only_code" <<-'END'
		import json, sys
		rows = json.load(open("out"))["findings"]
		lines = ["%s:%s %s: %s [%s]" % (r["file"], "%d:" % r["line"] if r["line"] else "",
		                                r["severity"], r["message"], r["code"]) for r in rows]
		assert lines == open("wanted").read().splitlines(), lines
		assert {r["code"] for r in rows} == {sys.argv[1]}, rows
		assert {r["kernel"] for r in rows} == {"6.1.0"}, rows
	END
}

# has_only CODE FILE: what was printed or said is on standard input, and has no other code.
has_only() {
	same "$2"
	! grep -v "\[$1]\$" "$2" || fail "not only $1"
}

# --- a tree for each finding ---------------------------------------------------------------

test_a_sound_tree_is_clean() {
	node fuse fuse char-major-10-229
	node tun net/tun char-major-10-200
	installed 'tun net/tun c10:200' 'fuse fuse c10:229'
	check 0 -v --strict -b root 6.1.0
	[ ! -s out ]
}

test_malformed() {
	mkdir -p $M/kernel
	echo 'no module' > $M/kernel/x.ko
	installed
	only 1 malformed <<-END
	$M/kernel/x.ko: error: not an ELF file; install or build the module again [malformed]
	END
}

test_corrupt() {
	need_format xz
	node x x char-major-10-250
	xz --check=crc32 $M/kernel/x.ko
	head -c 100 $M/kernel/x.ko.xz > part
	mv part $M/kernel/x.ko.xz
	installed
	only 1 corrupt <<-END
	$M/kernel/x.ko.xz: error: truncated compressed data; install or build the module again [corrupt]
	END
}

need_format() {
	reason=$(format_missing "$1")
	[ -z "$reason" ] || skip "$reason"
}

# An .xz whose integrity check has a number that none has yet; without liblzma any is as good.
test_unsupported() {
	mkdir -p $M/kernel
	printf '\375''7zXZ\0\0\002\323s\327\257' > $M/kernel/x.ko.xz
	installed
	only 1 unsupported <<-END
	$M/kernel/x.ko.xz: error: compression that this build cannot read; compress it with gzip, xz or zstd, or use another build [unsupported]
	END
}

test_a_kept_line_is_unreadable() {
	mkdir -p $M/kernel
	echo 'no module' > $M/kernel/x.ko
	installed 'x x c10:250'
	only 1 unreadable --ignore malformed,not-loaded <<-END
	$M/modules.devname: error: keeps 'x' of module x, which was not read; make it readable, or remove it [unreadable]
	END
}

# Between the reading of the directory and that of the module.
test_vanished() {
	need_strace
	node x x char-major-10-250
	installed
	status 0 strace -f -o trace -P x.ko -e inject=openat:error=ENOENT \
		"$top_builddir/kmod-devname" check -v -b root 6.1.0 > out 2> err
	grep -q '(INJECTED)' trace || skip "strace injects nothing: $(cat err)"
	has_only vanished out <<-END
	$M/kernel/x.ko: warning: removed during the run; run the command again after the installation [vanished]
	END
}

# A link in a directory that is no root leads anywhere; at the address 0 no program has anything.
test_system() {
	ln -s /proc/self/mem x.ko
	[ -r /proc/self/mem ] || skip "there is no /proc"
	check 2 ./x.ko
	[ ! -s out ]
	echo 'kmod-devname: ./x.ko: error: Input/output error [system]' | has_only system err
	check 2 --json ./x.ko
	[ ! -s out ] || fail "$(cat out)"
	check 2 -q ./x.ko
	has_only system err <<-'END'
	kmod-devname: ./x.ko: error: Input/output error [system]
	END
	[ ! -s out ]
	# it cannot be passed over
	check 2 --ignore system ./x.ko
	echo "kmod-devname: --ignore: cannot ignore 'system'" | same err
}

# Of an index that generate is told to use; check reads the modules.
test_bad_index() {
	node x x char-major-10-250
	installed 'x x c10:250'
	echo 'alias devname:x' > $M/modules.alias
	status 2 kmod-devname generate --source=index -b root 6.1.0 > out 2> err
	sed -i '/: unusable index; run depmod$/d' err
	has_only bad-index err <<-END
	kmod-devname: $M/modules.alias:1: warning: not of the form alias ALIAS MODULE; run depmod [bad-index]
	END
	check 0 -v --strict -b root 6.1.0
	[ ! -s out ]
}

test_stale_index() {
	node x x char-major-10-250
	installed 'x x c10:250'
	rm $M/modules.dep
	status 0 kmod-devname generate -v --source=auto -b root 6.1.0 > out 2> err
	sed -i '/ nodes from .* modules of /d' err
	has_only stale-index err <<-END
	kmod-devname: $M/modules.dep: note: missing or unusable: all modules are read; run depmod [stale-index]
	END
}

test_too_large() {
	module $M/kernel/x.ko -d modinfo-huge alias=devname:x alias=char-major-10-250
	installed
	only 1 too-large <<-END
	$M/kernel/x.ko: error: .modinfo larger than 16 MiB; build the module again, or compress it in another way [too-large]
	END
}

test_dangling_link() {
	mkdir -p $M/kernel
	ln -s nowhere $M/kernel/x.ko
	installed
	only 0 dangling-link <<-END
	$M/kernel/x.ko: note: symbolic link without a target; remove it, or install its target [dangling-link]
	END
}

test_not_regular() {
	mkdir -p $M/kernel
	mkfifo $M/kernel/x.ko
	installed
	only 0 not-regular <<-END
	$M/kernel/x.ko: note: named like a module, but not a file; remove it [not-regular]
	END
}

test_duplicate_module() {
	node a/x x char-major-10-250
	node b/x x char-major-10-250
	installed 'x x c10:250'
	only 0 duplicate-module <<-END
	$M/kernel/b/x.ko: warning: ignored duplicate of kernel/a/x.ko; remove one, or select one in depmod.d(5) [duplicate-module]
	END
}

test_bad_order() {
	node x x char-major-10-250
	printf 'kernel/x.ko' > $M/modules.order
	installed 'x x c10:250'
	only 0 bad-order <<-END
	$M/modules.order:1: warning: no newline at the end: the file is truncated; install the kernel again [bad-order]
	END
}

test_missing_number() {
	module $M/kernel/x.ko alias=devname:x
	installed
	only 1 missing-number <<-END
	$M/kernel/x.ko: error: device name 'x' of module x has no device number; add MODULE_ALIAS_MISCDEV(minor) or MODULE_ALIAS_CHARDEV(major, minor) [missing-number]
	END
}

test_ambiguous() {
	module $M/kernel/x.ko alias=devname:x alias=devname:y alias=char-major-10-250
	installed
	only 1 ambiguous <<-END
	$M/kernel/x.ko: error: module x: ambiguous pairs of device names and numbers; declare one of each, or each name next to its number, in the same order [ambiguous]
	END
}

test_dynamic_minor() {
	node v4l2loopback v4l2loopback char-major-10-255
	installed
	only 1 dynamic-minor <<-END
	$M/kernel/v4l2loopback.ko: error: device name 'v4l2loopback' has the number c10:255, which requests a dynamic minor; declare a fixed minor, or no device name [dynamic-minor]
	END
}

test_bad_name() {
	node x ../etc/passwd char-major-10-250
	installed
	only 1 bad-name <<-END
	$M/kernel/x.ko: error: '../etc/passwd' is not a valid device name; declare a valid name, see modules.devname(5) [bad-name]
	END
}

test_bad_number() {
	node x x char-major-10-0x1
	installed
	only 1 bad-number <<-END
	$M/kernel/x.ko: error: 'char-major-10-0x1' is not a plain decimal number from 1 to 4095, '-', and one from 0 to 1048575; correct the alias [bad-number]
	END
}

test_bad_module_name() {
	node 'b~d' x char-major-10-250
	installed
	only 1 bad-module-name <<-END
	$M/kernel/b~d.ko: error: 'b~d' is not a valid module name; rename the file [bad-module-name]
	END
}

test_too_many_aliases() {
	# shellcheck disable=SC2046 # words
	module $M/kernel/x.ko alias=devname:x $(seq -f 'alias=char-major-11-%.0f' 5000)
	installed
	only 1 too-many-aliases <<-END
	$M/kernel/x.ko: error: more than 4096 device names and numbers; declare fewer names and numbers [too-many-aliases]
	END
}

test_bad_line() {
	node x x char-major-10-250
	installed 'x x c10:250' 'what is this'
	only 1 bad-line <<-END
	$M/modules.devname:3: error: not of the form MODULE NAME TYPEMAJOR:MINOR; run kmod-devname generate, or correct the line [bad-line]
	END
}

# A line that cannot be used may be that of any node, which is not missing as well.
test_one_wrong_digit_is_one_finding() {
	node fuse fuse char-major-10-229
	node tun net/tun char-major-10-200
	for wrong in 'fuse fuse c10:22x' 'fuse fuse c10:99999999' 'fuse fuse c10:255' 'fuse fuse c10:239' \
		'fuse fuse c0:229' 'fus3 fuse c10:229'; do
		installed 'tun net/tun c10:200' "$wrong"
		check 1 -v -b root 6.1.0
		[ "$(wc -l < out)" -eq 1 ] || fail "$wrong: $(cat out)"
		grep -q '; run kmod-devname generate' out || fail "$wrong: $(cat out)"
	done
	# what stands there is compared all the same
	installed 'tun net/tun c10:201' 'fuse fuse c10:22x' 'gone gone c10:9'
	check 1 -b root 6.1.0
	[ "$(wc -l < out)" -eq 3 ] || fail "$(cat out)"
}

test_long_line() {
	installed
	{
		echo "$HEADER"
		head -c 5000 /dev/zero | tr '\0' x
		echo
	} > $M/modules.devname
	only 1 long-line <<-END
	$M/modules.devname:2: error: line longer than 4094 bytes; run kmod-devname generate, or correct the line [long-line]
	END
	: > $M/modules.devname
	mkdir -p root/etc/depmod.d
	head -c 100000 /dev/zero | tr '\0' x > root/etc/depmod.d/a.conf
	only 0 long-line <<-END
	root/etc/depmod.d/a.conf:1: warning: line too long, and ignored; correct or remove it [long-line]
	END
}

test_cut_line() {
	installed
	printf '%s\nx x c10:25' "$HEADER" > $M/modules.devname
	only 1 cut-line <<-END
	$M/modules.devname:2: error: no newline at the end: the file is truncated; run kmod-devname generate, or correct the line [cut-line]
	END
}

test_bad_config() {
	node x x char-major-10-250
	installed 'x x c10:250'
	mkdir -p root/etc/depmod.d
	echo nonsense > root/etc/depmod.d/a.conf
	only 0 bad-config <<-END
	root/etc/depmod.d/a.conf:1: warning: 'nonsense' is not a command of depmod.d(5); correct or remove it [bad-config]
	END
}

# Which copy counts, which modules do and what else is one: check looks at what generate would.
test_config_is_what_generate_would_use() {
	node first/x x char-major-10-250
	node second/x x char-major-10-251
	module outside/y.ko alias=devname:y alias=char-major-10-252
	installed 'x x c10:250'
	mkdir -p root/etc/depmod.d conf
	only 0 duplicate-module <<-END
	$M/kernel/second/x.ko: warning: ignored duplicate of kernel/first/x.ko; remove one, or select one in depmod.d(5) [duplicate-module]
	END
	for line in 'search kernel/second built-in' 'override x * kernel/second' 'exclude first' \
		'exclude kernel'; do
		echo "$line" > conf/x.conf
		kmod-devname generate -q -C conf -b root 6.1.0 > said 2>&1 || fail "$(cat said)"
		! grep -q 'c10:250' $M/modules.devname || fail "$line changes nothing"
		check 0 --ignore not-loaded -C conf -b root 6.1.0
		! grep -v 'duplicate-module' out || fail "$line: $(cat out)"
		check 0 --ignore not-loaded --config=conf/x.conf --config conf -b root 6.1.0
		# and not without
		check 1 --ignore not-loaded -b root 6.1.0
		grep -q '\[out-of-date]$' out
		# which is what the file of the base directory does
		cp conf/x.conf root/etc/depmod.d
		check 0 --ignore not-loaded -b root 6.1.0
		: > conf/x.conf
		check 1 --ignore not-loaded -C conf -b root 6.1.0
		rm root/etc/depmod.d/x.conf
	done
	echo nonsense > conf/x.conf
	check 1 -C conf -b root 6.1.0
	grep -q "^$PWD/conf/x.conf:1: warning: 'nonsense' .*\[bad-config]\$" out || fail "$(cat out)"
	check 1 -C nowhere -b root 6.1.0
	grep -q '^nowhere: warning: .*\[bad-config]$' out
}

test_name_conflict() {
	node a x char-major-10-250
	node b x char-major-10-251
	installed 'a x c10:250'
	only 1 name-conflict <<-END
	$M/kernel/b.ko: error: device name 'x' (c10:251) of module b conflicts with 'x' (c10:250) of module a, which stays; remove one of the modules [name-conflict]
	END
	# and below another, whichever comes first
	rm $M/kernel/*
	node a net char-major-10-250
	node b net/tun char-major-10-251
	installed 'a net c10:250'
	only 1 name-conflict <<-END
	$M/kernel/b.ko: error: device name 'net/tun' (c10:251) of module b conflicts with 'net' (c10:250) of module a, which stays; remove one of the modules [name-conflict]
	END
	echo kernel/b.ko > $M/modules.order
	installed 'b net/tun c10:251'
	only 1 name-conflict <<-END
	$M/kernel/a.ko: error: device name 'net' (c10:250) of module a conflicts with 'net/tun' (c10:251) of module b, which stays; remove one of the modules [name-conflict]
	END
}

test_same_number() {
	node a x char-major-10-250
	node b y char-major-10-250
	installed 'a x c10:250' 'b y c10:250'
	only 0 same-number <<-END
	$M: warning: device name 'y' of module b has the number c10:250, as has 'x' of module a: opening either loads the same modules; give one of them another number [same-number]
	END
}

test_shared_node() {
	node kvm_hv kvm char-major-10-232
	node kvm_pr kvm char-major-10-232
	installed 'kvm_hv kvm c10:232' 'kvm_pr kvm c10:232'
	only 0 shared-node <<-END
	$M: note: device name 'kvm' (c10:232) is declared by module kvm_hv and by module kvm_pr: opening it loads both [shared-node]
	END
}

test_taken_minor() {
	node a x char-major-10-229
	node b y char-major-10-300
	installed 'a x c10:229' 'b y c10:300'
	only 0 taken-minor <<-END
	$M: warning: device name 'x' of module a has the number c10:229, which is FUSE_MINOR, /dev/fuse; use a minor from 243 to 254 [taken-minor]
	$M: warning: device name 'y' of module b has the number c10:300, which kernels assign dynamically; use a minor from 243 to 254, or no node [taken-minor]
	END
}

test_built_in() {
	node fuse fuse char-major-10-229
	installed 'fuse fuse c10:229'
	printf 'fuse.alias=devname:fuse\0fuse.alias=char-major-10-229\0' > $M/modules.builtin.modinfo
	only 0 built-in <<-END
	$M: warning: device name 'fuse' (c10:229) of module fuse: fuse, which is built in, has 'fuse' (c10:229), so opening it does not load the module; remove the module, or give it another name and number [built-in]
	END
}

test_block_autoload() {
	need_library LIBKMOD
	node loop loop0 block-major-7-0
	installed 'loop loop0 b7:0'
	check 0 -v -b root 6.1.0
	[ ! -s out ]
	mkdir root/boot
	for config in $M/config root/boot/config-6.1.0; do
		printf '%s\n' 'CONFIG_BLOCK=y' '# CONFIG_BLOCK_LEGACY_AUTOLOAD is not set' > "$config"
		only 0 block-autoload <<-END
		$M: warning: opening 'loop0' (b7:0) does not load module loop: the kernel is without CONFIG_BLOCK_LEGACY_AUTOLOAD; load the module by other means [block-autoload]
		END
		printf '%s\n' 'CONFIG_BLOCK=y' 'CONFIG_BLOCK_LEGACY_AUTOLOAD=y' > "$config"
		check 0 -v -b root 6.1.0
		[ ! -s out ]
		rm "$config"
	done
}

test_built_in_modules_that_cannot_be_read() {
	node fuse fuse char-major-10-229
	installed 'fuse fuse c10:229'
	truncate -s 200M $M/modules.builtin.modinfo
	status 2 kmod-devname check -b root 6.1.0 > out 2> err
	echo "kmod-devname: $M/modules.builtin.modinfo: File too large" | same err
}

test_not_loaded() {
	need_library LIBKMOD
	node fuse fuse char-major-10-229
	installed 'fuse fuse c10:229'
	mkdir -p root/etc/modprobe.d
	printf '\nblacklist fuse\n' > root/etc/modprobe.d/a.conf
	only 0 not-loaded <<-END
	root/etc/modprobe.d/a.conf:2: note: opening 'fuse' (c10:229) does not load module fuse: 'fuse' is blacklisted; remove that if the module is wanted [not-loaded]
	END
}

# Who writes such a line means it; a module that is not there is nobody's wish.
test_not_loaded_is_graded_by_what_can_be_done() {
	need_library LIBKMOD
	node fuse fuse char-major-10-229
	node cuse cuse char-major-10-203
	installed 'fuse fuse c10:229' 'cuse cuse c10:203'
	mkdir -p root/etc/modprobe.d
	while read -r wanted_status severity rest; do
		line=${rest%%: *}
		echo "$line" > root/etc/modprobe.d/a.conf
		check "$wanted_status" -v -b root 6.1.0
		grep "'fuse' (c10:229) does" out > one || fail "$line: $(cat out)"
		grep -q ": $severity: .*: '${rest#*: } \[not-loaded]\$" one || fail "$line: $(cat one)"
	done <<-'END'
	0 note install fuse /bin/false: fuse' is replaced by a command; remove that if the module is wanted
	0 note blacklist fuse: fuse' is blacklisted; remove that if the module is wanted
	0 note alias char-major-10-229 off: off' is what an alias makes of the number; remove that if the module is wanted
	0 warning alias char-major-10-229 cuse: cuse' is loaded instead; run depmod, or remove the alias
	1 error alias char-major-10-229 nosuch: nosuch' does not exist; run depmod, or correct the alias
	END
}

test_not_loaded_names_the_dependency() {
	need_library LIBKMOD
	need_program "$CC"
	linked_module $M/kernel/tun.ko +tun_get_socket name=tun
	linked_module $M/kernel/vhost_net.ko -tun_get_socket name=vhost_net depends=tun \
		alias=devname:vhost-net alias=char-major-10-238
	installed 'vhost_net vhost-net c10:238'
	mkdir -p root/etc/modprobe.d
	echo 'install tun /bin/true' > root/etc/modprobe.d/a.conf
	only 0 not-loaded <<-END
	root/etc/modprobe.d/a.conf:1: note: opening 'vhost-net' (c10:238) does not load module vhost_net: 'tun', which it depends on, is replaced by a command; remove that if the module is wanted [not-loaded]
	END
}

test_not_loaded_without_an_index() {
	need_library LIBKMOD
	node fuse fuse char-major-10-229
	node tun net/tun char-major-10-200
	installed 'fuse fuse c10:229' 'tun net/tun c10:200'
	rm $M/modules.alias.bin
	only 1 not-loaded <<-END
	$M: error: an index that modprobe needs is missing or cannot be read, so that opening a node loads nothing; run depmod [not-loaded]
	END
}

test_no_static_node() {
	node btrfs btrfs-control char-major-10-234
	installed 'btrfs btrfs-control c10:234'
	mkdir -p root/etc/udev/rules.d root/usr/lib/udev other/etc
	printf '\nKERNEL=="btrfs-control", GROUP="disk"\n' > root/etc/udev/rules.d/a.rules
	late="sets mode or owner of 'btrfs-control' only when module btrfs is loaded: only root can load it by opening the node"
	remedy='add OPTIONS+="static_node=btrfs-control", and run systemctl restart systemd-udevd [no-static-node]'
	only 0 no-static-node <<-END
	root/etc/udev/rules.d/a.rules:2: warning: $late; $remedy
	END
	check 1 --strict -b root 6.1.0
	check 0 -v --udev-root=other -b root 6.1.0
	[ ! -s out ]
	mv root/etc/udev other/etc
	check 0 -v -b root 6.1.0
	[ ! -s out ]
	only 0 no-static-node --udev-root other <<-END
	other/etc/udev/rules.d/a.rules:2: warning: $late; $remedy
	END
	# what a package has nobody can change for good
	for lib in lib usr/lib; do
		mkdir -p root/$lib/udev
		mv other/etc/udev/rules.d root/$lib/udev
		only 0 no-static-node <<-END
		root/$lib/udev/rules.d/a.rules:2: note: $late; copy it to /etc/udev/rules.d, $remedy
		END
		check 0 --strict -b root 6.1.0
		[ ! -s out ]
		mkdir -p other/etc/udev
		mv root/$lib/udev/rules.d other/etc/udev
	done
}

# The rules of programs that make input devices.
test_a_seat_that_comes_too_late() {
	node uinput uinput char-major-10-223
	installed 'uinput uinput c10:223'
	rules 'KERNEL=="uinput", SUBSYSTEM=="misc", TAG+="uaccess"'
	only 0 no-static-node <<-'END'
	root/etc/udev/rules.d/a.rules:1: warning: sets the access of a seat of 'uinput' only when module uinput is loaded: the user of the seat cannot load it by opening the node; add OPTIONS+="static_node=uinput", and run systemctl restart systemd-udevd [no-static-node]
	END
	rules 'KERNEL=="uinput", SUBSYSTEM=="misc", OPTIONS+="static_node=uinput", TAG+="uaccess"'
	check 0 -v --strict -b root 6.1.0
	[ ! -s out ] || fail "$(cat out)"
}

test_out_of_date() {
	node a a char-major-10-250
	node b b char-major-10-251
	node c c char-major-10-252
	installed 'b b c10:253' 'x c c10:252' 'gone gone c10:254'
	only 1 out-of-date <<-END
	$M/modules.devname: error: no line for 'a' (c10:250), which module a declares; run kmod-devname generate [out-of-date]
	$M/modules.devname: error: line for 'b' (c10:253) of module b instead of c10:251 of module b; run kmod-devname generate [out-of-date]
	$M/modules.devname: error: line for 'c' (c10:252) of module x instead of c10:252 of module c; run kmod-devname generate [out-of-date]
	$M/modules.devname: error: line for 'gone' (c10:254) of module gone, which no module declares; run kmod-devname generate [out-of-date]
	END
	kmod-devname generate -b root 6.1.0
	check 0 -v -b root 6.1.0
	[ ! -s out ]
}

test_no_file() {
	node a a char-major-10-250
	installed
	rm $M/modules.devname
	only 1 no-file <<-END
	$M/modules.devname: error: no such file, which would have 1 nodes; run kmod-devname generate [no-file]
	END
	rm $M/kernel/a.ko
	only 0 no-file <<-END
	$M/modules.devname: warning: no such file, which would have 0 nodes; run kmod-devname generate [no-file]
	END
}

# --- the device directory ------------------------------------------------------------------

# One node, fuse, and an empty device directory.
make_dev() {
	need_mknod
	node "${1:-fuse}" "${2:-fuse}" "${3:-char-major-10-229}"
	installed "${1:-fuse} ${2:-fuse} ${4:-c10:229}"
	mkdir dev
}

rules() {
	mkdir -p root/etc/udev/rules.d
	printf '%s\n' "$@" > root/etc/udev/rules.d/a.rules
}

test_the_right_node_is_clean() {
	make_dev
	mknod -m 0640 dev/fuse c 10 229
	chown 1:2 dev/fuse
	check 0 -v --strict --dev dev -b root 6.1.0
	[ ! -s out ]
	rules 'KERNEL=="fuse", MODE="0640", OWNER="1", GROUP="2", OPTIONS+="static_node=fuse"'
	check 0 -v --strict --dev dev -b root 6.1.0
	[ ! -s out ]
}

test_absent() {
	make_dev tun net/tun char-major-10-200 c10:200
	only 0 absent --dev dev <<-'END'
	dev/net/tun: warning: no such node (c10:200), which loads module tun; run kmod-devname create --basedir root --dev dev [absent]
	END
	mkdir dev/net
	cp wanted same
	only 0 absent --dev=dev < same
	# with the mode that a rule gives
	rules 'KERNEL=="tun", MODE="0666", OPTIONS+="static_node=net/tun"'
	only 0 absent --dev dev <<-'END'
	dev/net/tun: warning: no such node (c10:200), which loads module tun; run kmod-devname create --udev --basedir root --dev dev [absent]
	END
	# the hint of the finding makes it
	sed -n 's/.*; run \(kmod-devname create .*\) \[absent]$/\1 6.1.0/p' wanted > remedy
	sh ./remedy
	check 0 -v --strict --dev dev -b root 6.1.0
	[ ! -s out ] || fail "$(cat out)"
}

test_wrong_node() {
	make_dev
	mknod dev/fuse c 10 222
	only 1 wrong-node --dev dev <<-'END'
	dev/fuse: error: device node c10:222 instead of c10:229; run kmod-devname create --replace --basedir root --dev dev [wrong-node]
	END
	rm dev/fuse
	mknod dev/fuse b 10 229
	only 1 wrong-node --dev dev <<-'END'
	dev/fuse: error: device node b10:229 instead of c10:229; run kmod-devname create --replace --basedir root --dev dev [wrong-node]
	END
}

test_obstructed() {
	make_dev tun net/tun char-major-10-200 c10:200
	: > dev/net
	only 1 obstructed --dev dev <<-'END'
	dev/net: error: a regular file in the place of node 'net/tun' (c10:200); remove it, and run kmod-devname create --basedir root --dev dev [obstructed]
	END
	rm dev/net
	mkdir dev/net dev/net/tun
	only 1 obstructed --dev dev <<-'END'
	dev/net/tun: error: a directory in the place of node 'net/tun' (c10:200); remove it, and run kmod-devname create --basedir root --dev dev [obstructed]
	END
	# links lead elsewhere
	rm -r dev/net
	mkdir elsewhere
	mknod elsewhere/tun c 10 200
	ln -s ../elsewhere dev/net
	only 1 obstructed --dev dev <<-'END'
	dev/net: error: a symbolic link in the place of node 'net/tun' (c10:200); remove it, and run kmod-devname create --basedir root --dev dev [obstructed]
	END
}

# Once for each file system, also where the nodes of two alternate.
test_nodev() {
	node fuse fuse char-major-10-229
	node uinput uinput char-major-10-223
	make_dev tun net/tun char-major-10-200
	installed 'fuse fuse c10:229' 'tun net/tun c10:200' 'uinput uinput c10:223'
	unshare -m true 2>/dev/null || skip "there are no mount namespaces"
	cat > inner <<-'END'
	mount -t tmpfs -o nodev,mode=0755 none dev || exit 77
	mkdir dev/net
	mount -t tmpfs -o nodev,mode=0755 none dev/net || exit 77
	mknod -m 0600 dev/fuse c 10 229
	mknod -m 0600 dev/net/tun c 10 200
	mknod -m 0600 dev/uinput c 10 223
	kmod-devname check -v --dev dev -b root 6.1.0
	END
	status=0
	unshare -m sh inner > out 2> err || status=$?
	[ $status -ne 77 ] || skip "nothing can be mounted: $(cat err)"
	[ $status -eq 0 ]
	has_only nodev out <<-'END'
	dev/fuse: warning: file system mounted nodev, in which no node can be opened; mount it without nodev [nodev]
	dev/net/tun: warning: file system mounted nodev, in which no node can be opened; mount it without nodev [nodev]
	END
}

test_wrong_mode() {
	make_dev
	rules 'KERNEL=="fuse", MODE="0660", GROUP="6", OPTIONS+="static_node=fuse"'
	mknod -m 0600 dev/fuse c 10 229
	chown 0:6 dev/fuse
	only 0 wrong-mode --dev dev <<-'END'
	dev/fuse: warning: mode 0600 root:6, udev's rules say 0660 root:6; remove it, and run kmod-devname create --udev --basedir root --dev dev [wrong-mode]
	END
	chmod 0666 dev/fuse
	only 0 wrong-mode --dev dev <<-'END'
	dev/fuse: warning: mode 0666 root:6, udev's rules say 0660 root:6; remove it, and run kmod-devname create --udev --basedir root --dev dev [wrong-mode]
	END
	chmod 0606 dev/fuse
	chown 0:0 dev/fuse
	only 0 wrong-mode --dev dev <<-'END'
	dev/fuse: warning: mode 0606 root:root, udev's rules say 0660 root:6; remove it, and run kmod-devname create --udev --basedir root --dev dev [wrong-mode]
	END
	# the rules of another system
	mkdir other
	check 0 -v --dev dev --udev-root other -b root 6.1.0
	[ ! -s out ]
	mv root/etc other
	cp wanted same
	only 0 wrong-mode --dev dev --udev-root other < same
}

test_bad_rule() {
	make_dev
	mknod -m 0600 dev/fuse c 10 229
	rules 'KERNEL=="fuse", MODE="0999", OPTIONS+="static_node=fuse"'
	only 0 bad-rule --dev dev <<-'END'
	root/etc/udev/rules.d/a.rules:1: warning: '0999' is not an octal number up to 7777; correct the rule [bad-rule]
	END
}

test_unknown_owner() {
	make_dev
	mknod -m 0600 dev/fuse c 10 229
	rules 'KERNEL=="fuse", GROUP="nobody-has-this", OPTIONS+="static_node=fuse"'
	only 0 unknown-owner --dev dev <<-'END'
	root/etc/udev/rules.d/a.rules:1: warning: device node 'fuse' has unknown group 'nobody-has-this', and so mode 0600 and owner root; add it, or correct the rule [unknown-owner]
	END
}

# acl FILE TAG:PERMISSIONS:ID...: sets an ACL, of which user 1, group 4, mask 16 and others 32 are those of
# the mode, and user 2 and group 8 named ones.
acl() {
	python3 - "$@" <<-'END' || skip "there are no ACLs here"
		import os, struct, sys
		rows = [tuple(map(int, row.split(":"))) for row in sys.argv[2:]]
		value = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", t, p, i % 2**32) for t, p, i in rows)
		os.setxattr(sys.argv[1], "system.posix_acl_access", value)
	END
}

# Owners have the names of the rule, and an ACL is not taken for a mode.
test_wrong_mode_with_names() {
	make_dev kvm kvm char-major-10-232 c10:232
	rules 'KERNEL=="kvm", MODE="0660", GROUP="kvm", OPTIONS+="static_node=kvm"'
	echo 'kvm:x:104:' > root/etc/group
	mknod -m 0600 dev/kvm c 10 232
	only 0 wrong-mode --dev dev <<-'END'
	dev/kvm: warning: mode 0600 root:root, udev's rules say 0660 root:kvm; remove it, and run kmod-devname create --udev --basedir root --dev dev [wrong-mode]
	END
	chown 7:104 dev/kvm
	chmod 0660 dev/kvm
	only 0 wrong-mode --dev dev <<-'END'
	dev/kvm: warning: mode 0660 7:kvm, udev's rules say 0660 root:kvm; remove it, and run kmod-devname create --udev --basedir root --dev dev [wrong-mode]
	END
	need_program python3
	chown 0:104 dev/kvm
	acl dev/kvm 1:6:-1 2:6:1000 4:6:-1 16:6:-1 32:0:-1
	only 0 wrong-mode --dev dev <<-'END'
	dev/kvm: note: ACL (user:1000:rw-) beyond udev's rules; remove it with setfacl -b, unless it is systemd-logind's for the user of a seat [wrong-mode]
	END
	acl dev/kvm 1:6:-1 2:6:1000 4:6:-1 8:4:7 16:6:-1 32:0:-1
	only 0 wrong-mode --dev dev <<-'END'
	dev/kvm: warning: ACL (user:1000:rw-, group:7:r--) beyond udev's rules; remove it with setfacl -b [wrong-mode]
	END
	# of the mode the group's bits are the mask
	acl dev/kvm 1:6:-1 2:6:1000 4:0:-1 16:6:-1 32:0:-1
	[ "$(stat -c %a dev/kvm)" = 660 ]
	check 0 --dev dev -b root 6.1.0
	grep -q "mode 0600 root:kvm, udev's rules say 0660 root:kvm;" out || fail "$(cat out)"
}

test_rules_that_cannot_be_read_are_said_once() {
	make_dev
	mknod -m 0600 dev/fuse c 10 229
	rules 'KERNEL=="fuse", MODE="0666", OPTIONS+="static_node=fuse"'
	truncate -s 17M root/etc/udev/rules.d/a.rules
	only 1 bad-rule --dev dev <<-'END'
	root/etc/udev/rules.d/a.rules: error: cannot read udev's rules: File too large: all rules are ignored, and nodes have mode 0600; make it readable [bad-rule]
	END
}

# What create makes is what check wants.
test_create_leaves_nothing_to_say() {
	make_dev tun net/tun char-major-10-200 c10:200
	rules 'KERNEL=="tun", MODE="0666", OPTIONS+="static_node=net/tun"'
	kmod-devname create --dev dev --udev-permissions -b root 6.1.0
	check 0 -v --strict --dev dev -b root 6.1.0
	[ ! -s out ]
}

test_a_device_directory_is_of_one_kernel() {
	installed
	mkdir -p dev root/lib/modules/6.2.0/kernel
	check 2 --dev dev -b root --all
	check 2 --dev dev -b root 6.1.0 6.2.0
	check 2 --dev nowhere -b root 6.1.0
	grep -q '^kmod-devname: nowhere: ' err
}

# --- devices of the kernel -----------------------------------------------------------------

# The numbers in the header that Debian ships with its kernels, each declared under a name that
# nothing in the kernel has.
test_the_minors_of_the_kernels_header_are_taken() {
	header=$(find "$KERNELS" -path '*-common/include/linux/miscdevice.h' 2>/dev/null | head -n 1)
	[ -n "$header" ] || skip "no linux/miscdevice.h in $KERNELS; get it with testsuite/lib/fetch-kernels"
	awk '$1 == "#define" && $3 ~ /^[0-9]+$/ && $3 != 255 && !/unused/ { print $2, $3 }' \
		"$header" | sort > wanted
	[ "$(wc -l < wanted)" -gt 40 ] || fail "$header has few minors"
	while read -r _ minor; do
		module "plain/m$minor.ko" "alias=devname:nobody$minor" "alias=char-major-10-$minor"
	done < wanted
	check 0 -q ./plain
	check 0 ./plain
	sed -n 's/.*the number c10:\([0-9]*\), which is \([A-Z0-9_]*\),.*\[taken-minor]$/\2 \1/p' \
		out | sort > found
	diff -u wanted found
	# and none of the others below 255 is, but for those that the kernel gives to any driver
	rm -r plain
	for minor in $(seq 128 254); do
		grep -q " $minor\$" wanted || module "plain/m$minor.ko" \
			"alias=devname:nobody$minor" "alias=char-major-10-$minor"
	done
	check 0 ./plain
	! grep 'taken-minor' out || fail "taken"
}

# --- modprobe.d ----------------------------------------------------------------------------

# Whether the module is loaded is asked of modprobe itself.
test_not_loaded_is_what_modprobe_does_not_load() {
	need_library LIBKMOD
	command -v modprobe >/dev/null || skip "modprobe is not installed"
	node fuse fuse char-major-10-229
	node cuse cuse char-major-10-203
	installed 'fuse fuse c10:229' 'cuse cuse c10:203'
	mkdir -p root/etc/modprobe.d
	loaded=0
	while read -r line; do
		echo "$line" > root/etc/modprobe.d/a.conf
		modprobe -d "$PWD/root" -S 6.1.0 -C "$PWD/root/etc/modprobe.d" -n -v \
			char-major-10-229 > would 2>&1 || :
		wanted=0
		case $line in *nosuch) wanted=1 ;; esac
		check $wanted -v -b root 6.1.0
		if grep -q '^insmod .*/fuse\.ko' would; then
			! grep "'fuse' (c10:229)" out || fail "$line: $(cat would)"
			loaded=$((loaded + 1))
		else
			grep -q "'fuse' (c10:229).*\[not-loaded]" out || fail "$line: $(cat out would)"
		fi
	done <<-'END'
	# nothing
	blacklist fuse
	blacklist cuse
	alias char-major-10-229 off
	alias char-major-10-229 cuse
	alias char-major-10-229 nosuch
	alias char-major-10-* fuse
	install fuse /bin/true
	install cuse /bin/true
	install char-major-10-229 /bin/true
	options fuse x=1
	alias fuse off
	END
	[ "$loaded" -ge 3 ] || fail "modprobe loaded it for $loaded lines only"
}

# The kernel command line is that of the running kernel, which has many names.
test_the_running_kernel_is_known_by_any_name() {
	need_library LIBKMOD
	need_mounts /lib/modules
	release=$(uname -r)
	# of a name that no loaded module has
	node check-test check-test char-major-10-250
	installed 'check_test check-test c10:250'
	mv $M "root/lib/modules/$release"
	echo 'quiet modprobe.blacklist=check_test' > cmdline
	cat > inner <<-'END'
	"$top_srcdir/testsuite/lib/provide-directory" /lib/modules || exit
	mount --bind cmdline /proc/cmdline && mount --bind root/lib/modules /lib/modules || exit
	shift
	kmod-devname check -v "$@"
	END
	for operands in '' "$release" '-b /' "-b / $release" "-m lib/modules" "/lib/modules/$release" \
		"/lib/modules/../modules/$release" "-b root $release" "./root/lib/modules/$release"; do
		status=0
		# shellcheck disable=SC2086 # words
		in_mounts sh inner "" $operands > out 2> err || status=$?
		[ "$(wc -l < err)" -eq 1 ] || fail "$operands: $(cat err)"
		# the last but one is another root, with other configuration
		wanted=1
		case $operands in '-b root '*) wanted=0 ;; esac
		found=$(grep -c "^/proc/cmdline: note: opening .*'check_test' is blacklisted; .*\[not-loaded]\$" out) || :
		[ "$found" -eq $wanted ] || fail "$operands: $(cat out)"
	done
}

# --- modules that are not installed --------------------------------------------------------

test_a_file_says_what_it_gives() {
	module build/snd-seq.ko alias=devname:snd/seq alias=char-major-116-1
	module build/none.ko license=GPL
	check 0 ./build/snd-seq.ko build/none.ko
	same out <<-'END'
	./build/snd-seq.ko: module snd_seq gives /dev/snd/seq (c116:1)
	build/none.ko: gives no device node
	END
	cd build
	check 0 snd-seq.ko
	same out <<-'END'
	snd-seq.ko: module snd_seq gives /dev/snd/seq (c116:1)
	END
	check 0 -q "$PWD/snd-seq.ko"
	[ ! -s out ]
}

test_a_file_may_be_compressed() {
	module fuse.ko alias=devname:fuse alias=char-major-10-229
	seen=0
	for format in gz xz zst; do
		[ -z "$(format_missing $format)" ] || continue
		case $format in
		gz) gzip -c fuse.ko ;;
		xz) xz --check=crc32 -c fuse.ko ;;
		zst) zstd -qc fuse.ko ;;
		esac > fuse.ko.$format
		check 0 fuse.ko.$format
		echo "fuse.ko.$format: module fuse gives /dev/fuse (c10:229)" | same out
		seen=$((seen + 1))
	done
	[ $seen -gt 0 ] || skip "this build reads no compressed modules"
}

test_a_file_has_findings() {
	module x.ko alias=devname:x
	echo garbage > y.ko
	module z.ko alias=devname:z alias=char-major-10-200
	check 1 ./x.ko
	same out <<-'END'
	./x.ko: error: device name 'x' of module x has no device number; add MODULE_ALIAS_MISCDEV(minor) or MODULE_ALIAS_CHARDEV(major, minor) [missing-number]
	END
	# what it would give nobody knows
	check 1 y.ko
	same out <<-'END'
	y.ko: error: not an ELF file; install or build the module again [malformed]
	END
	mkdir plain
	cp y.ko plain
	check 1 ./plain
	echo "$(realpath plain)/y.ko: error: not an ELF file; install or build the module again [malformed]" | same out
	check 1 -q y.ko x.ko
	grep -q '^y.ko: error: .*\[malformed]$' out
	grep -q '^x.ko: error: .*\[missing-number]$' out
	check 0 -q --ignore malformed,missing-number y.ko x.ko
	[ ! -s out ]
	check 0 z.ko
	check 1 --strict z.ko
	grep -q '^z.ko: warning: .*TUN_MINOR.*\[taken-minor]$' out
}

test_a_plain_directory_is_no_kernel() {
	module plain/sub/a.ko alias=devname:x alias=char-major-10-250
	module plain/b.ko alias=devname:y alias=char-major-10-250
	check 0 ./plain
	path=$(realpath plain)
	same out <<-END
	$path: module a gives /dev/x (c10:250)
	$path: module b gives /dev/y (c10:250)
	$path: warning: device name 'y' of module b has the number c10:250, as has 'x' of module a: opening either loads the same modules; give one of them another number [same-number]
	END
	for mark in modules.order modules.dep modules.devname modules.builtin; do
		: > plain/$mark
		check 1 --ignore not-loaded,same-number ./plain
		grep -q '\[no-file]$\|\[out-of-date]$' out || fail "$mark: $(cat out)"
		rm plain/$mark
	done
	mkdir plain/kernel
	check 1 --ignore not-loaded,same-number ./plain
	grep -q '\[no-file]$' out
}

# There kbuild makes a modules.order too, for the modules of a kernel and for others.
test_a_directory_where_modules_are_built_is_no_kernel() {
	module build/fuse.ko alias=devname:fuse alias=char-major-10-229
	echo fuse.o > build/modules.order
	: > build/Module.symvers
	check 0 -v --strict ./build
	echo "$(realpath build): module fuse gives /dev/fuse (c10:229)" | same out
	mkdir build/kernel
	check 0 -v --strict ./build
}

test_options_for_kernels_are_refused_for_files() {
	module x.ko alias=devname:x alias=char-major-10-250
	module plain/x.ko alias=devname:x alias=char-major-10-250
	: > empty.conf
	for option in '--dev /dev' '--udev-root /' '-C empty.conf'; do
		for operands in x.ko ./plain './x.ko ./plain'; do
			# shellcheck disable=SC2086 # words
			check 2 $option $operands
			[ ! -s out ]
			grep -q "^kmod-devname: --[a-z-]* cannot be used with '.*', which is not a kernel\$" err || fail "$(cat err)"
		done
	done
	installed
	check 0 --udev-root / -C empty.conf -b root x.ko 6.1.0
}

test_a_root_directory_is_no_directory_of_modules() {
	node fuse fuse char-major-10-229
	installed
	mkdir other
	mv root/lib other/usr-lib
	mkdir other/usr
	mv other/usr-lib other/usr/lib
	mkdir -p root/lib/modules
	for path in ./root ./other "$PWD/other/"; do
		check 2 "$path"
		[ ! -s out ]
		grep -qxF "kmod-devname: $path: root directory; use --basedir $path --all for its kernels" err
	done
	check 1 -b ./other --all
	grep -q '\[out-of-date]$' out
}

test_a_file_name_is_distinguished_from_a_version() {
	installed
	module plain/x.ko
	: > file
	for name in plain file; do
		check 2 $name
		[ ! -s out ]
		grep -qx "kmod-devname: kernel $name not found in .*lib/modules; did you mean ./$name?" err
	done
	# there it would not be understood
	check 2 -b root plain
	! grep 'what is here' err || fail "wrong advice"
	check 2 nothing
	! grep 'what is here' err || fail "wrong advice"
}

test_a_file_that_is_not_there_is_said() {
	need_nothing=$(find . -name 'fuse*')
	[ -z "$need_nothing" ]
	for path in fuse.ko ./fuse.ko fuse.ko.xz nowhere/fuse.ko ./modules.devname modules.devname ./nowhere; do
		check 2 "$path"
		[ ! -s out ]
		echo "kmod-devname: $path: No such file or directory" | same err
	done
	mkfifo pipe.ko
	check 2 ./pipe.ko
	grep -qx 'kmod-devname: .*pipe.ko: Not a directory' err || fail "$(cat err)"
}

# By itself: which modules declare its nodes is asked of a kernel.
test_a_modules_devname_is_an_operand() {
	node fuse fuse char-major-10-229
	node tun net/tun char-major-10-200
	installed 'fuse fuse c10:229' 'tun net/tun c10:200'
	check 0 -v --strict $M/modules.devname
	[ ! -s out ]
	echo "kmod-devname: $M/modules.devname: 2 nodes, no findings" | same summary
	cp $M/modules.devname modules.devname
	check 0 --strict modules.devname
	printf '%s\n' 'fuse fuse c10:22x' 'loop loop-control c10:237' 'a b c10:237' >> modules.devname
	cp modules.devname list
	for path in modules.devname ./modules.devname ./list; do
		check 1 "$path"
		same out <<-END
		$path:4: error: 'c10:22x' is not a device number; run kmod-devname generate, or correct the line [bad-number]
		$path: warning: device name 'b' of module a has the number c10:237, as has 'loop-control' of module loop: opening either loads the same modules; give one of them another number [same-number]
		$path: warning: device name 'b' of module a has the number c10:237, which is LOOP_CTRL_MINOR, /dev/loop-control; use a minor from 243 to 254 [taken-minor]
		END
	done
}

test_a_dot_is_a_directory() {
	node fuse fuse char-major-10-229
	installed 'fuse fuse c10:229'
	module plain/tun.ko alias=devname:net/tun alias=char-major-10-200
	mkdir plain/sub
	for directory in plain plain/sub; do
		dot=.
		[ $directory = plain ] || dot=..
		(cd $directory && kmod-devname check $dot) > out
		echo "$(realpath plain): module tun gives /dev/net/tun (c10:200)" | same out
	done
	(cd $M && kmod-devname check -v --strict .) 2> err
	echo 'kmod-devname: 6.1.0: 1 node of 1 module, no findings' | same err
}

test_files_and_kernels_may_be_mixed() {
	node fuse fuse char-major-10-229
	installed 'x x c10:250'
	module x.ko alias=devname:x
	check 1 -q -b root x.ko 6.1.0
	[ "$(grep -c '\[missing-number]$' out)" -eq 1 ]
	[ "$(grep -c '\[out-of-date]$' out)" -eq 2 ]
}

# --- real kernels --------------------------------------------------------------------------

# What a person has found in Debian's kernels: each module with a device name was looked at with
# modinfo(8), the strings of modules.builtin.modinfo with strings(1), and the rules of Debian's udev
# by eye. KERNEL, how many nodes its modules declare, and the names of those about which there is
# something to be said. What, and why it is right:
#
# - Each of these modules has one name and one number; no two modules have the same. Numbers of
#   major 10 are those that miscdevice.h has for this device; the others are 108:0 of ppp, 116:1
#   and 116:33 of sound. No driver of such a module is built in too (fuse is in Linux 6.12, and no
#   module there). There are no block devices. So there is nothing against what they declare.
# - The packages have no modules.devname, and no index: depmod runs when they are installed.
# - With the rules of Debian's udev 252 three devices get group or mode when the module is loaded and
#   not before: 50-udev-default has GROUP="disk" for btrfs-control and MODE="0664" for rfkill,
#   80-debian-compat GROUP="kmem" for nvram, all without static_node. The rules for loop-control,
#   net/tun, fuse, kvm, vfio/vfio, vhost-net and vhost-vsock have it, and the others of the nodes
#   have no rule.
REAL='
amd64       18 btrfs-control nvram rfkill
amd64-6.12  17 btrfs-control nvram rfkill
arm64       16 btrfs-control rfkill
arm64-6.12  15 btrfs-control rfkill
armhf       15 btrfs-control rfkill
cloud-amd64 12 btrfs-control nvram
i386        18 btrfs-control nvram rfkill
s390x       14 btrfs-control rfkill
'

# Puts a kernel as its package has it below root/.
unpack() { # KERNEL
	reason=$(kernel_missing "$1")
	[ -z "$reason" ] || skip "$reason"
	find "$KERNELS/$1/lib" -name '*.ko.xz' | grep -q . && need_format xz
	command -v "$DEPMOD" >/dev/null || skip "depmod is not installed"
	version=$(kernel_version "$1")
	copy_tree "$KERNELS/$1/lib/modules/$version" "$PWD/root/lib/modules/$version"
	# a new file, and not what the kernel's own may share
	rm -f "root/lib/modules/$version"/modules.[!bo]*
	[ ! -d "$KERNELS/$1/boot" ] || copy_tree "$KERNELS/$1/boot" "$PWD/root/boot"
}

# late NODE...: the findings about rules that come too late, for these nodes.
late() {
	for name; do
		case $name in
		btrfs-control) module=btrfs ;;
		*) module=$name ;;
		esac
		(cd "$udev" && grep -nr --include='*.rules' "^KERNEL==\"$name\"" usr/lib/udev/rules.d lib/udev/rules.d) |
			sed "s|^\([^:]*:[0-9]*\):.*|$udev/\1: note: sets mode or owner of '$name' only when module $module is loaded: only root can load it by opening the node; copy it to /etc/udev/rules.d, add OPTIONS+=\"static_node=$name\", and run systemctl restart systemd-udevd [no-static-node]|"
	done
}

real() { # KERNEL
	# decompressing these again and again takes half a minute
	case $1 in *-6.12) left_to_all ;; esac
	unpack "$1"
	# shellcheck disable=SC2046 # words
	set -- $(echo "$REAL" | grep "^$1 ")
	kernel=$1 nodes=$2
	shift 2
	check 1 -v --strict -b root --all
	{
		echo "root/lib/modules/$version/modules.devname: error: no such file, which would have $nodes nodes; run kmod-devname generate [no-file]"
		! has LIBKMOD || echo "root/lib/modules/$version: error: an index that modprobe needs is missing or cannot be read, so that opening a node loads nothing; run depmod [not-loaded]"
	} | same out
	case $(find "root/lib/modules/$version" -name '*.ko.xz' | head -n 1) in
	?*) depmod_reads xz || skip "this depmod does not read xz" ;;
	esac
	"$DEPMOD" -b "$PWD/root" "$version"
	check 0 -v --strict -b root --all
	[ ! -s out ] || fail "findings: $(cat out)"
	count "$kernel: $nodes nodes, nothing wrong, $# rules of udev that come too late"
	udev=${KMOD_DEVNAME_UDEV:-${XDG_CACHE_HOME:-$HOME/.cache}/kmod-devname/udev}/root
	[ -d "$udev" ] || return 0
	check 0 -v --udev-root="$udev" -b root --all
	late "$@" | sort > wanted
	[ "$(wc -l < wanted)" -ge $# ]
	sort out | same wanted
	# a clean system says so
	check 0 --strict --udev-root="$udev" -b root --all
	[ ! -s out ] || fail "$(cat out)"
}

test_real_amd64() {
	real amd64
}

test_real_amd64_6_12() {
	real amd64-6.12
}

test_real_arm64() {
	real arm64
}

test_real_arm64_6_12() {
	real arm64-6.12
}

test_real_armhf() {
	real armhf
}

test_real_cloud_amd64() {
	real cloud-amd64
}

test_real_i386() {
	real i386
}

test_real_s390x() {
	real s390x
}

test_every_kernel_was_looked_at() {
	sed -n "/^KERNELS='/,/^'/s/^\([a-z0-9.-]*\) .*/\1/p" "$top_srcdir/testsuite/lib/fetch-kernels" |
		sort > wanted
	[ "$(wc -l < wanted)" -ge 7 ]
	echo "$REAL" | sed -n 's/ .*//p' | sort > looked-at
	diff -u wanted looked-at
	sed -n 's/^	real \(.*\)/\1/p' "$top_srcdir/testsuite/cli/check.sh" | sort > tested
	diff -u wanted tested
}

# --- options and the exit status -----------------------------------------------------------

make_warning() {
	node a x char-major-10-250
	node b y char-major-10-250
	installed 'a x c10:250' 'b y c10:250'
}

test_warnings_count_if_strict() {
	make_warning
	check 0 -b root 6.1.0
	[ -s out ]
	check 1 --strict -b root 6.1.0
	check 0 -q -b root 6.1.0
	[ ! -s out ]
	# what makes it fail is shown
	check 1 -q --strict -b root 6.1.0
	grep -q '^[^ ]*: warning: .*\[same-number]$' out
	[ "$(wc -l < out)" -eq 1 ]
}

# says_at_the_end TEXT ARGUMENT...: what --verbose says at the end.
says_at_the_end() {
	at_the_end=$1
	shift
	status "${wanted:-0}" kmod-devname check -v "$@" > out 2> err
	has LIBKMOD || sed -i '/^kmod-devname: this build is without libkmod: /d' err
	echo "$at_the_end" | same err
}

test_the_summary_counts_nodes_and_modules() {
	node kvm_hv kvm char-major-10-232
	node tun net/tun char-major-10-200
	module $M/kernel/other.ko license=GPL
	installed 'kvm_hv kvm c10:232' 'tun net/tun c10:200'
	says_at_the_end 'kmod-devname: 6.1.0: 2 nodes of 3 modules, no findings' -b root 6.1.0
	[ ! -s out ]
	check 0 -b root 6.1.0
	[ ! -s err ]
	node kvm_pr kvm char-major-10-232
	installed 'kvm_hv kvm c10:232' 'tun net/tun c10:200' 'kvm_pr kvm c10:232'
	says_at_the_end 'kmod-devname: 6.1.0: 3 nodes of 4 modules, 1 note' -b root 6.1.0
	says_at_the_end 'kmod-devname: 6.1.0: 3 nodes of 4 modules, no findings' --ignore shared-node -b root 6.1.0
	mkdir -p root/lib/modules/6.2.0/kernel
	says_at_the_end 'kmod-devname: 6.1.0: 3 nodes of 4 modules, 1 note
kmod-devname: 6.2.0: 0 nodes of 0 modules, 1 warning
kmod-devname: 2 kernels: 3 nodes of 4 modules, 1 warning, 1 note' -b root --all
	: > $M/modules.devname
	wanted=1 says_at_the_end 'kmod-devname: 6.1.0: 3 nodes of 4 modules, 3 errors, 1 note' -b root 6.1.0
}

test_a_terminal_shows_a_summary() {
	need_program script
	node kvm_hv kvm char-major-10-232
	node kvm_pr kvm char-major-10-232
	installed 'kvm_hv kvm c10:232' 'kvm_pr kvm c10:232'
	script -qec 'kmod-devname check -b root 6.1.0' /dev/null < /dev/null > typed
	grep -q ': 6.1.0: 2 nodes of 2 modules, 1 note; see notes with --verbose' typed || fail "$(cat typed)"
	script -qec 'kmod-devname check -q -b root 6.1.0' /dev/null < /dev/null > typed
	! grep -q 'nodes of' typed || fail "$(cat typed)"
}

# Who types no more than "check" means the system that runs, and its nodes.
test_the_running_system_is_checked_with_its_nodes() {
	need_mounts /lib/modules
	release=$(uname -r)
	node check-test check-test char-major-10-250
	installed 'check_test check-test c10:250'
	mv $M "root/lib/modules/$release"
	cat > inner <<-'END'
	"$top_srcdir/testsuite/lib/provide-directory" /lib/modules || exit
	mount --bind root/lib/modules /lib/modules || exit
	shift
	kmod-devname check "$@"
	END
	absent='/dev/check-test: warning: no such node (c10:250), which loads module check_test; run kmod-devname create [absent]'
	for operands in '' '-b /' '-b /../'; do
		# shellcheck disable=SC2086 # words
		status 0 in_mounts sh inner "" $operands > out 2> err
		grep -qxF "$absent" out || fail "$operands: $(cat out err)"
	done
	for operands in "$release" "-b root" "--all"; do
		# shellcheck disable=SC2086 # words
		status 0 in_mounts sh inner "" $operands > out 2> err
		! grep '\[absent]' out || fail "$operands: looks at /dev"
	done
}

test_notes_are_for_verbose_and_json() {
	need_library SMARTCOLS
	node kvm_hv kvm char-major-10-232
	node kvm_pr kvm char-major-10-232
	installed 'kvm_hv kvm c10:232' 'kvm_pr kvm c10:232'
	check 0 -b root 6.1.0
	[ ! -s out ]
	check 0 --json -q -b root 6.1.0
	grep -q '"shared-node"' out
}

test_ignored_findings_do_not_count() {
	make_warning
	: > $M/modules.devname
	check 1 --strict --ignore same-number -b root 6.1.0
	check 0 --strict --ignore same-number,out-of-date -b root 6.1.0
	[ ! -s out ]
	check 0 --strict --ignore same-number --ignore=out-of-date -b root 6.1.0
	for list in '' nosuch same-number,nosuch ',' 'same-number,' same systems; do
		check 2 --ignore "$list" -b root 6.1.0
		[ ! -s out ]
		bad=${list#same-number,}
		echo "kmod-devname: --ignore: '${bad%,}' is not a code; run kmod-devname check --list-codes" |
			same err
	done
}

test_all_kernels_are_named() {
	need_library SMARTCOLS
	need_program python3
	make_warning
	mkdir -p root/lib/modules/6.2.0/kernel
	check 0 --json -b root --all
	python3 - <<-'END'
		import json
		rows = [(r["kernel"], r["code"], r["severity"]) for r in json.load(open("out"))["findings"]]
		assert rows == [("6.1.0", "same-number", "warning"), ("6.2.0", "no-file", "warning")], rows
	END
	cp out all
	check 0 --json -b root 6.1.0 6.2.0
	cmp all out
	# the worst counts
	check 1 --strict --ignore same-number -b root --all
	check 0 --strict --ignore same-number,no-file -b root --all
}

test_json_without_findings_is_an_empty_list() {
	need_library SMARTCOLS
	need_program python3
	installed
	check 0 --json -b root 6.1.0
	python3 -c 'import json; assert json.load(open("out")) == {"findings": []}'
	module x.ko alias=devname:x
	check 1 --json x.ko
	python3 - <<-'END'
		import json
		row, = json.load(open("out"))["findings"]
		assert (row["file"], row["line"], row["kernel"]) == ("x.ko", None, None), row
	END
}

# The exit status tells that the object has not the findings of all of them.
test_json_has_what_was_checked_beside_a_failure() {
	need_program python3
	module good.ko alias=devname:good alias=char-major-240-1
	module bad.ko alias=devname:bad
	ln -s /proc/self/mem failing.ko
	[ -r /proc/self/mem ] || skip "there is no /proc"
	check 2 --json failing.ko good.ko
	python3 -c 'import json; assert json.load(open("out")) == {"findings": []}'
	check 2 --json bad.ko failing.ko
	python3 -c 'import json; assert len(json.load(open("out"))["findings"]) == 1'
	check 2 --json failing.ko
	[ ! -s out ] || fail "$(cat out)"
	# one step fails, and the others are a result
	mkdir -p root/lib/modules/6.3.0/modules.devname
	check 2 --json -b root 6.3.0
	python3 -c 'import json; assert "findings" in json.load(open("out"))'
}

test_hints_quote_what_a_shell_would_split() {
	node fuse fuse char-major-10-229
	installed 'fuse fuse c10:229'
	dir="my dev's"
	mkdir "$dir"
	check 0 --dev "$dir" -b root 6.1.0
	grep -qF "; run kmod-devname create --basedir root --dev 'my dev'\"'\"'s' [absent]" out ||
		fail "$(cat out)"
	hint=$(sed -n 's/.*; run \(.*\) \[absent\]$/\1/p' out)
	sh -euc "$hint --dry-run 6.1.0" > created
	echo 'create fuse c10:229 0600 0 0' | same created
	mkdir -p "$dir/lib/modules"
	check 2 "$dir/"
	grep -qF "; use --basedir 'my dev'\"'\"'s/' --all for its kernels" err || fail "$(cat err)"
}

test_failures_are_said_and_are_no_findings() {
	installed
	check 2 -b root 9.9.9
	[ ! -s out ]
	grep -q 'kernel 9.9.9 not found' err
	check 2 --json -b root 9.9.9
	[ ! -s out ]
	check 2 -b root --all 6.1.0
	check 2 -b root ./nothing.ko
	check 2 --udev-root=nowhere -b root 6.1.0
	grep -q '^kmod-devname: nowhere: ' err
	status 2 sh -c 'kmod-devname check -b root 6.1.0 --json > /dev/full'
	rm $M/modules.devname
	mkfifo $M/modules.devname
	check 2 -b root 6.1.0
	grep -q 'modules.devname: ' err
}

# --- trees that somebody else has made -----------------------------------------------------

test_bytes_of_others_are_escaped() {
	name=$(printf 'a\n\033[31m\377"\\b')
	module "$M/kernel/$name.ko" alias=devname:x alias=char-major-10-1
	echo garbage > "$M/kernel/x$name.ko"
	mkdir -p root/etc/depmod.d
	echo "$name" > "root/etc/depmod.d/$name.conf"
	: > $M/modules.devname
	check 1 -v -b root 6.1.0
	[ "$(grep -c '' out)" -ge 2 ]
	has SMARTCOLS || return 0
	need_program python3
	check 1 --json -b root 6.1.0
	python3 -c 'import json; assert len(json.load(open("out"))["findings"]) >= 2'
}

test_links_do_not_lead_out_of_the_root() {
	node fuse fuse char-major-10-229
	installed
	printf '%s\nfuse fuse c10:229\n' "$HEADER" > outside
	rm $M/modules.devname
	ln -s "$PWD/outside" $M/modules.devname
	check 1 -q -b root 6.1.0
	grep -q '\[no-file]$' out
	mkdir -p rules root/etc/udev
	echo 'KERNEL=="fuse", MODE="0666"' > rules/a.rules
	ln -s "$PWD/rules" root/etc/udev/rules.d
	check 1 -v -b root 6.1.0
	! grep 'no-static-node' out || fail "rules of outside"
}

test_patterns_take_no_time() {
	name=$(head -c 250 /dev/zero | tr '\0' a)
	node x "$name" char-major-10-250
	installed "x $name c10:250"
	mkdir -p root/etc/udev/rules.d
	{
		printf 'KERNEL=="'
		head -c 12000 /dev/zero | sed 's/\x0/*a/g' | head -c 12000
		printf 'b|'
		printf '*a%.0s' $(seq 200)
		printf 'b", MODE="0666"\n'
	} > root/etc/udev/rules.d/a.rules
	status 0 timeout 600 kmod-devname check -b root 6.1.0 > out
	[ ! -s out ]
}

test_many_findings_are_counted() {
	installed
	{
		echo "$HEADER"
		seq -f 'm%.0f' 12000
	} > $M/modules.devname
	status 1 kmod-devname check -b root 6.1.0 > out 2> err
	[ "$(grep -c '\[bad-line]$' out)" -eq 10000 ]
	grep -q '2000 more findings' err
}

# They are counted by severity: warnings that --quiet leaves out are not counted in words either.
test_findings_beyond_the_limit_have_a_severity() {
	installed
	mkdir -p root/etc/depmod.d
	awk 'BEGIN { while (i++ < 10005) print "nonsense" }' > root/etc/depmod.d/a.conf
	more='kmod-devname: root/etc/depmod.d/a.conf: 5 more findings'
	status 0 kmod-devname check -b root 6.1.0 > out 2> err
	[ "$(grep -c '\[bad-config]$' out)" -eq 10000 ]
	grep -qxF "$more" err || fail "$(cat err)"
	status 0 kmod-devname check -q -b root 6.1.0 > out 2> err
	[ ! -s out ]
	! grep 'more findings' err || fail "counts what is not wanted"
	status 1 kmod-devname check -q --strict -b root 6.1.0 > out 2> err
	# JSON has the findings of each severity
	has SMARTCOLS || return 0
	status 0 kmod-devname check -q --json -b root 6.1.0 > out 2> err
	grep -qxF "$more" err || fail "$(cat err)"
}

# --- the codes --------------------------------------------------------------------------------

# One list for --list-codes, --ignore and the page of findings.
test_codes_are_listed() {
	status 0 kmod-devname check --list-codes > out
	[ "$(awk 'length > 80' out | wc -l)" -eq 0 ]
	awk '{ print $1 }' out | sort > listed
	sed -n 's/^ \* @KMOD_DEVNAME_[A-Z_]*: "\([a-z-]*\)":.*/\1/p' \
		"$top_srcdir/libkmod-devname/libkmod-devname.h" | sort | diff -u - listed
	# each entry of the page begins with severities and meaning: "Error or warning. MEANING."
	sed -e 's/\\//g' "$top_srcdir/man/kmod-devname-findings.7.scd" | awk '
		/^\|\[ +\*[a-z-]+\*$/ || /^\|  +\*[a-z-]+\*$/ {
			if (code) print code, text
			code = $2; gsub(/\*/, "", code); text = ""; next
		}
		/^:/ { sub(/^:<? */, ""); text = $0; next }
		/^   / { if (code) { sub(/^ */, ""); text = text " " $0 } next }
		{ if (code) print code, text; code = "" }' > page
	awk '{ print $1 }' page | sort | diff -u listed -
	sed 's/^\([^ ]*\) *\([^ ]*\) *\(.*\)/\1 \2. \3./' out | while read -r line; do
		code=${line%% *}
		entry=$(sed -n "s/^$code //p" page)
		severities=$(echo "${entry%%. *}" | sed 's/, / /g; s/ or / /g; y/EWN/ewn/; s| |/|g')
		rest=${entry#*. }
		case "$code $severities. $rest" in
		"$line"*) ;;
		*) fail "$line: the page has $entry" ;;
		esac
	done
}

# --- this script ---------------------------------------------------------------------------

# All that the header has, which are those that --ignore knows, and "system".
test_every_finding_has_a_tree() {
	sed -n 's/^ \* @KMOD_DEVNAME_[A-Z_]*: "\([a-z-]*\)":.*/\1/p' \
		"$top_srcdir/libkmod-devname/libkmod-devname.h" | sort > codes
	[ "$(wc -l < codes)" -gt 30 ]
	sed -nE 's/^(.*\| |	+)(only [01]|has_only) ([a-z-]+) .*/\3/p' \
		"$top_srcdir/testsuite/cli/check.sh" | sort -u > trees
	diff -u codes trees
	count "$(wc -l < codes) kinds of findings, each with a tree that has this one only"
	module x.ko
	grep -v '^system$' codes | while read -r code; do
		check 0 --ignore "$code" ./x.ko
	done
}

run_tests "$@"
