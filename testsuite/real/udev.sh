#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the library says of static nodes is what others say of them: the known permissions of
# Debian's udev, the tmpfiles.d file that comes with it, and systemd-udevd itself, which runs in
# a root directory, with a /dev and namespaces of its own. Of the random files of rules there are 50,
# or 500 with KMOD_DEVNAME_ALL=1.

. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

UDEV=${KMOD_DEVNAME_UDEV:-${XDG_CACHE_HOME:-$HOME/.cache}/kmod-devname/udev}/root

need_udev() {
	[ -d "$UDEV" ] || skip "udev is not there: testsuite/lib/fetch-udev gets it"
}

# Makes a root directory with users, Debian's groups, and one that udev's postinst makes.
make_root() {
	mkdir -p root/etc root/usr/lib/udev/rules.d root/usr/bin
	ln -s usr/lib root/lib
	ln -s usr/bin root/bin
	printf '%s\n' root:x:0:0::/: alice:x:1001:1001::/: > root/etc/passwd
	cp "$UDEV/usr/share/base-passwd/group.master" root/etc/group
	echo kvm:x:104: >> root/etc/group
}

copy_rules() { # PATTERN
	if [ -d "$UDEV/usr/lib/udev/rules.d" ]; then
		rules=$UDEV/usr/lib/udev/rules.d
	else
		rules=$UDEV/lib/udev/rules.d
	fi
	# shellcheck disable=SC2086 # a pattern
	cp "$rules"/$1 root/lib/udev/rules.d/
}

test_debian_rules_give_what_is_known_of_them() {
	need_udev
	make_root
	copy_rules '*.rules'
	cat > expected <<-'END'
	snd/seq 660 0 29
	snd/timer 660 0 29
	loop-control 660 0 6
	net/tun 666 0 0
	fuse 666 0 0
	kvm 660 0 104
	vfio/vfio 666 0 0
	vhost-net 660 0 104
	vhost-vsock 660 0 104
	autofs 600 0 0
	btrfs-control 600 0 0
	cuse 600 0 0
	mapper/control 600 0 0
	rfkill 600 0 0
	uinput 600 0 0
	END
	# shellcheck disable=SC2046 # names without blanks
	permissions root $(cut -d ' ' -f 1 expected) > got 2> messages
	diff -u expected got
	same messages < /dev/null
}

gid_of() { # GROUP, or - for root
	awk -F : -v name="$1" 'name == "-" { print 0; exit } $1 == name { print $3 }' root/etc/group
}

# It is kept by hand to match the rules; version 252 lacks vfio/vfio.
test_debian_rules_give_what_its_tmpfiles_have() {
	need_udev
	make_root
	copy_rules '*.rules'
	sed -n 's,^z /dev/,,p' "$UDEV/usr/lib/tmpfiles.d/static-nodes-permissions.conf" > lines
	[ "$(wc -l < lines)" -ge 8 ] || fail "the lines were not found"
	while read -r name mode _ group _; do
		echo "$name ${mode#0} 0 $(gid_of "$group")"
	done < lines > expected
	# shellcheck disable=SC2046 # names without blanks
	permissions root $(cut -d ' ' -f 1 expected) > got
	diff -u expected got
}

test_groups_of_the_running_system_are_not_asked() {
	need_udev
	make_root
	copy_rules '*.rules'
	: > root/etc/group
	permissions root fuse kvm snd/seq > got 2> messages
	same got <<-'END'
	fuse 666 0 0
	kvm 600 0 0
	snd/seq 600 0 0
	END
	grep -q "'snd/seq' has unknown group 'audio'" messages
}

# --- systemd-udevd -------------------------------------------------------------------------

# Puts the program and the libraries that it needs into the root directory.
install_udevd() {
	mkdir -p root/dev root/run root/proc root/sys
	cp "$UDEV"/bin/udevadm root/bin/systemd-udevd 2>/dev/null ||
		cp "$UDEV"/usr/bin/udevadm root/bin/systemd-udevd
	ldd root/bin/systemd-udevd > libraries 2>&1 || skip "udevd of another architecture"
	! grep -q 'not found' libraries ||
		skip "udevd cannot run here: $(sed -n 's/[[:space:]]*\(.*\) => not found/\1/p' libraries |
			tr '\n' ' ')"
	grep -o '/[^ ]*' libraries | while read -r library; do
		mkdir -p "root/${library%/*}"
		cp -L "$library" "root/$library"
	done
}

# Makes nodes NAME... of mode 0600 in a new /dev, and prints what udevd has made of them when it
# has done all rules: the last of them is for the node "last". It has a network of its own, and
# /proc, which chmod(2) through a descriptor needs, is read-only.
cat_inner() {
	cat <<-'END'
	set -eu
	mount -t tmpfs none root/dev
	mount -t tmpfs none root/run
	mount --bind /proc root/proc
	mount -o remount,bind,ro root/proc
	for name in "$@" last; do
		mkdir -p "root/dev/$(dirname "$name")"
		mknod -m 600 "root/dev/$name" c 10 229
	done
	mknod -m 666 root/dev/null c 1 3
	chroot root /bin/systemd-udevd --debug --children-max=1 > udevd.log 2>&1 &
	udevd=$!
	tries=0
	while [ "$(stat -c %a root/dev/last)" = 600 ] && [ $tries -lt 6000 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	kill $udevd || :
	wait $udevd || :
	[ $tries -lt 6000 ] || exit 1
	for name; do
		echo "$name $(stat -c '%a %u %g' "root/dev/$name")"
	done
	END
}

# Whether it may be done at all: root, and namespaces that have not been taken away.
need_namespaces() {
	[ "$(id -u)" -eq 0 ] || skip "only root can run udevd"
	mkdir try
	unshare -m -n -p --kill-child --propagation private sh -c 'mount -t tmpfs none try &&
		mknod try/null c 1 3 && : > try/null' 2>/dev/null ||
		skip "no namespaces, or no device nodes in them"
}

run_udevd() { # NAME...
	echo 'MODE="0666", OPTIONS+="static_node=last"' > root/usr/lib/udev/rules.d/99-zz.rules
	cat_inner > inner
	# udevd goes when the test does
	unshare -m -n -p --kill-child --propagation private sh inner "$@" ||
		fail "udevd did not do all rules: $(tail -n 20 udevd.log)"
}

compare_with_udevd() { # NAME...
	install_udevd
	run_udevd "$@" > expected
	permissions root "$@" > got 2> messages
	diff -u expected got || fail "systemd-udevd does something else"
}

# One file for each rule, so that one that confuses udevd does not hide the next. @ is the node.
write_rules() { # COUNT: at least so many are expected
	n=0
	while IFS= read -r rule; do
		n=$((n + 1))
		# shellcheck disable=SC2059 # the rules are formats, for what is not printable
		printf "$rule\n" | sed "s/@/n$n/g" > "root/lib/udev/rules.d/$n.rules"
	done
	[ "$n" -ge "$1" ] || fail "the rules were not read"
}

test_udevd_does_the_same_with_rules_of_all_kinds() {
	need_udev
	need_namespaces
	make_root
	write_rules 120 <<-'END'
	KERNEL=="x", GROUP="disk", OPTIONS+="static_node=@"
	OPTIONS+="static_node=@", GROUP="disk"
	MODE="666", OPTIONS+="static_node=@"
	MODE=" 0640", OPTIONS+="static_node=@"
	MODE:="0644", OPTIONS="static_node=@"
	MODE+="0644", OPTIONS:="static_node=@"
	MODE-="0644", OPTIONS+="static_node=@"
	MODE=="0644", OPTIONS+="static_node=@"
	MODE="0644", OPTIONS=="static_node=@"
	OWNER="alice", OPTIONS+="static_node=@"
	OWNER="1001", GROUP="104", OPTIONS+="static_node=@"
	OWNER="alice", GROUP="0", OPTIONS+="static_node=@"
	GROUP="root", OPTIONS+="static_node=@"
	TAG+="uaccess", OPTIONS+="static_node=@"
	,, MODE = "0666" ,,OPTIONS += "static_node=@" ,
	MODE="0666"OPTIONS+="static_node=@"
	MODE="0666", OPTIONS+="static_node=@" # comment
	MODE="0$env{x}", OPTIONS+="static_node=@"
	MODE="0%%k", GROUP="kvm", OPTIONS+="static_node=@"
	GROUP="%%k", MODE="0640", OPTIONS+="static_node=@"
	GROUP="[x/y]z", MODE="0640", OPTIONS+="static_node=@"
	MODE="0640", MODE="0604", OPTIONS+="static_node=@"
	MODE="0640", MODE="$x", OPTIONS+="static_node=@"
	GROUP="disk", GROUP="kvm", OPTIONS+="static_node=@"
	MODE="10666", GROUP="kvm", OPTIONS+="static_node=@"
	MODE="rw", GROUP="kvm", OPTIONS+="static_node=@"
	MODE="0640"\\\n, OPTIONS+="static_node=@"
	MODE="0640", \\\n  \\\n   OPTIONS+="static_node=@"
	MODE="0640", \\\n# comment\n   OPTIONS+="static_node=@"
	MODE="0640", \\\n\n OPTIONS+="static_node=@"
	MODE="0640", \\ \n OPTIONS+="static_node=@"
	MODE="0640", \\\r\n OPTIONS+="static_node=@"\r
	# MODE="0640", \\\nMODE="0604", OPTIONS+="static_node=@"
	MODE=e"\\x30640", OPTIONS+=e"static\\x5fnode=@"
	MODE=e"\\060640", OPTIONS+="static_node=@"
	MODE=e"\\u0030640", OPTIONS+="static_node=@"
	MODE=e"\\q0640", OPTIONS+="static_node=@"
	MODE="0640", ENV{X}=e"\\x4", OPTIONS+="static_node=@"
	MODE="0640", ENV{X}=e"\\000", OPTIONS+="static_node=@"
	MODE="0640", ENV{X}=e"a\\"b\\\\", OPTIONS+="static_node=@"
	MODE="0640", ENV{X}="a\\"b\\\\x", OPTIONS+="static_node=@"
	MODE="0640", ENV{X}="a\\\\", OPTIONS+="static_node=@"
	MODE="0640", OPTIONS+="nonsense", OPTIONS+="static_node=@"
	MODE="0640", OPTIONS+="watch,static_node=@"
	MODE="0640", OPTIONS+="static_node=@,watch"
	MODE="0640", OPTIONS+="static_node=@
	MODE=0640, OPTIONS+="static_node=@"
	MODE{x}="0640", OPTIONS+="static_node=@"
	MODE="0640", ATTR{x="y", OPTIONS+="static_node=@"
	GOTO="end"\nMODE="0640", OPTIONS+="static_node=@"\nLABEL="end"
	MODE="0640", OPTIONS+="static_node=@"\nGROUP="kvm", OPTIONS+="static_node=@"
	MODE="0640", OPTIONS+="static_node=@"\nOWNER="alice", OPTIONS+="static_node=@"
	GROUP="kvm", OPTIONS+="static_node=@"\nMODE="0640", OPTIONS+="static_node=@"
	KERNEL="fuse", MODE="0666", OPTIONS+="static_node=@"
	KERNEL+="fuse", MODE="0666", OPTIONS+="static_node=@"
	KERNEL{x}=="fuse", MODE="0666", OPTIONS+="static_node=@"
	KERNEL{}=="fuse", MODE="0666", OPTIONS+="static_node=@"
	FOO=="bar", MODE="0666", OPTIONS+="static_node=@"
	SUBSYTEM=="misc", MODE="0666", OPTIONS+="static_node=@"
	kernel=="fuse", MODE="0666", OPTIONS+="static_node=@"
	RUN=="x", MODE="0666", OPTIONS+="static_node=@"
	RUN-="x", MODE="0666", OPTIONS+="static_node=@"
	RUN{}+="x", MODE="0666", OPTIONS+="static_node=@"
	RUN{x}+="x", MODE="0666", OPTIONS+="static_node=@"
	RUN{program}+="x", RUN+="y", RUN{builtin}+="kmod", MODE="0666", OPTIONS+="static_node=@"
	ATTR=="x", MODE="0666", OPTIONS+="static_node=@"
	ATTR{}=="x", MODE="0666", OPTIONS+="static_node=@"
	ATTR{y}-="x", MODE="0666", OPTIONS+="static_node=@"
	ATTR{y}=="x", ATTR{z}="x", ATTR{z}+="x", MODE="0666", OPTIONS+="static_node=@"
	ATTRS{y}=="x", MODE="0666", OPTIONS+="static_node=@"
	ATTRS{y}="x", MODE="0666", OPTIONS+="static_node=@"
	ATTRS=="x", MODE="0666", OPTIONS+="static_node=@"
	SYSCTL{y}=="x", SYSCTL{y}="x", MODE="0666", OPTIONS+="static_node=@"
	SYSCTL="x", MODE="0666", OPTIONS+="static_node=@"
	IMPORT="x", MODE="0666", OPTIONS+="static_node=@"
	IMPORT{x}="x", MODE="0666", OPTIONS+="static_node=@"
	IMPORT{db}-="x", MODE="0666", OPTIONS+="static_node=@"
	IMPORT{file}="x", IMPORT{program}=="x", IMPORT{builtin}="kmod", MODE="0666", OPTIONS+="static_node=@"
	IMPORT{db}+="x", IMPORT{cmdline}!="x", IMPORT{parent}:="x", MODE="0666", OPTIONS+="static_node=@"
	TEST{9999}=="x", MODE="0666", OPTIONS+="static_node=@"
	TEST{17777}=="x", MODE="0666", OPTIONS+="static_node=@"
	TEST{0444}=="x", TEST{}=="x", TEST=="x", MODE="0666", OPTIONS+="static_node=@"
	TEST="x", MODE="0666", OPTIONS+="static_node=@"
	CONST{arch}=="x", CONST{virt}!="x", MODE="0666", OPTIONS+="static_node=@"
	CONST{x}=="x", MODE="0666", OPTIONS+="static_node=@"
	CONST=="x", MODE="0666", OPTIONS+="static_node=@"
	CONST{arch}="x", MODE="0666", OPTIONS+="static_node=@"
	TAG=="x", TAG-="x", TAG="x", TAG:="x", MODE="0666", OPTIONS+="static_node=@"
	TAG{x}=="x", MODE="0666", OPTIONS+="static_node=@"
	TAGS=="x", KERNELS=="x", DRIVERS!="x", SUBSYSTEMS=="x", MODE="0666", OPTIONS+="static_node=@"
	TAGS+="x", MODE="0666", OPTIONS+="static_node=@"
	KERNELS="x", MODE="0666", OPTIONS+="static_node=@"
	DRIVERS{x}=="x", MODE="0666", OPTIONS+="static_node=@"
	SUBSYSTEMS="x", MODE="0666", OPTIONS+="static_node=@"
	ACTION=="x", DEVPATH!="x", DRIVER=="x", SUBSYSTEM=="x", MODE="0666", OPTIONS+="static_node=@"
	ACTION="x", MODE="0666", OPTIONS+="static_node=@"
	DEVPATH="x", MODE="0666", OPTIONS+="static_node=@"
	DRIVER="x", MODE="0666", OPTIONS+="static_node=@"
	SUBSYSTEM="x", MODE="0666", OPTIONS+="static_node=@"
	NAME=="x", NAME="x", NAME+="x", MODE="0666", OPTIONS+="static_node=@"
	NAME="", MODE="0666", OPTIONS+="static_node=@"
	NAME="%%k", MODE="0666", OPTIONS+="static_node=@"
	NAME="%%n", NAME=="", MODE="0666", OPTIONS+="static_node=@"
	NAME-="x", MODE="0666", OPTIONS+="static_node=@"
	SYMLINK=="x", SYMLINK="x", SYMLINK+="x", SYMLINK:="x", MODE="0666", OPTIONS+="static_node=@"
	SYMLINK{x}+="x", MODE="0666", OPTIONS+="static_node=@"
	ENV{x}=="x", ENV{x}="x", ENV{x}+="x", ENV{x}:="x", MODE="0666", OPTIONS+="static_node=@"
	ENV=="x", MODE="0666", OPTIONS+="static_node=@"
	ENV{}=="x", MODE="0666", OPTIONS+="static_node=@"
	ENV{x}-="x", MODE="0666", OPTIONS+="static_node=@"
	ENV{DEVNAME}="x", MODE="0666", OPTIONS+="static_node=@"
	ENV{DEVNAME}=="x", MODE="0666", OPTIONS+="static_node=@"
	ENV{TAGS}+="x", MODE="0666", OPTIONS+="static_node=@"
	PROGRAM=="x", PROGRAM="x", RESULT=="x", MODE="0666", OPTIONS+="static_node=@"
	PROGRAM{x}=="x", MODE="0666", OPTIONS+="static_node=@"
	PROGRAM-="x", MODE="0666", OPTIONS+="static_node=@"
	RESULT="x", MODE="0666", OPTIONS+="static_node=@"
	SECLABEL{x}="x", SECLABEL{x}+="x", MODE="0666", OPTIONS+="static_node=@"
	SECLABEL="x", MODE="0666", OPTIONS+="static_node=@"
	SECLABEL{x}=="x", MODE="0666", OPTIONS+="static_node=@"
	LABEL="x", MODE="0666", OPTIONS+="static_node=@"
	LABEL+="x", MODE="0666", OPTIONS+="static_node=@"
	LABEL=="x", MODE="0666", OPTIONS+="static_node=@"
	LABEL{x}="x", MODE="0666", OPTIONS+="static_node=@"
	GOTO:="x", MODE="0666", OPTIONS+="static_node=@"
	OWNER=="alice", MODE="0666", OPTIONS+="static_node=@"
	GROUP{x}="kvm", MODE="0666", OPTIONS+="static_node=@"
	OPTIONS+="link_priority=-7", MODE="0666", OPTIONS+="static_node=@"
	OPTIONS+="link_priority=x", MODE="0666", OPTIONS+="static_node=@"
	OPTIONS+="log_level=debug", OPTIONS+="log_level=reset", MODE="0666", OPTIONS+="static_node=@"
	OPTIONS+="log_level=3", MODE="0666", OPTIONS+="static_node=@"
	OPTIONS+="log_level=x", MODE="0666", OPTIONS+="static_node=@"
	END
	# shellcheck disable=SC2046 # names without blanks
	compare_with_udevd $(seq -f 'n%g' "$n")
	# something was changed at all, by both
	[ "$(grep -vc ' 600 0 0$' expected)" -gt 25 ] || fail "udevd did nothing"
}

udevd_version() {
	chroot root /bin/systemd-udevd --version | sed 's/[^0-9].*//'
}

# What all versions from 252 on do the same with. The rest is in test-permissions.c.
test_udevd_does_the_same_with_keys_of_all_versions() {
	need_udev
	need_namespaces
	make_root
	{
		sed 's/$/, MODE="0640", OPTIONS+="static_node=@"/' <<-'END'
		SYMLINK-=i"y"
		CONST{cvm}="x"
		CONST{CVM}=="x"
		TEST==i"x"
		PROGRAM==i"x"
		IMPORT{db}==i"x"
		OWNER=i"root"
		OPTIONS+="dump", OPTIONS+="dump-json"
		OPTIONS-="dump"
		OPTIONS+="link_priority=-2147483648"
		OPTIONS+="link_priority=-2147483649"
		OPTIONS+="link_priority=2147483647"
		OPTIONS+="link_priority=2147483648"
		OPTIONS+="link_priority=+7"
		OPTIONS+="link_priority="
		IMPORT{builtin}=" \tpath_id\tx"
		IMPORT{builtin}="net_idx"
		RUN{builtin}+="KMOD load"
		RUN{builtin}+="kmod,load"
		END
		# names of nodes, and ends of lines
		cat <<-'END'
		MODE="0640", OPTIONS+="static_node=./@"
		MODE="0640", OPTIONS+="static_node=//@"
		MODE="0640", OPTIONS+="static_node=.//././@"
		MODE="0640", OPTIONS+="static_node=/dev/@"
		MODE="0604", OPTIONS+="static_node=@"\rMODE="0640", OPTIONS+="static_node=@"\r
		MODE="0640",\r OPTIONS+="static_node=@"
		MODE="0640",\000 OPTIONS+="static_node=@"
		MODE="0640", \\\n\r OPTIONS+="static_node=@"
		MODE="0640", \\\r\n\000 OPTIONS+="static_node=@"
		MODE="0640", \\\r\r\n OPTIONS+="static_node=@"
		MODE="0640", \\\000\n OPTIONS+="static_node=@"
		MODE="0640", \\\\\n\n OPTIONS+="static_node=@"
		MODE="0640", \\\\\n OPTIONS+="static_node=@"
		OWNER="999", GROUP="999", OPTIONS+="static_node=@"
		END
		for name in blkid btrfs firmware hwdb input_id keyboard kmod net_id net_link \
			net_setup_link path_id uaccess usb_id nosuch; do
			echo "IMPORT{builtin}=\"$name x\", MODE=\"0640\", OPTIONS+=\"static_node=@\""
			echo "RUN{builtin}+=\"$name x\", MODE=\"0640\", OPTIONS+=\"static_node=@\""
		done
		for name in ACTION DEVLINKS DEVMODES DEVNAME DEVNUM DEVPATH DEVTYPE DRIVER IFINDEX MAJOR \
			MINOR PARTNAME SEQNUM SUBSYSTEM SYNTH_ARG TAGS x; do
			echo "ENV{$name}=\"x\", MODE=\"0640\", OPTIONS+=\"static_node=@\""
		done
		for name in ACTION DEVMODE DEVNAME SYNTH_ARG_X SYNTH_UUID TAGS; do
			echo "ENV{$name}==\"x\", MODE=\"0640\", OPTIONS+=\"static_node=@\""
		done
	} > tokens
	write_rules 80 < tokens
	# shellcheck disable=SC2046 # names without blanks
	compare_with_udevd $(seq -f 'n%g' "$n")
	[ "$(grep -vc ' 600 0 0$' expected)" -gt 40 ] || fail "udevd did nothing"
}

test_udevd_takes_the_same_files() {
	need_udev
	need_namespaces
	make_root
	install_udevd
	rm root/lib
	while read -r mode directory file; do
		mkdir -p "root/$directory/udev/rules.d"
		echo "MODE=\"0$mode\", OPTIONS+=\"static_node=n${file%.*}\"" \
			> "root/$directory/udev/rules.d/$file"
	done <<-'END'
	601 lib 1.rules
	602 usr/lib 1.rules
	603 usr/local/lib 1.rules
	604 etc 1.rules
	605 lib 2.rules
	606 usr/lib 2.rules
	607 usr/local/lib 2.rules
	610 lib 3.rules
	611 usr/lib 3.rules
	612 lib 4.rules
	613 lib 5.rules
	614 usr/lib 6.rules
	615 lib 7.rules
	616 etc 9.rules~
	END
	: > root/etc/udev/rules.d/5.rules
	ln -s /dev/null root/etc/udev/rules.d/6.rules
	ln -s /nowhere root/etc/udev/rules.d/7.rules
	echo 'MODE="0640", OPTIONS+="static_node=n8"' > root/etc/udev/rules.d/.8.rules
	echo 'MODE="0640", OPTIONS+="static_node=n9"' > root/etc/udev/rules.d/9.rules~
	run_udevd n1 n2 n3 n4 n5 n6 n7 n8 n9 > expected
	if [ "$(udevd_version)" -ge 255 ]; then
		# the rule for n4 is in lib alone
		known_difference udev_lib
		grep -qx 'n4 600 0 0' expected || fail "udevd reads lib/udev/rules.d"
		sed -i 's/^n4 .*/n4 612 0 0/' expected
	fi
	permissions root n1 n2 n3 n4 n5 n6 n7 n8 n9 > got 2> messages
	diff -u expected got || fail "systemd-udevd does something else"
}

# Only the file that has static nodes: others would act if a device came in that moment.
test_udevd_does_the_same_with_debian_rules() {
	need_udev
	need_namespaces
	make_root
	copy_rules 50-udev-default.rules
	compare_with_udevd snd/seq snd/timer loop-control net/tun fuse kvm vfio/vfio vhost-net \
		vhost-vsock btrfs-control rfkill
}

# A hundred files for each udevd, which takes some seconds to start.
test_nodes_have_no_more_than_udevd_gives_by_random_rules() {
	need_udev
	need_namespaces
	command -v python3 > /dev/null || skip "no python3"
	make_root
	echo daemon:x:1:1::/: >> root/etc/passwd
	install_udevd
	seed=20261130 files=$(how_many 50 500) first=0
	while [ $first -lt "$files" ]; do
		size=$((files - first < 100 ? files - first : 100))
		rm -f root/lib/udev/rules.d/*
		python3 "$top_srcdir/testsuite/real/udev-rules.py" make $size $seed $first \
			root/lib/udev/rules.d
		names=$(seq -f 'n%g' $first $((first + size - 1)))
		# shellcheck disable=SC2086 # names without blanks
		run_udevd $names > expected
		# shellcheck disable=SC2086 # names without blanks
		permissions root $names > got 2> messages
		python3 "$top_srcdir/testsuite/real/udev-rules.py" judge expected got messages >> counts ||
			fail "seed $seed: see the files $first to $((first + size - 1))"
		first=$((first + size))
	done
	awk '{ same += $1; changed += $2; nothing += $3 } END { print same, changed, nothing }' counts > sum
	read -r same changed nothing < sum
	[ "$changed" -ge $((files / 10)) ] || fail "udevd did nothing"
	known_difference udev_versions
	[ "$nothing" -gt 0 ] || fail "no rule was in doubt"
	count "$same of $files nodes as by udevd, which has changed $changed, seed $seed; $nothing in doubt"
}

run_tests "$@"
