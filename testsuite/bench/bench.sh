#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench.sh: how long depmod, what a user would do without it, and generate take. Prints a table
# of each part and whether the targets are reached.
#
# BENCH_PARTS   which of warm (caches), cold (caches; only as root) and growth (with the number of
#               modules); default: all
# BENCH_TREES   how the amd64 kernel's modules are compressed: plain, gz, xz, zst; default: all
# BENCH_RUNS    how many runs of each the medians of warm are of; default: 5
# BENCH_SIZES   the numbers of modules of growth
# BENCH_DEPMOD  a second depmod to compare with; default: that of kmod 34, if fetch-kmod got it

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"
# shellcheck disable=SC2034 # for kernels.sh
PACKING=shipped
# shellcheck source=testsuite/lib/kernels.sh
. "$top_srcdir/testsuite/lib/kernels.sh"
# shellcheck source=testsuite/bench/bench-parts.sh
. "$top_srcdir/testsuite/bench/bench-parts.sh"
# shellcheck source=testsuite/bench/bench-report.sh
. "$top_srcdir/testsuite/bench/bench-report.sh"
set -eu

ALL_PARTS="warm cold growth"
ALL_TREES="plain gz xz zst"
NEWER_DEPMOD=$(command -v "$NEWER_KMOD/bin/depmod") || NEWER_DEPMOD=
: "${BENCH_PARTS:=$ALL_PARTS}"
: "${BENCH_TREES:=$ALL_TREES}"
: "${BENCH_DEPMOD=$NEWER_DEPMOD}"
: "${BENCH_RUNS:=5}"
: "${BENCH_SIZES:=500 1000 2000 4000 10000 40000 100000}"
KERNEL=amd64

check_words() { # VARIABLE VALUE KNOWN
	for word in $2; do
		case " $3 " in
		*" $word "*) ;;
		*) fail "bench: $1: '$word' is none of: $3" ;;
		esac
	done
}

check_settings() {
	check_words BENCH_PARTS "$BENCH_PARTS" "$ALL_PARTS"
	check_words BENCH_TREES "$BENCH_TREES" "$ALL_TREES"
	case $BENCH_RUNS in
	*[!0-9]* | 0 | '') fail "bench: BENCH_RUNS: '$BENCH_RUNS' is no number of runs" ;;
	esac
	[ "$BENCH_RUNS" -ge 5 ] ||
		echo "bench: medians of fewer than 5 runs say little" >&2
}

check_needs() {
	[ -n "$BENCH_DEPMOD" ] ||
		echo "bench: no second depmod; get it with testsuite/lib/fetch-kmod '$NEWER_KMOD'" >&2
	reason=$(kernel_missing "$KERNEL")
	[ -z "$reason" ] || fail "bench: $reason"
	for depmod in "$DEPMOD" $BENCH_DEPMOD; do
		"$depmod" -V >/dev/null 2>&1 || fail "bench: $depmod does not work"
	done
	for format in $BENCH_TREES; do
		reason=$(format_missing "$format")
		[ -z "$reason" ] || fail "bench: $reason; BENCH_TREES names those to measure"
	done
	! grep -q '^OWN_CFLAGS.*-fsanitize' "$top_builddir/Makefile" 2>/dev/null ||
		echo "bench: this build has sanitizers in it" >&2
}

wants() { # PART
	case " $BENCH_PARTS " in
	*" $1 "*) return 0 ;;
	esac
	return 1
}

clean() {
	rm -rf "$work" "$scratch"
}

# Copies of kernels are made of links if they are beside them.
make_directories() {
	work=$(mktemp -d "${TMPDIR:-/tmp}/kmod-devname-bench.XXXXXX")
	scratch=$work/scratch
	trap clean EXIT
	trap 'exit 1' HUP INT TERM
	if [ -w "$KERNELS" ]; then
		scratch=$(mktemp -d "$KERNELS/bench.XXXXXX")
	else
		mkdir "$scratch"
	fi
	cd "$work"
}

check_settings
check_needs
make_directories
build_helpers
: > samples
for part in $ALL_PARTS; do
	! wants "$part" || measure_"$part"
done
report
