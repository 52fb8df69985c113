#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench.sh: how long depmod and generate take for the amd64 kernel, with its modules plain and
# compressed, on warm caches. Runs are interleaved, so that what else the machine does hits
# all alike. BENCH_RUNS: how many of each (default 5); BENCH_TREES: which of plain, gz, xz and
# zst (default: all).

. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/kernels.sh"
set -eu

: "${BENCH_RUNS:=5}"
: "${BENCH_TREES:=plain gz xz zst}"
KERNEL=amd64

# The program itself and not libtool's script around it, where there is one.
find_program() {
	program=$top_builddir/.libs/kmod-devname
	[ -x "$program" ] || program=$top_builddir/kmod-devname
}

ours() { # OUTPUT-FILE TREE OPTION...
	file=$1
	tree=$2
	shift 2
	LD_LIBRARY_PATH=$top_builddir/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} \
		"$work/measure" "$program" generate -n -b "$tree" "$@" "$version" >> "$file"
}

# -n prints all of its files. What it says, for example of files that only an installed kernel
# has, is not of interest.
depmods() { # OUTPUT-FILE TREE
	"$work/measure" "$DEPMOD" -n -b "$2" "$version" >> "$1" 2> "$work/messages" ||
		fail "$(cat "$work/messages")"
}

run_all() { # SUFFIX OF THE OUTPUT FILES
	for format in $BENCH_TREES; do
		tree=$(kernel_tree "$KERNEL" "$format")
		! depmod_reads "$format" || depmods "$work/$format-depmod.$1" "$tree"
		ours "$work/$format-one.$1" "$tree" --threads 1
		ours "$work/$format-all.$1" "$tree"
	done
}

# MEDIAN MIN MAX of a column.
summary() { # FILE COLUMN
	awk -v column="$2" '{ print $column }' "$1" | sort -n | awk '
	{ value[NR] = $1 }
	END {
		middle = (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2
		print middle, value[1], value[NR]
	}'
}

# A row: the medians, their spread, and how many times longer the other took.
print_row() { # TREE PROGRAM FILE [REFERENCE-FILE]
	row="$(summary "$3" 1) $(summary "$3" 2) $(summary "$3" 3)"
	[ -z "${4:-}" ] || row="$row $(summary "$4" 1) $(summary "$4" 2)"
	echo "$row" | awk -v tree="$1" -v program="$2" '{
		printf "%-6s %-19s %8.0f %6.0f-%-6.0f %8.0f %6.0f-%-6.0f %8.1f", tree, program,
			$1, $2, $3, $4, $5, $6, $7 / 1024
		if (NF > 9)
			printf " %7.2f %7.2f", $10 / $1, $13 / $4
		print ""
	}'
}

print_tree() { # FORMAT
	reference=$work/$1-depmod.log
	if [ -e "$reference" ]; then
		print_row "$1" depmod "$reference"
	elif [ -e "$work/plain-depmod.log" ]; then
		echo "$1     depmod cannot read .$1 here; ratios to depmod on the plain tree:"
		reference=$work/plain-depmod.log
	else
		echo "$1     depmod cannot read .$1 here; no ratios"
		reference=
	fi
	print_row "$1" "generate, 1 thread" "$work/$1-one.log" "$reference"
	print_row "$1" "generate, all CPUs" "$work/$1-all.log" "$reference"
}

print_table() {
	echo "Linux $version, $(find "$KERNELS/$KERNEL" -name '*.ko' | wc -l) modules;" \
		"$(cpus) CPUs, $(uname -m); $("$DEPMOD" -V | head -n 1);" \
		"medians of $BENCH_RUNS runs, min-max; ratio: depmod / this, of medians"
	printf '%-6s %-19s %8s %-13s %8s %-13s %8s %7s %7s\n' tree program 'wall ms' \
		'   min-max' 'CPU ms' '   min-max' 'RSS MiB' 'wall x' 'CPU x'
	for format in $BENCH_TREES; do
		print_tree "$format"
	done
}

check_needs() {
	reason=$(kernel_missing "$KERNEL")
	[ -z "$reason" ] || fail "bench: $reason"
	"$DEPMOD" -V >/dev/null 2>&1 || fail "bench: depmod is not installed"
	for format in $BENCH_TREES; do
		reason=$(format_missing "$format")
		[ -z "$reason" ] || fail "bench: $reason; BENCH_TREES names those to measure"
	done
	version=$(kernel_version "$KERNEL")
	find_program
}

check_needs
work=$(mktemp -d "${TMPDIR:-/tmp}/kmod-devname-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
# shellcheck disable=SC2086 # the compiler may come with options
$CC -O2 -o "$work/measure" "$top_srcdir/testsuite/measure.c"
cd "$work"
run_all warm-up
run=0
while [ "$run" -lt "$BENCH_RUNS" ]; do
	run_all log
	run=$((run + 1))
done
print_table
