#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Several runs at once: who reads the file sees complete ones only, and never an older one after a
# newer; what a run has written is at least as new as the modules were when it began.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"
# shellcheck source=testsuite/system/interrupt.sh
. "$top_srcdir/testsuite/system/interrupt.sh"

# make_version N: the modules of the kernel as they are from now on; the old ones go away at once.
make_version() {
	module "root/version$1/first.ko" "alias=devname:first$1" alias=char-major-10-1
	module "root/version$1/last.ko" "alias=devname:last$1" alias=char-major-10-2
	ln -s "/version$1" root/next
	mv -T root/next $M/kernel
}

# Sets version to that of the file. It must be complete, and of one version.
read_version() {
	# at the end a read must fail
	{
		read -r header && read -r first && read -r last && ! read -r _
	} < $F || fail "lines are missing, or there are more: $(cat $F)"
	version=${first#first first}
	version=${version% c10:1}
	case $header,$first,$last in
	"# Device nodes to trigger on-demand module loading.,first first$version c10:1,last last$version c10:2") ;;
	*) fail "not of one version: $header, $first, $last" ;;
	esac
}

# Says in the file failures what is wrong, for these run in the background.
write_again_and_again() { # WRITER RUNS
	i=0
	while [ $i -lt "$2" ]; do
		i=$((i + 1))
		began=$(readlink $M/kernel)
		"$PROGRAM" generate -b root $VER || fail "writer $1, run $i: exit status $?"
		read_version
		[ "$version" -ge "${began#/version}" ] ||
			fail "writer $1, run $i: began with $began, and left $version"
	done
}

read_again_and_again() { # READER
	newest=0 reads=0
	while [ ! -e over ]; do
		read_version
		[ "$version" -ge "$newest" ] || fail "reader $1: $version after $newest"
		newest=$version reads=$((reads + 1))
	done
	echo "$reads" > "reads$1"
}

change_again_and_again() {
	n=1
	while [ ! -e over ]; do
		n=$((n + 1))
		make_version $n
		echo $n > newest
		sleep 0.02
	done
}

background() { # COMMAND...
	("$@") 2>> failures &
}

test_readers_see_complete_files_and_the_newest_wins() {
	runs=$(how_often 15 100)
	mkdir -p $M
	: > failures
	make_version 1
	"$PROGRAM" generate -b root $VER
	writers=
	for writer in 1 2 3 4 5 6 7 8; do
		background write_again_and_again $writer "$runs"
		writers="$writers $!"
	done
	background read_again_and_again 1
	background read_again_and_again 2
	background change_again_and_again
	# shellcheck disable=SC2086 # numbers
	wait $writers || :
	: > over
	wait
	same failures < /dev/null
	"$PROGRAM" generate -b root $VER
	read_version
	[ "$version" -eq "$(cat newest)" ]
	only $M kernel modules.devname
	for file in reads1 reads2; do
		[ "$(cat $file)" -ge 100 ] || skip "the file was read only $(cat $file) times meanwhile"
	done
	[ "$(cat newest)" -ge 5 ] || skip "the modules changed only $(cat newest) times meanwhile"
	count "generate, 8 at once: $((8 * runs)) runs, $(cat newest) versions of the modules," \
		"$(($(cat reads1) + $(cat reads2))) reads, none incomplete or older than the last"
}

# An older run is stopped before its N-th system call. Meanwhile the modules change, and a newer
# run begins; it ends before the older, or waits for it. Returns whether there were so many calls.
overtake() { # N
	choose 1
	cp text2 $F
	rm -f newer.*
	cat > newer.sh <<-END
	ln -sfn /set2 $M/kernel
	{ "$PROGRAM" generate -b root $VER; echo \$? > newer.status; } 2> newer.messages &
	sleep 0.1
	[ ! -e newer.status ] || : > newer.first
	END
	interrupt "$(how_often change call)" "$1" 'sh newer.sh' "$PROGRAM" generate -b root $VER
	[ -e newer.messages ] || return 1
	while [ ! -s newer.status ]; do
		sleep 0.01
	done
	[ "$(cat newer.status)" -eq 0 ] || fail "call $1: the newer run failed: $(cat newer.messages)"
	same newer.messages < /dev/null
	cmp -s $F text2 || fail "call $1: the older run has replaced what the newer one wrote"
	[ ! -e newer.first ] || first=$((first + 1))
	calls=$((calls + 1))
}

test_an_older_run_that_is_stopped_does_not_win() {
	need_ptrace
	make_two_sets
	calls=0 first=0
	while overtake $((calls + 1)); do
		:
	done
	only $M kernel modules.devname
	count "generate, stopped at $calls of its calls: the newer run won, $first times at once"
	[ $calls -ge 8 ] && [ $first -lt $calls ]
}

# Here nobody waits for the lock. Whose file it is in the end is open.
test_static_nodes_at_once_do_not_stand_in_each_others_way() {
	runs=$(how_often 30 300)
	make_two_sets
	mkdir out
	cp lines1 out/file
	: > failures
	for writer in 1 2 3 4 5 6 7 8; do
		(
			i=0
			while [ $i -lt "$runs" ]; do
				i=$((i + 1))
				"$PROGRAM" static-nodes -f tmpfiles -o out/file \
					--input text$(((i + writer) % 2 + 1)) ||
					fail "writer $writer, run $i: exit status $?"
			done
			: > done$writer
		) 2>> failures &
	done
	reads=0
	while [ "$(echo done?)" != "done1 done2 done3 done4 done5 done6 done7 done8" ]; do
		[ ! -s failures ] || break
		cat out/file > seen # cp(1) refuses what is replaced meanwhile
		find_set seen lines
		reads=$((reads + 1))
	done
	wait
	same failures < /dev/null
	"$PROGRAM" static-nodes -f tmpfiles --input text1 -o out/file
	same out/file < lines1
	only out file
	[ "$reads" -ge 10 ] || skip "the file was read only $reads times meanwhile"
	count "static-nodes -o, 8 at once: $((8 * runs)) runs, $reads reads, none incomplete"
}

# A kernel of which modprobe knows fuse, and outside of its root directory indexes that lead
# elsewhere.
make_indexes() {
	command -v "$DEPMOD" > /dev/null || skip "there is no depmod"
	module $M/kernel/fuse.ko alias=char-major-10-229
	module outside/lib/modules/$VER/kernel/evil.ko alias=char-major-10-229
	mkdir whole
	for root in root outside; do
		"$DEPMOD" -b $root $VER 2> depmod.log || fail "$(cat depmod.log)"
	done
	cp $M/modules.*.bin whole
}

# The ways in which "spoil WAY" takes the indexes away from whoever reads them.
SPOILERS='lead_outside cut_off write_over'

lead_outside() {
	ln -s "$PWD/outside/lib/modules/$VER/$1" next
	mv -T next $M/"$1"
}

cut_off() {
	: > $M/"$1"
}

# the root of the tree is 256 MiB behind the file
write_over() {
	printf '\357\377\377\377' | dd of=$M/"$1" bs=1 seek=8 conv=notrunc 2> /dev/null
}

spoil() {
	for index in modules.alias.bin modules.dep.bin modules.builtin.alias.bin; do
		"$1" $index
	done
}

# Stopped before its N-th system call, explain loses the indexes. Returns whether there were so many.
explain_without() { # WAY N
	rm -f $M/modules.*.bin spoiled
	cp whole/* $M
	status=0
	# an index that is written over may lead libkmod on without end; nothing else comes near this
	case $1 in
	write_over) seconds=1 ;;
	*) seconds=20 ;;
	esac
	(
		# shellcheck disable=SC3045 # dash and bash have it
		ulimit -t $seconds
		interrupt call "$2" "sh $top_srcdir/testsuite/system/races.sh inside_spoil $1" \
			"$PROGRAM" explain -b root c10:229 $VER
	) > out 2> err || status=$?
	[ -e spoiled ] || return 1
	# libkmod maps what was checked just before: another file by a link, or one that is cut off then
	case $status:$1:$(tail -n 1 out) in
	0:*:'  modprobe  fuse  kernel/fuse.ko') before=$((before + 1)) ;;
	1:*:'  obstacle  the indexes are missing or damaged'*) after=$((after + 1)) ;;
	1:*:'  obstacle  '* | 2:* | 0:lead_outside:'  modprobe  evil  '* | \
		13[59]:cut_off:* | 13[579]:write_over:* | 152:write_over:*)
		moment=$((moment + 1)) ;;
	*) fail "$1, call $2: $(cat out err)" ;;
	esac
}

inside_spoil() {
	spoil "$1"
	: > spoiled
}

test_indexes_are_swapped_while_nodes_are_explained() {
	need_ptrace
	! is_sanitized || skip "a sanitizer ends a process otherwise than a signal"
	grep -q '^#define WITH_LIBKMOD 1' "$top_builddir/config.h" || skip "built without libkmod"
	make_indexes
	before=0 after=0 moment=0
	for way in $SPOILERS; do
		n=1
		while explain_without "$way" "$n"; do
			n=$((n + $(how_often 3 1)))
		done
	done
	count "explain, stopped $((before + after + moment)) times: the indexes were swapped, cut or" \
		"written over, $before times too late to matter, $moment times between check and use"
	[ $before -ge 10 ] && [ $after -ge 10 ] && [ $moment -lt $after ]
}

run_tests "$@"
