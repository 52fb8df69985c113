#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The front end of depmod: whatever the command line, all that depmod alone would print, return
# and write is what comes out, and modules.devname is right behind a depmod that writes none.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"
# shellcheck source=testsuite/lib/kernels.sh
. "$top_srcdir/testsuite/lib/kernels.sh"

VER=6.1.0

FRONT=$top_builddir/tools/depmod/depmod

# The real depmod, and a directory with nothing else in it.
need_depmod() {
	REAL=$(command -v "$DEPMOD") || skip "depmod is not installed"
	onlyreal=$PWD/onlyreal
	mkdir onlyreal
	ln -s "$REAL" onlyreal/depmod
}

# stand_in DIRECTORY: makes standard input a program DIRECTORY/depmod; "depmod" in it is the real
# one, called by its name, for that is what it calls itself in messages.
stand_in() {
	mkdir -p "$1"
	{
		echo '#!/bin/sh'
		echo "PATH='${onlyreal-}':\$PATH"
		cat
	} > "$1/depmod"
	chmod 755 "$1/depmod"
}

# behind DIRECTORY ARGUMENT...: the front end with what is there as the real one.
behind() {
	behind_directory=$1
	shift
	PATH=$behind_directory:$PATH "$FRONT" "$@"
}

# A depmod that writes no modules.devname: what was there before is put back.
make_forgetful() {
	forgetful=$PWD/forgetful
	stand_in forgetful <<-'END'
	kept=$(mktemp -d)
	find . -name modules.devname | tar -c -f "$kept/files" -T - || exit 9
	status=0
	depmod "$@" || status=$?
	find . -name modules.devname -exec rm {} +
	tar -x -p -f "$kept/files"
	rm -r "$kept"
	exit "$status"
	END
}

# Kernels 6.1.0 and the running one in here/root, and all that command lines speak of.
make_here() {
	need_depmod
	make_forgetful
	for version in "$VER" "$(uname -r)"; do
		make_kernel "here/root/lib/modules/$version"
	done
	(
		cd here
		# what "-b ''" means
		ln -s root/lib lib
		mkdir conf conf2
		echo 'search updates built-in' > conf/search.conf
		printf 'ffffffff00000000 T %s\n' printk __ksymtab_printk > System.map
		printf '0x00000000\tprintk\tvmlinux\tEXPORT_SYMBOL\n' > Module.symvers
	)
}

make_kernel() { # DIRECTORY
	module "$1/kernel/fs/fuse.ko" alias=devname:fuse alias=char-major-10-229
	module "$1/kernel/drivers/tun.ko" alias=devname:net/tun alias=char-major-10-200
	module "$1/kernel/drivers/loop-control.ko" alias=devname:loop-control \
		alias=char-major-10-237 alias=block-major-7-*
	module "$1/kernel/lib/plain.ko" license=GPL
	printf 'kernel/%s.ko\n' drivers/tun fs/fuse lib/plain drivers/loop-control \
		> "$1/modules.order"
	: > "$1/modules.builtin"
	: > "$1/modules.builtin.modinfo"
	# older than any index
	find "$1" -exec touch -h -d 2020-01-01 {} +
}

# Everything there is, in a form that can be compared.
list_files() { # DIRECTORY
	(cd "$1" && find . -printf '%p %y %m %s %l\n' | sort)
}

# once NAME COMMAND...: runs it in a copy of "here", which is called "here" too, for depmod
# prints full names. Leaves NAME with the files, NAME.status, NAME.out and NAME.err.
once() {
	once_name=$1
	shift
	[ ! -e template ] && mv here template
	rm -rf here "$once_name" "$once_name".*
	cp -a template here
	once_status=0
	(cd here && exec "$@") > "$once_name.out" 2> "$once_name.err" < /dev/null || once_status=$?
	echo "$once_status" > "$once_name.status"
	mv here "$once_name"
}

# as_alone NAME WHAT: fails if it is not what depmod alone has done.
as_alone() {
	for as_part in status out err; do
		cmp "alone.$as_part" "$1.$as_part" >&2 ||
			fail "$2: another $as_part: $(cat "$1.$as_part")"
	done
	list_files alone > alone.files
	list_files "$1" | same alone.files || fail "$2: other files"
	diff -r --no-dereference alone "$1" >&2 || fail "$2: other bytes"
}

# as_real WORDS: the front end with this command line does what depmod alone does; and behind a
# depmod that writes no modules.devname that file is the same all the same.
as_real() {
	eval "set -- $1"
	once alone env PATH="$onlyreal:$PATH" depmod "$@"
	once ours env PATH="$onlyreal:$PATH" "$FRONT" "$@"
	as_alone ours "$*"
	once filled env PATH="$forgetful:$PATH" "$FRONT" "$@"
	as_alone filled "$* without modules.devname"
}

# STATUS OF DEPMOD | WHAT BECOMES OF modules.devname IN root/lib/modules/6.1.0 | COMMAND LINE
# The first two are there so that a line cannot go by unseen which depmod refuses.
command_lines() {
	cat <<-'END'
	0|written|-b root 6.1.0
	0|written|-a -b root 6.1.0
	0|written|-ab root 6.1.0
	0|written|-abroot 6.1.0
	0|written|-broot 6.1.0
	0|written|-b nowhere -b root 6.1.0
	0|written|--basedir root 6.1.0
	0|written|--basedir=root 6.1.0
	0|written|--base=root --all 6.1.0
	0|written|--b root 6.1.0
	0|written|-b root/ 6.1.0
	0|written|-b ./root// 6.1.0
	0|written|-b "$PWD/here/root" 6.1.0
	0|written|-b '' 6.1.0
	0|written|-b root -- 6.1.0
	0|written|6.1.0 -b root
	0|written|6.1.0 -a --basedir=root
	0|written|-ae -F System.map 6.1.0 -b root --config=conf --config=conf2
	0|written|-ae -F System.map -b root 6.1.0
	0|written|-aeF System.map -b root 6.1.0
	0|written|-aeFSystem.map -broot 6.1.0
	0|written|-a 6.1.0 -F System.map -b root
	0|written|-e --filesyms System.map --base root 6.1.0
	0|written|-b root -ae -E Module.symvers 6.1.0
	0|written|-b root -ae --symvers=Module.symvers 6.1.0
	0|written|-b root -e 6.1.0
	0|written|-C conf -b root 6.1.0
	0|written|-P _ -b root 6.1.0
	0|written|-b root --symbol-prefix=_ 6.1.0
	0|written|-v -b root 6.1.0
	0|written|-w -b root 6.1.0
	0|written|-awb root 6.1.0
	0|written|-A -b root 6.1.0
	0|written|--quick -b root 6.1.0
	0|written|--quic --b=root 6.1.0
	0|written|-b root 6.1.0/../6.1.0
	0|written|-b root 6.1.0 "$PWD/here/root/lib/modules/6.1.0/kernel/fs/fuse.ko"
	0|written|-ab root 6.1.0 "$PWD/here/root/lib/modules/6.1.0/kernel/fs/fuse.ko"
	0|written|-Ab root 6.1.0 "$PWD/here/root/lib/modules/6.1.0/kernel/fs/fuse.ko"
	0|missing|-b root
	0|missing|-a -b root
	0|missing|-n -b root 6.1.0
	0|missing|-nb root 6.1.0
	0|missing|--show -b root 6.1.0
	0|missing|--dry-run -b root 6.1.0
	0|missing|6.1.0 -b root --dry
	0|missing|-nA -b root 6.1.0
	0|missing|-n -b root 6.1.0 "$PWD/here/root/lib/modules/6.1.0/kernel/fs/fuse.ko"
	0|missing|-V
	0|missing|--version
	0|missing|--versio
	0|missing|-h
	0|missing|--help
	0|missing|-b root 6.1.0 -V
	0|missing|-V --frobnicate
	0|missing|-ahx
	1|missing|--frobnicate -b root 6.1.0
	1|missing|-b root 6.1.0 --frobnicate
	1|missing|-x -b root 6.1.0
	1|missing|--ver -b root 6.1.0
	1|missing|--all=1 -b root 6.1.0
	1|missing|6.1.0 -b
	1|missing|-b root 6
	1|missing|-b root gki
	1|missing|-b root ''
	1|missing|-b nowhere 6.1.0
	1|missing|-b root 9.9.9
	1|missing|-b root 6.1.0 kernel/fs/fuse.ko
	1|missing|-b root 6.1.0 -P ab
	1|missing|-b root -F nowhere 6.1.0
	END
}

# Those that a depmod of kmod 30 takes, and later ones do not, or not in this way.
old_command_lines() {
	cat <<-'END'
	0|written|-m -b root 6.1.0
	0|written|--map -b root 6.1.0
	0|written|--ma -b root 6.1.0
	0|written|-b root -m 6.1.0
	0|written|-ambroot 6.1.0
	0|written|-mb root 6.1.0
	0|written|-u -b root 6.1.0
	0|written|-q -b root 6.1.0
	0|written|-r -b root 6.1.0
	0|written|--unresolved-error --quiet --root -b root 6.1.0
	0|missing|-m -n -b root 6.1.0
	1|missing|--qui -b root 6.1.0
	1|missing|-o out -b root 6.1.0
	END
}

# And those that only later ones take in this way, or not any more.
new_command_lines() {
	cat <<-'END'
	0|written|-m lib/modules -b root 6.1.0
	0|written|-mlib/modules -b root 6.1.0
	0|written|-am lib/modules -b root 6.1.0
	0|written|--moduledir=/lib/modules -b root 6.1.0
	0|written|-b root --module lib/modules 6.1.0
	0|missing|-o out -b root 6.1.0
	0|missing|--outdir=out -m lib/modules -b root 6.1.0
	0|missing|-n -m lib/modules -b root 6.1.0
	1|missing|-m nowhere -b root 6.1.0
	1|missing|-m -b root 6.1.0
	1|missing|--map -b root 6.1.0
	1|missing|-u -b root 6.1.0
	1|missing|-q -b root 6.1.0
	1|missing|--root -b root 6.1.0
	END
}

try_lines() {
	while IFS='|' read -r wanted becomes words; do
		as_real "$words" < /dev/null
		echo "$wanted" | same alone.status || fail "depmod $words: $(cat alone.err)"
		[ -e "alone/root/lib/modules/$VER/modules.devname" ] && is=written || is=missing
		[ "$is" = "$becomes" ] || fail "depmod $words: modules.devname is $is"
	done
}

test_every_command_line_does_what_it_does_with_depmod_alone() {
	make_here
	command_lines > lines
	try_lines < lines
}

test_options_of_old_versions_do_too() {
	make_here
	"$REAL" -V | grep -qE '^kmod version ([0-9]|[12][0-9]|3[0-3])( |$)' ||
		skip "depmod is of kmod 34 or later"
	# kmod 31 came with --outdir
	old_command_lines > lines
	! "$REAL" --help | grep -q outdir || sed -i '/-o out/d' lines
	try_lines < lines
}

test_newer_kmod_and_its_options_too() {
	use_newer_kmod
	make_here
	command_lines > lines
	new_command_lines >> lines
	try_lines < lines
}

# The list is not empty, and the nodes are those of the tree.
test_the_lines_are_those_of_the_modules() {
	make_here
	once filled env PATH="$forgetful:$PATH" "$FRONT" -b root $VER
	same "filled/root/lib/modules/$VER/modules.devname" <<-END
	$HEADER
	tun net/tun c10:200
	fuse fuse c10:229
	loop_control loop-control c10:237
	END
}

test_only_the_modules_named_count() {
	make_here
	once filled env PATH="$forgetful:$PATH" "$FRONT" -b root $VER \
		"$PWD/here/root/lib/modules/$VER/kernel/fs/fuse.ko"
	printf '%s\n' "$HEADER" 'fuse fuse c10:229' |
		same "filled/root/lib/modules/$VER/modules.devname"
}

# The path that depmod writes is then that of the running system, whatever the base directory.
test_a_module_that_is_named_may_be_anywhere() {
	make_here
	module elsewhere/new.ko alias=devname:new alias=char-major-10-77
	behind "$onlyreal" -b here/root $VER "$PWD/elsewhere/new.ko"
	grep -q "^$PWD/elsewhere/new\.ko:" here/root/lib/modules/$VER/modules.dep
	printf '%s\n' "$HEADER" 'new new c10:77' > expected
	same here/root/lib/modules/$VER/modules.devname < expected
	behind "$forgetful" -b here/root $VER "$PWD/elsewhere/new.ko"
	same here/root/lib/modules/$VER/modules.devname < expected
}

# With this variable getopt_long(3) takes what follows the first word for words.
test_order_of_words_counts_where_it_does_for_depmod() {
	make_here
	POSIXLY_CORRECT=1
	export POSIXLY_CORRECT
	as_real '-b root 6.1.0'
	as_real '-b root 6.1.0 -n'
	grep -q 'not absolute' ours.err
}

# An index from before, a stale modules.devname: what changes, and whether -A does anything.
test_indexes_that_exist_are_treated_as_by_depmod() {
	make_here
	"$REAL" -b here/root $VER
	echo stale > here/root/lib/modules/$VER/modules.devname
	as_real '-A -b root 6.1.0'
	echo stale | same ours/root/lib/modules/$VER/modules.devname
	as_real '-b root 6.1.0'
	as_real '-n -b root 6.1.0'
	as_real '-b root 9.9.9'
	touch -d 2030-01-01 template/root/lib/modules/$VER/kernel/fs/fuse.ko
	as_real '-A -b root 6.1.0'
	grep -q fuse ours/root/lib/modules/$VER/modules.devname
	as_real '-nA -b root 6.1.0'
}

# depmod -A looks at modules.dep alone.
test_quick_makes_a_missing_file() {
	make_here
	M=$PWD/here/root/lib/modules/$VER
	"$REAL" -b here/root $VER
	mv "$M/modules.devname" expected
	behind "$forgetful" -A -b here/root $VER
	same "$M/modules.devname" < expected
	stat -c '%i %z' "$M/modules.devname" > before
	behind "$onlyreal" -A -b here/root $VER
	stat -c '%i %z' "$M/modules.devname" | same before
}

test_an_empty_tree_gives_an_empty_file() {
	make_here
	rm -r "here/root/lib/modules/$VER"
	mkdir "here/root/lib/modules/$VER"
	as_real '-b root 6.1.0'
	[ -f ours/root/lib/modules/$VER/modules.devname ]
	[ ! -s ours/root/lib/modules/$VER/modules.devname ]
}

test_the_file_that_depmod_wrote_is_left_if_it_is_right() {
	make_here
	stand_in noting <<-'END'
	depmod "$@" || exit
	stat -c '%i %z' here/root/lib/modules/6.1.0/modules.devname > noted
	END
	behind "$PWD/noting" -b here/root $VER
	stat -c '%i %z' here/root/lib/modules/$VER/modules.devname | same noted
}

test_a_file_that_would_be_the_same_is_left() {
	make_here
	M=here/root/lib/modules/$VER
	behind "$forgetful" -b here/root $VER
	ln $M/modules.devname first
	# as good as a depmod that does not touch the file
	stand_in careful <<-'END'
	ln here/root/lib/modules/6.1.0/modules.devname kept
	depmod "$@" || exit
	mv -f kept here/root/lib/modules/6.1.0/modules.devname
	END
	behind "$PWD/careful" -b here/root $VER
	stat -c %i first > inode
	stat -c %i $M/modules.devname | same inode
	# and one that would not be the same is replaced, and not written to
	echo stale > $M/modules.devname
	behind "$PWD/careful" -b here/root $VER
	! stat -c %i $M/modules.devname | cmp -s - inode || fail "the file was written to"
	echo stale | same first
}

# Those that have a device name, and plain.ko, of which depmod's files do not show that it was read.
test_few_modules_are_read() {
	need_strace
	make_here
	module here/root/lib/modules/$VER/kernel/drivers/other.ko alias=pci:v1d2
	PATH="$forgetful:$PATH" strace -e trace=open,openat,openat2,execve -f -o all \
		"$FRONT" -b here/root $VER 2> err
	# what the front end and its threads do: all other processes are programs that were run
	awk 'NR == 1 { first = $1 } NR == FNR { if (/execve\(/ && $1 != first) ran[$1]; next }
		!($1 in ran)' all all > trace
	grep -q modules.alias trace || fail "the index was not read"
	[ -s here/root/lib/modules/$VER/modules.devname ]
	grep -o '[a-z-]*\.ko"' trace | sort > opened
	printf '%s.ko"\n' fuse loop-control plain tun | same opened
	! grep '/kernel.*O_DIRECTORY' trace || fail "directories of modules were opened"
	# a shell is nowhere needed
	[ "$(grep -c 'execve(' trace)" -eq 1 ]
}

# --- kmod 34 and later ---------------------------------------------------------------------

# A depmod with the options of kmod 34, which uses the one there is: the tree is put where that
# looks for it. It writes no modules.devname. $DEFAULT is where it was built to look.
make_kmod_34() {
	stand_in kmod34 <<-'END'
	base= out= moduledir=${DEFAULT:-lib/modules} flags=
	words=$(getopt -n depmod -o aAb:o:C:E:F:evnP:wVhm: -l all,quick,basedir:,outdir: \
		-l moduledir:,config:,symvers:,filesyms:,errsyms,verbose,show,dry-run \
		-l symbol-prefix:,warn,version,help -- "$@") || exit 1
	eval "set -- $words"
	while [ "$1" != -- ]; do
		case $1 in
		-b | --basedir) base=$2; shift ;;
		-o | --outdir) out=$2; shift ;;
		-m | --moduledir) moduledir=$2; shift ;;
		-n | --dry-run | --show) flags="$flags -n" ;;
		-[CEFP] | --config | --symvers | --filesyms | --symbol-prefix) shift ;;
		-V | --version) echo 'kmod version 34.2'; exit ;;
		esac
		shift
	done
	version=${2:-$(uname -r)}
	[ -d "$base/$moduledir/$version" ] || exit 1
	stage=$(mktemp -d)
	mkdir -p "$stage/lib/modules"
	cp -a "$base/$moduledir/$version" "$stage/lib/modules/"
	depmod $flags -b "$stage" "$version"
	rm "$stage/lib/modules/$version/modules.devname" 2>/dev/null
	mkdir -p "${out:-$base}/$moduledir/$version"
	if [ -z "$flags" ]; then
		cp "$stage/lib/modules/$version"/modules.* "${out:-$base}/$moduledir/$version/"
	fi
	rm -r "$stage"
	END
}

# WHERE modules.devname IS TO BE, or nothing | COMMAND LINE
lines_of_34() {
	cat <<-'END'
	root/kernels/6.1.0|-b root -m kernels 6.1.0
	root/kernels/6.1.0|-b root -mkernels 6.1.0
	root/kernels/6.1.0|-b root -mvn 6.1.0
	root/kernels/6.1.0|-b root -am kernels 6.1.0
	root/kernels/6.1.0|-b root -m /kernels 6.1.0
	root/kernels/6.1.0|6.1.0 --moduledir=kernels --base root
	root/kernels/6.1.0|6.1.0 --mo kernels -b root
	out/kernels/6.1.0|-b root -m kernels -o out 6.1.0
	out/lib/modules/6.1.0|-b root -o out 6.1.0
	out/lib/modules/6.1.0|-b root -oout 6.1.0
	out/lib/modules/6.1.0|--outdir=out -b root 6.1.0
	out/lib/modules/6.1.0|--out out 6.1.0 -b root
	root/lib/modules/6.1.0|-b root 6.1.0
	|-n -b root -m kernels 6.1.0
	|-b root -m kernels -n 6.1.0
	|-m kernels -V
	END
}

make_kernels_of_34() {
	make_here
	make_kmod_34
	make_kernel here/root/kernels/$VER
	# to an older one these are letters, and the last says that nothing shall be written
	ln -s kernels here/root/vn
	cp here/root/lib/modules/$VER/modules.order .
	"$REAL" -b here/root $VER
	mv here/root/lib/modules/$VER/modules.devname expected
	rm here/root/lib/modules/$VER/modules.*
	cp modules.order here/root/lib/modules/$VER/
	[ -s expected ]
}

test_moduledir_and_outdir_of_kmod_34() {
	getopt -T > /dev/null 2>&1 || [ $? -eq 4 ] || skip "there is no getopt for long options"
	make_kernels_of_34
	lines_of_34 > lines
	while IFS='|' read -r place words; do
		eval "set -- $words"
		once ours env PATH="$PWD/kmod34:$PATH" "$FRONT" "$@"
		echo 0 | same ours.status || fail "$words: $(cat ours.err)"
		(cd ours && find . -name modules.devname) > found
		echo "${place:+./$place/modules.devname}" | sed '/^$/d' | same found ||
			fail "$words: not there"
		[ -z "$place" ] || same "ours/$place/modules.devname" < expected
	done < lines
}

# Two directories, and only one of them is the one that depmod was built for.
test_the_directory_that_depmod_wrote_to_counts() {
	getopt -T > /dev/null 2>&1 || [ $? -eq 4 ] || skip "there is no getopt for long options"
	make_kernels_of_34
	make_kernel here/root/usr/lib/modules/$VER
	once ours env PATH="$PWD/kmod34:$PATH" DEFAULT=usr/lib/modules "$FRONT" -b root $VER
	(cd ours && find . -name modules.devname) > found
	echo ./root/usr/lib/modules/$VER/modules.devname | same found
	once ours env PATH="$PWD/kmod34:$PATH" "$FRONT" -b root $VER
	(cd ours && find . -name modules.devname) > found
	echo ./root/lib/modules/$VER/modules.devname | same found
}

test_an_option_of_the_future_leaves_the_file_as_depmod_left_it() {
	make_here
	stand_in future <<-'END'
	shift
	exec depmod "$@"
	END
	behind "$PWD/future" --frobnicate -b here/root $VER 2> err
	grep -q '^depmod: warning: unknown option of depmod; ' err
	[ "$(wc -l < err)" -eq 1 ]
	[ -s here/root/lib/modules/$VER/modules.devname ]
}

# --- the running kernel, and disks ---------------------------------------------------------

# With mounts of its own, which end with it: runs one of the functions named inside_... here.
with_mounts() {
	need_mounts .
	in_mounts sh "$top_srcdir/testsuite/cli/depmod.sh" "$1"
}

# A copy of the tree is where the running system looks for it.
running() { # NAME COMMAND...
	running_name=$1
	shift
	rm -rf modules
	cp -a saved modules
	mount --bind modules /lib/modules
	running_status=0
	"$@" > "$running_name.out" 2> "$running_name.err" || running_status=$?
	echo "$running_status" > "$running_name.status"
	umount /lib/modules
	rm -rf "$running_name"
	mv modules "$running_name"
}

inside_no_version_is_the_running_kernel() {
	"$top_srcdir/testsuite/lib/provide-directory" /lib/modules
	make_here
	mv here/root/lib/modules saved
	stand_in erasing <<-'END'
	depmod "$@" || exit
	rm -f /lib/modules/*/modules.devname
	END
	for words in '' -a -n "$VER"; do
		# shellcheck disable=SC2086 # words
		running alone env PATH="$onlyreal:$PATH" depmod $words
		# shellcheck disable=SC2086 # words
		running ours env PATH="$onlyreal:$PATH" "$FRONT" $words
		as_alone ours "$words"
		# shellcheck disable=SC2086 # words
		running filled env PATH="$PWD/erasing:$PATH" "$FRONT" $words
		as_alone filled "$words"
	done
	[ -s ours/$VER/modules.devname ]
}

test_no_version_is_the_running_kernel() {
	with_mounts inside_no_version_is_the_running_kernel
}

inside_a_read_only_directory_is_an_error_if_something_must_be_written() {
	make_here
	mount --bind here here
	mount -o remount,bind,ro here
	status 1 behind "$onlyreal" -b here/root $VER 2> err
	tail -n 1 err | grep -q '^depmod: .*modules\.devname: Read-only file system$'
	# all else is what depmod has said
	real_alone 2>&1 | unnumber > alone.err
	sed '$d' err | unnumber | same alone.err
}

real_alone() {
	PATH=$onlyreal:$PATH depmod -b here/root $VER
}

# depmod's temporary files have numbers and the time in their names.
unnumber() {
	sed 's/\.[0-9]*\.[0-9]*\.[0-9]*,/,/'
}

test_a_read_only_directory_is_an_error_if_something_must_be_written() {
	with_mounts inside_a_read_only_directory_is_an_error_if_something_must_be_written
}

# The modules are read then, for the index may be of any time.
inside_a_read_only_directory_with_the_right_file_is_fine() {
	make_here
	"$REAL" -b here/root $VER
	for stale in modules.alias modules.symbols; do
		echo '# stale' > here/root/lib/modules/$VER/$stale
	done
	mount --bind here here
	mount -o remount,bind,ro here
	behind "$onlyreal" -b here/root $VER 2> err
	real_alone 2>&1 | unnumber > alone.err
	unnumber < err | same alone.err
}

test_a_read_only_directory_with_the_right_file_is_fine() {
	with_mounts inside_a_read_only_directory_with_the_right_file_is_fine
}

fill_disk() { # DIRECTORY
	dd if=/dev/zero of="$1/filler" bs=4096 2> /dev/null || true
	dd if=/dev/zero of="$1/filler.small" bs=1 2> /dev/null || true
}

inside_a_full_disk_keeps_the_old_file() {
	make_here
	M=here/root/lib/modules/$VER
	mv $M saved
	mkdir $M
	mount -t tmpfs -o size=256k tmpfs $M
	cp -a saved/. $M/
	echo old > $M/modules.devname
	fill_disk $M
	stand_in idle <<-'END'
	exit 0
	END
	status 1 behind "$PWD/idle" -b here/root $VER 2> err
	grep -q '^depmod: .*modules\.devname: No space left on device$' err
	[ "$(wc -l < err)" -eq 1 ]
	echo old | same $M/modules.devname
	find $M -name '.modules*' > left
	same left < /dev/null
	# what depmod itself makes of it is not made better
	status 1 real_alone 2> alone.messages
	status 1 behind "$onlyreal" -b here/root $VER 2> err
	unnumber < alone.messages > alone.err
	unnumber < err | same alone.err
}

test_a_full_disk_keeps_the_old_file() {
	with_mounts inside_a_full_disk_keeps_the_old_file
}

# --- what depmod gets and returns ----------------------------------------------------------

test_depmod_gets_all_as_it_is() {
	stand_in printing <<-'END'
	printf '<%s>' "$@"
	pwd
	env | grep -vE '^(KMOD_DEVNAME_DEPMOD_TRIED|_|PWD|OLDPWD|SHLVL)=' | sort
	umask
	cat
	# 1 to 28: posix_spawn(3) has two others for itself
	sed -n 's/^\(SigBlk\|SigIgn\).*\(.......\)$/\1 \2/p' /proc/self/status
	cd /proc/$$/fd && echo *
	END
	for program in printing/depmod "$FRONT"; do
		echo input | env -i PATH="$PWD/printing:$PATH" A='b c' "$program" -b 'a b' \
			"$(printf 'x\ny\377')" '' 6.1.0 -a -w -V '*' > "${program##*/}.out"
		mv "${program##*/}.out" "out.${got:-first}"
		got=second
	done
	same out.first < out.second
	grep -q '^input$' out.second
}

# A shell would unblock them for itself; grep does not, and -h means nothing here to either.
test_depmod_gets_the_blocked_signals() {
	mkdir grep
	ln -s "$(command -v grep)" grep/depmod
	grep -h '^SigBlk' /proc/self/status > expected
	behind "$PWD/grep" -h '^SigBlk' /proc/self/status | same expected
}

test_a_status_of_depmod_is_returned_and_nothing_done() {
	make_here
	for code in 1 2 7 77 127 255; do
		stand_in failing <<-END
		depmod "\$@"
		rm -f here/root/lib/modules/$VER/modules.devname
		exit $code
		END
		status $code behind "$PWD/failing" -b here/root $VER 2> err
		same err < /dev/null
		[ ! -e here/root/lib/modules/$VER/modules.devname ]
	done
}

test_a_signal_that_ends_depmod_ends_the_front_end() {
	command -v python3 > /dev/null || skip "python3 is not installed"
	env --default-signal=INT true 2> /dev/null || skip "env cannot reset signals"
	for number in 1 2 3 6 9 11 15; do
		stand_in dying <<-END
		kill -$number \$\$
		sleep 10
		END
		# sh itself says 128 + N either way, python -N only for a signal
		PATH=$PWD/dying:$PATH env --default-signal=HUP,INT,QUIT python3 -c 'import subprocess, sys
print(subprocess.call(sys.argv[1:]))' "$FRONT" -b root $VER > got 2> err
		echo "-$number" | same got
		same err < /dev/null
	done
}

test_signals_are_passed_on() {
	stand_in waiting <<-'END'
	trap 'exit 33' TERM
	: > begun
	i=0
	while [ $i -lt 6000 ]; do sleep 0.1; i=$((i + 1)); done
	END
	PATH=$PWD/waiting:$PATH "$FRONT" -b root $VER &
	pid=$!
	while [ ! -e begun ]; do sleep 0.05; done
	code=0
	kill -TERM $pid
	wait $pid || code=$?
	[ $code -eq 33 ] || fail "status $code"
}

test_ignored_signals_stay_ignored() {
	env --ignore-signal=HUP true 2> /dev/null || skip "env cannot ignore signals"
	make_here
	stand_in hanging <<-'END'
	kill -HUP $$
	kill -INT $$
	exec depmod "$@"
	END
	PATH=$PWD/hanging:$PATH timeout 600 env --ignore-signal=HUP --ignore-signal=INT \
		--ignore-signal=CHLD "$FRONT" -b here/root $VER
	[ -s here/root/lib/modules/$VER/modules.devname ]
}

# --- which depmod --------------------------------------------------------------------------

# A depmod that leaves a line in the file "runs" each time.
make_counting() {
	stand_in counting <<-'END'
	echo run >> runs
	exec depmod "$@"
	END
}

ran_once() { # WHAT
	echo run | same runs || fail "$1: run $(wc -l < runs) times"
	rm runs
}

# The front end is first on PATH in all ways there are, once, twice and mixed.
test_the_front_end_is_never_its_own_depmod() {
	make_here
	make_counting
	mkdir link hard copy copy2 script relative
	cp "$FRONT" copy/depmod
	cp "$FRONT" copy2/depmod
	ln copy/depmod hard/depmod
	ln -s ../copy/depmod link/depmod
	printf '#!/bin/sh\nexec "%s" "$@"\n' "$PWD/copy/depmod" > script/depmod
	chmod 755 script/depmod
	mkdir -p directory/depmod
	mkdir notexecutable
	echo > notexecutable/depmod
	P=$PWD
	for places in copy hard link script directory notexecutable copy:copy2 copy2:copy link:hard \
		script:copy:script copy:script:copy2 nowhere:copy:hard; do
		path=$(echo "$places" | sed "s,[^:]*,$P/&,g"):$P/counting:$PATH
		for front in "$FRONT" "$P/copy/depmod" "$P/link/depmod" "$P/script/depmod"; do
			rm -f "here/root/lib/modules/$VER/modules.devname"
			PATH=$path timeout 600 "$front" -b here/root $VER > out 2>&1 ||
				fail "$places $front: $(cat out)"
			same out < /dev/null
			ran_once "$places $front"
			[ -s here/root/lib/modules/$VER/modules.devname ]
		done
	done
	# by name, from a place that is named in another way, and from the working directory
	PATH=$P/link:$P/counting:$PATH timeout 600 depmod -b here/root $VER
	ran_once "by name"
	(cd copy && PATH=:$P/counting:$PATH timeout 600 depmod -b "$P/here/root" $VER)
	mv copy/runs runs
	ran_once "in the working directory"
}

# Not even once, though what is run would go on behind itself.
test_the_front_end_does_not_run_itself() {
	need_strace
	make_here
	make_counting
	mkdir first hard link
	cp "$FRONT" first/depmod
	ln first/depmod hard/depmod
	ln -s ../first/depmod link/depmod
	P=$PWD
	PATH=$P/first:$P/hard:$P/link:$P/counting:$PATH \
		strace -f -e trace=execve -o trace "$P/first/depmod" -b here/root $VER 2> err
	sed -n 's/.*execve("\([^"]*depmod\)".*/\1/p' trace > programs
	printf '%s\n' "$P/first/depmod" "$P/counting/depmod" "$onlyreal/depmod" | same programs
}

# As sudo, su and tools for a chroot clean the environment. Each run is a line in "runs".
make_wrapper() {
	mkdir wrapping
	cat > wrapping/depmod <<-END
	#!/bin/sh
	echo run >> "$PWD/runs"
	[ "\$(wc -l < "$PWD/runs")" -lt 100 ] || exit 0
	exec env -i PATH="\$PATH" "$FRONT" "\$@"
	END
	chmod 755 wrapping/depmod
}

test_a_wrapper_that_cleans_the_environment_does_not_run_for_ever() {
	make_here
	make_wrapper
	status 1 behind "$PWD/wrapping" -b here/root $VER 2> err
	[ "$(wc -l < runs)" -lt 20 ] || fail "$(wc -l < runs) runs"
	grep -q '^depmod: a program named depmod runs this front end repeatedly' err
	# one that knows its way is fine
	cat > wrapping/depmod <<-END
	#!/bin/sh
	exec env -i PATH="$onlyreal" "$FRONT" "\$@"
	END
	behind "$PWD/wrapping" -b here/root $VER
}

inside_such_a_wrapper_ends_without_proc() {
	mount -t tmpfs tmpfs /proc
	status 1 behind "$PWD/wrapping" -b here/root $VER 2> err
	[ "$(wc -l < runs)" -lt 20 ] || fail "$(wc -l < runs) runs"
	grep -q '^depmod: a program named depmod runs this front end repeatedly' err
}

test_such_a_wrapper_ends_without_proc() {
	make_here
	make_wrapper
	with_mounts inside_such_a_wrapper_ends_without_proc
}

inside_no_depmod_at_all_is_an_error() {
	make_here
	mkdir first second
	cp "$FRONT" first/depmod
	cp "$FRONT" second/depmod
	P=$PWD
	timeout=$(command -v timeout)
	mount -t tmpfs tmpfs /sbin
	[ ! -e /usr/sbin/depmod ] || mount -t tmpfs tmpfs /usr/sbin
	for path in '' "$P/first" "$P/first:$P/second" "$P/second:$P/first:$P/second" "$P/nowhere"; do
		code=0
		PATH=$path "$timeout" 600 "$P/first/depmod" -b here/root $VER > out 2> err || code=$?
		[ "$code" -eq 1 ] || fail "PATH=$path: status $code"
		[ "$(wc -l < err)" -eq 1 ]
		# a script on PATH leads back here, and then places have been tried
		sed 's/ (KMOD_DEVNAME_DEPMOD_TRIED=[1-9]: so many places were skipped)$//' err > short
		echo 'depmod: no other depmod found in PATH, /sbin or /usr/sbin' | same short
		same out < /dev/null
		env -u PATH "$timeout" 600 "$P/first/depmod" -b here/root $VER > out 2> err || code=$?
		[ "$code" -eq 1 ]
	done
	find here -name modules.devname > found
	same found < /dev/null
}

test_places_that_were_tried_are_skipped() {
	make_here
	for tried in -1 +1 ' 1' 1x 0x1 '' 9999999 18446744073709551617; do
		KMOD_DEVNAME_DEPMOD_TRIED=$tried behind "$onlyreal" -b here/root $VER > out 2>&1 ||
			fail "'$tried' is believed: $(cat out)"
	done
	KMOD_DEVNAME_DEPMOD_TRIED=999 status 1 behind "$onlyreal" -b here/root $VER 2> err
	echo 'depmod: no other depmod found in PATH, /sbin or /usr/sbin' \
		'(KMOD_DEVNAME_DEPMOD_TRIED=999: so many places were skipped)' | same err
}

test_no_depmod_at_all_is_an_error() {
	with_mounts inside_no_depmod_at_all_is_an_error
}

test_sbin_needs_not_be_on_path() {
	make_here
	[ -x /sbin/depmod ] || [ -x /usr/sbin/depmod ] || skip "depmod is elsewhere"
	for path in /nowhere ''; do
		rm -f "here/root/lib/modules/$VER/modules.devname"
		PATH=$path "$FRONT" -b here/root $VER
		[ -s here/root/lib/modules/$VER/modules.devname ]
	done
}

# --with-depmod=PATH: a build of its own, of the one file that knows.
build_with_depmod() { # PROGRAM PATH
	sanitize=$(sed -n 's/.*\(-fsanitize=[a-z,]*\).*/\1/p' "$top_builddir/config.log" | head -n 1)
	objects=$(sed -n '/^am_tools_depmod_depmod_OBJECTS/,/[^\\]$/p' "$top_builddir/Makefile" |
		grep -oE 'tools/[a-z/_-]+' | grep -v real | sed "s,.*,$top_builddir/&.o,")
	# shellcheck disable=SC2086 # CC may come with options
	$CC $sanitize -include "$top_builddir/config.h" "-DDEPMOD_PATH=\"$2\"" \
		-I"$top_srcdir/libkmod-devname" -I"$top_srcdir/tools" -c -o real.o \
		"$top_srcdir/tools/depmod/real.c"
	# shellcheck disable=SC2086 # lists of words
	"$top_builddir/libtool" --tag=CC --mode=link --quiet $CC $sanitize -o "$1" real.o $objects \
		"$top_builddir/libkmod-devname/libkmod-devname-internal.la"
}

test_configure_may_say_which_depmod() {
	command -v "${CC%% *}" > /dev/null || skip "there is no compiler"
	! grep -q '^#define DEPMOD_PATH' "$top_builddir/config.h" || skip "this build has its own"
	make_here
	make_counting
	stand_in wrong <<-'END'
	exit 99
	END
	build_with_depmod fixed "$PWD/counting/depmod"
	PATH=$PWD/wrong:$PATH ./fixed -b here/root $VER
	ran_once fixed
	mkdir self
	build_with_depmod self/depmod "$PWD/self/depmod"
	cp self/depmod self/copy
	for front in self/depmod self/copy; do
		status 1 timeout 600 "$front" -b here/root $VER 2> err
		{
			printf '%s' "depmod: cannot run the real depmod $PWD/self/depmod"
			[ $front = self/depmod ] ||
				printf ' (KMOD_DEVNAME_DEPMOD_TRIED=1: so many places were skipped)'
			echo
		} | same err
	done
}

# kmod is told by its name what to be.
test_any_name_of_the_front_end_will_do() {
	make_here
	cp "$FRONT" other-name
	PATH=$onlyreal:$PATH ./other-name -b here/root $VER
	[ -s here/root/lib/modules/$VER/modules.devname ]
}

# --- busybox -------------------------------------------------------------------------------

make_busybox() {
	command -v busybox > /dev/null || skip "there is no busybox"
	busybox depmod --help 2>&1 | grep -q 'depmod \[' || skip "busybox has no depmod"
	mkdir busybox
	ln -s "$(command -v busybox)" busybox/depmod
}

# The order is that of busybox's index, which is that of the directories.
test_behind_busybox_the_file_is_made() {
	make_here
	make_busybox
	cp -a here alone
	"$REAL" -b alone/root $VER
	sort alone/root/lib/modules/$VER/modules.devname > expected
	behind "$PWD/busybox" -b here/root $VER > out 2>&1
	same out < /dev/null
	ls here/root/lib/modules/$VER > names
	! grep -q '\.bin$' names || fail "this was not busybox"
	sort here/root/lib/modules/$VER/modules.devname | same expected
	head -n 1 here/root/lib/modules/$VER/modules.devname | grep -qxF "$HEADER"
	# another version, options after the word, those that it takes and ignores
	rm here/root/lib/modules/$VER/modules.*
	behind "$PWD/busybox" $VER -aeA -F here/System.map -r -b here/root
	sort here/root/lib/modules/$VER/modules.devname | same expected
}

test_behind_busybox_all_else_is_as_without() {
	make_here
	make_busybox
	while read -r words; do
		eval "set -- $words"
		once alone env PATH="$PWD/busybox:$PATH" depmod "$@"
		once ours env PATH="$PWD/busybox:$PATH" "$FRONT" "$@"
		find ours -name modules.devname -delete
		as_alone ours "$words"
	done <<-'END'
	-b root 6.1.0
	-b root
	-b root 6.1.0 ./kernel/fs/fuse.ko
	-n -b root 6.1.0
	-b root 9.9.9
	-v -b root 6.1.0
	-m -b root 6.1.0
	-V
	--help
	-b nowhere 6.1.0
	END
}

test_behind_busybox_only_the_files_named_count() {
	make_here
	make_busybox
	behind "$PWD/busybox" -b here/root $VER ./kernel/fs/fuse.ko
	printf '%s\n' "$HEADER" 'fuse fuse c10:229' |
		same here/root/lib/modules/$VER/modules.devname
}

# It cuts off two bytes of a name, as if "./" were in front.
test_behind_busybox_a_file_that_is_not_found_is_an_error() {
	make_here
	make_busybox
	echo old > here/root/lib/modules/$VER/modules.devname
	status 1 behind "$PWD/busybox" -b here/root $VER kernel/fs/fuse.ko 2> err
	grep -q '^rnel/fs/fuse\.ko:' here/root/lib/modules/$VER/modules.dep ||
		skip "this busybox does not do that"
	grep -q '^depmod: .*modules\.alias: unusable index; modules\.devname was not updated$' err
	echo old | same here/root/lib/modules/$VER/modules.devname
}

# It writes the lines of both copies into its index.
test_behind_busybox_the_right_copy_of_a_module_counts() {
	make_here
	make_busybox
	module here/root/lib/modules/$VER/updates/fuse.ko alias=devname:fuse alias=char-major-10-99
	cp -a here alone
	"$REAL" -b alone/root $VER
	grep -q c10:99 alone/root/lib/modules/$VER/modules.devname
	# that there are two is worth a note, and notes are not printed
	behind "$PWD/busybox" -b here/root $VER > out 2>&1
	same out < /dev/null
	same here/root/lib/modules/$VER/modules.devname < alone/root/lib/modules/$VER/modules.devname
}

# --- modules that are not good, an index that is not ---------------------------------------

test_a_bad_module_is_named_and_does_not_change_the_status() {
	make_here
	module here/root/lib/modules/$VER/kernel/bad.ko 'alias=devname:a b' alias=char-major-10-77
	behind "$onlyreal" -b here/root $VER > out 2> err
	same out < /dev/null
	[ "$(wc -l < err)" -eq 1 ]
	grep -q '^depmod: .*: error: .*a\\x20b.*\[bad-name\]$\|^depmod: .*a b.*\[bad-name\]$' err
	same here/root/lib/modules/$VER/modules.devname <<-END
	$HEADER
	tun net/tun c10:200
	fuse fuse c10:229
	loop_control loop-control c10:237
	END
}

# depmod copies it into modules.alias too, so that the modules have to be read.
test_a_line_feed_in_a_name_makes_no_line() {
	make_here
	module here/root/lib/modules/$VER/kernel/bad.ko \
		"alias=devname:x c1:1
bad mem" alias=char-major-10-77
	behind "$onlyreal" -b here/root $VER > out 2> err
	same out < /dev/null
	grep -q '\[bad-name\]$' err
	! grep mem here/root/lib/modules/$VER/modules.devname || fail "a line was made"
	grep -q fuse here/root/lib/modules/$VER/modules.devname
}

make_damaging() {
	stand_in damaging <<-'END'
	depmod "$@" || exit
	cd here/root/lib/modules/6.1.0
	mv modules.devname wanted
	echo nonsense >> modules.alias
	END
}

test_an_index_that_cannot_be_used_is_not() {
	make_here
	make_damaging
	behind "$PWD/damaging" -b here/root $VER > out 2>&1
	same out < /dev/null
	same here/root/lib/modules/$VER/modules.devname < here/root/lib/modules/$VER/wanted
}

# Which copy of a module is taken when the modules are read: that of its configuration.
two_copies() {
	module here/root/lib/modules/$VER/updates/fuse.ko alias=devname:fuse alias=char-major-10-99
	echo 'search built-in updates' > here/conf/search.conf
}

test_the_configuration_counts_when_modules_are_read() {
	make_here
	make_damaging
	two_copies
	M=here/root/lib/modules/$VER
	for options in '-C here/conf' '--config here/conf2 -Chere/conf' '-aC here/conf/search.conf'; do
		# shellcheck disable=SC2086 # words
		behind "$PWD/damaging" -b here/root $options $VER > out 2>&1
		same out < /dev/null
		grep -q 'fuse c10:229$' $M/wanted
		same $M/modules.devname < $M/wanted
	done
	behind "$PWD/damaging" -b here/root -C here/conf2 $VER
	grep -q 'fuse c10:99$' $M/wanted
	same $M/modules.devname < $M/wanted
}

inside_the_configuration_is_that_of_the_running_system() {
	make_here
	make_damaging
	two_copies
	M=here/root/lib/modules/$VER
	mkdir -p here/root/etc/depmod.d
	echo 'search updates built-in' > here/root/etc/depmod.d/search.conf
	mount -t tmpfs tmpfs /run
	cp -r here/conf /run/depmod.d
	behind "$PWD/damaging" -b here/root $VER
	grep -q 'fuse c10:229$' $M/wanted
	same $M/modules.devname < $M/wanted
}

test_the_configuration_is_that_of_the_running_system() {
	with_mounts inside_the_configuration_is_that_of_the_running_system
}

# Then it is not known what the named modules declare.
test_an_unusable_index_of_modules_named_is_an_error() {
	make_here
	make_damaging
	status 1 behind "$PWD/damaging" -b here/root $VER \
		"$PWD/here/root/lib/modules/$VER/kernel/fs/fuse.ko" 2> err
	grep -q '^depmod: .*modules.alias: unusable index; modules.devname was not updated$' err
	grep -q '^depmod: .*modules.alias:[0-9]*: warning: .*\[bad-index\]$' err
	[ "$(wc -l < err)" -eq 2 ]
	[ ! -e here/root/lib/modules/$VER/modules.devname ]
}

test_links_lead_where_they_lead_depmod() {
	make_here
	mkdir elsewhere
	mv here/root/lib/modules/$VER elsewhere/tree
	ln -s "$PWD/elsewhere/tree" here/root/lib/modules/$VER
	behind "$forgetful" -b here/root $VER
	grep -q fuse elsewhere/tree/modules.devname
}

# --- real kernels, and the kernel's own script ---------------------------------------------

test_a_real_kernel() {
	reason=$(kernel_missing cloud-amd64)
	[ -z "$reason" ] || skip "$reason"
	need_depmod
	make_forgetful
	version=$(kernel_version cloud-amd64)
	mkdir -p here/root/lib/modules
	copy_tree "$KERNELS/cloud-amd64/lib/modules/$version" "$PWD/here/root/lib/modules/$version"
	rm -f "here/root/lib/modules/$version"/modules.devname
	"$REAL" -b here/root "$version" 2> alone.err
	mv "here/root/lib/modules/$version/modules.devname" expected
	[ "$(wc -l < expected)" -gt 5 ]
	behind "$PWD/forgetful" -b here/root "$version" 2> err
	same alone.err < err
	cmp expected "here/root/lib/modules/$version/modules.devname"
}

KBUILD=$KERNELS/kbuild/depmod.sh

# modules_install NAME PROGRAM: what the kernel's makefile does, in a copy of "here".
modules_install() {
	install_name=$1 install_program=$2
	# older ones have the program in their command line, later ones in the environment
	if grep -q '^DEPMOD=.1' "$KBUILD"; then
		set -- "$install_program" $VER
	else
		set -- $VER
	fi
	once "$install_name" env DEPMOD="$install_program" INSTALL_MOD_PATH="$install_path" \
		PATH="$install_search:$PATH" sh "$KBUILD" "$@"
}

as_with_depmod() { # WHAT
	install_search=$onlyreal
	modules_install alone depmod
	modules_install ours "$FRONT"
	as_alone ours "$1"
	install_search=$forgetful
	modules_install filled "$FRONT"
	as_alone filled "$1 without modules.devname"
}

test_the_kernels_own_script() {
	[ -r "$KBUILD" ] ||
		skip "no depmod.sh of the kernel; get it with testsuite/lib/fetch-kbuild '$KERNELS/kbuild'"
	make_here
	install_path=root
	as_with_depmod "relative path"
	grep -q fuse "ours/root/lib/modules/$VER/modules.devname" || fail "$(cat ours.err)"
	install_path=./root/
	as_with_depmod "other relative path"
	install_path=$PWD/here/root
	as_with_depmod "absolute path"
	grep -q fuse "ours/root/lib/modules/$VER/modules.devname"
	install_path=root
	rm template/System.map
	as_with_depmod "no System.map"
	grep -q 'Skipping depmod' ours.err
	[ ! -e "ours/root/lib/modules/$VER/modules.devname" ]
	: > template/System.map
	rm -r "template/root/lib/modules/$VER"
	mkdir "template/root/lib/modules/$VER"
	as_with_depmod "empty tree"
	[ -f "ours/root/lib/modules/$VER/modules.devname" ]
	[ ! -s "ours/root/lib/modules/$VER/modules.devname" ]
	rmdir "template/root/lib/modules/$VER"
	as_with_depmod "no tree"
	echo 1 | same ours.status
}

run_tests "$@"
