# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What the shell tests share. A test is a function named test_...; run_tests runs those named
# on its command line, or all of the script's, each in a shell and an empty directory of its
# own, and prints TAP. A test fails when one of its commands does (sh -e); skip ends it with
# a reason. The programs under test come first on PATH.

: "${top_srcdir:?}" "${top_builddir:=$PWD}"
: "${DEPMOD:=depmod}"
: "${CC:=cc}"
export top_srcdir top_builddir DEPMOD CC
PATH=$top_builddir:$PATH
LC_ALL=C
# Who builds packages may have no login shell, and script(1) runs what SHELL says.
SHELL=/bin/sh
export PATH LC_ALL SHELL
# A make that a test calls is not part of the one that runs the tests.
unset CDPATH MAKEFLAGS MFLAGS MAKELEVEL

# shellcheck disable=SC2034 # for the tests
HEADER='# Device nodes to trigger on-demand module loading.'

fail() {
	echo "$*" >&2
	exit 1
}

skip() {
	echo "$*" > "$SKIP_REASON"
	exit 77
}

# known_difference KEY: what the case expects is not what a peer does, and known-differences says why.
known_difference() {
	grep -q "^$1: " "$top_srcdir/testsuite/known-differences" || fail "$1 is no known difference"
}

need_program() { # NAME...
	for needed; do
		command -v "$needed" > /dev/null || skip "$needed is not installed"
	done
}

need_mknod() {
	mknod probe c 1 3 2> /dev/null || skip "device nodes cannot be made here"
	rm probe
}

# LeakSanitizer does not work under ptrace(2).
need_strace() {
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	export ASAN_OPTIONS
	strace -f -o trace true 2> strace.err || skip "strace does not work here: $(head -n 1 strace.err)"
}

# leave_out REASON: a part of the case cannot be done here. It goes on, and counts as skipped.
leave_out() {
	echo "$*" > "$SKIP_REASON"
}

# as_nobody COMMAND...: as a user who owns nothing here and has no capabilities, or as the one who runs
# the tests if that is not root. A copy of the program is what every user can reach: the build may
# be below a private home.
as_nobody() {
	if [ "$(id -u)" -ne 0 ]; then
		"$@"
		return
	fi
	if [ ! -d "${nobody_bin:=$PWD/nobody}" ]; then
		mkdir "$nobody_bin"
		cp "$(command -v kmod-devname)" "$nobody_bin/"
		chmod a+rX . .. "$nobody_bin"
	fi
	PATH=$nobody_bin:$PATH setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs \
		--bounding-set=-all --inh-caps=-all "$@"
}

need_nobody() {
	as_nobody kmod-devname --version > nobody.out 2>&1 ||
		skip "another user cannot run the program: $(head -n 1 nobody.out)"
}

# in_mounts COMMAND...: in a mount namespace of its own, as root of this at least.
in_mounts() {
	if [ "$(id -u)" -eq 0 ]; then
		unshare -m "$@"
	else
		unshare -rm "$@"
	fi
}

# need_mounts DIRECTORY...: something can be mounted upon these there.
need_mounts() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	in_mounts sh -euc '
		for directory; do
			"$top_srcdir/testsuite/lib/provide-directory" "$directory"
			mount -t tmpfs tmpfs "$directory"
		done' sh "$@" 2> mounts.err || skip "nothing can be mounted here: $(head -n 1 mounts.err)"
}

# How many cases of those that are tried by number: from tier 4 on, or from tier 3 on, more.
how_often() { # NORMAL LONG
	[ -n "${KMOD_DEVNAME_LONG:-}" ] && echo "$2" || echo "$1"
}

how_many() { # NORMAL ALL
	[ -n "${KMOD_DEVNAME_ALL:-}" ] && echo "$2" || echo "$1"
}

# count TEXT: a figure that the run shall show ("1,234 faults, none lost a file").
count() {
	echo "$*" >> "$TAP_COUNTS"
}

# status N COMMAND...: the command must end with this exit status.
status() {
	status_wanted=$1
	shift
	status_got=0
	"$@" || status_got=$?
	[ "$status_got" -eq "$status_wanted" ] ||
		fail "exit status $status_got instead of $status_wanted: $*"
}

# same FILE: standard input must be what is in the file.
same() {
	diff -u - "$1" >&2 || fail "$1 differs"
}

# A sanitizer takes as much time and memory as it likes.
is_sanitized() {
	grep -q '^OWN_CFLAGS = .*-fsanitize' "$top_builddir/Makefile"
}

# left_to_all: what follows takes long, and no sanitizer sees more in it than in other cases.
left_to_all() {
	! is_sanitized || skip "left to builds without sanitizers"
	[ -n "${KMOD_DEVNAME_ALL:-}" ] || skip "left to runtests --all"
}

# cost SECONDS KIB COMMAND...: the command must not take more CPU time, nor more memory. The seconds
# are at least 20 times what it needs on a machine of today: what grows too fast takes more than that.
cost() {
	cost_seconds=$1 cost_kib=$2
	shift 2
	# a status that is not 0 is told by what there is to see
	measure "$@" > cost.figures 2> err || :
	is_sanitized || awk -v s="$cost_seconds" -v k="$cost_kib" '{
		if ($2 > s * 1000 || $3 > k) { print "took " $2 " ms and " $3 " KiB"; exit 1 }
	}' cost.figures >&2
}

# next_tick: returns when what is changed below this directory from now on gets later times than
# what was changed before: file systems count in ticks, and each has its own.
next_tick() {
	: > tick
	tick_first=$(stat -c %z tick)
	until touch tick && [ "$(stat -c %z tick)" != "$tick_first" ]; do
		:
	done
	rm tick
}

# module FILE STRING...: makes a kernel module; options of mkmodule may come before the strings.
module() {
	module_file=$1
	shift
	mkdir -p "$(dirname "$module_file")"
	mkmodule "$@" > "$module_file"
}

# node FILE NAME MINOR: makes a module with a node of major 10.
node() {
	module "$1" "alias=devname:$2" "alias=char-major-10-$3"
}

# nodes LINE...: the text of modules.devname with these lines.
nodes() {
	[ $# -eq 0 ] || printf '%s\n' "$HEADER" "$@"
}

# long N: so many bytes, all x.
long() {
	awk -v n="$1" 'BEGIN { while (i++ < n) printf "x" }'
}

# linked_module FILE [+SYMBOL] [-SYMBOL] STRING...: one that exports and needs symbols, for depmod.
linked_module() {
	linked_file=$1 linked_n=0
	shift
	mkdir -p "$(dirname "$linked_file")"
	for linked_word; do
		linked_n=$((linked_n + 1))
		case $linked_word in
		+*) echo "const char s${linked_n}[] __attribute__((section(\"__ksymtab_strings\"))) = \"${linked_word#+}\";" ;;
		-*) echo "extern void ${linked_word#-}(void); void *p$linked_n = ${linked_word#-};" ;;
		*) echo "const char m${linked_n}[] __attribute__((section(\".modinfo\"), used)) = \"$linked_word\";" ;;
		esac
	done > module.c
	# shellcheck disable=SC2086 # a command with its options
	$CC -c -o "$linked_file" module.c
}

run_one() { # NUMBER TITLE COMMAND...
	tap_number=$1 tap_title=$2
	shift 2
	tap_dir=$(mktemp -d "${TMPDIR:-/tmp}/kmod-devname-test.XXXXXX") || exit 1
	mkdir "$tap_dir/work"
	SKIP_REASON=$tap_dir/reason TAP_COUNTS=$tap_dir/counts
	export SKIP_REASON TAP_COUNTS
	: > "$TAP_COUNTS"
	tap_status=0
	# the test's own shell, so that -e holds in all of it
	(
		trap - EXIT
		cd "$tap_dir/work" || exit 1
		set -eu
		"$@"
	) > "$tap_dir/log" 2>&1 &
	wait $! || tap_status=$?
	tap_reason=$(cat "$tap_dir/reason" 2>/dev/null)
	# only skip has reasons: a command that ends with 77 skips nothing
	case $tap_status${tap_reason:+ with a reason} in
	0* | '77 with a reason')
		echo "ok $tap_number - $tap_title${tap_reason:+ # SKIP $tap_reason}"
		;;
	*)
		sed 's/^/# /' "$tap_dir/log"
		echo "not ok $tap_number - $tap_title"
		tap_failed=1
		;;
	esac
	sed 's/^/# count: /' "$TAP_COUNTS"
	chmod -R u+rwX "$tap_dir" 2>/dev/null
	rm -rf "$tap_dir"
}

# run_tests [TEST...]: runs all of the script, or those named. With a function inside_... and its
# arguments it runs that alone: a test has started the script again in a shell with other mounts.
run_tests() {
	case ${1-} in
	inside_*)
		set -eu
		"$@"
		return
		;;
	esac
	# shellcheck disable=SC2046 # names of functions
	[ $# -gt 0 ] || set -- $(sed -n 's/^\(test_[a-z0-9_]*\)().*/\1/p' "$0")
	tap_failed=0
	tap_count=0
	echo "1..$#"
	for tap_name; do
		tap_count=$((tap_count + 1))
		run_one "$tap_count" "${tap_name#test_}" "$tap_name"
	done
	return "$tap_failed"
}

# run_cases FILE: for tests that have arguments; each line is a function and these.
run_cases() {
	tap_failed=0
	tap_count=0
	echo "1..$(wc -l < "$1")"
	while read -r tap_line; do
		tap_count=$((tap_count + 1))
		# shellcheck disable=SC2086 # a list of words
		run_one "$tap_count" "${tap_line#test_}" $tap_line </dev/null
	done < "$1"
	return "$tap_failed"
}
