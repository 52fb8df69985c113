#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The static tool, of a build with --enable-static-tool=only: it needs no file but itself and
# modules.devname, does what the usual build does, and says what it cannot do.
# KMOD_DEVNAME_DYNAMIC is the program of a usual build, KMOD_DEVNAME_EMULATOR a static program
# that runs those of the machine that this build is for.

. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

PROGRAM=$top_builddir/kmod-devname.static
EMULATOR=${KMOD_DEVNAME_EMULATOR:-}

# An initramfs with nothing in it but the program and two kernels.
make_root() {
	mkdir -p root/lib/modules/good root/lib/modules/bad root/lib/modules/none
	cp "$PROGRAM" root/kmod-devname
	[ -z "$EMULATOR" ] || cp "$(command -v "$EMULATOR")" root/emulator
	cat > root/lib/modules/good/modules.devname <<-'END'
	# Device nodes to trigger on-demand module loading.
	fuse fuse c10:229
	tun net/tun c10:200
	dm_mod mapper/control c10:236
	loop loop0 b4095:1048575
	END
	# a line that is none, a number that is none, a line without its end
	cp root/lib/modules/good/modules.devname root/lib/modules/bad/modules.devname
	printf 'one two\nx x c10:255\ny y c10:2' >> root/lib/modules/bad/modules.devname
}

enter() { # COMMAND...: with the directory "root" as root directory
	if [ "$(id -u)" -eq 0 ]; then
		chroot root "$@"
	else
		unshare -r chroot root "$@"
	fi
}

need_chroot() {
	[ "$(id -u)" -eq 0 ] || unshare -r true 2>/dev/null ||
		skip "neither root nor user namespaces to be root in"
}

# run STATUS ARGUMENT...: the program in its root; output goes to "out" and "messages".
run() {
	run_wanted=$1
	shift
	status "$run_wanted" enter ${EMULATOR:+/emulator} /kmod-devname "$@" > out 2> messages
}

says_nothing() {
	[ ! -s messages ] || fail "there are messages: $(cat messages)"
}

print_size() {
	[ ! -e "$PROGRAM" ] || echo "# count: size of the static tool: $(wc -c < "$PROGRAM") bytes"
}

test_program_asks_for_no_loader_and_no_library() {
	readelf --version >/dev/null 2>&1 || skip "readelf is not installed"
	readelf -hlW "$PROGRAM" > headers
	grep -q 'Type:  *\(EXEC\|DYN\)' headers || fail "no program: $(cat headers)"
	! grep -w INTERP headers || fail "asks for a loader"
	readelf -dW "$PROGRAM" > dynamic
	! grep -w NEEDED dynamic || fail "asks for a library"
}

test_list_runs_where_there_is_nothing_else() {
	need_chroot
	make_root
	run 0 list --raw good
	says_nothing
	same out <<-'END'
	NAME TYPE MAJ:MIN MODULE
	fuse char 10:229 fuse
	net/tun char 10:200 tun
	mapper/control char 10:236 dm_mod
	loop0 block 4095:1048575 loop
	END
}

test_list_names_bad_lines() {
	need_chroot
	make_root
	run 1 list --raw --noheadings -o PATH bad
	same out <<-'END'
	/dev/fuse
	/dev/net/tun
	/dev/mapper/control
	/dev/loop0
	END
	sed 's/: error: .*\[/: [/' messages | same /dev/fd/3 3<<-'END'
	kmod-devname: /lib/modules/bad/modules.devname:6: [bad-line]
	kmod-devname: /lib/modules/bad/modules.devname:7: [dynamic-minor]
	kmod-devname: /lib/modules/bad/modules.devname:8: [cut-line]
	END
	run 2 list none
	grep -q '/lib/modules/none/modules.devname: No such file' messages ||
		fail "the file is not named: $(cat messages)"
}

test_list_prints_what_the_dynamic_build_prints() {
	[ -n "${KMOD_DEVNAME_DYNAMIC:-}" ] || skip "KMOD_DEVNAME_DYNAMIC names no program"
	need_chroot
	make_root
	for kernel in good bad none; do
		wanted=0
		"$KMOD_DEVNAME_DYNAMIC" list --raw -b root "$kernel" > dynamic.out \
			2> dynamic.messages || wanted=$?
		run "$wanted" list --raw "$kernel"
		same out < dynamic.out
		sed 's,root/lib,/lib,' dynamic.messages | same messages
	done
}

test_static_nodes_prints_what_the_dynamic_build_prints() {
	[ -n "${KMOD_DEVNAME_DYNAMIC:-}" ] || skip "KMOD_DEVNAME_DYNAMIC names no program"
	need_chroot
	make_root
	for format in human tmpfiles devname mknod cpio device-table json; do
		"$KMOD_DEVNAME_DYNAMIC" static-nodes -f "$format" -b root good > dynamic.out
		run 0 static-nodes -f "$format" good
		says_nothing
		same out < dynamic.out
		run 0 static-nodes -f "$format" -o "/run/$format" good
		same "root/run/$format" < dynamic.out
	done
}

test_create_makes_nodes_where_there_is_nothing_else() {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to make device nodes"
	need_chroot
	make_root
	mkdir -p root/dev root/usr/lib/udev/rules.d root/etc
	echo 'KERNEL=="tun", GROUP="net", OPTIONS+="static_node=net/tun"' > root/usr/lib/udev/rules.d/50-x.rules
	echo 'net:x:4711:' > root/etc/group
	run 0 create --udev-permissions good
	says_nothing
	(cd root/dev && find . -type c -o -type b | sort | while read -r node; do
		stat -c '%n %F %t:%T %a %u:%g' "$node"
	done) | same /dev/fd/3 3<<-'END'
	./fuse character special file a:e5 600 0:0
	./loop0 block special file fff:fffff 600 0:0
	./mapper/control character special file a:ec 600 0:0
	./net/tun character special file a:c8 660 0:4711
	END
	run 0 create -n good
	[ ! -s out ] || fail "has more to do: $(cat out)"
}

test_generate_is_refused() {
	need_chroot
	make_root
	cp root/lib/modules/good/modules.devname before
	for option in --dry-run --help --quiet; do
		run 2 generate "$option" good
		[ ! -s out ] || fail "printed: $(cat out)"
		same messages <<-'END'
		kmod-devname: this build has no command 'generate': it is for an initramfs
		END
	done
	cmp before root/lib/modules/good/modules.devname
}

test_help_has_the_commands_of_this_build() {
	need_chroot
	make_root
	run 0 --help
	says_nothing
	sed -n '/^Commands:/,/^$/s/^  \([^ ]*\) .*/\1/p' out > commands
	same commands <<-'END'
	list
	static-nodes
	create
	END
	for command in list static-nodes create; do
		run 0 "$command" --help
		says_nothing
	done
}

test_version_tells_this_build_from_others() {
	need_chroot
	make_root
	run 0 --version
	same out <<-END
	kmod-devname $PACKAGE_VERSION
	-MODULES -LIBKMOD -SMARTCOLS -SELINUX
	END
}

test_install_puts_a_program_and_its_pages() {
	make -C "$top_builddir" install DESTDIR="$PWD/image" MAKEFLAGS= > make.log 2>&1 ||
		fail "make install: $(tail -n 20 make.log)"
	find image ! -type d | sed 's,.*/\([^/]*/[^/]*\)$,\1,' | sort | same /dev/fd/3 3<<-'END'
	bin/kmod-devname.static
	man5/modules.devname.5
	man7/kmod-devname-findings.7
	man8/kmod-devname-create.8
	man8/kmod-devname-list.8
	man8/kmod-devname-static-nodes.8
	man8/kmod-devname.8
	END
}

print_size
run_tests "$@"
