#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# depmod.d(5) against depmod: random configurations and trees, and readdir(3) in five orders. Where
# depmod lists the same nodes in all of them, it is right; and so are we if we list these. There are
# 100 configurations, or 1,000 with KMOD_DEVNAME_ALL=1; each takes about 0.1 s.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

SEED=20261130

test_random_configurations_are_as_for_depmod() {
	command -v python3 > /dev/null || skip "no python3"
	is_sanitized && skip "a preload does not go together with a sanitizer"
	# shellcheck disable=SC2086 # a command with its options
	$CC -shared -fPIC -o shuffle-readdir.so "$top_srcdir/testsuite/real/shuffle-readdir.c" -ldl ||
		skip "no shared object can be made"
	minor=0
	while [ $minor -lt 16 ]; do
		minor=$((minor + 1))
		module modules/$minor.ko "alias=devname:n$minor" "alias=char-major-10-$minor"
	done
	cases=$(how_many 100 1000)
	python3 "$top_srcdir/testsuite/real/depmod-config.py" "$cases" $SEED "$PWD/modules" > counts ||
		fail "depmod lists something else: $(cat counts)"
	read -r depends compared < counts
	known_difference depmod_readdir
	[ "$depends" -gt 0 ] || skip "depmod_readdir: no configuration depends on readdir(3) any more"
	# without a comparison nothing was shown
	[ "$compared" -ge $((cases / 4)) ] || fail "$compared were compared"
	count "$compared configurations of depmod.d as for depmod, seed $SEED; $depends depend on readdir(3)"
}

run_tests "$@"
