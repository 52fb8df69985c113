#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs that are killed at each of their system calls, and those of generate at times spread evenly
# over the time that a run takes: files are the old or the new ones byte for byte, nodes are old or
# new ones, and the next run leaves nothing behind.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"
# shellcheck source=testsuite/system/interrupt.sh
. "$top_srcdir/testsuite/system/interrupt.sh"

# For each of three kinds of run: prepare_KIND SET makes what it needs to make something of this
# set of what is there of the other; run_KIND INTERRUPT... runs it; look_KIND sets result to the
# set that is there then, or to "both", and fails if it is none; clean_KIND fails if there is more.

prepare_generate() {
	choose "$1"
}

run_generate() {
	"$@" "$PROGRAM" generate -b root $VER
}

look_generate() {
	find_set $F text
}

clean_generate() {
	only $M kernel modules.devname
}

prepare_static_nodes() {
	cp "text$1" input
}

run_static_nodes() {
	"$@" "$PROGRAM" static-nodes -f tmpfiles --input input -o out/file
}

look_static_nodes() {
	find_set out/file lines
}

clean_static_nodes() {
	only out file
}

# Here the sets have the same names, of which there are $n_nodes, and other numbers.
prepare_create() {
	awk -v n="$n_nodes" -v set="$1" -v header="$(head -n 1 text1)" 'BEGIN {
		print header
		for (i = 1; i <= n; i++)
			printf "module%d node%d c11:%d\n", i, i, i + 256 * set
	}' > input
}

run_create() {
	"$@" "$PROGRAM" create --dev dev --input input --replace
}

# What a killed run has not finished has another name.
look_create() {
	result=$(stat -c '%n %F %a %t:%T' dev/node* | awk -v n="$n_nodes" '
	{
		i = substr($1, length("dev/node") + 1)
		for (set = 1; set <= 2; set++)
			if ($0 == sprintf("dev/node%d character special file 600 b:%x", i, i + 256 * set))
				found[set]++
	}
	END {
		if (found[1] + found[2] != n || NR != n) print "none"
		else print found[1] == n ? 1 : found[2] == n ? 2 : "both"
	}')
	[ "$result" != none ] || fail "neither the old nor the new nodes: $(ls -l dev)"
}

clean_create() {
	# shellcheck disable=SC2046 # names of nodes
	only dev $(sed -n 's/^module.* \(node[0-9]*\) .*/\1/p' input | LC_ALL=C sort)
}

# What is there is of this set, and complete.
settle() { # KIND SET
	"prepare_$1" "$2"
	"run_$1"
	"look_$1"
	[ "$result" = "$2" ] || fail "a run that ended well left the old one"
	"clean_$1"
}

# Sets duration, in microseconds, to the median of some runs that change something.
measure() { # KIND
	: > durations
	for measure_i in 1 2 3 4 5 6 7 8 9 10 11; do
		"prepare_$1" $((measure_i % 2 + 1))
		"run_$1" interrupt time >> durations
	done
	duration=$(sort -n durations | sed -n 6p)
}

# Sets killed and result, after a run that makes what is of the other set than now.
one_kill() { # KIND NOW INTERRUPT...
	kill_kind=$1 other=$((3 - $2)) kill_status=0
	shift 2
	"prepare_$kill_kind" $other
	"run_$kill_kind" "$@" || kill_status=$?
	"look_$kill_kind"
	case $kill_status:$result in
	"0:$other") ;;
	137:*) killed=$((killed + 1)) ;;
	*) fail "exit status $kill_status, and what is there is of $result" ;;
	esac
}

# Counts what a killed run has left; makes sure that the next one leaves nothing behind.
note() { # KIND NOW
	case $result in
	"$2") old=$((old + 1)) ;;
	both) both=$((both + 1)) ;;
	*) new=$((new + 1)) ;;
	esac
	if ! ("clean_$1") 2> /dev/null; then
		left=$((left + 1))
		settle "$1" "$2"
	elif [ "$result" = both ]; then
		settle "$1" "$2"
	fi
}

start() { # KIND
	need_ptrace
	make_two_sets
	mkdir out dev
	killed=0 old=0 new=0 both=0 left=0
	settle "$1" 2
	settle "$1" 1
	result=1
}

# Where nothing is flushed to a disk the end comes right after the rename, and few are killed there.
kill_spread() { # KIND HOW-OFTEN
	measure "$1"
	settle "$1" 1
	i=0
	while [ "$killed" -lt "$2" ] || [ "$new" -eq 0 ]; do
		i=$((i + 1)) before=$killed
		[ $i -lt $((10 * $2)) ] ||
			skip "of $i runs $killed were killed, $new of them late: this machine is too busy"
		# multiples of the golden ratio are spread evenly, however many there are
		now=$result
		one_kill "$1" "$now" interrupt after $((i * 618034 % 1000000 * duration / 1000000))
		[ "$killed" -eq "$before" ] || note "$1" "$now"
	done
	[ "$old" -gt 0 ] || skip "of $killed runs none was killed early enough"
}

kill_each_call() { # KIND
	i=0
	before=
	while [ "$killed" != "$before" ]; do
		i=$((i + 1)) before=$killed
		settle "$1" 1
		# shellcheck disable=SC2016 # for the shell that interrupt calls
		one_kill "$1" 1 interrupt call $i 'kill -9 "$PID"'
		[ "$killed" -eq "$before" ] || note "$1" 1
	done
	[ "$old" -gt 0 ] || fail "no call left the old"
	[ "$new" -gt 0 ] || fail "no call left the new"
}

tell() { # WHAT
	count "$1: $killed runs killed: $old left the old, $new the new, $both some of both;" \
		"$left left a temporary, which the next removed"
}

test_generate_killed_at_any_time() {
	start generate
	kill_spread generate "$(how_often 1000 5000)"
	tell "generate, at any time"
}

test_generate_killed_at_any_system_call() {
	start generate
	kill_each_call generate
	tell "generate, at each system call"
	[ $killed -gt 60 ]
}

test_static_nodes_killed_at_any_system_call() {
	start static_nodes
	kill_each_call static_nodes
	tell "static-nodes -o, at each system call"
}

# The nodes are made in memory: nobody but root may, and not everywhere.
inside_create_killed() {
	n_nodes=5
	start create
	kill_each_call create
	tell "create, at each system call"
	[ $both -gt 0 ] || fail "no call is between two nodes"
}

test_create_killed_at_any_system_call() {
	with_mounts inside_create_killed
}

run_tests "$@"
