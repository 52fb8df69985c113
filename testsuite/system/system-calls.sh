#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a run asks of the kernel, told by strace: no other program but depmod behind the front end,
# no file outside of the directories that were given, no rights that an ordinary user has not.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

VER=6.1.0
TOOL=$top_builddir/kmod-devname
FRONT=$top_builddir/tools/depmod/depmod

# Outside of the root directory each run opens the libraries that it is linked with. libselinux asks
# whether there is SELinux; libkmod, for check and explain, reads the command line of the running
# kernel, whatever the root directory; the C library and the sanitizers look at the machine.
LOADER='(/usr)?/lib(64|x?32)?/|/etc/ld\.so\.(cache|preload)$|/usr/local/lib/'
# a prefix that is not the system's, for which libtool notes where the library will be
RUNPATH=$(readelf -d "$TOOL" 2>/dev/null | sed -n 's/.*(R[UN]*PATH).*\[\(.*\)\]/\1/p')
LOADER="$LOADER|${RUNPATH:-/lib}(/|\$)"
SELINUX='/sys/fs/selinux|/selinux$|/etc/selinux/config$|/proc/(filesystems|mounts)$'
LIBKMOD='/proc/cmdline$'
MACHINE='/proc/(self|thread-self|[0-9]+)/|/proc/sys/|/sys/devices/system/cpu|/dev/null$'

# A root directory with all that the commands read, and a device directory.
make_root() {
	command -v "$DEPMOD" > /dev/null || skip "depmod is not installed"
	modules=root/lib/modules/$VER
	module $modules/kernel/fuse.ko alias=devname:fuse alias=char-major-10-229
	module $modules/kernel/tun.ko alias=devname:net/tun alias=char-major-10-200
	printf '%s\n' kernel/tun.ko kernel/fuse.ko > $modules/modules.order
	printf 'alias char-major-10-229 fuse\nalias devname:fuse fuse\n' > $modules/modules.alias
	printf 'tun net/tun c10:200\nfuse fuse c10:229\n' |
		sed '1i # Device nodes to trigger on-demand module loading.' > $modules/modules.devname
	mkdir -p root/etc/depmod.d root/etc/modprobe.d root/etc/udev/rules.d root/dev elsewhere dev
	echo 'search updates built-in' > root/etc/depmod.d/a.conf
	echo 'blacklist tun' > root/etc/modprobe.d/a.conf
	echo 'KERNEL=="fuse", MODE="0666", OPTIONS+="static_node=fuse"' > root/etc/udev/rules.d/a.rules
	printf 'root:x:0:0::/root:/bin/sh\n' > root/etc/passwd
	printf 'root:x:0:\n' > root/etc/group
	# what names are looked up in
	: > $modules/modules.builtin
	: > $modules/modules.builtin.modinfo
	cp $modules/modules.alias $modules/modules.devname .
	"$DEPMOD" -b root $VER 2> err || fail "depmod: $(cat err)"
	mv modules.alias modules.devname $modules/
	cp -R root/lib elsewhere/
	cp -R $modules root/lib/modules/other
}

# A command line in each line. Only root can make nodes.
command_lines() {
	cat <<-END
	generate -b root $VER
	generate -b root --source=auto $VER
	generate -b root --source=index -n $VER
	generate -b root --threads 2 --outdir out $VER
	list -b root $VER
	list -b root --json $VER
	list -b root --output-all --dev dev --udev $VER
	static-nodes -b root -f tmpfiles --udev-permissions $VER
	static-nodes -b root -f json -o nodes.json $VER
	create -b root --dev dev -n $VER
	check -b root $VER
	check -b root --dev dev $VER
	diff -b root $VER other
	explain -b root --dev dev fuse $VER
	explain -b root --dev dev c10:200 $VER
	END
	[ "$(id -u)" -ne 0 ] || echo "create -b root --dev dev --udev-permissions $VER"
}

# Options without a command are for the front end.
tool_of() {
	case $1 in
	-*) echo "$FRONT" ;;
	*) echo "$TOOL" ;;
	esac
}

# traced ARGUMENT...: runs the tool; each call that has a name of a file, or runs something, is a
# line of "trace", and a descriptor has the path that it is open at.
traced() {
	strace -f -y -s 4096 -e trace=%file,%process -o trace "$(tool_of "$1")" "$@" > printed 2> err ||
		[ $? -eq 1 ] || fail "$*: $(cat err)"
}

# The paths that were opened, and those that were named from "/" or the working directory: a name
# below a descriptor is opened inside of it, or it is one of what was opened.
paths() {
	sed -n 's/.* = [0-9]*<\(.*\)>$/\1/p' trace | grep '^/' || :
	sed -n "s,^[0-9 ]*[a-z0-9_]*(\(AT_FDCWD<[^>]*>\, \)\{0\,1\}\"\([^\"]*\)\".*,\2,p" trace |
		grep -v '^$' | sed "s,^\([^/]\),$PWD/\1,"
}

outside() {
	paths | sort -u | grep -vE "^$PWD(/(root|dev|out|nodes\.json|\.modules\.devname\.new)(/|$)|/?\.?\$)" |
		grep -vE "^($LOADER|$SELINUX|$LIBKMOD|$MACHINE)" |
		grep -vxF -e "$TOOL" -e / || :
}

test_nothing_is_run() {
	need_strace
	make_root
	command_lines > lines
	n=0
	while read -r line; do
		# shellcheck disable=SC2086 # a list of words
		traced $line
		[ "$(grep -c 'exec[a-z]*(' trace)" -eq 1 ] || fail "$line: $(grep 'exec' trace)"
		# a thread shares the memory and ends with its process
		grep -E '(^|[ 0-9])(v?fork\(|clone3?\()' trace | grep -v CLONE_THREAD > forks || :
		[ ! -s forks ] || fail "$line: $(cat forks)"
		n=$((n + 1))
	done < lines
	[ "$n" -ge 14 ]
	count "$n command lines, no other program run"
}

test_nothing_is_opened_outside_of_the_root_directory() {
	need_strace
	make_root
	command_lines > lines
	n=0
	while read -r line; do
		# shellcheck disable=SC2086 # a list of words
		traced $line
		outside > found
		[ ! -s found ] || fail "$line: $(cat found)"
		paths | grep -q "^$PWD/root/lib/modules" || fail "$line: its own files were not seen"
		n=$((n + 1))
	done < lines
	# so that the lookups of explain were among them
	if grep -q '^#define WITH_LIBKMOD 1' "$top_builddir/config.h"; then
		traced explain -b root --dev dev c10:229 $VER
		for index in alias dep builtin; do
			grep -q "= [0-9]*<$PWD/root/.*/modules\.$index\.bin>\$" trace ||
				fail "modules.$index.bin was not opened"
		done
	fi
	[ "$n" -gt 0 ]
	count "$n command lines, no file opened outside of the root directory"
}

# The files of the root directory that a trace shows as open, by whatever name, for more than a look.
# Of a call that another thread interrupts in the trace, the flags are in the first of two lines.
opened_files() {
	awk '/<unfinished \.\.\.>$/ { first[$1] = $0 } / resumed>/ { $0 = first[$1] $0 } !/O_PATH/' trace |
		sed -n "s,.* = [0-9]*<$PWD/\\(root/[^>]*\\)>\$,\\1,p" | sort -u
}

# For the front end: one that reads nothing.
make_depmod() {
	mkdir bin
	echo 'int main(void) { return 0; }' > depmod.c
	$CC -o bin/depmod depmod.c
}

# A device may act when it is opened: a watchdog starts, a tape winds, the kernel loads a module.
test_no_device_or_fifo_is_opened_in_the_place_of_a_file() {
	need_strace
	make_root
	printf 'CONFIG_BLK_DEV=y\n' > $modules/config
	: > $modules/.modules.devname.new
	: > $modules/.modules.devname
	command_lines > lines
	if ! grep -q '^#define DEPMOD_PATH' "$top_builddir/config.h"; then
		make_depmod
		PATH=$PWD/bin:$PATH
		echo "-b root $VER" >> lines
	fi
	find root -type f ! -name '*.ko' | sort > names
	cp -R root good
	n=0 number=0
	while read -r line; do
		# shellcheck disable=SC2086 # a list of words
		traced $line
		number=$((number + 1))
		opened_files > opened.$number
		rm -rf root
		cp -R good root
	done < lines
	while read -r name; do
		for kind in p 'c 1 7'; do
			rm -rf root
			cp -R good root
			number=0
			while read -r line; do
				number=$((number + 1))
				grep -qxF "$name" opened.$number || continue
				rm -f "$name"
				# shellcheck disable=SC2086 # type and numbers
				mknod "$name" $kind 2> /dev/null || continue
				# shellcheck disable=SC2086
				timeout 600 strace -f -y -e trace=open,openat,openat2 -o trace \
					"$(tool_of "$line")" $line > printed 2>&1 || [ $? -lt 124 ] ||
					fail "$line: $name ($kind) holds it up"
				opened_files > found
				! grep -qxF "$name" found || fail "$line opens $name ($kind): $(grep -F "$name" trace)"
				[ -p "$name" ] || [ -c "$name" ] || [ "$name" = $modules/modules.devname ] ||
					fail "$line removes $name ($kind)"
				n=$((n + 1))
			done < lines
		done
	done < names
	[ "$n" -ge 50 ]
	count "$n runs with a device or FIFO in the place of a file"
}

# The same search finds what is outside if it is there to be found.
test_another_root_directory_would_be_seen() {
	need_strace
	make_root
	traced list -b elsewhere $VER
	outside > found
	grep -q "^$PWD/elsewhere/lib/modules/$VER" found || fail "it was not seen: $(cat found)"
}

# What --outdir makes has to outlive a loss of power, as the file does.
test_each_directory_that_is_made_is_flushed_in_its_parent() {
	need_strace
	make_root
	strace -f -y -e trace=mkdirat,fsync -o trace kmod-devname generate -b root -o new/er $VER
	for parent in "$PWD" "$PWD/new" "$PWD/new/er" "$PWD/new/er/lib" "$PWD/new/er/lib/modules"; do
		grep -A 1 "mkdirat([0-9A-Z_]*<$parent>" trace | grep -q "fsync([0-9]*<$parent>) *= 0" ||
			fail "$parent is not flushed: $(cat trace)"
	done
}

test_the_front_end_runs_depmod_and_nothing_else() {
	need_strace
	! grep -q '^#define DEPMOD_PATH' "$top_builddir/config.h" || skip "this build has its own depmod"
	make_root
	make_depmod
	strace=$(command -v strace)
	PATH=$PWD/bin "$strace" -f -e trace=execve,execveat -o trace "$FRONT" -b root $VER > out 2> err || :
	sed -n 's/.*exec[a-z]*("\([^"]*\)".*/\1/p' trace > run
	printf '%s\n' "$FRONT" "$PWD/bin/depmod" | same run
}

# unprivileged COMMAND...: as a user who owns nothing here and has no capabilities.
unprivileged() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs --bounding-set=-all \
			--inh-caps=-all "$@"
	else
		"$@"
	fi
}

# What is under test, where any user can read it.
make_readable() {
	mkdir lib
	cp "$TOOL" lib/tool
	chmod -R a+rX . ..
	unprivileged true 2> err || skip "setpriv does not work here: $(cat err)"
	unprivileged lib/tool --version > /dev/null 2> err || skip "another user cannot run it: $(cat err)"
}

test_reading_needs_no_rights() {
	make_root
	make_readable
	for line in "generate -n -b root $VER" "list -b root $VER" "diff -b root $VER other" \
		"static-nodes -b root -f tmpfiles $VER" "check -b root --dev dev $VER"; do
		wanted=0 got=0
		# shellcheck disable=SC2086 # a list of words
		lib/tool $line > wanted.out 2>&1 || wanted=$?
		# shellcheck disable=SC2086
		unprivileged lib/tool $line > got.out 2>&1 || got=$?
		[ "$got" -eq "$wanted" ] || fail "$line: $got instead of $wanted: $(cat got.out)"
		cmp wanted.out got.out
	done
}

# credentials COMMAND...: what it asks for is in trace, up to its end.
credentials() {
	rm -f trace
	strace -f -e trace=setuid,setgid,setreuid,setregid,setresuid,setresgid,setgroups,capset \
		-o trace "$@" > out 2>&1 || :
	grep -q '+++ exited with' trace || fail "$*: not traced: $(cat out)"
}

test_no_call_asks_for_rights() {
	need_strace
	strace -e trace=%creds true 2> /dev/null || skip "this strace does not know the group %creds"
	make_root
	command_lines > lines
	n=0
	while read -r line; do
		# shellcheck disable=SC2086 # a list of words
		credentials "$TOOL" $line
		! grep -E '(set[a-z]*id|setgroups|capset)\(' trace || fail "$line"
		n=$((n + 1))
	done < lines
	[ "$n" -gt 0 ]
	# that it would be seen
	credentials setpriv --clear-groups --reset-env true
	grep -q 'setgroups(' trace || fail "what setpriv does is not seen: $(cat trace)"
	count "$n command lines, no rights asked for"
}

run_tests "$@"
